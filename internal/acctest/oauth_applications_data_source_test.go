package acctest

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// list is a data source that lists applications, with an output of their names.
func list(name, arguments string) string {
	return fmt.Sprintf(`
data "clerk_oauth_applications" %[1]q {
  %[2]s
}

output %[1]q {
  value = join(", ", data.clerk_oauth_applications.%[1]s.oauth_applications[*].name)
}
`, name, arguments)
}

// TestAccOAuthApplicationsDataSource_filters gives each argument, alone and together.
func TestAccOAuthApplicationsDataSource_filters(t *testing.T) {
	f := simulated(t)
	for _, name := range []string{"beta", "Alpha", "gamma"} {
		f.Seed(name)
	}
	f.RegisterDynamically("alphabet client")
	gamma, _ := f.Find("gamma")
	var step resource.TestStep
	for i, test := range []struct{ arguments, want string }{
		{``, "alphabet client, gamma, Alpha, beta"}, // newest first
		{`order_by = "-created_at"`, "alphabet client, gamma, Alpha, beta"},
		{`order_by = "+created_at"`, "beta, Alpha, gamma, alphabet client"},
		{`order_by = "name"`, "Alpha, alphabet client, beta, gamma"},
		{`order_by = "-name"`, "gamma, beta, alphabet client, Alpha"},
		{`name_query = "ALPHA"`, "alphabet client, Alpha"},
		{`name_query = "` + gamma.ClientID + `"`, "gamma"},
		{`dynamically_registered = true`, "alphabet client"},
		{`dynamically_registered = false`, "gamma, Alpha, beta"},
		{"limit = 2\n  dynamically_registered = false", "gamma, Alpha"},
		{`offset = 3`, "beta"},
		{"limit = 1\n  offset = 1\n  order_by = \"name\"", "alphabet client"},
		{`name_query = "delta"`, ""},
	} {
		name := fmt.Sprintf("test%d", i)
		step.Config += list(name, test.arguments)
		step.ConfigStateChecks = append(step.ConfigStateChecks, statecheck.ExpectKnownOutputValue(name, text(test.want)))
	}
	f.test(step)
}

// TestAccOAuthApplicationsDataSource_pages finds what is on the last page, and reads each page once for
// two data sources with the same arguments.
func TestAccOAuthApplicationsDataSource_pages(t *testing.T) {
	f := simulated(t)
	f.SeedMany(1203, "app %04d")
	f.RegisterDynamically("the last one")
	const arguments = "order_by = \"+created_at\"\n  dynamically_registered = true"
	f.test(resource.TestStep{
		Config: list("one", arguments) + list("two", arguments),
		ConfigPlanChecks: planned(do(func() {
			if pages := f.CountRequests(http.MethodGet, clerktest.RouteApplications); pages != 3 {
				t.Errorf("a plan read %d pages, want 3", pages)
			}
		})),
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownOutputValue("one", text("the last one")), statecheck.ExpectKnownOutputValue("two", text("the last one")),
		},
	})
}

package acctest

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// TestAccOAuthApplicationsDataSource_filters gives each argument, alone and together.
func TestAccOAuthApplicationsDataSource_filters(t *testing.T) {
	f := simulated(t)
	for _, name := range []string{"beta", "Alpha", "gamma"} {
		f.Seed(name)
	}
	f.RegisterDynamically("alphabet client")
	gamma, _ := f.Find("gamma")
	var configuration string
	var checks []statecheck.StateCheck
	for i, test := range []struct {
		arguments string
		want      []string
	}{
		{``, []string{"alphabet client", "gamma", "Alpha", "beta"}}, // newest first
		{`order_by = "-created_at"`, []string{"alphabet client", "gamma", "Alpha", "beta"}},
		{`order_by = "+created_at"`, []string{"beta", "Alpha", "gamma", "alphabet client"}},
		{`order_by = "name"`, []string{"Alpha", "alphabet client", "beta", "gamma"}},
		{`order_by = "-name"`, []string{"gamma", "beta", "alphabet client", "Alpha"}},
		{`name_query = "ALPHA"`, []string{"alphabet client", "Alpha"}},
		{`name_query = "` + gamma.ClientID + `"`, []string{"gamma"}},
		{`dynamically_registered = true`, []string{"alphabet client"}},
		{`dynamically_registered = false`, []string{"gamma", "Alpha", "beta"}},
		{"limit = 2\n  dynamically_registered = false", []string{"gamma", "Alpha"}},
		{`offset = 3`, []string{"beta"}},
		{"limit = 1\n  offset = 1\n  order_by = \"name\"", []string{"alphabet client"}},
		{`name_query = "delta"`, nil},
	} {
		configuration += fmt.Sprintf(`
data "clerk_oauth_applications" "test%[1]d" {
  %[2]s
}

output "test%[1]d" {
  value = data.clerk_oauth_applications.test%[1]d.oauth_applications[*].name
}
`, i, test.arguments)
		names := make([]knownvalue.Check, len(test.want))
		for j, name := range test.want {
			names[j] = knownvalue.StringExact(name)
		}
		checks = append(checks, statecheck.ExpectKnownOutputValue(fmt.Sprintf("test%d", i), knownvalue.TupleExact(names)))
	}
	f.test(resource.TestStep{Config: f.config(configuration), ConfigStateChecks: checks})
}

// TestAccOAuthApplicationsDataSource_pages finds what is on the last page, and reads each page once for
// two data sources with the same arguments.
func TestAccOAuthApplicationsDataSource_pages(t *testing.T) {
	f := simulated(t)
	f.SeedMany(1203, "app %04d")
	f.RegisterDynamically("the last one")
	f.test(resource.TestStep{
		Config: f.config(`
data "clerk_oauth_applications" "one" {
  order_by               = "+created_at"
  dynamically_registered = true
}

data "clerk_oauth_applications" "two" {
  order_by               = "+created_at"
  dynamically_registered = true
}

output "names" {
  value = concat(data.clerk_oauth_applications.one.oauth_applications, data.clerk_oauth_applications.two.oauth_applications)[*].name
}
`),
		ConfigPlanChecks: planned(do(func() {
			if pages := f.CountRequests("GET", clerktest.RouteApplications); pages != 3 {
				t.Errorf("a plan read %d pages, want 3", pages)
			}
		})),
		ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownOutputValue("names", knownvalue.TupleExact([]knownvalue.Check{
			knownvalue.StringExact("the last one"), knownvalue.StringExact("the last one"),
		}))},
	})
}

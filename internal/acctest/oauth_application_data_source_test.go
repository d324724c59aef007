package acctest

import (
	"fmt"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// lookUp is a data source that looks for one application.
func lookUp(name, argument string) string {
	return fmt.Sprintf("data \"clerk_oauth_application\" %q {\n  %s\n}\n", name, argument)
}

// same checks that the data source has the same value as the application under test.
func same(name, attribute string) statecheck.StateCheck {
	return statecheck.CompareValuePairs(address, tfjsonpath.New(attribute),
		"data.clerk_oauth_application."+name, tfjsonpath.New(attribute), compare.ValuesSame())
}

// TestAccOAuthApplicationDataSource_basic finds an application by each of three arguments, with the
// same values as the resource has, and without its secret.
func TestAccOAuthApplicationDataSource_basic(t *testing.T) {
	f := anywhere(t)
	config := f.web(`redirect_uris = ["https://app.example.com/cb", "myapp://cb"]`,
		`scopes = ["openid", "email", "offline_access"]`, `pkce_required = true`)
	var checks []statecheck.StateCheck
	for _, by := range []string{"id", "client_id", "name"} {
		config += lookUp(by, by+" = "+address+"."+by)
		for _, attribute := range []string{
			"id", "client_id", "name", "instance_id", "redirect_uris", "scopes", "public", "pkce_required", "consent_screen_enabled",
			"dynamically_registered", "discovery_url", "authorize_url", "token_fetch_url", "user_info_url", "token_introspection_url",
			"created_at", "updated_at",
		} {
			checks = append(checks, same(by, attribute))
		}
	}
	f.test(resource.TestStep{Config: config, ConfigStateChecks: checks})
}

// TestAccOAuthApplicationDataSource_createdInTheSameRun: an application that the run has just created
// is found, even where Clerk shows it late.
func TestAccOAuthApplicationDataSource_createdInTheSameRun(t *testing.T) {
	f := simulated(t)
	f.Set(clerktest.Switches{ReadLag: 700 * time.Millisecond})
	f.test(resource.TestStep{
		Config:            f.web() + lookUp("id", "id = "+address+".id") + lookUp("name", "name = "+address+".name"),
		ConfigStateChecks: []statecheck.StateCheck{same("id", "name"), same("name", "name")},
		PostApplyFunc:     func() { f.Set(clerktest.Switches{}) }, // Clerk would show what is deleted for as long
	})
}

// TestAccOAuthApplicationDataSource_refused: an application that is not there, a name that two have,
// and arguments that are no question. Case and parts of a name are not the name.
func TestAccOAuthApplicationDataSource_refused(t *testing.T) {
	f := simulated(t)
	first, second := f.Seed("Portal"), f.Seed("Portal")
	f.Seed("Shop")
	var steps []resource.TestStep
	for _, test := range []struct{ argument, says string }{
		{`name = "Portal"`, first + ".*" + second + "|" + second + ".*" + first},
		{`name = "shop"`, `No OAuth application.*has the name "shop"`},
		{`name = "Sho"`, `No OAuth application`},
		{`id = "oa_nothing"`, `has the id "oa_nothing"`},
		{`client_id = "nothing"`, `has the client_id "nothing"`},
		{`id = "../users"`, `id must be letters`},
		{`id = ""`, `id must be letters`},
		{``, `one of`},
		{"id = \"oa_1\"\n  name = \"Shop\"", `one of`},
	} {
		steps = append(steps, resource.TestStep{Config: lookUp("test", test.argument), ExpectError: fails(test.says)})
	}
	f.test(steps...)
}

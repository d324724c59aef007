package acctest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/querycheck"
	"github.com/hashicorp/terraform-plugin-testing/querycheck/queryfilter"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

func isTofu() bool { return strings.Contains(os.Getenv(resource.EnvTfAccProviderHost), "opentofu") }

// withQuery skips a test of `terraform query` with an engine that does not have it.
func (f *fixture) withQuery() {
	f.t.Helper()
	if isTofu() {
		f.t.Skip("OpenTofu has no query")
	}
	f.TerraformVersionChecks = []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_14_0)}
}

// TestAccOAuthApplicationList_query finds applications with their identity, and with all values where
// the query asks for them. Those that registered themselves come only when they are asked for.
func TestAccOAuthApplicationList_query(t *testing.T) {
	f := simulated(t)
	f.withQuery()
	id := f.Seed("Portal", func(app *clerktest.Application) { app.PKCERequired = true })
	f.Seed("Shop")
	f.RegisterDynamically("Agent \x1b[2J")
	const all, query = "clerk_oauth_application.all", "clerk_oauth_application.query"
	f.test(
		resource.TestStep{Config: configured()},
		resource.TestStep{
			Query: true,
			Config: `
list "clerk_oauth_application" "all" {
  provider = clerk
}

list "clerk_oauth_application" "query" {
  provider         = clerk
  include_resource = true
  config {
    name_query = "portal"
  }
}

list "clerk_oauth_application" "registered" {
  provider = clerk
  config {
    dynamically_registered = true
  }
}
`,
			QueryResultChecks: []querycheck.QueryResultCheck{
				querycheck.ExpectLength(all, 2),
				querycheck.ExpectLength(query, 1),
				querycheck.ExpectIdentity(query, map[string]knownvalue.Check{"id": knownvalue.StringExact(id)}),
				querycheck.ExpectResourceKnownValues(query, queryfilter.ByDisplayName(knownvalue.StringExact("Portal")), []querycheck.KnownValueCheck{
					{Path: tfjsonpath.New("pkce_required"), KnownValue: knownvalue.Bool(true)},
					{Path: tfjsonpath.New("client_secret"), KnownValue: knownvalue.Null()},
				}),
				// The name of a stranger reaches the terminal as code points.
				querycheck.ExpectResourceDisplayName("clerk_oauth_application.registered",
					queryfilter.ByDisplayName(knownvalue.StringFunc(func(string) error { return nil })), knownvalue.StringExact(`Agent U+001B[2J`)),
			},
		},
	)
}

// TestAccOAuthApplicationList_example runs the query of the list resource's page.
func TestAccOAuthApplicationList_example(t *testing.T) {
	f := simulated(t)
	f.withQuery()
	text, err := os.ReadFile(filepath.Join(examplesDirectory, "list-resources", "clerk_oauth_application", "list-resource.tfquery.hcl"))
	must(t, err)
	f.Seed("Preview 1")
	f.Seed("Internal dashboard")
	f.test(
		resource.TestStep{Config: configured()},
		resource.TestStep{
			Query: true, Config: string(text),
			QueryResultChecks: []querycheck.QueryResultCheck{querycheck.ExpectLength("clerk_oauth_application.previews", 1)},
		},
	)
}

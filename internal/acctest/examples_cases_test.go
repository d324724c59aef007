//go:build unix

package acctest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-testing/config"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

const (
	dashboard = "Internal dashboard"
	portal    = "Partner portal"
)

var exampleCases = map[string]exampleCase{
	"pipeline-check": {skip: "it is no configuration; TestDocumentation_pipelineCheck runs it"},
	"list-resources/clerk_oauth_application": {
		skip: "TestAccOAuthApplicationList_example runs it, with terraform 1.14 or later",
	},

	"adopt-import-block": {given: func(_ *testing.T, clerk *clerktest.Server) config.Variables {
		return config.Variables{"application": config.StringVariable(clerk.Seed(dashboard, at("dashboard")))}
	}},
	"adopt-with-for-each": {given: func(_ *testing.T, clerk *clerktest.Server) config.Variables {
		clerk.Seed(dashboard, at("dashboard"))
		clerk.Seed("Someone else's")
		return nil
	}},
	"adopt-with-query":                      {test: testAdoptWithQuery},
	"data-sources/clerk_oauth_application":  {given: seedDashboard},
	"data-sources/clerk_oauth_applications": {given: seedDashboard},
	"demo/find":                             {given: seedDashboard},

	"encrypted-secret":                           {given: encryptedSecret, then: encryptedSecretThen},
	"encrypted-secret-aws":                       {given: ageKey},
	"encrypted-secret-kubernetes":                {given: ageKey},
	"encrypted-secret-vault":                     {given: ageKey},
	"ephemeral-resources/clerk_decrypted_secret": {given: ageKey},

	"for-each-yaml": {then: func(t *testing.T, clerk *clerktest.Server, _ config.Variables) []exampleChange {
		return []exampleChange{rotates(t, clerk, portal, exampleChange{old: "2026-07-15 contract renewed", new: "2026-08-01 again"})}
	}},
	"rotation-by-hand": {then: func(t *testing.T, clerk *clerktest.Server, _ config.Variables) []exampleChange {
		return []exampleChange{rotates(t, clerk, dashboard, exampleChange{old: "2026-07-01 first secret", new: "2026-10-01 an engineer left"})}
	}},
	"rotation-by-date": {then: func(t *testing.T, clerk *clerktest.Server, _ config.Variables) []exampleChange {
		return []exampleChange{rotates(t, clerk, dashboard, exampleChange{taint: "time_rotating.client_secret"})}
	}},
	"rotation-without-gap": {then: rotationWithoutGap},

	"two-instances":             {test: testTwoInstances},
	"many-instances-opentofu":   {test: testManyInstances},
	"module-with-tests":         {test: testModuleWithTests},
	"moved-from-other-provider": {test: testMovedFromOtherProvider},
}

// at sets the redirect URI that the examples have for a host.
func at(host string) func(*clerktest.Application) {
	return func(app *clerktest.Application) {
		app.RedirectURIs = []string{"https://" + host + ".example.com/oauth/callback"}
	}
}

func seedDashboard(_ *testing.T, clerk *clerktest.Server) config.Variables {
	clerk.Seed(dashboard, at("dashboard"))
	return nil
}

func ageKey(t *testing.T, _ *clerktest.Server) config.Variables {
	t.Helper()
	identity, err := age.GenerateX25519Identity()
	must(t, err)
	return config.Variables{
		"age_recipient": config.StringVariable(identity.Recipient().String()), "age_identity": config.StringVariable(identity.String()),
	}
}

// secretOf is the client secret that works.
func secretOf(t *testing.T, clerk *clerktest.Server, name string) string {
	t.Helper()
	app, found := clerk.Find(name)
	if !found {
		t.Fatalf("Clerk has no application %q", name)
	}
	return clerk.CurrentSecret(app.ID)
}

// rotates checks that a change gives an application one new secret.
func rotates(t *testing.T, clerk *clerktest.Server, name string, change exampleChange) exampleChange {
	t.Helper()
	others := change.check
	change.check = func(t *testing.T, clerk *clerktest.Server, outputs map[string]*tfjson.StateOutput) {
		t.Helper()
		app, _ := clerk.Find(name)
		if rotations := clerk.CountRequests("POST", clerktest.RouteRotateSecret); rotations != 1 || app.ID == "" {
			t.Errorf("there were %d rotations, want 1", rotations)
		}
		clerk.ResetRequests()
		if others != nil {
			others(t, clerk, outputs)
		}
	}
	return change
}

// rotationWithoutGap rotates the secret that is not handed out, and then hands it out.
func rotationWithoutGap(t *testing.T, clerk *clerktest.Server, _ config.Variables) []exampleChange {
	t.Helper()
	handsOut := func(name string) func(*testing.T, *clerktest.Server, map[string]*tfjson.StateOutput) {
		return func(t *testing.T, clerk *clerktest.Server, outputs map[string]*tfjson.StateOutput) {
			t.Helper()
			if outputs["client_secret"].Value != secretOf(t, clerk, portal+" ("+name+")") {
				t.Errorf("not the secret of %s is handed out", name)
			}
		}
	}
	return []exampleChange{
		rotates(t, clerk, portal+" (green)", exampleChange{
			variables: config.Variables{"rotate_green": config.StringVariable("2")}, check: handsOut("blue"),
		}),
		{variables: config.Variables{"active": config.StringVariable("green")}, check: handsOut("green")},
	}
}

// encryptedSecret hands the secret on to a file.
func encryptedSecret(t *testing.T, clerk *clerktest.Server) config.Variables {
	t.Helper()
	variables := ageKey(t, clerk)
	variables["store_command"] = config.StringVariable(fmt.Sprintf(`printf %%s "$CLIENT_SECRET" >'%s'`, filepath.Join(t.TempDir(), "stored")))
	return variables
}

func encryptedSecretThen(t *testing.T, clerk *clerktest.Server, variables config.Variables) []exampleChange {
	t.Helper()
	command, err := variables["store_command"].MarshalJSON()
	must(t, err)
	_, file, _ := strings.Cut(strings.Trim(string(command), `"`), "'")
	handedOn := func(t *testing.T, clerk *clerktest.Server, _ map[string]*tfjson.StateOutput) {
		t.Helper()
		stored, err := os.ReadFile(strings.TrimSuffix(file, "'"))
		must(t, err)
		if string(stored) != secretOf(t, clerk, portal) {
			t.Error("what was handed on is not the secret that works")
		}
	}
	return []exampleChange{
		{check: handedOn},
		rotates(t, clerk, portal, exampleChange{variables: config.Variables{"secret_rotation": config.StringVariable("2")}, check: handedOn}),
	}
}

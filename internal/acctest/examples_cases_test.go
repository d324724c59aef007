//go:build unix

package acctest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/config"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

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

	"adopt-import-block": {given: func(_ *testing.T, clerk *clerktest.Server) (config.Variables, []exampleChange) {
		return config.Variables{"application": config.StringVariable(clerk.Seed(dashboard, at("dashboard")))}, nil
	}},
	"adopt-with-for-each": {given: func(t *testing.T, clerk *clerktest.Server) (config.Variables, []exampleChange) {
		clerk.Seed("Someone else's")
		return seedDashboard(t, clerk)
	}},
	"adopt-with-query":                      {test: testAdoptWithQuery},
	"data-sources/clerk_oauth_application":  {given: seedDashboard},
	"data-sources/clerk_oauth_applications": {given: seedDashboard},
	"demo/find":                             {given: seedDashboard},

	"encrypted-secret":                           {given: encryptedSecret},
	"encrypted-secret-aws":                       {given: ageKey},
	"encrypted-secret-kubernetes":                {given: ageKey},
	"encrypted-secret-vault":                     {given: ageKey},
	"ephemeral-resources/clerk_decrypted_secret": {given: ageKey},

	"for-each-yaml": {given: changes(exampleChange{
		old: "2026-07-15 contract renewed", new: "2026-08-01 again", rotates: true,
	})},
	"rotation-by-hand": {given: changes(exampleChange{
		old: "2026-07-01 first secret", new: "2026-10-01 an engineer left", rotates: true,
	})},
	"rotation-by-date": {given: changes(exampleChange{
		TestStep: resource.TestStep{Taint: []string{"time_rotating.client_secret"}}, rotates: true,
	})},
	"rotation-without-gap": {given: rotationWithoutGap},

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

func changes(all ...exampleChange) func(*testing.T, *clerktest.Server) (config.Variables, []exampleChange) {
	return func(*testing.T, *clerktest.Server) (config.Variables, []exampleChange) { return nil, all }
}

func seedDashboard(_ *testing.T, clerk *clerktest.Server) (config.Variables, []exampleChange) {
	clerk.Seed(dashboard, at("dashboard"))
	return nil, nil
}

func ageKey(t *testing.T, _ *clerktest.Server) (config.Variables, []exampleChange) {
	t.Helper()
	identity := newIdentity(t)
	return config.Variables{
		"age_recipient": config.StringVariable(identity.Recipient().String()), "age_identity": config.StringVariable(identity.String()),
	}, nil
}

// works reports whether a secret is the current one of an application.
func works(clerk *clerktest.Server, name, secret string) error {
	if app, found := clerk.Find(name); !found || clerk.CurrentSecret(app.ID) != secret {
		return errors.New("this is not the secret that works for " + name)
	}
	return nil
}

// rotationWithoutGap rotates the secret that is not handed out, and then hands it out.
func rotationWithoutGap(_ *testing.T, clerk *clerktest.Server) (config.Variables, []exampleChange) {
	step := func(variable, value, handsOut string) resource.TestStep {
		return resource.TestStep{
			ConfigVariables: config.Variables{variable: config.StringVariable(value)},
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownOutputValue("client_secret", knownvalue.StringFunc(func(secret string) error {
					return works(clerk, portal+" ("+handsOut+")", secret)
				})),
			},
		}
	}
	return nil, []exampleChange{
		{TestStep: step("rotate_green", "2", "blue"), rotates: true}, {TestStep: step("active", "green", "green")},
	}
}

// encryptedSecret hands the secret on to a file.
func encryptedSecret(t *testing.T, clerk *clerktest.Server) (config.Variables, []exampleChange) {
	t.Helper()
	variables, _ := ageKey(t, clerk)
	file := filepath.Join(t.TempDir(), "stored")
	variables["store_command"] = config.StringVariable(fmt.Sprintf(`printf %%s "$CLIENT_SECRET" >'%s'`, file))
	handedOn := func() {
		stored, err := os.ReadFile(file)
		must(t, err)
		must(t, works(clerk, portal, string(stored)))
	}
	return variables, []exampleChange{
		{TestStep: resource.TestStep{PostApplyFunc: handedOn}},
		{TestStep: resource.TestStep{
			ConfigVariables: config.Variables{"secret_rotation": config.StringVariable("2")}, PostApplyFunc: handedOn,
		}, rotates: true},
	}
}

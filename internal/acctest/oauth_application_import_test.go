package acctest

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// attribute returns the import id that an attribute of the application under test is.
func attribute(name string) resource.ImportStateIdFunc {
	return func(state *terraform.State) (string, error) {
		return state.RootModule().Resources[address].Primary.Attributes[name], nil
	}
}

// importBlock is a block that imports the application under test.
func importBlock(argument string) string {
	return fmt.Sprintf("import {\n  to = %s\n  %s\n}\n", address, argument)
}

func TestAccOAuthApplication_import(t *testing.T) {
	f := anywhere(t)
	verified := []string{"client_secret", "client_secret_version"} // Clerk shows a secret once
	f.test(
		resource.TestStep{Config: f.web(`redirect_uris = ["https://app.example.com/cb"]`, `scopes = ["openid", "profile"]`)},
		resource.TestStep{
			ResourceName: address, ImportState: true, ImportStateVerify: true, ImportStateVerifyIgnore: append(verified, "scopes"),
		},
		resource.TestStep{
			ResourceName: address, ImportState: true, ImportStateVerify: true, ImportStateVerifyIgnore: append(verified, "scopes"),
			ImportStateIdFunc: attribute("client_id"),
		},
		resource.TestStep{ResourceName: address, ImportState: true, ImportStateKind: resource.ImportBlockWithID},
		resource.TestStep{
			ResourceName: address, ImportState: true, ImportStateKind: resource.ImportBlockWithID, ImportStateIdFunc: attribute("client_id"),
		},
		resource.TestStep{
			ResourceName: address, ImportState: true, ImportStateKind: resource.ImportBlockWithID, GenerateConfig: true,
		},
	)
}

func TestAccOAuthApplication_importIdentity(t *testing.T) {
	f := anywhere(t)
	f.TerraformVersionChecks = []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_12_0)}
	f.test(
		resource.TestStep{
			Config: f.web(),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectIdentityValueMatchesState(address, tfjsonpath.New("id")),
			},
		},
		resource.TestStep{ResourceName: address, ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity},
	)
}

// An application from the dashboard enters the configuration without a change.
func TestAccOAuthApplication_adoption(t *testing.T) {
	f := anywhere(t)
	id := f.call(http.MethodPost, "", `{"name":"`+f.name+`","redirect_uris":["https://app.example.com/cb"]}`)[0]
	adopt := func(arguments ...string) string {
		return lookUp("theirs", fmt.Sprintf("name = %q", f.name)) + importBlock("id = data.clerk_oauth_application.theirs.id") +
			f.web(append(arguments, `redirect_uris = ["https://app.example.com/cb"]`)...)
	}
	f.test(
		resource.TestStep{
			Config:           adopt(`scopes = ["email", "profile"]`),
			ConfigPlanChecks: planned(noChange, f.warned()),
			ConfigStateChecks: []statecheck.StateCheck{
				has("id", text(id)), has("client_secret", knownvalue.Null()), has("client_secret_version", knownvalue.Null()),
			},
			PostApplyFunc: f.sent(),
		},
		resource.TestStep{ // the way to a secret that Terraform knows
			Config: adopt(`scopes = ["email", "profile"]`, `rotate_secret_trigger = "first"`),
			ConfigPlanChecks: planned(updates("rotate_secret_trigger client_secret? client_secret_version updated_at?"),
				f.warned(rotationWarning)),
			ConfigStateChecks: []statecheck.StateCheck{f.secretWorks(), has("client_secret_version", milliseconds)},
			PostApplyFunc:     f.sent("POST/rotate_secret"),
		},
	)
}

// The apply that imports makes what is configured differently.
func TestAccOAuthApplication_adoptionWithChanges(t *testing.T) {
	f := simulated(t)
	alice := newIdentity(t)
	id := f.Seed(f.name+" theirs", func(a *clerktest.Application) { a.Scopes = "profile email" })
	f.test(resource.TestStep{
		Config: importBlock(fmt.Sprintf("id = %q", id)) + f.web(encryptTo(alice), `scopes = ["profile", "email", "offline_access"]`),
		ConfigPlanChecks: planned(
			updates("name scopes encrypt_client_secret_to client_secret_encrypted? client_secret_version updated_at?"), f.warned(rotationWarning)),
		ConfigStateChecks: []statecheck.StateCheck{has("client_secret", knownvalue.Null()), f.encryptedSecretWorks(alice)},
		PostApplyFunc:     f.sent(`PATCH {"name":"NAME","scopes":"email offline_access profile"}`, "POST/rotate_secret"),
	})
}

// Whatever exists at Clerk has a generated configuration that changes nothing.
func TestAccOAuthApplication_generatedConfiguration(t *testing.T) {
	for name, shape := range map[string]func(*clerktest.Application){
		"a public client":       func(a *clerktest.Application) { a.Public, a.PKCERequired = true, false },
		"unusual redirect URIs": func(a *clerktest.Application) { a.RedirectURIs = []string{"com.example.app:/cb", "http://127.0.0.1/*"} },
		"a custom scope":        func(a *clerktest.Application) { a.Scopes = "messages:read offline_access openid" },
		"a logo":                func(a *clerktest.Application) { a.ClientImageURL = new("https://img.example.com/logo.png") },
		"an application that registered": func(a *clerktest.Application) {
			a.DynamicallyRegistered, a.Public, a.ClientURI = true, true, new("https://a.example.com")
		},
		"a name that needs quoting": func(a *clerktest.Application) { a.Name += " \" and ${braces} and %{directives} – ü" },
	} {
		t.Run(name, func(t *testing.T) {
			f := simulated(t)
			f.AddCustomScope("messages:read")
			id := f.Seed("Portal", shape)
			f.test(resource.TestStep{
				ResourceName: address, Config: requiredProviders + configured(), ImportState: true, ImportStateId: id,
				ImportStateKind: resource.ImportBlockWithID, GenerateConfig: true,
			})
			f.sent()()
		})
	}
}

func TestAccOAuthApplication_importNothing(t *testing.T) {
	f := anywhere(t)
	step := func(id, says string) resource.TestStep {
		return resource.TestStep{
			Config: requiredProviders + f.web(), ResourceName: address, ImportState: true, ImportStateId: id, ExpectError: fails(says),
		}
	}
	f.test(
		step("oa_2O4BCh3zUONvWlZHtBXv6s6tm7u", "Cannot import non-existent remote object"),
		step("d9g4CT4WYiCBm7EU", "client_id .*d9g4CT4WYiCBm7EU"),
		step("../users/user_1", "Unable to import .*../users/user_1"),
	)
}

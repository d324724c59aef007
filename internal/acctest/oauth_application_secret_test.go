package acctest

import (
	"fmt"
	"net/http"
	"testing"

	"filippo.io/age"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// newIdentity is a new private key of age.
func newIdentity(t *testing.T) *age.X25519Identity {
	t.Helper()
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return identity
}

// encryptTo is the argument with these recipients.
func encryptTo(identities ...*age.X25519Identity) string {
	recipients := ""
	for _, identity := range identities {
		recipients += fmt.Sprintf("%q, ", identity.Recipient())
	}
	return "encrypt_client_secret_to = [" + recipients + "]"
}

func TestAccOAuthApplication_encryptedSecret(t *testing.T) {
	f := anywhere(t)
	alice, bob := newIdentity(t), newIdentity(t)
	const (
		encrypted = " client_secret_encrypted? client_secret_version updated_at?"
		warning   = "will be rotated.*encrypt_client_secret_to"
	)
	notPlain := has("client_secret", knownvalue.Null())
	f.test(
		resource.TestStep{
			Config:            f.web(encryptTo(alice)),
			ConfigStateChecks: []statecheck.StateCheck{notPlain, f.secretWorks(alice), has("client_secret_version", milliseconds)},
			PostApplyFunc:     f.sent(`POST {"name":"NAME"}`),
		},
		resource.TestStep{
			Config:            f.web(encryptTo(alice), "pkce_required = true"),
			ConfigPlanChecks:  planned(updates("pkce_required updated_at?"), do(f.warned())),
			ConfigStateChecks: []statecheck.StateCheck{notPlain, f.secretWorks(alice)},
		},
		resource.TestStep{
			Config:            f.web(encryptTo(alice), `rotate_secret_trigger = "first"`),
			ConfigPlanChecks:  planned(updates("rotate_secret_trigger"+encrypted), do(f.warned(rotationWarning))),
			ConfigStateChecks: []statecheck.StateCheck{notPlain, f.secretWorks(alice)},
			PostApplyFunc:     f.sent("POST/rotate_secret"),
		},
		resource.TestStep{ // the current secret cannot be encrypted to one more recipient
			Config:            f.web(encryptTo(bob, alice), `rotate_secret_trigger = "first"`),
			ConfigPlanChecks:  planned(updates("encrypt_client_secret_to"+encrypted), do(f.warned(warning))),
			ConfigStateChecks: []statecheck.StateCheck{notPlain, f.secretWorks(alice), f.secretWorks(bob)},
			PostApplyFunc:     f.sent("POST/rotate_secret"),
		},
		resource.TestStep{
			Config: f.web(),
			ConfigPlanChecks: planned(updates("encrypt_client_secret_to client_secret? client_secret_encrypted client_secret_version rotate_secret_trigger updated_at?"),
				do(f.warned(warning))),
			ConfigStateChecks: []statecheck.StateCheck{f.secretWorks(nil), has("client_secret_encrypted", knownvalue.Null())},
			PostApplyFunc:     f.sent("POST/rotate_secret"),
		},
		resource.TestStep{ // a secret that was in plain text is replaced
			Config:            f.web(encryptTo(bob)),
			ConfigPlanChecks:  planned(updates("encrypt_client_secret_to client_secret"+encrypted), do(f.warned(warning))),
			ConfigStateChecks: []statecheck.StateCheck{notPlain, f.secretWorks(bob)},
			PostApplyFunc:     f.sent("POST/rotate_secret"),
		},
	)
}

func TestAccOAuthApplication_unknownRecipient(t *testing.T) {
	f := anywhere(t)
	alice, bob := newIdentity(t), newIdentity(t)
	to := func(identity *age.X25519Identity) string {
		return f.config(later(identity.Recipient().String()), application(f.name, "encrypt_client_secret_to = [terraform_data.later.output]"))
	}
	f.test(
		resource.TestStep{
			Config:            to(alice),
			ConfigStateChecks: []statecheck.StateCheck{has("client_secret", knownvalue.Null()), f.secretWorks(alice)},
		},
		resource.TestStep{
			Config: to(bob),
			ConfigPlanChecks: planned(updates("encrypt_client_secret_to? client_secret_encrypted? client_secret_version? updated_at?"),
				do(f.warned("may be rotated"))),
			ConfigStateChecks: []statecheck.StateCheck{has("client_secret", knownvalue.Null()), f.secretWorks(bob)},
			PostApplyFunc:     f.sent("POST/rotate_secret"),
		},
	)
}

// The encrypted secret reaches its store through an ephemeral value, and a new one with the version.
func TestAccOAuthApplication_encryptedSecretEphemeral(t *testing.T) {
	f := simulated(t)
	f.versions = []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_10_0)}
	alice := newIdentity(t)
	store := fmt.Sprintf(`
ephemeral "clerk_decrypted_secret" "test" {
  ciphertext = clerk_oauth_application.test.client_secret_encrypted
  identity   = %q
}
provider "echo" {
  data = ephemeral.clerk_decrypted_secret.test.plaintext
}
resource "echo" "test" {
  lifecycle {
    replace_triggered_by = [clerk_oauth_application.test.client_secret_version]
  }
}
`, alice)
	stored := statecheck.ExpectKnownValue("echo.test", tfjsonpath.New("data"), knownvalue.StringFunc(func(secret string) error {
		if secret != f.CurrentSecret(f.ids()[0]) {
			return fmt.Errorf("the stored secret does not work")
		}
		return nil
	}))
	f.test(
		resource.TestStep{Config: f.web(encryptTo(alice))},
		resource.TestStep{
			Config:            f.config(application(f.name, encryptTo(alice)), store),
			ConfigStateChecks: []statecheck.StateCheck{stored},
		},
		resource.TestStep{
			Config:            f.config(application(f.name, encryptTo(alice), `rotate_secret_trigger = "first"`), store),
			ConfigStateChecks: []statecheck.StateCheck{stored},
		},
	)
}

func TestAccOAuthApplication_verification(t *testing.T) {
	f := simulated(t)
	config := f.web("verify_client_secret = true")
	asked := func() (count int) { return f.CountRequests(http.MethodPost, clerktest.RouteTokenInfo) }
	f.test(
		resource.TestStep{Config: config, PostApplyFunc: f.warned()},
		resource.TestStep{
			Config:           config,
			ConfigPlanChecks: planned(noChange, do(f.warned())),
			PostApplyFunc: func() {
				if asked() == 0 {
					t.Error("the secret was not verified")
				}
			},
		},
		resource.TestStep{
			PreConfig: f.elsewhere(http.MethodPost, "/rotate_secret", ""),
			Config:    config,
			ConfigPlanChecks: planned(updates("client_secret? client_secret_version updated_at?"),
				do(f.warned("no longer works", "will be rotated.*outside Terraform.*remove verify_client_secret"))),
			ConfigStateChecks: []statecheck.StateCheck{f.secretWorks(nil)},
			PostApplyFunc:     f.sent("POST/rotate_secret"),
		},
		resource.TestStep{ // without the argument the endpoint is not asked
			Config:           f.web(),
			ConfigPlanChecks: planned(updates("verify_client_secret"), do(f.warned())),
		},
		resource.TestStep{
			Config: f.web(),
			PostApplyFunc: func() {
				if asked() > 0 {
					t.Error("the secret was verified without verify_client_secret")
				}
			},
		},
	)
}

// An endpoint that has never accepted a secret proves nothing by its refusal.
func TestAccOAuthApplication_verificationImpossible(t *testing.T) {
	f := simulated(t, clerktest.WithSwitches(clerktest.Switches{TokenInfo: clerktest.TokenInfoRefusesEverybody}))
	config := f.web("verify_client_secret = true")
	f.test(
		resource.TestStep{Config: config},
		resource.TestStep{
			Config:           config,
			ConfigPlanChecks: planned(noChange, do(f.warned("could not be verified"))),
		},
		resource.TestStep{
			PreConfig:        f.elsewhere(http.MethodPost, "/rotate_secret", ""),
			Config:           config,
			ConfigPlanChecks: planned(noChange, do(f.warned("could not be verified"))),
			PostApplyFunc:    f.sent(),
		},
	)
}

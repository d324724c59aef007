package acctest

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/armor"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// encryptTo is the argument with these recipients.
func encryptTo(identities ...*age.X25519Identity) string {
	recipients := ""
	for _, identity := range identities {
		recipients += fmt.Sprintf("%q, ", identity.Recipient())
	}
	return "encrypt_client_secret_to = [" + recipients + "]"
}

// encryptedSecretWorks checks that the secret in the state, which is encrypted to the identity, works
// now. It reads the secret with age itself, as a user may.
func (f *fixture) encryptedSecretWorks(identity age.Identity) statecheck.StateCheck {
	return has("client_secret_encrypted", knownvalue.StringFunc(func(encrypted string) error {
		decrypted, err := age.Decrypt(armor.NewReader(strings.NewReader(encrypted)), identity)
		if err != nil {
			return err
		}
		secret, err := io.ReadAll(decrypted)
		return errors.Join(err, f.works(string(secret)))
	}))
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
			ConfigStateChecks: []statecheck.StateCheck{notPlain, f.encryptedSecretWorks(alice), has("client_secret_version", milliseconds)},
			PostApplyFunc:     f.sent(`POST {"name":"NAME"}`),
		},
		resource.TestStep{
			Config:            f.web(encryptTo(alice), "pkce_required = true"),
			ConfigPlanChecks:  planned(updates("pkce_required updated_at?"), f.warned()),
			ConfigStateChecks: []statecheck.StateCheck{notPlain, f.encryptedSecretWorks(alice)},
		},
		resource.TestStep{
			Config:            f.web(encryptTo(alice), `rotate_secret_trigger = "first"`),
			ConfigPlanChecks:  planned(updates("rotate_secret_trigger"+encrypted), f.warned(rotationWarning)),
			ConfigStateChecks: []statecheck.StateCheck{notPlain, f.encryptedSecretWorks(alice)},
			PostApplyFunc:     f.sent("POST/rotate_secret"),
		},
		resource.TestStep{ // the current secret cannot be encrypted to one more recipient
			Config:            f.web(encryptTo(bob, alice), `rotate_secret_trigger = "first"`),
			ConfigPlanChecks:  planned(updates("encrypt_client_secret_to"+encrypted), f.warned(warning)),
			ConfigStateChecks: []statecheck.StateCheck{notPlain, f.encryptedSecretWorks(alice), f.encryptedSecretWorks(bob)},
			PostApplyFunc:     f.sent("POST/rotate_secret"),
		},
		resource.TestStep{
			Config: f.web(),
			ConfigPlanChecks: planned(updates("encrypt_client_secret_to client_secret? client_secret_encrypted client_secret_version rotate_secret_trigger updated_at?"),
				f.warned(warning)),
			ConfigStateChecks: []statecheck.StateCheck{f.secretWorks(), has("client_secret_encrypted", knownvalue.Null())},
			PostApplyFunc:     f.sent("POST/rotate_secret"),
		},
		resource.TestStep{ // a secret that was in plain text is replaced
			Config:            f.web(encryptTo(bob)),
			ConfigPlanChecks:  planned(updates("encrypt_client_secret_to client_secret"+encrypted), f.warned(warning)),
			ConfigStateChecks: []statecheck.StateCheck{notPlain, f.encryptedSecretWorks(bob)},
			PostApplyFunc:     f.sent("POST/rotate_secret"),
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
			ConfigPlanChecks: planned(noChange, f.warned()),
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
				f.warned("no longer works", "will be rotated.*outside Terraform.*remove verify_client_secret")),
			ConfigStateChecks: []statecheck.StateCheck{f.secretWorks()},
			PostApplyFunc:     f.sent("POST/rotate_secret"),
		},
		resource.TestStep{ // without the argument the endpoint is not asked
			Config:           f.web(),
			ConfigPlanChecks: planned(updates("verify_client_secret"), f.warned()),
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
	f := simulated(t)
	f.Set(clerktest.Switches{TokenInfo: "refuses_everybody"})
	config := f.web("verify_client_secret = true")
	f.test(
		resource.TestStep{Config: config},
		resource.TestStep{
			Config:           config,
			ConfigPlanChecks: planned(noChange, f.warned("could not be verified")),
		},
		resource.TestStep{
			PreConfig:        f.elsewhere(http.MethodPost, "/rotate_secret", ""),
			Config:           config,
			ConfigPlanChecks: planned(noChange, f.warned("could not be verified")),
			PostApplyFunc:    f.sent(),
		},
	)
}

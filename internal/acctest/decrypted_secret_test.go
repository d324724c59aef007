package acctest

import (
	"fmt"
	"testing"

	"filippo.io/age"
	"github.com/hashicorp/go-version"
	"github.com/hashicorp/terraform-plugin-testing/echoprovider"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/encryption"
)

// withEphemeral is for tests with an ephemeral resource and the echo provider, which keeps its value.
// Terraform and OpenTofu both have ephemeral resources since their version 1.11.
func (f *fixture) withEphemeral() {
	f.TerraformVersionChecks = []tfversion.TerraformVersionCheck{tfversion.SkipBelow(version.Must(version.NewVersion("1.11.0")))}
	f.ProtoV6ProviderFactories["echo"] = echoprovider.NewProviderServer()
}

// decrypted is a decrypted secret, and a resource of the echo provider that keeps it for [echoed]. The
// echo takes a value when it is created, so each step needs one of a new name.
func decrypted(echo, ciphertext string, identity age.Identity) string {
	return fmt.Sprintf(`
ephemeral "clerk_decrypted_secret" "test" {
  ciphertext = %[2]s
  identity   = %[3]q
}

provider "echo" {
  data = ephemeral.clerk_decrypted_secret.test.plaintext
}

resource "echo" %[1]q {}
`, echo, ciphertext, identity)
}

// echoed checks the decrypted secret.
func echoed(echo string, value knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue("echo."+echo, tfjsonpath.New("data"), value)
}

func newIdentity(t *testing.T) *age.X25519Identity {
	t.Helper()
	identity, err := age.GenerateX25519Identity()
	must(t, err)
	return identity
}

// TestAccDecryptedSecret_basic decrypts the secret of an application after its creation and after a
// rotation. It sends no request.
func TestAccDecryptedSecret_basic(t *testing.T) {
	f, identity := anywhere(t), newIdentity(t)
	f.withEphemeral()
	step := func(echo, trigger string) resource.TestStep {
		return resource.TestStep{
			Config: f.web(encryptTo(identity), trigger) + decrypted(echo, address+".client_secret_encrypted", identity),
			ConfigStateChecks: []statecheck.StateCheck{
				f.encryptedSecretWorks(identity), has("client_secret", knownvalue.Null()), echoed(echo, knownvalue.StringFunc(f.works)),
			},
		}
	}
	f.test(step("first", ""), step("second", `rotate_secret_trigger = "1"`))
}

// TestAccDecryptedSecret_withoutKey: a configuration that only decrypts needs no key of Clerk's, and
// an application without a known secret gives null.
func TestAccDecryptedSecret_withoutKey(t *testing.T) {
	f, identity := simulated(t), newIdentity(t)
	f.withEphemeral()
	ciphertext, err := encryption.Encrypt("s3cret", []string{identity.Recipient().String()})
	must(t, err)
	config := func(echo, ciphertext string, identity age.Identity) string {
		return withKey("") + decrypted(echo, fmt.Sprintf("%q", ciphertext), identity)
	}
	null := withKey("") + decrypted("null", "null", identity)
	f.test(
		resource.TestStep{
			Config:            config("value", ciphertext, identity),
			ConfigStateChecks: []statecheck.StateCheck{echoed("value", text("s3cret"))},
			PostApplyFunc:     f.untouched,
		},
		resource.TestStep{Config: null, ConfigStateChecks: []statecheck.StateCheck{echoed("null", knownvalue.Null())}},
		resource.TestStep{Config: config("another", ciphertext, newIdentity(t)), ExpectError: fails("not for this identity")},
		resource.TestStep{Config: config("cut", ciphertext[:120], identity), ExpectError: fails("cut off")},
		resource.TestStep{Config: null},
	)
}

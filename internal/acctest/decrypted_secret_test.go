package acctest

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/armor"
	"github.com/hashicorp/go-version"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"
)

// withEphemeral is for tests with an ephemeral resource and something that takes its value, which
// Terraform and OpenTofu both have since their version 1.11.
var withEphemeral = []tfversion.TerraformVersionCheck{tfversion.SkipBelow(version.Must(version.NewVersion("1.11.0")))}

// decrypted is a decrypted secret, and a resource of the echo provider that keeps it for a check. The
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
	f.versions = withEphemeral
	step := func(echo, trigger string) resource.TestStep {
		return resource.TestStep{
			Config: f.config(
				application(f.name, fmt.Sprintf("encrypt_client_secret_to = [%q]", identity.Recipient()), trigger),
				decrypted(echo, address+".client_secret_encrypted", identity),
			),
			ConfigStateChecks: []statecheck.StateCheck{
				f.secretWorks(identity), has("client_secret", knownvalue.Null()),
				statecheck.ExpectKnownValue("echo."+echo, tfjsonpath.New("data"), knownvalue.StringFunc(func(plaintext string) error {
					if f.Server != nil && plaintext != f.CurrentSecret(f.ids()[0]) {
						return fmt.Errorf("the plaintext is not the secret that works")
					}
					return nil
				})),
			},
		}
	}
	f.test(step("first", ""), step("second", `rotate_secret_trigger = "1"`))
}

// TestAccDecryptedSecret_withoutKey: a configuration that only decrypts needs no key of Clerk's, and
// an application without a known secret gives null.
func TestAccDecryptedSecret_withoutKey(t *testing.T) {
	f, identity := simulated(t), newIdentity(t)
	f.versions = withEphemeral
	var ciphertext strings.Builder
	armored := armor.NewWriter(&ciphertext)
	encrypted, err := age.Encrypt(armored, identity.Recipient())
	must(t, err)
	_, err = encrypted.Write([]byte("s3cret"))
	must(t, err)
	must(t, encrypted.Close())
	must(t, armored.Close())
	has := func(echo string, value knownvalue.Check) []statecheck.StateCheck {
		return []statecheck.StateCheck{statecheck.ExpectKnownValue("echo."+echo, tfjsonpath.New("data"), value)}
	}
	config := func(block string) string { return f.configWith("", "", block) }
	f.test(
		resource.TestStep{
			Config:            config(decrypted("value", fmt.Sprintf("%q", ciphertext.String()), identity)),
			ConfigStateChecks: has("value", knownvalue.StringExact("s3cret")),
			PostApplyFunc: func() {
				if sent := f.RequestLines(); len(sent) > 0 {
					t.Errorf("decrypting sent %q", sent)
				}
			},
		},
		resource.TestStep{
			Config:            config(decrypted("null", "null", identity)),
			ConfigStateChecks: has("null", knownvalue.Null()),
		},
		resource.TestStep{
			Config:      config(decrypted("another", fmt.Sprintf("%q", ciphertext.String()), newIdentity(t))),
			ExpectError: regexp.MustCompile(`not\s+for\s+this\s+identity`),
		},
		resource.TestStep{
			Config:      config(decrypted("cut", fmt.Sprintf("%q", ciphertext.String()[:120]), identity)),
			ExpectError: regexp.MustCompile(`cut\s+off`),
		},
		resource.TestStep{Config: config(decrypted("null", "null", identity))},
	)
}

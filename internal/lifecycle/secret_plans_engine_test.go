package lifecycle

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/enginetest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/secrettest"
)

// TestAccWarningsNameEachApplication: engines fold warnings with the same summary, and show only the first. So each
// warning names its application, and comes once.
func TestAccWarningsNameEachApplication(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, enginetest.Find(t))
	w.Write("main.tf", requiredClerk+`
variable "trigger" {
  type    = string
  default = null
}

resource "clerk_oauth_application" "app" {
  for_each = toset(["Dashboard", "Portal", "Shop"])

  name                  = each.key
  public                = false
  rotate_secret_trigger = var.trigger
}

resource "clerk_oauth_application" "client" {
  for_each = toset(["Field app", "Kiosk"])

  name          = each.key
  public        = true
  pkce_required = false
  redirect_uris = ["http://intranet.example.com/callback"]
}
`)
	w.init()
	created := w.plan()
	for _, name := range []string{"Field app", "Kiosk"} {
		for _, summary := range []string{"Public client without PKCE", "Redirect URIs of"} {
			count := 0
			for line := range strings.Lines(created) {
				if strings.Contains(line, "Warning: "+summary) && strings.Contains(line, `"`+name+`"`) {
					count++
				}
			}
			if count != 1 {
				t.Errorf("the plan warns %d times of %q of %q:\n%s", count, summary, name, created)
			}
		}
	}
	w.apply()
	w.variable("trigger", "1")
	rotated := w.plan()
	for _, name := range []string{"Dashboard", "Portal", "Shop"} {
		if count := strings.Count(rotated, `Warning: The client secret of "`+name+`" will be rotated`); count != 1 {
			t.Errorf("the plan warns %d times of the rotation of %q:\n%s", count, name, rotated)
		}
	}
	for _, plan := range []string{created, rotated} {
		if text := enginetest.Unwrap(plan); strings.Contains(text, "similar warning") {
			t.Errorf("the engine folds warnings:\n%s", plan)
		}
	}
}

const encryptedPortal = requiredClerk + `
variable "public" {
  type    = bool
  default = null
}

resource "clerk_oauth_application" "portal" {
  name                     = "Partner portal"
  public                   = var.public
  pkce_required            = true
  encrypt_client_secret_to = [file("age.pub"), file("id_ed25519.pub")]
}

ephemeral "clerk_decrypted_secret" "age" {
  ciphertext = clerk_oauth_application.portal.client_secret_encrypted
  identity   = file("age.key")
}

ephemeral "clerk_decrypted_secret" "ssh" {
  ciphertext = clerk_oauth_application.portal.client_secret_encrypted
  identity   = file("id_ed25519")
}

output "encrypted" {
  value = clerk_oauth_application.portal.client_secret_encrypted
}
`

// writeKeys writes an age key and an SSH key as their programs do, the public halves with line ends of either kind.
func (w *workspace) writeKeys() {
	w.Helper()
	key := secrettest.NewKey(w.T)
	w.Write("age.pub", key.Recipient+"\r\n")
	w.Write("age.key", "# created: 2026-07-01T10:00:00Z\n# public key: "+key.Recipient+"\n"+key.Identity+"\n")
	pair := secrettest.NewSSHKey(w.T, "ed25519")
	w.Write("id_ed25519", pair.Identity)
	w.Write("id_ed25519.pub", pair.Recipient)
}

// TestAccEncryptedSecretOfFiles: keys come from the files that their programs write. The plan shows null if the value will be null,
// another stack decrypts without a secret key of Clerk's, and a client without a secret, public or imported, gives null.
//
//nolint:tparallel // the stacks that decrypt need the secret as it is in between
func TestAccEncryptedSecretOfFiles(t *testing.T) {
	t.Parallel()
	engine := enginetest.Find(t)
	if !engine.Supports("1.11", "1.11") {
		t.Skip("needs ephemeral resources")
	}
	w := newWorkspace(t, engine)
	w.Write("main.tf", encryptedPortal)
	w.writeKeys()
	w.init()

	planned := w.Plan().Change("clerk_oauth_application.portal").Change
	after, unknown := planned.After.(map[string]any), planned.AfterUnknown.(map[string]any)
	if value, known := after["client_secret"]; !known || value != nil || unknown["client_secret"] == true || unknown["client_secret_encrypted"] != true {
		t.Errorf("the plan has client_secret %v, unknown are %v", value, unknown)
	}
	if text := w.plan(); strings.Contains(text, "+ client_secret ") {
		t.Errorf("the plan shows a client_secret:\n%s", text)
	}
	w.apply()
	w.planIsEmpty()
	issued := len(w.clerk.IssuedSecrets())
	w.Write("age.pub", strings.TrimSpace(w.Read("age.pub"))+"\n")
	w.Write("id_ed25519.pub", strings.Join(strings.Fields(w.Read("id_ed25519.pub"))[:2], " ")+"\n") // no comment
	w.apply()
	w.planIsEmpty()
	if len(w.clerk.IssuedSecrets()) != issued {
		t.Error("other line ends rotated the secret")
	}

	for _, file := range []string{"age.key", "id_ed25519"} {
		t.Run("another stack, "+file, func(t *testing.T) {
			other := newWorkspace(t, engine)
			delete(other.Env, envSecretKey)
			other.Write("key", w.Read(file))
			other.Write("main.tf", requiredClerk+`
variable "encrypted" {
  type = string
}

variable "stored" {
  type = string
}

ephemeral "clerk_decrypted_secret" "portal" {
  ciphertext = var.encrypted
  identity   = file("key")
}

resource "terraform_data" "store" {
  provisioner "local-exec" {
    command     = "printf %s \"$CLIENT_SECRET\" >'${var.stored}'"
    environment = { CLIENT_SECRET = ephemeral.clerk_decrypted_secret.portal.plaintext }
  }
}
`)
			stored := filepath.Join(t.TempDir(), "stored")
			other.variable("encrypted", w.output("encrypted"))
			other.variable("stored", stored)
			other.init()
			other.apply()
			other.planIsEmpty()
			content, err := os.ReadFile(stored)
			must(t, err)
			if string(content) != w.secretOf(examplePortal) {
				t.Error("what was decrypted is not the secret that works")
			}
			if sent := other.clerk.RequestLines(); len(sent) > 0 {
				t.Errorf("requests were sent: %q", sent)
			}
		})
	}

	w.variable("public", "true")
	says(t, w.plan(), `The client secret of "Partner portal" will be removed`)
	w.apply()
	w.planIsEmpty()
	w.variable("public", "false")
	w.apply()
	w.planIsEmpty()

	id := w.application(examplePortal).ID
	w.run("state", "rm", "clerk_oauth_application.portal")
	w.run("import", "clerk_oauth_application.portal", id)
	w.holdsNoSecret()
}

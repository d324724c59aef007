package lifecycle

import (
	"encoding/base64"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/enginetest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/secrettest"
)

// TestAccCanaryOfVerificationAndIdentities runs what handles secrets beside Clerk's API, with logs at TRACE and as JSON: token
// introspection, whose requests carry the client secret, and decryption with SSH and age identities. Whatever is left behind is
// searched.
func TestAccCanaryOfVerificationAndIdentities(t *testing.T) {
	t.Parallel()
	engine := enginetest.Find(t)
	if !engine.Supports("1.11", "1.11") {
		t.Skip("needs ephemeral resources")
	}
	w := newTracedWorkspace(t, engine, clerktest.New(t))
	sshKey, key := secrettest.NewSSHKey(t, "ed25519"), secrettest.NewKey(t)
	ageSecret := key.Lines()[0]
	w.variable("ssh_identity", sshKey.Identity)
	w.variable("age_identity", key.Identity)
	write := func(trigger string) {
		w.Write("main.tf", requiredClerk+fmt.Sprintf(`
variable "ssh_identity" {
  type      = string
  sensitive = true
  ephemeral = true
}

variable "age_identity" {
  type      = string
  sensitive = true
  ephemeral = true
}

resource "clerk_oauth_application" "verified" {
  name                  = "Verified"
  verify_client_secret  = true
  rotate_secret_trigger = %[1]q
}

resource "clerk_oauth_application" "encrypted" {
  name                     = "Encrypted"
  encrypt_client_secret_to = [%[2]q, %[3]q]
  rotate_secret_trigger    = %[1]q
}

ephemeral "clerk_decrypted_secret" "ssh" {
  ciphertext = clerk_oauth_application.encrypted.client_secret_encrypted
  identity   = var.ssh_identity
}

ephemeral "clerk_decrypted_secret" "age" {
  ciphertext = clerk_oauth_application.encrypted.client_secret_encrypted
  identity   = var.age_identity
}
`, trigger, sshKey.Recipient, key.Recipient))
	}
	write("1")
	w.run("apply", "-auto-approve", "-json")
	w.run("plan", "-json")
	write("2")
	w.run("plan", "-json")
	w.run("apply", "-auto-approve")
	w.clerk.Rotate(w.application("Verified").ID)
	w.run("plan", "-json")
	w.run("apply", "-auto-approve", "-json")

	// An endpoint that gives back what it was sent.
	app := w.application("Verified")
	credentials := base64.StdEncoding.EncodeToString([]byte(app.ClientID + ":" + w.secretOf("Verified")))
	for _, echo := range []clerktest.Fault{
		clerktest.Raw(500, "text/plain", "Authorization: Basic "+credentials),
		clerktest.Raw(400, "application/json", fmt.Sprintf(`{"error":%q,"error_description":"Basic %s"}`, w.secretOf("Verified"), credentials)),
		clerktest.Raw(401, "application/json", fmt.Sprintf(`{"error":"Basic %s"}`, credentials)),
		clerktest.Redirect(307, "https://"+w.secretOf("Verified")+".example.com/"+credentials),
	} {
		w.clerk.ClearFaults()
		w.clerk.Inject(echo.On(http.MethodPost, clerktest.RouteTokenInfo))
		says(t, w.run("plan"), "Client secrets could not be verified")
		w.run("plan", "-json")
	}
	w.clerk.ClearFaults()

	// Identities that do not fit.
	w.variable("ssh_identity", strings.Join(strings.Split(sshKey.Identity, "\n")[:5], "\n"))
	w.variable("age_identity", "AGE-SECRET-KEY-1"+ageSecret[:40])
	for _, arguments := range [][]string{{"plan"}, {"plan", "-json"}} {
		if refused := w.try(arguments...); refused.Code == 0 {
			t.Error("identities that were cut off were taken")
		}
	}

	identities := secrettest.NewCanary(append(pieces(ageSecret), sshKey.Lines()...)...)
	must(t, filepath.WalkDir(w.Dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if what := identities.Find(string(content)); what != "" {
			t.Errorf("%s holds %s of the identities", entry.Name(), what)
		}
		return err
	}))
}

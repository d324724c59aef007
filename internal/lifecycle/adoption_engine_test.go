package lifecycle

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/enginetest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/secrettest"
)

const requiredClerk = `terraform {
  required_providers {
    clerk = {
      source = "terraform-provider-clerk/clerk"
    }
  }
}
`

// The engine generates a configuration for 200 different applications, and imports half of
// them by id and half by client_id. Then the plan is empty, and nothing was sent to Clerk.
func TestAccAdoptTwoHundredApplications(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, enginetest.Find(t))
	w.clerk.AddCustomScope("messages:read")
	shapes := []func(int, *clerktest.Application){
		func(int, *clerktest.Application) {},
		func(i int, app *clerktest.Application) { app.Public, app.PKCERequired = true, i%2 == 0 },
		func(i int, app *clerktest.Application) {
			app.RedirectURIs = []string{fmt.Sprintf("https://a%d.example.com/cb", i), "com.example.app:/oauth", "http://127.0.0.1/*"}
		},
		func(_ int, app *clerktest.Application) {
			app.Scopes = "messages:read offline_access openid"
		},
		func(_ int, app *clerktest.Application) { app.ConsentScreenEnabled = false },
		func(i int, app *clerktest.Application) {
			app.ClientImageURL = fmt.Sprintf("https://img.example.com/%d.png", i)
		},
		func(i int, app *clerktest.Application) {
			app.DynamicallyRegistered, app.Public = true, true
			app.ClientURI = fmt.Sprintf("https://client%d.example.com", i)
		},
		func(i int, app *clerktest.Application) {
			app.Name = fmt.Sprintf("quotes \" and ${braces} and %%{%d} – ü", i)
		},
	}
	var configuration strings.Builder
	configuration.WriteString(requiredClerk + "provider \"clerk\" {\n  requests_per_10s = 1000\n}\n")
	for i := range 200 {
		id := w.clerk.Seed(fmt.Sprintf("existing %d", i), func(app *clerktest.Application) { shapes[i%len(shapes)](i, app) })
		app, _ := w.clerk.Application(id)
		if i%2 == 1 {
			id = app.ClientID
		}
		fmt.Fprintf(&configuration, "import {\n  to = clerk_oauth_application.app%d\n  id = %q\n}\n", i, id)
	}
	w.Write("main.tf", configuration.String())
	w.init()
	w.clerk.ResetRequests()

	w.run("plan", "-generate-config-out=generated.tf")
	says(t, w.apply(), "200 imported, 0 added, 0 changed, 0 destroyed")
	w.planIsEmpty()
	for _, request := range w.clerk.Requests() {
		if request.Method != http.MethodGet {
			t.Fatalf("adopting sent %s %s", request.Method, request.Route)
		}
	}
	w.holdsNoSecret()
}

// TestAccEncryptedSecretIsNowhereInPlainText: neither the first nor the rotated secret of
// an application with encrypted secrets is in the state, in a plan file, in their JSON, in
// a log at TRACE or in any output. The encrypted secret is the current one.
func TestAccEncryptedSecretIsNowhereInPlainText(t *testing.T) {
	t.Parallel()
	identity := secrettest.NewKey(t)
	w := newWorkspace(t, enginetest.Find(t))
	w.Env["TF_LOG"], w.Env["TF_LOG_PATH"] = "TRACE", filepath.Join(w.Dir, "trace.log")
	w.Write("main.tf", requiredClerk+fmt.Sprintf(`
provider "clerk" {}

variable "trigger" {
  type    = string
  default = null
}

resource "clerk_oauth_application" "encrypted" {
  name                     = "Encrypted"
  encrypt_client_secret_to = [%q]
  rotate_secret_trigger    = var.trigger
}

output "encrypted" {
  value = clerk_oauth_application.encrypted.client_secret_encrypted
}
`, identity.Recipient))
	w.init()
	for i, trigger := range []string{"", "again"} {
		if trigger != "" {
			w.variable("trigger", trigger)
		}
		plan := fmt.Sprintf("plan%d", i)
		w.Write(plan+".txt", w.run("plan", "-out="+plan))
		w.Write(plan+".json", w.run("show", "-json", plan))
		w.Write(plan+"-apply.txt", w.run("apply", plan))
		w.Write(plan+"-state.json", w.run("show", "-json"))

		decrypted, err := identity.Decrypt(w.output("encrypted"))
		must(t, err)
		if decrypted != w.secretOf("Encrypted") {
			t.Error("the encrypted secret is not the current one")
		}
	}
	w.planIsEmpty()

	if issued := len(w.clerk.IssuedSecrets()); issued != 2 {
		t.Fatalf("%d secrets were issued, want the first and the rotated one", issued)
	}
	log, err := os.ReadFile(filepath.Join(w.Dir, "trace.log"))
	must(t, err)
	if !bytes.Contains(log, []byte("Clerk API request")) {
		t.Error("the log at TRACE has nothing of the provider's, so that nothing is in it proves nothing")
	}
	w.holdsNoSecret()
	searchPlans(t, w)
}

// searchPlans looks for every form of the secrets in plan files, which are zip archives,
// and in all other files.
func searchPlans(t *testing.T, w *workspace) {
	t.Helper()
	c := secrettest.NewCanary(w.clerk.IssuedSecrets()...)
	for _, name := range []string{"plan0", "plan1"} {
		archive, err := zip.OpenReader(filepath.Join(w.Dir, name))
		must(t, err)
		for _, member := range archive.File {
			content, err := archive.Open(member.Name)
			must(t, err)
			text, err := io.ReadAll(content)
			must(t, err)
			if found := c.Find(string(text)); found != "" {
				t.Errorf("%s of the plan file %s holds %s", member.Name, name, found)
			}
		}
		must(t, archive.Close())
	}
	for _, name := range []string{"trace.log", "terraform.tfstate", "plan0.json", "plan1.json", "plan1-state.json", "plan1.txt", "plan1-apply.txt"} {
		if found := c.Find(w.Read(name)); found != "" {
			t.Errorf("%s holds %s", name, found)
		}
	}
}

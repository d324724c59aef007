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

// Two hundred applications of all shapes are imported by a configuration that the
// engine generated, half of them by id and half by client_id; then there is
// nothing to do, neither for the engine nor at Clerk.
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

// Of an application with sealed secrets, neither the first secret nor the rotated
// one is in the state, in a plan file, in what is shown of either as JSON, in a
// log at TRACE or in any output; and what is sealed is the present one.
func TestAccSealedSecretIsNowhereInPlain(t *testing.T) {
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

resource "clerk_oauth_application" "sealed" {
  name                     = "Sealed"
  encrypt_client_secret_to = [%q]
  rotate_secret_trigger    = var.trigger
}

output "sealed" {
  value = clerk_oauth_application.sealed.client_secret_encrypted
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

		opened, err := identity.Decrypt(w.output("sealed"))
		must(t, err)
		if opened != w.secretOf("Sealed") {
			t.Error("what is sealed is not the present secret")
		}
	}
	w.planIsEmpty()

	if issued := len(w.clerk.IssuedSecrets()); issued != 2 {
		t.Fatalf("%d secrets were made, want the first and the rotated one", issued)
	}
	log, err := os.ReadFile(filepath.Join(w.Dir, "trace.log"))
	must(t, err)
	if !bytes.Contains(log, []byte("Clerk API request")) {
		t.Error("the log at TRACE has nothing of the provider's, so that nothing is in it proves nothing")
	}
	w.holdsNoSecret()
	searchPlans(t, w)
}

// searchPlans looks into plan files, which are zip archives, and for every form of
// the secrets in all the others.
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

package lifecycle

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/enginetest"
)

// requiredFrom is the terraform block for the provider at a source address.
func requiredFrom(source string) string {
	return fmt.Sprintf("terraform {\n  required_providers {\n    clerk = {\n      source = %q\n    }\n  }\n}\n", source)
}

const portalResource = `
resource "clerk_oauth_application" "portal" {
  name          = "Partner portal"
  redirect_uris = ["https://portal.example.com/oauth/callback"]
  scopes        = ["profile", "email"]
}
`

// instanceOfAnother is the application of portalResource as another provider keeps it.
func (w *workspace) instanceOfAnother() (attributes map[string]any, secret string) {
	w.Helper()
	id := w.clerk.Seed(examplePortal, withRedirect("https://portal.example.com/oauth/callback"))
	return stateOfAnother(w.clerk, id, "profile email", nil), w.clerk.CurrentSecret(id)
}

// writeState writes a state file with one instance of clerk_oauth_application.portal.
func (w *workspace) writeState(source string, schemaVersion int, attributes map[string]any, more map[string]any) {
	w.Helper()
	if strings.Count(source, "/") == 1 {
		host := map[string]string{"terraform": "registry.terraform.io", "tofu": "registry.opentofu.org"}[w.Engine.Name]
		source = host + "/" + source
	}
	instance := map[string]any{
		"schema_version": schemaVersion, "attributes": attributes,
		"sensitive_attributes": []any{[]any{map[string]any{"type": "get_attr", "value": "client_secret"}}},
	}
	maps.Copy(instance, more)
	w.WriteJSON("terraform.tfstate", map[string]any{
		"version": 4, "terraform_version": "1.5.0", "serial": 1, "lineage": "b8ea7a2c-8a3f-4f5b-9c0e-0f6f1c7f2d11",
		"resources": []any{map[string]any{
			"mode": "managed", "type": applicationType, "name": "portal",
			"provider": fmt.Sprintf("provider[%q]", source), "instances": []any{instance},
		}},
	})
}

// tookOver checks that the application is the provider's now: nothing changed at Clerk,
// and the state has the secret that works.
func (w *workspace) tookOver(secret string) {
	w.Helper()
	if planned := enginetest.Unwrap(w.plan()); !strings.Contains(planned, "No changes.") && !strings.Contains(planned, "Plan: 0 to add, 0 to change, 0 to destroy") {
		w.Errorf("something is to change:\n%s", planned)
	}
	w.apply()
	w.planIsEmpty()
	var state struct {
		Resources []struct {
			Provider  string `json:"provider"`
			Instances []struct {
				SchemaVersion int            `json:"schema_version"`
				Attributes    map[string]any `json:"attributes"`
			} `json:"instances"`
		} `json:"resources"`
	}
	must(w.T, json.Unmarshal([]byte(w.state()), &state))
	if len(state.Resources) != 1 || len(state.Resources[0].Instances) != 1 {
		w.Fatalf("the state is\n%s", w.state())
	}
	instance := state.Resources[0].Instances[0]
	if instance.SchemaVersion != applicationSchemaVersion || instance.Attributes["client_secret"] != secret || instance.Attributes["client_secret_version"] == nil ||
		instance.Attributes["deletion_protection"] == nil || w.secretOf(examplePortal) != secret {
		w.Errorf("the state is\n%s", w.state())
	}
	if !strings.Contains(state.Resources[0].Provider, enginetest.Address) {
		w.Errorf("the state is of %s", state.Resources[0].Provider)
	}
	for _, request := range w.clerk.Requests() {
		if request.Method != http.MethodGet {
			w.Errorf("taking it over sent %s", request)
		}
	}
}

// TestAccTakeOverAnotherProvidersState: an application of another provider for Clerk
// becomes this provider's by every way that an engine has.
func TestAccTakeOverAnotherProvidersState(t *testing.T) {
	t.Parallel()
	engine := enginetest.Find(t)
	for name, take := range map[string]func(w *workspace){
		"only source changes": func(w *workspace) { w.init() },
		"state replace-provider": func(w *workspace) {
			host := map[string]string{"terraform": "registry.terraform.io/", "tofu": "registry.opentofu.org/"}[w.Engine.Name]
			w.run("state", "replace-provider", "-auto-approve", host+"vanillauys/clerk", host+enginetest.Address)
			w.init()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t, engine)
			attributes, secret := w.instanceOfAnother()
			w.writeState("vanillauys/clerk", 0, attributes, map[string]any{"private": "eyJ0aGVpcnMiOiJkSEoxWlE9PSJ9"})
			w.Write("main.tf", requiredFrom(enginetest.Address)+portalResource)
			take(w)
			if unrefreshed := w.try("plan", "-refresh=false", "-detailed-exitcode"); unrefreshed.Code != 0 {
				t.Errorf("without a refresh the plan is not empty (exit status %d):\n%s", unrefreshed.Code, unrefreshed.Output())
			}
			w.tookOver(secret)
		})
	}
	t.Run("a wrong type", func(t *testing.T) {
		t.Parallel()
		w := newWorkspace(t, engine)
		attributes, secret := w.instanceOfAnother()
		attributes["scopes"] = []any{secret}
		w.writeState(enginetest.Address, 0, attributes, nil)
		w.Write("main.tf", requiredFrom(enginetest.Address)+portalResource)
		w.init()
		refused := w.try("plan")
		says(t, refused.Output(), "The attribute scopes of the application", "is not a string", "import it by its id")
		if refused.Code == 0 || strings.Contains(refused.Output(), secret) {
			t.Errorf("exit status %d:\n%s", refused.Code, refused.Output())
		}
	})
}

// TestAccTakeOverOurOwnState: the state of a mirror is this provider's too, and so is one
// that the other engine wrote. Its secret and the secret's version stay.
func TestAccTakeOverOurOwnState(t *testing.T) {
	t.Parallel()
	engine := enginetest.Find(t)
	const mirror = "mirror.example.com/acme/clerk"
	for name, test := range map[string]struct {
		configuration, terraform, tofu string
	}{
		"only source changes":  {configuration: portalResource},
		"an address of counts": {configuration: strings.Replace(portalResource, "{\n", "{\n  count = 1\n", 1), terraform: "1.8", tofu: "1.10"},
		"a moved block": {
			configuration: strings.Replace(portalResource, `"portal"`, `"partner"`, 1) +
				"moved {\n  from = clerk_oauth_application.portal\n  to   = clerk_oauth_application.partner\n}\n",
			terraform: "1.8", tofu: "1.10",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !engine.Supports(test.terraform, test.tofu) {
				t.Skipf("needs terraform %s or tofu %s", test.terraform, test.tofu)
			}
			clerk := enginetest.Clerk(t)
			w := newWorkspaceFor(t, engine, clerktest.New(t), clerk, clerk.At(mirror))
			w.Write("main.tf", requiredFrom(mirror)+portalResource)
			w.init()
			w.apply()
			secret := w.secretOf(examplePortal)
			w.clerk.ResetRequests()

			must(t, os.RemoveAll(filepath.Join(w.Dir, ".terraform.lock.hcl")))
			w.Write("main.tf", requiredFrom(enginetest.Address)+test.configuration)
			w.init()
			w.tookOver(secret)
		})
	}
}

// TestAccTwoProvidersForClerk: another provider for Clerk beside this one, with a local
// name of its own. This provider under another address stands in for the other one.
func TestAccTwoProvidersForClerk(t *testing.T) {
	t.Parallel()
	clerk := enginetest.Clerk(t)
	w := newWorkspaceFor(t, enginetest.Find(t), clerktest.New(t), clerk, clerk.At("vanillauys/clerk"))
	w.Write("main.tf", `terraform {
  required_providers {
    clerk = {
      source = "vanillauys/clerk"
    }
    clerk-oauth = {
      source = "terraform-provider-clerk/clerk"
    }
  }
}

provider "clerk" {}

provider "clerk-oauth" {}

# Without the argument provider, a resource belongs to the provider whose local name its type begins with.
resource "clerk_oauth_application" "theirs" {
  name = "Theirs"
}

resource "clerk_oauth_application" "ours" {
  provider = clerk-oauth
  name     = "Ours"
}

data "clerk_oauth_application" "ours" {
  provider = clerk-oauth
  id       = clerk_oauth_application.ours.id
}

output "ours" {
  value = data.clerk_oauth_application.ours.name
}
`)
	w.init()
	w.apply()
	w.planIsEmpty()
	if got := w.output("ours"); got != "Ours" {
		t.Errorf("the output is %q", got)
	}
	says(t, w.state(), `vanillauys/clerk\"]`, `terraform-provider-clerk/clerk\"]`)
	w.destroy()
	if left := w.clerk.Applications(); len(left) > 0 {
		t.Errorf("%d applications are left", len(left))
	}
}

// TestAccLogoThatComesLater: a file that another resource writes in the same run.
func TestAccLogoThatComesLater(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, enginetest.Find(t))
	w.Write("image.png", string(pngImage(1)))
	w.Write("main.tf", requiredClerk+`
resource "terraform_data" "logo" {
  provisioner "local-exec" {
    command = "cp image.png logo.png"
  }
}

resource "clerk_oauth_application" "web" {
  name       = "Web"
  logo_path  = "${path.module}/logo.png"
  depends_on = [terraform_data.logo]
}
`)
	w.init()
	says(t, w.apply(), `The file with the logo of OAuth application "Web" does not exist yet`, "2 added")
	w.planIsEmpty()
	if w.application("Web").ClientImageURL == "" {
		t.Error("Clerk has no logo")
	}
}

// TestAccLogoThatIsMissingAtApply: nothing is created without the file. An update of the
// logo from a saved plan fails if the file is missing.
func TestAccLogoThatIsMissingAtApply(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, enginetest.Find(t))
	w.Write("main.tf", requiredClerk+`
resource "clerk_oauth_application" "web" {
  name      = "Web"
  logo_path = "logo.png"
}
`)
	w.init()
	w.destroy() // a missing logo of an application that was never created does not block it
	refused := w.try("apply", "-auto-approve")
	says(t, refused.Output(), "does not exist yet", `There is no file "logo.png"`, "No application was created")
	if refused.Code == 0 || len(w.clerk.Applications()) > 0 {
		t.Errorf("exit status %d, %d applications", refused.Code, len(w.clerk.Applications()))
	}

	w.Write("logo.png", string(pngImage(1)))
	w.apply()
	w.planIsEmpty()
	w.Write("logo.png", string(pngImage(2)))
	says(t, w.run("plan", "-out=saved"), "1 to change")
	must(t, os.Remove(filepath.Join(w.Dir, "logo.png")))
	w.clerk.ResetRequests()
	refused = w.try("apply", "saved")
	says(t, refused.Output(), "The plan uploads a new content of this file")
	if refused.Code == 0 {
		t.Errorf("the apply succeeded:\n%s", refused.Output())
	}
	says(t, w.plan(), `The file with the logo of OAuth application "Web" is missing`, "No changes.")
	w.Write("logo.png", string(pngImage(2)))
	w.apply()
	w.planIsEmpty()
}

// TestAccConcernsAreSaidOnce: nothing is folded, in a plan of whatever Clerk may have.
func TestAccConcernsAreSaidOnce(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, enginetest.Find(t))
	id := w.clerk.Seed("Odd ", func(a *clerktest.Application) {
		a.RedirectURIs = []string{"localhost:3000/callback", "tel:12345", "myapp:1/cb", "https://*.example.com/cb", "http://app.example.com/cb#x"}
		a.Public = true
		a.Scopes = "private_metadata profile offline_access"
	})
	w.Write("main.tf", requiredClerk+fmt.Sprintf("import {\n  to = clerk_oauth_application.odd\n  id = %q\n}\n", id))
	w.init()
	w.run("plan", "-generate-config-out=generated.tf")
	planned := w.plan()
	says(t, planned, "1 to import, 0 to add, 0 to change", `Redirect URIs of OAuth application "Odd "`, `"myapp:1/cb" reads as`, "White space around the name")
	for _, once := range []string{"may not work as intended", "Public client without PKCE", "Private metadata for a public client", "White space around the name"} {
		if count := strings.Count(enginetest.Unwrap(planned), once); count != 1 {
			t.Errorf("%q is there %d times:\n%s", once, count, planned)
		}
	}
	if strings.Contains(planned, "similar warning") {
		t.Errorf("the engine folds warnings:\n%s", planned)
	}
	w.apply()
	w.planIsEmpty()
}

// TestAccImportBlockThatNamesItsProvider: Terraform 1.16.0 to 1.16.2 asks for hashicorp/clerk
// where an import block of a resource without a block names no provider. Naming it helps
// while the configuration is generated, and must end before the apply.
func TestAccImportBlockThatNamesItsProvider(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, enginetest.Find(t))
	id := w.clerk.Seed(examplePortal)
	block := func(provider string) string {
		return requiredClerk + fmt.Sprintf("import {\n%s  to = clerk_oauth_application.portal\n  id = %q\n}\n", provider, id)
	}
	w.Write("main.tf", block("  provider = clerk\n"))
	w.init()
	says(t, w.run("plan", "-generate-config-out=generated.tf"), "1 to import")
	refused := w.try("plan")
	if w.Engine.Name == "terraform" {
		says(t, refused.Output(), "Invalid import provider argument")
	}
	w.Write("main.tf", block(""))
	says(t, w.plan(), "1 to import, 0 to add, 0 to change, 0 to destroy")
	w.apply()
	w.planIsEmpty()
}

// TestAccTwoImportBlocksForOneApplication: no engine and no provider can notice that,
// because each resource has a state of its own. A removed block forgets the surplus one, where
// deleting its block would delete the application.
func TestAccTwoImportBlocksForOneApplication(t *testing.T) {
	t.Parallel()
	engine := enginetest.Find(t)
	if !engine.Supports("1.7", "1.9") {
		t.Skip("needs a removed block with destroy = false")
	}
	w := newWorkspace(t, engine)
	id := w.clerk.Seed(examplePortal)
	resource := func(name string) string {
		return fmt.Sprintf("resource \"clerk_oauth_application\" %q {\n  name = %q\n}\n", name, examplePortal)
	}
	adopt := func(name string) string {
		return fmt.Sprintf("import {\n  to = clerk_oauth_application.%s\n  id = %q\n}\n", name, id) + resource(name)
	}
	w.Write("main.tf", requiredClerk+adopt("one")+adopt("two"))
	w.init()
	says(t, w.apply(), "2 imported")
	w.planIsEmpty()

	w.Write("main.tf", requiredClerk+resource("one"))
	says(t, w.plan(), "0 to add, 0 to change, 1 to destroy")
	w.Write("main.tf", requiredClerk+resource("one")+"removed {\n  from = clerk_oauth_application.two\n  lifecycle {\n    destroy = false\n  }\n}\n")
	w.apply()
	w.planIsEmpty()
	if len(w.clerk.Applications()) != 1 || strings.Contains(w.state(), `"two"`) {
		t.Errorf("the state is\n%s", w.state())
	}
}

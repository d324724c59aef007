//go:build unix

package acctest

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-exec/tfexec"
)

// TestAccEngine_warningsNameEachApplication: an engine folds warnings with one summary into the
// first, so every summary names its application, and nothing is said twice in one plan.
func TestAccEngine_warningsNameEachApplication(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, requiredProviders+`
variable "trigger" { default = null }

resource "clerk_oauth_application" "app" {
  for_each              = toset(["Dashboard", "Portal", "Shop"])
  name                  = each.key
  public                = false
  rotate_secret_trigger = var.trigger
}

resource "clerk_oauth_application" "client" {
  for_each      = toset(["Field app", "Kiosk"])
  name          = each.key
  public        = true
  pkce_required = false
  redirect_uris = ["http://intranet.example.com/callback"]
}
`)
	warnsOnce := func(format string, names []string, options ...tfexec.PlanOption) {
		t.Helper()
		w.news()
		_, err := w.Plan(t.Context(), options...)
		must(t, err)
		printed := w.news()
		for _, name := range names {
			warning := strings.ReplaceAll(format, "NAME", name)
			if count := strings.Count(printed, warning); count != 1 || strings.Contains(printed, "similar warning") {
				t.Errorf("%q is there %d times, or the engine folds warnings:\n%s", warning, count, printed)
			}
		}
	}
	warnsOnce(`Warning: Public client without PKCE: OAuth application "NAME"`, []string{"Field app", "Kiosk"})
	warnsOnce(`Warning: Redirect URIs of OAuth application "NAME"`, []string{"Field app", "Kiosk"})
	must(t, w.Apply(t.Context()))
	warnsOnce(`Warning: The client secret of "NAME" will be rotated`, []string{"Dashboard", "Portal", "Shop"}, tfexec.Var("trigger=1"))
}

// Source addresses of this provider and of another one for Clerk, without the registry of an engine.
const ourAddress, theirAddress = "terraform-provider-clerk/clerk", "vanillauys/clerk"

// TestAccEngine_ownStateFromAnotherAddress: a state that this provider wrote under another address, a
// mirror's or a fork's, is taken over with its secret by a moved block, beside that other provider.
func TestAccEngine_ownStateFromAnotherAddress(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, requiredProviders+application("Portal"))
	w.needs("1.10", "a move from another provider")
	must(t, w.Apply(t.Context()))
	w.write("terraform.tfstate", strings.ReplaceAll(w.read("terraform.tfstate"), ourAddress, theirAddress))
	withTheirs := strings.Replace(requiredProviders, "clerk =", "clerk-other = { source = \""+theirAddress+"\" }\n    clerk =", 1)
	w.write("main.tf", withTheirs+strings.ReplaceAll(application("Portal"), `"test"`, `"moved"`)+
		"moved {\n  from = clerk_oauth_application.test\n  to   = clerk_oauth_application.moved\n}\n")
	w.planSays("0 to add, 0 to change, 0 to destroy")
	must(t, w.Apply(t.Context()))
	w.secretWorks()
	if state := w.read("terraform.tfstate"); strings.Contains(state, theirAddress) || !strings.Contains(state, `"moved"`) {
		t.Errorf("the state still names the other address:\n%s", state)
	}
	w.planIsEmpty()
}

//go:build unix

package acctest

import (
	"strings"
	"testing"
)

// TestAccEngine_warningsNameEachApplication: an engine folds warnings with one summary into the
// first, so every summary names its application, and nothing is said twice in one plan.
func TestAccEngine_warningsNameEachApplication(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, requiredProviders+`
variable "trigger" {
  type    = string
  default = null
}

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
	once := func(p *process, warnings ...string) {
		t.Helper()
		for _, warning := range append(warnings, "Warning: Provider development overrides") {
			if count := strings.Count(p.text(), warning); count != 1 {
				t.Errorf("%q is there %d times:\n%s", warning, count, p.text())
			}
		}
		if strings.Contains(p.text(), "similar warning") {
			t.Errorf("the engine folds warnings:\n%s", p.text())
		}
	}
	created := w.run("plan")
	for _, name := range []string{"Field app", "Kiosk"} {
		once(created, `Warning: Public client without PKCE: OAuth application "`+name+`"`, `Warning: Redirect URIs of OAuth application "`+name+`"`)
	}
	w.apply()
	rotated := w.run("plan", "-var=trigger=1")
	once(rotated, `Warning: The client secret of "Dashboard" will be rotated`, `Warning: The client secret of "Portal" will be rotated`,
		`Warning: The client secret of "Shop" will be rotated`)
}

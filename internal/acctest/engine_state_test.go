//go:build unix

package acctest

import (
	"net/http"
	"strings"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

const requiredProviders = `
terraform {
  required_providers {
    clerk = { source = "terraform-provider-clerk/clerk" }
  }
}
`

// TestAccEngine_stateOfAnotherProvider: a state that another provider for Clerk has written becomes
// this provider's with the change of the source address alone. Nothing is sent to Clerk but reads.
func TestAccEngine_stateOfAnotherProvider(t *testing.T) {
	t.Parallel()
	const address = "clerk_oauth_application.portal"
	w := newWorkspace(t, requiredProviders+`
resource "clerk_oauth_application" "portal" {
  name          = "Partner portal"
  redirect_uris = ["https://portal.example.com/oauth/callback"]
  scopes        = ["profile", "email"]
}
`)
	id := w.clerk.Seed("Partner portal", func(app *clerktest.Application) {
		app.RedirectURIs = []string{"https://portal.example.com/oauth/callback"}
	})
	app, _ := w.clerk.Application(id)
	w.writeState(registry(t)+"/"+theirAddress, 0, "portal", map[string]any{
		"id": id, "client_id": app.ClientID, "client_secret": w.clerk.CurrentSecret(id), "name": app.Name,
		"callback_url": app.RedirectURIs[0], "scopes": "profile email", "public": false, "consent_screen_enabled": true,
		"authorize_url": "https://example.com/oauth/authorize", "token_fetch_url": "https://example.com/oauth/token",
		"user_info_url": "https://example.com/oauth/userinfo", "discovery_url": "https://example.com/.well-known/openid-configuration",
	})
	w.planIsEmpty()
	w.apply()
	w.secretWorks(address)
	if w.attributes(address)["client_secret_version"] == nil {
		t.Error("the secret that was taken over has no version")
	}
	if state := w.read("terraform.tfstate"); !strings.Contains(state, ourAddress) || strings.Contains(state, theirAddress) {
		t.Errorf("the state is not this provider's:\n%s", state)
	}
	for _, request := range w.clerk.Requests() {
		if request.Method != http.MethodGet {
			t.Errorf("taking it over sent %s %s", request.Method, request.Route)
		}
	}
}

// TestAccEngine_twoInstances: one configuration manages two instances with two provider blocks, and
// instance_id refuses the key of the wrong one before anything is created there.
func TestAccEngine_twoInstances(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, requiredProviders+`
variable "instances" {
  type = map(object({ secret_key = string, instance_id = string }))
}

provider "clerk" {
  secret_key  = var.instances.development.secret_key
  instance_id = var.instances.development.instance_id
}

provider "clerk" {
  alias       = "production"
  secret_key  = var.instances.production.secret_key
  instance_id = var.instances.production.instance_id
}

resource "clerk_oauth_application" "development" {
  name = "Dashboard"
}

resource "clerk_oauth_application" "production" {
  provider = clerk.production
  name     = "Dashboard"
}
`)
	key, id := w.clerk.AddInstance(clerktest.Production)
	instances := func(productionKey string) string {
		return `-var=instances={development={secret_key="` + w.clerk.Key() + `",instance_id="` + w.clerk.InstanceID() +
			`"},production={secret_key="` + productionKey + `",instance_id="` + id + `"}}`
	}
	refused := w.run("apply", "-auto-approve", instances(w.clerk.Key()))
	refused.says("secret key belongs to instance " + w.clerk.InstanceID() + ", not to " + id)
	if refused.code() != 1 {
		t.Errorf("the apply with a key of the wrong instance ended with %d", refused.code())
	}
	if code := w.run("apply", "-auto-approve", instances(key)).code(); code != 0 {
		t.Fatalf("the apply ended with %d", code)
	}
	w.planIsEmpty(instances(key))
	for address, want := range map[string]string{
		"clerk_oauth_application.development": w.clerk.InstanceID(), "clerk_oauth_application.production": id,
	} {
		if got := w.attributes(address)["instance_id"]; got != want {
			t.Errorf("%s is in %v, want %s", address, got, want)
		}
	}
	if code := w.run("destroy", "-auto-approve", instances(key)).code(); code != 0 || len(w.clerk.Applications()) > 0 {
		t.Errorf("the destroy ended with %d and left %d applications", code, len(w.clerk.Applications()))
	}
}

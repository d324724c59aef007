package lifecycle

import (
	"slices"
	"testing"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/enginetest"
)

// The life of an application with a real engine: create, rename and rotate, nothing
// left to do after each, destroy. It runs under every setting of the simulator that
// concerns a request of it. What each setting changes in detail is in
// TestProtocolScenarios.
func TestAccSwitches(t *testing.T) {
	t.Parallel()
	c := enginetest.Find(t)
	const configuration = requiredClerk + `
provider "clerk" {}

variable "name" {
  type    = string
  default = "First"
}

variable "trigger" {
  type    = string
  default = null
}

resource "clerk_oauth_application" "portal" {
  name                  = var.name
  redirect_uris         = ["https://b.example.com/cb", "https://a.example.com/cb"]
  scopes                = ["profile", "email"]
  rotate_secret_trigger = var.trigger
}

output "client_secret" {
  value     = clerk_oauth_application.portal.client_secret
  sensitive = true
}
`
	live := func(t *testing.T, switches clerktest.Switches) []clerktest.Request {
		t.Helper()
		w := newWorkspace(t, c)
		w.clerk.Set(switches)
		w.Write("main.tf", configuration)
		w.init()
		apply := func() {
			w.apply()
			// A read that lags behind shows what was there before the last write.
			time.Sleep(switches.ReadLag)
			w.planIsEmpty()
		}
		apply()
		w.variable("name", "Second")
		w.variable("trigger", "again")
		apply()
		if w.output("client_secret") != w.secretOf("Second") {
			t.Error("the secret in the state is not the one that works")
		}
		w.destroy()
		if left := len(w.clerk.Applications()); left != 0 {
			t.Errorf("%d applications are left", left)
		}
		return w.clerk.Requests()
	}
	var requests []clerktest.Request
	t.Run("default", func(t *testing.T) { //nolint:paralleltest // the others begin when it has run
		requests = live(t, clerktest.Switches{})
	})
	for _, setting := range clerktest.AllSwitches()[1:] {
		// Without requests, the default setting was not asked for.
		if len(requests) > 0 && !slices.ContainsFunc(requests, setting.Concerns) {
			continue
		}
		t.Run(setting.Name, func(t *testing.T) {
			t.Parallel()
			live(t, setting.Switches)
		})
	}
}

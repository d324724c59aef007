package provider

import (
	"testing"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/enginetest"
)

// The life of an application with a real engine, under every setting of the
// simulator: create, rename and rotate, nothing left to do after each, destroy.
// What each setting changes in detail is in TestProtocolScenarios.
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
	for _, setting := range clerktest.AllSwitches() {
		t.Run(setting.Name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t, c)
			w.clerk.Set(setting.Switches)
			w.Write("main.tf", configuration)
			w.init()
			apply := func() {
				w.apply()
				// A read that lags behind shows what was there before the last write.
				time.Sleep(setting.Switches.ReadLag)
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
		})
	}
}

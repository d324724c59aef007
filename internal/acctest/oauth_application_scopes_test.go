package acctest

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// Clerk adds offline_access by itself. In a configuration that has it, it is a scope like others.
func TestAccOAuthApplication_offlineAccess(t *testing.T) {
	f := simulated(t)
	stored := func(scopes string) func() {
		return func() { f.Edit(f.ids()[0], func(a *clerktest.Application) { a.Scopes = scopes }) }
	}
	without, with := f.web(`scopes = ["email", "openid"]`), f.web(`scopes = ["email", "openid", "offline_access"]`)
	f.test(
		resource.TestStep{Config: without},
		resource.TestStep{ // neither configured nor there
			PreConfig: stored("openid email"),
			Config:    without,
			PlanOnly:  true,
		},
		resource.TestStep{ // there and not configured
			PreConfig:         stored("openid email offline_access"),
			Config:            without,
			ConfigPlanChecks:  planned(noChange),
			ConfigStateChecks: []statecheck.StateCheck{has("scopes", set("email", "openid"))},
		},
		resource.TestStep{ // configured and there, but not in the state
			Config:            with,
			ConfigStateChecks: []statecheck.StateCheck{has("scopes", set("email", "openid", "offline_access"))},
		},
		resource.TestStep{ // configured and not there
			PreConfig:        stored("openid email"),
			Config:           with,
			ConfigPlanChecks: planned(updates("scopes updated_at?"), f.warned()),
			PostApplyFunc:    f.sent(`PATCH {"scopes":"email offline_access openid"}`),
		},
		resource.TestStep{Config: without, PlanOnly: true},
	)
}

func TestAccOAuthApplication_customScope(t *testing.T) {
	f := simulated(t)
	custom := f.web(`scopes = ["profile", "messages:read"]`)
	f.test(
		resource.TestStep{
			Config:      custom,
			ExpectError: fails("messages:read does not match one of the allowed values"),
		},
		resource.TestStep{
			PreConfig: func() {
				f.sent(`POST {"name":"NAME","scopes":"messages:read profile"}`)()
				f.AddCustomScope("messages:read")
			},
			Config:            custom,
			ConfigStateChecks: []statecheck.StateCheck{has("scopes", set("profile", "messages:read"))},
		},
		resource.TestStep{ // its removal from the instance is drift
			PreConfig:   func() { f.DeleteCustomScope("messages:read") },
			Config:      custom,
			ExpectError: fails("messages:read does not match one of the allowed values"),
		},
		resource.TestStep{Config: f.web(`scopes = ["profile"]`), PlanOnly: true},
	)
}

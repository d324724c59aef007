package acctest

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// The tests in this file show one fault for each result that a lost or wrong answer can have.

func TestAccOAuthApplication_createAdopted(t *testing.T) {
	f := simulated(t)
	f.Inject(clerktest.ResetAfterWork().OnCreate().Once())
	f.test(resource.TestStep{
		Config:            f.web(),
		ConfigStateChecks: []statecheck.StateCheck{f.secretWorks(), has("client_secret_version", milliseconds)},
		PostApplyFunc: func() {
			f.sent(`POST {"name":"NAME"}`, "POST/rotate_secret")()
			f.warned("found after its create had no answer")()
		},
	})
}

// Of two applications with one name, each create finds its own.
func TestAccOAuthApplication_twinsAdopted(t *testing.T) {
	f := simulated(t)
	f.Inject(clerktest.ResetAfterWork().OnCreate())
	secret := tfjsonpath.New("client_secret")
	f.test(resource.TestStep{
		Config: f.web("count = 2"),
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue(address+"[0]", secret, knownvalue.StringFunc(f.works)),
			statecheck.ExpectKnownValue(address+"[1]", secret, knownvalue.StringFunc(f.works)),
			statecheck.CompareValuePairs(address+"[0]", secret, address+"[1]", secret, compare.ValuesDiffer()),
		},
		PostApplyFunc: func() {
			if ids := f.ids(); len(ids) != 2 {
				t.Errorf("there are %d applications, want 2", len(ids))
			}
		},
	})
}

func TestAccOAuthApplication_createOutcomeUnknown(t *testing.T) {
	f := simulated(t)
	f.test(
		resource.TestStep{
			PreConfig: func() {
				f.Inject(clerktest.ResetAfterWork().OnCreate())
				f.Inject(clerktest.HTML(http.StatusForbidden).OnList())
			},
			Config:      f.web(),
			ExpectError: fails("Before you apply again, look for an application named .*import"),
		},
		resource.TestStep{
			PreConfig: func() {
				f.ClearFaults()
				f.sent(`POST {"name":"NAME"}`)()
				if ids := f.ids(); len(ids) != 1 {
					t.Errorf("there are %d applications", len(ids))
				}
			},
			Config: f.web(`rotate_secret_trigger = "first"`) + lookUp("lost", fmt.Sprintf("name = %q", f.name)) +
				importBlock("id = data.clerk_oauth_application.lost.id"),
			ConfigStateChecks: []statecheck.StateCheck{f.secretWorks()},
			PostApplyFunc:     f.sent("POST/rotate_secret"),
		},
	)
}

func TestAccOAuthApplication_rotationPending(t *testing.T) {
	f := simulated(t)
	f.test(
		resource.TestStep{Config: f.web()},
		resource.TestStep{ // only the newest secret works, so a lost rotation is repeated
			PreConfig:         func() { f.Inject(clerktest.ResetAfterWork().OnRotate().Once()) },
			Config:            f.web(`rotate_secret_trigger = "first"`),
			ConfigStateChecks: []statecheck.StateCheck{f.secretWorks()},
			PostApplyFunc:     f.sent("POST/rotate_secret", "POST/rotate_secret"),
		},
		resource.TestStep{
			PreConfig:   func() { f.Inject(clerktest.ResetAfterWork().OnRotate()) },
			Config:      f.web(`rotate_secret_trigger = "second"`),
			ExpectError: fails("Unable to rotate"),
		},
		resource.TestStep{ // even without the trigger the next apply rotates
			PreConfig:         func() { f.ClearFaults() },
			Config:            f.web(`rotate_secret_trigger = "first"`),
			ConfigPlanChecks:  planned(updates("client_secret? client_secret_version updated_at?"), f.warned("may not work", "will be rotated")),
			ConfigStateChecks: []statecheck.StateCheck{f.secretWorks()},
			PostApplyFunc:     f.sent("POST/rotate_secret"),
		},
	)
}

func TestAccOAuthApplication_updateNotApplied(t *testing.T) {
	f := simulated(t)
	config := f.web("consent_screen_enabled = false", "pkce_required = true")
	f.test(
		resource.TestStep{Config: f.web()},
		resource.TestStep{
			PreConfig: func() {
				f.Inject(clerktest.Changed(func(answer map[string]any) { answer["consent_screen_enabled"] = true }).OnUpdate().Once())
			},
			Config:      config,
			ExpectError: fails("Unable to update .*consent_screen_enabled"),
		},
		resource.TestStep{ // what did take is in the state, and the refresh shows the rest
			PreConfig: func() {
				f.sent(`PATCH {"consent_screen_enabled":false,"pkce_required":true}`)()
				f.Edit(f.ids()[0], func(a *clerktest.Application) { a.ConsentScreenEnabled = true })
			},
			Config:            config,
			ConfigPlanChecks:  planned(updates("consent_screen_enabled updated_at?"), f.warned()),
			ConfigStateChecks: []statecheck.StateCheck{f.secretWorks(), has("pkce_required", knownvalue.Bool(true))},
			PostApplyFunc:     f.sent(`PATCH {"consent_screen_enabled":false}`),
		},
	)
}

// On a create an error would taint the application, so the same is a warning.
func TestAccOAuthApplication_createNotApplied(t *testing.T) {
	f := simulated(t)
	f.Inject(clerktest.Changed(func(answer map[string]any) { answer["pkce_required"] = false }).OnCreate().Once())
	f.test(resource.TestStep{
		Config:            f.web("pkce_required = true"),
		ConfigStateChecks: []statecheck.StateCheck{f.secretWorks(), has("pkce_required", knownvalue.Bool(true))},
		PostApplyFunc:     f.warned("Clerk did not apply .*pkce_required"),
	})
}

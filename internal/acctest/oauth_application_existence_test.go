package acctest

import (
	"net/http"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

func TestAccOAuthApplication_deletedElsewhere(t *testing.T) {
	f := anywhere(t)
	deleted := f.elsewhere(http.MethodDelete, "", "")
	f.test(
		resource.TestStep{Config: f.web()},
		resource.TestStep{
			PreConfig:         deleted,
			Config:            f.web(),
			ConfigPlanChecks:  planned(creates, do(f.warned("OAuth application .* is gone"))),
			ConfigStateChecks: []statecheck.StateCheck{f.secretWorks(nil)},
			PostApplyFunc:     f.sent(`POST {"name":"NAME"}`),
		},
		resource.TestStep{
			Config:           f.web("pkce_required = true"),
			ConfigPlanChecks: planned(do(deleted)),
			ExpectError:      fails("Unable to update .*resource_not_found"),
		},
		resource.TestStep{Config: f.web(), ConfigPlanChecks: planned(creates)},
		resource.TestStep{ // then there is nothing left to destroy
			Config: f.web(), Destroy: true, ConfigPlanChecks: planned(do(deleted)),
		},
	)
}

// A key that Clerk refuses, and one of another instance, cost nothing of what is in the state.
func TestAccOAuthApplication_wrongKey(t *testing.T) {
	f := simulated(t)
	otherKey, _ := f.AddInstance(clerktest.Development)
	other := f.configWith(otherKey, "", application(f.name))
	f.test(
		resource.TestStep{Config: f.web()},
		resource.TestStep{
			Config:      f.configWith("sk_test_notTheKeyOfAnything123", "", application(f.name)),
			PlanOnly:    true,
			ExpectError: fails("CLERK_SECRET_KEY.*clerk_key_invalid"),
		},
		resource.TestStep{Config: other, PlanOnly: true, ExpectError: fails("ins_.*ins_")},
		resource.TestStep{Config: other, Destroy: true, ExpectError: fails("ins_.*ins_")},
		resource.TestStep{
			PreConfig:         f.sent(),
			Config:            f.web(),
			ConfigPlanChecks:  planned(noChange, do(f.warned())),
			ConfigStateChecks: []statecheck.StateCheck{f.secretWorks(nil)},
		},
	)
}

func TestAccOAuthApplication_deletionProtection(t *testing.T) {
	f := anywhere(t)
	client := statecheck.CompareValue(compare.ValuesDiffer())
	replaced := func(value, arguments string) string {
		return f.config(later(value), application(f.name, arguments, "lifecycle {\n    replace_triggered_by = [terraform_data.later]\n  }"))
	}
	f.test(
		resource.TestStep{
			Config:            replaced("1", "deletion_protection = true"),
			ConfigStateChecks: []statecheck.StateCheck{client.AddStateValue(address, tfjsonpath.New("client_id"))},
		},
		resource.TestStep{
			Config: replaced("1", "deletion_protection = true"), Destroy: true,
			ExpectError: fails("has deletion_protection = true.*set deletion_protection = false and apply that first"),
		},
		resource.TestStep{ // Terraform tells the provider of a replacement at apply
			PreConfig:   f.sent(),
			Config:      replaced("2", "deletion_protection = true"),
			ExpectError: fails("deletion_protection = true.*No new application was created"),
		},
		resource.TestStep{
			PreConfig:         f.sent(),
			Config:            replaced("1", ""),
			ConfigPlanChecks:  planned(updates("deletion_protection"), do(f.warned())),
			ConfigStateChecks: []statecheck.StateCheck{f.secretWorks(nil)},
			PostApplyFunc:     f.sent(),
		},
		resource.TestStep{
			Config:            replaced("2", ""),
			ConfigPlanChecks:  planned(replaces, do(f.warned())),
			ConfigStateChecks: []statecheck.StateCheck{f.secretWorks(nil), client.AddStateValue(address, tfjsonpath.New("client_id"))},
			PostApplyFunc:     f.sent("DELETE", `POST {"name":"NAME"}`),
		},
	)
}

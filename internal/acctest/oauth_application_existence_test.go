package acctest

import (
	"net/http"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

func TestAccOAuthApplication_deletedElsewhere(t *testing.T) {
	f := anywhere(t)
	deleted := f.elsewhere(http.MethodDelete, "", "")
	f.test(
		resource.TestStep{Config: f.web()},
		resource.TestStep{
			PreConfig:         deleted,
			Config:            f.web(),
			ConfigPlanChecks:  planned(creates, f.warned("OAuth application .* is gone")),
			ConfigStateChecks: []statecheck.StateCheck{f.secretWorks()},
			PostApplyFunc:     f.sent(`POST {"name":"NAME"}`),
		},
		resource.TestStep{
			Config:           f.web("pkce_required = true"),
			ConfigPlanChecks: planned(deleted),
			ExpectError:      fails("Unable to update .*resource_not_found"),
		},
		resource.TestStep{Config: f.web(), ConfigPlanChecks: planned(creates)},
		resource.TestStep{ // then there is nothing left to destroy
			Config: f.web(), Destroy: true, ConfigPlanChecks: planned(deleted),
		},
	)
}

func TestAccOAuthApplication_deletionProtection(t *testing.T) {
	f := anywhere(t)
	client := statecheck.CompareValue(compare.ValuesDiffer())
	replaced := func(value, arguments string) string {
		return later(value) + f.web(arguments, "lifecycle {\n    replace_triggered_by = [terraform_data.later]\n  }")
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
			ConfigPlanChecks:  planned(updates("deletion_protection"), f.warned()),
			ConfigStateChecks: []statecheck.StateCheck{f.secretWorks()},
			PostApplyFunc:     f.sent(),
		},
		resource.TestStep{
			Config:            replaced("2", ""),
			ConfigPlanChecks:  planned(replaces, f.warned()),
			ConfigStateChecks: []statecheck.StateCheck{f.secretWorks(), client.AddStateValue(address, tfjsonpath.New("client_id"))},
			PostApplyFunc:     f.sent("DELETE", `POST {"name":"NAME"}`),
		},
	)
}

package acctest

import (
	"net/http"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

// has checks one attribute of the application under test.
func has(attribute string, value knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(address, tfjsonpath.New(attribute), value)
}

func strs(values ...string) knownvalue.Check {
	checks := make([]knownvalue.Check, len(values))
	for i, value := range values {
		checks[i] = knownvalue.StringExact(value)
	}
	return knownvalue.SetExact(checks)
}

func TestAccOAuthApplication_name(t *testing.T) {
	f := anywhere(t)
	f.test(
		resource.TestStep{
			Config:           f.web(),
			ConfigPlanChecks: planned(plancheck.ExpectResourceAction(address, plancheck.ResourceActionCreate), do(f.warned())),
			ConfigStateChecks: []statecheck.StateCheck{
				f.secretWorks(nil), has("client_id", knownvalue.StringRegexp(regexp.MustCompile("^.{16}$"))),
			},
			PostApplyFunc: f.sent(`POST {"name":"NAME"}`),
		},
		resource.TestStep{
			Config:            f.config(application(f.name + " shop")),
			ConfigPlanChecks:  planned(updates("name updated_at?"), do(f.warned())),
			ConfigStateChecks: []statecheck.StateCheck{f.secretWorks(nil), has("name", knownvalue.StringExact(f.name+" shop"))},
			PostApplyFunc:     f.sent(`PATCH {"name":"NAME shop"}`),
		},
		resource.TestStep{ // someone else changes it
			PreConfig:        f.elsewhere(http.MethodPatch, "", `{"name":"`+f.name+` theirs"}`),
			Config:           f.config(application(f.name + " shop")),
			ConfigPlanChecks: planned(updates("name updated_at?"), do(f.warned())),
			PostApplyFunc:    f.sent(`PATCH {"name":"NAME shop"}`),
		},
	)
}

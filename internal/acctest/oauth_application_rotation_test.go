package acctest

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

// milliseconds is a version of a secret: Unix time in milliseconds has 13 digits.
var milliseconds = knownvalue.Int64Func(func(version int64) error {
	if version < 1e12 || version >= 1e13 {
		return fmt.Errorf("%d is not a time in milliseconds", version)
	}
	return nil
})

const (
	rotation        = " client_secret? client_secret_version updated_at?"
	rotationWarning = "The client secret of .* will be rotated.*stop"
)

// newSecrets returns checks for each step that has a secret of its own: it works, it is another one
// than in the steps before, and its version is greater.
func (f *fixture) newSecrets() func() []statecheck.StateCheck {
	secret, version := statecheck.CompareValue(compare.ValuesDiffer()), statecheck.CompareValue(increases{})
	return func() []statecheck.StateCheck {
		return []statecheck.StateCheck{
			f.secretWorks(), has("client_secret_version", milliseconds),
			secret.AddStateValue(address, tfjsonpath.New("client_secret")),
			version.AddStateValue(address, tfjsonpath.New("client_secret_version")),
		}
	}
}

// increases compares numbers of as many digits: each is greater than the one before.
type increases struct{}

// CompareValues implements compare.ValueComparer.
func (increases) CompareValues(values ...any) error {
	for i := 1; i < len(values); i++ {
		if fmt.Sprint(values[i-1]) >= fmt.Sprint(values[i]) {
			return fmt.Errorf("%v does not grow", values)
		}
	}
	return nil
}

func TestAccOAuthApplication_rotation(t *testing.T) {
	f := anywhere(t)
	trigger := func(value string) string { return f.web(`rotate_secret_trigger = "` + value + `"`) }
	changed, client := f.newSecrets(), statecheck.CompareValue(compare.ValuesSame())
	newSecret := func() []statecheck.StateCheck {
		return append(changed(), client.AddStateValue(address, tfjsonpath.New("client_id")))
	}
	f.test(
		resource.TestStep{
			Config:            f.web(),
			ConfigPlanChecks:  planned(plancheck.ExpectUnknownValue(address, tfjsonpath.New("client_secret_version"))),
			ConfigStateChecks: newSecret(),
		},
		resource.TestStep{ // set
			Config: trigger("may"),
			ConfigPlanChecks: planned(updates("rotate_secret_trigger"+rotation), f.warned(rotationWarning),
				plancheck.ExpectKnownValue(address, tfjsonpath.New("client_secret_version"), milliseconds)),
			ConfigStateChecks: newSecret(),
			PostApplyFunc:     f.sent("POST/rotate_secret"),
		},
		resource.TestStep{ // changed, with another change
			Config:            f.web(`rotate_secret_trigger = "june"`, "pkce_required = true"),
			ConfigPlanChecks:  planned(updates("pkce_required rotate_secret_trigger"+rotation), f.warned(rotationWarning)),
			ConfigStateChecks: newSecret(),
			PostApplyFunc:     f.sent(`PATCH {"pkce_required":true}`, "POST/rotate_secret"),
		},
		resource.TestStep{ // removed
			Config:           f.web(),
			ConfigPlanChecks: planned(updates("rotate_secret_trigger"), f.warned()),
			PostApplyFunc:    f.sent(),
		},
		resource.TestStep{ // back again
			Config:            trigger("june"),
			ConfigPlanChecks:  planned(updates("rotate_secret_trigger"+rotation), f.warned(rotationWarning)),
			ConfigStateChecks: newSecret(),
			PostApplyFunc:     f.sent("POST/rotate_secret"),
		},
		resource.TestStep{ // someone else rotates: without verify_client_secret nobody can see that
			PreConfig: f.elsewhere(http.MethodPost, "/rotate_secret", ""),
			Config:    trigger("june"),
			PlanOnly:  true,
		},
		resource.TestStep{
			Config:            trigger("july"),
			ConfigPlanChecks:  planned(updates("rotate_secret_trigger"+rotation), f.warned(rotationWarning)),
			ConfigStateChecks: newSecret(),
		},
	)
}

// A version that a plan knows is the version of a write-only argument that takes the secret: a new
// secret without a new version would not reach the store.
func TestAccOAuthApplication_versionNeverRepeats(t *testing.T) {
	f := anywhere(t)
	newSecret := f.newSecrets()
	f.test(
		resource.TestStep{Config: f.web(), ConfigStateChecks: newSecret()},
		resource.TestStep{Config: f.web(`rotate_secret_trigger = "first"`), ConfigStateChecks: newSecret()},
		resource.TestStep{
			Taint:             []string{address},
			Config:            f.web(`rotate_secret_trigger = "first"`),
			ConfigPlanChecks:  planned(replaces),
			ConfigStateChecks: newSecret(),
		},
		resource.TestStep{
			PreConfig:         f.elsewhere(http.MethodDelete, "", ""),
			Config:            f.web(`rotate_secret_trigger = "first"`),
			ConfigPlanChecks:  planned(creates),
			ConfigStateChecks: newSecret(),
		},
	)
}

func TestAccOAuthApplication_unknownTrigger(t *testing.T) {
	f := anywhere(t)
	trigger := func(value string) string {
		return later(value) + f.web("rotate_secret_trigger = terraform_data.later.output")
	}
	f.test(
		resource.TestStep{Config: trigger("may"), PostApplyFunc: f.sent(`POST {"name":"NAME"}`)},
		resource.TestStep{
			Config: trigger("june"),
			ConfigPlanChecks: planned(
				updates("rotate_secret_trigger? client_secret? client_secret_version? updated_at?"), f.warned("may be rotated")),
			ConfigStateChecks: []statecheck.StateCheck{f.secretWorks(), has("rotate_secret_trigger", text("june"))},
			PostApplyFunc:     f.sent("POST/rotate_secret"),
		},
	)
}

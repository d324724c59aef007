package acctest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"
	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
)

// address is that of the application under test.
const address = "clerk_oauth_application.test"

// planned are checks of a plan before it is applied.
func planned(checks ...plancheck.PlanCheck) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: checks}
}

// do is an act, or a check of what was recorded, between the plan and its apply.
type do func()

// CheckPlan implements plancheck.PlanCheck.
func (act do) CheckPlan(context.Context, plancheck.CheckPlanRequest, *plancheck.CheckPlanResponse) {
	act()
}

// updates checks that the plan updates the application under test in exactly these attributes. A
// question mark stands behind an attribute whose new value is not known yet.
type updates string

// CheckPlan implements plancheck.PlanCheck.
func (want updates) CheckPlan(_ context.Context, req plancheck.CheckPlanRequest, resp *plancheck.CheckPlanResponse) {
	changes := slices.DeleteFunc(slices.Clone(req.Plan.ResourceChanges), func(r *tfjson.ResourceChange) bool {
		return r.Address != address
	})
	if len(changes) != 1 || !changes[0].Change.Actions.Update() {
		resp.Error = fmt.Errorf("the plan does not update %s", address)
		return
	}
	before, _ := changes[0].Change.Before.(map[string]any)
	after, _ := changes[0].Change.After.(map[string]any)
	unknown, _ := changes[0].Change.AfterUnknown.(map[string]any)
	var got []string
	for name := range before {
		switch {
		case strings.Contains(fmt.Sprint(unknown[name]), "true"): // of a set, any element
			got = append(got, name+"?")
		case !reflect.DeepEqual(before[name], after[name]):
			got = append(got, name)
		}
	}
	slices.Sort(got)
	if wanted := slices.Sorted(slices.Values(strings.Fields(string(want)))); !slices.Equal(got, wanted) {
		resp.Error = fmt.Errorf("the plan changes %v, want %v", got, wanted)
	}
}

// secretWorks checks that the secret in the state works now: the plain one, or with an identity the
// one that is encrypted to it.
func (f *fixture) secretWorks(identity age.Identity) statecheck.StateCheck {
	return stateCheck(func(values map[string]any) error {
		secret, _ := values["client_secret"].(string)
		if identity != nil && secret == "" {
			encrypted, _ := values["client_secret_encrypted"].(string)
			decrypted, err := age.Decrypt(armor.NewReader(strings.NewReader(encrypted)), identity)
			if err != nil {
				return err
			}
			text, _ := io.ReadAll(decrypted)
			secret = string(text)
		}
		if id := values["id"].(string); secret == "" || f.Server != nil && secret != f.CurrentSecret(id) {
			return fmt.Errorf("the secret of %s in the state does not work", id)
		}
		return nil
	})
}

// stateCheck is a check of the attributes of the application under test.
type stateCheck func(map[string]any) error

// CheckState implements statecheck.StateCheck.
func (check stateCheck) CheckState(_ context.Context, req statecheck.CheckStateRequest, resp *statecheck.CheckStateResponse) {
	resp.Error = fmt.Errorf("%s is not in the state", address)
	for _, each := range req.State.Values.RootModule.Resources {
		if each.Address == address {
			resp.Error = check(each.AttributeValues)
		}
	}
}

// sent checks which requests of the step change something, in their order: the method, what follows
// the id in the path, and the body with sorted keys, in which NAME is the name of the test.
func (f *fixture) sent(want ...string) func() {
	return func() {
		f.t.Helper()
		if f.Server == nil {
			return // Clerk keeps no record
		}
		var got []string
		for _, r := range f.Requests() {
			if r.Method != http.MethodGet && r.Header.Get("User-Agent") != "" && !strings.HasPrefix(r.Route, "/oauth/") {
				route := strings.NewReplacer("/oauth_applications/{id}", "", "/oauth_applications", "").Replace(r.Route)
				line := r.Method + route
				if r.JSON != nil {
					body, _ := json.Marshal(r.JSON) // with sorted keys
					line += " " + strings.ReplaceAll(string(body), f.name, "NAME")
				}
				got = append(got, line)
			}
		}
		if !slices.Equal(got, want) {
			f.t.Errorf("the provider sent\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
		}
	}
}

// warned checks the warnings since the last check of them: each matches its pattern, in any order.
func (f *fixture) warned(patterns ...string) func() {
	return func() {
		f.t.Helper()
		f.mu.Lock()
		defer f.mu.Unlock()
		for _, pattern := range patterns {
			index := slices.IndexFunc(f.warnings, regexp.MustCompile("(?s)"+pattern).MatchString)
			if index < 0 {
				f.t.Errorf("no warning matches %q; there are %q", pattern, f.warnings)
				return
			}
			f.warnings = slices.Delete(f.warnings, index, index+1)
		}
		if len(f.warnings) > 0 {
			f.t.Errorf("there are more warnings: %q", f.warnings)
		}
		f.warnings = nil
	}
}

func (f *fixture) reset() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.warnings = nil
	if f.Server != nil {
		f.ResetRequests()
	}
}

// all runs checks one after the other.
func all(checks ...func()) func() {
	return func() {
		for _, check := range checks {
			check()
		}
	}
}

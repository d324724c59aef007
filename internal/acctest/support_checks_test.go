package acctest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// address is that of the application under test.
const address = "clerk_oauth_application.test"

// planned are checks of a plan before it is applied.
func planned(checks ...plancheck.PlanCheck) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: checks}
}

// do is an act, or a check of what was recorded. Beside other functions of a step it can stand between
// the plan and its apply.
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
	resp.Error = fmt.Errorf("the plan does not update %s", address)
	for _, r := range req.Plan.ResourceChanges {
		if r.Address != address || !r.Change.Actions.Update() {
			continue
		}
		before, _ := r.Change.Before.(map[string]any)
		after, _ := r.Change.After.(map[string]any)
		unknown, _ := r.Change.AfterUnknown.(map[string]any)
		var got []string
		for name := range before {
			if strings.Contains(fmt.Sprint(unknown[name]), "true") { // of a set, any element
				got = append(got, name+"?")
			} else if !reflect.DeepEqual(before[name], after[name]) {
				got = append(got, name)
			}
		}
		slices.Sort(got)
		resp.Error = nil
		if wanted := slices.Sorted(strings.FieldsSeq(string(want))); !slices.Equal(got, wanted) {
			resp.Error = fmt.Errorf("the plan changes %v, want %v", got, wanted)
		}
	}
}

// secretWorks checks that the secret in the state works now: the plain one, or with an identity the
// one that is encrypted to it.
func (f *fixture) secretWorks(identity age.Identity) statecheck.StateCheck {
	if identity == nil {
		return has("client_secret", f.workingSecret())
	}
	return has("client_secret_encrypted", knownvalue.StringFunc(func(encrypted string) error {
		decrypted, err := age.Decrypt(armor.NewReader(strings.NewReader(encrypted)), identity)
		if err != nil {
			return err
		}
		secret, err := io.ReadAll(decrypted)
		return errors.Join(err, f.workingSecret().CheckValue(string(secret)))
	}))
}

// workingSecret is the current secret of an application of the test, or with Clerk itself any text.
func (f *fixture) workingSecret() knownvalue.Check {
	return knownvalue.StringFunc(func(secret string) error {
		current := func(id string) bool { return f.CurrentSecret(id) == secret }
		if secret == "" || f.Server != nil && !slices.ContainsFunc(f.ids(), current) {
			return errors.New("the secret does not work")
		}
		return nil
	})
}

// sent checks which requests of the step change something, in their order: the method, what follows
// the id in the path, and the body with sorted keys, in which NAME is the name of the test.
func (f *fixture) sent(want ...string) do {
	return func() {
		f.t.Helper()
		if f.Server == nil {
			return // Clerk keeps no record
		}
		short := strings.NewReplacer(" /oauth_applications/{id}", "", " /oauth_applications", "", f.name, "NAME")
		var got []string
		for _, r := range f.Requests() {
			if r.Method != http.MethodGet && r.Header.Get("User-Agent") != "" && r.Route != clerktest.RouteTokenInfo {
				line, _, _ := strings.Cut(short.Replace(r.String()), " (multipart")
				got = append(got, line)
			}
		}
		if !slices.Equal(got, want) {
			f.t.Errorf("the provider sent\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
		}
	}
}

// warned checks the warnings since the last check of them: each matches its pattern, in any order.
func (f *fixture) warned(patterns ...string) do {
	return func() {
		f.t.Helper()
		f.mu.Lock()
		defer f.mu.Unlock()
		missing := slices.DeleteFunc(slices.Clone(patterns), func(pattern string) bool {
			i := slices.IndexFunc(f.warnings, regexp.MustCompile("(?s)"+pattern).MatchString)
			if i >= 0 {
				f.warnings = slices.Delete(f.warnings, i, i+1)
			}
			return i >= 0
		})
		if len(missing)+len(f.warnings) > 0 {
			f.t.Errorf("no warning matches %q; unexpected are %q", missing, f.warnings)
		}
		f.warnings = nil
	}
}

// recorder is the provider's server. It records the warnings, which plugin-testing does not show.
type recorder struct {
	tfprotov6.ProviderServerWithListResource
	*fixture
}

func (r recorder) record(diagnostics []*tfprotov6.Diagnostic, err error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, d := range diagnostics {
		text := d.Summary + "\n" + d.Detail
		if d.Severity == tfprotov6.DiagnosticSeverityWarning && !slices.Contains(r.warnings, text) {
			r.warnings = append(r.warnings, text)
		}
	}
	return err
}

func (r recorder) ValidateResourceConfig(ctx context.Context, req *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	resp, err := r.ProviderServerWithListResource.ValidateResourceConfig(ctx, req)
	return resp, r.record(resp.Diagnostics, err)
}

func (r recorder) ReadResource(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	resp, err := r.ProviderServerWithListResource.ReadResource(ctx, req)
	return resp, r.record(resp.Diagnostics, err)
}

func (r recorder) PlanResourceChange(ctx context.Context, req *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	resp, err := r.ProviderServerWithListResource.PlanResourceChange(ctx, req)
	return resp, r.record(resp.Diagnostics, err)
}

func (r recorder) ApplyResourceChange(ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	resp, err := r.ProviderServerWithListResource.ApplyResourceChange(ctx, req)
	return resp, r.record(resp.Diagnostics, err)
}

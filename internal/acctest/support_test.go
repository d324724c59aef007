// Package acctest has the acceptance tests, which TF_ACC=1 runs: a real terraform or tofu, with the
// provider in the test process over a simulator of Clerk in memory. With CLERK_TEST_SECRET_KEY the
// tests that do not need the simulator's hand run against Clerk itself.
package acctest

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/acctest"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest/contract"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/provider"
)

// The key and address in the environment of all tests: those of every simulator, or with
// CLERK_TEST_SECRET_KEY those of Clerk. CLERK_TEST_API_URL is for trying live tests on a simulator.
var (
	liveKey           = os.Getenv("CLERK_TEST_SECRET_KEY")
	secretKey, apiURL = "sk_test_ofEverySimulator", "http://127.0.0.1:1/v1"
)

// TestMain keeps the user's keys, variables and CLI configuration out of the tests. TF_ACC… choose
// the engine, and a CLI configuration with a mirror of other providers.
func TestMain(m *testing.M) {
	if liveKey != "" {
		secretKey, apiURL = liveKey, cmp.Or(os.Getenv("CLERK_TEST_API_URL"), "https://api.clerk.com/v1")
	}
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if regexp.MustCompile("^(CLERK|TF)_").MatchString(name) && name != contract.Variable && !strings.HasPrefix(name, "TF_ACC") {
			os.Unsetenv(name)
		}
	}
	os.Setenv("CLERK_SECRET_KEY", secretKey)
	os.Setenv("CLERK_API_URL", apiURL)
	os.Setenv("TF_CLI_CONFIG_FILE", cmp.Or(os.Getenv("TF_ACC_CLI_CONFIG_FILE"), os.DevNull))
	os.Setenv(resource.EnvTfAccProviderNamespace, "terraform-provider-clerk")
	m.Run()
}

// A fixture is a Clerk for one test, with the warnings of the provider in the current step.
type fixture struct {
	resource.TestCase
	*clerktest.Server // not used by a live test

	t         *testing.T
	transport http.RoundTripper // to the server, or to Clerk
	name      string            // of the application under test; random
	warnings  sync.Map          // its keys are the texts
}

// simulated is the fixture of a test that needs the simulator's hand.
func simulated(t *testing.T) *fixture {
	t.Helper()
	if liveKey != "" {
		t.Skip("Clerk itself cannot be told to do what this test needs")
	}
	return anywhere(t)
}

// anywhere is the fixture of a test that runs against Clerk too. Such a test must leave no application.
func anywhere(t *testing.T) *fixture {
	t.Helper()
	if !strings.HasPrefix(secretKey, "sk_test_") {
		t.Fatal("the tests delete applications, and this is not the key of a development instance")
	}
	s := clerktest.NewInMemory(t, clerktest.Options{Key: secretKey, URL: apiURL, Watch: contract.Watch(t.Errorf)})
	f := &fixture{Server: s, t: t, transport: s.RoundTripper(), name: acctest.RandomWithPrefix("tf-acc")}
	if liveKey != "" {
		f.transport = http.DefaultTransport
	}
	f.ProtoV6ProviderFactories = map[string]func() (tfprotov6.ProviderServer, error){
		"clerk": func() (tfprotov6.ProviderServer, error) {
			s := provider.NewServer("test", f.transport)()
			return recorder{s.(tfprotov6.ProviderServerWithListResource), f}, nil //nolint:staticcheck // deprecated for the day on which all servers have lists
		},
	}
	t.Cleanup(func() {
		for _, id := range f.ids() {
			f.call(http.MethodDelete, "/"+id, "")
			if !t.Skipped() {
				t.Errorf("the application %s is left behind", id)
			}
		}
	})
	return f
}

// test runs the steps. What a step records begins after its PreConfig, which can check what the step
// before has recorded.
func (f *fixture) test(steps ...resource.TestStep) {
	f.t.Helper()
	for i, step := range steps {
		steps[i].PreConfig = func() {
			if step.PreConfig != nil {
				step.PreConfig()
			}
			f.warnings.Clear()
			f.ResetRequests()
		}
	}
	f.Steps = steps
	resource.ParallelTest(f.t, f.TestCase)
}

// ids are those of the applications of the test, whose names all hold that of the test.
func (f *fixture) ids() []string {
	return f.call(http.MethodGet, "?limit=500&name_query="+f.name, "")
}

// elsewhere is a request that someone else sends about the application under test.
func (f *fixture) elsewhere(method, path, body string) do {
	return func() { f.call(method, "/"+f.ids()[0]+path, body) }
}

// call sends a request to Clerk's endpoints of applications, and returns the ids in the answer.
func (f *fixture) call(method, path, body string) []string {
	request, err := http.NewRequest(method, apiURL+"/oauth_applications"+path, strings.NewReader(body))
	must(f.t, err)
	request.Header = http.Header{"Authorization": {"Bearer " + secretKey}, "Content-Type": {"application/json"}}
	response, err := f.transport.RoundTrip(request)
	must(f.t, err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		f.t.Fatalf("%s %s: status %d, %v", method, path, response.StatusCode, err)
	}
	return regexp.MustCompile(`\boa_\w+`).FindAllString(string(answer), -1)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// planned are checks of a plan before it is applied.
func planned(checks ...plancheck.PlanCheck) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: checks}
}

// do is an act, or a check of what was recorded. Beside other functions of a step it can stand between
// the plan and its apply.
type do func()

func (act do) CheckPlan(context.Context, plancheck.CheckPlanRequest, *plancheck.CheckPlanResponse) {
	act()
}

// works returns an error unless the text is the current secret of an application of the test. Of
// Clerk itself it accepts any text.
func (f *fixture) works(secret string) error {
	current := func(id string) bool { return liveKey != "" || f.CurrentSecret(id) == secret }
	if secret == "" || !slices.ContainsFunc(f.ids(), current) {
		return errors.New("the secret does not work")
	}
	return nil
}

// sent checks which requests of the step change something, in their order: the method, what follows
// the id in the path, and the body with sorted keys, in which NAME is the name of the test.
func (f *fixture) sent(want ...string) do {
	return func() {
		short := strings.NewReplacer(" /oauth_applications/{id}", "", " /oauth_applications", "", f.name, "NAME")
		var got []string
		for _, r := range f.Requests() {
			if r.Method != http.MethodGet && r.Route != clerktest.RouteTokenInfo {
				line, _, _ := strings.Cut(short.Replace(r.String()), " (multipart")
				got = append(got, line)
			}
		}
		if liveKey == "" && !slices.Equal(got, want) { // Clerk keeps no record
			f.t.Errorf("the provider sent\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
		}
	}
}

// warned checks the warnings since the last check of them. In alphabetical order each matches its pattern.
func (f *fixture) warned(patterns ...string) do {
	matches := func(text, pattern string) bool { return regexp.MustCompile("(?s)" + pattern).MatchString(text) }
	return func() {
		var got []string
		for text := range f.warnings.Range {
			got = append(got, text.(string))
		}
		slices.Sort(got)
		if !slices.EqualFunc(got, patterns, matches) {
			f.t.Errorf("the provider warns of %q, want %q", got, patterns)
		}
		f.warnings.Clear()
	}
}

// recorder is the provider's server. It records the warnings, which plugin-testing does not show.
type recorder struct {
	tfprotov6.ProviderServerWithListResource
	*fixture
}

func (r recorder) record(diagnostics []*tfprotov6.Diagnostic, err error) error {
	for _, d := range diagnostics {
		if d.Severity == tfprotov6.DiagnosticSeverityWarning {
			r.warnings.Store(d.Summary+"\n"+d.Detail, nil)
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

// Package acctest has the acceptance tests, which TF_ACC=1 runs: a real terraform or tofu, with the
// provider in the test process over a simulator of Clerk in memory. With CLERK_TEST_SECRET_KEY the
// tests that do not need the simulator's hand run against Clerk itself.
package acctest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/echoprovider"
	"github.com/hashicorp/terraform-plugin-testing/helper/acctest"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest/contract"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/provider"
)

// requiredProviders is what the pages of a registry leave out. Plugin-testing adds it, but not where
// a step imports.
const requiredProviders = `terraform {
  required_providers {
    clerk = { source = "terraform-provider-clerk/clerk" }
  }
}
`

// liveKey is the key of a development instance of Clerk, with which the tests are live.
var liveKey = os.Getenv("CLERK_TEST_SECRET_KEY")

// secretKey and apiURL are in the environment of all tests. Every test has a simulator of its own
// with this key behind this address, because its provider has a transport of its own.
var secretKey, apiURL = "sk_test_ofEverySimulator", "http://127.0.0.1:1/v1"

// TestMain keeps the user's keys, variables and CLI configuration out of the tests. TF_ACC… choose
// the engine; CLERK_MIRROR comes with a CLI configuration, for a mirror of other providers.
func TestMain(m *testing.M) {
	if liveKey != "" {
		// An address in place of Clerk's is for trying the tests themselves on a simulator.
		secretKey, apiURL = liveKey, cmp.Or(os.Getenv("CLERK_TEST_API_URL"), "https://api.clerk.com/v1")
	}
	ours := map[string]string{
		"CLERK_SECRET_KEY": secretKey, "CLERK_API_URL": apiURL, "CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": os.DevNull,
		contract.Variable: os.Getenv(contract.Variable), resource.EnvTfAccProviderNamespace: "terraform-provider-clerk",
	}
	if os.Getenv("CLERK_MIRROR") != "" {
		ours["TF_CLI_CONFIG_FILE"] = os.Getenv("TF_CLI_CONFIG_FILE")
	}
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if strings.HasPrefix(name, "CLERK_") || strings.HasPrefix(name, "TF_") && !strings.HasPrefix(name, "TF_ACC") {
			_ = os.Unsetenv(name)
		}
	}
	for name, value := range ours {
		_ = os.Setenv(name, value)
	}
	os.Exit(m.Run())
}

// A fixture is a Clerk for one test, with the provider's warnings in the current step.
type fixture struct {
	*clerktest.Server // nil with Clerk itself

	t         *testing.T
	transport http.RoundTripper
	name      string                            // of the application under test; random
	versions  []tfversion.TerraformVersionCheck // what the test needs of the engine

	mu       sync.Mutex
	warnings []string
}

// simulated is the fixture of a test that needs the simulator's hand.
func simulated(t *testing.T) *fixture {
	t.Helper()
	if liveKey != "" {
		t.Skip("Clerk itself cannot be told to do what this test needs")
	}
	s := clerktest.NewInMemory(t, clerktest.Options{Key: secretKey, URL: apiURL, Watch: contract.Watch(t.Errorf)})
	return &fixture{Server: s, t: t, transport: s.RoundTripper(), name: acctest.RandomWithPrefix("tf-acc")}
}

// anywhere is the fixture of a test that runs against Clerk too.
func anywhere(t *testing.T) *fixture {
	t.Helper()
	if liveKey == "" {
		return simulated(t)
	}
	if !strings.HasPrefix(liveKey, "sk_test_") {
		t.Fatal("the tests delete applications, and this is not the key of a development instance")
	}
	f := &fixture{t: t, transport: http.DefaultTransport, name: acctest.RandomWithPrefix("tf-acc")}
	t.Cleanup(func() {
		for _, id := range f.ids() {
			f.call(http.MethodDelete, "/"+id, "")
		}
	})
	return f
}

// test runs the steps, and fails if they leave an application behind. What a step records begins
// after its PreConfig, which can check what the step before has recorded.
func (f *fixture) test(steps ...resource.TestStep) {
	f.t.Helper()
	for i, step := range steps {
		steps[i].PreConfig = func() {
			if step.PreConfig != nil {
				step.PreConfig()
			}
			f.mu.Lock()
			f.warnings = nil
			f.mu.Unlock()
			if f.Server != nil {
				f.ResetRequests()
			}
		}
	}
	resource.ParallelTest(f.t, resource.TestCase{
		TerraformVersionChecks: f.versions, ProtoV6ProviderFactories: f.providers(), Steps: steps,
	})
	if ids := f.ids(); len(ids) > 0 {
		f.t.Errorf("these applications are left behind: %v", ids)
	}
}

// providers are the provider under test, and one that keeps ephemeral values for checks.
func (f *fixture) providers() map[string]func() (tfprotov6.ProviderServer, error) {
	start := provider.NewServer("test", f.transport)
	return map[string]func() (tfprotov6.ProviderServer, error){
		"clerk": func() (tfprotov6.ProviderServer, error) {
			return recorder{start().(tfprotov6.ProviderServerWithListResource), f}, nil //nolint:staticcheck // deprecated for the day on which all servers have lists
		},
		"echo": echoprovider.NewProviderServer(),
	}
}

// web is the block of the application under test with the given arguments.
func (f *fixture) web(arguments ...string) string { return application(f.name, arguments...) }

func application(name string, arguments ...string) string {
	return fmt.Sprintf("resource \"clerk_oauth_application\" \"test\" {\n  name = %q\n  %s\n}\n", name, strings.Join(arguments, "\n  "))
}

// ids are those of the applications of the test, whose names all hold that of the test.
func (f *fixture) ids() (ids []string) {
	for _, app := range f.call(http.MethodGet, "?limit=500&name_query="+url.QueryEscape(f.name), "").Data {
		ids = append(ids, app.ID)
	}
	return ids
}

// elsewhere is a request that someone else sends about the application under test.
func (f *fixture) elsewhere(method, path, body string) do {
	return func() { f.call(method, "/"+f.ids()[0]+path, body) }
}

// call sends a request of its own to Clerk's endpoints of applications.
func (f *fixture) call(method, path, body string) (answer struct {
	ID   string `json:"id"`
	Data []struct {
		ID string `json:"id"`
	} `json:"data"`
},
) {
	request, err := http.NewRequest(method, apiURL+"/oauth_applications"+path, strings.NewReader(body))
	must(f.t, err)
	request.Header = http.Header{"Authorization": {"Bearer " + secretKey}, "Content-Type": {"application/json"}}
	response, err := f.transport.RoundTrip(request)
	must(f.t, err)
	defer func() { _ = response.Body.Close() }()
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || response.StatusCode != http.StatusOK {
		f.t.Fatalf("%s %s: status %d, %v", method, path, response.StatusCode, err)
	}
	return answer
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

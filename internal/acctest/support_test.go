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
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest/contract"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/provider"
)

// Variables of live tests: the key of a development instance of Clerk, and an address in place of
// Clerk's, to try the tests themselves on a simulator.
const (
	envTestKey = "CLERK_TEST_SECRET_KEY"
	envTestURL = "CLERK_TEST_API_URL"
)

// TestMain keeps the user's keys, variables and CLI configuration out of the tests. TF_ACC… choose
// the engine; CLERK_MIRROR comes with a CLI configuration, for a mirror of other providers.
func TestMain(m *testing.M) {
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		kept := strings.HasPrefix(name, "TF_ACC") || name == envTestKey || name == envTestURL || name == "CLERK_MIRROR" ||
			name == "TF_CLI_CONFIG_FILE" && os.Getenv("CLERK_MIRROR") != ""
		if !kept && (strings.HasPrefix(name, "TF_") || strings.HasPrefix(name, "CLERK_")) {
			_ = os.Unsetenv(name)
		}
	}
	_ = os.Setenv("CHECKPOINT_DISABLE", "1")
	_ = os.Setenv(resource.EnvTfAccProviderNamespace, "terraform-provider-clerk")
	_ = os.Setenv("TF_CLI_CONFIG_FILE", cmp.Or(os.Getenv("TF_CLI_CONFIG_FILE"), os.DevNull))
	os.Exit(m.Run())
}

// A fixture is a Clerk for one test, with the provider's warnings in the current step.
type fixture struct {
	*clerktest.Server // nil with Clerk itself

	t         *testing.T
	url, key  string
	transport http.RoundTripper
	name      string                            // of the application under test; random
	versions  []tfversion.TerraformVersionCheck // what the test needs of the engine

	mu       sync.Mutex
	warnings []string
}

// simulated is the fixture of a test that needs the simulator's hand.
func simulated(t *testing.T, options ...clerktest.Option) *fixture {
	t.Helper()
	if os.Getenv(envTestKey) != "" {
		t.Skip("Clerk itself cannot be told to do what this test needs")
	}
	s := clerktest.NewInMemory(t, append(options, contract.Option(t))...)
	name := acctest.RandomWithPrefix("tf-acc")
	return &fixture{Server: s, t: t, url: s.URL(), key: s.Key(), transport: s.RoundTripper(), name: name}
}

// anywhere is the fixture of a test that runs against Clerk too.
func anywhere(t *testing.T) *fixture {
	t.Helper()
	key := os.Getenv(envTestKey)
	if key == "" {
		return simulated(t)
	}
	if !strings.HasPrefix(key, "sk_test_") {
		t.Fatalf("%s is not the key of a development instance: the tests delete applications", envTestKey)
	}
	name := acctest.RandomWithPrefix("tf-acc")
	f := &fixture{t: t, url: cmp.Or(os.Getenv(envTestURL), "https://api.clerk.com/v1"), key: key, transport: http.DefaultTransport, name: name}
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
	for i := range steps {
		before := steps[i].PreConfig
		steps[i].PreConfig = func() {
			if before != nil {
				before()
			}
			f.reset()
		}
	}
	resource.ParallelTest(f.t, resource.TestCase{
		TerraformVersionChecks: f.versions, ProtoV6ProviderFactories: f.providers(), Steps: steps,
		CheckDestroy: func(*terraform.State) error {
			if ids := f.ids(); len(ids) > 0 {
				return fmt.Errorf("these applications are left behind: %v", ids)
			}
			return nil
		},
	})
}

// providers are the provider under test, and one that keeps ephemeral values for checks.
func (f *fixture) providers() map[string]func() (tfprotov6.ProviderServer, error) {
	start := provider.NewServer("test", provider.WithTransport(f.transport))
	return map[string]func() (tfprotov6.ProviderServer, error){
		"clerk": func() (tfprotov6.ProviderServer, error) { return newRecorder(start(), f), nil },
		"echo":  echoprovider.NewProviderServer(),
	}
}

// config is a configuration: a provider block with address and key, and the given blocks.
func (f *fixture) config(blocks ...string) string { return f.configWith(f.key, "", blocks...) }

// configWith is the same with another key and more arguments in the provider block.
func (f *fixture) configWith(key, arguments string, blocks ...string) string {
	text := strings.Join(blocks, "\n")
	sources := `clerk = { source = "terraform-provider-clerk/clerk" }`
	if strings.Contains(text, `provider "echo"`) {
		sources += "\n    echo  = { source = \"terraform-provider-clerk/echo\" }"
	}
	return fmt.Sprintf("terraform {\n  required_providers {\n    %s\n  }\n}\n", sources) +
		fmt.Sprintf("provider \"clerk\" {\n  api_url    = %q\n  secret_key = %q\n  %s\n}\n", f.url, key, arguments) + text
}

// web is a configuration with the application under test and the given arguments.
func (f *fixture) web(arguments ...string) string { return f.config(application(f.name, arguments...)) }

// application is the block of the application under test.
func application(name string, arguments ...string) string {
	return fmt.Sprintf("resource \"clerk_oauth_application\" \"test\" {\n  name = %q\n  %s\n}\n", name, strings.Join(arguments, "\n  "))
}

// elsewhere is a request that someone else sends about the application under test.
func (f *fixture) elsewhere(method, path, body string) func() {
	return func() { f.call(method, "/"+f.ids()[0]+path, body) }
}

// ids are those of the applications whose names begin with that of the test.
func (f *fixture) ids() (ids []string) {
	found, _ := f.call(http.MethodGet, "?limit=500&name_query="+url.QueryEscape(f.name), "")["data"].([]any)
	for _, each := range found {
		if app := each.(map[string]any); strings.HasPrefix(app["name"].(string), f.name) {
			ids = append(ids, app["id"].(string))
		}
	}
	return ids
}

// call sends a request of its own to Clerk's endpoints of applications.
func (f *fixture) call(method, path, body string) (answer map[string]any) {
	request, err := http.NewRequest(method, f.url+"/oauth_applications"+path, strings.NewReader(body))
	if err != nil {
		f.t.Fatal(err)
	}
	request.Header = http.Header{"Authorization": {"Bearer " + f.key}, "Content-Type": {"application/json"}}
	response, err := f.transport.RoundTrip(request)
	if err != nil {
		f.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || response.StatusCode != http.StatusOK {
		f.t.Fatalf("%s %s: status %d, %v %v", method, path, response.StatusCode, answer, err)
	}
	return answer
}

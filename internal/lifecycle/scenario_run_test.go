package lifecycle

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
)

// A run is a scenario that runs.
type run struct {
	*user
	t         testing.TB
	scenario  scenario
	url, key  string
	prefix    string                   // before every name, where others share the instance
	simulator *clerktest.Server        // nil if it is Clerk itself
	client    *http.Client             // of the dashboard
	requests  func() []recordedRequest // since the step began
	forget    func()                   // forgets the requests
	resource  *prototest.Resource      // nil with an engine
	workspace *workspace               // of an engine; nil without one
	dir       string
	step      step
	another   string // key of another instance

	configured values // with an engine: the last resource block

	id, clientID string // of the application
	secret       string // in the state, encrypted or not
	plainSecret  string // in the state, not encrypted
	versions     versionLog
}

// A recordedRequest is one that the provider has sent.
type recordedRequest struct{ method, line string }

// newRun begins a scenario on a simulator; client is the way to it.
func newRun(t testing.TB, sc scenario, server *clerktest.Server, client *http.Client) *run {
	t.Helper()
	r := &run{
		user: &user{}, t: t, scenario: sc, url: server.URL(), key: server.Key(), simulator: server, client: client, dir: t.TempDir(),
		forget: server.ResetRequests,
	}
	r.requests = func() []recordedRequest {
		var recorded []recordedRequest
		for _, request := range server.Requests() {
			if request.Header.Get(dashboardHeader) == "" {
				recorded = append(recorded, recordedRequest{request.Method, request.String()})
			}
		}
		return recorded
	}
	return r
}

// prepare creates the application that someone has created before.
func (r *run) prepare() {
	if r.scenario.given != nil {
		app := r.dashboard("POST", "", r.resolve(r.scenario.given))
		r.id, r.clientID = app["id"].(string), app["client_id"].(string)
	}
}

// enter begins a step, up to where Terraform runs.
func (r *run) enter(next step) {
	if next.again {
		next.config = r.step.config
	}
	r.step = next
	r.begin(r.t)
	r.do(next.behind)
	for _, fault := range next.faults {
		r.simulator.Inject(fault)
	}
	r.forget()
}

// leave ends a step's faults.
func (r *run) leave() {
	if r.simulator != nil {
		r.simulator.ClearFaults()
		r.simulator.WaitForLateWork()
	}
}

func (r *run) do(acts []act) {
	for _, act := range acts {
		act.do(r)
	}
}

func (r *run) errorf(format string, args ...any) {
	r.t.Helper()
	r.t.Errorf("%s\n%s", r.step.does, fmt.Sprintf(format, args...))
}

// resolve replaces values that depend on the run, except later and ref, which each runner
// replaces in its own way.
func (r *run) resolve(config values) values {
	if config == nil {
		return nil
	}
	resolved := values{}
	for name, value := range config {
		switch value := value.(type) {
		case inDir:
			resolved[name] = filepath.Join(r.dir, string(value))
		case otherKey:
			if r.another == "" {
				r.another, _ = r.simulator.AddInstance(clerktest.Development)
			}
			resolved[name] = r.another
		case string:
			if name == "name" {
				value = r.prefix + value
			}
			resolved[name] = value
		default:
			resolved[name] = value
		}
	}
	return resolved
}

// providerBlock is the provider's configuration for a step.
func (r *run) providerBlock() values {
	return with(with(values{"secret_key": r.key, "api_url": r.url}, r.resolve(r.scenario.provider)), r.resolve(r.step.provider))
}

// importID is what an import block has as id; empty for one by identity.
func (r *run) importID(target adoptee) string {
	switch target.by {
	case "id":
		return r.id
	case "client_id":
		return r.clientID
	}
	return target.text
}

// dashboardHeader distinguishes requests of the dashboard from the provider's.
const dashboardHeader = "X-From-The-Dashboard"

// dashboard works on applications without Terraform, by HTTP, so that it is the same
// with the simulator and with Clerk. It returns the answer.
func (r *run) dashboard(method, path string, body any) map[string]any {
	r.t.Helper()
	for range 5 {
		status, answer := r.call(method, path, body)
		switch {
		case status == http.StatusTooManyRequests:
			time.Sleep(10 * time.Second)
			continue
		case status != http.StatusOK:
			r.t.Fatalf("%s %s in the dashboard: status %d: %v", method, path, status, answer)
		}
		return answer
	}
	r.t.Fatalf("%s %s in the dashboard: too many requests", method, path)
	return nil
}

func (r *run) call(method, path string, body any) (int, map[string]any) {
	r.t.Helper()
	var content io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		must(r.t, err)
		content = bytes.NewReader(encoded)
	}
	// Not the test's context: it is over when the test cleans up.
	request, err := http.NewRequest(method, r.url+"/oauth_applications"+path, content)
	must(r.t, err)
	request.Header.Set("Authorization", "Bearer "+r.key)
	request.Header.Set("Clerk-API-Version", "2026-05-12")
	request.Header.Set(dashboardHeader, "yes")
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := r.client.Do(request)
	must(r.t, err)
	defer response.Body.Close()
	var answer map[string]any
	_ = json.NewDecoder(response.Body).Decode(&answer) // the status is enough
	return response.StatusCode, answer
}

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

// A story is a scenario while it is told.
type story struct {
	t         testing.TB
	scenario  scenario
	url, key  string
	prefix    string                   // before every name, where others share the instance
	simulator *clerktest.Server        // nil if it is Clerk itself
	client    *http.Client             // of the dashboard
	requests  func() []recordedRequest // since the step began
	restart   func()                   // of the requests
	resource  *prototest.Resource      // nil with a CLI
	dir       string
	step      step
	another   string // key of another instance

	id, clientID string // of the application
	secret       string // in the state, sealed or not
	plainSecret  string // in the state, not sealed
	versions     versionLog
}

// A recordedRequest is one that the provider has sent.
type recordedRequest struct{ method, line string }

// newStory begins a scenario on a simulator; client is the way to it.
func newStory(t testing.TB, told scenario, server *clerktest.Server, client *http.Client) *story {
	t.Helper()
	s := &story{
		t: t, scenario: told, url: server.URL(), key: server.Key(), simulator: server, client: client, dir: t.TempDir(),
		restart: server.ResetRequests,
	}
	s.requests = func() []recordedRequest {
		var recorded []recordedRequest
		for _, request := range server.Requests() {
			if request.Header.Get(dashboardHeader) == "" {
				recorded = append(recorded, recordedRequest{request.Method, request.String()})
			}
		}
		return recorded
	}
	return s
}

// begin makes what the scenario finds there.
func (s *story) begin() {
	if s.scenario.given != nil {
		app := s.dashboard("POST", "", s.resolve(s.scenario.given))
		s.id, s.clientID = app["id"].(string), app["client_id"].(string)
	}
}

// enter begins a step, up to where Terraform runs.
func (s *story) enter(next step) {
	s.step = next
	s.do(next.behind)
	s.restart()
}

func (s *story) do(acts []act) {
	for _, act := range acts {
		act.do(s)
	}
}

func (s *story) errorf(format string, args ...any) {
	s.t.Helper()
	s.t.Errorf("%s\n%s", s.step.does, fmt.Sprintf(format, args...))
}

// resolve replaces what depends on the run, but for later and ref, which each runner
// has its own way with.
func (s *story) resolve(config values) values {
	if config == nil {
		return nil
	}
	resolved := values{}
	for name, value := range config {
		switch value := value.(type) {
		case inDir:
			resolved[name] = filepath.Join(s.dir, string(value))
		case otherKey:
			if s.another == "" {
				s.another, _ = s.simulator.AddInstance(clerktest.Development)
			}
			resolved[name] = s.another
		case string:
			if name == "name" {
				value = s.prefix + value
			}
			resolved[name] = value
		default:
			resolved[name] = value
		}
	}
	return resolved
}

// providerBlock is the provider's configuration for a step.
func (s *story) providerBlock() values {
	return with(values{"secret_key": s.key, "api_url": s.url}, s.resolve(s.step.provider))
}

// importID is what an import block has as id; empty for one by identity.
func (s *story) importID(target adoptee) string {
	switch target.by {
	case "id":
		return s.id
	case "client_id":
		return s.clientID
	}
	return target.text
}

// dashboardHeader tells requests of the dashboard from the provider's.
const dashboardHeader = "X-From-The-Dashboard"

// dashboard works on applications without Terraform, by HTTP, so that it is the same
// with the simulator and with Clerk. It returns the answer.
func (s *story) dashboard(method, path string, body any) map[string]any {
	s.t.Helper()
	for range 5 {
		status, answer := s.call(method, path, body)
		switch {
		case status == http.StatusTooManyRequests:
			time.Sleep(10 * time.Second)
			continue
		case status != http.StatusOK:
			s.t.Fatalf("%s %s in the dashboard: status %d: %v", method, path, status, answer)
		}
		return answer
	}
	s.t.Fatalf("%s %s in the dashboard: too many requests", method, path)
	return nil
}

func (s *story) call(method, path string, body any) (int, map[string]any) {
	s.t.Helper()
	var content io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			s.t.Fatal(err)
		}
		content = bytes.NewReader(encoded)
	}
	// Not the test's context: it is over when the test cleans up.
	request, err := http.NewRequest(method, s.url+"/oauth_applications"+path, content)
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+s.key)
	request.Header.Set("Clerk-API-Version", "2026-05-12")
	request.Header.Set(dashboardHeader, "yes")
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := s.client.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	var answer map[string]any
	_ = json.NewDecoder(response.Body).Decode(&answer) // the status tells
	return response.StatusCode, answer
}

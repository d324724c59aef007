package lifecycle

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

const envTestSecretKey = "CLERK_TEST_SECRET_KEY"

// TestLiveScenarios runs the scenarios that need no simulator against Clerk itself. It
// creates, changes and deletes applications, so it accepts only the key of a development
// instance.
func TestLiveScenarios(t *testing.T) {
	key := strings.TrimSpace(os.Getenv(envTestSecretKey))
	switch {
	case key == "":
		t.Skipf("%s is not set; make testlive says what it needs", envTestSecretKey)
	case !strings.HasPrefix(key, "sk_test_"):
		t.Fatalf("%s is not the key of a development instance, which begins with sk_test_: these tests delete applications", envTestSecretKey)
	}
	runLive(t, clerk.DefaultAPIURL, key, false) // what is sent counts against the instance's limit of requests
}

// TestProtocolLiveScenariosOnSimulator runs the live tests with the simulator in place of
// Clerk: over a network and in real time, beside another application that they must leave
// alone.
func TestProtocolLiveScenariosOnSimulator(t *testing.T) { //nolint:tparallel // see below
	t.Parallel()
	server := clerktest.New(t)
	other := server.Seed("someone else's")
	t.Run("all", func(t *testing.T) { //nolint:paralleltest // what follows needs its end
		runLive(t, server.URL(), server.Key(), true)
	})
	if left := server.Applications(); len(left) != 1 || left[0].ID != other {
		t.Errorf("the live tests left %d applications behind, or deleted the one that is not theirs", len(left)-1)
	}
	if sent := server.CountRequests(http.MethodPost, clerktest.RouteApplications); sent < len(scenarios)/2 {
		t.Errorf("the live tests created %d applications, which are too few", sent)
	}
}

// runLive runs the scenarios, at once or one after the other.
func runLive(t *testing.T, address, key string, parallel bool) {
	t.Helper()
	for _, sc := range scenarios {
		if why := sc.whyNotLive(); why != "" {
			t.Logf("not %q: %s", sc.name, why)
			continue
		}
		t.Run(strings.ReplaceAll(sc.name, " ", "_"), func(t *testing.T) {
			if parallel {
				t.Parallel()
			}
			tape := &tape{to: http.DefaultTransport}
			r := &run{
				user: &user{},
				t:    t, scenario: sc, url: address, key: key, client: http.DefaultClient, dir: t.TempDir(),
				prefix: "terraform-test-" + strings.ToLower(rand.Text()[:8]) + "-", requests: tape.played, forget: tape.erase,
			}
			t.Cleanup(r.deleteLeftovers)
			// Reads may lag behind writes for a moment.
			settle := func() {}
			if address == clerk.DefaultAPIURL {
				settle = func() { time.Sleep(2 * time.Second) }
			}
			r.runByProtocol(tape, settle)
		})
	}
}

// whyNotLive is why the scenario cannot run against Clerk; empty if it can.
func (sc scenario) whyNotLive() string {
	if sc.simulatorOnly != "" {
		return sc.simulatorOnly
	}
	for _, step := range sc.steps {
		if slices.ContainsFunc(slices.Concat(step.behind, step.between), func(a act) bool { return a.simulated }) {
			return "Clerk cannot be made to do that: " + step.does
		}
		if _, another := step.provider["secret_key"].(otherKey); another {
			return "it needs a key of another instance"
		}
	}
	return ""
}

// deleteLeftovers deletes what the scenario has created and not destroyed. The random
// prefix of the names protects all other applications.
func (r *run) deleteLeftovers() {
	status, answer := r.call(http.MethodGet, "?limit=500&name_query="+url.QueryEscape(r.prefix), nil)
	if status != http.StatusOK {
		r.t.Errorf("cannot look for applications named %s… to delete them: status %d", r.prefix, status)
		return
	}
	found, _ := answer["data"].([]any)
	for _, each := range found {
		app, _ := each.(map[string]any)
		name, _ := app["name"].(string)
		id, _ := app["id"].(string)
		if !strings.HasPrefix(name, r.prefix) {
			continue
		}
		if status, _ := r.call(http.MethodDelete, "/"+url.PathEscape(id), nil); status != http.StatusOK {
			r.t.Errorf("application %s (%s) is left behind: status %d", name, id, status)
		}
	}
}

// A tape records what the provider sends. The simulator's log does the same.
type tape struct {
	to http.RoundTripper

	mu       sync.Mutex
	recorded []recordedRequest
}

// RoundTrip implements http.RoundTripper.
func (t *tape) RoundTrip(request *http.Request) (*http.Response, error) {
	var body []byte
	if request.Body != nil {
		body, _ = io.ReadAll(request.Body)
		request = request.Clone(request.Context())
		request.Body = io.NopCloser(bytes.NewReader(body))
	}
	response, err := t.to.RoundTrip(request)
	if err == nil && response.StatusCode == http.StatusTooManyRequests {
		return response, nil // the provider sends it again
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.recorded = append(t.recorded, recordedRequest{request.Method, requestLine(request, body)})
	return response, err
}

func (t *tape) played() []recordedRequest {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.recorded)
}

func (t *tape) erase() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.recorded = nil
}

// requestLine writes a request as the simulator does.
func requestLine(request *http.Request, body []byte) string {
	_, path, _ := strings.Cut(request.URL.Path, "/v1")
	parts := strings.Split(path, "/")
	if len(parts) > 2 && parts[1] == "oauth_applications" {
		parts[2] = "{id}"
	}
	line := request.Method + " " + strings.Join(parts, "/")
	var sent map[string]any
	switch {
	case strings.HasPrefix(request.Header.Get("Content-Type"), "multipart/"):
		return line + " (multipart)"
	case json.Unmarshal(body, &sent) == nil:
		return line + " " + string(mustJSON(sent))
	}
	return line
}

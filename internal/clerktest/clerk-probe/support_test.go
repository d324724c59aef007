package main

import (
	"context"
	"io"
	"net/http"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// trial is a run of the probe against a simulator in memory, on virtual time.
type trial struct {
	server *clerktest.Server
	result result
	err    error
}

// try runs the probe. prepare changes the simulator and the probe before, and may be nil.
func try(t *testing.T, prepare func(*clerktest.Server, *probe), options ...clerktest.Option) (made trial) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		// Clerk's limit for a development instance: a probe within it is never refused.
		options = append(options, clerktest.WithRateLimit(clerktest.RateLimit{Requests: 100, Per: 10 * time.Second}))
		made.server = clerktest.NewInMemory(t, options...)
		p := newTestProbe(made.server, memory(made.server))
		if prepare != nil {
			prepare(made.server, p)
		}
		made.result, made.err = p.run(t.Context())
		made.server.WaitForLateWork()
	})
	return made
}

// memory is a transport to the server, without the gzip that would take most of the time of these tests.
func memory(s *clerktest.Server) http.RoundTripper {
	transport := s.RoundTripper().(*http.Transport)
	transport.DisableCompression = true
	return transport
}

func newTestProbe(s *clerktest.Server, transport http.RoundTripper) *probe {
	return newProbe(newClient(transport, s.URL(), clerk.NewSecret(s.Key())), io.Discard)
}

func (tr trial) found(t *testing.T, switchName string) finding {
	t.Helper()
	for _, found := range tr.result.Findings {
		if found.Switch == switchName {
			return found
		}
	}
	t.Fatalf("there is no question for the switch %s", switchName)
	return finding{}
}

// assertClean fails when the run left something, or sent more than it may.
func (tr trial) assertClean(t *testing.T) {
	t.Helper()
	if tr.err != nil {
		t.Errorf("the run ended with %v", tr.err)
	}
	tr.assertNothingLeft(t)
}

func (tr trial) assertNothingLeft(t *testing.T) {
	t.Helper()
	for _, left := range tr.server.Applications() {
		t.Errorf("the application %q is left", left.Name)
	}
	if settings := tr.server.Settings(tr.server.InstanceID()); !reflect.DeepEqual(settings, clerktest.Settings{OAuthJWTAccessTokens: true}) {
		t.Errorf("the settings are now %+v", settings)
	}
	tr.assertBudget(t)
}

func (tr trial) assertBudget(t *testing.T) {
	t.Helper()
	if got := len(tr.server.Requests()); got > maxRequests {
		t.Errorf("%d requests were sent, want at most %d", got, maxRequests)
	}
}

// interrupted is a context that ends after that many requests.
func interrupted(ctx context.Context, s *clerktest.Server, after int) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	s.Inject(clerktest.Fault{Skip: after, Times: 1, Before: func(clerktest.Request) { cancel() }})
	return ctx, cancel
}

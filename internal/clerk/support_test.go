package clerk_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// testKey is the key of clients that do not speak to the simulator.
const testKey = "sk_test_0123456789abcdefABCDEF"

// fixture is a simulator and a client of it, in virtual time.
type fixture struct {
	*testing.T
	server *clerktest.Server
	client *clerk.Client
	events *eventLog
	began  time.Time
}

// inVirtualTime runs a test against the simulator in virtual time, where waits are exact and take no time. A goroutine that
// the client leaves behind fails the test.
func inVirtualTime(t *testing.T, test func(f *fixture), options ...func(*clerk.Config)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f := &fixture{T: t, server: clerktest.NewInMemory(t), events: &eventLog{}, began: time.Now()}
		f.client = newClient(t, f.server, append([]func(*clerk.Config){func(config *clerk.Config) {
			config.Observer = f.events.add
		}}, options...)...)
		test(f)
	})
}

// newClient returns a client of the simulator.
func newClient(t testing.TB, server *clerktest.Server, options ...func(*clerk.Config)) *clerk.Client {
	t.Helper()
	return clerk.New(newConfig(t, server, options...))
}

func newConfig(t testing.TB, server *clerktest.Server, options ...func(*clerk.Config)) clerk.Config {
	t.Helper()
	key, err := clerk.ParseSecretKey(server.Key())
	noError(t, err)
	base, err := clerk.ParseAPIURL(server.URL())
	noError(t, err)
	config := clerk.Config{SecretKey: key, APIURL: base, UserAgent: "terraform-provider-clerk/test", Transport: server.RoundTripper()}
	for _, option := range options {
		option(&config)
	}
	return config
}

// elapsed is the virtual time since the test began.
func (f *fixture) elapsed() time.Duration { return time.Since(f.began) }

// context returns a context that ends after the given virtual time.
func (f *fixture) cancelledAfter(d time.Duration) context.Context {
	ctx, cancel := context.WithCancel(f.Context())
	timer := time.AfterFunc(d, cancel)
	f.Cleanup(func() { timer.Stop(); cancel() })
	return ctx
}

// posts is the number of creates that the simulator received, rotations of rotations, and lists of list pages.
func (f *fixture) posts() int {
	return f.server.CountRequests(http.MethodPost, clerktest.RouteApplications)
}

func (f *fixture) rotations() int {
	return f.server.CountRequests(http.MethodPost, clerktest.RouteRotateSecret)
}

func (f *fixture) lists() int {
	return f.server.CountRequests(http.MethodGet, clerktest.RouteApplications)
}

// eventLog is an observer that keeps all events.
type eventLog struct {
	mu     sync.Mutex
	events []clerk.Event
}

func (l *eventLog) add(_ context.Context, event clerk.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, event)
}

func (l *eventLog) all() []clerk.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.events)
}

func (l *eventLog) outcomes() []string {
	var outcomes []string
	for _, event := range l.all() {
		outcomes = append(outcomes, event.Outcome)
	}
	return outcomes
}

// roundTrip is a function as a transport.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// written reports that the request was sent, as http.Transport does.
func written(req *http.Request) {
	if trace := httptrace.ContextClientTrace(req.Context()); trace != nil && trace.WroteHeaders != nil {
		trace.WroteHeaders()
	}
}

// answering returns a transport that gives the same answer to every request.
func answering(status int, contentType, body string) roundTrip {
	return func(req *http.Request) (*http.Response, error) {
		written(req)
		res := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: req}
		if contentType != "" {
			res.Header.Set("Content-Type", contentType)
		}
		return res, nil
	}
}

// clientOn returns a client on the given transport, which never repeats a request.
func clientOn(t testing.TB, transport http.RoundTripper, options ...func(*clerk.Config)) *clerk.Client {
	t.Helper()
	key, err := clerk.ParseSecretKey(testKey)
	noError(t, err)
	config := clerk.Config{SecretKey: key, Transport: transport, MaxRetries: new(0)}
	for _, option := range options {
		option(&config)
	}
	return clerk.New(config)
}

// fieldsNamed sets all fields of an application except public.
func fieldsNamed(name string) clerk.OAuthApplicationFields {
	return clerk.OAuthApplicationFields{
		Name:         &name,
		RedirectURIs: &[]string{"https://a.example/cb"},
		Scopes:       &[]string{"email", "profile"},
	}
}

func publicFieldsNamed(name string) clerk.OAuthApplicationFields {
	fields := fieldsNamed(name)
	fields.Public = new(true)
	return fields
}

// likeFields makes an application of the simulator equal to fieldsNamed.
func likeFields(a *clerktest.Application) {
	a.RedirectURIs = []string{"https://a.example/cb"}
	a.Scopes = "email offline_access profile"
}

func noError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("unexpected error: %v", err)
	}
}

// asError finds an error of a type in err's chain, or fails the test.
func asError[E error](t testing.TB, err error) E {
	t.Helper()
	found, ok := errors.AsType[E](err)
	if !ok {
		t.Fatalf("the error is %T (%v), want %T", err, err, found)
	}
	return found
}

func equal[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func equalLists[T comparable](t testing.TB, what string, got, want []T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got\n  %v\nwant\n  %v", what, got, want)
	}
}

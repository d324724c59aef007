// Package clerktest is Clerk's Backend API for OAuth applications, in memory and over HTTP, for
// tests and demos.
//
// It is a server, not a mock: it keeps state, checks requests in Clerk's order, records them, can
// be told to misbehave ([Server.Inject]), and lets a test act as someone in Clerk's dashboard
// ([Server.Edit]). Where Clerk's documentation leaves a behaviour open there is a switch
// ([Switches]). It shares no type with any client: a mistake in the wire format cannot be the same
// on both sides.
package clerktest

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// Server is a simulator of Clerk's Backend API. Its methods may be called from any goroutine.
type Server struct {
	options Options

	open     context.Context // ends with Close
	end      context.CancelFunc
	handlers sync.WaitGroup
	late     sync.WaitGroup
	memory   network
	server   http.Server // of the memory network
	serving  sync.WaitGroup

	mu             sync.Mutex
	skew, dateSkew time.Duration
	switches       Switches
	first          *instance // its id and key never change
	instances      []*instance
	customScopes   map[string]bool
	issued         []string
	requests       []*Request
	faults         []*Fault
}

// Options configure a new server. Each has a useful zero value.
type Options struct {
	// Key is the secret key of the first instance, by default a random sk_test_ key. sk_live_ makes
	// it a production instance. The id follows from the key: a later server with it is the same
	// instance.
	Key string
	// URL is the base URL, with "/v1", at which the caller serves the server. The URLs in
	// applications are on its host.
	URL string
	// Latency is what every answer takes at least.
	Latency time.Duration
	// RateLimit is the most requests that an instance answers in any 10 seconds, 0 for no limit. More
	// are answered 429 with Retry-After. Clerk's limits are 100 for a development instance and 1,000
	// for a production instance.
	RateLimit int
	// Watch is called at the end of every request, from its goroutine, with the answer before any
	// fault replaced or changed it. Its status is 0 if the work was not done.
	Watch func(Request, Answer)
}

// NewServer returns a server with one instance and no listener: clients use [Server.RoundTripper],
// or the caller serves it over HTTP. The caller closes it.
func NewServer(options Options) *Server {
	s := &Server{options: options, customScopes: map[string]bool{}}
	s.options.URL = cmp.Or(options.URL, memoryURL)
	s.open, s.end = context.WithCancel(context.Background())
	s.switches = s.switches.completed()
	environment := Development
	if strings.HasPrefix(options.Key, keyPrefixes[Production]) {
		environment = Production
	}
	s.first = newInstance(environment, options.Key)
	s.instances = []*instance{s.first}
	s.memory = network{make(chan net.Conn), s.open.Done()}
	s.server.Handler, s.server.ReadHeaderTimeout = s, time.Minute
	s.serving.Go(func() { _ = s.server.Serve(s.memory) }) // until Close
	return s
}

// NewInMemory returns a server that is closed with the test and reached through
// [Server.RoundTripper] alone. Inside a testing/synctest bubble it runs on the bubble's time.
func NewInMemory(t testing.TB, options Options) *Server {
	t.Helper()
	s := NewServer(options)
	t.Cleanup(s.Close)
	return s
}

// New starts a server on a free loopback port. It is closed with the test.
func New(t testing.TB) *Server {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	t.Cleanup(server.Close) // after the Close of s, which ends the requests
	s := NewInMemory(t, Options{URL: "http://" + server.Listener.Addr().String() + basePath})
	server.Config.Handler = s
	server.Start()
	return s
}

// URL returns the base URL of the API, with "/v1".
func (s *Server) URL() string { return s.options.URL }

// Key returns the secret key of the first instance.
func (s *Server) Key() string { return s.first.key }

// InstanceID returns the id of the first instance.
func (s *Server) InstanceID() string { return s.first.id }

// AddInstance adds an instance, [Development] or [Production], with its own key and applications.
func (s *Server) AddInstance(environment string) (key, instanceID string) {
	defer s.lock()()
	added := newInstance(environment, "")
	s.instances = append(s.instances, added)
	return added.key, added.id
}

// Set changes the switches. What is stored already stays as it is.
func (s *Server) Set(switches Switches) {
	defer s.lock()()
	s.switches = switches.completed()
}

// SetClockSkew sets how far the clock of created_at and updated_at is ahead of the true time, and
// Date ahead of that clock: the edge that writes Date need not share the clock of the database.
func (s *Server) SetClockSkew(clock, date time.Duration) {
	defer s.lock()()
	s.skew, s.dateSkew = clock, date
}

// Close ends every request in progress without an answer, abandons late work, and waits for both.
func (s *Server) Close() {
	s.mu.Lock() // so that no request begins meanwhile
	s.end()
	s.mu.Unlock()
	s.serving.Wait() // so that the server knows every connection
	_ = s.server.Close()
	s.handlers.Wait()
	s.late.Wait()
}

// lock locks the server and returns what unlocks it.
func (s *Server) lock() (unlock func()) {
	s.mu.Lock()
	return s.mu.Unlock
}

// now is the server's clock. Callers hold the lock.
func (s *Server) now() time.Time { return time.Now().Add(s.skew) }

// wait sleeps. It returns false if the client left or the server closed meanwhile.
func (s *Server) wait(client context.Context, d time.Duration) bool {
	if d <= 0 {
		return client.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-client.Done():
	case <-s.open.Done():
	}
	return false
}

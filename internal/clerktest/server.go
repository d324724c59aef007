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
	"context"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// Server is a simulator of Clerk's Backend API. Its methods may be called from any goroutine.
type Server struct {
	url      string // base of the Backend API
	latency  time.Duration
	firstKey string
	watch    func(Request, Answer)

	open     context.Context // ends with Close
	end      context.CancelFunc
	handlers sync.WaitGroup
	late     sync.WaitGroup
	memory   network

	mu             sync.Mutex
	skew, dateSkew time.Duration
	switches       Switches
	limit          RateLimit
	instances      []*instance
	customScopes   map[string]bool
	issued         []string
	requests       []*Request
	faults         []*Fault
}

// Option configures a new server.
type Option func(*Server)

// WithSwitches sets the switches, like [Server.Set].
func WithSwitches(switches Switches) Option { return func(s *Server) { s.switches = switches } }

// WithRateLimit limits the requests of each instance, like [Server.SetRateLimit].
func WithRateLimit(limit RateLimit) Option { return func(s *Server) { s.limit = limit } }

// WithLatency delays every answer by at least this long.
func WithLatency(latency time.Duration) Option { return func(s *Server) { s.latency = latency } }

// WithKey sets the secret key of the first instance, in place of a random sk_test_ key. sk_live_
// makes it a production instance. The id follows from the key: a later server with it is the same
// instance.
func WithKey(key string) Option { return func(s *Server) { s.firstKey = key } }

// WithURL sets the base URL, with "/v1", at which the caller serves the server. The URLs in
// applications are on its host.
func WithURL(url string) Option { return func(s *Server) { s.url = url } }

// WithWatch calls a function at the end of every request, from its goroutine, with the answer
// before any fault replaced or changed it. Its status is 0 if the work was not done.
func WithWatch(watch func(Request, Answer)) Option { return func(s *Server) { s.watch = watch } }

// NewServer returns a server with one instance and no listener: clients use [Server.RoundTripper],
// or the caller serves it over HTTP. The caller closes it.
func NewServer(options ...Option) *Server {
	s := &Server{
		url: memoryURL, watch: func(Request, Answer) {}, customScopes: map[string]bool{},
	}
	s.open, s.end = context.WithCancel(context.Background())
	s.memory.accepted, s.memory.closed = make(chan net.Conn), s.open.Done()
	for _, option := range options {
		option(s)
	}
	s.Set(s.switches)
	environment := Development
	if strings.HasPrefix(s.firstKey, keyPrefixes[Production]) {
		environment = Production
	}
	s.instances = []*instance{newInstance(environment, s.firstKey)}
	return s
}

// NewInMemory returns a server that is closed with the test and reached through
// [Server.RoundTripper] alone. Inside a testing/synctest bubble it runs on the bubble's time.
func NewInMemory(t testing.TB, options ...Option) *Server {
	t.Helper()
	s := NewServer(options...)
	t.Cleanup(s.Close)
	return s
}

// New starts a server on a free loopback port. It is closed with the test.
func New(t testing.TB, options ...Option) *Server {
	t.Helper()
	s := NewServer(options...)
	server := httptest.NewServer(s)
	s.url = server.URL + basePath
	t.Cleanup(func() {
		s.Close() // ends the requests that server.Close waits for
		server.Close()
	})
	return s
}

// URL returns the base URL of the API, with "/v1".
func (s *Server) URL() string { return s.url }

// Key returns the secret key of the first instance.
func (s *Server) Key() string { return s.first().key }

// InstanceID returns the id of the first instance.
func (s *Server) InstanceID() string { return s.first().id }

func (s *Server) first() *instance {
	defer s.lock()()
	return s.instances[0]
}

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

// SetRateLimit changes the rate limit; the zero value removes it. Earlier requests still count.
func (s *Server) SetRateLimit(limit RateLimit) {
	defer s.lock()()
	s.limit = limit
}

// SetClockSkew sets how far Date, created_at and updated_at are ahead of the true time.
func (s *Server) SetClockSkew(skew time.Duration) {
	defer s.lock()()
	s.skew = skew
}

// SetDateSkew sets how far Date is ahead of created_at and updated_at. The edge that writes Date
// need not share the clock of the database.
func (s *Server) SetDateSkew(skew time.Duration) {
	defer s.lock()()
	s.dateSkew = skew
}

// Close ends every request in progress without an answer, abandons late work, and waits for both.
func (s *Server) Close() {
	s.mu.Lock() // so that no request begins meanwhile
	s.end()
	s.mu.Unlock()
	s.memory.close()
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

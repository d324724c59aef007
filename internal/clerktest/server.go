// Package clerktest is Clerk's Backend API for OAuth applications, in memory and over real HTTP, for tests and demos.
//
// It is a server and not a mock: it keeps state, checks what it is sent in the order in which Clerk checks it, records
// every request, can be told to misbehave ([Server.Inject]), and lets a test act as someone in Clerk's dashboard
// ([Server.Edit]). Where Clerk's documentation leaves a behaviour open there is a switch ([Switches]). It shares no type
// with any client, so that a mistake in the wire format cannot be made on both sides alike.
package clerktest

import (
	"context"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Server is a simulator of Clerk's Backend API. Its methods may be called from any goroutine.
type Server struct {
	handler http.Handler // serve, and the middleware around it
	url     string       // base of the Backend API
	latency time.Duration
	watch   func(Request)
	forget  bool // requests are not kept

	closed   chan struct{} // closed by Close
	handlers sync.WaitGroup
	memory   memoryNetwork

	mu         sync.Mutex
	isClosed   bool
	skew       time.Duration
	dateSkew   time.Duration
	switches   Switches
	limit      RateLimit
	instances  []*instance
	issued     []string
	requests   []*Request
	faults     []*Injected
	late       sync.WaitGroup
	middleware []func(http.Handler) http.Handler
	firstKey   string
}

// Option changes a server as it is made.
type Option func(*Server)

// WithSwitches sets the switches. [Server.Set] changes them later.
func WithSwitches(switches Switches) Option { return func(s *Server) { s.switches = switches } }

// WithRateLimit enforces a rate limit for each instance. [Server.SetRateLimit] changes it later.
func WithRateLimit(limit RateLimit) Option { return func(s *Server) { s.limit = limit } }

// WithLatency makes every answer take at least this long.
func WithLatency(latency time.Duration) Option { return func(s *Server) { s.latency = latency } }

// WithKey sets the secret key of the first instance, which else is random. A key that starts with sk_live_ makes it a
// production instance.
func WithKey(key string) Option { return func(s *Server) { s.firstKey = key } }

// WithURL sets the base URL at which the caller serves [Server.Handler], with "/v1". The URLs of applications are on its
// host.
func WithURL(url string) Option { return func(s *Server) { s.url = url } }

// WithMiddleware puts a handler around the server, outermost last. It sees every request, and the answers as they are sent.
func WithMiddleware(middleware func(http.Handler) http.Handler) Option {
	return func(s *Server) { s.middleware = append(s.middleware, middleware) }
}

// WithWatch calls a function with each request when it has been answered, or will not be.
func WithWatch(watch func(Request)) Option { return func(s *Server) { s.watch = watch } }

// WithoutRequestLog makes the server forget each request, for one that runs for long.
func WithoutRequestLog() Option { return func(s *Server) { s.forget = true } }

// NewServer gives a server with one instance and no listener, to be mounted through [Server.Handler] or reached through
// [Server.RoundTripper]. The caller closes it.
func NewServer(options ...Option) *Server {
	s := &Server{closed: make(chan struct{}), url: memoryURL}
	for _, option := range options {
		option(s)
	}
	environment := Development
	if strings.HasPrefix(s.firstKey, productionPrefix) {
		environment = Production
	}
	s.instances = []*instance{newInstance(environment, s.firstKey, s.frontendURL(), s.now())}
	s.handler = http.HandlerFunc(s.serve)
	for _, middleware := range s.middleware {
		s.handler = middleware(s.handler)
	}
	return s
}

// New starts a server with one development instance on loopback, closed with the test.
func New(t testing.TB, options ...Option) *Server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("clerktest: %v", err)
	}
	s := NewServer(append([]Option{WithURL("http://" + listener.Addr().String() + basePath)}, options...)...)
	server := newHTTPServer(s.handler)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener) // ends with ErrServerClosed
	}()
	t.Cleanup(func() {
		s.stop()
		_ = server.Close()
		<-served
		s.Close()
	})
	return s
}

// frontendURL is the origin of the frontend API: the server's own, so that clients reach what the applications name.
// Clerk's frontend API is on another host than its Backend API, and each instance has a host of its own.
func (s *Server) frontendURL() string { return strings.TrimSuffix(s.url, basePath) }

func newHTTPServer(handler http.Handler) *http.Server {
	return &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
}

// NewInMemory starts a server that is reached through [Server.RoundTripper] or [Server.DialContext] alone, closed with the
// test. Made inside a testing/synctest bubble it runs on the bubble's time.
func NewInMemory(t testing.TB, options ...Option) *Server {
	t.Helper()
	s := NewServer(options...)
	t.Cleanup(s.Close)
	return s
}

// URL is the base URL of the API, with "/v1". That of a server without a listener leads nowhere without the server's own
// transport.
func (s *Server) URL() string { return s.url }

// Handler gives the server as a handler, for another listener.
func (s *Server) Handler() http.Handler { return s.handler }

// Key is the secret key of the first instance.
func (s *Server) Key() string { return s.first().key }

// InstanceID is the id of the first instance.
func (s *Server) InstanceID() string { return s.first().id }

func (s *Server) first() *instance {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.instances[0]
}

// AddInstance adds an instance, [Development] or [Production], with a key and applications of its own.
func (s *Server) AddInstance(environment string) (key, instanceID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	added := newInstance(environment, "", s.frontendURL(), s.now())
	s.instances = append(slices.Clone(s.instances), added)
	return added.key, added.id
}

// Set changes the switches. What is stored already stays as it is.
func (s *Server) Set(switches Switches) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.switches = switches
}

// SetRateLimit changes the rate limit; the zero value removes it. Requests already admitted count on.
func (s *Server) SetRateLimit(limit RateLimit) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limit = limit
}

// SetClockSkew sets how far the server's clock, and with it Date, created_at and updated_at, is ahead of the true time.
func (s *Server) SetClockSkew(skew time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.skew = skew
}

// SetDateSkew sets how far the Date header is ahead of created_at and updated_at; a negative skew puts it behind them. An
// edge that writes Date need not share the clock of the database.
func (s *Server) SetDateSkew(skew time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dateSkew = skew
}

// Close ends every request in progress without an answer, gives up late work, and waits for both.
func (s *Server) Close() {
	s.stop()
	s.memory.close()
	s.handlers.Wait()
	s.late.Wait()
}

// stop makes every wait of the server end.
func (s *Server) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.isClosed {
		s.isClosed = true
		close(s.closed)
	}
}

// now is the server's clock. Callers hold the lock, or nobody else has the server yet.
func (s *Server) now() time.Time { return time.Now().Add(s.skew) }

// wait sleeps, and says false when the client left or the server closed meanwhile.
func (s *Server) wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
	case <-s.closed:
	}
	return false
}

package contract

import (
	"bytes"
	"compress/gzip"
	"io"
	"maps"
	"net/http"
	"sync"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// Watch checks the exchanges that pass through its middleware, and counts them.
type Watch struct {
	document *Document
	report   func(violation string)

	mu      sync.Mutex
	checked int
	outside map[string]int
}

// Watch gives a watch that calls report, from the goroutine of the request, with each violation it finds.
func (d *Document) Watch(report func(violation string)) *Watch {
	return &Watch{document: d, report: report, outside: map[string]int{}}
}

// Middleware is the middleware of a new watch.
func (d *Document) Middleware(report func(violation string)) func(http.Handler) http.Handler {
	return d.Watch(report).Middleware
}

// Option makes a simulator's traffic subject to the document. Violations fail the test; at its end a line in the log tells
// how much was checked and what was not.
func (d *Document) Option(t testing.TB) clerktest.Option {
	t.Helper()
	watch := d.Watch(func(violation string) { t.Errorf("against Clerk's OpenAPI document: %s", violation) })
	t.Cleanup(func() {
		t.Logf("contract: %d answers checked, not checked: %v", watch.Checked(), watch.Outside())
	})
	return clerktest.WithMiddleware(watch.Middleware)
}

// Option is [Document.Option] with the document that the environment names, and does nothing when it names none: for the
// servers of tests that have another subject.
func Option(t testing.TB) clerktest.Option {
	t.Helper()
	if !configured() {
		return func(*clerktest.Server) {}
	}
	return FromEnvironment(t).Option(t)
}

// Checked says how many exchanges were checked, request and answer.
func (w *Watch) Checked() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.checked
}

// Outside says how many answers were not checked, by the reason that the simulator gave: faults, fields that the document
// does not have yet. Their requests were checked.
func (w *Watch) Outside() map[string]int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.outside)
}

// Middleware checks what a handler is asked and what it answers.
func (w *Watch) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == clerktest.RouteTokenInfo {
			w.passOver("of the frontend API, which the document does not describe")
			next.ServeHTTP(rw, r)
			return
		}
		body, err := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		if err != nil {
			panic(http.ErrAbortHandler) // the client left
		}
		exchange := w.document.begin(r, body)
		for _, violation := range exchange.request() {
			w.report(violation)
		}
		recorder := &recorder{ResponseWriter: rw, status: http.StatusOK}
		completed := false
		defer func() {
			if !completed && recorder.reason == "" {
				recorder.reason = "the exchange was broken off"
			}
			w.finish(exchange, recorder)
		}()
		next.ServeHTTP(recorder, r)
		completed = true
	})
}

// passOver counts an exchange that is not checked.
func (w *Watch) passOver(reason string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.outside[reason]++
}

func (w *Watch) finish(exchange *exchange, answered *recorder) {
	w.mu.Lock()
	if answered.reason != "" {
		w.outside[answered.reason]++
	} else {
		w.checked++
	}
	w.mu.Unlock()
	if answered.reason != "" {
		return
	}
	body, err := answered.decoded()
	if err != nil {
		w.report(exchange.name + ": the answer's gzip body: " + err.Error())
		return
	}
	for _, violation := range exchange.answer(answered.status, answered.Header(), body) {
		w.report(violation)
	}
}

// recorder keeps a copy of an answer, until the simulator says that the answer is outside the document.
type recorder struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
	reason string
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// OutsideDocument is called by the simulator before an answer that is deliberately not what the document says.
func (r *recorder) OutsideDocument(reason string) { r.reason = reason }

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(p []byte) (int, error) {
	if r.reason == "" {
		r.body.Write(p)
	}
	return r.ResponseWriter.Write(p)
}

func (r *recorder) decoded() ([]byte, error) {
	if r.Header().Get("Content-Encoding") != "gzip" {
		return r.body.Bytes(), nil
	}
	reader, err := gzip.NewReader(&r.body)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(reader)
}

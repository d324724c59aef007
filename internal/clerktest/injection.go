package clerktest

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net"
	"net/http"
	"strconv"
	"strings"
)

// Injected is a fault in a server.
type Injected struct {
	server *Server
	fault  *Fault
	hits   int
}

// Hits returns how many requests the fault has met.
func (i *Injected) Hits() int {
	defer i.server.lock()()
	return i.hits
}

// Inject adds a rule. Of the rules that match a request only the first takes effect; a used-up rule
// no longer matches.
func (s *Server) Inject(f Fault) *Injected {
	defer s.lock()()
	injected := &Injected{server: s, fault: &f}
	s.faults = append(s.faults, injected)
	return injected
}

// ClearFaults removes every rule.
func (s *Server) ClearFaults() {
	defer s.lock()()
	s.faults = nil
}

// faultFor returns the fault that a request meets, and counts it.
func (s *Server) faultFor(request *Request) *Fault {
	s.mu.Lock()
	faults, seen := s.faults, *request
	s.mu.Unlock()
	for _, injected := range faults {
		f := injected.fault
		matches := (f.method == "" || f.method == seen.Method) && (f.route == "" || f.route == seen.Route)
		// match is the test's code, which may ask the server: it runs without the lock.
		if matches && (f.match == nil || f.match(seen)) && s.meet(injected) {
			return f
		}
	}
	return &Fault{}
}

// meet counts a matching request and reports whether the fault takes effect on it.
func (s *Server) meet(injected *Injected) bool {
	defer s.lock()()
	f := injected.fault
	switch {
	case f.skip > 0:
		f.skip--
		return false
	case f.times > 0 && injected.hits >= f.times:
		return false
	}
	injected.hits++
	return true
}

// doLater does the work later, unless the server closes first.
func (s *Server) doLater(f *Fault, request *Request) {
	defer s.lock()() // so that WaitForLateWork never misses it
	s.late.Go(func() {
		if s.wait(context.Background(), f.lateBy) {
			s.do(request)
		}
	})
}

// WaitForLateWork returns when no late work is outstanding.
func (s *Server) WaitForLateWork() {
	s.mu.Lock() // after every doLater so far
	late := &s.late
	s.mu.Unlock()
	late.Wait()
}

// deliver sends an answer, whole or broken as the fault says.
func (s *Server) deliver(
	w http.ResponseWriter, r *http.Request, f *Fault, request *Request, made Answer,
) {
	if f.Delivery == DeliverReset {
		reset(w)
		return
	}
	s.mu.Lock()
	request.Status = made.Status
	s.mu.Unlock()
	maps.Copy(w.Header(), made.Header)
	body := made.Body
	if f.change != nil {
		body = changeJSON(body, f.change)
	}
	accepts := strings.Contains(r.Header.Get("Accept-Encoding"), "gzip")
	if len(body) > 0 && (accepts || f.Delivery == DeliverCutGzip) {
		body = compress(body)
		w.Header().Set("Content-Encoding", "gzip")
	}
	switch f.Delivery {
	case DeliverShort:
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	case DeliverCutUndeclared:
		w.Header().Set("Transfer-Encoding", "identity")
	}
	if f.Delivery != DeliverWhole {
		body = body[:len(body)/2]
	}
	w.WriteHeader(made.Status)
	_, _ = w.Write(body) // an error means that the client left, which is its right
	if len(body) > 0 {
		_ = http.NewResponseController(w).Flush() // makes the body chunked, like Clerk's
	}
	if f.Delivery == DeliverCutChunks {
		panic(http.ErrAbortHandler)
	}
}

// changeJSON lets a fault change an answer that is a JSON object; other answers stay as they are.
func changeJSON(body []byte, change func(map[string]any)) []byte {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var object map[string]any
	if err := decoder.Decode(&object); err != nil || object == nil {
		return body
	}
	change(object)
	return encodeJSON(object)
}

// reset ends the connection without an answer. HTTP/2 has no connection of its own for a request:
// there the stream is reset.
func reset(w http.ResponseWriter) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if secure, ok := connection.(interface{ NetConn() net.Conn }); ok {
		connection = secure.NetConn() // below TLS, so that closing says no goodbye
	}
	if lingering, ok := connection.(interface{ SetLinger(seconds int) error }); ok {
		_ = lingering.SetLinger(0) // fails only on a connection that is gone
	}
	_ = connection.Close()
}

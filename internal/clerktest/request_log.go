package clerktest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Request is a request that reached the server. Printing one shows no key.
type Request struct {
	Time       time.Time
	Method     string
	Path       string // as sent, escaped
	Route      string // template, "" when there is no such endpoint
	ID         string // the {id} of the route
	Query      url.Values
	Header     http.Header    // without Authorization
	Body       []byte         // nil when it was too large to keep
	JSON       map[string]any // the body, when it is a JSON object
	InstanceID string         // of the key, "" when the key is unknown

	// Result is the status with which the work ended; 0 when the work was not done, or is not done yet.
	Result int
	// Status is the status that was sent; 0 when no answer was sent, or none yet. It differs from Result when a fault
	// came between.
	Status int

	authorization hidden
}

// hidden keeps a text out of every format verb.
type hidden struct{ reveal func() string }

// Authorization is the Authorization header as sent.
func (r Request) Authorization() string { return r.authorization.reveal() }

// String is the line that [Server.RequestLines] shows: method, route and what was sent, such as
// `PATCH /oauth_applications/{id} {"name":"web"}`.
func (r Request) String() string {
	route := r.Route
	if route == "" {
		route = r.Path
	}
	line := r.Method + " " + route
	if query := r.Query.Encode(); query != "" {
		line += "?" + query
	}
	switch {
	case r.JSON != nil:
		compact, _ := json.Marshal(r.JSON) // what was decoded can be encoded
		line += " " + string(compact)
	case strings.HasPrefix(r.Header.Get("Content-Type"), contentMultipart):
		line += fmt.Sprintf(" (multipart, %d bytes)", len(r.Body))
	case len(r.Body) > 0:
		line += " " + string(r.Body)
	}
	return line
}

// Requests gives what the server was sent, in order of arrival.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	requests := make([]Request, len(s.requests))
	for i, request := range s.requests {
		requests[i] = *request
	}
	return requests
}

// ResetRequests forgets the requests so far.
func (s *Server) ResetRequests() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = nil
}

// RequestLines gives the requests as lines, for readable comparisons.
func (s *Server) RequestLines() []string {
	lines := []string{}
	for _, request := range s.Requests() {
		lines = append(lines, request.String())
	}
	return lines
}

// CountRequests says how many requests of a method and route there were; "" stands for all.
func (s *Server) CountRequests(method, route string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	count := 0
	for _, request := range s.requests {
		if (method == "" || request.Method == method) && (route == "" || request.Route == route) {
			count++
		}
	}
	return count
}

// record notes the arrival of a request.
func (s *Server) record(r *http.Request, body []byte) *Request {
	route, id := findRoute(r.URL)
	authorization := r.Header.Get("Authorization")
	request := &Request{
		Method: r.Method, Path: r.URL.EscapedPath(), Route: route, ID: id, Query: r.URL.Query(),
		Header: r.Header.Clone(), Body: body,
		authorization: hidden{reveal: func() string { return authorization }},
	}
	request.Header.Del("Authorization")
	// A body that is no object leaves JSON nil; the endpoint reports it.
	_ = json.Unmarshal(body, &request.JSON)
	s.mu.Lock()
	defer s.mu.Unlock()
	request.Time = s.now()
	if in := s.instanceOf(authorization); in != nil {
		request.InstanceID = in.id
	}
	if !s.forget {
		s.requests = append(s.requests, request)
	}
	return request
}

// note changes a recorded request.
func (s *Server) note(request *Request, change func(*Request)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(request)
}

// snapshot copies a recorded request for a hook.
func (s *Server) snapshot(request *Request) Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *request
}

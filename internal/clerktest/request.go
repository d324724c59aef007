package clerktest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxBody is the largest request body that is kept, in bytes: a logo and its multipart frame.
const maxBody = maxLogo + 1<<20

// Request is a request that reached the server. Printing it shows no key.
type Request struct {
	Time   time.Time
	Method string
	Path   string // as sent, escaped
	Route  string // template, "" outside of the APIs
	ID     string // the {id} of the route
	Query  url.Values
	Header http.Header    // without Authorization
	Body   []byte         // nil if it was too large to keep
	JSON   map[string]any // the body, if it is a JSON object
	Status int            // that was sent, 0 if no answer was sent, or none yet

	authorization *string // the header; a pointer, which prints as one
}

// String returns method, route, query and body, such as
// `PATCH /oauth_applications/{id} {"name":"web"}`.
func (r Request) String() string {
	line := r.Method + " " + cmp.Or(r.Route, r.Path)
	if query := r.Query.Encode(); query != "" {
		line += "?" + query
	}
	switch {
	case r.JSON != nil:
		line += " " + string(encodeJSON(r.JSON))
	case strings.HasPrefix(r.Header.Get("Content-Type"), contentMultipart):
		line += fmt.Sprintf(" (multipart, %d bytes)", len(r.Body))
	case len(r.Body) > 0:
		line += " " + string(r.Body)
	}
	return line
}

// Requests returns the requests so far, in order of arrival.
func (s *Server) Requests() []Request {
	defer s.lock()()
	requests := make([]Request, len(s.requests))
	for i, request := range s.requests {
		requests[i] = *request
	}
	return requests
}

// ResetRequests forgets the requests so far.
func (s *Server) ResetRequests() {
	defer s.lock()()
	s.requests = nil
}

// RequestLines returns the requests as lines, for readable comparisons.
func (s *Server) RequestLines() []string {
	lines := []string{}
	for _, request := range s.Requests() {
		lines = append(lines, request.String())
	}
	return lines
}

// CountRequests counts the requests of a method and route; "" stands for all.
func (s *Server) CountRequests(method, route string) int {
	count := 0
	for _, r := range s.Requests() {
		if (method == "" || r.Method == method) && (route == "" || r.Route == route) {
			count++
		}
	}
	return count
}

// record notes that a request has arrived and is in progress. It returns nil if the client left or
// the server is closed.
func (s *Server) record(r *http.Request) *Request {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return nil
	}
	if len(body) > maxBody {
		body = nil
	}
	route, id := findRoute(r.URL)
	authorization := r.Header.Get("Authorization")
	request := &Request{
		Method: r.Method, Path: r.URL.EscapedPath(), Route: route, ID: id, Query: r.URL.Query(),
		Header: r.Header.Clone(), Body: body, authorization: &authorization,
	}
	request.Header.Del("Authorization")
	_ = json.Unmarshal(body, &request.JSON) // JSON stays nil; the endpoint reports the body
	defer s.lock()()
	if s.open.Err() != nil {
		return nil
	}
	s.handlers.Add(1)
	request.Time = s.now()
	s.requests = append(s.requests, request)
	return request
}

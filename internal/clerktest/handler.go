package clerktest

import (
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"
)

// basePath is the path of Clerk's Backend API on its host.
const basePath = "/v1"

// Route templates, as [Request] and [Fault] name them.
const (
	RouteApplications = "/oauth_applications"
	RouteApplication  = "/oauth_applications/{id}"
	RouteLogo         = "/oauth_applications/{id}/logo"
	RouteRotateSecret = "/oauth_applications/{id}/rotate_secret"
	RouteInstance     = "/instance"
	RouteSettings     = "/instance/oauth_application_settings"

	// RouteTokenInfo is a path of the frontend API, which has no "/v1" (token_info.go).
	RouteTokenInfo = "/oauth/token_info"
)

const (
	contentJSON      = "application/json"
	contentMultipart = "multipart/form-data"
)

// endpoint is what the server does for one method of a route.
type endpoint struct {
	content string // media type of the request body, "" if the endpoint takes none
	operate func(*work) answer
}

var endpoints = map[string]map[string]endpoint{
	RouteApplications: {
		http.MethodGet:  {operate: listApplications},
		http.MethodPost: {content: contentJSON, operate: createApplication},
	},
	RouteApplication: {
		http.MethodGet:    {operate: getApplication},
		http.MethodPatch:  {content: contentJSON, operate: updateApplication},
		http.MethodDelete: {operate: deleteApplication},
	},
	RouteLogo:         {http.MethodPut: {content: contentMultipart, operate: uploadLogo}},
	RouteRotateSecret: {http.MethodPost: {operate: rotateSecret}},
	RouteInstance:     {http.MethodGet: {operate: getInstance}},
	RouteSettings: {
		http.MethodGet:   {operate: getSettings},
		http.MethodPatch: {content: contentJSON, operate: updateSettings},
	},
}

// work is one request that has passed the general checks. The server is locked while it is done.
type work struct {
	server   *Server
	instance *instance
	switches Switches
	now      time.Time
	request  *Request
	form     *form // the JSON body, for endpoints that take one
}

// serve takes a request through the server: record, misbehave, work, answer.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	if s.isClosed {
		s.mu.Unlock()
		panic(http.ErrAbortHandler)
	}
	s.handlers.Add(1)
	s.mu.Unlock()
	defer s.handlers.Done()

	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		panic(http.ErrAbortHandler) // the client left
	}
	request := s.record(r, body)
	var own Answer
	for _, watch := range s.watches {
		defer func() { watch(s.snapshot(request), own) }()
	}
	fault := s.faultFor(request)
	if !s.wait(r.Context(), s.latency) || !s.before(r.Context(), fault, request) {
		panic(http.ErrAbortHandler)
	}
	var encoded Answer
	switch fault.Work {
	case WorkDone:
		made := s.do(request)
		encoded = s.encode(&made, r)
		own = encoded
	case WorkLate:
		s.doLater(fault, request)
	}
	if fault.Reply != nil {
		reply := fault.Reply.answer()
		encoded = s.encode(&reply, r)
	}
	if fault.After != nil {
		fault.After(s.snapshot(request))
	}
	if !s.wait(r.Context(), fault.DelayAfter) || !s.hold(r.Context(), fault.HoldAfter) {
		panic(http.ErrAbortHandler)
	}
	s.deliver(w, r, fault, request, encoded)
}

// do checks a request and does its work.
func (s *Server) do(request *Request) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.check(request)
}

// check follows the order in which Clerk looks at a request: authorization, key, API version, rate
// limit, route, content type, form of the body. Then the operation looks at the fields, at whether
// the object exists, and at the rules.
func (s *Server) check(request *Request) answer {
	if request.Route == RouteTokenInfo {
		return s.tokenInfo(request)
	}
	if !strings.HasPrefix(request.Authorization(), "Bearer ") {
		return errAuthorizationFormat
	}
	in := s.instanceOf(request.Authorization())
	if in == nil {
		return errKeyInvalid
	}
	version := request.Header.Get(versionHeader)
	if version != "" && !slices.Contains(apiVersions, version) {
		return errVersionInvalid
	}
	now := s.now()
	if refused := s.limit.admit(in, now); refused != nil {
		return *refused
	}
	methods, found := endpoints[request.Route]
	if !found {
		const text = "404 page not found\n"
		return answer{status: http.StatusNotFound, contentType: "text/plain; charset=utf-8", raw: text}
	}
	endpoint, found := methods[request.Method]
	if !found {
		return answer{status: http.StatusMethodNotAllowed}
	}
	w := &work{server: s, instance: in, switches: s.switches, now: now, request: request}
	if problem := w.checkContent(endpoint.content); problem != nil {
		return *problem
	}
	return endpoint.operate(w)
}

// checkContent checks the type of the body and, for JSON, parses it. null counts as an empty
// object.
func (w *work) checkContent(expected string) *answer {
	if expected == "" {
		return nil
	}
	contentType := w.request.Header.Get("Content-Type")
	mediaType, _, err := mime.ParseMediaType(contentType)
	if err != nil || mediaType != expected {
		problem := errContentType(contentType, expected)
		return &problem
	}
	if expected == contentJSON {
		w.form = &form{}
		if err := json.Unmarshal(w.request.Body, &w.form.values); err != nil {
			return &errBodyInvalid
		}
	}
	return nil
}

// instanceOf returns the instance of an Authorization header, or nil. Callers hold the lock.
func (s *Server) instanceOf(authorization string) *instance {
	for _, in := range s.instances {
		if authorization == "Bearer "+in.key {
			return in
		}
	}
	return nil
}

// findRoute returns the route template and the id of a URL, or "".
func findRoute(u *url.URL) (route, id string) {
	switch {
	case u.Path == RouteTokenInfo:
		return RouteTokenInfo, ""
	case strings.HasSuffix(u.Path, "/"): // an empty id is not the list
		return "", ""
	}
	// Clerk's edge resolves dot segments before it routes. So a client that puts an unchecked id into
	// a path reaches a different endpoint, here as there.
	rest, ok := strings.CutPrefix(path.Clean(u.EscapedPath()), basePath)
	if !ok {
		return "", ""
	}
	if endpoints[rest] != nil {
		return rest, ""
	}
	segments := strings.Split(rest, "/")
	if len(segments) < 3 {
		return "", ""
	}
	id, err := url.PathUnescape(segments[2])
	segments[2] = "{id}"
	if route = strings.Join(segments, "/"); err != nil || endpoints[route] == nil {
		return "", ""
	}
	return route, id
}

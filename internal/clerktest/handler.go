package clerktest

import (
	"encoding/json"
	"errors"
	"maps"
	"math"
	"mime"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
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

	// RouteTokenInfo is a path of the frontend API, which has no "/v1".
	RouteTokenInfo = "/oauth/token_info"
)

const (
	contentJSON      = "application/json"
	contentMultipart = "multipart/form-data"
)

// endpoint is what the server does for a method of a route.
type endpoint struct {
	content string // media type of the request body, "" if the endpoint takes none
	operate func(*work) Answer
}

var endpoints = map[string]endpoint{
	"GET " + RouteApplications:   {"", listApplications},
	"POST " + RouteApplications:  {contentJSON, createApplication},
	"GET " + RouteApplication:    {"", getApplication},
	"PATCH " + RouteApplication:  {contentJSON, updateApplication},
	"DELETE " + RouteApplication: {"", deleteApplication},
	"PUT " + RouteLogo:           {contentMultipart, uploadLogo},
	"POST " + RouteRotateSecret:  {"", rotateSecret},
	"GET " + RouteInstance:       {"", getInstance},
	"GET " + RouteSettings:       {"", getSettings},
	"PATCH " + RouteSettings:     {contentJSON, updateSettings},
}

// ServeHTTP takes a request through the server: record, misbehave, work, answer.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	request := s.record(r)
	if request == nil {
		panic(http.ErrAbortHandler)
	}
	defer s.handlers.Done()
	own := Answer{Header: http.Header{}}
	if s.options.Watch != nil {
		defer func() { s.options.Watch(*request, own) }()
	}
	fault := s.faultFor(request)
	if !s.wait(r.Context(), s.options.Latency) || !s.wait(r.Context(), fault.delay) {
		panic(http.ErrAbortHandler)
	}
	if fault.Before != nil {
		fault.Before(*request)
	}
	switch {
	case !fault.skipsWork:
		own = s.do(request)
	case fault.lateBy > 0:
		s.doLater(fault.lateBy, request)
	}
	if fault.After != nil {
		fault.After(*request)
	}
	sent := own
	if fault.reply != nil {
		sent = *fault.reply
	}
	sent = s.completed(sent)
	if !s.wait(r.Context(), fault.delayAfter) {
		panic(http.ErrAbortHandler)
	}
	s.deliver(w, r, fault, request, sent)
}

// doLater does the work later, unless the server closes first.
func (s *Server) doLater(by time.Duration, request *Request) {
	defer s.lock()() // so that WaitForLateWork never misses it
	s.late.Go(func() {
		if s.wait(s.open, by) {
			s.do(request)
		}
	})
}

// WaitForLateWork returns when no late work is outstanding.
func (s *Server) WaitForLateWork() {
	s.lock()() // after every doLater so far
	s.late.Wait()
}

// do does the work of a request after a look at authorization, key, rate limit, route, content
// type, form of the body, and whether the application exists. The operation checks fields and
// rules.
func (s *Server) do(request *Request) Answer {
	defer s.lock()()
	if request.Route == RouteTokenInfo {
		return s.tokenInfo(request)
	}
	if !strings.HasPrefix(*request.authorization, "Bearer ") {
		return catalogued(http.StatusUnauthorized, "authorization_header_format_invalid")
	}
	index := slices.IndexFunc(s.instances, func(in *instance) bool {
		return *request.authorization == "Bearer "+in.key
	})
	if index < 0 {
		return catalogued(http.StatusUnauthorized, "clerk_key_invalid")
	}
	w := s.by(s.instances[index])
	w.request = request
	if wait := w.instance.admit(s.options.RateLimit, w.now); wait > 0 {
		refused := catalogued(http.StatusTooManyRequests, "too_many_requests")
		refused.Header.Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
		return refused
	}
	endpoint, found := endpoints[request.Method+" "+request.Route]
	if !found {
		header := http.Header{"Content-Type": {"text/plain; charset=utf-8"}}
		return Answer{http.StatusNotFound, header, []byte("404 page not found\n")}
	}
	mediaType, _, err := mime.ParseMediaType(request.Header.Get("Content-Type"))
	switch {
	case endpoint.content != "" && (err != nil || mediaType != endpoint.content):
		return catalogued(http.StatusUnsupportedMediaType, "unsupported_content_type")
	case endpoint.content == contentJSON && request.JSON == nil:
		return catalogued(http.StatusBadRequest, "request_body_invalid")
	}
	if known := w.instance.entries[request.ID]; known != nil {
		if w.before = known.value; request.Method == http.MethodGet {
			w.before = known.seen(w.now)
		}
	}
	if w.before == nil && strings.Contains(request.Route, "{id}") {
		return catalogued(http.StatusNotFound, "resource_not_found")
	}
	if made := endpoint.operate(w); len(w.errors) == 0 {
		return made
	}
	return failure(w.errors...)
}

var ofApplication = regexp.MustCompile(`^/oauth_applications/([^/]+)`)

// findRoute returns the route template and the id of a URL, or "" outside of both APIs.
func findRoute(u *url.URL) (route, id string) {
	// Clerk's edge resolves dot segments before it routes. So a client that puts an unchecked id into
	// a path reaches a different endpoint, here as there. An empty id is not the list.
	route, isBackend := strings.CutPrefix(path.Clean(u.EscapedPath()), basePath)
	if match := ofApplication.FindStringSubmatch(route); match != nil {
		id, _ = url.PathUnescape(match[1]) // a path in a URL is well escaped
		route = ofApplication.ReplaceAllLiteralString(route, RouteApplication)
	}
	if isBackend == (route == RouteTokenInfo) || strings.HasSuffix(u.Path, "/") {
		return "", ""
	}
	return route, id
}

// work is one request that has passed the general checks, or what another actor does. The server is
// locked meanwhile.
type work struct {
	server   *Server
	instance *instance
	switches Switches
	now      time.Time
	request  *Request
	before   *Application // the one that the request names, nil for a new one
	errors   []clerkError // are the answer; several, so that it can name several parameters
}

// by is the work of another actor on an instance.
func (s *Server) by(in *instance) *work {
	return &work{server: s, instance: in, switches: s.switches, now: s.now()}
}

func (w *work) fail(err clerkError) { w.errors = append(w.errors, err) }

// decode writes the fields of the request into a target. Fields that were omitted stay as they are,
// and so do those that are null, except slices. Unknown fields are ignored. The newer fields are
// those that Clerk's OpenAPI document lacks (Switches.NewerFields).
func (w *work) decode(target any, newer ...string) {
	fields := maps.Clone(w.request.JSON)
	for _, name := range newer {
		if _, sent := fields[name]; sent && w.switches.NewerFields == "422" {
			w.fail(about(name, "form_param_unknown", "is unknown",
				name+" is not a valid parameter for this request."))
		}
		if w.switches.NewerFields != "served" {
			delete(fields, name)
		}
	}
	err := json.Unmarshal(encodeJSON(fields), target)
	if mismatch, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		w.fail(invalid(mismatch.Field, "Received %s, must be of type %s.",
			mismatch.Value, mismatch.Type))
	}
}

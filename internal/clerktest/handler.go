package clerktest

import (
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// maxBody is the largest request body that is read: a logo and its multipart frame.
const maxBody = maxLogo + 1<<20

// maxJSONBody is the largest JSON body that is accepted.
const maxJSONBody = 1 << 20

// apiVersions are the versions that Clerk documents, oldest first. Without a header the oldest counts.
var apiVersions = []string{"2021-02-05", "2024-10-01", "2025-04-10", "2025-11-10", "2026-05-12"}

const (
	versionHeader = "Clerk-Api-Version"
	versionQuery  = "__clerk_api_version"
)

// work is one request on its way through the checks: what an operation needs, without HTTP.
type work struct {
	id          string
	query       url.Values
	contentType string
	body        []byte
	tooLarge    bool
	instance    *instance
	switches    Switches
	form        *form // the JSON body, of endpoints that take one
}

// serve is the way of a request through the server: record, misbehave as told, work, answer.
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
	tooLarge := len(body) > maxBody
	if tooLarge {
		body = nil
	}
	request := s.record(r, body)
	if s.watch != nil {
		defer func() { s.watch(s.snapshot(request)) }()
	}
	fault := s.faultFor(request)
	if !s.wait(r.Context(), s.latency) || !s.before(r.Context(), fault, request) {
		panic(http.ErrAbortHandler)
	}
	found := s.perform(fault, request, tooLarge)
	if !s.after(r.Context(), fault, request) {
		panic(http.ErrAbortHandler)
	}
	s.deliver(w, r, fault, request, found)
}

// do checks a request in Clerk's order and does its work.
func (s *Server) do(request *Request, tooLarge bool) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.check(request, tooLarge)
	request.Result = found.status
	return found
}

// check is the order in which Clerk looks at a request: authorization, key, API version, rate limit, route, content type
// and form of the body; then the operation looks at the fields, at whether the object exists, and at the rules.
func (s *Server) check(request *Request, tooLarge bool) answer {
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
	if problem := checkVersion(request.Header, request.Query); problem != nil {
		return *problem
	}
	if refused := s.limit.admit(in, s.now()); refused != nil {
		return *refused
	}
	methods, found := endpoints[request.Route]
	if !found {
		return answer{status: http.StatusNotFound, contentType: "text/plain; charset=utf-8", raw: []byte("404 page not found\n")}
	}
	endpoint, found := methods[request.Method]
	if !found {
		return answer{status: http.StatusMethodNotAllowed}
	}
	work := &work{
		id: request.ID, query: request.Query, contentType: request.Header.Get("Content-Type"),
		body: request.Body, tooLarge: tooLarge,
		instance: in, switches: s.switches,
	}
	if problem := work.checkContent(endpoint.content); problem != nil {
		return *problem
	}
	return endpoint.operate(s, work)
}

// instanceOf finds the instance of an Authorization header. Callers hold the lock.
func (s *Server) instanceOf(authorization string) *instance {
	key, _ := strings.CutPrefix(authorization, "Bearer ")
	index := slices.IndexFunc(s.instances, func(in *instance) bool { return in.key == key })
	if index < 0 {
		return nil
	}
	return s.instances[index]
}

func checkVersion(header http.Header, query url.Values) *answer {
	values := slices.Concat(header.Values(versionHeader), query[versionQuery])
	var problem answer
	switch {
	case len(values) == 0:
		return nil
	case len(values) > 1:
		problem = errVersionInvalid("the version must be given once, in the header or in the query")
	case slices.Contains(apiVersions, values[0]):
		return nil
	default:
		problem = errVersionInvalid(values[0] + " does not exist")
	}
	return &problem
}

// answeredVersion is the version that an answer names.
func answeredVersion(r *http.Request) string {
	if version := r.Header.Get(versionHeader); slices.Contains(apiVersions, version) {
		return version
	}
	if version := r.URL.Query().Get(versionQuery); slices.Contains(apiVersions, version) {
		return version
	}
	return apiVersions[0]
}

func (w *work) checkContent(expected string) *answer {
	if expected == "" {
		return nil
	}
	mediaType, _, err := mime.ParseMediaType(w.contentType)
	if err != nil || mediaType != expected {
		problem := errContentType(w.contentType, expected)
		return &problem
	}
	if expected != contentJSON {
		return nil
	}
	if w.tooLarge || len(w.body) > maxJSONBody {
		problem := errBodyTooLarge(maxJSONBody)
		return &problem
	}
	form, ok := parseForm(w.body, w.switches)
	if !ok {
		return &errBodyInvalid
	}
	w.form = form
	return nil
}

package clerktest_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// client is a plain HTTP client, which knows nothing of the provider's.
type client struct {
	t         *testing.T
	transport http.RoundTripper
	url, key  string
}

type object = map[string]any

// response is an answer that arrived whole.
type response struct {
	status int
	header http.Header
	text   string
	json   object
}

// String is the status with the error code and parameter, or with the body.
func (r response) String() string {
	if list, _ := r.json["errors"].([]any); len(list) > 0 {
		text := fmt.Sprint(r.status)
		for _, each := range list {
			meta, _ := each.(object)["meta"].(object)
			text += strings.TrimSuffix(fmt.Sprintf(" %v %v", each.(object)["code"], meta["param_name"]), " <nil>")
		}
		return text
	}
	return fmt.Sprint(r.status, " ", strings.TrimSpace(r.text))
}

func over(t *testing.T, s *clerktest.Server) client {
	return client{t: t, transport: s.RoundTripper(), url: s.URL(), key: s.Key()}
}

// try sends "METHOD path" and a JSON body, "" for none, and may fail like networks do.
func (c client) try(request, body string, headers ...string) (response, error) {
	method, path, _ := strings.Cut(request, " ")
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+c.key)
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answered, err := c.transport.RoundTrip(r)
	if err != nil {
		return response{}, err
	}
	defer answered.Body.Close()
	read, err := io.ReadAll(answered.Body)
	got := response{status: answered.StatusCode, header: answered.Header, text: string(read)}
	_ = json.Unmarshal(read, &got.json) // not every answer is JSON
	return got, err
}

// do sends a request that must be answered.
func (c client) do(request, body string, headers ...string) response {
	c.t.Helper()
	got, err := c.try(request, body, headers...)
	if err != nil {
		c.t.Fatalf("%s: %v", request, err)
	}
	return got
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// TestOrderOfChecks sends requests that are wrong in more than one way.
func TestOrderOfChecks(t *testing.T) {
	t.Parallel()
	s := clerktest.NewInMemory(t)
	c, id := over(t, s), s.Seed("web")
	const kind = "Content-Type"
	for _, test := range []struct {
		request, body string
		headers       []string
		want          string
	}{
		{"GET /nowhere", "", []string{"Authorization", "Basic x"}, "401 authorization_header_format_invalid"},
		{"GET /nowhere", "", []string{"Authorization", "Bearer sk_test_x"}, "401 clerk_key_invalid"},
		{"GET /nowhere", "", nil, "404 404 page not found"},
		{"GET /../instance", "", nil, "404 404 page not found"},
		{"GET /oauth_applications/", "", nil, "404 404 page not found"},
		{"GET /oauth_applications/../instance", "", []string{kind, ""}, "200 "},
		{"PATCH /oauth_applications/oa_x", "{}", []string{kind, "text/plain"}, "415 unsupported_content_type"},
		{"PATCH /oauth_applications/oa_x", "[]", nil, "400 request_body_invalid"},
		{"PATCH /oauth_applications/oa_x", `{"name":"x"}`, nil, "404 resource_not_found"},
		{"PATCH /oauth_applications/" + id, `{"redirect_uris":["a://b","a://b"]}`, nil, "400 duplicate_record"},
		{"GET /oauth_applications?limit=501", "", nil, "422 form_param_value_invalid limit"},
		{"GET /oauth_applications?order_by=+name", "", nil, "422 form_param_value_invalid order_by"},
	} {
		if got := c.do(test.request, test.body, test.headers...).String(); !strings.HasPrefix(got, test.want) {
			t.Errorf("%s %s: got %s, want %s", test.request, test.body, got, test.want)
		}
	}
	otherKey, _ := s.AddInstance(clerktest.Production)
	got := c.do("GET /oauth_applications/"+id, "", "Authorization", "Bearer "+otherKey)
	equal(t, "another instance's id", got.String(), "404 resource_not_found")
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limit := clerktest.RateLimit{Requests: 2, Per: 10 * time.Second}
		s := clerktest.NewInMemory(t, clerktest.WithRateLimit(limit), clerktest.WithLatency(time.Second))
		c := over(t, s)
		var retryAfter []string
		for range 4 {
			retryAfter = append(retryAfter, c.do("GET /instance", "").header.Get("Retry-After"))
		}
		equal(t, "Retry-After", fmt.Sprintf("%q", retryAfter), `["" "" "8" "7"]`)
		time.Sleep(7 * time.Second)
		equal(t, "afterwards", c.do("GET /instance", "").status, http.StatusOK)
	})
}

func TestClocksOfDateAndCreatedAt(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ clock, date, wantCreated, wantDate time.Duration }{
		"together":       {clock: time.Hour, wantCreated: time.Hour, wantDate: time.Hour},
		"Date ahead":     {date: 10 * time.Second, wantDate: 10 * time.Second},
		"Date behind":    {date: -10 * time.Minute, wantDate: -10 * time.Minute},
		"both are wrong": {clock: -time.Hour, date: time.Minute, wantCreated: -time.Hour, wantDate: -59 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := clerktest.NewInMemory(t)
				s.SetClockSkew(test.clock)
				s.SetDateSkew(test.date)
				created := over(t, s).do("POST /oauth_applications", `{"name":"x"}`)
				date, err := http.ParseTime(created.header.Get("Date"))
				if err != nil {
					t.Fatal(err)
				}
				millis, _ := created.json["created_at"].(float64)
				equal(t, "Date", time.Until(date), test.wantDate)
				equal(t, "created_at", time.Until(time.UnixMilli(int64(millis))), test.wantCreated)
			})
		})
	}
}

func TestListeners(t *testing.T) {
	t.Parallel()
	for name, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2": true} {
		s := clerktest.NewServer()
		server := httptest.NewUnstartedServer(s)
		server.EnableHTTP2 = http2
		server.StartTLS()
		c := client{t, server.Client().Transport, server.URL + "/v1", s.Key()}
		c.do("POST /oauth_applications", `{"name":"x"}`)
		s.Inject(clerktest.ResetAfterWork().Once())
		_, err := c.try("POST /oauth_applications", `{"name":"x"}`)
		if err == nil || !http2 && !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("%s: got %v", name, err)
		}
		equal(t, name, len(s.Applications()), 2)
		server.Close()
		s.Close()
	}
	s := clerktest.New(t)
	c := client{t, http.DefaultTransport, s.URL(), s.Key()}
	introspection := c.do("POST /oauth_applications", `{"name":"x"}`).json["token_introspection_url"]
	equal(t, "origin", introspection, any(strings.TrimSuffix(s.URL(), "/v1")+"/oauth/token_info"))
}

func TestRequestsAreRecorded(t *testing.T) {
	t.Parallel()
	s := clerktest.NewInMemory(t)
	c, id := over(t, s), s.Seed("web")
	c.do("PATCH /oauth_applications/"+id+"?x=1", `{ "name": "a" }`)
	c.do("GET /nowhere", "")
	got := strings.Join(s.RequestLines(), "\n")
	equal(t, "lines", got, "PATCH /oauth_applications/{id}?x=1 {\"name\":\"a\"}\nGET /v1/nowhere")
	first := s.Requests()[0]
	equal(t, "id", first.ID, id)
	equal(t, "status", first.Status, http.StatusOK)
	a, _ := s.Application(id)
	printed := fmt.Sprintf("%+v %#v %+v %#v", first, first, a, a)
	if strings.Contains(printed, s.Key()) || strings.Contains(printed, s.CurrentSecret(id)) {
		t.Error("a printed request or application shows the key or the secret")
	}
	equal(t, "count", s.CountRequests(http.MethodPatch, clerktest.RouteApplication), 1)
	s.ResetRequests()
	equal(t, "after the reset", s.CountRequests("", ""), 0)
}

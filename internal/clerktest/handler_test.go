package clerktest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// Each request is wrong in all respects from a certain one on. The answer must be about the first of them.
func TestOrderOfChecks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := clerktest.NewInMemory(t, clerktest.WithRateLimit(clerktest.RateLimit{Requests: 1, Per: time.Second}))
		c := newMemoryClient(t, s)
		c.must(http.MethodGet, "/instance", nil) // uses the limit up
		id := s.Seed("web")
		wrongType := http.Header{"Content-Type": {"text/plain"}}
		noVersion := http.Header{"Clerk-Api-Version": {"2020-01-01"}}
		for _, step := range []struct {
			name       string
			key        string
			extra      http.Header
			pause      time.Duration
			path, body string
			want       string
		}{
			{name: "authorization", extra: http.Header{"Authorization": {"Basic x"}, "Clerk-Api-Version": {"2020-01-01"}}, path: "/nowhere", want: "401 authorization_header_format_invalid"},
			{name: "key", key: "sk_test_wrong", extra: noVersion, path: "/nowhere", want: "401 clerk_key_invalid"},
			{name: "version", extra: noVersion, path: "/nowhere", want: "400 api_version_invalid"},
			{name: "rate limit", path: "/nowhere", want: "429 too_many_requests"},
			{name: "route", extra: wrongType, pause: time.Second, path: "/nowhere", body: "{", want: "404 "},
			{name: "content type", extra: wrongType, pause: time.Second, path: applications + "/oa_x", body: "{", want: "415 unsupported_content_type"},
			{name: "body", pause: time.Second, path: applications + "/oa_x", body: "{", want: "400 request_body_invalid"},
			{name: "fields", pause: time.Second, path: applications + "/oa_x", body: `{"name":"","redirect_uris":["a://b","a://b"]}`, want: "422 form_param_value_invalid"},
			{name: "existence", pause: time.Second, path: applications + "/oa_x", body: `{"redirect_uris":["a://b","a://b"]}`, want: "404 resource_not_found"},
			{name: "rules", pause: time.Second, path: applications + "/" + id, body: `{"redirect_uris":["a://b","a://b"]}`, want: "400 duplicate_record"},
		} {
			time.Sleep(step.pause)
			c.key, c.extra = s.Key(), step.extra
			if step.key != "" {
				c.key = step.key
			}
			equal(t, step.name, outcome(c.do(http.MethodPatch, step.path, step.body), ""), step.want)
		}
	})
}

func TestAuthorization(t *testing.T) {
	t.Parallel()
	s := clerktest.New(t)
	c := newClient(t, s)
	for header, want := range map[string]string{
		"":                      "401 authorization_header_format_invalid",
		s.Key():                 "401 authorization_header_format_invalid",
		"bearer " + s.Key():     "401 authorization_header_format_invalid",
		"Bearer ":               "401 authorization_header_format_invalid", // HTTP trims the space
		"Bearer pk_test_abc":    "401 clerk_key_invalid",
		"Bearer  " + s.Key():    "401 clerk_key_invalid",
		"Bearer " + s.Key():     "200 instance",
		"Bearer " + s.Key()[:9]: "401 clerk_key_invalid",
	} {
		c.extra = http.Header{"Authorization": {header}}
		equal(t, "with "+strings.ReplaceAll(header, s.Key(), "KEY"), outcome(c.do(http.MethodGet, "/instance", nil), "object"), want)
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	c := newClient(t, clerktest.New(t))
	for _, test := range []struct{ header, query, want, answered string }{
		{"", "", "200 instance", "2021-02-05"},
		{"2026-05-12", "", "200 instance", "2026-05-12"},
		{"", "2025-04-10", "200 instance", "2025-04-10"},
		{"2026-05-12", "2026-05-12", "400 api_version_invalid", "2026-05-12"},
		{"latest", "", "400 api_version_invalid", "2021-02-05"},
	} {
		c.extra = http.Header{}
		path := "/instance"
		if test.header != "" {
			c.extra.Set("Clerk-API-Version", test.header)
		}
		if test.query != "" {
			path += "?__clerk_api_version=" + test.query
		}
		got := c.do(http.MethodGet, path, nil)
		equal(t, test.header+" "+test.query, outcome(got, "object"), test.want)
		equal(t, "answered version", got.header.Get("clerk-api-version"), test.answered)
	}
}

func TestPaths(t *testing.T) {
	t.Parallel()
	s := clerktest.New(t)
	c := newClient(t, s)
	id := s.Seed("web")
	const unknown = "404 text/plain; charset=utf-8 404 page not found\n"
	for path, want := range map[string]string{
		"/users":                       unknown,
		"/oauth_applications/":         unknown,
		"/oauth_applications/x/y":      unknown,
		"/oauth_applications/{id}":     "404 application/json resource_not_found",
		"/oauth_applications/a%2Fb":    "404 application/json resource_not_found",
		"/oauth_applications/%2e%2e":   unknown,
		"/oauth_applications/../users": unknown,
		"/oauth_applications/x/..":     "200 application/json ",
		"/oauth_applications//" + id:   "200 application/json ",
		"/oauth_applications/" + id:    "200 application/json ",
	} {
		got := c.do(http.MethodGet, path, nil)
		body := got.code()
		if got.json == nil {
			body = got.text
		}
		equal(t, path, fmt.Sprintf("%d %s %s", got.status, got.header.Get("Content-Type"), body), want)
	}
	equal(t, "method", c.do(http.MethodPut, applications, nil).status, http.StatusMethodNotAllowed)
	c.url = strings.TrimSuffix(c.url, "/v1")
	equal(t, "without /v1", c.do(http.MethodGet, "/instance", nil).text, "404 page not found\n")
}

func TestHeadersOfAnswers(t *testing.T) {
	t.Parallel()
	s := clerktest.New(t)
	c := newClient(t, s)
	for _, path := range []string{"/instance", applications + "/oa_x"} {
		got := c.do(http.MethodGet, path, nil)
		equal(t, "content type", got.header.Get("Content-Type"), "application/json")
		equal(t, "trace id length", len(got.header.Get("x-clerk-trace-id")), 32)
		if _, err := http.ParseTime(got.header.Get("Date")); err != nil {
			t.Error(err)
		}
		equal(t, "unpacked by the transport", got.header.Get("Content-Encoding"), "")

		c.extra = http.Header{"Accept-Encoding": {"gzip"}}
		packed := c.do(http.MethodGet, path, nil)
		equal(t, "content encoding", packed.header.Get("Content-Encoding"), "gzip")
		equal(t, "gzip magic", packed.text[:2], "\x1f\x8b")
		c.extra = http.Header{"Accept-Encoding": {"identity"}}
		equal(t, "plain", c.do(http.MethodGet, path, nil).text[:1], "{")
		c.extra = nil
	}
	s.SetClockSkew(-time.Hour)
	date, _ := http.ParseTime(c.do(http.MethodGet, "/instance", nil).header.Get("Date"))
	if ago := time.Since(date); ago < 59*time.Minute || ago > 2*time.Hour {
		t.Errorf("the Date of a server whose clock is an hour late is %v ago", ago)
	}
}

func TestInstancesAreApart(t *testing.T) {
	t.Parallel()
	s := clerktest.New(t)
	key, instanceID := s.AddInstance(clerktest.Production)
	mine, theirs := newClient(t, s), newClient(t, s)
	theirs.key = key
	id := mine.create(object{"name": "web"}).field("id")
	s.Seed("shop", func(a *clerktest.Application) { a.InstanceID = instanceID })

	equal(t, "prefix of a production key", key[:8], "sk_live_")
	for method, body := range map[string]any{http.MethodGet: nil, http.MethodPatch: object{"name": "y"}, http.MethodDelete: nil} {
		got := theirs.do(method, applications+"/"+id, body)
		equal(t, method, outcome(got, ""), "404 resource_not_found")
	}
	equal(t, "their list", strings.Join(names(theirs.must(http.MethodGet, applications, nil)), " "), "shop")
	equal(t, "my list", strings.Join(names(mine.must(http.MethodGet, applications, nil)), " "), "web")
	got := theirs.must(http.MethodGet, "/instance", nil)
	equal(t, "their instance", got.field("id")+" "+got.field("environment_type"), instanceID+" production")
	equal(t, "my instance", mine.must(http.MethodGet, "/instance", nil).field("id"), s.InstanceID())
	theirs.must(http.MethodPatch, "/instance/oauth_application_settings", object{"oauth_jwt_access_tokens": false})
	equal(t, "my settings", s.Settings(s.InstanceID()).OAuthJWTAccessTokens, true)
	equal(t, "their settings", s.Settings(instanceID).OAuthJWTAccessTokens, false)
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := clerktest.NewInMemory(t, clerktest.WithRateLimit(clerktest.RateLimit{Requests: 3, Per: 10 * time.Second}))
		c := newMemoryClient(t, s)
		key, _ := s.AddInstance(clerktest.Development)
		send := func() response { return c.do(http.MethodGet, "/instance", nil) }
		for range 3 {
			equal(t, "status", send().status, http.StatusOK)
			time.Sleep(2 * time.Second)
		}
		refused := send() // at 6 s; the first request leaves the window at 10 s
		equal(t, "status", outcome(refused, ""), "429 too_many_requests")
		equal(t, "Retry-After", refused.header.Get("Retry-After"), "4")
		c.key = key
		equal(t, "another instance", send().status, http.StatusOK)
		c.key = s.Key()
		time.Sleep(4*time.Second - time.Nanosecond)
		equal(t, "just before", send().status, http.StatusTooManyRequests)
		time.Sleep(time.Nanosecond)
		equal(t, "after Retry-After", send().status, http.StatusOK)
		equal(t, "at once again", send().status, http.StatusTooManyRequests)
		s.SetRateLimit(clerktest.RateLimit{})
		equal(t, "without a limit", send().status, http.StatusOK)
	})
}

func TestLatency(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := clerktest.NewInMemory(t, clerktest.WithLatency(80*time.Millisecond))
		begin := time.Now()
		newMemoryClient(t, s).must(http.MethodGet, "/instance", nil)
		equal(t, "duration", time.Since(begin), 80*time.Millisecond)
	})
}

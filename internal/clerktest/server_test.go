package clerktest_test

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
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

// String is the status with the error codes and parameters, or with the body.
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

// try sends "METHOD path" and a body, "" for none, and may fail like networks do.
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

// upload is the body of an upload.
func upload(field, kind, file string) string {
	return "--x\r\nContent-Disposition: form-data; name=\"" + field + "\"; filename=\"x\"\r\nContent-Type: " + kind +
		"\r\n\r\n" + file + "\r\n--x--\r\n"
}

// TestRequests sends a request to an instance with the application oa_1. What the switches change
// is in the test of the probe.
func TestRequests(t *testing.T) {
	t.Parallel()
	const (
		all, one, settings = "/oauth_applications", "/oauth_applications/oa_1", "/instance/oauth_application_settings"
		png, multipart     = "\x89PNG\r\n\x1a\n", "Content-Type: multipart/form-data; boundary=x"
	)
	for _, test := range []struct{ request, body, header, want string }{ // want: the start of the answer, or "field=value" in it
		{"GET /nowhere", "", "Authorization: Basic x", "401 authorization_header_format_invalid"},
		{"GET /nowhere", "", "Authorization: Bearer sk_test_x", "401 clerk_key_invalid"},
		{"GET /nowhere", "", "", "404 404 page not found"},
		{"GET /../instance", "", "", "404 404 page not found"},
		{"GET " + all + "/", "", "", "404 404 page not found"},
		{"POST /oauth/token_info", "token=x", "", "404 404 page not found"},
		{"GET " + all + "/../instance", "", "Content-Type: ", "200 "},
		{"PATCH " + one + "x", "{}", "Content-Type: text/plain", "415 unsupported_content_type"},
		{"PATCH " + one + "x", "[]", "", "400 request_body_invalid"},
		{"PATCH " + one + "x", `{"name":"x"}`, "", "404 resource_not_found"},
		{"GET " + all + "?limit=501", "", "", "422 form_param_value_invalid limit"},
		{"GET " + all + "?order_by=+name", "", "", "422 form_param_value_invalid order_by"},

		{"PATCH " + one, `{}`, "", "name=web"},
		{"PATCH " + one, `{"name":null,"redirect_uris":null}`, "", "callback_url=https://a.example/cb"},
		{"PATCH " + one, `{"redirect_uris":[]}`, "", "redirect_uris=[]"},
		{"PATCH " + one, `{"redirect_uris":["a://b","a://b"]}`, "", "400 duplicate_record"},
		{"PATCH " + one, `{"public":true}`, "", "public=true"},
		{"PATCH " + one, `{"scopes":""}`, "", "422 form_param_value_invalid scopes"},
		{"PATCH " + one, `{"scopes":"offline_access nope"}`, "", "422 form_param_value_invalid scopes"},
		{"PATCH " + one, `{"scopes":"offline_access custom:x custom:x"}`, "", "scopes=offline_access custom:x"},
		{"POST " + all, `{"name":"x","scopes":"openid email"}`, "", "scopes=openid email offline_access"},
		{"POST " + all, `{"name":"x","redirect_uris":["b://x","HTTPS://A.example"]}`, "", "redirect_uris=[b://x HTTPS://A.example]"},
		{"POST " + all, `{"name":"x","redirect_uris":["/x","https://"]}`, "", "422 form_param_format_invalid redirect_uris form_param_format_invalid redirect_uris"},
		{"POST " + all, `{"name":7}`, "", "422 form_param_value_invalid name"},
		{"POST " + all, `{}`, "", "422 form_param_missing name"},
		{"POST " + all, `{"name":"` + strings.Repeat("x", 257) + `"}`, "", "422 form_param_max_length_exceeded name"},
		{"POST " + all, `{"name":"x","device_authorization_grant_enabled":true}`, "", "device_authorization_grant_enabled=true"},
		{"POST " + all, `{"name":"x","consent_screen_enabled":false}`, "", "consent_screen_enabled=false"},

		{"PUT " + one + "/logo", upload("file", "image/png", png), multipart, "200 "},
		{"PUT " + one + "/logo", upload("file", "text/plain", png), multipart, "400 request_body_invalid"},
		{"PUT " + one + "/logo", upload("file", "image/png", "text"), multipart, "400 request_body_invalid"},
		{"PUT " + one + "/logo", upload("file", "image/png", ""), multipart, "400 form_param_missing"},
		{"PUT " + one + "/logo", upload("logo", "image/png", png), multipart, "400 form_param_missing"},
		{"PUT " + one + "/logo", upload("file", "image/png", strings.Repeat("x", 10<<20+1)), multipart, "413 image_too_large"},
		{"PUT " + one + "/logo", upload("file", "image/png", strings.Repeat("x", 12<<20)), multipart, "413 image_too_large"},

		{"PATCH " + settings, `{"oauth_jwt_access_tokens":null}`, "", "oauth_jwt_access_tokens=true"},
		{"PATCH " + settings, `{"default_scopes":["email","profile"]}`, "", "default_scopes=[email profile]"},
		{"PATCH " + settings, `{"aud_claim_enabled":true}`, "", "aud_claim_enabled=true"},
		{"PATCH " + settings, `{"pkce_required":true}`, "", "default_scopes=[openid email]"},
		{"PATCH " + settings, `{"default_scopes":[]}`, "", "default_scopes=<nil>"},
		{"PATCH " + settings, `{"default_scopes":["email","email"]}`, "", "422 form_param_duplicate default_scopes"},
		{"PATCH " + settings, `{"default_scopes":["offline_access"]}`, "", "422 form_param_value_invalid default_scopes"},
		{"PATCH " + settings, `{"default_scopes":["nope"]}`, "", "422 form_param_value_invalid default_scopes"},
	} {
		s := clerktest.NewInMemory(t, clerktest.Options{})
		s.AddCustomScope("custom:x")
		s.Seed("web", func(a *clerktest.Application) { a.ID, a.RedirectURIs = "oa_1", []string{"https://a.example/cb"} })
		s.EditSettings(func(s *clerktest.Settings) { s.DefaultScopes = []string{"openid", "email"} })
		name, value, _ := strings.Cut(cmp.Or(test.header, "Content-Type: application/json"), ": ")
		c := over(t, s)
		got := c.do(test.request, test.body, name, value)
		text := got.String()
		if field, _, isField := strings.Cut(test.want, "="); isField {
			text = fmt.Sprintf("%s=%v", field, got.json[field])
		}
		if !strings.HasPrefix(text, test.want) {
			t.Errorf("%s %.99s: got %s, want %s", test.request, test.body, text, test.want)
		}
		if path, isPatch := strings.CutPrefix(test.request, "PATCH "); isPatch && got.status == http.StatusOK {
			equal(t, test.body+" is stored", c.do("GET "+path, "").text, got.text)
		}
	}
}

func TestReadLag(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := clerktest.NewInMemory(t, clerktest.Options{})
		s.Set(clerktest.Switches{ReadLag: time.Second})
		c := over(t, s)
		id, _ := c.do("POST /oauth_applications", `{"name":"web"}`).json["id"].(string)
		path := "/oauth_applications/" + id
		equal(t, "after the create", c.do("GET "+path, "").status, http.StatusNotFound)
		equal(t, "a write sees it", c.do("PATCH "+path, `{"name":"b"}`).status, http.StatusOK)
		time.Sleep(time.Second)
		equal(t, "later", c.do("GET "+path, "").json["name"], any("b"))
		c.do("DELETE "+path, "")
		equal(t, "after the deletion", c.do("GET /oauth_applications", "").json["total_count"], any(1.0))
		time.Sleep(time.Second)
		equal(t, "at last", c.do("GET /oauth_applications", "").json["total_count"], any(0.0))
		equal(t, "twice", c.do("DELETE "+path, "").String(), "404 resource_not_found")
	})
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := over(t, clerktest.NewInMemory(t, clerktest.Options{RateLimit: 2, Latency: time.Second}))
		var retryAfter []string
		for range 4 {
			retryAfter = append(retryAfter, c.do("GET /instance", "").header.Get("Retry-After"))
		}
		equal(t, "Retry-After", fmt.Sprintf("%q", retryAfter), `["" "" "8" "7"]`)
		time.Sleep(7 * time.Second)
		equal(t, "afterwards", c.do("GET /instance", "").status, http.StatusOK)
	})
}

// TestClocks moves the clock of created_at, and Date apart from it.
func TestClocks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := clerktest.NewInMemory(t, clerktest.Options{})
		s.SetClockSkew(-time.Hour, 10*time.Minute)
		created := over(t, s).do("POST /oauth_applications", `{"name":"x"}`)
		date, err := http.ParseTime(created.header.Get("Date"))
		if err != nil {
			t.Fatal(err)
		}
		millis, _ := created.json["created_at"].(float64)
		equal(t, "Date", time.Until(date), -50*time.Minute)
		equal(t, "created_at", time.Until(time.UnixMilli(int64(millis))), -time.Hour)
	})
}

func TestOverTCP(t *testing.T) {
	t.Parallel()
	s := clerktest.New(t)
	c := client{t, &http.Transport{}, s.URL(), s.Key()}
	c.do("POST /oauth_applications", `{"name":"x"}`)
	s.Inject(clerktest.ResetAfterWork().Once())
	if _, err := c.try("POST /oauth_applications", `{"name":"x"}`); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("got %v", err)
	}
	equal(t, "applications", len(s.Applications()), 2)
}

func TestRequestsAreRecorded(t *testing.T) {
	t.Parallel()
	s := clerktest.NewInMemory(t, clerktest.Options{})
	c, id := over(t, s), s.Seed("web")
	c.do("PATCH /oauth_applications/"+id+"?x=1", `{ "name": "a" }`)
	c.do("GET /nowhere", "")
	got := strings.Join(s.RequestLines(), "\n")
	equal(t, "lines", got, "PATCH /oauth_applications/{id}?x=1 {\"name\":\"a\"}\nGET /nowhere")
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

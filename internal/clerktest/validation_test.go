package clerktest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

func TestRefusedRequests(t *testing.T) {
	t.Parallel()
	s := clerktest.New(t)
	c := newClient(t, s)
	id := s.Seed("web")
	dynamic := s.RegisterDynamically("mcp")
	one, settings := applications+"/"+id, "/instance/oauth_application_settings"
	before := s.Applications()

	for name, test := range map[string]struct {
		method, path string
		body         any
		status       int
		code         string
		parameter    string
	}{
		"no name":               {"POST", applications, object{}, 422, "form_param_missing", "name"},
		"null for a body":       {"POST", applications, "null", 422, "form_param_missing", "name"},
		"name null":             {"POST", applications, object{"name": nil}, 422, "form_param_missing", "name"},
		"name empty":            {"POST", applications, object{"name": ""}, 422, "form_param_value_invalid", "name"},
		"name blank":            {"POST", applications, object{"name": " \t"}, 422, "form_param_value_invalid", "name"},
		"name too long":         {"POST", applications, object{"name": strings.Repeat("é", 257)}, 422, "form_param_max_length_exceeded", "name"},
		"name a number":         {"POST", applications, object{"name": 7}, 422, "form_param_value_invalid", "name"},
		"name not UTF-8":        {"POST", applications, "{\"name\":\"a\xff\"}", 422, "form_param_value_invalid", "name"},
		"public a string":       {"PATCH", one, object{"public": "true"}, 422, "form_param_value_invalid", "public"},
		"redirects a string":    {"PATCH", one, object{"redirect_uris": "a://b"}, 422, "form_param_value_invalid", "redirect_uris"},
		"redirect relative":     {"PATCH", one, object{"redirect_uris": []string{"/callback"}}, 422, "form_param_format_invalid", "redirect_uris"},
		"redirect empty":        {"PATCH", one, object{"redirect_uris": []string{""}}, 422, "form_param_format_invalid", "redirect_uris"},
		"redirect null":         {"PATCH", one, object{"redirect_uris": []any{nil}}, 422, "form_param_format_invalid", "redirect_uris"},
		"redirect without host": {"PATCH", one, object{"redirect_uris": []string{"https:///x"}}, 422, "form_param_format_invalid", "redirect_uris"},
		"redirect with space":   {"PATCH", one, object{"redirect_uris": []string{"https://a.example/b c"}}, 422, "form_param_format_invalid", "redirect_uris"},
		"redirects twice":       {"PATCH", one, object{"redirect_uris": []string{"a://b", "c://d", "a://b"}}, 400, "duplicate_record", ""},
		"callback no URL":       {"PATCH", one, object{"callback_url": "callback"}, 422, "form_param_format_invalid", "callback_url"},
		"callback too long":     {"PATCH", one, object{"callback_url": "https://a.example/" + strings.Repeat("x", 1024)}, 422, "form_param_max_length_exceeded", "callback_url"},
		"scopes too long":       {"PATCH", one, object{"scopes": strings.Repeat("email ", 200)}, 422, "form_param_max_length_exceeded", "scopes"},
		"scopes a list":         {"PATCH", one, object{"scopes": []string{"email"}}, 422, "form_param_value_invalid", "scopes"},
		"unknown scope":         {"PATCH", one, object{"scopes": "nope offline_access"}, 422, "form_param_value_invalid", "scopes"},
		"consent of dynamic":    {"PATCH", applications + "/" + dynamic, object{"consent_screen_enabled": false}, 422, "oauth_application_consent_screen_cannot_be_disabled", "consent_screen_enabled"},
		"a list for a body":     {"PATCH", one, "[]", 400, "request_body_invalid", ""},
		"half a body":           {"PATCH", one, `{"name":`, 400, "request_body_invalid", ""},
		"more than a body":      {"PATCH", one, `{"name":"x"} y`, 400, "request_body_invalid", ""},
		"empty body":            {"PATCH", one, "", 400, "request_body_invalid", ""},
		"huge body":             {"PATCH", one, object{"name": strings.Repeat("x", 1<<20)}, 413, "request_body_too_large", ""},
		"unknown id":            {"PATCH", applications + "/oa_x", object{"name": "x"}, 404, "resource_not_found", ""},
		"fields before id":      {"PATCH", applications + "/oa_x", object{"name": ""}, 422, "form_param_value_invalid", "name"},
		"rotate unknown":        {"POST", applications + "/oa_x/rotate_secret", nil, 404, "resource_not_found", ""},
		"limit 0":               {"GET", applications + "?limit=0", nil, 422, "form_param_value_invalid", "limit"},
		"limit no number":       {"GET", applications + "?limit=ten", nil, 400, "malformed_request_parameters", ""},
		"offset negative":       {"GET", applications + "?offset=-1", nil, 422, "form_param_value_invalid", "offset"},
		"order unknown":         {"GET", applications + "?order_by=client_id", nil, 422, "form_param_value_invalid", "order_by"},
		"order with bare plus":  {"GET", applications + "?order_by=+name", nil, 422, "form_param_value_invalid", "order_by"},
		"no offline_access":     {"PATCH", one, object{"scopes": "email profile"}, 422, "form_param_value_invalid", "scopes"},
		"scopes empty":          {"PATCH", one, object{"scopes": ""}, 422, "form_param_value_invalid", "scopes"},
		"default scope offline": {"PATCH", settings, object{"default_scopes": []string{"email", "offline_access"}}, 422, "form_param_value_invalid", "default_scopes"},
		"default scopes twice":  {"PATCH", settings, object{"default_scopes": []string{"email", "email"}}, 422, "form_param_duplicate", "default_scopes"},
		"default scope unknown": {"PATCH", settings, object{"default_scopes": []string{"nope"}}, 422, "form_param_value_invalid", "default_scopes"},
		"setting a string":      {"PATCH", settings, object{"oauth_jwt_access_tokens": "no"}, 422, "form_param_value_invalid", "oauth_jwt_access_tokens"},
		"token missing":         {"POST", one + "/revoke_token", object{}, 422, "form_param_missing", "token"},
		"token empty":           {"POST", one + "/revoke_token", object{"token": ""}, 422, "form_param_value_invalid", "token"},
	} {
		got := c.do(test.method, test.path, test.body)
		if got.status != test.status || got.code() != test.code || got.parameter() != test.parameter {
			t.Errorf("%s: got %d %s %q, want %d %s %q", name, got.status, got.code(), got.parameter(), test.status, test.code, test.parameter)
		}
		if trace := got.field("clerk_trace_id"); len(trace) != 32 || trace != got.header.Get("X-Clerk-Trace-Id") {
			t.Errorf("%s: trace id %q", name, trace)
		}
	}
	for i, after := range s.Applications() {
		equal(t, "an application after refused requests", after.UpdatedAt, before[i].UpdatedAt)
	}
}

func TestOneAnswerNamesSeveralParameters(t *testing.T) {
	t.Parallel()
	s := clerktest.New(t)
	got := newClient(t, s).do(http.MethodPost, applications, object{"name": "", "public": 1, "scopes": "a b"})
	errors, _ := got.json["errors"].([]any)
	equal(t, "errors", len(errors), 4)
}

func TestAcceptedRequests(t *testing.T) {
	t.Parallel()
	s := clerktest.New(t)

	t.Run("name of 256 characters", func(t *testing.T) {
		t.Parallel()
		c := newClient(t, s)
		name := strings.Repeat("é", 256)
		equal(t, "name", c.create(object{"name": name}).field("name"), name)
	})
	t.Run("two of one name", func(t *testing.T) {
		t.Parallel()
		c := newClient(t, s)
		c.create(object{"name": "twin"})
		c.create(object{"name": "twin"})
		equal(t, "applications", len(s.FindAll("twin")), 2)
	})
	t.Run("null and empty scopes are the default", func(t *testing.T) {
		t.Parallel()
		c := newClient(t, s)
		for _, scopes := range []any{nil, "", "  "} {
			equal(t, "scopes", c.create(object{"name": "x", "scopes": scopes}).field("scopes"), "profile email offline_access")
		}
	})
	t.Run("redirect URIs of any scheme", func(t *testing.T) {
		t.Parallel()
		c := newClient(t, s)
		uris := []string{"shuchu://cb", "com.example.app:/cb", "http://127.0.0.1/*", "http://[::1]:8080/cb", "https://a.example/ü?x=1#y"}
		created := c.create(object{"name": "x", "redirect_uris": uris})
		equal(t, "redirect URIs", len(created.json["redirect_uris"].([]any)), len(uris))
	})
	t.Run("callback_url alone", func(t *testing.T) {
		t.Parallel()
		c := newClient(t, s)
		for _, body := range []object{{"name": "x", "callback_url": "a://b"}, {"name": "x", "callback_url": "a://b", "redirect_uris": nil}} {
			equal(t, "redirect URIs", outcome(c.create(body), "redirect_uris"), "200 [a://b]")
		}
	})
	t.Run("without redirect URIs", func(t *testing.T) {
		t.Parallel()
		c := newClient(t, s)
		created := c.create(object{"name": "x"})
		equal(t, "redirect URIs", outcome(created, "redirect_uris"), "200 []")
		equal(t, "callback", outcome(created, "callback_url"), "200 ")
	})
	t.Run("an empty update changes nothing", func(t *testing.T) {
		t.Parallel()
		c := newClient(t, s)
		created := c.create(object{"name": "x"})
		updated := c.must(http.MethodPatch, applications+"/"+created.field("id"), object{})
		equal(t, "updated_at", updated.json["updated_at"], created.json["updated_at"])
	})
	t.Run("charset in the content type", func(t *testing.T) {
		t.Parallel()
		c := newClient(t, s)
		c.extra = http.Header{"Content-Type": {"application/json; charset=utf-8"}}
		c.create(object{"name": "x"})
	})
	t.Run("rotation and deletion with a body", func(t *testing.T) {
		t.Parallel()
		c := newClient(t, s)
		path := applications + "/" + s.Seed("x")
		c.must(http.MethodPost, path+"/rotate_secret", "null")
		c.must(http.MethodDelete, path, "null")
	})
	t.Run("custom scopes", func(t *testing.T) {
		t.Parallel()
		s := clerktest.New(t)
		s.AddCustomScope("messages:read")
		created := newClient(t, s).create(object{"name": "x", "scopes": "email messages:read"})
		equal(t, "scopes", created.field("scopes"), "email messages:read offline_access")
	})
	t.Run("a change of scopes with offline_access", func(t *testing.T) {
		t.Parallel()
		c := newClient(t, s)
		path := applications + "/" + s.Seed("x")
		updated := c.must(http.MethodPatch, path, object{"scopes": "offline_access openid"})
		equal(t, "scopes", updated.field("scopes"), "offline_access openid")
		updated = c.must(http.MethodPatch, path, object{"name": "y"})
		equal(t, "scopes that were not sent", updated.field("scopes"), "offline_access openid")
	})
	t.Run("revoked token", func(t *testing.T) {
		t.Parallel()
		c := newClient(t, s)
		got := c.must(http.MethodPost, applications+"/"+s.Seed("x")+"/revoke_token", object{"token": "oat_1"})
		equal(t, "status", got.status, http.StatusNoContent)
		equal(t, "body", got.text, "")
	})
}

func TestPatchKeepsOnlyAnOfflineAccessThatWasThere(t *testing.T) {
	t.Parallel()
	s := clerktest.New(t, clerktest.WithSwitches(clerktest.Switches{
		ForceOfflineAccess: clerktest.OfflineAccessNever, PatchWithoutOfflineAccess: clerktest.PatchKeepsOfflineAccess,
	}))
	c := newClient(t, s)
	for before, want := range map[string]string{"email": "openid", "email offline_access": "openid offline_access"} {
		path := applications + "/" + c.create(object{"name": "x", "scopes": before}).field("id")
		equal(t, "scopes after "+before, c.must(http.MethodPatch, path, object{"scopes": "openid"}).field("scopes"), want)
	}
}

func TestPublicAndBack(t *testing.T) {
	t.Parallel()
	s := clerktest.New(t, clerktest.WithSwitches(clerktest.Switches{PublicClientSecret: clerktest.PublicSecretEmpty}))
	c := newClient(t, s)
	id := c.create(object{"name": "x"}).field("id")
	path := applications + "/" + id
	c.must(http.MethodPatch, path, object{"public": true})
	equal(t, "secret of a public client", s.CurrentSecret(id), "")
	confidential := c.must(http.MethodPatch, path, object{"public": false})
	if _, shown := confidential.json["client_secret"]; shown {
		t.Error("a PATCH to confidential shows a secret")
	}
	equal(t, "secret before a rotation", s.CurrentSecret(id), "")
	rotated := c.must(http.MethodPost, path+"/rotate_secret", nil)
	equal(t, "secret after a rotation", secretOf(s, rotated), "the current secret")
	equal(t, "length", len(rotated.field("client_secret")), 32)
}

package clerktest_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

func TestCreateDefaults(t *testing.T) {
	t.Parallel()
	s := clerktest.NewInMemory(t)
	got := over(t, s).do("POST /oauth_applications", `{"name":"web","scopes":null,"unknown":1}`)
	for name, want := range map[string]any{
		"public": false, "pkce_required": false, "consent_screen_enabled": true, "callback_url": "",
		"scopes": "profile email offline_access", "client_uri": nil, "instance_id": s.InstanceID(),
		"device_authorization_grant_enabled": false, "dynamically_registered": false,
		"updated_at": got.json["created_at"], "redirect_uris": []any{},
	} {
		if fmt.Sprint(got.json[name]) != fmt.Sprint(want) {
			t.Errorf("%s: got %v, want %v", name, got.json[name], want)
		}
	}
	id, _ := got.json["id"].(string)
	if a, _ := s.Application(id); strings.Contains(fmt.Sprintf("%+v", a), s.CurrentSecret(id)) {
		t.Error("a printed application shows the secret")
	}
	equal(t, "secret", got.json["client_secret"], any(s.CurrentSecret(id)))
	equal(t, "id", len(id), 30)
}

// TestFields sends one change to an application and looks at one field of the answer.
func TestFields(t *testing.T) {
	t.Parallel()
	type sw = clerktest.Switches
	for _, test := range []struct {
		method, body string
		switches     sw
		want         string // "field value", or an error
	}{
		{"PATCH", `{}`, sw{}, "name web"},
		{"PATCH", `{"name":null,"redirect_uris":null}`, sw{}, "callback_url https://a.example/cb"},
		{"PATCH", `{"redirect_uris":[]}`, sw{}, "redirect_uris []"},
		{"PATCH", `{"callback_url":"b://c"}`, sw{}, "redirect_uris [b://c]"},
		{"PATCH", `{"public":true}`, sw{}, "public true"},
		{"PATCH", `{"scopes":"email"}`, sw{}, "422 form_param_value_invalid scopes"},
		{"PATCH", `{"scopes":""}`, sw{}, "422 form_param_value_invalid scopes"},
		{"PATCH", `{"scopes":"email"}`, sw{PatchWithoutOfflineAccess: clerktest.PatchKeepsOfflineAccess}, "scopes email offline_access"},
		{"PATCH", `{"scopes":"email"}`, sw{PatchWithoutOfflineAccess: clerktest.PatchRemovesOfflineAccess}, "scopes email"},
		{"PATCH", `{"scopes":"offline_access nope"}`, sw{}, "422 form_param_value_invalid scopes"},
		{"PATCH", `{"scopes":"offline_access nope"}`, sw{UnknownScope: clerktest.UnknownScopeOAuthInvalid}, "400 oauth_invalid_scope"},
		{"PATCH", `{"scopes":"offline_access nope"}`, sw{UnknownScope: clerktest.UnknownScopeDropped}, "scopes offline_access"},
		{"PATCH", `{"scopes":"offline_access nope"}`, sw{UnknownScope: clerktest.UnknownScopeAccepted}, "scopes offline_access nope"},
		{"PATCH", `{"scopes":"offline_access custom:x custom:x"}`, sw{}, "scopes offline_access custom:x"},
		{"POST", `{"name":"x","scopes":"openid email"}`, sw{}, "scopes openid email offline_access"},
		{"POST", `{"name":"x","scopes":"openid email"}`, sw{ScopesOrder: clerktest.ScopesAlphabetical}, "scopes email offline_access openid"},
		{"POST", `{"name":"x","scopes":"openid email"}`, sw{ScopesOrder: clerktest.ScopesFixedOrder}, "scopes email openid offline_access"},
		{"POST", `{"name":"x","scopes":""}`, sw{ForceOfflineAccess: clerktest.OfflineAccessNever}, "scopes profile email"},
		{"POST", `{"name":"x","redirect_uris":["b://x","HTTPS://A.example"]}`, sw{}, "redirect_uris [b://x HTTPS://A.example]"},
		{"POST", `{"name":"x","redirect_uris":["b://x","HTTPS://A.example"]}`, sw{RedirectNormalization: clerktest.RedirectsNormalized}, "redirect_uris [b://x https://a.example/]"},
		{"POST", `{"name":"x","redirect_uris":["b://x","a://x"]}`, sw{RedirectOrder: clerktest.RedirectsSorted}, "redirect_uris [a://x b://x]"},
		{"POST", `{"name":"x","redirect_uris":["b://x","c://x"]}`, sw{RedirectOrder: clerktest.RedirectsReversed}, "redirect_uris [c://x b://x]"},
		{"POST", `{"name":"x","redirect_uris":["/x","https://"]}`, sw{}, "422 form_param_format_invalid redirect_uris form_param_format_invalid redirect_uris"},
		{"POST", `{"name":7,"public":"x"}`, sw{}, "422 form_param_value_invalid name form_param_value_invalid public"},
		{"POST", `{}`, sw{}, "422 form_param_missing name"},
		{"POST", `{"name":"` + strings.Repeat("x", 257) + `"}`, sw{}, "422 form_param_max_length_exceeded name"},
		{"POST", `{"name":"x","public":true}`, sw{PublicClientSecret: clerktest.PublicSecretEmpty}, "client_secret "},
		{"POST", `{"name":"x","public":true}`, sw{PublicClientSecret: clerktest.PublicSecretAbsent}, "client_secret <nil>"},
		{"POST", `{"name":"x","device_authorization_grant_enabled":true}`, sw{}, "device_authorization_grant_enabled true"},
		{"POST", `{"name":"x","device_authorization_grant_enabled":true}`, sw{NewerFields: clerktest.NewerFieldsDropped}, "device_authorization_grant_enabled <nil>"},
		{"POST", `{"name":"x","device_authorization_grant_enabled":true}`, sw{NewerFields: clerktest.NewerFieldsRefused}, "422 form_param_unknown device_authorization_grant_enabled"},
		{"POST", `{"name":"x","consent_screen_enabled":false}`, sw{}, "consent_screen_enabled false"},
		{"POST", `{"name":"x","consent_screen_enabled":false}`, sw{DCRForcesConsent: clerktest.DCREnforcesConsent}, "422 oauth_application_consent_screen_cannot_be_disabled consent_screen_enabled"},
	} {
		s := clerktest.NewInMemory(t)
		s.AddCustomScope("custom:x")
		s.EditSettings(s.InstanceID(), func(s *clerktest.Settings) { s.DynamicOAuthClientRegistration = true })
		path := "/oauth_applications"
		if test.method == "PATCH" {
			path += "/" + s.Seed("web", func(a *clerktest.Application) { a.RedirectURIs = []string{"https://a.example/cb"} })
		}
		s.Set(test.switches)
		got := over(t, s).do(test.method+" "+path, test.body)
		text := got.String()
		if field, _, _ := strings.Cut(test.want, " "); got.status == http.StatusOK {
			text = fmt.Sprintf("%s %v", field, got.json[field])
		}
		if text != test.want {
			t.Errorf("%s %s %+v: got %s, want %s", test.method, test.body, test.switches, text, test.want)
		}
	}
}

func TestRotation(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		public   bool
		switches clerktest.Switches
		want     string // length of the secret and whether updated_at changed, or an error
	}{
		{false, clerktest.Switches{}, "32 true"},
		{false, clerktest.Switches{RotateUpdatedAt: clerktest.RotateKeepsUpdatedAt}, "32 false"},
		{true, clerktest.Switches{}, "0 true"},
		{true, clerktest.Switches{RotatePublic: clerktest.RotatePublicValue}, "32 true"},
		{true, clerktest.Switches{RotatePublic: clerktest.RotatePublicRefused}, "422 form_conditional_param_disallowed public"},
	} {
		s := clerktest.NewInMemory(t, clerktest.WithSwitches(test.switches))
		id := s.Seed("web", func(a *clerktest.Application) { a.Public = test.public })
		before, _ := s.Application(id)
		got := over(t, s).do("POST /oauth_applications/"+id+"/rotate_secret", "")
		after, _ := s.Application(id)
		text := got.String()
		if secret, ok := got.json["client_secret"].(string); ok {
			text = fmt.Sprint(len(secret), after.UpdatedAt != before.UpdatedAt)
			equal(t, "secret", secret, s.CurrentSecret(id))
		}
		equal(t, fmt.Sprint(test.public, test.switches), text, test.want)
	}
}

func TestLogo(t *testing.T) {
	t.Parallel()
	s := clerktest.NewInMemory(t)
	id := s.Seed("web")
	for _, test := range []struct{ field, kind, file, want string }{
		{"file", "image/png", "\x89PNG\r\n\x1a\n", "200 "},
		{"file", "text/plain", "\x89PNG\r\n\x1a\n", "400 request_body_invalid"},
		{"file", "image/png", "text", "400 request_body_invalid"},
		{"file", "image/png", "", "400 form_param_missing"},
		{"logo", "image/png", "x", "400 form_param_missing"},
		{"file", "image/png", strings.Repeat("x", 10<<20+1), "413 image_too_large"},
		{"file", "image/png", strings.Repeat("x", 12<<20), "413 image_too_large"},
	} {
		var body bytes.Buffer
		writer := multipart.NewWriter(&body)
		part, _ := writer.CreatePart(textproto.MIMEHeader{ // a bytes.Buffer takes everything
			"Content-Disposition": {`form-data; name="` + test.field + `"; filename="x"`}, "Content-Type": {test.kind},
		})
		fmt.Fprint(part, test.file)
		writer.Close()
		got := over(t, s).do("PUT /oauth_applications/"+id+"/logo", body.String(), "Content-Type", writer.FormDataContentType())
		if !strings.HasPrefix(got.String(), test.want) {
			t.Errorf("%s %s %.9q: got %s, want %s", test.field, test.kind, test.file, got, test.want)
		}
	}
	if a, _ := s.Application(id); !strings.HasPrefix(a.ClientImageURL, "https://") {
		t.Errorf("the logo is at %q", a.ClientImageURL)
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	s := clerktest.NewInMemory(t)
	s.SeedMany(3, "app-%d")
	dynamic, _ := s.Application(s.RegisterDynamically("Other"))
	for query, want := range map[string]string{
		"":                                   "4: Other app-3 app-2 app-1",
		"?order_by=%2Bcreated_at&limit=2":    "4: app-1 app-2",
		"?order_by=-name&offset=1":           "4: app-2 app-1 Other",
		"?order_by=name&offset=9":            "4:",
		"?name_query=APP&order_by=name":      "3: app-1 app-2 app-3",
		"?name_query=" + dynamic.ClientID:    "1: Other",
		"?name_query=" + dynamic.ID + "&x=y": "0:",
	} {
		got := over(t, s).do("GET /oauth_applications"+query, "")
		text := fmt.Sprint(got.json["total_count"], ":")
		data, _ := got.json["data"].([]any)
		for _, each := range data {
			text += fmt.Sprint(" ", each.(object)["name"])
		}
		equal(t, query, text, want)
	}
}

func TestReadLag(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := clerktest.NewInMemory(t, clerktest.WithSwitches(clerktest.Switches{ReadLag: time.Second}))
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

func TestSettings(t *testing.T) {
	t.Parallel()
	s := clerktest.NewInMemory(t)
	c := over(t, s)
	for _, test := range [][2]string{
		{`{"oauth_jwt_access_tokens":null}`, "default_scopes:<nil>"},
		{`{"default_scopes":["openid","email"],"aud_claim_enabled":true}`, "default_scopes:[openid email]"},
		{`{"default_scopes":["email","email"]}`, "422 form_param_duplicate default_scopes"},
		{`{"default_scopes":["offline_access"]}`, "422 form_param_value_invalid default_scopes"},
		{`{"default_scopes":["nope"]}`, "422 form_param_value_invalid default_scopes"},
		{`{"pkce_required":true}`, "default_scopes:[openid email]"},
		{`{"default_scopes":[]}`, "default_scopes:<nil>"},
	} {
		got := c.do("PATCH /instance/oauth_application_settings", test[0])
		if text := fmt.Sprint(got, got.json); !strings.Contains(text, test[1]) {
			t.Errorf("%s: got %s, want %s", test[0], text, test[1])
		}
	}
	read := fmt.Sprintf("%+v", s.Settings(s.InstanceID()))
	equal(t, "settings", read, "{DynamicOAuthClientRegistration:false DefaultScopes:[] OAuthJWTAccessTokens:true "+
		"ClientIDMetadataDocumentsAdvertised:false ClientIDMetadataDocumentsOnlyAllowPreRegistered:false "+
		"ClientIDMetadataDocumentsBlockImplicitlyAllowedClients:false AudClaimEnabled:true PKCERequired:true}")
}

func TestTokenInfo(t *testing.T) {
	t.Parallel()
	for mode, want := range map[clerktest.TokenInfo]string{ // right, wrong, new, old secret
		clerktest.TokenInfoAuthenticates:       "[200 401 200 401]",
		clerktest.TokenInfoInvalidClient:       "[200 401 200 401]",
		clerktest.TokenInfoLags:                "[200 401 401 200]",
		clerktest.TokenInfoLegacy:              "[422 422 422 422]",
		clerktest.TokenInfoAuthenticatesNobody: "[200 200 200 200]",
		clerktest.TokenInfoRefusesEverybody:    "[401 401 401 401]",
	} {
		s := clerktest.NewInMemory(t, clerktest.WithSwitches(clerktest.Switches{TokenInfo: mode}))
		c, id := over(t, s), s.Seed("web")
		c.url = strings.TrimSuffix(c.url, "/v1")
		a, _ := s.Application(id)
		ask := func(secret string) int {
			basic := &http.Request{Header: http.Header{}}
			basic.SetBasicAuth(a.ClientID, secret)
			return c.do("POST "+clerktest.RouteTokenInfo, "token=x", "Authorization", basic.Header.Get("Authorization")).status
		}
		old := s.CurrentSecret(id)
		got := []int{ask(old), ask("wrong")}
		s.Rotate(id)
		got = append(got, ask(s.CurrentSecret(id)), ask(old))
		equal(t, string(mode), fmt.Sprint(got), want)
	}
}

func TestDeletedCustomScope(t *testing.T) {
	t.Parallel()
	s := clerktest.NewInMemory(t)
	s.AddCustomScope("custom:x")
	id := s.Seed("web", func(a *clerktest.Application) { a.Scopes = "email custom:x" })
	s.EditSettings(s.InstanceID(), func(s *clerktest.Settings) { s.DefaultScopes = []string{"custom:x", "email"} })
	s.DeleteCustomScope("custom:x")
	a, _ := s.Application(id)
	equal(t, "scopes", a.Scopes+" "+strings.Join(s.Settings(s.InstanceID()).DefaultScopes, " "), "email email")
}

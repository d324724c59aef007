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

// TestFields sends one change to an application and looks at one field of the answer. What the
// switches change is in the test of the probe.
func TestFields(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ method, body, want string }{ // want is "field value", or an error
		{"PATCH", `{}`, "name web"},
		{"PATCH", `{"name":null,"redirect_uris":null}`, "callback_url https://a.example/cb"},
		{"PATCH", `{"redirect_uris":[]}`, "redirect_uris []"},
		{"PATCH", `{"public":true}`, "public true"},
		{"PATCH", `{"scopes":""}`, "422 form_param_value_invalid scopes"},
		{"PATCH", `{"scopes":"offline_access nope"}`, "422 form_param_value_invalid scopes"},
		{"PATCH", `{"scopes":"offline_access custom:x custom:x"}`, "scopes offline_access custom:x"},
		{"POST", `{"name":"x","scopes":"openid email"}`, "scopes openid email offline_access"},
		{"POST", `{"name":"x","redirect_uris":["b://x","HTTPS://A.example"]}`, "redirect_uris [b://x HTTPS://A.example]"},
		{"POST", `{"name":"x","redirect_uris":["/x","https://"]}`, "422 form_param_format_invalid redirect_uris form_param_format_invalid redirect_uris"},
		{"POST", `{"name":7}`, "422 form_param_value_invalid name"},
		{"POST", `{}`, "422 form_param_missing name"},
		{"POST", `{"name":"` + strings.Repeat("x", 257) + `"}`, "422 form_param_max_length_exceeded name"},
		{"POST", `{"name":"x","device_authorization_grant_enabled":true}`, "device_authorization_grant_enabled true"},
		{"POST", `{"name":"x","consent_screen_enabled":false}`, "consent_screen_enabled false"},
	} {
		s := clerktest.NewInMemory(t)
		s.AddCustomScope("custom:x")
		path := "/oauth_applications"
		if test.method == "PATCH" {
			path += "/" + s.Seed("web", func(a *clerktest.Application) { a.RedirectURIs = []string{"https://a.example/cb"} })
		}
		got := over(t, s).do(test.method+" "+path, test.body)
		text := got.String()
		if field, _, _ := strings.Cut(test.want, " "); got.status == http.StatusOK {
			text = fmt.Sprintf("%s %v", field, got.json[field])
		}
		equal(t, test.method+" "+test.body, text, test.want)
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

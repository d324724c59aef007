package contract_test

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"os"
	"strings"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest/contract"
)

// recorder notes failures in place of a test.
type recorder struct {
	*testing.T
	failures string
}

func (r *recorder) Errorf(format string, arguments ...any) {
	r.failures += fmt.Sprintf(format, arguments...) + "\n"
}

// violations sends requests to a simulator, each "METHOD path" and a body, and returns what the
// contract says.
func violations(t *testing.T, switches clerktest.Switches, requests ...[2]string) string {
	t.Helper()
	if os.Getenv(contract.Variable) == "" {
		t.Skipf("set %s to the path of Clerk's OpenAPI document to run this test", contract.Variable)
	}
	found := &recorder{T: t}
	s := clerktest.NewServer(clerktest.WithSwitches(switches), contract.Option(found))
	id := s.Seed("web", func(a *clerktest.Application) { a.ID = "oa_1" })
	for _, sent := range requests {
		contentType, body := "application/json", sent[1]
		if strings.HasSuffix(sent[0], "/logo") {
			contentType, body = logo(body)
		}
		method, path, _ := strings.Cut(sent[0], " ")
		path = strings.ReplaceAll(path, "{id}", id)
		r, err := http.NewRequestWithContext(t.Context(), method, s.URL()+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+s.Key())
		if body != "" {
			r.Header.Set("Content-Type", contentType)
		}
		answered, err := s.RoundTripper().RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, answered.Body)
		answered.Body.Close()
	}
	s.Close() // and its checks
	return found.failures
}

func logo(content string) (contentType, body string) {
	var text bytes.Buffer
	writer := multipart.NewWriter(&text)
	part, _ := writer.CreatePart(textproto.MIMEHeader{ // a bytes.Buffer takes everything
		"Content-Disposition": {`form-data; name="file"; filename="logo.png"`},
		"Content-Type":        {"image/png"},
	})
	fmt.Fprint(part, content)
	writer.Close()
	return writer.FormDataContentType(), text.String()
}

// TestContract_Simulator sends a request of each kind to each endpoint, with and without the newer
// fields.
func TestContract_Simulator(t *testing.T) {
	for _, switches := range []clerktest.Switches{
		{},
		{NewerFields: "422", PublicClientSecret: "absent"},
	} {
		found := violations(t, switches, [][2]string{
			{"GET /instance"},
			{"POST /oauth_applications", `{"name":"x","public":true,"redirect_uris":["a://b"]}`},
			{"POST /oauth_applications", `{"name":"x","scopes":null,"redirect_uris":["/b"]}`},
			{"GET /oauth_applications?limit=2&offset=0&order_by=-name&name_query=s"},
			{"GET /oauth_applications/{id}"},
			{"PATCH /oauth_applications/{id}", `{"name":"y","redirect_uris":[],"pkce_required":true}`},
			{"PATCH /oauth_applications/{id}", `{"device_authorization_grant_enabled":true}`},
			{"PATCH /oauth_applications/{id}", `{"scopes":"openid"}`},
			{"POST /oauth_applications/{id}/rotate_secret"},
			{"PUT /oauth_applications/{id}/logo", "\x89PNG\r\n\x1a\n"},
			{"PUT /oauth_applications/{id}/logo", "no image"},
			{"PATCH /instance/oauth_application_settings", `{"default_scopes":["email"],"aud_claim_enabled":true}`},
			{"PATCH /instance/oauth_application_settings", `{"default_scopes":null}`},
			{"GET /instance/oauth_application_settings"},
			{"DELETE /oauth_applications/{id}"},
			{"DELETE /oauth_applications/{id}"},
		}...)
		if found != "" {
			t.Error(found)
		}
	}
}

// TestContract_Violations shows that a client's mistakes are noticed.
func TestContract_Violations(t *testing.T) {
	for want, sent := range map[string][2]string{
		`"Name" is unsupported`:           {"POST /oauth_applications", `{"name":"x","Name":"x"}`},
		"value must be a string":          {"POST /oauth_applications", `{"name":"x","redirect_uris":[7]}`},
		`property "name" is missing`:      {"POST /oauth_applications", `{}`},
		`no query parameter "name"`:       {"GET /oauth_applications?name=x"},
		"number must be at least 1":       {"GET /oauth_applications?limit=0"},
		"no matching operation was found": {"GET /users2"},
	} {
		if found := violations(t, clerktest.Switches{}, sent); !strings.Contains(found, want) {
			t.Errorf("%v: got %q, want %q", sent, found, want)
		}
	}
	found := violations(t, clerktest.Switches{}, [2]string{"PATCH /oauth_applications/{id}", `{"name":["canary"]}`})
	if !strings.Contains(found, "/name: ") || strings.Contains(found, "canary") {
		t.Errorf("got %s", found)
	}
}

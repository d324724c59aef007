package contract

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
)

// notServed are the operations on the document's OAuth paths that the simulator does not have.
var notServed = map[string]string{
	"POST /oauth_applications/{oauth_application_id}/revoke_token": "the simulator issues no tokens",
	"POST /oauth_applications/access_tokens/verify":                "the simulator issues no tokens",
}

// exchange sends one request and returns the answer's body.
func exchange(t *testing.T, s *clerktest.Server, request, contentType, body string) string {
	t.Helper()
	method, path, _ := strings.Cut(request, " ")
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+s.Key())
	if body != "" {
		r.Header.Set("Content-Type", contentType)
	}
	answered, err := (&http.Client{Transport: s.RoundTripper()}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answered.Body.Close()
	read, err := io.ReadAll(answered.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(read)
}

func logo(t *testing.T, content string) (contentType, body string) {
	t.Helper()
	var text bytes.Buffer
	writer := multipart.NewWriter(&text)
	part, err := writer.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {`form-data; name="file"; filename="logo.png"`},
		"Content-Type":        {"image/png"},
	})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(part, content)
	writer.Close()
	return writer.FormDataContentType(), text.String()
}

// TestContract_Simulator sends a request of each kind to each endpoint, with and without the newer
// fields, and fails if the document has an endpoint that was not exercised.
func TestContract_Simulator(t *testing.T) {
	if os.Getenv(Variable) == "" {
		t.Skipf("set %s to the path of Clerk's OpenAPI document to run this test", Variable)
	}
	c, err := load()
	if err != nil {
		t.Fatal(err)
	}
	for _, switches := range []clerktest.Switches{
		{},
		{NewerFields: clerktest.NewerFieldsRefused, PublicClientSecret: clerktest.PublicSecretAbsent},
	} {
		s := clerktest.NewInMemory(t, clerktest.WithSwitches(switches), c.option(t.Errorf))
		id := s.Seed("web")
		application := "/oauth_applications/" + id
		const settings = "/instance/oauth_application_settings"
		for _, sent := range [][2]string{
			{"GET /instance", ""},
			{"POST /oauth_applications", `{"name":"x","public":true,"redirect_uris":["a://b"]}`},
			{"POST /oauth_applications", `{"name":"x","scopes":null,"redirect_uris":["/b"]}`},
			{"GET /oauth_applications?limit=2&offset=0&order_by=-name&name_query=s", ""},
			{"GET " + application, ""},
			{"PATCH " + application, `{"name":"y","redirect_uris":[],"pkce_required":true}`},
			{"PATCH " + application, `{"device_authorization_grant_enabled":true}`},
			{"PATCH " + application, `{"scopes":"openid"}`},
			{"POST " + application + "/rotate_secret", ""},
			{"PATCH " + settings, `{"default_scopes":["email"],"aud_claim_enabled":true}`},
			{"PATCH " + settings, `{"default_scopes":null}`},
			{"GET " + settings, ""},
		} {
			exchange(t, s, sent[0], "application/json", sent[1])
		}
		for content, want := range map[string]string{"\x89PNG\r\n\x1a\n": "img.clerk.com", "no": "body_invalid"} {
			contentType, body := logo(t, content)
			if got := exchange(t, s, "PUT "+application+"/logo", contentType, body); !strings.Contains(got, want) {
				t.Errorf("logo: got %s", got)
			}
		}
		for range 2 {
			exchange(t, s, "DELETE "+application, "", "")
		}
		s.SetRateLimit(clerktest.RateLimit{Requests: 1, Per: 1 << 40})
		exchange(t, s, "GET "+application, "", "") // 429, which the document does not list
		s.Close()                                  // and its checks
	}
	for path, item := range c.document.Paths.Map() {
		for method := range item.Operations() {
			operation := method + " " + path
			if strings.Contains(path, "oauth_application") && !c.seen[operation] && notServed[operation] == "" {
				t.Errorf("no request was sent to %s", operation)
			}
		}
	}
}

// TestContract_Violations shows that a client's mistakes are noticed, and that no secret is shown.
func TestContract_Violations(t *testing.T) {
	if os.Getenv(Variable) == "" {
		t.Skipf("set %s to the path of Clerk's OpenAPI document to run this test", Variable)
	}
	c, err := load()
	if err != nil {
		t.Fatal(err)
	}
	for want, sent := range map[string][2]string{
		"":                                {"POST /oauth_applications", `{"name":"x"}`},
		`"Name" is unsupported`:           {"POST /oauth_applications", `{"name":"x","Name":"x"}`},
		"value must be a string":          {"POST /oauth_applications", `{"name":"x","redirect_uris":[7]}`},
		`property "name" is missing`:      {"POST /oauth_applications", `{}`},
		`no query parameter "name"`:       {"GET /oauth_applications?name=x", ""},
		"number must be at least 1":       {"GET /oauth_applications?limit=0", ""},
		"no matching operation was found": {"GET /users2", ""},
	} {
		found := ""
		s := clerktest.NewInMemory(t, c.option(func(format string, arguments ...any) {
			found += fmt.Sprintf(format, arguments...) + "\n"
		}))
		exchange(t, s, sent[0], "application/json", sent[1])
		s.Close()
		if want == "" && found != "" || !strings.Contains(found, want) {
			t.Errorf("%v: got %q, want %q", sent, found, want)
		}
	}
	for _, answer := range []string{`{"client_secret":"canary"}`, `{"client_secret":["canary"]}`} {
		problems := c.check(clerktest.Request{
			Method: "POST", Path: "/v1/oauth_applications",
			Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(`{"name":"x"}`),
		},
			clerktest.Answer{Status: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(answer)})
		if text := fmt.Sprint(problems); !strings.Contains(text, "is missing") || strings.Contains(text, "canary") {
			t.Errorf("got %s", text)
		}
	}
}

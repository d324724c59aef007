package contract_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
	"sync"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest/contract"
)

// excerpt is a small document in the shape of Clerk's, so that these tests need no file.
const excerpt = `
openapi: 3.0.3
info: {title: Excerpt, version: "1"}
servers: [{url: "https://api.clerk.com/v1"}]
paths:
  /instance:
    get:
      responses:
        "200":
          description: instance
          content:
            application/json:
              schema:
                type: object
                required: [object, id, environment_type]
                properties:
                  object: {type: string, enum: [instance]}
                  id: {type: string}
                  environment_type: {type: string}
                  allowed_origins: {type: array, nullable: true, items: {type: string}}
                  workspace_id: {type: string, nullable: true}
  /oauth_applications:
    get:
      parameters: [{name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 500}}]
      responses:
        "200":
          description: list
          content:
            application/json:
              schema:
                type: object
                required: [data, total_count]
                properties:
                  data: {type: array, items: {type: object, additionalProperties: true}}
                  total_count: {type: integer}
    post:
      requestBody:
        content:
          application/json:
            schema:
              type: object
              required: [name]
              properties: {name: {type: string}, redirect_uris: {type: array, items: {type: string}}}
      responses:
        "200":
          description: application
          content: {application/json: {schema: {type: object, additionalProperties: true, required: [id, no_such_field]}}}
  /oauth_applications/{id}/rotate_secret:
    post:
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses:
        "200":
          description: application
          content: {application/json: {schema: {type: object, properties: {object: {type: string}}}}}
components:
  schemas:
    ClerkErrors:
      type: object
      required: [errors]
      properties:
        errors: {type: array, items: {type: object, required: [message, long_message, code]}}
`

// violations collects the reports of a watch.
type violations struct {
	mu    sync.Mutex
	texts []string
}

func (v *violations) report(text string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.texts = append(v.texts, text)
}

// take returns the reports since the last call.
func (v *violations) take() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	taken := strings.Join(v.texts, "\n")
	v.texts = nil
	return taken
}

func send(t testing.TB, s *clerktest.Server, method, path, contentType string, body []byte) (int, map[string]any) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.URL()+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+s.Key())
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	answered, err := (&http.Client{Transport: s.RoundTripper()}).Do(request)
	if err != nil {
		return 0, nil
	}
	defer answered.Body.Close()
	read, err := io.ReadAll(answered.Body)
	if err != nil {
		return answered.StatusCode, nil
	}
	var object map[string]any
	_ = json.Unmarshal(read, &object) // not every answer is an object
	return answered.StatusCode, object
}

func sendJSON(t testing.TB, s *clerktest.Server, method, path, body string) (int, map[string]any) {
	t.Helper()
	if body == "" {
		return send(t, s, method, path, "", nil)
	}
	return send(t, s, method, path, "application/json", []byte(body))
}

func TestViolationsAreFound(t *testing.T) {
	t.Parallel()
	document, err := contract.Parse([]byte(excerpt))
	if err != nil {
		t.Fatal(err)
	}
	var found violations
	watch := document.Watch(found.report)
	s := clerktest.NewInMemory(t, clerktest.WithMiddleware(watch.Middleware))
	id := s.Seed("web")
	for name, test := range map[string]struct {
		method, path, body string
		want               []string // parts of one violation each
	}{
		"nothing wrong":      {"GET", "/instance", "", nil},
		"wrong answer":       {"POST", "/oauth_applications", `{"name":"x"}`, []string{`answer 200: response body doesn't match schema: /no_such_field: property "no_such_field" is missing`}},
		"unknown field":      {"POST", "/oauth_applications", `{"name":"","Name":"x"}`, []string{"request: the document has no field /Name"}},
		"wrong type":         {"POST", "/oauth_applications", `{"name":"","redirect_uris":[7]}`, []string{"/redirect_uris/0: value must be a string"}},
		"missing field":      {"POST", "/oauth_applications", `{}`, []string{`property "name" is missing`}},
		"unknown parameter":  {"GET", "/oauth_applications?name=x", "", []string{`no query parameter "name"`}},
		"parameter off":      {"GET", "/oauth_applications?limit=0", "", []string{`"limit"`}},
		"unknown path":       {"GET", "/users", "", []string{"GET /v1/users, request: no matching operation"}},
		"unknown method":     {"PUT", "/instance", "", []string{"PUT /v1/instance, request: "}},
		"body where none is": {"POST", "/oauth_applications/" + id + "/rotate_secret", "null", []string{"request: ", "no field /name", "no field /client_secret"}},
	} {
		sendJSON(t, s, test.method, test.path, test.body)
		got := found.take()
		if len(test.want) == 0 && got != "" {
			t.Errorf("%s: %s", name, got)
		}
		for _, want := range test.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: got %q, want %q in it", name, got, want)
			}
		}
	}
	if secret := s.CurrentSecret(id); secret == "" || strings.Contains(found.take(), secret) {
		t.Error("a violation shows a secret")
	}
}

func TestAnswersOutsideTheDocumentAreCounted(t *testing.T) {
	t.Parallel()
	document, err := contract.Parse([]byte(excerpt))
	if err != nil {
		t.Fatal(err)
	}
	var found violations
	watch := document.Watch(found.report)
	s := clerktest.NewInMemory(t, clerktest.WithMiddleware(watch.Middleware))

	for _, fault := range []clerktest.Fault{
		clerktest.ResetBeforeWork(), clerktest.HTML(502), clerktest.Truncated(clerktest.DeliverShort),
		clerktest.Truncated(clerktest.DeliverCutChunks),
		clerktest.Changed(func(answer map[string]any) { delete(answer, "id") }),
	} {
		s.Inject(fault.Once())
		sendJSON(t, s, http.MethodGet, "/instance", "")
	}
	s.Inject(clerktest.TooManyRequests("1").Once()) // in Clerk's envelope: checked
	sendJSON(t, s, http.MethodGet, "/instance", "")
	s.Inject(clerktest.Changed(func(map[string]any) {}).Once()) // the request is checked nevertheless
	sendJSON(t, s, http.MethodGet, "/instance?x=1", "")

	s.Close() // the server is done with every request
	if got, want := found.take(), `the document has no query parameter "x"`; !strings.Contains(got, want) || strings.Contains(got, "\n") {
		t.Errorf("got %q, want only %q", got, want)
	}
	if got, want := fmt.Sprint(watch.Checked(), watch.Outside()),
		"1 map[a fault broke the delivery:3 a fault changed the answer:2 a fault's reply:1]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestFrontendAPIIsPassedOver(t *testing.T) {
	t.Parallel()
	document, err := contract.Parse([]byte(excerpt))
	if err != nil {
		t.Fatal(err)
	}
	var found violations
	watch := document.Watch(found.report)
	s := clerktest.NewInMemory(t, clerktest.WithMiddleware(watch.Middleware))
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, strings.TrimSuffix(s.URL(), "/v1")+clerktest.RouteTokenInfo, strings.NewReader("token=x"))
	if err != nil {
		t.Fatal(err)
	}
	answered, err := (&http.Client{Transport: s.RoundTripper()}).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	answered.Body.Close()
	if got := found.take(); got != "" || answered.StatusCode != http.StatusUnauthorized {
		t.Errorf("%d %s", answered.StatusCode, got)
	}
	if got := fmt.Sprint(watch.Outside()); got != "map[of the frontend API, which the document does not describe:1]" {
		t.Errorf("not checked: %s", got)
	}
}

func TestParseRefusesOtherDocuments(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"no YAML":        "{",
		"no ClerkErrors": strings.ReplaceAll(excerpt, "ClerkErrors", "Errors"),
	} {
		if _, err := contract.Parse([]byte(text)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := contract.Load(t.TempDir() + "/missing.yml"); err == nil {
		t.Error("a missing file: no error")
	}
}

// TestSimulatorKeepsClerksDocument drives every endpoint under every setting of the switches.
func TestSimulatorKeepsClerksDocument(t *testing.T) {
	t.Parallel()
	document := contract.FromEnvironment(t)
	var logo bytes.Buffer
	if err := png.Encode(&logo, image.NewGray(image.Rect(0, 0, 1, 1))); err != nil {
		t.Fatal(err)
	}
	for _, setting := range clerktest.AllSwitches() {
		t.Run(setting.Name, func(t *testing.T) {
			t.Parallel()
			var found violations
			watch := document.Watch(found.report)
			s := clerktest.NewInMemory(t, clerktest.WithSwitches(setting.Switches), clerktest.WithMiddleware(watch.Middleware))
			do := func(method, path, body string) map[string]any {
				t.Helper()
				status, object := sendJSON(t, s, method, path, body)
				if got := found.take(); got != "" {
					t.Errorf("%s %s: %d: %s", method, path, status, got)
				}
				return object
			}
			const settings = "/instance/oauth_application_settings"
			do("GET", "/instance", "")
			do("POST", "/oauth_applications", `{"name":"public","public":true,"pkce_required":true}`)
			created := do("POST", "/oauth_applications", `{"name":"web","redirect_uris":["a://b","c://d"],"scopes":null,"consent_screen_enabled":false}`)
			path := fmt.Sprint("/oauth_applications/", created["id"])
			do("GET", path, "")
			do("PATCH", path, `{"name":"shop","redirect_uris":[],"public":null}`)
			do("PATCH", path, `{"device_authorization_grant_enabled":true}`)
			do("PATCH", path, `{"scopes":"openid offline_access"}`)
			do("PATCH", path, `{"scopes":"openid"}`)
			do("POST", path+"/rotate_secret", "")
			do("POST", path+"/revoke_token", `{"token":"oat_1"}`)
			do("GET", "/oauth_applications?limit=2&offset=0&order_by=-name&name_query=s", "")
			do("PATCH", settings, `{"default_scopes":["email","openid"],"client_id_metadata_documents_advertised":true}`)
			do("GET", settings, "")
			do("PATCH", settings, `{"default_scopes":null}`)
			do("PATCH", settings, `{"dynamic_oauth_client_registration":true,"aud_claim_enabled":true,"pkce_required":null}`)
			do("GET", path, "")
			do("PATCH", path, `{"consent_screen_enabled":false}`)
			for _, file := range [][]byte{logo.Bytes(), []byte("no image")} {
				status := putLogo(t, s, path, file)
				if got := found.take(); got != "" || file[0] == 'n' && status != http.StatusBadRequest || file[0] != 'n' && status != http.StatusOK {
					t.Errorf("logo: %d %s", status, got)
				}
			}
			do("DELETE", path, "")
			do("DELETE", path, "")                           // 404
			do("POST", "/oauth_applications", `{"name":""}`) // 422
			do("PATCH", path, `{"redirect_uris":["/relative"]}`)

			s.SetRateLimit(clerktest.RateLimit{Requests: 1, Per: 1 << 40})
			do("GET", "/instance", "") // 429
			s.SetRateLimit(clerktest.RateLimit{})
			for _, fault := range []clerktest.Fault{clerktest.Locked(), clerktest.ClerkError(503, "service_unavailable"), clerktest.ClerkError(403, "authorization_invalid")} {
				s.Inject(fault.Once())
				do("DELETE", path, "")
			}

			if outside := watch.Outside(); len(outside) > 0 || watch.Checked() < 20 {
				t.Errorf("%d answers were checked, and some were not: %v", watch.Checked(), outside)
			}
		})
	}
}

func putLogo(t testing.TB, s *clerktest.Server, path string, file []byte) int {
	t.Helper()
	var body bytes.Buffer
	writer := multipart.NewWriter(&body)
	part, err := writer.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {`form-data; name="file"; filename="logo.png"`}, "Content-Type": {"image/png"},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, _ = part.Write(file) // a bytes.Buffer takes everything
	_ = writer.Close()
	status, _ := send(t, s, http.MethodPut, path+"/logo", writer.FormDataContentType(), body.Bytes())
	return status
}

func TestOptionOnAServer(t *testing.T) {
	t.Parallel()
	s := clerktest.New(t, contract.Option(t)) // with and without a document
	if status, _ := sendJSON(t, s, http.MethodPost, "/oauth_applications", `{"name":"web"}`); status != http.StatusOK {
		t.Errorf("got %d", status)
	}
}

// failures is a testing.TB that only collects errors.
type failures struct {
	testing.TB
	mu    sync.Mutex
	texts []string
}

func (f *failures) Errorf(format string, arguments ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.texts = append(f.texts, fmt.Sprintf(format, arguments...))
}

func TestOptionFailsTheTest(t *testing.T) {
	t.Parallel()
	document, err := contract.Parse([]byte(excerpt))
	if err != nil {
		t.Fatal(err)
	}
	seen := &failures{TB: t}
	s := clerktest.New(t, document.Option(seen))
	sendJSON(t, s, http.MethodGet, "/instance?x=1", "")
	s.Close()
	if len(seen.texts) != 1 || !strings.Contains(seen.texts[0], `no query parameter "x"`) {
		t.Errorf("got %q", seen.texts)
	}
}

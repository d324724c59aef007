package clerk_test

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/gif"
	"image/jpeg"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// TestRequests compares the request of each method with one that was written by hand.
func TestRequests(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	const api = " https://api.clerk.com/v1"
	const listed = `{"data":[],"total_count":0}`
	update := func(fields clerk.OAuthApplicationFields) func(*clerk.Client) error {
		return func(c *clerk.Client) error { _, err := c.UpdateOAuthApplication(ctx, "oa_1", fields); return err }
	}
	create := func(fields clerk.OAuthApplicationFields) func(*clerk.Client) error {
		return func(c *clerk.Client) error { _, err := c.CreateOAuthApplication(ctx, fields); return err }
	}
	list := func(query clerk.ListQuery) func(*clerk.Client) error {
		return func(c *clerk.Client) error { _, _, err := c.ListOAuthApplications(ctx, query); return err }
	}
	settings := func(fields clerk.OAuthApplicationSettingsFields) func(*clerk.Client) error {
		return func(c *clerk.Client) error { _, err := c.UpdateOAuthApplicationSettings(ctx, fields); return err }
	}
	everything := clerk.OAuthApplicationFields{
		Name: new("Büro & <more>"), RedirectURIs: &[]string{"https://b.example/cb", "myapp://cb"}, Scopes: &[]string{"profile", "email", "profile"},
		ConsentScreenEnabled: new(false), PKCERequired: new(true), Public: new(false), DeviceAuthorizationGrantEnabled: new(true),
	}
	allSettings := clerk.OAuthApplicationSettingsFields{
		DynamicOAuthClientRegistration: new(true), DefaultScopes: &clerk.DefaultScopes{Scopes: []string{"profile", "email", "email"}}, OAuthJWTAccessTokens: new(false),
		ClientIDMetadataDocumentsAdvertised: new(true), ClientIDMetadataDocumentsOnlyAllowPreRegisteredClients: new(false), ClientIDMetadataDocumentsBlockImplicitlyAllowedClients: new(true),
		AudClaimEnabled: new(true), PKCERequired: new(false),
	}
	for name, test := range map[string]struct {
		call               func(*clerk.Client) error
		line, body, answer string
	}{
		"get":                      {func(c *clerk.Client) error { _, err := c.GetOAuthApplication(ctx, "oa_1"); return err }, "GET" + api + "/oauth_applications/oa_1", "", appJSON},
		"list":                     {list(clerk.ListQuery{}), "GET" + api + "/oauth_applications?limit=500&offset=0&order_by=%2Bcreated_at", "", listed},
		"list of a name":           {list(clerk.ListQuery{NameQuery: "a+b &=%/?#ü", OrderBy: "-name"}), "GET" + api + "/oauth_applications?limit=500&name_query=a%2Bb+%26%3D%25%2F%3F%23%C3%BC&offset=0&order_by=-name", "", listed},
		"create with a name alone": {create(clerk.OAuthApplicationFields{Name: new("web")}), "POST" + api + "/oauth_applications", `{"name":"web"}`, appJSON},
		"create with everything": {
			create(everything), "POST" + api + "/oauth_applications",
			`{"name":"Büro \u0026 \u003cmore\u003e","redirect_uris":["https://b.example/cb","myapp://cb"],"scopes":"email profile","consent_screen_enabled":false,"pkce_required":true,"public":false,"device_authorization_grant_enabled":true}`, appJSON,
		},
		"update of one field":           {update(clerk.OAuthApplicationFields{Public: new(true)}), "PATCH" + api + "/oauth_applications/oa_1", `{"public":true}`, appJSON},
		"update of scopes":              {update(clerk.OAuthApplicationFields{Scopes: &[]string{"profile", "email"}}), "PATCH" + api + "/oauth_applications/oa_1", `{"scopes":"email offline_access profile"}`, appJSON},
		"update of scopes with offline": {update(clerk.OAuthApplicationFields{Scopes: &[]string{"offline_access", "email"}}), "PATCH" + api + "/oauth_applications/oa_1", `{"scopes":"email offline_access"}`, appJSON},
		"update that empties":           {update(clerk.OAuthApplicationFields{RedirectURIs: new([]string(nil)), Scopes: &[]string{}}), "PATCH" + api + "/oauth_applications/oa_1", `{"redirect_uris":[],"scopes":"offline_access"}`, appJSON},
		"rotate":                        {func(c *clerk.Client) error { _, err := c.RotateClientSecret(ctx, "oa_1", time.Time{}); return err }, "POST" + api + "/oauth_applications/oa_1/rotate_secret", "", appJSON},
		"delete":                        {func(c *clerk.Client) error { return c.DeleteOAuthApplication(ctx, "oa_1") }, "DELETE" + api + "/oauth_applications/oa_1", "", `{"object":"oauth_application","id":"oa_1","deleted":true}`},
		"get settings":                  {func(c *clerk.Client) error { _, err := c.GetOAuthApplicationSettings(ctx); return err }, "GET" + api + "/instance/oauth_application_settings", "", settingsJSON},
		"update settings": {
			settings(allSettings), "PATCH" + api + "/instance/oauth_application_settings",
			`{"dynamic_oauth_client_registration":true,"default_scopes":["email","profile"],"oauth_jwt_access_tokens":false,"client_id_metadata_documents_advertised":true,` +
				`"client_id_metadata_documents_only_allow_pre_registered_clients":false,"client_id_metadata_documents_block_implicitly_allowed_clients":true,"aud_claim_enabled":true,"pkce_required":false}`, settingsJSON,
		},
		"reset of a setting": {settings(clerk.OAuthApplicationSettingsFields{DefaultScopes: &clerk.DefaultScopes{Reset: true}}), "PATCH" + api + "/instance/oauth_application_settings", `{"default_scopes":null}`, settingsJSON},
		"instance":           {func(c *clerk.Client) error { _, err := c.Instance(ctx); return err }, "GET" + api + "/instance", "", `{"object":"instance","id":"ins_1","environment_type":"production"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var requests []*http.Request
			client := clientOn(t, roundTrip(func(req *http.Request) (*http.Response, error) {
				requests = append(requests, req)
				return answering(200, "application/json", test.answer)(req)
			}), func(config *clerk.Config) { config.UserAgent = "terraform-provider-clerk/1.2.3 (terraform/1.9.8)" })
			noError(t, test.call(client))
			equal(t, "requests", len(requests), 1)
			req := requests[0]
			equal(t, "line", req.Method+" "+req.URL.String(), test.line)
			want := http.Header{
				"Accept": {"application/json"}, "Authorization": {"Bearer " + testKey}, "Clerk-Api-Version": {"2026-05-12"},
				"User-Agent": {"terraform-provider-clerk/1.2.3 (terraform/1.9.8)"},
			}
			body := ""
			if test.body != "" {
				want.Set("Content-Type", "application/json")
				read, err := io.ReadAll(req.Body)
				noError(t, err)
				body = string(read)
			}
			if !reflect.DeepEqual(req.Header, want) {
				t.Errorf("headers %v, want %v", req.Header, want)
			}
			assertSameBody(t, body, test.body)
			equal(t, "length", req.ContentLength, int64(len(body)))
		})
	}
}

// assertSameBody compares two bodies without the order of their keys.
func assertSameBody(t testing.TB, got, want string) {
	t.Helper()
	if got == want {
		return
	}
	var gotValue, wantValue any
	noError(t, json.Unmarshal([]byte(got), &gotValue))
	noError(t, json.Unmarshal([]byte(want), &wantValue))
	if !reflect.DeepEqual(gotValue, wantValue) {
		t.Errorf("the body is\n  %s\nwant\n  %s", got, want)
	}
}

// No id reaches another path than that of one application.
func TestIDs(t *testing.T) {
	t.Parallel()
	for _, id := range []string{
		"", ".", "..", "../users", "a/b", "..%2f", "%2e%2e", "oa_1?x=1", "oa_1#x", "oa_1/rotate_secret", "{id}", "oa_1\n", "oa_1\x00", "oa_1 ", "ключ", "\\", ";", ":@", strings.Repeat("a", 129),
	} {
		client := clientOn(t, roundTrip(func(req *http.Request) (*http.Response, error) {
			t.Errorf("%q: %s %s was sent", id, req.Method, req.URL)
			return answering(403, "", "")(req)
		}))
		for _, operation := range operations {
			if strings.Contains(operation.route, "{id}") {
				equal(t, operation.name+" of "+id, asError[*clerk.IDError](t, operation.call(t.Context(), client, id)).ID, id)
			}
		}
		equal(t, "valid", clerk.ValidID(id), false)
	}
}

// The answer to a read must be whole. The answer to a write is used as far as it can be read,
// because Clerk did the work.
func TestAnswersAreChecked(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	for name, test := range map[string]struct {
		old, new string
		says     string // of a read
		problems int    // of a write; -1 for an error
	}{
		"another application": {`"oa_1"`, `"oa_2"`, `another application ("oa_2")`, -1},
		"another object":      {`"oauth_application"`, `"user"`, `object is "user"`, -1},
		"no name":             {`"name":"web",`, ``, "name is missing", 1},
		"no id":               {`"id":"oa_1",`, ``, "id is missing", 1},
		"no object":           {`"object":"oauth_application",`, ``, "object is missing", 1},
		"no client_id":        {`"client_id":"d9g4CT4WYiCBm7EU"`, `"client_id":""`, "client_id is missing", 1},
		"scopes of a type":    {`"email profile"`, `["email"]`, "scopes has an unexpected type", 1},
		"no scopes":           {`"scopes":"email profile",`, ``, "", 1},
		"no redirect_uris":    {`"redirect_uris":["https://a.example/cb"],`, ``, "", 1},
		"nothing":             {appJSON, `{}`, "not an OAuth application", -1},
	} {
		client := func() *clerk.Client {
			return clientOn(t, answering(200, "application/json", strings.Replace(appJSON, test.old, test.new, 1)))
		}
		app, err := client().GetOAuthApplication(ctx, "oa_1")
		if test.says == "" {
			noError(t, err)
			equal(t, name+": problems", len(app.Problems), 0)
		} else {
			contains(t, name, asError[*clerk.AnswerError](t, err).Problem, test.says)
		}
		fields := fieldsNamed("web")
		updated, updateErr := client().UpdateOAuthApplication(ctx, "oa_1", fields)
		uploaded, uploadErr := client().UploadOAuthApplicationLogo(ctx, "oa_1", "logo.png", pngImage)
		if test.problems < 0 {
			asError[*clerk.ChangeOutcomeUnknownError](t, updateErr)
			asError[*clerk.AnswerError](t, uploadErr)
			continue
		}
		noError(t, updateErr)
		noError(t, uploadErr)
		equal(t, name+": problems", len(updated.Problems), test.problems)
		equal(t, name+": problems", len(uploaded.Problems), test.problems)
		equal(t, name+": not applied", len(fields.NotApplied(updated)), 0)
	}
}

func TestDelete(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		status int
		body   string
		done   bool
	}{
		{200, `{"object":"oauth_application","id":"oa_1","deleted":true}`, true},
		{200, `{"deleted":true,"slug":null,"new":[1]}`, true},
		{204, ``, true},
		{200, ``, false},
		{200, `{"object":"oauth_application","id":"oa_1"}`, false},
		{200, `{"deleted":false}`, false},
		{200, `{"deleted":null}`, false},
		{200, `{"deleted":"true"}`, false},
		{200, `null`, false},
		{200, `[]`, false},
		{200, `<html>`, false},
	} {
		err := clientOn(t, answering(test.status, "application/json", test.body)).DeleteOAuthApplication(t.Context(), "oa_1")
		equal(t, test.body, err == nil, test.done)
		equal(t, test.body, isError[*clerk.AnswerError](err), !test.done)
	}
	bubble(t, func(f *fixture) {
		id := f.server.Seed("web")
		_, err := f.client.GetOAuthApplication(f.Context(), id)
		noError(f, err)
		noError(f, f.client.DeleteOAuthApplication(f.Context(), id))
		for _, operation := range operations {
			if strings.Contains(operation.route, "{id}") {
				equal(f, operation.name, clerk.IsNotFound(operation.call(f.Context(), f.client, id)), true)
			}
		}
	})
}

// Clerk's reads can lag behind writes. With ReadYourWrites, what this process created or renamed
// and what is young is looked for again; nothing else is waited for.
func TestReadYourWrites(t *testing.T) {
	t.Parallel()
	const lag = 1500 * time.Millisecond
	for name, test := range map[string]struct {
		age    time.Duration // of an application of someone else; 0 creates one
		asked  bool
		lag    time.Duration
		found  bool
		waited time.Duration
	}{
		"created here":             {0, true, lag, true, 3 * time.Second},
		"created here, not asked":  {0, false, lag, false, 0},
		"created here, lags long":  {0, true, time.Minute, false, 6 * time.Second},
		"young":                    {time.Second, true, lag, true, 3 * time.Second},
		"a minute old":             {time.Minute, true, lag, false, 0},
		"a minute old, at no time": {time.Minute, false, lag, false, 0},
	} {
		run(t, name, func(f *fixture) {
			f.server.Set(clerktest.Switches{ReadLag: test.lag})
			var id string
			var created time.Time
			if test.age == 0 {
				creation, err := f.create(fieldsNamed("web"))
				noError(f, err)
				id = creation.Application.ID
			} else {
				creation, err := newClient(f, f.server).CreateOAuthApplication(f.Context(), fieldsNamed("web"))
				noError(f, err)
				id, created = creation.Application.ID, time.Now().Add(-test.age)
			}
			var options []clerk.ReadOption
			if test.asked {
				options = append(options, clerk.ReadYourWrites(created))
			}
			app, err := f.client.GetOAuthApplication(f.Context(), id, options...)
			equal(f, "found", app.ID == id, test.found)
			equal(f, "not found", clerk.IsNotFound(err), !test.found)
			equal(f, "waited", f.elapsed(), test.waited)
		})
	}
	run(t, "with little time", func(f *fixture) {
		ctx, cancel := context.WithTimeout(f.Context(), 3*time.Second)
		defer cancel()
		_, err := f.client.GetOAuthApplication(ctx, "oa_none", clerk.ReadYourWrites(time.Now()))
		equal(f, "not found", clerk.IsNotFound(err), true)
		equal(f, "waited", f.elapsed(), time.Second)
	})
	run(t, "interrupted", func(f *fixture) {
		_, err := f.client.GetOAuthApplication(f.interruptAfter(time.Second/2), "oa_none", clerk.ReadYourWrites(time.Now()))
		equal(f, "error", err, context.Canceled)
	})
}

func TestLogo(t *testing.T) {
	t.Parallel()
	encoded := func(encode func(io.Writer, image.Image) error) []byte {
		var b bytes.Buffer
		noError(t, encode(&b, image.NewGray(image.Rect(0, 0, 1, 1))))
		return b.Bytes()
	}
	for want, image := range map[string][]byte{
		"image/png":                 pngImage,
		"image/jpeg":                encoded(func(w io.Writer, i image.Image) error { return jpeg.Encode(w, i, nil) }),
		"image/gif":                 encoded(func(w io.Writer, i image.Image) error { return gif.Encode(w, i, nil) }),
		"image/webp":                []byte("RIFF\x1a\x00\x00\x00WEBPVP8L"),
		"image/bmp":                 []byte("BM\x00\x00\x00\x00"),
		"text/plain; charset=utf-8": []byte("<svg xmlns=\"http://www.w3.org/2000/svg\"/>"),
	} {
		contentType, ok := clerk.LogoType(image)
		equal(t, "type", contentType, want)
		equal(t, want, ok, want != "image/bmp" && strings.HasPrefix(want, "image/"))
	}
	bubble(t, func(f *fixture) {
		id := f.server.Seed("web")
		_, err := f.client.UploadOAuthApplicationLogo(f.Context(), id, "logo.txt", []byte("no image"))
		contains(f, "text", err.Error(), "a logo of type text/plain; charset=utf-8 is not supported")
		app, err := f.client.UploadOAuthApplicationLogo(f.Context(), id, `my "logo".png`, pngImage)
		noError(f, err)
		equal(f, "has an address", app.ClientImageURL != nil, true)
		equal(f, "requests", f.requests(), 1)
		request := f.server.Requests()[0]
		contains(f, "type", request.Header.Get("Content-Type"), "multipart/form-data; boundary=")
		for _, part := range []string{"Content-Type: image/png\r\n", `name="file"`, `filename="my \"logo\".png"`, string(pngImage)} {
			equal(f, "the form has "+part, bytes.Contains(request.Body, []byte(part)), true)
		}
	})
}

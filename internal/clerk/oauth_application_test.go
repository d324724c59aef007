package clerk_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// Each request, written by hand: its line, and its body if it has one.
func TestRequests(t *testing.T) {
	t.Parallel()
	type fields = clerk.OAuthApplicationFields
	type call = func(ctx context.Context, c *clerk.Client, id string) error
	update := func(fields fields) call {
		return func(ctx context.Context, c *clerk.Client, id string) error {
			return errorOf(c.UpdateOAuthApplication(ctx, id, fields))
		}
	}
	create := func(fields fields) call {
		return func(ctx context.Context, c *clerk.Client, _ string) error {
			return errorOf(c.CreateOAuthApplication(ctx, fields))
		}
	}
	settings := func(fields clerk.OAuthApplicationSettingsFields) call {
		return func(ctx context.Context, c *clerk.Client, _ string) error {
			return errorOf(c.UpdateOAuthApplicationSettings(ctx, fields))
		}
	}
	calls := map[string]call{
		"GET /oauth_applications?limit=500&name_query=a%2Bb+%26%3D%25%2F%3F%23%C3%BC&offset=0&order_by=-name": func(ctx context.Context, c *clerk.Client, _ string) error {
			_, _, err := c.ListOAuthApplications(ctx, clerk.ListQuery{NameQuery: "a+b &=%/?#ü", OrderBy: "-name"})
			return err
		},
		`POST /oauth_applications{"name":"web"}`: create(fields{Name: new("web")}),
		`POST /oauth_applications{"name":"Büro \u0026 \u003cmore\u003e","redirect_uris":["https://b.example/cb","myapp://cb"],"consent_screen_enabled":false,` +
			`"pkce_required":true,"public":false,"device_authorization_grant_enabled":true,"scopes":"email profile"}`: create(fields{
			Name: new("Büro & <more>"), RedirectURIs: &[]string{"https://b.example/cb", "myapp://cb"},
			Scopes: &[]string{"profile", "email", "profile"}, ConsentScreenEnabled: new(false), PKCERequired: new(true),
			Public: new(false), DeviceAuthorizationGrantEnabled: new(true),
		}),
		`PATCH /oauth_applications/oa_1{"public":true}`:                           update(fields{Public: new(true)}),
		`PATCH /oauth_applications/oa_1{"scopes":"email offline_access profile"}`: update(fields{Scopes: &[]string{"profile", "email"}}),
		`PATCH /oauth_applications/oa_1{"scopes":"email offline_access"}`:         update(fields{Scopes: &[]string{"offline_access", "email"}}),
		`PATCH /oauth_applications/oa_1{"redirect_uris":[],"scopes":"offline_access"}`: update(fields{
			RedirectURIs: new([]string(nil)), Scopes: &[]string{},
		}),
		`PATCH /instance/oauth_application_settings{"default_scopes":null}`: settings(clerk.OAuthApplicationSettingsFields{
			DefaultScopes: new([]string(nil)),
		}),
		`PATCH /instance/oauth_application_settings{"default_scopes":["email","profile"],"oauth_jwt_access_tokens":false}`: settings(clerk.OAuthApplicationSettingsFields{
			DefaultScopes: &[]string{"email", "profile"}, OAuthJWTAccessTokens: new(false),
		}),
	}
	for _, operation := range operations {
		line := operation.method + " " + strings.ReplaceAll(operation.route, "{id}", "oa_1")
		switch operation.name {
		case "list":
			line += "?limit=500&offset=0&order_by=%2Bcreated_at"
			fallthrough
		case "get", "rotate", "delete", "get settings", "instance":
			calls[line] = operation.call
		}
	}
	answer := strings.Replace(appJSON, "{", `{"deleted":true,"data":[],"total_count":0,`, 1)
	for want, call := range calls {
		var requests []string
		client := clientOn(t, roundTrip(func(req *http.Request) (*http.Response, error) {
			body, err := io.ReadAll(req.Body)
			noError(t, err)
			requests = append(requests, req.Method+" "+strings.TrimPrefix(req.URL.String(), "https://api.clerk.com/v1")+string(body))
			header := http.Header{
				"Accept": {"application/json"}, "Authorization": {"Bearer " + testKey}, "Clerk-Api-Version": {"2026-05-12"}, "User-Agent": {agent},
			}
			if len(body) > 0 {
				header.Set("Content-Type", "application/json")
			}
			equal(t, want+": headers", req.Header, header)
			equal(t, want+": length", req.ContentLength, int64(len(body)))
			switch req.URL.Path {
			case "/v1/instance":
				return answering(200, "", `{"object":"instance","id":"ins_1"}`)(req)
			case "/v1/instance/oauth_application_settings":
				return answering(200, "", settingsJSON)(req)
			}
			return answering(200, "", answer)(req)
		}))
		noError(t, call(t.Context(), client, "oa_1"))
		equal(t, "requests", requests, []string{want})
	}
}

// No id reaches another path than that of one application.
func TestIDs(t *testing.T) {
	t.Parallel()
	for _, id := range []string{
		"", ".", "..", "../users", "a/b", "..%2f", "%2e%2e", "oa_1?x=1", "oa_1#x", "oa_1/rotate_secret", "{id}",
		"oa_1\n", "oa_1\x00", "oa_1 ", "ключ", "\\", ";", ":@", strings.Repeat("a", 129),
	} {
		client := clientOn(t, answering(403, "", "")) // it is not asked
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
	for name, test := range map[string]struct {
		old, new string
		says     string // of a read
		problems int    // of a write; -1 for an error
	}{
		"another application": {`"oa_1"`, `"oa_2"`, `another application ("oa_2")`, -1},
		"another object":      {`"oauth_application"`, `"user"`, `object is "user"`, -1},
		"no id":               {`"id":"oa_1",`, ``, "id is missing", 1},
		"no object":           {`"object":"oauth_application",`, ``, "object is missing", 1},
		"no client_id":        {`"client_id":"d9g4CT4WYiCBm7EU"`, `"client_id":""`, "client_id is missing", 1},
		"scopes of a type":    {`"email profile"`, `["email"]`, "scopes has an unexpected type", 1},
		"no scopes":           {`"scopes":"email profile",`, ``, "", 1},
		"no redirect_uris":    {`"redirect_uris":["https://a.example/cb"],`, ``, "", 1},
		"nothing":             {appJSON, `{}`, "not an OAuth application", -1},
	} {
		client := clientOn(t, answering(200, "application/json", strings.Replace(appJSON, test.old, test.new, 1)))
		fields := fieldsNamed("web")
		updated, err := client.UpdateOAuthApplication(t.Context(), "oa_1", fields)
		if test.problems < 0 {
			asError[*clerk.ChangeOutcomeUnknownError](t, err)
		} else {
			noError(t, err)
			equal(t, name, len(updated.Problems), test.problems)
			equal(t, name+": not applied", len(fields.NotApplied(updated)), 0)
		}
		app, err := client.GetOAuthApplication(t.Context(), "oa_1")
		if test.says != "" {
			contains(t, name, asError[*clerk.AnswerError](t, err).Problem, test.says)
			continue
		}
		noError(t, err)
		equal(t, name+": problems", len(app.Problems), 0)
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
		{204, ``, true},
		{200, ``, false},
		{204, `{}`, false},
		{200, `{"object":"oauth_application","id":"oa_1"}`, false},
		{200, `{"deleted":"true"}`, false},
		{200, `null`, false},
	} {
		err := clientOn(t, answering(test.status, "application/json", test.body)).DeleteOAuthApplication(t.Context(), "oa_1")
		equal(t, test.body, err == nil, test.done)
		equal(t, test.body, isError[*clerk.AnswerError](err), !test.done)
	}
}

// Clerk's reads can lag behind writes. With ReadYourWrites, what this process created or renamed
// and what is young is looked for again; nothing else is waited for.
func TestReadYourWrites(t *testing.T) {
	t.Parallel()
	const lag, second = 1500 * time.Millisecond, time.Second
	for name, test := range map[string]struct {
		age           time.Duration // of an application of someone else; 0 creates one
		asked         bool
		lag, deadline time.Duration
		found         bool
		waited        time.Duration
	}{
		"created here":             {0, true, lag, time.Hour, true, 3 * second},
		"created here, not asked":  {0, false, lag, time.Hour, false, 0},
		"created here, lags long":  {0, true, time.Minute, time.Hour, false, 6 * second},
		"with little time":         {0, true, time.Minute, 3 * second, false, second},
		"interrupted":              {0, true, time.Minute, second / 2, false, second / 2},
		"young":                    {second, true, lag, time.Hour, true, 3 * second},
		"a minute old":             {time.Minute, true, lag, time.Hour, false, 0},
		"a minute old, at no time": {time.Minute, false, lag, time.Hour, false, 0},
	} {
		run(t, name, func(f *fixture) {
			f.server.Set(clerktest.Switches{ReadLag: test.lag})
			client, created := f.client, time.Time{}
			if test.age > 0 {
				client, created = newClient(f, f.server), time.Now().Add(-test.age)
			}
			creation, err := client.CreateOAuthApplication(f.Context(), fieldsNamed("web"))
			noError(f, err)
			var options []clerk.ReadOption
			if test.asked {
				options = append(options, clerk.ReadYourWrites(created))
			}
			ctx, cancel := context.WithTimeout(f.Context(), test.deadline)
			if name == "interrupted" {
				ctx = f.interruptAfter(test.deadline)
			}
			defer cancel()
			app, err := f.client.GetOAuthApplication(ctx, creation.Application.ID, options...)
			equal(f, "found", app.ID == creation.Application.ID, test.found)
			equal(f, "not found", clerk.IsNotFound(err), !test.found && name != "interrupted")
			equal(f, "waited", f.elapsed(), test.waited)
		})
	}
}

func TestLogo(t *testing.T) {
	t.Parallel()
	for want, image := range map[string]string{
		"image/png": string(pngImage), "image/jpeg": "\xff\xd8\xff", "image/gif": "GIF89a", "image/webp": "RIFF\x1a\x00\x00\x00WEBPVP8L",
		"image/bmp": "BM\x00\x00\x00\x00", "text/plain; charset=utf-8": "<svg xmlns=\"http://www.w3.org/2000/svg\"/>",
	} {
		contentType, ok := clerk.LogoType([]byte(image))
		equal(t, "type", contentType, want)
		equal(t, want, ok, want != "image/bmp" && strings.HasPrefix(want, "image/"))
	}
	bubble(t, func(f *fixture) {
		id := f.server.Seed("web")
		app, err := f.client.UploadOAuthApplicationLogo(f.Context(), id, `my "logo".png`, pngImage)
		noError(f, err)
		equal(f, "has an address", app.ClientImageURL != nil, true)
		equal(f, "requests", f.requests(), 1)
		request := f.server.Requests()[0]
		contains(f, "type", request.Header.Get("Content-Type"), "multipart/form-data; boundary=")
		for _, part := range []string{"Content-Type: image/png\r\n", `name="file"`, `filename="my \"logo\".png"`, string(pngImage)} {
			contains(f, "form", string(request.Body), part)
		}
	})
}

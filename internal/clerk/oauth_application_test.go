package clerk_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// appJSON is an answer of the API, written by hand after Clerk's OpenAPI document.
const appJSON = `{"object":"oauth_application","id":"oa_1","instance_id":"ins_1","name":"web","client_id":"d9g4CT4WYiCBm7EU",` +
	`"client_uri":null,"client_image_url":null,"dynamically_registered":false,"consent_screen_enabled":true,"pkce_required":false,"public":false,` +
	`"scopes":"email profile","redirect_uris":[],"callback_url":"","authorize_url":"","token_fetch_url":"","user_info_url":"","discovery_url":"",` +
	`"token_introspection_url":"","created_at":1755000000000,"updated_at":1755000000000,"client_secret":"VVgbT7i6sPo7sTljq2zj12fjmg0jPL5k"}`

const settingsJSON = `{"object":"oauth_application_settings","dynamic_oauth_client_registration":true,"default_scopes":null,"oauth_jwt_access_tokens":true,` +
	`"client_id_metadata_documents_advertised":false,"client_id_metadata_documents_only_allow_pre_registered_clients":false,"client_id_metadata_documents_block_implicitly_allowed_clients":false}`

// TestRequests compares the request of each method with one that was written by hand.
func TestRequests(t *testing.T) {
	t.Parallel()
	everything := clerk.OAuthApplicationFields{
		Name: new("Büro & <more>"), RedirectURIs: &[]string{"https://b.example/cb", "myapp://cb"}, Scopes: &[]string{"profile", "email", "profile"},
		ConsentScreenEnabled: new(false), PKCERequired: new(true), Public: new(false), DeviceAuthorizationGrantEnabled: new(true),
	}
	for name, test := range map[string]struct {
		call        func(*clerk.Client) error
		line        string // method and address
		contentType string
		body        string
		answer      string
	}{
		"get": {
			func(c *clerk.Client) error { _, err := c.GetOAuthApplication(t.Context(), "oa_1"); return err },
			"GET https://api.clerk.com/v1/oauth_applications/oa_1", "", "", appJSON,
		},
		"get fresh": {
			func(c *clerk.Client) error { _, err := c.GetOAuthApplication(t.Context(), "oa_1"); return err },
			"GET https://api.clerk.com/v1/oauth_applications/oa_1", "", "", appJSON,
		},
		"list": {
			func(c *clerk.Client) error {
				_, _, err := c.ListOAuthApplications(t.Context(), clerk.ListQuery{})
				return err
			},
			"GET https://api.clerk.com/v1/oauth_applications?limit=500&offset=0&order_by=%2Bcreated_at", "", "", `{"data":[],"total_count":0}`,
		},
		"list of a name": {
			func(c *clerk.Client) error {
				_, _, err := c.ListOAuthApplications(t.Context(), clerk.ListQuery{NameQuery: "a+b &=%/?#ü", OrderBy: "-name"})
				return err
			},
			"GET https://api.clerk.com/v1/oauth_applications?limit=500&name_query=a%2Bb+%26%3D%25%2F%3F%23%C3%BC&offset=0&order_by=-name", "", "", `{"data":[],"total_count":0}`,
		},
		"create with a name alone": {
			func(c *clerk.Client) error {
				_, err := c.CreateOAuthApplication(t.Context(), clerk.OAuthApplicationFields{Name: new("web")})
				return err
			},
			"POST https://api.clerk.com/v1/oauth_applications", "application/json", `{"name":"web"}`, appJSON,
		},
		"create with everything": {
			func(c *clerk.Client) error { _, err := c.CreateOAuthApplication(t.Context(), everything); return err },
			"POST https://api.clerk.com/v1/oauth_applications", "application/json",
			`{"name":"Büro \u0026 \u003cmore\u003e","redirect_uris":["https://b.example/cb","myapp://cb"],"scopes":"email profile","consent_screen_enabled":false,"pkce_required":true,"public":false,"device_authorization_grant_enabled":true}`, appJSON,
		},
		"update of one field": {
			func(c *clerk.Client) error {
				_, err := c.UpdateOAuthApplication(t.Context(), "oa_1", clerk.OAuthApplicationFields{Public: new(true)})
				return err
			},
			"PATCH https://api.clerk.com/v1/oauth_applications/oa_1", "application/json", `{"public":true}`, appJSON,
		},
		"update of scopes": {
			func(c *clerk.Client) error {
				_, err := c.UpdateOAuthApplication(t.Context(), "oa_1", clerk.OAuthApplicationFields{Scopes: &[]string{"profile", "email"}})
				return err
			},
			"PATCH https://api.clerk.com/v1/oauth_applications/oa_1", "application/json", `{"scopes":"email offline_access profile"}`, appJSON,
		},
		"update of scopes with offline_access": {
			func(c *clerk.Client) error {
				_, err := c.UpdateOAuthApplication(t.Context(), "oa_1", clerk.OAuthApplicationFields{Scopes: &[]string{"offline_access", "email"}})
				return err
			},
			"PATCH https://api.clerk.com/v1/oauth_applications/oa_1", "application/json", `{"scopes":"email offline_access"}`, appJSON,
		},
		"update that empties": {
			func(c *clerk.Client) error {
				_, err := c.UpdateOAuthApplication(t.Context(), "oa_1", clerk.OAuthApplicationFields{RedirectURIs: new([]string(nil)), Scopes: &[]string{}})
				return err
			},
			"PATCH https://api.clerk.com/v1/oauth_applications/oa_1", "application/json", `{"redirect_uris":[],"scopes":"offline_access"}`, appJSON,
		},
		"rotate": {
			func(c *clerk.Client) error {
				_, err := c.RotateClientSecret(t.Context(), "oa_1", time.Time{})
				return err
			},
			"POST https://api.clerk.com/v1/oauth_applications/oa_1/rotate_secret", "", "", appJSON,
		},
		"delete": {
			func(c *clerk.Client) error { return c.DeleteOAuthApplication(t.Context(), "oa_1") },
			"DELETE https://api.clerk.com/v1/oauth_applications/oa_1", "", "", `{"object":"oauth_application","id":"oa_1","deleted":true}`,
		},
		"get settings": {
			func(c *clerk.Client) error { _, err := c.GetOAuthApplicationSettings(t.Context()); return err },
			"GET https://api.clerk.com/v1/instance/oauth_application_settings", "", "", settingsJSON,
		},
		"update settings": {
			func(c *clerk.Client) error {
				_, err := c.UpdateOAuthApplicationSettings(t.Context(), clerk.OAuthApplicationSettingsFields{
					DynamicOAuthClientRegistration: new(true), DefaultScopes: &clerk.DefaultScopes{Scopes: []string{"profile", "email", "email"}}, OAuthJWTAccessTokens: new(false),
					ClientIDMetadataDocumentsAdvertised: new(true), ClientIDMetadataDocumentsOnlyAllowPreRegisteredClients: new(false), ClientIDMetadataDocumentsBlockImplicitlyAllowedClients: new(true),
					AudClaimEnabled: new(true), PKCERequired: new(false),
				})
				return err
			},
			"PATCH https://api.clerk.com/v1/instance/oauth_application_settings", "application/json",
			`{"dynamic_oauth_client_registration":true,"default_scopes":["email","profile"],"oauth_jwt_access_tokens":false,"client_id_metadata_documents_advertised":true,` +
				`"client_id_metadata_documents_only_allow_pre_registered_clients":false,"client_id_metadata_documents_block_implicitly_allowed_clients":true,"aud_claim_enabled":true,"pkce_required":false}`, settingsJSON,
		},
		"reset of a setting": {
			func(c *clerk.Client) error {
				_, err := c.UpdateOAuthApplicationSettings(t.Context(), clerk.OAuthApplicationSettingsFields{DefaultScopes: &clerk.DefaultScopes{Reset: true}})
				return err
			},
			"PATCH https://api.clerk.com/v1/instance/oauth_application_settings", "application/json", `{"default_scopes":null}`, settingsJSON,
		},
		"instance": {
			func(c *clerk.Client) error { _, err := c.Instance(t.Context()); return err },
			"GET https://api.clerk.com/v1/instance", "", "", `{"object":"instance","id":"ins_1","environment_type":"production"}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var requests []*http.Request
			client := clientOn(t, roundTrip(func(req *http.Request) (*http.Response, error) {
				requests = append(requests, req)
				return answering(200, "application/json", test.answer)(req)
			}), func(config *clerk.Config) { config.UserAgent = "terraform-provider-clerk/1.2.3 (terraform/1.9.8)" })
			noError(t, test.call(client))
			if len(requests) != 1 {
				t.Fatalf("%d requests", len(requests))
			}
			req := requests[0]
			equal(t, "line", req.Method+" "+req.URL.String(), test.line)
			want := http.Header{
				"Accept": {"application/json"}, "Authorization": {"Bearer " + testKey}, "Clerk-Api-Version": {"2026-05-12"},
				"User-Agent": {"terraform-provider-clerk/1.2.3 (terraform/1.9.8)"},
			}
			if test.contentType != "" {
				want.Set("Content-Type", test.contentType)
			}
			for header := range req.Header {
				equal(t, header, strings.Join(req.Header[header], "|"), strings.Join(want[header], "|"))
				want.Del(header)
			}
			for header := range want {
				t.Errorf("the header %s is missing", header)
			}
			body := ""
			if req.Body != nil {
				read, err := io.ReadAll(req.Body)
				noError(t, err)
				body = string(read)
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

// A real transport adds only known headers, and keeps no cookies.
func TestRequestsHaveNoOtherHeaders(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(f *fixture) {
		id := f.server.Seed("web")
		f.server.Inject(clerktest.Fault{Work: clerktest.WorkSkipped, Reply: &clerktest.Reply{Status: 503, Code: "service_unavailable", Header: http.Header{"Set-Cookie": {"__cf_bm=1; Path=/"}}}}.Once())
		noError(f, allOperations["get"](f.Context(), f.client, id))
		for _, operate := range allOperations {
			if err := operate(f.Context(), f.client, id); !errors.Is(err, clerk.ErrNoMatch) {
				noError(f, err)
			}
			id = f.server.Seed("another") // the last one may be deleted by now
		}
		allowed := map[string]bool{"Accept": true, "Accept-Encoding": true, "Clerk-Api-Version": true, "Content-Length": true, "Content-Type": true, "User-Agent": true}
		for _, request := range f.server.Requests() {
			equal(f, "authorization", request.Authorization(), "Bearer "+f.server.Key())
			for header := range request.Header {
				if !allowed[header] {
					f.Errorf("%s %s has the header %s", request.Method, request.Path, header)
				}
			}
		}
	})
}

func TestAPIURLWithAPath(t *testing.T) {
	t.Parallel()
	base, err := clerk.ParseAPIURL("https://proxy.example:8443/clerk/")
	noError(t, err)
	var asked string
	client := clientOn(t, roundTrip(func(req *http.Request) (*http.Response, error) {
		asked = req.URL.String()
		return answering(200, "", appJSON)(req)
	}), func(config *clerk.Config) { config.APIURL = base })
	_, err = client.GetOAuthApplication(t.Context(), "oa_1")
	noError(t, err)
	equal(t, "address", asked, "https://proxy.example:8443/clerk/v1/oauth_applications/oa_1")
}

func TestDeleteChecksTheAnswer(t *testing.T) {
	t.Parallel()
	remove := func(answer string) error {
		return clientOn(t, answering(200, "application/json", answer)).DeleteOAuthApplication(t.Context(), "oa_1")
	}
	for _, answer := range []string{`{"object":"oauth_application","id":"oa_1","deleted":true}`, `{"deleted":true,"slug":null,"new":[1]}`} {
		noError(t, remove(answer))
	}
	for _, answer := range []string{
		`{"object":"oauth_application","id":"oa_1"}`, `{"deleted":false}`, `{"deleted":null}`, `{"deleted":"true"}`, `null`, `[]`, `<html>`, ``,
	} {
		asError[*clerk.AnswerError](t, remove(answer))
	}
}

// A missing application is always requested alone, whatever a list says.
func TestDeletedApplicationIsNotFound(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(f *fixture) {
		id := f.server.Seed("web")
		noError(f, f.client.DeleteOAuthApplication(f.Context(), id))
		equal(f, "deleted again", clerk.IsNotFound(f.client.DeleteOAuthApplication(f.Context(), id)), true)
		for _, name := range []string{"get", "get fresh", "update", "rotate", "upload"} {
			equal(f, name, clerk.IsNotFound(allOperations[name](f.Context(), f.client, id)), true)
		}
	})
}

func TestClientUnderEverySwitch(t *testing.T) {
	t.Parallel()
	for _, setting := range clerktest.AllSwitches() {
		t.Run(setting.Name, func(t *testing.T) {
			t.Parallel()
			inVirtualTime(t, func(f *fixture) {
				f.server.Set(setting.Switches)
				fields := fieldsNamed("web")
				fields.RedirectURIs = &[]string{"https://b.example/cb", "https://a.example/cb"}
				creation, err := f.client.CreateOAuthApplication(f.Context(), fields)
				noError(f, err)
				equal(f, "problems", len(creation.Application.Problems), 0)
				equal(f, "refused", len(fields.NotApplied(creation.Application)), 0)
				changed := clerk.OAuthApplicationFields{Name: new("new"), Scopes: &[]string{"openid"}}
				app, err := f.client.UpdateOAuthApplication(f.Context(), creation.Application.ID, changed)
				noError(f, err)
				equal(f, "refused", len(changed.NotApplied(app)), 0)
				rotation, err := f.client.RotateClientSecret(f.Context(), app.ID, time.Time{})
				f.assertCurrent(rotation, err, app.ID)
			})
		})
	}
}

func TestObserver(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(f *fixture) {
		id := f.server.Seed("web")
		f.server.Inject(clerktest.HTML(502).Once())
		_, err := f.client.GetOAuthApplication(f.Context(), id)
		noError(f, err)
		events := f.events.all()
		equal(f, "events", len(events), 2)
		for i, event := range events {
			equal(f, "method", event.Method, "GET")
			equal(f, "route", event.Route, "/oauth_applications/{id}")
			equal(f, "attempt", event.Attempt, i+1)
			equal(f, "trace id", len(event.TraceID), 32)
			equal(f, "has bytes", event.Bytes > 100, true)
		}
		equal(f, "status", events[0].Status, 502)
		equal(f, "outcome", events[0].Outcome, "failed")
		equal(f, "status", events[1].Status, 200)
		equal(f, "outcome", events[1].Outcome, "ok")
	})
}

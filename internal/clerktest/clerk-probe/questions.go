package main

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

const settings = "/instance/oauth_application_settings"

// question asks one thing that Clerk's documentation leaves open.
type question struct {
	name string // of the simulator's switch, "" without a switch
	text string
	ask  func(*probe) (seen string)
	tell tell
}

// tell has patterns of what was seen, each with the value of the switch that it means.
type tell [][2]string

// finding is the switch with its value, which the first pattern that matches tells.
func (q question) finding(seen string) string {
	if q.name == "" {
		return ""
	}
	for _, row := range q.tell {
		pattern := regexp.MustCompile("^(?:" + row[0] + ")$")
		if pattern.MatchString(seen) && !strings.HasPrefix(seen, "429") { // a 429 tells nothing
			return q.name + "=" + pattern.ReplaceAllString(seen, row[1])
		}
	}
	return q.name + "=(not decided)"
}

var public = object{"public": true, "pkce_required": true}

func scopes(text string) object { return object{"scopes": text} }

func uris(all ...string) object { return object{"redirect_uris": all} }

var questions = []question{
	{"scopes_order", "order of scopes", then(
		scopes("public_metadata offline_access profile email openid"), "", nil, "scopes"), tell{
		{".*=public_metadata offline_access profile email openid", "as_sent"},
		{".*=email offline_access openid profile public_metadata", "alphabetical"},
		{".*=profile email public_metadata openid offline_access", "fixed"},
	}},
	{"force_offline_access", "create without offline_access", then(nil, "", nil, "scopes"), tell{
		{"200.*offline_access.*", "on"}, {"200.*", "off"},
	}},
	{"patch_without_offline_access", "PATCH scopes without it", then(
		scopes("email offline_access"), "PATCH {id}", scopes("email openid"), "scopes"), tell{
		{"4.*", "422"}, {"200.*offline_access.*", "keep"}, {"200.*", "remove"},
	}},
	{"unknown_scope", "unknown scope", then(
		nil, "PATCH {id}", scopes("email offline_access clerk-probe:nope"), "scopes"), tell{
		{"4.. (.+)", "$1"}, {".*clerk-probe:nope.*", "accept"}, {"200.*", "drop"},
	}},
	{"public_client_secret", "secret of a new public client", then(
		public, "", nil, "client_secret"), tell{
		{".*characters", "value"}, {".*=(empty|absent)", "$1"},
	}},
	{"rotate_public", "rotation of a public client", then(
		public, "POST {id}/rotate_secret", nil, "client_secret"), tell{
		{"4.*", "422"}, {".*characters", "value"}, {"200.*", "empty"},
	}},
	{"rotate_updated_at", "updated_at after a rotation", then(
		nil, "POST {id}/rotate_secret", nil, "updated_at"), tell{
		{".*=unchanged", "keep"}, {"200.*", "touch"},
	}},
	{"newer_fields", "device_authorization_grant_enabled", then(nil, "PATCH {id}", object{
		"device_authorization_grant_enabled": true,
	}, "device_authorization_grant_enabled"), tell{
		// Another value decides nothing: the workspace may not have the beta.
		{"4.*form_param_unknown", "422"}, {".*=true", "served"}, {".*=absent", "drop"},
	}},
	{"redirect_order", "order of redirect URIs", then(
		uris("b://cb", "a://cb", "c://cb"), "", nil, "redirect_uris"), tell{
		{`.*\[b://cb a://cb c://cb\]`, "as_sent"},
		{`.*\[a://cb b://cb c://cb\]`, "sorted"},
		{`.*\[c://cb a://cb b://cb\]`, "reversed"},
	}},
	{"dcr_forces_consent", "consent screen under dynamic registration", askConsent, tell{
		{"4.*consent.*|200.*=true", "on"}, {"200.*=false", "off"},
	}},
	{"token_info", "introspection: right, wrong, new, old secret", askTokenInfo, tell{
		{"(200, 401 request_unauthorized(, |$)){2}", "authenticates"},
		{"(200, 401 invalid_client(, |$)){2}", "invalid_client"},
		{"200, 401 request_unauthorized, 401 request_unauthorized, 200", "lags"},
		{"(200(, |$)){4}", "authenticates_nobody"},
		{"(401 request_unauthorized(, |$)){4}", "refuses_everybody"},
		{"(422 feature_requires_oidc_provider(, |$)){4}", "legacy"},
	}},
	{"read_lag", "GET right after a create", askReadLag, tell{{"200 after (.*)", "$1"}}},

	{"", "public client made confidential", then(
		public, "PATCH {id}", object{"public": false}, "public", "client_secret"), nil},
	{"", "redirect URI in capitals", then(
		uris("HTTPS://Probe.Example"), "", nil, "redirect_uris"), nil},
	{"", "no redirect URIs any more", then(
		uris("probe://cb"), "PATCH {id}", object{"redirect_uris": []string{}}, "redirect_uris"), nil},
	{"", "an id that does not exist", then(nil, "GET {id}x", nil), nil},
	{"", "DELETE twice", func(p *probe) string {
		request := "DELETE " + p.create(nil).path()
		return fmt.Sprint(p.call(request, nil), ", then ", p.call(request, nil))
	}, nil},
}

// create creates an application with some fields besides its name.
func (p *probe) create(fields object) answer {
	body := object{"name": fmt.Sprintf("%s-%d", p.prefix, len(p.created))}
	maps.Copy(body, fields)
	got := p.call("POST /oauth_applications", body)
	if got.text("id") != "" {
		p.created[got.path()] = true
	}
	return got
}

// then creates an application, sends a request in which {id} is its path, "" for none, and shows
// the status of the last answer and, if Clerk accepted the request, some of its fields.
func then(fields object, request string, body object, shown ...string) func(*probe) string {
	return func(p *probe) string {
		before := p.create(fields)
		got := before
		if request != "" {
			got = p.call(strings.ReplaceAll(request, "{id}", before.path()), body)
		}
		seen := []string{got.String()}
		for _, field := range shown {
			if got.status == 200 {
				seen = append(seen, field+"="+show(before, got, field))
			}
		}
		return strings.Join(seen, ", ")
	}
}

// show shows a field: a client secret only by its length, a time only by whether it changed.
func show(before, after answer, field string) string {
	value, has := after.json[field]
	switch {
	case !has:
		return "absent"
	case value == "":
		return "empty"
	case field == "client_secret":
		return fmt.Sprintf("%d characters", len(after.text(field)))
	case field == "updated_at" && value == before.json[field]:
		return "unchanged"
	case field == "updated_at":
		return "changed"
	default:
		return fmt.Sprint(value)
	}
}

// askConsent switches dynamic registration on for one create. The cleanup restores it.
func askConsent(p *probe) string {
	const registration, consent = "dynamic_oauth_client_registration", "consent_screen_enabled"
	got := p.call("GET "+settings, nil)
	if got.json[registration] == false {
		p.restore = object{registration: false} // the change may be carried out without an answer
		got = p.call("PATCH "+settings, object{registration: true})
	}
	if got.json[registration] != true {
		return "dynamic registration cannot be switched on: " + got.String()
	}
	return then(object{consent: false}, "", nil, consent)(p)
}

// askTokenInfo asks the frontend API about a token that does not exist, with four client secrets.
func askTokenInfo(p *probe) string {
	app := p.create(nil)
	ask := func(secret string) answer {
		r := &http.Request{Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}}
		r.SetBasicAuth(url.QueryEscape(app.text("client_id")), url.QueryEscape(secret))
		return p.send("POST", app.text("token_introspection_url"), "token=none", r.Header)
	}
	right, wrong := ask(app.text("client_secret")), ask("wrong")
	rotated := p.call("POST "+app.path()+"/rotate_secret", nil)
	current, old := ask(rotated.text("client_secret")), ask(app.text("client_secret"))
	return fmt.Sprintf("%s, %s, %s, %s", right, wrong, current, old)
}

// askReadLag looks for a new application until it is found.
func askReadLag(p *probe) string {
	request := "GET " + p.create(nil).path()
	begun, got := time.Now(), p.call(request, nil)
	for got.status == 404 && p.lag < 5*time.Second {
		p.sleep(time.Second / 4)
		got, p.lag = p.call(request, nil), time.Since(begun).Round(time.Millisecond)
	}
	return fmt.Sprint(got, " after ", p.lag)
}

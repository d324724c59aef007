package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"
)

const settings = "/instance/oauth_application_settings"

// question asks one thing that Clerk's documentation leaves open. ask returns what was seen.
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
	{"scopes_order", "order of scopes", created(
		scopes("public_metadata offline_access profile email openid"), "scopes"), tell{
		{".*=public_metadata offline_access profile email openid", "as_sent"},
		{".*=email offline_access openid profile public_metadata", "alphabetical"},
		{".*=profile email public_metadata openid offline_access", "fixed"},
	}},
	{"force_offline_access", "create without offline_access", created(nil, "scopes"), tell{
		{"200.*offline_access.*", "on"}, {"200.*", "off"},
	}},
	{"patch_without_offline_access", "PATCH scopes without it", patched(
		scopes("email offline_access"), scopes("email openid"), "scopes"), tell{
		{"4.*", "422"}, {"200.*offline_access.*", "keep"}, {"200.*", "remove"},
	}},
	{"unknown_scope", "unknown scope", patched(
		nil, scopes("email offline_access clerk-probe:nope"), "scopes"), tell{
		{"4.. (.+)", "$1"}, {".*clerk-probe:nope.*", "accept"}, {"200.*", "drop"},
	}},
	{"public_client_secret", "secret of a new public client", created(
		public, "client_secret"), tell{
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
	{"newer_fields", "device_authorization_grant_enabled", patched(nil, object{
		"device_authorization_grant_enabled": true,
	}, "device_authorization_grant_enabled"), tell{
		// Another value decides nothing: the workspace may not have the beta.
		{"4.*form_param_unknown", "422"}, {".*=true", "served"}, {".*=absent", "drop"},
	}},
	{"redirect_order", "order of redirect URIs", created(
		uris("b://cb", "a://cb", "c://cb"), "redirect_uris"), tell{
		{`.*\[b://cb a://cb c://cb\]`, "as_sent"},
		{`.*\[a://cb b://cb c://cb\]`, "sorted"},
		{`.*\[c://cb a://cb b://cb\]`, "reversed"},
	}},
	{"redirect_normalization", "redirect URI in capitals", created(
		uris("HTTPS://Probe.Example"), "redirect_uris"), tell{
		{`.*\[HTTPS://Probe.Example\]`, "exact"}, {`.*\[https://probe.example/\]`, "rfc3986"},
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

	{"", "create with a name alone", created(nil, "client_secret", "callback_url", "public"), nil},
	{"", "public client made confidential", patched(
		public, object{"public": false}, "public", "client_secret"), nil},
	{"", "DELETE twice", func(p *probe) string {
		request := "DELETE " + path(p.create(nil))
		return fmt.Sprint(p.call(request, nil), ", then ", p.call(request, nil))
	}, nil},
	plain("PATCH {id}", object{}, "updated_at"),
	plain("PATCH {id}", object{"redirect_uris": nil}, "redirect_uris"),
	plain("PATCH {id}", object{"redirect_uris": []string{}}, "redirect_uris"),
	plain("PATCH {id}", uris("a://b", "a://b"), "redirect_uris"),
	plain("PATCH {id}", uris("probe"), "redirect_uris"),
	plain("PATCH {id}", object{"name": strings.Repeat("x", 257)}, "public"),
	plain("PATCH {id}", object{"name": ""}, "name"),
	plain("PATCH {id}", object{"public": "yes"}, "public"),
	plain("PATCH {id}", object{"clerk_probe_unknown": true}, "clerk_probe_unknown"),
	plain("GET {id}x", nil, "id"),
	plain("GET /oauth_applications?limit=501", nil, "total_count"),
	plain("PATCH "+settings, object{"default_scopes": []string{"offline_access"}}, "default_scopes"),
}

// plain is a question without a switch whose text is its request.
func plain(request string, body object, field string) question {
	text := request
	if body != nil {
		encoded, _ := json.Marshal(body) // the probe's own values can be encoded
		text += fmt.Sprintf(" %.50s", encoded)
	}
	return question{text: text, ask: then(uris("probe://cb"), request, body, field)}
}

// then creates an application, sends a request in which {id} is its path, "" for none, and shows
// the status of the last answer and, if Clerk accepted the request, some of its fields.
func then(fields object, request string, body object, shown ...string) func(*probe) string {
	return func(p *probe) string {
		before := p.create(fields)
		got := before
		if request != "" {
			got = p.call(strings.ReplaceAll(request, "{id}", path(before)), body)
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

func created(fields object, shown ...string) func(*probe) string {
	return then(fields, "", nil, shown...)
}

func patched(fields, changes object, shown ...string) func(*probe) string {
	return then(fields, "PATCH {id}", changes, shown...)
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
	return created(object{consent: false}, consent)(p)
}

// askTokenInfo asks with four client secrets about a token that does not exist.
func askTokenInfo(p *probe) string {
	a := p.create(nil)
	right, wrong := p.introspect(a, a.text("client_secret")), p.introspect(a, "wrong")
	rotated := p.call("POST "+path(a)+"/rotate_secret", nil)
	current := p.introspect(a, rotated.text("client_secret"))
	old := p.introspect(a, a.text("client_secret"))
	return fmt.Sprintf("%s, %s, %s, %s", right, wrong, current, old)
}

// askReadLag looks for a new application until it is found.
func askReadLag(p *probe) string {
	request := "GET " + path(p.create(nil))
	begun, got := time.Now(), p.call(request, nil)
	for got.status == 404 && p.lag < 5*time.Second {
		p.sleep(time.Second / 4)
		got, p.lag = p.call(request, nil), time.Since(begun).Round(time.Millisecond)
	}
	return fmt.Sprint(got, " after ", p.lag)
}

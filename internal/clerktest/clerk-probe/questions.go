package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

const settings = "/instance/oauth_application_settings"

// question asks one thing that Clerk's documentation leaves open. ask returns the value of the
// simulator's switch, "" if it cannot be told, and what was seen.
type question struct {
	name string // of the switch, "" without a switch
	text string
	ask  func(*probe) (value, seen string)
}

var questions = []question{
	{"scopes_order", "order of scopes", askScopesOrder},
	{"force_offline_access", "create without offline_access", func(p *probe) (string, string) {
		got := p.create(nil)
		return choose(got, hasScope(got, "offline_access"), "on", "off"), seen(got, "scopes")
	}},
	{"patch_without_offline_access", "PATCH scopes without it", func(p *probe) (string, string) {
		a := p.create(object{"scopes": "email offline_access"})
		got := p.patch(a, object{"scopes": "email openid"})
		if got.refused() {
			return "422", got.String()
		}
		return choose(got, hasScope(got, "offline_access"), "keep", "remove"), seen(got, "scopes")
	}},
	{"unknown_scope", "unknown scope", func(p *probe) (string, string) {
		const unknown = "clerk-probe:nope"
		got := p.patch(p.create(nil), object{"scopes": "email offline_access " + unknown})
		if got.refused() {
			return got.code(), got.String()
		}
		return choose(got, hasScope(got, unknown), "accept", "drop"), seen(got, "scopes")
	}},
	{"public_client_secret", "secret of a new public client", func(p *probe) (string, string) {
		form := secretForm(p.create(object{"public": true, "pkce_required": true}))
		return form, "client_secret: " + form
	}},
	{"rotate_public", "rotation of a public client", func(p *probe) (string, string) {
		got := p.rotate(p.create(object{"public": true, "pkce_required": true}))
		if got.refused() {
			return "422", got.String()
		}
		form := secretForm(got)
		return choose(got, form == "value", "value", "empty"), "client_secret: " + form
	}},
	{"rotate_updated_at", "updated_at after a rotation", func(p *probe) (string, string) {
		a := p.create(nil)
		got := p.rotate(a)
		isSame := got.json["updated_at"] == a.json["updated_at"]
		return choose(got, isSame, "keep", "touch"), fmt.Sprint(got, ", unchanged: ", isSame)
	}},
	{"newer_fields", "device_authorization_grant_enabled", func(p *probe) (string, string) {
		const field = "device_authorization_grant_enabled"
		got := p.patch(p.create(nil), object{field: true})
		switch _, has := got.json[field]; {
		case got.code() == "form_param_unknown":
			return "422", got.String()
		case has && got.json[field] != true:
			return "", seen(got, field) // the workspace may not have the beta
		default:
			return choose(got, has, "served", "drop"), seen(got, field)
		}
	}},
	{"redirect_order", "order of redirect URIs", func(p *probe) (string, string) {
		sent := []string{"b://cb", "a://cb", "c://cb"}
		got := p.create(object{"redirect_uris": sent}).list("redirect_uris")
		return map[string]string{
			"b://cb a://cb c://cb": "as_sent", "a://cb b://cb c://cb": "sorted",
			"c://cb a://cb b://cb": "reversed",
		}[got], got
	}},
	{"redirect_normalization", "redirect URI in capitals", func(p *probe) (string, string) {
		sent := []string{"HTTPS://Probe.Example"}
		got := p.create(object{"redirect_uris": sent}).list("redirect_uris")
		return map[string]string{sent[0]: "exact", "https://probe.example/": "rfc3986"}[got], got
	}},
	{"dcr_forces_consent", "consent screen under dynamic registration", askConsent},
	{"token_info", "introspection: right, wrong, new, old secret", askTokenInfo},
	{"read_lag", "GET right after a create", askReadLag},
	{"", "create with a name alone", func(p *probe) (string, string) {
		got := p.create(nil)
		return "", fmt.Sprintf("%s, client_secret of %d characters, callback_url %q, public %v", got,
			len(got.text("client_secret")), got.text("callback_url"), got.json["public"])
	}},
	{"", "public client made confidential", func(p *probe) (string, string) {
		got := p.patch(p.create(object{"public": true, "pkce_required": true}), object{"public": false})
		return "", seen(got, "public") + ", client_secret: " + secretForm(got)
	}},
	{"", "updated_at after PATCH {}", func(p *probe) (string, string) {
		a := p.create(nil)
		got := p.patch(a, object{})
		return "", fmt.Sprint(got, ", unchanged: ", got.json["updated_at"] == a.json["updated_at"])
	}},
	{"", "DELETE twice", func(p *probe) (string, string) {
		a := p.create(nil)
		return "", fmt.Sprint(p.call("DELETE "+path(a), nil), ", then ", p.call("DELETE "+path(a), nil))
	}},
	onNew("PATCH {id}", object{"redirect_uris": nil}, "redirect_uris"),
	onNew("PATCH {id}", object{"redirect_uris": []string{}}, "redirect_uris"),
	onNew("PATCH {id}", object{"redirect_uris": []string{"a://b", "a://b"}}, "redirect_uris"),
	onNew("PATCH {id}", object{"redirect_uris": []string{"probe"}}, "redirect_uris"),
	onNew("PATCH {id}", object{"name": strings.Repeat("x", 257)}, "public"),
	onNew("PATCH {id}", object{"name": ""}, "name"),
	onNew("PATCH {id}", object{"public": "yes"}, "public"),
	onNew("PATCH {id}", object{"clerk_probe_unknown": true}, "clerk_probe_unknown"),
	onNew("GET {id}x", nil, "id"),
	onNew("GET /oauth_applications?limit=501", nil, "total_count"),
	onNew("PATCH "+settings, object{"default_scopes": []string{"offline_access"}}, "default_scopes"),
}

// onNew is a question without a switch: a request after the creation of an application, whose path
// is {id}.
func onNew(request string, body object, field string) question {
	text := request
	if body != nil {
		encoded, _ := json.Marshal(body) // the probe's own values can be encoded
		text += fmt.Sprintf(" %.50s", encoded)
	}
	return question{"", text, func(p *probe) (string, string) {
		a := p.create(object{"redirect_uris": []string{"probe://cb"}})
		return "", seen(p.call(strings.ReplaceAll(request, "{id}", path(a)), body), field)
	}}
}

// seen shows the status and, if Clerk accepted the request, one field.
func seen(a answer, field string) string {
	if !a.ok() {
		return a.String()
	}
	return fmt.Sprintf("%s, %s=%v", a, field, a.json[field])
}

// choose returns one of two values, "" if the answer is no success.
func choose(a answer, condition bool, yes, no string) string {
	switch {
	case !a.ok():
		return ""
	case condition:
		return yes
	default:
		return no
	}
}

func hasScope(a answer, scope string) bool {
	return slices.Contains(strings.Fields(a.text("scopes")), scope)
}

// secretForm describes a client secret without showing it.
func secretForm(a answer) string {
	_, has := a.json["client_secret"]
	switch {
	case !a.ok():
		return ""
	case !has:
		return "absent"
	case a.text("client_secret") == "":
		return "empty"
	default:
		return "value"
	}
}

func askScopesOrder(p *probe) (string, string) {
	const sent = "public_metadata offline_access profile email openid"
	got := p.create(object{"scopes": sent}).text("scopes")
	return map[string]string{
		sent: "as_sent",
		"email offline_access openid profile public_metadata": "alphabetical",
		"profile email public_metadata openid offline_access": "fixed",
	}[got], got
}

// askConsent switches dynamic registration on for one create. The cleanup restores it.
func askConsent(p *probe) (string, string) {
	const registration, consent = "dynamic_oauth_client_registration", "consent_screen_enabled"
	before := p.call("GET "+settings, nil)
	if !before.ok() {
		return "", before.String()
	}
	if before.json[registration] != true {
		p.restore = object{registration: false} // the change may be carried out without an answer
		got := p.call("PATCH "+settings, object{registration: true})
		if got.json[registration] != true {
			return "", "dynamic registration cannot be switched on: " + got.String()
		}
	}
	got := p.create(object{consent: false})
	if strings.Contains(got.code(), "consent") {
		return "on", got.String()
	}
	return choose(got, got.json[consent] == true, "on", "off"), seen(got, consent)
}

// askTokenInfo asks with four client secrets about a token that does not exist.
func askTokenInfo(p *probe) (string, string) {
	const legacy = "422 feature_requires_oidc_provider"
	a := p.create(nil)
	right, wrong := p.introspect(a, a.text("client_secret")), p.introspect(a, "wrong")
	rotated := p.rotate(a)
	current := p.introspect(a, rotated.text("client_secret"))
	old := p.introspect(a, a.text("client_secret"))
	got := fmt.Sprintf("%s, %s, %s, %s", right, wrong, current, old)
	return map[string]string{
		"200, 401 request_unauthorized, 200, 401 request_unauthorized": "authenticates",
		"200, 401 invalid_client, 200, 401 invalid_client":             "invalid_client",
		"200, 401 request_unauthorized, 401 request_unauthorized, 200": "lags",
		"200, 200, 200, 200": "authenticates_nobody",
		"401 request_unauthorized, 401 request_unauthorized, " +
			"401 request_unauthorized, 401 request_unauthorized": "refuses_everybody",
		strings.Repeat(legacy+", ", 3) + legacy: "legacy",
	}[got], got
}

func askReadLag(p *probe) (string, string) {
	a := p.create(nil)
	for _, milliseconds := range []int{0, 250, 250, 500, 1000, 1000, 2000} {
		pause := time.Duration(milliseconds) * time.Millisecond
		p.sleep(pause)
		p.lag += pause
		if got := p.call("GET "+path(a), nil); got.status != 404 {
			return choose(got, true, p.lag.String(), ""), fmt.Sprint(got, " after ", p.lag)
		}
	}
	return "", "404 for " + p.lag.String()
}

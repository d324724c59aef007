package main

import (
	"context"
	"net/http"
	"slices"
	"strings"
)

const (
	registration  = "dynamic_oauth_client_registration"
	defaultScopes = "default_scopes"
	audClaim      = "aud_claim_enabled"
)

// askSettings asks about the OAuth application settings. Each that it changes it restores, at the latest in the cleanup.
func (p *probe) askSettings(ctx context.Context) {
	got := p.client.call(ctx, http.MethodGet, settingsPath, nil)
	if !got.ok() || !got.json.has(registration) {
		for _, name := range []string{"default_scopes_offline_access", "newer_fields", "dcr_forces_consent"} {
			p.note(name, other(got))
		}
		return
	}
	p.settings = got.json
	p.askConsent(ctx)
	p.askDefaultScopes(ctx)
	// The value that the setting has, so that nothing changes and nothing is to restore.
	enabled, _ := p.settings[audClaim].(bool)
	got = p.client.call(ctx, http.MethodPatch, settingsPath, object{audClaim: enabled})
	p.note("newer_fields", seenNewerField(got, audClaim, enabled))
}

// change changes one setting, and remembers the value that it has to get back. The value is remembered before: the change
// may be carried out without an answer.
func (p *probe) change(ctx context.Context, name string, value, before any) answer {
	_, remembered := p.changed[name]
	p.changed[name] = before
	got := p.client.call(ctx, http.MethodPatch, settingsPath, object{name: value})
	if !remembered && got.refused() {
		delete(p.changed, name)
	}
	return got
}

// askConsent turns dynamic registration on for as long as it takes to ask two questions.
func (p *probe) askConsent(ctx context.Context) {
	if p.settings[registration] != true {
		got := p.change(ctx, registration, true, false)
		if !got.ok() || got.json[registration] != true {
			p.note("dcr_forces_consent", untold("dynamic client registration cannot be turned on", "%s", got))
			return
		}
		defer func() {
			if got := p.client.call(ctx, http.MethodPatch, settingsPath, object{registration: false}); got.ok() {
				delete(p.changed, registration)
			}
		}()
	}
	for _, a := range p.confidential() {
		switch got := p.patch(ctx, a, object{"consent_screen_enabled": false}); {
		case got.refused() && strings.Contains(got.code(), "consent"):
			p.note("dcr_forces_consent", told("on", "%s", got))
		case !got.ok():
			p.note("dcr_forces_consent", other(got))
		case got.json["consent_screen_enabled"] == false:
			p.note("dcr_forces_consent", told("off", "%s", with(got, "consent_screen_enabled")))
		default:
			p.note("dcr_forces_consent", told("on", "%s", with(got, "consent_screen_enabled")))
		}
	}
}

func (p *probe) askDefaultScopes(ctx context.Context) {
	var before any
	if scopes := p.settings.list(defaultScopes); len(scopes) > 0 {
		// Clerk refuses offline_access, even where it answers with it.
		before = slices.DeleteFunc(scopes, func(scope string) bool { return scope == offlineAccess })
	}
	change := func(scopes ...string) answer {
		return p.change(ctx, defaultScopes, append([]string{}, scopes...), before)
	}
	for _, scopes := range [][]string{{"openid", "email"}, {"profile", "openid"}} {
		switch got := change(scopes...); {
		case !got.ok():
			p.note("default_scopes_offline_access", other(got))
		case slices.Contains(got.json.list(defaultScopes), offlineAccess):
			p.note("default_scopes_offline_access", told("included", "%s", with(got, defaultScopes)))
		case len(got.json.list(defaultScopes)) == len(scopes):
			p.note("default_scopes_offline_access", told("excluded", "%s", with(got, defaultScopes)))
		default:
			p.note("default_scopes_offline_access", untold("no value of the switch explains this", "%s", with(got, defaultScopes)))
		}
	}
	p.tell(defaultScopesWith, with(change("email", offlineAccess), defaultScopes))
	p.tell(defaultScopesDup, with(change("email", "email"), defaultScopes))
	p.tell(defaultScopesNone, with(change(), defaultScopes))
}

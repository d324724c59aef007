package lifecycle

import (
	"slices"
)

// An exception is a switch of the simulator that changes a scenario: from a step on, other
// steps replace its own.
type exception struct {
	setting, scenario, from string
	instead                 []step
}

// under returns the scenario under a setting of the simulator, and whether it differs.
func (sc scenario) under(setting string) (scenario, bool) {
	for _, exception := range underSwitch {
		if exception.setting == setting && exception.scenario == sc.name {
			sc.steps = slices.Concat(sc.steps[:sc.stepIndex(exception.from)], exception.instead)
			return sc, true
		}
	}
	return sc, false
}

// underSwitch has every place where a switch of the simulator rightly changes what
// happens. Everywhere else the provider does the same under all switches.
var underSwitch = []exception{
	{
		setting: "redirects_empty=ignored", scenario: "redirect URIs", from: "they are emptied",
		instead: []step{{
			does: "Clerk reports success and keeps them", config: with(web, values{"redirect_uris": []string{}}),
			plan: update, changed: "callback_url redirect_uris updated_at", unknown: "callback_url updated_at",
			sends: []string{sendsUpdateOf(`{"redirect_uris":[]}`)},
			fails: `reported success.*sent \[\], Clerk has \["https://app.example.com/cb"`, failsAt: "redirect_uris",
			state: values{"redirect_uris": []string{"https://app.example.com/cb", "myapp://cb"}},
		}, {does: "the state has the true values", config: web, plan: noOp}},
	},
	{
		setting: "redirects_empty=422", scenario: "redirect URIs", from: "they are emptied",
		instead: []step{{
			does: "Clerk refuses", config: with(web, values{"redirect_uris": []string{}}),
			plan: update, changed: "callback_url redirect_uris updated_at", unknown: "callback_url updated_at",
			sends: []string{sendsUpdateOf(`{"redirect_uris":[]}`)},
			fails: "Must be not empty", failsAt: "redirect_uris",
		}, {does: "the state is as it was", config: web, plan: noOp}},
	},
	{
		setting: "redirect_normalization=rfc3986", scenario: "redirect URI in capitals", from: "it is created",
		instead: []step{{
			does: "Clerk changes the URI", config: with(web, values{"redirect_uris": []string{"https://APP.example.com/cb"}}), plan: create,
			sends:     []string{sendsCreateOf(`{"name":"web","redirect_uris":["https://APP.example.com/cb"]}`)},
			warnsLate: []string{`did not apply.*sent \["https://APP.*Clerk has \["https://app`},
			secret:    secretMade, pending: true,
		}, {
			does: "the difference shows, and stays", config: with(web, values{"redirect_uris": []string{"https://APP.example.com/cb"}}),
			plan: update, changed: "callback_url redirect_uris updated_at", unknown: "callback_url updated_at",
			sends: []string{sendsUpdateOf(`{"redirect_uris":["https://APP.example.com/cb"]}`)},
			fails: "reported success", failsAt: "redirect_uris",
		}, {
			does: "written as Clerk has it, there is nothing to do", config: with(web, values{"redirect_uris": []string{"https://app.example.com/cb"}}), plan: noOp,
		}},
	},
	{
		setting: "unknown_scope=oauth_invalid_scope", scenario: "custom scope", from: "its scope is deleted from the instance",
		instead: []step{{
			does: "the loss shows, Clerk refuses", behind: []act{customScopeDeleted("messages:read")}, config: withCustomScope,
			plan: update, changed: "scopes updated_at", unknown: "updated_at",
			sends: []string{sendsUpdateOf(`{"scopes":"messages:read offline_access profile"}`)}, fails: "An invalid scope was used",
		}},
	},
	{
		setting: "unknown_scope=drop", scenario: "custom scope", from: "its scope is deleted from the instance",
		instead: []step{{
			does: "the loss shows, Clerk drops it silently", behind: []act{customScopeDeleted("messages:read")}, config: withCustomScope,
			plan: update, changed: "scopes updated_at", unknown: "updated_at",
			sends: []string{sendsUpdateOf(`{"scopes":"messages:read offline_access profile"}`)}, fails: "reported success", failsAt: "scopes",
		}},
	},
	{
		setting: "unknown_scope=accept", scenario: "custom scope", from: "its scope is deleted from the instance",
		instead: []step{{
			does: "the loss shows and is reverted", behind: []act{customScopeDeleted("messages:read")}, config: withCustomScope,
			plan: update, changed: "scopes updated_at", unknown: "updated_at",
			sends: []string{sendsUpdateOf(`{"scopes":"messages:read offline_access profile"}`)},
		}},
	},
	{
		setting: "unknown_scope=oauth_invalid_scope", scenario: "scope that Clerk does not know", from: "it is refused",
		instead: []step{{
			does: "it is refused, without a name", config: withCustomScope, plan: create,
			sends: []string{sendsCreateOf(`{"name":"web","scopes":"messages:read profile"}`)}, fails: "An invalid scope was used.*oauth_invalid_scope.*400",
		}, created},
	},
	{
		setting: "unknown_scope=drop", scenario: "scope that Clerk does not know", from: "it is refused",
		instead: []step{{
			does: "the application is created, with a warning", config: withCustomScope, plan: create,
			sends:     []string{sendsCreateOf(`{"name":"web","scopes":"messages:read profile"}`)},
			warnsLate: []string{`did not apply.*scopes: sent \["messages:read", "profile"\], Clerk has \[.*"profile"\]`}, secret: secretMade, pending: true,
		}, {
			does: "the difference shows, and stays", config: withCustomScope, plan: update, changed: "scopes updated_at", unknown: "updated_at",
			sends: []string{sendsUpdateOf(`{"scopes":"messages:read offline_access profile"}`)}, fails: "reported success", failsAt: "scopes",
		}},
	},
	{
		setting: "unknown_scope=accept", scenario: "scope that Clerk does not know", from: "it is refused",
		instead: []step{{
			does: "it is accepted", config: withCustomScope, plan: create,
			sends: []string{sendsCreateOf(`{"name":"web","scopes":"messages:read profile"}`)}, secret: secretMade,
		}},
	},
	{
		setting: "public_sets_pkce=on", scenario: "public client without pkce_required", from: "it is created",
		instead: []step{{
			does: "Clerk requires PKCE automatically", config: with(web, values{"public": true}), plan: create,
			warns: []string{"Public client without PKCE"},
			sends: []string{sendsCreateOf(`{"name":"web","public":true}`)}, state: values{"pkce_required": true},
		}},
	},
	{
		setting: "public_without_pkce=422", scenario: "public client without pkce_required", from: "it is created",
		instead: []step{{
			does: "Clerk refuses", config: with(web, values{"public": true}), plan: create,
			warns: []string{"Public client without PKCE"},
			sends: []string{sendsCreateOf(`{"name":"web","public":true}`)}, fails: "PKCE is required", failsAt: "pkce_required",
		}},
	},
}

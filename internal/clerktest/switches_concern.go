package clerktest

import (
	"net/http"
	"slices"
	"strconv"
)

// Concerns reports whether the setting may change the answer to a request, compared with the default setting. If it
// concerns none of the requests that a new server was sent, then under the setting the same requests have the same answers
// and effects. So a test that has run under the default setting need not run under a setting that concerns none of its
// requests ([WithWatch]).
//
// A request is judged by itself and together with the requests before it. Applications and settings that a test has put
// in place with [Server.Edit], [Server.EditSettings] or a Seed method are not seen: such a test runs under every setting.
func (s Setting) Concerns(request Request) bool {
	return s.concerns == nil || s.concerns(request)
}

// only gives a switch the condition without which it does not matter. A switch without a condition always matters.
func (d switchDefinition) only(concerns func(Request) bool) switchDefinition {
	d.concerns = concerns
	return d
}

// scopesOf are the scopes that a request names, for an application or as the default of the instance.
func scopesOf(r Request) []string {
	text, _ := r.JSON["scopes"].(string)
	return append(splitScopes(text), textsOf(r, "default_scopes")...)
}

func textsOf(r Request, name string) []string {
	list, _ := r.JSON[name].([]any)
	var texts []string
	for _, element := range list {
		if text, ok := element.(string); ok {
			texts = append(texts, text)
		}
	}
	return texts
}

func patchesWithoutOfflineAccess(r Request) bool {
	_, sent := r.JSON["scopes"]
	return sent && r.Method == http.MethodPatch && !slices.Contains(scopesOf(r), offlineAccess)
}

func namesScopeNotBuiltIn(r Request) bool {
	return slices.ContainsFunc(scopesOf(r), func(scope string) bool { return !slices.Contains(builtInScopes, scope) })
}

func namesOrganizationScope(r Request) bool { return slices.Contains(scopesOf(r), organizationScope) }

// An application is public only because of a request that says so.
func makesPublic(r Request) bool { return r.JSON["public"] == true }

func hasSeveralRedirects(r Request) bool { return len(textsOf(r, "redirect_uris")) > 1 }

func hasCallbackAndRedirects(r Request) bool {
	_, callback := r.JSON["callback_url"]
	_, redirects := r.JSON["redirect_uris"]
	return callback && redirects
}

func hasURIToNormalize(r Request) bool {
	uris := textsOf(r, "redirect_uris")
	if callback, ok := r.JSON["callback_url"].(string); ok {
		uris = append(uris, callback)
	}
	return slices.ContainsFunc(uris, func(uri string) bool { return normalizedURI(uri) != uri })
}

func emptiesRedirects(r Request) bool {
	redirects, ok := r.JSON["redirect_uris"].([]any)
	return ok && len(redirects) == 0
}

func patchesWithNull(r Request) bool {
	for _, value := range r.JSON {
		if value == nil && r.Method == http.MethodPatch {
			return true
		}
	}
	return false
}

// applicationFields are those that every setting knows.
var applicationFields = []string{
	"name", "callback_url", "redirect_uris", "scopes", "consent_screen_enabled", "pkce_required", "public",
	"device_authorization_grant_enabled",
}

func hasFieldBeyondAnApplications(r Request) bool {
	for name := range r.JSON {
		isApplication := r.Route == RouteApplications || r.Route == RouteApplication
		if !isApplication || !slices.Contains(applicationFields, name) {
			return true
		}
	}
	return false
}

func isList(r Request) bool { return r.Method == http.MethodGet && r.Route == RouteApplications }

func listsWithoutOrder(r Request) bool { return isList(r) && !r.Query.Has("order_by") }

func listsBeyondLimits(r Request) bool {
	limit, err := strconv.Atoi(r.Query.Get("limit"))
	return isList(r) && err == nil && (limit < 1 || limit > maxLimit)
}

func rotates(r Request) bool { return r.Route == RouteRotateSecret }

func setsDefaultScopes(r Request) bool {
	_, sent := r.JSON["default_scopes"]
	return sent
}

func turnsOnRegistration(r Request) bool { return r.JSON["dynamic_oauth_client_registration"] == true }

func introspects(r Request) bool { return r.Route == RouteTokenInfo }

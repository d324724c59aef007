package clerktest

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxName is a limit of Clerk's OpenAPI document, in characters.
const maxName = 256

const offlineAccess = "offline_access"

// builtInScopes are the scopes that every instance has, in the fixed order. user:org:read is not
// among them: it needs Organizations, which the simulator does not have.
var builtInScopes = []string{
	"profile", "email", "public_metadata", "private_metadata", "openid", offlineAccess,
}

// edit changes an application as the request asks, and reports whether nothing is wrong with the
// request. The caller then stores the application.
func (w *work) edit(a *Application) bool {
	w.decode(a, "device_authorization_grant_enabled")
	if len(w.errors) > 0 {
		return false
	}
	sent := w.request.JSON
	switch _, named := sent["name"]; {
	case w.before == nil && !named:
		w.fail(about("name", "form_param_missing", "is missing", "name must be included."))
	case strings.TrimSpace(a.Name) == "":
		w.fail(invalid("name", "Must be not empty"))
	case utf8.RuneCountInString(a.Name) > maxName:
		w.fail(about("name", "form_param_max_length_exceeded", "exceeds maximum length",
			fmt.Sprintf("name should not exceed %d characters.", maxName)))
	}
	if sent["scopes"] != nil {
		a.Scopes = w.storedScopes(strings.Fields(a.Scopes))
	}
	if sent["redirect_uris"] != nil {
		w.storeURIs(a.RedirectURIs)
	} else if w.before != nil { // null keeps what was there
		a.RedirectURIs = w.before.RedirectURIs
	}
	mustConsent := a.DynamicallyRegistered || w.forcesConsent()
	switch {
	case len(w.errors) > 0:
	case hasDuplicates(a.RedirectURIs):
		w.fail(known(http.StatusBadRequest, "duplicate_record"))
	case mustConsent && sent["consent_screen_enabled"] == false:
		w.fail(about("consent_screen_enabled",
			"oauth_application_consent_screen_cannot_be_disabled", "consent screen cannot be disabled",
			"Consent screen cannot be disabled for a dynamically registered OAuth Application"))
	}
	return len(w.errors) == 0
}

func hasDuplicates(texts []string) bool {
	return len(slices.Compact(slices.Sorted(slices.Values(texts)))) < len(texts)
}

// storeURIs checks redirect URIs and puts them into the order in which they are stored.
func (w *work) storeURIs(uris []string) {
	for _, uri := range uris {
		// Any scheme will do: native applications have schemes of their own (RFC 8252 section 7.1).
		u, err := url.Parse(uri)
		if err != nil || u.Scheme == "" || strings.HasPrefix(u.Scheme, "http") && u.Host == "" {
			w.fail(about("redirect_uris", "form_param_format_invalid", "is invalid",
				fmt.Sprintf("%q is not a valid URL.", uri)))
		}
	}
	switch w.switches.RedirectOrder {
	case "sorted":
		slices.Sort(uris)
	case "reversed":
		slices.Reverse(uris)
	}
}

// storedScopes checks the scopes parameter, nil for none, and returns the scopes to store.
func (w *work) storedScopes(scopes []string) string {
	switch {
	case w.before == nil:
		if len(scopes) == 0 {
			scopes = []string{"profile", "email"}
		}
		if w.switches.ForceOfflineAccess == "on" {
			scopes = append(scopes, offlineAccess)
		}
	case slices.Contains(scopes, offlineAccess):
	case w.switches.PatchWithoutOfflineAccess == "422":
		w.fail(invalid("scopes", "Must include %s", offlineAccess))
		return ""
	case w.switches.PatchWithoutOfflineAccess == "keep":
		if slices.Contains(strings.Fields(w.before.Scopes), offlineAccess) {
			scopes = append(scopes, offlineAccess)
		}
	}
	return strings.Join(w.knownScopes("scopes", scopes), " ")
}

// knownScopes drops or reports the scopes that the instance does not have, as the switch says, and
// drops duplicates. It returns scopes in the order in which they are stored.
func (w *work) knownScopes(parameter string, scopes []string) (stored []string) {
	for _, scope := range scopes {
		isKnown := slices.Contains(builtInScopes, scope) || w.server.customScopes[scope] ||
			w.switches.UnknownScope == "accept"
		switch {
		case slices.Contains(stored, scope):
		case isKnown:
			stored = append(stored, scope)
		case w.switches.UnknownScope == "oauth_invalid_scope":
			w.fail(known(http.StatusBadRequest, "oauth_invalid_scope"))
		case w.switches.UnknownScope == "form_param_value_invalid":
			w.fail(notAllowed(parameter, scope))
		}
	}
	switch w.switches.ScopesOrder {
	case "alphabetical":
		slices.Sort(stored)
	case "fixed":
		// The index of a scope that is not built in, -1, is the largest uint.
		rank := func(scope string) uint { return uint(slices.Index(builtInScopes, scope)) }
		slices.SortStableFunc(stored, func(a, b string) int { return cmp.Compare(rank(a), rank(b)) })
	}
	return stored
}

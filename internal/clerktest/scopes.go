package clerktest

import (
	"net/http"
	"slices"
	"strings"
)

const offlineAccess = "offline_access"

// defaultScopes are the scopes of an application that was created without any.
var defaultScopes = []string{"profile", "email"}

// builtInScopes are the scopes that every instance has, in the fixed order. user:org:read is not
// among them: it needs Organizations, which the simulator does not have.
var builtInScopes = []string{
	"profile", "email", "public_metadata", "private_metadata", "openid", offlineAccess,
}

// storedScopes checks the scopes parameter and returns the scopes to store.
func (w *work) storedScopes(scopes []string) string {
	if w.before == nil {
		if len(scopes) == 0 {
			scopes = defaultScopes
		}
		return w.newScopes(w.knownScopes("scopes", scopes))
	}
	if !slices.Contains(scopes, offlineAccess) {
		switch w.switches.PatchWithoutOfflineAccess {
		case "422":
			w.fail(invalid("scopes", "Must include %s", offlineAccess))
			return ""
		case "keep":
			if slices.Contains(strings.Fields(w.before.Scopes), offlineAccess) {
				scopes = append(scopes, offlineAccess)
			}
		}
	}
	return strings.Join(w.ordered(w.knownScopes("scopes", scopes)), " ")
}

// knownScopes drops or reports the scopes that the instance does not have, as the switch says. It
// also drops duplicates.
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
	return stored
}

// newScopes returns the scopes of a new application as they are stored.
func (w *work) newScopes(scopes []string) string {
	forced := w.switches.ForceOfflineAccess == "on"
	if forced && !slices.Contains(scopes, offlineAccess) {
		scopes = append(slices.Clip(scopes), offlineAccess)
	}
	return strings.Join(w.ordered(scopes), " ")
}

// ordered returns scopes in the order in which they are stored.
func (w *work) ordered(scopes []string) []string {
	ordered := slices.Clone(scopes)
	switch w.switches.ScopesOrder {
	case "alphabetical":
		slices.Sort(ordered)
	case "fixed":
		rank := func(scope string) int {
			if index := slices.Index(builtInScopes, scope); index >= 0 {
				return index
			}
			return len(builtInScopes)
		}
		slices.SortStableFunc(ordered, func(a, b string) int { return rank(a) - rank(b) })
	}
	return ordered
}

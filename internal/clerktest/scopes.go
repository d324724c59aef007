package clerktest

import (
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

// defaultScopes are the scopes of an application that was created without any.
const defaultScopes = "profile email"

const offlineAccess = "offline_access"

// builtInScopes are the scopes that every instance has, in the fixed order. user:org:read is not
// among them: it needs Organizations, which the simulator does not have.
var builtInScopes = []string{
	"profile", "email", "public_metadata", "private_metadata", "openid", offlineAccess,
}

func splitScopes(text string) []string { return strings.Fields(text) }

// storedScopes checks the scopes parameter and returns the scopes to store in place of those before.
func (w *work) storedScopes(text, before string) string {
	if utf8.RuneCountInString(text) > maxScopes {
		w.form.fail(tooLong("scopes", maxScopes))
	}
	scopes, rule := splitScopes(text), w.switches.PatchWithoutOfflineAccess
	create := w.isCreate()
	had := slices.Contains(splitScopes(before), offlineAccess)
	switch {
	case create && len(scopes) == 0:
		scopes = splitScopes(defaultScopes)
	case create || slices.Contains(scopes, offlineAccess):
	case rule == PatchWithoutOfflineAccessRefused:
		w.form.fail(invalid("scopes", "Must include %s", offlineAccess))
		return ""
	case rule == PatchKeepsOfflineAccess && had:
		scopes = append(scopes, offlineAccess)
	}
	scopes = w.knownScopes("scopes", scopes)
	if create {
		return w.newScopes(scopes)
	}
	return strings.Join(orderedScopes(scopes, w.switches.ScopesOrder), " ")
}

// knownScopes drops or reports the scopes that the instance does not have, as the switch says. It
// also drops duplicates.
func (w *work) knownScopes(parameter string, scopes []string) []string {
	var known []string
	for _, scope := range scopes {
		isKnown := slices.Contains(builtInScopes, scope) || w.instance.customScopes[scope] ||
			w.switches.UnknownScope == UnknownScopeAccepted
		switch {
		case slices.Contains(known, scope):
		case isKnown:
			known = append(known, scope)
		case w.switches.UnknownScope == UnknownScopeOAuthInvalid:
			w.form.status = http.StatusBadRequest
			w.form.fail(clerkError{
				Code: "oauth_invalid_scope", Message: "Invalid scope.",
				LongMessage: "An invalid scope was used. Specify a different scope and try again.",
			})
		case w.switches.UnknownScope == UnknownScopeValueInvalid:
			w.form.fail(notAllowed(parameter, scope))
		}
	}
	return known
}

// newScopes returns the scopes of a new application as they are stored.
func (w *work) newScopes(scopes []string) string {
	forced := w.switches.ForceOfflineAccess == OfflineAccessForced
	if forced && !slices.Contains(scopes, offlineAccess) {
		scopes = append(slices.Clip(scopes), offlineAccess)
	}
	return strings.Join(orderedScopes(scopes, w.switches.ScopesOrder), " ")
}

func orderedScopes(scopes []string, order ScopesOrder) []string {
	ordered := slices.Clone(scopes)
	switch order {
	case ScopesAlphabetical:
		slices.Sort(ordered)
	case ScopesFixedOrder:
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

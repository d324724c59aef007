package clerktest

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// defaultScopes are those of an application that was created without any.
const defaultScopes = "profile email"

const (
	offlineAccess     = "offline_access"
	organizationScope = "user:org:read"
)

// builtInScopes are the scopes that every instance knows, in the "fixed" order.
var builtInScopes = []string{"profile", "email", "public_metadata", "private_metadata", "openid", offlineAccess}

func splitScopes(text string) []string { return strings.Fields(text) }

// checkScopes turns the scopes parameter into the list of scopes to store, before they are ordered. null and "" mean the
// default.
func checkScopes(f *form, w *work, text field[string], create bool) field[[]string] {
	checked := field[[]string]{sent: text.sent, null: text.null, value: splitScopes(text.value)}
	if utf8.RuneCountInString(text.value) > maxScopes {
		f.fail(tooLong("scopes", maxScopes))
		return checked
	}
	if !create && text.sent && !text.null && w.switches.PatchWithoutOfflineAccess == PatchWithoutOfflineAccessRefused &&
		!slices.Contains(checked.value, offlineAccess) {
		f.fail(formError("form_param_value_invalid", "is invalid", "scopes", "scopes is invalid. Must include %s", offlineAccess))
		return checked
	}
	if len(checked.value) == 0 {
		checked.value = splitScopes(defaultScopes)
	}
	checked.value = w.knownScopes(f, "scopes", checked.value)
	return checked
}

// knownScopes drops or reports the scopes that the instance does not know, as the switches say, and drops repetitions.
func (w *work) knownScopes(f *form, parameter string, scopes []string) []string {
	var known []string
	for _, scope := range scopes {
		if slices.Contains(known, scope) {
			continue
		}
		if slices.Contains(builtInScopes, scope) || w.instance.customScopes[scope] {
			known = append(known, scope)
			continue
		}
		if scope == organizationScope {
			if w.switches.OrganizationScope == OrganizationScopeAccepted {
				known = append(known, scope)
				continue
			}
			if w.switches.OrganizationScope == OrganizationScopeDropped {
				continue
			}
		}
		switch w.switches.UnknownScope {
		case UnknownScopeAccepted:
			known = append(known, scope)
		case UnknownScopeDropped:
		case UnknownScopeOAuthInvalid:
			f.status = errScopeInvalid.status
			f.fail(errScopeInvalid.errors[0])
		default:
			f.fail(notAllowed(parameter, scope))
		}
	}
	return known
}

// newScopes gives the scopes of a new application in the form in which Clerk stores them: ordered, with offline_access.
func (w *work) newScopes(scopes []string) string {
	if w.switches.ForceOfflineAccess == OfflineAccessForced {
		scopes = withOfflineAccess(scopes)
	}
	return strings.Join(orderedScopes(scopes, w.switches.ScopesOrder), " ")
}

// replacedScopes gives the scopes of an application whose scopes a PATCH replaces. Whether the PATCH may lack
// offline_access was checked before.
func (w *work) replacedScopes(before string, scopes []string) string {
	if w.switches.PatchWithoutOfflineAccess == PatchKeepsOfflineAccess && slices.Contains(splitScopes(before), offlineAccess) {
		scopes = withOfflineAccess(scopes)
	}
	return strings.Join(orderedScopes(scopes, w.switches.ScopesOrder), " ")
}

func withOfflineAccess(scopes []string) []string {
	if slices.Contains(scopes, offlineAccess) {
		return scopes
	}
	return append(slices.Clone(scopes), offlineAccess)
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

// withoutScope removes one scope from a space-separated string.
func withoutScope(text, scope string) string {
	return strings.Join(slices.DeleteFunc(splitScopes(text), func(s string) bool { return s == scope }), " ")
}

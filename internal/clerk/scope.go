package clerk

import (
	"slices"
	"strings"
)

// ScopeOfflineAccess is the scope that Clerk adds to every application by
// itself; without it an authorization yields no refresh token.
const ScopeOfflineAccess = "offline_access"

// ParseScopes splits the space-separated list of RFC 6749 section 3.3 into its
// scopes, sorted and without duplicates: their order has no meaning, and Clerk
// changes it.
func ParseScopes(list string) []string {
	scopes := strings.Fields(list)
	slices.Sort(scopes)
	return slices.Compact(scopes)
}

// FormatScopes is the inverse of ParseScopes.
func FormatScopes(scopes []string) string {
	return strings.Join(sortedSet(scopes), " ")
}

// ScopesSatisfy tells whether the scopes that Clerk serves are what was asked
// for: all that was wanted is there, and nothing else but offline_access, which
// Clerk adds unasked. It is not symmetric: offline_access that was asked for and
// is not served does count.
func ScopesSatisfy(served, wanted []string) bool {
	for _, scope := range wanted {
		if !slices.Contains(served, scope) {
			return false
		}
	}
	for _, scope := range served {
		if scope != ScopeOfflineAccess && !slices.Contains(wanted, scope) {
			return false
		}
	}
	return true
}

// sortedSet returns a sorted copy of list without duplicates.
func sortedSet(list []string) []string {
	set := slices.Sorted(slices.Values(list))
	return slices.Compact(set)
}

func sameSet(a, b []string) bool {
	return slices.Equal(sortedSet(a), sortedSet(b))
}

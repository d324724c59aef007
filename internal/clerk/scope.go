package clerk

import (
	"slices"
	"strings"
)

// ScopeOfflineAccess is the scope that Clerk adds to every application
// automatically. Without it an authorization yields no refresh token.
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

// withOfflineAccess returns the scopes with ScopeOfflineAccess among them.
func withOfflineAccess(scopes []string) []string {
	return append(slices.Clone(scopes), ScopeOfflineAccess) // twice does no harm: see FormatScopes
}

// ScopesSatisfy reports whether the scopes that Clerk serves are those that were
// asked for: all that were wanted are there, and no other but offline_access, which
// Clerk adds unasked. It is not symmetric: offline_access that was asked for and
// is not served is a difference.
func ScopesSatisfy(served, wanted []string) bool {
	here, asked := setOf(served), setOf(wanted)
	for scope := range asked {
		if !here[scope] {
			return false
		}
	}
	for scope := range here {
		if scope != ScopeOfflineAccess && !asked[scope] {
			return false
		}
	}
	return true
}

func setOf(list []string) map[string]bool {
	set := make(map[string]bool, len(list))
	for _, element := range list {
		set[element] = true
	}
	return set
}

// sortedSet returns a sorted copy of list without duplicates.
func sortedSet(list []string) []string {
	set := slices.Sorted(slices.Values(list))
	return slices.Compact(set)
}

func sameSet(a, b []string) bool {
	return slices.Equal(sortedSet(a), sortedSet(b))
}

package clerk

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// SameName reports whether two texts are the same name of an application. Names
// that differ only in their Unicode normal form, or in white space at their ends,
// look alike to everyone: file systems, editors and Clerk itself may change the
// one and trim the other.
func SameName(a, b string) bool {
	return a == b || canonicalName(a) == canonicalName(b)
}

// canonicalName is the form that all texts of one name share.
func canonicalName(name string) string {
	return strings.TrimSpace(norm.NFC.String(name))
}

// nameQueries are the queries that together find the applications of a name.
// Clerk looks for the very text, in upper or lower case, within the names that it
// has; which of the two normal forms those have is not known.
//
// One query for the part of the name that is the same in both forms was rejected:
// of a name such as "élan" little is left, and "lan" can be in thousands of names.
func nameQueries(name string) []string {
	composed := canonicalName(name)
	if decomposed := norm.NFD.String(composed); decomposed != composed {
		return []string{composed, decomposed}
	}
	return []string{composed}
}

package provider

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

// scopeForm is scope-token of RFC 6749 section 3.3. Which scopes exist is not
// checked: an instance can have its own.
var scopeForm = regexp.MustCompile(`^[\x21\x23-\x5B\x5D-\x7E]+$`)

const scopeDescription = "a single scope: printable ASCII characters without white space, " +
	"quotation marks and backslashes"

var scopeCheck = textCheck{
	title:   "Invalid scope",
	want:    scopeDescription,
	problem: scopeProblem,
}

func scopeProblem(scope string) string {
	if !scopeForm.MatchString(scope) {
		return fmt.Sprintf("%q is not %s. Write each scope as an element of its own.",
			scope, scopeDescription)
	}
	// A scope may hold a comma. A list of scopes is assumed if one of them is Clerk's own.
	parts := strings.Split(scope, ",")
	if len(parts) > 1 && slices.ContainsFunc(parts, isBuiltInScope) {
		return fmt.Sprintf("%q is a list separated by commas. "+
			"Write each scope as an element of its own: [%s].", scope, quoted(parts))
	}
	return ""
}

// defaultScopeCheck rejects the scope that Clerk rejects among an instance's default
// scopes.
var defaultScopeCheck = textCheck{
	title: "Invalid default scope",
	want:  "not " + clerk.ScopeOfflineAccess,
	problem: func(scope string) string {
		if scope != clerk.ScopeOfflineAccess {
			return ""
		}
		return "Clerk includes offline_access in the default scopes automatically, and rejects it " +
			"in a request. Remove it from default_scopes."
	},
}

// isBuiltInScope reports whether every instance of Clerk has the scope.
func isBuiltInScope(scope string) bool {
	switch scope {
	case "openid", "profile", "email", "public_metadata", "private_metadata",
		clerk.ScopeOfflineAccess:
		return true
	}
	return false
}

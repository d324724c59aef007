package provider

import (
	"fmt"
	"regexp"
)

// scopeForm is scope-token of RFC 6749 section 3.3. Which scopes exist is not
// checked: an instance can have its own.
var scopeForm = regexp.MustCompile(`^[\x21\x23-\x5B\x5D-\x7E]+$`)

const scopeDescription = "a single scope: printable ASCII characters without white space, quotation marks and backslashes"

var scopeCheck = textCheck{title: "Invalid scope", want: scopeDescription, problem: func(scope string) string {
	if scopeForm.MatchString(scope) {
		return ""
	}
	return fmt.Sprintf("%q is not %s. Write each scope as an element of its own.", scope, scopeDescription)
}}

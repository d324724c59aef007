package provider

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxNameLength is in characters; Clerk's OpenAPI document says 256.
const maxNameLength = 256

var nameForm = fmt.Sprintf("a name of 1 to %d characters, not only white space", maxNameLength)

var nameCheck = textCheck{title: "Invalid name", want: nameForm, problem: func(name string) string {
	length := utf8.RuneCountInString(name)
	if strings.TrimSpace(name) != "" && length <= maxNameLength {
		return ""
	}
	return fmt.Sprintf("The value must be %s; it has %d.", nameForm, length)
}}

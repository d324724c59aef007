package provider

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

var nameForm = fmt.Sprintf("a name of 1 to %d characters, not only white space", clerk.MaxNameLength)

var nameCheck = textCheck{title: "Invalid name", want: nameForm, problem: func(name string) string {
	length := utf8.RuneCountInString(name)
	if strings.TrimSpace(name) != "" && length <= clerk.MaxNameLength {
		return ""
	}
	return fmt.Sprintf("The value must be %s; this value has %d characters.", nameForm, length)
}}

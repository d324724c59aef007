package provider

import (
	"fmt"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

const idForm = "letters, digits, _ and - only, at most 128"

// idCheck checks the form of an id, which becomes part of a request's path.
var idCheck = textCheck{title: "Invalid id", want: idForm, problem: func(id string) string {
	if clerk.ValidID(id) {
		return ""
	}
	return fmt.Sprintf("%.80q is not a valid Clerk id: %s.", id, idForm)
}}

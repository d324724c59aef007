package provider

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/encryption"
)

// description is how a validator describes itself.
type description string

func (d description) Description(context.Context) string         { return string(d) }
func (d description) MarkdownDescription(context.Context) string { return string(d) }

// textCheck is a validator of one string.
type textCheck struct {
	description

	title string // summary of the diagnostic
	// problem returns the detail of the diagnostic, or "" for a valid text.
	problem func(text string) string
}

func (c textCheck) ValidateString(
	_ context.Context, req validator.StringRequest, resp *validator.StringResponse,
) {
	if !isKnownText(req.ConfigValue) {
		return
	}
	if problem := c.problem(req.ConfigValue.ValueString()); problem != "" {
		resp.Diagnostics.AddAttributeError(req.Path, c.title, problem)
	}
}

// notBlank matches a text with a character that is not white space.
var notBlank = regexp.MustCompile(`[^\s\p{Z}]`)

// nameCheck accepts the names that Clerk accepts.
var nameCheck = stringvalidator.All(
	stringvalidator.UTF8LengthBetween(1, clerk.MaxNameLength),
	stringvalidator.RegexMatches(notBlank, "must not be only white space"),
)

// triggerCheck rejects an empty trigger, which is most often a variable that was not set.
// It would rotate the secret.
var triggerCheck = stringvalidator.RegexMatches(notBlank,
	"must not be empty: an empty trigger, most often a variable that was not set, would rotate the "+
		"secret. Set null for no trigger")

// requestTimeoutCheck bounds request_timeout. A text that is no duration is an error of
// the attribute's type.
var requestTimeoutCheck = textCheck{
	"a duration from 1ms to 10m", "Invalid duration",
	func(text string) string {
		d, err := time.ParseDuration(text)
		if err != nil || d >= time.Millisecond && d <= 10*time.Minute {
			return ""
		}
		return fmt.Sprintf(
			"The value must be a duration from 1ms to 10m, such as \"30s\"; it is %q.", text)
	},
}

// scopeForm is scope-token of RFC 6749 section 3.3. Which scopes exist is not
// checked: an instance can have its own.
var scopeForm = regexp.MustCompile(`^[\x21\x23-\x5B\x5D-\x7E]+$`)

const scopeDescription = "a single scope: printable ASCII characters without white space, " +
	"quotation marks and backslashes"

var scopeCheck = textCheck{scopeDescription, "Invalid scope", func(scope string) string {
	if !scopeForm.MatchString(scope) {
		return fmt.Sprintf("%q is not %s. Write each scope as an element of its own.",
			scope, scopeDescription)
	}
	// A scope may hold a comma. A list of scopes is assumed if one of them is Clerk's own.
	parts := strings.Split(scope, ",")
	isClerks := func(part string) bool { return slices.Contains(builtInScopes, part) }
	if len(parts) > 1 && slices.ContainsFunc(parts, isClerks) {
		return fmt.Sprintf("%q is a list separated by commas. "+
			"Write each scope as an element of its own: [%s].", scope, quoted(parts))
	}
	return ""
}}

// builtInScopes are the scopes of every instance of Clerk.
var builtInScopes = []string{
	"openid", "profile", "email", "public_metadata", "private_metadata", clerk.ScopeOfflineAccess,
}

// defaultScopeCheck rejects the scope that Clerk rejects among default scopes.
var defaultScopeCheck = textCheck{
	"not " + clerk.ScopeOfflineAccess, "Invalid default scope",
	func(scope string) string {
		if scope != clerk.ScopeOfflineAccess {
			return ""
		}
		return "Clerk includes offline_access in the default scopes automatically, and rejects it " +
			"in a request. Remove it from default_scopes."
	},
}

// recipientsValidator checks encrypt_client_secret_to. Terraform prints the source line of
// a diagnostic with a path, and that line may hold a private key. So diagnostics about
// elements carry no path. Do not add another validator to this attribute.
type recipientsValidator struct{ description }

var recipientsCheck = recipientsValidator{
	"age recipients (age1…) or SSH public keys (ssh-ed25519, ssh-rsa), at least one",
}

// ValidateSet leaves elements that are not known yet to the apply, which checks them before
// the application is created.
func (recipientsValidator) ValidateSet(
	_ context.Context, req validator.SetRequest, resp *validator.SetResponse,
) {
	const summary = "Invalid recipient of the client secret"

	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	elements := req.ConfigValue.Elements()
	if len(elements) == 0 {
		resp.Diagnostics.AddAttributeError(req.Path, summary,
			"encrypt_client_secret_to is empty. Leave the argument out, or name at least one recipient.")
	}
	var known []string
	for _, element := range elements {
		if text, ok := element.(types.String); ok && !text.IsUnknown() {
			known = append(known, text.ValueString()) // "" for null
		}
	}
	if err := encryption.CheckRecipients(known); err != nil {
		resp.Diagnostics.AddError(summary, sentence("In encrypt_client_secret_to: "+err.Error()))
	}
}

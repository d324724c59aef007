package provider

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// maxNameLength is in characters; Clerk's OpenAPI document says 256.
const maxNameLength = 256

type nameValidator struct{}

func (nameValidator) Description(context.Context) string {
	return fmt.Sprintf("a name of 1 to %d characters, not only white space", maxNameLength)
}

func (v nameValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}

func (v nameValidator) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	name := req.ConfigValue.ValueString()
	if length := utf8.RuneCountInString(name); strings.TrimSpace(name) == "" || length > maxNameLength {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid name",
			fmt.Sprintf("The value must be %s; it has %d.", v.Description(ctx), length))
	}
}

type triggerValidator struct{}

func (triggerValidator) Description(context.Context) string {
	return "any text but the empty one"
}

func (v triggerValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}

func (triggerValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if !req.ConfigValue.IsNull() && !req.ConfigValue.IsUnknown() && req.ConfigValue.ValueString() == "" {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid rotation trigger",
			"The trigger is the empty text, which is most often a variable that was not set, and would rotate the secret. Give it a text, or null for none.")
	}
}

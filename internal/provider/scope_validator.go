package provider

import (
	"context"
	"fmt"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// scopeForm is scope-token of RFC 6749 section 3.3. Which scopes exist is not
// checked: an instance can have its own.
var scopeForm = regexp.MustCompile(`^[\x21\x23-\x5B\x5D-\x7E]+$`)

type scopeValidator struct{}

func (scopeValidator) Description(context.Context) string {
	return "a single scope: printable ASCII characters without white space, quotation marks and backslashes"
}

func (v scopeValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}

func (v scopeValidator) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if scope := req.ConfigValue.ValueString(); !scopeForm.MatchString(scope) {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid scope",
			fmt.Sprintf("%q is not %s. Write each scope as an element of its own.", scope, v.Description(ctx)))
	}
}

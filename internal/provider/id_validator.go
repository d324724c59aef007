package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

// idValidator checks the form of an id, which becomes part of a request's path.
type idValidator struct{}

func (idValidator) Description(context.Context) string {
	return "letters, digits, _ and - only, at most 128"
}

func (v idValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}

func (v idValidator) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if id := req.ConfigValue.ValueString(); !clerk.ValidID(id) {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid id",
			fmt.Sprintf("%.80q is no id that Clerk could have given: %s.", id, v.Description(ctx)))
	}
}

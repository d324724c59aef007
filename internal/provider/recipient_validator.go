package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// recipientValidator checks an age recipient.
type recipientValidator struct{}

func (recipientValidator) Description(context.Context) string {
	return "an age recipient, such as age1…"
}

func (v recipientValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}

func (recipientValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if _, err := parseRecipient(req.ConfigValue.ValueString()); err != nil {
		// The path of a set's element holds the element's value: with an identity
		// in it, the diagnostic stands on the set.
		resp.Diagnostics.AddAttributeError(req.Path.ParentPath(), "Invalid age recipient", sentence(err.Error()))
	}
}

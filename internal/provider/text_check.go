package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// textCheck is a validator of one text.
type textCheck struct {
	title string // summary of the diagnostic
	want  string // what is valid
	// problem returns the detail of the diagnostic, or "" for a text that is valid.
	problem func(text string) string
}

// Description implements validator.String.
func (c textCheck) Description(context.Context) string { return c.want }

// MarkdownDescription implements validator.String.
func (c textCheck) MarkdownDescription(context.Context) string { return c.want }

// ValidateString implements validator.String.
func (c textCheck) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if problem := c.problem(req.ConfigValue.ValueString()); problem != "" {
		resp.Diagnostics.AddAttributeError(req.Path, c.title, problem)
	}
}

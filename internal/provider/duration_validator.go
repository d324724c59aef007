package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// durationValidator checks a duration in Go's notation.
type durationValidator struct {
	least, most time.Duration
}

func durationBetween(least, most time.Duration) validator.String {
	return durationValidator{least: least, most: most}
}

func (v durationValidator) Description(context.Context) string {
	return fmt.Sprintf("a duration between %s and %s, such as \"30s\"", v.least, v.most)
}

func (v durationValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}

func (v durationValidator) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	duration, err := time.ParseDuration(req.ConfigValue.ValueString())
	if err != nil || duration < v.least || duration > v.most {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid duration",
			fmt.Sprintf("The value must be %s; got %q.", v.Description(ctx), req.ConfigValue.ValueString()))
	}
}

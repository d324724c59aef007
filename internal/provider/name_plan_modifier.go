package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

// keepSameName keeps the name of the state in the plan where it is the name that the
// configuration asks for in another spelling: in another Unicode normal form, or with
// other white space at its ends. Terraform allows a plan to keep a prior value that
// means the same.
type keepSameName struct{}

func (keepSameName) Description(context.Context) string {
	return "ignores the Unicode normal form of a name and white space at its ends"
}

func (m keepSameName) MarkdownDescription(ctx context.Context) string {
	return m.Description(ctx)
}

func (keepSameName) PlanModifyString(_ context.Context, req planmodifier.StringRequest, resp *planmodifier.StringResponse) {
	if isKnownText(req.StateValue) && isKnownText(req.ConfigValue) &&
		clerk.SameName(req.StateValue.ValueString(), req.ConfigValue.ValueString()) {
		resp.PlanValue = req.StateValue
	}
}

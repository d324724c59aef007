package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

// keepSatisfiedScopes keeps the scopes of the state in the plan if they satisfy the
// configuration. The two can differ by offline_access, which Clerk adds automatically:
// after an import the state has it and the configuration does not. Terraform allows a
// plan to keep a prior value that means the same.
type keepSatisfiedScopes struct{}

func (keepSatisfiedScopes) Description(context.Context) string {
	return "ignores offline_access, which Clerk adds automatically"
}

func (m keepSatisfiedScopes) MarkdownDescription(ctx context.Context) string {
	return m.Description(ctx)
}

func (keepSatisfiedScopes) PlanModifySet(_ context.Context, req planmodifier.SetRequest, resp *planmodifier.SetResponse) {
	if req.StateValue.IsNull() || req.ConfigValue.IsNull() || !isWhollyKnown(req.ConfigValue) {
		return
	}
	if clerk.ScopesSatisfy(stringsOf(req.StateValue), stringsOf(req.ConfigValue)) {
		resp.PlanValue = req.StateValue
	}
}

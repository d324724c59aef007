package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"
)

// applicationSchemaVersion is the version of the schema from the first release on.
// Version 0 is left to the other providers for Clerk, whose resource has the same type
// name: their states come here without a move when only the provider's source address
// changes, by state replace-provider, and by a moved block on OpenTofu before 1.11.12
// and from 1.12.0 to 1.12.3. An engine asks for an upgrade of a version that differs.
const applicationSchemaVersion = 1

// UpgradeState takes over the states of other providers, and those of builds of this
// provider from before its first release, which had version 0 too.
func (r *oauthApplicationResource) UpgradeState(context.Context) map[int64]resource.StateUpgrader {
	return map[int64]resource.StateUpgrader{0: {StateUpgrader: upgradeState}}
}

func upgradeState(ctx context.Context, req resource.UpgradeStateRequest, resp *resource.UpgradeStateResponse) {
	const summary = "Unable to read the state of an OAuth application"
	defer recoverPanic(&resp.Diagnostics, "read the state of an OAuth application")

	prior, err := readPriorState(ctx, req.RawState.JSON)
	if err != nil {
		addPriorStateError(&resp.Diagnostics, summary, err)
		return
	}
	raw, diags := encodeModel(ctx, applicationStateType(), prior.model)
	resp.Diagnostics.Append(diags...)
	resp.State.Raw = raw
}

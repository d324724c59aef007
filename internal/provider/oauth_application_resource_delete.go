package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"
)

// Delete deletes the application permanently. It succeeds if the application is gone
// already, and the key belongs to the instance that the state came from.
func (r *oauthApplicationResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	defer recoverPanic(&resp.Diagnostics, "delete OAuth application")

	var state resourceModel
	resp.Diagnostics.Append(decodeModel(ctx, req.State.Raw, &state)...)
	timeout, diags := state.Timeouts.Delete(ctx, defaultWriteTimeout)
	resp.Diagnostics.Append(diags...)
	client := r.client(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	// A plan rejects a destroy, but a provider is not told that a plan is a replacement.
	if state.checkDestroy(&resp.Diagnostics); resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	if err := client.DeleteOAuthApplication(ctx, state.ID.ValueString()); err != nil {
		confirmGone(ctx, client, err, state, "delete OAuth application", &resp.Diagnostics)
	}
}

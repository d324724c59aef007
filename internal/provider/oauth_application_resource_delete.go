package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"
)

// Delete deletes the application, for good. One that is gone already is a success,
// if it is gone from the instance that the state came from.
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
	// The plan refuses a destroy; a replacement comes here without one.
	if state.checkDestroy(&resp.Diagnostics); resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	if err := client.DeleteOAuthApplication(ctx, state.ID.ValueString()); err != nil {
		confirmGone(ctx, client, err, state, "delete OAuth application", &resp.Diagnostics)
	}
}

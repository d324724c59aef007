package provider

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
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
	replaced := cmp.Or(r.data.createdInstead(state),
		"The plan was to replace the application (-replace, a taint, or replace_triggered_by). No new application was created. If the application is tainted, untaint it first.")
	if state.checkDestroy(replaced, &resp.Diagnostics); resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	if err := client.DeleteOAuthApplication(ctx, state.ID.ValueString()); err != nil {
		r.data.confirmGone(ctx, err, state, "delete OAuth application", &resp.Diagnostics)
	}
}

// createdInstead describes a replacement with create_before_destroy that cannot end,
// because the old application is protected. The new one exists by now, and this run
// created it. It is "" where this run created nothing of that name. d is nil while
// Terraform only validates.
func (d *providerData) createdInstead(state resourceModel) string {
	if d == nil {
		return ""
	}
	created := d.created.named(state.Name.ValueString())
	if created == "" {
		return ""
	}
	return fmt.Sprintf("The plan was to replace the application with create_before_destroy, so the new application exists already: %s, with a different client_id. Every plan will now try to delete the old application again. "+
		"Decide which application to keep. Remove the resource from the state (state rm), import the application to keep, and delete the other application in the Clerk dashboard.", created)
}

// createdApplications remembers the applications that this process created.
type createdApplications struct {
	mu   sync.Mutex
	apps []clerk.OAuthApplication // id and name only
}

func (c *createdApplications) add(app clerk.OAuthApplication) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.apps = append(c.apps, clerk.OAuthApplication{ID: app.ID, Name: app.Name})
}

// named returns the id of the application of a name that was created last, or "".
func (c *createdApplications) named(name string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, app := range slices.Backward(c.apps) {
		if clerk.SameName(app.Name, name) {
			return app.ID
		}
	}
	return ""
}

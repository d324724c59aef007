package provider

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

// Read refreshes the state. An application that is gone is removed from the state, with a warning.
// It is gone only if Clerk says so itself, about the instance that the state came from.
func (r *oauthApplicationResource) Read(
	ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse,
) {
	defer recoverPanic(&resp.Diagnostics, actionRead)

	c := &applicationCall{
		data: r.data, state: &resp.State, identity: resp.Identity, diags: &resp.Diagnostics,
	}
	state := &c.current
	resp.Diagnostics.Append(decodeModel(ctx, req.State.Raw, state)...)
	ctx, cancel := c.begin(ctx, state.Timeouts.Read, defaultReadTimeout, resp.Private)
	defer cancel()
	if resp.Diagnostics.HasError() {
		return
	}
	fetched, ahead := r.data.fetched.LoadAndDelete(state.ID.ValueString())
	if !ahead {
		fetched = state.fetch(ctx, c.client)
	}
	found := fetched.(fetchedApplication)
	if found.err != nil {
		if c.confirmGone(ctx, found.err, actionRead) {
			removeGone(ctx, *state, resp)
		}
		return
	}
	defer c.notes.save(ctx)
	if c.notes.RotationPending && !found.app.Public {
		resp.Diagnostics.AddWarning(
			fmt.Sprintf("The client secret of %s in the state may not work", state.quotedName()),
			fmt.Sprintf("An earlier apply did not receive the current secret of %s. The next apply rotates "+
				"it.", state.named("OAuth application")))
	}

	state.fromAPI(found.app)
	if found.app.Public {
		// Someone else made the client public, or an update whose answer was lost. Its secret
		// no longer counts. If the client becomes confidential again, nothing but the mark
		// says that it needs a secret.
		if state.hasSecret() {
			c.notes.RotationPending = true
			resp.Diagnostics.AddWarning(
				fmt.Sprintf("The client secret of %s leaves the state", state.quotedName()),
				state.named("OAuth application")+" was changed outside Terraform to a public client, which "+
					"has no secret. If the configuration has public = false, the next apply makes the client "+
					"confidential again and creates a new secret. Otherwise the client stays public.")
		}
		c.forgetSecret()
	}
	c.noteVersionFloor(ctx)
	if !c.notes.RotationPending {
		c.verifySecret(ctx, false)
	}
	c.notes.LogoChanged = state.logoFileChanged()
	if state.DeletionProtection.IsNull() {
		// After an import. The attribute's default makes the next plan empty.
		state.DeletionProtection = types.BoolValue(false)
	}
	c.save(ctx)
}

func removeGone(ctx context.Context, state resourceModel, resp *resource.ReadResponse) {
	if resp.Identity != nil {
		// The framework wants the identity of an object that is gone, too.
		resp.Diagnostics.Append(resp.Identity.Set(ctx, identityModel{ID: state.ID})...)
	}
	resp.State.RemoveResource(ctx)
	if state.Name.IsNull() { // during an import, which then fails
		return
	}
	resp.Diagnostics.AddWarning(fmt.Sprintf("OAuth application %s is gone", state.quotedName()),
		fmt.Sprintf("%s no longer exists in Clerk: it was deleted outside Terraform. The application "+
			"leaves the state. If it is still in the configuration, the plan creates a new application. "+
			"The new one has a new client_id, and a new secret unless it is public.",
			state.named("The application")))
}

// fetchedApplication is what a request for an application returned.
type fetchedApplication struct {
	app clerk.OAuthApplication
	err error
}

func (m *resourceModel) fetch(
	ctx context.Context, client *clerk.Client,
) (found fetchedApplication) {
	if found.err = client.CheckInstance(m.InstanceID.ValueString()); found.err == nil {
		found.app, found.err = client.GetOAuthApplication(ctx, m.ID.ValueString(),
			clerk.ReadYourWrites(timeOf(m.CreatedAt)))
	}
	return found
}

// errInstanceUnknown: an application was not found, and the state does not say which
// instance had it.
var errInstanceUnknown = errors.New("the application was not found. The state does not record " +
	"its instance, because it was moved from another provider, or Clerk's answer lacked the " +
	"instance, and the state has not been refreshed since. Either the application is gone, or the " +
	"secret key belongs to another instance. The state is kept. With the right key the next run " +
	"succeeds. If the application is gone, remove it from the state (terraform state rm)")

// confirmGone reports whether the application is gone, given the error of a request about it.
// Otherwise it adds that error, or the better one that the key belongs to another instance.
func (c *applicationCall) confirmGone(ctx context.Context, err error, action string) bool {
	instance := c.current.InstanceID
	if clerk.IsNotFound(err) && instance.IsNull() && !c.current.Name.IsNull() {
		err = errInstanceUnknown
	}
	gone, otherErr := c.client.ConfirmGone(ctx, err, instance.ValueString())
	if !gone {
		c.data.addError(c.diags, c.current.named(action), cmp.Or(otherErr, err), nil)
	}
	return gone
}

// Delete deletes the application permanently. It succeeds if the application is gone
// already, and the key belongs to the instance that the state came from.
func (r *oauthApplicationResource) Delete(
	ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse,
) {
	defer recoverPanic(&resp.Diagnostics, actionDelete)

	c := &applicationCall{data: r.data, diags: &resp.Diagnostics}
	resp.Diagnostics.Append(decodeModel(ctx, req.State.Raw, &c.current)...)
	ctx, cancel := c.begin(ctx, c.current.Timeouts.Delete, defaultWriteTimeout, resp.Private)
	defer cancel()
	// A plan rejects a destroy, but a provider is not told that a plan is a replacement.
	replaced := cmp.Or(r.data.createdInstead(c.current),
		"The plan was to replace the application (-replace, a taint, or replace_triggered_by). No new "+
			"application was created. If the application is tainted, untaint it first.")
	if c.current.checkDestroy(replaced, &resp.Diagnostics); resp.Diagnostics.HasError() {
		return
	}
	if err := c.client.DeleteOAuthApplication(ctx, c.current.ID.ValueString()); err != nil {
		c.confirmGone(ctx, err, actionDelete)
	}
}

// createdInstead describes a replacement with create_before_destroy that cannot end,
// because the old application is protected. It is "" unless this run created an application
// of the same name: the new one.
func (d *providerData) createdInstead(state resourceModel) string {
	created, ok := d.created.Load(clerk.CanonicalName(state.Name.ValueString()))
	if !ok {
		return ""
	}
	return fmt.Sprintf("The plan was to replace the application with create_before_destroy, so the "+
		"new application exists already: %s, with a different client_id. Every plan will now try to "+
		"delete the old application again. Decide which application to keep. Remove the resource from "+
		"the state (state rm), import the application to keep, and delete the other application in the "+
		"Clerk dashboard.", created)
}

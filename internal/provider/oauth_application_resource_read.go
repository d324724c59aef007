package provider

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

// Read refreshes the state. An application that is gone is removed from the state,
// with a warning. It is gone only if Clerk says so itself, about the instance that the
// state came from.
func (r *oauthApplicationResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	defer recoverPanic(&resp.Diagnostics, "read OAuth application")

	var state resourceModel
	resp.Diagnostics.Append(decodeModel(ctx, req.State.Raw, &state)...)
	timeout, diags := state.Timeouts.Read(ctx, defaultReadTimeout)
	resp.Diagnostics.Append(diags...)
	client := r.client(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	id := state.ID.ValueString()
	app, err := state.fetch(ctx, client)
	if err != nil {
		if !r.data.confirmGone(ctx, err, state, "read OAuth application", &resp.Diagnostics) {
			return
		}
		if resp.Identity != nil {
			// The framework wants the identity of an object that is gone, too.
			resp.Diagnostics.Append(resp.Identity.Set(ctx, oauthApplicationIdentity{ID: state.ID})...)
		}
		resp.State.RemoveResource(ctx)
		waitOutVersion(ctx, client, state.ClientSecretVersion)
		if !state.Name.IsNull() {
			replacement := "a new client_id and secret"
			if state.Public.ValueBool() {
				replacement = "a new client_id"
			}
			resp.Diagnostics.AddWarning(fmt.Sprintf("OAuth application %q is gone", state.Name.ValueString()),
				fmt.Sprintf("The application %q (%s) no longer exists in Clerk: it was deleted outside Terraform. The application leaves the state. If it is still in the configuration, the plan creates a new application, with %s.", state.Name.ValueString(), id, replacement))
		}
		return
	}
	pending, diags := req.Private.GetKey(ctx, rotationPendingKey)
	resp.Diagnostics.Append(diags...)
	if pending != nil && !app.Public {
		resp.Diagnostics.AddWarning(fmt.Sprintf("The client secret of %q in the state may not work", state.Name.ValueString()),
			fmt.Sprintf("An earlier apply did not receive the current secret of OAuth application %q (%s). The next apply rotates it.", state.Name.ValueString(), id))
	}

	state.fromAPI(app)
	if app.Public {
		// The client is public, because of someone else or of an update whose answer was
		// lost, so its secret no longer counts. If the client becomes confidential again,
		// nothing but the mark will say that it needs a secret.
		if state.hasSecret() {
			resp.Diagnostics.Append(resp.Private.SetKey(ctx, rotationPendingKey, []byte(`true`))...)
			resp.Diagnostics.AddWarning(fmt.Sprintf("The client secret of %q leaves the state", state.Name.ValueString()),
				fmt.Sprintf("Someone changed OAuth application %q (%s) to a public client, which has no secret. Set public = false in the configuration to enforce a confidential client; the next apply then creates a new secret.", state.Name.ValueString(), id))
		}
		state.ClientSecret, state.ClientSecretEncrypted, state.ClientSecretVersion = types.StringNull(), types.StringNull(), types.Int64Null()
	}
	noteVersionFloor(ctx, client, resp.Private, state, &resp.Diagnostics)
	if pending == nil {
		secretVerification{data: r.data, client: client, private: resp.Private, diags: &resp.Diagnostics}.refresh(ctx, state)
	}
	resp.Diagnostics.Append(state.markChangedLogo(ctx, resp.Private)...)
	if state.DeletionProtection.IsNull() {
		// After an import. The attribute's default makes the next plan empty.
		state.DeletionProtection = types.BoolValue(false)
	}
	resp.Diagnostics.Append(saveState(ctx, state, &resp.State, resp.Identity)...)
}

// fetch reads the application from Clerk, unless readUnchanged has done so.
func (m *resourceModel) fetch(ctx context.Context, client *clerk.Client) (clerk.OAuthApplication, error) {
	if ahead, ok := ctx.Value(readAheadKey{}).(readAhead); ok {
		return ahead.app, ahead.err
	}
	if err := client.CheckInstance(m.InstanceID.ValueString()); err != nil {
		return clerk.OAuthApplication{}, err
	}
	return client.GetOAuthApplication(ctx, m.ID.ValueString(), clerk.ReadYourWrites(timeOf(m.CreatedAt)))
}

// errInstanceUnknown: an application was not found that was moved from another
// provider and not refreshed since, so the state does not say which instance had it.
var errInstanceUnknown = errors.New("the application was not found. The state does not record its instance, because it was moved from another provider and has not been refreshed since. " +
	"Either the application is gone, or the secret key belongs to another instance. The state is kept. With the right key the next run succeeds. If the application is gone, remove it from the state (terraform state rm)")

// confirmGone reports whether the application is gone, given the error of a
// request about it. Otherwise it adds that error, or the better one that the key
// belongs to another instance.
func (d *providerData) confirmGone(ctx context.Context, err error, state resourceModel, action string, diags *diag.Diagnostics) bool {
	if clerk.IsNotFound(err) && state.InstanceID.IsNull() && !state.Name.IsNull() {
		d.addError(diags, action, errInstanceUnknown, nil)
		return false
	}
	gone, confirmErr := d.client.ConfirmGone(ctx, err, state.InstanceID.ValueString())
	if confirmErr != nil {
		err = confirmErr
	}
	if !gone {
		d.addError(diags, action, err, nil)
	}
	return gone
}

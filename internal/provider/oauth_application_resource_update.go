package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/encryption"
)

// Update changes the application in up to three steps: the fields that differ, then
// the secret, then the logo. After each step the state is saved with what is true by
// then. The attributes that ask for the remaining steps keep their old values until
// those are done, so an update that stops half way plans the rest again, and only that.
func (r *oauthApplicationResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	defer recoverPanic(&resp.Diagnostics, "update OAuth application")

	var plan, state resourceModel
	resp.Diagnostics.Append(decodeModel(ctx, req.Plan.Raw, &plan)...)
	resp.Diagnostics.Append(decodeModel(ctx, req.State.Raw, &state)...)
	private := pendingRotationOf(ctx, req.Private, state, &resp.Diagnostics)
	timeout, diags := plan.Timeouts.Update(ctx, defaultWriteTimeout)
	resp.Diagnostics.Append(diags...)
	client := r.client(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	client.Learn(clerk.NewSecret(state.ClientSecret.ValueString()))
	update := &oauthApplicationUpdate{
		data:    r.data,
		client:  client,
		plan:    plan,
		current: state,
		reason:  rotationFor(plan, state, private),
		resp:    resp,
	}
	update.rotation = secretRotation{
		client: client, plan: plan, private: resp.Private, diags: &resp.Diagnostics, save: update.saveState,
		pending: private.pending, versionFloor: private.versionFloor,
	}
	update.current.DeletionProtection = plan.DeletionProtection
	update.current.Timeouts = plan.Timeouts
	if update.wantsLogo() {
		var err error
		if update.logo, err = readLogo(plan.LogoPath.ValueString()); err != nil {
			addLogoError(&resp.Diagnostics, err, "The application was not changed.")
			return
		}
	}
	if update.patch(ctx) && update.rotate(ctx) && update.uploadLogo(ctx) {
		update.finish(ctx)
	}
	if update.rotation.rotated || !plan.VerifyClientSecret.Equal(state.VerifyClientSecret) {
		secretVerification{data: r.data, client: client, private: resp.Private, diags: &resp.Diagnostics}.fresh(ctx, update.current)
	}
}

// oauthApplicationUpdate is an update under way.
type oauthApplicationUpdate struct {
	data     *providerData
	client   *clerk.Client
	plan     resourceModel
	current  resourceModel // what is true by now
	reason   rotationReason
	rotation secretRotation
	logo     logoFile // if wantsLogo
	resp     *resource.UpdateResponse
}

const actionUpdate = "update OAuth application"

// patch sends the fields that differ. A field that Clerk did not apply is an error,
// and the state has Clerk's value.
func (u *oauthApplicationUpdate) patch(ctx context.Context) bool {
	fields := u.plan.fieldsToUpdate(u.current.reportedModel)
	if fields.IsEmpty() {
		return true
	}
	if u.reason == rotateForFirstSecret {
		// After this nothing else in the state says that there is no secret. Clerk may
		// have carried out the request even if no answer comes.
		u.rotation.markPending(ctx)
	}
	app, err := u.client.UpdateOAuthApplication(ctx, u.current.ID.ValueString(), fields)
	if err != nil {
		u.fail(ctx, actionUpdate, err)
		return false
	}
	refused := fields.NotApplied(app)
	u.current.Scopes = u.plan.Scopes // fromAPI keeps them if Clerk's satisfy them
	u.current.fromAPI(app)
	if len(refused) == 0 {
		keepPlanned(&u.current.reportedModel, u.plan.reportedModel)
	}
	if u.current.Public.ValueBool() {
		// The plan's secret may be unknown, if the client was to become confidential.
		u.current.ClientSecret, u.current.ClientSecretEncrypted, u.current.ClientSecretVersion = types.StringNull(), types.StringNull(), types.Int64Null()
		u.rotation.clearPending(ctx)
	}
	u.saveState(ctx)
	for _, field := range refused {
		at, detail := applicationParams.notApplied(field, u.client, "Clerk reported success", "The state has Clerk's value.")
		u.resp.Diagnostics.AddAttributeError(at, "Unable to "+actionUpdate, detail)
	}
	return !u.resp.Diagnostics.HasError()
}

// rotate replaces the secret if the plan asks for it.
func (u *oauthApplicationUpdate) rotate(ctx context.Context) bool {
	if u.reason == noRotation {
		return true
	}
	if err := encryption.CheckRecipients(stringsOf(u.plan.EncryptClientSecretTo)); err != nil {
		u.fail(ctx, actionEncrypt, err)
		return false
	}
	if err := u.rotation.run(ctx, &u.current); err != nil {
		u.fail(ctx, actionRotate, err)
		return false
	}
	return true
}

// wantsLogo reports whether the content of the file is not the one that was uploaded.
func (u *oauthApplicationUpdate) wantsLogo() bool {
	return !u.plan.LogoPath.IsNull() && !u.plan.LogoSHA256.Equal(u.current.LogoSHA256)
}

// uploadLogo uploads the file if that is wanted.
func (u *oauthApplicationUpdate) uploadLogo(ctx context.Context) bool {
	if !u.wantsLogo() {
		return true
	}
	next := u.current
	next.LogoPath = u.plan.LogoPath
	app, err := sendLogo(ctx, u.client, &next, u.logo)
	if err != nil {
		u.fail(ctx, actionUploadLogo, err)
		return false
	}
	u.current = next
	u.report(u.resp.Private.SetKey(ctx, logoChangedKey, nil))
	u.current.fromAPI(app)
	keepPlanned(&u.current.reportedModel, u.plan.reportedModel)
	return true
}

// finish saves the state with everything that the plan has: also with what no step
// had to carry out, such as a trigger that was removed.
func (u *oauthApplicationUpdate) finish(ctx context.Context) {
	keepPlanned(&u.current, u.plan)
	u.saveState(ctx)
}

func (u *oauthApplicationUpdate) fail(ctx context.Context, action string, err error) {
	// An application of another instance is "not found" too.
	if _, otherErr := u.client.ConfirmGone(ctx, err, u.current.InstanceID.ValueString()); otherErr != nil {
		err = otherErr
	}
	u.data.addError(&u.resp.Diagnostics, action, err, applicationParams)
	u.saveState(ctx)
}

func (u *oauthApplicationUpdate) saveState(ctx context.Context) {
	u.report(saveState(ctx, u.current, &u.resp.State, u.resp.Identity))
}

func (u *oauthApplicationUpdate) report(diags diag.Diagnostics) {
	u.resp.Diagnostics.Append(diags...)
}

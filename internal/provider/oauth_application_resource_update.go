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

// errNoSecret: a rotation succeeded and brought nothing.
var errNoSecret = errors.New("the answer to the rotation holds no client secret, and the old one works no more. Apply again: the next plan rotates once more")

// Update changes the application in up to three steps: the fields that differ,
// then the secret, then the logo. After each the state is saved with what is true
// by then; the attributes that ask for the remaining steps keep their old values
// until those are done. So an update that stops half way plans the rest again,
// and only that.
func (r *oauthApplicationResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	defer recoverPanic(&resp.Diagnostics, "update OAuth application")

	var plan, state resourceModel
	resp.Diagnostics.Append(decodeModel(ctx, req.Plan.Raw, &plan)...)
	resp.Diagnostics.Append(decodeModel(ctx, req.State.Raw, &state)...)
	pending, diags := req.Private.GetKey(ctx, rotationPendingKey)
	resp.Diagnostics.Append(diags...)
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
		client:   client,
		plan:     plan,
		current:  state,
		rotation: rotationFor(plan, state, pending != nil),
		pending:  pending != nil,
		resp:     resp,
	}
	update.current.DeletionProtection = plan.DeletionProtection
	update.current.Timeouts = plan.Timeouts
	if update.patch(ctx) && update.rotate(ctx) && update.uploadLogo(ctx) {
		update.finish(ctx)
	}
}

// oauthApplicationUpdate is one update under way.
type oauthApplicationUpdate struct {
	client   *clerk.Client
	plan     resourceModel
	current  resourceModel // what is true by now
	rotation rotationReason
	pending  bool // what the private state says by now
	resp     *resource.UpdateResponse
}

const actionUpdate = "update OAuth application"

// patch sends the fields that differ. A success that did not take is an error,
// with the true values saved.
func (u *oauthApplicationUpdate) patch(ctx context.Context) bool {
	fields := u.plan.fieldsToUpdate(u.current.reportedModel)
	if fields.IsEmpty() {
		return true
	}
	if u.rotation == rotateForFirstSecret {
		// Once Clerk has done this, nothing else in the state says that there is no
		// secret; and it may have done it even if no answer comes.
		u.markPending(ctx)
	}
	app, err := u.client.UpdateOAuthApplication(ctx, u.current.ID.ValueString(), fields)
	if err != nil {
		u.fail(ctx, actionUpdate, err)
		return false
	}
	refused := fields.NotApplied(app)
	u.current.Scopes = u.plan.Scopes // for its writing
	u.current.fromAPI(app)
	if len(refused) == 0 {
		keepPlanned(&u.current.reportedModel, u.plan.reportedModel)
	}
	if u.current.Public.ValueBool() {
		// The plan's may be unknown, where it was to be no public client any more.
		u.current.ClientSecret, u.current.ClientSecretEncrypted = types.StringNull(), types.StringNull()
		u.clearPending(ctx)
	}
	u.saveState(ctx)
	for _, field := range refused {
		u.resp.Diagnostics.AddAttributeError(applicationParams[field.Name], "Unable to "+actionUpdate,
			fmt.Sprintf("Clerk reported success, but its answer has another value for %s. The state has Clerk's value.", u.client.Scrub(field.String())))
	}
	return !u.resp.Diagnostics.HasError()
}

// rotate replaces the secret if the plan asks for it.
func (u *oauthApplicationUpdate) rotate(ctx context.Context) bool {
	if u.rotation == noRotation {
		return true
	}
	if err := checkRecipients(stringsOf(u.plan.EncryptClientSecretTo)); err != nil {
		u.fail(ctx, actionEncrypt, err)
		return false
	}
	wasPending := u.pending
	u.markPending(ctx) // until the new secret is in the state, whatever ends this
	rotation, err := u.client.RotateClientSecret(ctx, u.current.ID.ValueString(), timeOf(u.current.UpdatedAt))
	if err == nil && rotation.ClientSecret.IsEmpty() {
		err = errNoSecret
	}
	if err != nil {
		var unknown *clerk.RotateOutcomeUnknownError
		if !wasPending && !errors.As(err, &unknown) && !errors.Is(err, errNoSecret) {
			u.clearPending(ctx) // the old secret works on
		}
		u.fail(ctx, "rotate client secret of OAuth application", err)
		return false
	}

	present := u.current
	u.current.EncryptClientSecretTo = u.plan.EncryptClientSecretTo
	sealing := u.current.secretFromAPI(rotation.ClientSecret)
	if sealing.HasError() {
		// The recipients were checked before, so this should not happen; if it does,
		// the new secret is lost.
		u.current = present
		u.resp.Diagnostics.Append(sealing...)
		u.saveState(ctx)
		return false
	}
	u.current.RotateSecretTrigger = u.plan.RotateSecretTrigger
	u.current.ClientSecretVersion = plannedOr(u.plan.ClientSecretVersion, nextSecretVersion(present.ClientSecretVersion))
	u.current.fromAPI(rotation.Application)
	keepPlanned(&u.current.reportedModel, u.plan.reportedModel)
	u.clearPending(ctx)
	u.saveState(ctx)
	if rotation.MaybeStale {
		warnOfStaleSecret(&u.resp.Diagnostics)
	}
	return true
}

// uploadLogo uploads the file if its content is not the one that was uploaded.
func (u *oauthApplicationUpdate) uploadLogo(ctx context.Context) bool {
	if u.plan.LogoPath.IsNull() || u.plan.LogoSHA256.Equal(u.current.LogoSHA256) {
		return true
	}
	next := u.current
	next.LogoPath = u.plan.LogoPath
	app, ok := sendLogo(ctx, u.client, &next, &u.resp.Diagnostics)
	if !ok {
		u.saveState(ctx)
		return false
	}
	u.current = next
	u.current.fromAPI(app)
	keepPlanned(&u.current.reportedModel, u.plan.reportedModel)
	return true
}

// finish saves the state with everything that the plan has.
func (u *oauthApplicationUpdate) finish(ctx context.Context) {
	u.current.RotateSecretTrigger = u.plan.RotateSecretTrigger
	u.current.EncryptClientSecretTo = u.plan.EncryptClientSecretTo
	u.current.LogoPath = u.plan.LogoPath
	u.current.LogoSHA256 = plannedOr(u.plan.LogoSHA256, u.current.LogoSHA256)
	u.current.ClientSecret = plannedOr(u.plan.ClientSecret, u.current.ClientSecret)
	u.current.ClientSecretEncrypted = plannedOr(u.plan.ClientSecretEncrypted, u.current.ClientSecretEncrypted)
	keepPlanned(&u.current.reportedModel, u.plan.reportedModel)
	u.saveState(ctx)
}

func (u *oauthApplicationUpdate) fail(ctx context.Context, action string, err error) {
	addError(&u.resp.Diagnostics, action, err, applicationParams)
	u.saveState(ctx)
}

func (u *oauthApplicationUpdate) saveState(ctx context.Context) {
	u.report(saveState(ctx, u.current, &u.resp.State, u.resp.Identity))
}

func (u *oauthApplicationUpdate) markPending(ctx context.Context) {
	u.pending = true
	u.report(u.resp.Private.SetKey(ctx, rotationPendingKey, []byte(`true`)))
}

func (u *oauthApplicationUpdate) clearPending(ctx context.Context) {
	u.pending = false
	u.report(u.resp.Private.SetKey(ctx, rotationPendingKey, nil))
}

func (u *oauthApplicationUpdate) report(diags diag.Diagnostics) {
	u.resp.Diagnostics.Append(diags...)
}

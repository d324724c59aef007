package provider

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/encryption"
)

// Update changes the application in up to three steps: the fields that differ, then the
// secret, then the logo. After each step the state is saved with what is true by then. The
// attributes that ask for the remaining steps keep their old values until those are done,
// so an update that stops half way plans the rest again, and only the rest.
func (r *oauthApplicationResource) Update(
	ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse,
) {
	defer recoverPanic(&resp.Diagnostics, actionUpdate)

	var plan, state resourceModel
	resp.Diagnostics.Append(decodeModel(ctx, req.Plan.Raw, &plan)...)
	resp.Diagnostics.Append(decodeModel(ctx, req.State.Raw, &state)...)
	timeout, diags := plan.Timeouts.Update(ctx, defaultWriteTimeout)
	resp.Diagnostics.Append(diags...)
	client := r.data.requireClient(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	client.Learn(clerk.NewSecret(state.ClientSecret.ValueString()))
	notes := openPrivate(ctx, resp.Private, &resp.Diagnostics)
	update := &oauthApplicationUpdate{
		data:    r.data,
		client:  client,
		plan:    plan,
		current: state,
		reason:  rotationFor(plan, state, notes.privateState),
		notes:   notes,
		resp:    resp,
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
	if update.rotated || !plan.VerifyClientSecret.Equal(state.VerifyClientSecret) {
		secretVerification{data: r.data, client: client, notes: notes, diags: &resp.Diagnostics}.
			fresh(ctx, update.current)
	}
}

// oauthApplicationUpdate is an update under way.
type oauthApplicationUpdate struct {
	data    *providerData
	client  *clerk.Client
	plan    resourceModel
	current resourceModel // what is true by now
	reason  rotationReason
	notes   *privateNotes
	logo    logoFile // if wantsLogo
	resp    *resource.UpdateResponse

	patched, rotated bool // steps that Clerk has carried out
}

const actionUpdate = "update OAuth application"

// patch sends the fields that differ. A field that has another value in the answer is an
// error, and the state has Clerk's value. A field that the answer lacks is a warning.
func (u *oauthApplicationUpdate) patch(ctx context.Context) bool {
	fields := u.plan.fieldsToUpdate(u.current.reportedModel)
	if fields.IsEmpty() {
		return true
	}
	if u.reason == rotateForFirstSecret {
		// After this nothing else in the state says that there is no secret. Clerk may
		// have carried out the request even if no answer comes.
		u.notes.setPending(ctx, true)
	}
	app, err := u.client.UpdateOAuthApplication(ctx, u.current.ID.ValueString(), fields)
	if err != nil {
		u.fail(ctx, actionUpdate, err)
		return false
	}
	u.patched = true
	app = withLacking(app, fields)
	served := u.current.reportedModel
	served.fromAPI(app)
	u.current.fromAnswer(app, u.plan.reportedModel)
	refused := fields.NotApplied(app)
	for _, field := range refused {
		copyField(&u.current.reportedModel, served, field.Name)
	}
	if u.plan.Public.ValueBool() && u.current.Public.ValueBool() {
		u.current.forgetSecret()
		u.notes.setPending(ctx, false)
	}
	u.saveState(ctx)
	warnOfProblems(u.diags(), u.client, app, u.current, "The application was changed")
	for _, field := range refused {
		at, detail := applicationParams.notApplied(field, u.client,
			fmt.Sprintf("Clerk reported success for %s (%s)", u.plan.quotedName(), app.ID),
			"The state has Clerk's value.")
		u.diags().AddAttributeError(at, "Unable to "+u.current.named(actionUpdate),
			paragraphs(detail, u.plan.otherSpelling(field, app)))
	}
	return len(refused) == 0
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
	rotation := secretRotation{
		client: u.client, plan: u.plan, notes: u.notes, diags: u.diags(), save: u.saveState,
	}
	err := rotation.run(ctx, &u.current)
	u.rotated = rotation.done
	if errors.Is(err, errNoSecret) {
		err = fmt.Errorf("%w, and the old one no longer works. Apply again: the next plan rotates "+
			"once more", err)
	}
	if err != nil {
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
	next.fromAnswer(app, u.plan.reportedModel)
	u.current = next
	u.notes.LogoChanged = false
	u.notes.save(ctx)
	warnOfProblems(u.diags(), u.client, app, u.current, "The logo was uploaded")
	return true
}

// finish saves the state with everything that the plan has: also with what no step had to
// carry out, such as a trigger that was removed.
func (u *oauthApplicationUpdate) finish(ctx context.Context) {
	keepPlanned(&u.current, u.plan)
	u.saveState(ctx)
}

func (u *oauthApplicationUpdate) fail(ctx context.Context, action string, err error) {
	// An application of another instance is "not found" too.
	_, otherErr := u.client.ConfirmGone(ctx, err, u.current.InstanceID.ValueString())
	if otherErr != nil {
		err = otherErr
	}
	if u.patched || u.rotated {
		done := "The fields of the application were changed"
		if u.rotated {
			done = "The client secret was rotated"
		}
		err = &partialError{err: err, done: done + " before this, and the state has that. " +
			"The next plan has only the rest."}
	}
	u.data.addError(u.diags(), u.current.named(action), err, applicationParams)
	u.saveState(ctx)
}

func (u *oauthApplicationUpdate) saveState(ctx context.Context) {
	u.diags().Append(saveState(ctx, u.current, u.current.ID, &u.resp.State, u.resp.Identity)...)
}

func (u *oauthApplicationUpdate) diags() *diag.Diagnostics { return &u.resp.Diagnostics }

// partialError is the error of a step that came after a step that succeeded.
type partialError struct {
	err  error
	done string // sentences about what was done and what happens next
}

func (e *partialError) Error() string { return e.err.Error() }

func (e *partialError) Unwrap() error { return e.err }

// advice says what was done, and what the failed step advises.
func (e *partialError) advice(action string) string {
	further := strings.Replace(advice(e.err, action), changedNothing, "", 1)
	return paragraphs(e.done, strings.TrimSpace(further))
}

// forgetSecret removes the secret from the model, for a public client.
func (m *resourceModel) forgetSecret() {
	m.ClientSecret, m.ClientSecretEncrypted = types.StringNull(), types.StringNull()
	m.ClientSecretVersion = types.Int64Null()
}

package provider

import (
	"cmp"
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/resource"

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

	c := &applicationCall{
		data: r.data, state: &resp.State, identity: resp.Identity, diags: &resp.Diagnostics,
	}
	var state resourceModel
	resp.Diagnostics.Append(decodeModel(ctx, req.Plan.Raw, &c.plan)...)
	resp.Diagnostics.Append(decodeModel(ctx, req.State.Raw, &state)...)
	ctx, cancel := c.begin(ctx, c.plan.Timeouts.Update, defaultWriteTimeout, resp.Private)
	defer cancel()
	if resp.Diagnostics.HasError() {
		return
	}
	c.client.Learn(clerk.NewSecret(state.ClientSecret.ValueString()))
	reason := rotationFor(c.plan, state, c.notes.privateState)
	c.current = state
	c.current.DeletionProtection = c.plan.DeletionProtection
	c.current.Timeouts = c.plan.Timeouts
	if !c.readLogo("The application was not changed.") {
		return
	}
	if c.patch(ctx, reason) && c.rotate(ctx, reason) {
		if err := c.uploadLogo(ctx); err != nil {
			c.fail(ctx, actionUploadLogo, err)
		} else {
			// Also what no step had to carry out, such as a trigger that was removed.
			keepPlanned(&c.current, c.plan)
			c.save(ctx)
		}
	}
	if c.rotated || !c.plan.VerifyClientSecret.Equal(state.VerifyClientSecret) {
		c.verifySecret(ctx, true)
	}
}

// patch sends the fields that differ. A field that has another value in the answer is an
// error, and the state has Clerk's value. A field that the answer lacks is a warning.
func (c *applicationCall) patch(ctx context.Context, reason rotationReason) (ok bool) {
	fields := c.plan.fieldsToUpdate(c.current.reportedModel)
	if fields == (clerk.OAuthApplicationFields{}) {
		return true
	}
	if reason == rotateForFirstSecret {
		// After this nothing else in the state says that there is no secret. Clerk may
		// have carried out the request even if no answer comes.
		c.notes.setPending(ctx, true)
	}
	app, err := c.client.UpdateOAuthApplication(ctx, c.current.ID.ValueString(), fields)
	if err != nil {
		c.fail(ctx, actionUpdate, err)
		return false
	}
	c.patched = true
	app = withLacking(app, fields)
	served := c.current.reportedModel
	served.fromAPI(app)
	c.current.fromAnswer(app, c.plan.reportedModel)
	refused := fields.NotApplied(app)
	for _, field := range refused {
		copyField(&c.current.reportedModel, served, field.Name)
	}
	if c.plan.Public.ValueBool() && c.current.Public.ValueBool() {
		c.forgetSecret()
		c.notes.setPending(ctx, false)
	}
	c.save(ctx)
	c.warnOfProblems(app, "The application was changed")
	for _, field := range refused {
		at, detail := applicationParams.notApplied(field, c.client,
			fmt.Sprintf("Clerk reported success for %s (%s)", c.plan.quotedName(), app.ID),
			"The state has Clerk's value.")
		c.diags.AddAttributeError(at, "Unable to "+c.current.named(actionUpdate), detail)
	}
	return len(refused) == 0
}

func (c *applicationCall) rotate(ctx context.Context, reason rotationReason) (ok bool) {
	if reason == noRotation {
		return true
	}
	action, err := actionEncrypt, encryption.CheckRecipients(stringsOf(c.plan.EncryptClientSecretTo))
	if err == nil {
		action, err = actionRotate, c.rotateSecret(ctx)
	}
	if err != nil {
		c.fail(ctx, action, err)
	}
	return err == nil
}

// fail adds the error of a step, and saves what is true by then.
func (c *applicationCall) fail(ctx context.Context, action string, err error) {
	// An application of another instance is "not found" too.
	_, otherErr := c.client.ConfirmGone(ctx, err, c.current.InstanceID.ValueString())
	err = cmp.Or(otherErr, err)
	if c.patched || c.rotated {
		done := "The fields of the application were changed"
		if c.rotated {
			done = "The client secret was rotated"
		}
		err = &partialError{err: err, done: done + " before this, and the state has that. " +
			"The next plan has only the rest."}
	}
	c.data.addError(c.diags, c.current.named(action), err, applicationParams)
	c.save(ctx)
}

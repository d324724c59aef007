package provider

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/encryption"
)

// Create creates the application. Whatever goes wrong once the new application is in the
// state is a warning: an error would taint it, and the next apply would destroy it. For
// the same reason the request decides what the state says, and not the answer: a value
// that the plan knows stays as planned, and the next refresh shows the truth.
func (r *oauthApplicationResource) Create(
	ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse,
) {
	var saved bool
	defer recoverPanicSaved(&resp.Diagnostics, actionCreate, &saved)

	c := &applicationCall{
		data: r.data, state: &resp.State, identity: resp.Identity, diags: &resp.Diagnostics,
	}
	resp.Diagnostics.Append(decodeModel(ctx, req.Plan.Raw, &c.plan)...)
	c.current = c.plan
	c.current.LogoSHA256 = types.StringNull()
	ctx, cancel := c.begin(ctx, c.plan.Timeouts.Create, defaultWriteTimeout, resp.Private)
	defer cancel()
	if resp.Diagnostics.HasError() {
		return
	}
	if err := encryption.CheckRecipients(stringsOf(c.plan.EncryptClientSecretTo)); err != nil {
		r.data.addError(&resp.Diagnostics, c.plan.named(actionEncrypt), err, nil)
		return
	}
	if !c.readLogo("No application was created.") {
		return
	}
	fields := c.plan.fieldsToUpdate(reportedModel{})
	creation, err := c.client.CreateOAuthApplication(ctx, fields)
	if err != nil {
		r.data.addError(&resp.Diagnostics, c.plan.named(actionCreate), err, applicationParams)
		return
	}
	creation.Application = withLacking(creation.Application, fields)
	r.data.created.Store(clerk.CanonicalName(c.plan.Name.ValueString()), creation.Application.ID)

	saved = c.saveCreated(ctx, creation)
	c.warnOfCreation(creation, fields)
	c.ensureSecret(ctx, creation)
	c.verifySecret(ctx, true)
	if err := c.uploadLogo(ctx); err != nil {
		r.data.addError(c.diags, c.current.named(actionUploadLogo), &partialError{
			err: err,
			done: fmt.Sprintf("The logo of %s was not uploaded. The application was created without the "+
				"logo. The next plan uploads the logo.", c.current.quotedName()),
		}, applicationParams)
	}
}

// saveCreated brings the new application into the state, and reports whether it is there.
func (c *applicationCall) saveCreated(ctx context.Context, creation clerk.Creation) bool {
	c.current.Public = types.BoolValue(c.plan.Public.ValueBool()) // Clerk's default is false
	c.current.fromAnswer(creation.Application, c.plan.reportedModel)
	secretErr := c.current.secretFromAPI(creation.ClientSecret)
	c.current.ClientSecretVersion = types.Int64Null()
	if c.current.hasSecret() {
		created := creation.Application.CreatedAt
		c.current.ClientSecretVersion = firstSecretVersion(created, c.client.ServerNow())
	}
	c.save(ctx)
	saved := !c.diags.HasError()
	c.noteVersionFloor(ctx)
	if secretErr != nil {
		c.data.addError(c.diags, c.current.named(actionEncrypt), secretErr, nil)
	}
	return saved
}

// ensureSecret rotates the secret of a confidential application if the answer to its
// create had none. If that fails, the next plan rotates. If the answer describes a public
// client, nothing is rotated before a read has decided whether it is one.
func (c *applicationCall) ensureSecret(ctx context.Context, creation clerk.Creation) {
	if c.current.Public.ValueBool() || c.current.hasSecret() {
		return
	}
	err := creation.RotationError // of the rotation that came with an adoption
	if err == nil && creation.Application.Public {
		err = errors.New("the answer has no secret and describes a public client")
	}
	c.notes.setPending(ctx, true) // there is no old secret that could still work
	if err == nil {
		err = c.rotateSecret(ctx)
	}
	if err != nil {
		c.diags.AddWarning(
			fmt.Sprintf("OAuth application %s has no known client secret", c.current.quotedName()),
			paragraphs(
				fmt.Sprintf("The application %s exists and is in the state, without a secret. The next "+
					"plan rotates to get a secret, unless Clerk then says that the client is public.",
					creation.Application.ID),
				sentence("What happened: "+plainText(err)), facts(err)))
	}
}

// warnOfCreation warns of what was unusual about a create that succeeded.
func (c *applicationCall) warnOfCreation(
	creation clerk.Creation, fields clerk.OAuthApplicationFields,
) {
	app, name := creation.Application, c.plan.quotedName()
	late := fmt.Sprintf(" If Clerk still processes the first request, a second application of this "+
		"name will appear beside %s. Nobody uses the second application: delete it in the Clerk "+
		"dashboard.", app.ID)
	if creation.Adopted {
		text := fmt.Sprintf("%s A search found that exactly one application matches the request: %s "+
			"(client_id %s), created at %s. It is now in the state.",
			sentence("The answer to the request was lost: "+creation.LostAnswer.Error()),
			app.ID, c.client.Scrub(app.ClientID), app.CreatedAt.Format(time.RFC3339))
		if !app.Public && creation.RotationError == nil {
			text += " Its first secret was in the lost answer. The provider rotated the secret once, and " +
				"the state has the new secret."
		}
		if creation.Repeated {
			text += " This was the second request. The first request had no usable answer either, and " +
				"left no trace." + late
		}
		c.diags.AddWarning(
			fmt.Sprintf("OAuth application %s found after its create had no answer", name), text)
	} else if creation.Repeated {
		c.diags.AddWarning(fmt.Sprintf("OAuth application %s created by a second request", name),
			sentence("The first request had no usable answer and left no trace: "+
				creation.LostAnswer.Error())+" The second request created "+app.ID+"."+late)
	}
	if creation.MaybeStale {
		c.warnOfStaleSecret()
	}
	if len(creation.Duplicates) > 0 {
		ids := mapped(creation.Duplicates, func(app clerk.OAuthApplication) string { return app.ID })
		c.diags.AddWarning(fmt.Sprintf("There may be a second OAuth application named %s", name),
			fmt.Sprintf("Clerk seems to have processed the first request after all. The state has %s. "+
				"Clerk also has %s, with the same name and created at about the same time. Unless someone "+
				"else created it just now, nobody uses it: delete it in the Clerk dashboard.",
				app.ID, strings.Join(ids, ", ")))
	}
	c.warnOfProblems(app, "The application was created")
	for _, refused := range fields.NotApplied(app) {
		at, detail := applicationParams.notApplied(refused, c.client,
			"The application "+app.ID+" was created", "The next plan shows the difference.")
		c.diags.AddAttributeWarning(at,
			fmt.Sprintf("Clerk did not apply a value for %s: %s", name, refused.Name), detail)
	}
}

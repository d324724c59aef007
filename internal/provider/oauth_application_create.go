package provider

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/encryption"
)

// Defaults of the timeouts block. They bound an operation with all its retries and its
// waits for the rate limiter, which a thousand others may share.
const (
	defaultWriteTimeout = 20 * time.Minute
	defaultReadTimeout  = 10 * time.Minute
)

const actionCreate = "create OAuth application"

// Create creates the application. Whatever goes wrong after Clerk created it is a
// warning: an error would taint it, and the next apply would destroy it. For the same
// reason the request decides what the state says, and not the answer: a value that the
// plan knows stays as planned, and the next refresh shows the truth.
func (r *oauthApplicationResource) Create(
	ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse,
) {
	var saved bool
	defer recoverPanicSaved(&resp.Diagnostics, actionCreate, &saved)

	var plan resourceModel
	resp.Diagnostics.Append(decodeModel(ctx, req.Plan.Raw, &plan)...)
	timeout, diags := plan.Timeouts.Create(ctx, defaultWriteTimeout)
	resp.Diagnostics.Append(diags...)
	client := r.data.requireClient(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	if err := encryption.CheckRecipients(stringsOf(plan.EncryptClientSecretTo)); err != nil {
		r.data.addError(&resp.Diagnostics, plan.named(actionEncrypt), err, nil)
		return
	}
	var logo logoFile
	if !plan.LogoPath.IsNull() {
		var err error
		if logo, err = readLogo(plan.LogoPath.ValueString()); err != nil {
			addLogoError(&resp.Diagnostics, err, "No application was created.")
			return
		}
	}
	fields := plan.fieldsToCreate()
	creation, err := client.CreateOAuthApplication(ctx, fields)
	if err != nil {
		r.data.addError(&resp.Diagnostics, plan.named(actionCreate), err, applicationParams)
		return
	}
	creation.Application = withLacking(creation.Application, fields)
	r.data.applications.created(creation.Application.ID, plan.Name.ValueString())

	// From here on there are warnings only.
	var warnings diag.Diagnostics
	c := &oauthApplicationCreation{
		data: r.data, client: client, plan: plan, model: plan, resp: resp, diags: &warnings,
		notes: openPrivate(ctx, resp.Private, &warnings),
	}
	defer func() { resp.Diagnostics.Append(asWarnings(warnings)...) }()

	saved = c.save(ctx, creation)
	warnOfCreation(&warnings, client, creation, plan, fields)
	c.ensureSecret(ctx, creation)
	secretVerification{data: r.data, client: client, notes: c.notes, diags: &warnings}.
		fresh(ctx, c.model)
	if !plan.LogoPath.IsNull() {
		c.uploadLogo(ctx, logo)
	}
}

// oauthApplicationCreation is a create that Clerk has carried out.
type oauthApplicationCreation struct {
	data   *providerData
	client *clerk.Client
	plan   resourceModel
	model  resourceModel // what is true by now
	notes  *privateNotes
	resp   *resource.CreateResponse
	diags  *diag.Diagnostics
}

// save brings the new application into the state, and reports whether it is there. A
// failure to write the state is an error, since nothing is there that it could taint.
func (c *oauthApplicationCreation) save(ctx context.Context, creation clerk.Creation) bool {
	c.model.Public = types.BoolValue(c.plan.Public.ValueBool()) // Clerk's default is false
	c.model.fromAnswer(creation.Application, c.plan.reportedModel)
	c.model.LogoSHA256 = types.StringNull()
	secretErr := c.model.secretFromAPI(creation.ClientSecret)
	c.model.ClientSecretVersion = types.Int64Null()
	if c.model.hasSecret() {
		created := creation.Application.CreatedAt
		c.model.ClientSecretVersion = firstSecretVersion(created, c.client.ServerNow())
	}
	diags := saveState(ctx, c.model, c.model.ID, &c.resp.State, c.resp.Identity)
	c.resp.Diagnostics.Append(diags...)
	c.notes.noteVersionFloor(ctx, c.client, c.model)
	if secretErr != nil {
		c.data.addErrorAsWarning(c.diags, c.model.named(actionEncrypt), secretErr, nil)
	}
	return !diags.HasError()
}

func (c *oauthApplicationCreation) saveState(ctx context.Context) {
	c.diags.Append(saveState(ctx, c.model, c.model.ID, &c.resp.State, c.resp.Identity)...)
}

// errCalledPublic is why there is no secret although the request asked for one.
var errCalledPublic = errors.New("the answer has no secret and describes a public client")

// ensureSecret rotates the secret of a confidential application if the answer to its
// create had none. If that fails, the next plan rotates. If the answer describes a public
// client, nothing is rotated before a read has decided whether it is one.
func (c *oauthApplicationCreation) ensureSecret(ctx context.Context, creation clerk.Creation) {
	if c.model.Public.ValueBool() || c.model.hasSecret() {
		return
	}
	err := creation.RotationError // of the rotation that came with an adoption
	if err == nil && creation.Application.Public {
		err = errCalledPublic
	}
	c.notes.RotationPending = true // there is no old secret that could still work
	if err != nil {
		c.notes.save(ctx)
	} else {
		rotation := secretRotation{
			client: c.client, plan: c.plan, notes: c.notes, diags: c.diags, save: c.saveState,
		}
		err = rotation.run(ctx, &c.model)
	}
	if err != nil {
		c.diags.AddWarning(
			fmt.Sprintf("OAuth application %s has no known client secret", c.model.quotedName()),
			paragraphs(
				fmt.Sprintf("The application %s exists and is in the state, without a secret. The next "+
					"plan rotates to get a secret, unless Clerk then says that the client is public.",
					creation.Application.ID),
				sentence("What happened: "+plainText(err)), facts(err)))
	}
}

func (c *oauthApplicationCreation) uploadLogo(ctx context.Context, logo logoFile) {
	app, err := sendLogo(ctx, c.client, &c.model, logo)
	if err != nil {
		c.data.addErrorAsWarning(c.diags, c.model.named(actionUploadLogo), &partialError{
			err: err,
			done: fmt.Sprintf("The logo of %s was not uploaded. The application was created without the "+
				"logo. The next plan uploads the logo.", c.model.quotedName()),
		}, applicationParams)
		return
	}
	c.model.fromAnswer(app, c.plan.reportedModel)
	c.saveState(ctx)
	warnOfProblems(c.diags, c.client, app, c.model, "The logo was uploaded")
}

const actionUploadLogo = "upload logo of OAuth application"

// sendLogo uploads the content of the file and notes its hash.
func sendLogo(
	ctx context.Context, client *clerk.Client, model *resourceModel, logo logoFile,
) (clerk.OAuthApplication, error) {
	app, err := client.UploadOAuthApplicationLogo(ctx, model.ID.ValueString(),
		filepath.Base(model.LogoPath.ValueString()), logo.image)
	if err == nil {
		model.LogoSHA256 = types.StringValue(logo.sha256)
	}
	return app, err
}

package provider

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/encryption"
)

// Defaults of the timeouts block. They bound an operation with all its
// repetitions and waits for the rate limit, which a thousand others may share.
const (
	defaultWriteTimeout = 20 * time.Minute
	defaultReadTimeout  = 10 * time.Minute
)

// Create creates the application. Whatever goes wrong after Clerk created it is a
// warning: an error would taint it, and the next apply would destroy it.
func (r *oauthApplicationResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var saved bool
	defer recoverPanicSaved(&resp.Diagnostics, "create OAuth application", &saved)

	var plan resourceModel
	resp.Diagnostics.Append(decodeModel(ctx, req.Plan.Raw, &plan)...)
	timeout, diags := plan.Timeouts.Create(ctx, defaultWriteTimeout)
	resp.Diagnostics.Append(diags...)
	client := r.client(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	if err := encryption.CheckRecipients(stringsOf(plan.EncryptClientSecretTo)); err != nil {
		r.data.addError(&resp.Diagnostics, actionEncrypt, err, nil)
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
		r.data.addError(&resp.Diagnostics, "create OAuth application", err, applicationParams)
		return
	}
	r.data.created.add(creation.Application)
	model := plan
	model.fromAPI(creation.Application)
	model.LogoSHA256 = types.StringNull()
	secretErr := model.secretFromAPI(creation.ClientSecret)
	model.ClientSecretVersion = types.Int64Null()
	if model.hasSecret() {
		model.ClientSecretVersion = firstSecretVersion(creation.Application.CreatedAt, client.ServerNow())
	}
	model.ClientSecret = plannedOr(plan.ClientSecret, model.ClientSecret)
	model.ClientSecretEncrypted = plannedOr(plan.ClientSecretEncrypted, model.ClientSecretEncrypted)
	keepPlanned(&model.reportedModel, plan.reportedModel)
	resp.Diagnostics.Append(saveState(ctx, model, &resp.State, resp.Identity)...)
	saved = !resp.Diagnostics.HasError()
	noteVersionFloor(ctx, client, resp.Private, model, &resp.Diagnostics)

	if secretErr != nil {
		r.data.addErrorAsWarning(&resp.Diagnostics, actionEncrypt, secretErr, nil)
	}
	warnOfCreation(&resp.Diagnostics, client, creation, fields)
	if !model.Public.ValueBool() && !model.hasSecret() {
		createMissingSecret(ctx, client, creation, &model, plan, resp)
	}
	var verified diag.Diagnostics
	secretVerification{data: r.data, client: client, private: resp.Private, diags: &verified}.fresh(ctx, model)
	resp.Diagnostics.Append(asWarnings(verified)...)
	if !plan.LogoPath.IsNull() {
		r.uploadLogoAfterCreate(ctx, client, &model, plan, logo, resp)
	}
}

// createMissingSecret rotates the secret of a confidential application if the answer to
// its create had none. If that fails, the next plan rotates.
func createMissingSecret(ctx context.Context, client *clerk.Client, creation clerk.Creation, model *resourceModel, plan resourceModel, resp *resource.CreateResponse) {
	var diags diag.Diagnostics
	rotation := secretRotation{
		client: client, plan: plan, private: resp.Private, diags: &diags,
		save:    func(ctx context.Context) { diags.Append(saveState(ctx, *model, &resp.State, resp.Identity)...) },
		pending: true, // there is no old secret that could still work
	}
	err := creation.RotationError // of the rotation that came with an adoption
	if err != nil {
		rotation.markPending(ctx)
	} else {
		err = rotation.run(ctx, model)
	}
	resp.Diagnostics.Append(asWarnings(diags)...)
	if err != nil {
		resp.Diagnostics.AddWarning(fmt.Sprintf("The OAuth application %q has no known client secret", model.Name.ValueString()), paragraphs(
			fmt.Sprintf("The application %s exists and is in the state, without a secret. The next plan rotates to get a secret.", creation.Application.ID),
			sentence("What happened: "+plainText(err)), facts(err)))
	}
}

func (r *oauthApplicationResource) uploadLogoAfterCreate(ctx context.Context, client *clerk.Client, model *resourceModel, plan resourceModel, logo logoFile, resp *resource.CreateResponse) {
	app, err := sendLogo(ctx, client, model, logo)
	if err != nil {
		r.data.addErrorAsWarning(&resp.Diagnostics, actionUploadLogo, err, applicationParams)
		resp.Diagnostics.AddAttributeWarning(path.Root("logo_path"), "The logo was not uploaded",
			"The application was created without the logo. The next plan uploads the logo.")
		return
	}
	model.fromAPI(app)
	keepPlanned(&model.reportedModel, plan.reportedModel)
	resp.Diagnostics.Append(asWarnings(saveState(ctx, *model, &resp.State, resp.Identity))...)
}

const actionUploadLogo = "upload logo of OAuth application"

// sendLogo uploads the content of the file and notes its hash.
func sendLogo(ctx context.Context, client *clerk.Client, model *resourceModel, logo logoFile) (clerk.OAuthApplication, error) {
	app, err := client.UploadOAuthApplicationLogo(ctx, model.ID.ValueString(), filepath.Base(model.LogoPath.ValueString()), logo.image)
	if err == nil {
		model.LogoSHA256 = types.StringValue(logo.sha256)
	}
	return app, err
}

// warnOfCreation warns of what was unusual about a create that succeeded.
func warnOfCreation(diags *diag.Diagnostics, client *clerk.Client, creation clerk.Creation, fields clerk.OAuthApplicationFields) {
	app := creation.Application
	late := " If Clerk still processes the first request, a second application of this name will appear beside " + app.ID + ". Nobody uses the second application: delete it in the Clerk dashboard."
	if creation.Adopted {
		text := fmt.Sprintf("%s A search found that exactly one application matches the request: %s (client_id %s), created at %s. It is now in the state.",
			sentence("The answer to the request was lost: "+creation.LostAnswer.Error()), app.ID, client.Scrub(app.ClientID), app.CreatedAt.Format(time.RFC3339))
		if !app.Public && creation.RotationError == nil {
			text += " Its first secret was in the lost answer. The provider rotated the secret once, and the state has the new secret."
		}
		if creation.Repeated {
			text += " This was the second request. The first request had no usable answer either, and left no trace." + late
		}
		diags.AddWarning(fmt.Sprintf("OAuth application %q found after its create had no answer", client.Scrub(app.Name)), text)
	} else if creation.Repeated {
		diags.AddWarning(fmt.Sprintf("OAuth application %q created by a second request", client.Scrub(app.Name)),
			sentence("The first request had no usable answer and left no trace: "+creation.LostAnswer.Error())+" The second request created "+app.ID+"."+late)
	}
	if creation.MaybeStale {
		warnOfStaleSecret(diags, client.Scrub(app.Name))
	}
	if len(creation.Duplicates) > 0 {
		ids := make([]string, len(creation.Duplicates))
		for i, duplicate := range creation.Duplicates {
			ids[i] = duplicate.ID
		}
		diags.AddWarning(fmt.Sprintf("There may be a second OAuth application named %q", client.Scrub(app.Name)),
			fmt.Sprintf("Clerk seems to have processed the first request after all. The state has %s. Clerk also has %s, with the same name and created at about the same time. Unless someone else created it just now, nobody uses it: delete it in the Clerk dashboard.", app.ID, strings.Join(ids, ", ")))
	}
	if len(app.Problems) > 0 {
		diags.AddWarning(fmt.Sprintf("Clerk's answer about %q was incomplete", client.Scrub(app.Name)),
			fmt.Sprintf("The application %s was created, but these parts of Clerk's answer could not be read: %s. The next refresh tries again.", app.ID, client.Scrub(problemText(app.Problems))))
	}
	for _, refused := range fields.NotApplied(app) {
		at, detail := applicationParams.notApplied(refused, client, "The application "+app.ID+" was created", "The next plan shows the difference.")
		diags.AddAttributeWarning(at, fmt.Sprintf("Clerk did not apply a value for %q", client.Scrub(app.Name)), detail)
	}
}

// problemText names the fields of an answer that could not be read.
func problemText(problems []clerk.FieldProblem) string {
	texts := make([]string, len(problems))
	for i, problem := range problems {
		texts[i] = problem.String()
	}
	return strings.Join(texts, "; ")
}

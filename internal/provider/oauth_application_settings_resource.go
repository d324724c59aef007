package provider

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

// oauthApplicationSettingsResource is clerk_oauth_application_settings: the one
// object of its kind that an instance has. It exists before Terraform and after it,
// so a create adopts it and a destroy only forgets it.
type oauthApplicationSettingsResource struct{ configuredResource }

var (
	_ resource.ResourceWithIdentity    = (*oauthApplicationSettingsResource)(nil)
	_ resource.ResourceWithImportState = (*oauthApplicationSettingsResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*oauthApplicationSettingsResource)(nil)
)

func newOAuthApplicationSettingsResource() resource.Resource {
	return &oauthApplicationSettingsResource{configuredResource{typeName: settingsType}}
}

// settingsImportName imports the settings of whatever instance the secret key
// belongs to.
const settingsImportName = "oauth_application_settings"

const (
	actionReadSettings   = "read OAuth application settings"
	actionUpdateSettings = "update OAuth application settings"
)

// settingsParams maps Clerk's parameter names to attributes.
var settingsParams = paramsOf[settingsModel](nil, map[string]string{
	"aud_claim_enabled": betaHint("The aud claim"),
	"pkce_required":     betaHint("PKCE for a whole instance"),
})

func (r *oauthApplicationSettingsResource) IdentitySchema(
	_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse,
) {
	resp.IdentitySchema = identitySchema("Id of the instance (ins_…).")
}

// ModifyPlan decides on the default scopes; the other settings need nothing but
// their attributes' modifiers.
func (r *oauthApplicationSettingsResource) ModifyPlan(
	ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse,
) {
	defer recoverPanic(&resp.Diagnostics, "plan OAuth application settings")

	switch {
	case req.Plan.Raw.IsNull():
		resp.Diagnostics.AddWarning("OAuth application settings stay as they are",
			"An instance always has these settings, so they cannot be deleted. The provider does not "+
				"reset them either: they leave the state and keep their current values in Clerk.")
		return
	case req.State.Raw.IsNull():
		r.checkCreate(ctx, &resp.Diagnostics)
		return
	}
	var config, plan, state settingsModel
	resp.Diagnostics.Append(decodeModel(ctx, req.Config.Raw, &config)...)
	resp.Diagnostics.Append(decodeModel(ctx, req.Plan.Raw, &plan)...)
	resp.Diagnostics.Append(decodeModel(ctx, req.State.Raw, &state)...)
	configured, diags := req.Private.GetKey(ctx, defaultScopesKey)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	plan.DefaultScopes = plannedDefaultScopes(
		config.DefaultScopes, state.DefaultScopes, configured != nil)
	planned, diags := encodeModel(ctx, req.Plan.Raw.Type(), plan)
	resp.Diagnostics.Append(diags...)
	resp.Plan.Raw = planned
}

// checkCreate reports what would make the create fail and can be known when it is planned:
// the key is missing, or belongs to another instance than instance_id names.
func (r *oauthApplicationSettingsResource) checkCreate(
	ctx context.Context, diags *diag.Diagnostics,
) {
	client := r.data.client
	if client == nil {
		r.data.requireKey(diags)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, defaultReadTimeout)
	defer cancel()
	if err := client.CheckExpectedInstance(ctx); err != nil {
		r.data.addError(diags, "plan OAuth application settings", err, nil)
	}
}

// Create adopts: it reads the settings and changes those that differ.
func (r *oauthApplicationSettingsResource) Create(
	ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse,
) {
	defer recoverPanic(&resp.Diagnostics, "adopt OAuth application settings")

	var config, plan settingsModel
	resp.Diagnostics.Append(decodeModel(ctx, req.Config.Raw, &config)...)
	resp.Diagnostics.Append(decodeModel(ctx, req.Plan.Raw, &plan)...)
	client := r.data.requireClient(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, defaultWriteTimeout)
	defer cancel()

	instance, err := client.Instance(ctx)
	if err != nil {
		r.data.addError(&resp.Diagnostics, "read the instance of the secret key", err, nil)
		return
	}
	settings, err := client.GetOAuthApplicationSettings(ctx)
	if err != nil {
		r.data.addError(&resp.Diagnostics, actionReadSettings, err, nil)
		return
	}
	model := settingsModel{
		ID:            types.StringValue(instance.ID),
		DefaultScopes: types.SetNull(types.StringType),
	}
	model.fromAPI(settings)
	refused, err := model.change(ctx, client, plan, &resp.Diagnostics)
	if err != nil {
		r.data.addError(&resp.Diagnostics, actionUpdateSettings, err, settingsParams)
		return
	}
	for _, field := range refused {
		// Not an error, which would taint. The next plan shows the difference.
		at, detail := settingsParams.notApplied(field, client,
			"Clerk reported success", "The next plan shows the difference.")
		resp.Diagnostics.AddAttributeWarning(at, "Clerk did not apply a setting", detail)
	}
	configured := !config.DefaultScopes.IsNull() && !hasDefaultScopes(refused)
	resp.Diagnostics.Append(markDefaultScopes(ctx, resp.Private, configured)...)
	keepPlanned(&model, plan)
	resp.Diagnostics.Append(saveState(ctx, model, model.ID, &resp.State, resp.Identity)...)
}

// Read refreshes the state, if it is the state of the key's instance.
func (r *oauthApplicationSettingsResource) Read(
	ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse,
) {
	defer recoverPanic(&resp.Diagnostics, actionReadSettings)

	var state settingsModel
	resp.Diagnostics.Append(decodeModel(ctx, req.State.Raw, &state)...)
	client := r.data.requireClient(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, defaultReadTimeout)
	defer cancel()

	if err := checkInstance(ctx, client, state); err != nil {
		r.data.addError(&resp.Diagnostics, actionReadSettings, err, nil)
		return
	}
	settings, err := client.GetOAuthApplicationSettings(ctx)
	if err != nil {
		r.data.addError(&resp.Diagnostics, actionReadSettings, err, nil)
		return
	}
	state.fromAPI(settings)
	if state.DefaultScopes.IsNull() {
		// Someone else reset them. The configuration did not set any later values.
		resp.Diagnostics.Append(markDefaultScopes(ctx, resp.Private, false)...)
	}
	resp.Diagnostics.Append(saveState(ctx, state, state.ID, &resp.State, resp.Identity)...)
}

// Update changes what differs. A setting that Clerk did not apply is an error, and the
// state has Clerk's value.
func (r *oauthApplicationSettingsResource) Update(
	ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse,
) {
	defer recoverPanic(&resp.Diagnostics, actionUpdateSettings)

	var config, plan, model settingsModel
	resp.Diagnostics.Append(decodeModel(ctx, req.Config.Raw, &config)...)
	resp.Diagnostics.Append(decodeModel(ctx, req.Plan.Raw, &plan)...)
	resp.Diagnostics.Append(decodeModel(ctx, req.State.Raw, &model)...)
	client := r.data.requireClient(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, defaultWriteTimeout)
	defer cancel()

	if err := checkInstance(ctx, client, model); err != nil {
		r.data.addError(&resp.Diagnostics, actionUpdateSettings, err, nil)
		return
	}
	refused, err := model.change(ctx, client, plan, &resp.Diagnostics)
	if err != nil {
		r.data.addError(&resp.Diagnostics, actionUpdateSettings, err, settingsParams)
		return
	}
	for _, field := range refused {
		at, detail := settingsParams.notApplied(field, client,
			"Clerk reported success", "The state has Clerk's value.")
		resp.Diagnostics.AddAttributeError(at, "Unable to "+actionUpdateSettings, detail)
	}
	if !hasDefaultScopes(refused) { // otherwise the mark stays as it was
		resp.Diagnostics.Append(markDefaultScopes(ctx, resp.Private, !config.DefaultScopes.IsNull())...)
	}
	if !resp.Diagnostics.HasError() {
		keepPlanned(&model, plan)
	}
	resp.Diagnostics.Append(saveState(ctx, model, model.ID, &resp.State, resp.Identity)...)
}

// change sends what differs between the model and the plan, in one request because some
// of the settings are only valid together. The model then has what Clerk answered. It
// returns the settings that Clerk did not apply. A setting that the answer lacks or
// garbles is a warning: the request has succeeded.
func (m *settingsModel) change(
	ctx context.Context, client *clerk.Client, plan settingsModel, diags *diag.Diagnostics,
) ([]clerk.Mismatch, error) {
	fields := plan.fieldsToUpdate(*m)
	if fields.IsEmpty() {
		return nil, nil
	}
	settings, err := client.UpdateOAuthApplicationSettings(ctx, fields)
	if err != nil {
		return nil, err
	}
	m.DefaultScopes = plannedOr(plan.DefaultScopes, m.DefaultScopes) // for its spelling
	m.fromAPI(settings)
	if len(settings.Problems) > 0 {
		problems := make([]string, len(settings.Problems))
		for i, problem := range settings.Problems {
			problems[i] = "- " + client.Scrub(problem.String())
		}
		diags.AddWarning("Clerk's answer about the OAuth application settings was incomplete", paragraphs(
			"The settings were changed, but these fields of Clerk's answer could not be read:",
			strings.Join(problems, "\n"),
			"The state has the planned values. The next refresh shows the values in Clerk."))
	}
	return refusedSettings(fields, settings), nil
}

func hasDefaultScopes(refused []clerk.Mismatch) bool {
	return slices.ContainsFunc(refused, func(field clerk.Mismatch) bool {
		return field.Name == "default_scopes"
	})
}

// Delete sends nothing. Resetting the settings was rejected: someone may rely on them
// although they are no longer managed. The plan has warned of that.
func (r *oauthApplicationSettingsResource) Delete(
	context.Context, resource.DeleteRequest, *resource.DeleteResponse,
) {
}

// ImportState accepts the id of the key's instance, or settingsImportName.
func (r *oauthApplicationSettingsResource) ImportState(
	ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse,
) {
	const action = "import OAuth application settings"
	defer recoverPanic(&resp.Diagnostics, action)

	id := importID(ctx, req, &resp.Diagnostics)
	client := r.data.requireClient(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	instance, err := client.Instance(ctx)
	switch {
	case err != nil:
	case id == settingsImportName, id == instance.ID:
		setImported(ctx, instance.ID, resp)
	case strings.HasPrefix(id, "ins_") && clerk.ValidID(id):
		err = &clerk.InstanceError{Expected: id, Actual: instance.ID}
	default:
		err = fmt.Errorf("%.80q is not the id of the secret key's instance, which is %s. Import with "+
			"that id, or with %s", id, instance.ID, settingsImportName)
	}
	if err != nil {
		r.data.addError(&resp.Diagnostics, action, err, nil)
	}
}

// checkInstance returns an InstanceError if the key's instance is not that of the
// state. Every instance has settings, so without this check a plan would adopt those
// of the other instance.
func checkInstance(ctx context.Context, client *clerk.Client, state settingsModel) error {
	instance, err := client.Instance(ctx)
	if err != nil {
		return fmt.Errorf("the instance of the secret key could not be read: %w", err)
	}
	if expected := state.ID.ValueString(); instance.ID != expected {
		return &clerk.InstanceError{Expected: expected, Actual: instance.ID}
	}
	return nil
}

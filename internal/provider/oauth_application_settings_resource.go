package provider

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
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

// settingsImportName imports the settings of the instance that the secret key belongs to.
const settingsImportName = "oauth_application_settings"

const (
	actionPlanSettings   = "plan OAuth application settings"
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

func (r *oauthApplicationSettingsResource) Schema(
	_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse,
) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The settings of a Clerk instance for OAuth applications, not for social connections. Every instance has these settings exactly once. Creating this resource adopts the settings and changes those that are configured, and destroying it leaves them as they are. An argument that is left out keeps the value that the instance has. Declare the resource once per instance; two of them would keep overwriting each other.",
		Attributes: map[string]schema.Attribute{
			"id": computedString("Id of the instance (`ins_…`)."),
			"default_scopes": schema.SetAttribute{
				MarkdownDescription: "Scopes of clients that register without requesting scopes. `[]` means Clerk's own defaults, and is the way back to them, also after an import. `offline_access` must not be listed: Clerk includes it and rejects it here. If the argument is removed, scopes that an apply has set are reset to Clerk's own defaults. Other scopes stay: those that were chosen in the Clerk dashboard, and those that were imported and never changed by an apply. Null where Clerk's own defaults apply and nothing is configured.",
				ElementType:         types.StringType,
				Optional:            true,
				Computed:            true,
				Validators:          setOfTexts(scopeCheck, defaultScopeCheck),
			},
			"dynamic_oauth_client_registration":       reportedBool("Whether clients may register themselves (RFC 7591), without authentication."),
			"oauth_jwt_access_tokens":                 reportedBool("Whether access tokens are JSON Web Tokens instead of opaque tokens."),
			"aud_claim_enabled":                       reportedNullableBool("Whether access tokens can have an `aud` claim, from the `resource` parameter of the authorization request (RFC 8707). Null where Clerk does not report it."),
			"pkce_required":                           reportedNullableBool("Whether every new authorization code request of the instance must use Proof Key for Code Exchange (RFC 7636) with the method S256. Null where Clerk does not report it."),
			"client_id_metadata_documents_advertised": reportedBool("Whether the instance says in its authorization server metadata that it supports Client ID Metadata Documents. On its own, this setting lets any such client in; see `client_id_metadata_documents_only_allow_pre_registered_clients`."),
			"client_id_metadata_documents_only_allow_pre_registered_clients": reportedBool("Whether clients with a Client ID Metadata Document are rejected if the instance does not know them yet."),
			"client_id_metadata_documents_block_implicitly_allowed_clients":  reportedBool("Whether clients with a Client ID Metadata Document are also rejected when the instance knows them only because it once let them in, and not by explicit permission. Their existing tokens keep working."),
		},
	}
}

// ModifyPlan says what a destruction leaves, plans the default scopes of an update, and
// reports what would make a create fail: the key is missing, or belongs to another instance
// than instance_id names.
func (r *oauthApplicationSettingsResource) ModifyPlan(
	ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse,
) {
	defer recoverPanic(&resp.Diagnostics, actionPlanSettings)

	client := r.data.client
	switch {
	case req.Plan.Raw.IsNull():
		resp.Diagnostics.AddWarning("OAuth application settings stay as they are",
			"An instance always has these settings, so they cannot be deleted. The provider does not "+
				"reset them either: they leave the state and keep their current values in Clerk.")
	case !req.State.Raw.IsNull():
		var config, state settingsModel
		resp.Diagnostics.Append(decodeModel(ctx, req.Config.Raw, &config)...)
		resp.Diagnostics.Append(decodeModel(ctx, req.State.Raw, &state)...)
		mark, diags := req.Private.GetKey(ctx, defaultScopesKey)
		resp.Diagnostics.Append(diags...)
		scopes := plannedDefaultScopes(config.DefaultScopes, state.DefaultScopes, mark != nil)
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("default_scopes"), scopes)...)
	case client == nil:
		r.data.requireKey(&resp.Diagnostics)
	default:
		ctx, cancel := context.WithTimeout(ctx, defaultReadTimeout)
		defer cancel()
		if err := client.CheckExpectedInstance(ctx); err != nil {
			r.data.addError(&resp.Diagnostics, actionPlanSettings, err, nil)
		}
	}
}

// Create adopts: it reads the settings and changes those that differ.
func (r *oauthApplicationSettingsResource) Create(
	ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse,
) {
	defer recoverPanic(&resp.Diagnostics, "adopt OAuth application settings")
	r.apply(ctx, req.Config, req.Plan, (*resource.UpdateResponse)(resp))
}

func (r *oauthApplicationSettingsResource) Update(
	ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse,
) {
	defer recoverPanic(&resp.Diagnostics, actionUpdateSettings)
	r.apply(ctx, req.Config, req.Plan, resp)
}

// apply brings the settings from the state to the plan. In a create the state is null.
func (r *oauthApplicationSettingsResource) apply(
	ctx context.Context, configured tfsdk.Config, planned tfsdk.Plan, resp *resource.UpdateResponse,
) {
	diags, create := &resp.Diagnostics, resp.State.Raw.IsNull()
	var config, plan, model settingsModel
	diags.Append(decodeModel(ctx, configured.Raw, &config)...)
	diags.Append(decodeModel(ctx, planned.Raw, &plan)...)
	diags.Append(decodeModel(ctx, resp.State.Raw, &model)...)
	client := r.data.requireClient(diags)
	if diags.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, defaultWriteTimeout)
	defer cancel()

	action, prepare := actionUpdateSettings, model.checkInstance
	if create {
		action, prepare = actionReadSettings, model.read
	}
	if err := prepare(ctx, client); err != nil {
		r.data.addError(diags, action, err, nil)
		return
	}
	changesScopes := changedDefaultScopes(plan.DefaultScopes, model.DefaultScopes) != nil
	refused, err := model.change(ctx, client, plan, diags)
	if err != nil {
		r.data.addError(diags, actionUpdateSettings, err, settingsParams)
		return
	}
	report, summary := diags.AddAttributeError, "Unable to "+actionUpdateSettings
	next := "The state has Clerk's value."
	if create { // an error would taint
		report, summary = diags.AddAttributeWarning, "Clerk did not apply a setting"
		next = "The next plan shows the difference."
	}
	for _, field := range refused {
		at, detail := settingsParams.notApplied(field, client, "Clerk reported success", next)
		report(at, summary, detail)
	}
	isScopes := func(field clerk.Mismatch) bool { return field.Name == "default_scopes" }
	switch {
	case slices.ContainsFunc(refused, isScopes): // the mark stays as it was
	case config.DefaultScopes.IsNull():
		diags.Append(resp.Private.SetKey(ctx, defaultScopesKey, nil)...)
	case changesScopes:
		diags.Append(resp.Private.SetKey(ctx, defaultScopesKey, []byte("true"))...)
	}
	if !diags.HasError() {
		keepPlanned(&model, plan)
	}
	diags.Append(saveState(ctx, model, model.ID, &resp.State, resp.Identity)...)
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

	before := state.DefaultScopes
	if err := state.read(ctx, client); err != nil {
		r.data.addError(&resp.Diagnostics, actionReadSettings, err, nil)
		return
	}
	if !sameValue(state.DefaultScopes, before) {
		// Someone else reset them or chose others. The configuration did not set these.
		resp.Diagnostics.Append(resp.Private.SetKey(ctx, defaultScopesKey, nil)...)
	}
	resp.Diagnostics.Append(saveState(ctx, state, state.ID, &resp.State, resp.Identity)...)
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
	var model settingsModel
	if id != settingsImportName {
		model.ID = types.StringValue(id)
	}
	err := model.checkInstance(ctx, client)
	other, ok := errors.AsType[*clerk.InstanceError](err)
	if ok && !other.Pinned && !isInstanceID(id) {
		err = fmt.Errorf("%.80q is not the id of the secret key's instance, which is %s. Import with "+
			"that id, or with %s", id, other.Actual, settingsImportName)
	}
	if err != nil {
		r.data.addError(&resp.Diagnostics, action, err, nil)
		return
	}
	setImported(ctx, model.ID.ValueString(), resp)
}

func (m *settingsModel) read(ctx context.Context, client *clerk.Client) error {
	if err := m.checkInstance(ctx, client); err != nil {
		return err
	}
	settings, err := client.GetOAuthApplicationSettings(ctx)
	if err == nil {
		m.fromAPI(settings)
	}
	return err
}

// checkInstance returns an InstanceError if the key's instance is not that of the model.
// Every instance has settings, so a plan would adopt those of the other instance. A model
// without an instance gets that of the key.
func (m *settingsModel) checkInstance(ctx context.Context, client *clerk.Client) error {
	instanceID, err := client.InstanceID(ctx)
	switch expected := m.ID.ValueString(); {
	case err != nil:
		return fmt.Errorf("the instance of the secret key could not be read: %w", err)
	case m.ID.IsNull():
		m.ID = types.StringValue(instanceID)
	case instanceID != expected:
		return &clerk.InstanceError{Expected: expected, Actual: instanceID}
	}
	return nil
}

// change sends what differs between the model and the plan, in one request because some of
// the settings are only valid together. It returns the settings that Clerk did not apply.
// What the answer lacks or garbles is a warning: the request has succeeded.
func (m *settingsModel) change(
	ctx context.Context, client *clerk.Client, plan settingsModel, diags *diag.Diagnostics,
) ([]clerk.Mismatch, error) {
	fields := plan.fieldsToUpdate(*m)
	if fields == (clerk.OAuthApplicationSettingsFields{}) {
		return nil, nil
	}
	settings, err := client.UpdateOAuthApplicationSettings(ctx, fields)
	if err != nil {
		return nil, err
	}
	m.fromAPI(settings)
	settingsParams.warnOfProblems(diags, client, settings.Problems, "the OAuth application settings",
		"The settings were changed")
	return fields.NotApplied(settings), nil
}

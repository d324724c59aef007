package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// ModifyPlan decides which values of a plan are known. The attributes' own modifiers
// keep every computed value. Here the values that an apply will change become unknown,
// and no others: an unknown value makes everything that depends on it show a change.
func (r *oauthApplicationResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	defer recoverPanic(&resp.Diagnostics, "plan OAuth application")

	if req.Plan.Raw.IsNull() {
		var state resourceModel
		resp.Diagnostics.Append(decodeModel(ctx, req.State.Raw, &state)...)
		waitOutVersion(ctx, r.data.clientIfAny(), state.ClientSecretVersion)
		state.checkDestroy(r.data.createdInstead(state), &resp.Diagnostics)
		return
	}
	if r.data.requireKey(&resp.Diagnostics); resp.Diagnostics.HasError() {
		return
	}
	var config, plan resourceModel
	resp.Diagnostics.Append(decodeModel(ctx, req.Config.Raw, &config)...)
	resp.Diagnostics.Append(decodeModel(ctx, req.Plan.Raw, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	var state resourceModel // the zero model if there is no state
	if !req.State.Raw.IsNull() {
		resp.Diagnostics.Append(decodeModel(ctx, req.State.Raw, &state)...)
		waitOutVersion(ctx, r.data.clientIfAny(), state.ClientSecretVersion)
	}
	changed, diags := req.Private.GetKey(ctx, logoChangedKey)
	resp.Diagnostics.Append(diags...)
	logo := plan.planLogo(state, changed != nil, &resp.Diagnostics)
	plan.checkScopes(config, state, &resp.Diagnostics)
	plan.checkTrigger(&resp.Diagnostics)
	if req.State.Raw.IsNull() {
		plan.planCreate(logo)
	} else {
		private := pendingRotationOf(ctx, req.Private, state, &resp.Diagnostics)
		if resp.Diagnostics.HasError() {
			return
		}
		plan.planUpdate(config, state, logo, private, &resp.Diagnostics)
	}
	planned, diags := encodeModel(ctx, req.Plan.Raw.Type(), plan)
	resp.Diagnostics.Append(diags...)
	resp.Plan.Raw = planned
}

// checkScopes rejects an empty set that would be sent. An application that has no
// scopes may be imported as it is.
func (m *resourceModel) checkScopes(config, state resourceModel, diags *diag.Diagnostics) {
	if config.Scopes.IsNull() || config.Scopes.IsUnknown() || len(config.Scopes.Elements()) > 0 || sameValue(m.Scopes, state.Scopes) {
		return
	}
	diags.AddAttributeError(path.Root("scopes"), "No scopes",
		"Clerk treats an empty set of scopes as \"use the defaults\", so the application would never be as configured. Leave scopes out for the defaults, or name at least one scope.")
}

// hasTriggerWithoutSecret reports whether the trigger asks for a rotation of a client
// that has no secret.
func (m *resourceModel) hasTriggerWithoutSecret() bool {
	return m.Public.ValueBool() && !m.RotateSecretTrigger.IsNull() && !m.RotateSecretTrigger.IsUnknown()
}

// checkDestroy rejects the destruction of a protected application. consequence is what
// else there is to say.
func (m *resourceModel) checkDestroy(consequence string, diags *diag.Diagnostics) {
	if m.DeletionProtection.ValueBool() {
		diags.AddAttributeError(path.Root("deletion_protection"), "OAuth application is protected from deletion", paragraphs(
			fmt.Sprintf("The application %q (%s) has deletion_protection = true. To delete it, set deletion_protection = false and apply that first.", m.Name.ValueString(), m.ID.ValueString()),
			consequence,
			"To keep the application and remove it from the state, use a removed block, or state rm.",
		))
	}
}

// planCreate plans a new application. Everything computed is unknown already.
func (m *resourceModel) planCreate(logo plannedLogo) {
	m.ClientSecret, m.ClientSecretEncrypted = m.plannedSecret()
	m.ClientSecretVersion = types.Int64Unknown()
	if m.Public.ValueBool() {
		m.ClientSecretVersion = types.Int64Null()
	}
	m.LogoSHA256 = types.StringNull()
	if logo.wanted {
		// Not the hash of the file: if the upload fails after the application is
		// created, the state says that there is no logo, and the next plan uploads it.
		m.LogoSHA256 = types.StringUnknown()
	}
}

// planUpdate plans a change of an application.
func (m *resourceModel) planUpdate(config, state resourceModel, logo plannedLogo, private pendingRotation, diags *diag.Diagnostics) {
	m.UpdatedAt = state.UpdatedAt
	requests := !sameValues(m.reportedModel, state.reportedModel)

	if !sameValue(m.RedirectURIs, state.RedirectURIs) {
		m.CallbackURL = types.StringUnknown()
	}
	if !m.Public.Equal(state.Public) && config.PKCERequired.IsNull() {
		// Clerk may require PKCE of a client that becomes public; its document
		// does not say.
		m.PKCERequired = types.BoolUnknown()
	}

	m.LogoSHA256 = logo.sha256
	if logo.wanted && !logo.sha256.Equal(state.LogoSHA256) {
		// Not the hash of the file: the file is read again when the plan is applied,
		// and may have changed by then.
		m.LogoSHA256 = types.StringUnknown()
		m.ClientImageURL = types.StringUnknown()
		requests = true
	}
	if m.LogoPath.IsNull() && !state.LogoPath.IsNull() {
		diags.AddAttributeWarning(path.Root("logo_path"), "The logo stays",
			"Clerk offers no way to delete a logo. Without logo_path the current logo stays, and Terraform no longer manages it.")
	}

	m.ClientSecret, m.ClientSecretEncrypted = state.ClientSecret, state.ClientSecretEncrypted
	m.ClientSecretVersion = state.ClientSecretVersion
	reason := rotationFor(*m, state, private)
	switch {
	case m.Public.ValueBool():
		m.ClientSecret, m.ClientSecretEncrypted, m.ClientSecretVersion = types.StringNull(), types.StringNull(), types.Int64Null()
		if !state.Public.ValueBool() && state.hasSecret() {
			warnOfLostSecret(diags, state)
		}
	case reason == rotateUndecided:
		m.ClientSecret, m.ClientSecretEncrypted = m.plannedSecret()
		m.ClientSecretVersion = types.Int64Unknown()
		requests = true
	case reason == noRotation && m.Public.IsUnknown():
		// If the client turns out to be public, its secret is removed.
		m.ClientSecret, m.ClientSecretEncrypted = unknownUnlessNull(state.ClientSecret), unknownUnlessNull(state.ClientSecretEncrypted)
		if !state.ClientSecretVersion.IsNull() {
			m.ClientSecretVersion = types.Int64Unknown()
		}
	case reason != noRotation:
		m.ClientSecret, m.ClientSecretEncrypted = m.plannedSecret()
		m.ClientSecretVersion = nextSecretVersion(state, private.versionFloor)
		requests = true
	}
	reason.warn(diags, state)

	if requests {
		m.UpdatedAt = types.StringUnknown()
	}
}

// plannedSecret plans a secret that Clerk will create: one of the two attributes is
// unknown, the other one null.
func (m *resourceModel) plannedSecret() (plain, encrypted types.String) {
	switch {
	case m.Public.ValueBool():
		return types.StringNull(), types.StringNull()
	case m.EncryptClientSecretTo.IsUnknown():
		return types.StringUnknown(), types.StringUnknown()
	case m.EncryptClientSecretTo.IsNull():
		return types.StringUnknown(), types.StringNull()
	}
	return types.StringNull(), types.StringUnknown()
}

func unknownUnlessNull(value types.String) types.String {
	if value.IsNull() {
		return value
	}
	return types.StringUnknown()
}

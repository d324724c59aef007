package provider

import (
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// ModifyPlan decides which values of a plan are known. The attributes' own modifiers keep
// every computed value. Here the values that an apply will change become unknown, and no
// others: an unknown value makes everything that depends on it show a change.
func (r *oauthApplicationResource) ModifyPlan(
	ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse,
) {
	defer recoverPanic(&resp.Diagnostics, actionPlan)

	if req.Plan.Raw.IsNull() {
		var state resourceModel
		resp.Diagnostics.Append(decodeModel(ctx, req.State.Raw, &state)...)
		state.checkDestroy(r.data.createdInstead(state), &resp.Diagnostics)
		return
	}
	if r.data.requireKey(&resp.Diagnostics); resp.Diagnostics.HasError() {
		return
	}
	var config, plan, state resourceModel // state is the zero model in a create
	resp.Diagnostics.Append(decodeModel(ctx, req.Config.Raw, &config)...)
	resp.Diagnostics.Append(decodeModel(ctx, req.Plan.Raw, &plan)...)
	create := req.State.Raw.IsNull()
	if !create {
		resp.Diagnostics.Append(decodeModel(ctx, req.State.Raw, &state)...)
	}
	private := openPrivate(ctx, resp.Private, &resp.Diagnostics).privateState
	if resp.Diagnostics.HasError() {
		return
	}
	plan.keepSpellings(config, state)
	logo := plan.planLogo(config, state, private.LogoChanged, &resp.Diagnostics)
	plan.checkScopes(config, state, &resp.Diagnostics)
	plan.checkTrigger(&resp.Diagnostics)
	if create {
		plan.planSecret(types.Int64Unknown())
		// Not the hash of the file: if the upload fails after the application was created, the
		// state says that there is no logo, and the next plan uploads it.
		plan.LogoSHA256 = unknownUnlessNull(logo)
		r.checkCreate(ctx, plan, &resp.Diagnostics)
	} else {
		r.data.knowApplication(state)
		plan.planUpdate(config, state, logo, private, &resp.Diagnostics)
	}
	planned, diags := encodeModel(ctx, req.Plan.Raw.Type(), plan)
	resp.Diagnostics.Append(diags...)
	resp.Plan.Raw = planned
}

// checkCreate asks Clerk what instance_id and prevent_duplicate_names forbid, so that a
// plan that cannot be applied fails before someone approves it. Without those two arguments
// a plan of a create sends nothing.
func (r *oauthApplicationResource) checkCreate(
	ctx context.Context, plan resourceModel, diags *diag.Diagnostics,
) {
	client := r.data.client
	if client == nil || diags.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, defaultReadTimeout)
	defer cancel()

	err := client.CheckExpectedInstance(ctx)
	if err == nil && isKnownText(plan.Name) {
		err = client.CheckPlannedName(ctx, plan.Name.ValueString())
	}
	if err != nil {
		r.data.addError(diags, plan.named(actionPlan), err, applicationParams)
	}
}

// knowApplication tells the client of an application that has a state. A replacement has
// its name, and is no duplicate of it.
func (d *providerData) knowApplication(state resourceModel) {
	if d.client != nil {
		d.client.KnowApplication(state.ID.ValueString())
	}
}

// checkScopes rejects an empty set, unless an application that was imported has it already.
func (m *resourceModel) checkScopes(config, state resourceModel, diags *diag.Diagnostics) {
	if config.Scopes.IsNull() || config.Scopes.IsUnknown() || len(config.Scopes.Elements()) > 0 ||
		sameValue(m.Scopes, state.Scopes) {
		return
	}
	diags.AddAttributeError(path.Root("scopes"), "No scopes",
		"Clerk treats an empty set of scopes as \"use the defaults\", so the application would never be "+
			"as configured. Leave scopes out for the defaults, or name at least one scope.")
}

// checkDestroy rejects the destruction of a protected application. consequence is what
// else there is to say.
func (m *resourceModel) checkDestroy(consequence string, diags *diag.Diagnostics) {
	if m.DeletionProtection.ValueBool() {
		diags.AddAttributeError(path.Root("deletion_protection"),
			fmt.Sprintf("OAuth application %s is protected from deletion", m.quotedName()),
			paragraphs(
				m.named("The application")+" has deletion_protection = true. To delete it, set "+
					"deletion_protection = false and apply that first.",
				consequence,
				"To keep the application and remove it from the state, use a removed block, or state rm.",
			))
	}
}

// keepSpellings keeps values of the state that the configuration has in another spelling.
// Terraform allows a plan to keep a prior value that means the same.
func (m *resourceModel) keepSpellings(config, state resourceModel) {
	if isKnownText(config.Name) {
		m.Name = nameFromAPI(config.Name.ValueString(), state.Name)
	}
	before, after := state.RotateSecretTrigger, config.RotateSecretTrigger
	if isKnownText(after) && sameTrigger(before.ValueString(), after.ValueString()) {
		m.RotateSecretTrigger = before
	}
	if scopesSatisfy(state.Scopes, config.Scopes) {
		m.Scopes = state.Scopes // with offline_access after an import: Clerk adds it
	}
}

func (m *resourceModel) planUpdate(
	config, state resourceModel, logo types.String, private privateState, diags *diag.Diagnostics,
) {
	m.UpdatedAt = state.UpdatedAt
	requests := !sameValues(m.reportedModel, state.reportedModel)

	if !sameValue(m.RedirectURIs, state.RedirectURIs) && !(isWhollyKnown(m.RedirectURIs) &&
		slices.Contains(stringsOf(m.RedirectURIs), state.CallbackURL.ValueString())) {
		m.CallbackURL = types.StringUnknown()
	}
	if !m.Public.Equal(state.Public) && config.PKCERequired.IsNull() {
		// Clerk may require PKCE of a client that becomes public; its document does not say.
		m.PKCERequired = types.BoolUnknown()
	}
	requests = m.planLogoUpdate(state, logo, diags) || requests

	m.ClientSecret, m.ClientSecretEncrypted = state.ClientSecret, state.ClientSecretEncrypted
	m.ClientSecretVersion = state.ClientSecretVersion
	reason := rotationFor(*m, state, private)
	switch {
	case m.Public.ValueBool():
		m.forgetSecret()
		if !state.Public.ValueBool() { // with a secret that the state may not know
			reason = removeSecret
		}
	case reason == rotateUndecided,
		reason == noRotation && m.Public.IsUnknown() && state.hasSecret(): // which a public one loses
		m.planSecret(types.Int64Unknown())
	case reason != noRotation:
		m.planSecret(nextSecretVersion(state, private.VersionFloor))
	}
	reason.warn(diags, state)

	if requests || reason != noRotation {
		m.UpdatedAt = types.StringUnknown()
	}
}

// planSecret plans a secret that Clerk will create, with its version: one of the two
// attributes for the secret is unknown, the other one null.
func (m *resourceModel) planSecret(version types.Int64) {
	m.forgetSecret()
	if m.Public.ValueBool() {
		return
	}
	m.ClientSecretVersion = version
	if recipients := m.EncryptClientSecretTo; recipients.IsNull() || recipients.IsUnknown() {
		m.ClientSecret = types.StringUnknown()
	}
	m.ClientSecretEncrypted = unknownUnlessNull(m.EncryptClientSecretTo)
}

package provider

import (
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
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
	private, _ := readPrivate(ctx, req.Private, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	logo := plan.planLogo(config, state, private.LogoChanged, &resp.Diagnostics)
	plan.checkScopes(config, state, &resp.Diagnostics)
	plan.checkTrigger(&resp.Diagnostics)
	if create {
		plan.planCreate(logo)
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

// checkScopes rejects an empty set that would be sent. An application that has no scopes
// may be imported as it is.
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

// planCreate plans a new application. Everything computed is unknown already. The hash of a
// logo stays unknown: if the upload fails after the application was created, the state says
// that there is no logo, and the next plan uploads it.
func (m *resourceModel) planCreate(logo types.String) {
	m.planSecret(types.Int64Unknown())
	m.LogoSHA256 = unknownUnlessNull(logo)
}

// planUpdate plans a change of an application.
func (m *resourceModel) planUpdate(
	config, state resourceModel, logo types.String, private privateState, diags *diag.Diagnostics,
) {
	m.UpdatedAt = state.UpdatedAt
	requests := !sameValues(m.reportedModel, state.reportedModel)

	if !sameValue(m.RedirectURIs, state.RedirectURIs) && !m.hasRedirectURI(state.CallbackURL) {
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
		if !state.Public.ValueBool() && state.hasSecret() {
			reason = removeSecret
		}
	case reason == noRotation && m.Public.IsUnknown() && state.hasSecret():
		m.planSecret(types.Int64Unknown()) // if the client turns out to be public, it has none
	case reason == rotateUndecided:
		m.planSecret(types.Int64Unknown())
		requests = true
	case reason != noRotation:
		m.planSecret(nextSecretVersion(state, private.VersionFloor))
		requests = true
	}
	reason.warn(diags, state)

	if requests {
		m.UpdatedAt = types.StringUnknown()
	}
}

// hasRedirectURI reports whether a URI is certainly among the redirect URIs.
func (m *resourceModel) hasRedirectURI(uri types.String) bool {
	return isKnownText(uri) && isWhollyKnown(m.RedirectURIs) &&
		slices.Contains(stringsOf(m.RedirectURIs), uri.ValueString())
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

// unknownUnlessNull plans a text that an apply will determine, where there is what it is of.
func unknownUnlessNull(of attr.Value) types.String {
	if of.IsNull() {
		return types.StringNull()
	}
	return types.StringUnknown()
}

// keepSame is a plan modifier that keeps the text of the state in the plan where the
// configuration asks for the same in another spelling. Terraform allows a plan to keep a
// prior value that means the same.
type keepSame struct {
	description

	same func(state, config string) bool
}

var (
	keepSameName = keepSame{
		"ignores the Unicode normal form and white space at the ends", clerk.SameName,
	}
	// A trigger in another spelling must not rotate a secret.
	keepSameTrigger = keepSame{
		"ignores white space at the ends and the form of line ends", sameTrigger,
	}

	keepScopes = keepSatisfiedScopes{"ignores offline_access, which Clerk adds automatically"}
)

// PlanModifyString implements planmodifier.String.
func (m keepSame) PlanModifyString(
	_ context.Context, req planmodifier.StringRequest, resp *planmodifier.StringResponse,
) {
	if isKnownText(req.StateValue) && isKnownText(req.ConfigValue) &&
		m.same(req.StateValue.ValueString(), req.ConfigValue.ValueString()) {
		resp.PlanValue = req.StateValue
	}
}

// keepSatisfiedScopes is the same for scopes. Those of the state and those of the
// configuration can differ by offline_access, which Clerk adds automatically: after an
// import the state has it and the configuration does not.
type keepSatisfiedScopes struct{ description }

// PlanModifySet implements planmodifier.Set.
func (keepSatisfiedScopes) PlanModifySet(
	_ context.Context, req planmodifier.SetRequest, resp *planmodifier.SetResponse,
) {
	if scopesSatisfy(req.StateValue, req.ConfigValue) {
		resp.PlanValue = req.StateValue
	}
}

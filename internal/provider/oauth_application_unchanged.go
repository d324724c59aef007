package provider

import (
	"bytes"
	"context"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

// Fast paths for unchanged applications, which are most of a large plan. Each function
// returns nil where the answer is not certain; then the framework gives it. Tests
// compare the two answers byte by byte.
//
// They work around terraform-plugin-framework 1.19, which takes and rebuilds the whole
// object for each of its thirty attributes, several times in each call (fwschemadata,
// Data.ValueAtPath and Data.SetAtPath). A plan over 1,000 applications takes 4 s with
// them and 10 s without. They may go when BenchmarkPlan is as fast without them.

// upgradeUnchanged answers for a state that this schema wrote: the state is handed back
// as it came. Terraform treats an attribute that is missing in the state as null, and
// removes one that is not in the schema before it asks. A state that does not look as
// this schema writes it is left to the framework.
func upgradeUnchanged(req *tfprotov6.UpgradeResourceStateRequest) *tfprotov6.UpgradeResourceStateResponse {
	if req.TypeName != applicationType || req.Version != describedApplication().Version ||
		req.RawState == nil || !hasStateTypes(req.RawState.JSON) {
		return nil
	}
	return &tfprotov6.UpgradeResourceStateResponse{UpgradedState: &tfprotov6.DynamicValue{JSON: req.RawState.JSON}}
}

// readUnchanged answers for an application that has not changed since the state was
// written, if that is known without a request: from a page that was read already. An
// application with many redirect URIs is worth a request of its own, because the
// framework compares sets in quadratic time. The result of that request is in the
// returned context, for the framework's path.
func (p *clerkProvider) readUnchanged(ctx context.Context, req *tfprotov6.ReadResourceRequest) (resp *tfprotov6.ReadResourceResponse, next context.Context) {
	next = ctx
	defer leaveToFramework(&resp)

	if req.TypeName != applicationType || p.data == nil || p.data.client == nil || bytes.Contains(req.Private, []byte(rotationPendingKey)) {
		return nil, next
	}
	state, ok := decodeState(ctx, req.CurrentState)
	if !ok || state.DeletionProtection.IsNull() || state.verifiesSecret() || !state.hasLogoOfFile() || bytes.Contains(req.Private, []byte(logoChangedKey)) {
		return nil, next
	}
	app, known := p.data.client.KnownOAuthApplication(state.ID.ValueString())
	if !known && len(state.RedirectURIs.Elements()) >= manyRedirectURIs {
		timeout, diags := state.Timeouts.Read(ctx, defaultReadTimeout)
		if diags.HasError() {
			return nil, next
		}
		fetching, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		var err error
		app, err = state.fetch(fetching, p.data.client)
		next = context.WithValue(ctx, readAheadKey{}, readAhead{app, err})
		known = err == nil
	}
	if state.ClientSecretVersion.IsNull() && !bytes.Contains(req.Private, []byte(versionFloorKey)) {
		return nil, next
	}
	if !known || app.Public && (state.hasSecret() || !state.ClientSecretVersion.IsNull()) {
		return nil, next
	}
	read := state
	read.fromAPI(app)
	if !sameValues(read, state) {
		return nil, next
	}
	identity, err := tfprotov6.NewDynamicValue(identityType, tftypes.NewValue(identityType, map[string]tftypes.Value{
		"id": tftypes.NewValue(tftypes.String, app.ID),
	}))
	if err != nil {
		return nil, next
	}
	return &tfprotov6.ReadResourceResponse{
		NewState:    req.CurrentState,
		Private:     req.Private,
		NewIdentity: &tfprotov6.ResourceIdentityData{IdentityData: &identity},
	}, next
}

// manyRedirectURIs is the number from which a request ahead is worth it. With fewer URIs
// the framework needs less than a millisecond for them.
const manyRedirectURIs = 50

// readAhead is the result of a request that was sent before the framework was asked.
type readAhead struct {
	app clerk.OAuthApplication
	err error
}

type readAheadKey struct{}

// planUnchanged answers for an application whose plan is its state. Terraform proposes
// the configuration over the state, so where the two are the same the configuration
// asks for nothing. What can change a plan all the same is left to the framework: a
// default that applies, a logo whose file has changed, a rotation that is pending, or
// that is asked for where it cannot be.
func (p *clerkProvider) planUnchanged(ctx context.Context, req *tfprotov6.PlanResourceChangeRequest) (resp *tfprotov6.PlanResourceChangeResponse) {
	defer leaveToFramework(&resp)

	if req.TypeName != applicationType || req.PriorState == nil || req.ProposedNewState == nil ||
		bytes.Contains(req.PriorPrivate, []byte(rotationPendingKey)) || bytes.Contains(req.PriorPrivate, []byte(secretRejectedKey)) {
		return nil
	}
	prior, ok := decodeState(ctx, req.PriorState)
	if !ok || prior.hasTriggerWithoutSecret() || !prior.hasLogoOfFile() {
		return nil
	}
	if !prior.DeletionProtection.Equal(types.BoolValue(false)) {
		// Null in the configuration stands for the default, which is false.
		config, ok := decodeState(ctx, req.Config)
		if !ok || config.DeletionProtection.IsNull() {
			return nil
		}
	}
	if !bytes.Equal(req.PriorState.MsgPack, req.ProposedNewState.MsgPack) && !proposesSatisfiedScopes(ctx, prior, req.ProposedNewState) {
		return nil
	}
	waitOutVersion(ctx, p.data.clientIfAny(), prior.ClientSecretVersion)
	return &tfprotov6.PlanResourceChangeResponse{
		PlannedState:    req.PriorState,
		PlannedPrivate:  req.PriorPrivate,
		PlannedIdentity: req.PriorIdentity,
	}
}

// hasLogoOfFile reports whether the logo is the file at logo_path as it is now, or no
// file is asked for.
func (m *resourceModel) hasLogoOfFile() bool {
	var diags diag.Diagnostics
	logo := m.planLogo(*m, false, &diags)
	return len(diags) == 0 && logo.sha256.Equal(m.LogoSHA256)
}

// leaveToFramework turns a panic into nil; the framework's path then reports it.
func leaveToFramework[Response any](resp **Response) {
	if recover() != nil {
		*resp = nil
	}
}

// proposesSatisfiedScopes reports whether what is proposed differs from the state in
// nothing but scopes that the current ones satisfy, as all imported applications do:
// see keepSatisfiedScopes.
func proposesSatisfiedScopes(ctx context.Context, prior resourceModel, value *tfprotov6.DynamicValue) bool {
	proposed, ok := decodeState(ctx, value)
	if !ok || prior.Scopes.IsNull() || proposed.Scopes.IsNull() || !isWhollyKnown(proposed.Scopes) ||
		!clerk.ScopesSatisfy(stringsOf(prior.Scopes), stringsOf(proposed.Scopes)) {
		return false
	}
	proposed.Scopes = prior.Scopes
	return sameValues(proposed, prior)
}

// decodeState reads an application as the protocol carries it.
func decodeState(ctx context.Context, value *tfprotov6.DynamicValue) (model resourceModel, ok bool) {
	if value == nil {
		return model, false
	}
	raw, err := value.Unmarshal(applicationStateType())
	if err != nil || raw.IsNull() {
		return model, false
	}
	return model, !decodeModel(ctx, raw, &model).HasError()
}

var identityType = tftypes.Object{AttributeTypes: map[string]tftypes.Type{"id": tftypes.String}}

// describedApplication is the application's schema, and applicationStateType the type
// of a state that it describes.
var describedApplication = sync.OnceValue(func() schema.Schema {
	var described resource.SchemaResponse
	newOAuthApplicationResource().Schema(context.Background(), resource.SchemaRequest{}, &described) //nolint:forbidigo // no request is made
	return described.Schema
})

var applicationStateType = sync.OnceValue(func() tftypes.Type {
	return describedApplication().Type().TerraformType(context.Background()) //nolint:forbidigo // no request is made
})

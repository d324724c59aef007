package provider

import (
	"bytes"
	"context"

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
func upgradeUnchanged(
	req *tfprotov6.UpgradeResourceStateRequest,
) *tfprotov6.UpgradeResourceStateResponse {
	if req.TypeName != applicationType || req.Version != applicationSchemaVersion ||
		req.RawState == nil || !hasStateTypes(req.RawState.JSON) {
		return nil
	}
	return &tfprotov6.UpgradeResourceStateResponse{
		UpgradedState: &tfprotov6.DynamicValue{JSON: req.RawState.JSON},
	}
}

// readUnchanged answers for an application that has not changed since the state was
// written. It is the one way to what Clerk has: if the framework must answer, Read takes
// the result of the request that was made here.
func (p *clerkProvider) readUnchanged(
	ctx context.Context, req *tfprotov6.ReadResourceRequest,
) (resp *tfprotov6.ReadResourceResponse) {
	defer recoverToNil(&resp)

	if req.TypeName != applicationType || p.data == nil || p.data.client == nil {
		return nil
	}
	state, ok := decodeState(ctx, req.CurrentState)
	if !ok {
		return nil
	}
	timeout, diags := state.Timeouts.Read(ctx, defaultReadTimeout)
	if diags.HasError() {
		return nil
	}
	fetching, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	found := state.fetch(fetching, p.data.client)
	if found.err == nil && state.readsUnchanged(found.app, req.Private) {
		identity, err := tfprotov6.NewDynamicValue(identityType, tftypes.NewValue(identityType,
			map[string]tftypes.Value{"id": tftypes.NewValue(tftypes.String, found.app.ID)}))
		if err == nil {
			return &tfprotov6.ReadResourceResponse{
				NewState:    req.CurrentState,
				Private:     req.Private,
				NewIdentity: &tfprotov6.ResourceIdentityData{IdentityData: &identity},
			}
		}
	}
	p.data.fetched.Store(state.ID.ValueString(), found)
	return nil
}

// readsUnchanged reports whether Read would return the state unchanged and without a message.
func (m resourceModel) readsUnchanged(app clerk.OAuthApplication, rawPrivate []byte) bool {
	private, ok := readRawPrivate(rawPrivate)
	hasVersion := !m.ClientSecretVersion.IsNull()
	switch {
	case !ok, private.RotationPending, private.LogoChanged, m.DeletionProtection.IsNull(),
		m.verifiesSecret(),
		!hasVersion && private.VersionFloor == 0,
		app.Public && (m.hasSecret() || hasVersion),
		!m.hasLogoOfFile():
		return false
	}
	read := m
	read.fromAPI(app)
	return sameValues(read, m)
}

// planUnchanged answers for an application whose plan is its state. Terraform proposes
// the configuration over the state, so where the two are the same the configuration asks
// for nothing. What can change a plan all the same is left to the framework: a default that
// applies, a logo whose file has changed, a rotation that is pending, or that is asked for
// where it cannot be.
func (p *clerkProvider) planUnchanged(
	ctx context.Context, req *tfprotov6.PlanResourceChangeRequest,
) (resp *tfprotov6.PlanResourceChangeResponse) {
	defer recoverToNil(&resp)

	if req.TypeName != applicationType || req.PriorState == nil || req.ProposedNewState == nil {
		return nil
	}
	private, ok := readRawPrivate(req.PriorPrivate)
	if !ok || private.RotationPending || private.RejectedVersion != 0 {
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
	if !bytes.Equal(req.PriorState.MsgPack, req.ProposedNewState.MsgPack) &&
		!proposesSatisfiedScopes(ctx, prior, req.ProposedNewState) {
		return nil
	}
	p.data.knowApplication(prior)
	return &tfprotov6.PlanResourceChangeResponse{
		PlannedState:    req.PriorState,
		PlannedPrivate:  req.PriorPrivate,
		PlannedIdentity: req.PriorIdentity,
	}
}

// recoverToNil turns a panic into nil; the framework's path then reports it.
func recoverToNil[Response any](resp **Response) {
	if recover() != nil {
		*resp = nil
	}
}

// proposesSatisfiedScopes reports whether what is proposed differs from the state in
// nothing but scopes that the current ones satisfy, as all imported applications do:
// see keepSatisfiedScopes.
func proposesSatisfiedScopes(
	ctx context.Context, prior resourceModel, value *tfprotov6.DynamicValue,
) bool {
	proposed, ok := decodeState(ctx, value)
	if !ok || prior.Scopes.IsNull() || proposed.Scopes.IsNull() || !isWhollyKnown(proposed.Scopes) ||
		!clerk.ScopesSatisfy(stringsOf(prior.Scopes), stringsOf(proposed.Scopes)) {
		return false
	}
	proposed.Scopes = prior.Scopes
	return sameValues(proposed, prior)
}

// decodeState reads an application as the protocol carries it.
func decodeState(
	ctx context.Context, value *tfprotov6.DynamicValue,
) (model resourceModel, ok bool) {
	if value == nil {
		return model, false
	}
	raw, err := value.Unmarshal(applicationStateType())
	if err != nil || raw.IsNull() {
		return model, false
	}
	return model, !decodeModel(ctx, raw, &model).HasError()
}

package provider

import (
	"bytes"
	"context"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// NewServer returns the constructor of the provider's protocol server: the
// framework's, with a shorter way for plans that change nothing.
func NewServer(version string) func() tfprotov6.ProviderServer {
	return func() tfprotov6.ProviderServer {
		return newServer(&clerkProvider{version: version})
	}
}

func newServer(p *clerkProvider) tfprotov6.ProviderServer {
	framework := providerserver.NewProtocol6(p)()
	//nolint:staticcheck // the marker interface is deprecated for the day on which every server has list resources
	return &server{ProviderServerWithListResource: framework.(tfprotov6.ProviderServerWithListResource)}
}

// server is the framework's, with what thousands of resources in one run need.
//
// It answers for an application that is as its configuration wants it before the
// framework looks at each of its attributes: the framework rebuilds the whole
// object for each of thirty, which was nearly half of what a plan over a thousand
// unchanged applications cost in the provider. And it lends the framework the
// contexts of calls rather than giving them away: see callContext.
type server struct {
	//nolint:staticcheck // see newServer
	tfprotov6.ProviderServerWithListResource
}

// PlanResourceChange implements tfprotov6.ResourceServer.
func (s *server) PlanResourceChange(ctx context.Context, req *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	if isUnchanged(req) {
		return &tfprotov6.PlanResourceChangeResponse{
			PlannedState:    req.ProposedNewState,
			PlannedPrivate:  req.PriorPrivate,
			PlannedIdentity: req.PriorIdentity,
		}, nil
	}
	ctx, giveBack := borrow(ctx)
	defer giveBack()
	return s.ProviderServerWithListResource.PlanResourceChange(ctx, req)
}

// ValidateResourceConfig implements tfprotov6.ResourceServer.
func (s *server) ValidateResourceConfig(ctx context.Context, req *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	ctx, giveBack := borrow(ctx)
	defer giveBack()
	return s.ProviderServerWithListResource.ValidateResourceConfig(ctx, req)
}

// UpgradeResourceState implements tfprotov6.ResourceServer.
func (s *server) UpgradeResourceState(ctx context.Context, req *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	ctx, giveBack := borrow(ctx)
	defer giveBack()
	return s.ProviderServerWithListResource.UpgradeResourceState(ctx, req)
}

// ReadResource implements tfprotov6.ResourceServer.
func (s *server) ReadResource(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	ctx, giveBack := borrow(ctx)
	defer giveBack()
	return s.ProviderServerWithListResource.ReadResource(ctx, req)
}

// ApplyResourceChange implements tfprotov6.ResourceServer.
func (s *server) ApplyResourceChange(ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	ctx, giveBack := borrow(ctx)
	defer giveBack()
	return s.ProviderServerWithListResource.ApplyResourceChange(ctx, req)
}

// Pieces of a state in MessagePack, as Terraform sends it: a short text is 0xa0
// plus its length and then its bytes; null is 0xc0 and false 0xc2. None of these
// bytes occurs in UTF-8 where it stands here, so no text can look like them.
var (
	msgpackNoLogo      = []byte("\xa9logo_path\xc0")
	msgpackUnprotected = []byte("\xb3deletion_protection\xc2")
)

// isUnchanged tells whether the plan of an application is its state, for sure.
// Terraform proposes the configuration over the state, so where the two are the
// same to the byte the configuration asks for nothing. What can change a plan all
// the same goes the long way: a default that applies, a logo whose file may have
// changed, a rotation that is owed.
func isUnchanged(req *tfprotov6.PlanResourceChangeRequest) bool {
	return req.TypeName == "clerk"+applicationTypeName &&
		req.PriorState != nil && req.ProposedNewState != nil &&
		bytes.Equal(req.PriorState.MsgPack, req.ProposedNewState.MsgPack) &&
		bytes.Contains(req.PriorState.MsgPack, msgpackUnprotected) &&
		bytes.Contains(req.PriorState.MsgPack, msgpackNoLogo) &&
		!bytes.Contains(req.PriorPrivate, []byte(rotationOwedKey))
}

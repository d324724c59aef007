package provider

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// NewServer returns the constructor of the provider's protocol server: the
// framework's, with fast paths where nothing changes. The version is that of the
// provider, for the User-Agent.
func NewServer(version string, options ...Option) func() tfprotov6.ProviderServer {
	return func() tfprotov6.ProviderServer {
		p := &clerkProvider{version: version}
		for _, option := range options {
			option(p)
		}
		return newServer(p)
	}
}

// An Option changes how a server works.
type Option func(*clerkProvider)

// WithTransport lets the server send its requests to Clerk through transport in place
// of the network. It is the one seam of the tests.
func WithTransport(transport http.RoundTripper) Option {
	return func(p *clerkProvider) { p.transport = transport }
}

func newServer(p *clerkProvider) tfprotov6.ProviderServer {
	framework := providerserver.NewProtocol6(p)()
	//nolint:staticcheck // deprecated for the day on which every server has list resources
	lists := framework.(tfprotov6.ProviderServerWithListResource)
	return &server{ProviderServerWithListResource: lists, provider: p}
}

// server is the framework's, with two changes for thousands of resources in one run.
// It has fast paths for unchanged applications: see planUnchanged and
// its like. And it wraps each call's context so that the framework does not keep it
// alive: see callContext.
type server struct {
	tfprotov6.ProviderServerWithListResource
	provider *clerkProvider
}

// PlanResourceChange implements tfprotov6.ResourceServer.
func (s *server) PlanResourceChange(
	ctx context.Context, req *tfprotov6.PlanResourceChangeRequest,
) (*tfprotov6.PlanResourceChangeResponse, error) {
	if !s.provider.deferred { // the framework says of each resource that it is put off
		if unchanged := s.provider.planUnchanged(ctx, req); unchanged != nil {
			return unchanged, nil
		}
	}
	ctx, giveBack := borrow(ctx)
	defer giveBack()
	return s.ProviderServerWithListResource.PlanResourceChange(ctx, req)
}

// ValidateResourceConfig implements tfprotov6.ResourceServer.
func (s *server) ValidateResourceConfig(
	ctx context.Context, req *tfprotov6.ValidateResourceConfigRequest,
) (*tfprotov6.ValidateResourceConfigResponse, error) {
	ctx, giveBack := borrow(ctx)
	defer giveBack()
	return s.ProviderServerWithListResource.ValidateResourceConfig(ctx, req)
}

// UpgradeResourceState implements tfprotov6.ResourceServer.
func (s *server) UpgradeResourceState(
	ctx context.Context, req *tfprotov6.UpgradeResourceStateRequest,
) (*tfprotov6.UpgradeResourceStateResponse, error) {
	if unchanged := upgradeUnchanged(req); unchanged != nil {
		return unchanged, nil
	}
	if req.TypeName == applicationType && req.Version == applicationSchemaVersion {
		// The framework reads a state of the current version by the schema, and its
		// error names no way out. The upgrade from version 0 reads any state.
		reread := *req
		reread.Version, req = 0, &reread
	}
	ctx, giveBack := borrow(ctx)
	defer giveBack()
	return s.ProviderServerWithListResource.UpgradeResourceState(ctx, req)
}

// ReadResource implements tfprotov6.ResourceServer.
func (s *server) ReadResource(
	ctx context.Context, req *tfprotov6.ReadResourceRequest,
) (*tfprotov6.ReadResourceResponse, error) {
	if unchanged := s.provider.readUnchanged(ctx, req); unchanged != nil {
		return unchanged, nil
	}
	ctx, giveBack := borrow(ctx)
	defer giveBack()
	return s.ProviderServerWithListResource.ReadResource(ctx, req)
}

// ApplyResourceChange implements tfprotov6.ResourceServer.
func (s *server) ApplyResourceChange(
	ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest,
) (*tfprotov6.ApplyResourceChangeResponse, error) {
	ctx, giveBack := borrow(ctx)
	defer giveBack()
	return s.ProviderServerWithListResource.ApplyResourceChange(ctx, req)
}

// callContext is the context of one call of the protocol, which is given back when
// the call is over. The server of terraform-plugin-framework (1.19, proto6server,
// registerContext) keeps the cancel function of every call until the provider stops,
// and with it all that the call's context holds: loggers and their fields, some 6 KB.
// That was most of the memory of a plan over thousands of applications. With a
// callContext between, the server keeps an empty context.
//
// It may go when the framework forgets the cancel function of a call that is over. A plan
// over 1,000 applications (make scale) then needs no more memory without it.
type callContext struct {
	inner atomic.Pointer[context.Context]
}

// overContext stands in for the contexts of calls that are over.
var overContext = func() context.Context {
	//nolint:forbidigo // it belongs to no caller, and nothing runs on it
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

// borrow returns a context for the length of a call, and the function that gives
// it back.
func borrow(ctx context.Context) (call context.Context, giveBack func()) {
	c := &callContext{}
	c.inner.Store(&ctx)
	return c, func() { c.inner.Store(&overContext) }
}

func (c *callContext) Deadline() (time.Time, bool) { return (*c.inner.Load()).Deadline() }
func (c *callContext) Done() <-chan struct{}       { return (*c.inner.Load()).Done() }
func (c *callContext) Err() error                  { return (*c.inner.Load()).Err() }
func (c *callContext) Value(key any) any           { return (*c.inner.Load()).Value(key) }

package provider

import (
	"bytes"
	"context"
	"net/http"
	"reflect"
	"sync/atomic"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

// NewServer returns the constructor of the provider's protocol server. The version is
// that of the provider, for the User-Agent. Requests to Clerk go through transport, or
// over the network where it is nil. It is the one seam of the tests.
func NewServer(version string, transport http.RoundTripper) func() tfprotov6.ProviderServer {
	return func() tfprotov6.ProviderServer {
		p := &clerkProvider{version: version, transport: transport}
		return &server{providerserver.NewProtocol6(p)().(frameworkServer), p}
	}
}

// frameworkServer is the server of terraform-plugin-framework.
//
//nolint:staticcheck // deprecated for the day on which every server has list resources
type frameworkServer = tfprotov6.ProviderServerWithListResource

// server is the framework's, with two changes for thousands of resources in one run:
// fast paths for unchanged applications, and contexts that end with their calls.
//
// A fast path returns nil where the answer is not certain; then the framework gives it. Tests
// compare the two answers byte by byte. The fast paths work around terraform-plugin-framework 1.19,
// which rebuilds the whole object for each of its thirty attributes, several times in each call
// (Data.ValueAtPath, Data.SetAtPath). A plan over 1,000 applications takes 4 s with them and 10 s
// without. They may go when BenchmarkPlan is as fast without them.
type server struct {
	frameworkServer

	provider *clerkProvider
}

func (s *server) PlanResourceChange(
	ctx context.Context, req *tfprotov6.PlanResourceChangeRequest,
) (*tfprotov6.PlanResourceChangeResponse, error) {
	if !s.provider.deferred { // the framework says of each resource that it is put off
		if unchanged := s.provider.planUnchanged(ctx, req); unchanged != nil {
			return unchanged, nil
		}
	}
	return callFramework(ctx, req, s.frameworkServer.PlanResourceChange)
}

func (s *server) ValidateResourceConfig(
	ctx context.Context, req *tfprotov6.ValidateResourceConfigRequest,
) (*tfprotov6.ValidateResourceConfigResponse, error) {
	if clean := s.provider.validateClean(ctx, req); clean != nil {
		return clean, nil
	}
	return callFramework(ctx, req, s.frameworkServer.ValidateResourceConfig)
}

func (s *server) UpgradeResourceState(
	ctx context.Context, req *tfprotov6.UpgradeResourceStateRequest,
) (*tfprotov6.UpgradeResourceStateResponse, error) {
	if req.TypeName == applicationType && req.Version == applicationSchemaVersion {
		if isStateOfSchema(req.RawState) {
			// Terraform treats a missing attribute as null, and removes an unknown one before.
			unchanged := &tfprotov6.DynamicValue{JSON: req.RawState.JSON}
			return &tfprotov6.UpgradeResourceStateResponse{UpgradedState: unchanged}, nil
		}
		// The framework reads a state of the current version by the schema, and its
		// error names no way out. The upgrade from version 0 reads any state.
		reread := *req
		reread.Version, req = 0, &reread
	}
	return callFramework(ctx, req, s.frameworkServer.UpgradeResourceState)
}

func (s *server) ReadResource(
	ctx context.Context, req *tfprotov6.ReadResourceRequest,
) (*tfprotov6.ReadResourceResponse, error) {
	if unchanged := s.provider.readUnchanged(ctx, req); unchanged != nil {
		return unchanged, nil
	}
	return callFramework(ctx, req, s.frameworkServer.ReadResource)
}

func (s *server) ApplyResourceChange(
	ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest,
) (*tfprotov6.ApplyResourceChangeResponse, error) {
	return callFramework(ctx, req, s.frameworkServer.ApplyResourceChange)
}

// callContext is the context of one call of the protocol. It holds nothing when the call is over.
// The server of terraform-plugin-framework (1.19, proto6server, registerContext) keeps the cancel
// function of every call until the provider stops, and with it the call's context: loggers and
// their fields, some 6 KB, which was most of the memory of a large plan. It may go when a plan over
// 1,000 applications (make scale) needs no more memory without it.
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

func callFramework[Request, Response any](
	ctx context.Context, req Request, method func(context.Context, Request) (Response, error),
) (Response, error) {
	c := &callContext{}
	c.inner.Store(&ctx)
	defer c.inner.Store(&overContext)
	return method(c, req)
}

func (c *callContext) Deadline() (time.Time, bool) { return (*c.inner.Load()).Deadline() }
func (c *callContext) Done() <-chan struct{}       { return (*c.inner.Load()).Done() }
func (c *callContext) Err() error                  { return (*c.inner.Load()).Err() }
func (c *callContext) Value(key any) any           { return (*c.inner.Load()).Value(key) }

// validateClean answers for a configuration that needs neither an error nor a warning.
func (p *clerkProvider) validateClean(
	ctx context.Context, req *tfprotov6.ValidateResourceConfigRequest,
) (resp *tfprotov6.ValidateResourceConfigResponse) {
	defer recoverToNil(&resp)

	if req.TypeName != applicationType {
		return nil
	}
	config, ok := decodeApplication(ctx, req.Config)
	if !ok {
		return nil
	}
	attributes, values := applicationSchema().Attributes, reflect.ValueOf(config)
	for _, field := range fieldsOf[resourceModel]() {
		if !isClean(ctx, field.name, attributes[field.name], field.valueIn(values)) {
			return nil
		}
	}
	var diags diag.Diagnostics
	if config.validate(p.data != nil, &diags); len(diags) > 0 {
		return nil
	}
	return &tfprotov6.ValidateResourceConfigResponse{}
}

// isClean reports whether the schema and the validators of an attribute accept its value without
// a word. A validator leaves null to the schema.
func isClean(ctx context.Context, name string, of schema.Attribute, value attr.Value) bool {
	if value.IsNull() {
		return of == nil || !of.IsRequired()
	}
	switch attribute := of.(type) {
	case nil: // the block timeouts, whose attributes have validators
		return false
	case schema.StringAttribute:
		req := validator.StringRequest{Path: path.Root(name), ConfigValue: value.(types.String)}
		for _, check := range attribute.Validators {
			var resp validator.StringResponse
			if check.ValidateString(ctx, req, &resp); len(resp.Diagnostics) > 0 {
				return false
			}
		}
	case schema.SetAttribute:
		req := validator.SetRequest{Path: path.Root(name), ConfigValue: value.(types.Set)}
		for _, check := range attribute.Validators {
			var resp validator.SetResponse
			if check.ValidateSet(ctx, req, &resp); len(resp.Diagnostics) > 0 {
				return false
			}
		}
	} // no other attribute has a validator
	return of.IsRequired() || of.IsOptional()
}

// readUnchanged answers for an application that has not changed since the state was
// written. Otherwise the framework's Read takes the result of the request made here.
func (p *clerkProvider) readUnchanged(
	ctx context.Context, req *tfprotov6.ReadResourceRequest,
) (resp *tfprotov6.ReadResourceResponse) {
	defer recoverToNil(&resp)

	if req.TypeName != applicationType || p.data == nil || p.data.client == nil {
		return nil
	}
	state, ok := decodeApplication(ctx, req.CurrentState)
	timeout, diags := state.Timeouts.Read(ctx, defaultReadTimeout)
	if !ok || diags.HasError() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	found := state.fetch(ctx, p.data.client)
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
	if !ok || private.RotationPending || private.LogoChanged || m.DeletionProtection.IsNull() ||
		m.verifiesSecret() ||
		!hasVersion && private.VersionFloor == 0 ||
		app.Public && (m.hasSecret() || hasVersion) ||
		!m.hasLogoOfFile() {
		return false
	}
	read := m
	read.fromAPI(app)
	return sameValues(read, m)
}

// planUnchanged answers for an application whose plan is its state. Terraform proposes
// the configuration over the state, so the configuration asks for nothing where the two are
// the same. What can change a plan all the same is left to the framework: a default, a logo
// whose file has changed, a pending rotation, or one that is asked for where it cannot be.
func (p *clerkProvider) planUnchanged(
	ctx context.Context, req *tfprotov6.PlanResourceChangeRequest,
) (resp *tfprotov6.PlanResourceChangeResponse) {
	defer recoverToNil(&resp)

	private, ok := readRawPrivate(req.PriorPrivate)
	if req.TypeName != applicationType || !ok || private.RotationPending ||
		private.RejectedVersion != 0 {
		return nil
	}
	prior, ok := decodeApplication(ctx, req.PriorState)
	if !ok || prior.hasTriggerWithoutSecret() || !prior.hasLogoOfFile() {
		return nil
	}
	if !prior.DeletionProtection.Equal(types.BoolValue(false)) {
		// Null in the configuration stands for the default, which is false. To read the whole
		// configuration would take as long as all else here.
		configured, err := msgpack.NewDecoder(bytes.NewReader(req.Config.MsgPack)).
			Query("deletion_protection")
		if err != nil || len(configured) != 1 || configured[0] == nil {
			return nil
		}
	}
	if !bytes.Equal(req.PriorState.MsgPack, req.ProposedNewState.MsgPack) {
		// All imported applications have scopes that satisfy the configuration without
		// being the same: see keepSpellings.
		proposed, ok := decodeApplication(ctx, req.ProposedNewState)
		if !ok || !scopesSatisfy(prior.Scopes, proposed.Scopes) {
			return nil
		}
		if proposed.Scopes = prior.Scopes; !sameValues(proposed, prior) {
			return nil
		}
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

func decodeApplication(
	ctx context.Context, value *tfprotov6.DynamicValue,
) (model resourceModel, ok bool) {
	if value != nil {
		raw, err := value.Unmarshal(applicationStateType())
		ok = err == nil && !raw.IsNull() && !decodeModel(ctx, raw, &model).HasError()
	}
	return model, ok
}

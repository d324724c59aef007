package prototest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/zclconf/go-cty/cty"
)

// Factory makes a fresh provider server, as starting the provider's program does.
type Factory func() tfprotov6.ProviderServer

// Provider is a provider block with its configuration, and the way to everything the provider offers. It can be used
// from several goroutines.
type Provider struct {
	tb      testing.TB
	factory Factory
	options options
	schemas schemas

	mu     sync.Mutex
	config cty.Value
	shared tfprotov6.ProviderServer
	names  map[string]int // how many instances of each type were handed out
}

// schemas is what the provider says about itself. It is asked once, like Terraform does for providers which allow it
// by GetProviderSchemaOptional.
type schemas struct {
	provider     *schema
	resources    map[string]*schema
	identities   map[string]*schema
	dataSources  map[string]*schema
	ephemerals   map[string]*schema
	lists        map[string]*schema
	capabilities tfprotov6.ServerCapabilities
}

// New starts and configures a provider. An error diagnostic fails the test; so does anything that is wrong with the
// schemas.
func New(tb testing.TB, factory Factory, config Values, opts ...Option) *Provider {
	tb.Helper()
	p, ds := Start(tb, factory, config, opts...)
	if ds.HasError() {
		tb.Fatalf("prototest: the provider could not be configured:\n%s", ds)
	}
	return p
}

// Start is [New] for tests of the configuration itself: it returns the diagnostics of ValidateProviderConfig and
// ConfigureProvider, warnings included. With an error among them the provider is of no further use.
func Start(tb testing.TB, factory Factory, config Values, opts ...Option) (*Provider, Diagnostics) {
	tb.Helper()
	p := &Provider{tb: tb, factory: factory, names: map[string]int{}}
	for _, option := range opts {
		option(&p.options)
	}
	if p.options.terraformVersion == "" {
		p.options.terraformVersion = "1.14.0"
		if p.options.oldEngine {
			p.options.terraformVersion = "1.5.7"
		}
	}

	ctx := p.context()
	if err := p.readSchemas(ctx); err != nil {
		tb.Fatalf("prototest: %s", err)
	}
	p.Reconfigure(config)
	ds := missingArguments(p.schemas.provider, p.config, nil)
	if ds.HasError() {
		return p, ds
	}
	proc, more := p.start(ctx)
	proc.end()
	return p, ds.and(more)
}

// Reconfigure changes the configuration for what follows: another key, or the value of what was [Unknown] while planning.
// With [SharedProcess] it counts from the next process on.
func (p *Provider) Reconfigure(config Values) {
	p.tb.Helper()
	value := p.blockConfiguration(p.schemas.provider, "the provider", config)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.config = value
}

// NewProcess gives a provider with [SharedProcess] a fresh server for what follows. Without that option every phase
// has one anyway.
func (p *Provider) NewProcess() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shared = nil
}

// context is for the methods that take none. It outlives the test function, so that they work in a cleanup too.
func (p *Provider) context() context.Context {
	return context.WithoutCancel(p.tb.Context())
}

// start returns a configured server for one walk, which ends it.
func (p *Provider) start(ctx context.Context) (*process, Diagnostics) {
	p.tb.Helper()
	if !p.options.sharedProcess {
		proc := p.newProcess(ctx)
		return proc, proc.configure(ctx)
	}
	p.mu.Lock()
	shared := p.shared
	p.mu.Unlock()
	if shared != nil {
		return p.listen(ctx, shared), nil
	}
	proc := p.newProcess(ctx)
	ds := proc.configure(ctx)
	if !ds.HasError() {
		p.mu.Lock()
		p.shared = proc.server
		p.mu.Unlock()
	}
	return proc, ds
}

func (proc *process) configure(ctx context.Context) Diagnostics {
	p := proc.provider
	p.tb.Helper()
	p.mu.Lock()
	config := p.encode(p.schemas.provider, p.config)
	p.mu.Unlock()
	validated, ds := call(ctx, proc, "ValidateProviderConfig", proc.server.ValidateProviderConfig,
		&tfprotov6.ValidateProviderConfigRequest{Config: config})
	if validated == nil {
		return ds
	}
	ds = fromProtocol("ValidateProviderConfig", validated.Diagnostics)
	if ds.HasError() {
		return ds
	}
	configured, more := call(ctx, proc, "ConfigureProvider", proc.server.ConfigureProvider,
		&tfprotov6.ConfigureProviderRequest{
			TerraformVersion:   p.options.terraformVersion,
			Config:             config,
			ClientCapabilities: &tfprotov6.ConfigureProviderClientCapabilities{DeferralAllowed: p.options.deferralAllowed},
		})
	if configured == nil {
		return ds.and(more)
	}
	return ds.and(fromProtocol("ConfigureProvider", configured.Diagnostics))
}

func (p *Provider) readSchemas(ctx context.Context) error {
	p.tb.Helper()
	proc := p.newProcess(ctx)
	defer proc.end()
	response, ds := call(ctx, proc, "GetProviderSchema", proc.server.GetProviderSchema, &tfprotov6.GetProviderSchemaRequest{})
	if response == nil {
		return errors.New(ds.String())
	}
	if ds := fromProtocol("GetProviderSchema", response.Diagnostics); ds.HasError() {
		return fmt.Errorf("GetProviderSchema:\n%s", ds)
	}
	if response.ServerCapabilities != nil {
		p.schemas.capabilities = *response.ServerCapabilities
	}
	var err error
	if p.schemas.provider, err = newSchema(response.Provider); err != nil {
		return fmt.Errorf("provider schema: %w", err)
	}
	for _, group := range []struct {
		what string
		sent map[string]*tfprotov6.Schema
		into *map[string]*schema
	}{
		{"resource", response.ResourceSchemas, &p.schemas.resources},
		{"data source", response.DataSourceSchemas, &p.schemas.dataSources},
		{"ephemeral resource", response.EphemeralResourceSchemas, &p.schemas.ephemerals},
		{"list resource", response.ListResourceSchemas, &p.schemas.lists},
	} {
		*group.into = make(map[string]*schema, len(group.sent))
		for name, sent := range group.sent {
			if (*group.into)[name], err = newSchema(sent); err != nil {
				return fmt.Errorf("%s %s: %w", group.what, name, err)
			}
		}
	}

	p.schemas.identities = map[string]*schema{}
	if p.options.oldEngine {
		return nil
	}
	identities, ds := call(ctx, proc, "GetResourceIdentitySchemas", proc.server.GetResourceIdentitySchemas,
		&tfprotov6.GetResourceIdentitySchemasRequest{})
	if identities == nil {
		return errors.New(ds.String())
	}
	if ds := fromProtocol("GetResourceIdentitySchemas", identities.Diagnostics); ds.HasError() {
		return fmt.Errorf("GetResourceIdentitySchemas:\n%s", ds)
	}
	for name, sent := range identities.IdentitySchemas {
		if p.schemas.resources[name] == nil {
			return fmt.Errorf("there is an identity for %s, but no such resource", name)
		}
		if p.schemas.identities[name], err = newIdentitySchema(sent); err != nil {
			return fmt.Errorf("resource %s: %w", name, err)
		}
	}
	return nil
}

// blockConfiguration converts a configuration; what cannot be one is a mistake in the test.
func (p *Provider) blockConfiguration(s *schema, what string, config Values) cty.Value {
	p.tb.Helper()
	value, err := s.configuration(config)
	if err != nil {
		p.tb.Fatalf("prototest: configuration of %s: %s", what, err)
	}
	return value
}

func (p *Provider) encode(s *schema, value cty.Value) *tfprotov6.DynamicValue {
	p.tb.Helper()
	encoded, err := encode(value, s.typ)
	if err != nil {
		p.tb.Fatalf("prototest: cannot encode a value: %s", err)
	}
	return encoded
}

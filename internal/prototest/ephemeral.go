package prototest

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/zclconf/go-cty/cty"
)

// Ephemeral is an ephemeral resource of a provider.
type Ephemeral struct {
	p        *Provider
	typeName string
	schema   *schema
}

// Opened is an ephemeral resource between its opening and its closing. All happens in one process of the provider.
type Opened struct {
	Result  Object
	RenewAt time.Time // zero if it need not be renewed

	Diagnostics Diagnostics // warnings of validation and opening

	e       *Ephemeral
	proc    *process
	private []byte
}

// Ephemeral returns an ephemeral resource by its type name.
func (p *Provider) Ephemeral(typeName string) *Ephemeral {
	p.tb.Helper()
	s := p.schemas.ephemerals[typeName]
	if s == nil {
		p.tb.Fatalf("prototest: the provider has no ephemeral resource %s", typeName)
	}
	return &Ephemeral{p: p, typeName: typeName, schema: s}
}

// Validate checks a configuration, which may have unknown values, without a configured provider.
func (e *Ephemeral) Validate(config Values) Diagnostics {
	e.p.tb.Helper()
	return e.validateAlone(e.p.context(), e.p.blockConfiguration(e.schema, "ephemeral resource "+e.typeName, config))
}

// Open validates and opens. Errors fail the test. Terraform closes in the end; the test does it by [Opened.Close], or
// else it happens when the test is over.
func (e *Ephemeral) Open(config Values) *Opened {
	e.p.tb.Helper()
	opened, ds := e.TryOpen(e.p.context(), config)
	mustNotFail(e.p.tb, "opening of ephemeral resource "+e.typeName, ds)
	e.p.tb.Cleanup(func() {
		if opened.proc != nil {
			opened.Close()
		}
	})
	return opened
}

// TryOpen is [Ephemeral.Open] with a context, whose end is the user's interrupt. With an error among the diagnostics
// there is nothing to close, and nothing is returned.
func (e *Ephemeral) TryOpen(ctx context.Context, config Values) (*Opened, Diagnostics) {
	e.p.tb.Helper()
	value := e.p.blockConfiguration(e.schema, "ephemeral resource "+e.typeName, config)
	if !value.IsWhollyKnown() {
		e.p.tb.Fatalf("prototest: ephemeral resource %s: Terraform opens only when the configuration is known", e.typeName)
	}
	ds := e.validateAlone(ctx, value)
	if ds.HasError() {
		return nil, ds
	}
	proc, more := e.p.start(ctx)
	if ds = ds.and(more); ds.HasError() {
		proc.end()
		return nil, ds
	}
	opened, more := e.open(ctx, proc, value)
	if ds = ds.and(more); ds.HasError() {
		proc.end()
		return nil, ds
	}
	opened.Diagnostics = ds
	return opened, ds
}

func (e *Ephemeral) validateAlone(ctx context.Context, config cty.Value) Diagnostics {
	e.p.tb.Helper()
	if ds := missingArguments(e.schema, config, nil); ds.HasError() {
		return ds
	}
	proc := e.p.newProcess(ctx)
	defer proc.end()
	return e.validate(ctx, proc, config)
}

func (e *Ephemeral) validate(ctx context.Context, proc *process, config cty.Value) Diagnostics {
	e.p.tb.Helper()
	response, ds := call(ctx, proc, "ValidateEphemeralResourceConfig", proc.server.ValidateEphemeralResourceConfig,
		&tfprotov6.ValidateEphemeralResourceConfigRequest{TypeName: e.typeName, Config: e.p.encode(e.schema, config)})
	if response == nil {
		return ds
	}
	return fromProtocol("ValidateEphemeralResourceConfig", response.Diagnostics)
}

func (e *Ephemeral) open(ctx context.Context, proc *process, config cty.Value) (*Opened, Diagnostics) {
	e.p.tb.Helper()
	ds := e.validate(ctx, proc, config)
	if ds.HasError() {
		return nil, ds
	}
	response, more := call(ctx, proc, "OpenEphemeralResource", proc.server.OpenEphemeralResource,
		&tfprotov6.OpenEphemeralResourceRequest{
			TypeName:           e.typeName,
			Config:             e.p.encode(e.schema, config),
			ClientCapabilities: &tfprotov6.OpenEphemeralResourceClientCapabilities{DeferralAllowed: e.p.options.deferralAllowed},
		})
	if response == nil {
		return nil, ds.and(more)
	}
	if ds = ds.and(fromProtocol("OpenEphemeralResource", response.Diagnostics)); ds.HasError() {
		return nil, ds
	}
	opened := &Opened{
		Result:  Object{tb: e.p.tb, schema: e.schema, value: cty.NullVal(e.schema.typ)},
		RenewAt: response.RenewAt, e: e, proc: proc, private: response.Private,
	}
	const summary = "Provider produced invalid ephemeral resource instance"
	value, err := decode(response.Result, e.schema.typ)
	switch {
	case response.Deferred != nil && !e.p.options.deferralAllowed:
		ds = ds.and(e.bug("", "Provider deferred changes when Terraform did not allow deferrals", "reason %s", response.Deferred.Reason))
	case response.Deferred != nil:
	case err != nil:
		ds = ds.and(e.bug("", summary, "the provider's value does not fit the schema: %s", err))
	default:
		for _, broken := range e.schema.checkPlan(cty.NullVal(e.schema.typ), config, value) {
			ds = ds.and(e.bug(formatPath(broken.path), summary, "%s", broken.text))
		}
		for _, path := range unknownPaths(value) {
			ds = ds.and(e.bug(formatPath(path), summary, "the value is unknown"))
		}
		opened.Result.value = value
	}
	return opened, ds
}

// Close closes. The provider's process ends with it.
func (o *Opened) Close() Diagnostics {
	o.e.p.tb.Helper()
	proc := o.process()
	o.proc = nil
	defer proc.end()
	response, ds := call(o.e.p.context(), proc, "CloseEphemeralResource", proc.server.CloseEphemeralResource,
		&tfprotov6.CloseEphemeralResourceRequest{TypeName: o.e.typeName, Private: o.private})
	if response == nil {
		return ds
	}
	return fromProtocol("CloseEphemeralResource", response.Diagnostics)
}

func (o *Opened) process() *process {
	o.e.p.tb.Helper()
	if o.proc == nil {
		o.e.p.tb.Fatalf("prototest: ephemeral resource %s is closed already", o.e.typeName)
	}
	return o.proc
}

func (e *Ephemeral) bug(path, summary, format string, args ...any) Diagnostics {
	e.p.tb.Helper()
	return e.p.bugIn("ephemeral."+e.typeName, path, summary, format, args...)
}

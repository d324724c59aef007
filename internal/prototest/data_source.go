package prototest

import (
	"context"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/zclconf/go-cty/cty"
)

// DataSource is a data source of a provider.
type DataSource struct {
	p        *Provider
	typeName string
	schema   *schema
}

// DataSource returns a data source by its type name.
func (p *Provider) DataSource(typeName string) *DataSource {
	p.tb.Helper()
	s := p.schemas.dataSources[typeName]
	if s == nil {
		p.tb.Fatalf("prototest: the provider has no data source %s", typeName)
	}
	return &DataSource{p: p, typeName: typeName, schema: s}
}

// Validate checks a configuration, which may have unknown values, without a configured provider.
func (d *DataSource) Validate(config Values) Diagnostics {
	d.p.tb.Helper()
	value := d.p.blockConfiguration(d.schema, "data source "+d.typeName, config)
	return d.validateAlone(d.p.context(), value)
}

// Read validates and reads. Errors fail the test.
func (d *DataSource) Read(config Values) Object {
	d.p.tb.Helper()
	object, ds := d.TryRead(d.p.context(), config)
	mustNotFail(d.p.tb, "reading of data source "+d.typeName, ds)
	return object
}

// TryRead is [DataSource.Read] with a context, whose end is the user's interrupt. With an error among the diagnostics
// the object does not exist.
func (d *DataSource) TryRead(ctx context.Context, config Values) (Object, Diagnostics) {
	d.p.tb.Helper()
	object := Object{tb: d.p.tb, schema: d.schema, value: cty.NullVal(d.schema.typ)}
	value := d.p.blockConfiguration(d.schema, "data source "+d.typeName, config)
	if !value.IsWhollyKnown() {
		d.p.tb.Fatalf("prototest: data source %s: Terraform reads only when the configuration is known", d.typeName)
	}
	ds := d.validateAlone(ctx, value)
	if ds.HasError() {
		return object, ds
	}
	proc, more := d.p.start(ctx)
	defer proc.end()
	if ds = ds.and(more).and(d.validate(ctx, proc, value)); ds.HasError() {
		return object, ds
	}
	result, more := d.read(ctx, proc, value)
	if ds = ds.and(more); !ds.HasError() {
		object.value = result
	}
	return object, ds
}

func (d *DataSource) validateAlone(ctx context.Context, config cty.Value) Diagnostics {
	d.p.tb.Helper()
	if ds := missingArguments(d.schema, config, nil); ds.HasError() {
		return ds
	}
	proc := d.p.newProcess(ctx)
	defer proc.end()
	return d.validate(ctx, proc, config)
}

func (d *DataSource) validate(ctx context.Context, proc *process, config cty.Value) Diagnostics {
	d.p.tb.Helper()
	response, ds := call(ctx, proc, "ValidateDataResourceConfig", proc.server.ValidateDataResourceConfig,
		&tfprotov6.ValidateDataResourceConfigRequest{TypeName: d.typeName, Config: d.p.encode(d.schema, config)})
	if response == nil {
		return ds
	}
	return fromProtocol("ValidateDataResourceConfig", response.Diagnostics)
}

func (d *DataSource) read(ctx context.Context, proc *process, config cty.Value) (cty.Value, Diagnostics) {
	d.p.tb.Helper()
	response, ds := call(ctx, proc, "ReadDataSource", proc.server.ReadDataSource, &tfprotov6.ReadDataSourceRequest{
		TypeName:           d.typeName,
		Config:             d.p.encode(d.schema, config),
		ClientCapabilities: &tfprotov6.ReadDataSourceClientCapabilities{DeferralAllowed: d.p.options.deferralAllowed},
	})
	if response == nil {
		return cty.NilVal, ds
	}
	if ds = fromProtocol("ReadDataSource", response.Diagnostics); ds.HasError() {
		return cty.NilVal, ds
	}
	const summary = "Provider produced invalid object"
	value, err := decode(response.State, d.schema.typ)
	switch {
	case response.Deferred != nil && !d.p.options.deferralAllowed:
		ds = ds.and(d.bug("", "Provider deferred changes when Terraform did not allow deferrals", "reason %s", response.Deferred.Reason))
	case response.Deferred != nil:
	case err != nil:
		ds = ds.and(d.bug("", summary, "the provider's value does not fit the schema: %s", err))
	case value.IsNull():
		ds = ds.and(d.bug("", "Provider produced null object", "the provider returned no object"))
	default:
		for _, path := range unknownPaths(value) {
			ds = ds.and(d.bug(formatPath(path), summary, "the value is unknown"))
		}
	}
	return value, ds
}

func (d *DataSource) bug(path, summary, format string, args ...any) Diagnostics {
	d.p.tb.Helper()
	return d.p.bugIn("data."+d.typeName, path, summary, format, args...)
}

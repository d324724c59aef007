package prototest_test

import (
	"context"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
)

// faulty changes the answers of a correct provider on their way to Terraform, because the framework itself prevents some
// of the mistakes. Each hook may change an answer, replace the error, or panic.
type faulty struct {
	tfprotov6.ProviderServer
	tfprotov6.ListResourceServer
	faults *faults
}

type faults struct {
	plan       func(*tfprotov6.PlanResourceChangeRequest, *tfprotov6.PlanResourceChangeResponse) error
	apply      func(*tfprotov6.ApplyResourceChangeRequest, *tfprotov6.ApplyResourceChangeResponse) error
	read       func(*tfprotov6.ReadResourceResponse) error
	upgrade    func(*tfprotov6.UpgradeResourceStateResponse) error
	imported   func(*tfprotov6.ImportResourceStateResponse) error
	dataSource func(*tfprotov6.ReadDataSourceResponse) error
	open       func(*tfprotov6.OpenEphemeralResourceResponse) error
	list       func(*tfprotov6.ListResourceResult)
}

func (f *faults) start(tb testing.TB, c *cloud, opts ...prototest.Option) *prototest.Provider {
	tb.Helper()
	return prototest.New(tb, func() tfprotov6.ProviderServer {
		server := c.server()
		return &faulty{ProviderServer: server, ListResourceServer: server.(tfprotov6.ListResourceServer), faults: f}
	}, values{"key": "k"}, opts...)
}

func (s *faulty) PlanResourceChange(ctx context.Context, req *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	resp, err := s.ProviderServer.PlanResourceChange(ctx, req)
	if s.faults.plan != nil {
		err = s.faults.plan(req, resp)
	}
	return resp, err
}

func (s *faulty) ApplyResourceChange(ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	resp, err := s.ProviderServer.ApplyResourceChange(ctx, req)
	if s.faults.apply != nil {
		err = s.faults.apply(req, resp)
	}
	return resp, err
}

func (s *faulty) ReadResource(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	resp, err := s.ProviderServer.ReadResource(ctx, req)
	if s.faults.read != nil {
		err = s.faults.read(resp)
	}
	return resp, err
}

func (s *faulty) UpgradeResourceState(ctx context.Context, req *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	resp, err := s.ProviderServer.UpgradeResourceState(ctx, req)
	if s.faults.upgrade != nil {
		err = s.faults.upgrade(resp)
	}
	return resp, err
}

func (s *faulty) ImportResourceState(ctx context.Context, req *tfprotov6.ImportResourceStateRequest) (*tfprotov6.ImportResourceStateResponse, error) {
	resp, err := s.ProviderServer.ImportResourceState(ctx, req)
	if s.faults.imported != nil {
		err = s.faults.imported(resp)
	}
	return resp, err
}

func (s *faulty) ReadDataSource(ctx context.Context, req *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	resp, err := s.ProviderServer.ReadDataSource(ctx, req)
	if s.faults.dataSource != nil {
		err = s.faults.dataSource(resp)
	}
	return resp, err
}

func (s *faulty) OpenEphemeralResource(ctx context.Context, req *tfprotov6.OpenEphemeralResourceRequest) (*tfprotov6.OpenEphemeralResourceResponse, error) {
	resp, err := s.ProviderServer.OpenEphemeralResource(ctx, req)
	if s.faults.open != nil {
		err = s.faults.open(resp)
	}
	return resp, err
}

func (s *faulty) ListResource(ctx context.Context, req *tfprotov6.ListResourceRequest) (*tfprotov6.ListResourceServerStream, error) {
	stream, err := s.ListResourceServer.ListResource(ctx, req)
	if s.faults.list == nil {
		return stream, err
	}
	results := stream.Results
	stream.Results = func(push func(tfprotov6.ListResourceResult) bool) {
		results(func(result tfprotov6.ListResourceResult) bool {
			s.faults.list(&result)
			return push(result)
		})
	}
	return stream, err
}

// kindOf selects one of the toy's schemas.
type kindOf func(*tfprotov6.GetProviderSchemaResponse) *tfprotov6.Schema

func thingKind(r *tfprotov6.GetProviderSchemaResponse) *tfprotov6.Schema {
	return r.ResourceSchemas["toy_thing"]
}

func dataKind(r *tfprotov6.GetProviderSchemaResponse) *tfprotov6.Schema {
	return r.DataSourceSchemas["toy_thing"]
}

func leaseKind(r *tfprotov6.GetProviderSchemaResponse) *tfprotov6.Schema {
	return r.EphemeralResourceSchemas["toy_lease"]
}

var toySchemas = sync.OnceValue(func() *tfprotov6.GetProviderSchemaResponse {
	schemas, err := newCloud().server().GetProviderSchema(context.Background(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		panic(err)
	}
	return schemas
})

func typeOf(kind kindOf) tftypes.Object {
	return kind(toySchemas()).ValueType().(tftypes.Object)
}

// edit returns the object with one attribute replaced: by nil, a Go value, or tftypes.UnknownValue.
func edit(kind kindOf, object *tfprotov6.DynamicValue, name string, value any) *tfprotov6.DynamicValue {
	typ := typeOf(kind)
	decoded, err := object.Unmarshal(typ)
	if err != nil {
		panic(err)
	}
	attributes := map[string]tftypes.Value{}
	if err := decoded.As(&attributes); err != nil {
		panic(err)
	}
	attributes[name] = tftypes.NewValue(typ.AttributeTypes[name], value)
	return encoded(typ, attributes)
}

func encoded(typ tftypes.Type, value any) *tfprotov6.DynamicValue {
	dynamic, err := tfprotov6.NewDynamicValue(typ, tftypes.NewValue(typ, value))
	if err != nil {
		panic(err)
	}
	return &dynamic
}

func identity(id any) *tfprotov6.ResourceIdentityData {
	typ := tftypes.Object{AttributeTypes: map[string]tftypes.Type{"id": tftypes.String}}
	return &tfprotov6.ResourceIdentityData{
		IdentityData: encoded(typ, map[string]tftypes.Value{"id": tftypes.NewValue(tftypes.String, id)}),
	}
}

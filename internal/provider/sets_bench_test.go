package provider

import (
	"context"
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
)

// idleServer has the provider's schema and returns its input.
type idleServer struct {
	tfprotov6.ProviderServerWithListResource
}

func newIdleServer(server tfprotov6.ProviderServer) tfprotov6.ProviderServer {
	return idleServer{server.(tfprotov6.ProviderServerWithListResource)} //nolint:staticcheck // see newServer
}

func (idleServer) ValidateResourceConfig(context.Context, *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	return &tfprotov6.ValidateResourceConfigResponse{}, nil
}

func (idleServer) UpgradeResourceState(_ context.Context, req *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	return &tfprotov6.UpgradeResourceStateResponse{UpgradedState: &tfprotov6.DynamicValue{JSON: req.RawState.JSON}}, nil
}

func (idleServer) ReadResource(_ context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	return &tfprotov6.ReadResourceResponse{NewState: req.CurrentState, Private: req.Private, NewIdentity: req.CurrentIdentity}, nil
}

func (idleServer) PlanResourceChange(_ context.Context, req *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	return &tfprotov6.PlanResourceChangeResponse{PlannedState: req.ProposedNewState, PlannedPrivate: req.PriorPrivate, PlannedIdentity: req.PriorIdentity}, nil
}

// BenchmarkPlanOfManyURIs plans an unchanged application with 1,000 redirect URIs: with the
// provider, and with a server of the same schema that does nothing. It also applies one
// more URI.
func BenchmarkPlanOfManyURIs(b *testing.B) {
	uris := manyURIs(1000)
	config := prototest.Values{"name": "web", "redirect_uris": uris}
	server := clerktest.New(b)
	applied := prototest.New(b, factory, providerConfig(server)).Resource(applicationType)
	if ds := applied.TryApply(b.Context(), config); ds.HasError() {
		b.Fatal(ds)
	}
	for _, benchmark := range []struct {
		name    string
		factory prototest.Factory
	}{
		{"provider", factory},
		{"idle", func() tfprotov6.ProviderServer { return newIdleServer(factory()) }},
	} {
		b.Run(benchmark.name, func(b *testing.B) {
			app := applied.With(prototest.New(b, benchmark.factory, providerConfig(server)))
			b.ReportAllocs()
			for b.Loop() {
				if plan := app.Plan(config); plan.Action != prototest.NoOp {
					b.Fatal(plan)
				}
			}
		})
	}
	b.Run("apply one more", func(b *testing.B) {
		n := 0
		for b.Loop() {
			n++
			more := append(uris[:999:999], fmt.Sprintf("https://app.example.com/more/%d", n))
			if ds := applied.TryApply(b.Context(), prototest.Values{"name": "web", "redirect_uris": more}); ds.HasError() {
				b.Fatal(ds)
			}
		}
	})
}

// manyURIs are more redirect URIs than the framework compares quickly.
func manyURIs(n int) []string {
	uris := make([]string, n)
	for i := range uris {
		uris[i] = fmt.Sprintf("https://app.example.com/callback/%d", i)
	}
	return uris
}

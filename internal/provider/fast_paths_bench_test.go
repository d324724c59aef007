package provider_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// idleServer reads and plans at once: the measure for the fast paths.
type idleServer struct{ tfprotov6.ProviderServer }

func (idleServer) ReadResource(_ context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	return &tfprotov6.ReadResourceResponse{NewState: req.CurrentState, Private: req.Private, NewIdentity: req.CurrentIdentity}, nil
}

func (idleServer) PlanResourceChange(_ context.Context, req *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	return &tfprotov6.PlanResourceChangeResponse{
		PlannedState: req.ProposedNewState, PlannedPrivate: req.PriorPrivate, PlannedIdentity: req.PriorIdentity,
	}, nil
}

// BenchmarkPlan refreshes and plans 1,000 applications over the protocol, and one with 1,000
// redirect URIs: with the provider, and with a server that does nothing. The difference is
// what reads and plans cost; the rest is the test's.
func BenchmarkPlan(b *testing.B) {
	var uris []string
	for i := range 1000 {
		uris = append(uris, fmt.Sprintf("https://app.example.com/callback/%d", i))
	}
	for _, benchmark := range []struct {
		name    string
		count   int
		config  values // of each, without its name
		renamed bool
	}{
		{name: "unchanged", count: 1000},
		{name: "protected", count: 1000, config: values{"deletion_protection": true}},
		{name: "with scopes and trigger", count: 1000, config: values{
			"scopes": []string{"email", "profile"}, "rotate_secret_trigger": "a",
		}},
		{name: "renamed", count: 1000, renamed: true},
		{name: "many URIs", count: 1, config: values{"redirect_uris": uris}},
	} {
		tf := newTerraform(b)
		tf.block["requests_per_10s"] = 1_000_000
		objects, configs := make([]*object, benchmark.count), make([]values, benchmark.count)
		p := tf.process(b.Context())
		for i := range objects {
			objects[i], configs[i] = &object{kind: application}, benchmark.config.with("name", fmt.Sprint("app ", i))
			made, _ := p.plan(objects[i], configs[i])
			if heard := p.apply(objects[i], made); heard.failed() {
				b.Fatal(heard)
			}
			if benchmark.renamed {
				configs[i]["name"] = fmt.Sprint("renamed ", i)
			}
		}
		for _, server := range []string{"provider", "idle"} {
			b.Run(benchmark.name+"/"+server, func(b *testing.B) {
				tf.clerk.ResetRequests()
				b.ReportAllocs()
				for b.Loop() {
					p := tf.process(b.Context())
					if server == "idle" {
						p.ProviderServer = idleServer{p.ProviderServer}
					}
					for i, o := range objects {
						p.read(o)
						made, heard := p.plan(o, configs[i])
						if slices.Contains(made.changes, "name") != benchmark.renamed {
							b.Fatalf("%v\n%s", made.changes, heard)
						}
					}
				}
				b.ReportMetric(float64(len(tf.clerk.Requests()))/float64(b.N), "requests/op")
			})
		}
	}
}

package lifecycle

import (
	"fmt"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
)

// BenchmarkPlan plans 1,000 applications over the protocol, without the CLI: unchanged
// ones, without and with deletion_protection, and renamed ones. It measures the provider
// and prototest; in an unchanged plan, most of the time is prototest's.
func BenchmarkPlan(b *testing.B) {
	const applications = 1000
	for _, benchmark := range []struct {
		name, planned string
		protected     bool
	}{
		{"unchanged", "app-%d", false},
		{"protected", "app-%d", true},
		{"renamed", "renamed-%d", false},
	} {
		b.Run(benchmark.name, func(b *testing.B) {
			server := clerktest.New(b)
			p := prototest.New(b, factory, providerConfig(server, nil))
			graph := p.Graph()
			for i, id := range server.SeedMany(applications, "app-%d") {
				app := p.Resource(applicationType)
				app.SetStateJSON(applicationSchemaVersion, fmt.Appendf(nil, `{"id":%q,"deletion_protection":%t}`, id, benchmark.protected))
				config := prototest.Values{"name": fmt.Sprintf(benchmark.planned, i+1), "scopes": []string{"profile", "email"}}
				if benchmark.protected {
					config["deletion_protection"] = true
				}
				graph.Add(app, config)
			}
			graph.Refresh()
			server.ResetRequests()
			b.ReportAllocs()
			for b.Loop() {
				graph.Plan()
			}
			b.ReportMetric(float64(len(server.Requests()))/float64(b.N), "requests/op")
		})
	}
}

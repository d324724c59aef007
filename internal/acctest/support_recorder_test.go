package acctest

import (
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// recorder is the provider's server. It records the warnings, which plugin-testing does not show.
type recorder struct {
	tfprotov6.ProviderServerWithListResource
	*fixture
}

func newRecorder(server tfprotov6.ProviderServer, f *fixture) recorder {
	return recorder{server.(tfprotov6.ProviderServerWithListResource), f} //nolint:staticcheck // deprecated for the day on which all servers have lists
}

func (r recorder) record(diagnostics []*tfprotov6.Diagnostic, err error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, d := range diagnostics {
		text := d.Summary + "\n" + d.Detail
		if d.Severity == tfprotov6.DiagnosticSeverityWarning && !slices.Contains(r.warnings, text) {
			r.warnings = append(r.warnings, text)
		}
	}
	return err
}

func (r recorder) ValidateResourceConfig(ctx context.Context, req *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	resp, err := r.ProviderServerWithListResource.ValidateResourceConfig(ctx, req)
	return resp, r.record(resp.Diagnostics, err)
}

func (r recorder) ReadResource(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	resp, err := r.ProviderServerWithListResource.ReadResource(ctx, req)
	return resp, r.record(resp.Diagnostics, err)
}

func (r recorder) PlanResourceChange(ctx context.Context, req *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	resp, err := r.ProviderServerWithListResource.PlanResourceChange(ctx, req)
	return resp, r.record(resp.Diagnostics, err)
}

func (r recorder) ApplyResourceChange(ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	resp, err := r.ProviderServerWithListResource.ApplyResourceChange(ctx, req)
	return resp, r.record(resp.Diagnostics, err)
}

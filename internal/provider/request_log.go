package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

// logRequest writes one attempt of one request to Terraform's log. These fields
// are all that the provider ever logs: scalars without any content of a request
// or an answer. A test over the syntax tree holds it to that.
func logRequest(ctx context.Context, event clerk.Event) {
	tflog.Debug(ctx, "Clerk API request", map[string]any{
		"method":      event.Method,
		"route":       event.Route,
		"attempt":     event.Attempt,
		"status":      event.Status,
		"outcome":     event.Outcome,
		"waited_ms":   event.Waited.Milliseconds(),
		"duration_ms": event.Duration.Milliseconds(),
		"bytes":       event.Bytes,
		"trace_id":    event.TraceID,
	})
}

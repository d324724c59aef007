package lifecycle

import (
	"net/http"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/enginetest"
)

const manyApplications = `
resource "clerk_oauth_application" "this" {
  count         = 200
  name          = "application-${count.index}"
  redirect_uris = ["https://application-${count.index}.example.com/callback"]
  scopes        = ["email", "profile"]
}

provider "clerk" {
  requests_per_10s = 1000
}
`

// TestAccScale applies and plans 200 applications with the real engine.
func TestAccScale(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, enginetest.Find(t))
	w.Write("main.tf", manyApplications)
	w.writeRequiredProviders()
	w.init()

	w.apply()
	posts := w.clerk.CountRequests(http.MethodPost, clerktest.RouteApplications)
	if others := len(w.clerk.Requests()) - posts; posts != 200 || others > 10 {
		t.Errorf("the apply made %d creates and %d other requests, want 200 and at most 10", posts, others)
	}

	w.clerk.ResetRequests()
	w.planIsEmpty()
	if requests := w.clerk.RequestLines(); len(requests) > 5 {
		t.Errorf("the plan made %d requests, want at most 5: %q", len(requests), requests)
	}
}

package lifecycle

import (
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/enginetest"
)

// Two applications distinguish messages of the whole run from messages of each application.
const verifiedApplications = requiredClerk + `
provider "clerk" {}

resource "clerk_oauth_application" "app" {
  for_each = toset(["Dashboard", "Portal"])

  name                 = each.key
  verify_client_secret = true
}
`

// TestAccVerifyClientSecret: what a plan says where the secret works, where someone rotated it, and where the endpoint refuses
// everyone. The applications name the simulator's own endpoint.
func TestAccVerifyClientSecret(t *testing.T) {
	t.Parallel()
	engine := enginetest.Find(t)
	start := func(t *testing.T, switches clerktest.Switches) *workspace {
		t.Helper()
		w := newWorkspace(t, engine)
		w.clerk.Set(switches)
		w.Write("main.tf", verifiedApplications)
		w.init()
		w.apply()
		return w
	}
	asked := func(w *workspace) (count int) {
		for _, request := range w.clerk.Requests() {
			if request.Route == clerktest.RouteTokenInfo {
				count++
			}
		}
		return count
	}

	t.Run("accepted", func(t *testing.T) {
		t.Parallel()
		w := start(t, clerktest.Switches{})
		says(t, w.state(), `"token_introspection_url": "`+strings.TrimSuffix(w.clerk.URL(), "/v1")+`/oauth/token_info"`)
		before := asked(w)
		plan := w.plan()
		says(t, plan, "No changes.")
		if strings.Contains(plan, "Warning") || asked(w) != before+2 {
			t.Errorf("the endpoint was asked %d times, and the plan is\n%s", asked(w)-before, plan)
		}
		t.Logf("%s\n%s", engine, plan)
	})
	t.Run("rotated elsewhere", func(t *testing.T) {
		t.Parallel()
		w := start(t, clerktest.Switches{})
		w.clerk.Rotate(w.application("Portal").ID)
		kept := w.secretOf("Dashboard")
		plan := w.plan()
		says(t, plan, "Plan: 0 to add, 1 to change, 0 to destroy.", `The client secret of "Portal" in the state no longer works`,
			`The client secret of "Portal" will be rotated`, "someone rotated it outside Terraform", "~ client_secret_version =",
			"To keep the secret that works now, remove verify_client_secret before you apply.")
		if strings.Contains(plan, `of "Dashboard"`) {
			t.Errorf("the plan warns of the other application too:\n%s", plan)
		}
		t.Logf("%s\n%s", engine, plan)
		time.Sleep(time.Second)
		w.apply()
		w.planIsEmpty()
		says(t, w.state(), w.secretOf("Portal"))
		if w.secretOf("Dashboard") != kept {
			t.Error("the other secret was rotated too")
		}
	})
	t.Run("an endpoint that refuses everyone", func(t *testing.T) {
		t.Parallel()
		w := start(t, clerktest.Switches{TokenInfo: clerktest.TokenInfoRefusesEverybody})
		w.clerk.Rotate(w.application("Portal").ID)
		plan := w.plan()
		says(t, plan, "No changes.", "Client secrets could not be verified", "the endpoint rejects the secret, but has never accepted it",
			"Nothing is planned because of this.")
		if strings.Count(plan, "Warning:") != 1 {
			t.Errorf("the warning does not come once:\n%s", plan)
		}
		t.Logf("%s\n%s", engine, plan)
	})
}

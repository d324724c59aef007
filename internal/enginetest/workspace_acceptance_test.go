package enginetest_test

import (
	"cmp"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/enginetest"
)

const portal = "clerk_oauth_application.portal"

// An application changes its provider's address: created with one, taken over by the other, and read in every way.
func TestAccWorkspace(t *testing.T) {
	t.Parallel()
	engine := enginetest.Find(t)
	server := clerktest.New(t)
	clerk := enginetest.Clerk(t)
	w := engine.Workspace(t, clerk, clerk.At("example/clerk"))
	w.Env["CLERK_API_URL"], w.Env["CLERK_SECRET_KEY"] = server.URL(), server.Key()
	configure := func(source string, application map[string]any) {
		w.WriteJSON("main.tf.json", map[string]any{
			"terraform": map[string]any{"required_providers": map[string]any{"clerk": map[string]any{"source": source}}},
			"resource":  map[string]any{"clerk_oauth_application": map[string]any{"portal": application}},
		})
	}
	configure("example/clerk", map[string]any{"name": "Portal"})
	w.MustRun("init")
	if output := w.MustRun("apply", "-auto-approve").Text(); !strings.Contains(output, "1 added") || strings.Contains(output, "\x1b") {
		t.Errorf("it is not said, or in colors:\n%s", output)
	}
	version := cmp.Or(os.Getenv("VERSION"), "0.1.0-dev")
	if agent := server.Requests()[0].Header.Get("User-Agent"); !strings.HasPrefix(agent, "terraform-provider-clerk/"+version+" ") {
		t.Errorf("the provider was not built as %s: %s", version, agent)
	}

	configure(enginetest.Address, map[string]any{"name": "Portal"})
	w.MustRun("state", "replace-provider", "-auto-approve", "example/clerk", enginetest.Address)
	w.MustRun("init")
	change := w.Plan().Change(portal)
	if change == nil || !change.Change.Actions.NoOp() || !strings.HasSuffix(change.ProviderName, "/"+enginetest.Address) {
		t.Errorf("%+v", change)
	}
	plan := w.Plan("-replace=" + portal)
	if change := plan.Change(portal); !change.Change.Actions.Replace() || plan.Reasons[portal] != "replace_by_request" {
		t.Errorf("%v, %v", change.Change.Actions, plan.Reasons)
	}
	if change := plan.Change("clerk_oauth_application.other"); change != nil {
		t.Errorf("%+v", change)
	}
	id := w.State().Values.RootModule.Resources[0].AttributeValues["id"]
	if _, exists := server.Application(id.(string)); !exists {
		t.Errorf("the state has the id %v", id)
	}

	configure(enginetest.Address, map[string]any{"name": "Portal", "rotate_secret_trigger": "1"}) // a plan warns of it
	if diagnostics := w.Plan().Diagnostics; len(diagnostics) == 0 || diagnostics[0].Severity != tfjson.DiagnosticSeverityWarning {
		t.Errorf("%+v", diagnostics)
	}
	configure(enginetest.Address, map[string]any{"name": ""})
	refused := w.Run("plan", "-json")
	if diagnostics := refused.Diagnostics(); refused.Code != 1 || len(diagnostics) != 1 || diagnostics[0].Severity != tfjson.DiagnosticSeverityError {
		t.Errorf("%d, %+v", refused.Code, diagnostics)
	}
}

// A killed process has no exit status, and its output up to then is kept.
func TestAccKill(t *testing.T) {
	t.Parallel()
	w := enginetest.Find(t).Workspace(t)
	w.Write("main.tf", `
resource "terraform_data" "a" {
  provisioner "local-exec" {
    command = "echo home is $HOME; sleep 60"
  }
}
`)
	p := w.Start("apply", "-auto-approve")
	p.AwaitText("home is " + filepath.Join(w.Runs(), "home"))
	p.SignalGroup(syscall.SIGKILL)
	if result := p.Wait(); result.Code != -1 || !strings.Contains(result.Stdout, "home is") {
		t.Errorf("%+v", result)
	}
}

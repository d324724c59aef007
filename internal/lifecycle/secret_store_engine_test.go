package lifecycle

import (
	"fmt"
	"strings"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/enginetest"
)

// secretStore is a configuration with a store like a secret manager's: it takes client_secret, and reads it again only when
// client_secret_version differs.
const secretStore = requiredClerk + `
variable "name" {
  type    = string
  default = "Partner portal"
}

variable "trigger" {
  type    = string
  default = null
}

resource "clerk_oauth_application" "portal" {
  name                  = var.name
  redirect_uris         = ["https://portal.example.com/oauth/callback"]
  scopes                = ["profile", "email"]
  public                = false
  rotate_secret_trigger = var.trigger
  #lifecycle
}

resource "terraform_data" "store" {
  triggers_replace = clerk_oauth_application.portal.client_secret_version
  input            = clerk_oauth_application.portal.client_secret

  lifecycle {
    ignore_changes = [input]
    precondition {
      condition     = clerk_oauth_application.portal.client_secret_version != null
      error_message = "Terraform does not know the client secret of the partner portal."
    }
  }
}

output "stored" {
  value     = terraform_data.store.output
  sensitive = true
}
`

// A storeWalk takes a configuration with a store through the events of a secret's life.
type storeWalk struct {
	*workspace

	app      string // address
	versions versionLog
	handed   int // how often the store took a secret
	stored   string
	table    []string
}

// version is client_secret_version in the state; nil if it is null.
func (w *storeWalk) version() any {
	w.Helper()
	_, name, _ := strings.Cut(w.app, ".")
	return instancesOf(w.T, []byte(w.state()))[name]["client_secret_version"]
}

// step does something and applies. Then the store must have the secret that works, the plan must be empty, and no other
// secret had the version before.
func (w *storeWalk) step(name string, apply ...string) {
	w.Helper()
	before := any(nil)
	if len(w.table) > 0 {
		before = w.version()
	}
	w.run(append([]string{"apply", "-auto-approve"}, apply...)...)
	w.planIsEmpty()
	w.after(name, before)
}

func (w *storeWalk) after(name string, before any) {
	w.Helper()
	works := w.secretOf(examplePortal)
	stored := w.output("stored")
	if stored != works {
		w.Errorf("%s: the store does not have the secret that works", name)
	}
	if stored != w.stored {
		w.handed++
		w.stored = stored
	}
	w.versions.see(w.T, works, w.version())
	w.table = append(w.table, fmt.Sprintf("| %-55s | %v | %v |", name, showVersion(before), showVersion(w.version())))
}

func showVersion(version any) string {
	if number, ok := version.(float64); ok {
		return fmt.Sprintf("%10.0f", number)
	}
	return "      null"
}

// TestAccStoreHasTheSecretThatWorks takes an address with a store through everything that gives a client a new secret.
func TestAccStoreHasTheSecretThatWorks(t *testing.T) {
	t.Parallel()
	engine := enginetest.Find(t)
	w := &storeWalk{workspace: newWorkspace(t, engine), app: "clerk_oauth_application.portal"}
	w.Write("main.tf", secretStore)
	w.init()

	w.step("created")
	w.variable("trigger", "1")
	w.step("rotated")
	w.variable("trigger", "2")
	w.step("rotated again, at once")
	w.step("replaced (-replace)", "-replace="+w.app)
	before := w.version()
	w.run("taint", w.app)
	w.run("apply", "-auto-approve")
	w.planIsEmpty()
	w.after("replaced (taint)", before)
	w.Write("main.tf", strings.Replace(secretStore, "#lifecycle", "lifecycle {\n    create_before_destroy = true\n  }", 1))
	w.step("create_before_destroy (-replace)", "-replace="+w.app)
	w.Write("main.tf", secretStore)
	w.step("create_before_destroy taken away")
	w.clerk.Delete(w.application(examplePortal).ID)
	w.step("deleted in Clerk, and created")

	// An import has no secret to pass on, and the store keeps its value.
	id := w.application(examplePortal).ID
	before = w.version()
	w.run("state", "rm", w.app)
	delete(w.Env, "TF_VAR_trigger")
	w.run("import", w.app, id)
	refused := w.try("apply", "-auto-approve")
	says(t, refused.Output(), "Terraform does not know the client secret of the partner portal.")
	if refused.Code == 0 || w.output("stored") != w.stored {
		t.Error("the import was handed to the store")
	}
	w.table = append(w.table, fmt.Sprintf("| %-55s | %s | %s |", "state rm, import (the store's precondition refuses)", showVersion(before), showVersion(w.version())))
	w.variable("trigger", "3")
	w.step("rotated after the import")

	w.variable("name", examplePortal) // the same: nothing happens
	w.step("nothing to do")
	before = w.version()
	w.destroy()
	w.run("apply", "-auto-approve")
	w.planIsEmpty()
	w.after("destroyed, and created", before)
	w.variable("trigger", "4")
	w.step("rotated")
	if made := len(w.clerk.IssuedSecrets()); w.handed != made || made != 10 {
		t.Errorf("the store took %d secrets, and Clerk made %d", w.handed, made)
	}
	t.Logf("%s\n%s", engine, strings.Join(w.table, "\n"))
}

// TestAccStoreAfterAnotherProvider: a state that another provider has written brings its secret along, and the rotation after
// that reaches the store.
func TestAccStoreAfterAnotherProvider(t *testing.T) {
	t.Parallel()
	engine := enginetest.Find(t)
	w := &storeWalk{workspace: newWorkspace(t, engine), app: "clerk_oauth_application.portal"}
	w.Write("main.tf", secretStore)
	attributes, _ := w.instanceOfAnother()
	w.writeState("vanillauys/clerk", 0, attributes, nil)
	w.init()
	w.table = append(w.table, "")
	w.step("taken over from another provider's state")
	w.variable("trigger", "1")
	w.step("rotated")
	w.step("replaced (-replace)", "-replace="+w.app)
	w.variable("trigger", "2")
	w.step("rotated")
	t.Logf("%s%s", engine, strings.Join(w.table, "\n"))
}

//go:build unix

package acctest

import (
	"cmp"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

func testAdoptWithQuery(t *testing.T, w *workspace) {
	t.Helper()
	if isTofu() {
		t.Skip("OpenTofu has no query")
	}
	w.clerk.SeedMany(3, "Application %d", at("app"))
	must(t, w.command("query", "-generate-config-out=adopted.tf").Run())
	w.planSays("Plan: 3 to import, 0 to add, 0 to change, 0 to destroy")
	must(t, w.Apply(t.Context()))
	w.planIsEmpty()
}

func testTwoInstances(t *testing.T, w *workspace) {
	t.Helper()
	key, id := w.clerk.AddInstance(clerktest.Production)
	variables := func(productionKey string) {
		w.write("terraform.tfvars", fmt.Sprintf("%s = { secret_key = %q, instance_id = %q }\n%s = { secret_key = %q, instance_id = %q }\n",
			"development", w.clerk.Key(), w.clerk.InstanceID(), "production", productionKey, id))
	}
	variables(w.clerk.Key())
	w.refuses(w.Apply(t.Context()), "secret key belongs to instance "+w.clerk.InstanceID()+", not to "+id)
	variables(key)
	must(t, w.Apply(t.Context()))
	w.planIsEmpty()
	w.refuses(w.Destroy(t.Context()), "is protected from deletion")
}

func testManyInstances(t *testing.T, w *workspace) {
	t.Helper()
	if !isTofu() {
		t.Skip("Terraform has no for_each in provider blocks")
	}
	key, id := w.clerk.AddInstance(clerktest.Production)
	w.write("terraform.tfvars", fmt.Sprintf("instances = { development = %q, production = %q }\nsecret_keys = { development = %q, production = %q }\n",
		w.clerk.InstanceID(), id, w.clerk.Key(), key))
	must(t, w.Apply(t.Context()))
	w.planIsEmpty()
	w.write("retired.auto.tfvars", `retired = ["production"]`)
	w.planSays("Plan: 0 to add, 0 to change, 1 to destroy")
	must(t, w.Apply(t.Context()))
	w.planIsEmpty()
	must(t, w.Destroy(t.Context()))
	if left := w.clerk.Applications(); len(left) > 0 {
		t.Errorf("%d applications are left", len(left))
	}
}

func testModuleWithTests(t *testing.T, w *workspace) {
	t.Helper()
	for _, dir := range []string{"tests", "tests-with-mocks"} {
		if dir == "tests-with-mocks" {
			w.needs("1.7", "a mocked provider")
		}
		w.clerk.ResetRequests()
		must(t, os.CopyFS(filepath.Join(w.WorkingDir(), dir), os.DirFS(filepath.Join(examplesDirectory, "module-with-tests", dir))))
		must(t, w.command("test", "-test-directory="+dir).Run())
		w.says("0 failed")
		if sent := len(w.clerk.Requests()); len(w.clerk.Applications()) > 0 || (sent > 0) != (dir == "tests") {
			t.Errorf("%s sent %d requests, and left %d applications", dir, sent, len(w.clerk.Applications()))
		}
	}
}

// testMovedFromOtherProvider: a state that another provider for Clerk has written becomes this
// provider's with the change of the source address alone. Nothing is sent to Clerk but reads.
func testMovedFromOtherProvider(t *testing.T, w *workspace) {
	t.Helper()
	id := w.clerk.Seed(portal, at("portal"))
	app, _ := w.clerk.Application(id)
	w.write("terraform.tfstate", fmt.Sprintf(`{
  "version": 4, "terraform_version": "1.5.0", "serial": 1, "lineage": "b8ea7a2c-8a3f-4f5b-9c0e-0f6f1c7f2d11",
  "resources": [{
    "mode": "managed", "type": "clerk_oauth_application", "name": "portal", "provider": "provider[\"%s/%s\"]",
    "instances": [{"schema_version": 0, "attributes": {
      "id": %q, "client_id": %q, "client_secret": %q, "name": %q, "callback_url": %q, "scopes": "profile email",
      "public": false, "consent_screen_enabled": true, "authorize_url": "https://example.com/oauth/authorize",
      "token_fetch_url": "https://example.com/oauth/token", "user_info_url": "https://example.com/oauth/userinfo",
      "discovery_url": "https://example.com/.well-known/openid-configuration"
    }}]
  }]
}`, cmp.Or(os.Getenv(resource.EnvTfAccProviderHost), "registry.terraform.io"), theirAddress,
		id, app.ClientID, w.clerk.CurrentSecret(id), app.Name, app.RedirectURIs[0]))
	w.planIsEmpty()
	must(t, w.Apply(t.Context()))
	w.secretWorks()
	state := w.read("terraform.tfstate")
	if !strings.Contains(state, ourAddress) || strings.Contains(state, theirAddress) ||
		!strings.Contains(state, `"client_secret_version": 1,`) {
		t.Errorf("the state is not this provider's, or the secret has no version:\n%s", state)
	}
	if reads := w.clerk.CountRequests(http.MethodGet, ""); reads != len(w.clerk.Requests()) {
		t.Errorf("taking it over sent %q", w.clerk.RequestLines())
	}
}

// TestAccExamples_import runs the imports of the resources' pages: each command of import.sh, and the
// import blocks, with real ids in place of the documented ones.
func TestAccExamples_import(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"clerk_oauth_application", "clerk_oauth_application_settings"} {
		files, err := filepath.Glob(filepath.Join(examplesDirectory, "resources", name, "import*"))
		must(t, err)
		if len(files) != 3 {
			t.Errorf("%s has the imports %q, want a command and two blocks", name, files)
		}
		for _, file := range files {
			t.Run(name+"/"+filepath.Base(file), func(t *testing.T) {
				t.Parallel()
				w := newWorkspace(t, requiredProviders)
				if strings.Contains(file, "identity") {
					w.needs("1.12", "import by identity")
				}
				for file, content := range exampleFiles(t, filepath.Join("resources", name)) {
					w.write(file, content)
				}
				app, _ := w.clerk.Application(w.clerk.Seed(dashboard, at("dashboard")))
				content, err := os.ReadFile(file)
				must(t, err)
				text := strings.NewReplacer("oa_2O4BCh3zUONvWlZHtBXv6s6tm7u", app.ID, "d9g4CT4WYiCBm7EU", app.ClientID,
					"ins_2O4BCh3zUONvWlZHtBXv6s6tm7u", w.clerk.InstanceID()).Replace(string(content))
				if filepath.Ext(file) != ".sh" {
					w.write(filepath.Base(file), text)
					w.planSays("1 to import, 0 to add")
					must(t, w.Apply(t.Context()))
					w.planIsEmpty()
					return
				}
				commands := regexp.MustCompile(`(?m)^terraform import (\S+) (\S+)$`).FindAllStringSubmatch(text, -1)
				for _, command := range commands {
					must(t, w.Import(t.Context(), command[1], command[2]))
					must(t, os.Remove(filepath.Join(w.WorkingDir(), "terraform.tfstate")))
				}
				if len(commands) != 2 {
					t.Errorf("import.sh has %d commands, want one for each kind of id", len(commands))
				}
			})
		}
	}
}

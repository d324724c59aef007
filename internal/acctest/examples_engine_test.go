//go:build unix

package acctest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// succeed runs the engine to an end without an error.
func (w *workspace) succeed(arguments ...string) *process {
	w.t.Helper()
	p := w.run(arguments...)
	if p.code() != 0 {
		w.t.Fatalf("%q ended with %d:\n%s", arguments, p.code(), p.text())
	}
	return p
}

func (w *workspace) isTofu() bool {
	w.t.Helper()
	return strings.HasPrefix(w.run("version").text(), "OpenTofu")
}

func testAdoptWithQuery(t *testing.T, w *workspace) {
	t.Helper()
	if w.isTofu() {
		t.Skip("OpenTofu has no query")
	}
	w.clerk.SeedMany(3, "Application %d", at("app"))
	w.succeed("query", "-generate-config-out=adopted.tf")
	w.succeed("plan").says("Plan: 3 to import, 0 to add, 0 to change, 0 to destroy")
	w.apply()
	w.planIsEmpty()
}

func testTwoInstances(t *testing.T, w *workspace) {
	t.Helper()
	key, id := w.clerk.AddInstance(clerktest.Production)
	instance := func(name, key, id string) {
		w.env["TF_VAR_"+name] = fmt.Sprintf("{ secret_key = %q, instance_id = %q }", key, id)
	}
	instance("development", w.clerk.Key(), w.clerk.InstanceID())
	instance("production", w.clerk.Key(), id)
	w.run("apply", "-auto-approve").says("secret key belongs to instance " + w.clerk.InstanceID() + ", not to " + id)
	instance("production", key, id)
	w.succeed("apply", "-auto-approve")
	w.planIsEmpty()
	w.run("destroy", "-auto-approve").says("is protected from deletion")
}

func testManyInstances(t *testing.T, w *workspace) {
	t.Helper()
	if !w.isTofu() {
		t.Skip("Terraform has no for_each in provider blocks")
	}
	key, id := w.clerk.AddInstance(clerktest.Production)
	w.env["TF_VAR_instances"] = fmt.Sprintf("{ development = %q, production = %q }", w.clerk.InstanceID(), id)
	w.env["TF_VAR_secret_keys"] = fmt.Sprintf("{ development = %q, production = %q }", w.clerk.Key(), key)
	w.succeed("apply", "-auto-approve")
	w.planIsEmpty()
	w.env["TF_VAR_retired"] = `["production"]`
	w.succeed("plan").says("Plan: 0 to add, 0 to change, 1 to destroy")
	w.succeed("apply", "-auto-approve")
	w.planIsEmpty()
	w.succeed("destroy", "-auto-approve")
	if left := w.clerk.Applications(); len(left) > 0 {
		t.Errorf("%d applications are left", len(left))
	}
}

func testModuleWithTests(t *testing.T, w *workspace) {
	t.Helper()
	w.copyTests("tests")
	w.succeed("test").says("0 failed")
	if left := w.clerk.Applications(); len(left) > 0 || len(w.clerk.Requests()) == 0 {
		t.Errorf("the tests left %d applications", len(left))
	}
	w.needs("1.7", "a mocked provider")
	w.clerk.ResetRequests()
	w.copyTests("tests-with-mocks")
	w.succeed("test", "-test-directory=tests-with-mocks").says("0 failed")
	if sent := w.clerk.RequestLines(); len(sent) > 0 {
		t.Errorf("mocks sent %q", sent)
	}
}

func (w *workspace) copyTests(dir string) {
	w.t.Helper()
	must(w.t, os.CopyFS(filepath.Join(w.WorkingDir(), dir), os.DirFS(filepath.Join(examplesDirectory, "module-with-tests", dir))))
}

// testMovedFromOtherProvider: a state that another provider for Clerk has written becomes this
// provider's with the change of the source address alone. Nothing is sent to Clerk but reads.
func testMovedFromOtherProvider(t *testing.T, w *workspace) {
	t.Helper()
	id := w.clerk.Seed(portal, at("portal"))
	app, _ := w.clerk.Application(id)
	w.writeState(registry(t)+"/"+theirAddress, 0, "portal", map[string]any{
		"id": id, "client_id": app.ClientID, "client_secret": w.clerk.CurrentSecret(id), "name": app.Name,
		"callback_url": app.RedirectURIs[0], "scopes": "profile email", "public": false, "consent_screen_enabled": true,
		"authorize_url": "https://example.com/oauth/authorize", "token_fetch_url": "https://example.com/oauth/token",
		"user_info_url": "https://example.com/oauth/userinfo", "discovery_url": "https://example.com/.well-known/openid-configuration",
	})
	w.planIsEmpty()
	w.apply()
	w.secretWorks("clerk_oauth_application.portal")
	if w.attributes("clerk_oauth_application.portal")["client_secret_version"] == nil {
		t.Error("the secret that was taken over has no version")
	}
	if state := w.read("terraform.tfstate"); !strings.Contains(state, ourAddress) || strings.Contains(state, theirAddress) {
		t.Errorf("the state is not this provider's:\n%s", state)
	}
	for _, request := range w.clerk.Requests() {
		if request.Method != "GET" {
			t.Errorf("taking it over sent %s %s", request.Method, request.Route)
		}
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
					w.succeed("plan").says("1 to import, 0 to add", "0 to destroy")
					w.apply()
					w.planIsEmpty()
					return
				}
				imported := 0
				for line := range strings.Lines(text) {
					if words := strings.Fields(line); len(words) == 4 && words[0] == "terraform" {
						w.succeed(words[1:]...).says("Import successful!")
						must(t, os.Remove(filepath.Join(w.WorkingDir(), "terraform.tfstate")))
						imported++
					}
				}
				if imported != 2 {
					t.Errorf("import.sh has %d commands, want one for each kind of id", imported)
				}
			})
		}
	}
}

package lifecycle

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/enginetest"
)

// An example says how the files of a directory below examples/ are checked. A test compares the table with the files.
type example struct {
	dir   string
	files []string // default: every file of the directory
	what  string   // distinguishes entries of one directory

	// The least versions, "" for any and "none" if no version works.
	terraform, tofu string

	// check runs the example. Where check is nil, why says what is missing to run it; the example is then only parsed and formatted.
	check func(*workspace)
	why   string
}

const (
	exampleDashboard = "Internal dashboard"
	examplePortal    = "Partner portal"

	// Placeholders of the pages for ids.
	documentedID         = "oa_2O4BCh3zUONvWlZHtBXv6s6tm7u"
	documentedClientID   = "d9g4CT4WYiCBm7EU"
	documentedInstanceID = "ins_2O4BCh3zUONvWlZHtBXv6s6tm7u"
)

var examples = []example{
	{dir: "provider", check: func(w *workspace) {
		w.lifecycle()
		w.variable("clerk_instance_id", w.clerk.InstanceID())
		w.planIsEmpty()
	}},
	{dir: "resources/clerk_oauth_application", files: []string{"resource.tf"}, check: (*workspace).protectedLifecycle},
	{
		dir: "resources/clerk_oauth_application", files: []string{"resource.tf", "import-by-string-id.tf"}, what: "import by id",
		check: func(w *workspace) { w.importDashboard("import-by-string-id.tf") },
	},
	{
		dir: "resources/clerk_oauth_application", files: []string{"resource.tf", "import-by-identity.tf"}, what: "import by identity",
		terraform: "1.12", tofu: "1.12",
		check: func(w *workspace) { w.importDashboard("import-by-identity.tf") },
	},
	{
		dir: "resources/clerk_oauth_application", files: []string{"resource.tf", "import.sh"}, what: "import command",
		check: func(w *workspace) {
			id := w.seedDashboard()
			w.importByCommand(id, documentedID, id, documentedClientID, w.application(exampleDashboard).ClientID)
		},
	},
	{dir: "resources/clerk_oauth_application_settings", files: []string{"resource.tf"}, check: func(w *workspace) {
		w.lifecycle()
		if settings := w.clerk.Settings(w.clerk.InstanceID()); !settings.DynamicOAuthClientRegistration {
			w.Error("destroying the settings changed them")
		}
	}},
	{
		dir: "resources/clerk_oauth_application_settings", files: []string{"resource.tf", "import-by-string-id.tf"}, what: "import by id",
		check: func(w *workspace) { w.importSettings("import-by-string-id.tf") },
	},
	{
		dir: "resources/clerk_oauth_application_settings", files: []string{"resource.tf", "import-by-identity.tf"}, what: "import by identity",
		terraform: "1.12", tofu: "1.12",
		check: func(w *workspace) { w.importSettings("import-by-identity.tf") },
	},
	{
		dir: "resources/clerk_oauth_application_settings", files: []string{"resource.tf", "import.sh"}, what: "import command",
		check: func(w *workspace) {
			w.importByCommand(w.clerk.InstanceID(), documentedInstanceID, w.clerk.InstanceID())
		},
	},
	{dir: "data-sources/clerk_oauth_application", check: func(w *workspace) {
		w.clerk.Seed(exampleDashboard)
		w.lifecycle()
	}},
	{dir: "data-sources/clerk_oauth_applications", check: func(w *workspace) {
		w.clerk.SeedMany(12, "Preview %d")
		w.clerk.RegisterDynamically("An agent")
		w.init()
		says(w.T, w.apply(), `number_of_previews = 12`, `"An agent"`)
		w.planIsEmpty()
	}},
	{dir: "ephemeral-resources/clerk_decrypted_secret", terraform: "1.11", tofu: "1.11", check: func(w *workspace) {
		w.ageKey()
		w.lifecycle()
		w.holdsNoSecret()
	}},
	{dir: "list-resources/clerk_oauth_application", terraform: "1.14", tofu: "none", check: func(w *workspace) {
		w.clerk.Seed("Preview 1")
		w.clerk.Seed(exampleDashboard)
		w.init()
		output := w.run("query")
		says(w.T, output, "Preview 1")
		if strings.Contains(output, exampleDashboard) {
			w.Errorf("the query ignores name_query:\n%s", output)
		}
	}},
	{dir: "web-app", check: (*workspace).protectedLifecycle},
	{dir: "public-client", check: func(w *workspace) {
		w.lifecycle(func() {
			for _, app := range w.clerk.Applications() {
				if !app.Public || !app.PKCERequired {
					w.Errorf("%s is not a public client with PKCE", app.Name)
				}
			}
		})
	}},
	{dir: "rotation-by-date", check: func(w *workspace) {
		w.needMirror()
		w.lifecycle(func() {
			before := w.secretOf(exampleDashboard)
			time.Sleep(time.Second) // the id of a time_rotating is its time, in whole seconds
			w.run("apply", "-auto-approve", "-replace=time_rotating.client_secret")
			if w.secretOf(exampleDashboard) == before {
				w.Error("a new time_rotating did not rotate the secret")
			}
			w.planIsEmpty()
		})
	}},
	{dir: "rotation-by-hand", check: func(w *workspace) {
		w.lifecycle(func() {
			before := w.secretOf(exampleDashboard)
			w.replace("main.tf", regexp.MustCompile("2026-07-01 first secret"), "2026-10-01 an engineer left")
			says(w.T, w.plan(), "will be rotated", "~ client_secret_version =", "stops working")
			w.apply()
			w.planIsEmpty()
			if w.secretOf(exampleDashboard) == before {
				w.Error("the secret was not rotated")
			}
		})
	}},
	{dir: "rotation-without-gap", check: func(w *workspace) {
		w.lifecycle(func() {
			blue, green := w.secretOf(examplePortal+" (blue)"), w.secretOf(examplePortal+" (green)")
			w.variable("rotate_green", "2")
			w.apply()
			if w.secretOf(examplePortal+" (blue)") != blue || w.secretOf(examplePortal+" (green)") == green || w.output("client_secret") != blue {
				w.Error("rotating green must change the secret of green, and not what is handed out")
			}
			w.variable("active", "green")
			w.apply()
			if w.output("client_secret") != w.secretOf(examplePortal+" (green)") {
				w.Error("not the secret of green is handed out")
			}
			w.planIsEmpty()
			w.replaceImportRotate(`clerk_oauth_application.app["green"]`, func() { w.variable("rotate_green", "3") }, func() {
				if w.output("client_secret") != w.secretOf(examplePortal+" (green)") {
					w.Error("not the secret of green is handed out")
				}
			})
		})
	}},
	{dir: "encrypted-secret", terraform: "1.11", tofu: "1.11", check: func(w *workspace) {
		w.ageKey()
		stored := filepath.Join(w.TempDir(), "stored")
		w.variable("store_command", fmt.Sprintf(`printf %%s "$CLIENT_SECRET" >'%s'`, stored))
		handedOn := func() {
			content, err := os.ReadFile(stored)
			must(w.T, err)
			if string(content) != w.secretOf(examplePortal) {
				w.Error("what was handed on is not the secret that Clerk takes")
			}
		}
		w.lifecycle(func() {
			handedOn()
			w.variable("secret_rotation", "2")
			w.apply()
			handedOn()
			w.planIsEmpty()
			w.replaceImportRotate("clerk_oauth_application.portal", func() { w.variable("secret_rotation", "3") }, handedOn)
		})
		w.holdsNoSecret()
	}},
	{dir: "encrypted-secret-aws", why: "the AWS provider and an AWS account"},
	{dir: "encrypted-secret-vault", why: "the Vault provider and a Vault"},
	{dir: "encrypted-secret-kubernetes", why: "the Kubernetes provider and a cluster"},
	{dir: "secret-github-actions", why: "the GitHub provider and a repository of GitHub"},
	{dir: "pipeline-check", why: "TestDocumentation_pipelineCheck runs it; it is no configuration"},
	{dir: "for-each-yaml", check: func(w *workspace) {
		w.lifecycle(func() {
			before := w.secretOf(examplePortal)
			for _, app := range w.clerk.Applications() {
				if app.Public != (app.Name == "Field app") || !app.PKCERequired {
					w.Errorf("%s: public is %t, pkce_required is %t", app.Name, app.Public, app.PKCERequired)
				}
			}
			w.replace("applications.yaml", regexp.MustCompile("2026-07-15 contract renewed"), "2026-08-01")
			says(w.T, w.plan(), "will be rotated", "Plan: 0 to add, 1 to change, 0 to destroy")
			w.apply()
			w.planIsEmpty()
			if w.secretOf(examplePortal) == before {
				w.Error("another rotation in the YAML file did not rotate the secret")
			}
		})
	}},
	{dir: "adopt-import-block", terraform: "1.6", check: func(w *workspace) {
		id := w.clerk.Seed(exampleDashboard, withRedirect("https://dashboard.example.com/oauth/callback"))
		w.variable("application", id)
		w.init()
		says(w.T, w.plan(), "Plan: 1 to import, 0 to add, 0 to change, 0 to destroy")
		w.variable("application", w.application(exampleDashboard).ClientID)
		says(w.T, w.plan(), "Plan: 1 to import, 0 to add, 0 to change, 0 to destroy")
		w.apply()
		w.planIsEmpty()
	}},
	{dir: "adopt-with-query", terraform: "1.14", tofu: "none", check: func(w *workspace) {
		w.clerk.SeedMany(3, "Application %d", withRedirect("https://app.example.com/oauth/callback"))
		w.init()
		w.run("query", "-generate-config-out=adopted.tf")
		says(w.T, w.plan(), "Plan: 3 to import, 0 to add, 0 to change, 0 to destroy")
		w.apply()
		w.planIsEmpty()
	}},
	{dir: "adopt-with-for-each", terraform: "1.7", tofu: "1.7", check: func(w *workspace) {
		w.clerk.Seed(exampleDashboard, withRedirect("https://dashboard.example.com/oauth/callback"))
		w.clerk.Seed("Someone else's")
		w.init()
		says(w.T, w.plan(), "Plan: 1 to import, 1 to add, 0 to change, 0 to destroy")
		w.apply()
		w.planIsEmpty()
		if len(w.clerk.Applications()) != 3 {
			w.Error("adopting made an application of the name once more")
		}
	}},
	{dir: "two-instances", check: func(w *workspace) {
		key, id := w.clerk.AddInstance(clerktest.Production)
		w.clerkInstance("development", w.clerk.Key(), w.clerk.InstanceID())
		w.clerkInstance("production", w.clerk.Key(), id)
		w.init()
		refused := w.try("apply", "-auto-approve")
		if refused.Code == 0 {
			w.Error("applied with the key of the wrong instance")
		}
		says(w.T, refused.Output(), "secret key belongs to instance "+w.clerk.InstanceID()+", not to "+id)
		w.clerkInstance("production", key, id)
		w.protectedLifecycle()
	}},
	{dir: "many-instances-opentofu", terraform: "none", tofu: "1.9", check: func(w *workspace) {
		key, id := w.clerk.AddInstance(clerktest.Production)
		w.variable("instances", fmt.Sprintf("{development = %q, production = %q}", w.clerk.InstanceID(), id))
		w.variable("secret_keys", fmt.Sprintf("{development = %q, production = %q}", w.clerk.Key(), key))
		w.lifecycle(func() {
			if left := len(w.clerk.Applications()); left != 2 {
				w.Errorf("%d applications, want one in each of two instances", left)
			}
			w.variable("retired", `["production"]`)
			says(w.T, w.plan(), "Plan: 0 to add, 0 to change, 1 to destroy")
			w.apply()
			w.planIsEmpty()
		})
	}},
	{dir: "beside-another-provider", why: "needs the other provider; TestAccTwoProvidersForClerk runs a configuration of this form with a stand-in"},
	{dir: "module-with-tests", terraform: "1.6", check: func(w *workspace) {
		w.init()
		says(w.T, w.run("test"), "4 passed, 0 failed")
		if left := w.clerk.Applications(); len(left) > 0 {
			w.Errorf("the tests left %d applications", len(left))
		}
	}},
	{dir: "module-with-tests", what: "mocks", terraform: "1.7", check: func(w *workspace) {
		w.init()
		says(w.T, w.run("test", "-test-directory=tests-with-mocks"), "2 passed, 0 failed")
		if sent := len(w.clerk.Requests()); sent > 0 {
			w.Errorf("%d requests were sent; mocks send none", sent)
		}
	}},
	{dir: "moved-from-other-provider", check: (*workspace).moveFromOtherProvider},
	{dir: "demo", files: []string{"main.tf", "run.sh"}, check: (*workspace).demo},
	{dir: "demo/find", check: func(w *workspace) {
		w.clerk.Seed(exampleDashboard)
		w.lifecycle()
	}},
}

// TestAccExamples runs every example with the engine, and every block of HCL in the documentation that is a whole configuration.
func TestAccExamples(t *testing.T) {
	t.Parallel()
	engine := enginetest.Find(t)

	for _, e := range examples {
		if e.check == nil {
			continue // TestExamples_format has the reason
		}
		t.Run(e.name(), func(t *testing.T) {
			t.Parallel()
			if !engine.Supports(e.terraform, e.tofu) {
				t.Skipf("needs terraform %s or tofu %s; this is %s %s", e.terraform, e.tofu, engine.Name, engine.Version)
			}
			w := newWorkspace(t, engine)
			for _, file := range e.allFiles(t) {
				content, err := os.ReadFile(filepath.Join(repository, "examples", e.dir, file))
				must(t, err)
				w.Write(file, string(content))
			}
			w.writeRequiredProviders()
			e.check(w)
		})
	}
	t.Run("README.md", func(t *testing.T) {
		t.Parallel()
		w := newWorkspace(t, engine)
		w.Write("main.tf", readmeExample(t))
		w.lifecycle()
	})
	t.Run("documentation", func(t *testing.T) {
		t.Parallel()
		testDocumentationBlocks(t, engine)
	})
}

// TestExamples_nullSecret: everything that takes a client secret refuses null, also in examples that no test can run. The
// examples named here only show the secret to the reader or to the demo, and store it nowhere.
func TestExamples_nullSecret(t *testing.T) {
	t.Parallel()
	shown := []string{"web-app", "demo"}
	handsOn := regexp.MustCompile(`=\s*clerk_oauth_application\.\S*client_secret(_version)?\s*\n|\.plaintext\b`)
	found := 0
	for _, e := range examples {
		for _, file := range e.allFiles(t) {
			content, err := os.ReadFile(filepath.Join(repository, "examples", e.dir, file))
			must(t, err)
			if filepath.Ext(file) != ".tf" || slices.Contains(shown, e.dir) || !handsOn.Match(content) {
				continue
			}
			found++
			text := string(content)
			onlyShown := strings.Count(text, "resource ") == 1 && !strings.Contains(text, "plaintext") && strings.Contains(text, `output "client_secret_version"`)
			if !onlyShown && !strings.Contains(text, "client_secret_version != null") {
				t.Errorf("%s/%s hands on a client secret, and has no precondition against null", e.dir, file)
			}
		}
	}
	if found < 6 {
		t.Errorf("%d files hand on a client secret", found)
	}
}

func (e example) name() string {
	return strings.TrimSpace(strings.ReplaceAll(e.dir, "/", "-") + " " + e.what)
}

// allFiles returns the names of the example's files, relative to its directory.
func (e example) allFiles(t *testing.T) []string {
	t.Helper()
	if e.files != nil {
		return e.files
	}
	var files []string
	root := filepath.Join(repository, "examples", e.dir)
	must(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		file, err := filepath.Rel(root, path)
		files = append(files, file)
		return err
	}))
	return files
}

var requiresProvider = regexp.MustCompile(`\bsource\s*=\s*"terraform-provider-clerk/clerk"`)

// writeRequiredProviders names the provider's source where the example leaves that to the reader, as the pages of the registry do.
func (w *workspace) writeRequiredProviders() {
	w.Helper()
	files, err := filepath.Glob(filepath.Join(w.Dir, "*.tf"))
	must(w.T, err)
	if slices.ContainsFunc(files, func(file string) bool {
		return requiresProvider.MatchString(w.Read(filepath.Base(file)))
	}) {
		return
	}
	w.Write("required_providers.tf", "terraform {\n  required_providers {\n    clerk = {\n      source = \"terraform-provider-clerk/clerk\"\n    }\n  }\n}\n")
}

func withRedirect(uri string) func(*clerktest.Application) {
	return func(a *clerktest.Application) { a.RedirectURIs = []string{uri} }
}

// lifecycle applies, plans again without a change, runs the given check, and destroys.
func (w *workspace) lifecycle(inBetween ...func()) {
	w.Helper()
	before := len(w.clerk.Applications())
	w.init()
	w.run("validate")
	w.apply()
	w.planIsEmpty()
	for _, step := range inBetween {
		step()
	}
	w.destroy()
	if left := len(w.clerk.Applications()); left != before {
		w.Errorf("%d applications are left after destroy, there were %d before", left, before)
	}
}

// protectedLifecycle is the same for an example with deletion protection: a destroy has to fail while it holds.
func (w *workspace) protectedLifecycle() {
	w.Helper()
	w.init()
	w.run("validate")
	w.apply()
	w.planIsEmpty()
	refused := w.try("destroy", "-auto-approve")
	if refused.Code == 0 {
		w.Error("deletion_protection did not keep the application")
	}
	says(w.T, refused.Output(), "OAuth application is protected from deletion")
	for _, file := range []string{"resource.tf", "main.tf"} {
		if _, err := os.Stat(filepath.Join(w.Dir, file)); err == nil {
			w.replace(file, regexp.MustCompile(`(deletion_protection\s*=) true`), "$1 false")
		}
	}
	w.apply()
	w.destroy()
}

// rotatingArguments rotate the secret of an application that was just imported, because Clerk stores neither of them.
var rotatingArguments = regexp.MustCompile(`(?m)^\s*(rotate_secret_trigger|encrypt_client_secret_to)\s*=.*\n`)

// replaceImportRotate replaces an application, imports it into the same address, and rotates its secret. What passes the
// secret on must pass on each new one, and must refuse the import, whose secret is unknown.
func (w *workspace) replaceImportRotate(app string, rotate, handedOn func()) {
	w.Helper()
	w.run("apply", "-auto-approve", "-replace="+app)
	w.planIsEmpty()
	handedOn()

	id := ""
	for _, resource := range w.State().Values.RootModule.Resources {
		if resource.Address == app {
			id, _ = resource.AttributeValues["id"].(string)
		}
	}
	example := w.Read("main.tf")
	w.replace("main.tf", rotatingArguments, "")
	w.run("state", "rm", app)
	// The precondition of an output stops the command already, and nothing is imported. That of a resource stops the apply.
	refused := w.try("import", app, id)
	imported := refused.Code == 0
	if imported {
		refused = w.try("apply", "-auto-approve")
	}
	if refused.Code == 0 {
		w.Error("an import without a secret was handed on")
	}
	says(w.T, refused.Output(), "Terraform does not know the client secret of", "to create a secret that Terraform knows")

	w.Write("main.tf", example)
	rotate()
	if !imported {
		w.Write("import.tf", fmt.Sprintf("import {\n  to = %s\n  id = %q\n}\n", app, id))
		says(w.T, w.plan(), "Plan: 1 to import, 0 to add, 1 to change, 0 to destroy", "will be rotated")
	}
	w.apply()
	w.planIsEmpty()
	handedOn()
}

func (w *workspace) replace(file string, old *regexp.Regexp, replacement string) {
	w.Helper()
	content := w.Read(file)
	if !old.MatchString(content) {
		w.Fatalf("%s is not in %s", old, file)
	}
	w.Write(file, old.ReplaceAllString(content, replacement))
}

func (w *workspace) seedDashboard() string {
	return w.clerk.Seed(exampleDashboard, withRedirect("https://dashboard.example.com/oauth/callback"), func(a *clerktest.Application) {
		a.Scopes = "openid profile email offline_access"
		a.PKCERequired = true
	})
}

func (w *workspace) importDashboard(file string) {
	w.Helper()
	w.replace(file, regexp.MustCompile(documentedID), w.seedDashboard())
	w.init()
	// The trigger and the protection are in the configuration, and Clerk knows neither.
	says(w.T, w.plan(), "Plan: 1 to import, 0 to add, 1 to change, 0 to destroy", "will be rotated")
	w.apply()
	w.planIsEmpty()
}

func (w *workspace) importSettings(file string) {
	w.Helper()
	w.replace(file, regexp.MustCompile(documentedInstanceID), w.clerk.InstanceID())
	w.init()
	says(w.T, w.plan(), "Plan: 1 to import, 0 to add, 1 to change, 0 to destroy")
	w.apply()
	w.planIsEmpty()
}

// importByCommand runs each line of import.sh with real ids and an empty state, because the lines are alternatives. Each must
// bring the id into the state.
func (w *workspace) importByCommand(id string, replacements ...string) {
	w.Helper()
	w.init()
	commands := 0
	for line := range strings.Lines(strings.NewReplacer(replacements...).Replace(w.Read("import.sh"))) {
		if strings.HasPrefix(line, "#") || strings.TrimSpace(line) == "" {
			continue
		}
		w.shell(line)
		says(w.T, w.state(), id)
		must(w.T, os.Remove(filepath.Join(w.Dir, "terraform.tfstate")))
		commands++
	}
	if commands != 2 {
		w.Errorf("import.sh has %d commands, two were expected", commands)
	}
}

// shell runs a script in which terraform is the engine.
func (w *workspace) shell(script string) string {
	w.Helper()
	bin := w.TempDir()
	must(w.T, os.Symlink(w.Engine.Path, filepath.Join(bin, "terraform")))
	command := w.Command()
	command.Path, command.Args = "/bin/sh", []string{"sh", "-eu", "-c", script}
	command.Env = append(command.Env, "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	output, err := command.CombinedOutput()
	if err != nil {
		w.Fatalf("%v\n%s\n%s", err, script, output)
	}
	return string(output)
}

// needMirror requires the providers of HashiCorp that tools/with-engine.sh builds.
func (w *workspace) needMirror() {
	w.Helper()
	if os.Getenv("CLERK_MIRROR") == "" {
		if os.Getenv("CLERK_ACC_REQUIRED") != "" {
			w.Fatal("CLERK_MIRROR names no mirror, and CLERK_ACC_REQUIRED is set")
		}
		w.Skip("needs hashicorp/time from a mirror; make testacc builds it")
	}
}

// ageKey sets both halves of a new age key.
func (w *workspace) ageKey() {
	w.Helper()
	identity, err := age.GenerateX25519Identity()
	must(w.T, err)
	w.variable("age_recipient", identity.Recipient().String())
	w.variable("age_identity", identity.String())
}

func (w *workspace) clerkInstance(variable, key, id string) {
	w.Helper()
	value, err := json.Marshal(map[string]string{"secret_key": key, "instance_id": id})
	must(w.T, err)
	w.variable(variable, string(value))
}

// longToken is the form of a client secret of the simulator. Ids are shorter or have a prefix.
var longToken = regexp.MustCompile(`\b[A-Za-z0-9]{32}\b`)

// demo runs what `make demo` runs.
func (w *workspace) demo() {
	w.Helper()
	script, err := filepath.Abs(filepath.Join(repository, "examples", "demo", "run.sh"))
	must(w.T, err)
	simulator := filepath.Join(w.TempDir(), "clerk-simulator")
	must(w.T, enginetest.Build(w.Context(), simulator, "internal/clerktest/clerk-simulator"))
	clear(w.Env) // the demo starts that simulator
	w.Env["ENGINE_PATH"], w.Env["SIMULATOR_BIN"] = w.Engine.Path, simulator
	command := w.Command()
	command.Path, command.Args = "/bin/sh", []string{"sh", script}
	var outputs []byte
	if outputs, err = command.CombinedOutput(); err != nil {
		w.Fatalf("%v\n%s", err, outputs)
	}
	says(w.T, string(outputs), "No changes.", "will be rotated", "secret stops working", "(the same)", "a new one", "export CLERK_SECRET_KEY=")
	if token := longToken.FindString(string(outputs)); token != "" {
		w.Errorf("the demo prints what may be a secret:\n%s", outputs)
	}
}

// moveFromOtherProvider gives the engine a state that vanillauys/clerk 0.7 has written. The move does
// not use that provider. The engine only needs it installed, so this provider stands in.
func (w *workspace) moveFromOtherProvider() {
	w.Helper()
	id := w.clerk.Seed(examplePortal, withRedirect("https://portal.example.com/oauth/callback"))
	app, secret := w.application(examplePortal), w.secretOf(examplePortal)
	host := map[string]string{"terraform": "registry.terraform.io", "tofu": "registry.opentofu.org"}[w.Engine.Name]
	state, err := json.Marshal(map[string]any{
		"version": 4, "terraform_version": "1.8.0", "serial": 1, "lineage": "b8ea7a2c-8a3f-4f5b-9c0e-0f6f1c7f2d11",
		"resources": []any{map[string]any{
			"mode": "managed", "type": "clerk_oauth_application", "name": "portal",
			"provider": fmt.Sprintf("provider[%q]", host+"/vanillauys/clerk"),
			"instances": []any{map[string]any{"schema_version": 0, "attributes": map[string]any{
				"id": id, "client_id": app.ClientID, "client_secret": secret, "name": examplePortal,
				"callback_url": app.RedirectURIs[0], "scopes": "profile email", "public": false, "consent_screen_enabled": true,
				"authorize_url": "https://example.com/oauth/authorize", "token_fetch_url": "https://example.com/oauth/token",
				"user_info_url": "https://example.com/oauth/userinfo", "discovery_url": "https://example.com/.well-known/openid-configuration",
			}}},
		}},
	})
	must(w.T, err)
	w.Write("terraform.tfstate", string(state))
	w.init()
	w.planIsEmpty()
	w.apply()
	says(w.T, w.state(), secret, `"schema_version": 1`, "terraform-provider-clerk/clerk")
	if w.secretOf(examplePortal) != secret {
		w.Error("the move rotated the secret")
	}
}

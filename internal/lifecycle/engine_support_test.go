package lifecycle

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/enginetest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/secrettest"
)

// repository is the root of the repository, as seen from this package.
const repository = "../.."

// A workspace is a directory in which an engine runs, and a simulated Clerk that it reaches from there.
type workspace struct {
	*testing.T
	*enginetest.Workspace

	clerk *clerktest.Server
}

// newWorkspace is for a configuration that is run as a user runs it: init installs the provider.
func newWorkspace(t *testing.T, engine *enginetest.Engine) *workspace {
	t.Helper()
	clerk := enginetest.Clerk(t)
	// The second is what a state to move from names. The engine asks that it is installed, and nothing else of it.
	return newWorkspaceFor(t, engine, clerktest.New(t), clerk, clerk.At("vanillauys/clerk"))
}

func newWorkspaceFor(t *testing.T, engine *enginetest.Engine, server *clerktest.Server, providers ...enginetest.Provider) *workspace {
	t.Helper()
	w := &workspace{T: t, Workspace: engine.Workspace(t, providers...), clerk: server}
	w.Env[envAPIURL], w.Env[envSecretKey] = server.URL(), server.Key()
	w.Env["GOGC"] = "400" // a run is short, and the tests start thousands
	return w
}

// newWorkspaceWithoutInit is for runs that need no init. When the test is over, all that
// they left is searched for secrets.
func newWorkspaceWithoutInit(t *testing.T, engine *enginetest.Engine, server *clerktest.Server) *workspace {
	t.Helper()
	clerk := enginetest.Clerk(t)
	clerk.Override = true
	w := newWorkspaceFor(t, engine, server, clerk)
	t.Cleanup(w.searchForSecrets)
	return w
}

// logAtTrace lets each run write a log, and a crash show the most.
func (w *workspace) logAtTrace() {
	w.Env["TF_LOG"] = "TRACE"
	w.Env["GOTRACEBACK"] = "all"
}

// configure writes a configuration with one application.
func (w *workspace) configure(provider, application values) {
	w.Helper()
	var text strings.Builder
	text.WriteString(requiredClerk)
	block(&text, "", `provider "clerk"`, provider)
	block(&text, "", fmt.Sprintf("resource %q %q", applicationType, "test"), application)
	w.Write("main.tf", text.String())
}

var applying = []string{"apply", "-auto-approve"}

// variable sets an input variable of the root module.
func (w *workspace) variable(name, value string) { w.Env["TF_VAR_"+name] = value }

// try runs the engine, whatever it ends with.
func (w *workspace) try(arguments ...string) enginetest.Result {
	w.Helper()
	return w.Workspace.Run(arguments...)
}

// run gives what the engine prints, which has to succeed.
func (w *workspace) run(arguments ...string) string {
	w.Helper()
	return w.MustRun(arguments...).Output()
}

func (w *workspace) init()           { w.Helper(); w.run("init") }
func (w *workspace) plan() string    { w.Helper(); return w.run("plan") }
func (w *workspace) apply() string   { w.Helper(); return w.run("apply", "-auto-approve") }
func (w *workspace) destroy() string { w.Helper(); return w.run("destroy", "-auto-approve") }
func (w *workspace) state() string   { w.Helper(); return w.Read("terraform.tfstate") }

// output gives the value of one output.
func (w *workspace) output(name string) string {
	w.Helper()
	return w.MustRun("output", "-raw", name).Stdout
}

// planIsEmpty fails the test if another plan shows any change.
func (w *workspace) planIsEmpty() {
	w.Helper()
	if again := w.try("plan", "-detailed-exitcode"); again.Code != 0 {
		w.Fatalf("the second plan is not empty (exit status %d):\n%s", again.Code, again.Output())
	}
}

// says fails the test unless the text has each of the parts, apart from line breaks and the frame of diagnostics.
func says(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(enginetest.Unwrap(text), enginetest.Unwrap(part)) {
			t.Errorf("%q is not in:\n%s", part, text)
		}
	}
}

// application gives the one application of a name.
func (w *workspace) application(name string) clerktest.Application {
	w.Helper()
	app, ok := w.clerk.Find(name)
	if !ok {
		w.Fatalf("Clerk has no application %q", name)
	}
	return app
}

// secretOf is the client secret that Clerk takes now.
func (w *workspace) secretOf(name string) string {
	w.Helper()
	return w.clerk.CurrentSecret(w.application(name).ID)
}

// holdsNoSecret fails the test if a file below the workspace holds a secret that Clerk ever told.
func (w *workspace) holdsNoSecret() {
	w.Helper()
	must(w.T, filepath.WalkDir(w.Dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		for _, secret := range w.clerk.IssuedSecrets() {
			if bytes.Contains(content, []byte(secret)) {
				w.Errorf("%s holds a client secret", entry.Name())
			}
		}
		return err
	}))
}

// A stateInstance is a resource or data source in a state file.
type stateInstance struct {
	Status     string         `json:"status"` // "tainted", or empty
	Attributes map[string]any `json:"attributes"`
	Private    []byte         `json:"private"`
}

// A stateResource is all instances of a resource or data source in a state file.
type stateResource struct {
	Mode      string          `json:"mode"` // "managed" or "data"
	Type      string          `json:"type"`
	Name      string          `json:"name"`
	Instances []stateInstance `json:"instances"`
}

func resourcesOf(t testing.TB, content []byte) []stateResource {
	t.Helper()
	var state struct {
		Resources []stateResource `json:"resources"`
	}
	must(t, json.Unmarshal(content, &state))
	return state.Resources
}

// instancesOf reads a state file: the attributes of each application by the name of its resource.
func instancesOf(t testing.TB, content []byte) map[string]map[string]any {
	t.Helper()
	instances := map[string]map[string]any{}
	for _, resource := range resourcesOf(t, content) {
		for _, instance := range resource.Instances {
			if instance.Status != "" {
				t.Errorf("%s is %s", resource.Name, instance.Status)
			}
			if resource.Type == applicationType {
				instances[resource.Name] = instance.Attributes
			}
		}
	}
	return instances
}

// stateFile is the content of the state file; empty if there is none.
func (w *workspace) stateFile() string {
	w.Helper()
	content, err := os.ReadFile(filepath.Join(w.Dir, "terraform.tfstate"))
	if !errors.Is(err, fs.ErrNotExist) {
		must(w.T, err)
	}
	return string(content)
}

// instance is the only instance of a resource or data source in the state file; false if
// there is none.
func (w *workspace) instance(mode, typeName, name string) (stateInstance, bool) {
	w.Helper()
	content := w.stateFile()
	if content == "" {
		return stateInstance{}, false
	}
	for _, resource := range resourcesOf(w.T, []byte(content)) {
		if resource.Mode == mode && resource.Type == typeName && resource.Name == name && len(resource.Instances) > 0 {
			return resource.Instances[0], true
		}
	}
	return stateInstance{}, false
}

// secretFate is how the secret in the state file stands to the one that works:
// [secretWorks], [secretNone] or [secretOutdated].
func (w *workspace) secretFate() secretFate {
	w.Helper()
	app, exists := w.instance("managed", applicationType, "test")
	id, _ := app.Attributes["id"].(string)
	if _, known := w.clerk.Application(id); !exists || !known {
		return secretNone
	}
	secret, _ := app.Attributes["client_secret"].(string)
	return fateOf(secret, w.clerk.CurrentSecret(id))
}

// assertKept wants one application, in the state, with the secret that works, and nothing left to do.
func assertKept(w *workspace, output string) {
	w.Helper()
	if got := len(w.clerk.Applications()); got != 1 || w.secretFate() != secretWorks {
		w.Errorf("there are %d applications, and the secret in the state is %s:\n%s", got, w.secretFate(), output)
	}
	w.clerk.ClearFaults()
	w.planIsEmpty()
}

// searchForSecrets looks into every file of the workspace. Only a state may hold client secrets, and not even a state
// may hold a key.
func (w *workspace) searchForSecrets() {
	everything, keys := secrettest.ServerCanary(w.clerk), secrettest.NewCanary(w.clerk.Keys()...)
	files := 0
	err := filepath.WalkDir(w.Dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		looked := everything
		if strings.Contains(entry.Name(), ".tfstate") {
			looked = keys
		}
		if what := looked.Find(string(content)); what != "" {
			w.Errorf("%s holds %s", entry.Name(), what)
		}
		if strings.HasSuffix(entry.Name(), ".log") && !bytes.Contains(content, []byte("[TRACE]")) {
			w.Errorf("%s is no log at TRACE: that there is no secret in it proves nothing", entry.Name())
		}
		return nil
	})
	if err != nil || files < 3 {
		w.Errorf("%d files searched: %v", files, err)
	}
}

// unmatched are the patterns that the text does not match.
func unmatched(text string, patterns []string) []string {
	return slices.DeleteFunc(slices.Clone(patterns), func(pattern string) bool {
		return regexp.MustCompile("(?is)" + pattern).MatchString(text)
	})
}

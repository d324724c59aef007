package lifecycle

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/enginetest"
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
	return w
}

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

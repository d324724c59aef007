package enginetest

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// A Workspace is a directory in which one test runs an engine. All that the runs leave behind is below it: state,
// providers that init has installed (.terraform), and in a directory of its own ([Workspace.Runs]) the outputs, logs,
// temporary files and the home directory.
type Workspace struct {
	Engine *Engine
	Dir    string            // of the root module
	Env    map[string]string // more variables for the runs; with TF_LOG, each run writes a log of its own

	t      testing.TB
	config string // of the command line
	runs   int
}

// Workspace makes a directory with nothing in it, for which the providers are installed.
func (e *Engine) Workspace(t testing.TB, providers ...Provider) *Workspace {
	t.Helper()
	config, err := Install(t.TempDir(), providers...)
	check(t, err)
	// Not t.TempDir, which has the test's name in it: the path of a plugin's socket may be little more than 100 bytes.
	dir, err := os.MkdirTemp("", "ws") //nolint:usetesting // see above
	check(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	w := &Workspace{Engine: e, Dir: dir, Env: map[string]string{}, t: t, config: config}
	for _, directory := range []string{"home", "tmp"} {
		check(t, os.MkdirAll(filepath.Join(w.Runs(), directory), 0o700))
	}
	return w
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Runs is the directory, below Dir, with what each run has written: 1.stdout, 1.stderr and perhaps 1.log, then 2.stdout.
func (w *Workspace) Runs() string { return filepath.Join(w.Dir, ".runs") }

// Write adds a file, whose name may have directories, or replaces it.
func (w *Workspace) Write(name, content string) {
	w.t.Helper()
	path := filepath.Join(w.Dir, name)
	check(w.t, os.MkdirAll(filepath.Dir(path), 0o755))
	check(w.t, os.WriteFile(path, []byte(content), 0o600))
}

// WriteJSON is Write for a file such as main.tf.json.
func (w *Workspace) WriteJSON(name string, value any) {
	w.t.Helper()
	content, err := json.MarshalIndent(value, "", "  ")
	check(w.t, err)
	w.Write(name, string(content))
}

// Read gives the content of a file.
func (w *Workspace) Read(name string) string {
	w.t.Helper()
	content, err := os.ReadFile(filepath.Join(w.Dir, name))
	check(w.t, err)
	return string(content)
}

// Command is a run of the engine for tests that start it otherwise than Start does.
func (w *Workspace) Command(arguments ...string) *exec.Cmd {
	env := map[string]string{
		"HOME": filepath.Join(w.Runs(), "home"), "TMPDIR": filepath.Join(w.Runs(), "tmp"), "TF_CLI_CONFIG_FILE": w.config,
	}
	maps.Copy(env, w.Env)
	return w.Engine.Command(w.t.Context(), w.Dir, env, arguments...)
}

// Run runs the engine to its end, whatever that is.
func (w *Workspace) Run(arguments ...string) Result {
	w.t.Helper()
	return w.Start(arguments...).Wait()
}

// MustRun is Run where the engine has to succeed.
func (w *Workspace) MustRun(arguments ...string) Result {
	w.t.Helper()
	result := w.Run(arguments...)
	if result.Code != 0 {
		w.t.Fatalf("%s %q ends with %d:\n%s", w.Engine.Name, arguments, result.Code, result.Output())
	}
	return result
}

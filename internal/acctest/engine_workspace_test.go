//go:build unix

package acctest

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/terraform-exec/tfexec"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// builtDirectory is that of the provider, which buildProvider builds once.
const builtDirectory = "../../.tools/acctest/"

var buildProvider = sync.OnceValues(exec.Command("go", "build", "-buildvcs=false", "-o", builtDirectory, "../..").CombinedOutput)

// A workspace is a directory in which a real engine starts the real provider as a program, for the
// little that terraform-plugin-testing cannot do: its provider runs in the test process, gets no
// signal, has one configuration and one address.
type workspace struct {
	*tfexec.Terraform

	t      *testing.T
	clerk  *clerktest.Server
	env    map[string]string
	output *os.File // of the engine
	seen   int      // how much of the output the test has seen
}

// newWorkspace makes a workspace with a configuration. The provider is found at its own address and
// at that of another provider for Clerk, whose place it takes in a state. No init is needed.
func newWorkspace(t *testing.T, configuration string) *workspace {
	t.Helper()
	if os.Getenv("TF_ACC") == "" || liveKey != "" {
		t.Skip("this test needs TF_ACC=1, which make testacc sets, and a simulator")
	}
	if output, err := buildProvider(); err != nil {
		t.Fatalf("go build: %v\n%s", err, output)
	}
	built, err := filepath.Abs(builtDirectory)
	must(t, err)
	dir, clerk := t.TempDir(), clerktest.New(t)
	w := &workspace{t: t, clerk: clerk, env: map[string]string{
		"PATH": os.Getenv("PATH"), "HOME": dir, "TMPDIR": t.TempDir(), "CHECKPOINT_DISABLE": "1", "GOTRACEBACK": "all",
		"TF_CLI_CONFIG_FILE": filepath.Join(dir, "cli.tfrc"), "CLERK_API_URL": clerk.URL(), "CLERK_SECRET_KEY": clerk.Key(),
	}}
	w.Terraform, err = tfexec.NewTerraform(dir, cmp.Or(os.Getenv("TF_ACC_TERRAFORM_PATH"), "terraform"))
	must(t, err)
	must(t, w.SetEnv(w.env))
	w.write("cli.tfrc", fmt.Sprintf("provider_installation {\n  dev_overrides {\n    %q = %q\n    %q = %q\n  }\n}\n",
		ourAddress, built, theirAddress, built))
	w.write("main.tf", configuration)
	w.output, err = os.OpenFile(filepath.Join(dir, "output"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	must(t, err)
	w.SetStdout(w.output)
	w.SetStderr(w.output)
	return w
}

// needs skips the test with an engine below a version.
func (w *workspace) needs(least, what string) {
	w.t.Helper()
	found, _, err := w.Version(w.t.Context(), false)
	must(w.t, err)
	if found.Core().LessThan(version.Must(version.NewVersion(least))) {
		w.t.Skipf("%s needs version %s of the engine, this is %s", what, least, found)
	}
}

// command is a command that terraform-exec does not have.
func (w *workspace) command(arguments ...string) *exec.Cmd {
	command := exec.CommandContext(w.t.Context(), w.ExecPath(), arguments...)
	command.Dir, command.Stdout, command.Stderr = w.WorkingDir(), w.output, w.output
	command.Env = []string{"TF_INPUT=0", "TF_IN_AUTOMATION=1", "TF_CLI_ARGS=-no-color"}
	for name, value := range w.env {
		command.Env = append(command.Env, name+"="+value)
	}
	return command
}

func (w *workspace) write(name, content string) {
	w.t.Helper()
	must(w.t, os.WriteFile(filepath.Join(w.WorkingDir(), name), []byte(content), 0o600))
}

func (w *workspace) read(name string) string {
	w.t.Helper()
	content, err := os.ReadFile(filepath.Join(w.WorkingDir(), name))
	must(w.t, err)
	return string(content)
}

// planIsEmpty fails the test if a plan has any change.
func (w *workspace) planIsEmpty(options ...tfexec.PlanOption) {
	w.t.Helper()
	if changes, err := w.Plan(w.t.Context(), options...); err != nil || changes {
		w.t.Errorf("the plan is not empty (%v):\n%s", err, w.news())
	}
}

// planSays plans, and fails the test unless the engine prints the text.
func (w *workspace) planSays(text string, options ...tfexec.PlanOption) {
	w.t.Helper()
	_, err := w.Plan(w.t.Context(), options...)
	must(w.t, err)
	w.says(text)
}

// refuses fails the test unless a command of the engine has failed, and says the text.
func (w *workspace) refuses(err error, text string) {
	w.t.Helper()
	if err == nil {
		w.t.Errorf("the engine does not fail, want: %s", text)
	}
	w.says(text)
}

// news is what the engine has printed since the last call, without frames and line breaks.
func (w *workspace) news() string {
	output := w.read("output")
	news := output[w.seen:]
	w.seen = len(output)
	return strings.Join(strings.Fields(strings.ReplaceAll(news, "│", "")), " ")
}

// says fails the test unless the engine has printed the text since the last call.
func (w *workspace) says(text string) {
	w.t.Helper()
	if news := w.news(); !strings.Contains(news, text) {
		w.t.Errorf("%q is not in:\n%s", text, news)
	}
}

// secretWorks fails the test unless Clerk has one application, and its secret is in the state.
func (w *workspace) secretWorks() {
	w.t.Helper()
	state, apps := w.read("terraform.tfstate"), w.clerk.Applications()
	if len(apps) != 1 || !strings.Contains(state, fmt.Sprintf("\"client_secret\": %q", w.clerk.CurrentSecret(apps[0].ID))) {
		w.t.Errorf("Clerk has %d applications, or the state does not have the secret that works", len(apps))
	}
}

//go:build unix

package acctest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/terraform-exec/tfexec"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// A workspace is a directory in which a real engine starts the real provider as a program, for the
// little that terraform-plugin-testing cannot do: its provider runs in the test process, gets no
// signal, has one configuration and one address.
type workspace struct {
	*tfexec.Terraform

	t     *testing.T
	clerk *clerktest.Server
	env   map[string]string
}

// newWorkspace makes a workspace with a configuration. The provider is found at its own address and
// at that of another provider for Clerk, whose place it takes in a state. No init is needed.
func newWorkspace(t *testing.T, configuration string) *workspace {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("acceptance tests run with TF_ACC=1, which make test and make testacc set")
	}
	if os.Getenv(envTestKey) != "" {
		t.Skip("Clerk itself cannot be told to do what this test needs")
	}
	binary, err := buildProvider()
	must(t, err)
	engine, err := exec.LookPath(cmp.Or(os.Getenv("TF_ACC_TERRAFORM_PATH"), "terraform"))
	must(t, err)

	dir, clerk := t.TempDir(), clerktest.New(t)
	w := &workspace{t: t, clerk: clerk, env: map[string]string{
		"PATH": os.Getenv("PATH"), "HOME": dir, "TMPDIR": t.TempDir(), "CHECKPOINT_DISABLE": "1",
		"TF_CLI_CONFIG_FILE": filepath.Join(dir, "cli.tfrc"),
		"CLERK_API_URL":      clerk.URL(), "CLERK_SECRET_KEY": clerk.Key(),
	}}
	w.Terraform, err = tfexec.NewTerraform(dir, engine)
	must(t, err)
	w.setEnv(nil)
	w.write("cli.tfrc", fmt.Sprintf("provider_installation {\n  dev_overrides {\n    %q = %q\n    %q = %q\n  }\n}\n",
		ourAddress, filepath.Dir(binary), theirAddress, filepath.Dir(binary)))
	w.write("main.tf", configuration)
	return w
}

// Source addresses without a host, which is that of each engine's registry.
const (
	ourAddress   = "terraform-provider-clerk/clerk"
	theirAddress = "vanillauys/clerk"
)

// registry is the host that the engine adds to an address without one.
func registry(t *testing.T) string {
	t.Helper()
	return cmp.Or(os.Getenv("TF_ACC_PROVIDER_HOST"), "registry.terraform.io")
}

var buildProvider = sync.OnceValues(func() (string, error) {
	binary, err := filepath.Abs(filepath.Join("..", "..", ".tools", "acctest", "terraform-provider-clerk"))
	if err != nil {
		return "", err
	}
	output, err := exec.Command("go", "build", "-buildvcs=false", "-o", binary, "../..").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, output)
	}
	return binary, nil
})

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// needs skips the test with an engine below a version. Terraform and OpenTofu got ephemeral
// resources in different versions, but have both had them since 1.11.
func (w *workspace) needs(least, what string) {
	w.t.Helper()
	found, _, err := w.Version(w.t.Context(), true)
	must(w.t, err)
	if found.Core().LessThan(version.Must(version.NewVersion(least))) {
		w.t.Skipf("%s needs version %s of the engine, this is %s", what, least, found)
	}
}

// setEnv adds variables to the environment of the engine.
func (w *workspace) setEnv(more map[string]string) {
	w.t.Helper()
	maps.Copy(w.env, more)
	must(w.t, w.SetEnv(w.env))
}

func (w *workspace) write(name, content string) {
	w.t.Helper()
	must(w.t, os.WriteFile(filepath.Join(w.WorkingDir(), name), []byte(content), 0o600))
}

// apply applies the configuration.
func (w *workspace) apply(options ...tfexec.ApplyOption) {
	w.t.Helper()
	must(w.t, w.Apply(w.t.Context(), options...))
}

func (w *workspace) read(name string) string {
	w.t.Helper()
	content, err := os.ReadFile(filepath.Join(w.WorkingDir(), name))
	must(w.t, err)
	return string(content)
}

// planIsEmpty fails the test if a plan has any change.
func (w *workspace) planIsEmpty(variables ...string) {
	w.t.Helper()
	if run := w.run(append([]string{"plan", "-detailed-exitcode"}, variables...)...); run.code() != 0 {
		w.t.Errorf("the plan is not empty (exit status %d):\n%s", run.code(), run.text())
	}
}

// attributes are those of a resource in the state; nil if the state does not have it.
func (w *workspace) attributes(address string) map[string]any {
	w.t.Helper()
	state, err := w.Show(w.t.Context())
	must(w.t, err)
	if state.Values == nil {
		return nil
	}
	for _, resource := range state.Values.RootModule.Resources {
		if resource.Address == address {
			return resource.AttributeValues
		}
	}
	return nil
}

// secretWorks fails the test unless Clerk has one application, and its secret is in the state.
func (w *workspace) secretWorks(address string) {
	w.t.Helper()
	attributes, apps := w.attributes(address), w.clerk.Applications()
	if len(apps) != 1 || attributes["id"] != apps[0].ID || attributes["client_secret"] != w.clerk.CurrentSecret(apps[0].ID) {
		w.t.Errorf("Clerk has %d applications, and the secret of %v in the state does not work", len(apps), attributes["id"])
	}
}

// writeState writes a state with one instance of a resource, of a provider's address and version of
// its schema.
func (w *workspace) writeState(provider string, schema int, name string, attributes map[string]any) {
	w.t.Helper()
	state, err := json.Marshal(map[string]any{
		"version": 4, "terraform_version": "1.5.0", "serial": 1, "lineage": "b8ea7a2c-8a3f-4f5b-9c0e-0f6f1c7f2d11",
		"resources": []any{map[string]any{
			"mode": "managed", "type": "clerk_oauth_application", "name": name,
			"provider":  fmt.Sprintf("provider[%q]", provider),
			"instances": []any{map[string]any{"schema_version": schema, "attributes": attributes}},
		}},
	})
	must(w.t, err)
	w.write("terraform.tfstate", string(state))
}

// A process is a run of the engine with what it prints, in a process group of its own, as a shell
// starts it.
type process struct {
	w       *workspace
	command *exec.Cmd
	output  string // file; a provider that stays could hold a pipe open
	done    chan struct{}
}

// start starts the engine. It is killed with its provider if it still runs at the end of the test.
func (w *workspace) start(arguments ...string) *process {
	w.t.Helper()
	file, err := os.CreateTemp(w.WorkingDir(), arguments[0]+"-*.output")
	must(w.t, err)
	command := exec.Command(w.ExecPath(), slices.Insert(slices.Clone(arguments), 1, "-no-color")...)
	command.Dir = w.WorkingDir()
	command.Env = []string{"TF_INPUT=0", "TF_IN_AUTOMATION=1"}
	for name, value := range w.env {
		command.Env = append(command.Env, name+"="+value)
	}
	command.Stdout, command.Stderr = file, file
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	must(w.t, command.Start())
	p := &process{w: w, command: command, output: file.Name(), done: make(chan struct{})}
	go func() {
		defer close(p.done)
		_ = command.Wait() // the exit status is in ProcessState
		_ = file.Close()
	}()
	w.t.Cleanup(func() {
		_ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL) // nothing runs any more in most cases
		<-p.done
	})
	return p
}

// run runs the engine to its end.
func (w *workspace) run(arguments ...string) *process {
	w.t.Helper()
	p := w.start(arguments...)
	<-p.done
	return p
}

func (p *process) code() int { return p.command.ProcessState.ExitCode() }

// text is what the engine has printed up to now, without the frames and line breaks of messages.
func (p *process) text() string {
	p.w.t.Helper()
	content, err := os.ReadFile(p.output)
	must(p.w.t, err)
	return strings.Join(strings.Fields(string(bytes.ReplaceAll(content, []byte("│"), nil))), " ")
}

// await waits for an event that must come before the engine ends.
func (p *process) await(event <-chan struct{}, what string) {
	p.w.t.Helper()
	select {
	case <-event:
	case <-p.done:
		p.w.t.Fatalf("the engine ended before %s:\n%s", what, p.text())
	}
}

// awaitText waits until the engine has printed a text.
func (p *process) awaitText(text string) {
	p.w.t.Helper()
	for ended := false; !strings.Contains(p.text(), text); {
		if ended {
			p.w.t.Fatalf("the engine ended and did not print %q:\n%s", text, p.text())
		}
		select {
		case <-p.done:
			ended = true
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// says fails the test unless the engine has printed each of the texts.
func (p *process) says(texts ...string) {
	p.w.t.Helper()
	printed := p.text()
	for _, text := range texts {
		if !strings.Contains(printed, text) {
			p.w.t.Errorf("%q is not in:\n%s", text, printed)
		}
	}
}

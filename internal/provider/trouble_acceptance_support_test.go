//go:build unix

// Process groups and signals are as Unix has them.

package provider

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// troubleEngine is terraform or tofu, with the provider built for it.
type troubleEngine struct {
	path   string
	config string // for TF_CLI_CONFIG_FILE
}

// newTroubleEngine finds the engine that the environment names (see tools/with-engine.sh), else one on PATH, and builds
// the provider into the test's directory. Without an engine the test is skipped, or fails where CLERK_ACC_REQUIRED is set.
func newTroubleEngine(t *testing.T) *troubleEngine {
	t.Helper()
	e := &troubleEngine{path: os.Getenv("TF_ACC_TERRAFORM_PATH")}
	for _, name := range []string{"terraform", "tofu"} {
		if e.path == "" {
			e.path, _ = exec.LookPath(name)
		}
	}
	if e.path == "" {
		if os.Getenv("CLERK_ACC_REQUIRED") != "" {
			t.Fatal("there is neither terraform nor tofu, and CLERK_ACC_REQUIRED is set")
		}
		t.Skip("there is neither terraform nor tofu on PATH; make testacc builds one")
	}

	work := t.TempDir()
	overrides := filepath.Join(work, "overrides")
	mustDo(t, os.Mkdir(overrides, 0o700))
	binary := filepath.Join(overrides, "terraform-provider-clerk")
	build := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", binary, "../..")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, output)
	}
	// Overrides need no init. For the one test that has a backend, and so an init, there is a mirror too.
	mirror := filepath.Join(work, "mirror")
	for _, host := range []string{"registry.terraform.io", "registry.opentofu.org"} {
		directory := filepath.Join(mirror, host, "terraform-provider-clerk", "clerk", "0.1.0", runtime.GOOS+"_"+runtime.GOARCH)
		mustDo(t, os.MkdirAll(directory, 0o700))
		mustDo(t, os.Link(binary, filepath.Join(directory, "terraform-provider-clerk_v0.1.0")))
	}
	e.config = filepath.Join(work, "cli.tfrc")
	mustDo(t, os.WriteFile(e.config, fmt.Appendf(nil,
		"provider_installation {\n  dev_overrides {\n    \"terraform-provider-clerk/clerk\" = %q\n  }\n  filesystem_mirror {\n    path = %q\n  }\n}\n",
		overrides, mirror), 0o600))
	return e
}

func mustDo(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// troubleWorkspace is a directory in which one test runs the engine. All that a run leaves behind is in it: configuration,
// state, logs at TRACE, both streams, home and temporary directory.
type troubleWorkspace struct {
	t      *testing.T
	engine *troubleEngine
	server *clerktest.Server
	dir    string
	env    map[string]string
	runs   int
}

// newTroubleWorkspace makes a directory for a simulator; when the test is over it is searched for secrets.
func newTroubleWorkspace(t *testing.T, engine *troubleEngine, server *clerktest.Server) *troubleWorkspace {
	t.Helper()
	w := &troubleWorkspace{t: t, engine: engine, server: server, dir: t.TempDir()}
	for _, directory := range []string{"home", "tmp"} {
		mustDo(t, os.Mkdir(filepath.Join(w.dir, directory), 0o700))
	}
	w.env = map[string]string{
		"PATH": os.Getenv("PATH"), "HOME": filepath.Join(w.dir, "home"), "TMPDIR": filepath.Join(w.dir, "tmp"),
		"TF_CLI_CONFIG_FILE": engine.config, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", "TF_INPUT": "0",
		"TF_LOG":      "TRACE",
		envSecretKey:  server.Key(),
		envAPIURL:     server.URL(),
		"GOTRACEBACK": "all", // so that a crash would show the most
	}
	t.Cleanup(func() { w.searchForSecrets() })
	return w
}

// configure writes the configuration: more of the provider block, and the application's block.
func (w *troubleWorkspace) configure(provider, application string) {
	w.t.Helper()
	w.write(fmt.Sprintf(`terraform {
  required_providers {
    clerk = {
      source = "terraform-provider-clerk/clerk"
    }
  }
}

provider "clerk" {
%s
}

resource "clerk_oauth_application" "portal" {
%s
}
`, provider, application))
}

func (w *troubleWorkspace) write(configuration string) {
	w.t.Helper()
	mustDo(w.t, os.WriteFile(filepath.Join(w.dir, "main.tf"), []byte(configuration), 0o600))
}

// A cliProcess is a run of the engine that may be under way.
type cliProcess struct {
	w       *troubleWorkspace
	command *exec.Cmd
	stream  string        // file of both streams
	done    chan struct{} // the engine has ended
	gone    chan struct{} // and its whole process group
}

// start starts the engine in a process group of its own, as a shell does.
func (w *troubleWorkspace) start(arguments ...string) *cliProcess {
	w.t.Helper()
	w.runs++
	p := &cliProcess{w: w, stream: filepath.Join(w.dir, fmt.Sprintf("run-%d.txt", w.runs)), done: make(chan struct{}), gone: make(chan struct{})}
	output, err := os.Create(p.stream)
	mustDo(w.t, err)
	p.command = exec.Command(w.engine.path, arguments...)
	p.command.Dir = w.dir
	p.command.Stdout, p.command.Stderr = output, output
	p.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	environment := maps.Clone(w.env)
	if environment["TF_LOG"] != "" {
		environment["TF_LOG_PATH"] = filepath.Join(w.dir, fmt.Sprintf("run-%d.log", w.runs))
	}
	for name, value := range environment {
		p.command.Env = append(p.command.Env, name+"="+value)
	}
	mustDo(w.t, p.command.Start())
	go func() {
		_ = p.command.Wait() // what it ended with is in ProcessState
		_ = output.Close()
		close(p.done)
		p.awaitGroup()
	}()
	w.t.Cleanup(func() {
		select {
		case <-p.done:
		default:
			_ = syscall.Kill(-p.command.Process.Pid, syscall.SIGKILL) // it may end by itself just now
		}
		<-p.gone
	})
	return p
}

// awaitGroup waits until the last of the process group has ended, or ends it: a provider outlives a killed engine for as
// long as a request takes. It must begin as soon as the engine has ended and not look away: once a group is empty, its
// number may become that of somebody else's.
func (p *cliProcess) awaitGroup() {
	defer close(p.gone)
	group := -p.command.Process.Pid
	for deadline := time.Now().Add(exitAllowed); syscall.Kill(group, 0) == nil; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			_ = syscall.Kill(group, syscall.SIGKILL)
			return
		}
	}
}

// patience bounds what a test waits for. It is generous, as the machine may be busy: nothing depends on it but how long a
// test hangs that fails.
const patience = 2 * time.Minute

func (p *cliProcess) wait() cliResult {
	p.w.t.Helper()
	select {
	case <-p.done:
	case <-time.After(patience):
		p.w.t.Fatalf("%v does not end:\n%s", p.command.Args, p.output())
	}
	return cliResult{code: p.command.ProcessState.ExitCode(), output: p.output()}
}

func (p *cliProcess) output() string {
	p.w.t.Helper()
	output, err := os.ReadFile(p.stream)
	mustDo(p.w.t, err)
	return unwrapped(string(output))
}

func (p *cliProcess) signal(signal syscall.Signal) {
	p.w.t.Helper()
	mustDo(p.w.t, p.command.Process.Signal(signal))
}

// signalGroup signals the engine and the provider, as Ctrl-C in a terminal does.
func (p *cliProcess) signalGroup(signal syscall.Signal) {
	p.w.t.Helper()
	mustDo(p.w.t, syscall.Kill(-p.command.Process.Pid, signal))
}

// await waits for an event of the test, unless the engine ends first.
func (p *cliProcess) await(event <-chan struct{}, what string) {
	p.w.t.Helper()
	select {
	case <-event:
	case <-p.done:
		p.w.t.Fatalf("the engine ended before %s:\n%s", what, p.output())
	case <-time.After(patience):
		p.w.t.Fatalf("%s does not happen:\n%s", what, p.output())
	}
}

// awaitOutput waits until the engine has said something.
func (p *cliProcess) awaitOutput(text string) {
	p.w.t.Helper()
	for deadline := time.Now().Add(patience); !strings.Contains(p.output(), text); time.Sleep(20 * time.Millisecond) {
		select {
		case <-p.done:
			if strings.Contains(p.output(), text) {
				return
			}
			p.w.t.Fatalf("the engine ended and did not say %q:\n%s", text, p.output())
		default:
		}
		if time.Now().After(deadline) {
			p.w.t.Fatalf("the engine does not say %q:\n%s", text, p.output())
		}
	}
}

type cliResult struct {
	code   int
	output string // of both streams, unwrapped
}

// run runs the engine to its end.
func (w *troubleWorkspace) run(arguments ...string) cliResult {
	w.t.Helper()
	return w.start(arguments...).wait()
}

var applying = []string{"apply", "-auto-approve", "-no-color"}

// apply must succeed.
func (w *troubleWorkspace) apply() cliResult {
	w.t.Helper()
	result := w.run(applying...)
	if result.code != 0 {
		w.t.Fatalf("apply ends with %d:\n%s", result.code, result.output)
	}
	return result
}

// plan is the exit code of a plan: 0 is no change, 2 is a change.
func (w *troubleWorkspace) plan() cliResult {
	w.t.Helper()
	return w.run("plan", "-no-color", "-detailed-exitcode", "-lock=false")
}

// unwrapped undoes the frames and line breaks that the engines put into their messages.
func unwrapped(output string) string {
	output = regexp.MustCompile(`(?m)^[│╷╵] ?`).ReplaceAllString(output, "")
	return strings.Join(strings.Fields(output), " ")
}

// attributes gives the application in the state file; nil if there is none.
func (w *troubleWorkspace) attributes(file string) map[string]any {
	w.t.Helper()
	content, err := os.ReadFile(filepath.Join(w.dir, file))
	if errors.Is(err, fs.ErrNotExist) || len(content) == 0 {
		return nil
	}
	mustDo(w.t, err)
	for name, attributes := range instancesOf(w.t, content) {
		if name == "portal" {
			return attributes
		}
	}
	return nil
}

// instancesOf reads a state file: the attributes of each application by the name of its resource.
func instancesOf(t testing.TB, content []byte) map[string]map[string]any {
	t.Helper()
	var state struct {
		Resources []struct {
			Type      string `json:"type"`
			Name      string `json:"name"`
			Instances []struct {
				Status     string         `json:"status"`
				Attributes map[string]any `json:"attributes"`
			} `json:"instances"`
		} `json:"resources"`
	}
	mustDo(t, json.Unmarshal(content, &state))
	instances := map[string]map[string]any{}
	for _, resource := range state.Resources {
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

// secretState tells how the secret in the state file stands to the one that works.
func (w *troubleWorkspace) secretState() secretState {
	w.t.Helper()
	attributes := w.attributes("terraform.tfstate")
	if attributes == nil {
		return secretAbsent
	}
	id, _ := attributes["id"].(string)
	known, _ := attributes["client_secret"].(string)
	if _, exists := w.server.Application(id); !exists {
		return secretAbsent
	}
	switch known {
	case "":
		return secretUnknown
	case w.server.CurrentSecret(id):
		return secretWorks
	}
	return secretDead
}

// searchForSecrets looks into every file of the workspace. Only a state may hold client secrets, and not even a state
// may hold a key.
func (w *troubleWorkspace) searchForSecrets() {
	everything, keys := serverCanary(w.server), newCanary(w.server.Keys()...)
	files := 0
	err := filepath.WalkDir(w.dir, func(path string, entry fs.DirEntry, err error) error {
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
		if what := looked.find(string(content)); what != "" {
			w.t.Errorf("%s holds %s", entry.Name(), what)
		}
		if strings.HasSuffix(entry.Name(), ".log") && !bytes.Contains(content, []byte("[TRACE]")) {
			w.t.Errorf("%s is no log at TRACE: that there is no secret in it proves nothing", entry.Name())
		}
		return nil
	})
	if err != nil || files < 3 {
		w.t.Errorf("%d files searched: %v", files, err)
	}
}

// matchesAll tells which of the patterns the text does not match.
func matchesAll(text string, patterns []string) []string {
	return slices.DeleteFunc(slices.Clone(patterns), func(pattern string) bool {
		return regexp.MustCompile("(?is)" + pattern).MatchString(text)
	})
}

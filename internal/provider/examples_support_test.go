package provider

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/hashicorp/go-version"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// repository is the root of the repository, as seen from this package.
const repository = "../.."

// exampleProviderVersion is what the examples' constraint "~> 0.1" has to accept.
const exampleProviderVersion = "0.1.0"

// cli is an engine, and where it finds providers. The examples are run as a user runs them: the provider is a program that
// init installs, here from a filesystem mirror.
type cli struct {
	cliEngine

	path      string
	config    string // value of TF_CLI_CONFIG_FILE
	simulator string // the program
}

// newCLI builds the provider for the engine of the acceptance tests, and the simulator.
func newCLI(t *testing.T) *cli {
	t.Helper()
	c := &cli{cliEngine: acceptanceEngine(t), path: os.Getenv("TF_ACC_TERRAFORM_PATH")}
	work := t.TempDir()
	c.config = filepath.Join(work, "cli.tfrc")
	binary := filepath.Join(work, "terraform-provider-clerk")
	c.simulator = filepath.Join(work, "clerk-simulator")
	goBuild(t, binary, ".")
	goBuild(t, c.simulator, "./internal/clerktest/clerk-simulator")
	mirror := filepath.Join(work, "mirror")
	for _, host := range []string{"registry.terraform.io", "registry.opentofu.org"} {
		// The second is what a state to move from names. The engine asks that it is installed, and nothing else of it.
		for _, namespace := range []string{"terraform-provider-clerk", "vanillauys"} {
			directory := filepath.Join(mirror, host, namespace, "clerk", exampleProviderVersion, runtime.GOOS+"_"+runtime.GOARCH)
			must(t, os.MkdirAll(directory, 0o755))
			must(t, os.Link(binary, filepath.Join(directory, "terraform-provider-clerk_v"+exampleProviderVersion)))
		}
	}
	settings := mirrorSettings(mirror, "terraform-provider-clerk", "vanillauys")
	if others := os.Getenv("CLERK_MIRROR"); others != "" {
		settings += mirrorSettings(others, "hashicorp")
	}
	must(t, os.WriteFile(c.config, []byte("provider_installation {\n"+settings+"}\n"), 0o600))
	return c
}

func goBuild(t *testing.T, out, pkg string) {
	t.Helper()
	build := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", out, pkg)
	build.Dir = repository
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build %s: %v\n%s", pkg, err, output)
	}
}

// goList runs `go list` in the repository.
func goList(t *testing.T, arguments ...string) string {
	t.Helper()
	list := exec.CommandContext(t.Context(), "go", arguments...)
	list.Dir = repository
	output, err := list.Output()
	must(t, err)
	return string(output)
}

func mirrorSettings(path string, namespaces ...string) string {
	var include []string
	for _, namespace := range namespaces {
		include = append(include, fmt.Sprintf("%q, %q", "registry.terraform.io/"+namespace+"/*", "registry.opentofu.org/"+namespace+"/*"))
	}
	return fmt.Sprintf("  filesystem_mirror {\n    path    = %q\n    include = [%s]\n  }\n", path, strings.Join(include, ", "))
}

// has tells whether the engine is of at least these versions; "" stands for any, "none" for no version at all.
func (c *cli) has(terraform, tofu string) bool {
	switch least := map[string]string{"terraform": terraform, "tofu": tofu}[c.name]; least {
	case "":
		return true
	case "none":
		return false
	default:
		return c.version.GreaterThanOrEqual(version.Must(version.NewVersion(least)))
	}
}

// command is the engine with an environment in which nothing of the user's settings is left.
func (c *cli) command(directory string, env map[string]string, arguments ...string) *exec.Cmd {
	command := exec.Command(c.path, arguments...)
	command.Dir = directory
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "TF_") && !strings.HasPrefix(variable, "CLERK_") {
			command.Env = append(command.Env, variable)
		}
	}
	command.Env = append(command.Env, "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1", "TF_CLI_CONFIG_FILE="+c.config)
	for name, value := range env {
		command.Env = append(command.Env, name+"="+value)
	}
	return command
}

// A workspace is a directory with a configuration, and a simulated Clerk that the engine reaches from there.
type workspace struct {
	*testing.T

	cli   *cli
	clerk *clerktest.Server
	dir   string
	env   map[string]string
}

func newWorkspace(t *testing.T, c *cli) *workspace {
	t.Helper()
	server := clerktest.New(t)
	return &workspace{T: t, cli: c, clerk: server, dir: t.TempDir(), env: map[string]string{
		"CLERK_API_URL": server.URL(), "CLERK_SECRET_KEY": server.Key(),
	}}
}

// write adds a file. Its name may hold directories.
func (w *workspace) write(name, content string) {
	w.Helper()
	path := filepath.Join(w.dir, name)
	must(w.T, os.MkdirAll(filepath.Dir(path), 0o755))
	must(w.T, os.WriteFile(path, []byte(content), 0o600))
}

func (w *workspace) read(name string) string {
	w.Helper()
	content, err := os.ReadFile(filepath.Join(w.dir, name))
	must(w.T, err)
	return string(content)
}

// variable sets an input variable of the root module.
func (w *workspace) variable(name, value string) { w.env["TF_VAR_"+name] = value }

// try runs the engine and gives what it says on both outputs.
func (w *workspace) try(arguments ...string) (output string, exitCode int) {
	w.Helper()
	if arguments[0] != "output" && arguments[0] != "import" {
		arguments = append(arguments, "-no-color")
	}
	combined, err := w.cli.command(w.dir, w.env, arguments...).CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		w.Fatal(err)
	}
	if exit != nil {
		exitCode = exit.ExitCode()
	}
	return string(combined), exitCode
}

func (w *workspace) run(arguments ...string) string {
	w.Helper()
	output, code := w.try(arguments...)
	if code != 0 {
		w.Fatalf("%s %s: exit status %d\n%s", w.cli.name, strings.Join(arguments, " "), code, output)
	}
	return output
}

func (w *workspace) init()        { w.Helper(); w.run("init", "-input=false") }
func (w *workspace) plan() string { w.Helper(); return w.run("plan", "-input=false") }
func (w *workspace) apply() string {
	w.Helper()
	return w.run("apply", "-input=false", "-auto-approve")
}
func (w *workspace) state() string { w.Helper(); return w.read("terraform.tfstate") }
func (w *workspace) destroy() string {
	w.Helper()
	return w.run("destroy", "-input=false", "-auto-approve")
}

// output gives the value of one output.
func (w *workspace) output(name string) string { w.Helper(); return w.run("output", "-raw", name) }

// planIsEmpty fails the test if another plan shows any change.
func (w *workspace) planIsEmpty() {
	w.Helper()
	if output, code := w.try("plan", "-input=false", "-detailed-exitcode"); code != 0 {
		w.Fatalf("the second plan is not empty (exit status %d):\n%s", code, output)
	}
}

// says fails the test unless the text has each of the parts, apart from line breaks and the frame of diagnostics.
func says(t *testing.T, text string, parts ...string) {
	t.Helper()
	unwrap := func(s string) string {
		return strings.Join(strings.Fields(strings.ReplaceAll(s, "│", " ")), " ")
	}
	for _, part := range parts {
		if !strings.Contains(unwrap(text), unwrap(part)) {
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
	must(w.T, filepath.WalkDir(w.dir, func(path string, entry os.DirEntry, err error) error {
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

package enginetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/go-version"
)

// An Engine is a terraform or tofu program.
type Engine struct {
	Name    string           // terraform or tofu
	Version *version.Version // without the suffix of a pre-release, so that 1.16.0-beta1 counts as 1.16.0
	Path    string           // absolute

	line string
}

// String is the first line of the engine's version command, such as "Terraform v1.11.4".
func (e *Engine) String() string { return e.line }

// Open asks the program at a path, or of a name on PATH, which engine it is.
func Open(ctx context.Context, path string) (*Engine, error) {
	path, err := exec.LookPath(path)
	if err != nil {
		return nil, err
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	e := &Engine{Path: path}
	output, err := e.Command(ctx, os.TempDir(), nil, "version").Output()
	e.line = versionLine(string(output))
	product, number, _ := strings.Cut(e.line, " v")
	parsed, versionErr := version.NewVersion(number)
	if err != nil || versionErr != nil {
		return nil, errors.Join(fmt.Errorf("%s is neither Terraform nor OpenTofu: %q", path, output), err)
	}
	e.Name, e.Version = map[string]string{"Terraform": "terraform", "OpenTofu": "tofu"}[product], parsed.Core()
	return e, nil
}

// versionLine finds the line among warnings.
func versionLine(output string) string {
	for line := range strings.Lines(output) {
		if strings.HasPrefix(line, "Terraform v") || strings.HasPrefix(line, "OpenTofu v") {
			return strings.TrimSpace(line)
		}
	}
	return ""
}

// All opens what this machine has: the program that ENGINE_PATH names, terraform and tofu on PATH, and the tofu that
// tools/build.sh has built. Of two programs of one name it takes the first. An error means that there is none.
func All(ctx context.Context) ([]*Engine, error) {
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	var engines []*Engine
	built := filepath.Join(strings.TrimSpace(string(root)), ".tools", "bin", "tofu")
	for _, path := range []string{os.Getenv("ENGINE_PATH"), "terraform", "tofu", built} {
		e, err := Open(ctx, path)
		if err == nil && !slices.ContainsFunc(engines, func(known *Engine) bool { return known.Name == e.Name }) {
			engines = append(engines, e)
		}
	}
	if len(engines) == 0 {
		return nil, errors.New("there is neither terraform nor tofu on PATH, and tools/build.sh opentofu has not built one")
	}
	return engines, nil
}

// Supports reports whether the engine has at least the version that is given for it, such as "1.12"; "" stands for any
// version and "none" for no version at all.
func (e *Engine) Supports(terraform, tofu string) bool {
	switch least := map[string]string{"terraform": terraform, "tofu": tofu}[e.Name]; least {
	case "":
		return true
	case "none":
		return false
	default:
		return e.Version.GreaterThanOrEqual(version.Must(version.NewVersion(least)))
	}
}

// Command is a run of the engine in a directory, which is also its home. The run gets PATH and the directory for
// temporary files from this process and nothing else: no key, no setting of the user's. env adds variables and overrides.
func (e *Engine) Command(ctx context.Context, dir string, env map[string]string, arguments ...string) *exec.Cmd {
	all := map[string]string{
		"PATH": os.Getenv("PATH"), "TMPDIR": os.TempDir(), "HOME": dir,
		// Without the variable the engine would look for a file in other places too.
		"TF_CLI_CONFIG_FILE": os.DevNull,
		"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", "TF_INPUT": "0",
	}
	// Not TF_CLI_ARGS, because some commands know no such flag.
	for _, name := range []string{"init", "validate", "plan", "apply", "destroy", "refresh", "import", "show", "output", "query", "test"} {
		all["TF_CLI_ARGS_"+name] = "-no-color"
	}
	maps.Copy(all, env)
	command := exec.CommandContext(ctx, e.Path, arguments...)
	command.Dir = dir
	command.Env = []string{} // of nil, exec would make the environment of this process
	for _, name := range slices.Sorted(maps.Keys(all)) {
		command.Env = append(command.Env, name+"="+all[name])
	}
	return command
}

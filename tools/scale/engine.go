package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// providerAddress is the same for all engines, so that one configuration and one state serve them.
const providerAddress = "registry.terraform.io/terraform-provider-clerk/clerk"

// engine is terraform or tofu, told to use our build of the provider.
type engine struct {
	name     string // terraform or tofu
	version  string // such as "Terraform v1.11.4"
	path     string
	config   string // value of TF_CLI_CONFIG_FILE
	provider string // path of the provider that the witness runs
	usage    string // file in which the witness tells what the provider used
}

// findEngines looks at the paths, or else for what is there, one of each name.
func findEngines(ctx context.Context, paths []string, work, provider string) ([]*engine, error) {
	given := len(paths) > 0
	if !given {
		paths = []string{os.Getenv("ENGINE_PATH"), "terraform", "tofu", filepath.Join(".tools", "bin", "tofu")}
	}
	var engines []*engine
	for _, path := range paths {
		version, err := exec.CommandContext(ctx, path, "version").Output()
		line := versionLine(string(version))
		product, _, _ := strings.Cut(line, " v")
		name := map[string]string{"Terraform": "terraform", "OpenTofu": "tofu"}[product]
		known := slices.ContainsFunc(engines, func(e *engine) bool { return e.name == name })
		switch {
		case name == "" && given:
			return nil, errors.Join(fmt.Errorf("%s is neither terraform nor tofu", path), err)
		case name == "" || known && !given:
			continue
		}
		if path, err = exec.LookPath(path); err != nil {
			return nil, err
		}
		if path, err = filepath.Abs(path); err != nil {
			return nil, err
		}
		engines = append(engines, &engine{name: name, version: line, path: path, provider: provider})
	}
	if len(engines) == 0 {
		return nil, errors.New("there is neither terraform nor tofu; tools/build.sh opentofu builds one")
	}
	for _, e := range engines {
		if err := e.override(filepath.Join(work, "engine-"+e.name)); err != nil {
			return nil, err
		}
	}
	return engines, nil
}

// versionLine finds the line among warnings, such as of a configuration file that is not there.
func versionLine(output string) string {
	for line := range strings.Lines(output) {
		if strings.HasPrefix(line, "Terraform v") || strings.HasPrefix(line, "OpenTofu v") {
			return strings.TrimSpace(line)
		}
	}
	return ""
}

// override writes the CLI configuration by which the engine starts the witness as our provider.
func (e *engine) override(dir string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	plugins := filepath.Join(dir, "plugins")
	e.config, e.usage = filepath.Join(dir, "cli.tfrc"), filepath.Join(dir, "usage")
	text := fmt.Sprintf("provider_installation {\n  dev_overrides {\n    %q = %q\n  }\n}\n", providerAddress, plugins)
	return errors.Join(
		os.MkdirAll(plugins, 0o750),
		os.Symlink(self, filepath.Join(plugins, providerName)),
		os.WriteFile(e.config, []byte(text), 0o600),
	)
}

// run runs the engine once and tells what that took, without the requests.
func (e *engine) run(ctx context.Context, dir string, env []string, arguments ...string) (measurement, error) {
	if err := os.RemoveAll(e.usage); err != nil {
		return measurement{}, err
	}
	command := exec.CommandContext(ctx, e.path, append(arguments, "-input=false", "-no-color")...)
	command.Dir = dir
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "TF_") && !strings.HasPrefix(variable, "CLERK_") {
			command.Env = append(command.Env, variable)
		}
	}
	command.Env = append(command.Env, "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1", "TF_CLI_CONFIG_FILE="+e.config,
		envProvider+"="+e.provider, envUsage+"="+e.usage)
	command.Env = append(command.Env, env...)

	begun := time.Now()
	output, err := command.CombinedOutput()
	m := measurement{wall: time.Since(begun)}
	if err != nil {
		if len(output) > 4000 {
			output = output[len(output)-4000:]
		}
		return m, fmt.Errorf("%s %s: %w\n%s", e.name, arguments[0], err, output)
	}
	// With those of its children that have ended: the provider.
	m.cpu = command.ProcessState.UserTime() + command.ProcessState.SystemTime()
	m.providerCPU, m.providerMemory, err = readUsage(e.usage)
	return m, err
}

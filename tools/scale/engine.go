package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/enginetest"
)

// providerAddress is the same for all engines, so that one configuration and one state serve them.
const providerAddress = "registry.terraform.io/" + enginetest.Address

// engine is terraform or tofu, told to use our build of the provider.
type engine struct {
	*enginetest.Engine

	config   string // value of TF_CLI_CONFIG_FILE
	provider string // path of the provider that the meter runs
	usage    string // file in which the meter tells what the provider used
}

// findEngines looks at the paths, or else for what is there, one of each name. Each engine starts the meter as our
// provider.
func findEngines(ctx context.Context, paths []string, work, provider string) ([]*engine, error) {
	var found []*enginetest.Engine
	for _, path := range paths {
		e, err := enginetest.Open(ctx, path)
		if err != nil {
			return nil, err
		}
		found = append(found, e)
	}
	if len(paths) == 0 {
		var err error
		if found, err = enginetest.All(ctx); err != nil {
			return nil, err
		}
	}
	meter, err := os.Executable()
	if err != nil {
		return nil, err
	}
	config, err := enginetest.Install(filepath.Join(work, "providers"), enginetest.Provider{
		Address: providerAddress, Binary: meter, Override: true,
	})
	var engines []*engine
	for _, e := range found {
		engines = append(engines, &engine{Engine: e, config: config, provider: provider, usage: filepath.Join(work, "usage")})
	}
	return engines, err
}

// run runs the engine once and tells what that took, without the requests. No two runs go on at the same time.
func (e *engine) run(ctx context.Context, dir string, env map[string]string, arguments ...string) (measurement, error) {
	if err := os.RemoveAll(e.usage); err != nil {
		return measurement{}, err
	}
	all := map[string]string{"TF_CLI_CONFIG_FILE": e.config, envProvider: e.provider, envUsage: e.usage}
	maps.Copy(all, env)
	command := e.Command(ctx, dir, all, arguments...)
	begun := time.Now()
	output, err := command.CombinedOutput()
	m := measurement{wall: time.Since(begun)}
	if err != nil {
		if len(output) > 4000 {
			output = output[len(output)-4000:]
		}
		return m, fmt.Errorf("%s %s: %w\n%s", e.Name, arguments[0], err, output)
	}
	// With those of its children that have ended: the provider.
	m.cpu = command.ProcessState.UserTime() + command.ProcessState.SystemTime()
	m.providerCPU, m.providerMemory, err = readUsage(e.usage)
	return m, err
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

const stateFile = "terraform.tfstate"

// The application that the simulator is seeded with has this name and this URI.
const applications = `
resource "clerk_oauth_application" "this" {
  count         = %d
  name          = "application-${count.index + 1}"
  redirect_uris = ["https://application-${count.index + 1}.example.com/callback"]
  scopes        = ["profile", "email"]
}

provider "clerk" {%s}

terraform {
  required_providers {
    clerk = {
      source = "` + providerAddress + `"
    }
  }
}
`

// What the engine has of its own, and therefore the least that a run over N resources costs: with one text in each, and
// with as many in each as an application has, thirty: the state has an input twice, as input and as output.
const (
	builtIn = `
resource "terraform_data" "this" {
  count = %d
  input = %s
}
`
	smallInput = `"application-${count.index + 1}"`
	largeInput = `{ for i in range(15) : "a${i}" => "application-${count.index + 1}" }`
)

// site is where one engine meets N applications: directories with configuration and state, and simulators.
type site struct {
	engine        *engine
	n             int
	simulatorPath string
	dir           string
	simulators    []*simulator
}

func (s *site) close() {
	for _, simulator := range s.simulators {
		simulator.stop()
	}
}

// rows prepares what is to be measured.
func (s *site) rows(ctx context.Context, skipApply bool) ([]*row, error) {
	var rows []*row
	if !skipApply {
		floor, err := s.builtInApply("floor-apply")
		if err != nil {
			return nil, err
		}
		row, err := s.apply("apply")
		if err != nil {
			return nil, err
		}
		row.floor = floor
		rows = append(rows, floor, row)
	}

	floor, err := s.builtInPlan("floor-plan", smallInput, "string", func(i int) any { return fmt.Sprintf("application-%d", i+1) })
	if err != nil {
		return nil, err
	}
	attributes := map[string]any{}
	for i := range 15 {
		attributes[fmt.Sprintf("a%d", i)] = "string"
	}
	sameSize, err := s.builtInPlan("floor-plan-large", largeInput, []any{"object", attributes}, func(i int) any {
		values := map[string]any{}
		for name := range attributes {
			values[name] = fmt.Sprintf("application-%d", i+1)
		}
		return values
	})
	if err != nil {
		return nil, err
	}
	rows = append(rows, floor, sameSize)
	for _, condition := range []struct {
		step  string
		flags []string
	}{
		{"plan", nil},
		{"plan, 100 ms latency", []string{"-latency", "100ms"}},
		{"plan, limit of 100 in 10 s", []string{"-rate-limit", "100"}},
	} {
		row, err := s.plan(ctx, condition.step, fmt.Sprintf("plan-%d", len(rows)), condition.flags...)
		if err != nil {
			return nil, err
		}
		row.floor, row.sameSize = floor, sameSize
		rows = append(rows, row)
	}
	return rows, nil
}

func (s *site) configure(name, text string) (dir string, err error) {
	dir = filepath.Join(s.dir, name)
	return dir, errors.Join(os.MkdirAll(dir, 0o750), os.WriteFile(filepath.Join(dir, "main.tf"), []byte(text), 0o600))
}

func (s *site) builtInApply(name string) (*row, error) {
	dir, err := s.configure(name, fmt.Sprintf(builtIn, s.n, smallInput))
	return &row{n: s.n, step: "apply", run: func(ctx context.Context) (measurement, error) {
		if err := removeFile(filepath.Join(dir, stateFile)); err != nil {
			return measurement{}, err
		}
		return s.engine.run(ctx, dir, nil, "apply", "-auto-approve")
	}}, err
}

// builtInPlan plans the engine's own resource with an input, which in the state is a value and its type.
func (s *site) builtInPlan(name, inputText string, inputType any, inputOf func(i int) any) (*row, error) {
	dir, err := s.configure(name, fmt.Sprintf(builtIn, s.n, inputText))
	if err != nil {
		return nil, err
	}
	objects := make([]map[string]any, s.n)
	for i := range objects {
		input := map[string]any{"value": inputOf(i), "type": inputType}
		objects[i] = map[string]any{"id": fmt.Sprint(i), "input": input, "output": input, "triggers_replace": nil}
	}
	err = writeState(dir, "terraform_data", 0, "terraform.io/builtin/terraform", objects)
	return &row{n: s.n, step: "plan", run: func(ctx context.Context) (measurement, error) {
		return s.engine.run(ctx, dir, nil, "plan", "-detailed-exitcode")
	}}, err
}

// apply creates N applications in an instance that has none. It may use all that the provider can be told to use, as what
// is measured is not the limit.
func (s *site) apply(name string) (*row, error) {
	dir, err := s.configure(name, fmt.Sprintf(applications, s.n, "\n  requests_per_10s = 1000\n"))
	return &row{n: s.n, step: "apply", run: func(ctx context.Context) (m measurement, err error) {
		if err := removeFile(filepath.Join(dir, stateFile)); err != nil {
			return m, err
		}
		clerk, err := startSimulator(ctx, s.simulatorPath)
		if err != nil {
			return m, err
		}
		defer clerk.stop()
		if m, err = s.engine.run(ctx, dir, clerk.environment(), "apply", "-auto-approve"); err != nil {
			return m, err
		}
		m.requests, err = clerk.take(ctx)
		return m, err
	}}, err
}

// plan plans N applications that are as their configuration wants them; a plan that shows a change is an error. The
// simulator is seeded, and the state begins with nothing but the ids, so that even where requests are limited nothing
// takes long.
func (s *site) plan(ctx context.Context, step, name string, flags ...string) (*row, error) {
	dir, err := s.configure(name, fmt.Sprintf(applications, s.n, ""))
	if err != nil {
		return nil, err
	}
	clerk, err := startSimulator(ctx, s.simulatorPath, append(flags, "-seed", fmt.Sprint(s.n))...)
	if err != nil {
		return nil, err
	}
	s.simulators = append(s.simulators, clerk)
	ids, err := clerk.ids(ctx)
	if err != nil {
		return nil, err
	}
	objects := make([]map[string]any, len(ids))
	for i, id := range ids {
		objects[i] = map[string]any{"id": id}
	}
	if err := writeState(dir, "clerk_oauth_application", 1, providerAddress, objects); err != nil {
		return nil, err
	}
	if _, err := s.engine.run(ctx, dir, clerk.environment(), "apply", "-refresh-only", "-auto-approve"); err != nil {
		return nil, err
	}
	if _, err := clerk.take(ctx); err != nil {
		return nil, err
	}
	return &row{n: s.n, step: step, run: func(ctx context.Context) (m measurement, err error) {
		if m, err = s.engine.run(ctx, dir, clerk.environment(), "plan", "-detailed-exitcode"); err != nil {
			return m, err
		}
		m.requests, err = clerk.take(ctx)
		return m, err
	}}, nil
}

// writeState writes a state file of objects of one type, of a version of its schema: an apply of thousands takes the engine minutes.
func writeState(dir, typeName string, version int, provider string, objects []map[string]any) error {
	instances := make([]map[string]any, len(objects))
	for i, attributes := range objects {
		instances[i] = map[string]any{"index_key": i, "schema_version": version, "attributes": attributes}
	}
	state, err := json.Marshal(map[string]any{
		"version": 4, "terraform_version": "1.5.0", "serial": 1, "lineage": "scale", "outputs": map[string]any{},
		"resources": []map[string]any{{
			"mode": "managed", "type": typeName, "name": "this",
			"provider": fmt.Sprintf("provider[%q]", provider), "instances": instances,
		}},
	})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, stateFile), state, 0o600)
}

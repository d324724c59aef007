//go:build unix

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/hashicorp/terraform-exec/tfexec"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// applications are like those with which [site.steps] seeds the simulator.
const applications = `
terraform {
  required_providers {
    clerk = { source = "registry.terraform.io/terraform-provider-clerk/clerk" }
  }
}

provider "clerk" {%s}

resource "clerk_oauth_application" "this" {
  count         = %d
  name          = "application-${count.index + 1}"
  redirect_uris = ["https://application-${count.index + 1}.example.com/callback"]
  scopes        = ["profile", "email"]
}
`

// builtIn is the least that a run over N resources costs: the engine's own resource. Its state has an
// input twice, as input and as output, so fifteen texts take as much as the thirty attributes of an
// application.
const (
	builtIn    = "resource \"terraform_data\" \"this\" {\n  count = %d\n  input = %s\n}\n"
	smallInput = `"application-${count.index + 1}"`
	largeInput = `{ for i in range(15) : "a${i}" => "application-${count.index + 1}" }`
)

// site has what all steps share.
type site struct {
	engine, work string
	servers      []*http.Server
}

func (s *site) close() {
	for _, server := range s.servers {
		_ = server.Close()
	}
}

// step is a command of the engine over n resources, which is measured several times.
type step struct {
	n     int
	name  string
	tf    *tfexec.Terraform
	clerk *clerktest.Server // nil for resources of the engine
	usage string            // file of the meter
	run   func(context.Context) error
	runs  []measurement

	floor, sameSize *step
}

// steps prepares the steps over n applications.
func (s *site) steps(ctx context.Context, n int) (steps []*step, err error) {
	newStep := func(name, configuration string, clerk *clerktest.Server) *step {
		st := &step{n: n, name: name, clerk: clerk}
		err = errors.Join(err, s.configure(ctx, st, configuration))
		steps = append(steps, st)
		return st
	}
	newPlan := func(name, configuration string, clerk *clerktest.Server, instance func(int) any) *step {
		st := newStep(name, configuration, clerk)
		err = errors.Join(err, writeState(st, instance))
		if clerk != nil { // the state begins with nothing but the ids
			err = errors.Join(err, st.tf.Apply(ctx, tfexec.RefreshOnly(true)))
		}
		st.run = func(ctx context.Context) error {
			changes, err := st.tf.Plan(ctx)
			if changes {
				err = errors.New("the plan of unchanged resources has changes")
			}
			return err
		}
		return st
	}
	newApply := func(configuration string, clerk *clerktest.Server) *step {
		st := newStep("apply", configuration, clerk)
		st.run = func(ctx context.Context) error {
			_ = os.Remove(filepath.Join(st.tf.WorkingDir(), "terraform.tfstate"))
			return st.tf.Apply(ctx)
		}
		return st
	}

	if n <= largestApply {
		floor := newApply(fmt.Sprintf(builtIn, n, smallInput), nil)
		clerk, listenErr := s.simulator()
		err = errors.Join(err, listenErr)
		newApply(fmt.Sprintf(applications, " requests_per_10s = 1000 ", n), clerk).floor = floor
	}
	text := func(i int) string { return fmt.Sprintf("application-%d", i+1) }
	small := newPlan("plan", fmt.Sprintf(builtIn, n, smallInput), nil, func(i int) any { return builtInState(i, text(i), "string") })
	large := newPlan("plan", fmt.Sprintf(builtIn, n, largeInput), nil, func(i int) any {
		texts, types := map[string]any{}, map[string]any{}
		for j := range 15 {
			texts[fmt.Sprintf("a%d", j)], types[fmt.Sprintf("a%d", j)] = text(i), "string"
		}
		return builtInState(i, texts, []any{"object", types})
	})
	for _, condition := range []struct {
		name   string
		option clerktest.Option
	}{
		{"plan", clerktest.WithLatency(0)},
		{"plan, 100 ms latency", clerktest.WithLatency(100 * time.Millisecond)},
		{"plan, limit of 100 in 10 s", clerktest.WithRateLimit(clerktest.RateLimit{Requests: 100, Per: 10 * time.Second})},
	} {
		clerk, listenErr := s.simulator(condition.option)
		err = errors.Join(err, listenErr)
		ids := clerk.SeedMany(n, "application-%d", func(app *clerktest.Application) {
			app.RedirectURIs = []string{"https://" + app.Name + ".example.com/callback"}
			app.Scopes = "email offline_access profile"
		})
		plan := newPlan(condition.name, fmt.Sprintf(applications, "", n), clerk, func(i int) any { return map[string]any{"id": ids[i]} })
		plan.floor, plan.sameSize = small, large
	}
	return steps, err
}

// configure gives a step a directory with a configuration, and an environment of its own.
func (s *site) configure(ctx context.Context, st *step, configuration string) error {
	dir, err := os.MkdirTemp(s.work, "step-")
	if err != nil {
		return err
	}
	if st.tf, err = tfexec.NewTerraform(dir, s.engine); err != nil {
		return err
	}
	st.usage = filepath.Join(dir, "usage")
	env := map[string]string{
		"PATH": os.Getenv("PATH"), "HOME": dir, "CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": filepath.Join(s.work, "cli.tfrc"),
		envProvider: filepath.Join(s.work, "built", providerName), envUsage: st.usage,
	}
	if st.clerk != nil {
		env["CLERK_API_URL"], env["CLERK_SECRET_KEY"] = st.clerk.URL(), st.clerk.Key()
	}
	err = errors.Join(os.WriteFile(filepath.Join(dir, "main.tf"), []byte(configuration), 0o600), st.tf.SetEnv(env))
	if st.clerk == nil {
		err = errors.Join(err, st.tf.Init(ctx)) // the provider needs none, because it is a dev_override
	}
	return err
}

// simulator serves a simulator on loopback.
func (s *site) simulator(options ...clerktest.Option) (*clerktest.Server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	clerk := clerktest.NewServer(append(options, clerktest.WithURL("http://"+listener.Addr().String()+"/v1"))...)
	server := &http.Server{Handler: clerk.Handler(), ReadHeaderTimeout: time.Minute}
	s.servers = append(s.servers, server)
	go func() { _ = server.Serve(listener) }()
	return clerk, nil
}

// measure runs the step once. No two runs go on at the same time, so the processor time of all
// children that have ended is the engine's and its provider's.
func (s *step) measure(ctx context.Context) error {
	_ = os.Remove(s.usage)
	if s.clerk != nil {
		s.clerk.ResetRequests()
	}
	before, begun := childrenTime(), time.Now()
	if err := s.run(ctx); err != nil {
		return err
	}
	m := measurement{wall: time.Since(begun), cpu: childrenTime() - before}
	if s.clerk != nil {
		for _, request := range s.clerk.Requests() {
			m.requests++
			if request.Status == http.StatusTooManyRequests {
				m.throttled++
			}
		}
	}
	err := m.readUsage(s.usage)
	s.runs = append(s.runs, m)
	return err
}

func childrenTime() time.Duration {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_CHILDREN, &usage) // fails only with a wrong argument
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// builtInState is the state of a terraform_data with an input.
func builtInState(i int, value, typ any) any {
	dynamic := map[string]any{"value": value, "type": typ}
	return map[string]any{"id": fmt.Sprintf("%08d-0000-0000-0000-000000000000", i), "input": dynamic, "output": dynamic, "triggers_replace": nil}
}

// writeState writes a state of all instances, because an apply of thousands takes the engine minutes.
func writeState(s *step, instance func(int) any) error {
	typeName, provider, version := "terraform_data", "terraform.io/builtin/terraform", 0
	if s.clerk != nil {
		typeName, provider, version = "clerk_oauth_application", "registry.terraform.io/terraform-provider-clerk/clerk", 1
	}
	instances := make([]any, s.n)
	for i := range instances {
		instances[i] = map[string]any{"index_key": i, "schema_version": version, "attributes": instance(i)}
	}
	state, err := json.Marshal(map[string]any{
		"version": 4, "terraform_version": "1.5.0", "serial": 1, "lineage": "scale", "outputs": map[string]any{},
		"resources": []any{map[string]any{
			"mode": "managed", "type": typeName, "name": "this", "provider": fmt.Sprintf("provider[%q]", provider), "instances": instances,
		}},
	})
	return errors.Join(err, os.WriteFile(filepath.Join(s.tf.WorkingDir(), "terraform.tfstate"), state, 0o600))
}

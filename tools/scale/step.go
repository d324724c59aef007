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

// address is the same for all engines, so that one configuration and one state serve them.
const address = "registry.terraform.io/terraform-provider-clerk/clerk"

// applications are like those with which [site.plan] seeds the simulator.
const applications = `
terraform {
  required_providers {
    clerk = { source = "` + address + `" }
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

// step is a command of the engine over n applications, which is measured several times.
type step struct {
	n     int
	name  string
	tf    *tfexec.Terraform
	clerk *clerktest.Server
	usage string // file of the meter
	run   func(context.Context) error
	runs  []measurement
}

// measurement is what one run of a step took.
type measurement struct {
	requests, throttled int
	wall                time.Duration
	cpu                 time.Duration // of the engine and the provider
	providerCPU         time.Duration
	providerMemory      int // the most, in units of 1,000 bytes
}

// steps prepares the steps over n applications.
func (s *site) steps(ctx context.Context, n int) (steps []*step, err error) {
	if n <= largestApply {
		apply, applyErr := s.step(n, "apply", " requests_per_10s = 1000 ")
		apply.run = func(ctx context.Context) error {
			_ = os.Remove(filepath.Join(apply.tf.WorkingDir(), "terraform.tfstate"))
			return apply.tf.Apply(ctx)
		}
		steps, err = append(steps, apply), applyErr
	}
	limit := clerktest.RateLimit{Requests: 100, Per: 10 * time.Second}
	for _, condition := range []struct {
		name   string
		option clerktest.Option
	}{
		{"plan", clerktest.WithLatency(0)},
		{"plan, 100 ms latency", clerktest.WithLatency(100 * time.Millisecond)},
		{"plan, limit of 100 in 10 s", clerktest.WithRateLimit(limit)},
	} {
		plan, planErr := s.plan(ctx, n, condition.name, condition.option)
		steps, err = append(steps, plan), errors.Join(err, planErr)
	}
	return steps, err
}

// plan plans n applications that are as their configuration wants them. The state begins with
// nothing but their ids, because an apply of thousands takes the engine minutes.
func (s *site) plan(
	ctx context.Context, n int, name string, option clerktest.Option,
) (*step, error) {
	plan, err := s.step(n, name, "", option)
	if err != nil {
		return plan, err
	}
	var instances []any
	for i, id := range plan.clerk.SeedMany(n, "application-%d", func(app *clerktest.Application) {
		app.RedirectURIs = []string{"https://" + app.Name + ".example.com/callback"}
		app.Scopes = "email offline_access profile"
	}) {
		instances = append(instances, map[string]any{
			"index_key": i, "schema_version": 1, "attributes": map[string]any{"id": id},
		})
	}
	state, err := json.Marshal(map[string]any{
		"version": 4, "terraform_version": "1.5.0", "serial": 1, "lineage": "scale",
		"resources": []any{map[string]any{
			"mode": "managed", "type": "clerk_oauth_application", "name": "this",
			"provider": fmt.Sprintf("provider[%q]", address), "instances": instances,
		}},
	})
	path := filepath.Join(plan.tf.WorkingDir(), "terraform.tfstate")
	err = errors.Join(err, os.WriteFile(path, state, 0o600),
		plan.tf.Apply(ctx, tfexec.RefreshOnly(true)))
	plan.run = func(ctx context.Context) error {
		changes, err := plan.tf.Plan(ctx)
		if changes {
			err = errors.New("the plan of unchanged applications has changes")
		}
		return err
	}
	return plan, err
}

// step makes a step with a configuration, a simulator on loopback, and an environment of its own.
func (s *site) step(
	n int, name, arguments string, options ...clerktest.Option,
) (*step, error) {
	st := &step{n: n, name: name}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return st, err
	}
	url := "http://" + listener.Addr().String() + "/v1"
	st.clerk = clerktest.NewServer(append(options, clerktest.WithURL(url))...)
	server := &http.Server{Handler: st.clerk.Handler(), ReadHeaderTimeout: time.Minute}
	s.servers = append(s.servers, server)
	go func() { _ = server.Serve(listener) }()

	dir, err := os.MkdirTemp(s.work, "step-")
	if err != nil {
		return st, err
	}
	if st.tf, err = tfexec.NewTerraform(dir, s.engine); err != nil {
		return st, err
	}
	st.usage = filepath.Join(dir, "usage")
	configuration := fmt.Sprintf(applications, arguments, n)
	err = os.WriteFile(filepath.Join(dir, "main.tf"), []byte(configuration), 0o600)
	return st, errors.Join(err, st.tf.SetEnv(map[string]string{
		"PATH": os.Getenv("PATH"), "HOME": dir, "CHECKPOINT_DISABLE": "1",
		"TF_CLI_CONFIG_FILE": filepath.Join(s.work, "cli.tfrc"),
		"CLERK_API_URL":      url, "CLERK_SECRET_KEY": st.clerk.Key(),
		envProvider: filepath.Join(s.work, "built", providerName), envUsage: st.usage,
	}))
}

// measure runs the step once. No two runs go on at the same time, so the processor time of all
// children that have ended is the engine's and its provider's.
func (s *step) measure(ctx context.Context) error {
	_ = os.Remove(s.usage)
	s.clerk.ResetRequests()
	before, begun := childrenTime(), time.Now()
	if err := s.run(ctx); err != nil {
		return err
	}
	m := measurement{wall: time.Since(begun), cpu: childrenTime() - before}
	for _, request := range s.clerk.Requests() {
		m.requests++
		if request.Status == http.StatusTooManyRequests {
			m.throttled++
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

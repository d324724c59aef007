package prototest_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
)

func TestGraphOfMany(t *testing.T) {
	t.Parallel()
	const count = 200
	c := newCloud()
	g, resources := things(t, c, count)
	plan := g.Plan()
	equal(t, plan.Count(prototest.Create), count)
	plan.Apply()
	equal(t, len(c.ids()), count)
	equal(t, resources[count-1].State().String("name"), "thing 199")
	g.AssertNoChanges()
}

func TestGraphLifecycle(t *testing.T) {
	t.Parallel()
	c := newCloud()
	g, resources := things(t, c, 30)
	g.Apply()
	c.things[resources[7].State().String("id")].name = "drifted"
	equal(t, g.Plan().Count(prototest.Update), 1)
	g.Refresh()
	equal(t, resources[7].State().String("name"), "drifted")
}

func things(t *testing.T, c *cloud, count int) (*prototest.Graph, []*prototest.Resource) {
	t.Helper()
	p := start(t, c)
	g := p.Graph()
	resources := make([]*prototest.Resource, count)
	for i := range resources {
		resources[i] = p.Resource("toy_thing")
		g.Add(resources[i], values{"name": fmt.Sprintf("thing %d", i), "tags": []string{"a", "b"}})
	}
	return g, resources
}

func TestGraphErrors(t *testing.T) {
	t.Parallel()
	c := newCloud()
	p := start(t, c)
	g := p.Graph()
	a, b := p.Resource("toy_thing"), p.Resource("toy_thing")
	g.Add(a, values{"name": "odd"})
	g.Add(b, values{"name": "fails"})
	c.beforeWrite = func(_ context.Context, _ string, t *thing) error {
		if t.name == "fails" {
			return errToy
		}
		return nil
	}
	plan, ds := g.TryPlan(t.Context())
	equal(t, ds.Warnings()[0].Address, "toy_thing.a")
	ds = plan.TryApply(t.Context())
	equal(t, len(ds.Errors()), 1)
	equal(t, ds.Errors()[0].Address, "toy_thing.b")
	equal(t, a.Exists(), true)
	equal(t, b.Exists(), false)

	g.Add(p.Resource("toy_thing"), values{"name": "forbidden"})
	plan, ds = g.TryPlan(t.Context())
	equal(t, plan == nil, true)
	equal(t, ds.Errors()[0].Address, "toy_thing.c")
	equal(t, strings.HasPrefix(ds.Errors()[0].String(), "Error on toy_thing.c.name (ValidateResourceConfig): Forbidden name"), true)
}

// TestGraphParallelism: ten at once, because the first nine wait for the tenth, and never more.
func TestGraphParallelism(t *testing.T) {
	t.Parallel()
	c := newCloud()
	p := start(t, c)
	g := p.Graph()
	var arrived, running atomic.Int64
	ten := make(chan struct{})
	c.beforeWrite = func(context.Context, string, *thing) error {
		if running.Add(1) > 10 {
			t.Error("more than ten at once")
		}
		defer running.Add(-1)
		if arrived.Add(1) == 10 {
			close(ten)
		}
		<-ten
		return nil
	}
	for range 50 {
		g.Add(p.Resource("toy_thing"), values{"name": "one"})
	}
	g.Plan().Apply()
	equal(t, arrived.Load(), 50)
}

func TestInterrupt(t *testing.T) {
	t.Parallel()
	c := newCloud()
	stopped := make(chan struct{}, 10)
	p := prototest.New(t, func() tfprotov6.ProviderServer {
		return &stopReporter{ProviderServer: c.server(), stopped: stopped}
	}, values{"key": "k"})
	r := p.Resource("toy_thing")
	plan := r.Plan(values{"name": "one"})

	// The end of the context reaches the current call, and the provider as StopProvider.
	ctx, interrupt := context.WithCancel(t.Context())
	c.beforeWrite = func(ctx context.Context, _ string, _ *thing) error {
		interrupt()
		<-stopped
		<-ctx.Done()
		return ctx.Err()
	}
	ds := plan.TryApply(ctx)
	equal(t, ds.Errors()[0].Detail, context.Canceled.Error())
	equal(t, r.Exists(), false)

	// Calls that have not begun do not begin.
	c.beforeWrite = nil
	g := p.Graph()
	g.Add(r, values{"name": "one"})
	planned := g.Plan()
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	ds = planned.TryApply(cancelled)
	equal(t, ds.Errors()[0].Summary, "execution halted")
	equal(t, len(c.ids()), 0)
}

type stopReporter struct {
	tfprotov6.ProviderServer
	stopped chan struct{}
}

func (s *stopReporter) StopProvider(ctx context.Context, req *tfprotov6.StopProviderRequest) (*tfprotov6.StopProviderResponse, error) {
	s.stopped <- struct{}{}
	return s.ProviderServer.StopProvider(ctx, req)
}

func TestProcesses(t *testing.T) {
	t.Parallel()
	var started atomic.Int64
	factory := func() tfprotov6.ProviderServer {
		started.Add(1)
		return providerserver.NewProtocol6(&toy{cloud: newCloud()})()
	}

	// Each walk is a process: validation, planning, applying.
	r := prototest.New(t, factory, values{"key": "k"}).Resource("toy_thing")
	before := started.Load()
	r.Plan(values{"name": "one"})
	equal(t, started.Load()-before, 2)

	shared := prototest.New(t, factory, values{"key": "k"}, prototest.SharedProcess())
	r = shared.Resource("toy_thing")
	r.Plan(values{"name": "one"}).Apply()
	r.Refresh() // finds the created object, because the same server has it in memory
	equal(t, r.Exists(), true)
	shared.NewProcess()
	r.Refresh()
	equal(t, r.Exists(), false)
}

// TestContextsEnd: the context of a call ends with the call, so that a provider that keeps it is noticed.
func TestContextsEnd(t *testing.T) {
	t.Parallel()
	c := newCloud()
	var kept context.Context
	c.beforeWrite = func(ctx context.Context, _ string, _ *thing) error {
		kept = ctx
		return ctx.Err()
	}
	start(t, c).Resource("toy_thing").Apply(values{"name": "one"})
	equal(t, kept.Err(), context.Canceled)
}

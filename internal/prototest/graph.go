package prototest

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/zclconf/go-cty/cty"
)

// Graph is a set of resources which are refreshed, planned and applied together, several at a time, with one process
// of the provider for each walk, as in one configuration of many resources that do not depend on each other.
type Graph struct {
	// Parallelism is how many resources are worked on at once. The default is Terraform's, 10.
	Parallelism int

	p     *Provider
	nodes []node
}

type node struct {
	resource *Resource
	config   cty.Value
}

// GraphPlan is a plan for all resources of a graph.
type GraphPlan struct {
	Plans []*Plan // in the order in which the resources were added

	g *Graph
}

// Graph returns an empty graph.
func (p *Provider) Graph() *Graph {
	return &Graph{Parallelism: 10, p: p}
}

// Add adds a resource with its configuration.
func (g *Graph) Add(r *Resource, config Values) {
	g.p.tb.Helper()
	g.nodes = append(g.nodes, node{resource: r, config: r.configuration(config)})
}

// Refresh reads all objects anew. Errors fail the test.
func (g *Graph) Refresh() Diagnostics {
	g.p.tb.Helper()
	ds := g.TryRefresh(g.p.context())
	mustNotFail(g.p.tb, "refresh", ds)
	return ds
}

// TryRefresh is [Graph.Refresh] with a context, whose end is the user's interrupt: what was not begun is left out.
// The Address of each diagnostic tells to which resource it belongs.
func (g *Graph) TryRefresh(ctx context.Context) Diagnostics {
	g.p.tb.Helper()
	return g.walk(ctx, func(proc *process, i int) Diagnostics {
		g.p.tb.Helper()
		return g.nodes[i].resource.refreshState(ctx, proc)
	})
}

// Plan validates, refreshes and plans everything. Errors fail the test.
func (g *Graph) Plan() *GraphPlan {
	g.p.tb.Helper()
	plan, ds := g.TryPlan(g.p.context())
	mustNotFail(g.p.tb, "plan", ds)
	return plan
}

// TryPlan is [Graph.Plan] with a context, whose end is the user's interrupt. With an error among the diagnostics there
// is no plan. The Address of each diagnostic tells to which resource it belongs.
func (g *Graph) TryPlan(ctx context.Context) (*GraphPlan, Diagnostics) {
	g.p.tb.Helper()
	plan := &GraphPlan{g: g, Plans: make([]*Plan, len(g.nodes))}
	ds := g.validate(ctx)
	if ds.HasError() {
		return nil, ds
	}
	more := g.walk(ctx, func(proc *process, i int) Diagnostics {
		g.p.tb.Helper()
		r := g.nodes[i].resource
		planned, ds := r.planIn(ctx, proc, g.nodes[i].config)
		if ds.HasError() {
			return ds
		}
		plan.Plans[i], ds = planned.with(ds)
		return ds
	})
	if ds = append(ds, more...); ds.HasError() {
		return nil, ds
	}
	return plan, ds
}

// Apply plans and applies everything and checks that nothing is left to do then. Errors fail the test.
func (g *Graph) Apply() Diagnostics {
	g.p.tb.Helper()
	plan := g.Plan()
	ds := plan.Apply()
	g.AssertNoChanges()
	return ds
}

// AssertNoChanges refreshes and plans, and fails the test unless there is nothing to do for any resource.
func (g *Graph) AssertNoChanges() {
	g.p.tb.Helper()
	for _, plan := range g.Plan().Plans {
		if plan.Action != NoOp {
			g.p.tb.Errorf("prototest: the plan for %s should be empty, but it is:\n%s", plan.Resource.address, plan)
		}
	}
}

// Count returns how many resources have an action planned.
func (gp *GraphPlan) Count(action Action) int {
	count := 0
	for _, plan := range gp.Plans {
		if plan.Action == action {
			count++
		}
	}
	return count
}

// Apply applies everything. Errors fail the test.
func (gp *GraphPlan) Apply() Diagnostics {
	gp.g.p.tb.Helper()
	ds := gp.TryApply(gp.g.p.context())
	mustNotFail(gp.g.p.tb, "apply", ds)
	return ds
}

// TryApply is [GraphPlan.Apply] with a context, whose end is the user's interrupt: what was not begun is left out. An
// error of one resource does not keep the others from being applied. The Address of each diagnostic tells to which
// resource it belongs.
func (gp *GraphPlan) TryApply(ctx context.Context) Diagnostics {
	gp.g.p.tb.Helper()
	return gp.g.walk(ctx, func(proc *process, i int) Diagnostics {
		gp.g.p.tb.Helper()
		return gp.Plans[i].applyIn(ctx, proc)
	})
}

// validate is the walk of `terraform validate`, in which the provider is not configured.
func (g *Graph) validate(ctx context.Context) Diagnostics {
	g.p.tb.Helper()
	proc := g.p.newProcess(ctx)
	defer proc.end()
	return g.each(ctx, func(i int) Diagnostics {
		g.p.tb.Helper()
		r, config := g.nodes[i].resource, g.nodes[i].config
		if ds := missingArguments(r.schema, config, nil); ds.HasError() {
			return ds
		}
		return r.validate(ctx, proc, config)
	})
}

// walk does the work for every resource with one configured process.
func (g *Graph) walk(ctx context.Context, work func(proc *process, i int) Diagnostics) Diagnostics {
	g.p.tb.Helper()
	proc, ds := g.p.start(ctx)
	defer proc.end()
	if ds.HasError() {
		return ds
	}
	return append(ds, g.each(ctx, func(i int) Diagnostics {
		g.p.tb.Helper()
		return work(proc, i)
	})...)
}

// each does the work for every resource, several at a time. Diagnostics are in the order of the resources.
func (g *Graph) each(ctx context.Context, work func(i int) Diagnostics) Diagnostics {
	gathered := make([]Diagnostics, len(g.nodes))
	var next atomic.Int64
	var workers sync.WaitGroup
	for range max(1, min(g.Parallelism, len(g.nodes))) {
		workers.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(g.nodes) {
					return
				}
				if ctx.Err() != nil {
					gathered[i] = terraformError("", "execution halted", "The user interrupted before this resource's turn.")
					continue
				}
				gathered[i] = work(i)
			}
		})
	}
	workers.Wait()

	var all Diagnostics
	for i, ds := range gathered {
		for _, d := range ds {
			d.Address = g.nodes[i].resource.address
			all = append(all, d)
		}
	}
	return all
}

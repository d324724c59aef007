package prototest

import (
	"context"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/zclconf/go-cty/cty"
)

// Apply applies the plan. Errors fail the test; warnings are returned.
func (p *Plan) Apply() Diagnostics {
	tb := p.Resource.p.tb
	tb.Helper()
	ds := p.TryApply(p.Resource.p.context())
	p.Resource.mustNotFail("apply", ds)
	return ds
}

// Resolve gives the plan the configuration in which what was [Unknown] while planning is known. All else must be as it
// was planned. It returns the same plan.
func (p *Plan) Resolve(config Values) *Plan {
	tb := p.Resource.p.tb
	tb.Helper()
	value := p.Resource.configuration(config)
	for _, difference := range p.Resource.schema.checkResult(p.config, value) {
		tb.Fatalf("prototest: Resolve must only replace unknown values of the configuration, but %s %s",
			formatPath(difference.path), difference.text)
	}
	p.config = value
	return p
}

// TryApply is [Plan.Apply] with a context, whose end is the user's interrupt. After an error the state holds what
// Terraform would hold: the object that the provider returned along with the error, tainted if it was being created;
// the prior one if the provider returned none.
func (p *Plan) TryApply(ctx context.Context) Diagnostics {
	p.Resource.p.tb.Helper()
	proc, ds := p.Resource.p.start(ctx)
	defer proc.end()
	if ds.HasError() {
		return ds
	}
	return ds.and(p.applyIn(ctx, proc))
}

func (p *Plan) applyIn(ctx context.Context, proc *process) Diagnostics {
	r := p.Resource
	r.p.tb.Helper()
	if p.serial != r.serial {
		r.p.tb.Fatalf("prototest: saved plan is stale: the state of %s changed since it was made", r.address)
	}
	r.setState(p.refreshed)
	switch {
	case p.Deferred || p.Action == NoOp:
		return nil
	case p.Action == Delete:
		return r.destroy(ctx, proc, p.change, p.change.afterIdentity)
	case p.Action == Replace:
		ds := r.destroy(ctx, proc, p.change, r.noIdentity())
		if ds.HasError() {
			return ds
		}
		return ds.and(p.createOrUpdate(ctx, proc))
	default:
		return p.createOrUpdate(ctx, proc)
	}
}

// destroy applies a destruction, or that part of a replacement.
func (r *Resource) destroy(ctx context.Context, proc *process, c change, identity cty.Value) Diagnostics {
	r.p.tb.Helper()
	current, ds := r.load(ctx, proc, r.state)
	if ds.HasError() {
		return ds
	}
	none := cty.NullVal(r.schema.typ)
	return ds.and(r.execute(ctx, proc, Delete, current, execution{
		before: c.before, after: none, config: none, private: c.private, identity: identity,
	}))
}

// createOrUpdate plans once more with what is known by now, compares with the plan that the user saw, and applies.
func (p *Plan) createOrUpdate(ctx context.Context, proc *process) Diagnostics {
	r := p.Resource
	r.p.tb.Helper()
	if unknown := unknownPaths(p.config); len(unknown) > 0 {
		r.p.tb.Fatalf("prototest: the configuration of %s is still unknown at apply: %v; see Plan.Resolve",
			r.address, formatPaths(unknown))
	}
	current, ds := r.load(ctx, proc, r.state)
	if ds.HasError() {
		return ds
	}
	action, final, more := r.planChange(ctx, proc, current, p.config)
	if ds = ds.and(more); ds.HasError() {
		return ds
	}
	if ds = ds.and(p.checkFinal(action, final)); ds.HasError() {
		return ds
	}
	if action == NoOp {
		return ds
	}
	return ds.and(r.execute(ctx, proc, action, current, execution{
		before: final.before, after: final.after, config: p.config,
		private: final.private, identity: final.afterIdentity,
	}))
}

func (p *Plan) checkFinal(action Action, final change) Diagnostics {
	r := p.Resource
	r.p.tb.Helper()
	const summary = "Provider produced inconsistent final plan"
	planned := p.Action
	if planned == Replace {
		planned = Create // the destruction is done by now
	}
	var ds Diagnostics
	if action != planned && !(planned == Update && action == NoOp) {
		ds = r.bug("", summary, "the planned action changed from %s to %s", p.Action, action)
	}
	for _, broken := range r.schema.checkResult(p.change.after, final.after) {
		ds = ds.and(r.bug(formatPath(broken.path), summary, "%s", broken.text))
	}
	return ds
}

type execution struct {
	before, after, config cty.Value
	private               []byte
	identity              cty.Value
}

// execute makes the change and stores what came of it.
func (r *Resource) execute(ctx context.Context, proc *process, action Action, current *instance, e execution) Diagnostics {
	r.p.tb.Helper()
	response, ds := call(ctx, proc, "ApplyResourceChange", proc.server.ApplyResourceChange,
		&tfprotov6.ApplyResourceChangeRequest{
			TypeName:        r.typeName,
			PriorState:      r.encode(e.before),
			PlannedState:    r.encode(e.after),
			Config:          r.encode(e.config),
			PlannedPrivate:  e.private,
			PlannedIdentity: r.encodeIdentity(e.identity),
		})
	if response == nil {
		return ds
	}
	ds = fromProtocol("ApplyResourceChange", response.Diagnostics)

	value, more := r.decodeState(response.NewState, "Provider produced invalid object")
	if more.HasError() {
		return ds.and(more) // it could not be stored
	}
	const invalidResult = "Provider returned invalid result object after apply"
	for _, path := range unknownPaths(value) {
		ds = ds.and(r.bug(formatPath(path), invalidResult, "still unknown after apply"))
	}
	value = cty.UnknownAsNull(value)

	identity, more := r.decodeIdentity(response.NewIdentity)
	ds = ds.and(more)
	if !ds.HasError() && action != Delete {
		for _, broken := range r.schema.checkResult(e.after, value) {
			ds = ds.and(r.bug(formatPath(broken.path), "Provider produced inconsistent result after apply", "%s", broken.text))
		}
	}
	if !ds.HasError() {
		switch {
		case action == Delete && !value.IsNull():
			ds = ds.and(r.bug("", invalidResult, "there is still an object after its destruction"))
		case action != Delete && value.IsNull():
			ds = ds.and(r.bug("", invalidResult, "the provider returned no object"))
		}
	}
	if !value.IsNull() {
		prior := r.noIdentity()
		if current != nil {
			prior = current.identity
		}
		// An object that is kept because of an error may lack its identity; Terraform, too, stores it then.
		if !ds.HasError() || !identity.IsNull() {
			ds = ds.and(r.checkIdentity(prior, identity))
		}
		if !identity.IsWhollyKnown() {
			identity = r.noIdentity()
		}
	}

	if value.IsNull() {
		if !ds.HasError() {
			r.setState(nil)
		}
		return ds // after an error the prior object is kept
	}
	object := &instance{value: value, private: response.Private, identity: identity}
	if ds.HasError() {
		object.tainted = action == Create || (current != nil && current.tainted)
	}
	r.setState(r.store(object))
	return ds
}

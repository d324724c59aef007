package prototest

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/zclconf/go-cty/cty"
)

// Action is what a plan intends.
type Action string

// The actions of plans. A replacement is a destruction and then a creation.
const (
	NoOp    Action = "no-op"
	Create  Action = "create"
	Update  Action = "update"
	Replace Action = "replace"
	Delete  Action = "delete"
)

// Plan is a plan for one resource. It holds the refreshed state; the state of the resource itself changes only when
// the plan is applied.
type Plan struct {
	Action      Action
	Resource    *Resource
	Diagnostics Diagnostics // warnings of validation, refresh and planning
	Deferred    bool        // the provider put the change off, which only [DeferralAllowed] permits

	refreshed *stored   // the prior state, as a plan file holds it
	config    cty.Value // null for a destruction
	change    change
	serial    int
}

// change is what a provider planned.
type change struct {
	before, after  cty.Value
	afterIdentity  cty.Value
	private        []byte
	replacePaths   []cty.Path
	replaceTainted bool
	deferred       bool
}

// Plan validates, refreshes and plans. Errors fail the test.
func (r *Resource) Plan(config Values) *Plan {
	r.p.tb.Helper()
	plan, ds := r.TryPlan(r.p.context(), config)
	r.mustNotFail("plan", ds)
	return plan
}

// TryPlan is [Resource.Plan] with a context, whose end is the user's interrupt. With an error among the diagnostics
// there is no plan.
func (r *Resource) TryPlan(ctx context.Context, config Values) (*Plan, Diagnostics) {
	r.p.tb.Helper()
	value := r.configuration(config)
	ds := r.validateAlone(ctx, value)
	if ds.HasError() {
		return nil, ds
	}
	proc, more := r.p.start(ctx)
	defer proc.end()
	if ds = ds.and(more); ds.HasError() {
		return nil, ds
	}
	plan, more := r.planIn(ctx, proc, value)
	return plan.with(ds.and(more))
}

// Validate checks a configuration without a configured provider, as `terraform validate` does.
func (r *Resource) Validate(config Values) Diagnostics {
	r.p.tb.Helper()
	return r.validateAlone(r.p.context(), r.configuration(config))
}

// TryPlanDestroy refreshes and plans the destruction. An end of the context is the user's interrupt. With an error among
// the diagnostics there is no plan.
func (r *Resource) TryPlanDestroy(ctx context.Context) (*Plan, Diagnostics) {
	r.p.tb.Helper()
	proc, ds := r.p.start(ctx)
	defer proc.end()
	if ds.HasError() {
		return nil, ds
	}
	plan, more := r.planIn(ctx, proc, cty.NullVal(r.schema.typ))
	return plan.with(ds.and(more))
}

func (p *Plan) with(ds Diagnostics) (*Plan, Diagnostics) {
	if ds.HasError() {
		return nil, ds
	}
	p.Diagnostics = ds
	return p, ds
}

// validateAlone is the walk of `terraform validate`, in which the provider is not configured.
func (r *Resource) validateAlone(ctx context.Context, config cty.Value) Diagnostics {
	r.p.tb.Helper()
	if ds := missingArguments(r.schema, config, nil); ds.HasError() {
		return ds
	}
	proc := r.p.newProcess(ctx)
	defer proc.end()
	return r.validate(ctx, proc, config)
}

func (r *Resource) validate(ctx context.Context, proc *process, config cty.Value) Diagnostics {
	r.p.tb.Helper()
	response, ds := call(ctx, proc, "ValidateResourceConfig", proc.server.ValidateResourceConfig,
		&tfprotov6.ValidateResourceConfigRequest{
			TypeName: r.typeName,
			Config:   r.encode(config),
			ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{
				WriteOnlyAttributesAllowed: !r.p.options.oldEngine,
			},
		})
	if response == nil {
		return ds
	}
	return fromProtocol("ValidateResourceConfig", response.Diagnostics)
}

// planIn refreshes and plans in a walk. A null configuration plans a destruction.
func (r *Resource) planIn(ctx context.Context, proc *process, config cty.Value) (*Plan, Diagnostics) {
	r.p.tb.Helper()
	prior, ds := r.load(ctx, proc, r.state)
	if ds.HasError() {
		return nil, ds
	}
	prior, more := r.refresh(ctx, proc, prior)
	if ds = ds.and(more); ds.HasError() {
		return nil, ds
	}
	plan, more := r.planFrom(ctx, proc, prior, config)
	return plan, ds.and(more)
}

// planFrom plans from a refreshed state.
func (r *Resource) planFrom(ctx context.Context, proc *process, prior *instance, config cty.Value) (*Plan, Diagnostics) {
	r.p.tb.Helper()
	plan := &Plan{Resource: r, refreshed: r.store(prior), config: config, serial: r.serial}
	var ds Diagnostics
	if config.IsNull() {
		plan.Action, plan.change, ds = r.planDestruction(ctx, proc, prior)
	} else {
		plan.Action, plan.change, ds = r.planChange(ctx, proc, prior, config)
	}
	if ds.HasError() {
		return nil, ds
	}
	plan.Deferred = plan.change.deferred
	return plan, ds
}

func (r *Resource) planDestruction(ctx context.Context, proc *process, prior *instance) (Action, change, Diagnostics) {
	r.p.tb.Helper()
	none := cty.NullVal(r.schema.typ)
	planned := change{before: none, after: none, afterIdentity: r.noIdentity()}
	if prior == nil {
		return NoOp, planned, nil
	}
	planned.before, planned.private, planned.afterIdentity = prior.value, prior.private, prior.identity
	if !r.p.schemas.capabilities.PlanDestroy {
		return Delete, planned, nil
	}
	answer, ds := r.askForPlan(ctx, proc, question{
		prior: prior.value, config: none, proposed: none, private: prior.private, identity: prior.identity,
	})
	if ds.HasError() {
		return Delete, planned, ds
	}
	if !answer.value.IsNull() && !answer.deferred {
		ds = ds.and(r.bug("", invalidPlan, "planned a non-null destroy value"))
	}
	planned.private, planned.afterIdentity, planned.deferred = answer.private, answer.identity, answer.deferred
	return Delete, planned, ds
}

// planChange plans to make the object what the configuration says. It serves at plan time and again at apply time.
func (r *Resource) planChange(ctx context.Context, proc *process, current *instance, config cty.Value) (Action, change, Diagnostics) {
	r.p.tb.Helper()
	none := cty.NullVal(r.schema.typ)

	// A tainted object is planned like a creation; that its predecessor must go first is Terraform's own addition.
	prior := &instance{value: none, identity: r.noIdentity()}
	if current != nil && !current.tainted {
		prior = current
	}

	ds := r.validate(ctx, proc, config)
	if ds.HasError() {
		return NoOp, change{}, ds
	}
	answer, more := r.askForPlan(ctx, proc, question{
		prior: prior.value, config: config, proposed: r.schema.proposedNewState(prior.value, config),
		private: prior.private, identity: prior.identity,
	})
	if ds = ds.and(more); ds.HasError() {
		return NoOp, change{}, ds
	}
	ds = ds.and(r.checkPlanned(prior.value, config, answer))
	replacePaths, more := r.requiredReplacements(prior.value, answer)
	if ds = ds.and(more); ds.HasError() {
		return NoOp, change{}, ds
	}

	action := Update
	switch {
	case prior.value.IsNull():
		action = Create
	case len(replacePaths) > 0:
		action = Replace
	case answer.value.RawEquals(prior.value):
		action = NoOp
	}
	if action == Update || action == NoOp {
		ds = ds.and(r.checkPlannedIdentity(prior.identity, answer.identity))
	}

	if action == Replace {
		// What the successor will be, the provider tells when asked for a creation. Its warnings it has given already.
		first := answer
		answer, more = r.askForPlan(ctx, proc, question{
			prior: none, config: config, proposed: r.schema.proposedNewState(none, config),
			private: first.private, identity: first.identity,
		})
		if more.HasError() {
			return NoOp, change{}, ds.and(more)
		}
	}

	planned := change{
		before: prior.value, after: answer.value, afterIdentity: answer.identity, private: answer.private,
		replacePaths: replacePaths, deferred: answer.deferred,
	}
	if action == Create && current != nil {
		action, planned.before, planned.replaceTainted = Replace, current.value, true
	}
	return action, planned, ds
}

const invalidPlan = "Provider produced invalid plan"

type question struct {
	prior, config, proposed cty.Value
	private                 []byte
	identity                cty.Value
}

type answer struct {
	value           cty.Value
	identity        cty.Value
	private         []byte
	requiresReplace []cty.Path
	deferred        bool
}

func (r *Resource) askForPlan(ctx context.Context, proc *process, q question) (answer, Diagnostics) {
	r.p.tb.Helper()
	response, ds := call(ctx, proc, "PlanResourceChange", proc.server.PlanResourceChange,
		&tfprotov6.PlanResourceChangeRequest{
			TypeName:           r.typeName,
			PriorState:         r.encode(q.prior),
			ProposedNewState:   r.encode(q.proposed),
			Config:             r.encode(q.config),
			PriorPrivate:       q.private,
			PriorIdentity:      r.encodeIdentity(q.identity),
			ClientCapabilities: &tfprotov6.PlanResourceChangeClientCapabilities{DeferralAllowed: r.p.options.deferralAllowed},
		})
	if response == nil {
		return answer{}, ds
	}
	ds = fromProtocol("PlanResourceChange", response.Diagnostics)
	if ds.HasError() {
		return answer{}, ds
	}
	ds = ds.and(r.checkDeferral(response.Deferred))
	value, more := r.decodeState(response.PlannedState, invalidPlan)
	ds = ds.and(more)
	identity, more := r.decodeIdentity(response.PlannedIdentity)
	ds = ds.and(more)
	a := answer{
		value: value, identity: identity, private: response.PlannedPrivate, deferred: response.Deferred != nil,
	}
	for _, path := range response.RequiresReplace {
		a.requiresReplace = append(a.requiresReplace, pathFromProtocol(path))
	}
	return a, ds
}

func (r *Resource) checkPlanned(prior, config cty.Value, a answer) Diagnostics {
	r.p.tb.Helper()
	if a.deferred {
		return nil
	}
	var ds Diagnostics
	for _, broken := range r.schema.checkPlan(prior, config, a.value) {
		ds = ds.and(r.bug(formatPath(broken.path), invalidPlan, "%s", broken.text))
	}
	return ds
}

// checkPlannedIdentity checks the plan for an object that stays. It need not say anything about the identity.
func (r *Resource) checkPlannedIdentity(prior, planned cty.Value) Diagnostics {
	r.p.tb.Helper()
	if planned.IsNull() {
		return nil
	}
	return r.checkIdentity(prior, planned)
}

// requiredReplacements keeps of the paths that the provider named those at which something changes.
func (r *Resource) requiredReplacements(prior cty.Value, a answer) ([]cty.Path, Diagnostics) {
	r.p.tb.Helper()
	if prior.IsNull() {
		return nil, nil
	}
	var kept []cty.Path
	var ds Diagnostics
	for _, path := range a.requiresReplace {
		before, beforeErr := follow(prior, path)
		after, afterErr := follow(a.value, path)
		if beforeErr != nil && afterErr != nil {
			ds = ds.and(r.bug(formatPath(path), invalidPlan, `indicated "requires replacement" on a non-existent path`))
			continue
		}
		if beforeErr != nil || afterErr != nil || !sameValue(before, after) {
			kept = append(kept, path)
		}
	}
	return kept, ds
}

// sameValue compares regardless of the types of nulls.
func sameValue(a, b cty.Value) bool {
	if a.IsKnown() && b.IsKnown() && a.IsNull() && b.IsNull() {
		return true
	}
	return a.RawEquals(b)
}

// Before returns the refreshed state.
func (p *Plan) Before() Object { return p.Resource.object(p.change.before) }

// After returns the planned state, which does not exist for a destruction.
func (p *Plan) After() Object { return p.Resource.object(p.change.after) }

// Get returns a planned value, see [Object.Get].
func (p *Plan) Get(path string) any {
	p.Resource.p.tb.Helper()
	return p.After().Get(path)
}

// Unknown lists the paths of all values that are known after apply, sorted. Inside a set there is no stable path, so
// the set is named.
func (p *Plan) Unknown() []string { return formatPaths(unknownPaths(p.change.after)) }

// Changed lists the paths of all attributes that the plan changes, unknown ones included, sorted. A set is named as a
// whole; attributes inside a block are named one by one. All that is not null counts for a creation and for a destruction.
func (p *Plan) Changed() []string {
	return formatPaths(p.Resource.schema.changedPaths(p.change.before, p.change.after, nil))
}

// RequiresReplace lists the paths at which a change makes the plan a replacement, sorted; none if the reason is that
// the object is tainted.
func (p *Plan) RequiresReplace() []string { return formatPaths(p.change.replacePaths) }

// Warnings returns the warnings.
func (p *Plan) Warnings() Diagnostics { return p.Diagnostics.Warnings() }

// String writes the plan as Terraform shows it, about: action, address, and a line for each change. Sensitive values
// are not shown.
func (p *Plan) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s", p.Action, p.Resource.address)
	if p.change.replaceTainted {
		text.WriteString(" (tainted)")
	}
	s := p.Resource.schema
	for _, path := range s.changedPaths(p.change.before, p.change.after, nil) {
		fmt.Fprintf(&text, "\n  %s: ", formatPath(path))
		before, beforeErr := follow(p.change.before, path)
		after, afterErr := follow(p.change.after, path)
		switch {
		case s.sensitiveAt(path):
			text.WriteString("(sensitive value)")
		case beforeErr != nil || afterErr != nil:
			text.WriteString("(changed)")
		default:
			text.WriteString(printValue(before) + " -> " + printValue(after))
		}
	}
	return text.String()
}

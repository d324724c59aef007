package prototest

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// Resource is one instance of a managed resource: an address with its place in the state. Different resources may be
// used at the same time; one resource only by one goroutine at a time.
type Resource struct {
	p        *Provider
	typeName string
	address  string
	schema   *schema
	identity *schema // nil if the type has none, or the engine knows none

	state  *stored // nil if there is no object
	serial int     // counts changes of state, so that a stale plan is noticed
}

// Resource returns a new instance of a resource type, which is not in the state yet. Its address is type.a for the
// first of a type, type.b for the second and so on, then type.i26.
func (p *Provider) Resource(typeName string) *Resource {
	p.tb.Helper()
	s := p.schemas.resources[typeName]
	if s == nil {
		p.tb.Fatalf("prototest: the provider has no resource %s", typeName)
	}
	p.mu.Lock()
	number := p.names[typeName]
	p.names[typeName]++
	p.mu.Unlock()
	name := fmt.Sprintf("i%d", number)
	if number < 26 {
		name = string(rune('a' + number))
	}
	return &Resource{
		p: p, typeName: typeName, address: typeName + "." + name,
		schema: s, identity: p.schemas.identities[typeName],
	}
}

// Address returns the address in messages, such as example_thing.a.
func (r *Resource) Address() string { return r.address }

// With returns a resource of another provider that has the same place in the state: what was kept by one version or
// configuration of a provider and is now managed by another. The state is copied.
func (r *Resource) With(p *Provider) *Resource {
	p.tb.Helper()
	other := p.Resource(r.typeName)
	other.address = r.address
	other.state = r.state
	return other
}

// Exists tells if there is an object in the state.
func (r *Resource) Exists() bool { return r.state != nil }

// State returns the object in the state, as it was stored last. If it was stored under another version of the schema,
// the test fails: only the provider can read it then.
func (r *Resource) State() Object {
	r.p.tb.Helper()
	object := Object{tb: r.p.tb, schema: r.schema}
	if r.state == nil {
		return object
	}
	value, err := ctyjson.Unmarshal(r.state.attributes, r.schema.typ)
	if err != nil {
		r.p.tb.Fatalf("prototest: %s: the state does not fit the schema: %s", r.address, err)
	}
	object.value = value
	return object
}

// StateJSON returns the attributes as in a state file, nil if there is no object.
func (r *Resource) StateJSON() []byte {
	if r.state == nil {
		return nil
	}
	return bytes.Clone(r.state.attributes)
}

// SetStateJSON puts an object into the state which another version of the provider may have written: attributes as in
// a state file, and the version of their schema. Private data and identity are none.
func (r *Resource) SetStateJSON(schemaVersion int64, attributes []byte) {
	r.setState(&stored{schemaVersion: schemaVersion, attributes: bytes.Clone(attributes)})
}

// Forget drops the object from the state without asking the provider, as `terraform state rm` does.
func (r *Resource) Forget() { r.setState(nil) }

// Private returns what the provider keeps beside the state, as it sent it.
func (r *Resource) Private() []byte {
	if r.state == nil {
		return nil
	}
	return bytes.Clone(r.state.private)
}

// Identity returns the stored identity; it does not exist if the type has none or the engine keeps none.
func (r *Resource) Identity() Object {
	r.p.tb.Helper()
	object := Object{tb: r.p.tb, schema: r.identity}
	if r.state == nil || r.state.identity == nil || r.identity == nil {
		return object
	}
	value, err := ctyjson.Unmarshal(r.state.identity, r.identity.typ)
	if err != nil {
		r.p.tb.Fatalf("prototest: %s: the stored identity does not fit its schema: %s", r.address, err)
	}
	object.value = value
	return object
}

// Taint marks the object as to be replaced, as `terraform taint` does.
func (r *Resource) Taint() { r.setTainted(true) }

// Untaint takes the mark away.
func (r *Resource) Untaint() { r.setTainted(false) }

// Tainted tells if the object is to be replaced next: because its creation failed halfway, or by [Resource.Taint].
func (r *Resource) Tainted() bool { return r.state != nil && r.state.tainted }

func (r *Resource) setTainted(tainted bool) {
	r.p.tb.Helper()
	if r.state == nil {
		r.p.tb.Fatalf("prototest: %s is not in the state", r.address)
	}
	changed := *r.state
	changed.tainted = tainted
	r.setState(&changed)
}

func (r *Resource) setState(s *stored) {
	r.state = s
	r.serial++
}

// Apply plans and applies the configuration and checks that nothing is left to do then. It returns the warnings of
// both. Errors fail the test.
func (r *Resource) Apply(config Values) Diagnostics {
	r.p.tb.Helper()
	plan := r.Plan(config)
	ds := plan.Diagnostics.and(plan.Apply())
	r.AssertNoChanges(config)
	return ds
}

// TryApply plans and applies the configuration. Without errors it does not look what is left to do.
func (r *Resource) TryApply(ctx context.Context, config Values) Diagnostics {
	r.p.tb.Helper()
	plan, ds := r.TryPlan(ctx, config)
	if ds.HasError() {
		return ds
	}
	return ds.and(plan.TryApply(ctx))
}

// AssertNoChanges refreshes and plans, and fails the test unless there is nothing to do.
func (r *Resource) AssertNoChanges(config Values) {
	r.p.tb.Helper()
	if plan := r.Plan(config); plan.Action != NoOp {
		r.p.tb.Errorf("prototest: the plan for %s should be empty, but it is:\n%s", r.address, plan)
	}
}

// Refresh reads the object anew and keeps the result, as `terraform apply -refresh-only` does. It returns warnings;
// errors fail the test. An object that is gone leaves the state.
func (r *Resource) Refresh() Diagnostics {
	r.p.tb.Helper()
	ds := r.TryRefresh(r.p.context())
	r.mustNotFail("refresh", ds)
	return ds
}

// TryRefresh is [Resource.Refresh] with a context, whose end is the user's interrupt. After an error the state is as
// it was.
func (r *Resource) TryRefresh(ctx context.Context) Diagnostics {
	r.p.tb.Helper()
	proc, ds := r.p.start(ctx)
	defer proc.end()
	if ds.HasError() {
		return ds
	}
	return ds.and(r.refreshState(ctx, proc))
}

func (r *Resource) refreshState(ctx context.Context, proc *process) Diagnostics {
	r.p.tb.Helper()
	object, ds := r.load(ctx, proc, r.state)
	if ds.HasError() {
		return ds
	}
	object, more := r.refresh(ctx, proc, object)
	ds = ds.and(more)
	if !ds.HasError() {
		r.setState(r.store(object))
	}
	return ds
}

// refresh asks the provider what became of an object. The result is nil if it is gone.
func (r *Resource) refresh(ctx context.Context, proc *process, object *instance) (*instance, Diagnostics) {
	r.p.tb.Helper()
	if object == nil {
		return nil, nil
	}
	response, ds := call(ctx, proc, "ReadResource", proc.server.ReadResource, &tfprotov6.ReadResourceRequest{
		TypeName:           r.typeName,
		CurrentState:       r.encode(object.value),
		Private:            object.private,
		CurrentIdentity:    r.encodeIdentity(object.identity),
		ClientCapabilities: &tfprotov6.ReadResourceClientCapabilities{DeferralAllowed: r.p.options.deferralAllowed},
	})
	if response == nil {
		return nil, ds
	}
	ds = fromProtocol("ReadResource", response.Diagnostics)
	if ds.HasError() {
		return nil, ds
	}
	if response.Deferred != nil {
		return object, ds.and(r.checkDeferral(response.Deferred))
	}
	const summary = "Provider produced invalid object"
	value, more := r.decodeState(response.NewState, summary)
	ds = ds.and(more).and(r.checkStorable(value, summary))
	identity, more := r.decodeIdentity(response.NewIdentity)
	ds = ds.and(more)
	if !value.IsNull() {
		prior := object.identity
		if object.imported {
			prior = r.noIdentity() // the import may have known it in part
		}
		ds = ds.and(r.checkIdentity(prior, identity))
	}
	if ds.HasError() {
		return nil, ds
	}
	if value.IsNull() {
		return nil, ds
	}
	return &instance{value: value, private: response.Private, identity: identity, tainted: object.tainted}, ds
}

func (r *Resource) checkDeferral(deferred *tfprotov6.Deferred) Diagnostics {
	r.p.tb.Helper()
	if deferred == nil || r.p.options.deferralAllowed {
		return nil
	}
	return r.bug("", "Provider deferred changes when Terraform did not allow deferrals", "reason %s", deferred.Reason)
}

// Destroy refreshes, plans the destruction and applies it. Errors fail the test; warnings are returned.
func (r *Resource) Destroy() Diagnostics {
	r.p.tb.Helper()
	ds := r.TryDestroy(r.p.context())
	r.mustNotFail("destroy", ds)
	return ds
}

// TryDestroy is [Resource.Destroy] with a context, whose end is the user's interrupt. After an error the object stays
// in the state, as the provider left it.
func (r *Resource) TryDestroy(ctx context.Context) Diagnostics {
	r.p.tb.Helper()
	plan, ds := r.TryPlanDestroy(ctx)
	if ds.HasError() {
		return ds
	}
	return ds.and(plan.TryApply(ctx))
}

func (r *Resource) configuration(config Values) cty.Value {
	r.p.tb.Helper()
	return r.p.blockConfiguration(r.schema, r.address, config)
}

func (r *Resource) object(value cty.Value) Object {
	return Object{tb: r.p.tb, schema: r.schema, value: value}
}

func (r *Resource) mustNotFail(what string, ds Diagnostics) {
	r.p.tb.Helper()
	mustNotFail(r.p.tb, what+" of "+r.address, ds)
}

func mustNotFail(tb testing.TB, what string, ds Diagnostics) {
	tb.Helper()
	if ds.HasError() {
		tb.Fatalf("prototest: %s failed:\n%s", what, ds)
	}
}

package prototest

import (
	"context"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/zclconf/go-cty/cty"
)

// Import brings an existing object under management by its import id, as `terraform import` does: import, then
// refresh. Errors fail the test; warnings are returned.
func (r *Resource) Import(id string) Diagnostics {
	r.p.tb.Helper()
	ds := r.TryImport(r.p.context(), id)
	r.mustNotFail("import", ds)
	return ds
}

// TryImport is [Resource.Import] with a context, whose end is the user's interrupt. After an error nothing is in the
// state.
func (r *Resource) TryImport(ctx context.Context, id string) Diagnostics {
	r.p.tb.Helper()
	return r.importAndStore(ctx, importTarget{id: id})
}

// TryImportIdentity is [Resource.TryImport] by identity.
func (r *Resource) TryImportIdentity(ctx context.Context, identity Values) Diagnostics {
	r.p.tb.Helper()
	return r.importAndStore(ctx, r.identityTarget(identity))
}

// PlanImport plans an import block by id: import, refresh and plan in one walk. Applying the plan stores the object
// and makes the planned changes. Errors fail the test.
func (r *Resource) PlanImport(id string, config Values) *Plan {
	r.p.tb.Helper()
	return r.mustPlanImport(importTarget{id: id}, config)
}

// PlanImportIdentity is [Resource.PlanImport] by identity.
func (r *Resource) PlanImportIdentity(identity, config Values) *Plan {
	r.p.tb.Helper()
	return r.mustPlanImport(r.identityTarget(identity), config)
}

// TryPlanImport is [Resource.PlanImport] with a context, whose end is the user's interrupt. With an error among the
// diagnostics there is no plan.
func (r *Resource) TryPlanImport(ctx context.Context, id string, config Values) (*Plan, Diagnostics) {
	r.p.tb.Helper()
	return r.planImport(ctx, importTarget{id: id}, config)
}

// importTarget names an object by id or else by identity.
type importTarget struct {
	id       string
	identity cty.Value // NilVal for an import by id
}

func (r *Resource) identityTarget(identity Values) importTarget {
	r.p.tb.Helper()
	if r.identity == nil {
		r.p.tb.Fatalf("prototest: %s cannot be imported by identity: the resource has none, or the engine does not know of it",
			r.typeName)
	}
	value, err := r.identity.configuration(identity)
	if err != nil {
		r.p.tb.Fatalf("prototest: identity of %s: %s", r.address, err)
	}
	return importTarget{identity: value}
}

func (r *Resource) importAndStore(ctx context.Context, target importTarget) Diagnostics {
	r.p.tb.Helper()
	proc, ds := r.p.start(ctx)
	defer proc.end()
	if ds.HasError() {
		return ds
	}
	object, more := r.importIn(ctx, proc, target)
	if ds = ds.and(more); !ds.HasError() {
		r.setState(r.store(object))
	}
	return ds
}

func (r *Resource) mustPlanImport(target importTarget, config Values) *Plan {
	r.p.tb.Helper()
	plan, ds := r.planImport(r.p.context(), target, config)
	r.mustNotFail("import", ds)
	return plan
}

func (r *Resource) planImport(ctx context.Context, target importTarget, config Values) (*Plan, Diagnostics) {
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
	object, more := r.importIn(ctx, proc, target)
	if ds = ds.and(more); ds.HasError() {
		return nil, ds
	}
	plan, more := r.planFrom(ctx, proc, object, value)
	return plan.with(ds.and(more))
}

// importIn imports and refreshes in a walk.
func (r *Resource) importIn(ctx context.Context, proc *process, target importTarget) (*instance, Diagnostics) {
	r.p.tb.Helper()
	if r.state != nil {
		r.p.tb.Fatalf("prototest: %s is in the state already; Terraform refuses to import over it", r.address)
	}
	request := &tfprotov6.ImportResourceStateRequest{
		TypeName:           r.typeName,
		ID:                 target.id,
		ClientCapabilities: &tfprotov6.ImportResourceStateClientCapabilities{DeferralAllowed: r.p.options.deferralAllowed},
	}
	byIdentity := target.identity != cty.NilVal
	if byIdentity {
		request.Identity = r.encodeIdentity(target.identity)
	}
	response, ds := call(ctx, proc, "ImportResourceState", proc.server.ImportResourceState, request)
	if response == nil {
		return nil, ds
	}
	ds = fromProtocol("ImportResourceState", response.Diagnostics)
	if ds.HasError() {
		return nil, ds
	}
	ds = ds.and(r.checkDeferral(response.Deferred))
	switch {
	case len(response.ImportedResources) == 0:
		return nil, ds.and(r.bug("", "Import returned no resources", "the provider returned no instance states"))
	case len(response.ImportedResources) > 1:
		return nil, ds.and(r.bug("", "Multiple import states not supported", "the provider returned %d instance states",
			len(response.ImportedResources)))
	}
	imported := response.ImportedResources[0]
	if imported.TypeName != r.typeName {
		return nil, ds.and(r.bug("", "Provider produced invalid object", "the import returned a %q", imported.TypeName))
	}

	value, more := r.decodeState(imported.State, "Provider produced invalid object")
	ds = ds.and(more)
	ds = ds.and(r.checkStorable(value, "Provider produced invalid object"))
	identity, more := r.decodeIdentity(imported.Identity)
	ds = ds.and(more)
	switch {
	case byIdentity && identity.IsNull():
		ds = ds.and(r.bug("", invalidIdentity, "the import by identity returned no identity"))
	case !byIdentity && value.IsNull():
		ds = ds.and(r.bug("", "Import returned null resource", "the provider returned an instance with no state"))
	}
	if ds.HasError() {
		return nil, ds
	}

	object, more := r.refresh(ctx, proc, &instance{value: value, private: imported.Private, identity: identity, imported: true})
	if ds = ds.and(more); ds.HasError() {
		return nil, ds
	}
	if object == nil {
		return nil, ds.and(terraformError("", "Cannot import non-existent remote object",
			"While attempting to import an existing object to %q, the provider detected that no object exists with the given id.",
			r.address))
	}
	return object, ds
}

// MoveSource is an object of another resource type, perhaps of another provider, as its state file holds it.
type MoveSource struct {
	ProviderAddress string // such as registry.terraform.io/hashicorp/null
	TypeName        string
	SchemaVersion   int64
	State           []byte // JSON
	Private         []byte

	Identity              []byte // JSON; nil without an identity
	IdentitySchemaVersion int64
}

// Move takes over an object of another type, as a moved block does, and stores it. Errors fail the test; warnings are
// returned.
func (r *Resource) Move(source MoveSource) Diagnostics {
	r.p.tb.Helper()
	ds := r.TryMove(r.p.context(), source)
	r.mustNotFail("move", ds)
	return ds
}

// TryMove is [Resource.Move] with a context, whose end is the user's interrupt. After an error the state is as it was.
func (r *Resource) TryMove(ctx context.Context, source MoveSource) Diagnostics {
	r.p.tb.Helper()
	if !r.p.schemas.capabilities.MoveResourceState {
		return terraformError("", "Unsupported move across resource types",
			"The provider of %s does not support moving state across resource types.", r.address)
	}
	proc, ds := r.p.start(ctx)
	defer proc.end()
	if ds.HasError() {
		return ds
	}
	request := &tfprotov6.MoveResourceStateRequest{
		SourceProviderAddress: source.ProviderAddress,
		SourceTypeName:        source.TypeName,
		SourceSchemaVersion:   source.SchemaVersion,
		SourceState:           &tfprotov6.RawState{JSON: source.State},
		SourcePrivate:         source.Private,
		TargetTypeName:        r.typeName,
	}
	if source.Identity != nil && !r.p.options.oldEngine {
		request.SourceIdentity = &tfprotov6.RawState{JSON: source.Identity}
		request.SourceIdentitySchemaVersion = source.IdentitySchemaVersion
	}
	response, more := call(ctx, proc, "MoveResourceState", proc.server.MoveResourceState, request)
	if response == nil {
		return ds.and(more)
	}
	if ds = ds.and(fromProtocol("MoveResourceState", response.Diagnostics)); ds.HasError() {
		return ds
	}
	const summary = "Provider returned invalid value"
	value, more := r.decodeState(response.TargetState, summary)
	ds = ds.and(more).and(r.checkStorable(value, summary))
	identity, more := r.decodeIdentity(response.TargetIdentity)
	ds = ds.and(more)
	if !ds.HasError() && value.IsNull() {
		ds = ds.and(r.bug("", summary, "the move returned no state"))
	}
	if !ds.HasError() {
		r.setState(r.store(&instance{value: value, private: response.TargetPrivate, identity: identity}))
	}
	return ds
}

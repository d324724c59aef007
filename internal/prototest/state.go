package prototest

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// stored is an object as a state file holds it.
type stored struct {
	schemaVersion int64
	attributes    []byte // JSON
	private       []byte
	identity      []byte // JSON; nil without an identity
	tainted       bool
}

// instance is an object in memory, according to the schemas of the present provider.
type instance struct {
	value    cty.Value
	private  []byte
	identity cty.Value // null if there is none
	tainted  bool
	imported bool // and not read since
}

func (r *Resource) store(object *instance) *stored {
	r.p.tb.Helper()
	if object == nil || object.value.IsNull() {
		return nil
	}
	attributes, err := ctyjson.Marshal(object.value, r.schema.typ)
	if err != nil {
		r.p.tb.Fatalf("prototest: %s: cannot encode the state: %s", r.address, err)
	}
	s := &stored{
		schemaVersion: r.schema.version,
		attributes:    attributes,
		private:       bytes.Clone(object.private),
		tainted:       object.tainted,
	}
	if r.identity != nil && !object.identity.IsNull() {
		if s.identity, err = ctyjson.Marshal(object.identity, r.identity.typ); err != nil {
			r.p.tb.Fatalf("prototest: %s: cannot encode the identity: %s", r.address, err)
		}
	}
	return s
}

// load reads an object from the state and has the provider bring it up to its present schema, as at the beginning of
// every walk.
func (r *Resource) load(ctx context.Context, proc *process, s *stored) (*instance, Diagnostics) {
	r.p.tb.Helper()
	if s == nil {
		return nil, nil
	}
	if s.schemaVersion > r.schema.version {
		return nil, terraformError("", "Resource instance managed by newer provider version",
			"The current state of %s was created by a newer provider version than is currently selected.", r.address)
	}

	raw := s.attributes
	if s.schemaVersion == r.schema.version {
		var err error
		if raw, err = withoutRemovedAttributes(raw, r.schema.typ); err != nil {
			r.p.tb.Fatalf("prototest: %s: the state is not JSON: %s", r.address, err)
		}
	}
	response, ds := call(ctx, proc, "UpgradeResourceState", proc.server.UpgradeResourceState,
		&tfprotov6.UpgradeResourceStateRequest{
			TypeName: r.typeName,
			Version:  s.schemaVersion,
			RawState: &tfprotov6.RawState{JSON: raw},
		})
	if response == nil {
		return nil, ds
	}
	if ds = fromProtocol("UpgradeResourceState", response.Diagnostics); ds.HasError() {
		return nil, ds
	}
	const summary = "Invalid resource state upgrade"
	value, more := r.decodeState(response.UpgradedState, summary)
	ds = ds.and(more).and(r.checkStorable(value, summary))
	if ds.HasError() {
		return nil, ds
	}

	object := &instance{value: value, private: s.private, tainted: s.tainted, identity: r.noIdentity()}
	if r.identity != nil && s.identity != nil {
		var err error
		if object.identity, err = ctyjson.Unmarshal(s.identity, r.identity.typ); err != nil {
			r.p.tb.Fatalf("prototest: %s: the stored identity does not fit its schema: %s", r.address, err)
		}
	}
	return object, ds
}

// withoutRemovedAttributes drops what the schema no longer has. Terraform does it when the schema's version is the
// same, so that attributes can be removed without a new version.
func withoutRemovedAttributes(raw []byte, typ cty.Type) ([]byte, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var state any
	if err := decoder.Decode(&state); err != nil {
		return nil, err
	}
	if !removeUndeclared(state, typ) {
		return raw, nil
	}
	return json.Marshal(state)
}

func removeUndeclared(state any, typ cty.Type) (removed bool) {
	object, ok := state.(map[string]any)
	if !ok || !typ.IsObjectType() {
		return false
	}
	for name, value := range object {
		if !typ.HasAttribute(name) {
			delete(object, name)
			removed = true
			continue
		}
		removed = removeUndeclared(value, typ.AttributeType(name)) || removed
	}
	return removed
}

// decodeState reads an object of this resource that the provider sent.
func (r *Resource) decodeState(sent *tfprotov6.DynamicValue, summary string) (cty.Value, Diagnostics) {
	r.p.tb.Helper()
	value, err := decode(sent, r.schema.typ)
	if err != nil {
		return cty.NullVal(r.schema.typ), r.bug("", summary, "the provider's value does not fit the schema: %s", err)
	}
	return value, nil
}

// checkStorable reports unknown values, which may not be in a state.
func (r *Resource) checkStorable(value cty.Value, summary string) Diagnostics {
	r.p.tb.Helper()
	var ds Diagnostics
	for _, path := range unknownPaths(value) {
		ds = ds.and(r.bug(formatPath(path), summary, "the value is unknown"))
	}
	return ds
}

func (r *Resource) noIdentity() cty.Value {
	if r.identity == nil {
		return cty.NullVal(cty.EmptyObject)
	}
	return cty.NullVal(r.identity.typ)
}

const invalidIdentity = "Provider produced invalid identity"

func (r *Resource) decodeIdentity(sent *tfprotov6.ResourceIdentityData) (cty.Value, Diagnostics) {
	r.p.tb.Helper()
	none := r.noIdentity()
	if r.p.options.oldEngine || sent == nil || sent.IdentityData == nil {
		return none, nil
	}
	if r.identity == nil {
		return none, r.bug("", invalidIdentity, "the provider returned an identity, but no identity schema")
	}
	value, err := decode(sent.IdentityData, r.identity.typ)
	if err != nil {
		return none, r.bug("", invalidIdentity, "the identity does not fit its schema: %s", err)
	}
	return value, nil
}

func (r *Resource) encodeIdentity(value cty.Value) *tfprotov6.ResourceIdentityData {
	r.p.tb.Helper()
	if r.identity == nil || value == cty.NilVal || value.IsNull() {
		return nil
	}
	encoded, err := encode(value, r.identity.typ)
	if err != nil {
		r.p.tb.Fatalf("prototest: %s: cannot encode the identity: %s", r.address, err)
	}
	return &tfprotov6.ResourceIdentityData{IdentityData: encoded}
}

// checkIdentity checks the identity that came with an existing object. The prior one is null if there was none, or if
// it need not be kept.
func (r *Resource) checkIdentity(prior, identity cty.Value) Diagnostics {
	r.p.tb.Helper()
	switch {
	case r.identity == nil:
		return nil
	case !saysAnything(identity):
		return r.bug("", invalidIdentity, "the provider returned an object without its identity")
	case !identity.IsWhollyKnown():
		return r.bug("", invalidIdentity, "the provider returned an identity with unknown values: %s", printValue(identity))
	case saysAnything(prior) && prior.IsWhollyKnown() && !prior.RawEquals(identity):
		return r.bug("", "Provider produced different identity",
			"the identity changed from %s to %s", printValue(prior), printValue(identity))
	}
	return nil
}

// saysAnything is false for an identity that is null or has only null attributes, which is the framework's null.
func saysAnything(identity cty.Value) bool {
	switch {
	case !identity.IsKnown():
		return true
	case identity.IsNull():
		return false
	}
	for _, attribute := range identity.Elements() {
		if !attribute.IsNull() {
			return true
		}
	}
	return false
}

func (r *Resource) encode(value cty.Value) *tfprotov6.DynamicValue {
	r.p.tb.Helper()
	return r.p.encode(r.schema, value)
}

func (r *Resource) bug(path, summary, format string, args ...any) Diagnostics {
	r.p.tb.Helper()
	return r.p.bugIn(r.address, path, summary, format, args...)
}

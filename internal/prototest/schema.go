package prototest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// schema describes one object: a resource, a nested block, a nested attribute or an identity. The protocol describes
// blocks and nested attributes with different messages, but Terraform treats them alike in most respects, so here
// they are one thing, and the few differences depend on field.block.
type schema struct {
	version int64
	fields  map[string]*field
	names   []string // of fields, sorted, so that every report has a stable order
	typ     cty.Type
}

// field is an attribute or a block of a schema.
type field struct {
	typ     cty.Type
	object  *schema // what a block or a nested attribute holds; nil for a plain attribute
	nesting nesting
	block   bool

	required, optional, computed, sensitive, writeOnly, deprecated bool
}

// nesting tells how often the object of a field occurs.
type nesting int

const (
	nestedOnce  nesting = iota // or not at all, then null
	nestedGroup                // always once
	nestedList
	nestedSet
	nestedMap
)

func newSchema(s *tfprotov6.Schema) (*schema, error) {
	if s == nil {
		return newBlock(nil)
	}
	block, err := newBlock(s.Block)
	if err != nil {
		return nil, err
	}
	block.version = s.Version
	return block, nil
}

func newBlock(b *tfprotov6.SchemaBlock) (*schema, error) {
	fields := map[string]*field{}
	if b == nil {
		return finishSchema(fields), nil
	}
	for _, attribute := range b.Attributes {
		f, err := newAttribute(attribute)
		if err != nil {
			return nil, err
		}
		fields[attribute.Name] = f
	}
	for _, block := range b.BlockTypes {
		object, err := newBlock(block.Block)
		if err != nil {
			return nil, fmt.Errorf("block %s: %w", block.TypeName, err)
		}
		f := &field{object: object, block: true, deprecated: block.Block != nil && block.Block.Deprecated}
		switch block.Nesting {
		case tfprotov6.SchemaNestedBlockNestingModeSingle:
			f.nesting = nestedOnce
		case tfprotov6.SchemaNestedBlockNestingModeGroup:
			f.nesting = nestedGroup
		case tfprotov6.SchemaNestedBlockNestingModeList:
			f.nesting = nestedList
		case tfprotov6.SchemaNestedBlockNestingModeSet:
			f.nesting = nestedSet
		case tfprotov6.SchemaNestedBlockNestingModeMap:
			f.nesting = nestedMap
		default:
			return nil, fmt.Errorf("block %s: nesting mode %s", block.TypeName, block.Nesting)
		}
		f.typ = f.nesting.of(object.typ)
		fields[block.TypeName] = f
	}
	return finishSchema(fields), nil
}

func newAttribute(a *tfprotov6.SchemaAttribute) (*field, error) {
	f := &field{
		required: a.Required, optional: a.Optional, computed: a.Computed,
		sensitive: a.Sensitive, writeOnly: a.WriteOnly, deprecated: a.Deprecated,
	}
	if a.NestedType == nil {
		typ, err := ctyType(a.Type)
		if err != nil {
			return nil, fmt.Errorf("attribute %s: %w", a.Name, err)
		}
		f.typ = typ
		return f, nil
	}

	fields := map[string]*field{}
	for _, attribute := range a.NestedType.Attributes {
		nested, err := newAttribute(attribute)
		if err != nil {
			return nil, fmt.Errorf("attribute %s: %w", a.Name, err)
		}
		fields[attribute.Name] = nested
	}
	f.object = finishSchema(fields)
	switch a.NestedType.Nesting {
	case tfprotov6.SchemaObjectNestingModeSingle:
		f.nesting = nestedOnce
	case tfprotov6.SchemaObjectNestingModeList:
		f.nesting = nestedList
	case tfprotov6.SchemaObjectNestingModeSet:
		f.nesting = nestedSet
	case tfprotov6.SchemaObjectNestingModeMap:
		f.nesting = nestedMap
	default:
		return nil, fmt.Errorf("attribute %s: nesting mode %s", a.Name, a.NestedType.Nesting)
	}
	f.typ = f.nesting.of(f.object.typ)
	return f, nil
}

// newIdentitySchema describes an identity as an object whose attributes are all optional: which of them an import
// needs is for the provider to check.
func newIdentitySchema(s *tfprotov6.ResourceIdentitySchema) (*schema, error) {
	fields := map[string]*field{}
	for _, attribute := range s.IdentityAttributes {
		typ, err := ctyType(attribute.Type)
		if err != nil {
			return nil, fmt.Errorf("identity attribute %s: %w", attribute.Name, err)
		}
		fields[attribute.Name] = &field{typ: typ, required: attribute.RequiredForImport, optional: true}
	}
	identity := finishSchema(fields)
	identity.version = s.Version
	return identity, nil
}

func finishSchema(fields map[string]*field) *schema {
	types := make(map[string]cty.Type, len(fields))
	for name, f := range fields {
		types[name] = f.typ
	}
	return &schema{fields: fields, names: slices.Sorted(maps.Keys(fields)), typ: cty.Object(types)}
}

func (n nesting) of(object cty.Type) cty.Type {
	switch n {
	case nestedList:
		return cty.List(object)
	case nestedSet:
		return cty.Set(object)
	case nestedMap:
		return cty.Map(object)
	default:
		return object
	}
}

func (n nesting) String() string {
	return [...]string{"single", "group", "list", "set", "map"}[n]
}

// ctyType converts by way of the JSON form, which both libraries define in the same way: it is a part of the protocol.
func ctyType(t tftypes.Type) (cty.Type, error) {
	encoded, err := json.Marshal(t)
	if err != nil {
		return cty.NilType, err
	}
	return ctyjson.UnmarshalType(encoded)
}

// at finds the field that a path leads to. Steps into the elements of a collection are passed over. The result is nil
// for the root and for what lies inside a plain attribute.
func (s *schema) at(path cty.Path) *field {
	var found *field
	for _, step := range path {
		attribute, ok := step.(cty.GetAttrStep)
		if !ok {
			if found == nil || found.object == nil {
				return nil
			}
			continue
		}
		if s == nil {
			return nil
		}
		found = s.fields[attribute.Name]
		if found == nil {
			return nil
		}
		s = found.object
	}
	if len(path) > 0 {
		if _, element := path[len(path)-1].(cty.IndexStep); element {
			return nil
		}
	}
	return found
}

// secrets lists the names of all sensitive fields in schema notation: "token", "credentials.password".
func (s *schema) secrets(prefix string) []string {
	var found []string
	for _, name := range s.names {
		f := s.fields[name]
		if f.sensitive {
			found = append(found, prefix+name)
			continue
		}
		if f.object != nil {
			found = append(found, f.object.secrets(prefix+name+".")...)
		}
	}
	return found
}

// sensitiveAt tells if a value at the path may not be printed.
func (s *schema) sensitiveAt(path cty.Path) bool {
	for i := range path {
		if f := s.at(path[:i+1]); f != nil && f.sensitive {
			return true
		}
	}
	return false
}

// containsSecret tells if there is something sensitive inside the nested objects at the path.
func (s *schema) containsSecret(path cty.Path) bool {
	for len(path) > 0 {
		if f := s.at(path); f != nil {
			return f.object != nil && len(f.object.secrets("")) > 0
		}
		path = path[:len(path)-1]
	}
	return false
}

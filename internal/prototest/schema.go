package prototest

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// schema describes one object: a resource, the block inside one, or an identity.
type schema struct {
	version int64
	fields  map[string]*field
	names   []string // of fields, sorted, so that every report has a stable order
	typ     cty.Type
}

// field is an attribute or a block of a schema.
type field struct {
	typ    cty.Type
	object *schema // what a block holds, which occurs once or is null; nil for an attribute

	required, optional, computed, sensitive, deprecated bool
}

// newSchema refuses what this package does not model. The plans and states of such a schema would need rules of
// Terraform that are not written here, so that a test could pass on an answer that Terraform refuses.
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
			return nil, fmt.Errorf("attribute %s: %w", attribute.Name, err)
		}
		fields[attribute.Name] = f
	}
	for _, block := range b.BlockTypes {
		if block.Nesting != tfprotov6.SchemaNestedBlockNestingModeSingle {
			return nil, fmt.Errorf("block %s: prototest does not model blocks of nesting mode %s", block.TypeName, block.Nesting)
		}
		object, err := newBlock(block.Block)
		if err != nil {
			return nil, fmt.Errorf("block %s: %w", block.TypeName, err)
		}
		fields[block.TypeName] = &field{
			typ: object.typ, object: object, deprecated: block.Block != nil && block.Block.Deprecated,
		}
	}
	return finishSchema(fields), nil
}

func newAttribute(a *tfprotov6.SchemaAttribute) (*field, error) {
	typ, err := ctyType(a.ValueType())
	if err != nil {
		return nil, err
	}
	configurable := a.Required || a.Optional
	switch {
	case a.WriteOnly:
		return nil, errors.New("prototest does not model write-only attributes")
	case configurable && a.NestedType != nil:
		return nil, errors.New("prototest does not model nested attributes that can be configured")
	case configurable && !typ.IsPrimitiveType() && !(typ.IsSetType() && typ.ElementType().IsPrimitiveType()):
		return nil, fmt.Errorf("prototest does not model attributes that can be configured with a %s", typ.FriendlyName())
	case a.NestedType != nil && slices.ContainsFunc(a.NestedType.Attributes, func(nested *tfprotov6.SchemaAttribute) bool {
		return nested.Sensitive || nested.NestedType != nil
	}):
		return nil, errors.New("prototest does not model nested attributes that hold sensitive or nested ones")
	}
	return &field{
		typ: typ, required: a.Required, optional: a.Optional, computed: a.Computed,
		sensitive: a.Sensitive, deprecated: a.Deprecated,
	}, nil
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
	return finishSchema(fields), nil
}

func finishSchema(fields map[string]*field) *schema {
	types := make(map[string]cty.Type, len(fields))
	for name, f := range fields {
		types[name] = f.typ
	}
	return &schema{fields: fields, names: slices.Sorted(maps.Keys(fields)), typ: cty.Object(types)}
}

// ctyType converts by way of the JSON form, which both libraries define in the same way: it is a part of the protocol.
func ctyType(t tftypes.Type) (cty.Type, error) {
	encoded, err := json.Marshal(t)
	if err != nil {
		return cty.NilType, err
	}
	return ctyjson.UnmarshalType(encoded)
}

// at finds the field that a path leads to. The result is nil for the root and for what lies inside an attribute.
func (s *schema) at(path cty.Path) *field {
	var found *field
	for _, step := range path {
		attribute, ok := step.(cty.GetAttrStep)
		if !ok || s == nil {
			return nil
		}
		if found = s.fields[attribute.Name]; found == nil {
			return nil
		}
		s = found.object
	}
	return found
}

// secrets lists the names of the sensitive attributes.
func (s *schema) secrets() []string {
	var found []string
	for _, name := range s.names {
		if s.fields[name].sensitive {
			found = append(found, name)
		}
	}
	return found
}

// sensitiveAt reports whether a value at the path must not be printed.
func (s *schema) sensitiveAt(path cty.Path) bool {
	for i := range path {
		if f := s.at(path[:i+1]); f != nil && f.sensitive {
			return true
		}
	}
	return false
}

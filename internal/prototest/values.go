package prototest

import (
	"fmt"
	"maps"
	"math/big"
	"reflect"
	"slices"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	ctyjson "github.com/zclconf/go-cty/cty/json"
	ctymsgpack "github.com/zclconf/go-cty/cty/msgpack"
)

// Values is a configuration: what a user writes between the braces of a block. Attributes hold strings, bools, any
// kind of Go number, slices, maps with string keys, nil for null, or [Unknown]; pointers count as what they point to.
// A nested attribute or block holds Values, or a slice or map of Values according to its nesting. What is left out is
// null, or for blocks absent.
//
// Conversions follow Terraform: a slice serves for a list, a set or a tuple, "5" for a number.
type Values map[string]any

// Unknown is a value known after apply, usually because it comes from a resource that does not exist yet.
var Unknown = unknown{}

type unknown struct{}

// String returns "(unknown)".
func (unknown) String() string { return "(unknown)" }

// configuration makes the object that Terraform makes of a block of HCL.
func (s *schema) configuration(values any) (cty.Value, error) {
	given, err := stringMap(values)
	if err != nil {
		return cty.NilVal, err
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if s.fields[name] == nil {
			return cty.NilVal, fmt.Errorf("%s: the schema has no such attribute or block", name)
		}
	}
	attributes := make(map[string]cty.Value, len(s.fields))
	for name, f := range s.fields {
		value, err := f.configuration(given[name])
		if err != nil {
			return cty.NilVal, fmt.Errorf("%s: %w", name, err)
		}
		attributes[name] = value
	}
	return cty.ObjectVal(attributes), nil
}

func (f *field) configuration(value any) (cty.Value, error) {
	value = indirect(value)
	switch {
	case value == Unknown:
		return cty.UnknownVal(f.typ), nil
	case f.object == nil:
		return toCty(value, f.typ)
	case value == nil && !f.block:
		return cty.NullVal(f.typ), nil
	}

	element := f.object.typ
	switch f.nesting {
	case nestedGroup:
		return f.object.configuration(value)
	case nestedOnce:
		if value == nil {
			return cty.NullVal(f.typ), nil
		}
		return f.object.configuration(value)
	case nestedMap:
		given, err := stringMap(value)
		if err != nil {
			return cty.NilVal, err
		}
		elements := map[string]cty.Value{}
		for key, each := range given {
			if elements[key], err = f.object.element(each); err != nil {
				return cty.NilVal, fmt.Errorf("[%q]: %w", key, err)
			}
		}
		if len(elements) == 0 {
			return cty.MapValEmpty(element), nil
		}
		return cty.MapVal(elements), nil
	default:
		given, err := slice(value)
		if err != nil {
			return cty.NilVal, err
		}
		elements := make([]cty.Value, len(given))
		for i, each := range given {
			if elements[i], err = f.object.element(each); err != nil {
				return cty.NilVal, fmt.Errorf("[%d]: %w", i, err)
			}
		}
		switch {
		case f.nesting == nestedSet && len(elements) == 0:
			return cty.SetValEmpty(element), nil
		case f.nesting == nestedSet:
			return cty.SetVal(elements), nil
		case len(elements) == 0:
			return cty.ListValEmpty(element), nil
		default:
			return cty.ListVal(elements), nil
		}
	}
}

func (s *schema) element(value any) (cty.Value, error) {
	switch value := indirect(value); value {
	case Unknown:
		return cty.UnknownVal(s.typ), nil
	case nil:
		return cty.NullVal(s.typ), nil
	default:
		return s.configuration(value)
	}
}

func toCty(value any, typ cty.Type) (cty.Value, error) {
	inferred, err := infer(value)
	if err != nil {
		return cty.NilVal, err
	}
	converted, err := convert.Convert(inferred, typ)
	if err != nil {
		return cty.NilVal, fmt.Errorf("%s does not go into %s: %w", printValue(inferred), typ.FriendlyName(), err)
	}
	return converted, nil
}

// infer gives a Go value the type that the same literal has in HCL; the conversion to the attribute's type follows.
func infer(value any) (cty.Value, error) {
	value = indirect(value)
	switch value := value.(type) {
	case nil:
		return cty.NullVal(cty.DynamicPseudoType), nil
	case unknown:
		return cty.DynamicVal, nil
	case Object:
		return value.value, nil
	case *big.Float:
		return cty.NumberVal(value), nil
	}

	v := reflect.ValueOf(value)
	switch v.Kind() {
	case reflect.String:
		return cty.StringVal(v.String()), nil
	case reflect.Bool:
		return cty.BoolVal(v.Bool()), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return cty.NumberIntVal(v.Int()), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return cty.NumberUIntVal(v.Uint()), nil
	case reflect.Float32, reflect.Float64:
		return cty.NumberFloatVal(v.Float()), nil
	case reflect.Slice, reflect.Array:
		given, _ := slice(value)
		elements := make([]cty.Value, len(given))
		for i, each := range given {
			element, err := infer(each)
			if err != nil {
				return cty.NilVal, err
			}
			elements[i] = element
		}
		return cty.TupleVal(elements), nil
	case reflect.Map:
		given, err := stringMap(value)
		if err != nil {
			return cty.NilVal, err
		}
		attributes := map[string]cty.Value{}
		for name, each := range given {
			attribute, err := infer(each)
			if err != nil {
				return cty.NilVal, err
			}
			attributes[name] = attribute
		}
		return cty.ObjectVal(attributes), nil
	}
	return cty.NilVal, fmt.Errorf("a %T is no configuration value", value)
}

// indirect follows pointers; a nil pointer, slice or map is nil.
func indirect(value any) any {
	for {
		v := reflect.ValueOf(value)
		switch v.Kind() {
		case reflect.Invalid:
			return nil
		case reflect.Pointer:
			if v.IsNil() {
				return nil
			}
			if _, number := value.(*big.Float); number {
				return value
			}
			value = v.Elem().Interface()
		case reflect.Slice, reflect.Map:
			if v.IsNil() {
				return nil
			}
			return value
		default:
			return value
		}
	}
}

func stringMap(value any) (map[string]any, error) {
	v := reflect.ValueOf(value)
	if !v.IsValid() {
		return nil, nil
	}
	if v.Kind() != reflect.Map || v.Type().Key().Kind() != reflect.String {
		return nil, fmt.Errorf("a %T cannot serve as a map with string keys", value)
	}
	converted := make(map[string]any, v.Len())
	for entries := v.MapRange(); entries.Next(); {
		converted[entries.Key().String()] = entries.Value().Interface()
	}
	return converted, nil
}

func slice(value any) ([]any, error) {
	v := reflect.ValueOf(value)
	if !v.IsValid() {
		return nil, nil
	}
	if v.Kind() != reflect.Slice && v.Kind() != reflect.Array {
		return nil, fmt.Errorf("a %T cannot serve as a list", value)
	}
	converted := make([]any, v.Len())
	for i := range converted {
		converted[i] = v.Index(i).Interface()
	}
	return converted, nil
}

// fromCty makes plain Go values: string, bool, int64 or float64, []any (sets in a stable order), map[string]any, nil
// and Unknown.
func fromCty(value cty.Value) any {
	typ := value.Type()
	switch {
	case !value.IsKnown():
		return Unknown
	case value.IsNull():
		return nil
	case typ == cty.String:
		return value.AsString()
	case typ == cty.Bool:
		return value.True()
	case typ == cty.Number:
		number := value.AsBigFloat()
		if integer, accuracy := number.Int64(); accuracy == big.Exact {
			return integer
		}
		float, _ := number.Float64()
		return float
	case typ.IsMapType() || typ.IsObjectType():
		converted := map[string]any{}
		for name, each := range value.AsValueMap() {
			converted[name] = fromCty(each)
		}
		return converted
	default:
		converted := make([]any, 0, value.LengthInt())
		for _, element := range value.Elements() {
			converted = append(converted, fromCty(element))
		}
		return converted
	}
}

func encode(value cty.Value, typ cty.Type) (*tfprotov6.DynamicValue, error) {
	encoded, err := ctymsgpack.Marshal(value, typ)
	if err != nil {
		return nil, err
	}
	return &tfprotov6.DynamicValue{MsgPack: encoded}, nil
}

// decode reads a value that a provider sent. Nothing counts as null, as for Terraform.
func decode(encoded *tfprotov6.DynamicValue, typ cty.Type) (cty.Value, error) {
	switch {
	case encoded == nil:
		return cty.NullVal(typ), nil
	case len(encoded.MsgPack) > 0:
		return ctymsgpack.Unmarshal(encoded.MsgPack, typ)
	case len(encoded.JSON) > 0:
		return ctyjson.Unmarshal(encoded.JSON, typ)
	default:
		return cty.NullVal(typ), nil
	}
}

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

// Values is a configuration: what a user writes between the braces of a block. Attributes hold strings, bools, integers,
// slices for sets, nil for null, or [Unknown]. A block holds Values. What is left out is null.
//
// Conversions follow Terraform: "5" serves for a number.
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
	switch {
	case value == Unknown:
		return cty.UnknownVal(f.typ), nil
	case f.object == nil:
		return toCty(value, f.typ)
	case value == nil:
		return cty.NullVal(f.typ), nil
	}
	return f.object.configuration(value)
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
	switch value.(type) {
	case nil:
		return cty.NullVal(cty.DynamicPseudoType), nil
	case unknown:
		return cty.DynamicVal, nil
	}

	v := reflect.ValueOf(value)
	switch v.Kind() {
	case reflect.String:
		return cty.StringVal(v.String()), nil
	case reflect.Bool:
		return cty.BoolVal(v.Bool()), nil
	case reflect.Int, reflect.Int64:
		return cty.NumberIntVal(v.Int()), nil
	case reflect.Slice:
		if v.IsNil() {
			return cty.NullVal(cty.DynamicPseudoType), nil
		}
		elements := make([]cty.Value, v.Len())
		for i := range elements {
			element, err := infer(v.Index(i).Interface())
			if err != nil {
				return cty.NilVal, err
			}
			elements[i] = element
		}
		return cty.TupleVal(elements), nil
	}
	return cty.NilVal, fmt.Errorf("a %T is no configuration value", value)
}

func stringMap(value any) (map[string]any, error) {
	switch value := value.(type) {
	case nil:
		return nil, nil
	case Values:
		return value, nil
	case map[string]any:
		return value, nil
	}
	return nil, fmt.Errorf("a %T cannot serve as a block", value)
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

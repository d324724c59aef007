package prototest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
	ctymsgpack "github.com/zclconf/go-cty/cty/msgpack"
)

// Paths are written as in Terraform's own messages, without the leading dot:
//
//	name    timeouts.create    labels["env"]    rules[0].port    tags["a b"]
//
// The last one selects an element of a set by its value, which may be any JSON.

func formatPath(path cty.Path) string {
	var text strings.Builder
	for _, step := range path {
		switch step := step.(type) {
		case cty.GetAttrStep:
			if text.Len() > 0 {
				text.WriteByte('.')
			}
			text.WriteString(step.Name)
		case cty.IndexStep:
			text.WriteString("[" + formatKey(step.Key) + "]")
		}
	}
	return text.String()
}

func formatKey(key cty.Value) string {
	if !key.IsWhollyKnown() {
		return "(unknown)"
	}
	encoded, err := ctyjson.Marshal(key, key.Type())
	if err != nil {
		return fmt.Sprintf("%#v", key)
	}
	return string(encoded)
}

// lookUp follows a written path. Beyond a null or unknown value everything is null or unknown too.
func lookUp(value cty.Value, path string) (cty.Value, error) {
	rest := path
	for rest != "" {
		if rest[0] == '[' {
			var key json.RawMessage
			decoder := json.NewDecoder(strings.NewReader(rest[1:]))
			if err := decoder.Decode(&key); err != nil {
				return cty.NilVal, fmt.Errorf("path %q: what is inside [ ] is not JSON: %w", path, err)
			}
			end := 1 + int(decoder.InputOffset())
			if end >= len(rest) || rest[end] != ']' {
				return cty.NilVal, fmt.Errorf("path %q: a [ is not closed", path)
			}
			rest = strings.TrimPrefix(rest[end+1:], ".")
			next, err := element(value, key)
			if err != nil {
				return cty.NilVal, fmt.Errorf("path %q: %w", path, err)
			}
			value = next
			continue
		}

		name := rest
		if end := strings.IndexAny(rest, ".["); end >= 0 {
			name = rest[:end]
		}
		rest = strings.TrimPrefix(rest[len(name):], ".")
		typ := value.Type()
		if typ == cty.DynamicPseudoType {
			continue // null or unknown: nothing to follow
		}
		if !typ.IsObjectType() || !typ.HasAttribute(name) {
			return cty.NilVal, fmt.Errorf("path %q: there is no attribute %q", path, name)
		}
		switch {
		case value.IsNull():
			value = cty.NullVal(typ.AttributeType(name))
		default:
			value = value.GetAttr(name)
		}
	}
	return value, nil
}

func element(value cty.Value, key json.RawMessage) (cty.Value, error) {
	typ := value.Type()
	if typ == cty.DynamicPseudoType {
		return value, nil
	}
	keyType := cty.String
	switch {
	case typ.IsListType() || typ.IsTupleType():
		keyType = cty.Number
	case typ.IsSetType():
		keyType = typ.ElementType()
	case !typ.IsMapType() && !typ.IsObjectType():
		return cty.NilVal, fmt.Errorf("a %s has no elements", typ.FriendlyName())
	}
	index, err := ctyjson.Unmarshal(key, keyType)
	if err != nil {
		return cty.NilVal, fmt.Errorf("[%s]: %w", key, err)
	}
	switch {
	case value.IsNull():
		return cty.NullVal(cty.DynamicPseudoType), nil
	case !value.IsKnown():
		return cty.DynamicVal, nil
	case typ.IsSetType():
		if value.HasElement(index).True() {
			return index, nil
		}
	case typ.IsObjectType():
		if typ.HasAttribute(index.AsString()) {
			return value.GetAttr(index.AsString()), nil
		}
	case value.HasIndex(index).True():
		return value.Index(index), nil
	}
	return cty.NilVal, fmt.Errorf("there is no element [%s]", key)
}

// pathFromProtocol converts a path as providers send it in diagnostics and in "requires replace".
func pathFromProtocol(path *tftypes.AttributePath) cty.Path {
	if path == nil {
		return nil
	}
	var converted cty.Path
	for _, step := range path.Steps() {
		switch step := step.(type) {
		case tftypes.AttributeName:
			converted = converted.GetAttr(string(step))
		case tftypes.ElementKeyString:
			converted = converted.IndexString(string(step))
		case tftypes.ElementKeyInt:
			converted = converted.IndexInt(int(step))
		case tftypes.ElementKeyValue:
			converted = converted.Index(valueFromProtocol(tftypes.Value(step)))
		}
	}
	return converted
}

// valueFromProtocol converts the key of a set element. One that cannot be converted is only ever printed, so its text
// will do.
func valueFromProtocol(value tftypes.Value) cty.Value {
	encoded, err := tfprotov6.NewDynamicValue(value.Type(), value)
	if err != nil {
		return cty.StringVal(value.String())
	}
	typ, err := ctyType(value.Type())
	if err != nil {
		return cty.StringVal(value.String())
	}
	converted, err := ctymsgpack.Unmarshal(encoded.MsgPack, typ)
	if err != nil {
		return cty.StringVal(value.String())
	}
	return converted
}

// printValue writes a value for a message.
func printValue(value cty.Value) string {
	switch {
	case value == cty.NilVal:
		return "(none)"
	case !value.IsKnown():
		return "(unknown)"
	case value.IsNull():
		return "null"
	case value.Type() == cty.String:
		return strconv.Quote(value.AsString())
	case value.IsWhollyKnown():
		if encoded, err := ctyjson.Marshal(value, value.Type()); err == nil {
			return string(encoded)
		}
	}
	return fmt.Sprintf("%#v", value)
}

// formatPaths writes paths in sorted order.
func formatPaths(paths []cty.Path) []string {
	texts := make([]string, len(paths))
	for i, path := range paths {
		texts[i] = formatPath(path)
	}
	slices.Sort(texts)
	return texts
}

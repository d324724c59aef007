package prototest

import (
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
//	name    timeouts.create    oauth_applications[0].name    scopes["a b"]
//
// The last one selects an element of a set by its value in JSON.

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

// lookUp follows the names in a written path. Below a null or unknown value every value is null or unknown too.
func lookUp(value cty.Value, path string) (cty.Value, error) {
	for name := range strings.SplitSeq(path, ".") {
		typ := value.Type()
		if !typ.IsObjectType() || !typ.HasAttribute(name) {
			return cty.NilVal, fmt.Errorf("path %q: there is no attribute %q", path, name)
		}
		value = attributeOrNull(value, name, typ.AttributeType(name))
	}
	return value, nil
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

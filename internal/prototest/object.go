package prototest

import (
	"slices"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// Object is a value with a schema: a state, a plan, the result of a data source, an identity. Its methods take paths
// such as
//
//	name    timeouts.create
//
// A path that the schema does not have, or that leads to a different type than the method returns, fails the test.
type Object struct {
	tb     testing.TB
	schema *schema
	value  cty.Value
}

// Exists tells if there is an object at all: false for the state of a resource that was not created or is gone.
func (o Object) Exists() bool {
	return o.value != cty.NilVal && !o.value.IsNull()
}

// Get returns the value as plain Go: string, bool, int64 (float64 for a number with a fraction), []any for lists and
// sets (sets in a stable order), map[string]any, nil for null, or [Unknown].
func (o Object) Get(path string) any {
	o.tb.Helper()
	return fromCty(o.at(path))
}

// IsNull tells if the value is null.
func (o Object) IsNull(path string) bool {
	o.tb.Helper()
	value := o.at(path)
	return value.IsKnown() && value.IsNull()
}

// String returns a string, "" for null.
func (o Object) String(path string) string {
	o.tb.Helper()
	return get[string](o, path)
}

// Bool returns a bool, false for null.
func (o Object) Bool(path string) bool {
	o.tb.Helper()
	return get[bool](o, path)
}

// Int returns an integral number, 0 for null.
func (o Object) Int(path string) int64 {
	o.tb.Helper()
	return get[int64](o, path)
}

// Strings returns a list of strings in its order or a set of strings sorted; nil for null.
func (o Object) Strings(path string) []string {
	o.tb.Helper()
	value := o.at(path)
	elements := get[[]any](o, path)
	if elements == nil {
		return nil
	}
	texts := make([]string, len(elements))
	for i, each := range elements {
		text, ok := each.(string)
		if !ok {
			o.tb.Fatalf("prototest: %s holds a %T, not a string", path, each)
		}
		texts[i] = text
	}
	if value.Type().IsSetType() {
		slices.Sort(texts)
	}
	return texts
}

// Len returns the number of elements of a list, set or map, 0 for null.
func (o Object) Len(path string) int {
	o.tb.Helper()
	value := o.at(path)
	switch {
	case !value.IsKnown():
		o.tb.Fatalf("prototest: %s is unknown", path)
	case value.IsNull():
		return 0
	case !value.CanIterateElements():
		o.tb.Fatalf("prototest: %s has no elements: it is a %s", path, value.Type().FriendlyName())
	}
	return value.LengthInt()
}

// Values returns the whole object, nil if there is none.
func (o Object) Values() Values {
	if !o.Exists() {
		return nil
	}
	values, _ := fromCty(o.value).(map[string]any)
	return values
}

// JSON returns the object as a state file would hold it, sensitive values included; nil if there is none. Unknown
// values become null.
func (o Object) JSON() []byte {
	if !o.Exists() {
		return nil
	}
	encoded, err := ctyjson.Marshal(cty.UnknownAsNull(o.value), o.schema.typ)
	if err != nil {
		o.tb.Fatalf("prototest: cannot encode the object: %s", err)
	}
	return encoded
}

// Sensitive lists the attributes that the schema marks as sensitive.
func (o Object) Sensitive() []string {
	return o.schema.secrets()
}

// GeneratedConfig returns the configuration which `terraform plan -generate-config-out` writes for the object. It is
// made by the rules of Terraform's own generator: what is only computed, deprecated or an empty optional string is
// left out, and so is an optional and computed id.
func (o Object) GeneratedConfig() Values {
	if !o.Exists() {
		return nil
	}
	generated, _ := cty.Transform(o.value, func(path cty.Path, value cty.Value) (cty.Value, error) {
		f := o.schema.at(path)
		switch {
		case f == nil || value.IsNull():
			return value, nil
		case f.deprecated,
			f.computed && !f.optional,
			f.computed && f.optional && formatPath(path) == "id",
			f.optional && value.RawEquals(cty.StringVal("")):
			return cty.NullVal(value.Type()), nil
		}
		return value, nil
	})
	return Object{tb: o.tb, schema: o.schema, value: generated}.Values()
}

// at returns the value, or fails the test.
func (o Object) at(path string) cty.Value {
	o.tb.Helper()
	if !o.Exists() {
		o.tb.Fatalf("prototest: %s asked of an object that does not exist", path)
	}
	value, err := lookUp(o.value, path)
	if err != nil {
		o.tb.Fatalf("prototest: %s (the schema has %s)", err, strings.Join(o.schema.names, ", "))
	}
	return value
}

func get[T any](o Object, path string) T {
	o.tb.Helper()
	var zero T
	value := fromCty(o.at(path))
	if value == nil {
		return zero
	}
	typed, ok := value.(T)
	if !ok {
		o.tb.Fatalf("prototest: %s is %v (%T), not a %T", path, value, value, zero)
	}
	return typed
}

package clerktest

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"unicode/utf8"
)

// form is the JSON object that a request sent. Fields are taken out one by one; what is left over is unknown to the
// endpoint. Errors gather, so that one answer can name several parameters.
type form struct {
	values   map[string]json.RawMessage
	taken    map[string]bool
	errors   []clerkError
	status   int // of the answer, when there are errors
	switches Switches
}

// field is one parameter of a request: omitted, null, or a value.
type field[T any] struct {
	sent, null bool
	value      T
}

// parseForm reads a request body. null counts as an empty object, as it does for Go servers; anything else that is no
// object, or is followed by something, is refused.
func parseForm(body []byte, switches Switches) (*form, bool) {
	f := &form{taken: map[string]bool{}, status: http.StatusUnprocessableEntity, switches: switches}
	if err := json.Unmarshal(body, &f.values); err != nil {
		return nil, false
	}
	return f, true
}

func (f *form) fail(err clerkError) { f.errors = append(f.errors, err) }

// problem gives the answer to what is wrong with the form, nil when nothing is. It must be asked after every known field
// was taken.
func (f *form) problem() *answer {
	if f.switches.UnknownField == UnknownFieldRefused {
		for _, name := range slices.Sorted(maps.Keys(f.values)) {
			if !f.taken[name] {
				f.fail(unknownParameter(name))
			}
		}
	}
	if len(f.errors) == 0 {
		return nil
	}
	problem := failure(f.status, f.errors...)
	return &problem
}

// refuse makes a field that was sent an error. The endpoint does not know the field, whatever becomes of other unknown ones.
func (f *form) refuse(name string) {
	if _, sent := f.values[name]; sent {
		f.taken[name] = true
		f.fail(unknownParameter(name))
	}
}

// take reads one field. A value of another JSON type is an error of the form, and the field counts as omitted.
func take[T any](f *form, name string) field[T] {
	f.taken[name] = true
	raw, sent := f.values[name]
	switch {
	case !sent:
		return field[T]{}
	case bytes.Equal(raw, []byte("null")):
		return field[T]{sent: true, null: true}
	case !utf8.Valid(raw):
		f.fail(badEncoding(name))
		return field[T]{}
	}
	taken := field[T]{sent: true}
	if err := json.Unmarshal(raw, &taken.value); err != nil {
		f.fail(wrongType(name, typeOfJSON(raw), typeOfGo(reflect.TypeFor[T]())))
		return field[T]{}
	}
	return taken
}

// takeForUpdate reads a field whose null in a PATCH is governed by the patch_null switch.
func takeForUpdate[T any](f *form, name string) field[T] {
	taken := take[T](f, name)
	if taken.null {
		switch f.switches.PatchNull {
		case NullUnchanged:
			return field[T]{}
		case NullRefused:
			f.fail(null(name))
			return field[T]{}
		}
	}
	return taken
}

func typeOfJSON(raw json.RawMessage) string {
	switch raw[0] {
	case '{':
		return "object"
	case '[':
		return "array"
	case '"':
		return "string"
	case 't', 'f':
		return "boolean"
	default:
		return "number"
	}
}

func typeOfGo(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "boolean"
	case reflect.Slice:
		return "array of strings"
	default:
		return t.Kind().String()
	}
}

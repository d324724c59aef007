package prototest

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/zclconf/go-cty/cty"
)

// allKinds returns a schema with every kind of field that this package models: attributes that are configured, computed
// or both, a set, a block with two attributes, and computed objects in a list.
func allKinds(t *testing.T) *schema {
	t.Helper()
	s, err := newSchema(&tfprotov6.Schema{Block: &tfprotov6.SchemaBlock{
		Attributes: []*tfprotov6.SchemaAttribute{
			{Name: "in", Type: tftypes.String, Optional: true},
			{Name: "both", Type: tftypes.String, Optional: true, Computed: true},
			{Name: "out", Type: tftypes.Number, Computed: true},
			{Name: "set", Type: tftypes.Set{ElementType: tftypes.String}, Optional: true},
			{Name: "found", Computed: true, NestedType: &tfprotov6.SchemaObject{
				Attributes: []*tfprotov6.SchemaAttribute{{Name: "in", Type: tftypes.String, Computed: true}},
				Nesting:    tfprotov6.SchemaObjectNestingModeList,
			}},
		},
		BlockTypes: []*tfprotov6.SchemaNestedBlock{{
			TypeName: "block", Nesting: tfprotov6.SchemaNestedBlockNestingModeSingle,
			Block: &tfprotov6.SchemaBlock{Attributes: []*tfprotov6.SchemaAttribute{
				{Name: "in", Type: tftypes.String, Optional: true},
				{Name: "out", Type: tftypes.String, Computed: true},
			}},
		}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func make1(t *testing.T, s *schema, v Values) cty.Value {
	t.Helper()
	if v == nil {
		return cty.NullVal(s.typ)
	}
	value, err := s.configuration(v)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// TestSchemasBeyondTheModel: a schema whose rules are not modelled here must be refused.
func TestSchemasBeyondTheModel(t *testing.T) {
	t.Parallel()
	inner := []*tfprotov6.SchemaAttribute{{Name: "in", Type: tftypes.String, Optional: true}}
	secret := []*tfprotov6.SchemaAttribute{{Name: "in", Type: tftypes.String, Computed: true, Sensitive: true}}
	list := func(attributes []*tfprotov6.SchemaAttribute) *tfprotov6.SchemaObject {
		return &tfprotov6.SchemaObject{Attributes: attributes, Nesting: tfprotov6.SchemaObjectNestingModeList}
	}
	for what, block := range map[string]*tfprotov6.SchemaBlock{
		"write-only":         {Attributes: []*tfprotov6.SchemaAttribute{{Name: "a", Type: tftypes.String, Optional: true, WriteOnly: true}}},
		"configured objects": {Attributes: []*tfprotov6.SchemaAttribute{{Name: "a", Optional: true, Computed: true, NestedType: list(inner)}}},
		"secrets in objects": {Attributes: []*tfprotov6.SchemaAttribute{{Name: "a", Computed: true, NestedType: list(secret)}}},
		"a configured list":  {Attributes: []*tfprotov6.SchemaAttribute{{Name: "a", Optional: true, Type: tftypes.List{ElementType: tftypes.String}}}},
		"a dynamic type":     {Attributes: []*tfprotov6.SchemaAttribute{{Name: "a", Optional: true, Type: tftypes.DynamicPseudoType}}},
		"several blocks": {BlockTypes: []*tfprotov6.SchemaNestedBlock{{
			TypeName: "a", Nesting: tfprotov6.SchemaNestedBlockNestingModeList, Block: &tfprotov6.SchemaBlock{Attributes: inner},
		}}},
	} {
		if _, err := newSchema(&tfprotov6.Schema{Block: block}); err == nil || !strings.Contains(err.Error(), " a: prototest does not model") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestProposedNewState(t *testing.T) {
	t.Parallel()
	s := allKinds(t)
	in := func(in any) Values { return Values{"in": in} }
	inOut := func(in, out string) Values { return Values{"in": in, "out": out} }

	tests := map[string]struct{ prior, config, want Values }{
		"creation":    {nil, Values{"both": "x", "block": in("a")}, Values{"both": "x", "block": in("a")}},
		"destruction": {Values{"both": "x"}, nil, Values{"both": "x"}},
		"optional and computed keeps the prior value": {
			Values{"both": "x", "set": []string{"a"}}, Values{}, Values{"both": "x"},
		},
		"block": {
			Values{"block": inOut("a", "1")}, Values{"block": in("b")}, Values{"block": inOut("b", "1")},
		},
		"block removed": {Values{"block": inOut("a", "1")}, Values{}, Values{}},
		"unknown": {
			Values{"both": "x", "block": inOut("a", "1")},
			Values{"both": Unknown, "block": in(Unknown)},
			Values{"both": Unknown, "block": Values{"in": Unknown, "out": "1"}},
		},
		"unknown block": {Values{"block": inOut("a", "1")}, Values{"block": Unknown}, Values{"block": Unknown}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := s.proposedNewState(make1(t, s, test.prior), make1(t, s, test.config))
			if want := make1(t, s, test.want); !got.RawEquals(want) {
				t.Errorf("got  %s\nwant %s", printValue(got), printValue(want))
			}
		})
	}
}

func TestCheckPlan(t *testing.T) {
	t.Parallel()
	s := allKinds(t)
	in := func(in string) Values { return Values{"in": in} }

	tests := map[string]struct {
		prior, config, planned Values
		want                   string // "" for a valid plan
	}{
		"computed":               {nil, Values{}, Values{"out": Unknown, "both": Unknown}, ""},
		"computed inside":        {nil, Values{"block": in("a")}, Values{"block": Values{"in": "a", "out": Unknown}}, ""},
		"prior":                  {Values{"in": "A"}, Values{"in": "a"}, Values{"in": "A"}, ""},
		"prior inside":           {Values{"block": in("A")}, Values{"block": in("a")}, Values{"block": in("A")}, ""},
		"unknown block":          {nil, Values{"block": Unknown}, Values{"block": Unknown}, ""},
		"configured":             {nil, Values{"both": "a"}, Values{"both": "b"}, `both: planned value "b" does not match config value "a"`},
		"set":                    {nil, Values{"set": []string{"a"}}, Values{"set": []string{"a", "b"}}, `set: planned value ["a","b"] does not match`},
		"configured inside":      {nil, Values{"block": in("a")}, Values{"block": in("b")}, `block.in: planned value "b"`},
		"block dropped":          {nil, Values{"block": in("a")}, Values{}, "block: planned for absence"},
		"block invented":         {nil, Values{}, Values{"block": in("a")}, "block: planned for existence"},
		"block unknown":          {nil, Values{"block": in("a")}, Values{"block": Unknown}, "block: planned as unknown"},
		"unknown block resolved": {nil, Values{"block": Unknown}, Values{"block": in("a")}, `block: planned as {"in":"a","out":null}, though the configuration is still unknown`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expect(t, s.checkPlan(make1(t, s, test.prior), make1(t, s, test.config), make1(t, s, test.planned)), test.want)
		})
	}
}

func TestCheckResult(t *testing.T) {
	t.Parallel()
	s := allKinds(t)
	tests := map[string]struct {
		planned, actual Values
		want            string
	}{
		"unknown becomes anything":    {Values{"both": Unknown, "block": Unknown}, Values{"both": nil, "block": Values{"in": "a"}}, ""},
		"elements coincide":           {Values{"set": []any{"a", Unknown}}, Values{"set": []string{"a"}}, ""},
		"an element becomes known":    {Values{"set": []any{"a", Unknown}}, Values{"set": []string{"a", "b"}}, ""},
		"element lost":                {Values{"set": []string{"a", "b"}}, Values{"set": []string{"a"}}, `set: planned element "b" is not there`},
		"element gained":              {Values{"set": []string{"a"}}, Values{"set": []string{"a", "b"}}, `set: element "b" was not planned`},
		"more than were unknown":      {Values{"set": []any{Unknown}}, Values{"set": []string{"a", "b"}}, "set: 1 elements were planned, but there are now 2"},
		"inside a block":              {Values{"block": Values{"in": "a"}}, Values{"block": Values{"in": "b"}}, `block.in: was "a", but now "b"`},
		"null is known":               {Values{"both": nil}, Values{"both": ""}, `both: was null, but now ""`},
		"object gone":                 {Values{}, nil, "the object was present, but is now absent"},
		"object came":                 {nil, Values{}, "the object was absent, but is now present"},
		"known things became unknown": {Values{"set": []string{"a"}}, Values{"set": []any{Unknown}}, `set: planned element "a" is not there`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expect(t, s.checkResult(make1(t, s, test.planned), make1(t, s, test.actual)), test.want)
		})
	}
}

// expect requires a violation that begins with the text, or no violation for "".
func expect(t *testing.T, found []violation, want string) {
	t.Helper()
	var all []string
	for _, each := range found {
		text := strings.TrimPrefix(formatPath(each.path)+": "+each.text, ": ")
		if want != "" && strings.HasPrefix(text, want) {
			return
		}
		all = append(all, text)
	}
	if want != "" || len(all) > 0 {
		t.Errorf("want %q, found:\n%s", want, strings.Join(all, "\n"))
	}
}

func TestChangedPaths(t *testing.T) {
	t.Parallel()
	s := allKinds(t)
	before := make1(t, s, Values{"in": "a", "block": Values{"in": "a", "out": "b"}, "set": []string{"a"}})
	after := make1(t, s, Values{"in": "a", "block": Values{"in": "b", "out": "b"}, "set": []string{"b"}, "both": Unknown})
	got := strings.Join(formatPaths(s.changedPaths(before, after, nil)), " ")
	if want := "block.in both set"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	got = strings.Join(formatPaths(s.changedPaths(cty.NullVal(s.typ), after, nil)), " ")
	if want := "block both in set"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestValuesAndPaths(t *testing.T) {
	t.Parallel()
	s := allKinds(t)
	o := Object{tb: t, schema: s, value: make1(t, s, Values{
		"both": true, "out": "5", "set": []any{"b", "a"}, "block": map[string]any{"in": 1},
	})}
	for path, want := range map[string]any{"both": "true", "out": int64(5), "in": nil, "block.in": "1", "block.out": nil} {
		if got := o.Get(path); got != want {
			t.Errorf("%s: got %v (%T), want %v", path, got, got, want)
		}
	}
	for _, wrong := range []string{"", "nothing", "both.x", "block.x", "set[0]"} {
		if value, err := lookUp(o.value, wrong); err == nil {
			t.Errorf("%s leads to %s", wrong, printValue(value))
		}
	}
	for _, wrong := range []Values{
		{"nothing": 1},
		{"both": []string{"x"}},
		{"set": "x"},
		{"block": 5},
		{"both": make(chan int)},
		{"block": Values{"x": 1}},
	} {
		if _, err := s.configuration(wrong); err == nil {
			t.Errorf("%v passes as a configuration", wrong)
		}
	}
}

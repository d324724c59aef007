package prototest

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/zclconf/go-cty/cty"
)

// allNestings is a schema with everything that can hold objects. Each object has a configurable "in" and a computed
// "out".
func allNestings(t *testing.T) *schema {
	t.Helper()
	inOut := []*tfprotov6.SchemaAttribute{
		{Name: "in", Type: tftypes.String, Optional: true},
		{Name: "out", Type: tftypes.String, Computed: true},
	}
	nested := func(name string, mode tfprotov6.SchemaObjectNestingMode, computed bool) *tfprotov6.SchemaAttribute {
		return &tfprotov6.SchemaAttribute{
			Name: name, Optional: true, Computed: computed,
			NestedType: &tfprotov6.SchemaObject{Attributes: inOut, Nesting: mode},
		}
	}
	block := func(name string, mode tfprotov6.SchemaNestedBlockNestingMode) *tfprotov6.SchemaNestedBlock {
		return &tfprotov6.SchemaNestedBlock{TypeName: name, Nesting: mode, Block: &tfprotov6.SchemaBlock{Attributes: inOut}}
	}
	s, err := newSchema(&tfprotov6.Schema{Block: &tfprotov6.SchemaBlock{
		Attributes: []*tfprotov6.SchemaAttribute{
			{Name: "both", Type: tftypes.String, Optional: true, Computed: true},
			{Name: "any", Type: tftypes.DynamicPseudoType, Optional: true},
			{Name: "set", Type: tftypes.Set{ElementType: tftypes.String}, Optional: true},
			{Name: "map", Type: tftypes.Map{ElementType: tftypes.String}, Optional: true},
			nested("single", tfprotov6.SchemaObjectNestingModeSingle, false),
			nested("computed_single", tfprotov6.SchemaObjectNestingModeSingle, true),
			nested("list", tfprotov6.SchemaObjectNestingModeList, false),
			nested("sets", tfprotov6.SchemaObjectNestingModeSet, false),
			nested("maps", tfprotov6.SchemaObjectNestingModeMap, false),
		},
		BlockTypes: []*tfprotov6.SchemaNestedBlock{
			block("single_block", tfprotov6.SchemaNestedBlockNestingModeSingle),
			block("group_block", tfprotov6.SchemaNestedBlockNestingModeGroup),
			block("list_block", tfprotov6.SchemaNestedBlockNestingModeList),
			block("set_block", tfprotov6.SchemaNestedBlockNestingModeSet),
			block("map_block", tfprotov6.SchemaNestedBlockNestingModeMap),
		},
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

func TestProposedNewState(t *testing.T) {
	t.Parallel()
	s := allNestings(t)
	in := func(in string) Values { return Values{"in": in} }
	inOut := func(in, out string) Values { return Values{"in": in, "out": out} }

	tests := map[string]struct{ prior, config, want Values }{
		"creation":    {nil, Values{"both": "x", "single": in("a")}, Values{"both": "x", "single": in("a")}},
		"destruction": {Values{"both": "x"}, nil, Values{"both": "x"}},
		"optional and computed keeps the prior value": {
			Values{"both": "x", "set": []string{"a"}}, Values{}, Values{"both": "x"},
		},
		"single": {
			Values{"single": inOut("a", "1")}, Values{"single": in("b")}, Values{"single": inOut("b", "1")},
		},
		"single removed": {Values{"single": inOut("a", "1")}, Values{}, Values{}},
		"computed single that was configured goes": {
			Values{"computed_single": inOut("a", "1")}, Values{}, Values{},
		},
		"computed single that was computed stays": {
			Values{"computed_single": Values{"out": "1"}}, Values{}, Values{"computed_single": Values{"out": "1"}},
		},
		"list by index": {
			Values{"list": []Values{inOut("a", "1"), inOut("b", "2")}},
			Values{"list": []Values{in("b"), in("b"), in("c")}},
			Values{"list": []Values{inOut("b", "1"), inOut("b", "2"), in("c")}},
		},
		"set by content": {
			Values{"sets": []Values{inOut("a", "1"), inOut("b", "2")}},
			Values{"sets": []Values{in("c"), in("b")}},
			Values{"sets": []Values{in("c"), inOut("b", "2")}},
		},
		"map by key": {
			Values{"maps": map[string]Values{"x": inOut("a", "1"), "y": inOut("b", "2")}},
			Values{"maps": map[string]Values{"y": in("c"), "z": in("d")}},
			Values{"maps": map[string]Values{"y": inOut("c", "2"), "z": in("d")}},
		},
		"blocks": {
			Values{
				"single_block": inOut("a", "1"), "group_block": inOut("a", "1"), "list_block": []Values{inOut("a", "1")},
				"set_block": []Values{inOut("a", "1")}, "map_block": map[string]Values{"x": inOut("a", "1")},
			},
			Values{
				"single_block": in("a"), "group_block": in("b"), "list_block": []Values{in("b"), in("c")},
				"set_block": []Values{in("a"), in("b")}, "map_block": map[string]Values{"x": in("b")},
			},
			Values{
				"single_block": inOut("a", "1"), "group_block": inOut("b", "1"), "list_block": []Values{inOut("b", "1"), in("c")},
				"set_block": []Values{inOut("a", "1"), in("b")}, "map_block": map[string]Values{"x": inOut("b", "1")},
			},
		},
		"blocks removed": {
			Values{
				"single_block": inOut("a", "1"), "list_block": []Values{inOut("a", "1")}, "set_block": []Values{inOut("a", "1")},
			},
			Values{},
			Values{"group_block": Values{}},
		},
		"unknown": {
			Values{"single": inOut("a", "1"), "list": []Values{inOut("a", "1")}, "sets": []Values{inOut("a", "1")}},
			Values{"single": Unknown, "list": Unknown, "sets": []any{Values{"in": Unknown}}, "both": Unknown, "any": Unknown},
			Values{"single": Unknown, "list": Unknown, "sets": []any{Values{"in": Unknown}}, "both": Unknown, "any": Unknown},
		},
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
	s := allNestings(t)
	in := func(in string) Values { return Values{"in": in} }
	inOut := func(in string, out any) Values { return Values{"in": in, "out": out} }
	keyed := func(key string, v Values) map[string]Values { return map[string]Values{key: v} }

	tests := map[string]struct {
		prior, config, planned Values
		want                   string // "" for a valid plan
	}{
		"computed inside": {
			nil,
			Values{"single": in("a"), "list": []Values{in("a")}, "sets": []Values{in("a")}, "maps": keyed("x", in("a"))},
			Values{
				"single": inOut("a", Unknown), "list": []Values{inOut("a", Unknown)}, "sets": []Values{inOut("a", Unknown)},
				"maps": keyed("x", inOut("a", Unknown)),
			},
			"",
		},
		"computed inside blocks": {
			nil,
			Values{
				"single_block": in("a"), "group_block": in("a"), "list_block": []Values{in("a")}, "set_block": []Values{in("a")},
				"map_block": keyed("x", in("a")),
			},
			Values{
				"single_block": inOut("a", "1"), "group_block": inOut("a", "1"), "list_block": []Values{inOut("a", "1")},
				"set_block": []Values{inOut("a", "1")}, "map_block": keyed("x", inOut("a", "1")),
			},
			"",
		},
		"prior inside":            {Values{"single": in("A")}, Values{"single": in("a")}, Values{"single": in("A")}, ""},
		"computed as a whole":     {nil, Values{}, Values{"computed_single": Unknown}, ""},
		"unknown blocks":          {nil, Values{"list_block": Unknown}, Values{"list_block": Unknown}, ""},
		"configured inside":       {nil, Values{"single": in("a")}, Values{"single": in("b")}, `single.in: planned value "b"`},
		"single dropped":          {nil, Values{"single": in("a")}, Values{}, "single: planned for absence"},
		"single unknown":          {nil, Values{"single": in("a")}, Values{"single": Unknown}, "single: planned as unknown"},
		"list longer":             {nil, Values{"list": []Values{in("a")}}, Values{"list": []Values{in("a"), in("b")}}, "list: 2 elements planned, 1 configured"},
		"list dropped":            {nil, Values{"list": []Values{in("a")}}, Values{}, "list: planned for absence"},
		"list element":            {nil, Values{"list": []Values{in("a")}}, Values{"list": []Values{in("b")}}, `list[0].in: planned value "b"`},
		"set shorter":             {nil, Values{"sets": []Values{in("a"), in("b")}}, Values{"sets": []Values{in("a")}}, "sets: 1 elements planned, 2 configured"},
		"map key":                 {nil, Values{"maps": keyed("x", in("a"))}, Values{"maps": keyed("y", in("a"))}, `maps["y"]: planned but not configured`},
		"block invented":          {nil, Values{}, Values{"list_block": []Values{in("a")}}, "list_block: 1 elements planned, 0 configured"},
		"block element":           {nil, Values{"list_block": []Values{in("a")}}, Values{"list_block": []Values{in("b")}}, `list_block[0].in: planned value "b"`},
		"block element unknown":   {nil, Values{"list_block": []Values{in("a")}}, Values{"list_block": []any{Unknown}}, "list_block[0]: planned as unknown"},
		"set block unknown":       {nil, Values{"set_block": []Values{in("a")}}, Values{"set_block": []any{Unknown}}, "set_block[(unknown)]: a block may not be unknown"},
		"single block invented":   {nil, Values{}, Values{"single_block": in("a")}, "single_block: planned for existence"},
		"unknown blocks resolved": {nil, Values{"list_block": Unknown}, Values{}, "list_block: planned as [], though the configuration is still unknown"},
		"dynamic":                 {nil, Values{"any": "x"}, Values{"any": true}, `any: planned value true does not match config value "x"`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expect(t, s.checkPlan(make1(t, s, test.prior), make1(t, s, test.config), make1(t, s, test.planned)), test.want)
		})
	}

	t.Run("null blocks", func(t *testing.T) {
		t.Parallel()
		config := make1(t, s, Values{})
		attributes := config.AsValueMap()
		attributes["set_block"] = cty.NullVal(s.fields["set_block"].typ)
		expect(t, s.checkPlan(cty.NullVal(s.typ), config, cty.ObjectVal(attributes)),
			"set_block: a set of blocks must be empty when there are none, not null")
	})
}

func TestCheckResult(t *testing.T) {
	t.Parallel()
	s := allNestings(t)
	tests := map[string]struct {
		planned, actual Values
		want            string
	}{
		"unknown becomes anything":    {Values{"both": Unknown, "single": Unknown}, Values{"both": nil, "single": Values{"in": "a"}}, ""},
		"elements coincide":           {Values{"set": []any{"a", Unknown}}, Values{"set": []string{"a"}}, ""},
		"objects in sets":             {Values{"sets": []any{Values{"in": "a", "out": Unknown}}}, Values{"sets": []Values{{"in": "a", "out": "1"}}}, ""},
		"objects in sets differ":      {Values{"sets": []any{Values{"in": "a", "out": Unknown}}}, Values{"sets": []Values{{"in": "b", "out": "1"}}}, `sets: planned element`},
		"element lost":                {Values{"set": []string{"a", "b"}}, Values{"set": []string{"a"}}, `set: planned element "b" is not there`},
		"element gained":              {Values{"set": []string{"a"}}, Values{"set": []string{"a", "b"}}, `set: element "b" was not planned`},
		"more than were unknown":      {Values{"set": []any{Unknown}}, Values{"set": []string{"a", "b"}}, "set: 1 elements were planned, but there are now 2"},
		"map key lost":                {Values{"map": map[string]string{"a": "1"}}, Values{"map": map[string]string{}}, `map["a"]: has vanished`},
		"map key gained":              {Values{"map": map[string]string{}}, Values{"map": map[string]string{"a": "1"}}, `map["a"]: has appeared`},
		"inside an element":           {Values{"list": []Values{{"in": "a"}}}, Values{"list": []Values{{"in": "b"}}}, `list[0].in: was "a", but now "b"`},
		"dynamic":                     {Values{"any": "1"}, Values{"any": 1}, "any: was a string, but is now a number"},
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

// expect wants one of the violations to begin with the text, or none at all for "".
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
	s := allNestings(t)
	before := make1(t, s, Values{
		"single": Values{"in": "a"}, "list": []Values{{"in": "a"}, {"in": "b"}}, "maps": map[string]Values{"x": {"in": "a"}},
		"sets": []Values{{"in": "a"}}, "list_block": []Values{{"in": "a"}}, "map": map[string]string{"k": "v"},
	})
	after := make1(t, s, Values{
		"single": Values{"in": "b"}, "list": []Values{{"in": "a"}, {"in": "c"}}, "maps": map[string]Values{"y": {"in": "a"}},
		"sets": []Values{{"in": "b"}}, "list_block": []Values{{"in": "a"}, {"in": "b"}}, "map": map[string]string{"k": "w"},
		"both": Unknown,
	})
	got := strings.Join(formatPaths(s.changedPaths(before, after, nil)), " ")
	if want := `both list[1].in list_block map maps["y"] sets single.in`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestValuesAndPaths(t *testing.T) {
	t.Parallel()
	s := allNestings(t)
	text := "pointed to"
	o := Object{tb: t, schema: s, value: make1(t, s, Values{
		"both": &text, "any": []any{1, 2.5, true, nil, map[string]any{"k": "v"}}, "set": [2]string{"b", "a"},
		"map": map[string]int{"a.b": 1}, "sets": []any{map[string]any{"in": "a"}}, "maps": map[string]Values{"x y": {"in": "a"}},
		"list": []Values(nil), "list_block": []Values{{"in": "a"}},
	})}
	for path, want := range map[string]any{
		"both": "pointed to", "any[0]": int64(1), "any[1]": 2.5, "any[2]": true, "any[3]": nil, "any[4].k": "v",
		`map["a.b"]`: "1", `set["a"]`: "a", `maps["x y"].in`: "a", `sets[{"in":"a","out":null}].in`: "a",
		"single.in": nil, "list[3].in": nil, "list_block[0].in": "a",
	} {
		if got := o.Get(path); got != want {
			t.Errorf("%s: got %v (%T), want %v", path, got, got, want)
		}
	}
	for _, wrong := range []string{"nothing", "both.x", "list_block[1]", `set["z"]`, "set[", `any[x]`, `map[0`, "list_block[0].x"} {
		if value, err := lookUp(o.value, wrong); err == nil {
			t.Errorf("%s leads to %s", wrong, printValue(value))
		}
	}
	for _, wrong := range []Values{
		{"nothing": 1},
		{"both": []string{"x"}},
		{"list": "x"},
		{"maps": []Values{}},
		{"single": 5},
		{"any": make(chan int)},
		{"list_block": []Values{{"x": 1}}},
	} {
		if _, err := s.configuration(wrong); err == nil {
			t.Errorf("%v passes as a configuration", wrong)
		}
	}
}

package provider

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

// The codec uses the struct tags, so they must agree with the schema.
func TestTagsAgreeWithSchema(t *testing.T) {
	t.Parallel()
	checkTags[resourceModel](t, newOAuthApplicationResource())
	checkTags[settingsModel](t, newOAuthApplicationSettingsResource())
}

func checkTags[M any](t *testing.T, r resource.Resource) {
	t.Helper()
	var described resource.SchemaResponse
	r.Schema(t.Context(), resource.SchemaRequest{}, &described)
	attributes := described.Schema.Type().TerraformType(t.Context()).(tftypes.Object).AttributeTypes
	for _, field := range fieldsOf[M]() {
		want, ok := attributes[field.name]
		if !ok {
			t.Errorf("%T has %s, the schema has not", *new(M), field.name)
			continue
		}
		if got := field.typ.TerraformType(t.Context()); !got.Equal(want) {
			t.Errorf("%s is a %s in %T, the schema has a %s", field.name, got, *new(M), want)
		}
		delete(attributes, field.name)
	}
	for name := range attributes {
		t.Errorf("the schema has %s, %T has not", name, *new(M))
	}
}

// Every argument that Clerk stores is sent.
func TestEveryArgumentIsSent(t *testing.T) {
	t.Parallel()
	t.Run("application", func(t *testing.T) {
		t.Parallel()
		var model reportedModel
		names := fillArguments(t, newOAuthApplicationResource(), &model)
		checkBody(t, names, model.fieldsToCreate())
	})
	t.Run("settings", func(t *testing.T) {
		t.Parallel()
		var model settingsModel
		names := fillArguments(t, newOAuthApplicationSettingsResource(), &model)
		checkBody(t, names, model.fieldsToUpdate(settingsModel{}))
	})
}

// fillArguments gives a value to every field of a model that the schema lets a user
// configure, and returns their names.
func fillArguments[M any](t *testing.T, r resource.Resource, model *M) []string {
	t.Helper()
	var described resource.SchemaResponse
	r.Schema(t.Context(), resource.SchemaRequest{}, &described)
	var names []string
	target := reflect.ValueOf(model).Elem()
	for _, field := range fieldsOf[M]() {
		attribute, ok := described.Schema.Attributes[field.name]
		if !ok || !attribute.IsOptional() && !attribute.IsRequired() {
			continue
		}
		target.FieldByIndex(field.index).Set(reflect.ValueOf(exampleOf(t, field)))
		names = append(names, field.name)
	}
	if len(names) < 6 {
		t.Errorf("only %q can be configured", names)
	}
	slices.Sort(names)
	return names
}

func exampleOf(t *testing.T, field modelField) attr.Value {
	t.Helper()
	switch field.typ {
	case types.StringType:
		return types.StringValue("a")
	case types.BoolType:
		return types.BoolValue(false) // false is sent too
	}
	if field.typ.Equal(setOfStrings) {
		return setOf([]string{"a", "b"})
	}
	t.Fatalf("no example for %s, a %s", field.name, field.typ)
	return nil
}

func checkBody(t *testing.T, names []string, fields any) {
	t.Helper()
	body, err := json.Marshal(fields)
	must(t, err)
	var sent map[string]any
	must(t, json.Unmarshal(body, &sent))
	if got := slices.Sorted(maps.Keys(sent)); !slices.Equal(got, names) {
		t.Errorf("the body has %q, the schema %q", got, names)
	}
}

// Every field that Clerk reports reaches the model.
func TestEveryFieldIsReported(t *testing.T) {
	t.Parallel()
	t.Run("application", func(t *testing.T) {
		t.Parallel()
		var first, second reportedModel
		first.fromAPI(fill[clerk.OAuthApplication](t, 1))
		second.fromAPI(fill[clerk.OAuthApplication](t, 2))
		checkAllDiffer(t, first, second)
	})
	t.Run("settings", func(t *testing.T) {
		t.Parallel()
		// The id is that of the instance, which is not part of the settings.
		first, second := settingsModel{ID: types.StringValue("1")}, settingsModel{ID: types.StringValue("2")}
		first.fromAPI(fill[clerk.OAuthApplicationSettings](t, 1))
		second.fromAPI(fill[clerk.OAuthApplicationSettings](t, 2))
		checkAllDiffer(t, first, second)
	})
}

// fill returns an object in which every field has a value that depends on n, 1 or 2.
func fill[T any](t *testing.T, n int) (object T) {
	t.Helper()
	for _, field := range reflect.ValueOf(&object).Elem().Fields() {
		switch field.Interface().(type) {
		case string:
			field.SetString(fmt.Sprint(n))
		case bool:
			field.SetBool(n == 1)
		case *string:
			field.Set(reflect.ValueOf(new(fmt.Sprint(n))))
		case *bool:
			field.Set(reflect.ValueOf(new(n == 1)))
		case []string:
			field.Set(reflect.ValueOf([]string{fmt.Sprint(n)}))
		case time.Time:
			field.Set(reflect.ValueOf(time.Unix(int64(n), 0)))
		case []clerk.FieldProblem: // not a value of Clerk's
		default:
			t.Fatalf("no value for a %s", field.Type())
		}
	}
	return object
}

func checkAllDiffer[M any](t *testing.T, a, b M) {
	t.Helper()
	for _, field := range fieldsOf[M]() {
		left, right := field.valueIn(reflect.ValueOf(a)), field.valueIn(reflect.ValueOf(b))
		if left.IsNull() || right.IsNull() || sameValue(left, right) {
			t.Errorf("%s does not follow what Clerk reports: %s and %s", field.name, left, right)
		}
	}
}

// Two models that differ in one attribute are different, and only that attribute of a plan
// is kept.
func TestModelsAreComparedWhole(t *testing.T) {
	t.Parallel()
	var model reportedModel
	model.fromAPI(fill[clerk.OAuthApplication](t, 1))
	for _, field := range fieldsOf[reportedModel]() {
		plan := model
		var other reportedModel
		other.fromAPI(fill[clerk.OAuthApplication](t, 2))
		reflect.ValueOf(&plan).Elem().FieldByIndex(field.index).Set(reflect.ValueOf(other).FieldByIndex(field.index))
		if sameValues(model, plan) || !sameValues(plan, plan) {
			t.Errorf("%s is not compared", field.name)
		}
		kept := model
		keepPlanned(&kept, plan)
		if !sameValues(kept, plan) {
			t.Errorf("the planned %s is not kept", field.name)
		}
	}
}

func TestKeepPlannedLeavesTheUnknown(t *testing.T) {
	t.Parallel()
	var model reportedModel
	model.fromAPI(fill[clerk.OAuthApplication](t, 1))
	plan := model
	plan.Name = types.StringUnknown()
	plan.Public = types.BoolNull()
	plan.Scopes = types.SetUnknown(types.StringType)
	plan.RedirectURIs = types.SetValueMust(types.StringType, []attr.Value{types.StringValue("a"), types.StringUnknown()})
	kept := model
	keepPlanned(&kept, plan)
	want := model
	want.Public = types.BoolNull()
	if !sameValues(kept, want) {
		t.Errorf("kept:\n%+v\nwant:\n%+v", kept, want)
	}
}

func TestSameValue(t *testing.T) {
	t.Parallel()
	set := func(values ...string) types.Set { return setOf(values) }
	partly := types.SetValueMust(types.StringType, []attr.Value{types.StringValue("a"), types.StringUnknown()})
	null, unknown := types.SetNull(types.StringType), types.SetUnknown(types.StringType)
	for _, test := range []struct {
		a, b attr.Value
		want bool
	}{
		{set("a", "b"), set("b", "a"), true},
		{set("a", "b"), set("a"), false},
		{set("a", "b"), set("a", "c"), false},
		{set(), null, false},
		{set(), set(), true},
		{null, null, true},
		{null, types.Set{}, true},
		{set("a"), types.Set{}, false},
		{unknown, unknown, true},
		{unknown, null, false},
		{partly, partly, true},
		{partly, set("a", "b"), false},
		{types.StringValue("a"), types.StringValue("a"), true},
		{types.StringValue("a"), types.StringNull(), false},
		{types.StringUnknown(), types.StringUnknown(), true},
		{types.BoolValue(false), types.BoolNull(), false},
	} {
		if sameValue(test.a, test.b) != test.want || sameValue(test.b, test.a) != test.want {
			t.Errorf("%s and %s: want %t", test.a, test.b, test.want)
		}
	}
}

// The codec reads and writes the same as the framework's own Get and Set.
func TestCodecAgreesWithReflection(t *testing.T) {
	t.Parallel()
	model := applicationWithoutState()
	model.fromAPI(fill[clerk.OAuthApplication](t, 1))
	model.RotateSecretTrigger, model.ClientSecretVersion = types.StringValue("1"), types.Int64Unknown()
	model.Timeouts.Object = types.ObjectValueMust(model.Timeouts.AttributeTypes(t.Context()), map[string]attr.Value{
		"create": types.StringValue("3m"), "read": types.StringNull(), "update": types.StringNull(), "delete": types.StringNull(),
	})
	raw, diags := encodeModel(t.Context(), applicationStateType(), model)
	if diags.HasError() {
		t.Fatal(diags)
	}
	described := applicationSchema()
	// Reflection needs a model of the schema's type; the codec does not.
	uris := described.Attributes["redirect_uris"].(schema.SetAttribute)
	uris.CustomType, uris.ElementType = nil, types.StringType
	described.Attributes["redirect_uris"] = uris
	var decoded, reflected resourceModel
	if diags := decodeModel(t.Context(), raw, &decoded); diags.HasError() {
		t.Fatal(diags)
	}
	state := tfsdk.State{Schema: described, Raw: raw}
	if diags := state.Get(t.Context(), &reflected); diags.HasError() {
		t.Fatal(diags)
	}
	if !reflect.DeepEqual(decoded, reflected) {
		t.Errorf("decoded:\n%+v\nreflected:\n%+v", decoded, reflected)
	}
	encoded, diags := encodeModel(t.Context(), raw.Type(), decoded)
	if diags.HasError() || !encoded.Equal(raw) {
		t.Errorf("encoding what was decoded gives another value: %v\n%s\n%s", diags, encoded, raw)
	}
}

func TestCodecRefusesAnotherShape(t *testing.T) {
	t.Parallel()
	var model resourceModel
	if diags := decodeModel(t.Context(), tftypes.NewValue(tftypes.String, "x"), &model); !diags.HasError() {
		t.Error("a string was decoded as an application")
	}
	if _, diags := encodeModel(t.Context(), tftypes.Object{AttributeTypes: map[string]tftypes.Type{"other": tftypes.String}}, applicationWithoutState()); !diags.HasError() {
		t.Error("an application was encoded as an empty object")
	}
}

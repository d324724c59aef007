package provider

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
)

// The slots stand in for the framework's reflection, so they must say what the
// struct tags and the schema say.
func TestSlotsAgreeWithTagsAndSchema(t *testing.T) {
	t.Parallel()
	var model resourceModel
	var names []string
	for _, slot := range model.slots() {
		names = append(names, slot.name)
	}
	slices.Sort(names)

	tags := tagsOf(reflect.TypeFor[resourceModel]())
	slices.Sort(tags)
	if !slices.Equal(names, tags) {
		t.Errorf("slots and struct tags differ:\n%v\n%v", names, tags)
	}
	schemaType := applicationSchemaType(t)
	if attributes := slices.Sorted(maps.Keys(schemaType.AttributeTypes)); !slices.Equal(names, attributes) {
		t.Errorf("slots and schema differ:\n%v\n%v", names, attributes)
	}
	for _, slot := range model.slots() {
		if got := slot.typ.TerraformType(t.Context()); !got.Equal(schemaType.AttributeTypes[slot.name]) {
			t.Errorf("slot %s is a %s, the schema has a %s", slot.name, got, schemaType.AttributeTypes[slot.name])
		}
	}
}

// What the codec reads and writes is what the framework's own Get and Set do.
func TestCodecAgreesWithReflection(t *testing.T) {
	t.Parallel()
	server := clerktest.New(t)
	app := newProvider(t, server).Resource(applicationType)
	app.Apply(prototest.Values{
		"name": "codec", "redirect_uris": []string{"https://a.example/cb"}, "rotate_secret_trigger": "1",
		"timeouts": prototest.Values{"create": "3m"},
	})
	schema := applicationSchema(t)
	raw := rawState(t, app)

	var decoded, reflected resourceModel
	if diags := decodeModel(t.Context(), raw, decoded.slots()); diags.HasError() {
		t.Fatal(diags)
	}
	state := tfsdk.State{Schema: schema.Schema, Raw: raw}
	if diags := state.Get(t.Context(), &reflected); diags.HasError() {
		t.Fatal(diags)
	}
	if !reflect.DeepEqual(decoded, reflected) {
		t.Errorf("decoded:\n%+v\nreflected:\n%+v", decoded, reflected)
	}
	encoded, diags := encodeModel(t.Context(), raw.Type(), decoded.slots())
	if diags.HasError() || !encoded.Equal(raw) {
		t.Errorf("encoding what was decoded gives another value: %v\n%s\n%s", diags, encoded, raw)
	}
}

func TestCodecRefusesAnotherShape(t *testing.T) {
	t.Parallel()
	var model resourceModel
	if diags := decodeModel(t.Context(), tftypes.NewValue(tftypes.String, "x"), model.slots()); !diags.HasError() {
		t.Error("a string was decoded as an application")
	}
	if _, diags := encodeModel(t.Context(), tftypes.Object{AttributeTypes: map[string]tftypes.Type{"other": tftypes.String}}, model.slots()[:1]); !diags.HasError() {
		t.Error("an application was encoded as an empty object")
	}
}

func tagsOf(typ reflect.Type) []string {
	var tags []string
	for field := range typ.Fields() {
		if field.Anonymous {
			tags = append(tags, tagsOf(field.Type)...)
			continue
		}
		tags = append(tags, field.Tag.Get("tfsdk"))
	}
	return tags
}

func applicationSchema(t *testing.T) resource.SchemaResponse {
	t.Helper()
	var resp resource.SchemaResponse
	newOAuthApplicationResource().Schema(context.Background(), resource.SchemaRequest{}, &resp)
	return resp
}

func applicationSchemaType(t *testing.T) tftypes.Object {
	t.Helper()
	schema := applicationSchema(t)
	return schema.Schema.Type().TerraformType(t.Context()).(tftypes.Object)
}

// rawState is the state of a resource as the framework holds it.
func rawState(t *testing.T, app *prototest.Resource) tftypes.Value {
	t.Helper()
	raw, err := tftypes.ValueFromJSON(app.StateJSON(), applicationSchemaType(t)) //nolint:staticcheck // there is no other way from JSON
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

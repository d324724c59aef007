package provider

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Here is what follows from the tfsdk tags of a model. The framework's Get and Set read the
// same tags, but rebuild the whole object for each attribute: they were a third of what a
// plan over a thousand applications cost in the provider.

// modelField is a field of a model struct and the attribute that its tag names.
type modelField struct {
	name  string
	index []int
	typ   attr.Type
}

// modelFields caches fieldsOf by the type of the model.
var modelFields sync.Map

// fieldsOf returns the fields of a model, with those of embedded structs.
func fieldsOf[M any]() []modelField {
	model := reflect.TypeFor[M]()
	if fields, ok := modelFields.Load(model); ok {
		return fields.([]modelField)
	}
	var fields []modelField
	for _, field := range reflect.VisibleFields(model) {
		if name, ok := field.Tag.Lookup("tfsdk"); ok { // it is no embedded struct
			fields = append(fields, modelField{name, field.Index, attributeTypes[field.Type]})
		}
	}
	modelFields.Store(model, fields)
	return fields
}

var (
	setOfStrings = types.SetType{ElemType: types.StringType}
	//nolint:forbidigo // a type needs no context
	timeoutsType = timeouts.BlockAll(context.Background()).Type()

	// attributeTypes are the types of attributes, by those of the fields.
	attributeTypes = map[reflect.Type]attr.Type{
		reflect.TypeFor[types.String]():         types.StringType,
		reflect.TypeFor[types.Bool]():           types.BoolType,
		reflect.TypeFor[types.Int64]():          types.Int64Type,
		reflect.TypeFor[types.Set]():            setOfStrings,
		reflect.TypeFor[timeouts.Value]():       timeoutsType,
		reflect.TypeFor[timetypes.GoDuration](): timetypes.GoDurationType{},
	}
)

func (f modelField) valueIn(model reflect.Value) attr.Value {
	return model.FieldByIndex(f.index).Interface().(attr.Value)
}

// decodeModel fills a model from a value of Terraform's.
func decodeModel[M any](ctx context.Context, raw tftypes.Value, model *M) diag.Diagnostics {
	var values map[string]tftypes.Value
	if err := raw.As(&values); err != nil {
		return codecError(err)
	}
	target := reflect.ValueOf(model).Elem()
	for _, field := range fieldsOf[M]() {
		value, err := field.typ.ValueFromTerraform(ctx, values[field.name])
		if err != nil {
			return codecError(fmt.Errorf("%s: %w", field.name, err))
		}
		target.FieldByIndex(field.index).Set(reflect.ValueOf(value))
	}
	return nil
}

// encodeModel is the inverse of decodeModel. typ is the type of the schema.
func encodeModel[M any](
	ctx context.Context, typ tftypes.Type, model M,
) (tftypes.Value, diag.Diagnostics) {
	source, fields := reflect.ValueOf(&model).Elem(), fieldsOf[M]()
	values := make(map[string]tftypes.Value, len(fields))
	for _, field := range fields {
		value, err := field.valueIn(source).ToTerraformValue(ctx)
		if err != nil {
			return tftypes.Value{}, codecError(fmt.Errorf("%s: %w", field.name, err))
		}
		values[field.name] = value
	}
	if err := tftypes.ValidateValue(typ, values); err != nil {
		return tftypes.Value{}, codecError(err)
	}
	return tftypes.NewValue(typ, values), nil
}

// identityModel is the identity of a resource: the same id as in its state.
type identityModel struct {
	ID types.String `tfsdk:"id"`
}

// identityType is the type of an identity in the protocol.
var identityType = tftypes.Object{AttributeTypes: map[string]tftypes.Type{"id": tftypes.String}}

func identitySchema(description string) identityschema.Schema {
	return identityschema.Schema{
		Attributes: map[string]identityschema.Attribute{
			"id": identityschema.StringAttribute{RequiredForImport: true, Description: description},
		},
	}
}

// saveState writes a model into the state, and its id into the identity where the engine keeps one.
func saveState[M any](
	ctx context.Context, model M, id types.String, state *tfsdk.State,
	identity *tfsdk.ResourceIdentity,
) diag.Diagnostics {
	raw, diags := encodeModel(ctx, state.Raw.Type(), model)
	if diags.HasError() {
		return diags
	}
	state.Raw = raw
	if identity != nil {
		diags.Append(identity.Set(ctx, identityModel{ID: id})...)
	}
	return diags
}

func codecError(err error) diag.Diagnostics {
	return diag.Diagnostics{diag.NewErrorDiagnostic("Unable to convert values",
		"This is a bug in the provider: its model and its schema disagree.\n\n"+err.Error())}
}

// sameValues reports whether two models have the same values.
func sameValues[M any](a, b M) bool {
	left, right := reflect.ValueOf(&a).Elem(), reflect.ValueOf(&b).Elem()
	for _, field := range fieldsOf[M]() {
		if !sameValue(field.valueIn(left), field.valueIn(right)) {
			return false
		}
	}
	return true
}

// sameValue reports whether two values are the same. Sets of strings are sorted first,
// because the framework's Equal compares each element with every other one.
func sameValue(a, b attr.Value) bool {
	left, leftIsSet := a.(types.Set)
	right, rightIsSet := b.(types.Set)
	if !leftIsSet || !rightIsSet || !isWhollyKnown(left) || !isWhollyKnown(right) {
		return a.Equal(b)
	}
	sorted := func(set types.Set) []string { return slices.Sorted(slices.Values(stringsOf(set))) }
	return left.IsNull() == right.IsNull() && slices.Equal(sorted(left), sorted(right))
}

// keepPlanned copies every value of the plan that is known into the model. Terraform
// holds a provider to them.
func keepPlanned[M any](model *M, plan M) {
	target, planned := reflect.ValueOf(model).Elem(), reflect.ValueOf(&plan).Elem()
	for _, field := range fieldsOf[M]() {
		if isWhollyKnown(field.valueIn(planned)) {
			target.FieldByIndex(field.index).Set(planned.FieldByIndex(field.index))
		}
	}
}

// copyField copies the value of one attribute to a model. An unknown value becomes null.
func copyField[M any](model *M, from M, name string) {
	target, source := reflect.ValueOf(model).Elem(), reflect.ValueOf(&from).Elem()
	for _, field := range fieldsOf[M]() {
		if field.name != name {
			continue
		}
		value := field.valueIn(source)
		if !isWhollyKnown(value) {
			ctx := context.Background() //nolint:forbidigo // a null value needs no context
			value, _ = field.typ.ValueFromTerraform(ctx, tftypes.NewValue(field.typ.TerraformType(ctx), nil))
		}
		target.FieldByIndex(field.index).Set(reflect.ValueOf(value))
	}
}

// isWhollyKnown reports whether a value is known, with all elements if it is a set.
func isWhollyKnown(value attr.Value) bool {
	set, isSet := value.(types.Set)
	return !value.IsUnknown() &&
		!(isSet && slices.ContainsFunc(set.Elements(), attr.Value.IsUnknown))
}

// changed returns what is to be sent for a value: nil where the wanted one is unknown, null,
// or the current one.
func changed[T attr.Value, V any](wanted, current T, value func(T) V) *V {
	if wanted.IsNull() || !isWhollyKnown(wanted) || sameValue(wanted, current) {
		return nil
	}
	return new(value(wanted))
}

// isKnownText reports whether a value is neither null nor unknown.
func isKnownText(value types.String) bool { return !value.IsNull() && !value.IsUnknown() }

// unknownUnlessNull plans a text that an apply will make of a value, if there is one.
func unknownUnlessNull(of attr.Value) types.String {
	if of.IsNull() {
		return types.StringNull()
	}
	return types.StringUnknown()
}

func setOf(values []string) types.Set {
	element := func(text string) attr.Value { return types.StringValue(text) }
	values = slices.Compact(slices.Sorted(slices.Values(values)))
	return types.SetValueMust(types.StringType, mapped(values, element))
}

func stringsOf(set types.Set) []string {
	return mapped(set.Elements(), func(element attr.Value) string {
		return element.(types.String).ValueString()
	})
}

package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// A slot is an attribute of a model, as a place to read from and write to.
type slot struct {
	name string
	typ  attr.Type
	get  func() attr.Value
	set  func(attr.Value) error
}

// slotOf makes a slot of a model's field.
func slotOf[T attr.Value](name string, typ attr.Type, field *T) slot {
	return slot{
		name: name,
		typ:  typ,
		get:  func() attr.Value { return *field },
		set: func(value attr.Value) error {
			typed, ok := value.(T)
			if !ok {
				return fmt.Errorf("%s is %T", name, value)
			}
			*field = typed
			return nil
		},
	}
}

// decodeModel fills slots from a value of Terraform's, and encodeModel is its
// inverse. They do what the framework's Get and Set do by reflection and struct
// tags, which a plan over a thousand applications does seven thousand times: it
// was a third of what such a plan cost in the provider. A test holds the slots
// to the struct tags and the schema.
func decodeModel(ctx context.Context, raw tftypes.Value, slots []slot) diag.Diagnostics {
	var diags diag.Diagnostics
	var values map[string]tftypes.Value
	if err := raw.As(&values); err != nil {
		return append(diags, codecError(err))
	}
	for _, slot := range slots {
		value, err := slot.typ.ValueFromTerraform(ctx, values[slot.name])
		if err == nil {
			err = slot.set(value)
		}
		if err != nil {
			return append(diags, codecError(err))
		}
	}
	return diags
}

func encodeModel(ctx context.Context, typ tftypes.Type, slots []slot) (tftypes.Value, diag.Diagnostics) {
	var diags diag.Diagnostics
	values := make(map[string]tftypes.Value, len(slots))
	for _, slot := range slots {
		value, err := slot.get().ToTerraformValue(ctx)
		if err != nil {
			return tftypes.Value{}, append(diags, codecError(err))
		}
		values[slot.name] = value
	}
	if err := tftypes.ValidateValue(typ, values); err != nil {
		return tftypes.Value{}, append(diags, codecError(err))
	}
	return tftypes.NewValue(typ, values), diags
}

func codecError(err error) diag.Diagnostic {
	return diag.NewErrorDiagnostic("Unable to convert values",
		"This is a bug in the provider: its model and its schema disagree.\n\n"+err.Error())
}

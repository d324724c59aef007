package provider

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// The type of redirect URIs behaves like the framework's own sets.
func TestURISetAgreesWithTheFrameworksSets(t *testing.T) {
	t.Parallel()
	ctx, typ := t.Context(), uriSetType{setOfStrings}
	partly := types.SetValueMust(types.StringType, []attr.Value{types.StringValue("a"), types.StringUnknown()})
	sets := []types.Set{
		setOf(nil), setOf([]string{"a"}), setOf([]string{"a", "b"}), setOf([]string{"b", "a"}), setOf([]string{"b", "c"}),
		types.SetNull(types.StringType), types.SetUnknown(types.StringType), partly,
	}
	for _, left := range sets {
		for _, right := range sets {
			same, want := (uriSet{left}).Equal(uriSet{right}), left.Equal(right)
			semantic, diags := (uriSet{left}).SetSemanticEquals(ctx, uriSet{right})
			if same != want || semantic != want || sameValue(left, right) != want || diags.HasError() {
				t.Errorf("%s and %s: %t and %t, the framework says %t", left, right, same, semantic, want)
			}
		}
		value := must(typ.ValueFromTerraform(ctx, must(left.ToTerraformValue(ctx))))
		wrapped, _ := typ.ValueFromSet(ctx, left)
		if !value.Equal(uriSet{left}) || !wrapped.Equal(value) || !value.Type(ctx).Equal(typ) {
			t.Errorf("%s was read as %s and wrapped as %s", left, value, wrapped)
		}
	}
	if (uriSet{sets[0]}).Equal(sets[0]) || typ.Equal(setOfStrings) {
		t.Error("a set of another type is the same")
	}
	if _, err := typ.ValueFromTerraform(ctx, tftypes.NewValue(tftypes.Bool, true)); err == nil {
		t.Error("a bool was read as a set")
	}
}

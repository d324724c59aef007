package provider

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// The type of redirect URIs behaves like the framework's own sets.
func TestURISetAgreesWithTheFrameworksSets(t *testing.T) {
	t.Parallel()
	partly := types.SetValueMust(types.StringType, []attr.Value{types.StringValue("a"), types.StringUnknown()})
	sets := []types.Set{
		setOf(nil), setOf([]string{"a"}), setOf([]string{"a", "b"}), setOf([]string{"b", "a"}), setOf([]string{"b", "c"}),
		types.SetNull(types.StringType), types.SetUnknown(types.StringType), partly,
	}
	for _, left := range sets {
		for _, right := range sets {
			same := (uriSet{left}).Equal(uriSet{right})
			if want := left.Equal(right); same != want {
				t.Errorf("%s and %s: equal is %t, the framework says %t", left, right, same, want)
			}
			if semantic, diags := (uriSet{left}).SetSemanticEquals(t.Context(), uriSet{right}); semantic != same || diags.HasError() {
				t.Errorf("%s and %s: semantic equality is %t", left, right, semantic)
			}
		}
		checkURISet(t, left)
	}
	if (uriSet{setOf(nil)}).Equal(setOf(nil)) || newURISetType().Equal(setOfStrings) || !newURISetType().Equal(newURISetType()) {
		t.Error("a set of another type is the same")
	}
	if _, err := newURISetType().ValueFromTerraform(t.Context(), tftypes.NewValue(tftypes.Bool, true)); err == nil {
		t.Error("a bool was read as a set")
	}
}

// checkURISet takes a set through the conversions.
func checkURISet(t *testing.T, set basetypes.SetValue) {
	t.Helper()
	raw, err := set.ToTerraformValue(t.Context())
	must(t, err)
	value, err := newURISetType().ValueFromTerraform(t.Context(), raw)
	must(t, err)
	if !value.Equal(uriSet{set}) || !value.Type(t.Context()).Equal(newURISetType()) {
		t.Errorf("%s was read as %s", set, value)
	}
	wrapped, diags := newURISetType().ValueFromSet(t.Context(), set)
	if diags.HasError() || !wrapped.Equal(value) {
		t.Errorf("%s was wrapped as %s", set, wrapped)
	}
}

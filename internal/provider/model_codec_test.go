package provider

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

func TestKeepPlannedLeavesTheUnknown(t *testing.T) {
	t.Parallel()
	var model reportedModel
	model.fromAPI(clerk.OAuthApplication{Name: "web", RedirectURIs: []string{"a"}})
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

package provider

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

// What is planned is kept, and what is not known in the plan is not.
func TestKeepPlanned(t *testing.T) {
	t.Parallel()
	var model reportedModel
	model.fromAPI(clerk.OAuthApplication{Name: "web", RedirectURIs: []string{"a"}})
	plan := model
	plan.Name, plan.Public, plan.ClientID = types.StringUnknown(), types.BoolNull(), types.StringValue("b")
	plan.Scopes = types.SetUnknown(types.StringType)
	plan.RedirectURIs = types.SetValueMust(types.StringType, []attr.Value{types.StringValue("a"), types.StringUnknown()})
	kept, want := model, model
	keepPlanned(&kept, plan)
	want.Public, want.ClientID = plan.Public, plan.ClientID
	if !sameValues(kept, want) || sameValues(kept, model) {
		t.Errorf("kept:\n%+v\nwant:\n%+v", kept, want)
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

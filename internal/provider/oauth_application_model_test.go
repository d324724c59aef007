package provider

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

// A field of an answer that could not be read keeps its value, or is null where none is
// known. It is never the zero value of a Go type.
func TestUnreadableFieldsKeepTheirValue(t *testing.T) {
	t.Parallel()
	model := reportedModel{
		Name: types.StringValue("web"), PKCERequired: types.BoolValue(true), ConsentScreenEnabled: types.BoolUnknown(),
		UpdatedAt: types.StringUnknown(), Scopes: types.SetNull(types.StringType),
	}
	model.fromAPI(clerk.OAuthApplication{ID: "oa_1", Problems: []clerk.FieldProblem{
		{Field: "name"}, {Field: "pkce_required"}, {Field: "consent_screen_enabled"}, {Field: "updated_at"}, {Field: "client_secret"},
	}})
	if model.Name.ValueString() != "web" || !model.PKCERequired.ValueBool() ||
		!model.ConsentScreenEnabled.IsNull() || !model.UpdatedAt.IsNull() || model.ID.ValueString() != "oa_1" {
		t.Errorf("the model is %+v", model)
	}
}

// Whether a client is public is decided by the request, and what is planned stays planned.
func TestAnswerDoesNotDecide(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		before, planned types.Bool
		served, want    bool
	}{
		"planned public":            {types.BoolUnknown(), types.BoolValue(true), false, true},
		"planned confidential":      {types.BoolValue(true), types.BoolValue(false), true, false},
		"not configured":            {types.BoolValue(false), types.BoolUnknown(), true, false},
		"not configured, no state":  {types.BoolNull(), types.BoolUnknown(), true, true},
		"not configured, no state ": {types.BoolUnknown(), types.BoolUnknown(), false, false},
	} {
		model := reportedModel{Public: test.before, Name: types.StringValue("old"), Scopes: types.SetNull(types.StringType)}
		plan := model
		plan.Public, plan.Name = test.planned, types.StringValue("new")
		model.fromAnswer(clerk.OAuthApplication{Name: "other", Public: test.served}, plan)
		if model.Public.ValueBool() != test.want || model.Name.ValueString() != "new" {
			t.Errorf("%s: public is %s, the name %s", name, model.Public, model.Name)
		}
	}
}

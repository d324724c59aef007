package provider

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// A state may hold anything.
func TestShortcutsDeclineWhatIsNoApplication(t *testing.T) {
	t.Parallel()
	null, err := tfprotov6.NewDynamicValue(applicationStateType(), tftypes.NewValue(applicationStateType(), nil))
	if err != nil {
		t.Fatal(err)
	}
	p := &clerkProvider{}
	for name, state := range map[string]*tfprotov6.DynamicValue{
		"absent": nil, "null": &null, "empty": {}, "garbage": {MsgPack: []byte("\x81\xa9logo_path\xc0")},
	} {
		if _, ok := decodeState(t.Context(), state); ok {
			t.Errorf("%s passed for an application", name)
		}
		if resp := p.readUnchanged(t.Context(), &tfprotov6.ReadResourceRequest{TypeName: applicationType, CurrentState: state}); resp != nil {
			t.Errorf("%s was read", name)
		}
		if new(clerkProvider).planUnchanged(t.Context(), &tfprotov6.PlanResourceChangeRequest{TypeName: applicationType, PriorState: state, ProposedNewState: &null}) != nil {
			t.Errorf("%s was planned", name)
		}
	}
	for name, req := range map[string]*tfprotov6.UpgradeResourceStateRequest{
		"no state":      {},
		"flatmap":       {RawState: &tfprotov6.RawState{Flatmap: map[string]string{"id": "oa_1"}}},
		"no object":     {RawState: &tfprotov6.RawState{JSON: []byte(`[]`)}},
		"no id":         {RawState: &tfprotov6.RawState{JSON: []byte(`{}`)}},
		"other version": {RawState: &tfprotov6.RawState{JSON: []byte(`{"id":"oa_1"}`)}, Version: -1},
		"other type":    {RawState: &tfprotov6.RawState{JSON: []byte(`{"id":"oa_1"}`)}, TypeName: settingsType},
		"other types":   {RawState: &tfprotov6.RawState{JSON: []byte(`{"id":"oa_1","scopes":"email"}`)}},
		"other's":       {RawState: &tfprotov6.RawState{JSON: []byte(`{"id":"oa_1","callback_url":""}`)}},
	} {
		req.Version += applicationSchemaVersion
		if req.TypeName == "" {
			req.TypeName = applicationType
		}
		if upgradeUnchanged(req) != nil {
			t.Errorf("%s was handed back", name)
		}
	}
}

package provider

import (
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func TestSecretVersions(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 26, 10, 0, 0, 900_000_000, time.UTC)
	ms, seconds := at.UnixMilli(), at.Unix()
	for name, test := range map[string]struct {
		version types.Int64
		updated types.String
		floor   int64
		want    types.Int64
	}{
		"the last change is newer":   {types.Int64Value(ms - 5), timeValue(at), 0, types.Int64Value(ms + 1)},
		"the version is newer":       {types.Int64Value(ms + 5), timeValue(at), 0, types.Int64Value(ms + 6)},
		"the floor is above both":    {types.Int64Value(ms - 5), timeValue(at), ms + 7, types.Int64Value(ms + 8)},
		"no version":                 {types.Int64Null(), timeValue(at), 0, types.Int64Value(ms + 1)},
		"no time of the last change": {types.Int64Value(1), types.StringNull(), 0, types.Int64Value(2)},
		"nothing but the floor":      {types.Int64Null(), types.StringNull(), ms, types.Int64Value(ms + 1)},
		"nothing":                    {types.Int64Null(), types.StringNull(), 0, types.Int64Unknown()},
		"of a release with seconds":  {types.Int64Value(seconds), timeValue(at), seconds, types.Int64Value(ms + 1)},
	} {
		state := resourceModel{ClientSecretVersion: test.version}
		state.UpdatedAt = test.updated
		if got := nextSecretVersion(state, test.floor); !got.Equal(test.want) {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
	first, untimed := firstSecretVersion(at, at.Add(time.Hour)), firstSecretVersion(time.Time{}, at)
	if first.ValueInt64() != ms || untimed.ValueInt64() != ms {
		t.Errorf("the first version is %s, and without a time of the creation %s", first, untimed)
	}
}

// The reasons to rotate, each from the same state, and their order. A plan of what is known is
// in the protocol's tests.
func TestRotationFor(t *testing.T) {
	t.Parallel()
	unknown := types.StringUnknown()
	for name, test := range map[string]struct {
		public  bool // the client of the state
		private privateState
		plan    func(*resourceModel)
		want    rotationReason
	}{
		"no trigger any more":                {plan: func(m *resourceModel) { m.RotateSecretTrigger = types.StringNull() }, want: noRotation},
		"other recipients":                   {plan: func(m *resourceModel) { m.EncryptClientSecretTo = setOf([]string{"age1a"}) }, want: rotateForRecipients},
		"pending, and public":                {private: privateState{RotationPending: true}, public: true, want: rotateForFirstSecret},
		"rejected, no longer verified":       {private: privateState{RejectedVersion: 7}, want: noRotation},
		"rejected, unknown whether verified": {private: privateState{RejectedVersion: 7}, plan: func(m *resourceModel) { m.VerifyClientSecret = types.BoolUnknown() }, want: rotateUndecided},
		"an older one was rejected":          {private: privateState{RejectedVersion: 6}, plan: func(m *resourceModel) { m.VerifyClientSecret = types.BoolValue(true) }, want: noRotation},
		"unknown trigger":                    {plan: func(m *resourceModel) { m.RotateSecretTrigger = unknown }, want: rotateUndecided},
		"unknown recipients":                 {plan: func(m *resourceModel) { m.EncryptClientSecretTo = types.SetUnknown(types.StringType) }, want: rotateUndecided},
		"unknown public":                     {plan: func(m *resourceModel) { m.Public = types.BoolUnknown() }, want: noRotation},
		"unknown public, was public":         {public: true, plan: func(m *resourceModel) { m.Public = types.BoolUnknown() }, want: rotateUndecided},
		"unknown public, and a trigger":      {plan: func(m *resourceModel) { m.Public, m.RotateSecretTrigger = types.BoolUnknown(), types.StringValue("2") }, want: rotateUndecided},
	} {
		state := applicationWithoutState()
		state.Public, state.RotateSecretTrigger = types.BoolValue(test.public), types.StringValue("1")
		state.ClientSecretVersion = types.Int64Value(7)
		plan := state
		plan.Public = types.BoolValue(false)
		if test.plan != nil {
			test.plan(&plan)
		}
		if got := rotationFor(plan, state, test.private); got != test.want {
			t.Errorf("%s: reason %d, want %d", name, got, test.want)
		}
	}
}

// A recipient that is not known yet is checked by the apply.
func TestUnknownRecipients(t *testing.T) {
	t.Parallel()
	unknown := []attr.Value{types.StringUnknown()}
	for _, set := range []types.Set{types.SetUnknown(types.StringType), types.SetValueMust(types.StringType, unknown)} {
		var resp validator.SetResponse
		recipientsCheck.ValidateSet(t.Context(), validator.SetRequest{ConfigValue: set}, &resp)
		if len(resp.Diagnostics) > 0 {
			t.Errorf("%s: %v", set, resp.Diagnostics)
		}
	}
}

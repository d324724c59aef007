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
	if got := firstSecretVersion(at, at.Add(time.Hour)); got.ValueInt64() != ms {
		t.Errorf("the first version is %s", got)
	}
	if got := firstSecretVersion(time.Time{}, at); got.ValueInt64() != ms {
		t.Errorf("without a time the first version is %s", got)
	}
}

// The reasons to rotate, each from the same state, and their order.
func TestRotationFor(t *testing.T) {
	t.Parallel()
	state := func(change func(*resourceModel)) resourceModel {
		m := applicationWithoutState()
		m.Public = types.BoolValue(false)
		m.RotateSecretTrigger = types.StringValue("1")
		m.ClientSecretVersion = types.Int64Value(7)
		if change != nil {
			change(&m)
		}
		return m
	}
	public := func(m *resourceModel) { m.Public, m.RotateSecretTrigger = types.BoolValue(true), types.StringNull() }
	for name, test := range map[string]struct {
		state, plan func(*resourceModel)
		private     privateState
		want        rotationReason
	}{
		"nothing":         {want: noRotation},
		"another trigger": {plan: func(m *resourceModel) { m.RotateSecretTrigger = types.StringValue("2") }, want: rotateForTrigger},
		"a first trigger": {state: func(m *resourceModel) { m.RotateSecretTrigger = types.StringNull() }, want: rotateForTrigger},
		"no trigger":      {plan: func(m *resourceModel) { m.RotateSecretTrigger = types.StringNull() }, want: noRotation},
		"recipients":      {plan: func(m *resourceModel) { m.EncryptClientSecretTo = setOf([]string{"age1a"}) }, want: rotateForRecipients},
		"becomes public":  {plan: public, want: noRotation},
		"confidential":    {state: public, want: rotateForFirstSecret},
		"pending":         {private: privateState{RotationPending: true}, want: rotatePending},
		"pending, public": {private: privateState{RotationPending: true}, state: public, want: rotateForFirstSecret},
		"rejected": {
			private: privateState{RejectedVersion: 7},
			plan:    func(m *resourceModel) { m.VerifyClientSecret = types.BoolValue(true) }, want: rotateForRejected,
		},
		"rejected, no longer verified": {private: privateState{RejectedVersion: 7}, want: noRotation},
		"an older secret was rejected": {
			private: privateState{RejectedVersion: 6},
			plan:    func(m *resourceModel) { m.VerifyClientSecret = types.BoolValue(true) }, want: noRotation,
		},
		"unknown trigger":    {plan: func(m *resourceModel) { m.RotateSecretTrigger = types.StringUnknown() }, want: rotateUndecided},
		"unknown recipients": {plan: func(m *resourceModel) { m.EncryptClientSecretTo = types.SetUnknown(types.StringType) }, want: rotateUndecided},
		"unknown public":     {plan: func(m *resourceModel) { m.Public = types.BoolUnknown() }, want: noRotation},
		"unknown public, was public": {
			state: public, plan: func(m *resourceModel) { m.Public = types.BoolUnknown() }, want: rotateUndecided,
		},
	} {
		if got := rotationFor(state(test.plan), state(test.state), test.private); got != test.want {
			t.Errorf("%s: reason %d, want %d", name, got, test.want)
		}
	}
}

// A recipient that is not known yet is checked by the apply.
func TestUnknownRecipients(t *testing.T) {
	t.Parallel()
	elements := []attr.Value{types.StringUnknown()}
	for _, set := range []types.Set{
		types.SetNull(types.StringType), types.SetUnknown(types.StringType),
		types.SetValueMust(types.StringType, elements),
	} {
		var resp validator.SetResponse
		recipientsCheck.ValidateSet(t.Context(), validator.SetRequest{ConfigValue: set}, &resp)
		if len(resp.Diagnostics) > 0 {
			t.Errorf("%s: %v", set, resp.Diagnostics)
		}
	}
}

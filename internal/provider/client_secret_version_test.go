package provider

import (
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/types"
)

func TestNextSecretVersion(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 26, 10, 0, 0, 900_000_000, time.UTC)
	second := at.Unix()
	for name, test := range map[string]struct {
		version types.Int64
		updated types.String
		floor   int64
		want    types.Int64
	}{
		"the last change is newer":   {types.Int64Value(second - 5), timeValue(at), 0, types.Int64Value(second + 1)},
		"the version is newer":       {types.Int64Value(second + 5), timeValue(at), 0, types.Int64Value(second + 6)},
		"the floor is above both":    {types.Int64Value(second - 5), timeValue(at), second + 7, types.Int64Value(second + 8)},
		"no version":                 {types.Int64Null(), timeValue(at), 0, types.Int64Value(second + 1)},
		"no time of the last change": {types.Int64Value(1), types.StringNull(), 0, types.Int64Value(2)},
		"nothing but the floor":      {types.Int64Null(), types.StringNull(), second, types.Int64Value(second + 1)},
		"nothing":                    {types.Int64Null(), types.StringNull(), 0, types.Int64Unknown()},
	} {
		state := resourceModel{ClientSecretVersion: test.version}
		state.UpdatedAt = test.updated
		if got := nextSecretVersion(state, test.floor); !got.Equal(test.want) {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
	if got := firstSecretVersion(at, at.Add(time.Hour)); got.ValueInt64() != second {
		t.Errorf("the first version is %s", got)
	}
	if got := firstSecretVersion(time.Time{}, at); got.ValueInt64() != second {
		t.Errorf("without a time the first version is %s", got)
	}
}

package provider

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"
)

// Scopes that were configured are reset, others stay, and offline_access makes no difference.
func TestDefaultScopes(t *testing.T) {
	t.Parallel()
	null, unknown, none := types.SetNull(types.StringType), types.SetUnknown(types.StringType), setOf(nil)
	email, openid := setOf([]string{"email"}), setOf([]string{"openid"})
	offline := setOf([]string{"email", "offline_access"})
	for i, test := range []struct{ got, want types.Set }{
		{plannedDefaultScopes(null, email, true), null},
		{plannedDefaultScopes(null, email, false), email},
		{plannedDefaultScopes(null, none, true), none},
		{plannedDefaultScopes(email, offline, true), offline},
		{plannedDefaultScopes(offline, email, true), email},
		{plannedDefaultScopes(openid, email, true), openid},
		{plannedDefaultScopes(openid, null, false), openid},
		{plannedDefaultScopes(unknown, email, true), unknown},
		{defaultScopesFromAPI(nil, email), null},
		{defaultScopesFromAPI(nil, none), none},
		{defaultScopesFromAPI([]string{"email", "offline_access"}, email), email},
		{defaultScopesFromAPI([]string{"openid", "offline_access"}, email), openid},
		{defaultScopesFromAPI([]string{"openid"}, unknown), openid},
	} {
		if !test.got.Equal(test.want) {
			t.Errorf("%d: got %s, want %s", i, test.got, test.want)
		}
	}
	if change := changedDefaultScopes(null, email); change == nil || !change.Reset {
		t.Errorf("what is no longer planned is changed to %v", change)
	}
}

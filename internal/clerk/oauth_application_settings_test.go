package clerk_test

import (
	"reflect"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

func TestSettingsRoundTrip(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(f *fixture) {
		fields := clerk.OAuthApplicationSettingsFields{DefaultScopes: &clerk.DefaultScopes{Scopes: []string{"profile", "email"}}, DynamicOAuthClientRegistration: new(true)}
		settings, err := f.client.UpdateOAuthApplicationSettings(f.Context(), fields)
		noError(f, err)
		equal(f, "refused", len(fields.NotApplied(settings)), 0)
		read, err := f.client.GetOAuthApplicationSettings(f.Context())
		noError(f, err)
		equal(f, "the same", reflect.DeepEqual(read, settings), true)
		settings, err = f.client.UpdateOAuthApplicationSettings(f.Context(), clerk.OAuthApplicationSettingsFields{DefaultScopes: &clerk.DefaultScopes{Reset: true}})
		noError(f, err)
		equal(f, "reset", settings.DefaultScopes == nil, true)
		equal(f, "the rest stays", settings.DynamicOAuthClientRegistration, true)
	})
}

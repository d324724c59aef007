package clerk_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

func TestFieldsAreEmpty(t *testing.T) {
	t.Parallel()
	equal(t, "nothing", clerk.OAuthApplicationFields{}.IsEmpty(), true)
	equal(t, "an empty list is something", clerk.OAuthApplicationFields{RedirectURIs: &[]string{}}.IsEmpty(), false)
	equal(t, "false is something", clerk.OAuthApplicationFields{Public: new(false)}.IsEmpty(), false)
	equal(t, "no settings", clerk.OAuthApplicationSettingsFields{}.IsEmpty(), true)
	equal(t, "a reset is something", clerk.OAuthApplicationSettingsFields{DefaultScopes: &clerk.DefaultScopes{Reset: true}}.IsEmpty(), false)
}

func TestRefusedFields(t *testing.T) {
	t.Parallel()
	app := clerk.OAuthApplication{
		Name: "web", RedirectURIs: []string{"https://b.example", "https://a.example"}, Scopes: []string{"email", "offline_access", "profile"},
		ConsentScreenEnabled: true, PKCERequired: false, Public: false,
	}
	for name, test := range map[string]struct {
		sent clerk.OAuthApplicationFields
		want string
	}{
		"nothing": {clerk.OAuthApplicationFields{}, ""},
		"all alike": {clerk.OAuthApplicationFields{
			Name: new("web"), RedirectURIs: &[]string{"https://a.example", "https://b.example", "https://a.example"}, Scopes: &[]string{"profile", "email"},
			ConsentScreenEnabled: new(true), PKCERequired: new(false), Public: new(false),
		}, ""},
		"name":        {clerk.OAuthApplicationFields{Name: new("Web")}, `name: sent "Web", Clerk has "web"`},
		"one URI":     {clerk.OAuthApplicationFields{RedirectURIs: &[]string{"https://a.example"}}, `redirect_uris: sent ["https://a.example"], Clerk has ["https://a.example", "https://b.example"]`},
		"no URI":      {clerk.OAuthApplicationFields{RedirectURIs: &[]string{}}, `redirect_uris: sent [], Clerk has ["https://a.example", "https://b.example"]`},
		"scope":       {clerk.OAuthApplicationFields{Scopes: &[]string{"email"}}, `scopes: sent ["email"], Clerk has ["email", "offline_access", "profile"]`},
		"no scope":    {clerk.OAuthApplicationFields{Scopes: &[]string{}}, `scopes: sent [], Clerk has ["email", "offline_access", "profile"]`},
		"consent":     {clerk.OAuthApplicationFields{ConsentScreenEnabled: new(false)}, `consent_screen_enabled: sent false, Clerk has true`},
		"PKCE":        {clerk.OAuthApplicationFields{PKCERequired: new(true)}, `pkce_required: sent true, Clerk has false`},
		"public":      {clerk.OAuthApplicationFields{Public: new(true)}, `public: sent true, Clerk has false`},
		"several":     {clerk.OAuthApplicationFields{Name: new("x"), Public: new(true)}, `name: sent "x", Clerk has "web"; public: sent true, Clerk has false`},
		"odd letters": {clerk.OAuthApplicationFields{Name: new("a\nb\"")}, `name: sent "a\nb\"", Clerk has "web"`},
	} {
		equal(t, name, refusedText(test.sent.NotApplied(app)), test.want)
	}
}

func refusedText(refused []clerk.Mismatch) string {
	texts := make([]string, len(refused))
	for i, field := range refused {
		texts[i] = fmt.Sprint(field)
	}
	return strings.Join(texts, "; ")
}

func TestRefusedSettings(t *testing.T) {
	t.Parallel()
	settings := clerk.OAuthApplicationSettings{DefaultScopes: []string{"email", "offline_access"}, OAuthJWTAccessTokens: true}
	equal(t, "all alike", refusedText(clerk.OAuthApplicationSettingsFields{
		DefaultScopes: &clerk.DefaultScopes{Scopes: []string{"email"}}, OAuthJWTAccessTokens: new(true), DynamicOAuthClientRegistration: new(false),
	}.NotApplied(settings)), "")
	equal(t, "a reset", refusedText(clerk.OAuthApplicationSettingsFields{DefaultScopes: &clerk.DefaultScopes{Reset: true}}.NotApplied(settings)), "")
	equal(t, "all different", refusedText(clerk.OAuthApplicationSettingsFields{
		DynamicOAuthClientRegistration: new(true), DefaultScopes: &clerk.DefaultScopes{Scopes: []string{"openid"}}, OAuthJWTAccessTokens: new(false),
		ClientIDMetadataDocumentsAdvertised: new(true), ClientIDMetadataDocumentsOnlyAllowPreRegisteredClients: new(true), ClientIDMetadataDocumentsBlockImplicitlyAllowedClients: new(true),
	}.NotApplied(settings)), `dynamic_oauth_client_registration: sent true, Clerk has false; default_scopes: sent ["openid"], Clerk has ["email", "offline_access"]; `+
		`oauth_jwt_access_tokens: sent false, Clerk has true; client_id_metadata_documents_advertised: sent true, Clerk has false; `+
		`client_id_metadata_documents_only_allow_pre_registered_clients: sent true, Clerk has false; `+
		`client_id_metadata_documents_block_implicitly_allowed_clients: sent true, Clerk has false`)
}

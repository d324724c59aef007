package clerk_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

func TestSettingsAreDecoded(t *testing.T) {
	t.Parallel()
	const answer = `{"object":"oauth_application_settings","dynamic_oauth_client_registration":true,"default_scopes":["profile","email","email"],"oauth_jwt_access_tokens":true,` +
		`"client_id_metadata_documents_advertised":true,"client_id_metadata_documents_only_allow_pre_registered_clients":true,` +
		`"client_id_metadata_documents_block_implicitly_allowed_clients":true,"aud_claim_enabled":true,"pkce_required":false,"later":{}}`
	get := func(body string) (clerk.OAuthApplicationSettings, error) {
		return clientOn(t, answering(200, "application/json", body)).GetOAuthApplicationSettings(t.Context())
	}
	settings, err := get(answer)
	noError(t, err)
	want := clerk.OAuthApplicationSettings{
		DynamicOAuthClientRegistration: true, DefaultScopes: []string{"email", "profile"}, OAuthJWTAccessTokens: true, ClientIDMetadataDocumentsAdvertised: true,
		ClientIDMetadataDocumentsOnlyAllowPreRegisteredClients: true, ClientIDMetadataDocumentsBlockImplicitlyAllowedClients: true,
		AudClaimEnabled: new(true), PKCERequired: new(false),
	}
	equal(t, "settings", reflect.DeepEqual(settings, want), true)
	for _, replacement := range []string{`null`, `[]`} {
		settings, err := get(strings.Replace(answer, `["profile","email","email"]`, replacement, 1))
		noError(t, err)
		equal(t, replacement+" is nil", settings.DefaultScopes == nil, true)
	}
	settings, err = get(strings.Replace(answer, `,"aud_claim_enabled":true,"pkce_required":false`, "", 1))
	noError(t, err)
	equal(t, "what an older answer lacks is nil", settings.AudClaimEnabled == nil && settings.PKCERequired == nil, true)
	for _, body := range []string{"[]", "{}", strings.Replace(answer, "oauth_application_settings", "user", 1)} {
		_, err := get(body)
		asError[*clerk.AnswerError](t, err)
	}

	// What cannot be read is an error of a read, and a problem of an update.
	for field, says := range map[string]string{
		`"object":"oauth_application_settings",`:                                 "object is missing",
		`"dynamic_oauth_client_registration":true,`:                              "dynamic_oauth_client_registration is missing",
		`"oauth_jwt_access_tokens":true,`:                                        "oauth_jwt_access_tokens is missing",
		`"client_id_metadata_documents_advertised":true,`:                        "client_id_metadata_documents_advertised is missing",
		`"client_id_metadata_documents_only_allow_pre_registered_clients":true,`: "client_id_metadata_documents_only_allow_pre_registered_clients is missing",
		`"client_id_metadata_documents_block_implicitly_allowed_clients":true,`:  "client_id_metadata_documents_block_implicitly_allowed_clients is missing",
		`["profile","email","email"]`:                                            "default_scopes has an unexpected type",
	} {
		changed := strings.Replace(answer, field, map[bool]string{true: "7", false: ""}[strings.HasPrefix(field, "[")], 1)
		_, err := get(changed)
		equal(t, field, asError[*clerk.AnswerError](t, err).Problem, says)
		fields := clerk.OAuthApplicationSettingsFields{OAuthJWTAccessTokens: new(true), DefaultScopes: &clerk.DefaultScopes{Scopes: []string{"email", "profile"}}}
		settings, err := clientOn(t, answering(200, "application/json", changed)).UpdateOAuthApplicationSettings(t.Context(), fields)
		noError(t, err)
		equal(t, "problems", len(settings.Problems) == 1 && settings.Problems[0].String() == says, true)
		equal(t, "not applied", len(fields.NotApplied(settings)), 0)
	}
}

func TestSettingsRoundTrip(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		update := func(fields clerk.OAuthApplicationSettingsFields) clerk.OAuthApplicationSettings {
			settings, err := f.client.UpdateOAuthApplicationSettings(f.Context(), fields)
			noError(f, err)
			equal(f, "not applied", len(fields.NotApplied(settings)), 0)
			return settings
		}
		settings := update(clerk.OAuthApplicationSettingsFields{DefaultScopes: &clerk.DefaultScopes{Scopes: []string{"profile", "email"}}, DynamicOAuthClientRegistration: new(true)})
		read, err := f.client.GetOAuthApplicationSettings(f.Context())
		noError(f, err)
		equal(f, "the same", reflect.DeepEqual(read, settings), true)
		settings = update(clerk.OAuthApplicationSettingsFields{DefaultScopes: &clerk.DefaultScopes{Reset: true}})
		equal(f, "reset, and the rest stays", settings.DefaultScopes == nil && settings.DynamicOAuthClientRegistration, true)
	})
}

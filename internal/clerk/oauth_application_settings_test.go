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
	settings, err := clientOn(t, answering(200, "application/json", answer)).GetOAuthApplicationSettings(t.Context())
	noError(t, err)
	want := clerk.OAuthApplicationSettings{
		DynamicOAuthClientRegistration: true, DefaultScopes: []string{"email", "profile"}, OAuthJWTAccessTokens: true, ClientIDMetadataDocumentsAdvertised: true,
		ClientIDMetadataDocumentsOnlyAllowPreRegisteredClients: true, ClientIDMetadataDocumentsBlockImplicitlyAllowedClients: true,
		AudClaimEnabled: new(true), PKCERequired: new(false),
	}
	if !reflect.DeepEqual(settings, want) {
		t.Errorf("got %+v, want %+v", settings, want)
	}

	for _, replacement := range []string{`null`, `[]`} {
		changed := strings.Replace(answer, `["profile","email","email"]`, replacement, 1)
		settings, err := clientOn(t, answering(200, "application/json", changed)).GetOAuthApplicationSettings(t.Context())
		noError(t, err)
		equal(t, replacement+" is nil", settings.DefaultScopes == nil, true)
	}
	older := strings.Replace(answer, `,"aud_claim_enabled":true,"pkce_required":false`, "", 1)
	settings, err = clientOn(t, answering(200, "application/json", older)).GetOAuthApplicationSettings(t.Context())
	noError(t, err)
	equal(t, "what an older answer lacks is nil", settings.AudClaimEnabled == nil && settings.PKCERequired == nil, true)

	for field, says := range map[string]string{
		`"object":"oauth_application_settings",`:                                 "not the instance's OAuth settings",
		`"dynamic_oauth_client_registration":true,`:                              "dynamic_oauth_client_registration is missing",
		`"oauth_jwt_access_tokens":true,`:                                        "oauth_jwt_access_tokens is missing",
		`"client_id_metadata_documents_advertised":true,`:                        "client_id_metadata_documents_advertised is missing",
		`"client_id_metadata_documents_only_allow_pre_registered_clients":true,`: "only_allow_pre_registered_clients is missing",
		`"client_id_metadata_documents_block_implicitly_allowed_clients":true,`:  "block_implicitly_allowed_clients is missing",
	} {
		_, err := clientOn(t, answering(200, "application/json", strings.Replace(answer, field, "", 1))).GetOAuthApplicationSettings(t.Context())
		if wrong := asError[*clerk.AnswerError](t, err); !strings.Contains(wrong.Problem, says) {
			t.Errorf("without %s: %v", field, err)
		}
	}
	_, err = clientOn(t, answering(200, "application/json", strings.Replace(answer, "true", `"yes"`, 1))).GetOAuthApplicationSettings(t.Context())
	equal(t, "a wrong type is named", strings.Contains(err.Error(), "dynamic_oauth_client_registration has an unexpected type"), true)
	_, err = clientOn(t, answering(200, "application/json", "[]")).GetOAuthApplicationSettings(t.Context())
	asError[*clerk.AnswerError](t, err)
}

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

package clerk_test

import (
	"strings"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

// settingsJSON is an answer of the API, written by hand after Clerk's OpenAPI document.
const settingsJSON = `{"object":"oauth_application_settings","dynamic_oauth_client_registration":true,` +
	`"default_scopes":["profile","email","email"],"oauth_jwt_access_tokens":false,` +
	`"client_id_metadata_documents_advertised":true,` +
	`"client_id_metadata_documents_only_allow_pre_registered_clients":false,` +
	`"client_id_metadata_documents_block_implicitly_allowed_clients":true,` +
	`"aud_claim_enabled":true,"pkce_required":false,"later":{}}`

func TestSettings(t *testing.T) {
	t.Parallel()
	whole := clerk.OAuthApplicationSettings{
		DynamicOAuthClientRegistration: true, DefaultScopes: []string{"email", "profile"},
		ClientIDMetadataDocumentsAdvertised: true, ClientIDMetadataDocumentsBlockImplicitlyAllowedClients: true,
		AudClaimEnabled: new(true), PKCERequired: new(false),
	}
	noScopes, older := whole, whole
	noScopes.DefaultScopes, older.AudClaimEnabled, older.PKCERequired = nil, nil, nil
	const scopes = `["profile","email","email"]`
	for _, test := range []struct {
		old, new string
		want     clerk.OAuthApplicationSettings
	}{
		{"", "", whole},
		{scopes, "null", noScopes},
		{scopes, "[]", noScopes},
		{`,"aud_claim_enabled":true,"pkce_required":false`, "", older},
	} {
		client := clientOn(t, answering(200, "", strings.Replace(settingsJSON, test.old, test.new, 1)))
		settings, err := client.GetOAuthApplicationSettings(t.Context())
		noError(t, err)
		equal(t, test.old, settings, test.want)
	}
	for _, body := range []string{"[]", "{}", strings.Replace(settingsJSON, "oauth_application_settings", "user", 1)} {
		_, err := clientOn(t, answering(200, "", body)).GetOAuthApplicationSettings(t.Context())
		asError[*clerk.AnswerError](t, err)
	}

	// What cannot be read is an error of a read, and a problem of an update.
	const cimd = "client_id_metadata_documents_"
	for _, says := range []string{
		"object is missing", "dynamic_oauth_client_registration is missing",
		"oauth_jwt_access_tokens is missing", cimd + "advertised is missing",
		cimd + "only_allow_pre_registered_clients is missing",
		cimd + "block_implicitly_allowed_clients is missing",
		"default_scopes has an unexpected type", "aud_claim_enabled has an unexpected type",
	} {
		field, problem, _ := strings.Cut(says, " ")
		instead := map[string]string{"is missing": `"x":`, "has an unexpected type": `"` + field + `":7,"x":`}[problem]
		client := clientOn(t, answering(200, "", strings.Replace(settingsJSON, `"`+field+`":`, instead, 1)))
		_, err := client.GetOAuthApplicationSettings(t.Context())
		equal(t, field, asError[*clerk.AnswerError](t, err).Problem, says)
		fields := clerk.OAuthApplicationSettingsFields{
			OAuthJWTAccessTokens: new(false), DefaultScopes: &[]string{"email", "profile"},
		}
		settings, err := client.UpdateOAuthApplicationSettings(t.Context(), fields)
		noError(t, err)
		equal(t, field, len(settings.Problems) == 1 && settings.Problems[0].String() == says, true)
		equal(t, "not applied", len(fields.NotApplied(settings)), 0)
	}
}

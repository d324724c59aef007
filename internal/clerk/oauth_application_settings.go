package clerk

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
)

const routeSettings = "/instance/oauth_application_settings"

// OAuthApplicationSettings are the settings of an instance for OAuth
// applications (schema OAuthApplicationSettings of Clerk's OpenAPI document).
type OAuthApplicationSettings struct {
	DynamicOAuthClientRegistration bool     // clients may register themselves (RFC 7591)
	DefaultScopes                  []string // sorted; nil where Clerk's own defaults hold
	OAuthJWTAccessTokens           bool     // access tokens are JWTs and not opaque

	// Client ID Metadata Documents (CIMD).
	ClientIDMetadataDocumentsAdvertised                    bool
	ClientIDMetadataDocumentsOnlyAllowPreRegisteredClients bool
	ClientIDMetadataDocumentsBlockImplicitlyAllowedClients bool

	// Newer than Clerk's document; nil where its answer lacks them.
	AudClaimEnabled *bool // access tokens have an aud claim
	PKCERequired    *bool // of every client of the instance

	// Problems are the fields of the answer that could not be read and are zero here.
	// Only answers to updates can have any.
	Problems []FieldProblem
}

// OAuthApplicationSettingsFields are the settings to change. A nil field is not sent. Tags
// and names are used as those of OAuthApplicationFields are. DefaultScopes are those of
// clients that register without asking for any. A nil list is sent as null, which makes
// Clerk's own defaults hold again.
type OAuthApplicationSettingsFields struct {
	DynamicOAuthClientRegistration *bool     `json:"dynamic_oauth_client_registration,omitempty"`
	DefaultScopes                  *[]string `json:"default_scopes,omitempty"`
	OAuthJWTAccessTokens           *bool     `json:"oauth_jwt_access_tokens,omitempty"`

	ClientIDMetadataDocumentsAdvertised                    *bool `json:"client_id_metadata_documents_advertised,omitempty"`
	ClientIDMetadataDocumentsOnlyAllowPreRegisteredClients *bool `json:"client_id_metadata_documents_only_allow_pre_registered_clients,omitempty"`
	ClientIDMetadataDocumentsBlockImplicitlyAllowedClients *bool `json:"client_id_metadata_documents_block_implicitly_allowed_clients,omitempty"`

	AudClaimEnabled *bool `json:"aud_claim_enabled,omitempty"`
	PKCERequired    *bool `json:"pkce_required,omitempty"`
}

// NotApplied compares what was sent with what Clerk says it has now. A field of
// settings.Problems is no difference: it is not known.
func (f OAuthApplicationSettingsFields) NotApplied(settings OAuthApplicationSettings) []Mismatch {
	return notApplied(f, settings, settings.Problems)
}

// GetOAuthApplicationSettings reads the settings of the key's instance.
func (c *Client) GetOAuthApplicationSettings(
	ctx context.Context,
) (OAuthApplicationSettings, error) {
	return send(c, singleContext(ctx), request{
		method: http.MethodGet, route: routeSettings,
	}, func(a answer) (OAuthApplicationSettings, error) {
		settings, err := decodeSettings(a)
		return settings, cmp.Or(err, problemsError(settings.Problems))
	})
}

// UpdateOAuthApplicationSettings changes the given settings in one request, because some
// of them depend on each other. After an attempt that Clerk may have applied, every error
// is a ChangeOutcomeUnknownError.
func (c *Client) UpdateOAuthApplicationSettings(
	ctx context.Context, fields OAuthApplicationSettingsFields,
) (OAuthApplicationSettings, error) {
	return send(c, singleContext(ctx), request{
		method: http.MethodPatch, route: routeSettings,
	}.withJSON(fields), decodeSettings)
}

func decodeSettings(a answer) (OAuthApplicationSettings, error) {
	f, err := newFieldReader(a.body)
	if err != nil {
		return OAuthApplicationSettings{}, err
	}
	object := need[string](f, "object")
	_, plausible := f.raw["dynamic_oauth_client_registration"]
	if object == "" && !plausible || object != "" && object != "oauth_application_settings" {
		return OAuthApplicationSettings{}, fmt.Errorf(
			"it is not the instance's OAuth settings (object is %q)", object)
	}
	const cimd = "client_id_metadata_documents_"
	settings := OAuthApplicationSettings{
		DynamicOAuthClientRegistration: need[bool](f, "dynamic_oauth_client_registration"),
		OAuthJWTAccessTokens:           need[bool](f, "oauth_jwt_access_tokens"),

		ClientIDMetadataDocumentsAdvertised: need[bool](f, cimd+"advertised"),
		ClientIDMetadataDocumentsOnlyAllowPreRegisteredClients: need[bool](f,
			cimd+"only_allow_pre_registered_clients"),
		ClientIDMetadataDocumentsBlockImplicitlyAllowedClients: need[bool](f,
			cimd+"block_implicitly_allowed_clients"),

		AudClaimEnabled: take[*bool](f, "aud_claim_enabled"),
		PKCERequired:    take[*bool](f, "pkce_required"),
	}
	// Clerk stores an empty list as null: both mean that its own defaults hold.
	if scopes := take[[]string](f, "default_scopes"); len(scopes) > 0 {
		settings.DefaultScopes = sortedSet(scopes)
	}
	settings.Problems = f.problems
	return settings, nil
}

package clerk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
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
}

// OAuthApplicationSettingsFields are the settings to change. A nil field is not
// sent.
type OAuthApplicationSettingsFields struct {
	DynamicOAuthClientRegistration *bool
	DefaultScopes                  *DefaultScopes
	OAuthJWTAccessTokens           *bool

	ClientIDMetadataDocumentsAdvertised                    *bool
	ClientIDMetadataDocumentsOnlyAllowPreRegisteredClients *bool
	ClientIDMetadataDocumentsBlockImplicitlyAllowedClients *bool
}

// DefaultScopes are the scopes of clients that register without asking for any.
// With Reset they are sent as null, which makes Clerk's own defaults hold again.
type DefaultScopes struct {
	Scopes []string
	Reset  bool
}

// MarshalJSON implements json.Marshaler.
func (d DefaultScopes) MarshalJSON() ([]byte, error) {
	if d.Reset {
		return []byte("null"), nil
	}
	return json.Marshal(append([]string{}, sortedSet(d.Scopes)...)) // [], not null, when empty
}

// IsEmpty tells whether there is nothing to send.
func (f OAuthApplicationSettingsFields) IsEmpty() bool {
	return f == OAuthApplicationSettingsFields{}
}

// MarshalJSON implements json.Marshaler.
func (f OAuthApplicationSettingsFields) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Dynamic    *bool          `json:"dynamic_oauth_client_registration,omitempty"`
		Scopes     *DefaultScopes `json:"default_scopes,omitempty"`
		JWT        *bool          `json:"oauth_jwt_access_tokens,omitempty"`
		Advertised *bool          `json:"client_id_metadata_documents_advertised,omitempty"`
		Registered *bool          `json:"client_id_metadata_documents_only_allow_pre_registered_clients,omitempty"`
		Block      *bool          `json:"client_id_metadata_documents_block_implicitly_allowed_clients,omitempty"`
	}{
		f.DynamicOAuthClientRegistration, f.DefaultScopes, f.OAuthJWTAccessTokens,
		f.ClientIDMetadataDocumentsAdvertised,
		f.ClientIDMetadataDocumentsOnlyAllowPreRegisteredClients,
		f.ClientIDMetadataDocumentsBlockImplicitlyAllowedClients,
	})
}

// NotApplied compares what was sent with what Clerk says it has now.
func (f OAuthApplicationSettingsFields) NotApplied(settings OAuthApplicationSettings) []Mismatch {
	var refused []Mismatch
	compareBool := func(name string, sent *bool, got bool) {
		if sent != nil && *sent != got {
			refused = append(refused, Mismatch{Name: name, Sent: strconv.FormatBool(*sent), Got: strconv.FormatBool(got)})
		}
	}
	compareBool("dynamic_oauth_client_registration", f.DynamicOAuthClientRegistration, settings.DynamicOAuthClientRegistration)
	// A reset has no value of ours to compare with: Clerk answers null or its
	// defaults.
	if f.DefaultScopes != nil && !f.DefaultScopes.Reset && !ScopesSatisfy(settings.DefaultScopes, f.DefaultScopes.Scopes) {
		refused = append(refused, Mismatch{Name: "default_scopes", Sent: quotedList(f.DefaultScopes.Scopes), Got: quotedList(settings.DefaultScopes)})
	}
	compareBool("oauth_jwt_access_tokens", f.OAuthJWTAccessTokens, settings.OAuthJWTAccessTokens)
	compareBool("client_id_metadata_documents_advertised", f.ClientIDMetadataDocumentsAdvertised, settings.ClientIDMetadataDocumentsAdvertised)
	compareBool("client_id_metadata_documents_only_allow_pre_registered_clients", f.ClientIDMetadataDocumentsOnlyAllowPreRegisteredClients, settings.ClientIDMetadataDocumentsOnlyAllowPreRegisteredClients)
	compareBool("client_id_metadata_documents_block_implicitly_allowed_clients", f.ClientIDMetadataDocumentsBlockImplicitlyAllowedClients, settings.ClientIDMetadataDocumentsBlockImplicitlyAllowedClients)
	return refused
}

// GetOAuthApplicationSettings reads the settings of the key's instance.
func (c *Client) GetOAuthApplicationSettings(ctx context.Context) (OAuthApplicationSettings, error) {
	var settings OAuthApplicationSettings
	err := c.do(ctx, ctx, request{
		operation: opRead, method: http.MethodGet, route: routeSettings,
		accept: acceptSettings(&settings),
	})
	return settings, err
}

// UpdateOAuthApplicationSettings changes the given settings in one request, as
// some of them depend on each other.
func (c *Client) UpdateOAuthApplicationSettings(ctx context.Context, fields OAuthApplicationSettingsFields) (OAuthApplicationSettings, error) {
	body, err := json.Marshal(fields)
	if err != nil {
		return OAuthApplicationSettings{}, err
	}
	var settings OAuthApplicationSettings
	err = c.do(ctx, ctx, request{
		operation: opUpdate, method: http.MethodPatch, route: routeSettings,
		body: body, contentType: contentTypeJSON,
		accept: acceptSettings(&settings),
	})
	return settings, err
}

func acceptSettings(into *OAuthApplicationSettings) func(answer) error {
	return func(a answer) error {
		raw, err := decodeObject(a.body)
		if err != nil {
			return err
		}
		f := fieldReader{raw: raw}
		if object := need[string](&f, "object"); object != "oauth_application_settings" {
			return fmt.Errorf("it is not the instance's OAuth settings (object is %q)", object)
		}
		scopes := take[[]string](&f, "default_scopes")
		settings := OAuthApplicationSettings{
			DynamicOAuthClientRegistration: need[bool](&f, "dynamic_oauth_client_registration"),
			OAuthJWTAccessTokens:           need[bool](&f, "oauth_jwt_access_tokens"),

			ClientIDMetadataDocumentsAdvertised:                    need[bool](&f, "client_id_metadata_documents_advertised"),
			ClientIDMetadataDocumentsOnlyAllowPreRegisteredClients: need[bool](&f, "client_id_metadata_documents_only_allow_pre_registered_clients"),
			ClientIDMetadataDocumentsBlockImplicitlyAllowedClients: need[bool](&f, "client_id_metadata_documents_block_implicitly_allowed_clients"),
		}
		if scopes != nil {
			settings.DefaultScopes = append([]string{}, sortedSet(scopes)...)
		}
		if len(f.problems) > 0 {
			return errors.New(strings.Join(f.problems, "; "))
		}
		*into = settings
		return nil
	}
}

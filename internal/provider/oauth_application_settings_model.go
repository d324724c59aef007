package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

// settingsModel is clerk_oauth_application_settings. Its id is the instance's.
type settingsModel struct {
	ID                             types.String `tfsdk:"id"`
	DynamicOAuthClientRegistration types.Bool   `tfsdk:"dynamic_oauth_client_registration"`
	DefaultScopes                  types.Set    `tfsdk:"default_scopes"`
	OAuthJWTAccessTokens           types.Bool   `tfsdk:"oauth_jwt_access_tokens"`
	CIMDAdvertised                 types.Bool   `tfsdk:"client_id_metadata_documents_advertised"`
	CIMDOnlyPreRegistered          types.Bool   `tfsdk:"client_id_metadata_documents_only_allow_pre_registered_clients"`
	CIMDBlockImplicit              types.Bool   `tfsdk:"client_id_metadata_documents_block_implicitly_allowed_clients"`
	AudClaimEnabled                types.Bool   `tfsdk:"aud_claim_enabled"`
	PKCERequired                   types.Bool   `tfsdk:"pkce_required"`
}

// fromAPI overwrites what Clerk reports. A field of settings.Problems keeps its value.
func (m *settingsModel) fromAPI(settings clerk.OAuthApplicationSettings) {
	before := *m
	m.DynamicOAuthClientRegistration = types.BoolValue(settings.DynamicOAuthClientRegistration)
	m.DefaultScopes = defaultScopesFromAPI(settings.DefaultScopes, m.DefaultScopes)
	m.OAuthJWTAccessTokens = types.BoolValue(settings.OAuthJWTAccessTokens)
	m.CIMDAdvertised = types.BoolValue(settings.ClientIDMetadataDocumentsAdvertised)
	m.CIMDOnlyPreRegistered = types.BoolValue(
		settings.ClientIDMetadataDocumentsOnlyAllowPreRegisteredClients)
	m.CIMDBlockImplicit = types.BoolValue(
		settings.ClientIDMetadataDocumentsBlockImplicitlyAllowedClients)
	m.AudClaimEnabled = types.BoolPointerValue(settings.AudClaimEnabled)
	m.PKCERequired = types.BoolPointerValue(settings.PKCERequired)
	for _, problem := range settings.Problems {
		copyField(m, before, problem.Field)
	}
}

// defaultScopesFromAPI is null where Clerk's own defaults apply, or the empty set if that is
// how the configuration asks for them. offline_access is left out: Clerk includes that scope,
// rejects it in a request, and does not document whether its answers list it.
func defaultScopesFromAPI(served []string, current types.Set) types.Set {
	scopes := withoutOfflineAccess(served)
	if len(scopes.Elements()) == 0 && !sameValue(scopes, current) {
		return types.SetNull(types.StringType)
	}
	return scopes
}

// fieldsToUpdate are the settings that differ from the current ones. A plan without
// default scopes resets those that are there.
func (m *settingsModel) fieldsToUpdate(current settingsModel) clerk.OAuthApplicationSettingsFields {
	flipped := func(wanted, current types.Bool) *bool {
		return changed(wanted, current, types.Bool.ValueBool)
	}
	return clerk.OAuthApplicationSettingsFields{
		DynamicOAuthClientRegistration: flipped(
			m.DynamicOAuthClientRegistration, current.DynamicOAuthClientRegistration),
		DefaultScopes:        changedDefaultScopes(m.DefaultScopes, current.DefaultScopes),
		OAuthJWTAccessTokens: flipped(m.OAuthJWTAccessTokens, current.OAuthJWTAccessTokens),

		ClientIDMetadataDocumentsAdvertised: flipped(m.CIMDAdvertised, current.CIMDAdvertised),
		ClientIDMetadataDocumentsOnlyAllowPreRegisteredClients: flipped(
			m.CIMDOnlyPreRegistered, current.CIMDOnlyPreRegistered),
		ClientIDMetadataDocumentsBlockImplicitlyAllowedClients: flipped(
			m.CIMDBlockImplicit, current.CIMDBlockImplicit),

		AudClaimEnabled: flipped(m.AudClaimEnabled, current.AudClaimEnabled),
		PKCERequired:    flipped(m.PKCERequired, current.PKCERequired),
	}
}

func changedDefaultScopes(wanted, current types.Set) *[]string {
	none := len(wanted.Elements()) == 0 // null or empty: Clerk's own defaults
	switch {
	case !isWhollyKnown(wanted), none && len(current.Elements()) == 0,
		sameValue(wanted, current):
		return nil
	case none:
		return new([]string(nil)) // a reset
	}
	return new(stringsOf(wanted))
}

// defaultScopesKey marks, in the private state, that an apply has set the current default
// scopes. They are reset when the argument is removed. All others are left alone: those that
// the instance had before, and those that someone else has chosen. In both cases the state
// has a value and the configuration has none.
//
// An optional attribute that is not computed, with a second attribute for what the instance
// has, was rejected: an import of settings that match their configuration would then plan a
// change.
const defaultScopesKey = "default_scopes_configured"

// plannedDefaultScopes are those that a plan of an update has. Scopes that are no longer
// configured become null, which resets them, only if defaultScopesKey marks them.
func plannedDefaultScopes(config, state types.Set, marked bool) types.Set {
	switch {
	case config.IsNull() && marked && len(state.Elements()) > 0:
		return types.SetNull(types.StringType)
	case config.IsNull():
		return state
	}
	return config
}

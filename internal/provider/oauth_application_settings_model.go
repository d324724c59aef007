package provider

import (
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

// settingsModel is clerk_oauth_application_settings. Its id is the
// instance's.
type settingsModel struct {
	ID                             types.String `tfsdk:"id"`
	DynamicOAuthClientRegistration types.Bool   `tfsdk:"dynamic_oauth_client_registration"`
	DefaultScopes                  types.Set    `tfsdk:"default_scopes"`
	OAuthJWTAccessTokens           types.Bool   `tfsdk:"oauth_jwt_access_tokens"`
	CIMDAdvertised                 types.Bool   `tfsdk:"client_id_metadata_documents_advertised"`
	CIMDOnlyPreRegistered          types.Bool   `tfsdk:"client_id_metadata_documents_only_allow_pre_registered_clients"`
	CIMDBlockImplicit              types.Bool   `tfsdk:"client_id_metadata_documents_block_implicitly_allowed_clients"`
}

// oauthApplicationSettingsIdentity is the resource's identity.
type oauthApplicationSettingsIdentity struct {
	ID types.String `tfsdk:"id"`
}

// fromAPI overwrites what Clerk reports. Default scopes keep their present writing
// where Clerk's mean the same.
func (m *settingsModel) fromAPI(settings clerk.OAuthApplicationSettings) {
	m.DynamicOAuthClientRegistration = types.BoolValue(settings.DynamicOAuthClientRegistration)
	m.DefaultScopes = defaultScopesFromAPI(settings.DefaultScopes, m.DefaultScopes)
	m.OAuthJWTAccessTokens = types.BoolValue(settings.OAuthJWTAccessTokens)
	m.CIMDAdvertised = types.BoolValue(settings.ClientIDMetadataDocumentsAdvertised)
	m.CIMDOnlyPreRegistered = types.BoolValue(settings.ClientIDMetadataDocumentsOnlyAllowPreRegisteredClients)
	m.CIMDBlockImplicit = types.BoolValue(settings.ClientIDMetadataDocumentsBlockImplicitlyAllowedClients)
}

// defaultScopesFromAPI is null where Clerk's own defaults hold.
func defaultScopesFromAPI(served []string, present types.Set) types.Set {
	switch {
	case served == nil:
		return types.SetNull(types.StringType)
	case !present.IsNull() && isWhollyKnown(present) && sameDefaultScopes(served, stringsOf(present)):
		return present
	}
	return setOf(served)
}

// sameDefaultScopes compares default scopes as sets and leaves offline_access aside
// on both sides. Clerk includes it by itself, and does not document whether it says
// so: the scope may be on the server and not in the configuration, and the other
// way round.
func sameDefaultScopes(a, b []string) bool {
	withoutOffline := func(scopes []string) []string {
		kept := slices.DeleteFunc(slices.Sorted(slices.Values(scopes)), func(scope string) bool { return scope == clerk.ScopeOfflineAccess })
		return slices.Compact(kept)
	}
	return slices.Equal(withoutOffline(a), withoutOffline(b))
}

// keepPlanned takes every value that the plan promised, as reportedModel.keepPlanned does.
func (m *settingsModel) keepPlanned(plan settingsModel) {
	m.ID = plannedOr(plan.ID, m.ID)
	m.DynamicOAuthClientRegistration = plannedOr(plan.DynamicOAuthClientRegistration, m.DynamicOAuthClientRegistration)
	m.DefaultScopes = plannedOr(plan.DefaultScopes, m.DefaultScopes)
	m.OAuthJWTAccessTokens = plannedOr(plan.OAuthJWTAccessTokens, m.OAuthJWTAccessTokens)
	m.CIMDAdvertised = plannedOr(plan.CIMDAdvertised, m.CIMDAdvertised)
	m.CIMDOnlyPreRegistered = plannedOr(plan.CIMDOnlyPreRegistered, m.CIMDOnlyPreRegistered)
	m.CIMDBlockImplicit = plannedOr(plan.CIMDBlockImplicit, m.CIMDBlockImplicit)
}

// fieldsToUpdate are the settings that differ from what is there. A plan without
// default scopes resets those that are there.
func (m *settingsModel) fieldsToUpdate(present settingsModel) clerk.OAuthApplicationSettingsFields {
	wanted := func(plan, present types.Bool) *bool {
		if !changes(plan, present) {
			return nil
		}
		return new(plan.ValueBool())
	}
	fields := clerk.OAuthApplicationSettingsFields{
		DynamicOAuthClientRegistration: wanted(m.DynamicOAuthClientRegistration, present.DynamicOAuthClientRegistration),
		OAuthJWTAccessTokens:           wanted(m.OAuthJWTAccessTokens, present.OAuthJWTAccessTokens),

		ClientIDMetadataDocumentsAdvertised:                    wanted(m.CIMDAdvertised, present.CIMDAdvertised),
		ClientIDMetadataDocumentsOnlyAllowPreRegisteredClients: wanted(m.CIMDOnlyPreRegistered, present.CIMDOnlyPreRegistered),
		ClientIDMetadataDocumentsBlockImplicitlyAllowedClients: wanted(m.CIMDBlockImplicit, present.CIMDBlockImplicit),
	}
	switch {
	case m.DefaultScopes.IsNull() && !present.DefaultScopes.IsNull():
		fields.DefaultScopes = &clerk.DefaultScopes{Reset: true}
	case changes(m.DefaultScopes, present.DefaultScopes):
		scopes := stringsOf(m.DefaultScopes)
		if present.DefaultScopes.IsNull() || !sameDefaultScopes(scopes, stringsOf(present.DefaultScopes)) {
			fields.DefaultScopes = &clerk.DefaultScopes{Scopes: scopes}
		}
	}
	return fields
}

// refusedSettings are the settings that did not take. It forgives a missing
// offline_access, which Clerk may have and not say.
func refusedSettings(fields clerk.OAuthApplicationSettingsFields, settings clerk.OAuthApplicationSettings) []clerk.Mismatch {
	return slices.DeleteFunc(fields.NotApplied(settings), func(field clerk.Mismatch) bool {
		return field.Name == "default_scopes" && sameDefaultScopes(fields.DefaultScopes.Scopes, settings.DefaultScopes)
	})
}

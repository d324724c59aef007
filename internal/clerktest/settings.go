package clerktest

import (
	"net/http"
	"slices"
)

// Settings are the OAuth application settings of an instance as the server holds them.
type Settings struct {
	DynamicOAuthClientRegistration bool
	DefaultScopes                  []string // nil: those that Clerk provides
	OAuthJWTAccessTokens           bool

	ClientIDMetadataDocumentsAdvertised                    bool
	ClientIDMetadataDocumentsOnlyAllowPreRegistered        bool
	ClientIDMetadataDocumentsBlockImplicitlyAllowedClients bool

	// AudClaimEnabled and PKCERequired are only in the API with NewerFieldsServed.
	AudClaimEnabled bool
	PKCERequired    bool
}

func defaultSettings() Settings { return Settings{OAuthJWTAccessTokens: true} }

func (s Settings) copy() Settings {
	s.DefaultScopes = slices.Clone(s.DefaultScopes)
	return s
}

type settingsJSON struct {
	Object                         string   `json:"object"`
	DynamicOAuthClientRegistration bool     `json:"dynamic_oauth_client_registration"`
	DefaultScopes                  []string `json:"default_scopes"`
	OAuthJWTAccessTokens           bool     `json:"oauth_jwt_access_tokens"`
	Advertised                     bool     `json:"client_id_metadata_documents_advertised"`
	OnlyAllowPreRegistered         bool     `json:"client_id_metadata_documents_only_allow_pre_registered_clients"`
	BlockImplicitlyAllowed         bool     `json:"client_id_metadata_documents_block_implicitly_allowed_clients"`
	AudClaimEnabled                *bool    `json:"aud_claim_enabled,omitempty"`
	PKCERequired                   *bool    `json:"pkce_required,omitempty"`
}

func (w *work) answerWithSettings(settings Settings) answer {
	encoded := &settingsJSON{
		Object:                         "oauth_application_settings",
		DynamicOAuthClientRegistration: settings.DynamicOAuthClientRegistration,
		DefaultScopes:                  settings.DefaultScopes,
		OAuthJWTAccessTokens:           settings.OAuthJWTAccessTokens,
		Advertised:                     settings.ClientIDMetadataDocumentsAdvertised,
		OnlyAllowPreRegistered:         settings.ClientIDMetadataDocumentsOnlyAllowPreRegistered,
		BlockImplicitlyAllowed:         settings.ClientIDMetadataDocumentsBlockImplicitlyAllowedClients,
	}
	if w.switches.NewerFields == NewerFieldsServed {
		encoded.AudClaimEnabled, encoded.PKCERequired = &settings.AudClaimEnabled, &settings.PKCERequired
	}
	return answer{status: http.StatusOK, value: encoded}
}

// forcesConsent reports whether dynamic client registration enforces the consent screen of every application.
func (in *instance) forcesConsent(switches Switches) bool {
	return switches.DCRForcesConsent == DCREnforcesConsent && in.settings.truth().DynamicOAuthClientRegistration
}

func getInstance(_ *Server, w *work) answer {
	return answer{status: http.StatusOK, value: map[string]any{
		"object":           "instance",
		"id":               w.instance.id,
		"environment_type": w.instance.environment,
		"allowed_origins":  nil,
		"workspace_id":     w.instance.workspaceID,
	}}
}

func getSettings(s *Server, w *work) answer {
	settings, _ := w.instance.settings.seen(s.now())
	return w.answerWithSettings(settings)
}

func updateSettings(s *Server, w *work) answer {
	form := w.form
	after := w.instance.settings.truth().copy()
	defaults := defaultSettings()
	update := func(name string, target *bool, reset bool) {
		setBool(target, takeForUpdate[bool](form, name), reset)
	}
	update("dynamic_oauth_client_registration", &after.DynamicOAuthClientRegistration, defaults.DynamicOAuthClientRegistration)
	update("oauth_jwt_access_tokens", &after.OAuthJWTAccessTokens, defaults.OAuthJWTAccessTokens)
	update("client_id_metadata_documents_advertised", &after.ClientIDMetadataDocumentsAdvertised, false)
	update("client_id_metadata_documents_only_allow_pre_registered_clients", &after.ClientIDMetadataDocumentsOnlyAllowPreRegistered, false)
	update("client_id_metadata_documents_block_implicitly_allowed_clients", &after.ClientIDMetadataDocumentsBlockImplicitlyAllowedClients, false)
	switch w.switches.NewerFields {
	case NewerFieldsServed:
		update("aud_claim_enabled", &after.AudClaimEnabled, false)
		update("pkce_required", &after.PKCERequired, false)
	case NewerFieldsRefused:
		form.refuse("aud_claim_enabled")
		form.refuse("pkce_required")
	}
	if scopes := take[[]string](form, "default_scopes"); scopes.sent {
		after.DefaultScopes = w.checkDefaultScopes(form, scopes)
	}
	if problem := form.problem(); problem != nil {
		return *problem
	}
	now := s.now()
	w.instance.settings.put(after, now, w.switches.ReadLag)
	return w.answerWithSettings(after)
}

// checkDefaultScopes gives the default scopes to store. Clerk's document says that duplicates, unknown scopes and
// offline_access are rejected, and that null and [] both go back to the scopes that Clerk provides and are read as null.
func (w *work) checkDefaultScopes(form *form, scopes field[[]string]) []string {
	if scopes.null || len(scopes.value) == 0 {
		return nil
	}
	if slices.Contains(scopes.value, offlineAccess) {
		form.fail(notAllowed("default_scopes", offlineAccess))
	}
	distinct := w.knownScopes(form, "default_scopes", scopes.value)
	for i, scope := range scopes.value {
		if slices.Contains(scopes.value[:i], scope) {
			form.fail(duplicateValues("default_scopes"))
			break
		}
	}
	if w.switches.DefaultScopesOfflineAccess == OfflineAccessIncluded {
		distinct = withOfflineAccess(distinct)
	}
	return orderedScopes(distinct, w.switches.ScopesOrder)
}

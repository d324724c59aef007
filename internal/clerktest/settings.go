package clerktest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// Settings are the OAuth application settings of an instance as the server holds them.
type Settings struct {
	DynamicOAuthClientRegistration bool     `json:"dynamic_oauth_client_registration"`
	DefaultScopes                  []string `json:"default_scopes"` // nil: those that Clerk provides
	OAuthJWTAccessTokens           bool     `json:"oauth_jwt_access_tokens"`

	ClientIDMetadataDocumentsAdvertised bool `json:"client_id_metadata_documents_advertised"`

	ClientIDMetadataDocumentsOnlyAllowPreRegistered        bool `json:"client_id_metadata_documents_only_allow_pre_registered_clients"`
	ClientIDMetadataDocumentsBlockImplicitlyAllowedClients bool `json:"client_id_metadata_documents_block_implicitly_allowed_clients"`

	// AudClaimEnabled and PKCERequired are only in the API if Switches.NewerFields are served.
	AudClaimEnabled bool `json:"aud_claim_enabled"`
	PKCERequired    bool `json:"pkce_required"`
}

var newerSettings = []string{"aud_claim_enabled", "pkce_required"}

func (s Settings) copy() Settings {
	s.DefaultScopes = slices.Clone(s.DefaultScopes)
	return s
}

func (w *work) foundSettings(s Settings) Answer {
	fields := map[string]any{}
	_ = json.Unmarshal(encodeJSON(s), &fields) // what was encoded can be decoded
	fields["object"] = "oauth_application_settings"
	if w.switches.NewerFields != "served" {
		for _, name := range newerSettings {
			delete(fields, name)
		}
	}
	return answerJSON(http.StatusOK, fields)
}

// forcesConsent reports whether dynamic client registration enforces every consent screen.
func (w *work) forcesConsent() bool {
	return w.switches.DCRForcesConsent == "on" &&
		w.instance.settings.value.DynamicOAuthClientRegistration
}

func getInstance(w *work) Answer {
	return answerJSON(http.StatusOK, map[string]any{
		"object": "instance", "id": w.instance.id, "environment_type": w.instance.environment,
		"allowed_origins": nil, "workspace_id": "org_" + strings.TrimPrefix(w.instance.id, "ins_"),
	})
}

func getSettings(w *work) Answer { return w.foundSettings(w.instance.settings.seen(w.now)) }

// updateSettings rejects duplicates, unknown scopes and offline_access among the default scopes, as
// Clerk's OpenAPI document says. null and [] both go back to the scopes that Clerk provides and are
// read as null.
func updateSettings(w *work) Answer {
	const parameter = "default_scopes"
	after := w.instance.settings.value.copy()
	w.decode(&after, newerSettings...)
	scopes := after.DefaultScopes
	if slices.Contains(scopes, offlineAccess) {
		w.fail(notAllowed(parameter, offlineAccess))
	}
	if hasDuplicates(scopes) {
		w.fail(about(parameter, "form_param_duplicate", "duplicate values",
			parameter+" contains duplicate values"))
	}
	after.DefaultScopes = w.knownScopes(parameter, scopes)
	if len(w.errors) == 0 {
		w.instance.settings.put(after, w.now, w.switches.ReadLag)
	}
	return w.foundSettings(after)
}

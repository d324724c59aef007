package clerktest

import (
	"maps"
	"net/http"
	"slices"
	"strings"
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

func (s Settings) copy() Settings {
	s.DefaultScopes = slices.Clone(s.DefaultScopes)
	return s
}

const settingDefaultScopes = "default_scopes"

// flags returns the boolean settings by their names in the API, without the newer ones.
func (s *Settings) flags() map[string]*bool {
	const cimd = "client_id_metadata_documents_"
	blocks := &s.ClientIDMetadataDocumentsBlockImplicitlyAllowedClients
	return map[string]*bool{
		"dynamic_oauth_client_registration":        &s.DynamicOAuthClientRegistration,
		"oauth_jwt_access_tokens":                  &s.OAuthJWTAccessTokens,
		cimd + "advertised":                        &s.ClientIDMetadataDocumentsAdvertised,
		cimd + "only_allow_pre_registered_clients": &s.ClientIDMetadataDocumentsOnlyAllowPreRegistered,
		cimd + "block_implicitly_allowed_clients":  blocks,
	}
}

// newerFlags returns the settings that Clerk's OpenAPI document lacks.
func (s *Settings) newerFlags() map[string]*bool {
	return map[string]*bool{"aud_claim_enabled": &s.AudClaimEnabled, "pkce_required": &s.PKCERequired}
}

func (w *work) foundSettings(s Settings) answer {
	value := map[string]any{
		"object": "oauth_application_settings", settingDefaultScopes: s.DefaultScopes,
	}
	flags := s.flags()
	if w.switches.NewerFields == NewerFieldsServed {
		maps.Copy(flags, s.newerFlags())
	}
	for name, flag := range flags {
		value[name] = *flag
	}
	return answer{status: http.StatusOK, value: value}
}

// forcesConsent reports whether dynamic client registration enforces every consent screen.
func (in *instance) forcesConsent(switches Switches) bool {
	return switches.DCRForcesConsent == DCREnforcesConsent &&
		in.settings.value.DynamicOAuthClientRegistration
}

func getInstance(w *work) answer {
	return answer{status: http.StatusOK, value: map[string]any{
		"object": "instance", "id": w.instance.id, "environment_type": w.instance.environment,
		"allowed_origins": nil, "workspace_id": "org_" + strings.TrimPrefix(w.instance.id, "ins_"),
	}}
}

func getSettings(w *work) answer {
	return w.foundSettings(w.instance.settings.seen(w.now))
}

func updateSettings(w *work) answer {
	f, after := w.form, w.instance.settings.value.copy()
	for name, flag := range after.flags() {
		assign(flag, take[bool](f, name))
	}
	for name, flag := range after.newerFlags() {
		assign(flag, w.takeNewer(name))
	}
	if _, sent := f.values[settingDefaultScopes]; sent {
		after.DefaultScopes = w.checkDefaultScopes(take[[]string](f, settingDefaultScopes))
	}
	if problem := f.problem(); problem != nil {
		return *problem
	}
	w.instance.settings.put(after, w.now, w.switches.ReadLag)
	return w.foundSettings(after)
}

// checkDefaultScopes returns the default scopes to store. Clerk's OpenAPI document says that
// duplicates, unknown scopes and offline_access are rejected, and that null and [] both go back to
// the scopes that Clerk provides and are read as null.
func (w *work) checkDefaultScopes(sent *[]string) []string {
	if sent == nil || len(*sent) == 0 {
		return nil
	}
	if slices.Contains(*sent, offlineAccess) {
		w.form.fail(notAllowed(settingDefaultScopes, offlineAccess))
	}
	if len(slices.Compact(slices.Sorted(slices.Values(*sent)))) < len(*sent) {
		w.form.fail(about(settingDefaultScopes, "form_param_duplicate", "duplicate values",
			settingDefaultScopes+" contains duplicate values"))
	}
	return orderedScopes(w.knownScopes(settingDefaultScopes, *sent), w.switches.ScopesOrder)
}

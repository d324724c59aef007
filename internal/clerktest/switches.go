package clerktest

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Switches decide where neither Clerk's documentation nor its OpenAPI document tells how the API behaves, or where
// they contradict each other. The zero value of every field is the behaviour thought likeliest; a client is only right
// when it is right under each alternative too ([AllSwitches]).
type Switches struct {
	ScopesOrder                ScopesOrder
	ForceOfflineAccess         ForceOfflineAccess
	PatchWithoutOfflineAccess  PatchWithoutOfflineAccess
	UnknownScope               UnknownScope
	OrganizationScope          OrganizationScope
	PublicClientSecret         PublicClientSecret
	RotatePublic               RotatePublic
	PublicSetsPKCE             PublicSetsPKCE
	PublicWithoutPKCE          PublicWithoutPKCE
	CallbackURLMulti           CallbackURLMulti
	BothCallbackAndRedirects   BothCallbackAndRedirects
	RedirectOrder              RedirectOrder
	RedirectNormalization      RedirectNormalization
	RedirectsEmpty             RedirectsEmpty
	PatchNull                  PatchNull
	UnknownField               UnknownField
	ListDefaultOrder           ListDefaultOrder
	LimitOutOfRange            LimitOutOfRange
	RotateUpdatedAt            RotateUpdatedAt
	DefaultScopesOfflineAccess DefaultScopesOfflineAccess
	NewerFields                NewerFields
	DCRForcesConsent           DCRForcesConsent
	TokenInfo                  TokenInfo

	// ReadLag is how long reads still answer with what was there before a write: a GET after a create is a 404, a GET
	// after a delete a 200. Writes always see, and answer with, the present state.
	ReadLag time.Duration
}

// ScopesOrder is the order in which scopes are stored and answered.
type ScopesOrder string

// Orders of scopes. The fixed order is profile, email, the metadata scopes, openid, offline_access, then the others.
const (
	ScopesAsSent       ScopesOrder = ""
	ScopesAlphabetical ScopesOrder = "alphabetical"
	ScopesFixedOrder   ScopesOrder = "fixed"
)

// ForceOfflineAccess decides whether a new application gets offline_access when the request does not name it.
type ForceOfflineAccess string

// Treatments of a create without offline_access.
const (
	OfflineAccessForced ForceOfflineAccess = ""
	OfflineAccessNever  ForceOfflineAccess = "off"
)

// PatchWithoutOfflineAccess is what becomes of a PATCH of scopes that does not name offline_access. Clerk documents a
// rejection, and neither its status nor its code.
type PatchWithoutOfflineAccess string

// Fates of such a PATCH: an error about scopes; success, and an application that had offline_access keeps it; success,
// and offline_access is gone.
const (
	PatchWithoutOfflineAccessRefused PatchWithoutOfflineAccess = ""
	PatchKeepsOfflineAccess          PatchWithoutOfflineAccess = "keep"
	PatchRemovesOfflineAccess        PatchWithoutOfflineAccess = "remove"
)

// UnknownScope is what becomes of a scope that is neither built in nor in the instance's catalogue.
type UnknownScope string

// Fates of unknown scopes: two errors of Clerk's catalogue, silent removal, acceptance.
const (
	UnknownScopeValueInvalid UnknownScope = ""
	UnknownScopeOAuthInvalid UnknownScope = "oauth_invalid_scope"
	UnknownScopeDropped      UnknownScope = "drop"
	UnknownScopeAccepted     UnknownScope = "accept"
)

// OrganizationScope is what becomes of user:org:read on an instance without organizations.
type OrganizationScope string

// Fates of user:org:read: that of an unknown scope, silent removal, acceptance.
const (
	OrganizationScopeUnknown  OrganizationScope = ""
	OrganizationScopeDropped  OrganizationScope = "drop"
	OrganizationScopeAccepted OrganizationScope = "accept"
)

// PublicClientSecret is the client_secret in the answer to the creation of a public client. Clerk's OpenAPI document
// says empty; two users report a real secret.
type PublicClientSecret string

// Forms of a public client's secret. Clerk's OpenAPI document does not require the field.
const (
	PublicSecretValue  PublicClientSecret = ""
	PublicSecretEmpty  PublicClientSecret = "empty"
	PublicSecretAbsent PublicClientSecret = "absent"
)

// RotatePublic is the answer to a rotation of a public client's secret.
type RotatePublic string

// Answers to a rotation of a public client.
const (
	RotatePublicEmpty   RotatePublic = ""
	RotatePublicValue   RotatePublic = "value"
	RotatePublicRefused RotatePublic = "422"
)

// PublicSetsPKCE says whether public=true makes pkce_required true.
type PublicSetsPKCE string

// Effects of public=true on pkce_required.
const (
	PublicLeavesPKCE  PublicSetsPKCE = ""
	PublicTurnsPKCEOn PublicSetsPKCE = "on"
)

// PublicWithoutPKCE says whether a public client with pkce_required=false is refused (form_public_client_requires_pkce).
type PublicWithoutPKCE string

// Fates of public clients that do not require PKCE.
const (
	PublicWithoutPKCEAllowed PublicWithoutPKCE = ""
	PublicWithoutPKCERefused PublicWithoutPKCE = "422"
)

// CallbackURLMulti is the deprecated callback_url of an application with several redirect URIs.
type CallbackURLMulti string

// Values of callback_url.
const (
	CallbackURLFirst CallbackURLMulti = ""
	CallbackURLLast  CallbackURLMulti = "last"
	CallbackURLEmpty CallbackURLMulti = "empty"
)

// BothCallbackAndRedirects is what a request with both callback_url and redirect_uris does.
type BothCallbackAndRedirects string

// Meanings of both fields together.
const (
	RedirectsWin  BothCallbackAndRedirects = ""
	BothConflict  BothCallbackAndRedirects = "422"
	BothMakeUnion BothCallbackAndRedirects = "union"
)

// RedirectOrder is the order in which redirect URIs are stored and answered.
type RedirectOrder string

// Orders of redirect URIs.
const (
	RedirectsAsSent   RedirectOrder = ""
	RedirectsSorted   RedirectOrder = "sorted"
	RedirectsReversed RedirectOrder = "reversed"
)

// RedirectNormalization says whether redirect URIs are stored as sent, or with scheme and host in lower case and "/" for
// an empty path (RFC 3986 section 6.2).
type RedirectNormalization string

// Treatments of redirect URIs.
const (
	RedirectsExact      RedirectNormalization = ""
	RedirectsNormalized RedirectNormalization = "rfc3986"
)

// RedirectsEmpty is what redirect_uris=[] does.
type RedirectsEmpty string

// Effects of an empty list.
const (
	EmptyClears  RedirectsEmpty = ""
	EmptyIgnored RedirectsEmpty = "ignored"
	EmptyRefused RedirectsEmpty = "422"
)

// PatchNull is what null does in a PATCH. default_scopes of the settings is documented and not concerned.
type PatchNull string

// Meanings of null.
const (
	NullUnchanged PatchNull = ""
	NullResets    PatchNull = "reset"
	NullRefused   PatchNull = "422"
)

// UnknownField is what becomes of a request field that Clerk's OpenAPI document does not have.
type UnknownField string

// Fates of unknown fields.
const (
	UnknownFieldDropped UnknownField = ""
	UnknownFieldRefused UnknownField = "422"
)

// ListDefaultOrder is the order of a list without order_by. Clerk's OpenAPI document says both.
type ListDefaultOrder string

// Default orders.
const (
	ListNewestFirst ListDefaultOrder = ""
	ListOldestFirst ListDefaultOrder = "oldest_first"
)

// LimitOutOfRange is what becomes of a limit outside 1 to 500.
type LimitOutOfRange string

// Fates of such limits.
const (
	LimitRefused LimitOutOfRange = ""
	LimitClamped LimitOutOfRange = "clamp"
)

// RotateUpdatedAt says whether a rotation changes updated_at.
type RotateUpdatedAt string

// Effects of a rotation on updated_at.
const (
	RotateTouchesUpdatedAt RotateUpdatedAt = ""
	RotateKeepsUpdatedAt   RotateUpdatedAt = "keep"
)

// DefaultScopesOfflineAccess decides whether the settings answer default_scopes with offline_access. Clerk rejects a
// request that names offline_access there, and grants the scope all the same.
type DefaultScopesOfflineAccess string

// Presence of offline_access in default_scopes.
const (
	OfflineAccessExcluded DefaultScopesOfflineAccess = ""
	OfflineAccessIncluded DefaultScopesOfflineAccess = "included"
)

// NewerFields decides about the fields that the live API has and Clerk's OpenAPI document of 2026-05-12 lacks:
// device_authorization_grant_enabled of an application, aud_claim_enabled and pkce_required of the settings. They are a
// beta, which a workspace may not have.
type NewerFields string

// Treatments of the newer fields: served, and set when sent; not served, and unknown to requests (see [UnknownField]); not
// served, and refused when sent.
const (
	NewerFieldsServed  NewerFields = ""
	NewerFieldsDropped NewerFields = "drop"
	NewerFieldsRefused NewerFields = "422"
)

// DCRForcesConsent decides whether dynamic client registration, while it is on for the instance, shows the consent screen
// of every application and refuses to turn it off.
type DCRForcesConsent string

// Effects of dynamic client registration on consent screens.
const (
	DCRLeavesConsent   DCRForcesConsent = ""
	DCREnforcesConsent DCRForcesConsent = "on"
)

// TokenInfo is how the introspection endpoint authenticates its clients (token_info.go).
type TokenInfo string

// Introspection endpoints: as Clerk's documentation and its error texts suggest; with the older error code; of an instance
// on the legacy OAuth provider; that authenticates nobody and calls every token inactive; that refuses everyone; that
// notices a rotation [TokenInfoLag] later.
const (
	TokenInfoAuthenticates       TokenInfo = ""
	TokenInfoInvalidClient       TokenInfo = "invalid_client"
	TokenInfoLegacy              TokenInfo = "legacy"
	TokenInfoAuthenticatesNobody TokenInfo = "authenticates_nobody"
	TokenInfoRefusesEverybody    TokenInfo = "refuses_everybody"
	TokenInfoLags                TokenInfo = "lags"
)

// switchDefinition makes one field of Switches known by name. The names of values are those of the constants, and
// defaultName stands for the zero value.
type switchDefinition struct {
	name         string
	defaultName  string
	alternatives []string
	set          func(*Switches, string)
	concerns     func(Request) bool // nil: every request; see only
}

func choice[T ~string](name, defaultName string, field func(*Switches) *T, alternatives ...T) switchDefinition {
	definition := switchDefinition{name: name, defaultName: defaultName, set: func(switches *Switches, value string) {
		*field(switches) = T(value)
	}}
	for _, alternative := range alternatives {
		definition.alternatives = append(definition.alternatives, string(alternative))
	}
	return definition
}

const readLagName = "read_lag"

var switchDefinitions = []switchDefinition{
	choice("scopes_order", "as_sent", func(s *Switches) *ScopesOrder { return &s.ScopesOrder }, ScopesAlphabetical, ScopesFixedOrder),
	choice("force_offline_access", "on", func(s *Switches) *ForceOfflineAccess { return &s.ForceOfflineAccess }, OfflineAccessNever),
	choice("patch_without_offline_access", "422", func(s *Switches) *PatchWithoutOfflineAccess { return &s.PatchWithoutOfflineAccess }, PatchKeepsOfflineAccess, PatchRemovesOfflineAccess).only(patchesWithoutOfflineAccess),
	choice("unknown_scope", "form_param_value_invalid", func(s *Switches) *UnknownScope { return &s.UnknownScope }, UnknownScopeOAuthInvalid, UnknownScopeDropped, UnknownScopeAccepted).only(namesScopeNotBuiltIn),
	choice("organization_scope", "unknown", func(s *Switches) *OrganizationScope { return &s.OrganizationScope }, OrganizationScopeDropped, OrganizationScopeAccepted).only(namesOrganizationScope),
	choice("public_client_secret", "value", func(s *Switches) *PublicClientSecret { return &s.PublicClientSecret }, PublicSecretEmpty, PublicSecretAbsent).only(makesPublic),
	choice("rotate_public", "empty", func(s *Switches) *RotatePublic { return &s.RotatePublic }, RotatePublicValue, RotatePublicRefused).only(makesPublic),
	choice("public_sets_pkce", "off", func(s *Switches) *PublicSetsPKCE { return &s.PublicSetsPKCE }, PublicTurnsPKCEOn).only(makesPublic),
	choice("public_without_pkce", "allowed", func(s *Switches) *PublicWithoutPKCE { return &s.PublicWithoutPKCE }, PublicWithoutPKCERefused).only(makesPublic),
	choice("callback_url_multi", "first", func(s *Switches) *CallbackURLMulti { return &s.CallbackURLMulti }, CallbackURLLast, CallbackURLEmpty).only(hasSeveralRedirects),
	choice("both_callback_and_redirects", "redirect_uris", func(s *Switches) *BothCallbackAndRedirects { return &s.BothCallbackAndRedirects }, BothConflict, BothMakeUnion).only(hasCallbackAndRedirects),
	choice("redirect_order", "as_sent", func(s *Switches) *RedirectOrder { return &s.RedirectOrder }, RedirectsSorted, RedirectsReversed).only(hasSeveralRedirects),
	choice("redirect_normalization", "exact", func(s *Switches) *RedirectNormalization { return &s.RedirectNormalization }, RedirectsNormalized).only(hasURIToNormalize),
	choice("redirects_empty", "clears", func(s *Switches) *RedirectsEmpty { return &s.RedirectsEmpty }, EmptyIgnored, EmptyRefused).only(emptiesRedirects),
	choice("patch_null", "unchanged", func(s *Switches) *PatchNull { return &s.PatchNull }, NullResets, NullRefused).only(patchesWithNull),
	choice("unknown_field", "drop", func(s *Switches) *UnknownField { return &s.UnknownField }, UnknownFieldRefused).only(hasFieldBeyondAnApplications),
	choice("list_default_order", "newest_first", func(s *Switches) *ListDefaultOrder { return &s.ListDefaultOrder }, ListOldestFirst).only(listsWithoutOrder),
	choice("limit_out_of_range", "refuse", func(s *Switches) *LimitOutOfRange { return &s.LimitOutOfRange }, LimitClamped).only(listsBeyondLimits),
	choice("rotate_updated_at", "touch", func(s *Switches) *RotateUpdatedAt { return &s.RotateUpdatedAt }, RotateKeepsUpdatedAt).only(rotates),
	choice("default_scopes_offline_access", "excluded", func(s *Switches) *DefaultScopesOfflineAccess { return &s.DefaultScopesOfflineAccess }, OfflineAccessIncluded).only(setsDefaultScopes),
	choice("newer_fields", "served", func(s *Switches) *NewerFields { return &s.NewerFields }, NewerFieldsDropped, NewerFieldsRefused),
	choice("dcr_forces_consent", "off", func(s *Switches) *DCRForcesConsent { return &s.DCRForcesConsent }, DCREnforcesConsent).only(turnsOnRegistration),
	choice("token_info", "authenticates", func(s *Switches) *TokenInfo { return &s.TokenInfo }, TokenInfoInvalidClient, TokenInfoLegacy,
		TokenInfoAuthenticatesNobody, TokenInfoRefusesEverybody, TokenInfoLags).only(introspects),
	{name: readLagName, defaultName: "0s", alternatives: []string{"500ms", "3s"}, set: func(switches *Switches, value string) {
		lag, err := time.ParseDuration(value)
		if value != "" && err != nil {
			panic("clerktest: read_lag alternative " + value + " is no duration")
		}
		switches.ReadLag = lag
	}},
}

// Setting is a named set of switches, for subtests: "default", or "scopes_order=as_sent" and the like.
type Setting struct {
	Name     string
	Switches Switches

	concerns func(Request) bool
}

// AllSwitches gives the default setting, and one setting for each alternative of each switch by itself. Settings with a
// ReadLag are among them; a test that reads right after it wrote skips those.
func AllSwitches() []Setting {
	settings := []Setting{{Name: "default"}}
	for _, definition := range switchDefinitions {
		for _, value := range definition.alternatives {
			setting := Setting{Name: definition.name + "=" + value, concerns: definition.concerns}
			definition.set(&setting.Switches, value)
			settings = append(settings, setting)
		}
	}
	return settings
}

// SetByName sets one switch from text, as a program's flags need: the name and value that [AllSwitches] shows, the name
// of the default ("as_sent"), or any non-negative duration for read_lag. The error lists what is possible.
func (s *Switches) SetByName(name, value string) error {
	index := slices.IndexFunc(switchDefinitions, func(d switchDefinition) bool { return d.name == name })
	if index < 0 {
		var names []string
		for _, definition := range switchDefinitions {
			names = append(names, definition.name)
		}
		return fmt.Errorf("no switch is named %q; there are %s", name, strings.Join(names, ", "))
	}
	definition := switchDefinitions[index]
	if name == readLagName {
		lag, err := time.ParseDuration(value)
		if err != nil || lag < 0 {
			return fmt.Errorf("switch %s takes a duration such as 500ms, not %q", name, value)
		}
		s.ReadLag = lag
		return nil
	}
	switch {
	case value == definition.defaultName:
		definition.set(s, "")
	case slices.Contains(definition.alternatives, value):
		definition.set(s, value)
	default:
		return fmt.Errorf("switch %s takes %s, not %q", name,
			strings.Join(append([]string{definition.defaultName}, definition.alternatives...), ", "), value)
	}
	return nil
}

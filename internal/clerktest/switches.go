package clerktest

import "time"

// Switches decide where neither Clerk's documentation nor its OpenAPI document says how the API
// behaves, or where they contradict each other. The zero value of each field is the behaviour that
// is most likely. A client is only right if it is right under each alternative too.
type Switches struct {
	ScopesOrder               ScopesOrder
	ForceOfflineAccess        ForceOfflineAccess
	PatchWithoutOfflineAccess PatchWithoutOfflineAccess
	UnknownScope              UnknownScope
	PublicClientSecret        PublicClientSecret
	RotatePublic              RotatePublic
	RotateUpdatedAt           RotateUpdatedAt
	NewerFields               NewerFields
	RedirectOrder             RedirectOrder
	RedirectNormalization     RedirectNormalization
	DCRForcesConsent          DCRForcesConsent
	TokenInfo                 TokenInfo

	// ReadLag is how long reads still answer with what was there before a write: a GET after a
	// create is a 404, a GET after a delete a 200. Writes always see the current state.
	ReadLag time.Duration
}

// ScopesOrder is the order in which scopes are stored and answered.
type ScopesOrder string

// Orders of scopes.
const (
	ScopesAsSent       ScopesOrder = ""
	ScopesAlphabetical ScopesOrder = "alphabetical"
	ScopesFixedOrder   ScopesOrder = "fixed" // built-in scopes first, offline_access their last
)

// ForceOfflineAccess decides whether a create adds offline_access.
type ForceOfflineAccess string

// Treatments of a create without offline_access.
const (
	OfflineAccessForced ForceOfflineAccess = ""
	OfflineAccessNever  ForceOfflineAccess = "off"
)

// PatchWithoutOfflineAccess is the result of a PATCH of scopes that does not list offline_access.
// Clerk documents a rejection, but neither its status nor its code.
type PatchWithoutOfflineAccess string

// Results of such a PATCH.
const (
	PatchWithoutOfflineAccessRefused PatchWithoutOfflineAccess = ""
	PatchKeepsOfflineAccess          PatchWithoutOfflineAccess = "keep" // if the application had it
	PatchRemovesOfflineAccess        PatchWithoutOfflineAccess = "remove"
)

// UnknownScope is the treatment of a scope that is neither built in nor in the instance's
// catalogue.
type UnknownScope string

// Treatments of unknown scopes: the first two are errors of Clerk's catalogue.
const (
	UnknownScopeValueInvalid UnknownScope = ""
	UnknownScopeOAuthInvalid UnknownScope = "oauth_invalid_scope"
	UnknownScopeDropped      UnknownScope = "drop"
	UnknownScopeAccepted     UnknownScope = "accept"
)

// PublicClientSecret is the client_secret in the answer to the creation of a public client. Clerk's
// OpenAPI document says empty; two users report a real secret.
type PublicClientSecret string

// Forms of a public client's secret.
const (
	PublicSecretValue  PublicClientSecret = ""
	PublicSecretEmpty  PublicClientSecret = "empty"
	PublicSecretAbsent PublicClientSecret = "absent"
)

// RotatePublic is the answer to a rotation of a public client's secret.
type RotatePublic string

// Answers to such a rotation: the client_secret, or an error.
const (
	RotatePublicEmpty   RotatePublic = ""
	RotatePublicValue   RotatePublic = "value"
	RotatePublicRefused RotatePublic = "422"
)

// RotateUpdatedAt decides whether a rotation changes updated_at.
type RotateUpdatedAt string

// Effects of a rotation on updated_at.
const (
	RotateTouchesUpdatedAt RotateUpdatedAt = ""
	RotateKeepsUpdatedAt   RotateUpdatedAt = "keep"
)

// NewerFields decides about the fields that the live API has and Clerk's OpenAPI document of
// 2026-05-12 lacks: device_authorization_grant_enabled of an application, aud_claim_enabled and
// pkce_required of the settings.
type NewerFields string

// Treatments of the newer fields: served and settable; absent and ignored; absent and refused.
const (
	NewerFieldsServed  NewerFields = ""
	NewerFieldsDropped NewerFields = "drop"
	NewerFieldsRefused NewerFields = "422"
)

// RedirectOrder is the order in which redirect URIs are stored and answered.
type RedirectOrder string

// Orders of redirect URIs.
const (
	RedirectsAsSent   RedirectOrder = ""
	RedirectsSorted   RedirectOrder = "sorted"
	RedirectsReversed RedirectOrder = "reversed"
)

// RedirectNormalization decides whether redirect URIs are stored as sent, or with scheme and host
// in lower case and "/" for an empty path (RFC 3986 section 6.2).
type RedirectNormalization string

// Treatments of redirect URIs.
const (
	RedirectsExact      RedirectNormalization = ""
	RedirectsNormalized RedirectNormalization = "rfc3986"
)

// DCRForcesConsent decides whether dynamic client registration, while the instance has it on, shows
// the consent screen of every application and refuses to turn it off.
type DCRForcesConsent string

// Effects of dynamic client registration on consent screens.
const (
	DCRLeavesConsent   DCRForcesConsent = ""
	DCREnforcesConsent DCRForcesConsent = "on"
)

// TokenInfo is how the introspection endpoint authenticates its clients (token_info.go).
type TokenInfo string

// Introspection endpoints.
const (
	TokenInfoAuthenticates       TokenInfo = ""               // as Clerk documents it
	TokenInfoInvalidClient       TokenInfo = "invalid_client" // the same with the older error code
	TokenInfoLegacy              TokenInfo = "legacy"         // on the legacy OAuth provider: 422
	TokenInfoAuthenticatesNobody TokenInfo = "authenticates_nobody"
	TokenInfoRefusesEverybody    TokenInfo = "refuses_everybody"
	TokenInfoLags                TokenInfo = "lags" // notices a rotation [TokenInfoLag] later
)

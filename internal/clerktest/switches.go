package clerktest

import "time"

// Switches decide where neither Clerk's documentation nor its OpenAPI document says how the API
// behaves, or where they contradict each other. The zero value of each field is the behaviour that
// is most likely. A client is only right if it is right under each alternative too.
type Switches struct {
	// ScopesOrder is the order in which scopes are stored and answered.
	ScopesOrder string
	// ForceOfflineAccess decides whether a create without offline_access adds the scope.
	ForceOfflineAccess string
	// PatchWithoutOfflineAccess is the result of a PATCH of scopes that does not list
	// offline_access. Clerk documents a rejection, but neither its status nor its code.
	PatchWithoutOfflineAccess string
	// UnknownScope is the treatment of a scope that the instance does not have.
	UnknownScope string
	// PublicClientSecret is the client_secret in the answer to the creation of a public client.
	// Clerk's OpenAPI document says empty; two users report a real secret.
	PublicClientSecret string
	// RotatePublic is the answer to a rotation of a public client's secret.
	RotatePublic string
	// RotateUpdatedAt decides whether a rotation changes updated_at.
	RotateUpdatedAt string
	// NewerFields decides about the fields that the live API has and Clerk's OpenAPI document of
	// 2026-05-12 lacks: device_authorization_grant_enabled of an application, aud_claim_enabled and
	// pkce_required of the settings.
	NewerFields string
	// RedirectOrder is the order in which redirect URIs are stored and answered.
	RedirectOrder string
	// RedirectNormalization decides whether redirect URIs are stored as sent.
	RedirectNormalization string
	// DCRForcesConsent decides whether dynamic client registration, while the instance has it on,
	// shows the consent screen of every application and refuses to turn it off.
	DCRForcesConsent string
	// TokenInfo is how the introspection endpoint authenticates its clients (token_info.go).
	TokenInfo string
	// ReadLag is how long reads still answer with what was there before a write: a GET after a
	// create is a 404, a GET after a delete a 200. Writes always see the current state.
	ReadLag time.Duration
}

// The values of the switches. "" is the default: the order as sent, URIs as sent, consent as asked.
const (
	ScopesAlphabetical = "alphabetical"
	ScopesFixedOrder   = "fixed" // the built-in scopes first, offline_access their last

	OfflineAccessForced = ""
	OfflineAccessNever  = "off"

	PatchWithoutOfflineAccessRefused = ""
	PatchKeepsOfflineAccess          = "keep" // if the application had it
	PatchRemovesOfflineAccess        = "remove"

	UnknownScopeValueInvalid = ""                    // an error of Clerk's catalogue
	UnknownScopeOAuthInvalid = "oauth_invalid_scope" // another one
	UnknownScopeDropped      = "drop"
	UnknownScopeAccepted     = "accept"

	PublicSecretValue  = ""
	PublicSecretEmpty  = "empty"
	PublicSecretAbsent = "absent"

	RotatePublicEmpty   = "" // 200 without a secret
	RotatePublicValue   = "value"
	RotatePublicRefused = "422"

	RotateTouchesUpdatedAt = ""
	RotateKeepsUpdatedAt   = "keep"

	NewerFieldsServed  = ""
	NewerFieldsDropped = "drop" // absent, and ignored in requests
	NewerFieldsRefused = "422"  // absent, and refused in requests

	RedirectsSorted   = "sorted"
	RedirectsReversed = "reversed"

	RedirectsNormalized = "rfc3986" // section 6.2: case of the host, empty path

	DCREnforcesConsent = "on"

	TokenInfoAuthenticates       = ""               // as Clerk documents it
	TokenInfoInvalidClient       = "invalid_client" // the same with the older error code
	TokenInfoLegacy              = "legacy"         // on the legacy OAuth provider: 422
	TokenInfoAuthenticatesNobody = "authenticates_nobody"
	TokenInfoRefusesEverybody    = "refuses_everybody"
	TokenInfoLags                = "lags" // notices a rotation [TokenInfoLag] later
)

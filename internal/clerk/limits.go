package clerk

// Limits of Clerk's API, from its OpenAPI document (version 2026-05-12, request
// body of CreateOAuthApplication). Those of logos are with UploadOAuthApplicationLogo.
const (
	MaxNameLength   = 256  // of an application's name, in characters
	MaxScopesLength = 1024 // of the scopes as one text, separated by blanks, in characters
)

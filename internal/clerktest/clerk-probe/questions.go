package main

// The questions that name no switch of the simulator.
const (
	minimalCreate     = "minimal create"
	secretAfter       = "token_info: new secret after a rotation"
	publicTokenInfo   = "token_info: secret of a public client"
	publicAndBack     = "public client made confidential"
	defaultScopesWith = "default_scopes with offline_access"
	defaultScopesDup  = "default_scopes with a duplicate"
	defaultScopesNone = "default_scopes []"
	duplicateURI      = "redirect_uris with a duplicate"
	invalidURI        = "redirect_uris with no URI"
	longName          = "name of 257 characters"
	emptyName         = "name \"\""
	wrongType         = "public of another type"
	arrayBody         = "body []"
	unknownID         = "GET of an unknown id"
	deletedTwice      = "DELETE twice"
	sameValue         = "updated_at after a PATCH with the same name"
	emptyPatch        = "updated_at after a PATCH with {}"
)

// newQuestions gives the table in the order in which it is printed: the switches by their names, then the rest.
func newQuestions() []*question {
	return []*question{
		{switchName: "scopes_order", text: "order of scopes"},
		{switchName: "force_offline_access", text: "create without offline_access"},
		{switchName: "patch_without_offline_access", text: "PATCH scopes without offline_access"},
		{switchName: "unknown_scope", text: "unknown scope"},
		{switchName: "organization_scope", text: "user:org:read"},
		{switchName: "public_client_secret", text: "client_secret of a new public client"},
		{switchName: "rotate_public", text: "rotation of a public client"},
		{switchName: "public_sets_pkce", text: "pkce_required of a new public client"},
		{switchName: "public_without_pkce", text: "public client without PKCE"},
		{switchName: "callback_url_multi", text: "callback_url of several redirect URIs"},
		{switchName: "both_callback_and_redirects", text: "callback_url and redirect_uris together"},
		{switchName: "redirect_order", text: "order of redirect URIs"},
		{switchName: "redirect_normalization", text: "redirect URI in capitals"},
		{switchName: "redirects_empty", text: "PATCH redirect_uris []"},
		{switchName: "patch_null", text: "PATCH with null"},
		{switchName: "unknown_field", text: "unknown field"},
		{switchName: "list_default_order", text: "order of a list"},
		{switchName: "limit_out_of_range", text: "limit of 501 and of 0"},
		{switchName: "rotate_updated_at", text: "updated_at after a rotation"},
		{switchName: "default_scopes_offline_access", text: "offline_access in default_scopes"},
		{switchName: "newer_fields", text: "fields newer than the document"},
		{switchName: "dcr_forces_consent", text: "consent screen under dynamic registration"},
		{switchName: "token_info", text: "token_info: authentication"},
		{switchName: "read_lag", text: "GET right after a write"},
		{text: minimalCreate},
		{text: secretAfter},
		{text: publicTokenInfo},
		{text: publicAndBack},
		{text: defaultScopesWith},
		{text: defaultScopesDup},
		{text: defaultScopesNone},
		{text: duplicateURI},
		{text: invalidURI},
		{text: longName},
		{text: emptyName},
		{text: wrongType},
		{text: arrayBody},
		{text: sameValue},
		{text: emptyPatch},
		{text: unknownID},
		{text: deletedTwice},
	}
}

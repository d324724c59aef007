package clerktest

import (
	"net/http"
	"net/url"
	"time"
)

// TokenInfoLag is how long the introspection endpoint accepts the old client secret after a
// rotation, with lags in [Switches].
const TokenInfoLag = 5 * time.Second

// oauthFailure is an error in the form of OAuth (RFC 6749 section 5.2).
func oauthFailure(status int, code, description string) Answer {
	return answerJSON(status, map[string]any{"error": code, "error_description": description})
}

// tokenInfo is token introspection (RFC 7662) on Clerk's frontend API. Clerk's error texts are
// those of the library Ory fosite, which authenticates the client before it looks at the token. So
// the answer says whether a client secret is right. The server issues no tokens: every token is
// inactive. Callers hold the lock.
func (s *Server) tokenInfo(request *Request) Answer {
	inactive := answerJSON(http.StatusOK, map[string]any{"active": false})
	refused := oauthFailure(http.StatusUnauthorized, "request_unauthorized",
		"The request could not be authorized. "+
			"Check that you provided valid credentials in the right format.")
	switch s.switches.TokenInfo {
	case "invalid_client":
		refused = oauthFailure(http.StatusUnauthorized, "invalid_client",
			"Client authentication failed (e.g., unknown client, no client authentication included, "+
				"or unsupported authentication method).")
	case "legacy":
		return catalogued(http.StatusUnprocessableEntity, "feature_requires_oidc_provider")
	case "authenticates_nobody":
		return inactive
	case "refuses_everybody":
		return refused
	}
	if request.Method != http.MethodPost || len(request.Body) == 0 {
		return oauthFailure(http.StatusBadRequest, "invalid_request",
			"The POST body can not be empty.")
	}
	if !s.authenticates(request) {
		return refused
	}
	return inactive
}

// authenticates reports whether HTTP Basic credentials are the client id and the client secret of
// an application, form-encoded (RFC 6749 section 2.3.1).
func (s *Server) authenticates(request *Request) bool {
	credentials := http.Request{Header: http.Header{"Authorization": {*request.authorization}}}
	user, password, _ := credentials.BasicAuth()
	clientID, _ := url.QueryUnescape(user) // "" matches nothing
	secret, _ := url.QueryUnescape(password)
	for _, in := range s.instances {
		for _, a := range in.applications() {
			switch {
			case a.ClientID != clientID || a.secret == nil:
			case s.switches.TokenInfo == "lags":
				return secret == a.secret.seen(s.now())
			default:
				return secret == a.secret.value
			}
		}
	}
	return false
}

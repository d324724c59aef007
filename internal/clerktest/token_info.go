package clerktest

import (
	"net/http"
	"net/url"
)

// oauthFailure is an error in the form of OAuth (RFC 6749 section 5.2).
func oauthFailure(status int, code string) Answer {
	return answerJSON(status, map[string]any{"error": code})
}

// tokenInfo is token introspection (RFC 7662) on Clerk's frontend API. Clerk's errors are those of
// the library Ory fosite, which authenticates the client before it looks at the token. So the
// answer says whether a client secret is right. The server issues no tokens: every token is
// inactive. Callers hold the lock.
func (s *Server) tokenInfo(request *Request) Answer {
	inactive := answerJSON(http.StatusOK, map[string]any{"active": false})
	refused := oauthFailure(http.StatusUnauthorized, "request_unauthorized")
	switch s.switches.TokenInfo {
	case "invalid_client":
		refused = oauthFailure(http.StatusUnauthorized, "invalid_client")
	case "legacy":
		return catalogued(http.StatusUnprocessableEntity, "feature_requires_oidc_provider")
	case "authenticates_nobody":
		return inactive
	case "refuses_everybody":
		return refused
	}
	if request.Method != http.MethodPost || len(request.Body) == 0 {
		return oauthFailure(http.StatusBadRequest, "invalid_request")
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

package clerktest

import (
	"net/http"
	"net/url"
	"time"
)

// TokenInfoLag is how long the introspection endpoint accepts the old client secret after a
// rotation, under [TokenInfoLags].
const TokenInfoLag = 5 * time.Second

// oauthFailure is an error in the form of OAuth (RFC 6749 section 5.2).
func oauthFailure(status int, code, description string) answer {
	value := map[string]string{"error": code, "error_description": description}
	return answer{status: status, value: value}
}

// tokenInfo is token introspection (RFC 7662) on Clerk's frontend API. Clerk's error texts are
// those of the library Ory fosite, which authenticates the client before it looks at the token. So
// the answer says whether a client secret is right. The server issues no tokens: every token is
// inactive. Callers hold the lock.
func (s *Server) tokenInfo(request *Request) answer {
	if request.Method != http.MethodPost {
		return oauthFailure(http.StatusBadRequest, "invalid_request",
			"HTTP method is '"+request.Method+"' but expected 'POST'.")
	}
	inactive := answer{status: http.StatusOK, value: map[string]any{"active": false}}
	refused := oauthFailure(http.StatusUnauthorized, "request_unauthorized",
		"The request could not be authorized. "+
			"Check that you provided valid credentials in the right format.")
	switch s.switches.TokenInfo {
	case TokenInfoInvalidClient:
		refused = oauthFailure(http.StatusUnauthorized, "invalid_client",
			"Client authentication failed (e.g., unknown client, no client authentication included, "+
				"or unsupported authentication method).")
	case TokenInfoLegacy:
		return catalogued(http.StatusUnprocessableEntity, "feature_requires_oidc_provider")
	case TokenInfoAuthenticatesNobody:
		return inactive
	case TokenInfoRefusesEverybody:
		return refused
	}
	if form, err := url.ParseQuery(string(request.Body)); err != nil || len(form) == 0 {
		return oauthFailure(http.StatusBadRequest, "invalid_request", "The POST body can not be empty.")
	}
	if !s.authenticates(request) {
		return refused
	}
	return inactive
}

// authenticates reports whether HTTP Basic credentials are the client id and the client secret of
// an application.
func (s *Server) authenticates(request *Request) bool {
	credentials := http.Request{Header: http.Header{"Authorization": {request.Authorization()}}}
	clientID, secret, found := credentials.BasicAuth()
	if !found || secret == "" {
		return false
	}
	for _, in := range s.instances {
		for _, entry := range in.order {
			a := entry.value
			if a == nil || !sent(clientID, a.ClientID) {
				continue
			}
			if a.secret == nil {
				return false
			}
			lag := s.now().Sub(a.secret.rotated)
			if s.switches.TokenInfo == TokenInfoLags && lag < TokenInfoLag {
				return sent(secret, a.secret.old)
			}
			return sent(secret, a.secret.current)
		}
	}
	return false
}

// sent reports whether one half of Basic credentials is a value, form-encoded (RFC 6749 section
// 2.3.1) or plain.
func sent(half, value string) bool {
	decoded, err := url.QueryUnescape(half)
	return half == value || err == nil && decoded == value
}

package clerktest

import (
	"net/http"
	"net/url"
	"slices"
	"time"
)

// TokenInfoLag is how long the introspection endpoint goes on with the old client secret after a rotation, under
// [TokenInfoLags].
const TokenInfoLag = 5 * time.Second

// issuedSecret is a client secret and the time from which it is the current one: the zero time for the first secret.
type issuedSecret struct {
	since time.Time
	value string // "": the application has no secret
}

// secret is the newest client secret, "" when the application has none.
func (a *Application) secret() string {
	if len(a.secrets) == 0 {
		return ""
	}
	return a.secrets[len(a.secrets)-1].value
}

// setSecret replaces the client secret. Copies of the application keep theirs.
func (a *Application) setSecret(value string, since time.Time) {
	if value != a.secret() {
		a.secrets = append(slices.Clip(a.secrets), issuedSecret{since: since, value: value})
	}
}

// secretSeenAt is the client secret that was the newest one at a time.
func (a *Application) secretSeenAt(at time.Time) string {
	for _, issued := range slices.Backward(a.secrets) {
		if !issued.since.After(at) {
			return issued.value
		}
	}
	return ""
}

// oauthError is an error in the form of OAuth (RFC 6749 section 5.2), which Clerk's envelope is not.
type oauthError struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
}

func oauthFailure(status int, code, description string) answer {
	return answer{status: status, value: oauthError{Error: code, Description: description}}
}

// tokenInfo is token introspection (RFC 7662) as Clerk's frontend API has it. Clerk's error texts are those of the library
// Ory fosite, which authenticates the client before it looks at the token: so the answer says whether a client secret is
// right. The server issues no tokens, and every token is inactive. Callers hold the lock.
func (s *Server) tokenInfo(request *Request) answer {
	if request.Method != http.MethodPost {
		return oauthFailure(http.StatusBadRequest, "invalid_request", "HTTP method is '"+request.Method+"' but expected 'POST'.")
	}
	inactive := answer{status: http.StatusOK, value: map[string]any{"active": false}}
	refused := oauthFailure(http.StatusUnauthorized, "request_unauthorized",
		"The request could not be authorized. Check that you provided valid credentials in the right format.")
	switch s.switches.TokenInfo {
	case TokenInfoInvalidClient:
		refused = oauthFailure(http.StatusUnauthorized, "invalid_client",
			"Client authentication failed (e.g., unknown client, no client authentication included, or unsupported authentication method).")
	case TokenInfoLegacy:
		return failure(http.StatusUnprocessableEntity, catalogueError("feature_requires_oidc_provider"))
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

// authenticates reports whether a request has the client id and the client secret of an application, by HTTP Basic alone.
func (s *Server) authenticates(request *Request) bool {
	credentials := http.Request{Header: http.Header{"Authorization": {request.Authorization()}}}
	clientID, secret, found := credentials.BasicAuth()
	if !found || secret == "" {
		return false
	}
	at := s.now()
	if s.switches.TokenInfo == TokenInfoLags {
		at = at.Add(-TokenInfoLag)
	}
	for _, in := range s.instances {
		for _, entry := range in.order {
			if a := entry.truth(); a != nil && sent(clientID, a.ClientID) {
				return sent(secret, a.secretSeenAt(at))
			}
		}
	}
	return false
}

// sent reports whether one half of Basic credentials is a value, form-encoded (RFC 6749 section 2.3.1) or plain.
func sent(half, value string) bool {
	if half == value {
		return true
	}
	decoded, err := url.QueryUnescape(half)
	return err == nil && decoded == value
}

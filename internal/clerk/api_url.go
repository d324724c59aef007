package clerk

import (
	"errors"
	"net/url"
	"strings"
)

// DefaultAPIURL is where Clerk's Backend API is served.
const DefaultAPIURL = "https://api.clerk.com/v1"

// Errors of ParseAPIURL.
var (
	ErrURLMalformed   = errors.New("not an absolute URL such as " + DefaultAPIURL)
	ErrURLInsecure    = errors.New("the secret key would travel in clear text: use https, or http on a loopback address only")
	ErrURLCredentials = errors.New("the URL must not hold a user name or password")
	ErrURLTail        = errors.New("the URL must not have a query or a fragment")
)

// ParseAPIURL reads the address of the API: https, or http on a loopback address.
// The address may lack a trailing slash and /v1, because Clerk's JavaScript SDKs
// write the same environment variable without /v1; the result always ends in /v1.
func ParseAPIURL(raw string) (*url.URL, error) {
	return parseAPIURL(raw, false)
}

// ParseInsecureAPIURL is ParseAPIURL that takes http on any host. The secret key
// then travels in clear text: this is for a simulator in another container, and
// never for a production key.
func ParseInsecureAPIURL(raw string) (*url.URL, error) {
	return parseAPIURL(raw, true)
}

func parseAPIURL(raw string, allowHTTP bool) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(raw))
	// The parser's own error is dropped: it quotes the text, which may hold a
	// password.
	// A host outside ASCII is refused because letters of other alphabets look alike.
	if err != nil || u.Hostname() == "" || strings.ContainsFunc(u.Host, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, ErrURLMalformed
	}
	switch {
	case u.User != nil:
		return nil, ErrURLCredentials
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.Contains(raw, "#"):
		return nil, ErrURLTail
	case u.Scheme == "http" && !allowHTTP && !IsLoopback(u.Hostname()):
		return nil, ErrURLInsecure
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, ErrURLMalformed
	}

	path := strings.TrimRight(u.Path, "/")
	if !strings.HasSuffix(path, "/v1") {
		path += "/v1"
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host, Path: path}, nil
}

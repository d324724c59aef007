package clerk

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"
)

// DefaultAPIURL is where Clerk's Backend API is served.
const DefaultAPIURL = "https://api.clerk.com/v1"

// Errors of ParseAPIURL.
var (
	ErrURLMalformed = errors.New("not an absolute URL such as " + DefaultAPIURL)
	ErrURLInsecure  = errors.New(
		"the secret key would travel in clear text: use https, or http on a loopback address only")
	ErrURLCredentials = errors.New("the URL must not hold a user name or password")
	ErrURLTail        = errors.New("the URL must not have a query or a fragment")
)

// ParseAPIURL reads the address of the API: https, or http on a loopback address.
// The address may lack a trailing slash and /v1, because Clerk's JavaScript SDKs
// write the same environment variable without /v1; the result always ends in /v1.
func ParseAPIURL(raw string) (*url.URL, error) {
	return parseAPIURL(raw, false)
}

// ParseInsecureAPIURL is ParseAPIURL that accepts http on any host. The secret key then
// travels in clear text. This is for a simulator in another container, and never for a
// production key.
func ParseInsecureAPIURL(raw string) (*url.URL, error) {
	return parseAPIURL(raw, true)
}

func parseAPIURL(raw string, allowHTTP bool) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(raw))
	// The parser's own error is dropped: it quotes the text, which may hold a password.
	// A host outside ASCII is refused because letters of other alphabets look alike.
	if err != nil || u.Hostname() == "" || strings.ContainsFunc(u.Host, notVisibleASCII) {
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

// notVisibleASCII reports whether a character is anything but a letter, a digit or a sign
// of ASCII: white space too.
func notVisibleASCII(r rune) bool { return r <= ' ' || r > '~' }

// IsLoopback reports whether a host, without a port, is certain to be this machine:
// localhost and the names below it (RFC 6761 section 6.3), and the addresses of
// 127.0.0.0/8 and ::1 in each of their spellings, with or without brackets.
//
// An address is parsed and never compared as text: 127.evil.example is a name like
// any other. Spellings that only some programs read as an address, such as 127.1,
// are not loopback.
func IsLoopback(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, ".")) // a dot at the end: the name is absolute
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		host = host[1 : len(host)-1]
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback()
}

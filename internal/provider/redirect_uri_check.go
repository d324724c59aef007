package provider

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"unicode"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

const redirectURIForm = "an absolute URI, such as https://app.example.com/callback or myapp://callback"

// redirectURICheck checks that a redirect URI is absolute (RFC 6749 section 3.1.2).
// Any scheme will do: native apps have their own (RFC 8252 section 7.1), and Clerk
// takes all. Nothing is rejected here that Clerk might accept, but a host with its
// port, which is a URI by the letter.
var redirectURICheck = textCheck{title: "Invalid redirect URI", want: redirectURIForm, problem: func(uri string) string {
	if problem := redirectURIProblem(uri); problem != "" {
		return fmt.Sprintf("%q %s. A redirect URI is %s.", uri, problem, redirectURIForm)
	}
	return ""
}}

// hostAndPort is what is left of an address without its scheme: "localhost:3000/cb"
// reads as a URI of the scheme "localhost".
var hostAndPort = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9.-]*:[0-9]{1,5}([/?#]|$)`)

// redirectURIProblem says what is wrong with a redirect URI, or nothing.
func redirectURIProblem(uri string) string {
	if uri == "" {
		return "is empty"
	}
	if strings.ContainsFunc(uri, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		return "holds white space or a control character"
	}
	if hostAndPort.MatchString(uri) {
		return "has no scheme: write https:// or http:// in front"
	}
	parsed, err := url.Parse(uri)
	switch {
	case err != nil:
		return "is not a URI"
	case parsed.Scheme == "":
		return "is relative: it has no scheme"
	case (parsed.Scheme == "http" || parsed.Scheme == "https") && parsed.Hostname() == "":
		return "has no host"
	}
	return ""
}

// isInsecureRedirectURI reports whether the authorization code would travel over
// the network in plain text (RFC 8252 section 7.3 allows http on loopback only).
func isInsecureRedirectURI(uri string) bool {
	parsed, err := url.Parse(uri)
	if err != nil || parsed.Scheme != "http" {
		return false
	}
	return !clerk.IsLoopback(parsed.Hostname())
}

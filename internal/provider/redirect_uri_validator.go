package provider

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"unicode"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// redirectURIValidator checks that a redirect URI is absolute (RFC 6749 section
// 3.1.2). Any scheme will do: native apps have their own (RFC 8252 section 7.1),
// and Clerk takes all. Nothing is refused here that Clerk might accept, but a host
// with its port, which is a URI by the letter.
type redirectURIValidator struct{}

func (redirectURIValidator) Description(context.Context) string {
	return "an absolute URI, such as https://app.example.com/callback or myapp://callback"
}

func (v redirectURIValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}

func (v redirectURIValidator) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	uri := req.ConfigValue.ValueString()
	if problem := redirectURIProblem(uri); problem != "" {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid redirect URI",
			fmt.Sprintf("%q %s. A redirect URI is %s.", uri, problem, v.Description(ctx)))
	}
}

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

// isInsecureRedirectURI tells whether the authorization code would travel over
// the network in clear (RFC 8252 section 7.3 allows http on loopback only).
func isInsecureRedirectURI(uri string) bool {
	parsed, err := url.Parse(uri)
	if err != nil || parsed.Scheme != "http" {
		return false
	}
	host := parsed.Hostname()
	return host != "localhost" && !strings.HasSuffix(host, ".localhost") && !strings.HasPrefix(host, "127.") && host != "::1"
}

package provider

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/attr/xattr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

const redirectURIForm = "an absolute URI, " +
	"such as https://app.example.com/callback or myapp://callback"

// redirectURICheck checks that a redirect URI is absolute (RFC 6749 section 3.1.2).
// Any scheme will do: native apps have their own (RFC 8252 section 7.1), and Clerk
// accepts all of them. Nothing is rejected that Clerk may accept, so that every existing
// application can be imported: see redirectURIConcerns.
var redirectURICheck = textCheck{
	description: redirectURIForm,
	title:       "Invalid redirect URI",
	problem: func(uri string) string {
		if problem := redirectURIProblem(uri); problem != "" {
			return fmt.Sprintf("%s %s. A redirect URI is %s.", quote(uri), problem, redirectURIForm)
		}
		return ""
	},
}

var (
	// hostAndPort is what is left of an address without its scheme: "localhost:3000/cb"
	// reads as a URI of the scheme "localhost", and so does "myapp:1/cb".
	hostAndPort = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9.-]*:[0-9]{1,5}([/?#]|$)`)
	// addressAndPort is the same with a host that is no scheme: an IP address.
	addressAndPort = regexp.MustCompile(`^([0-9.]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}([/?#]|$)`)
	// notInScheme is what a scheme must not have (RFC 3986 section 3.1).
	notInScheme = regexp.MustCompile(`[^A-Za-z0-9+.-]`)
)

// redirectURIProblem says what is wrong with a redirect URI, or nothing.
func redirectURIProblem(uri string) string {
	if uri == "" {
		return "is empty"
	}
	unfit := func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }
	if index := strings.IndexFunc(uri, unfit); index >= 0 {
		first := []rune(uri[index:])[0]
		return fmt.Sprintf("holds white space or a control character (%s)", codePoint(first))
	}
	if addressAndPort.MatchString(uri) {
		return "has no scheme: write https:// or http:// in front"
	}
	if scheme, _, found := strings.Cut(uri, ":"); found && !strings.ContainsAny(scheme, "/?#") {
		if wrong := notInScheme.FindString(scheme); wrong != "" {
			return fmt.Sprintf("has the scheme %q, in which %q is not allowed: a scheme has letters, "+
				"digits, +, - and . only (RFC 3986 section 3.1)", scheme, wrong)
		}
	}
	parsed, err := url.Parse(uri)
	switch {
	case err != nil:
		if reason, ok := errors.AsType[*url.Error](err); ok {
			err = reason.Err // without the URI, which the message begins with
		}
		return "is not a URI: " + err.Error()
	case parsed.Scheme == "":
		return "is relative: it has no scheme"
	case (parsed.Scheme == "http" || parsed.Scheme == "https") && parsed.Hostname() == "":
		return "has no host"
	}
	return ""
}

// redirectURIConcerns lists what Clerk may accept in a redirect URI and users rarely
// want. Each text is a sentence without its subject, which is the URI.
func redirectURIConcerns(uri string) []string {
	parsed, err := url.Parse(uri)
	if err != nil {
		return nil
	}
	var concerns []string
	add := func(format string, values ...any) {
		concerns = append(concerns, fmt.Sprintf(format, values...))
	}

	switch scheme := parsed.Scheme; {
	case hostAndPort.MatchString(uri):
		add("reads as a URI of the scheme %q; "+
			"if that is a host, write https:// or http:// in front", scheme)
	case slices.Contains([]string{"javascript", "data", "file", "vbscript"}, scheme):
		add("has the scheme %q, which runs code or opens a file instead of leading to a client", scheme)
	case slices.Contains([]string{"tel", "mailto", "sms"}, scheme):
		add("has the scheme %q, which does not lead to a client", scheme)
	case scheme == "http" && !clerk.IsLoopback(parsed.Hostname()):
		add("has the scheme \"http\": authorization codes sent there travel over the network in plain " +
			"text; use https, except for a loopback address")
	}
	if parsed.User != nil {
		add("holds user information (%q), which browsers show, log and drop", parsed.User.Username()+"@")
	}
	if strings.Contains(uri, "*") {
		add("holds \"*\", which is not a wildcard: Clerk compares redirect URIs exactly")
	}
	if _, fragment, found := strings.Cut(uri, "#"); found {
		add("has the fragment %q, which a redirect URI must not have (RFC 6749 section 3.1.2)",
			"#"+fragment)
	}
	if strings.ContainsFunc(uri, isInvisible) {
		add("holds invisible characters, which are shown here by their code points")
	}
	return concerns
}

// uriSetType is the type of redirect_uris: a set of strings that may have a thousand elements. The
// framework compares each element of a set with every other one, several times in each call, and a
// refresh of 1,000 URIs took seconds. With this type those comparisons are linear or left out.
// Models keep a types.Set, because the codec does not need the schema's type.
//
// It works around SetType.Validate, SetValue.Equal and ValueSemanticEqualitySetElements
// of terraform-plugin-framework 1.19, and may go when BenchmarkPlan of many URIs is as
// fast without it.
type uriSetType struct{ basetypes.SetType }

// uriSet is a value of a uriSetType.
type uriSet struct{ basetypes.SetValue }

var (
	_ basetypes.SetTypable                    = uriSetType{}
	_ basetypes.SetValuableWithSemanticEquals = uriSet{}
	_ xattr.ValidateableAttribute             = uriSet{}
)

func (t uriSetType) Equal(other attr.Type) bool {
	_, ok := other.(uriSetType)
	return ok
}

func (t uriSetType) ValueFromSet(
	_ context.Context, set basetypes.SetValue,
) (basetypes.SetValuable, diag.Diagnostics) {
	return uriSet{set}, nil
}

func (t uriSetType) ValueFromTerraform(ctx context.Context, raw tftypes.Value) (attr.Value, error) {
	value, err := t.SetType.ValueFromTerraform(ctx, raw)
	set, _ := value.(basetypes.SetValue)
	return uriSet{set}, err
}

func (s uriSet) Type(context.Context) attr.Type { return uriSetType{setOfStrings} }

func (s uriSet) Equal(other attr.Value) bool {
	o, ok := other.(uriSet)
	return ok && sameValue(s.SetValue, o.SetValue)
}

// SetSemanticEquals keeps the framework from comparing the elements.
func (s uriSet) SetSemanticEquals(
	_ context.Context, prior basetypes.SetValuable,
) (bool, diag.Diagnostics) {
	return s.Equal(prior), nil
}

// ValidateAttribute keeps the framework from looking for duplicates, which a set of
// Terraform's cannot have.
func (s uriSet) ValidateAttribute(
	context.Context, xattr.ValidateAttributeRequest, *xattr.ValidateAttributeResponse,
) {
}

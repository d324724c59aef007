package clerk

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"
)

// OAuthApplication is an OAuth application as Clerk serves it
// (schema OAuthApplication of Clerk's OpenAPI document).
type OAuthApplication struct {
	ID         string // oa_…
	InstanceID string // ins_…
	ClientID   string // what OAuth calls the client_id

	Name                 string
	RedirectURIs         []string // exact strings; their order has no meaning
	Scopes               []string // sorted; their order has no meaning
	ConsentScreenEnabled bool
	PKCERequired         bool
	Public               bool // a client without a secret

	DeviceAuthorizationGrantEnabled *bool // RFC 8628; nil where Clerk's answer lacks it

	DynamicallyRegistered bool    // registered itself by RFC 7591
	ClientURI             *string // set by dynamic registration only
	ClientImageURL        *string // where the logo is served
	CallbackURL           string  // deprecated by Clerk in favour of RedirectURIs

	AuthorizeURL          string
	TokenFetchURL         string
	UserInfoURL           string
	DiscoveryURL          string
	TokenIntrospectionURL string

	CreatedAt time.Time // UTC, to the millisecond; zero if the answer had none
	UpdatedAt time.Time

	// Problems are the fields of the answer that could not be read and are zero here.
	// Only answers to writes can have any: Clerk did the work, and the answer may hold
	// what is shown once. An answer to a read that has problems is an error.
	Problems []FieldProblem
}

// clone returns a copy whose lists the caller may change.
func (app OAuthApplication) clone() OAuthApplication {
	app.RedirectURIs, app.Scopes = slices.Clone(app.RedirectURIs), slices.Clone(app.Scopes)
	return app
}

// FieldProblem is a field of Clerk's answer that could not be read.
type FieldProblem struct {
	Field   string // Clerk's JSON name
	Problem string // completes a sentence about the field, such as "is missing"
}

func (p FieldProblem) String() string { return p.Field + " " + p.Problem }

// Ids become parts of a path. Escaping alone does not protect a path: url.PathEscape leaves ".."
// unchanged, and an empty id turns a get into a list. Clerk's ids are a prefix and a KSUID
// (oa_2O4BCh3zUONvWlZHtBXv6s6tm7u). The form checked here is wider, because Clerk documents none.
var idForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)

// ValidID reports whether id has a form that may become part of a request's path.
func ValidID(id string) bool { return idForm.MatchString(id) }

// IDError is an id that is refused before any request is made with it.
type IDError struct {
	ID string
}

func (e *IDError) Error() string {
	return fmt.Sprintf("%.80q is not a valid Clerk id: letters, digits, _ and - only, at most 128",
		e.ID)
}

// Limits of Clerk's API, from its OpenAPI document (version 2026-05-12, request body of
// CreateOAuthApplication). Those of logos are with UploadOAuthApplicationLogo.
const (
	MaxNameLength   = 256  // of an application's name, in characters
	MaxScopesLength = 1024 // of the scopes as one text, separated by blanks, in characters
)

// OAuthApplicationFields are the fields of an application that can be set. A nil field is
// not sent: on create Clerk then chooses, on update the current value stays. There is no
// way to send null, whose meaning Clerk does not document.
//
// The tags are the form on the wire. A field must have the name of the field of
// OAuthApplication that answers it: NotApplied compares the two.
type OAuthApplicationFields struct {
	Name                 *string   `json:"name,omitempty"`
	RedirectURIs         *[]string `json:"redirect_uris,omitempty"` // an empty list removes all
	Scopes               *[]string `json:"scopes,omitempty"`        // sent as one text
	ConsentScreenEnabled *bool     `json:"consent_screen_enabled,omitempty"`
	PKCERequired         *bool     `json:"pkce_required,omitempty"`
	Public               *bool     `json:"public,omitempty"`

	// A beta of Clerk's, which it may ignore.
	DeviceAuthorizationGrantEnabled *bool `json:"device_authorization_grant_enabled,omitempty"`
}

// MarshalJSON implements json.Marshaler.
func (f OAuthApplicationFields) MarshalJSON() ([]byte, error) {
	if f.RedirectURIs != nil && *f.RedirectURIs == nil {
		f.RedirectURIs = &[]string{} // [], not null
	}
	type tagged OAuthApplicationFields // without this method
	wire := struct {
		tagged
		Scopes *string `json:"scopes,omitempty"` // hides the field of the same name
	}{tagged: tagged(f)}
	if f.Scopes != nil {
		wire.Scopes = new(FormatScopes(*f.Scopes))
	}
	return json.Marshal(wire)
}

// NotApplied compares what was sent with what Clerk says it has now. Clerk ignores some
// values without an error, so a success alone proves nothing. A field of app.Problems is
// no difference: it is not known.
func (f OAuthApplicationFields) NotApplied(app OAuthApplication) []Mismatch {
	return notApplied(f, app, app.Problems)
}

// Mismatch is a field that was sent and that Clerk answered, with a success, with another value.
type Mismatch struct {
	Name string // Clerk's JSON name
	Sent string
	Got  string
}

func (m Mismatch) String() string {
	return fmt.Sprintf("%s: sent %s, Clerk has %s", m.Name, m.Sent, m.Got)
}

// notApplied compares each field that is not nil with the field of the same name in
// Clerk's answer, except those that could not be read.
func notApplied(fields, answer any, problems []FieldProblem) []Mismatch {
	var mismatches []Mismatch
	sent, got := reflect.ValueOf(fields), reflect.ValueOf(answer)
	for i := range sent.NumField() {
		if sent.Field(i).IsNil() {
			continue
		}
		field := sent.Type().Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if slices.ContainsFunc(problems, func(p FieldProblem) bool { return p.Field == name }) {
			continue
		}
		wanted, served := valueOf(sent.Field(i)), valueOf(got.FieldByName(field.Name))
		if !isApplied(field.Name, wanted, served) {
			mismatches = append(mismatches, Mismatch{
				Name: name, Sent: describeValue(wanted), Got: describeValue(served),
			})
		}
	}
	return mismatches
}

// valueOf returns the value of a field, or that which it points to; nil for a nil
// pointer, which stands for a field that Clerk's answer lacks.
func valueOf(field reflect.Value) any {
	if value := reflect.Indirect(field); value.IsValid() {
		return value.Interface()
	}
	return nil
}

// isApplied reports whether the value that Clerk serves is the one that was sent. The
// fields that are named here have values that can be written in several ways.
func isApplied(field string, sent, served any) bool {
	switch field {
	case "Name":
		return SameName(sent.(string), served.(string))
	case "RedirectURIs":
		return sameSet(sent.([]string), served.([]string))
	case "Scopes":
		return ScopesSatisfy(served.([]string), sent.([]string))
	case "DefaultScopes":
		// A reset (nil) has no value to compare with: Clerk answers null or its defaults.
		scopes := sent.([]string)
		return scopes == nil || ScopesSatisfy(served.([]string), scopes)
	}
	return reflect.DeepEqual(sent, served)
}

// describeValue writes a value for Mismatch.
func describeValue(value any) string {
	switch value := value.(type) {
	case nil:
		return "no value"
	case string:
		return strconv.Quote(value)
	case []string:
		return quotedList(value)
	}
	return fmt.Sprint(value)
}

func quotedList(values []string) string {
	quoted := make([]string, 0, len(values))
	for _, value := range sortedSet(values) {
		quoted = append(quoted, strconv.Quote(value))
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// ScopeOfflineAccess is the scope that Clerk adds to every application automatically.
// Without it an authorization yields no refresh token.
const ScopeOfflineAccess = "offline_access"

// ParseScopes splits the space-separated list of RFC 6749 section 3.3 into its scopes,
// sorted and without duplicates: their order has no meaning, and Clerk changes it.
func ParseScopes(list string) []string {
	return sortedSet(strings.Fields(list))
}

// FormatScopes is the inverse of ParseScopes.
func FormatScopes(scopes []string) string {
	return strings.Join(sortedSet(scopes), " ")
}

// withOfflineAccess returns the scopes with ScopeOfflineAccess among them.
func withOfflineAccess(scopes []string) []string {
	return append(slices.Clone(scopes), ScopeOfflineAccess) // twice does no harm: see FormatScopes
}

// ScopesSatisfy reports whether the scopes that Clerk serves are those that were asked for: all
// wanted scopes are there, and no other but offline_access, which Clerk adds unasked. It is not
// symmetric: offline_access that was asked for and is not served is a difference.
func ScopesSatisfy(served, wanted []string) bool {
	if slices.Contains(wanted, ScopeOfflineAccess) && !slices.Contains(served, ScopeOfflineAccess) {
		return false
	}
	return sameSet(withOfflineAccess(served), withOfflineAccess(wanted))
}

// SameName reports whether two texts are the same name of an application. Names that differ only in
// their Unicode normal form, or in white space at their ends, look alike to everyone: file systems,
// editors and Clerk itself may change the one and trim the other.
func SameName(a, b string) bool {
	return a == b || CanonicalName(a) == CanonicalName(b)
}

// CanonicalName is the form that all texts of one name share.
func CanonicalName(name string) string { return strings.TrimSpace(norm.NFC.String(name)) }

// sortedSet returns a sorted copy of list without duplicates. It is never nil, so that it
// is [] in JSON.
func sortedSet(list []string) []string {
	set := append([]string{}, list...)
	slices.Sort(set)
	return slices.Compact(set)
}

func sameSet(a, b []string) bool { return slices.Equal(sortedSet(a), sortedSet(b)) }

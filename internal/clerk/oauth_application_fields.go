package clerk

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// OAuthApplicationFields are the fields of an application that can be set. A nil
// field is not sent: on create Clerk then chooses, on update the present value
// stays. There is no way to send null, whose meaning Clerk does not document.
type OAuthApplicationFields struct {
	Name                 *string
	RedirectURIs         *[]string // an empty list removes all
	Scopes               *[]string
	ConsentScreenEnabled *bool
	PKCERequired         *bool
	Public               *bool
}

// IsEmpty tells whether there is nothing to send.
func (f OAuthApplicationFields) IsEmpty() bool {
	return f == OAuthApplicationFields{}
}

// MarshalJSON implements json.Marshaler.
func (f OAuthApplicationFields) MarshalJSON() ([]byte, error) {
	wire := struct {
		Name                 *string   `json:"name,omitempty"`
		RedirectURIs         *[]string `json:"redirect_uris,omitempty"`
		Scopes               *string   `json:"scopes,omitempty"`
		ConsentScreenEnabled *bool     `json:"consent_screen_enabled,omitempty"`
		PKCERequired         *bool     `json:"pkce_required,omitempty"`
		Public               *bool     `json:"public,omitempty"`
	}{
		Name:                 f.Name,
		ConsentScreenEnabled: f.ConsentScreenEnabled,
		PKCERequired:         f.PKCERequired,
		Public:               f.Public,
	}
	if f.RedirectURIs != nil {
		wire.RedirectURIs = new(append([]string{}, *f.RedirectURIs...))
	}
	if f.Scopes != nil {
		wire.Scopes = new(FormatScopes(*f.Scopes))
	}
	return json.Marshal(wire)
}

// Mismatch is a field that was sent and that Clerk answered, with a success,
// as having another value.
type Mismatch struct {
	Name string // Clerk's JSON name
	Sent string
	Got  string
}

func (r Mismatch) String() string {
	return fmt.Sprintf("%s: sent %s, Clerk has %s", r.Name, r.Sent, r.Got)
}

// NotApplied compares what was sent with what Clerk says it has now. Clerk ignores
// some values without an error; a success alone proves nothing.
func (f OAuthApplicationFields) NotApplied(app OAuthApplication) []Mismatch {
	var mismatches []Mismatch
	compare := func(name string, same bool, sent, got string) {
		if !same {
			mismatches = append(mismatches, Mismatch{Name: name, Sent: sent, Got: got})
		}
	}
	compareBool := func(name string, sent *bool, got bool) {
		if sent != nil {
			compare(name, *sent == got, strconv.FormatBool(*sent), strconv.FormatBool(got))
		}
	}
	if f.Name != nil {
		compare("name", *f.Name == app.Name, strconv.Quote(*f.Name), strconv.Quote(app.Name))
	}
	if f.RedirectURIs != nil {
		compare("redirect_uris", sameSet(*f.RedirectURIs, app.RedirectURIs), quotedList(*f.RedirectURIs), quotedList(app.RedirectURIs))
	}
	if f.Scopes != nil {
		compare("scopes", ScopesSatisfy(app.Scopes, *f.Scopes), quotedList(*f.Scopes), quotedList(app.Scopes))
	}
	compareBool("consent_screen_enabled", f.ConsentScreenEnabled, app.ConsentScreenEnabled)
	compareBool("pkce_required", f.PKCERequired, app.PKCERequired)
	compareBool("public", f.Public, app.Public)
	return mismatches
}

func quotedList(values []string) string {
	quoted := make([]string, 0, len(values))
	for _, value := range sortedSet(values) {
		quoted = append(quoted, strconv.Quote(value))
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

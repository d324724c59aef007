package clerk

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// OAuthApplicationFields are the fields of an application that can be set. A nil
// field is not sent: on create Clerk then chooses, on update the current value
// stays. There is no way to send null, whose meaning Clerk does not document.
//
// The tags are the form on the wire. A field must have the name of the field of
// OAuthApplication that answers it: NotApplied compares the two.
type OAuthApplicationFields struct {
	Name                            *string   `json:"name,omitempty"`
	RedirectURIs                    *[]string `json:"redirect_uris,omitempty"` // an empty list removes all
	Scopes                          *[]string `json:"scopes,omitempty"`        // sent as one text
	ConsentScreenEnabled            *bool     `json:"consent_screen_enabled,omitempty"`
	PKCERequired                    *bool     `json:"pkce_required,omitempty"`
	Public                          *bool     `json:"public,omitempty"`
	DeviceAuthorizationGrantEnabled *bool     `json:"device_authorization_grant_enabled,omitempty"` // a beta of Clerk's
}

// IsEmpty reports whether there is nothing to send.
func (f OAuthApplicationFields) IsEmpty() bool {
	return f == OAuthApplicationFields{}
}

// MarshalJSON implements json.Marshaler.
func (f OAuthApplicationFields) MarshalJSON() ([]byte, error) {
	type tagged OAuthApplicationFields // without this method
	wire := struct {
		tagged
		// These hide the fields of the same names.
		RedirectURIs *[]string `json:"redirect_uris,omitempty"` // [], not null, when empty
		Scopes       *string   `json:"scopes,omitempty"`
	}{tagged: tagged(f)}
	if f.RedirectURIs != nil {
		wire.RedirectURIs = new(append([]string{}, *f.RedirectURIs...))
	}
	if f.Scopes != nil {
		wire.Scopes = new(FormatScopes(*f.Scopes))
	}
	return json.Marshal(wire)
}

// NotApplied compares what was sent with what Clerk says it has now. Clerk ignores
// some values without an error; a success alone proves nothing.
func (f OAuthApplicationFields) NotApplied(app OAuthApplication) []Mismatch {
	return notApplied(f, app)
}

// Mismatch is a field that was sent and that Clerk answered, with a success,
// as having another value.
type Mismatch struct {
	Name string // Clerk's JSON name
	Sent string
	Got  string
}

func (m Mismatch) String() string {
	return fmt.Sprintf("%s: sent %s, Clerk has %s", m.Name, m.Sent, m.Got)
}

// notApplied compares each field that is not nil with the field of the same name
// in Clerk's answer.
func notApplied(fields, answer any) []Mismatch {
	var mismatches []Mismatch
	sent, got := reflect.ValueOf(fields), reflect.ValueOf(answer)
	for i := range sent.NumField() {
		if sent.Field(i).IsNil() {
			continue
		}
		field := sent.Type().Field(i)
		wanted, served := valueOf(sent.Field(i)), valueOf(got.FieldByName(field.Name))
		if !applied(field.Name, wanted, served) {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			mismatches = append(mismatches, Mismatch{Name: name, Sent: describeValue(wanted), Got: describeValue(served)})
		}
	}
	return mismatches
}

// valueOf returns the value of a field, or that which it points to; nil for a nil
// pointer, which stands for a field that Clerk's answer lacks.
func valueOf(field reflect.Value) any {
	if field.Kind() == reflect.Pointer {
		if field.IsNil() {
			return nil
		}
		field = field.Elem()
	}
	return field.Interface()
}

// applied reports whether the value that Clerk serves is the one that was sent.
// The fields that are named here have values that can be written in several ways.
func applied(field string, sent, served any) bool {
	switch field {
	case "Name":
		return SameName(sent.(string), served.(string))
	case "RedirectURIs":
		return sameSet(sent.([]string), served.([]string))
	case "Scopes":
		return ScopesSatisfy(served.([]string), sent.([]string))
	case "DefaultScopes":
		return sent.(DefaultScopes).appliedAs(served.([]string))
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
	case DefaultScopes:
		return quotedList(value.Scopes)
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

package clerk_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

func TestNotApplied(t *testing.T) {
	t.Parallel()
	type fields = clerk.OAuthApplicationFields
	app := clerk.OAuthApplication{
		Name: "web", RedirectURIs: []string{"https://b.example", "https://a.example"},
		Scopes: []string{"email", "offline_access", "profile"}, ConsentScreenEnabled: true,
		Problems: []clerk.FieldProblem{{Field: "pkce_required", Problem: "is missing"}},
	}
	for _, test := range []struct {
		sent fields
		want string
	}{
		{fields{}, "[]"},
		{fields{
			Name: new("\tweb "), RedirectURIs: &[]string{"https://a.example", "https://b.example", "https://a.example"},
			Scopes: &[]string{"profile", "email"}, ConsentScreenEnabled: new(true), PKCERequired: new(true), Public: new(false),
		}, "[]"},
		{fields{Name: new("a\nb\"")}, `[name: sent "a\nb\"", Clerk has "web"]`},
		{fields{DeviceAuthorizationGrantEnabled: new(false)}, `[device_authorization_grant_enabled: sent false, Clerk has no value]`},
		{fields{RedirectURIs: &[]string{}}, `[redirect_uris: sent [], Clerk has ["https://a.example", "https://b.example"]]`},
		{fields{Scopes: &[]string{"email"}}, `[scopes: sent ["email"], Clerk has ["email", "offline_access", "profile"]]`},
		{fields{Name: new("Web"), PKCERequired: new(true), Public: new(true)}, `[name: sent "Web", Clerk has "web" public: sent true, Clerk has false]`},
	} {
		equal(t, "not applied", fmt.Sprint(test.sent.NotApplied(app)), test.want)
	}
	scopes := clerk.OAuthApplicationSettings{DefaultScopes: []string{"email", "offline_access"}}
	for _, test := range []struct {
		sent []string
		want string
	}{
		{[]string{"email"}, "[]"},
		{nil, "[]"},
		{[]string{}, `[default_scopes: sent [], Clerk has ["email", "offline_access"]]`},
	} {
		got := clerk.OAuthApplicationSettingsFields{DefaultScopes: &test.sent}.NotApplied(scopes)
		equal(t, "not applied", fmt.Sprint(got), test.want)
	}
}

// Every field of a request is sent under the name of its tag, and reported if Clerk's answer
// differs. Otherwise a field would be sent and never checked, or not be sent.
func TestEveryFieldIsSentAndCompared(t *testing.T) {
	t.Parallel()
	everyField(t, clerk.OAuthApplicationFields.NotApplied)
	everyField(t, clerk.OAuthApplicationSettingsFields.NotApplied)
}

func everyField[F, A any](t *testing.T, notApplied func(F, A) []clerk.Mismatch) {
	t.Helper()
	var none F
	var empty A
	for _, field := range reflect.VisibleFields(reflect.TypeOf(none)) {
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "" || options != "omitempty" || field.Type.Kind() != reflect.Pointer {
			t.Errorf("%s: a field of a request is a pointer with a JSON name and omitempty", field.Name)
			continue
		}
		answered, found := reflect.TypeOf(empty).FieldByName(field.Name)
		if !found {
			t.Errorf("%s: the answer has no field of this name", field.Name)
			continue
		}
		fields, same, other := none, empty, empty
		reflect.ValueOf(&fields).Elem().FieldByIndex(field.Index).Set(valueOf(field.Type, true))
		reflect.ValueOf(&same).Elem().FieldByIndex(answered.Index).Set(valueOf(answered.Type, true))
		reflect.ValueOf(&other).Elem().FieldByIndex(answered.Index).Set(valueOf(answered.Type, false))
		equal(t, field.Name+", as sent", fmt.Sprint(notApplied(fields, same)), "[]")
		mismatches := notApplied(fields, other)
		if len(mismatches) != 1 || mismatches[0].Name != name || mismatches[0].Sent == mismatches[0].Got || mismatches[0].Got == "" {
			t.Errorf("%s: Clerk's answer differs in it, and what is reported is %v", field.Name, mismatches)
		}
		body, err := json.Marshal(fields)
		noError(t, err)
		var sent map[string]any
		noError(t, json.Unmarshal(body, &sent))
		equal(t, field.Name+" is sent alone", len(sent) == 1 && sent[name] != nil, true)
	}
}

// valueOf is a value that is sent and served, or a different one.
func valueOf(kind reflect.Type, sent bool) reflect.Value {
	text := map[bool]string{true: "sent", false: "other"}[sent]
	switch kind {
	case reflect.TypeFor[bool]():
		return reflect.ValueOf(sent)
	case reflect.TypeFor[string]():
		return reflect.ValueOf(text)
	case reflect.TypeFor[[]string]():
		return reflect.ValueOf([]string{text})
	}
	pointer := reflect.New(kind.Elem())
	pointer.Elem().Set(valueOf(kind.Elem(), sent))
	return pointer
}

func TestScopes(t *testing.T) {
	t.Parallel()
	for list, want := range map[string][]string{
		"  ":                         {},
		" profile  email\tprofile\n": {"email", "profile"},
		"user:org:read https://a/b":  {"https://a/b", "user:org:read"},
		"Email email":                {"Email", "email"},
	} {
		equal(t, list, clerk.ParseScopes(list), want)
		equal(t, list, clerk.FormatScopes(append(want, want...)), strings.Join(want, " "))
	}
	for _, test := range []struct {
		served, wanted string
		want           bool
	}{
		{"a b", "b a a", true},
		{"a", "a b", false},
		{"a b", "a", false},
		{"A", "a", false},
		{"a offline_access", "a", true},
		{"offline_access a", "a offline_access", true},
		{"a", "a offline_access", false},
		{"b offline_access", "a", false},
		{"", "", true},
		{"offline_access", "", true},
		{"", "a", false},
	} {
		got := clerk.ScopesSatisfy(strings.Fields(test.served), strings.Fields(test.wanted))
		equal(t, fmt.Sprintf("%q for %q", test.served, test.wanted), got, test.want)
	}
}

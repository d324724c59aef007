package clerk_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

func TestFieldsAreEmpty(t *testing.T) {
	t.Parallel()
	equal(t, "nothing", clerk.OAuthApplicationFields{}.IsEmpty(), true)
	equal(t, "an empty list is something", clerk.OAuthApplicationFields{RedirectURIs: &[]string{}}.IsEmpty(), false)
	equal(t, "false is something", clerk.OAuthApplicationFields{Public: new(false)}.IsEmpty(), false)
	equal(t, "no settings", clerk.OAuthApplicationSettingsFields{}.IsEmpty(), true)
	equal(t, "a reset is something", clerk.OAuthApplicationSettingsFields{DefaultScopes: &clerk.DefaultScopes{Reset: true}}.IsEmpty(), false)
}

func TestNotAppliedFields(t *testing.T) {
	t.Parallel()
	app := clerk.OAuthApplication{
		Name: "web", RedirectURIs: []string{"https://b.example", "https://a.example"}, Scopes: []string{"email", "offline_access", "profile"},
		ConsentScreenEnabled: true, PKCERequired: false, Public: false,
	}
	for name, test := range map[string]struct {
		sent clerk.OAuthApplicationFields
		want string
	}{
		"nothing": {clerk.OAuthApplicationFields{}, ""},
		"all alike": {clerk.OAuthApplicationFields{
			Name: new("web"), RedirectURIs: &[]string{"https://a.example", "https://b.example", "https://a.example"}, Scopes: &[]string{"profile", "email"},
			ConsentScreenEnabled: new(true), PKCERequired: new(false), Public: new(false),
		}, ""},
		"name":        {clerk.OAuthApplicationFields{Name: new("Web")}, `name: sent "Web", Clerk has "web"`},
		"same name":   {clerk.OAuthApplicationFields{Name: new("\tweb ")}, ""},
		"device":      {clerk.OAuthApplicationFields{DeviceAuthorizationGrantEnabled: new(true)}, `device_authorization_grant_enabled: sent true, Clerk has no value`},
		"no device":   {clerk.OAuthApplicationFields{DeviceAuthorizationGrantEnabled: new(false)}, `device_authorization_grant_enabled: sent false, Clerk has no value`},
		"one URI":     {clerk.OAuthApplicationFields{RedirectURIs: &[]string{"https://a.example"}}, `redirect_uris: sent ["https://a.example"], Clerk has ["https://a.example", "https://b.example"]`},
		"no URI":      {clerk.OAuthApplicationFields{RedirectURIs: &[]string{}}, `redirect_uris: sent [], Clerk has ["https://a.example", "https://b.example"]`},
		"scope":       {clerk.OAuthApplicationFields{Scopes: &[]string{"email"}}, `scopes: sent ["email"], Clerk has ["email", "offline_access", "profile"]`},
		"no scope":    {clerk.OAuthApplicationFields{Scopes: &[]string{}}, `scopes: sent [], Clerk has ["email", "offline_access", "profile"]`},
		"consent":     {clerk.OAuthApplicationFields{ConsentScreenEnabled: new(false)}, `consent_screen_enabled: sent false, Clerk has true`},
		"PKCE":        {clerk.OAuthApplicationFields{PKCERequired: new(true)}, `pkce_required: sent true, Clerk has false`},
		"public":      {clerk.OAuthApplicationFields{Public: new(true)}, `public: sent true, Clerk has false`},
		"several":     {clerk.OAuthApplicationFields{Name: new("x"), Public: new(true)}, `name: sent "x", Clerk has "web"; public: sent true, Clerk has false`},
		"odd letters": {clerk.OAuthApplicationFields{Name: new("a\nb\"")}, `name: sent "a\nb\"", Clerk has "web"`},
	} {
		equal(t, name, mismatchText(test.sent.NotApplied(app)), test.want)
	}
}

func mismatchText(mismatches []clerk.Mismatch) string {
	texts := make([]string, len(mismatches))
	for i, field := range mismatches {
		texts[i] = fmt.Sprint(field)
	}
	return strings.Join(texts, "; ")
}

func TestNotAppliedSettings(t *testing.T) {
	t.Parallel()
	settings := clerk.OAuthApplicationSettings{DefaultScopes: []string{"email", "offline_access"}, OAuthJWTAccessTokens: true}
	unreadable := settings
	unreadable.Problems = []clerk.FieldProblem{{Field: "oauth_jwt_access_tokens", Problem: "is missing"}}
	equal(t, "unreadable", mismatchText(clerk.OAuthApplicationSettingsFields{OAuthJWTAccessTokens: new(false)}.NotApplied(unreadable)), "")
	equal(t, "all alike", mismatchText(clerk.OAuthApplicationSettingsFields{
		DefaultScopes: &clerk.DefaultScopes{Scopes: []string{"email"}}, OAuthJWTAccessTokens: new(true), DynamicOAuthClientRegistration: new(false),
	}.NotApplied(settings)), "")
	equal(t, "a reset", mismatchText(clerk.OAuthApplicationSettingsFields{DefaultScopes: &clerk.DefaultScopes{Reset: true}}.NotApplied(settings)), "")
	equal(t, "all different", mismatchText(clerk.OAuthApplicationSettingsFields{
		DynamicOAuthClientRegistration: new(true), DefaultScopes: &clerk.DefaultScopes{Scopes: []string{"openid"}}, OAuthJWTAccessTokens: new(false),
		ClientIDMetadataDocumentsAdvertised: new(true), ClientIDMetadataDocumentsOnlyAllowPreRegisteredClients: new(true), ClientIDMetadataDocumentsBlockImplicitlyAllowedClients: new(true),
	}.NotApplied(settings)), `dynamic_oauth_client_registration: sent true, Clerk has false; default_scopes: sent ["openid"], Clerk has ["email", "offline_access"]; `+
		`oauth_jwt_access_tokens: sent false, Clerk has true; client_id_metadata_documents_advertised: sent true, Clerk has false; `+
		`client_id_metadata_documents_only_allow_pre_registered_clients: sent true, Clerk has false; `+
		`client_id_metadata_documents_block_implicitly_allowed_clients: sent true, Clerk has false`)
}

// Every field of a request is sent under the name of its tag, and reported if Clerk's answer differs. Otherwise a field would be
// sent and never checked, or not be sent.
func TestEveryFieldIsSentAndCompared(t *testing.T) {
	t.Parallel()
	// A value of each type as it is sent, and an answer with a different value.
	everyField(t, clerk.OAuthApplicationFields{}, clerk.OAuthApplication{}, func(fields clerk.OAuthApplicationFields, answer clerk.OAuthApplication) []clerk.Mismatch {
		return fields.NotApplied(answer)
	})
	everyField(t, clerk.OAuthApplicationSettingsFields{}, clerk.OAuthApplicationSettings{}, func(fields clerk.OAuthApplicationSettingsFields, answer clerk.OAuthApplicationSettings) []clerk.Mismatch {
		return fields.NotApplied(answer)
	})
}

func everyField[F, A any](t *testing.T, none F, empty A, notApplied func(F, A) []clerk.Mismatch) {
	t.Helper()
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
		reflect.ValueOf(&fields).Elem().FieldByIndex(field.Index).Set(pointerTo(field.Type, true))
		reflect.ValueOf(&same).Elem().FieldByIndex(answered.Index).Set(answerTo(answered.Type, true))
		reflect.ValueOf(&other).Elem().FieldByIndex(answered.Index).Set(answerTo(answered.Type, false))

		equal(t, field.Name+", as sent", mismatchText(notApplied(fields, same)), "")
		mismatches := notApplied(fields, other)
		if len(mismatches) != 1 || mismatches[0].Name != name || mismatches[0].Sent == mismatches[0].Got || mismatches[0].Got == "" {
			t.Errorf("%s: Clerk's answer differs in it, and what is reported is %v", field.Name, mismatches)
		}

		body, err := json.Marshal(fields)
		noError(t, err)
		var sent map[string]any
		noError(t, json.Unmarshal(body, &sent))
		if value, there := sent[name]; !there || value == nil || len(sent) != 1 {
			t.Errorf("%s: the body is %s", field.Name, body)
		}
	}
}

// pointerTo is a value that is sent. answerTo is Clerk's value for it, or a different one.
func pointerTo(kind reflect.Type, sent bool) reflect.Value {
	pointer := reflect.New(kind.Elem())
	pointer.Elem().Set(answerTo(kind.Elem(), sent))
	return pointer
}

func answerTo(kind reflect.Type, sent bool) reflect.Value {
	values := map[bool]any{true: "sent", false: "other"}
	switch kind {
	case reflect.TypeFor[bool]():
		values = map[bool]any{true: true, false: false}
	case reflect.TypeFor[[]string]():
		values = map[bool]any{true: []string{"sent"}, false: []string{"other"}}
	case reflect.TypeFor[clerk.DefaultScopes]():
		values = map[bool]any{true: clerk.DefaultScopes{Scopes: []string{"sent"}}}
	default:
		if kind.Kind() == reflect.Pointer {
			return pointerTo(kind, sent)
		}
	}
	return reflect.ValueOf(values[sent])
}

func TestParseAndFormatScopes(t *testing.T) {
	t.Parallel()
	for list, want := range map[string][]string{
		"":                           {},
		"  ":                         {},
		"email":                      {"email"},
		"profile email":              {"email", "profile"},
		" profile  email\tprofile\n": {"email", "profile"},
		"user:org:read https://a/b":  {"https://a/b", "user:org:read"},
		"Email email":                {"Email", "email"},
	} {
		equal(t, list, clerk.ParseScopes(list), want)
	}
	equal(t, "formatted", clerk.FormatScopes([]string{"profile", "email", "profile"}), "email profile")
	equal(t, "nothing", clerk.FormatScopes(nil), "")
}

func TestScopesSatisfy(t *testing.T) {
	t.Parallel()
	list := func(scopes ...string) []string { return scopes }
	for name, test := range map[string]struct {
		served, wanted []string
		want           bool
	}{
		"the same":                    {list("a", "b"), list("a", "b"), true},
		"another order":               {list("b", "a"), list("a", "b"), true},
		"twice":                       {list("a", "a"), list("a"), true},
		"one missing":                 {list("a"), list("a", "b"), false},
		"one more":                    {list("a", "b"), list("a"), false},
		"offline_access added":        {list("a", "offline_access"), list("a"), true},
		"offline_access wanted":       {list("a", "offline_access"), list("a", "offline_access"), true},
		"offline_access not served":   {list("a"), list("a", "offline_access"), false},
		"nothing":                     {nil, nil, true},
		"nothing but offline_access":  {list("offline_access"), nil, true},
		"nothing served":              {nil, list("a"), false},
		"other letters":               {list("A"), list("a"), false},
		"offline_access with another": {list("b", "offline_access"), list("a"), false},
	} {
		equal(t, name, clerk.ScopesSatisfy(test.served, test.wanted), test.want)
	}
}

package clerk

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// wholeApplication is an answer of the API, written by hand after Clerk's OpenAPI document.
const wholeApplication = `{
	"object": "oauth_application",
	"id": "oa_2O4BCh3zUONvWlZHtBXv6s6tm7u",
	"instance_id": "ins_2O4BCh3zUONvWlZHtBXv6s6tm7a",
	"name": "Back office",
	"client_id": "d9g4CT4WYiCBm7EU",
	"client_uri": "https://client.example",
	"client_image_url": "https://img.example/logo.png",
	"dynamically_registered": true,
	"consent_screen_enabled": true,
	"pkce_required": true,
	"public": true,
	"scopes": "profile email  openid email",
	"redirect_uris": ["https://b.example/cb", "https://a.example/cb"],
	"callback_url": "https://b.example/cb",
	"authorize_url": "https://verb-noun-42.clerk.accounts.dev/oauth/authorize",
	"token_fetch_url": "https://verb-noun-42.clerk.accounts.dev/oauth/token",
	"user_info_url": "https://verb-noun-42.clerk.accounts.dev/oauth/userinfo",
	"discovery_url": "https://verb-noun-42.clerk.accounts.dev/.well-known/openid-configuration",
	"token_introspection_url": "https://verb-noun-42.clerk.accounts.dev/oauth/token_info",
	"created_at": 1755000000123,
	"updated_at": 1755000060456,
	"client_secret": "VVgbT7i6sPo7sTljq2zj12fjmg0jPL5k",
	"device_authorization_grant_enabled": true,
	"something": {"else": [1, 2, {"entirely": null}]}
}`

// with returns the whole application with a field replaced by other JSON; "" removes it.
func with(name, value string) []byte {
	var raw map[string]json.RawMessage
	_ = json.Unmarshal([]byte(wholeApplication), &raw)
	raw[name] = json.RawMessage(value)
	if value == "" {
		delete(raw, name)
	}
	encoded, err := json.Marshal(raw)
	if err != nil {
		panic(err)
	}
	return encoded
}

// An unexpected type loses one field. All others are read, above all the secret.
func TestDecodeApplicationFieldByField(t *testing.T) {
	t.Parallel()
	const text, truth, list, number, instance = "text", "truth", "list", "number", "https://verb-noun-42.clerk.accounts.dev/"
	examples := map[string]string{text: `"text"`, truth: "true", list: `["text"]`, number: "1755000000000"}
	decoded, err := decodeApplication([]byte(wholeApplication))
	if err != nil || len(decoded.app.Problems) > 0 || decoded.secret.Reveal() != "VVgbT7i6sPo7sTljq2zj12fjmg0jPL5k" {
		t.Fatalf("error %v, problems %v, secret %q", err, decoded.app.Problems, decoded.secret.Reveal())
	}
	for name, field := range map[string]struct {
		name     string // in OAuthApplication
		kind     string
		required bool
		want     any // in wholeApplication
	}{
		"id":                                 {"ID", "", true, "oa_2O4BCh3zUONvWlZHtBXv6s6tm7u"},
		"client_id":                          {"ClientID", "", true, "d9g4CT4WYiCBm7EU"},
		"instance_id":                        {"InstanceID", text, true, "ins_2O4BCh3zUONvWlZHtBXv6s6tm7a"},
		"name":                               {"Name", text, true, "Back office"},
		"public":                             {"Public", truth, true, true},
		"pkce_required":                      {"PKCERequired", truth, true, true},
		"consent_screen_enabled":             {"ConsentScreenEnabled", truth, true, true},
		"device_authorization_grant_enabled": {"DeviceAuthorizationGrantEnabled", truth, false, new(true)},
		"scopes":                             {"Scopes", text, false, []string{"email", "openid", "profile"}},
		"redirect_uris":                      {"RedirectURIs", list, false, []string{"https://b.example/cb", "https://a.example/cb"}},
		"dynamically_registered":             {"DynamicallyRegistered", truth, false, true},
		"client_uri":                         {"ClientURI", text, false, new("https://client.example")},
		"client_image_url":                   {"ClientImageURL", text, false, new("https://img.example/logo.png")},
		"callback_url":                       {"CallbackURL", text, false, "https://b.example/cb"},
		"authorize_url":                      {"AuthorizeURL", text, false, instance + "oauth/authorize"},
		"token_fetch_url":                    {"TokenFetchURL", text, false, instance + "oauth/token"},
		"user_info_url":                      {"UserInfoURL", text, false, instance + "oauth/userinfo"},
		"discovery_url":                      {"DiscoveryURL", text, false, instance + ".well-known/openid-configuration"},
		"token_introspection_url":            {"TokenIntrospectionURL", text, false, instance + "oauth/token_info"},
		"created_at":                         {"CreatedAt", number, false, time.Date(2025, 8, 12, 12, 0, 0, 123e6, time.UTC)},
		"updated_at":                         {"UpdatedAt", number, false, time.Date(2025, 8, 12, 12, 1, 0, 456e6, time.UTC)},
	} {
		if got := reflect.ValueOf(decoded.app).FieldByName(field.name).Interface(); !reflect.DeepEqual(got, field.want) {
			t.Errorf("%s is read as %v, want %v", name, got, field.want)
		}
		check := func(value string, problem, empty bool) {
			decoded, err := decodeApplication(with(name, value))
			wrong := problemsError(decoded.app.Problems)
			got := reflect.ValueOf(decoded.app).FieldByName(field.name)
			isEmpty := got.IsZero() || got.Kind() == reflect.Slice && got.Len() == 0
			if err != nil || isEmpty != empty || problem != (wrong != nil) ||
				problem && !strings.HasPrefix(wrong.Error(), name+" ") {
				t.Errorf("%s = %s is read as %v: error %v, problems %v", name, value, got, err, wrong)
			}
			if decoded.secret.IsEmpty() || decoded.app.ID == "" && name != "id" || decoded.app.ClientID == "" && name != "client_id" {
				t.Errorf("%s = %s: the secret or an id is lost", name, value)
			}
		}
		check("", field.required, true)
		check("null", field.required, true)
		for _, value := range []string{`{"a": 1}`, `[{"a": 1}]`, "7.5", "1e400"} {
			check(value, true, true)
		}
		for kind, example := range examples {
			if field.kind != "" {
				check(example, kind != field.kind, kind != field.kind)
			}
		}
	}
}

// What is read of unusual values. Of two fields of one name, the last counts.
func TestDecodeApplicationValues(t *testing.T) {
	t.Parallel()
	at := func(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
	for _, test := range []struct {
		field, name, value string
		want               any
		problem            bool
	}{
		{"RedirectURIs", "redirect_uris", `[]`, []string{}, false},
		{"RedirectURIs", "redirect_uris", `["b","a","b"]`, []string{"b", "a", "b"}, false},
		{"Scopes", "scopes", `"  b a  b "`, []string{"a", "b"}, false},
		{"CreatedAt", "created_at", "0", at(0), false},
		{"CreatedAt", "created_at", "1.755e12", at(1755000000000), false},
		{"CreatedAt", "created_at", "-1000", at(-1000), false},
		{"CreatedAt", "created_at", "9007199254740992", at(1 << 53), false},
		{"CreatedAt", "created_at", "9007199254740994", time.Time{}, true},
		{"CreatedAt", "created_at", "-99999999999999999", time.Time{}, true},
		{"Name", "name", `"Cafe\u0301 \u202eabc \ud83d\ude00 \ud83d \u0000"`, "Cafe\u0301 \u202eabc 😀 \ufffd \x00", false},
		{"Name", "name", "\"Back \xff office\"", "Back \ufffd office", false},
		{"Name", "name", `"name", "NAME": "wrong", "Client_Secret": "wrong", "ſcopes": "wrong"`, "name", false},
	} {
		body := strings.TrimSuffix(wholeApplication, "}") + `,"` + test.name + `":` + test.value + "}"
		decoded, err := decodeApplication([]byte(body))
		got := reflect.ValueOf(decoded.app).FieldByName(test.field).Interface()
		if err != nil || !reflect.DeepEqual(got, test.want) || (len(decoded.app.Problems) > 0) != test.problem {
			t.Errorf("%s is read as %v, want %v (%v, problems %v)", test.value, got, test.want, err, decoded.app.Problems)
		}
		if decoded.secret.Reveal() != "VVgbT7i6sPo7sTljq2zj12fjmg0jPL5k" {
			t.Errorf("%s: the secret is %q", test.value, decoded.secret.Reveal())
		}
	}
}

// decodePage reads a page without a client.
func decodePage(body string) (page, error) {
	return (&Client{}).decodePage(answer{body: []byte(body)})
}

func TestDecodePage(t *testing.T) {
	t.Parallel()
	whole := `{"data": [` + wholeApplication + `,` + string(with("id", `"oa_2"`)) + `], "total_count": 17, "more": true}`
	page, err := decodePage(whole)
	if err != nil || len(page.items) != 2 || page.total != 17 || page.items[1].ID != "oa_2" {
		t.Errorf("page %+v (%v)", page, err)
	}
	for body, says := range map[string]string{
		`{"data": [], "total_count": null}`: "total_count is missing",
		`{"data": [], "total_count": "1"}`:  "total_count has an unexpected type",
		`{"data": null, "total_count": 0}`:  "data is missing",
		`{"total_count": 0}`:                "data is missing",
		`{"data": {}, "total_count": 0}`:    "data has an unexpected type",
		`[` + wholeApplication + `]`:        "array",
		whole + "}":                         "after top-level value",
	} {
		if _, err := decodePage(body); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%.80s: error %v, want one with %q", body, err, says)
		}
	}
}

// An unreadable item does not affect the others, and is recognised by its id or its text.
func TestDecodePageWithUnreadableItems(t *testing.T) {
	t.Parallel()
	const noID = "an application without a readable id cannot be read: "
	const id = "oa_2O4BCh3zUONvWlZHtBXv6s6tm7u"
	for item, want := range map[string]struct{ id, says string }{
		`null`:                          {"", noID + "it is null"},
		`7`:                             {"", noID + "it is a JSON number, not an object"},
		`{}`:                            {"", noID + `it is not an OAuth application (object is "")`},
		string(with("id", `"oa_2?x"`)):  {"", noID + `its id ("oa_2?x") is not a valid Clerk id`},
		string(with("public", `"no"`)):  {id, "application " + id + " cannot be read: public has an unexpected type"},
		string(with("client_id", `""`)): {id, "application " + id + " cannot be read: client_id is missing"},
	} {
		body := `{"data": [` + string(with("id", `"oa_1"`)) + `,` + item + `,` + string(with("id", `"oa_3"`)) + `], "total_count": 3}`
		page, err := decodePage(body)
		if err != nil || len(page.items) != 3 || page.items[0].key != "oa_1" || page.items[2].ID != "oa_3" || page.items[1].unreadable == nil {
			t.Errorf("%.40s: the page is %+v (%v)", item, page, err)
			continue
		}
		got := page.items[1]
		if got.ID != want.id || got.unreadable.Application.ID != want.id || got.unreadable.Error() != want.says {
			t.Errorf("%.40s: error %v, want %q", item, got.unreadable, want.says)
		}
		again, _ := decodePage(body)
		if got.key != again.items[1].key || want.id != "" && got.key != want.id || want.id == "" && got.key != item {
			t.Errorf("%.40s: the item is %q and then %q", item, got.key, again.items[1].key)
		}
	}
}

// No answer leads to a panic, to an id that is not usable, or to a whole application without id and
// client_id. An unknown field, and garbage in a field that is only reported, lose nothing else.
func FuzzDecodeApplication(f *testing.F) {
	for _, seed := range []string{
		wholeApplication, "", "null", "[]", "{}", `""`, "0", "<!DOCTYPE html>", "\ufeff{}", wholeApplication + "}",
		string(with("id", `"../users"`)), string(with("created_at", "1e400")), string(with("client_secret", "{}")),
		`{"object":"oauth_application","id":"oa_1","client_id":"c","id":"oa_2","ID":"oa_3"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		decoded, err := decodeApplication(body)
		if err != nil {
			return
		}
		app := decoded.app
		if app.ID != "" && !ValidID(app.ID) || len(app.Problems) == 0 && (app.ID == "" || app.ClientID == "") {
			t.Fatalf("accepted with id %q and client_id %q", app.ID, app.ClientID)
		}
		if !slices.IsSorted(app.Scopes) || !utf8.ValidString(app.Name) || !utf8.ValidString(decoded.secret.Reveal()) {
			t.Fatalf("not in normal form: %+v", app)
		}
		var raw map[string]json.RawMessage
		_ = json.Unmarshal(body, &raw)
		raw["one more field"], raw["callback_url"] = json.RawMessage(`{"id":"oa_other","client_secret":"other"}`), json.RawMessage(`7`)
		more, _ := json.Marshal(raw)
		again, err := decodeApplication(more)
		if err != nil || app.ID != again.app.ID || decoded.secret.Reveal() != again.secret.Reveal() {
			t.Fatalf("another field changes the application: %v\n%+v\n%+v", err, app, again.app)
		}
	})
}

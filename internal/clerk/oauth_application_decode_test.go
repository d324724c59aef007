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

// wholeApplication is an answer of the API as it comes over the wire, written by hand after Clerk's OpenAPI document.
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

func TestDecodeApplication(t *testing.T) {
	t.Parallel()
	decoded, err := decodeApplication([]byte(wholeApplication))
	if err != nil || len(decoded.app.Problems) > 0 {
		t.Fatalf("error %v, problems %v", err, decoded.app.Problems)
	}
	want := OAuthApplication{
		ID:                    "oa_2O4BCh3zUONvWlZHtBXv6s6tm7u",
		InstanceID:            "ins_2O4BCh3zUONvWlZHtBXv6s6tm7a",
		ClientID:              "d9g4CT4WYiCBm7EU",
		Name:                  "Back office",
		RedirectURIs:          []string{"https://b.example/cb", "https://a.example/cb"},
		Scopes:                []string{"email", "openid", "profile"},
		ConsentScreenEnabled:  true,
		PKCERequired:          true,
		Public:                true,
		DynamicallyRegistered: true,
		ClientURI:             new("https://client.example"),
		ClientImageURL:        new("https://img.example/logo.png"),
		CallbackURL:           "https://b.example/cb",
		AuthorizeURL:          "https://verb-noun-42.clerk.accounts.dev/oauth/authorize",
		TokenFetchURL:         "https://verb-noun-42.clerk.accounts.dev/oauth/token",
		UserInfoURL:           "https://verb-noun-42.clerk.accounts.dev/oauth/userinfo",
		DiscoveryURL:          "https://verb-noun-42.clerk.accounts.dev/.well-known/openid-configuration",
		TokenIntrospectionURL: "https://verb-noun-42.clerk.accounts.dev/oauth/token_info",

		DeviceAuthorizationGrantEnabled: new(true),

		CreatedAt: time.Date(2025, 8, 12, 12, 0, 0, 123e6, time.UTC),
		UpdatedAt: time.Date(2025, 8, 12, 12, 1, 0, 456e6, time.UTC),
	}
	if !reflect.DeepEqual(decoded.app, want) {
		t.Errorf("got\n%+v\nwant\n%+v", decoded.app, want)
	}
	if clone := decoded.app.clone(); !reflect.DeepEqual(clone, want) {
		t.Errorf("the clone is %+v", clone)
	}
	if got := decoded.secret.Reveal(); got != "VVgbT7i6sPo7sTljq2zj12fjmg0jPL5k" {
		t.Errorf("secret: %q", got)
	}
}

// with returns the whole application with a field replaced by other JSON; "" removes it.
func with(name, value string) []byte {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal([]byte(wholeApplication), &raw); err != nil {
		panic(err)
	}
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
	const text, truth, list, number = "text", "truth", "list", "number"
	examples := map[string]string{text: `"text"`, truth: "true", list: `["text"]`, number: "1755000000000"}
	for name, field := range map[string]struct {
		name     string // in OAuthApplication
		kind     string
		required bool
	}{
		"instance_id":                        {"InstanceID", text, true},
		"name":                               {"Name", text, true},
		"public":                             {"Public", truth, true},
		"pkce_required":                      {"PKCERequired", truth, true},
		"consent_screen_enabled":             {"ConsentScreenEnabled", truth, true},
		"device_authorization_grant_enabled": {"DeviceAuthorizationGrantEnabled", truth, false},

		"scopes":                  {"Scopes", text, false},
		"redirect_uris":           {"RedirectURIs", list, false},
		"dynamically_registered":  {"DynamicallyRegistered", truth, false},
		"client_uri":              {"ClientURI", text, false},
		"client_image_url":        {"ClientImageURL", text, false},
		"callback_url":            {"CallbackURL", text, false},
		"authorize_url":           {"AuthorizeURL", text, false},
		"token_fetch_url":         {"TokenFetchURL", text, false},
		"user_info_url":           {"UserInfoURL", text, false},
		"discovery_url":           {"DiscoveryURL", text, false},
		"token_introspection_url": {"TokenIntrospectionURL", text, false},
		"created_at":              {"CreatedAt", number, false},
		"updated_at":              {"UpdatedAt", number, false},
	} {
		check := func(value string, problem, empty bool) {
			decoded, err := decodeApplication(with(name, value))
			if err != nil {
				t.Errorf("%s = %s: %v", name, value, err)
				return
			}
			var problems int
			if problem {
				problems = 1
			}
			if len(decoded.app.Problems) != problems || problem && decoded.app.Problems[0].Field != name || problem == (problemsError(decoded.app.Problems) == nil) {
				t.Errorf("%s = %s: problems %q, want %d", name, value, decoded.app.Problems, problems)
			}
			got := reflect.ValueOf(decoded.app).FieldByName(field.name)
			if (got.IsZero() || got.Kind() == reflect.Slice && got.Len() == 0) != empty {
				t.Errorf("%s = %s is read as %v", name, value, got)
			}
			if decoded.secret.Reveal() != "VVgbT7i6sPo7sTljq2zj12fjmg0jPL5k" || decoded.app.ID == "" || decoded.app.ClientID == "" {
				t.Errorf("%s = %s: the secret or an id is lost", name, value)
			}
		}
		check("", field.required, true)
		check("null", field.required, true)
		check(`{"a": 1}`, true, true)
		check(`[{"a": 1}]`, true, true)
		check("7.5", true, true)
		check("1e400", true, true)
		for kind, example := range examples {
			check(example, kind != field.kind, kind != field.kind)
		}
	}
}

// What is read of unusual values.
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
		{"CreatedAt", "created_at", "1755000000000.0", at(1755000000000), false},
		{"CreatedAt", "created_at", "-1000", at(-1000), false},
		{"CreatedAt", "created_at", "9007199254740993", at(1 << 53), false}, // the nearest float
		{"CreatedAt", "created_at", "1e300", time.Time{}, true},
		{"CreatedAt", "created_at", "99999999999999999", time.Time{}, true},
		{"Name", "name", `"👩‍💻 Cafe\u0301 \u202eabc \ud83d\ude00 \ud83d \u0000 <b>"`, "👩‍💻 Cafe\u0301 \u202eabc 😀 \ufffd \x00 <b>", false},
		{"Name", "name", "\"Back \xff\xfe office\"", "Back \ufffd\ufffd office", false},
		{"Name", "name", `"first", "name": "last"`, "last", false},
		{"Name", "name", `"name", "NAME": "wrong", "Client_Secret": "wrong", "ſcopes": "wrong"`, "name", false},
	} {
		var raw map[string]json.RawMessage
		if err := json.Unmarshal(with(test.name, ""), &raw); err != nil {
			t.Fatal(err)
		}
		body, _ := json.Marshal(raw)
		decoded, err := decodeApplication([]byte(strings.TrimSuffix(string(body), "}") + `,"` + test.name + `":` + test.value + "}"))
		got := reflect.ValueOf(decoded.app).FieldByName(test.field).Interface()
		if err != nil || !reflect.DeepEqual(got, test.want) || (len(decoded.app.Problems) > 0) != test.problem {
			t.Errorf("%s is read as %v, want %v (%v, problems %v)", test.value, got, test.want, err, decoded.app.Problems)
		}
		if decoded.secret.Reveal() != "VVgbT7i6sPo7sTljq2zj12fjmg0jPL5k" {
			t.Errorf("%s: the secret is %q", test.value, decoded.secret.Reveal())
		}
	}
}

func TestDecodePage(t *testing.T) {
	t.Parallel()
	whole := `{"data": [` + wholeApplication + `,` + string(with("id", `"oa_2"`)) + `], "total_count": 17, "more": true}`
	page, err := decodePage([]byte(whole))
	if err != nil || len(page.items) != 2 || page.total != 17 || page.items[1].ID != "oa_2" {
		t.Errorf("page %+v (%v)", page, err)
	}
	page, err = decodePage([]byte(`{"data": [], "total_count": 0}`))
	if err != nil || len(page.items) != 0 || page.total != 0 {
		t.Errorf("empty page %+v (%v)", page, err)
	}

	for body, says := range map[string]string{
		`{"data": [], "total_count": null}`: "total_count is missing",
		`{"data": []}`:                      "total_count is missing",
		`{"data": [], "total_count": "1"}`:  "total_count has an unexpected type",
		`{"data": [], "total_count": 1.5}`:  "total_count has an unexpected type",
		`{"data": null, "total_count": 0}`:  "data is missing",
		`{"total_count": 0}`:                "data is missing",
		`{"data": {}, "total_count": 0}`:    "data has an unexpected type",
		`[` + wholeApplication + `]`:        "array",
		whole + "}":                         "after top-level value",
	} {
		if _, err := decodePage([]byte(body)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%.80s: error %v, want one with %q", body, err, says)
		}
	}
}

// An unreadable item does not affect the others, and is recognised by its id or its text.
func TestDecodePageWithUnreadableItems(t *testing.T) {
	t.Parallel()
	for item, want := range map[string]struct{ id, says string }{
		`null`:                          {"", "an application without a readable id cannot be read: it is null"},
		`7`:                             {"", "an application without a readable id cannot be read: it is a JSON number, not an object"},
		`{}`:                            {"", "an application without a readable id cannot be read: it is not an OAuth application (object is \"\")"},
		string(with("id", `"oa_2?x"`)):  {"", "an application without a readable id cannot be read: its id (\"oa_2?x\") is not a valid Clerk id"},
		string(with("public", `"no"`)):  {"oa_2O4BCh3zUONvWlZHtBXv6s6tm7u", "application oa_2O4BCh3zUONvWlZHtBXv6s6tm7u cannot be read: public has an unexpected type"},
		string(with("client_id", `""`)): {"oa_2O4BCh3zUONvWlZHtBXv6s6tm7u", "application oa_2O4BCh3zUONvWlZHtBXv6s6tm7u cannot be read: client_id is missing"},
	} {
		body := []byte(`{"data": [` + string(with("id", `"oa_1"`)) + `,` + item + `,` + string(with("id", `"oa_3"`)) + `], "total_count": 3}`)
		page, err := decodePage(body)
		if err != nil || len(page.items) != 3 || page.items[0].ID != "oa_1" || page.items[2].ID != "oa_3" || page.items[1].unreadable == nil {
			t.Errorf("%.40s: the page is %+v (%v)", item, page, err)
			continue
		}
		got := page.items[1]
		if got.unreadable.Application.ID != want.id || got.unreadable.Error() != want.says {
			t.Errorf("%.40s: error %v, want %q", item, got.unreadable, want.says)
		}
		if again, _ := decodePage(body); got.key == "" || again.items[1].key != got.key {
			t.Errorf("%.40s: the item is %q and then %q", item, got.key, again.items[1].key)
		}
	}
}

// No answer leads to a panic, to an id that is not usable, or to a whole application without id and
// client_id. Unknown fields do not change the result.
func FuzzDecodeApplication(f *testing.F) {
	for _, seed := range []string{
		wholeApplication, "", "null", "[]", "{}", `""`, "0", "<!DOCTYPE html>", "\ufeff{}", wholeApplication + "}",
		string(with("id", `"../users"`)), string(with("created_at", "1e400")), string(with("scopes", "[]")), string(with("client_secret", "{}")),
		`{"object":"oauth_application","id":"oa_1","client_id":"c","id":"oa_2","ID":"oa_3"}`, `{"object":"oauth_application","id":"oa_1","client_id":"\ud800"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		decoded, err := decodeApplication(body)
		if err != nil {
			return
		}
		app := decoded.app
		whole := problemsError(decoded.app.Problems) == nil
		if app.ID != "" && !ValidID(app.ID) || whole && (app.ID == "" || app.ClientID == "") {
			t.Fatalf("accepted with id %q and client_id %q", app.ID, app.ClientID)
		}
		if !slices.IsSorted(app.Scopes) || !utf8.ValidString(app.Name) || !utf8.ValidString(decoded.secret.Reveal()) {
			t.Fatalf("not in normal form: %+v", app)
		}
		// Another unknown field changes nothing.
		var raw map[string]json.RawMessage
		if err := json.Unmarshal(body, &raw); err != nil {
			t.Fatalf("accepted what is no object: %v", err)
		}
		raw["one more field"] = json.RawMessage(`{"id":"oa_other","client_secret":"other"}`)
		more, _ := json.Marshal(raw)
		again, err := decodeApplication(more)
		if err != nil || !reflect.DeepEqual(app, again.app) || decoded.secret.Reveal() != again.secret.Reveal() {
			t.Fatalf("another field changes the application: %v\n%+v\n%+v", err, app, again.app)
		}

		// Garbage in a field that is only reported cannot lose the secret.
		raw["created_at"] = json.RawMessage(`"garbage"`)
		more, _ = json.Marshal(raw)
		again, err = decodeApplication(more)
		if err != nil || again.secret.Reveal() != decoded.secret.Reveal() {
			t.Fatalf("garbage in created_at loses the secret: %v", err)
		}
	})
}

// A page without a list is refused. An incomplete item does not affect the other items.
func FuzzDecodePage(f *testing.F) {
	for _, seed := range []string{
		`{"data":[` + wholeApplication + `],"total_count":1}`, `{"data":[],"total_count":0}`, `{"data":null,"total_count":0}`, `{"data":[null],"total_count":-1}`,
		`{"data":[{}],"total_count":1e3}`, `[]`, `null`, ``, `{"data":{"0":{}},"total_count":1}`, `{"data":[` + string(with("id", `"a/b"`)) + `],"total_count":1}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		page, err := decodePage(body)
		if err != nil {
			if len(page.items) > 0 {
				t.Fatal("a page that failed has items")
			}
			return
		}
		var raw struct {
			Data []json.RawMessage `json:"data"`
		}
		if err := json.Unmarshal(body, &raw); err == nil && !strings.Contains(strings.ToLower(string(body)), `"data"`) {
			t.Fatal("a page without data was accepted")
		}
		for _, item := range page.items {
			app := item.OAuthApplication
			if unreadable := item.unreadable; unreadable != nil {
				if unreadable.Problem == "" || !ValidID(item.key) || unreadable.Application.ID != "" && unreadable.Application.ID != item.key {
					t.Fatalf("an item that was not read: %+v", item)
				}
				continue
			}
			if app.ID != item.key || !ValidID(app.ID) || app.InstanceID == "" && !strings.Contains(string(body), "instance_id") {
				t.Fatalf("an application that is not complete: %+v", app)
			}
		}
	})
}

func TestDecodeApplicationRefuses(t *testing.T) {
	t.Parallel()
	for body, says := range map[string]string{
		"": "unexpected end", "null": "it is null", "[]": "a JSON array", `""`: "a JSON string", "7": "a JSON number",
		"{}": "not an OAuth application", string(with("object", `"user"`)): `object is "user"`,
		string(with("id", `"../users"`)): `its id ("../users") is not a valid Clerk id`,
		wholeApplication + "}":           "after top-level value", "\ufeff" + wholeApplication: "invalid character",
	} {
		if _, err := decodeApplication([]byte(body)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%.60s: error %v, want one with %q", body, err, says)
		}
	}
}

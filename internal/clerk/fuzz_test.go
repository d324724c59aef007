package clerk

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

// No answer leads to a panic or to an application without a usable id and client_id. Unknown fields do not change the
// result.
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
		if !ValidID(app.ID) || app.ClientID == "" {
			t.Fatalf("accepted with id %q and client_id %q", app.ID, app.ClientID)
		}
		if !slices.IsSorted(app.Scopes) || !utf8.ValidString(app.Name) || !utf8.ValidString(decoded.secret.Reveal()) {
			t.Fatalf("not in normal form: %+v", app)
		}
		if complete := decoded.complete() == nil; complete != (len(decoded.problems) == 0) {
			t.Fatalf("complete %v with problems %q", complete, decoded.problems)
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
				if unreadable.Problem == "" || !ValidID(item.key()) || unreadable.Application.ID != "" && unreadable.Application.ID != item.key() {
					t.Fatalf("an item that was not read: %+v", item)
				}
				continue
			}
			if app.ID != item.key() || !ValidID(app.ID) || app.InstanceID == "" && !strings.Contains(string(body), "instance_id") {
				t.Fatalf("an application that is not complete: %+v", app)
			}
		}
	})
}

// For every answer with a status of 400 or more, the error is short, on one line, and shows no secret.
func FuzzAPIError(f *testing.F) {
	for _, seed := range []string{
		`{"errors":[{"code":"form_param_missing","message":"is missing","long_message":"name must be included.","meta":{"param_name":"name"}}],"clerk_trace_id":"abc"}`,
		`{"errors":[]}`, `{"errors":[null]}`, `{"errors":{}}`, `{"errors":[{"code":1}]}`, `<html>`, "", "404 page not found\n", `{"errors":[{"meta":null}]}`,
		`{"errors":[{"message":"Bearer sk_test_0123456789abcdef"}]}`, `{"errors":[{"message":"sk_te\u0000st_0123456789abcdef"}]}`, `{"errors":[{"code":"resource_not_found"}]}`,
	} {
		f.Add(404, "application/json", "trace", []byte(seed))
	}
	f.Add(502, "text/html", "\x00sk_test_0123456789abcdef", []byte("<html>"))
	client := New(Config{SecretKey: NewSecret("sk_test_0123456789abcdef"), MaxRetries: new(0)})
	f.Fuzz(func(t *testing.T, status int, contentType, trace string, body []byte) {
		err := client.newAPIError(answer{status: status, header: http.Header{"Content-Type": {contentType}, "X-Clerk-Trace-Id": {trace}}, body: body})
		texts := []string{err.TraceID, err.Body, err.Error()}
		for _, item := range err.Errors {
			texts = append(texts, item.Code, item.Message, item.LongMessage, item.ParamName)
		}
		for i, text := range texts {
			if i != 2 && utf8.RuneCountInString(text) > maxOthersText {
				t.Errorf("a text of %d runes", utf8.RuneCountInString(text))
			}
			if strings.Contains(text, "sk_test_0123456789abcdef") {
				t.Errorf("the key is shown: %q", text)
			}
			if strings.ContainsFunc(text, unicode.IsControl) || !utf8.ValidString(text) {
				t.Errorf("not printable: %q", text)
			}
		}
		if IsNotFound(err) && (status != http.StatusNotFound || !strings.Contains(strings.ToLower(string(body)), "resource_not_found") && !strings.Contains(string(body), `\u`)) {
			t.Errorf("status %d with %q counts as gone", status, body)
		}
	})
}

// For every id, the client sends a request with exactly the path of one application, or sends nothing.
func FuzzID(f *testing.F) {
	for _, seed := range []string{
		"oa_2O4BCh3zUONvWlZHtBXv6s6tm7u", "", ".", "..", "../users", "a/b", "..%2f", "%2e%2e", "oa_1?x=1", "oa_1#x", "oa_1/rotate_secret", "{id}", "oa_1\n", "oa_1\x00", "oa_1 ",
		"ключ", " ", "#", strings.Repeat("a", 128), strings.Repeat("a", 129), strings.Repeat("x", 10_000), "-", "_", "\\", ";", ":@", "//host/",
	} {
		f.Add(seed)
	}
	var asked []*http.Request
	config := Config{SecretKey: NewSecret("sk_test_0123456789abcdef"), MaxRetries: new(0), RequestsPer10s: 1 << 30, Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
		asked = append(asked, req)
		return &http.Response{StatusCode: http.StatusForbidden, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("")), Request: req}, nil
	})}
	client := New(config) // one for all inputs, which come one after the other
	f.Fuzz(func(t *testing.T, id string) {
		for suffix, call := range map[string]func() error{
			"":  func() error { _, err := client.GetOAuthApplicationFresh(t.Context(), id); return err },
			" ": func() error { _, err := New(config).GetOAuthApplication(t.Context(), id); return err }, // with nothing known
			"  ": func() error {
				_, err := client.UpdateOAuthApplication(t.Context(), id, OAuthApplicationFields{})
				return err
			},
			"   ":            func() error { return client.DeleteOAuthApplication(t.Context(), id) },
			"/rotate_secret": func() error { _, err := client.RotateClientSecret(t.Context(), id, time.Time{}); return err },
			"/logo": func() error {
				_, err := client.UploadOAuthApplicationLogo(t.Context(), id, id, []byte("GIF89a"))
				return err
			},
		} {
			asked = nil
			err := call()
			if !ValidID(id) {
				if refused, ok := errors.AsType[*IDError](err); !ok || refused.ID != id || len(asked) > 0 {
					t.Errorf("%q: %d requests, error %v", id, len(asked), err)
				}
				continue
			}
			if len(asked) != 1 {
				t.Fatalf("%q: %d requests", id, len(asked))
			}
			want := "/v1/oauth_applications/" + id + strings.TrimSpace(suffix)
			u := asked[0].URL
			if u.EscapedPath() != want || u.Path != want || u.RawQuery != "" || u.Fragment != "" || u.Host != "api.clerk.com" || u.Scheme != "https" {
				t.Errorf("%q: the request goes to %s", id, u)
			}
		}
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (r roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return r(req) }

// No known secret remains in a text, in any form, at any place.
func FuzzScrubber(f *testing.F) {
	f.Add("sk_test_0123456789abcdef", "before ", " after", "")
	f.Add("VVgbT7i6sPo7sTljq2zj12fjmg0jPL5k", `{"client_secret":"`, `"}`, "\x00")
	f.Add("with+/=\"<&>'\\", "a", "b", "\u200b")
	f.Add("three blanks and more", "a ", " b", "\x1b")
	f.Add("ünïcödé secret", "Bearer ", "@", "\x7f")
	f.Add("sk_live_://x@yz", "://", "@", "")
	f.Add("aaaaaaaa", "aaaaaaa", strings.Repeat("a", 600), "")
	invisible := func(r rune) bool { return !unicode.IsPrint(r) && !unicode.IsSpace(r) }
	visible := func(r rune) bool { return !invisible(r) }
	f.Fuzz(func(t *testing.T, secret, before, after, between string) {
		switch {
		case len(secret) < 8, strings.ContainsAny(secret, "[]…"), strings.Contains(redacted, secret):
			t.Skip() // too short to learn, or part of the replacement
		case oneLine(secret) != secret:
			t.Skip() // could not be shown unchanged
		case !utf8.ValidString(between), strings.ContainsFunc(between, visible):
			between = ""
		}
		var s scrubber
		s.learn(NewSecret(secret))
		quoted, _ := json.Marshal(secret)
		middle := len(string([]rune(secret)[:4]))
		for form, value := range map[string]string{
			"plain":             secret,
			"JSON":              strings.Trim(string(quoted), `"`),
			"query":             url.QueryEscape(secret),
			"path":              url.PathEscape(secret),
			"base64":            base64.StdEncoding.EncodeToString([]byte(secret)),
			"base64 for URLs":   base64.RawURLEncoding.EncodeToString([]byte(secret)),
			"base64 of a pair":  base64.StdEncoding.EncodeToString([]byte("a:" + secret)),
			"base64 of a title": base64.StdEncoding.EncodeToString([]byte(before + secret + after)),
			"in two parts":      secret[:middle] + between + secret[middle:],
			"twice":             secret + secret,
		} {
			text := before + value + after
			cleaned := s.clean(text)
			for _, known := range formsOf(secret) {
				if strings.Contains(cleaned, known) {
					t.Errorf("%s: %q becomes %q, with %q in it", form, text, cleaned, known)
				}
			}
			if utf8.RuneCountInString(cleaned) > maxOthersText || strings.ContainsFunc(cleaned, invisible) || !utf8.ValidString(cleaned) {
				t.Errorf("%s: %q is no short line", form, cleaned)
			}
		}
	})
}

// Scopes are sets. A scope that Clerk adds automatically is not a difference; a scope that it leaves out is.
func FuzzScopes(f *testing.F) {
	f.Add("email profile", "profile email offline_access")
	f.Add("", "offline_access")
	f.Add(" a  a\tb\u00a0c ", "b a c")
	f.Add("offline_access", "")
	f.Fuzz(func(t *testing.T, a, b string) {
		wanted, served := ParseScopes(a), ParseScopes(b)
		if again := ParseScopes(FormatScopes(wanted)); !slices.Equal(again, wanted) {
			t.Errorf("%q is read as %q, written and read as %q", a, wanted, again)
		}
		if !slices.IsSorted(wanted) || len(slices.Compact(slices.Clone(wanted))) != len(wanted) || slices.Contains(wanted, "") {
			t.Errorf("%q is read as %q", a, wanted)
		}
		if !ScopesSatisfy(wanted, wanted) {
			t.Errorf("%q does not satisfy itself", wanted)
		}
		withOffline := append(slices.Clone(served), ScopeOfflineAccess)
		slices.Reverse(withOffline)
		satisfies := ScopesSatisfy(served, wanted)
		if satisfies && !ScopesSatisfy(withOffline, wanted) {
			t.Errorf("%q satisfies %q, and with offline_access no longer", served, wanted)
		}
		without := func(scopes []string) []string {
			return slices.DeleteFunc(slices.Clone(scopes), func(s string) bool { return s == ScopeOfflineAccess })
		}
		// The same rule, written differently.
		want := slices.Equal(without(served), without(wanted)) && (!slices.Contains(wanted, ScopeOfflineAccess) || slices.Contains(served, ScopeOfflineAccess))
		if satisfies != want {
			t.Errorf("%q satisfies %q: %v", served, wanted, satisfies)
		}
	})
}

// An accepted address is https or loopback, hides nothing, and is the same after parsing it again.
func FuzzAPIURL(f *testing.F) {
	for _, seed := range []string{
		"https://api.clerk.com/v1", "https://api.clerk.com", "http://127.0.0.1:8080/", "http://[::1]", "http://localhost", "https://user:pass@host", "https://host?x", "https://host/#",
		"javascript://x", "https://host/%2e%2e/v1", "https://host//", "https://host/a%2fb", "http://127.0.0.1@evil.example", "http://127.0.0.1.evil.example", "https://h\u200bost", "https://host:port",
		"https://[::1%25eth0]/", "http://evil.example\\@127.0.0.1", "https://host/ ", "https://host/v1%20",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := ParseAPIURL(raw)
		if err != nil {
			if u != nil {
				t.Error("there is an address beside the error")
			}
			return
		}
		text := u.String()
		parsed, err := url.Parse(text)
		if err != nil {
			t.Fatalf("%q becomes %q: %v", raw, text, err)
		}
		if parsed.User != nil || parsed.RawQuery != "" || parsed.Fragment != "" || parsed.Host != u.Host || !strings.HasSuffix(parsed.Path, "/v1") {
			t.Errorf("%q becomes %q", raw, text)
		}
		if parsed.Scheme != "https" && (parsed.Scheme != "http" || !IsLoopback(parsed.Hostname())) {
			t.Errorf("%q: the key would travel in clear to %q", raw, text)
		}
		again, err := ParseAPIURL(text)
		if err != nil || again.String() != text {
			t.Errorf("%q becomes %q, and that %v (%v)", raw, text, again, err)
		}
		if _, err := New(Config{APIURL: u, SecretKey: NewSecret("sk_test_0123456789abcdef")}).newRequest(t.Context(), request{method: http.MethodGet, route: routeInstance}); err != nil {
			t.Errorf("%q: no request can be made: %v", raw, err)
		}
	})
}

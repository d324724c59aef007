package clerk_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// canary is a secret with characters that URLs, JSON and HTML escape.
const canary = `sk_test_c4n4ry+/="<&>'\7`

// formsOf are the forms in which a secret can come back.
func formsOf(secret string) map[string]string {
	quoted, _ := json.Marshal(secret)
	return map[string]string{
		"plain":              secret,
		"JSON":               strings.Trim(string(quoted), `"`),
		"query":              url.QueryEscape(secret),
		"path":               url.PathEscape(secret),
		"base64":             base64.StdEncoding.EncodeToString([]byte(secret)),
		"base64 of a header": base64.RawStdEncoding.EncodeToString([]byte("Bearer " + secret)),
		"base64 of a pair":   base64.URLEncoding.EncodeToString([]byte("client:" + secret)),
		"base64 of more":     base64.StdEncoding.EncodeToString([]byte("ab" + secret + "cd")),
	}
}

// assertHidden fails the test if a text shows a secret in any form.
func assertHidden(t testing.TB, where, text string, secrets ...string) {
	t.Helper()
	for _, secret := range secrets {
		forms := formsOf(secret)
		forms["hex"] = fmt.Sprintf("%x", secret)
		forms["upper hex"] = fmt.Sprintf("%X", secret)
		forms["bytes"] = strings.Trim(fmt.Sprintf("%d", []byte(secret)), "[]")
		for form, value := range forms {
			// The middle of a form is enough to disclose the secret.
			if strings.Contains(text, value[4:len(value)-4]) {
				t.Errorf("%s shows the secret (%s): %s", where, form, text)
			}
		}
	}
}

// holder has a secret wherever a struct can have one.
type holder struct {
	Exported   clerk.Secret
	unexported clerk.Secret
	pointer    *clerk.Secret
	list       []clerk.Secret
	keys       map[clerk.Secret]bool
	any        any
}

func TestSecretIsHidden(t *testing.T) {
	t.Parallel()
	secret := clerk.NewSecret(canary)
	h := holder{secret, secret, &secret, []clerk.Secret{secret}, map[clerk.Secret]bool{secret: true}, secret}
	for name, value := range map[string]any{
		"secret": secret, "pointer": &secret, "holder": h, "pointer to a holder": &h, "list": []any{h},
		"client": clerk.New(clerk.Config{SecretKey: secret}), "config": clerk.Config{SecretKey: secret},
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%#x", "%d", "%b", "%c", "%U", "%e", "%t", "%p", "%10.3s", "%T", "%!"} {
			assertHidden(t, name+" by "+verb, fmt.Sprintf(verb, value), canary)
		}
		if encoded, err := json.Marshal(value); err == nil {
			assertHidden(t, name+" as JSON", string(encoded), canary)
		}
		var log bytes.Buffer
		for _, handler := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
			slog.New(handler).With("with", value).WithGroup("group").Info("message", "attr", value, slog.Group("nested", "inner", value))
		}
		assertHidden(t, name+" in a log", log.String(), canary)
		func() {
			defer func() {
				assertHidden(t, name+" in a panic", fmt.Sprintf("%v %s", recover(), debug.Stack()), canary)
			}()
			panic(value)
		}()
	}
	encoded, err := json.Marshal(map[string]any{"a": secret})
	noError(t, err)
	equal(t, "JSON", string(encoded), `{"a":"[redacted]"}`)
	equal(t, "verbs", fmt.Sprintf("%v%+v%#v%s%q%x%d", secret, secret, secret, secret, secret, secret, secret), strings.Repeat("[redacted]", 7))
	equal(t, "String and slog", secret.String()+secret.LogValue().String(), "[redacted][redacted]")
	equal(t, "revealed", secret.Reveal(), canary)
	equal(t, "none revealed", clerk.Secret{}.Reveal(), "")
	equal(t, "empty", []bool{clerk.Secret{}.IsEmpty(), clerk.NewSecret("").IsEmpty(), secret.IsEmpty()}, []bool{true, true, false})
}

func TestParseSecretKey(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"sk_test_abc": "sk_test_abc", " sk_live_abc\r\n": "sk_live_abc", "\t\vsk_test_abc\u00a0": "sk_test_abc",
		"any-other.shape/of+key=~!": "any-other.shape/of+key=~!",
	} {
		key, err := clerk.ParseSecretKey(raw)
		noError(t, err)
		equal(t, "key", key.Reveal(), want)
		equal(t, "is of production", clerk.IsProductionKey(key), strings.HasPrefix(want, "sk_live_"))
	}
	for want, keys := range map[error][]string{
		clerk.ErrKeyMissing:     {"", " \n\t"},
		clerk.ErrKeyPublishable: {"pk_test_c2VjcmV0", "pk_live_c2VjcmV0"},
		clerk.ErrKeyPlaceholder: {"sk_test_...", "sk_live_…", "sk_test_", "sk_test_xxxxxxxx", "sk_live_<your key>"},
		clerk.ErrKeyQuoted:      {`"sk_test_abc"`, "'sk_test_abc'", "“sk_test_abc”", `sk_test_abc"`},
		clerk.ErrKeyAssignment:  {"CLERK_SECRET_KEY=sk_test_abc", `export CLERK_SECRET_KEY="sk_test_abc"`, "KEY = sk_live_abc"},
		clerk.ErrKeyMalformed:   {"sk_test_a b", "sk_test_a\r\nX-Header:b", "sk_test_a\x00b", "sk_test_ключ", "sk_test_a\x7f"},
	} {
		for _, raw := range keys {
			key, err := clerk.ParseSecretKey(raw)
			equal(t, "error of "+raw, errors.Is(err, want), true)
			equal(t, "key", key.Reveal(), "")
			if rest, found := strings.CutPrefix(raw, "sk_test_"); found && rest != "" && strings.Contains(err.Error(), rest) {
				t.Errorf("the error shows the key: %v", err)
			}
		}
	}
}

// A server or proxy that echoes the request gets no secret into an error.
func TestEchoedSecretsAreScrubbed(t *testing.T) {
	t.Parallel()
	withKey := func(config *clerk.Config) { config.SecretKey = clerk.NewSecret(canary) }
	for name, form := range formsOf(canary) {
		quoted, _ := json.Marshal("your header was Authorization: Bearer " + form + ", really")
		for where, body := range map[string]string{
			"long message": `{"errors":[{"code":"c","message":"m","long_message":%s}]}`,
			"message":      `{"errors":[{"code":"c","message":%s}]}`,
			"code":         `{"errors":[{"code":%s}]}`,
			"parameter":    `{"errors":[{"code":"c","message":"m","meta":{"param_name":%s}}]}`,
			"trace id":     `{"errors":[{"code":"c","message":"m"}],"clerk_trace_id":%s}`,
			"body":         `%s`,
			"redirect":     ``,
			"transport":    ``,
		} {
			events := &eventLog{}
			client := clientOn(t, roundTrip(func(req *http.Request) (*http.Response, error) {
				if where == "transport" {
					return nil, errors.New("cannot speak to https://user:" + form + "@proxy.example with " + form)
				}
				status := map[bool]int{true: 307, false: 400}[where == "redirect"]
				res, err := answering(status, "application/json", strings.Replace(body, "%s", string(quoted), 1))(req)
				res.Header.Set("X-Clerk-Trace-Id", form)
				res.Header.Set("Location", "https://"+form+".example/")
				return res, err
			}), withKey, func(config *clerk.Config) { config.Observer = events.add })
			_, err := client.GetOAuthApplication(t.Context(), "oa_1")
			shown := fmt.Sprintf("%v %+v %#v %+v", err, err, err, events.events)
			if api, ok := errors.AsType[*clerk.APIError](err); ok {
				shown += fmt.Sprintf("%+v", *api)
			}
			assertHidden(t, name+" in the "+where, shown, canary)
		}
	}
}

// The scrubber knows a client secret as soon as it is received, and any number of them.
func TestReceivedSecretsAreScrubbed(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		creation, err := f.create(fieldsNamed("web"))
		noError(f, err)
		rotation, err := f.rotate(creation.Application.ID)
		noError(f, err)
		for i := range 1000 {
			f.client.Learn(clerk.NewSecret(fmt.Sprintf("another-%d", i)))
		}
		f.client.Learn(clerk.NewSecret(creation.ClientSecret.Reveal() + " and more"))
		f.client.Learn(clerk.NewSecret("short.."))
		for _, secret := range []string{creation.ClientSecret.Reveal(), rotation.ClientSecret.Reveal(), "another-7"} {
			f.inject(clerktest.Raw(422, "", `{"errors":[{"code":"c","message":"the secret `+secret+` is no good"}]}`).Once())
			_, err := f.client.GetOAuthApplicationSettings(f.Context())
			equal(f, "text", err.Error(), "HTTP 422: the secret [redacted] is no good (c)")
		}
		equal(f, "side by side", f.client.Scrub("a another-7,another-8 b"), "a [redacted],[redacted] b")
		equal(f, "one that contains another", f.client.Scrub(creation.ClientSecret.Reveal()+" and more b"), "[redacted] b")
		equal(f, "a short one is kept", f.client.Scrub("in short.."), "in short..")
	})
}

// A text with the shape of a secret is scrubbed even if its value is not known.
func TestScrub(t *testing.T) {
	t.Parallel()
	client := clerk.New(clerk.Config{SecretKey: clerk.NewSecret(canary)})
	for text, want := range map[string]string{
		"key sk_live_abcDEF123_-x.":                  "key [redacted].",
		"Authorization: Bearer abc.def-ghi_jkl":      "Authorization: [redacted]",
		"authorization: BEARER\tabc, next":           "authorization: [redacted], next",
		"AGE-SECRET-KEY-1QQQQ and age-secret-key-1q": "[redacted] and [redacted]",
		"http://user:p@ss@proxy:3128/x refused":      "http://[redacted]@proxy:3128/x refused",
		"https://a.example/cb?u=b@c is not valid":    "https://a.example/cb?u=b@c is not valid",
		"the task_live_view":                         "the task_live_view",
		"pk_test_abc is publishable":                 "pk_test_abc is publishable",
		"a\x00b\x1b[31mc\x7f\u200b\u202ed":           "ab[31mcd",
		"sk_te\x00st_hidden":                         "[redacted]",
		canary[:9] + "\u200b" + canary[9:] + canary:  "[redacted][redacted]",
		"  two\n\tlines \u00a0 ":                     "two lines",
		"broken \xff\xfe":                            "broken \ufffd",
		strings.Repeat("ü", 501):                     strings.Repeat("ü", 499) + "…",
		strings.Repeat("x", 500):                     strings.Repeat("x", 500),
	} {
		equal(t, text, client.Scrub(text), want)
	}
}

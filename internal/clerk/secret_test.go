package clerk_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// canary is a secret whose every form is easy to find. It has characters that URLs, JSON and HTML escape.
const canary = `sk_test_c4n4ry+/="<&>'\7`

// formsOf are the forms in which a secret can be disclosed.
func formsOf(secret string) map[string]string {
	quoted, _ := json.Marshal(secret)
	var plain bytes.Buffer
	encoder := json.NewEncoder(&plain)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(secret)
	forms := map[string]string{
		"plain":              secret,
		"JSON":               strings.Trim(string(quoted), `"`),
		"JSON without HTML":  strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(plain.String()), `"`), `"`),
		"query":              url.QueryEscape(secret),
		"path":               url.PathEscape(secret),
		"base64":             base64.StdEncoding.EncodeToString([]byte(secret)),
		"base64 for URLs":    base64.URLEncoding.EncodeToString([]byte(secret)),
		"base64, unpadded":   base64.RawStdEncoding.EncodeToString([]byte(secret)),
		"base64 of a header": base64.StdEncoding.EncodeToString([]byte("Bearer " + secret)),
		"base64 of a pair":   base64.URLEncoding.EncodeToString([]byte("client:" + secret)),
		"base64 of more":     base64.StdEncoding.EncodeToString([]byte("ab" + secret + "cd")),
	}
	return forms
}

// assertHidden fails the test if a text shows a secret in any form, hexadecimal included.
func assertHidden(t testing.TB, where, text string, secrets ...string) {
	t.Helper()
	for _, secret := range secrets {
		forms := formsOf(secret)
		forms["hex"] = hex.EncodeToString([]byte(secret))
		forms["upper hex"] = strings.ToUpper(forms["hex"])
		forms["bytes"] = strings.Trim(fmt.Sprintf("%d", []byte(secret)), "[]")
		for form, value := range forms {
			// The middle of a form is enough to disclose the secret.
			if middle := value[4 : len(value)-4]; strings.Contains(text, middle) {
				t.Errorf("%s shows the secret (%s): %s", where, form, text)
			}
		}
	}
}

// holder has a secret wherever a struct can have one.
type holder struct {
	Exported   clerk.Secret
	unexported clerk.Secret
	Pointer    *clerk.Secret
	pointer    *clerk.Secret
	List       []clerk.Secret
	list       []clerk.Secret
	Map        map[string]clerk.Secret
	keys       map[clerk.Secret]bool
	Any        any
	any        any
	Nested     struct{ inner struct{ secret clerk.Secret } }
}

func newHolder(secret clerk.Secret) holder {
	h := holder{
		Exported: secret, unexported: secret, Pointer: &secret, pointer: &secret, List: []clerk.Secret{secret}, list: []clerk.Secret{secret},
		Map: map[string]clerk.Secret{"key": secret}, keys: map[clerk.Secret]bool{secret: true}, Any: secret, any: secret,
	}
	h.Nested.inner.secret = secret
	return h
}

func TestSecretIsHidden(t *testing.T) {
	t.Parallel()
	secret := clerk.NewSecret(canary)
	h := newHolder(secret)
	values := map[string]any{
		"secret": secret, "pointer": &secret, "holder": h, "pointer to a holder": &h, "list": []any{h}, "creation": clerk.Creation{ClientSecret: secret},
		"rotation": &clerk.Rotation{ClientSecret: secret}, "config": clerk.Config{SecretKey: secret}, "client": clerk.New(clerk.Config{SecretKey: secret}),
	}
	for name, value := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%#x", "%d", "%b", "%o", "%c", "%U", "%e", "%t", "%p", "%10.3s", "%-40s", "%T", "%!"} {
			assertHidden(t, name+" by "+verb, fmt.Sprintf(verb, value), canary)
		}
		assertHidden(t, name+" by Println", fmt.Sprintln("a", value), canary)
		if name != "client" { // it has no exported fields, but functions
			encoded, err := json.Marshal(value)
			if err == nil {
				assertHidden(t, name+" as JSON", string(encoded), canary)
			}
		}
		for _, handler := range []func(*bytes.Buffer) slog.Handler{
			func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
			func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
		} {
			var log bytes.Buffer
			slog.New(handler(&log)).With("with", value).WithGroup("group").Info("message", "attr", value, slog.Group("nested", "inner", value))
			assertHidden(t, name+" in a log", log.String(), canary)
		}
		assertHidden(t, name+" in an error", fmt.Errorf("wrapped: %w: %v", errors.New(fmt.Sprint(value)), value).Error(), canary)
	}
	text, err := secret.MarshalText()
	noError(t, err)
	assertHidden(t, "as text", string(text), canary)
	assertHidden(t, "as a string", secret.String()+secret.GoString(), canary)
	equal(t, "all of it", fmt.Sprintf("%v %+v %#v %s %q %x %d", secret, secret, secret, secret, secret, secret, secret), strings.TrimSpace(strings.Repeat("[redacted] ", 7)))
	encoded, err := json.Marshal(map[string]any{"a": secret})
	noError(t, err)
	equal(t, "JSON", string(encoded), `{"a":"[redacted]"}`)
}

func TestSecretInAPanic(t *testing.T) {
	t.Parallel()
	for _, value := range []any{clerk.NewSecret(canary), newHolder(clerk.NewSecret(canary)), clerk.New(clerk.Config{SecretKey: clerk.NewSecret(canary)})} {
		func() {
			defer func() {
				recovered := recover()
				assertHidden(t, "the panic", fmt.Sprintf("%v %+v %#v %s", recovered, recovered, recovered, debug.Stack()), canary)
			}()
			panic(value)
		}()
	}
}

func TestSecretValues(t *testing.T) {
	t.Parallel()
	equal(t, "revealed", clerk.NewSecret("value").Reveal(), "value")
	equal(t, "none revealed", clerk.Secret{}.Reveal(), "")
	equal(t, "none is empty", clerk.Secret{}.IsEmpty(), true)
	equal(t, "an empty one is", clerk.NewSecret("").IsEmpty(), true)
	equal(t, "another is not", clerk.NewSecret("x").IsEmpty(), false)
	equal(t, "none prints alike", clerk.Secret{}.String(), "[redacted]")
}

// A server or proxy that echoes the request gets no secret into an error.
func TestEchoedSecretsAreScrubbed(t *testing.T) {
	t.Parallel()
	for name, form := range formsOf(canary) {
		body := func(text string) string { encoded, _ := json.Marshal(text); return string(encoded) }
		text := "your header was Authorization: Bearer " + form + ", really"
		for where, answer := range map[string]func(*http.Response) string{
			"long message": func(*http.Response) string {
				return `{"errors":[{"code":"c","message":"m","long_message":` + body(text) + `}]}`
			},
			"message": func(*http.Response) string { return `{"errors":[{"code":"c","message":` + body(text) + `}]}` },
			"code":    func(*http.Response) string { return `{"errors":[{"code":` + body(text) + `}]}` },
			"parameter": func(*http.Response) string {
				return `{"errors":[{"code":"c","message":"m","meta":{"param_name":` + body(text) + `}}]}`
			},
			"trace id": func(*http.Response) string {
				return `{"errors":[{"code":"c","message":"m"}],"clerk_trace_id":` + body(text) + `}`
			},
			"trace header": func(res *http.Response) string { res.Header.Set("X-Clerk-Trace-Id", form); return "" },
			"ray header":   func(res *http.Response) string { res.Header.Set("Cf-Ray", form); return "" },
			"HTML":         func(*http.Response) string { return "<p>" + text + "</p>" },
			"text":         func(res *http.Response) string { res.Header.Set("Content-Type", "text/plain"); return text },
			"location": func(res *http.Response) string {
				res.StatusCode = 302
				res.Header.Set("Location", "https://"+strings.Map(keepLetters, form)+".example/"+form+"?"+form)
				return ""
			},
			"content type": func(res *http.Response) string { res.Header.Set("Content-Type", form); return "x" },
			"id": func(res *http.Response) string {
				res.StatusCode = 200
				return strings.Replace(appJSON, `"oa_1"`, body(form), 1)
			},
			"object": func(res *http.Response) string {
				res.StatusCode = 200
				return `{"object":` + body(form) + `}`
			},
		} {
			events := &eventLog{}
			client := clientOn(t, roundTrip(func(req *http.Request) (*http.Response, error) {
				written(req)
				res, _ := answering(400, "application/json", "")(req)
				body := answer(res)
				replaced, _ := answering(res.StatusCode, "", body)(req)
				replaced.Header = res.Header
				return replaced, nil
			}), func(config *clerk.Config) { config.SecretKey, config.Observer = clerk.NewSecret(canary), events.add })
			_, err := client.GetOAuthApplication(t.Context(), "oa_1")
			if err == nil {
				t.Fatalf("%s in the %s: no error", name, where)
			}
			assertHidden(t, name+" in the "+where, fmt.Sprintf("%v %+v %#v", err, err, err), canary)
			assertHidden(t, name+" in the event", fmt.Sprintf("%+v", events.all()), canary)
			if api, ok := errors.AsType[*clerk.APIError](err); ok {
				assertHidden(t, name+" in the fields", fmt.Sprintf("%+v", *api), canary)
			}
		}

		client := clientOn(t, roundTrip(func(*http.Request) (*http.Response, error) {
			return nil, errors.New("cannot speak to https://user:" + form + "@proxy.example with " + form)
		}), func(config *clerk.Config) { config.SecretKey = clerk.NewSecret(canary) })
		_, err := client.Instance(t.Context())
		assertHidden(t, name+" in a transport error", fmt.Sprintf("%v %+v", err, err), canary)
	}
}

func keepLetters(r rune) rune {
	if r == '_' || r == '-' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
		return r
	}
	return -1
}

// The scrubber knows a client secret as soon as it is received.
func TestReceivedSecretsAreScrubbed(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(f *fixture) {
		creation, err := f.client.CreateOAuthApplication(f.Context(), fieldsNamed("web"))
		noError(f, err)
		rotation, err := f.client.RotateClientSecret(f.Context(), creation.Application.ID, time.Time{})
		noError(f, err)
		for _, secret := range []string{creation.ClientSecret.Reveal(), rotation.ClientSecret.Reveal()} {
			f.server.Inject(clerktest.Raw(422, "application/json", `{"errors":[{"code":"c","message":"the secret `+secret+` is no good"}]}`).Once())
			err := f.client.DeleteOAuthApplication(f.Context(), creation.Application.ID)
			equal(f, "text", err.Error(), "HTTP 422: the secret [redacted] is no good (c)")
		}
	})
}

// All secrets that a process receives are scrubbed, and a secret that contains another is scrubbed as a whole.
func TestManySecretsAreScrubbed(t *testing.T) {
	t.Parallel()
	client := clerk.New(clerk.Config{SecretKey: clerk.NewSecret(canary)})
	secret := func(i int) string { return fmt.Sprintf("c4n4ry/%d/%d", i, i*i) }
	for range 2 {
		for i := range 3000 {
			client.Learn(clerk.NewSecret(secret(i)))
		}
	}
	client.Learn(clerk.NewSecret(secret(7) + " and more"))
	for i := 10; i < 3000; i += 99 {
		for form, value := range formsOf(secret(i)) {
			assertHidden(t, form, client.Scrub("before "+value+" after"), secret(i))
		}
		equal(t, "scrubbed", client.Scrub("a "+secret(i)+","+secret(i-1)+" b"), "a [redacted],[redacted] b")
	}
	equal(t, "one that contains another", client.Scrub("a "+secret(7)+" and more b"), "a [redacted] b")
}

// A text with the shape of a secret is scrubbed even if its value is not known.
func TestShapesAreScrubbed(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"key sk_live_abcDEF123_-x.":                  "key [redacted].",
		"key sk_test_x":                              "key [redacted]",
		"Authorization: Bearer abc.def-ghi_jkl":      "Authorization: [redacted]",
		"authorization: BEARER\tabc, next":           "authorization: [redacted], next",
		"AGE-SECRET-KEY-1QQQQ and age-secret-key-1q": "[redacted] and [redacted]",
		"http://user:p@ss@proxy:3128/x refused":      "http://[redacted]@proxy:3128/x refused",
		"https://user@host":                          "https://[redacted]@host",
		"https://a.example/cb?u=b@c is not valid":    "https://a.example/cb?u=b@c is not valid",
		"the task_live_view":                         "the task_live_view",
		"pk_test_abc is publishable":                 "pk_test_abc is publishable",
		"a\x00b\x1b[31mc\x7f\u200b\u202ed":           "ab[31mcd",
		"sk_te\x00st_hidden":                         "[redacted]",
		"  two\n\tlines \u00a0 ":                     "two lines",
		"broken \xff\xfe":                            "broken \ufffd",
		strings.Repeat("ü", 501):                     strings.Repeat("ü", 499) + "…",
		strings.Repeat("x", 500):                     strings.Repeat("x", 500),
	} {
		encoded, err := json.Marshal(text)
		noError(t, err)
		if strings.Contains(text, "\xff") {
			encoded = []byte("\"broken \xff\xfe\"")
			want = "broken \ufffd\ufffd"
		}
		_, err = clientOn(t, answering(400, "application/json", `{"errors":[{"code":"c","message":`+string(encoded)+`}]}`)).Instance(t.Context())
		equal(t, text, asError[*clerk.APIError](t, err).Errors[0].Message, want)
	}
}

// The client does not read the environment of the process.
func TestNoSecretReachesTheEnvironment(t *testing.T) {
	t.Parallel()
	_ = clerk.New(clerk.Config{SecretKey: clerk.NewSecret(canary)})
	assertHidden(t, "the environment", strings.Join(os.Environ(), "\n"), canary)
}

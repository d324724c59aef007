package clerk_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

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
		"base64 for URLs":    base64.URLEncoding.EncodeToString([]byte(secret)),
		"base64, unpadded":   base64.RawStdEncoding.EncodeToString([]byte(secret)),
		"base64 of a header": base64.StdEncoding.EncodeToString([]byte("Bearer " + secret)),
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

// A server or proxy that echoes the request gets no secret into an error.
func TestEchoedSecretsAreScrubbed(t *testing.T) {
	t.Parallel()
	for name, form := range formsOf(canary) {
		text := "your header was Authorization: Bearer " + form + ", really"
		quoted, _ := json.Marshal(text)
		for where, body := range map[string]string{
			"long message": `{"errors":[{"code":"c","message":"m","long_message":%s}]}`,
			"message":      `{"errors":[{"code":"c","message":%s}]}`,
			"code":         `{"errors":[{"code":%s}]}`,
			"parameter":    `{"errors":[{"code":"c","message":"m","meta":{"param_name":%s}}]}`,
			"trace id":     `{"errors":[{"code":"c","message":"m"}],"clerk_trace_id":%s}`,
			"body":         `%s`,
			"header":       ``,
			"redirect":     ``,
		} {
			events := &eventLog{}
			client := clientOn(t, roundTrip(func(req *http.Request) (*http.Response, error) {
				status := map[bool]int{true: 307, false: 400}[where == "redirect"]
				res, err := answering(status, "application/json", strings.Replace(body, "%s", string(quoted), 1))(req)
				if where == "header" {
					res.Header.Set("X-Clerk-Trace-Id", form)
				}
				res.Header.Set("Location", "https://"+form+".example/")
				return res, err
			}), func(config *clerk.Config) { config.SecretKey, config.Observer = clerk.NewSecret(canary), events.add })
			_, err := client.GetOAuthApplication(t.Context(), "oa_1")
			assertHidden(t, name+" in the "+where, fmt.Sprintf("%v %+v %#v %+v", err, err, err, events.all()), canary)
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

// The scrubber knows a client secret as soon as it is received.
func TestReceivedSecretsAreScrubbed(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		creation, err := f.create(fieldsNamed("web"))
		noError(f, err)
		rotation, err := f.rotate(creation.Application.ID)
		noError(f, err)
		for _, secret := range []string{creation.ClientSecret.Reveal(), rotation.ClientSecret.Reveal()} {
			f.inject(clerktest.Raw(422, "application/json", `{"errors":[{"code":"c","message":"the secret `+secret+` is no good"}]}`).Once())
			_, err := f.client.GetOAuthApplicationSettings(f.Context())
			equal(f, "text", err.Error(), "HTTP 422: the secret [redacted] is no good (c)")
		}
	})
}

// One process may create thousands of secrets. A secret that contains another goes as a whole.
func TestManySecretsAreScrubbed(t *testing.T) {
	t.Parallel()
	client := clerk.New(clerk.Config{SecretKey: clerk.NewSecret(canary)})
	secret := func(i int) string { return fmt.Sprintf("c4n4ry/%d/%d", i, i*i) }
	for i := range 3000 {
		client.Learn(clerk.NewSecret(secret(i)))
	}
	client.Learn(clerk.NewSecret(secret(7) + " and more"))
	client.Learn(clerk.NewSecret("short"))
	for i := 10; i < 3000; i += 99 {
		for form, value := range formsOf(secret(i)) {
			assertHidden(t, form, client.Scrub("before "+value+" after"), secret(i))
		}
		equal(t, "scrubbed", client.Scrub("a "+secret(i)+","+secret(i-1)+" b"), "a [redacted],[redacted] b")
	}
	equal(t, "one that contains another", client.Scrub("a "+secret(7)+" and more b"), "a [redacted] b")
	equal(t, "a short one is kept", client.Scrub("in short"), "in short")
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
		"  two\n\tlines \u00a0 ":                     "two lines",
		"broken \xff\xfe":                            "broken \ufffd",
		strings.Repeat("ü", 501):                     strings.Repeat("ü", 499) + "…",
		strings.Repeat("x", 500):                     strings.Repeat("x", 500),
	} {
		equal(t, text, client.Scrub(text), want)
	}
}

// Whatever surrounds a secret, and whatever is put into it, no form of it comes through.
func FuzzScrub(f *testing.F) {
	f.Add("hunter2secret", "a ", " b", "\x00")
	f.Add(canary, "Bearer ", "\u202e", "\u200b")
	f.Fuzz(func(t *testing.T, secret, before, after, between string) {
		invisible := func(r rune) bool { return !unicode.IsPrint(r) }
		if len(secret) < 8 || !utf8.ValidString(secret) || strings.ContainsFunc(secret, func(r rune) bool { return r == ' ' || invisible(r) }) {
			t.Skip("no secret")
		}
		client := clerk.New(clerk.Config{SecretKey: clerk.NewSecret(secret)})
		middle := len(secret) / 2
		for !utf8.RuneStart(secret[middle]) {
			middle--
		}
		texts := formsOf(secret)
		if strings.IndexFunc(between, func(r rune) bool { return !invisible(r) || unicode.IsSpace(r) }) < 0 && utf8.ValidString(between) {
			texts["in two parts"] = secret[:middle] + between + secret[middle:]
		}
		for form, value := range texts {
			cleaned := client.Scrub(before + value + after)
			if strings.Contains(cleaned, secret) || form == "plain" && bytes.Contains([]byte(cleaned), []byte(value)) {
				t.Errorf("%s: %q becomes %q", form, before+value+after, cleaned)
			}
			if utf8.RuneCountInString(cleaned) > 500 || strings.ContainsFunc(cleaned, invisible) || !utf8.ValidString(cleaned) {
				t.Errorf("%s: %q is no short line", form, cleaned)
			}
		}
	})
}

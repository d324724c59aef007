package provider

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// A canary finds secrets in what a run has left behind: logs, messages, plans, files.
type canary struct {
	forms []canaryForm
}

// canaryForm is a secret in one of the forms in which it could get out.
type canaryForm struct {
	text string
	what string // names the secret and the form without showing either
}

// newCanary looks for every given secret, in plain and in the encodings of what a provider writes to: JSON, URLs, and
// base64, which is what becomes of []byte in JSON and of credentials in headers.
func newCanary(secrets ...string) canary {
	var c canary
	for i, secret := range secrets {
		if len(secret) < 8 {
			continue // found everywhere; those of the simulator are all longer
		}
		add := func(text, encoding string) {
			if !slices.ContainsFunc(c.forms, func(f canaryForm) bool { return f.text == text }) {
				c.forms = append(c.forms, canaryForm{text: text, what: fmt.Sprintf("secret %d of %d as %s", i+1, len(secrets), encoding)})
			}
		}
		quoted, _ := json.Marshal(secret) // a string is no error
		add(secret, "plain text")
		add(strings.Trim(string(quoted), `"`), "JSON")
		add(url.QueryEscape(secret), "part of a URL's query")
		add(url.PathEscape(secret), "part of a URL's path")
		add(hex.EncodeToString([]byte(secret)), "hexadecimal digits")
		add(strings.ToUpper(hex.EncodeToString([]byte(secret))), "hexadecimal digits")
		for shift := range 3 {
			// What stands before the secret decides how its bits fall on base64 digits; the digits that it shares with
			// its neighbours are left out.
			std := base64.RawStdEncoding.EncodeToString(append(make([]byte, shift), secret...))
			std = std[(shift*8+5)/6 : (shift+len(secret))*8/6]
			add(std, "base64")
			add(strings.NewReplacer("+", "-", "/", "_").Replace(std), "base64 for URLs")
		}
	}
	return c
}

// serverCanary looks for everything secret that the simulator knows: the keys of its instances and every client secret
// that it ever made.
func serverCanary(server *clerktest.Server, more ...string) canary {
	return newCanary(slices.Concat(server.Keys(), server.IssuedSecrets(), more)...)
}

// find says which secret is in the text; "" is none.
func (c canary) find(text string) string {
	for _, form := range c.forms {
		if strings.Contains(text, form.text) {
			return form.what
		}
	}
	return ""
}

// without leaves out one secret, for files that hold it on purpose.
func (c canary) without(secrets ...string) canary {
	var kept canary
	allowed := newCanary(secrets...)
	for _, form := range c.forms {
		if !slices.ContainsFunc(allowed.forms, func(f canaryForm) bool { return f.text == form.text }) {
			kept.forms = append(kept.forms, form)
		}
	}
	return kept
}

// assertNoSecrets fails the test if any of the texts holds a secret of the server's, in any form.
func assertNoSecrets(t testing.TB, server *clerktest.Server, texts ...string) {
	t.Helper()
	c := serverCanary(server)
	for i, text := range texts {
		if what := c.find(text); what != "" {
			t.Errorf("text %d of %d holds %s", i+1, len(texts), what)
		}
	}
}

func TestCanaryFindsEveryForm(t *testing.T) {
	t.Parallel()
	const secret = `sk_test_Zm9v/+?"&\bar<ü>`
	sings := map[string]string{
		"plain":          "it is " + secret + " there",
		"JSON":           string(mustValue(json.Marshal(map[string]string{"a": secret}))),
		"bytes in JSON":  string(mustValue(json.Marshal(map[string][]byte{"a": []byte("Bearer " + secret)}))),
		"query":          url.Values{"a": {secret}}.Encode(),
		"path":           (&url.URL{Path: "/" + secret}).String() + url.PathEscape(secret),
		"hexadecimal":    fmt.Sprintf("%x", secret),
		"hexadecimal up": fmt.Sprintf("%X", secret),
	}
	for shift := range 4 {
		before := strings.Repeat("x", shift)
		for name, encoding := range map[string]*base64.Encoding{
			"std": base64.StdEncoding, "raw": base64.RawStdEncoding, "url": base64.URLEncoding, "raw url": base64.RawURLEncoding,
		} {
			sings[fmt.Sprintf("base64 %s after %d bytes", name, shift)] = encoding.EncodeToString([]byte(before + secret + " after"))
		}
	}
	c := newCanary("something else", secret)
	for name, text := range sings {
		if !strings.Contains(c.find(text), "secret 2 of 2") {
			t.Errorf("%s: not found", name)
		}
		if c.without(secret).find(text) != "" {
			t.Errorf("%s: found although it is allowed", name)
		}
	}
	if what := c.find("sk_test_Zm9v and c2tfdGVzdF9abTl2"); what != "" {
		t.Errorf("%s found in a text that has the beginning only", what)
	}
}

func mustValue[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

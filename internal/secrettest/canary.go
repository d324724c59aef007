// Package secrettest has what tests of secrets need: keys to encrypt to, and canaries that
// find a secret in what was left behind.
package secrettest

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// A Canary finds secrets in what a run has left behind: logs, messages, plans, files.
type Canary struct {
	forms []form
}

// form is a secret in one of the forms in which it could get out.
type form struct {
	text string
	what string // names the secret and the form without showing either
}

// NewCanary looks for every given secret, in plain and in the encodings of what a provider writes to: JSON, URLs, and
// base64, which is what becomes of []byte in JSON and of credentials in headers.
func NewCanary(secrets ...string) Canary {
	var c Canary
	for i, secret := range secrets {
		if len(secret) < 8 {
			continue // found everywhere; those of the simulator are all longer
		}
		add := func(text, encoding string) {
			if !slices.ContainsFunc(c.forms, func(f form) bool { return f.text == text }) {
				c.forms = append(c.forms, form{text: text, what: fmt.Sprintf("secret %d of %d as %s", i+1, len(secrets), encoding)})
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

// ServerCanary looks for everything secret that the simulator knows: the keys of its instances and every client secret
// that it ever made.
func ServerCanary(server *clerktest.Server, more ...string) Canary {
	return NewCanary(slices.Concat(server.Keys(), server.IssuedSecrets(), more)...)
}

// Find says which secret is in the text; "" is none.
func (c Canary) Find(text string) string {
	for _, each := range c.forms {
		if strings.Contains(text, each.text) {
			return each.what
		}
	}
	return ""
}

// Without leaves out one secret, for files that hold it on purpose.
func (c Canary) Without(secrets ...string) Canary {
	var kept Canary
	allowed := NewCanary(secrets...)
	for _, each := range c.forms {
		if !slices.ContainsFunc(allowed.forms, func(f form) bool { return f.text == each.text }) {
			kept.forms = append(kept.forms, each)
		}
	}
	return kept
}

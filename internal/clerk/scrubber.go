package clerk

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// maxForeignText bounds what is repeated of a text that somebody else wrote, in
// runes: enough for Clerk's longest message, too little to fill a screen.
const maxForeignText = 500

// shapes are what a secret looks like whose value is not known here.
var (
	shapes         = regexp.MustCompile(`\bsk_(live|test)_[A-Za-z0-9_\-]+|\b(?i:bearer)\s+[^\s"',;]+|(?i:age-secret-key-)[A-Za-z0-9-]+`)
	urlCredentials = regexp.MustCompile(`://[^/\s]*@`)
)

// scrubber removes secrets from texts that come from outside: Clerk's messages,
// transport errors. It knows the secrets of this process and the shapes of
// others.
//
// What is built here on purpose never holds a secret; the scrubber is the second
// line, for a server or a proxy that echoes what it was sent.
type scrubber struct {
	mu    sync.RWMutex
	known []Secret // every form, the longest first
}

// learn adds a secret, in every form in which it could come back.
func (s *scrubber) learn(secret Secret) {
	value := secret.Reveal()
	// A very short value would turn the texts themselves into gaps.
	if len(value) < 8 {
		return
	}
	quoted, _ := json.Marshal(value)
	forms := []string{
		value,
		strings.Trim(string(quoted), `"`),
		url.QueryEscape(value),
		url.PathEscape(value),
		base64.StdEncoding.EncodeToString([]byte(value)),
		base64.URLEncoding.EncodeToString([]byte(value)),
		base64.RawStdEncoding.EncodeToString([]byte(value)),
		base64.RawURLEncoding.EncodeToString([]byte(value)),
	}
	for shift := range 3 {
		inner := innerBase64(value, shift)
		forms = append(forms, inner, strings.NewReplacer("+", "-", "/", "_").Replace(inner))
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	for _, form := range forms {
		if !slices.ContainsFunc(s.known, func(known Secret) bool { return known.Reveal() == form }) {
			s.known = append(s.known, NewSecret(form))
		}
	}
	// A form that contains another must go as a whole.
	slices.SortStableFunc(s.known, func(a, b Secret) int { return len(b.Reveal()) - len(a.Reveal()) })
}

// innerBase64 is the part that is certain of the base64 form of a text that holds
// value after shift (0 to 2) bytes, modulo 3: "Bearer " and the key, for one.
func innerBase64(value string, shift int) string {
	const bitsOfByte, bitsOfDigit = 8, 6
	encoded := base64.RawStdEncoding.EncodeToString(append(make([]byte, shift), value...))
	from := (shift*bitsOfByte + bitsOfDigit - 1) / bitsOfDigit
	to := (shift + len(value)) * bitsOfByte / bitsOfDigit
	return encoded[from:to]
}

// clean returns text without secrets and control characters, on one line and at
// most maxForeignText runes long.
func (s *scrubber) clean(text string) string {
	// Twice, because what oneLine leaves out may have kept the parts of a secret
	// apart.
	runes := []rune(s.redact(oneLine(s.redact(text))))
	if len(runes) > maxForeignText {
		runes = append(runes[:maxForeignText-1], '…')
	}
	return string(runes)
}

// Learn tells the client of a secret that it has not received itself, so that Scrub
// and error texts know it.
func (c *Client) Learn(secret Secret) { c.scrubber.learn(secret) }

// Scrub returns a text that somebody else wrote, such as a value in Clerk's answer,
// in a form that may be shown: without secrets, on one line and not long.
func (c *Client) Scrub(text string) string { return c.scrubber.clean(text) }

func (s *scrubber) redact(text string) string {
	s.mu.RLock()
	for _, secret := range s.known {
		text = strings.ReplaceAll(text, secret.Reveal(), redacted)
	}
	s.mu.RUnlock()
	text = urlCredentials.ReplaceAllLiteralString(text, "://"+redacted+"@")
	return shapes.ReplaceAllLiteralString(text, redacted)
}

// oneLine makes of every white space one blank, and leaves out what cannot be seen.
func oneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsPrint(r):
			return r
		}
		return -1
	}, strings.ToValidUTF8(text, "\uFFFD"))
	return strings.Join(strings.Fields(text), " ")
}

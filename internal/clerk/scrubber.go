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
var shapes = regexp.MustCompile(`\bsk_(live|test)_[A-Za-z0-9_\-]+|\b[Bb]earer\s+[^\s"',;]+|AGE-SECRET-KEY-[A-Z0-9-]+|(://)[^/\s@]+@`)

// scrubber removes secrets from texts that come from outside: Clerk's messages,
// transport errors. It knows the secrets of this process and the shapes of
// others.
//
// What is built here on purpose never holds a secret; the scrubber is the second
// line, for a server or a proxy that echoes what it was sent.
type scrubber struct {
	mu    sync.RWMutex
	known []string
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

	s.mu.Lock()
	defer s.mu.Unlock()
	for _, form := range forms {
		if !slices.Contains(s.known, form) {
			s.known = append(s.known, form)
		}
	}
	// The longest first: a form that contains another must go as a whole.
	slices.SortStableFunc(s.known, func(a, b string) int { return len(b) - len(a) })
}

// clean returns text without secrets and control characters, on one line and at
// most maxForeignText runes long.
func (s *scrubber) clean(text string) string {
	s.mu.RLock()
	for _, secret := range s.known {
		text = strings.ReplaceAll(text, secret, redacted)
	}
	s.mu.RUnlock()

	text = shapes.ReplaceAllString(text, "${2}"+redacted)
	text = strings.ToValidUTF8(text, "\uFFFD")
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsPrint(r):
			return r
		}
		return -1
	}, text)

	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) > maxForeignText {
		runes = append(runes[:maxForeignText-1], '…')
	}
	return string(runes)
}

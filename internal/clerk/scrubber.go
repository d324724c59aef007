package clerk

import (
	"encoding/base64"
	"encoding/json"
	"hash/maphash"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// maxOthersText bounds what is repeated of a text that someone else wrote, in
// runes: enough for Clerk's longest message, too little to fill a screen.
const maxOthersText = 500

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
	known secretForms
}

// learn adds a secret, in every form in which it could come back.
func (s *scrubber) learn(secret Secret) {
	value := secret.Reveal()
	// A very short value would turn the texts themselves into gaps.
	if len(value) < 8 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, form := range formsOf(value) {
		s.known.add(form)
	}
}

// formsOf are the forms in which a value could come back.
func formsOf(value string) []string {
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
	return forms
}

// secretForms are the forms of all secrets. A text is searched piece by piece, for
// the lengths that forms have, so that neither learning nor searching takes longer
// for more secrets: one process may create thousands.
//
// Only hashes are kept: fmt shows what a struct holds, see Secret. An innocent text
// of the same hash would be redacted, which happens once in 2^64.
type secretForms struct {
	seed    maphash.Seed
	hashes  map[uint64]bool
	lengths []int // of the forms, the longest first
}

func (f *secretForms) add(form string) {
	if f.hashes == nil {
		f.seed, f.hashes = maphash.MakeSeed(), make(map[uint64]bool)
	}
	f.hashes[maphash.String(f.seed, form)] = true
	descending := func(a, b int) int { return b - a }
	if i, known := slices.BinarySearchFunc(f.lengths, len(form), descending); !known {
		f.lengths = slices.Insert(f.lengths, i, len(form))
	}
}

// redact replaces every form in a text. One that contains another goes as a whole,
// because the longest go first.
func (f *secretForms) redact(text string) string {
	for _, length := range f.lengths {
		for from := 0; from+length <= len(text); {
			if !f.hashes[maphash.String(f.seed, text[from:from+length])] {
				from++
				continue
			}
			text = text[:from] + redacted + text[from+length:]
			from += len(redacted)
		}
	}
	return text
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
// most maxOthersText runes long.
func (s *scrubber) clean(text string) string {
	// Twice, because what oneLine leaves out may have kept the parts of a secret
	// apart.
	runes := []rune(s.redact(oneLine(s.redact(text))))
	if len(runes) > maxOthersText {
		runes = append(runes[:maxOthersText-1], '…')
	}
	return string(runes)
}

// Learn adds a secret that this client did not receive itself, so that Scrub and error
// texts hide it.
func (c *Client) Learn(secret Secret) { c.scrubber.learn(secret) }

// Scrub returns a text that someone else wrote, such as a value in Clerk's answer,
// in a form that may be shown: without secrets, on one line and not long.
func (c *Client) Scrub(text string) string { return c.scrubber.clean(text) }

func (s *scrubber) redact(text string) string {
	s.mu.RLock()
	text = s.known.redact(text)
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

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

// Bounds of the scrubber: the most runes of a text that someone else wrote, enough for
// Clerk's longest message, and the fewest bytes of a secret. A shorter secret would turn
// the texts themselves into gaps.
const (
	maxOthersText  = 500
	minSecretBytes = 8
)

// Shapes of secrets whose values are not known here.
var (
	shapes = regexp.MustCompile(`\bsk_(live|test)_[A-Za-z0-9_\-]+|` +
		`\b(?i:bearer)\s+[^\s"',;]+|(?i:age-secret-key-)[A-Za-z0-9-]+`)
	urlCredentials = regexp.MustCompile(`://[^/\s]*@`)
)

// scrubber removes secrets from texts that come from outside: Clerk's messages, errors
// of the transport. No text of this module holds a secret on purpose. The scrubber is the
// second line of defence, against a server or a proxy that echoes what it was sent.
//
// It keeps hashes by length, so that fmt cannot show what it holds (see Secret), and so
// that a process that creates thousands of secrets does not become slow.
type scrubber struct {
	mu      sync.RWMutex
	seed    maphash.Seed
	hashes  map[uint64]bool
	lengths []int // of the forms of all secrets, the longest first
}

// learn adds a secret, in every form in which it could come back.
func (s *scrubber) learn(secret Secret) {
	value := secret.Reveal()
	if len(value) < minSecretBytes {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hashes == nil {
		s.seed, s.hashes = maphash.MakeSeed(), make(map[uint64]bool)
	}
	inJSON, _ := json.Marshal(value)
	forms := []string{
		value, strings.Trim(string(inJSON), `"`), url.QueryEscape(value), url.PathEscape(value),
	}
	// In base64 of a longer text (HTTP Basic), the digits depend on how many bytes stand
	// before the secret, modulo 3. At its ends a digit holds bits of other bytes too.
	for shift := range 3 {
		padded := append(make([]byte, shift), value...)
		from, to := (shift*8+5)/6, len(padded)*8/6
		forms = append(forms, base64.RawStdEncoding.EncodeToString(padded)[from:to],
			base64.RawURLEncoding.EncodeToString(padded)[from:to])
	}
	for _, form := range forms {
		s.hashes[maphash.String(s.seed, form)] = true
		descending := func(a, b int) int { return b - a }
		if i, known := slices.BinarySearchFunc(s.lengths, len(form), descending); !known {
			s.lengths = slices.Insert(s.lengths, i, len(form))
		}
	}
}

// clean returns text without secrets and control characters, on one line and at most
// maxOthersText runes long. It redacts twice, because what oneLine leaves out may have
// kept the parts of a secret apart.
func (s *scrubber) clean(text string) string {
	runes := []rune(s.redact(oneLine(s.redact(text))))
	if len(runes) > maxOthersText {
		runes = append(runes[:maxOthersText-1], '…')
	}
	return string(runes)
}

func (s *scrubber) redact(text string) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, length := range s.lengths {
		for from := 0; from+length <= len(text); from++ {
			if s.hashes[maphash.String(s.seed, text[from:from+length])] {
				text = text[:from] + redacted + text[from+length:]
				from += len(redacted) - 1
			}
		}
	}
	text = urlCredentials.ReplaceAllLiteralString(text, "://"+redacted+"@")
	return shapes.ReplaceAllLiteralString(text, redacted)
}

// oneLine turns all white space into single blanks, and leaves out what cannot be seen.
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

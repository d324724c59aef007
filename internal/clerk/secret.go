package clerk

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
)

const redacted = "[redacted]"

// Secret is a value that must never be shown: a secret key or a client secret. It prints as
// "[redacted]" in every fmt verb, as JSON, as text and in slog; only Reveal gives the value.
//
// The value sits behind a pointer because fmt does not call methods on unexported struct
// fields: %+v of a struct would print a plain string, and shows an address of a pointer.
type Secret struct {
	value *string
}

// NewSecret wraps value.
func NewSecret(value string) Secret { return Secret{value: &value} }

// Reveal returns the value itself. Each call is a place where a secret leaves this type.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsEmpty reports whether there is no value, or the empty string that Clerk sends as the
// client secret of a public client.
func (s Secret) IsEmpty() bool { return s.Reveal() == "" }

// String implements fmt.Stringer.
func (s Secret) String() string { return redacted }

// Format implements fmt.Formatter, so that no verb reaches the value.
func (s Secret) Format(state fmt.State, _ rune) { _, _ = state.Write([]byte(redacted)) }

// MarshalText implements encoding.TextMarshaler, for JSON too.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue implements slog.LogValuer.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// Errors of ParseSecretKey. None of them holds any part of the key.
var (
	ErrKeyMissing     = errors.New("there is no secret key")
	ErrKeyPublishable = errors.New("this is a publishable key (pk_…), not a secret key (sk_…)")
	ErrKeyMalformed   = errors.New(
		"the secret key holds white space, a control character or a character outside ASCII")
	ErrKeyQuoted      = errors.New("the secret key holds a quotation mark")
	ErrKeyAssignment  = errors.New("the value is a whole assignment (NAME=key), not the key alone")
	ErrKeyPlaceholder = errors.New("this is the placeholder of an example, not a secret key")
)

var (
	keyAssignment  = regexp.MustCompile(`^(export\s+)?[A-Za-z_][A-Za-z0-9_]*\s*=\s*["']?(sk|pk)_`)
	keyPlaceholder = regexp.MustCompile(`^sk_(test|live)_(\.*|…|x+|X+|\*+|<.*>)$`)
)

// ParseSecretKey takes a secret key as a person or a pipeline supplies it: surrounding
// white space is trimmed, because files and pipes add line ends. Beyond that it rejects
// only what cannot be a key: Clerk documents neither the length nor the alphabet of a key.
func ParseSecretKey(raw string) (Secret, error) {
	key := strings.TrimSpace(raw)
	switch {
	case key == "":
		return Secret{}, ErrKeyMissing
	case keyPlaceholder.MatchString(key):
		return Secret{}, ErrKeyPlaceholder
	case keyAssignment.MatchString(key):
		return Secret{}, ErrKeyAssignment
	case strings.ContainsAny(key, "\"'`“”‘’"):
		return Secret{}, ErrKeyQuoted
	case strings.ContainsFunc(key, notVisibleASCII):
		return Secret{}, ErrKeyMalformed
	case strings.HasPrefix(key, "pk_"):
		return Secret{}, ErrKeyPublishable
	}
	return NewSecret(key), nil
}

// notVisibleASCII reports whether a character is anything but a letter, a digit or a sign
// of ASCII: white space too.
func notVisibleASCII(r rune) bool { return r <= ' ' || r > '~' }

// IsProductionKey reports whether the key is that of a production instance.
func IsProductionKey(key Secret) bool { return strings.HasPrefix(key.Reveal(), "sk_live_") }

// isDevelopmentKey reports whether the key is that of a development instance.
func isDevelopmentKey(key Secret) bool { return strings.HasPrefix(key.Reveal(), "sk_test_") }

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

// scrubber removes secrets from texts that come from outside: Clerk's messages, errors of
// the transport. No text of this module holds a secret on purpose. The scrubber is the
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
// kept the parts of a secret apart. Shapes come last: they could match one of the parts.
func (s *scrubber) clean(text string) string {
	text = s.redact(oneLine(s.redact(text)))
	text = urlCredentials.ReplaceAllLiteralString(text, "://"+redacted+"@")
	runes := []rune(shapes.ReplaceAllLiteralString(text, redacted))
	if len(runes) > maxOthersText {
		runes = append(runes[:maxOthersText-1], '…')
	}
	return string(runes)
}

// redact replaces the secrets whose values are known.
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
	return text
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

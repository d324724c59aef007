package clerk

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
)

const redacted = "[redacted]"

// Secret is a value that must never be shown: a secret key or a client secret.
// It prints as "[redacted]" in every fmt verb, as JSON, as text and in slog;
// only Reveal gives the value.
//
// The value sits behind a pointer because fmt does not call methods on
// unexported struct fields: a plain string would be printed by %+v of any
// struct that holds a Secret in such a field, a pointer shows an address.
type Secret struct {
	value *string
}

// NewSecret wraps value.
func NewSecret(value string) Secret {
	return Secret{value: &value}
}

// Reveal returns the value itself. Each call site is a place where a secret
// leaves this type, and a test holds the list of them.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsEmpty reports whether there is no value, or the empty string that Clerk
// sends as the client secret of a public client.
func (s Secret) IsEmpty() bool {
	return s.value == nil || *s.value == ""
}

// String implements fmt.Stringer.
func (s Secret) String() string { return redacted }

// GoString implements fmt.GoStringer.
func (s Secret) GoString() string { return redacted }

// Format implements fmt.Formatter, so that no verb reaches the value.
func (s Secret) Format(state fmt.State, _ rune) {
	_, _ = state.Write([]byte(redacted))
}

// MarshalJSON implements json.Marshaler.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(redacted) }

// MarshalText implements encoding.TextMarshaler.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue implements slog.LogValuer.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// Errors of ParseSecretKey. None of them holds any part of the key.
var (
	// ErrKeyMissing: there is no key, or nothing but white space.
	ErrKeyMissing = errors.New("there is no secret key")
	// ErrKeyPublishable: the key is the publishable one, which browsers use.
	ErrKeyPublishable = errors.New("this is a publishable key (pk_…), not a secret key (sk_…)")
	// ErrKeyMalformed: the key holds a character that no key has and that an
	// HTTP header could not carry.
	ErrKeyMalformed = errors.New(
		"the secret key holds white space, a control character or a character outside ASCII")
	// ErrKeyQuoted: the quotation marks of a shell or of a .env file came along.
	ErrKeyQuoted = errors.New("the secret key holds a quotation mark")
	// ErrKeyAssignment: a whole line of a shell script or of a .env file.
	ErrKeyAssignment = errors.New("the value is a whole assignment (NAME=key), not the key alone")
	// ErrKeyPlaceholder: the example of a documentation page.
	ErrKeyPlaceholder = errors.New("this is the placeholder of an example, not a secret key")
)

// Prefixes of Clerk's keys.
const (
	publishablePrefix = "pk_"
	developmentPrefix = "sk_test_"
	productionPrefix  = "sk_live_"
)

var (
	keyAssignment  = regexp.MustCompile(`^(export\s+)?[A-Za-z_][A-Za-z0-9_]*\s*=\s*["']?(sk|pk)_`)
	keyPlaceholder = regexp.MustCompile(`^sk_(test|live)_(\.*|…|x+|X+|\*+|<.*>)$`)
)

// ParseSecretKey takes a secret key as a person or a pipeline supplies it:
// surrounding white space is trimmed, because files and pipes add line ends.
// Beyond that it rejects only what cannot be a key: Clerk documents neither the
// length nor the alphabet of a key.
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
	case strings.HasPrefix(key, publishablePrefix):
		return Secret{}, ErrKeyPublishable
	}
	return NewSecret(key), nil
}

// IsProductionKey reports whether the key is that of a production instance.
func IsProductionKey(key Secret) bool {
	return strings.HasPrefix(key.Reveal(), productionPrefix)
}

// isDevelopmentKey reports whether the key is that of a development instance, for
// which Clerk allows a tenth of the requests of a production instance.
func isDevelopmentKey(key Secret) bool {
	return strings.HasPrefix(key.Reveal(), developmentPrefix)
}

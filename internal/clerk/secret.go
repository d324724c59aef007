package clerk

import (
	"encoding/json"
	"fmt"
	"log/slog"
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

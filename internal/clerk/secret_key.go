package clerk

import (
	"errors"
	"strings"
)

// Errors of ParseSecretKey. None of them holds any part of the key.
var (
	// ErrKeyMissing: there is no key, or nothing but white space.
	ErrKeyMissing = errors.New("the secret key is empty")
	// ErrKeyPublishable: the key is the publishable one, which browsers use.
	ErrKeyPublishable = errors.New("this is a publishable key (pk_…), not a secret key (sk_…)")
	// ErrKeyMalformed: the key holds a character that no key has and that an
	// HTTP header could not carry.
	ErrKeyMalformed = errors.New("the secret key holds white space, a control character or a character outside ASCII")
)

// Prefixes of Clerk's keys.
const (
	publishablePrefix = "pk_"
	developmentPrefix = "sk_test_"
)

// ParseSecretKey takes a secret key as a person or a pipeline supplies it:
// surrounding white space is trimmed, because files and pipes add line ends.
// Beyond that only what cannot be a key is refused; Clerk documents neither the
// length nor the alphabet of one.
func ParseSecretKey(raw string) (Secret, error) {
	key := strings.TrimSpace(raw)
	switch {
	case key == "":
		return Secret{}, ErrKeyMissing
	case strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }):
		return Secret{}, ErrKeyMalformed
	case strings.HasPrefix(key, publishablePrefix):
		return Secret{}, ErrKeyPublishable
	}
	return NewSecret(key), nil
}

// isDevelopmentKey tells whether the key is one of a development instance, for
// which Clerk allows a tenth of the requests of a production one.
func isDevelopmentKey(key Secret) bool {
	return strings.HasPrefix(key.Reveal(), developmentPrefix)
}

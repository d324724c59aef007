package clerk

import (
	"errors"
	"regexp"
	"strings"
)

// Errors of ParseSecretKey. None of them holds any part of the key.
var (
	// ErrKeyMissing: there is no key, or nothing but white space.
	ErrKeyMissing = errors.New("there is no secret key")
	// ErrKeyPublishable: the key is the publishable one, which browsers use.
	ErrKeyPublishable = errors.New("this is a publishable key (pk_…), not a secret key (sk_…)")
	// ErrKeyMalformed: the key holds a character that no key has and that an
	// HTTP header could not carry.
	ErrKeyMalformed = errors.New("the secret key holds white space, a control character or a character outside ASCII")
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
	case strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }):
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

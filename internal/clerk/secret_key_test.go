package clerk_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

func TestParseSecretKey(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"sk_test_abc":             "sk_test_abc",
		"sk_live_abc":             "sk_live_abc",
		" sk_test_abc\r\n":        "sk_test_abc",
		"\t\vsk_test_abc\u00a0":   "sk_test_abc",
		"any-other.shape/of+key=": "any-other.shape/of+key=",
	} {
		key, err := clerk.ParseSecretKey(raw)
		noError(t, err)
		equal(t, "key", key.Reveal(), want)
	}
	for raw, want := range map[string]error{
		"":                                      clerk.ErrKeyMissing,
		" \n\t":                                 clerk.ErrKeyMissing,
		"pk_test_c2VjcmV0":                      clerk.ErrKeyPublishable,
		"pk_live_c2VjcmV0":                      clerk.ErrKeyPublishable,
		"sk_test_...":                           clerk.ErrKeyPlaceholder,
		"sk_live_…":                             clerk.ErrKeyPlaceholder,
		"sk_test_":                              clerk.ErrKeyPlaceholder,
		"sk_test_xxxxxxxx":                      clerk.ErrKeyPlaceholder,
		"sk_live_<your key>":                    clerk.ErrKeyPlaceholder,
		`"sk_test_abc"`:                         clerk.ErrKeyQuoted,
		"'sk_test_abc'":                         clerk.ErrKeyQuoted,
		"“sk_test_abc”":                         clerk.ErrKeyQuoted,
		`sk_test_abc"`:                          clerk.ErrKeyQuoted,
		"CLERK_SECRET_KEY=sk_test_abc":          clerk.ErrKeyAssignment,
		`export CLERK_SECRET_KEY="sk_test_abc"`: clerk.ErrKeyAssignment,
		"CLERK_SECRET_KEY = sk_live_abc":        clerk.ErrKeyAssignment,
		"sk_test_a b":                           clerk.ErrKeyMalformed,
		"sk_test_a\nb":                          clerk.ErrKeyMalformed,
		"sk_test_a\r\nX-Header:b":               clerk.ErrKeyMalformed,
		"sk_test_a\x00b":                        clerk.ErrKeyMalformed,
		"sk_test_a\x7fb":                        clerk.ErrKeyMalformed,
		"sk_test_ключ":                          clerk.ErrKeyMalformed,
		"sk_test_a\u200bb":                      clerk.ErrKeyMalformed,
	} {
		key, err := clerk.ParseSecretKey(raw)
		equal(t, "error of a key", errors.Is(err, want), true)
		equal(t, "key", key.Reveal(), "")
		if rest, found := strings.CutPrefix(raw, "sk_test_"); found && rest != "" && strings.Contains(err.Error(), rest) {
			t.Errorf("the error shows the key: %v", err)
		}
	}
}

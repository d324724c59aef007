package clerk_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

// holder has a secret wherever a struct can have one.
type holder struct {
	Exported   clerk.Secret
	unexported clerk.Secret
	Pointer    *clerk.Secret
	pointer    *clerk.Secret
	List       []clerk.Secret
	list       []clerk.Secret
	Map        map[string]clerk.Secret
	keys       map[clerk.Secret]bool
	Any        any
	any        any
	Nested     struct{ inner struct{ secret clerk.Secret } }
}

func newHolder(secret clerk.Secret) holder {
	h := holder{
		Exported: secret, unexported: secret, Pointer: &secret, pointer: &secret, List: []clerk.Secret{secret}, list: []clerk.Secret{secret},
		Map: map[string]clerk.Secret{"key": secret}, keys: map[clerk.Secret]bool{secret: true}, Any: secret, any: secret,
	}
	h.Nested.inner.secret = secret
	return h
}

func TestSecretIsHidden(t *testing.T) {
	t.Parallel()
	secret := clerk.NewSecret(canary)
	h, client := newHolder(secret), clerk.New(clerk.Config{SecretKey: secret})
	for name, value := range map[string]any{
		"secret": secret, "pointer": &secret, "holder": h, "pointer to a holder": &h, "list": []any{h}, "client": client,
		"creation": clerk.Creation{ClientSecret: secret}, "rotation": &clerk.Rotation{ClientSecret: secret}, "config": clerk.Config{SecretKey: secret},
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%#x", "%d", "%b", "%o", "%c", "%U", "%e", "%t", "%p", "%10.3s", "%-40s", "%T", "%!"} {
			assertHidden(t, name+" by "+verb, fmt.Sprintf(verb, value), canary)
		}
		assertHidden(t, name+" by Println", fmt.Sprintln("a", value), canary)
		if encoded, err := json.Marshal(value); err == nil {
			assertHidden(t, name+" as JSON", string(encoded), canary)
		}
		var log bytes.Buffer
		for _, handler := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
			slog.New(handler).With("with", value).WithGroup("group").Info("message", "attr", value, slog.Group("nested", "inner", value))
		}
		assertHidden(t, name+" in a log", log.String(), canary)
		func() {
			defer func() {
				assertHidden(t, name+" in a panic", fmt.Sprintf("%v %+v %s", recover(), value, debug.Stack()), canary)
			}()
			panic(value)
		}()
	}
	text, err := secret.MarshalText()
	noError(t, err)
	equal(t, "text", string(text)+secret.String(), strings.Repeat("[redacted]", 2))
	equal(t, "verbs", fmt.Sprintf("%v %+v %#v %s %q %x %d", secret, secret, secret, secret, secret, secret, secret), strings.TrimSpace(strings.Repeat("[redacted] ", 7)))
	encoded, err := json.Marshal(map[string]any{"a": secret})
	noError(t, err)
	equal(t, "JSON", string(encoded), `{"a":"[redacted]"}`)
}

func TestSecretValues(t *testing.T) {
	t.Parallel()
	equal(t, "revealed", clerk.NewSecret("value").Reveal(), "value")
	equal(t, "none revealed", clerk.Secret{}.Reveal(), "")
	equal(t, "none is empty", clerk.Secret{}.IsEmpty() && clerk.NewSecret("").IsEmpty(), true)
	equal(t, "another is not", clerk.NewSecret("x").IsEmpty(), false)
}

func TestParseSecretKey(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"sk_test_abc": "sk_test_abc", " sk_live_abc\r\n": "sk_live_abc", "\t\vsk_test_abc\u00a0": "sk_test_abc", "any-other.shape/of+key=": "any-other.shape/of+key=",
	} {
		key, err := clerk.ParseSecretKey(raw)
		noError(t, err)
		equal(t, "key", key.Reveal(), want)
		equal(t, "is of production", clerk.IsProductionKey(key), strings.HasPrefix(want, "sk_live_"))
	}
	for raw, want := range map[string]error{
		"": clerk.ErrKeyMissing, " \n\t": clerk.ErrKeyMissing,
		"pk_test_c2VjcmV0": clerk.ErrKeyPublishable, "pk_live_c2VjcmV0": clerk.ErrKeyPublishable,
		"sk_test_...": clerk.ErrKeyPlaceholder, "sk_live_…": clerk.ErrKeyPlaceholder, "sk_test_": clerk.ErrKeyPlaceholder, "sk_test_xxxxxxxx": clerk.ErrKeyPlaceholder, "sk_live_<your key>": clerk.ErrKeyPlaceholder,
		`"sk_test_abc"`: clerk.ErrKeyQuoted, "'sk_test_abc'": clerk.ErrKeyQuoted, "“sk_test_abc”": clerk.ErrKeyQuoted, `sk_test_abc"`: clerk.ErrKeyQuoted,
		"CLERK_SECRET_KEY=sk_test_abc": clerk.ErrKeyAssignment, `export CLERK_SECRET_KEY="sk_test_abc"`: clerk.ErrKeyAssignment, "CLERK_SECRET_KEY = sk_live_abc": clerk.ErrKeyAssignment,
		"sk_test_a b": clerk.ErrKeyMalformed, "sk_test_a\r\nX-Header:b": clerk.ErrKeyMalformed, "sk_test_a\x00b": clerk.ErrKeyMalformed, "sk_test_ключ": clerk.ErrKeyMalformed, "sk_test_a\u200bb": clerk.ErrKeyMalformed,
	} {
		key, err := clerk.ParseSecretKey(raw)
		equal(t, "error of "+raw, errors.Is(err, want), true)
		equal(t, "key", key.Reveal(), "")
		if rest, found := strings.CutPrefix(raw, "sk_test_"); found && rest != "" && strings.Contains(err.Error(), rest) {
			t.Errorf("the error shows the key: %v", err)
		}
	}
}

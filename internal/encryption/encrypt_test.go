package encryption

import (
	"errors"
	"strings"
	"testing"
)

func TestCheckRecipients(t *testing.T) {
	t.Parallel()
	key, sshKey := ageKey(t), ed25519Key(t)
	for name, test := range map[string]struct{ text, says string }{
		"an age recipient":             {key.recipient, ""},
		"a post-quantum recipient":     {postQuantumKey(t).recipient, ""},
		"an SSH public key":            {sshKey.recipient, ""},
		"a file with a BOM":            {"\ufeff# laptop\r\n" + key.recipient + "\r\n", ""},
		"an age identity":              {key.identity, "private key"},
		"an age identity, lower case":  {strings.ToLower(key.identity), "private key"},
		"an SSH private key":           {sshKey.identity, "private key"},
		"an SSH private key on a line": {strings.ReplaceAll(sshKey.identity, "\n", " "), "private key"},
		"a plugin's identity":          {"AGE-PLUGIN-YUBIKEY-1QQPQYQGZ", "private key"},
		"a plugin's recipient":         {"age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t", "age-plugin-yubikey"},
		"a recipient cut off":          {key.recipient[:40], "cut off"},
		"nothing":                      {" \n", "empty"},
		"a comment alone":              {"# laptop", "empty"},
		"two in one":                   {key.recipient + "\n" + key.recipient, "element of its own"},
		"an SSH key of another kind":   {"ssh-dss AAAAB3NzaC1kc3MAAACBAP", "ssh-ed25519 or ssh-rsa"},
		"a broken SSH key":             {"ssh-ed25519 AAAAC3NzaC1lZDI1", "ssh-ed25519 or ssh-rsa"},
		"something else":               {"sk_test_canary", "not a recipient"},
	} {
		err := CheckRecipients([]string{key.recipient, test.text})
		if _, single := Encrypt("s3cret", []string{test.text}); (single == nil) != (err == nil) {
			t.Errorf("%s: Encrypt says %v", name, single)
		}
		if test.says == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: got %v, want %q", name, err, test.says)
			continue
		}
		for _, piece := range []string{
			key.identity[20:40], strings.ToLower(key.identity[20:40]), sshKey.identity[60:90], "QQPQYQGZ", "canary",
		} {
			if strings.Contains(err.Error(), piece) {
				t.Errorf("%s: the error holds a piece of what may be secret: %v", name, err)
			}
		}
	}
}

// A private key among the recipients is the only error: another one may quote a recipient.
func TestCheckRecipientsTogether(t *testing.T) {
	t.Parallel()
	key := ageKey(t)
	broken := key.recipient[:40]
	err := CheckRecipients([]string{broken, "ssh-dss AAAA"})
	if err == nil || !strings.Contains(err.Error(), broken) || !strings.Contains(err.Error(), "ssh-dss") {
		t.Errorf("not both are named: %v", err)
	}
	if err := CheckRecipients([]string{broken, key.identity}); !errors.Is(err, ErrPrivateKey) || strings.Contains(err.Error(), broken) {
		t.Errorf("got %v", err)
	}
}

func TestNormalRecipient(t *testing.T) {
	t.Parallel()
	key, sshKey := ageKey(t), ed25519Key(t)
	bare := strings.Join(strings.Fields(sshKey.recipient)[:2], " ")
	for text, want := range map[string]string{
		key.recipient:                              key.recipient,
		"\t" + key.recipient + "\r\n":              key.recipient,
		"\ufeff" + key.recipient:                   key.recipient,
		"# laptop\n" + key.recipient + " # mine\n": key.recipient,
		sshKey.recipient:                           bare,
		bare:                                       bare,
		"one\ntwo":                                 "one\ntwo",
	} {
		if got := NormalRecipient(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

package provider

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/secrettest"
)

func lockedSSHKey(t *testing.T) string {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	block, err := ssh.MarshalPrivateKeyWithPassphrase(key, "", []byte("passphrase"))
	must(t, err)
	return string(pem.EncodeToMemory(block))
}

func TestParseRecipientRefuses(t *testing.T) {
	t.Parallel()
	key, sshKey := secrettest.NewKey(t), secrettest.NewSSHKey(t, "ed25519")
	for name, test := range map[string]struct{ text, says string }{
		"an age identity":              {key.Identity, "private key"},
		"an age identity, lower case":  {strings.ToLower(key.Identity), "private key"},
		"an SSH private key":           {sshKey.Identity, "private key"},
		"an SSH private key on a line": {strings.ReplaceAll(sshKey.Identity, "\n", " "), "private key"},
		"a plugin's identity":          {"AGE-PLUGIN-YUBIKEY-1QQPQYQGZ", "private key"},
		"a plugin's recipient":         {"age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t", "age-plugin-yubikey"},
		"a recipient cut off":          {key.Recipient[:40], "cut off"},
		"nothing":                      {" \n", "empty"},
		"a comment alone":              {"# laptop", "empty"},
		"two in one":                   {key.Recipient + "\n" + key.Recipient, "element of its own"},
		"an SSH key of another kind":   {"ssh-dss AAAAB3NzaC1kc3MAAACBAP", "ssh-ed25519 or ssh-rsa"},
		"a broken SSH key":             {"ssh-ed25519 AAAAC3NzaC1lZDI1", "ssh-ed25519 or ssh-rsa"},
		"something else":               {"sk_test_canary", "neither"},
	} {
		_, err := parseRecipient(test.text)
		switch {
		case err == nil:
			t.Errorf("%s was taken", name)
		case !strings.Contains(err.Error(), test.says):
			t.Errorf("%s: %v", name, err)
		}
		for _, piece := range []string{key.Identity[20:40], strings.ToLower(key.Identity[20:40]), sshKey.Identity[60:90], "QQPQYQGZ", "canary"} {
			if err != nil && strings.Contains(err.Error(), piece) {
				t.Errorf("%s: the error holds a piece of what may be secret: %v", name, err)
			}
		}
	}
}

func TestNormalRecipient(t *testing.T) {
	t.Parallel()
	key, sshKey := secrettest.NewKey(t), secrettest.NewSSHKey(t, "ed25519")
	bare := strings.Join(strings.Fields(sshKey.Recipient)[:2], " ")
	for text, want := range map[string]string{
		key.Recipient:                              key.Recipient,
		"\t" + key.Recipient + "\r\n":              key.Recipient,
		"# laptop\n" + key.Recipient + " # mine\n": key.Recipient,
		sshKey.Recipient:                           bare,
		bare:                                       bare,
	} {
		if got := normalRecipient(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

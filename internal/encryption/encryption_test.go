package encryption

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"errors"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/armor"
	"golang.org/x/crypto/ssh"
)

// keyPair is a recipient and its identity, as the programs write them.
type keyPair struct{ recipient, identity string }

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func ageKey() keyPair {
	identity := must(age.GenerateX25519Identity())
	return keyPair{identity.Recipient().String(), identity.String()}
}

func postQuantumKey() keyPair {
	identity := must(age.GenerateHybridIdentity())
	return keyPair{identity.Recipient().String(), identity.String()}
}

func sshKey(public, private any) keyPair {
	key := string(ssh.MarshalAuthorizedKey(must(ssh.NewPublicKey(public))))
	block := must(ssh.MarshalPrivateKey(private, "laptop"))
	return keyPair{strings.TrimSpace(key) + " laptop\n", string(pem.EncodeToMemory(block))}
}

func ed25519Key() keyPair {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	return sshKey(must(private, err).Public(), private)
}

func encrypted(plaintext string, to ...string) string { return must(Encrypt(plaintext, to)) }

func TestDecrypt(t *testing.T) {
	t.Parallel()
	one, quantum, edKey := ageKey(), postQuantumKey(), ed25519Key()
	rsaPrivate := must(rsa.GenerateKey(rand.Reader, 2048))
	rsaKey := sshKey(rsaPrivate.Public(), rsaPrivate)
	forOne := encrypted("s3cret", one.recipient)
	indented := "    " + strings.ReplaceAll(strings.TrimSpace(edKey.identity), "\n", "\r\n    ") + "\r\n"
	keyFile := "# created: 2026-05-01T10:00:00Z\r\n# public key: " + one.recipient + "\r\n" + one.identity + "\r\n"
	for name, test := range map[string]struct{ ciphertext, identity string }{
		"one recipient":              {forOne, one.identity},
		"post-quantum":               {encrypted("s3cret", quantum.recipient), quantum.identity},
		"an SSH key, ed25519":        {encrypted("s3cret", edKey.recipient), edKey.identity},
		"an SSH key, RSA":            {encrypted("s3cret", rsaKey.recipient, one.recipient), rsaKey.identity},
		"an indented SSH key":        {encrypted("s3cret", edKey.recipient), indented},
		"SSH and age identities":     {forOne, one.identity + "\n# SSH\n" + rsaKey.identity},
		"a recipient with a comment": {encrypted("s3cret", " "+one.recipient+" # laptop\n"), one.identity},
		"identities of both kinds":   {encrypted("s3cret", quantum.recipient), quantum.identity + "\n\n" + one.identity},
		"a byte order mark":          {"\ufeff" + forOne, "\ufeff" + keyFile},
		"white space around":         {"\n  " + forOne + "\n\n", "\t " + one.identity + " \n"},
		"line ends of Windows":       {strings.ReplaceAll(forOne, "\n", "\r\n"), one.identity},
	} {
		identities, err := ParseIdentities(test.identity)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got, err := Decrypt(test.ciphertext, identities); err != nil || got != "s3cret" {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
}

func TestDecryptRefuses(t *testing.T) {
	t.Parallel()
	mine := ageKey()
	whole := encrypted("s3cret", mine.recipient)
	lines := strings.SplitAfter(strings.TrimSpace(whole), "\n")
	without := func(i int) string { return strings.Join(slices.Delete(slices.Clone(lines), i, i+1), "") }
	// Before the last line are the recipients' parts; a change there looks like another recipient.
	changed := slices.Clone(lines)
	last := &changed[len(lines)-2]
	*last = strings.Repeat("A", len(*last)-1) + "\n"
	for name, test := range map[string]struct {
		ciphertext string
		want       error
	}{
		"nothing":            {"", errCiphertextForm},
		"a binary age file":  {"age-encryption.org/v1\n-> X25519 x\n", errCiphertextForm},
		"another recipient":  {encrypted("s3cret", ageKey().recipient), ErrOtherIdentity},
		"no end":             {without(len(lines) - 1), errCiphertextBroken},
		"no middle":          {without(len(lines) / 2), errCiphertextBroken},
		"another last line":  {strings.Join(changed, ""), errCiphertextBroken},
		"on one line":        {strings.ReplaceAll(whole, "\n", " "), errCiphertextBroken},
		"text at the end":    {whole + "and more", errCiphertextBroken},
		"no text inside":     {encrypted("\xff\xfe\x00", mine.recipient), errPlaintextNoText},
		"much too long":      {encrypted(strings.Repeat("a", maxBytes), mine.recipient), errTooLong},
		"only armour around": {armor.Header + "\nc29tZSB0ZXh0\n" + armor.Footer + "\n", errCiphertextBroken},
	} {
		identities := must(ParseIdentities(mine.identity))
		if got, err := Decrypt(test.ciphertext, identities); !errors.Is(err, test.want) || got != "" {
			t.Errorf("%s: got %q, %v; want %v", name, got, err, test.want)
		}
	}
}

func TestParseIdentitiesRefuses(t *testing.T) {
	t.Parallel()
	key := ageKey()
	broken := key.identity[:len(key.identity)-1]
	_, private, _ := ed25519.GenerateKey(rand.Reader)
	locked := must(ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte("passphrase")))
	for name, test := range map[string]struct{ text, says string }{
		"nothing":              {"", errIdentityMissing.Error()},
		"comments only":        {"# public key: " + key.recipient, errIdentityMissing.Error()},
		"the recipient":        {key.recipient, errIdentityRecipient.Error()},
		"too long":             {strings.Repeat("#\n", maxBytes/2+1) + key.identity, errTooLong.Error()},
		"a character too few":  {broken, "line 1 "},
		"lower case":           {strings.ToLower(key.identity), "line 1 "},
		"two on a line":        {key.identity + " " + key.identity, "line 1 "},
		"one good and one bad": {key.identity + "\n" + broken, "line 2 "},
		"a plugin's":           {"AGE-PLUGIN-YUBIKEY-1QQPQYQGZ", errIdentityPlugin.Error()},
		"a broken SSH key":     {"-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbn\n-----END OPENSSH PRIVATE KEY-----", errIdentitySSH.Error()},
		"half an SSH key":      {"-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbn\n", errIdentitySSH.Error()},
		"an SSH public key":    {ed25519Key().recipient, errIdentityRecipient.Error()},
		"a locked SSH key":     {string(pem.EncodeToMemory(locked)), errIdentityLocked.Error()},
	} {
		identities, err := ParseIdentities(test.text)
		if err == nil || identities != nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: got %v", name, err)
		}
		checkHoldsNoKey(t, err, key)
	}
}

// checkHoldsNoKey fails if an error holds a piece of what may be secret.
func checkHoldsNoKey(t *testing.T, err error, keys ...keyPair) {
	t.Helper()
	pieces := []string{"QQPQYQGZ", "b3Blbn", "canary"}
	for _, key := range keys {
		pieces = append(pieces, key.identity[40:60], strings.ToLower(key.identity[40:60]))
	}
	for _, piece := range pieces {
		if err != nil && strings.Contains(err.Error(), piece) {
			t.Errorf("the error holds a piece of what may be secret: %v", err)
		}
	}
}

func TestCheckRecipients(t *testing.T) {
	t.Parallel()
	key, sshKey := ageKey(), ed25519Key()
	for name, test := range map[string]struct{ text, says string }{
		"a post-quantum recipient":     {postQuantumKey().recipient, ""},
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
		"two in one":                   {key.recipient + "\n" + key.recipient, "element of its own"},
		"an SSH key of another kind":   {"ssh-dss AAAAB3NzaC1kc3MAAACBAP", "ssh-ed25519 or ssh-rsa"},
		"a broken SSH key":             {"ssh-ed25519 AAAAC3NzaC1lZDI1", "ssh-ed25519 or ssh-rsa"},
		"something else":               {"sk_test_canary", "not a recipient"},
	} {
		err := CheckRecipients([]string{key.recipient, test.text})
		if (err == nil) != (test.says == "") || err != nil && !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: got %v, want %q", name, err, test.says)
		}
		if _, single := Encrypt("s3cret", []string{test.text}); (single == nil) != (err == nil) {
			t.Errorf("%s: Encrypt says %v", name, single)
		}
		checkHoldsNoKey(t, err, key, sshKey)
	}

	// All wrong recipients are named, and none of them beside a private key.
	broken := key.recipient[:40]
	err := CheckRecipients([]string{broken, "ssh-dss AAAA"})
	if err == nil || !strings.Contains(err.Error(), broken) || !strings.Contains(err.Error(), "ssh-dss") {
		t.Errorf("not both are named: %v", err)
	}
	if err := CheckRecipients([]string{broken, key.identity}); !errors.Is(err, ErrPrivateKey) ||
		strings.Contains(err.Error(), broken) {
		t.Errorf("got %v", err)
	}
}

func TestNormalRecipient(t *testing.T) {
	t.Parallel()
	key, sshKey := ageKey().recipient, ed25519Key().recipient
	bare := strings.Join(strings.Fields(sshKey)[:2], " ")
	for text, want := range map[string]string{
		key: key, "\t" + key + "\r\n": key, "\ufeff" + key: key, "# laptop\n" + key + " # mine\n": key,
		sshKey: bare, bare: bare, "one\ntwo": "one\ntwo",
	} {
		if got := NormalRecipient(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

func FuzzDecrypt(f *testing.F) {
	key := ageKey()
	whole := encrypted("s3cret", key.recipient)
	f.Add(whole, key.identity)
	f.Add(whole[:len(whole)/2], "# comment\n"+key.identity)
	f.Add(armor.Header+"\n"+armor.Footer, "AGE-SECRET-KEY-PQ-1")
	f.Fuzz(func(t *testing.T, ciphertext, text string) {
		identities, err := ParseIdentities(text)
		if err != nil {
			return
		}
		if got, err := Decrypt(ciphertext, identities); err == nil && ciphertext == whole && got != "s3cret" {
			t.Errorf("opened %q", got)
		}
	})
}

package encryption

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"errors"
	"fmt"
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

// decrypt decrypts with the identities of a file.
func decrypt(ciphertext, file string) (string, error) {
	identities, err := ParseIdentities(file)
	if err != nil {
		return "", err
	}
	return Decrypt(ciphertext, identities)
}

func TestDecrypt(t *testing.T) {
	t.Parallel()
	one, quantum, edKey := ageKey(), postQuantumKey(), ed25519Key()
	rsaPrivate := must(rsa.GenerateKey(rand.Reader, 2048))
	rsaKey := sshKey(rsaPrivate.Public(), rsaPrivate)
	_, private, _ := ed25519.GenerateKey(rand.Reader)
	locked := must(ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte("passphrase")))

	key, whole := one.identity, encrypted("s3cret", one.recipient)
	broken := key[:len(key)-1]
	indented := "    " + strings.ReplaceAll(strings.TrimSpace(edKey.identity), "\n", "\r\n    ") + "\r\n"
	keyFile := "# created: 2026-05-01T10:00:00Z\r\n# public key: " + one.recipient + "\r\n" + key + "\r\n"
	lines := strings.SplitAfter(strings.TrimSpace(whole), "\n")
	without := func(i int) string { return strings.Join(slices.Delete(slices.Clone(lines), i, i+1), "") }
	// Before the last line are the recipients' parts; a change there looks like another recipient.
	changed := slices.Clone(lines)
	last := &changed[len(lines)-2]
	*last = strings.Repeat("A", len(*last)-1) + "\n"

	noLine := func(line int) error { return fmt.Errorf("line %d is not an age identity", line) }
	for name, test := range map[string]struct {
		ciphertext, identity string
		want                 error // nil where the plaintext comes back
	}{
		"one recipient":              {whole, key, nil},
		"post-quantum":               {encrypted("s3cret", quantum.recipient), quantum.identity, nil},
		"an SSH key, ed25519":        {encrypted("s3cret", edKey.recipient), edKey.identity, nil},
		"an SSH key, RSA":            {encrypted("s3cret", rsaKey.recipient, one.recipient), rsaKey.identity, nil},
		"an indented SSH key":        {encrypted("s3cret", edKey.recipient), indented, nil},
		"SSH and age identities":     {whole, key + "\n# SSH\n" + rsaKey.identity, nil},
		"a recipient with a comment": {encrypted("s3cret", " "+one.recipient+" # laptop\n"), key, nil},
		"identities of both kinds":   {encrypted("s3cret", quantum.recipient), quantum.identity + "\n\n" + key, nil},
		"a byte order mark":          {"\ufeff" + whole, "\ufeff" + keyFile, nil},
		"white space around":         {"\n  " + whole + "\n\n", "\t " + key + " \n", nil},
		"line ends of Windows":       {strings.ReplaceAll(whole, "\n", "\r\n"), key, nil},

		"nothing":            {"", key, errCiphertextForm},
		"a binary age file":  {"age-encryption.org/v1\n-> X25519 x\n", key, errCiphertextForm},
		"another recipient":  {encrypted("s3cret", ageKey().recipient), key, errOtherIdentity},
		"no end":             {without(len(lines) - 1), key, errCiphertextBroken},
		"no middle":          {without(len(lines) / 2), key, errCiphertextBroken},
		"another last line":  {strings.Join(changed, ""), key, errCiphertextBroken},
		"on one line":        {strings.ReplaceAll(whole, "\n", " "), key, errCiphertextBroken},
		"text at the end":    {whole + "and more", key, errCiphertextBroken},
		"no text inside":     {encrypted("\xff\xfe\x00", one.recipient), key, errPlaintextNoText},
		"much too long":      {encrypted(strings.Repeat("a", maxBytes), one.recipient), key, errTooLong},
		"only armour around": {armor.Header + "\nc29tZSB0ZXh0\n" + armor.Footer + "\n", key, errCiphertextBroken},

		"no identity":          {whole, "", errIdentityMissing},
		"comments only":        {whole, "# public key: " + one.recipient, errIdentityMissing},
		"the recipient":        {whole, one.recipient, errIdentityRecipient},
		"an SSH public key":    {whole, edKey.recipient, errIdentityRecipient},
		"a long identity file": {whole, strings.Repeat("#\n", maxBytes/2+1) + key, errTooLong},
		"a plugin's identity":  {whole, "AGE-PLUGIN-YUBIKEY-1QQPQYQGZ", errIdentityPlugin},
		"a broken SSH key":     {whole, "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbn\n-----END OPENSSH PRIVATE KEY-----", errIdentitySSH},
		"half an SSH key":      {whole, "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbn\n", errIdentitySSH},
		"a locked SSH key":     {whole, string(pem.EncodeToMemory(locked)), errIdentityLocked},
		"a character too few":  {whole, broken, noLine(1)},
		"in lower case":        {whole, strings.ToLower(key), noLine(1)},
		"two on a line":        {whole, key + " " + key, noLine(1)},
		"one good and one bad": {whole, key + "\n" + broken, noLine(2)},
	} {
		got, err := decrypt(test.ciphertext, test.identity)
		if (err == nil) != (test.want == nil) || (err == nil) != (got == "s3cret") ||
			err != nil && (got != "" || !strings.Contains(err.Error(), test.want.Error())) {
			t.Errorf("%s: got %q, %v; want %v", name, got, err, test.want)
		}
		checkHoldsNoKey(t, err, one)
	}
}

// checkHoldsNoKey fails if an error holds a piece of what may be secret.
func checkHoldsNoKey(t *testing.T, err error, keys ...keyPair) {
	t.Helper()
	pieces := []string{"QQPQYQGZ", "b3Blbn", "canary"}
	for _, key := range keys {
		pieces = append(pieces, key.identity[40:60])
	}
	for _, piece := range pieces {
		if err != nil && strings.Contains(strings.ToLower(err.Error()), strings.ToLower(piece)) {
			t.Errorf("the error holds a piece of what may be secret: %v", err)
		}
	}
}

func TestCheckRecipients(t *testing.T) {
	t.Parallel()
	key, sshKey := ageKey(), ed25519Key()
	broken := key.recipient[:40]
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
		"a recipient cut off":          {broken, "cut off"},
		"nothing":                      {" \n", "empty"},
		"two in one":                   {key.recipient + "\n" + key.recipient, "element of its own"},
		"an SSH key of another kind":   {"ssh-dss AAAAB3NzaC1kc3MAAACBAP", "ssh-ed25519 or ssh-rsa"},
		"a broken SSH key":             {"ssh-ed25519 AAAAC3NzaC1lZDI1", "ssh-ed25519 or ssh-rsa"},
		"something else":               {"sk_test_canary", "not a recipient"},
	} {
		_, err := Encrypt("s3cret", []string{test.text})
		if (err == nil) != (test.says == "") || err != nil && !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: got %v, want %q", name, err, test.says)
		}
		// All wrong recipients are named, and none of them beside a private key.
		both := CheckRecipients([]string{broken, test.text})
		if isKey := test.says == "private key"; errors.Is(both, ErrPrivateKey) != isKey ||
			strings.Contains(both.Error(), broken) == isKey || !strings.Contains(both.Error(), test.says) {
			t.Errorf("%s beside a broken one: got %v", name, both)
		}
		checkHoldsNoKey(t, both, key, sshKey)
	}
	// Found when a secret is encrypted, the secret would be lost.
	mixed := CheckRecipients([]string{key.recipient, postQuantumKey().recipient})
	if mixed == nil || !strings.Contains(mixed.Error(), "can't mix") {
		t.Errorf("recipients that age does not combine: got %v", mixed)
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
		if got, err := decrypt(ciphertext, text); err == nil && ciphertext == whole && got != "s3cret" {
			t.Errorf("opened %q", got)
		}
	})
}

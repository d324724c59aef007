package secrettest

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"io"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"filippo.io/age/armor"
	"golang.org/x/crypto/ssh"
)

// A Key is a pair of keys, as an age or an SSH key file has them: the recipient, to
// whom secrets are encrypted, and the identity, which decrypts them.
type Key struct{ Recipient, Identity string }

// NewKey returns a new X25519 key of age.
func NewKey(t testing.TB) Key {
	t.Helper()
	identity, err := age.GenerateX25519Identity()
	check(t, err)
	return Key{identity.Recipient().String(), identity.String()}
}

// NewPostQuantumKey returns a new key of age of the hybrid kind.
func NewPostQuantumKey(t testing.TB) Key {
	t.Helper()
	identity, err := age.GenerateHybridIdentity()
	check(t, err)
	return Key{identity.Recipient().String(), identity.String()}
}

// NewSSHKey returns a new SSH key, of the kind "rsa" or "ed25519", as ssh-keygen writes
// its two files.
func NewSSHKey(t testing.TB, kind string) Key {
	t.Helper()
	var private any
	var public ssh.PublicKey
	if kind == "rsa" {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		check(t, err)
		public, err = ssh.NewPublicKey(&key.PublicKey)
		check(t, err)
		private = key
	} else {
		half, key, err := ed25519.GenerateKey(rand.Reader)
		check(t, err)
		public, err = ssh.NewPublicKey(half)
		check(t, err)
		private = key
	}
	block, err := ssh.MarshalPrivateKey(private, "laptop")
	check(t, err)
	return Key{
		Recipient: strings.TrimSpace(string(ssh.MarshalAuthorizedKey(public))) + " laptop\n",
		Identity:  string(pem.EncodeToMemory(block)),
	}
}

// Lines are the secret texts of the identity that stand in it one by one: of an age
// key all but its prefix, of an SSH key the lines without its public half.
func (k Key) Lines() []string {
	if secret, isAge := strings.CutPrefix(k.Identity, "AGE-SECRET-KEY-1"); isAge {
		return []string{secret}
	}
	lines := strings.Split(strings.TrimSpace(k.Identity), "\n")
	return lines[3 : len(lines)-1]
}

// Encrypt encrypts a text to X25519 keys, armored.
func Encrypt(t testing.TB, plaintext string, to ...Key) string {
	t.Helper()
	recipients := make([]age.Recipient, len(to))
	for i, key := range to {
		recipient, err := age.ParseX25519Recipient(key.Recipient)
		check(t, err)
		recipients[i] = recipient
	}
	var ciphertext bytes.Buffer
	armored := armor.NewWriter(&ciphertext)
	writer, err := age.Encrypt(armored, recipients...)
	check(t, err)
	_, err = io.WriteString(writer, plaintext)
	check(t, err)
	check(t, writer.Close())
	check(t, armored.Close())
	return ciphertext.String()
}

// Decrypt decrypts an armored text with the identity of an X25519 or SSH key. The error
// is that of age.
func (k Key) Decrypt(ciphertext string) (string, error) {
	var identity age.Identity
	var err error
	if strings.HasPrefix(k.Identity, "AGE-") {
		identity, err = age.ParseX25519Identity(k.Identity)
	} else {
		identity, err = agessh.ParseIdentity([]byte(k.Identity))
	}
	if err != nil {
		return "", err
	}
	plain, err := age.Decrypt(armor.NewReader(strings.NewReader(ciphertext)), identity)
	if err != nil {
		return "", err
	}
	content, err := io.ReadAll(plain)
	return string(content), err
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

package encryption

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"strings"
	"testing"

	"filippo.io/age"
	"golang.org/x/crypto/ssh"
)

// keyPair is a recipient and its identity, as the programs write them.
type keyPair struct{ recipient, identity string }

func ageKey(t *testing.T) keyPair {
	t.Helper()
	identity, err := age.GenerateX25519Identity()
	must(t, err)
	return keyPair{identity.Recipient().String(), identity.String()}
}

func postQuantumKey(t *testing.T) keyPair {
	t.Helper()
	identity, err := age.GenerateHybridIdentity()
	must(t, err)
	return keyPair{identity.Recipient().String(), identity.String()}
}

func ed25519Key(t *testing.T) keyPair {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	return sshKey(t, public, private)
}

func rsaKey(t *testing.T) keyPair {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	return sshKey(t, &private.PublicKey, private)
}

func sshKey(t *testing.T, public, private any) keyPair {
	t.Helper()
	key, err := ssh.NewPublicKey(public)
	must(t, err)
	block, err := ssh.MarshalPrivateKey(private, "laptop")
	must(t, err)
	return keyPair{
		strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key))) + " laptop\n",
		string(pem.EncodeToMemory(block)),
	}
}

func lockedSSHKey(t *testing.T) string {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	block, err := ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte("passphrase"))
	must(t, err)
	return string(pem.EncodeToMemory(block))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

package encryption

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"filippo.io/age/armor"
	"golang.org/x/crypto/ssh"
)

// maxBytes bounds a ciphertext and an identity file. A client secret for twenty
// recipients, post-quantum ones too, has half of it.
const maxBytes = 64 << 10

// ErrOtherIdentity is a ciphertext that was encrypted to other recipients.
var ErrOtherIdentity = errors.New("the ciphertext is not for this identity: " +
	"client_secret_encrypted can be decrypted with the identity of each recipient that was in " +
	"encrypt_client_secret_to when the secret was created")

// Other errors of ParseIdentities and Decrypt. None of them, nor anything they wrap,
// holds a piece of an identity or of a plaintext: the library's own errors are dropped,
// because some quote characters of what they read.
var (
	errIdentityMissing = errors.New("it has no identity: no line such as AGE-SECRET-KEY-1…, and no " +
		"SSH private key")
	errIdentityRecipient = errors.New("this is a public key (age1… or ssh-…). Decrypting needs its " +
		"private half: AGE-SECRET-KEY-1…, or the SSH private key")
	errIdentityPlugin = errors.New("this identity needs a plugin (AGE-PLUGIN-…). The provider runs " +
		"no plugins: decrypt with the age program instead")
	errIdentityLocked = errors.New("this SSH private key is protected by a passphrase, which the " +
		"provider cannot ask for. Use a key without one, or an age identity")
	errIdentitySSH = errors.New("this SSH private key cannot be used: it must be an ed25519 or RSA " +
		"key, with all its lines from BEGIN to END. It is not shown here")
	errIdentityTooLong   = fmt.Errorf("it is longer than %d bytes", maxBytes)
	errCiphertextTooLong = fmt.Errorf("it is longer than %d bytes, too long for an encrypted client "+
		"secret", maxBytes)
	errCiphertextForm = fmt.Errorf("it is not an ASCII-armoured age file, which begins with %q",
		armor.Header)
	errCiphertextBroken = errors.New("it is an age file, but it was cut off or changed; pass it on " +
		"whole, with its line breaks")
	errPlaintextNoText = errors.New("its plaintext is not text")
)

// ParseIdentities reads private keys: what age-keygen writes (identities, one on a line,
// among comments and empty lines) and SSH private keys in PEM. White space around a line
// is removed, because indented heredocs and Windows line ends leave some.
func ParseIdentities(file string) ([]age.Identity, error) {
	if len(file) > maxBytes {
		return nil, errIdentityTooLong
	}
	var identities []age.Identity
	var pem strings.Builder // an SSH private key whose end has not come yet
	number := 0
	for line := range strings.Lines(file) {
		number++
		line = trimmed(line)
		switch {
		case strings.HasPrefix(line, "-----BEGIN "), pem.Len() > 0:
			pem.WriteString(line + "\n")
			if !strings.HasPrefix(line, "-----END ") {
				continue
			}
			identity, err := parseSSHIdentity(pem.String())
			if err != nil {
				return nil, err
			}
			identities = append(identities, identity)
			pem.Reset()
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "age1"), strings.HasPrefix(line, "ssh-"):
			return nil, errIdentityRecipient
		case strings.HasPrefix(strings.ToUpper(line), "AGE-PLUGIN-"):
			return nil, errIdentityPlugin
		default:
			parsed, err := age.ParseIdentities(strings.NewReader(line))
			if err != nil {
				return nil, fmt.Errorf("line %d is not an age identity, such as AGE-SECRET-KEY-1… (created "+
					"by age-keygen), and not part of an SSH private key. It is not shown here", number)
			}
			identities = append(identities, parsed...)
		}
	}
	switch {
	case pem.Len() > 0:
		return nil, errIdentitySSH
	case len(identities) == 0:
		return nil, errIdentityMissing
	}
	return identities, nil
}

func parseSSHIdentity(pem string) (age.Identity, error) {
	identity, err := agessh.ParseIdentity([]byte(pem))
	var locked *ssh.PassphraseMissingError
	switch {
	case errors.As(err, &locked):
		return nil, errIdentityLocked
	case err != nil:
		return nil, errIdentitySSH
	}
	return identity, nil
}

// Decrypt is the inverse of Encrypt. ErrOtherIdentity is about the identities, every
// other error about the ciphertext.
func Decrypt(ciphertext string, identities []age.Identity) (string, error) {
	ciphertext = trimmed(ciphertext)
	switch {
	case len(ciphertext) > maxBytes:
		return "", errCiphertextTooLong
	case !strings.HasPrefix(ciphertext, armor.Header):
		return "", errCiphertextForm
	}
	content, err := age.Decrypt(armor.NewReader(strings.NewReader(ciphertext)), identities...)
	var wrong *age.NoIdentityMatchError
	switch {
	case errors.As(err, &wrong):
		return "", ErrOtherIdentity
	case err != nil:
		return "", errCiphertextBroken
	}
	// A plaintext is never longer than its ciphertext.
	plaintext, err := io.ReadAll(content)
	switch {
	case err != nil:
		return "", errCiphertextBroken
	case !utf8.Valid(plaintext):
		return "", errPlaintextNoText
	}
	return string(plaintext), nil
}

// Package encryption encrypts client secrets to the holders of private keys, and decrypts
// them. Its files are those of age (https://age-encryption.org/v1), which the age program
// and libraries for many languages read. It knows neither Terraform nor Clerk.
package encryption

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"filippo.io/age/armor"
	"golang.org/x/crypto/ssh"
)

// maxBytes bounds a ciphertext and an identity file. A client secret for twenty
// recipients, post-quantum ones too, has half of it.
const maxBytes = 64 << 10

// ErrPrivateKey is a private key where a recipient belongs. A diagnostic about it must have
// no attribute path: the engine would print the line of the configuration, with the key.
var ErrPrivateKey = errors.New("this is a private key, not a recipient. Treat the key as leaked " +
	"if this configuration was shared, and use its public half (age-keygen -y, ssh-keygen -y)")

// Errors of ParseIdentities and Decrypt. None holds a piece of an identity or of a
// plaintext: the library's errors are dropped, because some quote what they read.
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
	errTooLong        = fmt.Errorf("it is longer than %d bytes", maxBytes)
	errCiphertextForm = fmt.Errorf("it is not an ASCII-armoured age file, which begins with %q",
		armor.Header)
	errCiphertextBroken = errors.New("it is an age file, but it was cut off or changed; pass it on " +
		"whole, with its line breaks")
	errOtherIdentity = errors.New("it is not for this identity. client_secret_encrypted can be " +
		"decrypted with the identity of each recipient that was in encrypt_client_secret_to when the " +
		"secret was created")
	errPlaintextNoText = errors.New("its plaintext is not text")
)

// Encrypt encrypts a text to each of the recipients, as ASCII armour. A recipient is an
// age recipient (age1…) or an SSH public key, as CheckRecipients accepts it.
func Encrypt(plaintext string, to []string) (string, error) {
	recipients, err := parseRecipients(to)
	if err != nil {
		return "", err
	}
	var ciphertext bytes.Buffer
	armored := armor.NewWriter(&ciphertext)
	plain, err := age.Encrypt(armored, recipients...)
	if err != nil {
		return "", err
	}
	_, err = io.WriteString(plain, plaintext)
	if err := errors.Join(err, plain.Close(), armored.Close()); err != nil {
		return "", err
	}
	return ciphertext.String(), nil
}

// CheckRecipients reports why nothing can be encrypted to the recipients, before there is a secret
// that could be lost. For a private key the error is ErrPrivateKey alone. Any other error joins one
// for each wrong recipient, and quotes what begins like something public.
func CheckRecipients(to []string) error {
	recipients, err := parseRecipients(to)
	if err == nil && len(recipients) > 0 { // age refuses some combinations
		_, err = age.Encrypt(io.Discard, recipients...)
	}
	return err
}

// privateKey matches the private half of a key, in all forms that age and OpenSSH write.
var privateKey = regexp.MustCompile(`(?i)AGE-SECRET-KEY-|AGE-PLUGIN-|PRIVATE KEY`)

func parseRecipients(to []string) ([]age.Recipient, error) {
	if slices.ContainsFunc(to, privateKey.MatchString) {
		return nil, ErrPrivateKey
	}
	recipients := make([]age.Recipient, len(to))
	problems := make([]error, len(to))
	for i, text := range to {
		recipients[i], problems[i] = parseRecipient(text)
	}
	return recipients, errors.Join(problems...)
}

// NormalRecipient is the form by which recipients are compared: a different spelling of
// the same recipient must not rotate a secret.
func NormalRecipient(text string) string {
	line, err := recipientLine(text)
	if err != nil {
		return text
	}
	if fields := strings.Fields(line); strings.HasPrefix(line, "ssh-") && len(fields) > 2 {
		return strings.Join(fields[:2], " ") // the rest is a comment
	}
	return line
}

// pluginRecipient is the form of a recipient that only a plugin of the age program can
// encrypt to: age1, the plugin's name, and a second separator.
var pluginRecipient = regexp.MustCompile(`^age1([a-z0-9+._-]+)1[02-9ac-hj-np-z]+$`)

// parseRecipient reads an age recipient, or an SSH public key as in authorized_keys. White
// space around it and lines of comment are ignored: recipients often come from files.
func parseRecipient(text string) (age.Recipient, error) {
	line, err := recipientLine(text)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(line, "ssh-") {
		recipient, err := agessh.ParseRecipient(line)
		if err != nil {
			return nil, fmt.Errorf("%.60q is not an SSH public key that age can encrypt to: one that "+
				"begins with ssh-ed25519 or ssh-rsa (2048 bits or more)", line)
		}
		return recipient, nil
	}
	// The library reads files: this one has a single line.
	if recipients, err := age.ParseRecipients(strings.NewReader(line)); err == nil {
		return recipients[0], nil
	}
	if plugin := pluginRecipient.FindStringSubmatch(line); plugin != nil {
		return nil, fmt.Errorf("%.60q needs the plugin age-plugin-%s. The provider runs no plugins: "+
			"use a recipient that age itself understands (age1… from age-keygen) or an SSH public "+
			"key", line, plugin[1])
	}
	if strings.HasPrefix(line, "age1") {
		return nil, fmt.Errorf("%.60q is not an age recipient: it was cut off or changed", line)
	}
	return nil, errors.New("an element is not a recipient, and is not shown because it may be " +
		"secret. A recipient is an age recipient (age1…, from age-keygen) or an SSH public key " +
		"(ssh-ed25519 …, ssh-rsa …)")
}

// recipientLine returns the only line of a text that is neither empty nor a comment,
// without the white space and the comment around the recipient.
func recipientLine(text string) (string, error) {
	var found []string
	for line := range strings.Lines(text) {
		if line = trimmed(line); strings.HasPrefix(line, "age1") {
			line, _, _ = strings.Cut(line, "#")
		}
		if line != "" && line[0] != '#' {
			found = append(found, trimmed(line))
		}
	}
	switch len(found) {
	case 0:
		return "", errors.New("an element is empty")
	case 1:
		return found[0], nil
	}
	return "", fmt.Errorf("an element holds %d lines. Write each recipient as an element of its "+
		"own, for example with split(\"\\n\", trimspace(file(\"recipients.txt\")))", len(found))
}

// ParseIdentities reads private keys: what age-keygen writes (identities, one on a line,
// among comments and empty lines) and SSH private keys in PEM. White space around a line
// is removed, because indented heredocs and Windows line ends leave some.
func ParseIdentities(file string) ([]age.Identity, error) {
	if len(file) > maxBytes {
		return nil, errTooLong
	}
	var identities []age.Identity
	var pem strings.Builder // an SSH private key whose end has not come yet
	for i, line := range strings.Split(file, "\n") {
		line = trimmed(line)
		switch {
		case strings.HasPrefix(line, "-----BEGIN "), pem.Len() > 0:
			pem.WriteString(line + "\n")
			if !strings.HasPrefix(line, "-----END ") {
				continue
			}
			identity, err := agessh.ParseIdentity([]byte(pem.String()))
			if _, locked := errors.AsType[*ssh.PassphraseMissingError](err); locked {
				return nil, errIdentityLocked
			}
			if err != nil {
				return nil, errIdentitySSH
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
					"by age-keygen), and not part of an SSH private key. It is not shown here", i+1)
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

// Decrypt is the inverse of Encrypt. Its errors say what is wrong with the ciphertext.
func Decrypt(ciphertext string, identities []age.Identity) (string, error) {
	ciphertext = trimmed(ciphertext)
	switch {
	case len(ciphertext) > maxBytes:
		return "", errTooLong
	case !strings.HasPrefix(ciphertext, armor.Header):
		return "", errCiphertextForm
	}
	content, err := age.Decrypt(armor.NewReader(strings.NewReader(ciphertext)), identities...)
	if _, other := errors.AsType[*age.NoIdentityMatchError](err); other {
		return "", errOtherIdentity
	}
	if err != nil {
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

// trimmed removes white space around a text, and the byte order mark that some editors
// of Windows write at the beginning of a file.
func trimmed(text string) string {
	return strings.TrimFunc(text, func(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' })
}

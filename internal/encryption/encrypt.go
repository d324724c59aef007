// Package encryption encrypts client secrets to the holders of private keys, and decrypts
// them. Its files are those of age (https://age-encryption.org/v1), which the age program
// and libraries for many languages read. It knows neither Terraform nor Clerk.
package encryption

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"filippo.io/age/armor"
)

// ErrPrivateKey is a private key where a recipient belongs. A diagnostic with this error
// must have no attribute path: the engine would print the line of the configuration,
// private key included.
var ErrPrivateKey = errors.New("this is a private key, not a recipient. Treat the key as leaked " +
	"if this configuration was shared, and use its public half (age-keygen -y, ssh-keygen -y)")

// pluginRecipient is the form of a recipient that only a plugin of the age program can
// encrypt to: age1, the plugin's name, and a second separator.
var pluginRecipient = regexp.MustCompile(`^age1([a-z0-9+._-]+)1[02-9ac-hj-np-z]+$`)

// Encrypt encrypts a text to each of the recipients, as ASCII armour. A recipient is an
// age recipient (age1…) or an SSH public key, as CheckRecipients accepts it.
func Encrypt(plaintext string, to []string) (string, error) {
	recipients := make([]age.Recipient, len(to))
	for i, text := range to {
		recipient, err := parseRecipient(text)
		if err != nil {
			return "", err
		}
		recipients[i] = recipient
	}
	var ciphertext bytes.Buffer
	armored := armor.NewWriter(&ciphertext)
	plain, err := age.Encrypt(armored, recipients...)
	if err != nil {
		return "", err
	}
	if _, err := plain.Write([]byte(plaintext)); err != nil {
		return "", err
	}
	if err := errors.Join(plain.Close(), armored.Close()); err != nil {
		return "", err
	}
	return ciphertext.String(), nil
}

// CheckRecipients reports why nothing can be encrypted to the recipients, before there is
// a secret that could be lost. A private key among them ends the check: it is
// ErrPrivateKey alone. Any other error joins one error for each wrong recipient, and
// quotes a recipient only if it begins like something public.
func CheckRecipients(to []string) error {
	if slices.ContainsFunc(to, isPrivateKey) {
		return ErrPrivateKey
	}
	var problems []error
	for _, text := range to {
		if _, err := parseRecipient(text); err != nil {
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
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

// parseRecipient reads one recipient: an age recipient, or an SSH public key as in
// authorized_keys. White space around the recipient and lines of comment are ignored,
// because recipients often come from files.
func parseRecipient(text string) (age.Recipient, error) {
	if isPrivateKey(text) {
		return nil, ErrPrivateKey
	}
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
	// The library reads files, so it can return several recipients.
	recipients, err := age.ParseRecipients(strings.NewReader(line))
	if err == nil && len(recipients) == 1 {
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

// isPrivateKey reports whether a text holds the private half of a key, in any of the
// forms that age and OpenSSH write.
func isPrivateKey(text string) bool {
	upper := strings.ToUpper(text)
	return strings.Contains(upper, "AGE-SECRET-KEY-") || strings.Contains(upper, "AGE-PLUGIN-") ||
		strings.Contains(upper, "PRIVATE KEY")
}

// recipientLine returns the only line of a text that is neither empty nor a comment,
// without the white space and the comment around the recipient.
func recipientLine(text string) (string, error) {
	var found []string
	for line := range strings.Lines(text) {
		line = trimmed(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if strings.HasPrefix(line, "age1") {
			line, _, _ = strings.Cut(line, "#")
		}
		found = append(found, trimmed(line))
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

// trimmed removes white space around a text, and the byte order mark that some editors
// of Windows write at the beginning of a file.
func trimmed(text string) string {
	return strings.TrimFunc(text, func(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' })
}

package provider

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"
)

// errRecipientIsPrivate: the private half was given where the public half belongs.
// A diagnostic with this error must have no attribute path: the engine would print
// the line of the configuration, private key included.
var errRecipientIsPrivate = errors.New("this is a private key, not a recipient. " +
	"Treat the key as leaked if this configuration was shared, and use its public half (age-keygen -y, ssh-keygen -y)")

// pluginRecipient is the form of a recipient that only a plugin of the age program
// can encrypt to: age1, the plugin's name, and a second separator.
var pluginRecipient = regexp.MustCompile(`^age1([a-z0-9+._-]+)1[02-9ac-hj-np-z]+$`)

// parseRecipient reads one recipient: an age recipient, or an SSH public key as in
// authorized_keys. White space around the recipient and lines of comment are
// ignored, because recipients often come from files. The error quotes the text only
// where the text begins like something public.
func parseRecipient(text string) (age.Recipient, error) {
	if isPrivateKey(text) {
		return nil, errRecipientIsPrivate
	}
	line, err := recipientLine(text)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(line, "ssh-") {
		recipient, err := agessh.ParseRecipient(line)
		if err != nil {
			return nil, fmt.Errorf("%.60q is not an SSH public key that age can encrypt to: one that begins with ssh-ed25519 or ssh-rsa (2048 bits or more)", line)
		}
		return recipient, nil
	}
	// The library reads files, so it can return several recipients.
	recipients, err := age.ParseRecipients(strings.NewReader(line))
	if err == nil && len(recipients) == 1 {
		return recipients[0], nil
	}
	if plugin := pluginRecipient.FindStringSubmatch(line); plugin != nil {
		return nil, fmt.Errorf("%.60q needs the plugin age-plugin-%s. The provider runs no plugins: use a recipient that age itself understands (age1… from age-keygen) or an SSH public key", line, plugin[1])
	}
	if strings.HasPrefix(line, "age1") {
		return nil, fmt.Errorf("%.60q is not an age recipient: it was cut off or changed", line)
	}
	return nil, errors.New("one of its elements is neither an age recipient (age1…, from age-keygen) nor an SSH public key (ssh-ed25519 …, ssh-rsa …)")
}

// isPrivateKey reports whether a text holds the private half of a key, in any of the
// forms that age and OpenSSH write.
func isPrivateKey(text string) bool {
	upper := strings.ToUpper(text)
	return strings.Contains(upper, "AGE-SECRET-KEY-") || strings.Contains(upper, "AGE-PLUGIN-") || strings.Contains(upper, "PRIVATE KEY")
}

// recipientLine returns the one line of a text that is neither empty nor a comment,
// without the white space and the comment around the recipient.
func recipientLine(text string) (string, error) {
	var found []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if strings.HasPrefix(line, "age1") {
			line, _, _ = strings.Cut(line, "#")
		}
		found = append(found, strings.TrimSpace(line))
	}
	switch len(found) {
	case 0:
		return "", errors.New("one of its elements is empty")
	case 1:
		return found[0], nil
	}
	return "", fmt.Errorf("one of its elements holds %d lines. Write each recipient as an element of its own, for example with split(\"\\n\", trimspace(file(\"recipients.txt\")))", len(found))
}

// normalRecipient is the form by which recipients are compared: what is only a
// different spelling of the same recipient must not rotate a secret.
func normalRecipient(text string) string {
	line, err := recipientLine(text)
	if err != nil {
		return text
	}
	if fields := strings.Fields(line); strings.HasPrefix(line, "ssh-") && len(fields) > 2 {
		return strings.Join(fields[:2], " ") // the rest is a comment
	}
	return line
}

// checkRecipients reports why a secret cannot be encrypted to the recipients, before
// there is a secret that could be lost. A private key among them comes first.
func checkRecipients(to []string) error {
	if slices.ContainsFunc(to, isPrivateKey) {
		return errRecipientIsPrivate
	}
	for _, text := range to {
		if _, err := parseRecipient(text); err != nil {
			return err
		}
	}
	return nil
}

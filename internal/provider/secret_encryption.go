package provider

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

// Sealing uses age (https://age-encryption.org/v1): files of that format are read
// by the age program and by libraries for many languages.

const actionEncrypt = "encrypt client secret"

// errRecipientIsIdentity: the private half was given where the public belongs.
var errRecipientIsIdentity = errors.New("this is an age identity (a private key), not a recipient. " +
	"Treat it as leaked if this configuration was shared, and use its public half (age-keygen -y)")

// parseRecipient reads one age recipient. Its error never holds an identity.
func parseRecipient(text string) (age.Recipient, error) {
	if strings.Contains(strings.ToUpper(text), "AGE-SECRET-KEY-") {
		return nil, errRecipientIsIdentity
	}
	recipients, err := age.ParseRecipients(strings.NewReader(text))
	if err != nil || len(recipients) != 1 || strings.ContainsAny(text, "\r\n#") {
		return nil, fmt.Errorf("%.100q is not an age recipient, such as age1… (made by age-keygen)", text)
	}
	return recipients[0], nil
}

// checkRecipients tells whether a secret could be sealed to them, before there is one
// to be lost.
func checkRecipients(to []string) error {
	for _, text := range to {
		if _, err := parseRecipient(text); err != nil {
			return err
		}
	}
	return nil
}

// encryptSecret encrypts a secret to each of the recipients, as ASCII armour.
func encryptSecret(secret clerk.Secret, to []string) (string, error) {
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
	if _, err := plain.Write([]byte(secret.Reveal())); err != nil {
		return "", err
	}
	if err := errors.Join(plain.Close(), armored.Close()); err != nil {
		return "", err
	}
	return ciphertext.String(), nil
}

package provider

import (
	"bytes"
	"errors"

	"filippo.io/age"
	"filippo.io/age/armor"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

// Secrets are encrypted with age (https://age-encryption.org/v1): the age program
// and libraries for many languages read its files.

const actionEncrypt = "encrypt client secret"

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

package provider

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"filippo.io/age"
	"filippo.io/age/armor"
)

// maxEncryptedBytes bounds a ciphertext and an identity file. A client secret for
// twenty recipients, post-quantum ones too, has half of it.
const maxEncryptedBytes = 64 << 10

// Errors of parseIdentities and openSealed. None of them, nor anything they wrap,
// holds a piece of an identity or of a plaintext: the library's own errors are
// dropped, as some quote characters of what they read.
var (
	errIdentityMissing   = errors.New("there is no age identity in it, a line such as AGE-SECRET-KEY-1…")
	errIdentityRecipient = errors.New("this is an age recipient (age1…), the public half; to decrypt, its private half is needed, AGE-SECRET-KEY-1…")
	errIdentityTooLong   = fmt.Errorf("it is longer than %d bytes", maxEncryptedBytes)
	errIdentityWrong     = errors.New("the ciphertext is not for this identity: client_secret_encrypted can be read with the identity of each of the recipients that were in encrypt_client_secret_to when the secret was made")
	errCiphertextTooLong = fmt.Errorf("it is longer than %d bytes, which no sealed client secret is", maxEncryptedBytes)
	errCiphertextForm    = fmt.Errorf("it is not an ASCII-armoured age file, which begins with %q", armor.Header)
	errCiphertextBroken  = errors.New("it is an age file, but it was cut off or changed; it must be passed on whole, with its line breaks")
	errPlaintextNoText   = errors.New("what is encrypted in it is not a text")
)

// parseIdentities reads what age-keygen writes: identities (private keys), one on
// a line, among comments and empty lines. White space around a line is taken away;
// indented heredocs and Windows line ends leave some.
func parseIdentities(file string) ([]age.Identity, error) {
	if len(file) > maxEncryptedBytes {
		return nil, errIdentityTooLong
	}
	var identities []age.Identity
	number := 0
	for line := range strings.Lines(file) {
		number++
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
			continue
		case strings.HasPrefix(line, "age1"):
			return nil, errIdentityRecipient
		}
		parsed, err := age.ParseIdentities(strings.NewReader(line))
		if err != nil {
			return nil, fmt.Errorf("line %d is not an age identity, such as AGE-SECRET-KEY-1… (made by age-keygen). It is not shown here", number)
		}
		identities = append(identities, parsed...)
	}
	if len(identities) == 0 {
		return nil, errIdentityMissing
	}
	return identities, nil
}

// decryptSecret is the inverse of encryptSecret. errIdentityWrong is about the identities,
// every other error about the ciphertext.
func decryptSecret(ciphertext string, identities []age.Identity) (string, error) {
	ciphertext = strings.TrimSpace(ciphertext)
	switch {
	case len(ciphertext) > maxEncryptedBytes:
		return "", errCiphertextTooLong
	case !strings.HasPrefix(ciphertext, armor.Header):
		return "", errCiphertextForm
	}
	content, err := age.Decrypt(armor.NewReader(strings.NewReader(ciphertext)), identities...)
	var wrong *age.NoIdentityMatchError
	switch {
	case errors.As(err, &wrong):
		return "", errIdentityWrong
	case err != nil:
		return "", errCiphertextBroken
	}
	// What is decrypted is never longer than the ciphertext.
	plaintext, err := io.ReadAll(content)
	switch {
	case err != nil:
		return "", errCiphertextBroken
	case !utf8.Valid(plaintext):
		return "", errPlaintextNoText
	}
	return string(plaintext), nil
}

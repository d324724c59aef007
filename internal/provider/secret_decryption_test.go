package provider

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/armor"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/secrettest"
)

func encrypted(t *testing.T, plaintext string, to ...secrettest.Key) string {
	t.Helper()
	recipients := make([]string, len(to))
	for i, key := range to {
		recipients[i] = key.Recipient
	}
	ciphertext, err := encryptSecret(clerk.NewSecret(plaintext), recipients)
	if err != nil {
		t.Fatal(err)
	}
	return ciphertext
}

func TestDecryptSecret(t *testing.T) {
	t.Parallel()
	one, two, quantum := secrettest.NewKey(t), secrettest.NewKey(t), secrettest.NewPostQuantumKey(t)
	ed25519Key, rsaKey := secrettest.NewSSHKey(t, "ed25519"), secrettest.NewSSHKey(t, "rsa")
	indented := "    " + strings.ReplaceAll(strings.TrimSpace(ed25519Key.Identity), "\n", "\r\n    ") + "\r\n"
	keyFile := "# created: 2026-05-01T10:00:00Z\r\n# public key: " + one.Recipient + "\r\n" + one.Identity + "\r\n"
	for name, test := range map[string]struct {
		ciphertext, identity string
	}{
		"one recipient":                 {encrypted(t, "s3cret", one), one.Identity},
		"one of two recipients":         {encrypted(t, "s3cret", two, one), one.Identity},
		"several identities":            {encrypted(t, "s3cret", one), two.Identity + "\n" + one.Identity},
		"post-quantum":                  {encrypted(t, "s3cret", quantum), quantum.Identity},
		"an SSH key, ed25519":           {encrypted(t, "s3cret", ed25519Key), ed25519Key.Identity},
		"an SSH key, RSA":               {encrypted(t, "s3cret", rsaKey, one), rsaKey.Identity},
		"an indented SSH key":           {encrypted(t, "s3cret", ed25519Key), indented},
		"SSH and age identities":        {encrypted(t, "s3cret", one), rsaKey.Identity + "# age\n" + one.Identity},
		"a recipient with a comment":    {encrypted(t, "s3cret", secrettest.Key{Recipient: " " + one.Recipient + " # laptop\n"}), one.Identity},
		"the file of a recipient":       {encrypted(t, "s3cret", secrettest.Key{Recipient: "# laptop\r\n" + one.Recipient + "\r\n"}), one.Identity},
		"identities of both kinds":      {encrypted(t, "s3cret", quantum), one.Identity + "\n\n" + quantum.Identity},
		"the file of age-keygen":        {encrypted(t, "s3cret", one), keyFile},
		"white space around":            {"\n  " + encrypted(t, "s3cret", one) + "\n\n", "\t " + one.Identity + " \n"},
		"line ends of Windows":          {strings.ReplaceAll(encrypted(t, "s3cret", one), "\n", "\r\n"), one.Identity},
		"an indented comment":           {encrypted(t, "s3cret", one), "    # mine\n    " + one.Identity},
		"without the line end in front": {strings.TrimSpace(encrypted(t, "s3cret", one)), one.Identity},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			identities, err := parseIdentities(test.identity)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := decryptSecret(test.ciphertext, identities); err != nil || got != "s3cret" {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

// binary encrypts bytes that no client secret has.
func binary(t *testing.T, content []byte, to secrettest.Key) string {
	t.Helper()
	recipient, err := parseRecipient(to.Recipient)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	armored := armor.NewWriter(&out)
	writer, err := age.Encrypt(armored, recipient)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := writer.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(writer.Close(), armored.Close()); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestDecryptSecretRefuses(t *testing.T) {
	t.Parallel()
	mine, other := secrettest.NewKey(t), secrettest.NewKey(t)
	whole := encrypted(t, "s3cret", mine)
	lines := strings.SplitAfter(strings.TrimSpace(whole), "\n")
	middle := len(lines) / 2
	last := len(lines) - 2 // before it the recipients' parts; a change there looks like another recipient
	changed := strings.Repeat("A", len(strings.TrimSpace(lines[last])))
	for name, test := range map[string]struct {
		ciphertext string
		want       error
	}{
		"nothing":            {"", errCiphertextForm},
		"some text":          {"s3cret", errCiphertextForm},
		"a binary age file":  {"age-encryption.org/v1\n-> X25519 x\n", errCiphertextForm},
		"another recipient":  {encrypted(t, "s3cret", other), errIdentityWrong},
		"no end":             {strings.Join(lines[:len(lines)-1], ""), errCiphertextBroken},
		"no middle":          {strings.Join(append(append([]string{}, lines[:middle]...), lines[middle+1:]...), ""), errCiphertextBroken},
		"only the begin":     {lines[0], errCiphertextBroken},
		"another last line":  {strings.Join(lines[:last], "") + changed + "\n" + lines[last+1], errCiphertextBroken},
		"on one line":        {strings.ReplaceAll(whole, "\n", " "), errCiphertextBroken},
		"text at the end":    {whole + "and more", errCiphertextBroken},
		"no text inside":     {binary(t, []byte{0xff, 0xfe, 0x00}, mine), errPlaintextNoText},
		"much too long":      {binary(t, bytes.Repeat([]byte("a"), maxEncryptedBytes), mine), errCiphertextTooLong},
		"only armour around": {armor.Header + "\nc29tZSB0ZXh0\n" + armor.Footer + "\n", errCiphertextBroken},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			identities, err := parseIdentities(mine.Identity)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := decryptSecret(test.ciphertext, identities); !errors.Is(err, test.want) || got != "" {
				t.Errorf("got %q, %v; want %v", got, err, test.want)
			}
		})
	}
}

func TestParseIdentitiesRefuses(t *testing.T) {
	t.Parallel()
	key := secrettest.NewKey(t)
	broken := key.Identity[:len(key.Identity)-1]
	for name, test := range map[string]struct {
		text string
		want error // nil for one that names the line
	}{
		"nothing":              {"", errIdentityMissing},
		"white space":          {" \n\t\n", errIdentityMissing},
		"comments only":        {"# public key: " + key.Recipient, errIdentityMissing},
		"the recipient":        {key.Recipient, errIdentityRecipient},
		"too long":             {strings.Repeat("#\n", maxEncryptedBytes/2+1) + key.Identity, errIdentityTooLong},
		"a character too few":  {broken, nil},
		"lower case":           {strings.ToLower(key.Identity), nil},
		"two on a line":        {key.Identity + " " + key.Identity, nil},
		"in quotation marks":   {`"` + key.Identity + `"`, nil},
		"a plugin's":           {"AGE-PLUGIN-YUBIKEY-1QQPQYQGZ", errIdentityPlugin},
		"a broken SSH key":     {"-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbn\n-----END OPENSSH PRIVATE KEY-----", errIdentitySSH},
		"half an SSH key":      {"-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbn\n", errIdentitySSH},
		"an SSH public key":    {secrettest.NewSSHKey(t, "ed25519").Recipient, errIdentityRecipient},
		"a locked SSH key":     {lockedSSHKey(t), errIdentityLocked},
		"one good and one bad": {key.Identity + "\n" + broken, nil},
	} {
		identities, err := parseIdentities(test.text)
		switch {
		case err == nil || identities != nil:
			t.Errorf("%s was taken", name)
		case test.want != nil && !errors.Is(err, test.want):
			t.Errorf("%s: got %v, want %v", name, err, test.want)
		case test.want == nil && !strings.Contains(err.Error(), "line "):
			t.Errorf("%s: the error names no line: %v", name, err)
		}
		for _, piece := range []string{key.Identity[20:40], strings.ToLower(key.Identity[20:40]), "QQPQYQGZ", "b3Blbn"} {
			if err != nil && strings.Contains(err.Error(), piece) {
				t.Errorf("%s: the error holds a piece of the identity", name)
			}
		}
	}
	if _, err := parseIdentities(key.Identity + "\n" + broken); !strings.Contains(err.Error(), "line 2") {
		t.Errorf("the wrong line is named: %v", err)
	}
}

func FuzzDecryptSecret(f *testing.F) {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		f.Fatal(err)
	}
	whole, err := encryptSecret(clerk.NewSecret("s3cret"), []string{identity.Recipient().String()})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole, identity.String())
	f.Add(whole[:len(whole)/2], "# comment\n"+identity.String())
	f.Add(armor.Header+"\n"+armor.Footer, "AGE-SECRET-KEY-PQ-1")
	f.Fuzz(func(t *testing.T, ciphertext, text string) {
		identities, err := parseIdentities(text)
		if err != nil {
			return
		}
		if got, err := decryptSecret(ciphertext, identities); err == nil && ciphertext == whole && got != "s3cret" {
			t.Errorf("opened %q", got)
		}
	})
}

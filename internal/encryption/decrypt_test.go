package encryption

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/armor"
)

func encrypted(t *testing.T, plaintext string, to ...keyPair) string {
	t.Helper()
	recipients := make([]string, len(to))
	for i, key := range to {
		recipients[i] = key.recipient
	}
	ciphertext, err := Encrypt(plaintext, recipients)
	if err != nil {
		t.Fatal(err)
	}
	return ciphertext
}

func TestDecrypt(t *testing.T) {
	t.Parallel()
	one, two, quantum := ageKey(t), ageKey(t), postQuantumKey(t)
	edKey, rsa := ed25519Key(t), rsaKey(t)
	indented := "    " + strings.ReplaceAll(strings.TrimSpace(edKey.identity), "\n", "\r\n    ") + "\r\n"
	keyFile := "# created: 2026-05-01T10:00:00Z\r\n# public key: " + one.recipient + "\r\n" + one.identity + "\r\n"
	for name, test := range map[string]struct {
		ciphertext, identity string
	}{
		"one recipient":                 {encrypted(t, "s3cret", one), one.identity},
		"one of two recipients":         {encrypted(t, "s3cret", two, one), one.identity},
		"several identities":            {encrypted(t, "s3cret", one), two.identity + "\n" + one.identity},
		"post-quantum":                  {encrypted(t, "s3cret", quantum), quantum.identity},
		"an SSH key, ed25519":           {encrypted(t, "s3cret", edKey), edKey.identity},
		"an SSH key, RSA":               {encrypted(t, "s3cret", rsa, one), rsa.identity},
		"an indented SSH key":           {encrypted(t, "s3cret", edKey), indented},
		"SSH and age identities":        {encrypted(t, "s3cret", one), rsa.identity + "# age\n" + one.identity},
		"a recipient with a comment":    {encrypted(t, "s3cret", keyPair{recipient: " " + one.recipient + " # laptop\n"}), one.identity},
		"the file of a recipient":       {encrypted(t, "s3cret", keyPair{recipient: "# laptop\r\n" + one.recipient + "\r\n"}), one.identity},
		"identities of both kinds":      {encrypted(t, "s3cret", quantum), one.identity + "\n\n" + quantum.identity},
		"a byte order mark":             {"\ufeff" + encrypted(t, "s3cret", one), "\ufeff" + keyFile},
		"the file of age-keygen":        {encrypted(t, "s3cret", one), keyFile},
		"white space around":            {"\n  " + encrypted(t, "s3cret", one) + "\n\n", "\t " + one.identity + " \n"},
		"line ends of Windows":          {strings.ReplaceAll(encrypted(t, "s3cret", one), "\n", "\r\n"), one.identity},
		"an indented comment":           {encrypted(t, "s3cret", one), "    # mine\n    " + one.identity},
		"without the line end in front": {strings.TrimSpace(encrypted(t, "s3cret", one)), one.identity},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			identities, err := ParseIdentities(test.identity)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := Decrypt(test.ciphertext, identities); err != nil || got != "s3cret" {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

// binary encrypts bytes that no client secret has.
func binary(t *testing.T, content []byte, to keyPair) string {
	t.Helper()
	recipient, err := parseRecipient(to.recipient)
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

func TestDecryptRefuses(t *testing.T) {
	t.Parallel()
	mine, other := ageKey(t), ageKey(t)
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
		"another recipient":  {encrypted(t, "s3cret", other), ErrOtherIdentity},
		"no end":             {strings.Join(lines[:len(lines)-1], ""), errCiphertextBroken},
		"no middle":          {strings.Join(append(append([]string{}, lines[:middle]...), lines[middle+1:]...), ""), errCiphertextBroken},
		"only the begin":     {lines[0], errCiphertextBroken},
		"another last line":  {strings.Join(lines[:last], "") + changed + "\n" + lines[last+1], errCiphertextBroken},
		"on one line":        {strings.ReplaceAll(whole, "\n", " "), errCiphertextBroken},
		"text at the end":    {whole + "and more", errCiphertextBroken},
		"no text inside":     {binary(t, []byte{0xff, 0xfe, 0x00}, mine), errPlaintextNoText},
		"much too long":      {binary(t, bytes.Repeat([]byte("a"), maxBytes), mine), errTooLong},
		"only armour around": {armor.Header + "\nc29tZSB0ZXh0\n" + armor.Footer + "\n", errCiphertextBroken},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			identities, err := ParseIdentities(mine.identity)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := Decrypt(test.ciphertext, identities); !errors.Is(err, test.want) || got != "" {
				t.Errorf("got %q, %v; want %v", got, err, test.want)
			}
		})
	}
}

func TestParseIdentitiesRefuses(t *testing.T) {
	t.Parallel()
	key := ageKey(t)
	broken := key.identity[:len(key.identity)-1]
	for name, test := range map[string]struct {
		text string
		want error // nil for one that names the line
	}{
		"nothing":              {"", errIdentityMissing},
		"white space":          {" \n\t\n", errIdentityMissing},
		"comments only":        {"# public key: " + key.recipient, errIdentityMissing},
		"the recipient":        {key.recipient, errIdentityRecipient},
		"too long":             {strings.Repeat("#\n", maxBytes/2+1) + key.identity, errTooLong},
		"a character too few":  {broken, nil},
		"lower case":           {strings.ToLower(key.identity), nil},
		"two on a line":        {key.identity + " " + key.identity, nil},
		"in quotation marks":   {`"` + key.identity + `"`, nil},
		"a plugin's":           {"AGE-PLUGIN-YUBIKEY-1QQPQYQGZ", errIdentityPlugin},
		"a broken SSH key":     {"-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbn\n-----END OPENSSH PRIVATE KEY-----", errIdentitySSH},
		"half an SSH key":      {"-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbn\n", errIdentitySSH},
		"an SSH public key":    {ed25519Key(t).recipient, errIdentityRecipient},
		"a locked SSH key":     {lockedSSHKey(t), errIdentityLocked},
		"one good and one bad": {key.identity + "\n" + broken, nil},
	} {
		identities, err := ParseIdentities(test.text)
		switch {
		case err == nil || identities != nil:
			t.Errorf("%s was taken", name)
		case test.want != nil && !errors.Is(err, test.want):
			t.Errorf("%s: got %v, want %v", name, err, test.want)
		case test.want == nil && !strings.Contains(err.Error(), "line "):
			t.Errorf("%s: the error names no line: %v", name, err)
		}
		for _, piece := range []string{key.identity[20:40], strings.ToLower(key.identity[20:40]), "QQPQYQGZ", "b3Blbn"} {
			if err != nil && strings.Contains(err.Error(), piece) {
				t.Errorf("%s: the error holds a piece of the identity", name)
			}
		}
	}
	if _, err := ParseIdentities(key.identity + "\n" + broken); !strings.Contains(err.Error(), "line 2") {
		t.Errorf("the wrong line is named: %v", err)
	}
}

func FuzzDecrypt(f *testing.F) {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		f.Fatal(err)
	}
	whole, err := Encrypt("s3cret", []string{identity.Recipient().String()})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole, identity.String())
	f.Add(whole[:len(whole)/2], "# comment\n"+identity.String())
	f.Add(armor.Header+"\n"+armor.Footer, "AGE-SECRET-KEY-PQ-1")
	f.Fuzz(func(t *testing.T, ciphertext, text string) {
		identities, err := ParseIdentities(text)
		if err != nil {
			return
		}
		if got, err := Decrypt(ciphertext, identities); err == nil && ciphertext == whole && got != "s3cret" {
			t.Errorf("opened %q", got)
		}
	})
}

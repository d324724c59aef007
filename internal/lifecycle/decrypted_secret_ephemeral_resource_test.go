package lifecycle

import (
	"slices"
	"strings"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/secrettest"
)

const decryptedSecretType = "clerk_decrypted_secret"

// TestProtocolDecryptedSecret: a secret is encrypted on create and on rotation, decrypted
// in between, and nowhere else in plain text.
func TestProtocolDecryptedSecret(t *testing.T) {
	t.Parallel()
	server := clerktest.New(t)
	key := secrettest.NewPostQuantumKey(t)
	p := newProvider(t, server)
	app := p.Resource(applicationType)
	decrypt := p.Ephemeral(decryptedSecretType)
	config := prototest.Values{"name": "web", "encrypt_client_secret_to": []string{key.Recipient}}

	for version, trigger := range []any{nil, "1", "2"} {
		config["rotate_secret_trigger"] = trigger
		app.Apply(config)
		ciphertext := app.State().String("client_secret_encrypted")
		server.ResetRequests()

		opened := decrypt.Open(prototest.Values{"ciphertext": ciphertext, "identity": key.Identity})
		if got, want := opened.Result.String("plaintext"), server.CurrentSecret(app.State().String("id")); got != want {
			t.Errorf("version %d: the plaintext is not the current secret", version+1)
		}
		if !opened.RenewAt.IsZero() {
			t.Errorf("it is to be renewed at %s", opened.RenewAt)
		}
		if ds := opened.Close(); len(ds) > 0 {
			t.Errorf("closing says %s", ds)
		}
		if requests := server.RequestLines(); len(requests) > 0 {
			t.Errorf("requests were made: %q", requests)
		}
		assertNoSecrets(t, server, string(app.StateJSON()))
		if got := opened.Result.Sensitive(); !slices.Equal(got, []string{"identity", "plaintext"}) {
			t.Errorf("sensitive are %q", got)
		}
	}
}

func TestProtocolDecryptedSecretErrors(t *testing.T) {
	t.Parallel()
	server := clerktest.New(t)
	mine, other := secrettest.NewKey(t), secrettest.NewKey(t)
	const secret = "the plaintext that nobody may see"
	whole := secrettest.Encrypt(t, secret, mine)

	for _, test := range []struct {
		name, ciphertext, identity string
		says                       string
	}{
		{"malformed identity", whole, mine.Identity[:30], "line 1 is not an age identity"},
		{"no identity", whole, "# nothing", "it has no identity"},
		{"the recipient for the identity", whole, mine.Recipient, "private half"},
		{"another identity", whole, other.Identity, "not for this identity"},
		{"malformed ciphertext", secret, mine.Identity, "not an ASCII-armoured age file"},
		{"truncated ciphertext", whole[:len(whole)-60], mine.Identity, "cut off"},
		{"too much ciphertext", whole + "\n" + strings.Repeat("A", 64<<10), mine.Identity, "longer than"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			decrypt := newProvider(t, server).Ephemeral(decryptedSecretType)
			opened, ds := decrypt.TryOpen(t.Context(), prototest.Values{"ciphertext": test.ciphertext, "identity": test.identity})
			if opened != nil || len(ds.Errors()) != 1 || !strings.Contains(ds.At("").String(), test.says) {
				t.Errorf("the error is %s", ds)
			}
			for _, piece := range []string{secret, mine.Identity[16:28], other.Identity[16:28]} {
				if strings.Contains(ds.String(), piece) {
					t.Error("the error holds a piece of a secret")
				}
			}
			if requests := server.RequestLines(); len(requests) > 0 {
				t.Errorf("requests were made: %q", requests)
			}
		})
	}
	if ds := newProvider(t, server).Ephemeral(decryptedSecretType).Validate(prototest.Values{"ciphertext": prototest.Unknown, "identity": prototest.Unknown}); len(ds) > 0 {
		t.Errorf("unknown values: %s", ds)
	}
}

// TestProtocolDecryptedSecretWithoutClient: whether the provider can reach Clerk does
// not matter, nor whether it has a key at all.
func TestProtocolDecryptedSecretWithoutClient(t *testing.T) {
	t.Parallel()
	key := secrettest.NewKey(t)
	for name, secretKey := range map[string]any{"unknown key": prototest.Unknown, "no key": nil, "empty key": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			decrypt := prototest.New(t, factory, prototest.Values{"secret_key": secretKey}).Ephemeral(decryptedSecretType)
			opened := decrypt.Open(prototest.Values{"ciphertext": secrettest.Encrypt(t, "s3cret", key), "identity": key.Identity})
			if got := opened.Result.String("plaintext"); got != "s3cret" {
				t.Errorf("the plaintext is %q", got)
			}
			opened = decrypt.Open(prototest.Values{"ciphertext": nil, "identity": key.Identity})
			if !opened.Result.IsNull("plaintext") {
				t.Error("without a ciphertext there is a plaintext")
			}
		})
	}
}

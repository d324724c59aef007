package provider_test

import (
	"testing"

	"filippo.io/age"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/encryption"
)

// No message stands on an attribute, because the engine would print the line of it.
func TestProtocolDecryptedSecret(t *testing.T) {
	t.Parallel()
	const kind = "clerk_decrypted_secret"
	mine, other := identities[0].(*age.X25519Identity).String(), identities[1].(*age.X25519Identity).String()
	ciphertext := must(encryption.Encrypt("s3cret", recipient(0)))
	for _, c := range []struct {
		ciphertext any
		identity   string
		plaintext  any
		says       string
	}{
		{ciphertext, mine, "s3cret", ""},
		{nil, mine, nil, ""}, // there may be no secret yet
		{nil, "AGE-SECRET-KEY-1CANARY", nil, "The value of identity cannot be used: line 1 is not an age identity"},
		{ciphertext, other, nil, "it is not for this identity"},
		{"CANARY", mine, nil, "The value of ciphertext cannot be used"},
	} {
		p := newTerraform(t.Errorf, t.Cleanup).process(t.Context())
		response := must(p.OpenEphemeralResource(t.Context(), &tfprotov6.OpenEphemeralResourceRequest{
			TypeName: kind, Config: encode(schemas.EphemeralResourceSchemas[kind],
				values{"ciphertext": c.ciphertext, "identity": c.identity}),
		}))
		heard, text := p.hear(response.Diagnostics), decode(response.Result)["plaintext"]
		if heard.failed() != (c.says != "") || !heard.say(c.says) || heard.say("(on") ||
			heard.say("CANARY") || text != c.plaintext {
			t.Errorf("got %v and %s", text, heard)
		}
	}
}

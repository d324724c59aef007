package provider

import (
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/encryption"
)

func TestDecryptedSecret(t *testing.T) {
	t.Parallel()
	mine, _ := age.GenerateX25519Identity()
	other, _ := age.GenerateX25519Identity()
	ciphertext, err := encryption.Encrypt("s3cret", []string{mine.Recipient().String()})
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		ciphertext any
		identity   string
		plaintext  types.String
		says       string
	}{
		"decrypted":              {ciphertext, mine.String(), types.StringValue("s3cret"), ""},
		"no secret yet":          {nil, mine.String(), types.StringNull(), ""},
		"a wrong identity":       {nil, "AGE-SECRET-KEY-1CANARY", types.StringNull(), "The value of identity cannot be used: line 1 is not an age identity"},
		"another identity":       {ciphertext, other.String(), types.StringNull(), "The ciphertext is not for this identity"},
		"a plaintext, encrypted": {"canary", mine.String(), types.StringNull(), "The value of ciphertext cannot be used"},
	} {
		r := &decryptedSecretEphemeralResource{}
		var schema ephemeral.SchemaResponse
		r.Schema(t.Context(), ephemeral.SchemaRequest{}, &schema)
		typ := schema.Schema.Type().TerraformType(t.Context())
		config := tftypes.NewValue(typ, map[string]tftypes.Value{
			"ciphertext": tftypes.NewValue(tftypes.String, test.ciphertext),
			"identity":   tftypes.NewValue(tftypes.String, test.identity),
			"plaintext":  tftypes.NewValue(tftypes.String, nil),
		})
		resp := ephemeral.OpenResponse{Result: tfsdk.EphemeralResultData{Schema: schema.Schema, Raw: config}}
		r.Open(t.Context(), ephemeral.OpenRequest{Config: tfsdk.Config{Schema: schema.Schema, Raw: config}}, &resp)

		text := diagnosticsText(resp.Diagnostics)
		if !strings.Contains(text, test.says) || (text == "") != (test.says == "") || strings.Contains(strings.ToLower(text), "canary") {
			t.Errorf("%s: got %s", name, text)
		}
		for _, d := range resp.Diagnostics {
			if at, ok := d.(diag.DiagnosticWithPath); ok {
				t.Errorf("%s: the engine would print the line of %s", name, at.Path())
			}
		}
		var plaintext types.String
		if resp.Result.GetAttribute(t.Context(), path.Root("plaintext"), &plaintext); !plaintext.Equal(test.plaintext) {
			t.Errorf("%s: got %s", name, plaintext)
		}
	}
}

package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/encryption"
)

// decryptedSecretEphemeralResource is clerk_decrypted_secret: it hands an encrypted client secret
// to a write-only argument, past state and plan. It has no client: an ephemeral resource is opened
// in every plan too, so it must neither send nor change anything.
type decryptedSecretEphemeralResource struct{}

type decryptedSecretModel struct {
	Ciphertext types.String `tfsdk:"ciphertext"`
	Identity   types.String `tfsdk:"identity"`
	Plaintext  types.String `tfsdk:"plaintext"`
}

func (*decryptedSecretEphemeralResource) Metadata(
	_ context.Context, req ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse,
) {
	resp.TypeName = req.ProviderTypeName + "_decrypted_secret"
}

func (*decryptedSecretEphemeralResource) Schema(
	_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse,
) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Decrypts `client_secret_encrypted` of a `clerk_oauth_application`, for the write-only argument of a secret manager or another resource. The secret is then in neither state nor plan. The ephemeral resource sends no request to Clerk and rotates nothing.",
		Attributes: map[string]schema.Attribute{
			"ciphertext": schema.StringAttribute{
				MarkdownDescription: "An ASCII-armoured [age](https://age-encryption.org) file, as in `client_secret_encrypted`. Null gives a null `plaintext`: a public client has no secret, and an imported one has none until it is rotated.",
				Optional:            true,
			},
			"identity": schema.StringAttribute{
				MarkdownDescription: "The private key of one of the recipients: an age identity (`AGE-SECRET-KEY-1…` or `AGE-SECRET-KEY-PQ-1…`), the whole file that `age-keygen` wrote, or an SSH private key (ed25519 or RSA, without a passphrase). Best from an ephemeral variable or another ephemeral resource.",
				Required:            true,
				Sensitive:           true,
			},
			"plaintext": schema.StringAttribute{
				MarkdownDescription: "The client secret; null where `ciphertext` is null.",
				Computed:            true,
				Sensitive:           true,
			},
		},
	}
}

// Open decrypts. No diagnostic has an attribute path: the engine would print the line of
// the configuration, with the identity or with a secret that was never encrypted.
func (*decryptedSecretEphemeralResource) Open(
	ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse,
) {
	const action = "decrypt secret"
	defer recoverPanic(&resp.Diagnostics, action)

	var model decryptedSecretModel
	resp.Diagnostics.Append(decodeModel(ctx, req.Config.Raw, &model)...)
	// A wrong identity is an error even where there is nothing to decrypt yet.
	argument := "identity"
	identities, err := encryption.ParseIdentities(model.Identity.ValueString())
	if err == nil && !model.Ciphertext.IsNull() {
		argument = "ciphertext"
		var plaintext string
		plaintext, err = encryption.Decrypt(model.Ciphertext.ValueString(), identities)
		model.Plaintext = types.StringValue(plaintext)
	}
	if err != nil {
		resp.Diagnostics.AddError("Unable to "+action,
			fmt.Sprintf("The value of %s cannot be used: %s.", argument, err))
		return
	}
	resp.Diagnostics.Append(resp.Result.Set(ctx, model)...)
}

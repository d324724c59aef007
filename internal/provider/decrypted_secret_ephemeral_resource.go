package provider

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// decryptedSecretEphemeralResource is clerk_decrypted_secret: the way of a sealed
// client secret into a write-only argument, past state and plan. It has no client:
// what an ephemeral resource does it does in every plan too, so it must neither
// send nor change anything.
type decryptedSecretEphemeralResource struct{}

var _ ephemeral.EphemeralResource = (*decryptedSecretEphemeralResource)(nil)

func newDecryptedSecretEphemeralResource() ephemeral.EphemeralResource {
	return &decryptedSecretEphemeralResource{}
}

type decryptedSecretModel struct {
	Ciphertext types.String `tfsdk:"ciphertext"`
	Identity   types.String `tfsdk:"identity"`
	Plaintext  types.String `tfsdk:"plaintext"`
}

func (*decryptedSecretEphemeralResource) Metadata(_ context.Context, req ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_decrypted_secret"
}

func (*decryptedSecretEphemeralResource) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Decrypts `client_secret_encrypted` of a `clerk_oauth_application`, for the write-only argument of a secret manager or another resource. " +
			"The secret is then in no state and no plan. It sends no request to Clerk and rotates nothing.",
		Attributes: map[string]schema.Attribute{
			"ciphertext": schema.StringAttribute{
				MarkdownDescription: "An ASCII-armoured [age](https://age-encryption.org) file, as in `client_secret_encrypted`.",
				Required:            true,
			},
			"identity": schema.StringAttribute{
				MarkdownDescription: "The age identity of one of the recipients (`AGE-SECRET-KEY-1…`, or `AGE-SECRET-KEY-PQ-1…`), or the whole file that `age-keygen` wrote, with one or several identities. Best from an ephemeral variable or another ephemeral resource.",
				Required:            true,
				Sensitive:           true,
			},
			"plaintext": schema.StringAttribute{
				MarkdownDescription: "The client secret.",
				Computed:            true,
				Sensitive:           true,
			},
		},
	}
}

// Open decrypts.
func (*decryptedSecretEphemeralResource) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	const action = "decrypt secret"
	defer recoverPanic(&resp.Diagnostics, action)

	var model decryptedSecretModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	identities, err := parseIdentities(model.Identity.ValueString())
	if err != nil {
		resp.Diagnostics.AddAttributeError(path.Root("identity"), "Unable to "+action, "The identity cannot be used: "+err.Error()+".")
		return
	}
	plaintext, err := decryptSecret(model.Ciphertext.ValueString(), identities)
	switch {
	case errors.Is(err, errIdentityWrong):
		resp.Diagnostics.AddAttributeError(path.Root("identity"), "Unable to "+action, sentence(err.Error()))
	case err != nil:
		resp.Diagnostics.AddAttributeError(path.Root("ciphertext"), "Unable to "+action, "The ciphertext cannot be used: "+err.Error()+".")
	default:
		model.Plaintext = types.StringValue(plaintext)
		resp.Diagnostics.Append(resp.Result.Set(ctx, model)...)
	}
}

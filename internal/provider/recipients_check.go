package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// recipientsValidator checks encrypt_client_secret_to as a whole. A private key
// among the recipients must not be printed, and the engine prints the line of the
// configuration under every diagnostic with an attribute path. So the private key is
// looked for first and ends the checks. A piece of a private key cannot be told from
// any other text, so every diagnostic about a set that has text in it is without a
// path. No other validator may stand beside this one.
type recipientsValidator struct{}

func (recipientsValidator) Description(context.Context) string {
	return "age recipients (age1…) or SSH public keys (ssh-ed25519, ssh-rsa), at least one"
}

func (v recipientsValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}

func (recipientsValidator) ValidateSet(_ context.Context, req validator.SetRequest, resp *validator.SetResponse) {
	const summary = "Invalid recipient of the client secret"

	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	elements := req.ConfigValue.Elements()
	for _, element := range elements {
		if text, ok := element.(types.String); ok && isPrivateKey(text.ValueString()) {
			resp.Diagnostics.AddError(summary, "In encrypt_client_secret_to: "+errRecipientIsPrivate.Error()+".")
			return
		}
	}
	if len(elements) == 0 {
		resp.Diagnostics.AddAttributeError(req.Path, summary, "encrypt_client_secret_to is empty. Leave the argument out, or name at least one recipient.")
	}
	for _, element := range elements {
		text, ok := element.(types.String)
		switch {
		case !ok || text.IsUnknown():
		case text.IsNull():
			resp.Diagnostics.AddError(summary, "In encrypt_client_secret_to one of its elements is null.")
		default:
			if _, err := parseRecipient(text.ValueString()); err != nil {
				resp.Diagnostics.AddError(summary, "In encrypt_client_secret_to "+err.Error()+".")
			}
		}
	}
}

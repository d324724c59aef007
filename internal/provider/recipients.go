package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/encryption"
)

// recipientsValidator checks encrypt_client_secret_to as a whole. Terraform prints the
// source line of a diagnostic with a path, and that line may hold a private key. So
// diagnostics about elements carry no path. Do not add another validator to this
// attribute.
type recipientsValidator struct{}

// Description implements validator.Set.
func (recipientsValidator) Description(context.Context) string {
	return "age recipients (age1…) or SSH public keys (ssh-ed25519, ssh-rsa), at least one"
}

// MarkdownDescription implements validator.Set.
func (v recipientsValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}

// ValidateSet implements validator.Set. Elements that are unknown yet are checked at
// apply time, before the application is created.
func (recipientsValidator) ValidateSet(
	_ context.Context, req validator.SetRequest, resp *validator.SetResponse,
) {
	const summary = "Invalid recipient of the client secret"

	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	elements := req.ConfigValue.Elements()
	if len(elements) == 0 {
		resp.Diagnostics.AddAttributeError(req.Path, summary,
			"encrypt_client_secret_to is empty. Leave the argument out, or name at least one recipient.")
		return
	}
	var known []string
	for _, element := range elements {
		if text, ok := element.(types.String); ok && !text.IsUnknown() {
			known = append(known, text.ValueString()) // "" for null
		}
	}
	if err := encryption.CheckRecipients(known); err != nil {
		resp.Diagnostics.AddError(summary, sentence("In encrypt_client_secret_to: "+err.Error()))
	}
}

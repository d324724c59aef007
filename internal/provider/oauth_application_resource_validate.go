package provider

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

const (
	// minTimeout is less than any operation needs; what is below it is a mistake.
	minTimeout = time.Second
	// maxScopesLength is from Clerk's OpenAPI document.
	maxScopesLength = 1024
)

// ValidateConfig checks what no attribute can check by itself, and warns of a few
// things that are allowed and rarely meant.
func (r *oauthApplicationResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	defer recoverPanic(&resp.Diagnostics, "validate OAuth application")

	var config resourceModel
	resp.Diagnostics.Append(decodeModel(ctx, req.Config.Raw, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	public := config.Public.ValueBool()
	for name, value := range config.Timeouts.Attributes() {
		text, ok := value.(types.String)
		if duration, err := time.ParseDuration(text.ValueString()); ok && err == nil && duration < minTimeout {
			resp.Diagnostics.AddAttributeError(path.Root("timeouts").AtName(name), "Invalid duration",
				fmt.Sprintf("A timeout must be %s at least; got %q.", minTimeout, text.ValueString()))
		}
	}
	if length := len(clerk.FormatScopes(stringsOf(config.Scopes))); length > maxScopesLength {
		resp.Diagnostics.AddAttributeError(path.Root("scopes"), "Too many scopes",
			fmt.Sprintf("Clerk takes %d characters for all scopes, separated by blanks; these have %d.", maxScopesLength, length))
	}

	if trigger := config.RotateSecretTrigger; public && !trigger.IsNull() && !trigger.IsUnknown() {
		resp.Diagnostics.AddAttributeError(path.Root("rotate_secret_trigger"), "Rotation trigger on a public client",
			"A public client has no secret that could be rotated. Remove rotate_secret_trigger, or public = true.")
	}
	if config.VerifyClientSecret.ValueBool() && !config.EncryptClientSecretTo.IsNull() {
		resp.Diagnostics.AddAttributeWarning(path.Root("verify_client_secret"), "An encrypted client secret cannot be verified",
			"With encrypt_client_secret_to the provider cannot read the secret in the state, so verify_client_secret has no effect. Remove one of the two arguments.")
	}
	if public && !config.PKCERequired.IsUnknown() && !config.PKCERequired.ValueBool() {
		resp.Diagnostics.AddAttributeWarning(path.Root("pkce_required"), "Public client without PKCE",
			"Without a secret, PKCE (RFC 7636) is all that ties an authorization code to the client that asked for it. Set pkce_required = true.")
	}
	if scopes := stringsOf(config.Scopes); public && slices.Contains(scopes, "private_metadata") {
		resp.Diagnostics.AddAttributeWarning(path.Root("scopes"), "Private metadata for a public client",
			"The scope private_metadata hands users' private metadata to a client whose code and tokens are on their devices.")
	}
	for _, uri := range stringsOf(config.RedirectURIs) {
		if isInsecureRedirectURI(uri) {
			resp.Diagnostics.AddAttributeWarning(path.Root("redirect_uris"), "Redirect URI without encryption",
				fmt.Sprintf("Authorization codes sent to %q travel over the network in clear. Use https, except for a loopback address.", uri))
		}
	}
}

package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

// oauthApplicationResource is clerk_oauth_application. Its methods are in the files
// oauth_application_….go, one for each operation.
type oauthApplicationResource struct{ configuredResource }

var (
	_ resource.ResourceWithIdentity       = (*oauthApplicationResource)(nil)
	_ resource.ResourceWithImportState    = (*oauthApplicationResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*oauthApplicationResource)(nil)
	_ resource.ResourceWithMoveState      = (*oauthApplicationResource)(nil)
	_ resource.ResourceWithUpgradeState   = (*oauthApplicationResource)(nil)
	_ resource.ResourceWithValidateConfig = (*oauthApplicationResource)(nil)
)

func newOAuthApplicationResource() resource.Resource {
	return &oauthApplicationResource{configuredResource{typeName: applicationType}}
}

// applicationParams maps Clerk's parameter names to attributes, of those that are sent.
var applicationParams = paramsOf[reportedModel](map[string]string{
	"callback_url": "redirect_uris",
	"file":         "logo_path",
}, map[string]string{
	"consent_screen_enabled": "Clerk always shows the consent screen for applications that " +
		"registered themselves. While dynamic client registration is on for the instance " +
		"(dynamic_oauth_client_registration of clerk_oauth_application_settings), it may show the " +
		"consent screen for every application. Remove consent_screen_enabled, or turn dynamic client " +
		"registration off.",
	"device_authorization_grant_enabled": deviceGrantHint,
})

func (r *oauthApplicationResource) IdentitySchema(
	_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse,
) {
	resp.IdentitySchema = identitySchema("Id of the application (oa_…).")
}

// ValidateConfig checks what no attribute can check alone, and warns of what is allowed
// and rarely meant.
//
// An engine validates a configuration twice before it plans: as a whole, before the provider
// is configured, and each resource once more. A warning in both would be printed with "and
// one more similar warning elsewhere". So warnings belong to the second, and terraform
// validate, which has only the first, prints errors alone.
func (r *oauthApplicationResource) ValidateConfig(
	ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse,
) {
	defer recoverPanic(&resp.Diagnostics, "validate OAuth application")

	var config resourceModel
	resp.Diagnostics.Append(decodeModel(ctx, req.Config.Raw, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	const minTimeout = time.Second // less than any operation needs
	for name, value := range config.Timeouts.Attributes() {
		text, ok := value.(types.String)
		duration, err := time.ParseDuration(text.ValueString())
		if ok && err == nil && duration < minTimeout {
			resp.Diagnostics.AddAttributeError(path.Root("timeouts").AtName(name), "Invalid duration",
				fmt.Sprintf("A timeout must be at least %s; got %q.", minTimeout, text.ValueString()))
		}
	}
	if length := len(clerk.FormatScopes(stringsOf(config.Scopes))); length > clerk.MaxScopesLength {
		resp.Diagnostics.AddAttributeError(path.Root("scopes"), "Too many scopes",
			fmt.Sprintf("Clerk accepts %d characters for all scopes together, separated by spaces; these "+
				"scopes have %d.", clerk.MaxScopesLength, length))
	}

	config.checkTrigger(&resp.Diagnostics)
	if !config.LogoSHA256.IsNull() { // optional for ignore_changes alone: see planLogo
		resp.Diagnostics.AddAttributeError(path.Root("logo_sha256"), "logo_sha256 cannot be set",
			"The provider computes logo_sha256 from the file at logo_path. Remove the argument. To keep "+
				"the uploaded logo when the file changes, name logo_sha256 in ignore_changes.")
	}
	if r.data != nil {
		config.addWarnings(&resp.Diagnostics)
	}
}

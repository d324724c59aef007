package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/boolplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func (r *oauthApplicationSettingsResource) Schema(
	_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse,
) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The settings of a Clerk instance for OAuth applications, not for social " +
			"connections. Every instance has these settings exactly once. Creating this resource adopts " +
			"the settings and changes those that are configured, and destroying it leaves them as they " +
			"are. An argument that is left out keeps the value that the instance has. Declare the " +
			"resource once per instance; two of them would keep overwriting each other.",
		Attributes: map[string]schema.Attribute{
			"id": computedString("Id of the instance (`ins_…`)."),
			"default_scopes": schema.SetAttribute{
				MarkdownDescription: "Scopes of clients that register without requesting scopes. `[]` means " +
					"Clerk's own defaults, and is the way back to them, also after an import. `offline_access` " +
					"must not be listed: Clerk includes it and rejects it here. If the argument is removed, " +
					"scopes that an apply has set are reset to Clerk's own defaults. Other scopes stay: those " +
					"that were chosen in the Clerk dashboard, and those that were imported and never changed by " +
					"an apply. Null where Clerk's own defaults apply and nothing is configured.",
				ElementType: types.StringType,
				Optional:    true,
				Computed:    true,
				Validators: []validator.Set{
					setvalidator.NoNullValues(),
					setvalidator.ValueStringsAre(scopeCheck, defaultScopeCheck),
				},
			},
			"dynamic_oauth_client_registration": settingAttribute(
				"Whether clients may register themselves (RFC 7591), without authentication."),
			"oauth_jwt_access_tokens": settingAttribute(
				"Whether access tokens are JSON Web Tokens instead of opaque tokens."),
			"aud_claim_enabled": newerSettingAttribute("Whether access tokens can have an `aud` claim, " +
				"from the `resource` parameter of the authorization request (RFC 8707)."),
			"pkce_required": newerSettingAttribute("Whether every new authorization code request of " +
				"the instance must use Proof Key for Code Exchange (RFC 7636) with the method S256."),
			"client_id_metadata_documents_advertised": settingAttribute(
				"Whether the instance says in its authorization server metadata that it supports " +
					"Client ID Metadata Documents. On its own, this setting lets any such client in; see " +
					"`client_id_metadata_documents_only_allow_pre_registered_clients`."),
			"client_id_metadata_documents_only_allow_pre_registered_clients": settingAttribute(
				"Whether clients with a Client ID Metadata Document are rejected " +
					"if the instance does not know them yet."),
			"client_id_metadata_documents_block_implicitly_allowed_clients": settingAttribute(
				"Whether clients with a Client ID Metadata Document are also rejected when the instance " +
					"knows them only because it once let them in, and not by explicit permission. " +
					"Their existing tokens keep working."),
		},
	}
}

// settingAttribute is a switch that Clerk always has. A plan shows nothing of settings
// that are not configured, so the state never keeps null for a setting.
func settingAttribute(description string) schema.BoolAttribute {
	return schema.BoolAttribute{
		MarkdownDescription: description,
		Optional:            true,
		Computed:            true,
		PlanModifiers:       []planmodifier.Bool{boolplanmodifier.UseNonNullStateForUnknown()},
	}
}

// newerSettingAttribute is a switch that is newer than Clerk's published API. It is
// null where Clerk's answer lacks it, and null must not be "(known after apply)" in
// every plan.
func newerSettingAttribute(description string) schema.BoolAttribute {
	return schema.BoolAttribute{
		MarkdownDescription: description + " Null where Clerk does not report it.",
		Optional:            true,
		Computed:            true,
		PlanModifiers:       []planmodifier.Bool{boolplanmodifier.UseStateForUnknown()},
	}
}

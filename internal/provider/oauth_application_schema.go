package provider

import (
	"context"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/boolplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/setplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// applicationSchemaVersion is the version of the schema. Version 0 is left to the other providers
// for Clerk, whose resource has the same type name. Their states come here without a move, and an
// engine then asks for an upgrade, when only the provider's source address changes: by state
// replace-provider, and by a moved block on OpenTofu before 1.11.12 and from 1.12.0 to 1.12.3.
const applicationSchemaVersion = 1

// Schema describes the resource. No attribute has a DeprecationMessage: engines would print
// it for every configuration that hands out the whole object.
func (r *oauthApplicationResource) Schema(
	ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse,
) {
	resp.Schema = schema.Schema{
		Version:             applicationSchemaVersion,
		MarkdownDescription: "An OAuth application of a Clerk instance: a client that signs its users in through Clerk with OAuth 2.0 or OpenID Connect. It is not a social connection, by which users sign in to Clerk.",
		Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{
				MarkdownDescription: "Name that users see on the consent screen; 1 to 256 characters. Names need not be unique. The Unicode normal form and white space at the ends make no difference.",
				Required:            true,
				Validators:          []validator.String{nameCheck},
			},
			"redirect_uris": schema.SetAttribute{
				MarkdownDescription: "URIs to which Clerk may send users back: absolute URIs of any scheme, compared exactly. `[]` removes all. If the argument is left out, the application keeps the URIs that it has; a new application has none.",
				CustomType:          uriSetType{setOfStrings},
				Optional:            true,
				Computed:            true,
				Validators:          setOfTexts(redirectURICheck),
				PlanModifiers:       []planmodifier.Set{setplanmodifier.UseNonNullStateForUnknown()},
			},
			"scopes": schema.SetAttribute{
				MarkdownDescription: "Scopes that the application may request, such as `profile`, `email`, `openid`, `public_metadata`, `private_metadata`, or custom scopes; at least one, because Clerk treats an empty list as \"use the defaults\". Clerk adds `offline_access` to every application, so leaving it out never shows as drift. Any other scope added or removed in the dashboard does. If the argument is left out, the application keeps the scopes that it has; a new application has Clerk's defaults `profile` and `email`.",
				ElementType:         types.StringType,
				Optional:            true,
				Computed:            true,
				Validators:          setOfTexts(scopeCheck),
				PlanModifiers:       []planmodifier.Set{setplanmodifier.UseNonNullStateForUnknown()},
			},
			"consent_screen_enabled":             reportedBool("Whether users are asked for consent. Clerk's default is `true`. The consent screen cannot be turned off for dynamically registered applications."),
			"pkce_required":                      reportedBool("Whether Proof Key for Code Exchange (RFC 7636) is required. Clerk's default is `false`. Public clients need PKCE in any case."),
			"public":                             reportedBool("Whether this is a public client. A public client cannot keep a secret, and has none: a native or single-page app, for example. Changing this updates the application in place. A public client that becomes confidential gets a secret by a rotation in the same apply. Clerk's default is `false`."),
			"device_authorization_grant_enabled": reportedNullableBool("Whether the client may use the device authorization grant (RFC 8628), for devices without a browser or a keyboard. This is a beta feature: Clerk must switch it on for your workspace, the instance must use Clerk's current OAuth provider, and a device verification page must be reachable. The provider sends it only if it is configured. Null if Clerk does not report it."),
			"rotate_secret_trigger": schema.StringAttribute{
				MarkdownDescription: "Any string. Setting or changing it **rotates the client secret; the old secret stops working at once**, because Clerk keeps one secret and no grace period. White space at the ends and the form of line ends make no difference. Creating the application does not rotate, and neither does removing the trigger. Not for public clients.",
				Optional:            true,
				Validators:          []validator.String{triggerCheck},
			},
			"deletion_protection": schema.BoolAttribute{
				MarkdownDescription: "While `true`, the application is not deleted: a plan that destroys it fails. A replacement (`-replace`, a taint, `replace_triggered_by`) fails at apply time rather than at plan time, because Terraform does not tell providers that a plan is a replacement. After an import, the protection begins with the first apply. Deleting an application permanently loses its `client_id` and its users' grants. Default `false`.",
				Optional:            true,
				Computed:            true,
				Default:             booldefault.StaticBool(false),
			},
			"encrypt_client_secret_to": schema.SetAttribute{
				MarkdownDescription: "[age](https://age-encryption.org) recipients (`age1…`) and SSH public keys (`ssh-ed25519 …`, `ssh-rsa …`); white space around them is ignored. When set, the secret never reaches the state in plain text: `client_secret` is null and `client_secret_encrypted` holds the ciphertext. Changing the recipients rotates the secret, because the provider cannot re-encrypt the current one.",
				ElementType:         types.StringType,
				Optional:            true,
				Validators:          []validator.Set{recipientsCheck},
			},
			"verify_client_secret": schema.BoolAttribute{
				MarkdownDescription: "Whether each refresh asks the instance's token introspection endpoint if `client_secret` still works, to notice a rotation in the Clerk dashboard. Only if that endpoint accepted this secret before and rejects it now does the plan rotate; in every other case nothing is planned. The request is sent to `token_introspection_url` with the client id and the secret. Not for an encrypted secret, which the provider cannot read.",
				Optional:            true,
			},
			"logo_path": schema.StringAttribute{
				MarkdownDescription: "Path of an image file to upload as the logo: JPEG, PNG, GIF or WebP, at most 10 MB. A relative path starts at the directory in which Terraform runs. If another resource writes the file in the same run, the file may be missing when the plan is made. The apply reads the file before it sends anything to Clerk. A different path to the same content is no change. Removing the argument leaves the logo, because Clerk offers no way to delete one. `ignore_changes = [logo_path]` ignores another path only, because Terraform tells no provider of it: to keep the uploaded logo when the content of the file changes, use `ignore_changes = [logo_sha256]` or `all`, or remove `logo_path`.",
				Optional:            true,
				Validators:          []validator.String{logoPathCheck},
			},
			"logo_sha256": schema.StringAttribute{
				MarkdownDescription: "SHA-256 of the uploaded file, in hexadecimal. If the content of the file differs, the plan uploads the file again. It cannot be set, only named in `ignore_changes`.",
				Optional:            true, // for ignore_changes alone: see planLogo
				Computed:            true,
				PlanModifiers:       []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
			},
			"client_secret": schema.StringAttribute{
				MarkdownDescription: "The client secret. Clerk shows it once, when the secret is created: on create and on rotation. Null for public clients, with `encrypt_client_secret_to`, and after an import: Clerk cannot show the secret again, but a `rotate_secret_trigger` creates a new one.",
				Computed:            true,
				Sensitive:           true,
				PlanModifiers:       []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
			},
			"client_secret_version": schema.Int64Attribute{
				MarkdownDescription: "A number of 13 digits (milliseconds) that grows with every new secret and never repeats at the same address, not even after a replacement. After a move from another provider it is 1 until the next new secret. It is known when a rotation is planned, so it can serve as the `…_wo_version` of a write-only argument that takes the secret. Null if Terraform knows no secret: after an import, and for a public client.",
				Computed:            true,
				PlanModifiers:       []planmodifier.Int64{int64planmodifier.UseStateForUnknown()},
			},
			"client_secret_encrypted": computedNullableString("The client secret, encrypted to `encrypt_client_secret_to`, as an ASCII-armoured age file. The ephemeral resource `clerk_decrypted_secret` or `age -d` decrypts it."),
			"id":                      computedString("Id of the application (`oa_…`)."),
			"client_id":               computedString("The OAuth `client_id`."),
			"instance_id":             computedString("Id of the Clerk instance (`ins_…`)."),
			"client_uri":              computedNullableString("Home page, if it registered itself."),
			"client_image_url":        computedNullableString("Where the logo is served."),
			"callback_url":            computedString("Deprecated by Clerk: the first of `redirect_uris`."),
			"discovery_url":           computedString("OpenID Connect discovery document."),
			"authorize_url":           computedString("Authorization endpoint."),
			"token_fetch_url":         computedString("Token endpoint."),
			"user_info_url":           computedString("OpenID Connect UserInfo endpoint."),
			"token_introspection_url": computedString("Token introspection endpoint (RFC 7662)."),
			"created_at":              computedString("When the application was created, RFC 3339 in UTC."),
			"dynamically_registered": schema.BoolAttribute{
				MarkdownDescription: "Whether the application registered itself (RFC 7591).",
				Computed:            true,
				PlanModifiers:       []planmodifier.Bool{boolplanmodifier.UseNonNullStateForUnknown()},
			},
			"updated_at": schema.StringAttribute{
				MarkdownDescription: "When Clerk last changed the application, RFC 3339 in UTC.",
				Computed:            true,
			},
		},
		Blocks: map[string]schema.Block{
			"timeouts": timeouts.BlockAll(ctx),
		},
	}
}

// setOfTexts checks each element of a set.
func setOfTexts(checks ...validator.String) []validator.Set {
	return []validator.Set{setvalidator.NoNullValues(), setvalidator.ValueStringsAre(checks...)}
}

// reportedBool is an argument for which Clerk has a default.
func reportedBool(description string) schema.BoolAttribute {
	attribute := reportedNullableBool(description)
	attribute.PlanModifiers = []planmodifier.Bool{boolplanmodifier.UseNonNullStateForUnknown()}
	return attribute
}

// reportedNullableBool is the same where Clerk's answer may lack the value. Null must not be
// "(known after apply)" in every plan.
func reportedNullableBool(description string) schema.BoolAttribute {
	return schema.BoolAttribute{
		MarkdownDescription: description,
		Optional:            true,
		Computed:            true,
		PlanModifiers:       []planmodifier.Bool{boolplanmodifier.UseStateForUnknown()},
	}
}

// computedString is an attribute that Clerk always has and that no update changes.
func computedString(description string) schema.StringAttribute {
	attribute := computedNullableString(description)
	attribute.PlanModifiers = []planmodifier.String{stringplanmodifier.UseNonNullStateForUnknown()}
	return attribute
}

// computedNullableString is the same where null is a value of its own.
func computedNullableString(description string) schema.StringAttribute {
	return schema.StringAttribute{
		MarkdownDescription: description,
		Computed:            true,
		PlanModifiers:       []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
	}
}

// applicationSchema is the resource's schema, and applicationStateType the type of a state
// that it describes.
var applicationSchema = sync.OnceValue(func() schema.Schema {
	var described resource.SchemaResponse
	ctx := context.Background() //nolint:forbidigo // no request is made
	new(oauthApplicationResource).Schema(ctx, resource.SchemaRequest{}, &described)
	return described.Schema
})

var applicationStateType = sync.OnceValue(func() tftypes.Type {
	ctx := context.Background() //nolint:forbidigo // no request is made
	return applicationSchema().Type().TerraformType(ctx)
})

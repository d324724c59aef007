package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/boolplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/setplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

// applicationType is the type of the resource, the data source and the list resource.
const applicationType = "clerk_oauth_application"

// oauthApplicationResource is clerk_oauth_application. Its methods are in the
// files beside this one, one for each step of its life.
type oauthApplicationResource struct {
	data *providerData
}

var (
	_ resource.ResourceWithConfigure      = (*oauthApplicationResource)(nil)
	_ resource.ResourceWithIdentity       = (*oauthApplicationResource)(nil)
	_ resource.ResourceWithImportState    = (*oauthApplicationResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*oauthApplicationResource)(nil)
	_ resource.ResourceWithMoveState      = (*oauthApplicationResource)(nil)
	_ resource.ResourceWithUpgradeState   = (*oauthApplicationResource)(nil)
	_ resource.ResourceWithValidateConfig = (*oauthApplicationResource)(nil)
)

func newOAuthApplicationResource() resource.Resource {
	return &oauthApplicationResource{}
}

// applicationParams maps Clerk's parameter names to attributes, of those that are sent.
var applicationParams = paramsOf[reportedModel](map[string]string{
	"callback_url": "redirect_uris",
	"file":         "logo_path",
}, map[string]string{
	"consent_screen_enabled": "Clerk always shows the consent screen for applications that registered themselves. While dynamic client registration is on for the instance " +
		"(dynamic_oauth_client_registration of clerk_oauth_application_settings), it may show the consent screen for every application. " +
		"Remove consent_screen_enabled, or turn dynamic client registration off.",
	"device_authorization_grant_enabled": deviceGrantHint,
})

func (r *oauthApplicationResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = applicationType
}

func (r *oauthApplicationResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	r.data = providerDataFrom(req.ProviderData, &resp.Diagnostics)
}

func (r *oauthApplicationResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{
		Attributes: map[string]identityschema.Attribute{
			"id": identityschema.StringAttribute{
				RequiredForImport: true,
				Description:       "Id of the application (oa_…).",
			},
		},
	}
}

func (r *oauthApplicationResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		Version: applicationSchemaVersion,
		MarkdownDescription: "An OAuth application of a Clerk instance: a client that signs its users in through Clerk with OAuth 2.0 or OpenID Connect. " +
			"It is not a social connection, by which users sign in to Clerk.",
		Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{
				MarkdownDescription: "Name that users see on the consent screen; 1 to 256 characters. Names need not be unique. The Unicode normal form and white space at the ends make no difference.",
				Required:            true,
				Validators:          []validator.String{nameCheck},
				PlanModifiers:       []planmodifier.String{keepSameName{}},
			},
			"redirect_uris": schema.SetAttribute{
				MarkdownDescription: "URIs to which Clerk may send users back: absolute URIs of any scheme, compared exactly. `[]` removes all. If the argument is left out, the application keeps the URIs that it has; a new application has none.",
				CustomType:          newURISetType(),
				Optional:            true,
				Computed:            true,
				Validators:          []validator.Set{setvalidator.NoNullValues(), setvalidator.ValueStringsAre(redirectURICheck)},
				PlanModifiers:       []planmodifier.Set{setplanmodifier.UseNonNullStateForUnknown()},
			},
			"scopes": schema.SetAttribute{
				MarkdownDescription: "Scopes that the application may request, such as `profile`, `email`, `openid`, `public_metadata`, `private_metadata`, or custom scopes; at least one, because Clerk treats an empty list as \"use the defaults\". " +
					"Clerk adds `offline_access` to every application, so leaving it out never shows as drift. Any other scope added or removed in the dashboard does. If the argument is left out, the application keeps the scopes that it has; a new application has Clerk's defaults `profile` and `email`.",
				ElementType:   types.StringType,
				Optional:      true,
				Computed:      true,
				Validators:    []validator.Set{setvalidator.NoNullValues(), setvalidator.ValueStringsAre(scopeCheck)},
				PlanModifiers: []planmodifier.Set{keepSatisfiedScopes{}, setplanmodifier.UseNonNullStateForUnknown()},
			},
			"consent_screen_enabled": schema.BoolAttribute{
				MarkdownDescription: "Whether users are asked for consent. Clerk's default is `true`. The consent screen cannot be turned off for dynamically registered applications.",
				Optional:            true,
				Computed:            true,
				PlanModifiers:       []planmodifier.Bool{boolplanmodifier.UseNonNullStateForUnknown()},
			},
			"pkce_required": schema.BoolAttribute{
				MarkdownDescription: "Whether Proof Key for Code Exchange (RFC 7636) is required. Clerk's default is `false`. Public clients need PKCE in any case.",
				Optional:            true,
				Computed:            true,
				PlanModifiers:       []planmodifier.Bool{boolplanmodifier.UseNonNullStateForUnknown()},
			},
			"public": schema.BoolAttribute{
				MarkdownDescription: "Whether this is a public client. A public client cannot keep a secret, and has none: a native or single-page app, for example. Changing this updates the application in place. A public client that becomes confidential gets a secret by a rotation in the same apply. Clerk's default is `false`.",
				Optional:            true,
				Computed:            true,
				PlanModifiers:       []planmodifier.Bool{boolplanmodifier.UseNonNullStateForUnknown()},
			},
			"device_authorization_grant_enabled": schema.BoolAttribute{
				MarkdownDescription: "Whether the client may use the device authorization grant (RFC 8628), for devices without a browser or a keyboard. This is a beta feature: Clerk must switch it on for your workspace. The provider sends it only if it is configured. Null if Clerk does not report it.",
				Optional:            true,
				Computed:            true,
				PlanModifiers:       []planmodifier.Bool{boolplanmodifier.UseStateForUnknown()},
			},
			"rotate_secret_trigger": schema.StringAttribute{
				MarkdownDescription: "Any string. Setting or changing it **rotates the client secret; the old secret stops working at once**, because Clerk keeps one secret and no grace period. Creating the application does not rotate, and neither does removing the trigger. Not for public clients.",
				Optional:            true,
				Validators:          []validator.String{triggerCheck},
			},
			"deletion_protection": schema.BoolAttribute{
				MarkdownDescription: "While `true`, the application is not deleted: a plan that destroys it fails. A replacement (`-replace`, a taint, `replace_triggered_by`) fails at apply time rather than at plan time, because Terraform does not tell providers that a plan is a replacement. Deleting an application permanently loses its `client_id` and its users' grants. Default `false`.",
				Optional:            true,
				Computed:            true,
				Default:             booldefault.StaticBool(false),
			},
			"encrypt_client_secret_to": schema.SetAttribute{
				MarkdownDescription: "[age](https://age-encryption.org) recipients (`age1…`) and SSH public keys (`ssh-ed25519 …`, `ssh-rsa …`); white space around them is ignored. When set, the secret never reaches the state in plain text: `client_secret` is null and `client_secret_encrypted` holds the ciphertext. Changing the recipients rotates the secret, because the provider cannot re-encrypt the current one.",
				ElementType:         types.StringType,
				Optional:            true,
				Validators:          []validator.Set{recipientsValidator{}},
			},
			"verify_client_secret": schema.BoolAttribute{
				MarkdownDescription: "Whether each refresh asks the instance's token introspection endpoint if `client_secret` still works, to notice a rotation in the Clerk dashboard. Only if that endpoint accepted this secret before and rejects it now does the plan rotate; in every other case nothing is planned. The request is sent to `token_introspection_url` with the client id and the secret. Not for an encrypted secret, which the provider cannot read.",
				Optional:            true,
			},
			"logo_path": schema.StringAttribute{
				MarkdownDescription: "Path of an image file to upload as the logo: JPEG, PNG, GIF or WebP, at most 10 MB. A relative path starts at the directory in which Terraform runs. If another resource writes the file in the same run, the file may be missing when the plan is made. The apply reads the file before it sends anything to Clerk. Removing the argument leaves the logo, because Clerk offers no way to delete one.",
				Optional:            true,
				Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
			},
			"logo_sha256": schema.StringAttribute{
				MarkdownDescription: "SHA-256 of the uploaded file, in hexadecimal. If the content of the file differs, the plan uploads the file again.",
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
				MarkdownDescription: "A number that grows with every new secret and never repeats at the same address, not even after a replacement. It is known when a rotation is planned, so it can serve as the `…_wo_version` of a write-only argument that takes the secret. Null if Terraform knows no secret: after an import, and for a public client.",
				Computed:            true,
				PlanModifiers:       []planmodifier.Int64{int64planmodifier.UseStateForUnknown()},
			},
			"client_secret_encrypted": schema.StringAttribute{
				MarkdownDescription: "The client secret, encrypted to `encrypt_client_secret_to`, as an ASCII-armoured age file. The ephemeral resource `clerk_decrypted_secret` or `age -d` decrypts it.",
				Computed:            true,
				PlanModifiers:       []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
			},
			"id":                      computedString("Id of the application (`oa_…`)."),
			"client_id":               computedString("The OAuth `client_id`."),
			"instance_id":             computedString("Id of the Clerk instance (`ins_…`)."),
			"client_uri":              computedNullableString("The client's home page; set by dynamic registration only."),
			"client_image_url":        computedNullableString("Where the logo is served."),
			"callback_url":            deprecated(computedString("Clerk's deprecated form of `redirect_uris`, for one URI."), "Use redirect_uris."),
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

// computedString is an attribute that Clerk always has and that no update changes.
func computedString(description string) schema.StringAttribute {
	return schema.StringAttribute{
		MarkdownDescription: description,
		Computed:            true,
		PlanModifiers:       []planmodifier.String{stringplanmodifier.UseNonNullStateForUnknown()},
	}
}

// deprecated marks an attribute that Clerk keeps for old clients. A plan says nothing of
// it, because no configuration can set the attribute.
func deprecated(attribute schema.StringAttribute, instead string) schema.StringAttribute {
	attribute.DeprecationMessage = instead
	return attribute
}

// computedNullableString is the same where null is a value of its own, and would
// otherwise be "(known after apply)" in every plan.
func computedNullableString(description string) schema.StringAttribute {
	return schema.StringAttribute{
		MarkdownDescription: description,
		Computed:            true,
		PlanModifiers:       []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
	}
}

// client returns the client, or adds the error that says why there is none.
func (r *oauthApplicationResource) client(diags *diag.Diagnostics) *clerk.Client {
	return r.data.requireClient(diags)
}

// saveState writes the state, and the identity where the engine keeps one.
func saveState(ctx context.Context, model resourceModel, state *tfsdk.State, identity *tfsdk.ResourceIdentity) diag.Diagnostics {
	raw, diags := encodeModel(ctx, state.Raw.Type(), model)
	if diags.HasError() {
		return diags
	}
	state.Raw = raw
	if identity != nil {
		diags.Append(identity.Set(ctx, oauthApplicationIdentity{ID: model.ID})...)
	}
	return diags
}

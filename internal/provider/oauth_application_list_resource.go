package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

// oauthApplicationListResource is clerk_oauth_application for terraform query: it
// finds applications that can be adopted.
type oauthApplicationListResource struct{ configuredResource }

func (l *oauthApplicationListResource) ListResourceConfigSchema(
	_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse,
) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Finds OAuth applications of a Clerk instance, to bring them under management. They are not social connections, by which users sign in *to* Clerk.",
		Attributes: map[string]schema.Attribute{
			"dynamically_registered": schema.BoolAttribute{
				MarkdownDescription: "`true`: only applications that registered themselves (RFC 7591). Default `false`: only the others, because clients that register themselves are rarely managed as code.",
				Optional:            true,
			},
		},
	}
	for name, text := range filterTexts {
		resp.Schema.Attributes[name] = schema.StringAttribute{
			MarkdownDescription: text.description,
			Optional:            true,
			Validators:          []validator.String{text.check},
		}
	}
}

// List reads all applications before it returns the first one. An error on any page is
// then the only result, so no one mistakes a part of a list for the whole.
func (l *oauthApplicationListResource) List(
	ctx context.Context, req list.ListRequest, stream *list.ListResultsStream,
) {
	apps, diags := l.find(ctx, req)
	if diags.HasError() {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	stream.Results = func(push func(list.ListResult) bool) {
		if len(diags) > 0 && !push(list.ListResult{Diagnostics: diags}) {
			return
		}
		for _, app := range apps {
			if !push(listResult(ctx, req, app)) {
				return
			}
		}
	}
}

func (l *oauthApplicationListResource) find(
	ctx context.Context, req list.ListRequest,
) (apps []clerk.OAuthApplication, diags diag.Diagnostics) {
	defer recoverPanic(&diags, actionList)

	var filter applicationFilter
	diags.Append(decodeModel(ctx, req.Config.Raw, &filter)...)
	if diags.HasError() {
		return nil, diags
	}
	query := filter.query()
	query.Limit = int(req.Limit)
	if query.DynamicallyRegistered == nil {
		query.DynamicallyRegistered = new(false)
	}
	apps = l.data.listApplications(ctx, query, &diags)
	return apps, diags
}

// listResult is an application as the list shows it. It must hold nothing secret:
// Terraform prints the results of a query in plain text, also sensitive attributes.
func listResult(
	ctx context.Context, req list.ListRequest, app clerk.OAuthApplication,
) (result list.ListResult) {
	result = req.NewListResult(ctx)
	defer recoverPanic(&result.Diagnostics, "list OAuth application")

	result.DisplayName = visible(app.Name)
	result.Diagnostics.Append(
		result.Identity.Set(ctx, identityModel{ID: types.StringValue(app.ID)})...)
	if req.IncludeResource {
		model := applicationWithoutState()
		model.fromAPI(app)
		raw, diags := encodeModel(ctx, result.Resource.Raw.Type(), model)
		result.Diagnostics.Append(diags...)
		result.Resource.Raw = raw
	}
	return result
}

// applicationWithoutState is the state of an application that only Clerk knows, as after
// an import: without a secret, and without the arguments that only Terraform knows.
func applicationWithoutState() resourceModel {
	return resourceModel{
		reportedModel: reportedModel{
			RedirectURIs: types.SetNull(types.StringType),
			Scopes:       types.SetNull(types.StringType),
		},
		EncryptClientSecretTo: types.SetNull(types.StringType),
		DeletionProtection:    types.BoolValue(false),
		Timeouts:              nullTimeouts(),
	}
}

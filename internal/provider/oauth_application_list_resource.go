package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

// oauthApplicationListResource is clerk_oauth_application for terraform query: it
// finds applications that can be adopted.
type oauthApplicationListResource struct {
	data *providerData
}

var _ list.ListResourceWithConfigure = (*oauthApplicationListResource)(nil)

func newOAuthApplicationListResource() list.ListResource {
	return &oauthApplicationListResource{}
}

func (l *oauthApplicationListResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = applicationType
}

func (l *oauthApplicationListResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	l.data = providerDataFrom(req.ProviderData, &resp.Diagnostics)
}

func (l *oauthApplicationListResource) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Finds OAuth applications of a Clerk instance, to bring them under management. They are not social connections, by which users sign in *to* Clerk.",
		Attributes: map[string]schema.Attribute{
			"name_query": schema.StringAttribute{
				MarkdownDescription: nameQueryDescription,
				Optional:            true,
				Validators:          nameQueryValidators,
			},
			"order_by": schema.StringAttribute{
				MarkdownDescription: orderByDescription,
				Optional:            true,
				Validators:          orderByValidators,
			},
			"dynamically_registered": schema.BoolAttribute{
				MarkdownDescription: "`true`: only applications that registered themselves (RFC 7591). Default `false`: only the others, because clients that register themselves are rarely managed as code.",
				Optional:            true,
			},
		},
	}
}

// List reads all applications before it hands on the first one. An error on any page
// is then the only result, so no one mistakes a part of a list for the whole.
func (l *oauthApplicationListResource) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
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

func (l *oauthApplicationListResource) find(ctx context.Context, req list.ListRequest) (apps []clerk.OAuthApplication, diags diag.Diagnostics) {
	const action = "list OAuth applications"
	defer recoverPanic(&diags, action)

	var filter applicationFilter
	diags.Append(req.Config.Get(ctx, &filter)...)
	client := l.data.requireClient(&diags)
	if diags.HasError() {
		return nil, diags
	}
	ctx, cancel := context.WithTimeout(ctx, defaultReadTimeout)
	defer cancel()

	query := filter.query()
	query.Limit = int(req.Limit)
	if query.DynamicallyRegistered == nil {
		query.DynamicallyRegistered = new(false)
	}
	apps, unreadable, err := client.ListOAuthApplications(ctx, query)
	if err != nil {
		l.data.addError(&diags, action, err, listParams)
	}
	warnOfUnreadable(&diags, unreadable)
	return apps, diags
}

// listResult is an application as the list shows it. It must hold nothing secret:
// Terraform prints the results of a query in plain text, also sensitive attributes.
func listResult(ctx context.Context, req list.ListRequest, app clerk.OAuthApplication) (result list.ListResult) {
	result = req.NewListResult(ctx)
	defer recoverPanic(&result.Diagnostics, "list OAuth application")

	result.DisplayName = visible(app.Name)
	result.Diagnostics.Append(result.Identity.Set(ctx, oauthApplicationIdentity{ID: types.StringValue(app.ID)})...)
	if req.IncludeResource {
		model := unmanagedApplication()
		model.fromAPI(app)
		raw, diags := encodeModel(ctx, result.Resource.Raw.Type(), model)
		result.Diagnostics.Append(diags...)
		result.Resource.Raw = raw
	}
	return result
}

// unmanagedApplication is the state of an application that only Clerk knows, as after
// an import: without a secret, and without the arguments that only Terraform knows.
func unmanagedApplication() resourceModel {
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

package provider

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

// oauthApplicationListResource is clerk_oauth_application for terraform query: it
// finds applications that can be adopted.
type oauthApplicationListResource struct{ configuredResource }

// applicationFilter selects applications, in the list resource and in the data source
// clerk_oauth_applications alike.
type applicationFilter struct {
	NameQuery             types.String `tfsdk:"name_query"`
	OrderBy               types.String `tfsdk:"order_by"`
	DynamicallyRegistered types.Bool   `tfsdk:"dynamically_registered"`
}

const (
	nameQueryDescription = "Part of the name, in upper or lower case, or exactly a `client_id`. " +
		"Default: all applications."
	orderByDescription = "`created_at` or `name`, with `+` (ascending, the default) or `-` " +
		"(descending) in front. Default: `-created_at`, the newest first."
)

var (
	// nameQueryValidators reject the empty string: a variable that was not set would
	// select all applications.
	nameQueryValidators = []validator.String{stringvalidator.LengthAtLeast(1)}
	orderByValidators   = []validator.String{stringvalidator.OneOf(
		"created_at", "+created_at", "-created_at", "name", "+name", "-name")}
)

// query converts the filter for the client.
func (f applicationFilter) query() clerk.ListQuery {
	return clerk.ListQuery{
		NameQuery:             f.NameQuery.ValueString(),
		OrderBy:               f.OrderBy.ValueString(),
		DynamicallyRegistered: f.DynamicallyRegistered.ValueBoolPointer(),
	}
}

func (l *oauthApplicationListResource) ListResourceConfigSchema(
	_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse,
) {
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
	diags.Append(req.Config.Get(ctx, &filter)...)
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

const actionList = "list OAuth applications"

// listParams maps Clerk's parameter names of lists to attributes.
var listParams = &requestParams{paths: map[string]path.Path{
	"name_query": path.Root("name_query"),
	"order_by":   path.Root("order_by"),
}}

// listApplications lists applications, with a warning that names those that are left out
// because Clerk's answer about them could not be read.
func (d *providerData) listApplications(
	ctx context.Context, query clerk.ListQuery, diags *diag.Diagnostics,
) []clerk.OAuthApplication {
	client := d.requireClient(diags)
	if client == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, defaultReadTimeout)
	defer cancel()
	apps, unreadable, err := client.ListOAuthApplications(ctx, query)
	if err != nil {
		d.addError(diags, actionList, err, listParams)
		return nil
	}
	if len(unreadable) > 0 {
		problems := make([]string, len(unreadable))
		for i, item := range unreadable {
			problems[i] = "- " + visible(item.Error())
		}
		diags.AddWarning("The list of OAuth applications is incomplete", paragraphs(
			"These applications are left out, because Clerk's answer about them could not be read:",
			strings.Join(problems, "\n"),
			"Clerk may describe them in a way that this version of the provider does not know. "+
				"Try a newer version."))
	}
	return apps
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

package provider

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	listschema "github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

// applicationFilter selects applications, in the list resource and in the data source.
type applicationFilter struct {
	NameQuery             types.String `tfsdk:"name_query"`
	OrderBy               types.String `tfsdk:"order_by"`
	DynamicallyRegistered types.Bool   `tfsdk:"dynamically_registered"`
}

// filterTexts are the attributes of a filter that are described alike in both places. To the
// framework, the attributes of a data source and of a list resource are the same.
var filterTexts = map[string]schema.Attribute{
	"name_query": schema.StringAttribute{
		MarkdownDescription: "Part of the name, in upper or lower case, or exactly a `client_id`. Default: all applications.",
		Optional:            true,
		// A variable that was not set would select all.
		Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
	},
	"order_by": schema.StringAttribute{
		MarkdownDescription: "`created_at` or `name`, with `+` (ascending, the default) or `-` (descending) in front. Default: `-created_at`, the newest first.",
		Optional:            true,
		Validators: []validator.String{stringvalidator.OneOf(
			"created_at", "+created_at", "-created_at", "name", "+name", "-name")},
	},
}

func (f applicationFilter) query() clerk.ListQuery {
	return clerk.ListQuery{
		NameQuery:             f.NameQuery.ValueString(),
		OrderBy:               f.OrderBy.ValueString(),
		DynamicallyRegistered: f.DynamicallyRegistered.ValueBoolPointer(),
	}
}

const actionList = "list OAuth applications"

// listParams maps Clerk's parameter names of lists to attributes.
var listParams = paramsOf[applicationFilter](nil, nil)

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
		diags.AddWarning("The list of OAuth applications is incomplete", paragraphs(
			"These applications are left out, because Clerk's answer about them could not be read:",
			lines(mapped(unreadable, func(err *clerk.UnreadableApplicationError) string {
				return "- " + visible(err.Error())
			})...),
			"Clerk may describe them in a way that this version of the provider does not know. "+
				"Try a newer version."))
	}
	return apps
}

// oauthApplicationsDataSource is clerk_oauth_applications: the applications of the instance.
type oauthApplicationsDataSource struct{ configuredDataSource }

// oauthApplicationsModel has no id: nothing needs one, and a random one would differ in every plan.
type oauthApplicationsModel struct {
	applicationFilter

	Limit  types.Int64 `tfsdk:"limit"`
	Offset types.Int64 `tfsdk:"offset"`
}

func (d *oauthApplicationsDataSource) Schema(
	_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse,
) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "OAuth applications of a Clerk instance: the clients that sign in *through* it, not social connections, by which users sign in *to* it. The data source reads all of them, page by page, unless `limit` sets a maximum.",
		Attributes: map[string]schema.Attribute{
			"dynamically_registered": schema.BoolAttribute{
				MarkdownDescription: "`true`: only applications that registered themselves (RFC 7591). `false`: only the others. Default: both.",
				Optional:            true,
			},
			"limit": schema.Int64Attribute{
				MarkdownDescription: "Maximum number of applications, at least 1. Default: all.",
				Optional:            true,
				Validators:          []validator.Int64{int64validator.AtLeast(1)},
			},
			"offset": schema.Int64Attribute{
				MarkdownDescription: "How many of the matching applications to leave out first. Default 0.",
				Optional:            true,
				Validators:          []validator.Int64{int64validator.AtLeast(0)},
			},
			"oauth_applications": schema.ListNestedAttribute{
				MarkdownDescription: "The applications, in the order of `order_by`.",
				Computed:            true,
				NestedObject: schema.NestedAttributeObject{
					Attributes: reportedApplicationAttributes(),
				},
			},
		},
	}
	maps.Copy(resp.Schema.Attributes, filterTexts)
}

func (d *oauthApplicationsDataSource) Read(
	ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse,
) {
	defer recoverPanic(&resp.Diagnostics, actionList)

	var model oauthApplicationsModel
	resp.Diagnostics.Append(decodeModel(ctx, req.Config.Raw, &model)...)
	query := model.query()
	query.Limit = int(model.Limit.ValueInt64())
	query.Offset = int(model.Offset.ValueInt64())
	apps := d.data.listApplications(ctx, query, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	// The state is the configuration, with the applications. State.Set would take twice the
	// time and the memory, which counts for thousands of applications.
	var values map[string]tftypes.Value
	if err := req.Config.Raw.As(&values); err != nil {
		resp.Diagnostics.Append(codecError(err)...)
		return
	}
	const name = "oauth_applications"
	typ := values[name].Type().(tftypes.List)
	elements := make([]tftypes.Value, len(apps))
	for i, app := range apps {
		var model reportedModel
		var diags diag.Diagnostics
		model.fromAPI(app)
		elements[i], diags = encodeModel(ctx, typ.ElementType, model)
		resp.Diagnostics.Append(diags...)
	}
	values[name] = tftypes.NewValue(typ, elements)
	resp.State.Raw = tftypes.NewValue(req.Config.Raw.Type(), values)
}

// oauthApplicationListResource is clerk_oauth_application for terraform query: it
// finds applications that can be adopted.
type oauthApplicationListResource struct{ configuredResource }

func (l *oauthApplicationListResource) ListResourceConfigSchema(
	_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse,
) {
	resp.Schema = listschema.Schema{
		MarkdownDescription: "Finds OAuth applications of a Clerk instance, to bring them under management. They are not social connections, by which users sign in *to* Clerk.",
		Attributes: map[string]listschema.Attribute{
			"dynamically_registered": listschema.BoolAttribute{
				MarkdownDescription: "`true`: only applications that registered themselves (RFC 7591). Default `false`: only the others, because clients that register themselves are rarely managed as code.",
				Optional:            true,
			},
		},
	}
	for name, attribute := range filterTexts {
		resp.Schema.Attributes[name] = attribute
	}
}

// List reads all applications before it returns the first one. An error on any page is
// then the only result, and no one mistakes a part of a list for the whole.
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
		var diags diag.Diagnostics
		result.Resource.Raw, diags = encodeModel(ctx, result.Resource.Raw.Type(), model)
		result.Diagnostics.Append(diags...)
	}
	return result
}

// applicationWithoutState is the state of an application that only Clerk knows, as after an import.
func applicationWithoutState() (model resourceModel) {
	//nolint:forbidigo // null values need no context
	_ = decodeModel(context.Background(), tftypes.Value{}, &model)
	model.DeletionProtection = types.BoolValue(false)
	return model
}

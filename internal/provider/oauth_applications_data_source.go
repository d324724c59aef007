package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

// oauthApplicationsDataSource is clerk_oauth_applications: the applications of the
// instance.
type oauthApplicationsDataSource struct{ configuredDataSource }

// oauthApplicationsModel has no id. Nothing needs an id, and a random one would differ
// in every plan.
type oauthApplicationsModel struct {
	applicationFilter

	Limit             types.Int64 `tfsdk:"limit"`
	Offset            types.Int64 `tfsdk:"offset"`
	OAuthApplications types.List  `tfsdk:"oauth_applications"` // see withApplications
}

func (d *oauthApplicationsDataSource) Schema(
	ctx context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse,
) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "OAuth applications of a Clerk instance: the clients that sign in *through* it, not social connections, by which users sign in *to* it. The data source reads all of them, page by page, unless `limit` sets a maximum.",
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
					Attributes: reportedApplicationAttributes(ctx),
				},
			},
		},
	}
}

func (d *oauthApplicationsDataSource) Read(
	ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse,
) {
	defer recoverPanic(&resp.Diagnostics, actionList)

	var model oauthApplicationsModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	query := model.query()
	query.Limit = int(model.Limit.ValueInt64())
	query.Offset = int(model.Offset.ValueInt64())
	apps := d.data.listApplications(ctx, query, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	raw, diags := withApplications(ctx, req.Config.Raw, apps)
	resp.Diagnostics.Append(diags...)
	resp.State.Raw = raw
}

// withApplications returns a state: the configuration, with the applications. The
// framework's State.Set does the same with twice the time and the memory, which counts
// where an instance has thousands of applications.
func withApplications(
	ctx context.Context, config tftypes.Value, apps []clerk.OAuthApplication,
) (tftypes.Value, diag.Diagnostics) {
	var values map[string]tftypes.Value
	if err := config.As(&values); err != nil {
		return tftypes.Value{}, diag.Diagnostics{codecError(err)}
	}
	const name = "oauth_applications"
	list := values[name].Type().(tftypes.List)
	elements := make([]tftypes.Value, len(apps))
	for i, app := range apps {
		var model reportedModel
		model.fromAPI(app)
		element, diags := encodeModel(ctx, list.ElementType, model)
		if diags.HasError() {
			return tftypes.Value{}, diags
		}
		elements[i] = element
	}
	values[name] = tftypes.NewValue(list, elements)
	return tftypes.NewValue(config.Type(), values), nil
}

package provider

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/datasourcevalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

// oauthApplicationDataSource is clerk_oauth_application as a data source: one
// application, by its id, its client_id or its name.
type oauthApplicationDataSource struct {
	data *providerData
}

var (
	_ datasource.DataSourceWithConfigure        = (*oauthApplicationDataSource)(nil)
	_ datasource.DataSourceWithConfigValidators = (*oauthApplicationDataSource)(nil)
)

func newOAuthApplicationDataSource() datasource.DataSource {
	return &oauthApplicationDataSource{}
}

func (d *oauthApplicationDataSource) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = applicationType
}

func (d *oauthApplicationDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	d.data = providerDataFrom(req.ProviderData, &resp.Diagnostics)
}

func (d *oauthApplicationDataSource) ConfigValidators(context.Context) []datasource.ConfigValidator {
	return []datasource.ConfigValidator{
		datasourcevalidator.ExactlyOneOf(path.MatchRoot("id"), path.MatchRoot("client_id"), path.MatchRoot("name")),
	}
}

func (d *oauthApplicationDataSource) Schema(ctx context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := reportedApplicationAttributes(ctx)
	by := func(name, condition string, check validator.String) {
		attributes[name] = schema.StringAttribute{
			MarkdownDescription: attributes[name].GetMarkdownDescription() + " " + condition,
			Optional:            true,
			Computed:            true,
			Validators:          []validator.String{check},
		}
	}
	const one = "Exactly one of `id`, `client_id` and `name` must be given."
	by("id", one, stringvalidator.RegexMatches(idForm, "must be letters, digits, _ and -, at most 128"))
	by("client_id", one, stringvalidator.LengthAtLeast(1))
	by("name", one+" Exactly one application must have this name. The Unicode normal form and white space at the ends make no difference.", stringvalidator.LengthAtLeast(1))

	resp.Schema = schema.Schema{
		MarkdownDescription: "One OAuth application of a Clerk instance: a client that signs in *through* it, not a social connection, by which users sign in *to* it. The data source has no secret, because Clerk shows a client secret only when the secret is created.",
		Attributes:          attributes,
	}
}

func (d *oauthApplicationDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	defer recoverPanic(&resp.Diagnostics, actionFind)

	var config reportedModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if d.data.requireClient(&resp.Diagnostics); resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, defaultReadTimeout)
	defer cancel()

	app := d.data.findApplication(ctx, config, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	model := reportedModel{Name: config.Name} // for its spelling
	model.fromAPI(app)
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
}

// idForm is the form of an id, which becomes part of a request's path. The client checks
// it once more.
var idForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)

const actionFind = "find OAuth application"

// findApplication looks for the application by the one argument that is given.
func (d *providerData) findApplication(ctx context.Context, config reportedModel, diags *diag.Diagnostics) clerk.OAuthApplication {
	argument, value, find := "name", config.Name.ValueString(), d.client.FindOwnOAuthApplicationByName
	switch {
	case !config.ID.IsNull():
		argument, value, find = "id", config.ID.ValueString(), d.client.GetOwnOAuthApplication
	case !config.ClientID.IsNull():
		argument, value, find = "client_id", config.ClientID.ValueString(), d.client.FindOwnOAuthApplicationByClientID
	}

	app, err := find(ctx, value)
	var several *clerk.AmbiguousNameError
	switch {
	case clerk.IsNotFound(err), errors.Is(err, clerk.ErrNoMatch):
		diags.AddAttributeError(path.Root(argument), "Unable to "+actionFind,
			fmt.Sprintf("No OAuth application of the secret key's instance has the %s %q. The data source clerk_oauth_applications lists all applications of the instance.", argument, value))
	case errors.As(err, &several):
		diags.AddAttributeError(path.Root(argument), "Unable to "+actionFind,
			fmt.Sprintf("%d OAuth applications have the name %q. Select one of them by its id:\n\n  %s", len(several.IDs), value, strings.Join(several.IDs, "\n  ")))
	case err != nil:
		d.addError(diags, actionFind, err, nil)
	}
	return app
}

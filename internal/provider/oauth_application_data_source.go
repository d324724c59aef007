package provider

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/datasourcevalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

// oauthApplicationDataSource is clerk_oauth_application as a data source: one
// application, by its id, its client_id or its name.
type oauthApplicationDataSource struct{ configuredDataSource }

var _ datasource.DataSourceWithConfigValidators = (*oauthApplicationDataSource)(nil)

func (*oauthApplicationDataSource) ConfigValidators(context.Context) []datasource.ConfigValidator {
	return []datasource.ConfigValidator{
		datasourcevalidator.ExactlyOneOf(
			path.MatchRoot("id"), path.MatchRoot("client_id"), path.MatchRoot("name")),
	}
}

// idForm is the form of an id, which becomes part of a request's path. The client checks
// it once more.
var idForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)

func (d *oauthApplicationDataSource) Schema(
	_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse,
) {
	attributes := reportedApplicationAttributes()
	by := func(name, condition string, check validator.String) {
		attributes[name] = schema.StringAttribute{
			MarkdownDescription: attributes[name].GetMarkdownDescription() + " " + condition,
			Optional:            true,
			Computed:            true,
			Validators:          []validator.String{check},
		}
	}
	const one = "Exactly one of `id`, `client_id` and `name` must be given."
	by("id", one,
		stringvalidator.RegexMatches(idForm, "must be letters, digits, _ and -, at most 128"))
	by("client_id", one, stringvalidator.LengthAtLeast(1))
	by("name", one+" Exactly one application must have this name. The Unicode normal form and white "+
		"space at the ends make no difference.",
		stringvalidator.LengthAtLeast(1))

	resp.Schema = schema.Schema{
		MarkdownDescription: "One OAuth application of a Clerk instance: a client that signs in *through* it, not a social connection, by which users sign in *to* it. The data source has no secret, because Clerk shows a client secret only when the secret is created.",
		Attributes:          attributes,
	}
}

// reportedDescriptions describe attributes of reportedModel where the text of the
// resource describes an argument.
var reportedDescriptions = map[string]string{
	"name":                   "Name that users see on the consent screen. Names need not be unique.",
	"redirect_uris":          "URIs to which Clerk may send users back.",
	"scopes":                 "Scopes that the application may request.",
	"consent_screen_enabled": "Whether users are asked for consent.",
	"pkce_required":          "Whether Proof Key for Code Exchange (RFC 7636) is required.",
	"public":                 "Whether this is a public client: one without a secret.",
}

// reportedApplicationAttributes derives the schema of reportedModel for the data
// sources from the resource's, so that types and most descriptions cannot differ. All
// attributes are computed. None has a deprecation message: for one in a list, OpenTofu
// takes quadratic time (opentofu#4238), and an expression that hands on the whole object
// would warn of an attribute that no configuration names.
func reportedApplicationAttributes() map[string]schema.Attribute {
	managed := applicationSchema().Attributes
	attributes := make(map[string]schema.Attribute, len(managed))
	for _, field := range fieldsOf[reportedModel]() {
		name := field.name
		attribute := managed[name]
		description, ok := reportedDescriptions[name]
		if !ok {
			description = attribute.GetMarkdownDescription()
		}
		switch typ := attribute.GetType().(type) {
		case basetypes.StringType:
			attributes[name] = schema.StringAttribute{MarkdownDescription: description, Computed: true}
		case basetypes.BoolType:
			attributes[name] = schema.BoolAttribute{MarkdownDescription: description, Computed: true}
		case basetypes.SetTypable:
			attributes[name] = schema.SetAttribute{
				MarkdownDescription: description, Computed: true, ElementType: basetypes.StringType{},
			}
		default:
			panic(fmt.Sprintf("attribute %s has a type that the data sources do not know: %s", name, typ))
		}
	}
	return attributes
}

const actionFind = "find OAuth application"

// Read looks for the application by the one argument that is given. It also finds what
// this process has just created or renamed, although Clerk's reads can lag.
func (d *oauthApplicationDataSource) Read(
	ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse,
) {
	defer recoverPanic(&resp.Diagnostics, actionFind)

	var config reportedModel
	resp.Diagnostics.Append(decodeModel(ctx, req.Config.Raw, &config)...)
	client := d.data.requireClient(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, defaultReadTimeout)
	defer cancel()

	var app clerk.OAuthApplication
	var err error
	var argument, value string
	ownWrites := clerk.ReadYourWrites(time.Time{})
	switch {
	case !config.ID.IsNull():
		argument, value = "id", config.ID.ValueString()
		app, err = client.GetOAuthApplication(ctx, value, ownWrites)
	case !config.ClientID.IsNull():
		argument, value = "client_id", config.ClientID.ValueString()
		app, err = client.FindOAuthApplication(ctx, clerk.By{ClientID: value}, ownWrites)
	default:
		argument, value = "name", config.Name.ValueString()
		app, err = client.FindOAuthApplication(ctx, clerk.By{Name: value}, ownWrites)
	}
	several, ambiguous := errors.AsType[*clerk.AmbiguousNameError](err)
	switch {
	case err == nil:
		config.fromAPI(app) // keeps the spelling of the name
		resp.Diagnostics.Append(resp.State.Set(ctx, config)...)
	case clerk.IsNotFound(err), errors.Is(err, clerk.ErrNoMatch):
		resp.Diagnostics.AddAttributeError(path.Root(argument), "Unable to "+actionFind,
			fmt.Sprintf("No OAuth application of the secret key's instance has the %s %s. The data source "+
				"clerk_oauth_applications lists all applications of the instance.", argument, quote(value)))
	case ambiguous:
		resp.Diagnostics.AddAttributeError(path.Root(argument), "Unable to "+actionFind,
			fmt.Sprintf("%d OAuth applications have the name %s. Select one of them by its id:\n\n  %s",
				len(several.IDs), quote(value), strings.Join(several.IDs, "\n  ")))
	default:
		d.data.addError(&resp.Diagnostics, actionFind, err, nil)
	}
}

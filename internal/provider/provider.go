// Package provider is the Terraform side: schemas, models and the lifecycle of each object. It is
// the only code that knows both Terraform and package clerk. Within it, only the files named
// …_model.go convert between the types of Terraform and those of package clerk.
package provider

import (
	"cmp"
	"context"
	"fmt"
	"net/http"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

type clerkProvider struct {
	version   string
	transport http.RoundTripper // for tests; nil for the network
	data      *providerData     // set by Configure
	deferred  bool              // Configure put all resources off
}

var (
	_ provider.Provider                       = (*clerkProvider)(nil)
	_ provider.ProviderWithEphemeralResources = (*clerkProvider)(nil)
	_ provider.ProviderWithListResources      = (*clerkProvider)(nil)
)

func (p *clerkProvider) Metadata(
	_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse,
) {
	resp.TypeName = "clerk"
	resp.Version = p.version
}

func (p *clerkProvider) Schema(
	_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse,
) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Manages the OAuth applications of a [Clerk](https://clerk.com) instance: the OAuth and OpenID Connect clients that sign in *through* Clerk. It does not manage social connections, by which users sign in *to* Clerk.",
		Attributes: map[string]schema.Attribute{
			"secret_key": schema.StringAttribute{
				MarkdownDescription: "Secret key of the Clerk instance (`sk_test_…` or `sk_live_…`). It selects the instance. Default: the environment variable `" + envSecretKey + "`, which keeps it out of files.",
				Optional:            true,
				Sensitive:           true,
			},
			"api_url": schema.StringAttribute{
				MarkdownDescription: "Address of Clerk's Backend API, with or without `/v1`. https, or http on a loopback address (elsewhere only with `allow_http`). Default: the environment variable `" + envAPIURL + "`, else `https://api.clerk.com/v1`.",
				Optional:            true,
			},
			"instance_id": schema.StringAttribute{
				MarkdownDescription: "Id of the instance (`ins_…`) that the secret key must belong to. Optional safety check: the provider refuses to run if the key belongs to a different instance, so that the configuration of one environment is never applied with the key of another.",
				Optional:            true,
			},
			"request_timeout": schema.StringAttribute{
				CustomType:          timetypes.GoDurationType{},
				MarkdownDescription: "Time limit of one attempt of one request, as a duration such as `\"30s\"` (the default) or `\"1m30s\"`; from 1 ms to 10 minutes.",
				Optional:            true,
				Validators:          []validator.String{requestTimeoutCheck},
			},
			"max_retries": schema.Int64Attribute{
				MarkdownDescription: "How often a request is repeated at most, if repeating the request is safe; 0 to 20. Default 5.",
				Optional:            true,
				Validators:          []validator.Int64{int64validator.Between(0, 20)},
			},
			"requests_per_10s": schema.Int64Attribute{
				MarkdownDescription: "Maximum number of requests in any 10 seconds. Default 90 with a development key (Clerk allows 100) and 360 with a production key (Clerk allows 1,000, shared with your own back end). Each provider block counts for itself, so divide the number among blocks with keys of one instance. Raise it only for an instance to which Clerk allows more.",
				Optional:            true,
				Validators:          []validator.Int64{int64validator.AtLeast(1)},
			},
			"allow_http": schema.BoolAttribute{
				MarkdownDescription: "Allows `http` for an `api_url` that is not a loopback address, for a simulator in another container. The secret key then travels in clear text, so a production key (`sk_live_…`) is always refused. Default: the environment variable `" + envAllowHTTP + "` (`true` or `1`), else `false`.",
				Optional:            true,
			},
			"prevent_duplicate_names": schema.BoolAttribute{
				MarkdownDescription: "When `true`, creating an application fails if an application of the same name exists. Clerk itself allows duplicate names, and `create_before_destroy` needs them. Default `false`.",
				Optional:            true,
			},
		},
	}
}

func (p *clerkProvider) Configure(
	ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse,
) {
	defer recoverPanic(&resp.Diagnostics, "configure the provider")

	var model providerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	data := &providerData{unknown: model.unknownArgument()}
	if data.unknown == "" {
		config := model.clientConfig(data, &resp.Diagnostics)
		if resp.Diagnostics.HasError() {
			return
		}
		// The protocol carries a version alone, which is Terraform's or OpenTofu's own.
		config.UserAgent = fmt.Sprintf("terraform-provider-clerk/%s (engine/%s)",
			p.version, cmp.Or(req.TerraformVersion, "unknown"))
		config.Observer = logRequest
		config.Transport = p.transport
		if data.problem == nil {
			data.client = clerk.New(config)
		}
	} else if req.ClientCapabilities.DeferralAllowed {
		// An engine that can defer resources does so, and does not fail where the state
		// has to be read.
		resp.Deferred = &provider.Deferred{Reason: provider.DeferredReasonProviderConfigUnknown}
		p.deferred = true
	}
	p.data = data
}

func (p *clerkProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{
		func() resource.Resource {
			return &oauthApplicationResource{configuredResource{applicationType, p.data}}
		},
		func() resource.Resource {
			return &oauthApplicationSettingsResource{configuredResource{settingsType, p.data}}
		},
	}
}

func (p *clerkProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{
		func() datasource.DataSource {
			return &oauthApplicationDataSource{configuredDataSource{applicationType, p.data}}
		},
		func() datasource.DataSource {
			return &oauthApplicationsDataSource{configuredDataSource{applicationsType, p.data}}
		},
	}
}

func (p *clerkProvider) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{
		func() ephemeral.EphemeralResource { return &decryptedSecretEphemeralResource{} },
	}
}

func (p *clerkProvider) ListResources(context.Context) []func() list.ListResource {
	return []func() list.ListResource{
		func() list.ListResource {
			return &oauthApplicationListResource{configuredResource{applicationType, p.data}}
		},
	}
}

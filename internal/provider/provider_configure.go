package provider

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

// providerModel is the provider block.
type providerModel struct {
	SecretKey             types.String `tfsdk:"secret_key"`
	APIURL                types.String `tfsdk:"api_url"`
	InstanceID            types.String `tfsdk:"instance_id"`
	RequestTimeout        types.String `tfsdk:"request_timeout"`
	MaxRetries            types.Int64  `tfsdk:"max_retries"`
	RequestsPer10s        types.Int64  `tfsdk:"requests_per_10s"`
	PreventDuplicateNames types.Bool   `tfsdk:"prevent_duplicate_names"`
}

// providerData is what Configure hands to resources and data sources.
type providerData struct {
	client *clerk.Client
	// unknown names the argument without which there is no client yet: its value
	// comes from a resource that is not applied. Plans that need no request go on
	// without it.
	unknown string
}

func (p *clerkProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	defer recoverPanic(&resp.Diagnostics, "configure the provider")

	var model providerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	data := &providerData{unknown: model.unknownArgument()}
	if data.unknown == "" {
		config := model.clientConfig(&resp.Diagnostics)
		if resp.Diagnostics.HasError() {
			return
		}
		config.UserAgent = fmt.Sprintf("terraform-provider-clerk/%s (%s)", p.version, engine(req.TerraformVersion))
		config.Observer = logRequest
		config.Transport = p.transport
		data.client = clerk.New(config)
	}
	p.data = data
	resp.ResourceData = data
	resp.DataSourceData = data
	resp.ListResourceData = data
}

// unknownArgument returns the first argument whose value is not known yet.
func (m providerModel) unknownArgument() string {
	switch {
	case m.SecretKey.IsUnknown():
		return "secret_key"
	case m.APIURL.IsUnknown():
		return "api_url"
	case m.InstanceID.IsUnknown():
		return "instance_id"
	case m.RequestTimeout.IsUnknown():
		return "request_timeout"
	case m.MaxRetries.IsUnknown():
		return "max_retries"
	case m.RequestsPer10s.IsUnknown():
		return "requests_per_10s"
	case m.PreventDuplicateNames.IsUnknown():
		return "prevent_duplicate_names"
	}
	return ""
}

// clientConfig checks the arguments. Its diagnostics never hold the key.
func (m providerModel) clientConfig(diags *diag.Diagnostics) clerk.Config {
	config := clerk.Config{
		InstanceID:            m.InstanceID.ValueString(),
		PreventDuplicateNames: m.PreventDuplicateNames.ValueBool(),
	}

	key, err := clerk.ParseSecretKey(valueOrEnv(m.SecretKey, envSecretKey))
	if err != nil {
		diags.AddAttributeError(path.Root("secret_key"), "Unable to use Clerk secret key", secretKeyHelp(err))
	}
	config.SecretKey = key

	if raw := valueOrEnv(m.APIURL, envAPIURL); raw != "" || !m.APIURL.IsNull() {
		config.APIURL, err = clerk.ParseAPIURL(raw)
		if err != nil {
			diags.AddAttributeError(path.Root("api_url"), "Unable to use Clerk API address",
				fmt.Sprintf("The value of api_url, or of the environment variable %s, cannot be used: %s.", envAPIURL, err))
		}
	}
	// The empty text too: a variable that was not set must not take the guard away.
	if !m.InstanceID.IsNull() && !(clerk.ValidID(config.InstanceID) && strings.HasPrefix(config.InstanceID, "ins_")) {
		diags.AddAttributeError(path.Root("instance_id"), "Unable to use Clerk instance id",
			"An instance id is ins_ and letters and digits, such as ins_2O4BCh3zUONvWlZHtBXv6s6tm7u. It is shown in the Clerk dashboard and is the instance_id of every OAuth application.")
	}
	if !m.RequestTimeout.IsNull() {
		// The validator has seen the text already.
		config.RequestTimeout, _ = time.ParseDuration(m.RequestTimeout.ValueString())
	}
	if !m.MaxRetries.IsNull() {
		config.MaxRetries = new(int(m.MaxRetries.ValueInt64()))
	}
	config.RequestsPer10s = int(m.RequestsPer10s.ValueInt64())
	return config
}

func secretKeyHelp(err error) string {
	help := fmt.Sprintf("The provider needs the secret key of a Clerk instance (sk_test_… or sk_live_…), in the argument secret_key or in the environment variable %s: %s.", envSecretKey, err)
	switch {
	case errors.Is(err, clerk.ErrKeyMissing):
		return help + fmt.Sprintf("\n\nFind it in the Clerk dashboard under API keys, and set it with: export %s=sk_test_…", envSecretKey)
	case errors.Is(err, clerk.ErrKeyPublishable):
		return help + "\n\nThe secret key stands beside the publishable key in the Clerk dashboard under API keys."
	}
	return help + "\n\nCheck that the key was copied whole, and on one line."
}

func valueOrEnv(value types.String, variable string) string {
	if value.IsNull() {
		return os.Getenv(variable)
	}
	return value.ValueString()
}

// engine names what runs the provider. The protocol tells a version only:
// OpenTofu puts its own there and does not say that it is OpenTofu.
func engine(version string) string {
	if version == "" {
		return "unknown engine"
	}
	return "terraform/" + version
}

// providerDataFrom takes what Configure left. raw is nil while Terraform only validates.
func providerDataFrom(raw any, diags *diag.Diagnostics) *providerData {
	if raw == nil {
		return nil
	}
	data, ok := raw.(*providerData)
	if !ok {
		diags.AddError("Unable to configure Clerk client", fmt.Sprintf("This is a bug in the provider: it was handed %T.", raw))
		return nil
	}
	return data
}

func unknownArgumentHelp(argument string) string {
	first := "Apply those resources first (with -target), or "
	switch argument {
	case "secret_key":
		return first + "leave the argument out and set the environment variable " + envSecretKey + "."
	case "api_url":
		return first + "leave the argument out and set the environment variable " + envAPIURL + "."
	}
	return first + "give it a value that is known."
}

// requireClient returns the client, or says why there is none yet.
func (d *providerData) requireClient(diags *diag.Diagnostics) *clerk.Client {
	switch {
	case d == nil:
		diags.AddError("Unable to reach Clerk", "This is a bug in the provider: it was not configured.")
	case d.client == nil:
		diags.AddError("Unable to reach Clerk yet",
			fmt.Sprintf("The provider's argument %s is known only after other resources are applied, and this step has to read from Clerk now. "+
				"%s", d.unknown, unknownArgumentHelp(d.unknown)))
	default:
		return d.client
	}
	return nil
}

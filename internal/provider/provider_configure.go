package provider

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
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
	AllowHTTP             types.Bool   `tfsdk:"allow_http"`
}

// providerData is what Configure hands to resources and data sources.
type providerData struct {
	client *clerk.Client
	// unknown names the argument without which there is no client yet: its value
	// comes from a resource that is not applied. Plans that need no request go on
	// without it.
	unknown string
	// problem is why there is no client although every argument is known; nil if
	// there is one. Nothing but a request needs a client: clerk_decrypted_secret
	// works without one.
	problem *clientProblem

	explained explainedFaults

	created createdApplications
}

// explainedFaults remembers which faults of this run were explained. A fault that
// meets every resource is explained once, and the other errors point to the first.
type explainedFaults struct {
	mu    sync.Mutex
	known map[string]bool
}

// first reports whether a fault was not explained before, and notes that it is now.
func (e *explainedFaults) first(fault string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.known[fault] {
		return false
	}
	if e.known == nil {
		e.known = make(map[string]bool)
	}
	e.known[fault] = true
	return true
}

// clientProblem is what is wrong with the key or the address. The problem is an error
// of what needs a request, and not of the provider block, because under an error of
// the provider block the engine prints the line where the block begins: in
//
//	provider "clerk" { secret_key = "sk_test_…" }
//
// that is the key. (In a .tf.json file that is written on one line the engine prints
// the whole file under every error, whichever block the error belongs to. No provider
// can change that.)
type clientProblem struct {
	fault         string // its name among the faults that are explained once
	summary, help string
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
		config, problem := model.clientConfig(&resp.Diagnostics)
		if resp.Diagnostics.HasError() {
			return
		}
		data.problem = problem
		config.UserAgent = fmt.Sprintf("terraform-provider-clerk/%s (%s)", p.version, engine(req.TerraformVersion))
		config.Observer = logRequest
		config.Transport = p.transport
		if problem == nil {
			data.client = clerk.New(config)
		}
	} else if req.ClientCapabilities.DeferralAllowed {
		// An engine that can put resources off does, rather than failing where the
		// state has to be read.
		resp.Deferred = &provider.Deferred{Reason: provider.DeferredReasonProviderConfigUnknown}
		p.deferred = true
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
	case m.AllowHTTP.IsUnknown():
		return "allow_http"
	}
	return ""
}

// clientConfig checks the arguments. A problem with the key or the address is
// returned: see clientProblem. Every other problem is a diagnostic.
func (m providerModel) clientConfig(diags *diag.Diagnostics) (config clerk.Config, problem *clientProblem) {
	config = clerk.Config{
		InstanceID:            m.InstanceID.ValueString(),
		PreventDuplicateNames: m.PreventDuplicateNames.ValueBool(),
	}

	key, err := clerk.ParseSecretKey(valueOrEnv(m.SecretKey, envSecretKey))
	switch {
	case errors.Is(err, clerk.ErrKeyMissing):
		problem = &clientProblem{"secret key", "Missing Clerk secret key", secretKeyHelp(err)}
	case err != nil:
		problem = &clientProblem{"secret key", "Unable to use Clerk secret key", secretKeyHelp(err)}
	}
	config.SecretKey = key

	if raw := valueOrEnv(m.APIURL, envAPIURL); raw != "" || !m.APIURL.IsNull() {
		config.APIURL, err = m.parseAPIURL(raw, key)
		if err != nil && problem == nil {
			problem = &clientProblem{
				"API address", "Unable to use Clerk API address",
				fmt.Sprintf("The value of api_url, or of the environment variable %s, cannot be used: %s.", envAPIURL, err),
			}
		}
	}
	// The empty text too: a variable that was not set must not take the guard away.
	if !m.InstanceID.IsNull() && !(clerk.ValidID(config.InstanceID) && strings.HasPrefix(config.InstanceID, "ins_")) {
		diags.AddAttributeError(path.Root("instance_id"), "Unable to use Clerk instance id",
			"An instance id is ins_ followed by letters and digits, such as ins_2O4BCh3zUONvWlZHtBXv6s6tm7u. The Clerk dashboard shows the id, and every OAuth application has it as instance_id.")
	}
	if !m.RequestTimeout.IsNull() {
		// The validator has seen the text already.
		config.RequestTimeout, _ = time.ParseDuration(m.RequestTimeout.ValueString())
	}
	if !m.MaxRetries.IsNull() {
		config.MaxRetries = new(int(m.MaxRetries.ValueInt64()))
	}
	config.RequestsPer10s = int(m.RequestsPer10s.ValueInt64())
	return config, problem
}

// parseAPIURL reads the address of the API. What allow_http allows ends with a
// production key, which must not travel in clear text whatever the configuration
// says.
func (m providerModel) parseAPIURL(raw string, key clerk.Secret) (*url.URL, error) {
	address, err := clerk.ParseAPIURL(raw)
	if !errors.Is(err, clerk.ErrURLInsecure) {
		return address, err
	}
	allowed := m.AllowHTTP.ValueBool()
	if m.AllowHTTP.IsNull() {
		allowed, _ = strconv.ParseBool(os.Getenv(envAllowHTTP))
	}
	switch {
	case !allowed:
		return nil, fmt.Errorf("%w. For a simulator in another container, set allow_http = true or %s=true", err, envAllowHTTP)
	case clerk.IsProductionKey(key):
		return nil, fmt.Errorf("%w. allow_http does not apply to a production key (sk_live_…)", err)
	}
	return clerk.ParseInsecureAPIURL(raw)
}

// secretKeyHelp says what is wrong with the key, without any part of it.
func secretKeyHelp(err error) string {
	help := fmt.Sprintf("The provider needs the secret key of a Clerk instance (sk_test_… or sk_live_…), in the environment variable %s or in the provider's argument secret_key: %s.", envSecretKey, err)
	switch {
	case errors.Is(err, clerk.ErrKeyMissing), errors.Is(err, clerk.ErrKeyPlaceholder):
		return help + fmt.Sprintf("\n\nFind the key in the Clerk dashboard under API keys, and set it with: export %s=sk_test_…", envSecretKey)
	case errors.Is(err, clerk.ErrKeyPublishable):
		return help + "\n\nThe secret key is listed beside the publishable key in the Clerk dashboard under API keys."
	case errors.Is(err, clerk.ErrKeyQuoted):
		return help + "\n\nSet the key without quotation marks. docker run --env-file, Kubernetes secrets and some pipelines pass on the quotation marks of a file."
	case errors.Is(err, clerk.ErrKeyAssignment):
		return help + "\n\nSet only the part after the equals sign."
	}
	return help + "\n\nCheck that the key was copied completely, and on one line."
}

func valueOrEnv(value types.String, variable string) string {
	if value.IsNull() {
		return os.Getenv(variable)
	}
	return value.ValueString()
}

// engine names what runs the provider. The protocol carries a version only, which
// is Terraform's or OpenTofu's own.
func engine(version string) string {
	if version == "" {
		return "unknown engine"
	}
	return "engine/" + version
}

// providerDataFrom returns what Configure left; nil while Terraform only validates.
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
	return first + "set the argument to a known value."
}

// requireClient returns the client, or says why there is none yet.
func (d *providerData) requireClient(diags *diag.Diagnostics) *clerk.Client {
	switch {
	case d == nil:
		diags.AddError("Unable to reach Clerk", "This is a bug in the provider: it was not configured.")
	case d.problem != nil:
		d.requireKey(diags)
	case d.client == nil:
		diags.AddError("Unable to reach Clerk yet",
			fmt.Sprintf("The provider's argument %s is known only after other resources are applied, and this step has to read from Clerk now. "+
				"%s", d.unknown, unknownArgumentHelp(d.unknown)))
	default:
		return d.client
	}
	return nil
}

// clientIfAny returns the client, or nil where there is none yet.
func (d *providerData) clientIfAny() *clerk.Client {
	if d == nil {
		return nil
	}
	return d.client
}

// requireKey says so when there is no key, or no usable key or address. A plan needs
// none, but a plan that cannot be applied should fail before someone approves it. d is
// nil while Terraform only validates.
func (d *providerData) requireKey(diags *diag.Diagnostics) {
	if d == nil || d.problem == nil {
		return
	}
	help := fmt.Sprintf("The first error about the %s in this run says what to do.", d.problem.fault)
	if d.explained.first(d.problem.fault) {
		help = d.problem.help
	}
	diags.AddError(d.problem.summary, help)
}

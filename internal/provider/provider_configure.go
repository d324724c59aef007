package provider

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"reflect"
	"strconv"
	"strings"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

// The types of the objects. The resource, a data source and the list resource share one.
const (
	applicationType  = "clerk_oauth_application"
	applicationsType = applicationType + "s"
	settingsType     = applicationType + "_settings"
)

// Environment variables that stand in for arguments of the provider block.
const (
	envSecretKey = "CLERK_SECRET_KEY"
	envAPIURL    = "CLERK_API_URL"
	envAllowHTTP = "CLERK_ALLOW_HTTP"
)

var environment = map[string]string{"secret_key": envSecretKey, "api_url": envAPIURL}

// providerModel is the provider block.
type providerModel struct {
	SecretKey             types.String         `tfsdk:"secret_key"`
	APIURL                types.String         `tfsdk:"api_url"`
	InstanceID            types.String         `tfsdk:"instance_id"`
	RequestTimeout        timetypes.GoDuration `tfsdk:"request_timeout"`
	MaxRetries            types.Int64          `tfsdk:"max_retries"`
	RequestsPer10s        types.Int64          `tfsdk:"requests_per_10s"`
	PreventDuplicateNames types.Bool           `tfsdk:"prevent_duplicate_names"`
	AllowHTTP             types.Bool           `tfsdk:"allow_http"`
}

// providerData is what resources and data sources get of the provider.
type providerData struct {
	client *clerk.Client
	// unknown names the argument without which there is no client yet: its value comes from
	// a resource that is not applied. What needs no request works all the same.
	unknown string
	// problem is why there is no client although every argument is known, or nil.
	problem *clientProblem
	// keySource and urlSource name the argument or the environment variable from which
	// the secret key and the address of the API come; empty where nothing set them.
	keySource, urlSource string

	said sync.Map // see first

	created sync.Map // ids of the applications that this run created, by their names
	fetched sync.Map // fetchedApplication by id: see readUnchanged
}

// first reports whether a subject comes up for the first time in this run. What was
// explained once is not explained again.
func (d *providerData) first(subject string) bool {
	_, known := d.said.LoadOrStore(subject, true)
	return !known
}

// subjectKey is the subject of the errors about the secret key.
const subjectKey = "secret key"

// configuredResource is what the resources and the list resource have in common. The framework
// makes one for each call. data is nil while Terraform only validates.
type configuredResource struct {
	typeName string
	data     *providerData
}

func (r *configuredResource) Metadata(
	_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse,
) {
	resp.TypeName = r.typeName
}

// configuredDataSource is the same of the data sources.
type configuredDataSource configuredResource

func (d *configuredDataSource) Metadata(
	_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse,
) {
	resp.TypeName = d.typeName
}

// clientProblem is what is wrong with the key or the address. It is an error of what
// needs a request and not of the provider block: below an error of the block the engine
// prints the block's first line, and in
//
//	provider "clerk" { secret_key = "sk_test_…" }
//
// that line holds the key. (Of a .tf.json file on one line, the engine prints the whole
// file below every error. No provider can change that.)
type clientProblem struct {
	summary, help string
	// brief replaces help where a problem of the key was explained before in the run. It
	// is one line that can stand alone, because the engine may print it first.
	brief string
}

func (m providerModel) unknownArgument() string {
	model := reflect.ValueOf(m)
	for _, field := range fieldsOf[providerModel]() {
		if field.valueIn(model).IsUnknown() {
			return field.name
		}
	}
	return ""
}

// clientConfig checks the arguments, and notes in data where the key and the address
// come from, and a problem with either of the two: see clientProblem.
func (m providerModel) clientConfig(data *providerData, diags *diag.Diagnostics) clerk.Config {
	config := clerk.Config{
		InstanceID:            m.InstanceID.ValueString(),
		PreventDuplicateNames: m.PreventDuplicateNames.ValueBool(),
		RequestsPer10s:        int(m.RequestsPer10s.ValueInt64()),
	}

	var rawKey, rawURL string
	var err error
	rawKey, data.keySource = valueOrEnv(m.SecretKey, "secret_key")
	if config.SecretKey, err = clerk.ParseSecretKey(rawKey); err != nil {
		data.problem = secretKeyProblem(err, data.keySource)
	}
	rawURL, data.urlSource = valueOrEnv(m.APIURL, "api_url")
	if data.urlSource != "" {
		config.APIURL, err = m.parseAPIURL(rawURL, config.SecretKey)
		if err != nil && data.problem == nil {
			data.problem = &clientProblem{
				summary: "Unable to use Clerk API address",
				help:    fmt.Sprintf("The value of %s cannot be used: %s.", described(data.urlSource), err),
			}
		}
	}
	// The empty string too: a variable that was not set must not remove the guard.
	if !m.InstanceID.IsNull() && !isInstanceID(config.InstanceID) {
		diags.AddAttributeError(path.Root("instance_id"), "Unable to use Clerk instance id",
			"An instance id is ins_ followed by letters and digits, such as "+
				"ins_2O4BCh3zUONvWlZHtBXv6s6tm7u. The Clerk dashboard shows the id, and every OAuth "+
				"application has it as instance_id.")
	}
	if !m.RequestTimeout.IsNull() {
		var more diag.Diagnostics
		config.RequestTimeout, more = m.RequestTimeout.ValueGoDuration()
		diags.Append(more...)
	}
	if !m.MaxRetries.IsNull() {
		config.MaxRetries = new(int(m.MaxRetries.ValueInt64()))
	}
	return config
}

func isInstanceID(text string) bool {
	return strings.HasPrefix(text, "ins_") && clerk.ValidID(text)
}

// valueOrEnv returns the value of an argument or of the environment variable that stands
// in for it, and the name of the one that is set, if any.
func valueOrEnv(value types.String, argument string) (text, source string) {
	if !value.IsNull() {
		return value.ValueString(), argument
	}
	if text = os.Getenv(environment[argument]); text != "" {
		source = environment[argument]
	}
	return text, source
}

func described(source string) string {
	if strings.HasPrefix(source, "CLERK_") {
		return "the environment variable " + source
	}
	return "the provider's argument " + source
}

// parseAPIURL reads the address of the API. A production key must not travel in clear
// text, whatever allow_http says.
func (m providerModel) parseAPIURL(raw string, key clerk.Secret) (*url.URL, error) {
	address, err := clerk.ParseAPIURL(raw)
	if !errors.Is(err, clerk.ErrURLInsecure) {
		return address, err
	}
	allowed, source := m.AllowHTTP.ValueBool(), "allow_http"
	if set := os.Getenv(envAllowHTTP); m.AllowHTTP.IsNull() && set != "" {
		source = envAllowHTTP
		var unclear error
		if allowed, unclear = strconv.ParseBool(set); unclear != nil {
			return nil, fmt.Errorf("%w. The value of %s is neither true nor false", err, described(source))
		}
	}
	switch {
	case !allowed:
		return nil, fmt.Errorf("%w. For a simulator in another container, "+
			"set allow_http = true or %s=true", err, envAllowHTTP)
	case clerk.IsProductionKey(key):
		return nil, fmt.Errorf("%w. %s does not apply to a production key (sk_live_…)", err, source)
	}
	return address, nil
}

// secretKeyProblem says what is wrong with the key, without any part of it.
func secretKeyProblem(err error, source string) *clientProblem {
	const instanceKey = "the secret key of a Clerk instance (sk_test_… or sk_live_…)"

	summary := "Unable to use Clerk secret key"
	what := fmt.Sprintf("The value of %s cannot be used: %s.", described(source), err)
	next := "Check that the key was copied completely, and on one line."
	switch {
	case errors.Is(err, clerk.ErrKeyMissing):
		summary, what = "Missing Clerk secret key", "No secret key is set."
		if source != "" {
			what = sentence(described(source) + " is empty")
		}
		if source == "secret_key" {
			what += " Leave it out to use the environment variable " + envSecretKey + "."
		}
		next = "Find the key in the Clerk dashboard under API keys, and set it with: export " +
			envSecretKey + "=sk_test_…"
	case errors.Is(err, clerk.ErrKeyPlaceholder):
		next = "Find the key in the Clerk dashboard under API keys."
	case errors.Is(err, clerk.ErrKeyPublishable):
		next = "The secret key is listed beside the publishable key in the Clerk dashboard " +
			"under API keys."
	case errors.Is(err, clerk.ErrKeyQuoted):
		next = "Set the key without quotation marks. docker run --env-file, Kubernetes secrets and " +
			"some pipelines pass on the quotation marks of a file."
	case errors.Is(err, clerk.ErrKeyAssignment):
		next = "Set only the part after the equals sign."
	}
	return &clientProblem{
		summary: summary,
		help: fmt.Sprintf("%s The provider needs %s, in the environment variable %s or in its "+
			"argument secret_key.\n\n%s", what, instanceKey, envSecretKey, next),
		brief: fmt.Sprintf("%s Set secret_key or %s to %s.", what, envSecretKey, instanceKey),
	}
}

// logRequest writes one attempt of one request to Terraform's log. The provider logs
// nothing else, and no content of a request or a response.
func logRequest(ctx context.Context, event clerk.Event) {
	tflog.Debug(ctx, "Clerk API request", map[string]any{
		"method":      event.Method,
		"route":       event.Route,
		"attempt":     event.Attempt,
		"status":      event.Status,
		"outcome":     event.Outcome,
		"waited_ms":   event.Waited.Milliseconds(),
		"duration_ms": event.Duration.Milliseconds(),
		"bytes":       event.Bytes,
		"trace_id":    event.TraceID,
	})
}

// requireClient returns the client, or says why there is none yet.
func (d *providerData) requireClient(diags *diag.Diagnostics) *clerk.Client {
	if d.requireKey(diags); d.unknown != "" {
		help := "set the argument to a known value."
		if variable, ok := environment[d.unknown]; ok {
			help = "leave the argument out and set the environment variable " + variable + "."
		}
		diags.AddError("Unable to reach Clerk yet",
			fmt.Sprintf("The provider's argument %s is known only after other resources are applied, and "+
				"this step has to read from Clerk now. Apply those resources first (with -target), or %s",
				d.unknown, help))
	}
	return d.client
}

// requireKey reports an error if there is no usable key or address. A plan needs no key,
// but a plan that cannot be applied should fail before someone approves it.
func (d *providerData) requireKey(diags *diag.Diagnostics) {
	if d.problem == nil {
		return
	}
	help := d.problem.help
	if d.problem.brief != "" && !d.first(subjectKey) {
		help = d.problem.brief
	}
	diags.AddError(d.problem.summary, help)
}

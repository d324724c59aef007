package provider_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-log/tflogtest"
	"github.com/hashicorp/terraform-plugin-log/tfsdklogtest"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest/contract"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/provider"
)

const application, settings = "clerk_oauth_application", "clerk_oauth_application_settings"

// values are the arguments of a block or the attributes of an object. What is left out is
// null, and a plan has tftypes.UnknownValue. The elements of a set are sorted.
type values map[string]any

// terraform is as much of Terraform as the tests of this package need: it calls the provider
// over the protocol, and checks that the result of an apply agrees with its plan.
type terraform struct {
	errorf    func(format string, arguments ...any)
	clerk     *clerktest.Server
	transport http.RoundTripper // to clerk
	block     values            // the provider block
	traces    bool              // log at level TRACE
}

// newTerraform makes a Clerk in memory and a Terraform for it. In a bubble, time is virtual.
func newTerraform(errorf func(format string, arguments ...any), cleanup func(func())) *terraform {
	server := clerktest.NewServer(clerktest.Options{Watch: contract.Watch(errorf)})
	cleanup(server.Close)
	block := values{"secret_key": server.Key(), "api_url": server.URL()}
	return &terraform{errorf, server, server.RoundTripper(), block, false}
}

// An object is what a state holds of one resource.
type object struct {
	kind     string
	state    values // nil without an object
	private  []byte
	identity *tfprotov6.ResourceIdentityData
}

func (o *object) exists() bool { return o.state != nil }

// str is a string attribute, "" where it is null.
func (o *object) str(name string) string { text, _ := o.state[name].(string); return text }

// messages are the diagnostics of an operation: "ERROR: summary (on attribute)\ndetail\n".
type messages string

func (m messages) failed() bool { return m.say("ERROR: ") }

func (m messages) say(text string) bool { return strings.Contains(string(m), text) }

func (t *terraform) hear(diagnostics []*tfprotov6.Diagnostic) (heard messages) {
	for _, d := range diagnostics {
		text := fmt.Sprintf("%s: %s (on %s)\n%s\n", d.Severity, d.Summary, d.Attribute, d.Detail)
		t.checkNoSecrets(text)
		heard += messages(strings.Replace(text, " (on )", "", 1))
	}
	return heard
}

// A process is a provider that runs and is configured, as for one command of Terraform.
type process struct {
	*terraform
	tfprotov6.ProviderServer
	ctx   context.Context // ends when the user interrupts
	heard messages        // of the configuration
}

func (t *terraform) process(ctx context.Context) *process {
	if t.traces {
		ctx = tflogtest.RootLogger(tfsdklogtest.RootLogger(ctx, t), t)
	}
	server := provider.NewServer("test", t.transport)()
	request := &tfprotov6.ConfigureProviderRequest{Config: encode(schemas.Provider, t.block)}
	return &process{t, server, ctx, t.hear(must(server.ConfigureProvider(ctx, request)).Diagnostics)}
}

// read refreshes the object.
func (p *process) read(o *object) messages {
	if !o.exists() {
		return ""
	}
	response := must(p.ReadResource(p.ctx, &tfprotov6.ReadResourceRequest{
		TypeName: o.kind, CurrentState: encode(schemas.ResourceSchemas[o.kind], o.state),
		Private: o.private, CurrentIdentity: o.identity,
	}))
	heard := p.hear(response.Diagnostics)
	if !heard.failed() {
		*o = object{o.kind, decode(response.NewState), response.Private, response.NewIdentity}
	}
	return heard
}

// A plan is a change of an object.
type plan struct {
	prior           object // refreshed
	config, planned values
	changes         []string // the attributes that change, sorted; "error" if the plan failed
	response        *tfprotov6.PlanResourceChangeResponse
}

// plan refreshes and plans. Only an apply of the plan puts what was refreshed into the object.
func (p *process) plan(o *object, config values) (*plan, messages) {
	refreshed := *o
	heard := p.read(&refreshed)
	made, more := p.planAgain(&refreshed, config)
	if heard += more; heard.failed() {
		made = &plan{prior: *o, changes: []string{"error"}}
	}
	return made, heard
}

// planAgain plans without a refresh, as an apply does first. A nil configuration destroys.
func (p *process) planAgain(o *object, config values) (_ *plan, heard messages) {
	schema := schemas.ResourceSchemas[o.kind]
	encoded := encode(schema, config)
	proposed := decode(encoded)
	if config != nil {
		request := &tfprotov6.ValidateResourceConfigRequest{TypeName: o.kind, Config: encoded}
		if heard = p.hear(must(p.ValidateResourceConfig(p.ctx, request)).Diagnostics); heard.failed() {
			return &plan{}, heard
		}
		// Terraform proposes the prior value where a computed attribute is not configured.
		for _, attribute := range schema.Block.Attributes {
			if proposed[attribute.Name] == nil && attribute.Computed {
				proposed[attribute.Name] = o.state[attribute.Name]
			}
		}
	}
	response := must(p.PlanResourceChange(p.ctx, &tfprotov6.PlanResourceChangeRequest{
		TypeName: o.kind, PriorState: encode(schema, o.state), PriorPrivate: o.private,
		PriorIdentity: o.identity, ProposedNewState: encode(schema, proposed), Config: encoded,
	}))
	planned := decode(response.PlannedState)
	heard += p.hear(response.Diagnostics)
	return &plan{*o, config, planned, differences(o.state, planned), response}, heard
}

// differences are the names of the attributes that differ, sorted.
func differences(a, b values) []string {
	return slices.DeleteFunc(namesOf(merged(a, b)), func(name string) bool {
		return reflect.DeepEqual(a[name], b[name])
	})
}

// merged are the values of all, the last ones where there are several.
func merged(all ...values) values {
	result := values{}
	for _, some := range all {
		maps.Copy(result, some)
	}
	return result
}

// apply carries out a plan, and puts the result into the object. A failed plan does nothing.
func (p *process) apply(o *object, made *plan) messages {
	if *o = made.prior; made.response == nil || len(made.changes) == 0 {
		return ""
	}
	response := must(p.ApplyResourceChange(p.ctx, &tfprotov6.ApplyResourceChangeRequest{
		TypeName: o.kind, PriorState: encode(schemas.ResourceSchemas[o.kind], o.state),
		PlannedState: made.response.PlannedState, PlannedPrivate: made.response.PlannedPrivate,
		PlannedIdentity: made.response.PlannedIdentity, Config: encode(schemas.ResourceSchemas[o.kind], made.config),
	}))
	heard, state := p.hear(response.Diagnostics), decode(response.NewState)
	for _, name := range differences(made.planned, state) {
		if want := made.planned[name]; !heard.failed() && want != tftypes.UnknownValue {
			p.errorf("%s is planned as %v, and is %v after the apply", name, want, state[name])
		}
	}
	if heard.failed() && state != nil && !o.exists() {
		p.errorf("the object is tainted, because its create ended in an error:\n%s", heard)
	}
	switch {
	case state != nil:
		*o = object{o.kind, state, response.Private, response.NewIdentity}
	case !heard.failed():
		*o = object{kind: o.kind}
	}
	return heard
}

// importBy imports by an id or client_id, or where that is "" by the identity that o has.
func (p *process) importBy(o *object, id string) messages {
	request := &tfprotov6.ImportResourceStateRequest{TypeName: o.kind, ID: id, Identity: o.identity}
	response := must(p.ImportResourceState(p.ctx, request))
	heard := p.hear(response.Diagnostics)
	for _, found := range response.ImportedResources {
		imported := object{o.kind, decode(found.State), found.Private, found.Identity}
		if heard += p.read(&imported); !heard.failed() {
			*o = imported
		}
	}
	return heard
}

// run is `terraform apply`: a process plans and another one applies.
func (t *terraform) run(ctx context.Context, o *object, config values) messages {
	made, heard := t.process(ctx).plan(o, config)
	return heard + t.process(ctx).apply(o, made)
}

var schemas = must(provider.NewServer("test", nil)().GetProviderSchema(
	context.Background(), &tfprotov6.GetProviderSchemaRequest{}))

// must is the value of a call that fails for no input.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// encode makes a value of the protocol, which is null for nil.
func encode(schema *tfprotov6.Schema, of values) *tfprotov6.DynamicValue {
	typ := schema.ValueType()
	value := must(tfprotov6.RawState{JSON: must(json.Marshal(of))}.Unmarshal(typ))
	return new(must(tfprotov6.NewDynamicValue(typ, value)))
}

func init() { // an unknown value is an extension of MessagePack
	msgpack.RegisterExtDecoder(0, tftypes.UnknownValue, func(d *msgpack.Decoder, _ reflect.Value, length int) error {
		return d.ReadFull(make([]byte, length))
	})
}

// decode is the inverse of encode.
func decode(encoded *tfprotov6.DynamicValue) (decoded values) {
	if encoded != nil {
		must(0, msgpack.Unmarshal(encoded.MsgPack, &decoded))
	}
	maps.DeleteFunc(decoded, func(_ string, value any) bool { return value == nil })
	return decoded
}

package provider_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-log/tflogtest"
	"github.com/hashicorp/terraform-plugin-log/tfsdklogtest"
	"pgregory.net/rapid"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest/contract"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/provider"
)

const (
	application = "clerk_oauth_application"
	settings    = "clerk_oauth_application_settings"
)

// values are the arguments of a block or the attributes of an object: strings, booleans,
// integers, lists, values. What is left out is null, and tftypes.UnknownValue is in plans.
type values map[string]any

// terraform is as much of Terraform as the tests of this package need: it calls the provider
// over the protocol, and checks that the result of an apply agrees with its plan.
type terraform struct {
	tb        rapid.TB
	clerk     *clerktest.Server
	transport http.RoundTripper // to clerk
	block     values            // the provider block
	traces    bool              // keep a log at level TRACE
	replans   bool              // plan once more before an apply, as Terraform does
	said, log record
}

// A record is what several goroutines write. The loggers of subsystems share no lock.
type record struct {
	mu sync.Mutex
	bytes.Buffer
}

func (r *record) Write(text []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.Buffer.Write(text)
}

// testingTB is what *testing.T and *rapid.T have in common.
type testingTB interface {
	rapid.TB
	Cleanup(func())
}

// newTerraform makes a Clerk in memory and a Terraform for it. In a bubble of synctest both
// live in virtual time.
func newTerraform(tb testingTB) *terraform {
	server := clerktest.NewServer(clerktest.Options{Watch: contract.Watch(tb.Errorf)})
	tb.Cleanup(server.Close)
	return &terraform{
		tb: tb, clerk: server, transport: server.RoundTripper(),
		block: values{"secret_key": server.Key(), "api_url": server.URL()},
	}
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
		at := ""
		if d.Attribute != nil {
			at = fmt.Sprintf(" (on %s)", d.Attribute)
		}
		heard += messages(fmt.Sprintf("%s: %s%s\n%s\n", d.Severity, d.Summary, at, d.Detail))
	}
	fmt.Fprint(&t.said, heard)
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
		ctx = tflogtest.RootLogger(tfsdklogtest.RootLogger(ctx, &t.log), &t.log)
	}
	server := provider.NewServer("test", t.transport)()
	config := encode(schemas().Provider.ValueType(), t.block)
	response := must(server.ConfigureProvider(ctx, &tfprotov6.ConfigureProviderRequest{Config: config}))
	return &process{t, server, ctx, t.hear(response.Diagnostics)}
}

// read refreshes the object.
func (p *process) read(o *object) messages {
	if !o.exists() {
		return ""
	}
	response := must(p.ReadResource(p.ctx, &tfprotov6.ReadResourceRequest{
		TypeName: o.kind, CurrentState: encode(typeOf(o.kind), o.state), Private: o.private,
		CurrentIdentity: o.identity,
	}))
	heard := p.hear(response.Diagnostics)
	if !heard.failed() {
		state := decode(typeOf(o.kind), response.NewState)
		*o = object{o.kind, state, response.Private, response.NewIdentity}
	}
	return heard
}

// A plan is a change of an object.
type plan struct {
	prior           object
	config, planned values
	changes         []string // the attributes that change, sorted; "error" if the plan failed
	response        *tfprotov6.PlanResourceChangeResponse
}

// plan validates the configuration and plans; nil plans the destruction.
func (p *process) plan(o *object, config values) (_ *plan, heard messages) {
	if config == nil && !o.exists() {
		return &plan{prior: *o}, ""
	}
	made, typ := &plan{prior: *o, config: config, changes: []string{"error"}}, typeOf(o.kind)
	wanted := decode(typ, encode(typ, config))
	proposed := maps.Clone(wanted)
	if config != nil {
		response := must(p.ValidateResourceConfig(p.ctx, &tfprotov6.ValidateResourceConfigRequest{
			TypeName: o.kind, Config: encode(typ, wanted),
		}))
		if heard = p.hear(response.Diagnostics); heard.failed() {
			return made, heard
		}
		// Terraform proposes the prior value where a computed attribute is not configured.
		for _, attribute := range schemas().ResourceSchemas[o.kind].Block.Attributes {
			if wanted[attribute.Name] == nil && attribute.Computed {
				proposed[attribute.Name] = o.state[attribute.Name]
			}
		}
	}
	response := must(p.PlanResourceChange(p.ctx, &tfprotov6.PlanResourceChangeRequest{
		TypeName: o.kind, PriorState: encode(typ, o.state), PriorPrivate: o.private,
		PriorIdentity: o.identity, ProposedNewState: encode(typ, proposed), Config: encode(typ, wanted),
	}))
	if heard += p.hear(response.Diagnostics); heard.failed() {
		return made, heard
	}
	made.response, made.planned = response, decode(typ, response.PlannedState)
	made.changes = differences(o.state, made.planned)
	for _, name := range differences(wanted, made.planned) {
		if wanted[name] != nil && slices.Contains(made.changes, name) {
			p.tb.Errorf("the plan is invalid: %s is neither as configured nor as before", name)
		}
	}
	if len(response.RequiresReplace) > 0 {
		p.tb.Errorf("the plan is a replacement, because of %v", response.RequiresReplace)
	}
	return made, heard
}

// planRefreshed refreshes and plans. Only an apply of the plan puts what was refreshed into
// the object.
func (p *process) planRefreshed(o *object, config values) (*plan, messages) {
	refreshed := *o
	heard := p.read(&refreshed)
	if heard.failed() {
		return &plan{prior: *o, changes: []string{"error"}}, heard
	}
	made, more := p.plan(&refreshed, config)
	return made, heard + more
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
	if p.replans && made.config != nil {
		final, heard := p.plan(o, made.config)
		if heard.failed() {
			return heard
		}
		p.checkAgrees("final plan", made.planned, final.planned)
		made = final
	}
	typ := typeOf(o.kind)
	response := must(p.ApplyResourceChange(p.ctx, &tfprotov6.ApplyResourceChangeRequest{
		TypeName: o.kind, PriorState: encode(typ, o.state), Config: encode(typ, made.config),
		PlannedState: made.response.PlannedState, PlannedPrivate: made.response.PlannedPrivate,
		PlannedIdentity: made.response.PlannedIdentity,
	}))
	heard, state := p.hear(response.Diagnostics), decode(typ, response.NewState)
	switch {
	case !heard.failed():
		p.checkAgrees("result after apply", made.planned, state)
	case state == nil:
		return heard // the object stays as it was
	case !o.exists():
		p.tb.Errorf("the object is tainted, because its create ended in an error:\n%s", heard)
	}
	*o = object{o.kind, state, response.Private, response.NewIdentity}
	return heard
}

// checkAgrees checks that what was known in a plan has come true.
func (p *process) checkAgrees(what string, planned, result values) {
	for _, name := range differences(planned, result) {
		if want, got := planned[name], result[name]; want != tftypes.UnknownValue {
			p.tb.Errorf("inconsistent %s: %s is planned as %v and is %v", what, name, want, got)
		}
	}
}

// importBy brings an object into the state by an id or client_id, or by the id of its identity.
func (p *process) importBy(o *object, id, identity string) messages {
	request := &tfprotov6.ImportResourceStateRequest{TypeName: o.kind, ID: id}
	if identity != "" {
		encoded := encode(identityType, values{"id": identity})
		request.Identity = &tfprotov6.ResourceIdentityData{IdentityData: encoded}
	}
	response := must(p.ImportResourceState(p.ctx, request))
	heard := p.hear(response.Diagnostics)
	for _, found := range response.ImportedResources {
		imported := object{o.kind, decode(typeOf(o.kind), found.State), found.Private, found.Identity}
		if heard += p.read(&imported); !heard.failed() {
			*o = imported
		}
	}
	return heard
}

// run is `terraform apply`: a process plans and another one applies. A nil configuration
// destroys. The state of the object stays as it was where no plan could be made.
func (t *terraform) run(ctx context.Context, o *object, config values) messages {
	made, heard := t.plan(ctx, o, config)
	if !heard.failed() {
		heard += t.process(ctx).apply(o, made)
	}
	return heard
}

// plan is `terraform plan`.
func (t *terraform) plan(ctx context.Context, o *object, config values) (*plan, messages) {
	return t.process(ctx).planRefreshed(o, config)
}

var schemas = sync.OnceValue(func() *tfprotov6.GetProviderSchemaResponse {
	server, request := provider.NewServer("test", nil)(), &tfprotov6.GetProviderSchemaRequest{}
	return must(server.GetProviderSchema(context.Background(), request))
})

var identityType = tftypes.Object{AttributeTypes: map[string]tftypes.Type{"id": tftypes.String}}

func typeOf(kind string) tftypes.Type { return schemas().ResourceSchemas[kind].ValueType() }

// must is the value of a call that fails for no input.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// encode makes a value of the protocol, which is null for nil.
func encode(typ tftypes.Type, of values) *tfprotov6.DynamicValue {
	value := must(tfprotov6.RawState{JSON: must(json.Marshal(of))}.Unmarshal(typ))
	return new(must(tfprotov6.NewDynamicValue(typ, value)))
}

// decode is the inverse of encode.
func decode(typ tftypes.Type, encoded *tfprotov6.DynamicValue) values {
	if encoded == nil {
		return nil
	}
	state, _ := plain(must(encoded.Unmarshal(typ))).(values)
	return state
}

// plain is a value in the types of Go. A set is sorted.
func plain(value tftypes.Value) any {
	switch typ := value.Type(); {
	case value.IsNull():
		return nil
	case !value.IsKnown():
		return tftypes.UnknownValue
	case typ.Is(tftypes.String):
		return as[string](value)
	case typ.Is(tftypes.Bool):
		return as[bool](value)
	case typ.Is(tftypes.Number):
		whole, _ := as[*big.Float](value).Int64()
		return whole
	case typ.Is(tftypes.Object{}):
		object := values{}
		for name, attribute := range as[map[string]tftypes.Value](value) {
			if attribute := plain(attribute); attribute != nil {
				object[name] = attribute
			}
		}
		return object
	default:
		all := []any{}
		for _, element := range as[[]tftypes.Value](value) {
			all = append(all, plain(element))
		}
		if typ.Is(tftypes.Set{}) {
			return sorted(all)
		}
		return all
	}
}

func as[T any](value tftypes.Value) (of T) { _ = value.As(&of); return of }

func sorted(all []any) []any {
	slices.SortFunc(all, func(a, b any) int { return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return all
}

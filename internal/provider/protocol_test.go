package provider_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
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

// values are the arguments of a block: strings, booleans, integers, lists of strings, values
// for a nested block, tftypes.UnknownValue. What is left out is null.
type values map[string]any

// terraform is as much of Terraform as the tests of this package need: it calls the provider
// over the protocol, and holds the provider to two of Terraform's rules. A plan agrees with
// the configuration or the prior state, and the result of an apply agrees with its plan.
type terraform struct {
	tb        testingTB
	clerk     *clerktest.Server
	transport http.RoundTripper // to clerk
	block     values            // the provider block
	start     func(...provider.Option) tfprotov6.ProviderServer
	traces    bool // keep a log at level TRACE
	replans   bool // plan once more before an apply, as Terraform does

	mu   sync.Mutex
	said []string // every message so far
	log  bytes.Buffer
}

// testingTB is what *testing.T and *rapid.T have in common.
type testingTB interface {
	rapid.TB
	Cleanup(func())
}

// newTerraform makes a Clerk in memory and a Terraform for it. In a bubble of synctest both
// live in virtual time.
func newTerraform(tb testingTB, options ...clerktest.Option) *terraform {
	server := clerktest.NewServer(append(options, contract.Option(tb))...)
	tb.Cleanup(server.Close)
	return &terraform{
		tb: tb, clerk: server, transport: server.RoundTripper(),
		block: values{"secret_key": server.Key(), "api_url": server.URL()},
		start: func(options ...provider.Option) tfprotov6.ProviderServer {
			return provider.NewServer("test", options...)()
		},
	}
}

// Write takes a line of the log.
func (t *terraform) Write(line []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.log.Write(line)
}

// An object is what a state holds of one resource. The zero state is no object.
type object struct {
	kind    string
	state   values // nil without an object
	private []byte

	identity *tfprotov6.ResourceIdentityData
	raw      tftypes.Value // state as the protocol has it
}

func (o *object) exists() bool { return o.state != nil }

// str is a string attribute, "" where it is null.
func (o *object) str(name string) string { text, _ := o.state[name].(string); return text }

func (o *object) set(raw tftypes.Value, private []byte, identity *tfprotov6.ResourceIdentityData) {
	o.raw, o.private, o.identity, o.state = raw, private, identity, nil
	if !raw.IsNull() {
		o.state, _ = plain(raw).(values)
	}
}

// messages are the diagnostics of an operation.
type messages []*tfprotov6.Diagnostic

func (m messages) failed() bool { return m.say("Error: ") }

func (m messages) say(text string) bool { return strings.Contains(m.String(), text) }

func (m messages) String() string {
	var text strings.Builder
	for _, d := range m {
		kind := "Warning: "
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			kind = "Error: "
		}
		fmt.Fprintf(&text, "%s%s\n%s\n", kind, d.Summary, d.Detail)
	}
	return text.String()
}

// A process is a provider that runs and is configured, as for one command of Terraform.
type process struct {
	*terraform
	tfprotov6.ProviderServer
	ctx context.Context // ends when the user interrupts

	unvalidated bool // plan a configuration that only ignore_changes can make
}

// process starts the provider.
func (t *terraform) process(ctx context.Context) (*process, messages) {
	if t.traces {
		ctx = tflogtest.RootLogger(tfsdklogtest.RootLogger(ctx, t), t)
	}
	p := &process{terraform: t, ProviderServer: t.start(provider.WithTransport(t.transport)), ctx: ctx}
	config := valueOf(schemas().Provider.ValueType(), t.block)
	response := must(p.ConfigureProvider(ctx, &tfprotov6.ConfigureProviderRequest{
		TerraformVersion: "1.11.4", Config: encode(config),
	}))
	return p, t.hear(response.Diagnostics)
}

// hear keeps the messages of a call.
func (t *terraform) hear(heard messages) messages {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(heard) > 0 {
		t.said = append(t.said, heard.String())
	}
	return heard
}

// read refreshes the object.
func (p *process) read(o *object) messages {
	response := must(p.ReadResource(p.ctx, &tfprotov6.ReadResourceRequest{
		TypeName: o.kind, CurrentState: encode(o.raw), Private: o.private, CurrentIdentity: o.identity,
	}))
	heard := p.hear(response.Diagnostics)
	if !heard.failed() {
		o.set(decode(typeOf(o.kind), response.NewState), response.Private, response.NewIdentity)
	}
	return heard
}

// A plan is a change of an object that the provider has planned.
type plan struct {
	prior   object
	config  values
	planned tftypes.Value // null: the object is destroyed
	private []byte
	changes []string // the attributes that change, sorted

	identity *tfprotov6.ResourceIdentityData
}

func (p *plan) String() string {
	if p == nil {
		return "no plan"
	}
	return fmt.Sprintf("changes %v", p.changes)
}

// plan validates the configuration and plans; nil plans the destruction.
func (p *process) plan(o *object, config values) (*plan, messages) {
	typ := typeOf(o.kind)
	if o.raw.Type() == nil {
		o.raw = tftypes.NewValue(typ, nil)
	}
	made, configured := &plan{prior: *o, config: config}, valueOf(typ, config)
	proposed := configured
	if config != nil && !p.unvalidated {
		response := must(p.ValidateResourceConfig(p.ctx, &tfprotov6.ValidateResourceConfigRequest{
			TypeName: o.kind, Config: encode(configured),
		}))
		if heard := p.hear(response.Diagnostics); heard.failed() {
			return nil, heard
		}
	}
	if config != nil {
		proposed = proposedNewState(o.kind, o.raw, configured)
	}
	response := must(p.PlanResourceChange(p.ctx, &tfprotov6.PlanResourceChangeRequest{
		TypeName: o.kind, PriorState: encode(o.raw), ProposedNewState: encode(proposed),
		Config: encode(configured), PriorPrivate: o.private, PriorIdentity: o.identity,
	}))
	heard := p.hear(response.Diagnostics)
	if heard.failed() {
		return nil, heard
	}
	made.planned = decode(typ, response.PlannedState)
	made.private, made.identity = response.PlannedPrivate, response.PlannedIdentity
	before, after, wanted := fields(o.raw), fields(made.planned), fields(configured)
	for name := range typ.AttributeTypes {
		if !same(before[name], after[name]) {
			made.changes = append(made.changes, name)
		}
		free := plain(wanted[name]) == nil && isComputed(o.kind, name)
		kept := plain(wanted[name]) != nil && same(before[name], after[name])
		if config != nil && !free && !kept && !same(wanted[name], after[name]) {
			p.tb.Errorf("the plan is invalid: %s is neither as configured nor as before", name)
		}
	}
	slices.Sort(made.changes)
	if len(response.RequiresReplace) > 0 {
		p.tb.Errorf("the plan is a replacement, because of %v", response.RequiresReplace)
	}
	return made, heard
}

// apply carries out a plan, and puts the result into the object.
func (p *process) apply(o *object, planned *plan) messages {
	*o = planned.prior
	if len(planned.changes) == 0 {
		return nil
	}
	if p.replans && planned.config != nil {
		again, heard := p.plan(o, planned.config)
		if heard.failed() {
			return heard
		}
		p.checkResult("final plan", planned.planned, again.planned)
		planned = again
	}
	response := must(p.ApplyResourceChange(p.ctx, &tfprotov6.ApplyResourceChangeRequest{
		TypeName: o.kind, PriorState: encode(o.raw), PlannedState: encode(planned.planned),
		Config:         encode(valueOf(typeOf(o.kind), planned.config)),
		PlannedPrivate: planned.private, PlannedIdentity: planned.identity,
	}))
	heard := p.hear(response.Diagnostics)
	result := decode(typeOf(o.kind), response.NewState)
	if !result.IsFullyKnown() {
		p.tb.Errorf("values are unknown after an apply: %v", plain(result))
	}
	switch {
	case !heard.failed():
		p.checkResult("result after apply", planned.planned, result)
	case result.IsNull():
		return heard // the object stays as it was
	case !o.exists():
		p.tb.Errorf("the object is tainted, because its create ended in an error:\n%s", heard)
	}
	o.set(result, response.Private, response.NewIdentity)
	return heard
}

// checkResult checks that what was known in a plan has come true.
func (p *process) checkResult(what string, planned, result tftypes.Value) {
	if planned.IsNull() != result.IsNull() {
		p.tb.Errorf("inconsistent %s: planned is %v and it is %v", what, plain(planned), plain(result))
	}
	after := fields(result)
	for name, want := range fields(planned) {
		if want.IsKnown() && !same(want, after[name]) {
			p.tb.Errorf("inconsistent %s: %s is planned as %v and is %v",
				what, name, plain(want), plain(after[name]))
		}
	}
}

// importBy brings an application into the state by an id or client_id, or by its identity.
func (p *process) importBy(o *object, id string, identity values) messages {
	request := &tfprotov6.ImportResourceStateRequest{TypeName: o.kind, ID: id}
	if identity != nil {
		encoded := encode(valueOf(identityType, identity))
		request.Identity = &tfprotov6.ResourceIdentityData{IdentityData: encoded}
	}
	response := must(p.ImportResourceState(p.ctx, request))
	heard := p.hear(response.Diagnostics)
	if heard.failed() {
		return heard
	}
	imported := response.ImportedResources[0]
	o.set(decode(typeOf(o.kind), imported.State), imported.Private, imported.Identity)
	heard = append(heard, p.read(o)...)
	if heard.failed() {
		*o = object{kind: o.kind} // Terraform keeps nothing of an import that it could not read
	}
	return heard
}

// run is `terraform apply`: a process plans and another one applies. A nil configuration
// destroys. The state of the object stays as it was where no plan could be made.
func (t *terraform) run(ctx context.Context, o *object, config values) messages {
	made, heard := t.plan(ctx, o, config)
	if made == nil {
		return heard
	}
	p, more := t.process(ctx)
	if heard = append(heard, more...); more.failed() {
		return heard
	}
	return append(heard, p.apply(o, made)...)
}

// plan is `terraform plan`: a process that refreshes and plans. Only an apply of the plan
// puts what was refreshed into the object. The plan is nil where there was an error.
func (t *terraform) plan(ctx context.Context, o *object, config values) (*plan, messages) {
	p, heard := t.process(ctx)
	refreshed := *o
	if !heard.failed() && o.exists() {
		heard = append(heard, p.read(&refreshed)...)
	}
	if heard.failed() {
		return nil, heard
	}
	if config == nil && !refreshed.exists() {
		return &plan{prior: refreshed}, heard
	}
	made, more := p.plan(&refreshed, config)
	return made, append(heard, more...)
}

// refresh is `terraform apply -refresh-only`.
func (t *terraform) refresh(ctx context.Context, o *object) messages {
	p, heard := t.process(ctx)
	if heard.failed() || !o.exists() {
		return heard
	}
	return append(heard, p.read(o)...)
}

// upgrade reads a state that the provider wrote at a version of its schema.
func (p *process) upgrade(o *object, version int64, state string) messages {
	response := must(p.UpgradeResourceState(p.ctx, &tfprotov6.UpgradeResourceStateRequest{
		TypeName: o.kind, Version: version, RawState: &tfprotov6.RawState{JSON: []byte(state)},
	}))
	heard := p.hear(response.Diagnostics)
	if !heard.failed() {
		o.set(decode(typeOf(o.kind), response.UpgradedState), nil, nil)
	}
	return heard
}

// move takes over the state of another provider's resource.
func (p *process) move(o *object, address, kind, state string) messages {
	response := must(p.MoveResourceState(p.ctx, &tfprotov6.MoveResourceStateRequest{
		SourceProviderAddress: address, SourceTypeName: kind, TargetTypeName: o.kind,
		SourceState: &tfprotov6.RawState{JSON: []byte(state)},
	}))
	heard := p.hear(response.Diagnostics)
	if !heard.failed() {
		state := decode(typeOf(o.kind), response.TargetState)
		o.set(state, response.TargetPrivate, response.TargetIdentity)
	}
	return heard
}

// data reads a data source.
func (p *process) data(kind string, config values) (values, messages) {
	typ := schemas().DataSourceSchemas[kind].ValueType()
	response := must(p.ReadDataSource(p.ctx, &tfprotov6.ReadDataSourceRequest{
		TypeName: kind, Config: encode(valueOf(typ, config)),
	}))
	heard := p.hear(response.Diagnostics)
	if heard.failed() {
		return nil, heard
	}
	state, _ := plain(decode(typ, response.State)).(values)
	return state, heard
}

// list reads the list resource: the names shown, and the resources.
func (p *process) list(
	config values, limit int64,
) (names []string, found []values, heard messages) {
	//nolint:staticcheck // the marker interface is deprecated: see provider.server
	lists, _ := p.ProviderServer.(tfprotov6.ProviderServerWithListResource)
	typ := schemas().ListResourceSchemas[application].ValueType()
	stream := must(lists.ListResource(p.ctx, &tfprotov6.ListResourceRequest{
		TypeName: application, Config: encode(valueOf(typ, config)), Limit: limit, IncludeResource: true,
	}))
	for result := range stream.Results {
		heard = append(heard, p.hear(result.Diagnostics)...)
		if result.Resource != nil {
			names = append(names, result.DisplayName)
			state, _ := plain(decode(typeOf(application), result.Resource)).(values)
			found = append(found, state)
		}
	}
	return names, found, heard
}

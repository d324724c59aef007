package lifecycle

import (
	"bytes"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest/contract"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
)

// TestProtocolScenarios tells every scenario in this process and on virtual time, and
// those without a failure also under every switch of the simulator that concerns a
// request of theirs. With CLERK_OPENAPI_SPEC each request and each answer is also held
// against Clerk's OpenAPI document.
func TestProtocolScenarios(t *testing.T) {
	t.Parallel()
	sent := &sentUnderDefault{}
	// Not parallel: the other settings begin when all of its scenarios have been told.
	t.Run("default", func(t *testing.T) { //nolint:paralleltest // see above
		for _, told := range scenarios {
			tellWatched(t, told, clerktest.Switches{}, func(request clerktest.Request) { sent.add(told, request) })
		}
	})
	tellUnderSwitches(t, func(told scenario, setting clerktest.Setting) bool { return sent.concerns(told, setting) })
}

// TestSoakScenarios tells the scenarios also under the switches that should not concern
// them: with the same outcome, unless [clerktest.Setting.Concerns] is wrong.
func TestSoakScenarios(t *testing.T) {
	t.Parallel()
	if os.Getenv("CLERK_SOAK") == "" {
		t.Skip("CLERK_SOAK is not set; make soak sets it")
	}
	tellUnderSwitches(t, func(scenario, clerktest.Setting) bool { return true })
}

func tellUnderSwitches(t *testing.T, isConcerned func(scenario, clerktest.Setting) bool) {
	t.Helper()
	for _, setting := range clerktest.AllSwitches()[1:] {
		t.Run(setting.Name, func(t *testing.T) {
			t.Parallel()
			for _, told := range scenarios {
				// What fails, fails for reasons that no switch is about, but for the exceptions.
				course, differs := told.under(setting.Name)
				if differs || !told.hasFailures() && isConcerned(told, setting) {
					tellInProcess(t, course, setting.Switches)
				}
			}
		})
	}
}

// sentUnderDefault has every request of each scenario under the default setting, with
// those of the dashboard.
type sentUnderDefault struct {
	mu       sync.Mutex
	requests map[string][]clerktest.Request // by the scenario's name
}

func (s *sentUnderDefault) add(told scenario, request clerktest.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.requests == nil {
		s.requests = map[string][]clerktest.Request{}
	}
	s.requests[told.name] = append(s.requests[told.name], request)
}

// concerns reports whether the scenario may take another course under the setting. A
// scenario that was not told, because only some tests were asked for, may. So may one
// that changes applications past the API, of which its requests say nothing.
func (s *sentUnderDefault) concerns(told scenario, setting clerktest.Setting) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	requests, known := s.requests[told.name]
	return !known || told.editsPastAPI() || slices.ContainsFunc(requests, setting.Concerns)
}

// TestProtocolRefusals has input that must be refused before anything is sent.
func TestProtocolRefusals(t *testing.T) {
	t.Parallel()
	for _, told := range refusals {
		tellInProcess(t, told, clerktest.Switches{})
	}
}

// TestProtocolScenariosOldEngine tells what can be told to an engine that knows
// neither identities nor write-only attributes.
func TestProtocolScenariosOldEngine(t *testing.T) {
	t.Parallel()
	for _, told := range scenarios {
		if !told.needsIdentity() {
			tellInProcess(t, told, clerktest.Switches{}, prototest.OldEngine())
		}
	}
}

// TestProtocolExceptions makes sure that none of the exceptions is about something
// that is not there.
func TestProtocolExceptions(t *testing.T) {
	t.Parallel()
	for _, exception := range underSwitch {
		known := slices.ContainsFunc(clerktest.AllSwitches(), func(s clerktest.Setting) bool { return s.Name == exception.setting })
		index := slices.IndexFunc(scenarios, func(s scenario) bool { return s.name == exception.scenario })
		if !known || index < 0 || scenarios[index].stepIndex(exception.from) < 0 {
			t.Errorf("there is no %s, %q, %q", exception.setting, exception.scenario, exception.from)
		}
	}
}

// tellInProcess runs a scenario as a subtest.
func tellInProcess(t *testing.T, told scenario, switches clerktest.Switches, opts ...prototest.Option) {
	t.Helper()
	tellWatched(t, told, switches, nil, opts...)
}

// tellWatched is tellInProcess with someone who sees every request, if not nil.
func tellWatched(t *testing.T, told scenario, switches clerktest.Switches, watch func(clerktest.Request), opts ...prototest.Option) {
	t.Helper()
	t.Run(strings.ReplaceAll(told.name, " ", "_"), func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			server := clerktest.NewInMemory(t, clerktest.WithSwitches(switches), clerktest.WithWatch(watch), contract.Option(t))
			transport := server.RoundTripper()
			r := newRun(t, told, server, &http.Client{Transport: transport})
			r.logs = told.fault
			r.tellByProtocol(transport, func() { time.Sleep(switches.ReadLag) }, opts...)
			r.checkNoSecrets(t, server)
			server.Close()
		})
	})
}

// tellByProtocol runs the scenario with prototest. settle lets reads catch up with
// writes.
func (r *run) tellByProtocol(transport http.RoundTripper, settle func(), opts ...prototest.Option) {
	r.t.Helper()
	r.begin()
	for _, next := range r.scenario.steps {
		r.enter(next)
		settle()
		r.playByProtocol(transport, settle, opts...)
		if r.t.Failed() {
			r.t.FailNow() // what follows would fail for the same reason
		}
	}
	if r.resource != nil && r.resource.Exists() {
		r.provide(transport, opts...)
		r.say(r.resource.Destroy())
	}
	settle()
	r.end()
}

// provide starts the provider, as each command of Terraform does. The diagnostics are
// those of its configuration.
func (r *run) provide(transport http.RoundTripper, opts ...prototest.Option) (*prototest.Provider, prototest.Diagnostics) {
	r.t.Helper()
	r.user.begin(r.t)
	p, ds := prototest.Start(r.t, factoryWith(transport), r.providerBlock(), opts...)
	if r.resource == nil {
		r.resource = p.Resource(applicationType)
	} else {
		r.resource = r.resource.With(p)
	}
	return p, ds
}

// playByProtocol is one step.
func (r *run) playByProtocol(transport http.RoundTripper, settle func(), opts ...prototest.Option) {
	r.t.Helper()
	between := transport
	if r.step.through != nil {
		between = r.step.through(r, transport)
	}
	p, ds := r.provide(between, opts...)
	if ds.HasError() {
		r.checkDiagnostics(ds, nil)
		r.checkRequests()
		return
	}
	existed, wasTainted := r.resource.Exists(), r.resource.Tainted()
	before := r.resource.StateJSON()

	if r.step.config != nil || r.step.destroy {
		plan, planDiagnostics := r.planByProtocol()
		var applyDiagnostics prototest.Diagnostics
		if plan != nil {
			r.show(plan)
			r.checkPlan(plannedChange{
				action: plan.Action, changed: plan.Changed(), unknown: plan.Unknown(),
				content: append(plan.After().JSON(), plan.Before().JSON()...),
			})
			r.do(r.step.between)
			applyDiagnostics = plan.TryApply(r.ctx)
		} else if !bytes.Equal(before, r.resource.StateJSON()) {
			r.errorf("there is no plan, and the state has changed")
		}
		r.checkInterrupt()
		r.checkDiagnostics(planDiagnostics, applyDiagnostics)
		settle()
	}
	r.checkRequests()
	r.leave()
	var state map[string]any
	if r.resource.Exists() {
		state = r.resource.State().Values()
		r.checkState(state)
		r.checkEncrypted("private state", r.resource.Private())
	} else if r.step.state != nil {
		r.errorf("there is no state")
	}
	r.checkAfter(existed, r.resource.Exists(), r.resource.Tainted() && !wasTainted)
	r.readByProtocol(p, state)
	if r.step.check != nil {
		r.step.check(r)
	}
	if r.step.config != nil && r.step.fails == "" && !r.step.pending {
		if r.step.disturbs() {
			r.provide(transport, opts...)
		}
		r.resource.AssertNoChanges(r.known())
	}
}

// planByProtocol makes the plan of the step; nil if it fails.
func (r *run) planByProtocol() (*prototest.Plan, prototest.Diagnostics) {
	r.t.Helper()
	ctx, config := r.ctx, r.unknown()
	switch {
	case r.step.destroy:
		return r.resource.TryPlanDestroy(ctx)
	case r.step.adopt == byIdentity:
		plan := r.resource.PlanImportIdentity(values{"id": r.id}, config)
		return plan, plan.Diagnostics
	case r.step.adopt != adoptee{}:
		return r.resource.TryPlanImport(ctx, r.importID(r.step.adopt), config)
	}
	plan, ds := r.resource.TryPlan(ctx, config)
	if plan != nil {
		plan.Resolve(r.known())
	}
	return plan, ds
}

// unknown is the configuration while planning, known the same when applying.
func (r *run) unknown() values { return r.replaceLater(func(later) any { return prototest.Unknown }) }

func (r *run) known() values { return r.replaceLater(func(value later) any { return string(value) }) }

func (r *run) replaceLater(replace func(later) any) values {
	config := r.resolve(r.step.config)
	for name, value := range config {
		switch value := value.(type) {
		case later:
			config[name] = replace(value)
		case []any:
			elements := slices.Clone(value)
			for index, element := range elements {
				if element, ok := element.(later); ok {
					elements[index] = replace(element)
				}
			}
			config[name] = elements
		}
	}
	return config
}

func (r *run) readByProtocol(p *prototest.Provider, state map[string]any) {
	r.t.Helper()
	for _, read := range r.step.reads {
		config := r.resolve(read.config)
		for name, value := range config {
			if value, ok := value.(ref); ok {
				config[name] = state[string(value)]
			}
		}
		result, ds := p.DataSource(read.typeName).TryRead(r.ctx, config)
		if r.step.fails != "" || ds.HasError() {
			r.checkDiagnostics(ds, nil)
			r.checkRequests()
			continue
		}
		r.checkLookup(read, result.Values(), state)
	}
}

// checkDiagnostics compares the diagnostics of plan and apply with what the step says.
func (r *run) checkDiagnostics(planning, applying prototest.Diagnostics) {
	r.t.Helper()
	r.checkMessages(messagesOf(r.say(planning)), messagesOf(r.say(applying)))
}

func messagesOf(ds prototest.Diagnostics) []message {
	var all []message
	for _, d := range ds {
		all = append(all, message{isError: d.Error, path: d.Path, summary: d.Summary, text: d.Detail})
	}
	return all
}

// A trigger that is not known yet may come to nothing, and then a public client may have it.
func TestProtocolUnknownTriggerOfAPublicClient(t *testing.T) {
	t.Parallel()
	config := prototest.Values{"name": "a", "public": true, "pkce_required": true, "rotate_secret_trigger": prototest.Unknown}
	app := newProvider(t, clerktest.New(t)).Resource(applicationType)
	plan, ds := app.TryPlan(t.Context(), config)
	if ds.HasError() {
		t.Fatal(ds)
	}
	if ds := plan.Resolve(with(config, prototest.Values{"rotate_secret_trigger": "1"})).TryApply(t.Context()); len(ds.Errors().At("rotate_secret_trigger")) != 1 {
		t.Errorf("with a text: %s", ds)
	}
	plan, _ = app.TryPlan(t.Context(), config)
	if ds := plan.Resolve(with(config, prototest.Values{"rotate_secret_trigger": nil})).TryApply(t.Context()); ds.HasError() {
		t.Errorf("without one: %s", ds)
	}
}

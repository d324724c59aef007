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

// TestProtocolScenarios runs every scenario in this process and in virtual time. Scenarios
// without a failure also run under every switch of the simulator that concerns one of their
// requests; not with the race detector, because a switch changes what Clerk answers and not
// what happens at once. With CLERK_OPENAPI_SPEC the test compares each request and each answer with
// Clerk's OpenAPI document.
func TestProtocolScenarios(t *testing.T) {
	t.Parallel()
	sent := &sentUnderDefault{}
	// Not parallel: the other settings begin when all of its scenarios have run.
	t.Run("default", func(t *testing.T) { //nolint:paralleltest // see above
		for _, sc := range scenarios {
			runWatched(t, sc, clerktest.Switches{}, func(request clerktest.Request) { sent.add(sc, request) })
		}
	})
	if !raceDetector {
		runUnderSwitches(t, func(sc scenario, setting clerktest.Setting) bool { return sent.concerns(sc, setting) })
	}
}

// TestSoakScenarios also runs the scenarios under switches that should not concern them.
// The outcome is the same, unless [clerktest.Setting.Concerns] is wrong.
func TestSoakScenarios(t *testing.T) {
	t.Parallel()
	if os.Getenv("CLERK_SOAK") == "" {
		t.Skip("CLERK_SOAK is not set; make soak sets it")
	}
	runUnderSwitches(t, func(scenario, clerktest.Setting) bool { return true })
}

func runUnderSwitches(t *testing.T, isConcerned func(scenario, clerktest.Setting) bool) {
	t.Helper()
	for _, setting := range clerktest.AllSwitches()[1:] {
		t.Run(setting.Name, func(t *testing.T) {
			t.Parallel()
			for _, sc := range scenarios {
				// No switch concerns a failure, except where an exception says so.
				course, differs := sc.under(setting.Name)
				if differs || !sc.hasFailures() && isConcerned(sc, setting) {
					runInProcess(t, course, setting.Switches)
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

func (s *sentUnderDefault) add(sc scenario, request clerktest.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.requests == nil {
		s.requests = map[string][]clerktest.Request{}
	}
	s.requests[sc.name] = append(s.requests[sc.name], request)
}

// concerns reports whether the scenario may take another course under the setting. A
// scenario that has not run, because only some tests run, may. So may a scenario that
// changes applications without a request.
func (s *sentUnderDefault) concerns(sc scenario, setting clerktest.Setting) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	requests, known := s.requests[sc.name]
	return !known || sc.editsPastAPI() || slices.ContainsFunc(requests, setting.Concerns)
}

// TestProtocolRefusals has input that must be refused before anything is sent.
func TestProtocolRefusals(t *testing.T) {
	t.Parallel()
	for _, sc := range refusals {
		runInProcess(t, sc, clerktest.Switches{})
	}
}

// TestProtocolScenariosOldEngine runs the scenarios as an engine without identities and
// write-only attributes.
func TestProtocolScenariosOldEngine(t *testing.T) {
	t.Parallel()
	for _, sc := range scenarios {
		if !sc.needsIdentity() {
			runInProcess(t, sc, clerktest.Switches{}, prototest.OldEngine())
		}
	}
}

// TestProtocolExceptions: every exception names an existing switch, scenario and step.
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

// runInProcess runs a scenario as a subtest.
func runInProcess(t *testing.T, sc scenario, switches clerktest.Switches, opts ...prototest.Option) {
	t.Helper()
	runWatched(t, sc, switches, nil, opts...)
}

// runWatched is runInProcess with a function that sees every request; nil is none.
func runWatched(t *testing.T, sc scenario, switches clerktest.Switches, watch func(clerktest.Request), opts ...prototest.Option) {
	t.Helper()
	t.Run(strings.ReplaceAll(sc.name, " ", "_"), func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			server := clerktest.NewInMemory(t, clerktest.WithSwitches(switches), clerktest.WithWatch(watch), contract.Option(t))
			transport := server.RoundTripper()
			r := newRun(t, sc, server, &http.Client{Transport: transport})
			r.logs = sc.fault
			r.runByProtocol(transport, func() { time.Sleep(switches.ReadLag) }, opts...)
			r.checkNoSecrets(t, server)
			server.Close()
		})
	})
}

// runByProtocol runs the scenario with prototest. settle lets reads catch up with
// writes.
func (r *run) runByProtocol(transport http.RoundTripper, settle func(), opts ...prototest.Option) {
	r.t.Helper()
	r.prepare()
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
	r.begin(r.t)
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

// planByProtocol plans the step; the plan is nil if that fails.
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

// unknown is the configuration at plan time, known the configuration at apply time.
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

// A trigger that is unknown in the plan may become null, so a public client may have it.
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

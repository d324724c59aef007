package lifecycle

import (
	"net/http"
	"os"
	"regexp"
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
			s := newStory(t, told, server, &http.Client{Transport: transport})
			s.tellByProtocol(transport, func() { time.Sleep(switches.ReadLag) }, opts...)
			server.Close()
		})
	})
}

// tellByProtocol runs the scenario with prototest. settle lets reads catch up with
// writes.
func (s *story) tellByProtocol(transport http.RoundTripper, settle func(), opts ...prototest.Option) {
	s.t.Helper()
	s.begin()
	for _, next := range s.scenario.steps {
		s.enter(next)
		settle()
		s.run(transport, settle, opts...)
		if s.t.Failed() {
			s.t.FailNow() // what follows would fail for the same reason
		}
	}
	if s.resource != nil && s.resource.Exists() {
		s.resource.Destroy()
	}
	settle()
	s.end()
}

// run is one step.
func (s *story) run(transport http.RoundTripper, settle func(), opts ...prototest.Option) {
	s.t.Helper()
	p, ds := prototest.Start(s.t, factoryWith(transport), s.providerBlock(), opts...)
	if ds.HasError() {
		s.checkDiagnostics(ds, nil)
		s.checkRequests()
		return
	}
	if s.resource == nil {
		s.resource = p.Resource(applicationType)
	} else {
		s.resource = s.resource.With(p)
	}

	if s.step.config != nil || s.step.destroy {
		plan, planDiagnostics := s.planByProtocol()
		var applyDiagnostics prototest.Diagnostics
		if plan != nil {
			s.checkPlan(plannedChange{
				action: plan.Action, changed: plan.Changed(), unknown: plan.Unknown(),
				content: append(plan.After().JSON(), plan.Before().JSON()...),
			})
			s.do(s.step.between)
			applyDiagnostics = plan.TryApply(s.t.Context())
		}
		s.checkDiagnostics(planDiagnostics, applyDiagnostics)
		settle()
	}
	s.checkRequests()
	var state map[string]any
	if s.resource.Exists() {
		state = s.resource.State().Values()
		s.checkState(state)
		s.checkSealed("private state", s.resource.Private())
	} else if s.step.state != nil {
		s.errorf("there is no state")
	}
	s.readByProtocol(p, state)
	if s.step.config != nil && s.step.fails == "" && !s.step.pending {
		s.resource.AssertNoChanges(s.known())
	}
}

// planByProtocol makes the plan of the step; nil if it fails.
func (s *story) planByProtocol() (*prototest.Plan, prototest.Diagnostics) {
	s.t.Helper()
	ctx, config := s.t.Context(), s.unknown()
	switch {
	case s.step.destroy:
		return s.resource.TryPlanDestroy(ctx)
	case s.step.adopt == byIdentity:
		plan := s.resource.PlanImportIdentity(values{"id": s.id}, config)
		return plan, plan.Diagnostics
	case s.step.adopt != adoptee{}:
		return s.resource.TryPlanImport(ctx, s.importID(s.step.adopt), config)
	}
	plan, ds := s.resource.TryPlan(ctx, config)
	if plan != nil {
		plan.Resolve(s.known())
	}
	return plan, ds
}

// unknown is the configuration while planning, known the same when applying.
func (s *story) unknown() values { return s.replaceLater(func(later) any { return prototest.Unknown }) }

func (s *story) known() values { return s.replaceLater(func(value later) any { return string(value) }) }

func (s *story) replaceLater(replace func(later) any) values {
	config := s.resolve(s.step.config)
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

func (s *story) readByProtocol(p *prototest.Provider, state map[string]any) {
	s.t.Helper()
	for _, read := range s.step.reads {
		config := s.resolve(read.config)
		for name, value := range config {
			if value, ok := value.(ref); ok {
				config[name] = state[string(value)]
			}
		}
		result, ds := p.DataSource(read.typeName).TryRead(s.t.Context(), config)
		if s.step.fails != "" || ds.HasError() {
			s.checkDiagnostics(ds, nil)
			s.checkRequests()
			continue
		}
		s.checkLookup(read, result.Values(), state)
	}
}

// checkDiagnostics compares the messages of plan and apply with what the step says.
func (s *story) checkDiagnostics(planning, applying prototest.Diagnostics) {
	s.t.Helper()
	all := slices.Concat(planning, applying)
	for _, message := range all {
		s.checkNoSecret(message.String())
	}
	errors := all.Errors()
	switch {
	case s.step.fails == "" && len(errors) > 0:
		s.errorf("failed:\n%s", errors)
	case s.step.fails != "" && len(errors) != 1:
		s.errorf("there should be one error, which matches %q; there are %d:\n%s", s.step.fails, len(errors), errors)
	case s.step.fails != "":
		if !regexp.MustCompile("(?s)" + s.step.fails).MatchString(errors[0].Summary + "\n" + errors[0].Detail) {
			s.errorf("the error should match %q:\n%s", s.step.fails, errors)
		}
		if got := attributeName(errors[0].Path); got != s.step.failsAt {
			s.errorf("the error stands on %q, want %q", got, s.step.failsAt)
		}
	}
	if !planning.HasError() {
		planned := warningTexts(planning)
		s.checkWarnings("plan", planned, s.step.warns)
		// Terraform plans once more to apply, and shows the same again.
		applied := slices.DeleteFunc(warningTexts(applying), func(text string) bool { return slices.Contains(planned, text) })
		s.checkWarnings("apply", applied, s.step.warnsLate)
	}
}

func warningTexts(ds prototest.Diagnostics) []string {
	var all []string
	for _, message := range ds.Warnings() {
		all = append(all, message.Summary+"\n"+message.Detail)
	}
	return all
}

// checkNoSecret makes sure that a message to the user holds no secret.
func (s *story) checkNoSecret(text string) {
	s.t.Helper()
	secrets := []string{s.key}
	if s.simulator != nil {
		secrets = slices.Concat(s.simulator.Keys(), s.simulator.IssuedSecrets())
	}
	if key, ok := s.step.provider["secret_key"].(string); ok && len(key) > 10 {
		secrets = append(secrets, key)
	}
	for _, secret := range secrets {
		if strings.Contains(text, secret) {
			s.errorf("a message holds a secret")
		}
	}
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
	if ds := plan.Resolve(alsoWith(config, prototest.Values{"rotate_secret_trigger": "1"})).TryApply(t.Context()); len(ds.Errors().At("rotate_secret_trigger")) != 1 {
		t.Errorf("with a text: %s", ds)
	}
	plan, _ = app.TryPlan(t.Context(), config)
	if ds := plan.Resolve(alsoWith(config, prototest.Values{"rotate_secret_trigger": nil})).TryApply(t.Context()); ds.HasError() {
		t.Errorf("without one: %s", ds)
	}
}

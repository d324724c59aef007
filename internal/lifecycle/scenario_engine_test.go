package lifecycle

import (
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/enginetest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
)

// TestAccScenarios runs the scenarios with terraform or tofu. What it adds to the
// protocol runner is HCL, the engine's own reading of plans and messages, its state file,
// and the provider as a program.
func TestAccScenarios(t *testing.T) {
	t.Parallel()
	engine := enginetest.Find(t)
	for _, sc := range scenarios {
		runWithEngine(t, engine, sc)
	}
}

// TestAccRefusals shows an engine all that must be refused, and then something that
// must not.
func TestAccRefusals(t *testing.T) {
	t.Parallel()
	engine := enginetest.Find(t)
	all := scenario{name: "all"}
	for _, sc := range refusals {
		refused := sc.steps[0]
		refused.does = sc.name
		all.steps = append(all.steps, refused)
	}
	all.steps = append(all.steps, created)
	runWithEngine(t, engine, all)
}

// TestAccFaults runs one scenario for each result that a fault can have.
func TestAccFaults(t *testing.T) {
	t.Parallel()
	engine := enginetest.Find(t)
	for _, sc := range faults {
		if sc.withEngines {
			sc.fault = true
			runWithEngine(t, engine, sc)
		}
	}
}

// runWithEngine runs a scenario as a subtest. The options are for the simulator.
func runWithEngine(t *testing.T, engine *enginetest.Engine, sc scenario, options ...clerktest.Option) {
	t.Helper()
	t.Run(strings.ReplaceAll(sc.name, " ", "_"), func(t *testing.T) {
		t.Parallel()
		if why := sc.whyNotByEngine(engine); why != "" {
			t.Skip(why)
		}
		server := clerktest.New(t, append(options, clerktest.WithSwitches(sc.switches))...)
		r := newRun(t, sc, server, http.DefaultClient)
		r.workspace = newWorkspaceWithoutInit(t, engine, server)
		if sc.fault {
			r.workspace.logAtTrace()
		}
		r.runByEngine()
		r.checkNoSecrets(t, server)
	})
}

// whyNotByEngine is why an engine cannot run the scenario; empty if it can.
func (sc scenario) whyNotByEngine(engine *enginetest.Engine) string {
	if sc.needsIdentity() && !engine.Supports("1.12", "1.12") {
		return engine.String() + " knows no resource identity; 1.12 does"
	}
	for _, step := range sc.steps {
		switch {
		case step.within > 0:
			return "signal_engine_test.go interrupts engines"
		case step.through != nil:
			return "nothing can stand between a program and Clerk"
		}
	}
	return ""
}

// runByEngine runs the scenario in its workspace.
func (r *run) runByEngine() {
	r.t.Helper()
	r.prepare()
	for _, next := range r.scenario.steps {
		r.enter(next)
		r.settle()
		r.playByEngine()
		if r.t.Failed() {
			r.t.FailNow() // what follows would fail for the same reason
		}
	}
	if _, exists := r.application(); exists {
		last := step{does: "it is destroyed in the end", destroy: true}
		if _, exists := r.simulator.Application(r.id); exists {
			last.sends = []string{sendsDelete}
		}
		r.enter(last)
		r.configure()
		r.hear(r.workspace.MustRun("destroy", "-auto-approve", "-json"))
		r.checkRequests()
	}
	r.settle()
	r.end()
}

// settle lets reads catch up with writes.
func (r *run) settle() { time.Sleep(r.scenario.switches.ReadLag) }

// playByEngine is one step.
func (r *run) playByEngine() {
	r.t.Helper()
	w := r.workspace
	configuration := r.configure()
	before, existed := r.application()
	stateBefore := w.stateFile()

	file := filepath.Join(w.Runs(), "plan")
	planning := []string{"plan", "-json", "-out=" + file}
	if r.step.destroy {
		planning = append(planning, "-destroy")
	}
	planned := w.try(planning...)
	r.hear(planned)
	var applied enginetest.Result
	if planned.Code == 0 {
		if r.step.config != nil || r.step.destroy {
			r.checkPlan(r.readPlan(file))
		}
		r.do(r.step.between)
		applied = w.try("apply", "-json", file)
		r.hear(applied)
		must(r.t, os.Remove(file)) // the state is in it, and with it secrets
	} else if w.stateFile() != stateBefore {
		r.errorf("there is no plan, and the state has changed")
	}
	if failed := planned.Code != 0 || applied.Code != 0; failed != (r.step.fails != "") {
		r.errorf("plan ends with %d and apply with %d", planned.Code, applied.Code)
	}
	r.checkMessages(messagesOfEngine(planned, configuration), messagesOfEngine(applied, configuration))
	r.settle()
	r.checkRequests()
	r.leave()

	app, exists := r.application()
	if exists {
		r.checkState(app.Attributes)
		r.checkEncrypted("private state", app.Private)
	} else if r.step.state != nil {
		r.errorf("there is no state")
	}
	r.checkAfter(existed, exists, app.Status == "tainted" && before.Status != "tainted")
	if r.step.fails == "" {
		for index, read := range r.step.reads {
			data, _ := w.instance("data", read.typeName, dataName(index))
			r.checkLookup(read, data.Attributes, app.Attributes)
		}
	}
	if r.step.check != nil {
		r.step.check(r)
	}
	if r.step.config != nil && r.step.fails == "" && !r.step.pending {
		r.checkSecondPlan()
	}
	if r.t.Failed() {
		r.t.Logf("the plan said:\n%s\nthe apply said:\n%s", planned.Output(), applied.Output())
	}
}

// configure writes the configuration of the step. Keys that the simulator knows go
// through the environment, so that no file has a reason to hold one. A step without a
// resource block has that of the step before, for the engine would destroy the
// application without one.
func (r *run) configure() string {
	if r.step.config != nil {
		r.configured = r.step.config
	}
	w, provider := r.workspace, r.providerBlock()
	delete(w.Env, envSecretKey)
	delete(w.Env, envAPIURL)
	if key, ok := provider["secret_key"].(string); ok && slices.Contains(r.simulator.Keys(), key) {
		w.Env[envSecretKey] = key
		delete(provider, "secret_key")
	}
	if provider["api_url"] == r.url {
		w.Env[envAPIURL] = r.url
		delete(provider, "api_url")
	}
	// The engine has no line to put a message on whose attribute is not in the
	// configuration, and looks for none while it destroys what is replaced.
	written := with(r.configured, with(provider, values{}))
	for _, read := range r.step.reads {
		written = with(written, read.config)
	}
	if _, ok := written[r.step.failsAt]; !ok || r.step.plan == replace {
		r.step.failsAt = ""
	}
	configuration := r.hcl(provider, r.configured)
	w.Write("main.tf", configuration)
	return configuration
}

// hear keeps what a run has printed.
func (r *run) hear(result enginetest.Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.said = append(r.said, result.Output())
}

// application is the one in the state file; false if there is none.
func (r *run) application() (stateInstance, bool) {
	return r.workspace.instance("managed", applicationType, "test")
}

func (r *run) checkSecondPlan() {
	r.t.Helper()
	if again := r.workspace.try("plan", "-detailed-exitcode"); again.Code != 0 {
		r.errorf("the second plan is not empty (exit status %d):\n%s", again.Code, again.Output())
	}
}

// messagesOfEngine are the errors and warnings of a run with -json. Engines ask the
// provider several times whether the configuration is valid, and print its warnings
// each time.
func messagesOfEngine(result enginetest.Result, configuration string) []message {
	var all []message
	for _, d := range result.Diagnostics() {
		if d.Summary == "Provider development overrides are in effect" {
			continue
		}
		m := message{isError: d.Severity == tfjson.DiagnosticSeverityError, summary: d.Summary, text: d.Detail}
		if d.Range != nil {
			m.path = attributeAt(configuration, d.Range.Start.Line)
		}
		if m.isError || !slices.Contains(all, m) {
			all = append(all, m)
		}
	}
	return all
}

// readPlan reads the plan of the application as the engine shows it in JSON.
func (r *run) readPlan(file string) plannedChange {
	r.t.Helper()
	plan := r.workspace.ReadPlan(file)
	planned := plannedChange{action: prototest.NoOp, content: mustJSON(plan)}
	resource := plan.Change(addressInHCL)
	if resource == nil {
		return planned
	}
	planned.action = actionOf(resource.Change.Actions)
	before, _ := resource.Change.Before.(map[string]any)
	after, _ := resource.Change.After.(map[string]any)
	unknown, _ := resource.Change.AfterUnknown.(map[string]any)
	for name, value := range unknown {
		if hasTrue(value) {
			planned.unknown = append(planned.unknown, name)
		}
	}
	names := slices.Concat(slices.Collect(maps.Keys(before)), slices.Collect(maps.Keys(after)), planned.unknown)
	for _, name := range names {
		if hasTrue(unknown[name]) || !reflect.DeepEqual(plain(before[name]), plain(after[name])) {
			planned.changed = append(planned.changed, name)
		}
	}
	if importing := resource.Change.Importing != nil; importing != (r.step.adopt != adoptee{}) {
		r.errorf("the plan imports: %t", importing)
	}
	return planned
}

func actionOf(actions tfjson.Actions) prototest.Action {
	switch {
	case actions.Create():
		return prototest.Create
	case actions.Update():
		return prototest.Update
	case actions.Replace():
		return prototest.Replace
	case actions.Delete():
		return prototest.Delete
	}
	return prototest.NoOp
}

// hasTrue reports whether a value or anything in it is true.
func hasTrue(value any) bool {
	switch value := value.(type) {
	case bool:
		return value
	case []any:
		return slices.ContainsFunc(value, hasTrue)
	case map[string]any:
		return slices.ContainsFunc(slices.Collect(maps.Values(value)), hasTrue)
	}
	return false
}

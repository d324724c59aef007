package lifecycle

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/enginetest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
)

// TestAccScenarios tells the scenarios with terraform or tofu. What it adds to the
// protocol runner is HCL, the engine's own reading of plans and states, and its state
// file; what it cannot see are warnings and private state.
func TestAccScenarios(t *testing.T) {
	t.Parallel()
	engine := enginetest.Find(t)
	for _, told := range scenarios {
		t.Run(strings.ReplaceAll(told.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			switch {
			case told.protocolOnly != "":
				t.Skip(told.protocolOnly)
			case told.needsIdentity() && !engine.Supports("1.12", "1.12"):
				t.Skipf("%s %s knows no resource identity; 1.12 does", engine.Name, engine.Version)
			}
			tellByCLI(t, told)
		})
	}
}

// TestAccRefusals shows an engine all that must be refused, and then something that
// must not.
func TestAccRefusals(t *testing.T) {
	t.Parallel()
	enginetest.Find(t)
	var all scenario
	for _, told := range refusals {
		refused := told.steps[0]
		refused.does = told.name
		all.steps = append(all.steps, refused)
	}
	all.steps = append(all.steps, created)
	tellByCLI(t, all)
}

// tellByCLI runs a scenario with terraform-plugin-testing.
func tellByCLI(t *testing.T, told scenario) {
	t.Helper()
	server := clerktest.New(t)
	r := newRun(t, told, server, http.DefaultClient)
	r.begin()
	test := resource.TestCase{
		ProtoV6ProviderFactories: map[string]func() (tfprotov6.ProviderServer, error){
			"clerk": func() (tfprotov6.ProviderServer, error) { return factory(), nil },
		},
	}
	for index := range told.steps {
		test.Steps = append(test.Steps, r.stepForCLI(index))
	}
	resource.UnitTest(t, test)

	// The framework destroys at the end what is there still.
	if last := r.step; last.destroy {
		r.checkRequests()
	} else {
		r.checkRequests(sendsDelete)
	}
	r.end()
}

const addressInHCL = applicationType + ".test"

// stepForCLI turns a step into one of terraform-plugin-testing. The checks in it run
// as the framework comes by: the requests of a step are compared when the next one
// begins, as there is no hook after one that fails.
func (r *run) stepForCLI(index int) resource.TestStep {
	next := r.scenario.steps[index]
	if index > 0 && next.secret == secretKept {
		if before := r.scenario.steps[index-1]; before.fails != "" {
			next.secret = before.secret // could not be seen there
		}
	}
	r.step = next // to render
	step := resource.TestStep{
		Config:             r.hcl(),
		Destroy:            next.destroy,
		ExpectNonEmptyPlan: next.pending,
		PreConfig: func() {
			if index > 0 {
				r.checkRequests()
			}
			r.enter(next)
		},
	}
	if next.config == nil && index > 0 && next.destroy {
		r.step.config = r.scenario.steps[index-1].config
		step.Config = r.hcl()
	}
	if next.plan != "" {
		step.ConfigPlanChecks.PreApply = []plancheck.PlanCheck{planCheck(r.checkPlanOfCLI)}
	}
	switch {
	case next.fails != "":
		step.ExpectError = r.expectedOutput()
	case !next.destroy:
		step.ConfigStateChecks = []statecheck.StateCheck{stateCheck(r.checkStateOfCLI)}
	}
	return step
}

// expectedOutput finds the step's error in what the engine prints, which it breaks
// into lines with a frame. The attribute is in the line of the configuration that it
// quotes, if it is written there.
func (r *run) expectedOutput() *regexp.Regexp {
	says := strings.ReplaceAll(r.step.fails, " ", `[\s│]+`)
	at := r.step.failsAt
	value, written := with(r.step.config, r.step.provider)[at]
	if _, isBlock := value.(values); isBlock {
		written = false
	}
	for _, read := range r.step.reads {
		_, reads := read.config[at]
		written = written || reads
	}
	if !written {
		return regexp.MustCompile("(?s)" + says)
	}
	quoted := `\d+: +` + at + ` `
	return regexp.MustCompile(fmt.Sprintf("(?s)(?:%s).*%s|%s.*(?:%s)", says, quoted, quoted, says))
}

type planCheck func(*tfjson.Plan) error

func (check planCheck) CheckPlan(_ context.Context, req plancheck.CheckPlanRequest, resp *plancheck.CheckPlanResponse) {
	resp.Error = check(req.Plan)
}

type stateCheck func(*tfjson.State) error

func (check stateCheck) CheckState(_ context.Context, req statecheck.CheckStateRequest, resp *statecheck.CheckStateResponse) {
	resp.Error = check(req.State)
}

// checkPlanOfCLI reads the plan of the application as the engine shows it in JSON.
func (r *run) checkPlanOfCLI(plan *tfjson.Plan) error {
	planned := plannedChange{action: prototest.NoOp, content: mustJSON(plan)}
	for _, change := range plan.ResourceChanges {
		if change.Address != addressInHCL {
			continue
		}
		planned.action = actionOf(change.Change.Actions)
		before, _ := change.Change.Before.(map[string]any)
		after, _ := change.Change.After.(map[string]any)
		unknown, _ := change.Change.AfterUnknown.(map[string]any)
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
		if importing := change.Change.Importing != nil; importing != (r.step.adopt != adoptee{}) {
			r.errorf("the plan imports: %t", importing)
		}
	}
	r.checkPlan(planned)
	if r.t.Failed() {
		return errSeenAlready
	}
	r.do(r.step.between)
	return nil
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

// hasTrue tells whether a value or anything in it is true.
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

// errSeenAlready ends a test case whose failure has been reported.
var errSeenAlready = fmt.Errorf("see above")

func (r *run) checkStateOfCLI(state *tfjson.State) error {
	var app map[string]any
	if state.Values == nil {
		return fmt.Errorf("there is no state")
	}
	data := map[string]map[string]any{}
	for _, each := range state.Values.RootModule.Resources {
		switch {
		case each.Address == addressInHCL:
			app = each.AttributeValues
		case each.Mode == tfjson.DataResourceMode:
			data[each.Name] = each.AttributeValues
		}
	}
	r.checkState(app)
	for index, read := range r.step.reads {
		r.checkLookup(read, data[dataName(index)], app)
	}
	if r.t.Failed() {
		return errSeenAlready
	}
	return nil
}

func dataName(index int) string { return fmt.Sprintf("read_%d", index) }

// hcl writes the step's configuration.
func (r *run) hcl() string {
	var text strings.Builder
	block(&text, `provider "clerk"`, r.providerBlock())
	switch target := r.step.adopt; {
	case target == byIdentity:
		fmt.Fprintf(&text, "import {\n  to = %s\n  identity = { id = %s }\n}\n", addressInHCL, expression(r.id))
	case target != adoptee{}:
		fmt.Fprintf(&text, "import {\n  to = %s\n  id = %s\n}\n", addressInHCL, expression(r.importID(target)))
	}
	if r.step.config != nil {
		block(&text, fmt.Sprintf("resource %q %q", applicationType, "test"), r.resolve(r.step.config))
	}
	for _, value := range r.step.config {
		list, _ := value.([]any)
		for _, element := range append(list, value) {
			if element, ok := element.(later); ok {
				block(&text, `resource "terraform_data" "later"`, values{"input": string(element)})
			}
		}
	}
	for index, read := range r.step.reads {
		block(&text, fmt.Sprintf("data %q %q", read.typeName, dataName(index)), r.resolve(read.config))
	}
	return text.String()
}

func block(text *strings.Builder, header string, content values) {
	fmt.Fprintf(text, "%s {\n", header)
	for _, name := range slices.Sorted(maps.Keys(content)) {
		if inner, ok := content[name].(values); ok {
			block(text, name, inner)
			continue
		}
		fmt.Fprintf(text, "  %s = %s\n", name, expression(content[name]))
	}
	text.WriteString("}\n")
}

// expression writes a value. A text in JSON is one in HCL but for the two templates.
func expression(value any) string {
	switch value := value.(type) {
	case later:
		return "terraform_data.later.output"
	case ref:
		return addressInHCL + "." + string(value)
	case []any:
		var elements []string
		for _, element := range value {
			elements = append(elements, expression(element))
		}
		return "[" + strings.Join(elements, ", ") + "]"
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(string(encoded))
}

package lifecycle

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
)

// unreadable is a refresh that fails. There is no plan, and the state stays as it was, to
// the byte.
func unreadable(name, says string, faults ...clerktest.Fault) scenario {
	return scenario{name: name, steps: []step{existing(portal), {config: portal, faults: faults, fails: says}, next(noOp, "")}}
}

// onEngines is the scenario with as few retries as possible, for engines too.
func onEngines(sc scenario) scenario {
	sc.withEngines, sc.provider = true, values{"max_retries": 1}
	return sc
}

var failedReads = []scenario{
	{name: "A13 reset on a read", steps: []step{existing(portal), {
		config: portal, faults: met{clerktest.ResetAfterWork().OnRead().Once()}, plan: noOp,
	}}},
	{name: "D13 client_secret on a read is ignored", steps: []step{existing(portal), {
		config: portal, faults: met{clerktest.Changed(func(body map[string]any) { body["client_secret"] = "whatever1" }).OnRead()}, plan: noOp,
	}}},
	onEngines(unreadable("B4 401", `Check the provider's secret_key`, clerktest.ClerkError(401, "clerk_key_invalid").OnRead())),
	unreadable("B4 403", `may not do this`, clerktest.ClerkError(403, "not_allowed_access").OnRead()),
	onEngines(unreadable("B4 500 for ever", `HTTP status: 500`, clerktest.ClerkError(500, "internal_clerk_error").OnRead())),
	unreadable("B4 reset for ever", `Check the network`, clerktest.ResetBeforeWork().OnRead()),
	unreadable("B4 never answered", `No answer in time`, clerktest.NeverAnswers().OnRead()),
	unreadable("A14 byte by byte on a read", `time for one attempt was over`, clerktest.Drip(time.Second).OnRead()),
	unreadable("A14 endless on a read", `larger than 1048576 bytes`, clerktest.Endless().OnRead()),
	unreadable("A15 HTML with 200 for ever", `no proxy answers in its place`, clerktest.HTML(200).OnRead()),
	onEngines(unreadable("A17 redirect on a read", `a redirect to elsewhere.example.com`, clerktest.Redirect(302, "https://elsewhere.example.com/").OnRead())),
	unreadable("D2 another application", `about another application`, clerktest.Changed(func(body map[string]any) { body["id"] = "oa_other" }).OnRead()),
	unreadable("D12 public of another type", `public has an unexpected type`, clerktest.Changed(func(body map[string]any) { body["public"] = "no" }).OnRead()),
	unreadable("B1 plain 404", `404.*othing is removed from the state`, clerktest.Raw(404, "text/plain", "404 page not found\n").OnRead()),
	unreadable("B1 404 and the instance cannot be read", `the instance of the secret key could not be read`,
		clerktest.ClerkError(404, "resource_not_found").OnRead(), clerktest.ClerkError(403, "not_allowed_access").OnInstance()),
	{name: "B1 gone", withEngines: true, steps: []step{existing(portal), {
		behind: []act{deleted()}, config: portal, plan: create, sends: []string{sendsCreate}, secret: secretMade,
		warns: []string{`OAuth application "Portal" is gone.*"Portal" \(oa_\w+\) no longer exists`},
	}}},
	{name: "D15 hostile id in the state", steps: []step{existing(portal), {
		behind: []act{stateID(func(*run) string { return "../users" })}, config: portal, silent: true,
		fails: `"\.\./users" is not a valid Clerk id`, others: 1, unnamed: true,
	}, {
		does: "the id is put right", behind: []act{stateID(func(r *run) string { return r.simulator.Applications()[0].ID })}, config: portal, plan: noOp,
	}}},
}

// stateID writes another id into the state.
func stateID(id func(*run) string) act {
	return simulated(func(r *run) {
		state := strings.Replace(string(r.resource.StateJSON()), r.id, id(r), 1)
		r.resource.SetStateJSON(applicationSchemaVersion, []byte(state))
	})
}

// notDeleted is a delete that fails. The application is still in the state.
func notDeleted(name string, requests int, says string, faults ...clerktest.Fault) scenario {
	return scenario{name: name, steps: []step{existing(portal), {
		destroy: true, faults: faults, plan: destroyed, sends: slices.Repeat([]string{sendsDelete}, requests), fails: says,
	}, {does: "it is still there", config: portal, plan: noOp}}}
}

// createdAgain is the step after an application is gone.
var createdAgain = step{does: "it is created again", config: portal, plan: create, sends: []string{sendsCreate}, secret: secretMade}

var failedDeletes = []scenario{
	{name: "B12 reset after a delete", steps: []step{existing(portal), {
		destroy: true, faults: met{clerktest.ResetAfterWork().OnDelete().Once()}, plan: destroyed, sends: []string{sendsDelete, sendsDelete},
	}}},
	{name: "B3 gone before the delete", withEngines: true, steps: []step{existing(portal), {
		behind: []act{simulated(func(r *run) {
			r.simulator.Inject(clerktest.Meanwhile(func(request clerktest.Request) { r.simulator.Delete(request.ID) }).OnDelete())
		})},
		destroy: true, plan: destroyed, sends: []string{sendsDelete},
	}, createdAgain}},
	notDeleted("B3 plain 404 on a delete", 1, `404.*othing is removed from the state`, clerktest.Raw(404, "text/plain", "404 page not found\n").OnDelete()),
	notDeleted("A6 500 on a delete for ever", 6, `HTTP status: 500`, clerktest.ClerkError(500, "internal_clerk_error").OnDelete()),
	notDeleted("B7 a delete that says it did not", 2, `does not say that the application was deleted`,
		clerktest.Raw(200, "application/json", `{"object":"oauth_application","deleted":false}`).OnDelete()),
	{name: "B12 delete done long after its last answer was lost", steps: []step{existing(portal), {
		destroy: true, faults: met{clerktest.LateCommit(time.Hour).OnDelete()},
		plan: destroyed, sends: slices.Repeat([]string{sendsDelete}, 6), fails: `Check the network`,
	}, createdAgain}},
}

// Another instance's key finds nothing, which must not look as if everything were gone.
const otherInstance = `belongs to instance ins_\w+, not to ins_\w+.*This operation changed nothing`

var otherInstances = []scenario{
	{name: "B5 key of another instance", withEngines: true, steps: []step{existing(portal), {
		provider: values{"secret_key": otherKey{}}, config: portal, fails: otherInstance,
	}, next(noOp, "")}},
	{name: "B5 destroy with the key of another instance", steps: []step{existing(portal), {
		provider: values{"secret_key": otherKey{}}, destroy: true, fails: otherInstance,
	}, {does: "it is still there", config: portal, plan: noOp}}},
	{name: "B5 instance_id before the first write", withEngines: true, steps: []step{{
		provider: values{"instance_id": "ins_other"}, config: portal, plan: create,
		fails: `belongs to instance ins_\w+, not to ins_other`, check: asksForInstanceOnly,
	}}},
	{name: "B5 instance_id on the first read", steps: []step{existing(portal), {
		provider: values{"instance_id": "ins_other"}, config: portal,
		fails: `belongs to instance ins_\w+, not to ins_other`, check: asksForInstanceOnly,
	}, next(noOp, "")}},
}

func asksForInstanceOnly(r *run) {
	if requests := r.requests(); !slices.Equal(requests, []recordedRequest{{"GET", "GET /instance"}}) {
		r.errorf("sent %v, want the question for the instance alone", requests)
	}
}

// What is imported is named by a user, who may name anything.
var failedImports = []scenario{
	{name: "D14 import of a long text", steps: []step{{
		config: portal, adopt: byText(strings.Repeat("x", 10_000)), silent: true,
		fails: `Unable to import.*is neither the id of an OAuth application`,
	}}},
	{name: "D14 import of nothing", steps: []step{{
		config: portal, adopt: byText(""), silent: true, fails: `Unable to import.*import id is empty`,
	}}},
	{name: "D14 import by client_id and the list fails", provider: values{"max_retries": 0}, steps: []step{{
		config: portal, adopt: byText("someClientID"), faults: met{clerktest.ResetBeforeWork().OnList()},
		fails: `Unable to import.*Check the network`,
	}}},
}

// The plan is made with the key of the right instance, and applied with another one.
func TestProtocolFaultOtherInstanceFromTheApplyOn(t *testing.T) {
	t.Parallel()
	withFixture(t, nil, func(f *fixture) {
		f.given(portal)
		f.server.ResetRequests()
		plan, _ := f.app.TryPlanDestroy(f.ctx)
		key, _ := f.server.AddInstance(clerktest.Development)
		f.provider.Reconfigure(providerConfig(f.server, prototest.Values{"secret_key": key}))
		matchMessages(t, "error", f.say(plan.TryApply(f.ctx)).Errors(), []string{otherInstance})
		if writes := f.writes(); !slices.Equal(writes, []string{"DELETE " + clerktest.RouteApplication}) || !f.app.Exists() || f.secret() != secretWorks {
			t.Errorf("it sent %q, and the secret is %s", writes, f.secret())
		}
	})
}

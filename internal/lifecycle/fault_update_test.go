package lifecycle

import (
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

const (
	notRotated = `rotate client secret of OAuth application`
	mayNotWork = `secret of .* in the state may not work|did not receive the current secret`
)

// What a plan changes beside updated_at: a rotation by trigger, a rotation that is
// pending, and a logo.
const (
	triggerChanges = "client_secret client_secret_version rotate_secret_trigger"
	pendingChanges = "client_secret client_secret_version"
	logoChanges    = "client_image_url logo_path logo_sha256"
)

// portalWithLogo needs logoWritten in a step before or in its own.
var (
	portalWithLogo     = with(portal, values{"logo_path": inDir("logo.png")})
	logoWritten        = fileWritten("logo.png", pngImage(1))
	confidentialPortal = with(publicPortal, values{"public": false})
)

// refused is Clerk's certain answer that nothing was done.
var refused = clerktest.ClerkError(http.StatusForbidden, "not_allowed_access")

// notUpdated is an update that fails, and that Clerk has not carried out.
func notUpdated(name string, requests int, says string, faults ...clerktest.Fault) scenario {
	return scenario{name: name, steps: []step{existing(portal), {
		config: renamedPortal, faults: faults, plan: update, sends: slices.Repeat([]string{sendsUpdate}, requests),
		fails: says, state: values{"name": "Portal"},
	}, next(update, "name", sendsUpdate)}}
}

// updatedUnseen is an update that fails, although Clerk has carried it out. The next
// refresh sees that.
func updatedUnseen(name string, requests int, says string, faults ...clerktest.Fault) scenario {
	sc := notUpdated(name, requests, says, faults...)
	sc.steps[2] = next(noOp, "")
	return sc
}

// contradicted is a fault of an update: Clerk reports success, but stores and answers
// another value.
func contradicted(answer values, store func(*clerktest.Application)) act {
	return simulated(func(r *run) {
		fault := clerktest.Changed(func(body map[string]any) { maps.Copy(body, answer) }).OnUpdate().Once()
		fault.After = func(request clerktest.Request) { r.simulator.Edit(request.ID, store) }
		r.simulator.Inject(fault)
	})
}

var failedUpdates = []scenario{
	{name: "B12 reset after an update", withEngines: true, steps: []step{existing(portal), {
		config: renamedPortal, faults: met{clerktest.ResetAfterWork().OnUpdate().Once()},
		plan: update, sends: []string{sendsUpdate, sendsUpdate}, state: values{"name": "Portal 2"},
	}}},
	notUpdated("A6 500 on an update for ever", 6, `HTTP status: 500`, clerktest.ClerkError(500, "internal_clerk_error").OnUpdate()),
	updatedUnseen("B12 reset after an update for ever", 6, `connection broke.*Attempts: 6`, clerktest.ResetAfterWork().OnUpdate()),
	notUpdated("A16 HTML error", 1, `HTTP 400 Bad Request \(an HTML page, \d+ bytes\)`, clerktest.HTML(400).OnUpdate()),
	notUpdated("A17 redirect of an update", 2, `a redirect to elsewhere.example.com`, clerktest.Redirect(308, "https://elsewhere.example.com/x?y=z").OnUpdate()),
	// What needs no request is done all the same.
	{name: "B6 conflict", steps: []step{existing(portal), {
		config: with(renamedPortal, values{"timeouts": values{"update": "10m"}}), faults: met{clerktest.ClerkError(409, "resource_conflict").OnUpdate()},
		plan: update, sends: []string{sendsUpdate}, fails: `HTTP status: 409`,
		state: values{"name": "Portal", "timeouts": values{"create": nil, "read": nil, "update": "10m", "delete": nil}},
	}, next(update, "name", sendsUpdate)}},
	notUpdated("B2 gone meanwhile", 1, `does not exist in the instance.*next plan shows that`, clerktest.ClerkError(404, "resource_not_found").OnUpdate()),
	notUpdated("B2 plain 404", 1, `404.*othing is removed from the state`, clerktest.Raw(404, "text/plain", "404 page not found\n").OnUpdate()),
	updatedUnseen("D2 answer about another application", 2, `about another application`,
		clerktest.Changed(func(body map[string]any) { body["id"] = "oa_other" }).OnUpdate()),
	{name: "B6 refused on the attribute", steps: []step{existing(portal), {
		config: renamedPortal, faults: met{clerktest.Raw(422, "application/json",
			`{"errors":[{"code":"form_param_value_invalid","message":"is invalid","long_message":"The name is reserved.","meta":{"param_name":"name"}}]}`).OnUpdate()},
		plan: update, sends: []string{sendsUpdate}, fails: `^name: Unable to update OAuth application`, failsAt: "name",
	}, next(update, "name", sendsUpdate)}},
	{name: "B7 the answer has another value", steps: []step{existing(portal), {
		config: renamedPortal, faults: met{clerktest.Changed(func(body map[string]any) { body["name"] = "Portal" }).OnUpdate()},
		plan: update, sends: []string{sendsUpdate},
		fails:   `Unable to update.*reported success.*sent "Portal 2", Clerk has "Portal"\. The state has Clerk's value`,
		failsAt: "name", state: values{"name": "Portal"},
	}, next(noOp, "")}}, // the refresh finds the value there after all
	{name: "B7 a field did not take", steps: []step{existing(portal), {
		config: with(renamedPortal, values{"pkce_required": true}),
		behind: []act{contradicted(values{"pkce_required": false}, func(app *clerktest.Application) { app.PKCERequired = false })},
		plan:   update, sends: []string{sendsUpdate}, fails: `Unable to update.*sent true, Clerk has false`, failsAt: "pkce_required",
		state: values{"name": "Portal 2", "pkce_required": false},
	}, next(update, "pkce_required", sendsUpdate)}},
	{name: "B8 the update done and the rotation refused", withEngines: true, steps: []step{existing(portal), {
		config: renamedAndRotatedPortal, faults: met{refused.OnRotate()},
		plan: update, sends: []string{sendsUpdate, sendsRotate}, fails: notRotated + `.*HTTP status: 403`,
		state: values{"name": "Portal 2", "rotate_secret_trigger": nil},
	}, next(update, triggerChanges, sendsRotate)}},
	{name: "B8 rotation done and the logo refused", steps: []step{existing(portal), {
		behind: []act{logoWritten}, config: with(portalWithLogo, rotatedPortal), faults: met{refused.OnLogo()},
		plan: update, sends: []string{sendsRotate, sendsLogo}, fails: `Unable to upload logo`, secret: secretMade,
		state: values{"rotate_secret_trigger": "once", "logo_sha256": nil},
	}, next(update, logoChanges, sendsLogo)}},
	{name: "E2 the secret in an error", steps: []step{existing(portal), {
		behind: []act{simulated(func(r *run) {
			r.simulator.Inject(clerktest.Raw(422, "application/json",
				`{"errors":[{"code":"form_param_value_invalid","message":"is invalid","long_message":"not with `+r.secret+`","meta":{}}]}`).OnUpdate())
		})},
		config: renamedPortal, plan: update, sends: []string{sendsUpdate}, fails: `not with \[redacted\]`,
	}, next(update, "name", sendsUpdate)}},
	{name: "E2 the key in a long value", steps: []step{existing(portal), {
		behind: []act{simulated(func(r *run) {
			r.simulator.Inject(clerktest.Changed(func(body map[string]any) {
				body["name"] = "Bearer " + r.key + string(slices.Repeat([]byte("x"), 100_000))
			}).OnUpdate())
		})},
		config: renamedPortal, plan: update, sends: []string{sendsUpdate}, failsAt: "name",
		fails: `^.{0,500}sent "Portal 2".{0,200}\[redacted\].{0,1000}$`, // it is cut
	}, next(noOp, "")}},
}

// lostRotation is an update whose second request, the rotation, fails in such a way that
// the next plan has to rotate.
func lostRotation(name, says string, secret secretFate, rotations int, faults ...clerktest.Fault) scenario {
	return scenario{name: name, steps: []step{existing(portal), {
		config: renamedAndRotatedPortal, faults: faults, plan: update,
		sends: append([]string{sendsUpdate}, slices.Repeat([]string{sendsRotate}, rotations)...),
		fails: says, secret: secret, state: values{"name": "Portal 2", "rotate_secret_trigger": nil},
	}, next(update, triggerChanges, sendsRotate)}}
}

// pendingWithoutTrigger is a step: the trigger of a rotation whose outcome is not known is
// taken back, but the secret in the state may not work.
var pendingWithoutTrigger = step{
	does: "the trigger is reverted", config: renamedPortal, plan: update, changed: pendingChanges + " updated_at",
	warns: []string{mayNotWork, mayNotWork}, sends: []string{sendsRotate}, secret: secretMade,
	check: func(r *run) {
		if _, ds := r.resource.TryPlan(r.ctx, renamedPortal); len(ds) > 0 {
			r.errorf("after the rotation a plan says\n%s", ds)
		}
	},
}

var failedRotations = []scenario{
	{name: "B9 reset after the rotation", withEngines: true, steps: []step{existing(portal), {
		config: renamedAndRotatedPortal, faults: met{clerktest.ResetAfterWork().OnRotate().Once()},
		plan: update, sends: []string{sendsUpdate, sendsRotate, sendsRotate}, secret: secretMade,
		state: values{"name": "Portal 2", "rotate_secret_trigger": "once"},
	}}},
	lostRotation("B9 rotations lost every time", notRotated+`.*Apply again: the next plan rotates once more`, secretOutdated, 3,
		clerktest.ResetAfterWork().OnRotate()),
	lostRotation("B2 gone before the rotation", notRotated+`.*does not exist in the instance`, secretKept, 1,
		clerktest.ClerkError(404, "resource_not_found").OnRotate()),
	{name: "D13 rotation answer without a secret", steps: []step{existing(portal), {
		config: renamedAndRotatedPortal, faults: met{clerktest.Changed(func(body map[string]any) { delete(body, "client_secret") }).OnRotate()},
		plan: update, sends: []string{sendsUpdate, sendsRotate}, fails: notRotated + `.*has no client secret`, secret: secretOutdated,
		state: values{"name": "Portal 2", "rotate_secret_trigger": nil},
	}, pendingWithoutTrigger}},
	{name: "B9 a pending rotation is done even if the trigger is reverted", steps: []step{existing(portal), {
		config: renamedAndRotatedPortal, faults: met{clerktest.ResetAfterWork().OnRotate()},
		plan: update, sends: []string{sendsUpdate, sendsRotate, sendsRotate, sendsRotate}, fails: notRotated, secret: secretOutdated,
	}, pendingWithoutTrigger}},
	{name: "B10 no trace of a late rotation", switches: clerktest.Switches{RotateUpdatedAt: clerktest.RotateKeepsUpdatedAt}, steps: []step{existing(portal), {
		behind: []act{waited(time.Hour)}, config: rotatedPortal, faults: met{clerktest.ResetAfterWork().OnRotate().Once()},
		plan: update, sends: []string{sendsRotate, sendsRotate}, warnsLate: []string{`may not be the newest`}, secret: secretMade,
	}}},
	{name: "D12 rotation answer with another type", steps: []step{existing(portal), {
		config: rotatedPortal, faults: met{clerktest.Changed(func(body map[string]any) { body["updated_at"] = "now" }).OnRotate()},
		plan: update, sends: []string{sendsRotate}, secret: secretMade, state: values{"updated_at": like("Z$")},
		warnsLate: []string{`answer about .* was incomplete.*new one is in the state.*updated_at has an unexpected type`},
	}}},
}

// Of clients that become confidential or public. A client that becomes confidential has no
// known secret before it is rotated.
var failedKinds = []scenario{
	{name: "B8 turned confidential and the rotation refused", steps: []step{existing(publicPortal), {
		config: confidentialPortal, faults: met{refused.OnRotate()},
		plan: update, sends: []string{sendsUpdate, sendsRotate}, fails: notRotated, secret: secretNone, state: values{"public": false},
	}, next(update, pendingChanges, sendsRotate)}},
	{name: "B8 turned confidential with a trigger, the rotation refused and the trigger reverted", steps: []step{existing(publicPortal), {
		config: with(confidentialPortal, values{"rotate_secret_trigger": "once"}), faults: met{refused.OnRotate()},
		plan: update, sends: []string{sendsUpdate, sendsRotate}, fails: notRotated, secret: secretNone, state: values{"public": false},
	}, rotatedWithoutTrigger}},
	{name: "B12 turned confidential with a trigger, the answer lost and the trigger reverted", steps: []step{existing(publicPortal), {
		config: with(confidentialPortal, values{"rotate_secret_trigger": "once"}), faults: met{clerktest.ResetAfterWork().OnUpdate()},
		provider: values{"max_retries": 0},
		plan:     update, sends: []string{sendsUpdate}, fails: `Unable to update OAuth application`, secret: secretNone,
	}, rotatedWithoutTrigger}},
	{name: "B12 turned confidential and the answer lost", steps: []step{existing(publicPortal), {
		config: confidentialPortal, faults: met{clerktest.ResetAfterWork().OnUpdate()}, provider: values{"max_retries": 1},
		plan: update, sends: []string{sendsUpdate, sendsUpdate}, fails: `Unable to update OAuth application`, secret: secretNone,
	}, next(update, pendingChanges, sendsRotate)}},
	{name: "D17 turned confidential and refused", steps: []step{existing(publicPortal), {
		config: confidentialPortal, faults: met{refused.OnUpdate()},
		plan: update, sends: []string{sendsUpdate}, fails: `Unable to update OAuth application`, secret: secretNone, state: values{"public": true},
	}, next(update, "public "+pendingChanges, sendsUpdate, sendsRotate)}},
	{name: "B7 turned confidential, which Clerk ignores", steps: []step{existing(publicPortal), {
		behind: []act{contradicted(values{"public": true}, func(app *clerktest.Application) { app.Public = true })}, config: confidentialPortal,
		plan: update, sends: []string{sendsUpdate}, fails: `Unable to update OAuth application.*sent false, Clerk has true`, failsAt: "public",
		secret: secretNone, state: values{"public": true},
	}, next(update, "public "+pendingChanges, sendsUpdate, sendsRotate)}},
	{name: "B12 turned public and the answer lost", steps: []step{existing(portal), {
		config: publicPortal, faults: met{clerktest.ResetAfterWork().OnUpdate()}, provider: values{"max_retries": 0},
		plan: update, sends: []string{sendsUpdate}, fails: `Unable to update OAuth application`, state: values{"public": false},
	}, publicAfterAll}},
	{name: "B7 turned public by someone else, beside a change that Clerk ignores", steps: []step{existing(portal), {
		behind: []act{simulated(func(r *run) {
			fault := clerktest.Changed(func(body map[string]any) { body["name"] = "Portal" }).OnUpdate().Once()
			fault.Before = func(request clerktest.Request) {
				r.simulator.Edit(request.ID, func(app *clerktest.Application) { app.Public = true })
			}
			r.simulator.Inject(fault)
		})},
		config: renamedPortal, plan: update, sends: []string{sendsUpdate}, fails: `Unable to update OAuth application`, failsAt: "name",
		secret: secretNone, state: values{"public": true, "client_secret": nil},
	}, publicAfterAll}},
}

// rotatedWithoutTrigger is a step: there is a secret, although the trigger that came with the
// change is taken back.
var rotatedWithoutTrigger = step{
	does: "the trigger is reverted", config: confidentialPortal, plan: update, changed: pendingChanges + " updated_at",
	sends: []string{sendsRotate}, secret: secretMade,
}

var publicAfterAll = step{does: "the next apply", again: true, plan: noOp, secret: secretNone, state: values{"public": true}}

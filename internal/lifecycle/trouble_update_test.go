package lifecycle

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
)

// The portal with something to do: in one request or, renamed and rotated, in two.
var (
	portalWithLogo = with(portal, prototest.Values{"logo_path": troubleLogo})
)

const notRotated = `rotate client secret of OAuth application`

// The attributes that the plan of a rotation by trigger changes, and those of one that is owed.
var (
	triggerChanges = []string{"client_secret", "client_secret_version", "rotate_secret_trigger"}
	owedChanges    = []string{"client_secret", "client_secret_version"}
)

const mayNotWork = `secret of .* in the state may not work|did not receive the current secret`

func TestProtocolTroubleUpdate(t *testing.T) {
	t.Parallel()
	// patched is an update that succeeds after the given number of requests.
	patched := func(name string, requests int, faults ...clerktest.Fault) troubleRow {
		row := troubleRow{
			name: name, given: portal, config: renamedPortal, faults: faults, apps: 1, secret: secretWorks,
			state: prototest.Values{"name": "Portal 2"},
		}
		for range requests {
			row.sends = append(row.sends, patchApp)
		}
		return row
	}
	// failed is one that does not; done says that Clerk did the work nonetheless.
	failed := func(name string, requests int, message string, done bool, faults ...clerktest.Fault) troubleRow {
		row := patched(name, requests, faults...)
		row.errors, row.state = []string{message}, prototest.Values{"name": "Portal"}
		row.next, row.changes, row.heals = prototest.Update, []string{"name"}, []string{patchApp}
		if done {
			row.next, row.changes, row.heals = prototest.NoOp, nil, nil // the refresh sees it
		}
		return row
	}
	runTroubleRows(t, []troubleRow{
		patched("A1 429 with Retry-After on an update", 2, clerktest.TooManyRequests("2").OnUpdate().Once()),
		patched("A6 500 on an update", 2, clerktest.ClerkError(500, "internal_clerk_error").OnUpdate().Once()),
		patched("A6 502 after an update", 2, clerktest.HTML(502).AfterWork().OnUpdate().Once()),
		patched("A6 503 on an update twice", 3, clerktest.HTML(503).OnUpdate().Repeat(2)),
		patched("A6 504 on an update", 2, clerktest.HTML(504).OnUpdate().Once()),
		patched("B12 reset after an update", 2, clerktest.ResetAfterWork().OnUpdate().Once()),
		patched("B12 closed before an update", 2, clerktest.CloseBeforeWork().OnUpdate().Once()),
		patched("B12 update answer cut", 2, clerktest.Truncated(clerktest.DeliverShort).OnUpdate().Once()),
		patched("B12 update answer cut without a sign", 2, clerktest.Truncated(clerktest.DeliverCutUndeclared).OnUpdate().Once()),
		patched("B12 update answer too slow", 2, clerktest.SlowAnswer(time.Minute).OnUpdate().Once()),
		patched("B12 update answered with HTML once", 2, clerktest.HTML(200).AfterWork().OnUpdate().Once()),
		patched("A3 locked update", 2, clerktest.Locked().OnUpdate().Once()),
		failed("A6 500 on an update for ever", 6, `HTTP status: 500`, false, clerktest.ClerkError(500, "internal_clerk_error").OnUpdate()),
		failed("B12 reset after an update for ever", 6, `connection broke.*(attempts: 6|after 6 attempts)`, true, clerktest.ResetAfterWork().OnUpdate()),
		failed("A15 HTML for ever", 2, `unexpected answer|Unexpected answer`, false, clerktest.HTML(200).OnUpdate()),
		failed("A16 HTML error", 1, `HTTP 400 Bad Request \(an HTML page, \d+ bytes\)`, false, clerktest.HTML(400).OnUpdate()),
		failed("A16 large error", 1, `HTTP 400 Bad Request`, false, clerktest.Raw(400, "text/plain", string(make([]byte, 1<<20))).OnUpdate()),
		failed("A17 redirect of an update", 2, `a redirect to elsewhere.example.com`, false, clerktest.Redirect(308, "https://elsewhere.example.com/x?y=z").OnUpdate()),
		failed("B6 refused on the attribute", 1, `^name: Unable to update OAuth application`, false, clerktest.Raw(422, "application/json",
			`{"errors":[{"code":"form_param_value_invalid","message":"is invalid","long_message":"The name is reserved.","meta":{"param_name":"name"}}]}`).OnUpdate()),
		failed("B6 conflict", 1, `HTTP status: 409`, false, clerktest.ClerkError(409, "resource_conflict").OnUpdate()),
		failed("B2 gone meanwhile", 1, `does not exist in the instance.*next plan shows that`, false, clerktest.ClerkError(404, "resource_not_found").OnUpdate()),
		failed("B2 plain 404", 1, `404.*nothing is removed from the state`, false, clerktest.Raw(404, "text/plain", "404 page not found\n").OnUpdate()),
		{
			name: "B7 the answer says another value", given: portal, config: renamedPortal,
			faults: []clerktest.Fault{clerktest.Changed(func(body map[string]any) { body["name"] = "Portal" }).OnUpdate()},
			errors: []string{`^name: Unable to update.*reported success.*sent "Portal 2", Clerk has "Portal"\. The state has Clerk's value`},
			sends:  []string{patchApp}, apps: 1, secret: secretWorks, state: prototest.Values{"name": "Portal"},
			next: prototest.NoOp, // the refresh finds the value there after all
		},
		{
			name: "a field did not take", given: portal, config: with(renamedPortal, prototest.Values{"pkce_required": true}),
			before: func(f *fixture) {
				fault := clerktest.Changed(func(body map[string]any) { body["pkce_required"] = false }).OnUpdate()
				fault.After = func(r clerktest.Request) {
					f.server.Edit(r.ID, func(app *clerktest.Application) { app.PKCERequired = false })
				}
				f.server.Inject(fault)
			},
			errors: []string{`^pkce_required: Unable to update.*sent true, Clerk has false`},
			sends:  []string{patchApp}, apps: 1, secret: secretWorks, state: prototest.Values{"name": "Portal 2", "pkce_required": false},
			next: prototest.Update, changes: []string{"pkce_required"}, heals: []string{patchApp},
		},
		{
			name: "D2 answer about another application", given: portal, config: renamedPortal,
			faults: []clerktest.Fault{clerktest.Changed(func(body map[string]any) { body["id"] = "oa_other" }).OnUpdate()},
			errors: []string{`about another application`},
			sends:  []string{patchApp, patchApp}, apps: 1, secret: secretWorks, next: prototest.NoOp,
		},
		{
			name: "the update done and the rotation refused", given: portal, config: renamedAndRotatedPortal,
			faults: []clerktest.Fault{clerktest.ClerkError(403, "not_allowed_access").OnRotate()},
			errors: []string{notRotated},
			sends:  []string{patchApp, postRotate}, apps: 1, secret: secretWorks,
			state: prototest.Values{"name": "Portal 2", "rotate_secret_trigger": nil},
			next:  prototest.Update, changes: triggerChanges, heals: []string{postRotate},
		},
	})
}

func TestProtocolTroubleRotate(t *testing.T) {
	t.Parallel()
	// rotated is a rotation that succeeds after the given number of requests.
	rotated := func(name string, requests int, faults ...clerktest.Fault) troubleRow {
		row := troubleRow{
			name: name, given: portal, config: renamedAndRotatedPortal, faults: faults, apps: 1, secret: secretWorks,
			sends: []string{patchApp}, state: prototest.Values{"name": "Portal 2", "rotate_secret_trigger": "once"},
		}
		for range requests {
			row.sends = append(row.sends, postRotate)
		}
		return row
	}
	// lost is one of which nobody knows what became of it.
	lost := func(name string, secret secretState, requests int, faults ...clerktest.Fault) troubleRow {
		row := rotated(name, requests, faults...)
		row.errors = []string{notRotated + `.*Apply again: the next plan rotates once more`}
		row.secret = secret
		row.state = prototest.Values{"name": "Portal 2", "rotate_secret_trigger": nil}
		row.next, row.changes, row.heals = prototest.Update, triggerChanges, []string{postRotate}
		return row
	}
	refusedRotation := func(name string, message string, faults ...clerktest.Fault) troubleRow {
		row := lost(name, secretWorks, 1, faults...)
		row.errors = []string{message}
		return row
	}
	runTroubleRows(t, []troubleRow{
		rotated("B8 429 on a rotation", 2, clerktest.TooManyRequests("1").OnRotate().Once()),
		rotated("B8 locked rotation", 2, clerktest.Locked().OnRotate().Once()),
		refusedRotation("B8 rotation refused", `HTTP status: 403`, clerktest.ClerkError(403, "not_allowed_access").OnRotate()),
		refusedRotation("B2 gone before the rotation", `does not exist in the instance`, clerktest.ClerkError(404, "resource_not_found").OnRotate()),
		refusedRotation("B8 Retry-After of a day on a rotation", `asks to wait 24h0m0s`, clerktest.TooManyRequests("86400").OnRotate()),
		rotated("B9 reset after the rotation", 2, clerktest.ResetAfterWork().OnRotate().Once()),
		rotated("B9 reset before the rotation", 2, clerktest.ResetBeforeWork().OnRotate().Once()),
		rotated("B9 500 after the rotation", 2, clerktest.HTML(500).AfterWork().OnRotate().Once()),
		rotated("B9 rotation answer cut", 2, clerktest.Truncated(clerktest.DeliverShort).OnRotate().Once()),
		rotated("B9 rotation answer cut without a sign", 2, clerktest.Truncated(clerktest.DeliverCutUndeclared).OnRotate().Once()),
		rotated("B9 rotation answered with HTML", 2, clerktest.HTML(200).AfterWork().OnRotate().Once()),
		rotated("B9 rotation answered too late", 2, clerktest.SlowAnswer(time.Minute).OnRotate().Once()),
		rotated("B9 two rotations lost", 3, clerktest.ResetAfterWork().OnRotate().Repeat(2)),
		rotated("B10 the first rotation is late", 3, clerktest.LateCommit(4*time.Second).OnRotate().Once()),
		lost("B9 rotations lost every time", secretDead, 3, clerktest.ResetAfterWork().OnRotate()),
		lost("B9 rotations never done", secretWorks, 3, clerktest.ResetBeforeWork().OnRotate()),
		lost("B9 lost and then refused", secretDead, 2, clerktest.ResetAfterWork().OnRotate().Once(), clerktest.ClerkError(403, "not_allowed_access").OnRotate()),
		rowWith(rotated("B10 no trace of a late rotation", 2, clerktest.ResetAfterWork().OnRotate().Once()), func(row *troubleRow) {
			row.switches = clerktest.Switches{RotateUpdatedAt: clerktest.RotateKeepsUpdatedAt}
			row.given, row.config, row.sends = portal, rotatedPortal, []string{postRotate, postRotate}
			row.state = nil
			row.before = func(*fixture) { time.Sleep(time.Hour) }
			row.warnings = []string{`may not be the newest`}
		}),
		rowWith(rotated("B10 the application changes all the time", 4, clerktest.ResetAfterWork().OnRotate().Once()), func(row *troubleRow) {
			row.before = func(f *fixture) {
				fault := clerktest.Meanwhile(func(r clerktest.Request) {
					f.server.Edit(r.ID, func(app *clerktest.Application) { app.ClientURI = "https://example.com" })
				}).OnRead().Skipping(1) // the refresh
				f.server.Inject(fault)
			}
			row.warnings = []string{`may not be the newest`}
		}),
		rowWith(rotated("D12 rotation answer with another type", 1, clerktest.Changed(func(body map[string]any) { body["updated_at"] = "now" }).OnRotate()), func(row *troubleRow) {
			row.warnings = []string{`answer about .* was incomplete.*new one is in the state.*updated_at has an unexpected type`}
			row.check = func(f *fixture, _ prototest.Diagnostics) {
				if f.app.State().Get("updated_at") == nil {
					f.t.Error("updated_at is null")
				}
			}
		}),
		rowWith(lost("D13 rotation answer without a secret", secretDead, 1, clerktest.Changed(func(body map[string]any) { delete(body, "client_secret") }).OnRotate()), func(row *troubleRow) {
			row.errors = []string{notRotated + `.*has no client secret`}
		}),
		{
			name: "B9 what is owed is rotated even if the trigger is reverted", given: portal, config: rotatedPortal,
			faults: []clerktest.Fault{clerktest.ResetAfterWork().OnRotate()},
			errors: []string{notRotated}, sends: []string{postRotate, postRotate, postRotate}, apps: 1, secret: secretDead, stuck: true,
			check: func(f *fixture, _ prototest.Diagnostics) {
				f.server.ClearFaults()
				f.server.ResetRequests()
				plan := f.plan(portal)
				matchMessages(f.t, "warning", plan.Warnings(), []string{mayNotWork, mayNotWork})
				if ds := f.say(plan.TryApply(f.ctx)); ds.HasError() || f.secretState() != secretWorks {
					f.t.Errorf("the secret is %s:\n%s", f.secretState(), ds)
				}
				after := f.plan(portal)
				if after.Action != prototest.NoOp || len(after.Warnings()) > 0 {
					f.t.Errorf("it does not converge:\n%s\n%s", after, after.Warnings())
				}
			},
		},
		{
			name: "rotation done and the logo refused", given: portal, config: with(rotatedPortal, prototest.Values{"logo_path": troubleLogo}),
			faults: []clerktest.Fault{clerktest.ClerkError(403, "not_allowed_access").OnLogo()},
			errors: []string{`Unable to upload logo`},
			sends:  []string{postRotate, putLogo}, apps: 1, secret: secretWorks,
			state: prototest.Values{"rotate_secret_trigger": "once", "logo_sha256": nil},
			next:  prototest.Update, changes: []string{"client_image_url", "logo_path", "logo_sha256"}, heals: []string{putLogo},
		},
		{
			name: "logo lost once", given: portal, config: portalWithLogo,
			faults: []clerktest.Fault{clerktest.ResetAfterWork().OnLogo().Once()},
			sends:  []string{putLogo, putLogo}, apps: 1, secret: secretWorks,
		},
		{
			name: "made confidential and the rotation refused", given: publicPortal, config: with(publicPortal, prototest.Values{"public": false}),
			faults: []clerktest.Fault{clerktest.ClerkError(403, "not_allowed_access").OnRotate()},
			errors: []string{notRotated},
			sends:  []string{patchApp, postRotate}, apps: 1, secret: secretUnknown, state: prototest.Values{"public": false},
			next: prototest.Update, changes: owedChanges, heals: []string{postRotate},
		},
		{
			name: "B8 made confidential with a trigger, the rotation refused and the trigger reverted", given: publicPortal,
			config: with(publicPortal, prototest.Values{"public": false, "rotate_secret_trigger": "once"}),
			faults: []clerktest.Fault{clerktest.ClerkError(403, "not_allowed_access").OnRotate()},
			errors: []string{notRotated},
			sends:  []string{patchApp, postRotate}, apps: 1, secret: secretUnknown, state: prototest.Values{"public": false}, stuck: true,
			check: rotatedWithoutTrigger,
		},
		{
			name: "B12 made confidential with a trigger, the answer lost and the trigger reverted", given: publicPortal,
			config:   with(publicPortal, prototest.Values{"public": false, "rotate_secret_trigger": "once"}),
			faults:   []clerktest.Fault{clerktest.ResetAfterWork().OnUpdate()},
			settings: prototest.Values{"max_retries": 0},
			errors:   []string{`Unable to update OAuth application`},
			sends:    []string{patchApp}, apps: 1, secret: secretUnknown, stuck: true,
			check: rotatedWithoutTrigger,
		},
		{
			name: "made confidential, which Clerk ignores", given: publicPortal, config: with(publicPortal, prototest.Values{"public": false}),
			before: func(f *fixture) {
				fault := clerktest.Changed(func(body map[string]any) { body["public"] = true }).OnUpdate().Once()
				fault.After = func(r clerktest.Request) {
					f.server.Edit(r.ID, func(app *clerktest.Application) { app.Public = true })
				}
				f.server.Inject(fault)
			},
			errors: []string{`^public: Unable to update OAuth application.*sent false, Clerk has true`},
			sends:  []string{patchApp}, apps: 1, secret: secretAbsent, state: prototest.Values{"public": true, "client_secret": nil},
			next: prototest.Update, changes: []string{"client_secret", "client_secret_version", "public"}, heals: []string{patchApp, postRotate},
		},
		{
			name: "made public by somebody else, beside a change that Clerk ignores", given: portal, config: renamedPortal,
			before: func(f *fixture) {
				fault := clerktest.Changed(func(body map[string]any) { body["name"] = "Portal" }).OnUpdate().Once()
				fault.Before = func(r clerktest.Request) {
					f.server.Edit(r.ID, func(app *clerktest.Application) { app.Public = true })
				}
				f.server.Inject(fault)
			},
			errors: []string{`^name: Unable to update OAuth application`},
			sends:  []string{patchApp}, apps: 1, secret: secretAbsent, state: prototest.Values{"public": true, "client_secret": nil},
			next: prototest.NoOp,
		},
		{
			name: "B10 overtaken, and the next rotations lost", given: portal, config: rotatedPortal,
			before: func(f *fixture) {
				f.server.Inject(clerktest.ResetAfterWork().OnRotate().Once())
				f.server.Inject(clerktest.Meanwhile(func(r clerktest.Request) { f.server.Rotate(r.ID) }).OnRead().Skipping(1).Once())
				f.server.Inject(clerktest.ResetAfterWork().OnRotate().Skipping(1))
			},
			errors: []string{notRotated + `.*Apply again: the next plan rotates once more`},
			sends:  []string{postRotate, postRotate, postRotate, postRotate, postRotate}, apps: 1, secret: secretDead,
			next: prototest.Update, changes: triggerChanges, heals: []string{postRotate},
		},
		{
			name: "made confidential and the answer lost", given: publicPortal, config: with(publicPortal, prototest.Values{"public": false}),
			faults:   []clerktest.Fault{clerktest.ResetAfterWork().OnUpdate()},
			settings: prototest.Values{"max_retries": 1},
			errors:   []string{`Unable to update OAuth application`},
			sends:    []string{patchApp, patchApp}, apps: 1, secret: secretUnknown,
			next: prototest.Update, changes: owedChanges, heals: []string{postRotate},
		},
		{
			name: "made confidential and refused", given: publicPortal, config: with(publicPortal, prototest.Values{"public": false}),
			faults: []clerktest.Fault{clerktest.ClerkError(403, "not_allowed_access").OnUpdate()},
			errors: []string{`Unable to update OAuth application`},
			sends:  []string{patchApp}, apps: 1, secret: secretAbsent, state: prototest.Values{"public": true},
			next: prototest.Update, changes: []string{"client_secret", "client_secret_version", "public"}, heals: []string{patchApp, postRotate},
		},
		{
			name: "made public and the answer lost", given: portal, config: publicPortal,
			faults:   []clerktest.Fault{clerktest.ResetAfterWork().OnUpdate()},
			settings: prototest.Values{"max_retries": 0},
			errors:   []string{`Unable to update OAuth application`},
			sends:    []string{patchApp}, apps: 1, next: prototest.NoOp,
		},
	})
}

// rotatedWithoutTrigger wants a secret although the trigger that came with the change is taken back.
func rotatedWithoutTrigger(f *fixture, _ prototest.Diagnostics) {
	f.server.ClearFaults()
	config := with(publicPortal, prototest.Values{"public": false})
	if ds := f.apply(config); ds.HasError() || f.secretState() != secretWorks {
		f.t.Errorf("the secret is %s:\n%s", f.secretState(), ds)
	}
	if plan := f.plan(config); plan.Action != prototest.NoOp {
		f.t.Errorf("it does not converge:\n%s", plan)
	}
}

// The secret that works, which the provider has from the state, is known to the scrubber too.
func TestProtocolTroubleEchoedSecret(t *testing.T) {
	t.Parallel()
	withFixture(t, nil, func(f *fixture) {
		f.given(portal)
		secret := f.app.State().String("client_secret")
		f.server.Inject(clerktest.Raw(422, "application/json",
			`{"errors":[{"code":"form_param_value_invalid","message":"is invalid","long_message":"E2 not with `+secret+`","meta":{}}]}`).OnUpdate())
		matchMessages(t, "error", f.apply(renamedPortal).Errors(), []string{`E2 not with \[redacted\]`})
	})
}

// A value of Clerk's that comes into a message is scrubbed and cut.
func TestProtocolTroubleEchoedValue(t *testing.T) {
	t.Parallel()
	withFixture(t, nil, func(f *fixture) {
		f.given(portal)
		f.server.Inject(clerktest.Changed(func(body map[string]any) {
			body["name"] = "E2 Bearer " + f.server.Key() + strings.Repeat("x", 100_000)
		}).OnUpdate())
		ds := f.apply(renamedPortal)
		matchMessages(t, "error", ds.Errors(), []string{`^name: Unable to update.*sent "Portal 2".*\[redacted\]`})
		if text := ds.Errors().String(); strings.Contains(text, f.server.Key()) || len(text) > 2000 {
			t.Errorf("the message has %d bytes, and the key: %t", len(text), strings.Contains(text, f.server.Key()))
		}
	})
}

func TestProtocolTroubleLogoFile(t *testing.T) {
	t.Parallel()
	// A logo is repeated like any update; what does not change is not sent again.
	withFixture(t, nil, func(f *fixture) {
		f.given(portalWithLogo)
		f.server.ResetRequests()
		if ds := f.apply(portalWithLogo); ds.HasError() || len(f.writes()) > 0 {
			f.t.Errorf("%q\n%s", f.writes(), ds)
		}
		if n := f.server.CountRequests(http.MethodPut, ""); n != 0 {
			f.t.Errorf("%d uploads", n)
		}
	})
}

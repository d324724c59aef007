package lifecycle

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/secrettest"
)

// troubleLogo is a small image.
const troubleLogo = "../provider/testdata/trouble-logo.png"

// What a create says whose answer was lost.
const (
	wasAdopted   = `found after its create had no answer.*The answer to the request was lost.*oa_\w+ \(client_id \w+\).*rotated the secret once`
	wasRepeated  = `created by a second request.*left no trace.*If Clerk still processes the first request`
	isNotKnown   = `Unable to create OAuth application.*is not known.*look for an application named "Portal".*prevent_duplicate_names`
	isIncomplete = `Clerk's answer about .* was incomplete.*The next refresh tries again`
)

// adoptedRow is a create whose work was done and whose answer was not received.
func adoptedRow(name string, faults ...clerktest.Fault) troubleRow {
	return troubleRow{
		name: name, config: portal, faults: faults,
		warnings: []string{wasAdopted}, sends: []string{postCreate, postRotate}, apps: 1, secret: secretWorks,
		state: prototest.Values{"name": "Portal"},
	}
}

// repeatedRow is a create that left no trace, and was sent a second time.
func repeatedRow(name string, faults ...clerktest.Fault) troubleRow {
	return troubleRow{
		name: name, config: portal, faults: faults,
		warnings: []string{wasRepeated}, sends: []string{postCreate, postCreate}, apps: 1, secret: secretWorks,
	}
}

// unknownRow is a create of which nobody can tell what became of it, and which may not be repeated; nothing did.
func unknownRow(name string, faults ...clerktest.Fault) troubleRow {
	return troubleRow{
		name: name, config: portal, faults: faults,
		errors: []string{isNotKnown}, sends: []string{postCreate}, gone: true,
		next: prototest.Create, heals: []string{postCreate},
	}
}

// madeRow is a create that succeeds as if nothing had happened, after the given number of requests.
func madeRow(name string, requests int, faults ...clerktest.Fault) troubleRow {
	row := troubleRow{name: name, config: portal, faults: faults, apps: 1, secret: secretWorks}
	for range requests {
		row.sends = append(row.sends, postCreate)
	}
	return row
}

// refusedRow is a create that certainly came to nothing.
func refusedRow(name string, requests int, message string, faults ...clerktest.Fault) troubleRow {
	row := madeRow(name, requests, faults...)
	row.errors, row.apps, row.gone, row.secret = []string{message}, 0, true, secretAbsent
	row.next, row.heals = prototest.Create, []string{postCreate}
	return row
}

func rowWith(row troubleRow, change func(*troubleRow)) troubleRow {
	change(&row)
	return row
}

func TestProtocolTroubleCreateThrottled(t *testing.T) {
	t.Parallel()
	past := time.Date(1999, 12, 31, 23, 59, 59, 0, time.UTC).Format(http.TimeFormat)
	runTroubleRows(t, []troubleRow{
		madeRow("A1 429 with Retry-After", 3, clerktest.TooManyRequests("3").OnCreate().Repeat(2)),
		madeRow("A3 429 without Retry-After", 2, clerktest.TooManyRequests().OnCreate().Once()),
		madeRow("A3 locked", 3, clerktest.Locked().OnCreate().Repeat(2)),
		refusedRow("A3 429 for ever", 6, `requests_per_10s.*HTTP status: 429`, clerktest.TooManyRequests().OnCreate()),
		refusedRow("A4 Retry-After of a day", 1, `asks to wait 24h0m0s`, clerktest.TooManyRequests("86400").OnCreate()),
		refusedRow("A4 Retry-After of eternity", 1, `asks to wait \d+ days`, clerktest.TooManyRequests("1000000000000").OnCreate()),
		refusedRow("A4 Retry-After zero for ever", 6, `requests_per_10s.*HTTP status: 429`, clerktest.TooManyRequests("0").OnCreate()),
		refusedRow("A4 Retry-After negative for ever", 6, `requests_per_10s.*HTTP status: 429`, clerktest.TooManyRequests("-5").OnCreate()),
		refusedRow("A4 Retry-After unreadable for ever", 6, `requests_per_10s.*HTTP status: 429`, clerktest.TooManyRequests("abc", "1.5").OnCreate()),
		refusedRow("A5 date in the past for ever", 6, `requests_per_10s.*HTTP status: 429`, clerktest.TooManyRequests(past).OnCreate()),
		rowWith(refusedRow("A4 Retry-After beyond the timeout", 1, `asks to wait 50s, longer than the operation may still take`, clerktest.TooManyRequests("50").OnCreate()),
			func(row *troubleRow) {
				row.config = with(portal, prototest.Values{"timeouts": prototest.Values{"create": "30s"}})
			}),
	})
}

func TestProtocolTroubleCreateLost(t *testing.T) {
	t.Parallel()
	rows := []troubleRow{
		adoptedRow("A7 500 after the work", clerktest.ClerkError(500, "internal_clerk_error").AfterWork().OnCreate().Once()),
		adoptedRow("A7 502 after the work", clerktest.HTML(502).AfterWork().OnCreate().Once()),
		adoptedRow("A7 504 after the work and for ever", clerktest.HTML(504).AfterWork().OnCreate()),
		adoptedRow("A7 408 after the work", clerktest.HTML(408).AfterWork().OnCreate().Once()),
		adoptedRow("A8 reset after the work", clerktest.ResetAfterWork().OnCreate().Once()),
		adoptedRow("A8 closed after the work", clerktest.CloseAfterWork().OnCreate().Once()),
		repeatedRow("A10 reset before the work", clerktest.ResetBeforeWork().OnCreate().Once()),
		repeatedRow("A10 closed before the work", clerktest.CloseBeforeWork().OnCreate().Once()),
		repeatedRow("A10 502 before the work", clerktest.HTML(502).OnCreate().Once()),
		unknownRow("A11 no answer and no work", clerktest.NeverAnswers().OnCreate()),
		unknownRow("A11 too slow to begin", clerktest.Slow(time.Minute).OnCreate()),
		adoptedRow("A11 too slow to answer", clerktest.SlowAnswer(time.Minute).OnCreate().Once()),
		adoptedRow("A12 cut in its declared length", clerktest.Truncated(clerktest.DeliverShort).OnCreate().Once()),
		adoptedRow("A12 cut between chunks", clerktest.Truncated(clerktest.DeliverCutChunks).OnCreate().Once()),
		adoptedRow("A12 cut without a sign", clerktest.Truncated(clerktest.DeliverCutUndeclared).OnCreate().Once()),
		adoptedRow("A12 cut in its compression", clerktest.Truncated(clerktest.DeliverCutGzip).OnCreate().Once()),
		adoptedRow("A12 cut every time", clerktest.Truncated(clerktest.DeliverShort).OnCreate()),
		adoptedRow("A14 byte by byte", clerktest.Drip(time.Second).OnCreate().Once()),
		unknownRow("A14 endless", clerktest.Endless().OnCreate()),
		unknownRow("A14 gzip bomb", clerktest.GzipBomb(200<<20).OnCreate()),
		adoptedRow("A15 HTML with 200 after the work", clerktest.HTML(200).AfterWork().OnCreate().Once()),
		unknownRow("A15 HTML with 200 instead of the work", clerktest.HTML(200).OnCreate()),
		adoptedRow("A15 empty 200", clerktest.Raw(200, "application/json", "").AfterWork().OnCreate().Once()),
		adoptedRow("A15 204", clerktest.Raw(204, "", "").AfterWork().OnCreate().Once()),
		adoptedRow("A15 answer of another object", clerktest.Changed(func(body map[string]any) { body["object"] = "user" }).OnCreate().Once()),
		unknownRow("A17 redirect", clerktest.Redirect(307, "https://elsewhere.example.com/v1/oauth_applications").OnCreate()),
		adoptedRow("late work is found", clerktest.LateCommit(5*time.Second).OnCreate().Once()),
		rowWith(repeatedRow("late work makes a double", clerktest.LateCommit(16500*time.Millisecond).OnCreate().Once()), func(row *troubleRow) {
			row.apps, row.orphans = 2, 1
			row.warnings = append(row.warnings, `There may be a second OAuth application.*oa_\w+`)
		}),
		rowWith(repeatedRow("second request lost too", clerktest.ResetBeforeWork().OnCreate().Once(), clerktest.ResetAfterWork().OnCreate().Once()), func(row *troubleRow) {
			row.sends = append(row.sends, postRotate)
			row.warnings = []string{wasAdopted + `.*second request.*If Clerk still processes the first request`}
		}),
		rowWith(repeatedRow("late work after the second was adopted", clerktest.LateCommit(37*time.Second).OnCreate().Once(), clerktest.ResetAfterWork().OnCreate().Once()), func(row *troubleRow) {
			row.sends = append(row.sends, postRotate)
			row.warnings = []string{wasAdopted + `.*second request.*If Clerk still processes the first request`}
			row.orphans, row.unnamed = 1, true
		}),
		rowWith(unknownRow("second request without a trace too", clerktest.ResetBeforeWork().OnCreate()), func(row *troubleRow) {
			row.sends = []string{postCreate, postCreate}
		}),
		rowWith(refusedRow("second request refused", 2, `Unable to create OAuth application`, clerktest.ResetBeforeWork().OnCreate().Once(), clerktest.ClerkError(403, "not_allowed_access").OnCreate().Once()), func(row *troubleRow) {
			row.errors = []string{`is not known.*403`}
		}),
		rowWith(unknownRow("list fails while looking", clerktest.ResetAfterWork().OnCreate().Once(), clerktest.ClerkError(500, "internal_clerk_error").OnList()), func(row *troubleRow) {
			row.errors = []string{`is not known.*The search for it failed.*look for an application named "Portal"`}
			row.apps, row.orphans, row.unnamed = 1, 1, true
			row.settings = prototest.Values{"max_retries": 0}
		}),
		adoptedRow("list fails once while looking", clerktest.ResetAfterWork().OnCreate().Once(), clerktest.ResetBeforeWork().OnList().Repeat(2)),
	}
	for _, body := range []string{"null", "[]", `""`, "{}", `{"object":"oauth_application"}`} {
		rows = append(rows, adoptedRow("D2 body "+body, clerktest.Raw(200, "application/json", body).AfterWork().OnCreate().Once()))
	}
	for _, field := range []string{"id", "client_id", "object"} {
		for name, value := range map[string]any{"missing": nil, "empty": "", "of another type": 7} {
			rows = append(rows, adoptedRow("D2 "+field+" "+name, clerktest.Changed(func(body map[string]any) {
				body[field] = value
				if value == nil {
					delete(body, field)
				}
			}).OnCreate().Once()))
		}
	}
	for _, id := range []string{"../users", "a/b", "..%2f", "oa_1?x=1", "oa_1#x", strings.Repeat("x", 10_000), "oa_\n1", "oa_ü"} {
		rows = append(rows, adoptedRow("D15 id "+strings.ReplaceAll(id[:min(12, len(id))], "/", "|"),
			clerktest.Changed(func(body map[string]any) { body["id"] = id }).OnCreate().Once()))
	}
	runTroubleRows(t, rows)
}

func TestProtocolTroubleCreateLostOfOthers(t *testing.T) {
	t.Parallel()
	double := func(f *fixture) func(clerktest.Request) {
		return func(clerktest.Request) {
			f.server.Seed("Portal", func(app *clerktest.Application) {
				app.RedirectURIs = []string{"https://portal.example.com/callback"}
			})
		}
	}
	runTroubleRows(t, []troubleRow{
		{
			name: "somebody makes the same at the same time", config: portal,
			before: func(f *fixture) {
				fault := clerktest.ResetAfterWork().OnCreate().Once()
				fault.After = double(f)
				f.server.Inject(fault)
			},
			errors: []string{`is not known.*import clerk_oauth_application.NAME oa_\w+\s.*import clerk_oauth_application.NAME oa_\w+`},
			sends:  []string{postCreate}, apps: 2, gone: true,
			next: prototest.Create, heals: []string{postCreate}, orphans: 2,
		},
		{
			name: "an older one of the name is left alone", config: portal,
			before: func(f *fixture) {
				f.server.Seed("Portal", func(app *clerktest.Application) {
					app.RedirectURIs = []string{"https://portal.example.com/callback"}
				})
				time.Sleep(time.Minute)
				f.server.Inject(clerktest.ResetAfterWork().OnCreate().Once())
			},
			warnings: []string{wasAdopted}, sends: []string{postCreate, postRotate}, apps: 2, secret: secretWorks,
			orphans: 1, unnamed: true,
		},
		{
			name: "one with other fields is left alone", config: portal,
			before: func(f *fixture) {
				fault := clerktest.ResetAfterWork().OnCreate().Once()
				fault.After = func(clerktest.Request) {
					f.server.Seed("Portal", func(app *clerktest.Application) { app.PKCERequired = true })
				}
				f.server.Inject(fault)
			},
			warnings: []string{wasAdopted}, sends: []string{postCreate, postRotate}, apps: 2, secret: secretWorks,
			orphans: 1, unnamed: true,
		},
		{
			name: "B15 the name exists", config: portal, settings: prototest.Values{"prevent_duplicate_names": true},
			before: func(f *fixture) { f.server.Seed("Portal") },
			errors: []string{`named "Portal" exists already.*terraform import clerk_oauth_application.NAME oa_\w+`},
			apps:   1, gone: true, stuck: true,
		},
		{
			name: "B15 the name exists and may", config: portal,
			before: func(f *fixture) { f.server.Seed("Portal") },
			sends:  []string{postCreate}, apps: 2, secret: secretWorks, orphans: 1, unnamed: true,
		},
		{
			name: "B15 whether the name exists cannot be read", config: portal,
			settings: prototest.Values{"prevent_duplicate_names": true, "max_retries": 0},
			faults:   []clerktest.Fault{clerktest.ResetBeforeWork().OnList()},
			errors:   []string{`The search for an application of this name failed`},
			gone:     true, next: prototest.Create, heals: []string{postCreate},
		},
		{
			name: "B15 an orphan is reported to the next run", config: portal,
			settings: prototest.Values{"prevent_duplicate_names": true},
			do: func(f *fixture) prototest.Diagnostics {
				// The first run is killed in the middle: what it would have kept is gone.
				first := f.provider.Resource(applicationType)
				first.Apply(portal)
				f.server.ResetRequests()
				return f.apply(portal)
			},
			errors: []string{`exists already.*terraform import clerk_oauth_application.NAME oa_\w+`},
			apps:   1, gone: true, stuck: true,
			check: func(f *fixture, _ prototest.Diagnostics) {
				orphan, _ := f.server.Find("Portal")
				if ds := f.say(f.app.TryImport(f.ctx, orphan.ID)); ds.HasError() {
					f.t.Errorf("the orphan cannot be imported:\n%s", ds)
				}
				rescued := with(portal, prototest.Values{"rotate_secret_trigger": "rescued"})
				if ds := f.apply(rescued); ds.HasError() || f.secretState() != secretWorks {
					f.t.Errorf("the imported orphan gets no secret (%s):\n%s", f.secretState(), ds)
				}
			},
		},
	})
}

// surprisedRow is a create whose answer has a surprise in it and the secret nonetheless.
func surprisedRow(name string, warnings []string, change func(map[string]any)) troubleRow {
	return troubleRow{
		name: name, config: portal, faults: []clerktest.Fault{clerktest.Changed(change).OnCreate().Once()},
		warnings: warnings, sends: []string{postCreate}, apps: 1, secret: secretWorks,
		state: prototest.Values{"name": "Portal"},
	}
}

func TestProtocolTroubleCreateSurprises(t *testing.T) {
	t.Parallel()
	set := func(field string, value any) func(map[string]any) {
		return func(body map[string]any) { body[field] = value }
	}
	without := func(field string) func(map[string]any) {
		return func(body map[string]any) { delete(body, field) }
	}
	noSecret := func(name string, change func(map[string]any)) troubleRow {
		row := surprisedRow(name, nil, change)
		row.sends = append(row.sends, postRotate)
		return row
	}
	runTroubleRows(t, []troubleRow{
		surprisedRow("D1 unknown fields", nil, func(body map[string]any) {
			body["mascot"] = "otter"
			body["nested"] = map[string]any{"deep": []any{1, map[string]any{}}}
		}),
		surprisedRow("D12 created_at is a text", []string{isIncomplete}, set("created_at", "2026-01-01T00:00:00Z")),
		surprisedRow("D12 created_at is a fraction", []string{isIncomplete}, set("created_at", json.Number("1.5"))),
		surprisedRow("D12 created_at is missing", nil, without("created_at")),
		surprisedRow("D12 updated_at is huge", []string{isIncomplete}, set("updated_at", json.Number("1e300"))),
		surprisedRow("D12 public is a text", []string{isIncomplete}, set("public", "no")),
		surprisedRow("D12 instance_id is missing", []string{isIncomplete}, without("instance_id")),
		surprisedRow("D12 scopes are a list", []string{isIncomplete, `^scopes: Clerk did not apply a value`}, set("scopes", []string{"email", "profile"})),
		surprisedRow("D12 redirect_uris are a text", []string{isIncomplete, `^redirect_uris: Clerk did not apply a value`}, set("redirect_uris", "https://portal.example.com/callback")),
		surprisedRow("D3 redirect_uris are null", []string{`^redirect_uris: Clerk did not apply a value`}, set("redirect_uris", nil)),
		surprisedRow("D12 name is missing", []string{isIncomplete, `^name: Clerk did not apply a value`}, without("name")),
		surprisedRow("a field did not take in the answer only", []string{`^name: Clerk did not apply a value.*sent "Portal", Clerk has "Other"`}, set("name", "Other")),
		noSecret("D13 client_secret is missing", without("client_secret")),
		noSecret("D13 client_secret is null", set("client_secret", nil)),
		noSecret("D13 client_secret is empty", set("client_secret", "")),
		noSecret("D13 client_secret is a number", set("client_secret", 12)),
		{
			name: "D13 client_secret is missing, and whether the one that was made is the newest is not known", config: portal,
			faults: []clerktest.Fault{
				clerktest.Changed(without("client_secret")).OnCreate().Once(),
				clerktest.ResetAfterWork().OnRotate().Once(),
				clerktest.ClerkError(403, "authorization_invalid").OnRead(),
			},
			warnings: []string{`may not be the newest`},
			sends:    []string{postCreate, postRotate, postRotate}, apps: 1, secret: secretWorks,
		},
		{
			name: "D13 client_secret is missing, and the answer that brings one is incomplete", config: portal,
			faults: []clerktest.Fault{
				clerktest.Changed(without("client_secret")).OnCreate().Once(),
				clerktest.Changed(without("instance_id")).OnRotate().Once(),
			},
			warnings: []string{`answer about .* was incomplete.*new one is in the state.*instance_id is missing`},
			sends:    []string{postCreate, postRotate}, apps: 1, secret: secretWorks,
			check: func(f *fixture, _ prototest.Diagnostics) {
				if id := f.app.State().String("instance_id"); id != f.server.InstanceID() {
					f.t.Errorf("the state has the instance %q", id)
				}
			},
		},
		{
			name: "a field did not take", config: portal,
			before: func(f *fixture) {
				fault := clerktest.Changed(set("name", "Other")).OnCreate().Once()
				fault.After = func(clerktest.Request) {
					app, _ := f.server.Find("Portal")
					f.server.Edit(app.ID, func(app *clerktest.Application) { app.Name = "Other" })
				}
				f.server.Inject(fault)
			},
			warnings: []string{`^name: Clerk did not apply a value.*The next plan shows the difference`},
			sends:    []string{postCreate}, apps: 1, secret: secretWorks,
			next: prototest.Update, changes: []string{"name"}, heals: []string{patchApp},
		},
		{
			name: "create done and all the rest refused", config: with(portal, prototest.Values{"logo_path": troubleLogo}),
			faults: []clerktest.Fault{
				clerktest.Changed(without("client_secret")).OnCreate().Once(),
				clerktest.ClerkError(403, "not_allowed_access").OnRotate(),
				clerktest.ClerkError(403, "not_allowed_access").OnLogo(),
			},
			warnings: []string{
				`has no known client secret.*The next plan rotates`,
				`Unable to upload logo`, `^logo_path: The logo was not uploaded`,
			},
			sends: []string{postCreate, postRotate, putLogo}, apps: 1, secret: secretUnknown,
			next: prototest.Update, changes: []string{"client_image_url", "client_secret", "client_secret_version", "logo_sha256"},
			heals: []string{postRotate, putLogo},
		},
		{
			name: "create done and the logo refused", config: with(portal, prototest.Values{"logo_path": troubleLogo}),
			faults:   []clerktest.Fault{clerktest.ClerkError(413, "image_too_large").OnLogo()},
			warnings: []string{`Unable to upload logo.*10 MB`, `^logo_path: The logo was not uploaded`},
			sends:    []string{postCreate, putLogo}, apps: 1, secret: secretWorks,
			next: prototest.Update, changes: []string{"client_image_url", "logo_sha256"}, heals: []string{putLogo},
		},
		{
			name: "adopted and the rotation refused", config: portal,
			faults:   []clerktest.Fault{clerktest.ResetAfterWork().OnCreate().Once(), clerktest.ClerkError(403, "not_allowed_access").OnRotate()},
			warnings: []string{`found after its create had no answer`, `has no known client secret`},
			sends:    []string{postCreate, postRotate}, apps: 1, secret: secretUnknown,
			next: prototest.Update, changes: []string{"client_secret", "client_secret_version"}, heals: []string{postRotate},
		},
		{
			name: "adopted and the rotation lost every time", config: portal,
			faults:   []clerktest.Fault{clerktest.ResetAfterWork().OnCreate().Once(), clerktest.ResetAfterWork().OnRotate()},
			warnings: []string{`found after its create had no answer`, `has no known client secret`},
			sends:    []string{postCreate, postRotate, postRotate, postRotate}, apps: 1, secret: secretUnknown,
			next: prototest.Update, changes: []string{"client_secret", "client_secret_version"}, heals: []string{postRotate},
		},
		{
			name: "adopted and the rotation lost once", config: portal,
			faults:   []clerktest.Fault{clerktest.ResetAfterWork().OnCreate().Once(), clerktest.ResetAfterWork().OnRotate().Once()},
			warnings: []string{wasAdopted},
			sends:    []string{postCreate, postRotate, postRotate}, apps: 1, secret: secretWorks,
		},
		{
			name: "a public client is adopted without a rotation", config: with(portal, prototest.Values{"public": true, "pkce_required": true}),
			faults:   []clerktest.Fault{clerktest.ResetAfterWork().OnCreate().Once()},
			warnings: []string{`found after its create had no answer`},
			sends:    []string{postCreate}, apps: 1, secret: secretAbsent,
		},
		{
			name: "B6 refused on an attribute", config: portal,
			faults: []clerktest.Fault{clerktest.Raw(422, "application/json",
				`{"errors":[{"code":"form_param_value_invalid","message":"is invalid","long_message":"The URI is reserved.","meta":{"param_name":"redirect_uris[0]"}}],"clerk_trace_id":"trace-1"}`).OnCreate()},
			errors: []string{`^redirect_uris: Unable to create OAuth application.*The URI is reserved.*form_param_value_invalid.*422.*trace-1`},
			sends:  []string{postCreate}, gone: true, next: prototest.Create, heals: []string{postCreate},
		},
		{
			name: "E2 the server echoes the key", config: portal,
			before: func(f *fixture) {
				echo := `{"errors":[{"code":"echo","message":"Bearer ` + f.server.Key() + `","long_message":"you sent ` + f.server.Key() + `"}],"clerk_trace_id":"` + f.server.Key() + `"}`
				f.server.Inject(clerktest.Raw(422, "application/json", echo).OnCreate())
			},
			errors: []string{`\[redacted\]`},
			sends:  []string{postCreate}, gone: true, next: prototest.Create, heals: []string{postCreate},
		},
	})
}

// A secret that is sealed for the state survives lost answers like any other, and is in the state in no other form.
func TestProtocolTroubleSealed(t *testing.T) {
	t.Parallel()
	withFixture(t, nil, func(f *fixture) {
		identity := secrettest.NewKey(t)
		sealed := with(portal, prototest.Values{"encrypt_client_secret_to": []string{identity.Recipient}})
		works := func(when string) {
			opened, err := identity.Decrypt(f.app.State().String("client_secret_encrypted"))
			if err != nil || opened != f.server.CurrentSecret(f.id()) {
				t.Errorf("%s: what is sealed does not work: %v", when, err)
			}
			assertNoSecrets(t, f.server, string(f.app.StateJSON()), string(f.app.Private()))
		}
		f.server.Inject(clerktest.ResetAfterWork().OnCreate().Once())
		f.server.Inject(clerktest.ResetAfterWork().OnRotate().Once())
		matchMessages(t, "message", f.apply(sealed), []string{wasAdopted})
		works("after a lost create")

		f.server.Inject(clerktest.Truncated(clerktest.DeliverShort).OnRotate().Once())
		if ds := f.apply(with(sealed, prototest.Values{"rotate_secret_trigger": "once"})); ds.HasError() {
			t.Errorf("%s", ds)
		}
		works("after a lost rotation")
	})
}

// A9: a connection that could not be made is proof that nothing was sent.
func TestProtocolTroubleCreateUnsent(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]error{
		"A9 refused":  &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")},
		"A9 no DNS":   &net.DNSError{Err: "no such host", Name: "api.clerk.com", IsNotFound: true},
		"A9 no proxy": errors.New("Proxy Authentication Required"),
	} {
		row := madeRow(name, 1)
		row.before = func(f *fixture) {
			dials := 0
			f.transport = &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				if dials++; dials <= 3 {
					return nil, failure
				}
				return f.server.DialContext(ctx, network, address)
			}}
			f.start()
		}
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			withFixture(t, nil, row.run)
		})
	}
}

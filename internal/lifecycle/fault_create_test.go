package lifecycle

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// What a create says whose answer was lost, or could not be read as a whole.
const (
	wasAdopted   = `found after its create had no answer.*The answer to the request was lost.*oa_\w+ \(client_id \w+\).*rotated the secret once`
	wasFound     = `found after its create had no answer.*The answer to the request was lost.*It is now in the state\.$` // and no secret was rotated
	wasRepeated  = `created by a second request.*left no trace.*If Clerk still processes the first request`
	wasBoth      = wasAdopted + `.*second request.*If Clerk still processes the first request`
	isNotKnown   = `Unable to create OAuth application.*is not known.*look for an application named "Portal".*prevent_duplicate_names`
	mayBeTheOne  = `is not known.*one of these applications.*terraform import clerk_oauth_application\.NAME oa_\w+`
	isIncomplete = `Clerk's answer about .* was incomplete.*The next refresh tries again`
	hasNoSecret  = `has no known client secret.*The next plan rotates`
	noLogo       = `^logo_path: The logo was not uploaded`
)

var (
	uniqueNames       = values{"prevent_duplicate_names": true}
	sendsSecondCreate = []string{sendsCreate, sendsCreate}
	sendsAdoption     = []string{sendsCreate, sendsRotate}
)

func setTo(field string, value any) func(map[string]any) {
	return func(answer map[string]any) { answer[field] = value }
}

func without(field string) func(map[string]any) {
	return func(answer map[string]any) { delete(answer, field) }
}

// seedsPortal is what someone else does who creates an application like the portal.
func seedsPortal(r *run) {
	r.simulator.Seed("Portal", func(app *clerktest.Application) {
		app.RedirectURIs = []string{"https://portal.example.com/callback"}
	})
}

var throttledCreates = []scenario{
	{name: "A1 429 with Retry-After", withEngines: true, steps: []step{{
		config: portal, faults: met{clerktest.TooManyRequests("1").OnCreate().Repeat(2)}, plan: create,
		sends: slices.Repeat([]string{sendsCreate}, 3), secret: secretMade,
	}}},
	{name: "A3 429 for ever", steps: []step{{
		config: portal, faults: met{clerktest.TooManyRequests().OnCreate()}, plan: create,
		sends: slices.Repeat([]string{sendsCreate}, 6), fails: `requests_per_10s.*HTTP status: 429`, secret: secretNone,
	}, next(create, "", sendsCreate)}},
	{name: "A4 Retry-After of a day", withEngines: true, steps: []step{{
		config: portal, faults: met{clerktest.TooManyRequests("86400").OnCreate()}, plan: create,
		sends: []string{sendsCreate}, fails: `asks to wait 24h0m0s`, secret: secretNone,
	}, next(create, "", sendsCreate)}},
	{name: "A4 Retry-After beyond the timeout", steps: []step{{
		config: with(portal, values{"timeouts": values{"create": "30s"}}), faults: met{clerktest.TooManyRequests("50").OnCreate()}, plan: create,
		sends: []string{sendsCreate}, fails: `asks to wait 50s, longer than the operation may still take.*in the timeouts block`, secret: secretNone,
	}, next(create, "", sendsCreate)}},
}

// A connection that could not be made is proof that nothing was sent.
var unsentCreates = []scenario{
	{name: "A9 refused", steps: []step{{
		config: portal, plan: create, sends: []string{sendsCreate}, secret: secretMade,
		through: func(r *run, _ http.RoundTripper) http.RoundTripper {
			dials := 0
			return &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				if dials++; dials <= 3 {
					return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
				}
				return r.simulator.DialContext(ctx, network, address)
			}}
		},
	}}},
}

// lostCreates had no usable answer. What became of each is searched for.
var lostCreates = []scenario{
	{name: "A8 reset after the work", withEngines: true, steps: []step{{
		config: portal, faults: met{clerktest.ResetAfterWork().OnCreate().Once()}, plan: create,
		sends: sendsAdoption, warnsLate: []string{wasAdopted}, state: values{"name": "Portal"}, secret: secretMade,
	}}},
	{name: "A8 a public client has no secret to rotate", steps: []step{{
		config: publicPortal, faults: met{clerktest.ResetAfterWork().OnCreate().Once()}, plan: create,
		sends: []string{sendsCreate}, warnsLate: []string{wasFound}, secret: secretNone,
	}}},
	{name: "A8 adopted and the rotation refused", steps: []step{{
		config: portal, faults: met{clerktest.ResetAfterWork().OnCreate().Once(), clerktest.ClerkError(403, "not_allowed_access").OnRotate()}, plan: create,
		sends: sendsAdoption, warnsLate: []string{wasFound, hasNoSecret}, secret: secretNone, pending: true,
	}, next(update, "client_secret client_secret_version", sendsRotate)}},
	{name: "A8 adopted and the secret may not be the newest", steps: []step{{
		config: portal, faults: met{
			clerktest.ResetAfterWork().OnCreate().Once(),
			clerktest.ResetAfterWork().OnRotate().Once(),
			clerktest.ClerkError(403, "authorization_invalid").OnRead(),
		}, plan: create,
		sends: []string{sendsCreate, sendsRotate, sendsRotate}, warnsLate: []string{wasAdopted, `may not be the newest`}, secret: secretMade,
	}}},
	{name: "A8 an encrypted secret", steps: []step{
		{
			does:   "create and rotation are lost",
			config: with(portal, values{"encrypt_client_secret_to": encryptedTo(alice)}), faults: met{clerktest.ResetAfterWork().OnCreate().Once(), clerktest.ResetAfterWork().OnRotate().Once()}, plan: create,
			sends: []string{sendsCreate, sendsRotate, sendsRotate}, warnsLate: []string{wasAdopted}, state: values{"client_secret": nil}, secret: secretMade,
		},
		{
			does:   "the answer to the next rotation is cut",
			config: with(portal, values{"encrypt_client_secret_to": encryptedTo(alice), "rotate_secret_trigger": "once"}), faults: met{clerktest.Truncated(clerktest.DeliverShort).OnRotate().Once()}, plan: update,
			sends: []string{sendsRotate, sendsRotate}, state: values{"client_secret": nil}, secret: secretMade,
		},
	}},
	{name: "A10 reset before the work", withEngines: true, steps: []step{{
		config: portal, faults: met{clerktest.ResetBeforeWork().OnCreate().Once()}, plan: create,
		sends: sendsSecondCreate, warnsLate: []string{wasRepeated}, secret: secretMade,
	}}},
	{name: "A10 late work makes a duplicate", steps: []step{{
		config: portal, faults: met{clerktest.LateCommit(16500 * time.Millisecond).OnCreate().Once()}, plan: create,
		sends: sendsSecondCreate, warnsLate: []string{wasRepeated, `There may be a second OAuth application.*oa_\w+`}, secret: secretMade, others: 1,
	}}},
	{name: "A10 the second request is lost too, and the first works late", steps: []step{{
		config: portal, faults: met{clerktest.LateCommit(37 * time.Second).OnCreate().Once(), clerktest.ResetAfterWork().OnCreate().Once()}, plan: create,
		sends: []string{sendsCreate, sendsCreate, sendsRotate}, warnsLate: []string{wasBoth}, secret: secretMade, others: 1, unnamed: true,
	}}},
	{name: "A11 no answer and no work", steps: []step{{
		config: portal, faults: met{clerktest.NeverAnswers().OnCreate()}, plan: create,
		sends: []string{sendsCreate}, fails: isNotKnown, secret: secretNone,
	}, next(create, "", sendsCreate)}},
	{name: "A8 the search fails", provider: values{"max_retries": 0}, steps: []step{{
		config: portal, faults: met{clerktest.ResetAfterWork().OnCreate().Once(), clerktest.ClerkError(500, "internal_clerk_error").OnList()}, plan: create,
		sends: []string{sendsCreate}, fails: `is not known.*The search for it failed.*look for an application named "Portal"`, secret: secretNone, others: 1, unnamed: true,
	}, inPresenceOf(1, next(create, "", sendsCreate))}},
}

// inPresenceOf is a step that finds applications at Clerk which are not in the state.
func inPresenceOf(others int, s step) step {
	s.others, s.unnamed = others, true
	return s
}

// othersOfTheName are applications that the provider may mistake for its own.
var othersOfTheName = []scenario{
	{name: "B15 someone creates the same at the same time", steps: []step{{
		config: portal, plan: create,
		behind: []act{simulated(func(r *run) {
			fault := clerktest.ResetAfterWork().OnCreate().Once()
			fault.After = func(clerktest.Request) { seedsPortal(r) }
			r.simulator.Inject(fault)
		})},
		sends: []string{sendsCreate}, fails: `is not known.*import clerk_oauth_application.NAME oa_\w+\s.*import clerk_oauth_application.NAME oa_\w+`, secret: secretNone, others: 2,
	}, inPresenceOf(2, next(create, "", sendsCreate))}},
	// The application is not quite what was asked for. It is neither adopted nor created again.
	{name: "A7 Clerk has rewritten a redirect URI", switches: clerktest.Switches{RedirectNormalization: clerktest.RedirectsNormalized}, steps: []step{{
		config: with(portal, values{"redirect_uris": []string{"https://Portal.example.com"}}), faults: met{clerktest.HTML(502).AfterWork().OnCreate().Once()}, plan: create,
		sends: []string{sendsCreate}, fails: mayBeTheOne, secret: secretNone, others: 1,
	}}},
	// The first run was killed: what it would have kept is gone.
	{
		name: "C3 a run that was killed has left one of the name", provider: uniqueNames,
		given: values{"name": "Portal", "redirect_uris": portal["redirect_uris"], "scopes": "email profile"},
		steps: []step{
			{
				does:   "the next run reports it",
				config: portal, plan: create, fails: `named "Portal" exists already.*terraform import clerk_oauth_application.NAME oa_\w+`, secret: secretNone, others: 1,
			},
			{
				does:   "it can be imported and gets a secret",
				config: with(portal, values{"rotate_secret_trigger": "rescued"}), adopt: byID, plan: update, sends: []string{sendsRotate}, secret: secretMade,
			},
		},
	},
	{name: "B15 whether the name exists cannot be read", provider: with(uniqueNames, values{"max_retries": 0}), steps: []step{{
		config: portal, faults: met{clerktest.ResetBeforeWork().OnList()}, plan: create,
		fails: `The search for an application of this name failed`, secret: secretNone,
	}, next(create, "", sendsCreate)}},
}

// surprisingAnswers to a create cost a field, and never the secret.
var surprisingAnswers = []scenario{
	{name: "D12 created_at is a text", withEngines: true, steps: []step{{
		config: portal, faults: met{clerktest.Changed(setTo("created_at", "2026-01-01T00:00:00Z")).OnCreate().Once()}, plan: create,
		sends: []string{sendsCreate}, warnsLate: []string{isIncomplete}, state: values{"name": "Portal"}, secret: secretMade,
	}}},
	{name: "D12 redirect_uris are a text", steps: []step{{
		config: portal, faults: met{clerktest.Changed(setTo("redirect_uris", "https://portal.example.com/callback")).OnCreate().Once()}, plan: create,
		sends: []string{sendsCreate}, warnsLate: []string{isIncomplete, `^redirect_uris: Clerk did not apply a value`}, state: values{"name": "Portal"}, secret: secretMade,
	}}},
	{name: "B7 a field did not take", steps: []step{{
		config: portal, plan: create,
		behind: []act{simulated(func(r *run) {
			fault := clerktest.Changed(setTo("name", "Other")).OnCreate().Once()
			fault.After = func(clerktest.Request) {
				app, _ := r.simulator.Find("Portal")
				r.simulator.Edit(app.ID, func(app *clerktest.Application) { app.Name = "Other" })
			}
			r.simulator.Inject(fault)
		})},
		sends: []string{sendsCreate}, warnsLate: []string{`^name: Clerk did not apply a value.*sent "Portal", Clerk has "Other".*The next plan shows the difference`}, secret: secretMade, pending: true,
	}, next(update, "name", sendsUpdate)}},
	{name: "D13 client_secret is missing", steps: []step{{
		config: portal, faults: met{clerktest.Changed(without("client_secret")).OnCreate().Once()}, plan: create,
		sends: sendsAdoption, state: values{"name": "Portal"}, secret: secretMade,
	}}},
	{name: "D13 client_secret is missing, and the next one may not be the newest", steps: []step{{
		config: portal, faults: met{
			clerktest.Changed(without("client_secret")).OnCreate().Once(),
			clerktest.ResetAfterWork().OnRotate().Once(),
			clerktest.ClerkError(403, "authorization_invalid").OnRead(),
		}, plan: create,
		sends: []string{sendsCreate, sendsRotate, sendsRotate}, warnsLate: []string{`may not be the newest`}, secret: secretMade,
	}}},
	{name: "D13 client_secret is missing, and the answer that brings one is incomplete", steps: []step{{
		config: portal, faults: met{
			clerktest.Changed(without("client_secret")).OnCreate().Once(),
			clerktest.Changed(without("instance_id")).OnRotate().Once(),
		}, plan: create,
		sends: sendsAdoption, warnsLate: []string{`answer about .* was incomplete.*new one is in the state.*instance_id is missing`}, secret: secretMade,
		check: func(r *run) {
			if id := r.resource.State().String("instance_id"); id != r.simulator.InstanceID() {
				r.errorf("the state has the instance %q", id)
			}
		},
	}}},
	{name: "D13 create done and all the rest refused", steps: []step{{
		config: with(portal, values{"logo_path": inDir("logo.png")}), behind: []act{fileWritten("logo.png", pngImage(1))}, faults: met{
			clerktest.Changed(without("client_secret")).OnCreate().Once(),
			clerktest.ClerkError(403, "not_allowed_access").OnRotate(),
			clerktest.ClerkError(403, "not_allowed_access").OnLogo(),
		}, plan: create,
		sends: []string{sendsCreate, sendsRotate, sendsLogo}, warnsLate: []string{hasNoSecret, `Unable to upload logo`, noLogo}, secret: secretNone, pending: true,
	}, next(update, "client_image_url client_secret client_secret_version logo_sha256", sendsRotate, sendsLogo)}},
	{name: "B8 create done and the logo refused", steps: []step{{
		config: with(portal, values{"logo_path": inDir("logo.png")}), behind: []act{fileWritten("logo.png", pngImage(1))}, faults: met{clerktest.ClerkError(413, "image_too_large").OnLogo()}, plan: create,
		sends: []string{sendsCreate, sendsLogo}, warnsLate: []string{`Unable to upload logo.*10 MB`, noLogo}, secret: secretMade, pending: true,
	}, next(update, "client_image_url logo_sha256", sendsLogo)}},
	{name: "B6 refused on an attribute", steps: []step{{
		config: portal, faults: met{clerktest.Raw(422, "application/json",
			`{"errors":[{"code":"form_param_value_invalid","message":"is invalid","long_message":"The URI is reserved.","meta":{"param_name":"redirect_uris[0]"}}],"clerk_trace_id":"trace-1"}`).OnCreate()}, plan: create,
		sends: []string{sendsCreate}, failsAt: "redirect_uris", secret: secretNone,
		fails: `^redirect_uris: Unable to create OAuth application.*The URI is reserved.*form_param_value_invalid.*422.*trace-1`,
	}, next(create, "", sendsCreate)}},
	{name: "E2 the server echoes the key", withEngines: true, steps: []step{{
		config: portal, plan: create,
		behind: []act{simulated(func(r *run) {
			echo := `{"errors":[{"code":"echo","message":"Bearer ` + r.key + `","long_message":"you sent ` + r.key + `"}],"clerk_trace_id":"` + r.key + `"}`
			r.simulator.Inject(clerktest.Raw(422, "application/json", echo).OnCreate())
		})},
		sends: []string{sendsCreate}, fails: `\[redacted\]`, secret: secretNone,
	}, next(create, "", sendsCreate)}},
}

package lifecycle

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
)

const mayBeTheOne = `is not known.*one of these applications.*terraform import clerk_oauth_application\.NAME oa_\w+`

// A create whose answer was lost, and what is found then is not quite what was asked for: it is neither adopted nor made a
// second time, but named.
func TestProtocolTroubleCreateSighted(t *testing.T) {
	t.Parallel()
	sighted := func(name string, config prototest.Values, switches clerktest.Switches, faults ...clerktest.Fault) troubleRow {
		return troubleRow{
			name: name, config: config, switches: switches, faults: faults,
			errors: []string{mayBeTheOne}, sends: []string{postCreate}, apps: 1, gone: true, stuck: true,
			check: func(f *fixture, ds prototest.Diagnostics) {
				if id := f.server.Applications()[0].ID; !strings.Contains(ds.String(), id) {
					f.t.Errorf("no message names %s", id)
				}
			},
		}
	}
	runTroubleRows(t, []troubleRow{
		sighted("A7 a redirect URI that Clerk has rewritten", with(portal, prototest.Values{"redirect_uris": []string{"https://Portal.example.com"}}),
			clerktest.Switches{RedirectNormalization: clerktest.RedirectsNormalized}, clerktest.HTML(502).AfterWork().OnCreate().Once()),
		sighted("A8 a scope that Clerk has dropped", with(portal, prototest.Values{"scopes": []string{"email", "profile", "messages:read"}}),
			clerktest.Switches{UnknownScope: clerktest.UnknownScopeDropped}, clerktest.ResetAfterWork().OnCreate().Once()),
		// The one look that was answered came before the application was in the list.
		rowWith(sighted("A7 the list lags and then fails", portal, clerktest.Switches{ReadLag: 3 * time.Second},
			clerktest.HTML(502).AfterWork().OnCreate().Once(), clerktest.HTML(502).OnList().Skipping(1)), func(row *troubleRow) {
			row.errors, row.check = []string{`is not known.*The search for it failed`}, nil
		}),
	})

	t.Run("A10 somebody else's, with only the name in common", func(t *testing.T) {
		t.Parallel()
		withFixture(t, nil, func(f *fixture) {
			var theirs, secret string
			fault := clerktest.ResetBeforeWork().OnCreate().Once()
			fault.Before = func(clerktest.Request) {
				theirs = f.server.Seed("Portal", func(a *clerktest.Application) {
					a.RedirectURIs = []string{"https://somebody.example.com/callback"}
					a.CreatedAt = time.Now().UnixMilli()
				})
				secret = f.server.CurrentSecret(theirs)
			}
			f.server.Inject(fault)
			ds := f.apply(prototest.Values{"name": "Portal"})
			matchMessages(t, "error", ds.Errors(), []string{mayBeTheOne})
			if f.app.Exists() || f.server.CurrentSecret(theirs) != secret {
				t.Errorf("the application of somebody else was adopted, or its secret replaced:\n%s", ds)
			}
		})
	})
}

// An application that was just made, and that a read does not find yet, is not gone.
func TestProtocolTroubleReadBehind(t *testing.T) {
	t.Parallel()
	withFixture(t, nil, func(f *fixture) {
		f.given(portal)
		if plan := f.plan(portal); plan.Action != prototest.NoOp {
			t.Errorf("the plan right after is to %s", plan.Action)
		}
	}, clerktest.WithSwitches(clerktest.Switches{ReadLag: 3 * time.Second}))

	// And one that is gone indeed is believed to be, soon or at once.
	for name, age := range map[string]time.Duration{"B1 just made": 0, "B1 made a minute ago": time.Minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			withFixture(t, nil, func(f *fixture) {
				f.given(portal)
				time.Sleep(age)
				f.server.Delete(f.id())
				f.server.ResetRequests()
				begun := time.Now()
				plan := f.plan(portal)
				if plan.Action != prototest.Create {
					t.Errorf("the plan is to %s", plan.Action)
				}
				reads := f.server.CountRequests(http.MethodGet, clerktest.RouteApplication)
				if took := time.Since(begun); age == 0 && (reads != 4 || took > 10*time.Second) || age > 0 && reads != 1 {
					t.Errorf("%d reads in %s", reads, took)
				}
			})
		})
	}
}

// A key of another instance costs no request for each application of the state.
func TestProtocolTroubleOtherInstanceIsKnown(t *testing.T) {
	t.Parallel()
	withFixture(t, nil, func(f *fixture) {
		graph := f.provider.Graph()
		graph.Parallelism = 1
		const count = 5
		for range count {
			app := f.provider.Resource(applicationType)
			app.Apply(portal)
			graph.Add(app, portal)
		}
		time.Sleep(time.Minute)
		key, _ := f.server.AddInstance(clerktest.Development)
		f.provider.Reconfigure(providerConfig(f.server, prototest.Values{"secret_key": key}))
		f.server.ResetRequests()
		ds := f.say(graph.TryRefresh(f.ctx))
		pattern := `belongs to instance ins_\w+, not to ins_\w+.*This operation changed nothing`
		matchMessages(t, "error", ds.Errors(), []string{pattern, pattern, pattern, pattern, pattern})
		if lines := f.server.RequestLines(); len(lines) != 2 {
			t.Errorf("it sent %q", lines)
		}
	})
}

// Lists that lag behind what this process has done itself neither let a double through nor name one that is gone.
func TestProtocolTroubleNamesBehind(t *testing.T) {
	t.Parallel()
	prevent := prototest.Values{"prevent_duplicate_names": true}
	lag := clerktest.WithSwitches(clerktest.Switches{ReadLag: 3 * time.Second})
	t.Run("B15 two of one name", func(t *testing.T) {
		t.Parallel()
		withFixture(t, prevent, func(f *fixture) {
			graph := f.provider.Graph()
			graph.Parallelism = 1
			graph.Add(f.app, portal)
			graph.Add(f.provider.Resource(applicationType), portal)
			plan, _ := graph.TryPlan(f.ctx)
			ds := f.say(plan.TryApply(f.ctx))
			matchMessages(t, "error", ds.Errors(), []string{`exists already.*terraform import clerk_oauth_application\.NAME ` + f.id()})
			if n := len(f.server.Applications()); n != 1 {
				t.Errorf("there are %d applications", n)
			}
		}, lag)
	})
	t.Run("B15 one in place of another", func(t *testing.T) {
		t.Parallel()
		withFixture(t, prevent, func(f *fixture) {
			f.given(portal)
			time.Sleep(time.Minute)
			f.app.Taint() // so that one run destroys and creates
			if ds := f.apply(portal); ds.HasError() {
				t.Errorf("the one that was deleted is in the way:\n%s", ds)
			}
		}, lag)
	})
}

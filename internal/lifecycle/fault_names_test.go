package lifecycle

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
)

// oddTexts are names that look alike and are not, or that look like nothing. Each is kept
// to the byte. Beside them stand duplicates in sets, which count once.
func oddTexts() []scenario {
	all := []scenario{{name: "D5 duplicates in the configuration", steps: []step{{
		config: values{
			"name": "Portal", "scopes": []string{"email", "email", "profile"},
			"redirect_uris": []string{"https://a.example.com/", "https://b.example.com/", "https://a.example.com/"},
		},
		plan:  create,
		sends: []string{sendsCreateOf(`{"name":"Portal","redirect_uris":["https://a.example.com/","https://b.example.com/"],"scopes":"email profile"}`)},
		state: values{"redirect_uris": []string{"https://a.example.com/", "https://b.example.com/"}}, secret: secretMade,
	}}}}
	for _, odd := range []struct{ what, name string }{
		{"D9 composed", "Caf\u00e9"},
		{"D9 decomposed", "Cafe\u0301"},
		{"D9 family", "\U0001F468\u200d\U0001F469\u200d\U0001F467"},
		{"D9 right to left", "\u202eportal"},
		{"D9 from the right", "\u05e9\u05dc\u05d5\u05dd"},
		{"D9 control", "a\u0007b"},
		{"D9 newline", "a\nb"},
		{"D9 quotes", `"a" \ 'b' <c> & {d}`},
		{"D9 template", "%{ if } ${x}"},
		{"D9 not a character", "\ufffd"},
		{"D10 blank at the end", "Portal "},
		{"D8 one character", "x"},
		{"D8 256 characters", strings.Repeat("\u00e9", 256)},
	} {
		// Terraform itself composes every text (Unicode NFC) before a provider sees it.
		kept := strings.ReplaceAll(odd.name, "e\u0301", "\u00e9")
		all = append(all, scenario{name: odd.what, steps: []step{{
			config: values{"name": odd.name}, plan: create, sends: []string{sendsCreate}, state: values{"name": kept}, secret: secretMade,
			check: func(r *run) {
				if app, _ := r.simulator.Application(r.id); app.Name != kept {
					r.errorf("Clerk has the name %q, want %q", app.Name, kept)
				}
			},
		}}})
	}
	return all
}

// Several applications of one name are created at the same time and their answers are
// lost: each resource finds its own.
func TestProtocolFaultSameName(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		count int
		fault clerktest.Fault
	}{
		{"B15 two and every answer too slow", 2, clerktest.SlowAnswer(time.Minute).OnCreate()},
		{"B15 five and every answer cut", 5, clerktest.Truncated(clerktest.DeliverShort).OnCreate()},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			withFixture(t, nil, func(f *fixture) {
				f.server.Inject(row.fault)
				graph := f.provider.Graph()
				var apps []*prototest.Resource
				for range row.count {
					app := f.provider.Resource(applicationType)
					apps = append(apps, app)
					graph.Add(app, portal)
				}
				plan, ds := graph.TryPlan(f.ctx)
				if f.say(ds); ds.HasError() {
					t.Fatal(ds)
				}
				matchMessages(t, "message", f.say(plan.TryApply(f.ctx)), slices.Repeat([]string{wasAdopted}, row.count))
				if got := len(f.server.Applications()); got != row.count {
					t.Errorf("there are %d applications", got)
				}
				ids := map[string]bool{}
				for _, app := range apps {
					id := app.State().String("id")
					if ids[id] {
						t.Errorf("two resources have taken %s", id)
					}
					ids[id] = true
					if fate := fateOf(app.State().String("client_secret"), f.server.CurrentSecret(id)); fate != secretWorks {
						t.Errorf("the secret of %s in the state: %s", id, fate)
					}
				}
				f.server.ClearFaults()
				graph.AssertNoChanges()
			})
		})
	}
}

// Thirty applications and a rate limit: a 429 stops all requests for a while, and every
// application is created in the end.
func TestProtocolFaultManyThrottled(t *testing.T) {
	t.Parallel()
	const count = 30
	for _, row := range []struct {
		name  string
		limit clerktest.RateLimit
		most  int // of 429s
	}{
		{"A21 within the limit", clerktest.RateLimit{Requests: 100, Per: 10 * time.Second}, 0},
		{"A21 someone else uses most of it", clerktest.RateLimit{Requests: 15, Per: 10 * time.Second}, 60},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			withFixture(t, nil, func(f *fixture) {
				graph := f.provider.Graph()
				graph.Parallelism = 25
				for i := range count {
					graph.Add(f.provider.Resource(applicationType), with(portal, values{"name": fmt.Sprintf("Portal %d", i)}))
				}
				plan, ds := graph.TryPlan(f.ctx)
				if f.say(ds); ds.HasError() {
					t.Fatal(ds)
				}
				if ds := f.say(plan.TryApply(f.ctx)); len(ds) > 0 {
					t.Errorf("%s", ds)
				}
				throttled := 0
				for _, request := range f.server.Requests() {
					if request.Status == http.StatusTooManyRequests {
						throttled++
					}
				}
				if got := len(f.server.Applications()); got != count || throttled > row.most {
					t.Errorf("there are %d applications after %d requests with 429, at most %d are allowed", got, throttled, row.most)
				}
				graph.AssertNoChanges()
			}, clerktest.WithRateLimit(row.limit))
		})
	}
}

// laggingReads answers reads with what was there three seconds before.
var laggingReads = clerktest.WithSwitches(clerktest.Switches{ReadLag: 3 * time.Second})

// Lists lag behind what this process has done itself. The provider neither creates a
// duplicate nor reports an application that is gone.
func TestProtocolFaultNamesBehind(t *testing.T) {
	t.Parallel()
	t.Run("B15 two of one name", func(t *testing.T) {
		t.Parallel()
		withFixture(t, uniqueNames, func(f *fixture) {
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
		}, laggingReads)
	})
	t.Run("B15 one in place of another", func(t *testing.T) {
		t.Parallel()
		withFixture(t, uniqueNames, func(f *fixture) {
			f.given(portal)
			time.Sleep(time.Minute)
			f.app.Taint() // so that one run destroys and creates
			if ds := f.apply(portal); ds.HasError() {
				t.Errorf("the application that was deleted is in the way:\n%s", ds)
			}
		}, laggingReads)
	})
}

// A read that does not find an application that was just created is no proof that the
// application is gone. If it is gone, the provider believes so after a few seconds, or at
// once if the application is older.
func TestProtocolFaultReadsBehind(t *testing.T) {
	t.Parallel()
	t.Run("B1 not there yet", func(t *testing.T) {
		t.Parallel()
		withFixture(t, nil, func(f *fixture) {
			f.given(portal)
			if plan := f.plan(portal); plan.Action != noOp {
				t.Errorf("the plan right after is to %s", plan.Action)
			}
		}, laggingReads)
	})
	for name, age := range map[string]time.Duration{"B1 just created": 0, "B1 created a minute ago": time.Minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			withFixture(t, nil, func(f *fixture) {
				f.given(portal)
				time.Sleep(age)
				f.server.Delete(f.id())
				f.server.ResetRequests()
				begun := time.Now()
				plan := f.plan(portal)
				if plan.Action != create {
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
func TestProtocolFaultOtherInstanceIsKnown(t *testing.T) {
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
		f.provider.Reconfigure(providerConfig(f.server, values{"secret_key": key}))
		f.server.ResetRequests()
		ds := f.say(graph.TryRefresh(f.ctx))
		pattern := `belongs to instance ins_\w+, not to ins_\w+.*This operation changed nothing`
		matchMessages(t, "error", ds.Errors(), slices.Repeat([]string{pattern}, count))
		if lines := f.server.RequestLines(); len(lines) != 2 {
			t.Errorf("it sent %q", lines)
		}
	})
}

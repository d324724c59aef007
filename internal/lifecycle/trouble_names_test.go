package lifecycle

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
)

// Several applications of one name, made at the same time, whose answers are lost: each must find its own.
func TestProtocolTroubleSameName(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		count int
		fault clerktest.Fault
	}{
		{"B15 count 2 without trouble", 2, clerktest.Fault{}.OnCreate().Once()},
		{"B15 count 2 every answer lost", 2, clerktest.ResetAfterWork().OnCreate()},
		{"B15 count 2 one answer lost", 2, clerktest.ResetAfterWork().OnCreate().Once()},
		{"B15 count 2 the second answer lost", 2, clerktest.ResetAfterWork().OnCreate().Once().Skipping(1)},
		{"B15 count 2 one never done", 2, clerktest.ResetBeforeWork().OnCreate().Once()},
		{"B15 count 2 every answer too slow", 2, clerktest.SlowAnswer(time.Minute).OnCreate()},
		{"B15 count 5 every answer cut", 5, clerktest.Truncated(clerktest.DeliverShort).OnCreate()},
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
				if ds := f.say(plan.TryApply(f.ctx)); ds.HasError() {
					t.Fatalf("%s\n%s", ds, strings.Join(f.server.RequestLines(), "\n"))
				}
				if got := len(f.server.Applications()); got != row.count {
					t.Errorf("there are %d applications", got)
				}
				var ids []string
				for _, app := range apps {
					id := app.State().String("id")
					if slices.Contains(ids, id) {
						t.Errorf("two resources have taken %s", id)
					}
					ids = append(ids, id)
					if got := app.State().String("client_secret"); got == "" || got != f.server.CurrentSecret(id) {
						t.Errorf("the secret of %s does not work", id)
					}
				}
				f.server.ClearFaults()
				graph.AssertNoChanges()
			})
		})
	}
}

// Names that look alike and are not, or that look like nothing: each is kept to the byte, or refused when planning.
func TestProtocolTroubleTexts(t *testing.T) {
	t.Parallel()
	for what, name := range map[string]string{
		"D9 composed":          "Caf\u00e9",
		"D9 decomposed":        "Cafe\u0301",
		"D9 family":            "\U0001F468\u200d\U0001F469\u200d\U0001F467",
		"D9 right to left":     "\u202eportal",
		"D9 from the right":    "\u05e9\u05dc\u05d5\u05dd",
		"D9 control":           "a\u0007b",
		"D9 newline":           "a\nb",
		"D9 quotes":            `"a" \ 'b' <c> & {d}`,
		"D9 template":          "%{ if } ${x}",
		"D9 not a character":   "\ufffd",
		"D10 blank at the end": "Portal ",
		"D8 one character":     "x",
		"D8 256 characters":    strings.Repeat("\u00e9", 256),
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			withFixture(t, nil, func(f *fixture) {
				config := prototest.Values{"name": name}
				// Terraform itself composes every text (Unicode NFC) before a provider sees it.
				name := strings.ReplaceAll(name, "e\u0301", "\u00e9")
				ds := f.apply(config)
				if !f.app.Exists() {
					if len(ds.Errors().At("name")) == 0 || len(f.server.Requests()) > 0 {
						t.Errorf("neither made nor refused when planning:\n%s", ds)
					}
					return
				}
				app, _ := f.server.Application(f.id())
				if app.Name != name || f.app.State().String("name") != name || ds.HasError() {
					t.Errorf("it is %q in Clerk and %q in the state, not %q\n%s", app.Name, f.app.State().String("name"), name, ds)
				}
				if plan := f.plan(config); plan.Action != prototest.NoOp {
					t.Errorf("the second plan is\n%s", plan)
				}
			})
		})
	}
}

// D5: what stands twice in the configuration is one.
func TestProtocolTroubleDuplicates(t *testing.T) {
	t.Parallel()
	withFixture(t, nil, func(f *fixture) {
		config := prototest.Values{
			"name": "Portal", "scopes": []string{"email", "email", "profile"},
			"redirect_uris": []string{"https://a.example.com/", "https://b.example.com/", "https://a.example.com/"},
		}
		if ds := f.apply(config); ds.HasError() {
			t.Fatal(ds)
		}
		app, _ := f.server.Application(f.id())
		if len(app.RedirectURIs) != 2 {
			t.Errorf("Clerk has %q", app.RedirectURIs)
		}
		if plan := f.plan(config); plan.Action != prototest.NoOp {
			t.Errorf("the second plan is\n%s", plan)
		}
	})
}

// Twenty applications and a limit: one 429 stops all of them for a while, and all are made in the end.
func TestProtocolTroubleManyThrottled(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		limit clerktest.RateLimit
		most  int // of 429s
	}{
		{"A21 within the limit", clerktest.RateLimit{Requests: 100, Per: 10 * time.Second}, 0},
		{"A21 somebody else uses most of it", clerktest.RateLimit{Requests: 15, Per: 10 * time.Second}, 60},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			withFixture(t, nil, func(f *fixture) {
				graph := f.provider.Graph()
				graph.Parallelism = 25
				for i := range 30 {
					graph.Add(f.provider.Resource(applicationType), with(portal, prototest.Values{"name": fmt.Sprintf("Portal %d", i)}))
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
					if request.Status == 429 {
						throttled++
					}
				}
				if got := len(f.server.Applications()); got != 30 || throttled > row.most {
					t.Errorf("there are %d applications after %d requests with 429, at most %d are allowed", got, throttled, row.most)
				}
				graph.AssertNoChanges()
			}, clerktest.WithRateLimit(row.limit))
		})
	}
}

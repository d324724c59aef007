package lifecycle

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-log/tflogtest"
	"github.com/hashicorp/terraform-plugin-log/tfsdklogtest"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
)

// alsoWith is a configuration and more of it.
func alsoWith(base, more prototest.Values) prototest.Values {
	all := maps.Clone(base)
	maps.Copy(all, more)
	return all
}

// trouble is a provider, one application, and a simulator that is told to misbehave, in virtual time. All that the user
// and the log get to see is kept, and must hold no secret in the end.
type trouble struct {
	t         *testing.T
	server    *clerktest.Server
	transport http.RoundTripper
	provider  *prototest.Provider
	app       *prototest.Resource
	settings  prototest.Values // of the provider block

	ctx         context.Context // of the user, who may interrupt; it carries the loggers
	cancel      context.CancelFunc
	interrupted time.Time // when interrupt was called first

	versions map[string]*versionLog // by the address of the application

	mu   sync.Mutex
	log  bytes.Buffer
	said []string
}

// inTrouble runs a test in a bubble of virtual time of its own.
func inTrouble(t *testing.T, settings prototest.Values, test func(*trouble), options ...clerktest.Option) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server := clerktest.NewInMemory(t, options...)
		tr := &trouble{t: t, server: server, transport: server.RoundTripper(), settings: settings, versions: map[string]*versionLog{}}
		tr.user()
		tr.start()
		tr.app = tr.provider.Resource(applicationType)
		test(tr)
		tr.end()
	})
}

// user begins a run of Terraform that nobody has interrupted yet.
func (tr *trouble) user() {
	ctx := tfsdklogtest.RootLogger(tr.t.Context(), tr)
	ctx = tflogtest.RootLogger(ctx, tr)
	tr.ctx, tr.cancel = context.WithCancel(ctx)
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.interrupted = time.Time{}
}

// start starts the provider over the present transport and settings.
func (tr *trouble) start() {
	tr.t.Helper()
	tr.provider = prototest.New(tr.t, tr.factory, providerConfig(tr.server, tr.settings))
	if tr.app != nil {
		tr.app = tr.app.With(tr.provider)
	}
}

func (tr *trouble) factory() tfprotov6.ProviderServer {
	return factoryWith(tr.transport)()
}

// Write takes a line of the log.
func (tr *trouble) Write(line []byte) (int, error) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return tr.log.Write(line)
}

// interrupt is Ctrl-C.
func (tr *trouble) interrupt() {
	tr.mu.Lock()
	if tr.interrupted.IsZero() {
		tr.interrupted = time.Now()
	}
	tr.mu.Unlock()
	tr.cancel()
}

// sinceInterrupt is how long ago the user interrupted; false if nobody did.
func (tr *trouble) sinceInterrupt() (time.Duration, bool) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return time.Since(tr.interrupted), !tr.interrupted.IsZero()
}

// say keeps what the user was told.
func (tr *trouble) say(ds prototest.Diagnostics) prototest.Diagnostics {
	tr.said = append(tr.said, ds.String())
	return ds
}

// apply plans and applies, as one run of Terraform.
func (tr *trouble) apply(config prototest.Values) prototest.Diagnostics {
	tr.t.Helper()
	plan, ds := tr.app.TryPlan(tr.ctx, config)
	if tr.say(ds); ds.HasError() {
		return ds
	}
	tr.said = append(tr.said, plan.String())
	return append(ds, tr.say(plan.TryApply(tr.ctx))...)
}

// plan plans, which must succeed.
func (tr *trouble) plan(config prototest.Values) *prototest.Plan {
	tr.t.Helper()
	plan, ds := tr.app.TryPlan(tr.ctx, config)
	if tr.say(ds); ds.HasError() {
		tr.t.Fatalf("no plan could be made:\n%s", ds)
	}
	tr.said = append(tr.said, plan.String())
	return plan
}

// given makes the application, without trouble.
func (tr *trouble) given(config prototest.Values) {
	tr.t.Helper()
	if ds := tr.apply(config); len(ds.Errors()) > 0 || !tr.app.Exists() {
		tr.t.Fatalf("what is given could not be made:\n%s", ds)
	}
	time.Sleep(2 * time.Second) // so that a rotation need not wait for its second
}

// id is the id in the state.
func (tr *trouble) id() string { return tr.app.State().String("id") }

// end looks for secrets in all that was said and logged, and closes the server so that the bubble can end.
func (tr *trouble) end() {
	tr.t.Helper()
	tr.cancel()
	tr.mu.Lock()
	texts := append(slices.Clone(tr.said), tr.log.String())
	tr.mu.Unlock()
	for _, request := range tr.server.Requests() { // without the Authorization header, the place for one
		texts = append(texts, fmt.Sprint(request.Method, request.Path, request.Query, request.Header, string(request.Body)))
	}
	assertNoSecrets(tr.t, tr.server, texts...)
	if tr.log.Len() == 0 && len(tr.server.Requests()) > 0 {
		tr.t.Error("there were requests, but the log is empty: the search for secrets in it proves nothing")
	}
	tr.server.Close()
}

// writes gives the requests so far that were not reads.
func (tr *trouble) writes() []string {
	var writes []string
	for _, request := range tr.server.Requests() {
		if request.Method != http.MethodGet {
			writes = append(writes, request.Method+" "+request.Route)
		}
	}
	return writes
}

// Writes, as troubleRow names them.
const (
	postCreate = "POST " + clerktest.RouteApplications
	postRotate = "POST " + clerktest.RouteRotateSecret
	patchApp   = "PATCH " + clerktest.RouteApplication
	deleteApp  = "DELETE " + clerktest.RouteApplication
	putLogo    = "PUT " + clerktest.RouteLogo
)

// A secretState is how the secret in the state stands to the one that works.
type secretState string

const (
	secretWorks   secretState = "works"
	secretUnknown secretState = "unknown" // null, although there is one
	secretDead    secretState = "dead"    // the state has one that works no more
	secretAbsent  secretState = "absent"  // a public client, or nothing in the state
)

func (tr *trouble) secretState() secretState {
	tr.t.Helper()
	if !tr.app.Exists() {
		return secretAbsent
	}
	app, found := tr.server.Application(tr.id())
	if !found {
		return secretAbsent
	}
	state := tr.app.State()
	known, works := state.String("client_secret"), tr.server.CurrentSecret(tr.id())
	if tr.versions[tr.app.Address()] == nil {
		tr.versions[tr.app.Address()] = &versionLog{}
	}
	tr.versions[tr.app.Address()].see(tr.t, known+state.String("client_secret_encrypted"), state.Get("client_secret_version"))
	switch {
	case app.Public && known == "":
		return secretAbsent
	case known == "":
		return secretUnknown
	case known == works:
		return secretWorks
	}
	return secretDead
}

// A troubleRow is a row of the matrix: what goes wrong, and what must come of it.
type troubleRow struct {
	name     string           // the row's name in FAULTS.md
	settings prototest.Values // of the provider block
	switches clerktest.Switches

	// What happens, in this order.
	given  prototest.Values                             // applied without trouble; nil if there is nothing
	config prototest.Values                             // applied in trouble
	faults []clerktest.Fault                            // the trouble
	before func(*trouble)                               // more of it
	do     func(*trouble) (diags prototest.Diagnostics) // in place of applying config

	// What must come of it.
	errors   []string // regular expressions, one for each error
	warnings []string // one for each warning of the apply
	sends    []string // writes, in order
	apps     int      // on the server
	gone     bool     // there is nothing in the state
	state    prototest.Values
	secret   secretState
	within   time.Duration // after the interrupt; 0 if there is none

	// What the next run does, without trouble.
	next    prototest.Action
	changes []string // of an update
	heals   []string // its writes
	orphans int      // applications that stay behind, all of them named in a message
	unnamed bool     // by their name only, since nobody could know an id
	stuck   bool     // it goes on failing until a person does something
	check   func(*trouble, prototest.Diagnostics)
}

func runTroubleRows(t *testing.T, rows []troubleRow) {
	t.Helper()
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			inTrouble(t, row.settings, row.run, clerktest.WithSwitches(row.switches))
		})
	}
}

func (row troubleRow) run(tr *trouble) {
	tr.t.Helper()
	if row.given != nil {
		tr.given(row.given)
	}
	if row.config == nil {
		row.config = row.given
	}
	tr.server.ResetRequests()
	for _, fault := range row.faults {
		tr.server.Inject(fault)
	}
	if row.before != nil {
		row.before(tr)
	}
	if row.do == nil {
		row.do = func(tr *trouble) prototest.Diagnostics { return tr.apply(row.config) }
	}
	ds := row.do(tr)
	row.checkTime(tr)
	row.checkMessages(tr, ds)
	row.checkServer(tr)
	row.checkState(tr)
	if row.check != nil {
		row.check(tr, ds)
	}
	if tr.t.Failed() {
		tr.t.Logf("messages:\n%s\n\nrequests:\n%s", ds, strings.Join(tr.server.RequestLines(), "\n"))
	}
	if !row.stuck {
		row.heal(tr)
	}
}

func (row troubleRow) checkTime(tr *trouble) {
	tr.t.Helper()
	took, interrupted := tr.sinceInterrupt()
	if expected := row.within > 0; interrupted != expected {
		tr.t.Errorf("there was an interrupt: %t, and there should be one: %t", interrupted, expected)
	} else if interrupted && took > row.within {
		tr.t.Errorf("it went on for %s after the interrupt, at most %s is allowed", took, row.within)
	}
}

func (row troubleRow) checkMessages(tr *trouble, ds prototest.Diagnostics) {
	tr.t.Helper()
	matchMessages(tr.t, "error", ds.Errors(), row.errors)
	matchMessages(tr.t, "warning", slices.DeleteFunc(ds.Warnings(), func(d prototest.Diagnostic) bool {
		return d.Phase == "PlanResourceChange" // that a rotation ends the old secret; the scenarios check it
	}), row.warnings)
}

// matchMessages wants one message for each pattern, in any order. A pattern is matched with the attribute, summary and
// detail.
func matchMessages(t testing.TB, kind string, ds prototest.Diagnostics, patterns []string) {
	t.Helper()
	left := slices.Clone(ds)
	for _, pattern := range patterns {
		expression := regexp.MustCompile("(?si)" + pattern)
		index := slices.IndexFunc(left, func(d prototest.Diagnostic) bool {
			return expression.MatchString(fmt.Sprintf("%s: %s\n%s", d.Path, d.Summary, d.Detail))
		})
		if index < 0 {
			t.Errorf("there is no %s that matches %q", kind, pattern)
			continue
		}
		left = slices.Delete(left, index, index+1)
	}
	if len(left) > 0 {
		t.Errorf("%d %ss too many:\n%s", len(left), kind, left)
	}
}

func (row troubleRow) checkServer(tr *trouble) {
	tr.t.Helper()
	if apps := tr.server.Applications(); len(apps) != row.apps {
		tr.t.Errorf("there are %d applications, want %d", len(apps), row.apps)
	}
	if got := tr.writes(); !slices.Equal(got, row.sends) {
		tr.t.Errorf("it sent %q, want %q", got, row.sends)
	}
}

func (row troubleRow) checkState(tr *trouble) {
	tr.t.Helper()
	if tr.app.Exists() == row.gone {
		tr.t.Errorf("something is in the state: %t", tr.app.Exists())
	}
	if tr.app.Exists() && tr.app.Tainted() {
		tr.t.Error("the application is tainted: the next apply would destroy it")
	}
	if got := tr.secretState(); row.secret != "" && got != row.secret {
		tr.t.Errorf("the secret in the state is %s, want %s", got, row.secret)
	}
	if !tr.app.Exists() {
		return
	}
	state := tr.app.State()
	for name, want := range row.state {
		if got := state.Get(name); fmt.Sprint(got) != fmt.Sprint(want) {
			tr.t.Errorf("%s is %v in the state, want %v", name, got, want)
		}
	}
}

// heal runs Terraform again, without trouble: it must ask for what is missing and for nothing else, and then all is well.
func (row troubleRow) heal(tr *trouble) {
	tr.t.Helper()
	tr.server.ClearFaults()
	tr.server.WaitForLateWork()
	tr.user()
	tr.transport = tr.server.RoundTripper()
	tr.settings = row.settings
	tr.start()
	tr.server.ResetRequests()

	plan := tr.plan(row.config)
	if row.next == "" {
		row.next = prototest.NoOp
	}
	if plan.Action != row.next {
		tr.t.Fatalf("the next plan is to %s, want %s:\n%s", plan.Action, row.next, plan)
	}
	if row.next == prototest.Update {
		changed := slices.DeleteFunc(plan.Changed(), func(name string) bool { return name == "updated_at" })
		if !slices.Equal(changed, row.changes) {
			tr.t.Errorf("the next plan changes %q, want %q", changed, row.changes)
		}
	}
	if ds := tr.say(plan.TryApply(tr.ctx)); ds.HasError() {
		tr.t.Fatalf("it does not heal:\n%s", ds)
	}
	if got := tr.writes(); !slices.Equal(got, row.heals) {
		tr.t.Errorf("healing sent %q, want %q", got, row.heals)
	}
	if got := tr.secretState(); got != secretWorks && got != secretAbsent {
		tr.t.Errorf("after healing the secret in the state is %s", got)
	}
	if next := tr.plan(row.config); next.Action != prototest.NoOp {
		tr.t.Errorf("it does not converge:\n%s", next)
	}
	if apps := tr.server.Applications(); len(apps) != 1+row.orphans {
		tr.t.Errorf("there are %d applications in the end, want %d", len(apps), 1+row.orphans)
	}
	for _, app := range tr.server.Applications() {
		if app.ID != tr.id() && !row.unnamed && !slices.ContainsFunc(tr.said, func(text string) bool { return strings.Contains(text, app.ID) }) {
			tr.t.Errorf("no message names the application %s, which is not in the state", app.ID)
		}
	}
}

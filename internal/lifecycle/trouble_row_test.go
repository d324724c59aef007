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

// Writes, as troubleRow names them.
const (
	postCreate = "POST " + clerktest.RouteApplications
	postRotate = "POST " + clerktest.RouteRotateSecret
	patchApp   = "PATCH " + clerktest.RouteApplication
	deleteApp  = "DELETE " + clerktest.RouteApplication
	putLogo    = "PUT " + clerktest.RouteLogo
)

// troubleLogo is a small image.
const troubleLogo = "../provider/testdata/trouble-logo.png"

func rowWith(row troubleRow, change func(*troubleRow)) troubleRow {
	change(&row)
	return row
}

// A secretState is how the secret in the state stands to the one that works.
type secretState = secretFate

const (
	secretUnknown secretState = "unknown" // null, although there is one
	secretDead    secretState = "dead"    // the state has one that works no more
	secretAbsent  secretState = "absent"  // a public client, or nothing in the state
)

func (f *fixture) secretState() secretState {
	f.t.Helper()
	if !f.app.Exists() {
		return secretAbsent
	}
	app, found := f.server.Application(f.id())
	if !found {
		return secretAbsent
	}
	state := f.app.State()
	known, works := state.String("client_secret"), f.server.CurrentSecret(f.id())
	if f.versions[f.app.Address()] == nil {
		f.versions[f.app.Address()] = &versionLog{}
	}
	f.versions[f.app.Address()].see(f.t, known+state.String("client_secret_encrypted"), state.Get("client_secret_version"))
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
	before func(*fixture)                               // more of it
	do     func(*fixture) (diags prototest.Diagnostics) // in place of applying config

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
	check   func(*fixture, prototest.Diagnostics)
}

func runTroubleRows(t *testing.T, rows []troubleRow) {
	t.Helper()
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			withFixture(t, row.settings, row.run, clerktest.WithSwitches(row.switches))
		})
	}
}

func (row troubleRow) run(f *fixture) {
	f.t.Helper()
	if row.given != nil {
		f.given(row.given)
	}
	if row.config == nil {
		row.config = row.given
	}
	f.server.ResetRequests()
	for _, fault := range row.faults {
		f.server.Inject(fault)
	}
	if row.before != nil {
		row.before(f)
	}
	if row.do == nil {
		row.do = func(f *fixture) prototest.Diagnostics { return f.apply(row.config) }
	}
	ds := row.do(f)
	row.checkTime(f)
	row.checkMessages(f, ds)
	row.checkServer(f)
	row.checkState(f)
	if row.check != nil {
		row.check(f, ds)
	}
	if f.t.Failed() {
		f.t.Logf("messages:\n%s\n\nrequests:\n%s", ds, strings.Join(f.server.RequestLines(), "\n"))
	}
	if !row.stuck {
		row.heal(f)
	}
}

func (row troubleRow) checkTime(f *fixture) {
	f.t.Helper()
	took, interrupted := f.sinceInterrupt()
	if expected := row.within > 0; interrupted != expected {
		f.t.Errorf("there was an interrupt: %t, and there should be one: %t", interrupted, expected)
	} else if interrupted && took > row.within {
		f.t.Errorf("it went on for %s after the interrupt, at most %s is allowed", took, row.within)
	}
}

func (row troubleRow) checkMessages(f *fixture, ds prototest.Diagnostics) {
	f.t.Helper()
	matchMessages(f.t, "error", ds.Errors(), row.errors)
	matchMessages(f.t, "warning", slices.DeleteFunc(ds.Warnings(), func(d prototest.Diagnostic) bool {
		return d.Phase == "PlanResourceChange" // that a rotation ends the old secret; the scenarios check it
	}), row.warnings)
}

func (row troubleRow) checkServer(f *fixture) {
	f.t.Helper()
	if apps := f.server.Applications(); len(apps) != row.apps {
		f.t.Errorf("there are %d applications, want %d", len(apps), row.apps)
	}
	if got := f.writes(); !slices.Equal(got, row.sends) {
		f.t.Errorf("it sent %q, want %q", got, row.sends)
	}
}

func (row troubleRow) checkState(f *fixture) {
	f.t.Helper()
	if f.app.Exists() == row.gone {
		f.t.Errorf("something is in the state: %t", f.app.Exists())
	}
	if f.app.Exists() && f.app.Tainted() {
		f.t.Error("the application is tainted: the next apply would destroy it")
	}
	if got := f.secretState(); row.secret != "" && got != row.secret {
		f.t.Errorf("the secret in the state is %s, want %s", got, row.secret)
	}
	if !f.app.Exists() {
		return
	}
	state := f.app.State()
	for name, want := range row.state {
		if got := state.Get(name); fmt.Sprint(got) != fmt.Sprint(want) {
			f.t.Errorf("%s is %v in the state, want %v", name, got, want)
		}
	}
}

// heal runs Terraform again, without trouble: it must ask for what is missing and for nothing else, and then all is well.
func (row troubleRow) heal(f *fixture) {
	f.t.Helper()
	f.server.ClearFaults()
	f.server.WaitForLateWork()
	f.begin(f.t)
	f.transport = f.server.RoundTripper()
	f.settings = row.settings
	f.start()
	f.server.ResetRequests()

	plan := f.plan(row.config)
	if row.next == "" {
		row.next = prototest.NoOp
	}
	if plan.Action != row.next {
		f.t.Fatalf("the next plan is to %s, want %s:\n%s", plan.Action, row.next, plan)
	}
	if row.next == prototest.Update {
		changed := slices.DeleteFunc(plan.Changed(), func(name string) bool { return name == "updated_at" })
		if !slices.Equal(changed, row.changes) {
			f.t.Errorf("the next plan changes %q, want %q", changed, row.changes)
		}
	}
	if ds := f.say(plan.TryApply(f.ctx)); ds.HasError() {
		f.t.Fatalf("it does not heal:\n%s", ds)
	}
	if got := f.writes(); !slices.Equal(got, row.heals) {
		f.t.Errorf("healing sent %q, want %q", got, row.heals)
	}
	if got := f.secretState(); got != secretWorks && got != secretAbsent {
		f.t.Errorf("after healing the secret in the state is %s", got)
	}
	if next := f.plan(row.config); next.Action != prototest.NoOp {
		f.t.Errorf("it does not converge:\n%s", next)
	}
	if apps := f.server.Applications(); len(apps) != 1+row.orphans {
		f.t.Errorf("there are %d applications in the end, want %d", len(apps), 1+row.orphans)
	}
	for _, app := range f.server.Applications() {
		if app.ID != f.id() && !row.unnamed && !slices.ContainsFunc(f.said, func(text string) bool { return strings.Contains(text, app.ID) }) {
			f.t.Errorf("no message names the application %s, which is not in the state", app.ID)
		}
	}
}

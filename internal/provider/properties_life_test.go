package provider_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// TestPropertiesLife lives random lives of two resources: what the user, other people and the
// network do. What must be true is checked after each step, see life.check. There are 100
// lives in each lane, or as many as -rapid.checks says.
func TestPropertiesLife(t *testing.T) {
	t.Parallel()
	const lanes = 16
	for lane := range lanes {
		t.Run(fmt.Sprint("lane ", lane), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(rt *rapid.T) { rapid.SyncTest(rt, live) })
		})
	}
}

// slot is one address.
type slot struct {
	object
	config   values // what the user wants; nil is nothing
	excuse   string // why the secret in the state need not work, which the provider cannot know
	verified bool   // the secret in the state was verified in a run without faults

	secret   string // the last one that the state had
	version  int64  // the largest so far
	imported bool   // there was an import at the address
}

type life struct {
	*terraform
	rt     *rapid.T
	slots  [2]*slot
	known  map[string]bool // ids of applications that the user knows without a message
	others string          // the key of another instance
	skew   time.Duration   // of Clerk's clock
	date   time.Duration   // and how far the Date header is ahead of that
	lag    time.Duration
	late   []announcement

	tokenInfo string // "" is an endpoint that answers truly
}

// An announcement is a message about an application whose id the provider does not know.
type announcement struct {
	name     string
	from, to int64 // when it must have been created
}

func newLife(rt *rapid.T, switches clerktest.Switches) *life {
	l := &life{terraform: newTerraform(rt, clerktest.WithSwitches(switches)), rt: rt}
	l.known, l.lag, l.tokenInfo = map[string]bool{}, switches.ReadLag, switches.TokenInfo
	l.traces = rapid.IntRange(0, 3).Draw(rt, "log") == 3
	l.replans = rapid.IntRange(0, 3).Draw(rt, "plan again") == 3
	l.others, _ = l.clerk.AddInstance(clerktest.Development)
	for i := range l.slots {
		l.slots[i] = &slot{object: object{kind: application}}
	}
	return l
}

func live(rt *rapid.T) {
	switches := drawClerk(rt)
	l := newLife(rt, switches)
	ahead := func(what string, by ...time.Duration) time.Duration {
		return rapid.SampledFrom([]time.Duration{0, 0, 0, by[0], -by[0], by[1], -by[1]}).Draw(rt, what)
	}
	l.skew = ahead("clock ahead", time.Hour, 40*time.Second)
	l.date = ahead("Date ahead", 10*time.Second, 330*time.Second)
	l.clerk.SetClockSkew(l.skew)
	l.clerk.SetDateSkew(l.date)
	older := "Alpha" // is there to be imported
	if rapid.IntRange(0, 3).Draw(rt, "names") == 3 {
		l.block["prevent_duplicate_names"], older = true, "Older"
	}
	if rapid.IntRange(0, 3).Draw(rt, "guard") == 3 {
		l.block["instance_id"] = l.clerk.InstanceID()
	}
	if rapid.IntRange(0, 3).Draw(rt, "retries") == 3 {
		l.block["max_retries"] = rapid.IntRange(0, 2).Draw(rt, "max_retries")
	}
	rt.Logf("%v, Clerk %+v, clock %s and Date %s ahead", namesOf(l.block), switches, l.skew, l.date)
	l.known[l.clerk.Seed(older)] = true
	time.Sleep(time.Minute)
	for _, s := range rapid.SliceOfN(rapid.Custom(drawStep), 1, 7).Draw(rt, "steps") {
		l.play(s)
		if l.check(s); rt.Failed() {
			return
		}
	}
	l.converge()
	l.checkNoSecrets()
}

func (l *life) play(s step) {
	at := l.slots[s.slot]
	l.rt.Logf("%s (resource %d) %v, faults %v, interrupt %s",
		s.act, s.slot, s.change, s.faults, s.interrupt)
	for _, f := range s.faults {
		l.clerk.Inject(f.build())
	}
	l.clerk.ResetRequests()
	ctx, cancel := context.WithCancel(l.rt.Context())
	defer cancel()
	begun := time.Now()
	if s.interrupt > 0 {
		time.AfterFunc(s.interrupt, cancel)
	}
	ran, heard := []*slot{at}, messages{}
	switch s.act {
	case "apply":
		heard = l.apply(ctx, s.change, at)
	case "apply both":
		ran = l.slots[:]
		heard = l.apply(ctx, s.change, ran...)
	case "replace":
		if heard = l.run(ctx, &at.object, nil); !heard.failed() {
			heard = append(heard, l.apply(ctx, s.change, at)...)
		}
	case "destroy":
		at.config = nil
		heard = l.run(ctx, &at.object, nil)
	case "refresh":
		heard = l.refresh(ctx, &at.object)
	case "import":
		heard = l.adopt(ctx, s, at)
	default:
		l.playOther(ctx, s, at)
	}
	if took := time.Since(begun) - s.interrupt; ctx.Err() != nil && took > 6*time.Second {
		l.rt.Errorf("the run went on for %s after the interrupt", took)
	}
	l.settle(s, ran, heard, begun)
	saysWhy := heard.failed() || heard.say("did not apply") || heard.say("was incomplete")
	if (s.act == "apply" || s.act == "apply both") && s.isQuiet() && !saysWhy {
		l.checkDone(ran, heard)
	}
}

// apply is one run of Terraform for some resources at once.
func (l *life) apply(ctx context.Context, change values, slots ...*slot) messages {
	for _, at := range slots {
		config := values{"name": "Alpha"}
		maps.Copy(config, at.config)
		maps.Copy(config, change)
		at.config = config
	}
	l.clerk.ResetRequests()
	plans := make([]*plan, len(slots))
	p, heard := l.process(ctx)
	each := func(do func(i int, at *slot) messages) {
		all, group := make([]messages, len(slots)), sync.WaitGroup{}
		for i, at := range slots {
			group.Go(func() { all[i] = do(i, at) })
		}
		group.Wait()
		heard = append(heard, slices.Concat(all...)...)
	}
	each(func(i int, at *slot) (heard messages) {
		refreshed := at.object
		if at.exists() {
			heard = p.read(&refreshed)
		}
		if !heard.failed() {
			var more messages
			plans[i], more = p.plan(&refreshed, at.config)
			heard = append(heard, more...)
		}
		return heard
	})
	if sent := l.written(); len(sent) > 0 {
		l.rt.Errorf("a plan sent %v", sent)
	}
	if heard.failed() {
		return heard
	}
	p, _ = l.process(ctx)
	each(func(i int, at *slot) messages { return p.apply(&at.object, plans[i]) })
	l.checkSent(slots, plans)
	return heard
}

// checkSent checks that nothing was sent that is not configured, and no rotation that was not
// planned.
func (l *life) checkSent(slots []*slot, plans []*plan) {
	for _, r := range l.written() {
		configures := func(at *slot) bool {
			missing := func(name string) bool { return at.config[name] == nil }
			return !slices.ContainsFunc(namesOf(r.JSON), missing)
		}
		if r.JSON != nil && !slices.ContainsFunc(slots, configures) {
			l.rt.Errorf("sent what is not configured: %s", r)
		}
		for _, planned := range plans {
			if r.Route == clerktest.RouteRotateSecret && planned.prior.str("id") == r.ID &&
				!slices.Contains(planned.changes, "client_secret_version") {
				l.rt.Errorf("rotated, and planned was %v", planned.changes)
			}
		}
	}
}

func (l *life) written() []clerktest.Request {
	return slices.DeleteFunc(l.clerk.Requests(), func(r clerktest.Request) bool {
		return r.Method == http.MethodGet || r.Route == clerktest.RouteTokenInfo
	})
}

// adopt imports an application that is in no state.
func (l *life) adopt(ctx context.Context, s step, at *slot) messages {
	candidates := slices.DeleteFunc(l.clerk.Applications(), func(app clerktest.Application) bool {
		return l.managed(app.ID) || app.InstanceID != l.clerk.InstanceID()
	})
	p, heard := l.process(ctx)
	if at.exists() || len(candidates) == 0 || heard.failed() {
		return heard
	}
	app := candidates[s.choice%len(candidates)]
	at.config = values{"name": "Alpha"}
	maps.Copy(at.config, s.change)
	at.excuse, at.imported = "it was imported", true
	switch s.choice % 3 {
	case 0:
		return p.importBy(&at.object, app.ClientID, nil)
	case 1:
		return p.importBy(&at.object, "", values{"id": app.ID})
	}
	return p.importBy(&at.object, app.ID, nil)
}

func (l *life) managed(id string) bool {
	has := func(at *slot) bool { return at.exists() && at.str("id") == id }
	return slices.ContainsFunc(l.slots[:], has)
}

// playOther plays what is no apply: mistakes, and acts of others.
func (l *life) playOther(ctx context.Context, s step, at *slot) {
	wanted := values{"name": "Alpha"}
	maps.Copy(wanted, at.config)
	id := at.str("id")
	app, exists := l.clerk.Application(id)
	switch before := at.state; s.act {
	case "use another key":
		if at.exists() {
			own := l.block["secret_key"]
			l.block["secret_key"] = l.others
			heard := l.run(ctx, &at.object, wanted)
			if !heard.failed() || len(l.written()) > 0 || !reflect.DeepEqual(before, at.state) {
				l.rt.Errorf("with the key of another instance, %q was sent:\n%s", l.written(), heard)
			}
			l.block["secret_key"] = own
		}
		return
	case "apply a refused value":
		name := namesOf(refusedArguments)[s.choice%len(refusedArguments)]
		wanted[name] = refusedArguments[name]
		if heard := l.run(ctx, &at.object, wanted); !heard.failed() || len(l.written()) > 0 {
			l.rt.Errorf("with %s = %q, %q was sent:\n%s", name, wanted[name], l.written(), heard)
		}
		return
	case "create another of the name":
		l.known[l.clerk.Seed(wanted["name"].(string))] = true
		return
	case "forget":
		if at.exists() {
			l.known[id] = true
			at.object = object{kind: application}
		}
		return
	}
	switch {
	case !exists:
	case s.act == "edit":
		l.clerk.Edit(id, func(app *clerktest.Application) {
			app.Name = []string{"Alpha", "Beta", "Gamma"}[s.choice%3]
			app.PKCERequired = s.choice%2 == 0
			app.RedirectURIs = [][]string{nil, {"https://a.example.com/x"}}[s.choice%2]
		})
	case s.act == "make public or confidential":
		l.clerk.Edit(id, func(app *clerktest.Application) { app.Public = !app.Public })
		at.excuse = "someone has changed public"
	case s.act == "rotate elsewhere" && !app.Public:
		l.clerk.Rotate(id)
		at.excuse = rotatedElsewhere
	case s.act == "delete elsewhere":
		l.clerk.Delete(id)
	}
}

const rotatedElsewhere = "someone has rotated it"

// What a message says of an application that may exist, or may come into being later where
// the provider has looked for those that exist.
const (
	saysUnknown = "not known whether the application"
	saysLate    = "If Clerk still processes the first request"
)

// settle lets time pass until nothing of the run is under way, and takes note of what it said.
func (l *life) settle(s step, ran []*slot, heard messages, begun time.Time) {
	ended := time.Now()
	l.clerk.ClearFaults()
	l.clerk.WaitForLateWork()
	time.Sleep(time.Minute)
	text := heard.String()
	for _, at := range ran {
		l.note(at, s, heard)
		unknown, late := strings.Contains(text, saysUnknown), strings.Contains(text, saysLate)
		if !unknown && !late || at.config == nil {
			continue
		}
		from := begun
		failsLists := func(f fault) bool { return f.at == "list" || f.at == "any" }
		if !unknown && !slices.ContainsFunc(s.faults, failsLists) {
			// What was there at the end had to be named. The last look for it may be some
			// seconds before the end.
			from = ended.Add(-6*time.Second - l.lag)
		}
		name, _ := at.config["name"].(string)
		to := time.Now().Add(l.skew).UnixMilli()
		l.late = append(l.late, announcement{name, from.Add(l.skew).UnixMilli(), to})
	}
}

// note takes note of what a run has done to the secret and has said of it.
func (l *life) note(at *slot, s step, heard messages) {
	secret := at.str("client_secret") + at.str("client_secret_encrypted")
	if secret != "" && secret != at.secret {
		at.excuse, at.verified = "", false
	}
	if strings.Contains(heard.String(), "may not be the newest") {
		at.excuse = "it may not be the newest"
	}
	refreshed := s.act != "import" // of what is managed already, which does nothing
	if refreshed && s.isQuiet() && !heard.failed() && at.str("client_secret") != "" && at.excuse == "" {
		at.verified = l.verifies(at)
	}
}

// converge plays what must be possible in the end.
func (l *life) converge() {
	l.clerk.Set(clerktest.Switches{})
	l.tokenInfo = ""
	for i, at := range l.slots {
		if at.config == nil {
			continue
		}
		l.rt.Logf("in the end, resource %d: %v", i, at.config)
		if at.config["rotate_secret_trigger"] != nil {
			at.config["public"] = false
		}
		heard := l.applyUnique(at)
		made, more := l.plan(l.rt.Context(), &at.object, at.config)
		if heard.failed() || made == nil || len(made.changes) > 0 {
			l.rt.Errorf("resource %d does not converge: %s%v%s", i, heard, made, more)
			return
		}
		l.note(at, step{}, heard)
		if problem := l.problemOfSecret(at); problem != "" && !l.excused(at) {
			l.rt.Errorf("in the end the secret of resource %d %s", i, problem)
		}
		l.check(step{})
		maps.Copy(at.config, values{
			"public": false, "rotate_secret_trigger": "the last", "deletion_protection": nil,
		})
		if heard := l.applyUnique(at); heard.failed() || l.problemOfSecret(at) != "" {
			l.rt.Errorf("after a rotation the secret %s:\n%s", l.problemOfSecret(at), heard)
		}
		l.checkVersion(at)
		if heard := l.run(l.rt.Context(), &at.object, nil); heard.failed() || at.exists() {
			l.rt.Errorf("resource %d cannot be destroyed:\n%s", i, heard)
		}
	}
	l.check(step{})
}

// applyUnique applies, and does what the error about a duplicate name asks for.
func (l *life) applyUnique(at *slot) messages {
	heard := l.apply(l.rt.Context(), nil, at)
	if !strings.Contains(heard.String(), "exists already") {
		return heard
	}
	for _, app := range l.clerk.FindAll(at.config["name"].(string)) {
		if !strings.Contains(heard.String(), app.ID) {
			l.rt.Errorf("the message does not name the application %s of the same name:\n%s", app.ID, heard)
		}
		if l.managed(app.ID) {
			at.config["name"] = "Delta" // the user has given one name to two resources
		} else {
			l.clerk.Delete(app.ID)
		}
	}
	return l.apply(l.rt.Context(), nil, at)
}

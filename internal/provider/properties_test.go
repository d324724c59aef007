package provider_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// TestPropertiesLife lives random lives of two resources: what the user, other people and the
// network do. What must be true is checked after each step, see life.check.
func TestPropertiesLife(t *testing.T) { lanes(t, 16, live(application, application)) }

// TestPropertiesSettings lives random lives of the settings of an instance, also with odd answers.
func TestPropertiesSettings(t *testing.T) { lanes(t, 4, live(settings)) }

// lanes checks a property in parallel. A lane has 100 lives, or as many as -rapid.checks says.
func lanes(t *testing.T, count int, property func(*rapid.T)) {
	t.Helper()
	t.Parallel()
	for lane := range count {
		t.Run(fmt.Sprint("lane ", lane), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(rt *rapid.T) { rapid.SyncTest(rt, property) })
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
	version  uint64 // the largest so far
	imported bool   // there was an import at the address
}

type life struct {
	*terraform
	rt       *rapid.T
	slots    []*slot
	known    map[string]bool // ids of applications that the user knows without a message
	others   string          // the key of another instance
	switches clerktest.Switches
	skew     time.Duration // of Clerk's clock
	date     time.Duration // and how far the Date header is ahead of that
	late     []announcement
	said     messages
	replans  bool // an apply plans once more first, as that of an engine does
}

// An announcement is a message about an application whose id the provider does not know.
type announcement struct {
	name     string
	from, to time.Time // when it must have been created
}

func newLife(rt *rapid.T, switches clerktest.Switches, kinds ...string) *life {
	l := &life{terraform: newTerraform(rt.Errorf, rt.Cleanup), rt: rt}
	l.known, l.switches = map[string]bool{}, switches
	l.clerk.Set(switches)
	l.traces = rapid.IntRange(0, 3).Draw(rt, "log") == 3
	l.replans = rapid.IntRange(0, 3).Draw(rt, "plan again") == 3
	l.others, _ = l.clerk.AddInstance(clerktest.Development)
	for _, kind := range kinds {
		l.slots = append(l.slots, &slot{object: object{kind: kind}})
	}
	return l
}

func live(kinds ...string) func(*rapid.T) {
	return func(rt *rapid.T) {
		l := newLife(rt, drawClerk(rt), kinds...)
		draw(rt, &l.skew, 0, 0, time.Hour, -time.Hour, 40*time.Second, -40*time.Second)
		draw(rt, &l.date, 0, 0, 10*time.Second, -10*time.Second, 330*time.Second, -330*time.Second)
		l.clerk.SetClockSkew(l.skew, l.date)
		older := rapid.SampledFrom([]string{"Alpha", "Alpha", "Alpha", "Older"}).Draw(rt, "there to be imported")
		l.block["prevent_duplicate_names"] = older == "Older"
		if rapid.IntRange(0, 3).Draw(rt, "guard") == 3 {
			l.block["instance_id"] = l.clerk.InstanceID()
		}
		l.block["max_retries"] = rapid.SampledFrom([]int{5, 5, 5, 0, 1, 2}).Draw(rt, "max_retries")
		rt.Logf("Clerk %+v, clock %s and Date %s ahead", l.switches, l.skew, l.date)
		l.known[l.clerk.Seed(older)] = true
		time.Sleep(time.Minute)
		for _, s := range rapid.SliceOfN(rapid.Custom(l.drawStep), 1, 7).Draw(rt, "steps") {
			l.play(s)
			if l.check(); rt.Failed() {
				return
			}
		}
		l.converge()
	}
}

func (l *life) play(s step) {
	at := l.slots[s.slot]
	l.rt.Logf("%s (resource %d) %v, %v", s.act, s.slot, s.change, s.trouble)
	begun, before, ran, heard := time.Now(), at.object, []*slot{at}, messages("")
	ctx, cancel := l.meet(s.trouble)
	defer cancel()
	switch s.act {
	case "apply both":
		ran = l.slots
		fallthrough
	case "apply":
		heard = l.apply(ctx, s.change, ran...)
	case "replace":
		if heard = l.run(ctx, &at.object, nil); !heard.failed() {
			heard += l.apply(ctx, s.change, at)
		}
	case "destroy":
		at.config = nil
		l.clerk.ResetRequests()
		heard = l.run(ctx, &at.object, nil)
		if at.kind == settings && (len(l.written()) > 0 || before.exists() && !at.exists() &&
			!heard.say("OAuth application settings stay as they are")) {
			l.rt.Errorf("a destruction sent %v, and says %s", l.written(), heard)
		}
	case "refresh":
		heard = l.process(ctx).read(&at.object)
	case "import":
		heard = l.adopt(ctx, s, at)
	default:
		l.playOther(ctx, s, at)
	}
	if took := time.Since(begun) - s.interrupt; ctx.Err() != nil && took > 6*time.Second {
		l.rt.Errorf("the run went on for %s after the interrupt", took)
	}
	l.settle(s, ran, heard, begun)
	_, stays := l.clerk.Application(before.str("id"))
	lost := before.exists() && !at.exists() && (stays || at.kind == settings)
	if heard.say("Internal error") || lost && s.act != "destroy" && s.act != "forget" {
		l.rt.Errorf("the state was %v and is %v:\n%s", before.state, at.state, heard)
	}
	saysWhy := heard.failed() || heard.say("did not apply") || heard.say("was incomplete")
	if (s.act == "apply" || s.act == "apply both") && s.isQuiet() && !saysWhy {
		for _, at := range ran {
			l.checkDone(&at.object, at.config, heard)
		}
	}
}

// apply is one run of Terraform for some resources at once.
func (l *life) apply(ctx context.Context, change values, slots ...*slot) (heard messages) {
	l.clerk.ResetRequests()
	plans := make([]*plan, len(slots))
	each := func(do func(i int, at *slot) messages) {
		all, group := make([]messages, len(slots)), sync.WaitGroup{}
		for i, at := range slots {
			group.Go(func() { all[i] = do(i, at) })
		}
		group.Wait()
		for _, more := range all {
			heard += more
		}
	}
	p := l.process(ctx)
	each(func(i int, at *slot) messages {
		at.config = at.wanted(change)
		made, heard := p.plan(&at.object, at.config)
		plans[i] = made
		return heard
	})
	if sent := l.written(); len(sent) > 0 {
		l.rt.Errorf("a plan sent %v", sent)
	}
	if heard.failed() {
		return heard
	}
	p = l.process(ctx)
	each(func(i int, at *slot) messages {
		if first := plans[i]; l.replans {
			final, heard := p.planAgain(&first.prior, at.config)
			if heard.failed() {
				return heard
			}
			if !reflect.DeepEqual(first.planned, final.planned) {
				l.rt.Errorf("the final plan is %v, and the first was %v", final.planned, first.planned)
			}
		}
		return p.apply(&at.object, plans[i])
	})
	l.checkSent(slots, plans)
	return heard
}

// wanted is the configuration of an address with a change.
func (at *slot) wanted(change values) values {
	return merged(repertoires[at.kind].minimal, at.config, change)
}

// written are the requests that change something.
func (t *terraform) written() []clerktest.Request {
	return slices.DeleteFunc(t.clerk.Requests(), func(r clerktest.Request) bool {
		return r.Method == http.MethodGet || r.Route == clerktest.RouteTokenInfo
	})
}

// adopt imports an application that is in no state, or the settings.
func (l *life) adopt(ctx context.Context, s step, at *slot) messages {
	candidates := slices.DeleteFunc(l.clerk.Applications(), func(app clerktest.Application) bool {
		return l.managed(app.ID) || app.InstanceID != l.clerk.InstanceID()
	})
	if at.exists() || len(candidates) == 0 {
		return ""
	}
	app := candidates[s.choice%len(candidates)]
	if at.kind == settings {
		app.ID, app.ClientID = app.InstanceID, app.InstanceID
	}
	at.config = merged(repertoires[at.kind].minimal, s.change)
	at.excuse, at.imported = "it was imported", true
	return l.process(ctx).importBy(&at.object, []string{app.ClientID, app.ID}[s.choice%2])
}

func (l *life) managed(id string) bool {
	has := func(at *slot) bool { return at.exists() && at.str("id") == id }
	return slices.ContainsFunc(l.slots, has)
}

// playOther plays what is no apply: mistakes, and acts of others.
func (l *life) playOther(ctx context.Context, s step, at *slot) {
	wanted, id := at.wanted(nil), at.str("id")
	app, exists := l.clerk.Application(id)
	switch {
	case s.act == "use another key" && at.exists():
		own := l.block["secret_key"]
		l.block["secret_key"] = l.others
		l.checkRefused(ctx, &at.object, wanted)
		l.block["secret_key"] = own
	case s.act == "apply a refused value":
		refused := repertoires[at.kind].refused
		name := namesOf(refused)[s.choice%len(refused)]
		wanted[name] = refused[name]
		l.checkRefused(ctx, &at.object, wanted)
	case s.act == "create another of the name":
		l.known[l.clerk.Seed(wanted["name"].(string))] = true
	case s.act == "forget":
		l.known[id] = true
		at.object = object{kind: at.kind}
	case s.act == "edit" && at.kind == settings:
		l.clerk.EditSettings(func(of *clerktest.Settings) {
			of.OAuthJWTAccessTokens = !of.OAuthJWTAccessTokens
			of.DefaultScopes = [][]string{nil, {"openid"}}[s.choice%2]
		})
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

// settle lets time pass until nothing of the run is under way, and takes note of what it said.
func (l *life) settle(s step, ran []*slot, heard messages, begun time.Time) {
	ended := time.Now()
	l.clerk.ClearFaults()
	l.clerk.WaitForLateWork()
	time.Sleep(time.Minute)
	// A message says that an application may exist, or that it may come into being later, where
	// the provider has looked for those that exist.
	unknown := heard.say("not known whether the application")
	late := heard.say("If Clerk still processes the first request")
	for _, at := range ran {
		l.note(at, s, heard)
		if !unknown && !late || at.config == nil {
			continue
		}
		from := begun
		failsLists := func(f fault) bool { return f.at == "list" || f.at == "any" }
		if !unknown && !slices.ContainsFunc(s.faults, failsLists) {
			// What was there at the end had to be named. The last look for it may be some
			// seconds before the end.
			from = ended.Add(-6*time.Second - l.switches.ReadLag)
		}
		name, _ := at.config["name"].(string)
		l.late = append(l.late, announcement{name, from.Add(l.skew), time.Now().Add(l.skew)})
	}
}

// note takes note of what a run has done to the secret and has said of it.
func (l *life) note(at *slot, s step, heard messages) {
	l.said += heard
	secret := at.str("client_secret") + at.str("client_secret_encrypted")
	if secret != "" && secret != at.secret {
		at.excuse, at.verified = "", false
	}
	if heard.say("may not be the newest") {
		at.excuse = "it may not be the newest"
	}
	refreshed := s.act != "import" // of what is managed already, which does nothing
	if refreshed && s.isQuiet() && !heard.failed() && at.str("client_secret") != "" && at.excuse == "" {
		at.verified = l.verifies(at)
	}
}

// converge plays what must be possible in the end.
func (l *life) converge() {
	l.switches = clerktest.Switches{}
	l.clerk.Set(l.switches)
	for i, at := range l.slots {
		if at.config == nil {
			continue
		}
		l.rt.Logf("in the end, resource %d: %v", i, at.config)
		if at.config["rotate_secret_trigger"] != nil {
			at.config["public"] = false
		}
		heard := l.applyUnique(at)
		if l.checkDone(&at.object, at.config, heard); heard.failed() || l.rt.Failed() ||
			at.kind == settings && heard != "" {
			l.rt.Errorf("resource %d does not converge: %s", i, heard)
			return
		}
		l.note(at, step{}, heard)
		if problem := l.problemOfSecret(at); problem != "" && !l.excused(at) {
			l.rt.Errorf("in the end the secret of resource %d %s", i, problem)
		}
		if l.check(); at.kind == application {
			maps.Copy(at.config, values{
				"public": false, "rotate_secret_trigger": "the last", "deletion_protection": nil,
			})
		}
		if heard := l.applyUnique(at); heard.failed() || l.problemOfSecret(at) != "" {
			l.rt.Errorf("after a rotation the secret %s:\n%s", l.problemOfSecret(at), heard)
		}
		l.checkVersion(at)
		if heard := l.run(l.rt.Context(), &at.object, nil); heard.failed() || at.exists() {
			l.rt.Errorf("resource %d cannot be destroyed:\n%s", i, heard)
		}
	}
	l.check()
}

// applyUnique applies, and does what the error about a duplicate name asks for.
func (l *life) applyUnique(at *slot) messages {
	heard := l.apply(l.rt.Context(), nil, at)
	if !heard.say("exists already") {
		return heard
	}
	for _, app := range l.clerk.FindAll(at.config["name"].(string)) {
		if !heard.say(app.ID) {
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

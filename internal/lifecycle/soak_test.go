package lifecycle

import (
	"cmp"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
)

// Sequences that once failed, and what was wrong.
var fixedSeeds = map[uint64]string{
	578:    "no message said that a first request may come late, when the answer to the second was lost too",
	3974:   "a late rotation of an application just created went unnoticed where rotations leave no trace in updated_at",
	6976:   "the same",
	105827: "a late rotation went unnoticed because the read that looks for it lagged behind",
}

const (
	testSequences = 60
	soakSequences = 10_000
)

func TestProtocolRandomSequences(t *testing.T) {
	t.Parallel()
	for seed, wrong := range fixedSeeds {
		t.Run(fmt.Sprintf("fixed seed %d", seed), func(t *testing.T) {
			t.Parallel()
			t.Log(wrong)
			playOrShrink(t, newSequence(seed))
		})
	}
	playSequences(t, 1, testSequences)
}

// TestSoakRandomSequences is the same with more sequences. CLERK_SOAK_FIRST is the seed to begin with, 1 by default.
func TestSoakRandomSequences(t *testing.T) {
	t.Parallel()
	if os.Getenv("CLERK_SOAK") == "" {
		t.Skip("CLERK_SOAK is not set; make soak sets it")
	}
	first, number := 1, soakSequences
	for name, value := range map[string]*int{"CLERK_SOAK_FIRST": &first, "CLERK_SOAK_NUMBER": &number} {
		if text := os.Getenv(name); text != "" {
			if _, err := fmt.Sscan(text, value); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
	playSequences(t, uint64(first), number)
}

// playSequences plays in a few lanes, because thousands of parallel tests would all begin at once.
func playSequences(t *testing.T, first uint64, number int) {
	t.Helper()
	const lanes = 4
	for lane := range lanes {
		t.Run(fmt.Sprintf("lane %d", lane), func(t *testing.T) {
			t.Parallel()
			for i := lane; i < number; i += lanes {
				seed := first + uint64(i)
				t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) { playOrShrink(t, newSequence(seed)) })
			}
		})
	}
}

// playOrShrink plays a sequence. A sequence that fails is played again with one step or fault less, as long as it fails.
func playOrShrink(t *testing.T, s sequence) {
	t.Helper()
	if t.Run("whole", func(t *testing.T) { playSequence(t, s) }) {
		return
	}
	const tries = 100
	small, left := s, tries
	for again := true; again && left > 0; {
		again = false
		for _, smaller := range small.smaller() {
			if left--; left < 0 {
				break
			}
			if !t.Run("smaller", func(t *testing.T) { playSequence(t, smaller) }) {
				small, again = smaller, true
				break
			}
		}
	}
	t.Logf("The sequence that failed:\n%s\nThe smallest that failed:\n%s", s, small)
}

// smaller gives the sequences that have one thing less.
func (s sequence) smaller() []sequence {
	var all []sequence
	for i, step := range s.steps {
		without := s
		without.steps = slices.Delete(slices.Clone(s.steps), i, i+1)
		all = append(all, without)
		change := func(changed sequenceStep) {
			other := s
			other.steps = slices.Clone(s.steps)
			other.steps[i] = changed
			all = append(all, other)
		}
		for f := range step.faults {
			changed := step
			changed.faults = slices.Delete(slices.Clone(step.faults), f, f+1)
			change(changed)
		}
		if step.interrupt > 0 {
			changed := step
			changed.interrupt = 0
			change(changed)
		}
	}
	return all
}

// interruptAllowed is how long a run may go on after an interrupt.
const interruptAllowed = 6 * time.Second

// player plays a sequence and knows what must be true at any time.
type player struct {
	*fixture
	slots     [sequenceSlots]*slotModel
	switches  clerktest.Switches
	rotations *rotationLog
	ofOthers  map[string]bool // ids of applications that someone else has created
	skew, lag time.Duration   // of the server's clock and reads
	dir       string          // of the image, if a configuration has one
	announced []announcement
}

// slotModel is one resource.
type slotModel struct {
	resource *prototest.Resource
	config   prototest.Values // what the user wants; nil is nothing
	secret   string           // in the state

	// Why the secret in the state need not be the one that works.
	others string // what someone else did, which the provider cannot see
	said   string // what the provider said
}

// newSecret notes the secret in the state. What was said of an earlier secret no longer counts.
func (s *slotModel) newSecret() {
	if !s.resource.Exists() {
		s.secret, s.others, s.said = "", "", ""
		return
	}
	secret := s.resource.State().String("client_secret")
	if secret != "" && secret != s.secret {
		s.others, s.said = "", ""
	}
	s.secret = secret
}

// An announcement is a message about an application whose id the provider does not know.
type announcement struct {
	name     string
	from, to int64 // when it must have been created, in milliseconds of the server's clock
}

func playSequence(t *testing.T, s sequence) {
	t.Helper()
	rotations := &rotationLog{}
	withFixture(t, s.settings, func(f *fixture) {
		p := &player{fixture: f, switches: s.switches, rotations: rotations, ofOthers: map[string]bool{}, skew: s.skew, lag: s.switches.ReadLag}
		f.server.SetClockSkew(s.skew)
		for i := range p.slots {
			p.slots[i] = &slotModel{resource: f.provider.Resource(applicationType)}
		}
		for i, step := range s.steps {
			p.play(step)
			p.check(fmt.Sprintf("step %d (%s)", i+1, step.kind))
			if t.Failed() {
				return
			}
		}
		p.converge()
	}, clerktest.WithoutRequestLog(), clerktest.WithSwitches(s.switches), clerktest.WithWatch(rotations.watch))
}

// alteration is the fault, after which the created application differs from what was asked for.
func (p *player) alteration(fault clerktest.Fault) clerktest.Fault {
	fault.After = func(r clerktest.Request) {
		if r.Method != http.MethodPost || r.Route != clerktest.RouteApplications || r.Result != http.StatusOK {
			return
		}
		name, _ := r.JSON["name"].(string)
		newest := slices.MaxFunc(p.server.FindAll(name), func(a, b clerktest.Application) int { return cmp.Compare(a.CreatedAt, b.CreatedAt) })
		p.server.Edit(newest.ID, func(app *clerktest.Application) {
			app.RedirectURIs = append(app.RedirectURIs, "https://altered.example.com/")
		})
	}
	return fault
}

func (p *player) play(step sequenceStep) {
	p.t.Helper()
	slot := p.slots[step.slot]
	if !step.isRun() {
		p.playOther(step, slot)
		// If someone creates an application with the same name and fields within seconds of a create, the provider may take
		// that application for its own: nothing distinguishes them.
		time.Sleep(time.Minute)
		return
	}
	p.begin(p.t)
	for _, fault := range step.faults {
		if step.altered {
			fault.fault = p.alteration(fault.fault)
		}
		p.server.Inject(fault.fault)
	}
	if step.config = p.resolve(step.config); step.config != nil {
		slot.config = step.config
	}
	before := p.rotationsCalledFor(step)
	p.rotations.reset()
	begun := time.Now()
	stop := func() bool { return true }
	if step.interrupt > 0 {
		stop = time.AfterFunc(step.interrupt, p.interrupt).Stop
	}
	ran := []*slotModel{slot}
	var ds prototest.Diagnostics
	switch step.kind {
	case stepApply:
		ds = p.run(slot)
	case stepBoth:
		ran = p.slots[:]
		ds = p.runBoth(step.config)
	case stepDestroy:
		slot.config = nil
		ds = slot.resource.TryDestroy(p.ctx)
	case stepRefresh:
		ds = slot.resource.TryRefresh(p.ctx)
	case stepImport:
		ds = p.adopt(slot, step)
	}
	stop()
	p.say(ds)
	if took, interrupted := p.sinceInterrupt(); interrupted && took > interruptAllowed {
		p.t.Errorf("it went on for %s after the interrupt", took)
	}
	p.settle(ran, ds, begun, step.listsFail())
	p.server.ClearFaults()
	p.checkRotations(before)
}

// run is one run of Terraform for one resource.
func (p *player) run(slot *slotModel) prototest.Diagnostics {
	plan, ds := slot.resource.TryPlan(p.ctx, slot.config)
	if ds.HasError() {
		return ds
	}
	return append(ds, plan.TryApply(p.ctx)...)
}

// runBoth is one run for all resources, with the same name for all of them.
func (p *player) runBoth(config prototest.Values) prototest.Diagnostics {
	graph := p.provider.Graph()
	for _, slot := range p.slots {
		if slot.config == nil {
			slot.config = config
		}
		slot.config = with(slot.config, prototest.Values{"name": config["name"]})
		graph.Add(slot.resource, slot.config)
	}
	plan, ds := graph.TryPlan(p.ctx)
	if ds.HasError() {
		return ds
	}
	return append(ds, plan.TryApply(p.ctx)...)
}

// adopt imports an application that is in no state.
func (p *player) adopt(slot *slotModel, step sequenceStep) prototest.Diagnostics {
	if slot.resource.Exists() {
		return nil
	}
	candidates := slices.DeleteFunc(p.server.Applications(), func(app clerktest.Application) bool { return p.managed(app.ID) })
	if len(candidates) == 0 {
		return nil
	}
	app := candidates[int(step.choice%uint64(len(candidates)))]
	id := app.ID
	if step.choice%3 == 0 {
		id = app.ClientID
	}
	slot.config = step.config
	ds := slot.resource.TryImport(p.ctx, id)
	if slot.resource.Exists() {
		slot.others = "it was imported"
	}
	return ds
}

func (p *player) managed(id string) bool {
	return slices.ContainsFunc(p.slots[:], func(s *slotModel) bool {
		return s.resource.Exists() && s.resource.State().String("id") == id
	})
}

// resolve gives a configuration the path of the image, which is written when it is first needed.
func (p *player) resolve(config values) values {
	file, has := config["logo_path"].(inDir)
	if !has {
		return config
	}
	if p.dir == "" {
		p.dir = p.t.TempDir()
	}
	path := filepath.Join(p.dir, string(file))
	must(p.t, os.WriteFile(path, pngImage(1), 0o600))
	return with(config, values{"logo_path": path})
}

// playOther plays a step that is not a run of Terraform.
func (p *player) playOther(step sequenceStep, slot *slotModel) {
	name := "Alpha"
	if slot.config != nil {
		name = slot.config["name"].(string)
	}
	if step.kind == stepDuplicate {
		p.ofOthers[p.server.Seed(name)] = true
		return
	}
	if !slot.resource.Exists() {
		return
	}
	id := slot.resource.State().String("id")
	app, exists := p.server.Application(id)
	if !exists {
		return
	}
	switch step.kind {
	case stepEdit:
		p.server.Edit(id, func(app *clerktest.Application) {
			app.Name = []string{"Alpha", "Beta", "Gamma"}[step.choice%3]
			app.PKCERequired = step.choice%2 == 0
		})
	case stepPublic:
		p.server.Edit(id, func(app *clerktest.Application) { app.Public = !app.Public })
		slot.others = "someone has changed public"
	case stepRotate:
		if !app.Public {
			p.server.Rotate(id)
			slot.others = "someone has rotated it"
		}
	case stepDelete:
		p.server.Delete(id)
	}
}

// saidOfSecret matches messages that say that the secret in the state may not work, or is not known.
var saidOfSecret = regexp.MustCompile(`has no known client secret|may not be the newest|may not work|the next plan rotates once more|holds no client secret|Unable to rotate client secret`)

// duplicatesUnseen is the longest time between a run's last look for duplicates and its end, and a little more.
const duplicatesUnseen = 3 * time.Second

// settle takes into account what the run said, and lets time pass until nothing of the run is under way.
func (p *player) settle(ran []*slotModel, ds prototest.Diagnostics, begun time.Time, listsFailed bool) {
	ended := time.Now()
	p.server.WaitForLateWork()
	time.Sleep(time.Minute)
	text := ds.String()
	for _, slot := range ran {
		slot.newSecret()
		if match := saidOfSecret.FindString(text); match != "" {
			slot.said = match
		}
		if p.secretOf(slot) == secretWorks {
			slot.others, slot.said = "", ""
		}
		if slot.config == nil {
			continue
		}
		if ds.HasError() && strings.Contains(text, "Unable to update") && slot.config["public"] != nil {
			slot.said = "the outcome of a change of public is not known" // until the next refresh
		}
		late := strings.Contains(text, "If Clerk still processes the first request")
		if late || strings.Contains(text, "is not known") {
			name := slot.config["name"].(string)
			if late && !listsFailed && slot.config["verify_client_secret"] != true {
				// What was there at the end had to be named. With verification the last look
				// is earlier: the new secret is verified after it.
				begun = ended.Add(-duplicatesUnseen - p.lag)
			}
			p.announced = append(p.announced, announcement{name, begun.Add(p.skew).UnixMilli(), time.Now().Add(p.skew).UnixMilli()})
		}
	}
}

// check is what must be true after each step.
func (p *player) check(when string) {
	p.t.Helper()
	said := strings.Join(p.said, "\n")
	for _, app := range p.server.Applications() {
		if p.managed(app.ID) || p.ofOthers[app.ID] || strings.Contains(said, app.ID) {
			continue
		}
		if !slices.ContainsFunc(p.announced, func(a announcement) bool {
			return a.name == app.Name && a.from <= app.CreatedAt && app.CreatedAt <= a.to
		}) {
			p.t.Errorf("%s: no message accounts for the application %s (%q)", when, app.ID, app.Name)
		}
	}
	for i, slot := range p.slots {
		if slot.resource.Exists() && slot.resource.Tainted() {
			p.t.Errorf("%s: resource %d is tainted", when, i)
		}
		if problem := p.problemOfSecret(slot); problem != "" && slot.others == "" && slot.said == "" {
			p.t.Errorf("%s: the secret of resource %d is %s, and no message said so", when, i, problem)
		}
		for j := range i {
			other := p.slots[j]
			if slot.resource.Exists() && other.resource.Exists() && slot.resource.State().String("id") == other.resource.State().String("id") {
				p.t.Errorf("%s: resources %d and %d have taken the same application", when, i, j)
			}
		}
	}
}

// secretOf compares the secret in a state with the one that works.
func (p *player) secretOf(slot *slotModel) secretFate {
	p.t.Helper()
	p.app = slot.resource
	return p.secret()
}

// problemOfSecret says what is wrong with the secret in a state; "" if nothing is.
func (p *player) problemOfSecret(slot *slotModel) string {
	p.t.Helper()
	switch p.secretOf(slot) {
	case secretOutdated:
		return string(secretOutdated)
	case secretNone:
		if !slot.resource.Exists() {
			return ""
		}
		if app, exists := p.server.Application(p.id()); exists && !app.Public {
			return "null, although the client is confidential"
		}
	}
	return ""
}

// converge plays what must be possible in the end, without faults.
func (p *player) converge() {
	p.t.Helper()
	p.begin(p.t)
	for i, slot := range p.slots {
		if slot.config == nil {
			continue
		}
		before := p.rotationsCalledFor(sequenceStep{kind: stepApply, slot: i})
		p.rotations.reset()
		ds := p.say(p.run(slot))
		p.checkRotations(before)
		if ds.HasError() && strings.Contains(ds.String(), "exists already") {
			p.removeDuplicates(slot, ds)
			time.Sleep(time.Minute) // for lists that lag behind
			ds = p.say(p.run(slot))
		}
		if ds.HasError() {
			p.t.Errorf("resource %d does not converge:\n%s", i, ds)
			return
		}
		time.Sleep(time.Minute) // for reads that lag behind
		plan, ds := slot.resource.TryPlan(p.ctx, slot.config)
		if p.say(ds); ds.HasError() || plan.Action != prototest.NoOp {
			p.t.Errorf("the plan of resource %d is not empty:\n%s\n%s", i, plan, ds)
			return
		}
		slot.newSecret()
		// No rotation is pending any more. What others did to the secret cannot be seen.
		problem := p.problemOfSecret(slot)
		if problem != "" && slot.others == "" && !strings.Contains(slot.said, "newest") {
			p.t.Errorf("in the end the secret of resource %d is %s (%s)", i, problem, slot.said)
		}
		if p.outdatedAndAccepted(slot, slot.config) {
			p.t.Errorf("in the end the secret of resource %d is outdated, and the endpoint that accepted it could have said so", i)
		}
	}
	p.check("in the end")
	for i, slot := range p.slots {
		if slot.config == nil {
			continue
		}
		slot.config = with(slot.config, prototest.Values{"public": false, "rotate_secret_trigger": "the last one"})
		if ds := p.say(p.run(slot)); ds.HasError() || p.secretOf(slot) != secretWorks {
			p.t.Errorf("the last rotation of resource %d leaves a secret that is %s:\n%s", i, p.secretOf(slot), ds)
		}
		if ds := p.say(slot.resource.TryDestroy(p.ctx)); ds.HasError() || slot.resource.Exists() {
			p.t.Errorf("resource %d cannot be destroyed:\n%s", i, ds)
		}
	}
	p.check("after all is destroyed")
}

// removeDuplicates does what the message of prevent_duplicate_names asks for, with the applications that it names.
func (p *player) removeDuplicates(slot *slotModel, ds prototest.Diagnostics) {
	p.t.Helper()
	for _, app := range p.server.FindAll(slot.config["name"].(string)) {
		if !strings.Contains(ds.String(), app.ID) {
			p.t.Errorf("the application %s of the same name is not in the message:\n%s", app.ID, ds)
		}
		for _, other := range p.slots {
			if other.resource.Exists() && other.resource.State().String("id") == app.ID {
				// The user has chosen one name for two resources, and has to choose again.
				slot.config = with(slot.config, prototest.Values{"name": "Delta"})
			}
		}
		if !p.managed(app.ID) {
			p.server.Delete(app.ID)
		}
	}
}

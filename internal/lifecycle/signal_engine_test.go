//go:build unix

package lifecycle

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/enginetest"
)

// exitAllowed is how long an engine may take to end after an interrupt: the six seconds of grace, and much more for a
// busy machine to start and stop processes in. What it excludes is a run that waits for a request's or Retry-After's end.
const exitAllowed = 25 * time.Second

// A signalRow is a run of the engine that gets a signal.
type signalRow struct {
	name   string
	repeat int
	given  values
	config values
	scene  func(*workspace)
}

// TestAccSignals sends signals to the engine, or to the engine and the provider, while
// the provider is at work.
func TestAccSignals(t *testing.T) {
	t.Parallel()
	engine := enginetest.Find(t)
	for _, row := range signalRows {
		for i := range max(1, row.repeat) {
			name := row.name
			if row.repeat > 1 {
				name = fmt.Sprintf("%s, %d", name, i+1)
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				w := newTracedWorkspace(t, engine, clerktest.New(t))
				if row.given != nil {
					w.configure(nil, row.given)
					w.apply()
				}
				w.configure(nil, row.config)
				row.scene(w)
			})
		}
	}
}

var signalRows = []signalRow{
	{name: "C1 SIGINT in the middle of a create", repeat: 3, config: portal, scene: func(w *workspace) {
		interruptedCreate(w, func(p *enginetest.Process) { p.Signal(syscall.SIGINT) })
	}},
	{name: "C1 SIGTERM in the middle of a create", config: portal, scene: func(w *workspace) {
		interruptedCreate(w, func(p *enginetest.Process) { p.Signal(syscall.SIGTERM) })
	}},
	{name: "C1 SIGINT to the process group", config: portal, scene: func(w *workspace) {
		interruptedCreate(w, func(p *enginetest.Process) { p.SignalGroup(syscall.SIGINT) })
	}},
	{name: "C1 SIGINT and the answer never comes", config: portal, scene: func(w *workspace) {
		hold := clerktest.NewHold() // never released
		w.clerk.Inject(clerktest.HeldAfter(hold).OnCreate().Once())
		p := w.Start(applying...)
		p.Await(hold.Arrived(), "the create")
		interruptAndWait(w, p, func() { p.Signal(syscall.SIGINT) })
		assertKept(w, p.Text())
	}},
	{name: "C1 SIGINT in the middle of a rotation", given: portal, config: rotatedPortal, scene: func(w *workspace) {
		hold := clerktest.NewHold()
		w.clerk.Inject(clerktest.HeldAfter(hold).OnRotate().Once())
		p := w.Start(applying...)
		p.Await(hold.Arrived(), "the rotation")
		interruptAndWait(w, p, func() {
			p.Signal(syscall.SIGINT)
			p.AwaitText("Interrupt received")
			hold.Release()
		})
		assertKept(w, p.Text())
	}},
	{name: "C2 SIGINT during the wait for a 429", config: portal, scene: func(w *workspace) {
		met := make(chan struct{})
		fault := clerktest.TooManyRequests("59").OnCreate()
		fault.After = func(clerktest.Request) { close(met) }
		w.clerk.Inject(fault.Once())
		w.clerk.Inject(clerktest.TooManyRequests("59").OnCreate())
		p := w.Start(applying...)
		p.Await(met, "the create")
		interruptAndWait(w, p, func() { p.Signal(syscall.SIGINT) })
		if n := w.clerk.CountRequests(http.MethodPost, ""); n != 1 || len(w.clerk.Applications()) > 0 {
			w.Errorf("there were %d creates:\n%s", n, p.Text())
		}
	}},
	{name: "C2 SIGINT during a refresh", given: portal, config: portal, scene: func(w *workspace) {
		hold := clerktest.NewHold()
		w.clerk.Inject(clerktest.Held(hold).OnRead())
		// Of a plan: neither engine tells the provider of an interrupt while apply makes its own.
		p := w.Start("plan", "-lock=false")
		p.Await(hold.Arrived(), "the refresh")
		interruptAndWait(w, p, func() { p.Signal(syscall.SIGINT) })
		w.clerk.ClearFaults()
		assertKept(w, p.Text())
	}},
	{name: "C3 SIGKILL in the middle of a create", config: portal, scene: func(w *workspace) {
		killedCreate(w, func(p *enginetest.Process) { p.Signal(syscall.SIGKILL) })
	}},
	{name: "C3 SIGKILL to the process group", config: portal, scene: func(w *workspace) {
		killedCreate(w, func(p *enginetest.Process) { p.SignalGroup(syscall.SIGKILL) })
	}},
	{name: "C3 second SIGINT in the middle of a create", config: portal, scene: func(w *workspace) {
		killedCreate(w, func(p *enginetest.Process) {
			p.Signal(syscall.SIGINT)
			p.AwaitText("Interrupt received")
			p.Signal(syscall.SIGINT)
		})
	}},
}

// interruptAndWait gives the signals and waits for the engine's end.
func interruptAndWait(w *workspace, p *enginetest.Process, signals func()) {
	w.Helper()
	begun := time.Now()
	signals()
	p.Wait()
	if took := time.Since(begun); took > exitAllowed {
		w.Errorf("it took %s to end:\n%s", took, p.Text())
	}
}

// interruptedCreate interrupts while the answer to a create is on its way. It comes up to three seconds later.
func interruptedCreate(w *workspace, interrupt func(*enginetest.Process)) {
	w.Helper()
	hold := clerktest.NewHold()
	w.clerk.Inject(clerktest.HeldAfter(hold).OnCreate().Once())
	p := w.Start(applying...)
	p.Await(hold.Arrived(), "the create")
	interruptAndWait(w, p, func() {
		interrupt(p)
		p.AwaitText("Interrupt received")
		time.Sleep(rand.N(3 * time.Second))
		hold.Release()
	})
	assertKept(w, p.Text())
}

// killedCreate kills while the answer to a create is on its way. Nothing can keep it; but the next run finds it.
func killedCreate(w *workspace, kill func(*enginetest.Process)) {
	t := w.T
	t.Helper()
	hold := clerktest.NewHold()
	w.clerk.Inject(clerktest.HeldAfter(hold).OnCreate().Once())
	p := w.Start(applying...)
	p.Await(hold.Arrived(), "the create")
	kill(p)
	p.Wait()
	hold.Release()

	if _, exists := w.instance("managed", applicationType, "test"); exists {
		t.Fatal("the state has it after all")
	}
	w.configure(values{"prevent_duplicate_names": true}, rotatedPortal)
	orphan, _ := w.clerk.Find("Portal")
	result := w.try(applying...)
	if result.Code != 1 || !strings.Contains(result.Text(), "exists already") ||
		!regexp.MustCompile(`terraform import clerk_oauth_application\.\w+ `+orphan.ID).MatchString(result.Text()) {
		t.Errorf("the orphan %s is not reported:\n%s", orphan.ID, result.Text())
	}
	if got := len(w.clerk.Applications()); got != 1 {
		t.Errorf("there are %d applications", got)
	}
	if result := w.try("import", addressInHCL, orphan.ID); result.Code != 0 {
		t.Fatalf("it cannot be imported:\n%s", result.Text())
	}
	w.apply()
	assertKept(w, "")
}

// TestSoakInterruptedCreate is the interrupt of a create, fifty times.
func TestSoakInterruptedCreate(t *testing.T) {
	t.Parallel()
	if os.Getenv("CLERK_SOAK") == "" {
		t.Skip("CLERK_SOAK is not set; make soak sets it")
	}
	engine := enginetest.Find(t)
	for lane := range 2 {
		t.Run(fmt.Sprintf("lane %d", lane), func(t *testing.T) {
			t.Parallel()
			for i := range 25 {
				t.Run(fmt.Sprint(i), func(t *testing.T) {
					w := newTracedWorkspace(t, engine, clerktest.New(t))
					w.configure(nil, portal)
					interruptedCreate(w, func(p *enginetest.Process) {
						if lane == 0 {
							p.Signal(syscall.SIGINT)
						} else {
							p.SignalGroup(syscall.SIGINT)
						}
					})
				})
			}
		})
	}
}

// TestSoakKills kills applies of twenty applications at random, and the next one takes up what it finds. In the end
// there are twenty, all of them managed: every orphan was reported with its id, and imported.
func TestSoakKills(t *testing.T) {
	t.Parallel()
	if os.Getenv("CLERK_SOAK") == "" {
		t.Skip("CLERK_SOAK is not set; make soak sets it")
	}
	const kills, apps = 200, 20
	engine := enginetest.Find(t)
	requests := make(chan struct{}, 1000)
	server := clerktest.New(t, clerktest.WithWatch(func(clerktest.Request) {
		select {
		case requests <- struct{}{}:
		default:
		}
	}), clerktest.WithoutRequestLog(), clerktest.WithLatency(20*time.Millisecond))
	w := newTracedWorkspace(t, engine, server)
	random := rand.New(rand.NewPCG(1, 2))
	var orphans []string

	configuration := func(generation int) string {
		text := requiredClerk + "provider \"clerk\" {\n  prevent_duplicate_names = true\n  requests_per_10s = 1000\n}\n"
		for i := range apps {
			text += fmt.Sprintf("resource \"clerk_oauth_application\" \"app%d\" {\n  name = \"App %d of %d\"\n  rotate_secret_trigger = \"1\"\n}\n", i, i, generation)
		}
		return text
	}
	importing := regexp.MustCompile(`named "App (\d+) of`)
	// rescue imports what an apply has refused to make a second time.
	rescue := func(output string) {
		for _, part := range strings.Split(output, "Error: ")[1:] {
			name, id := importing.FindStringSubmatch(part), regexp.MustCompile(`oa_\w+`).FindString(part)
			if name == nil || id == "" {
				continue
			}
			orphans = append(orphans, id)
			w.try("import", "clerk_oauth_application.app"+name[1], id)
		}
	}
	generation := 0
	for killed := 0; killed < kills; {
		w.Write("main.tf", configuration(generation))
		for len(requests) > 0 {
			<-requests
		}
		p := w.Start(applying...)
		for range random.IntN(2 * apps) {
			select {
			case <-requests:
			case <-p.Done():
			}
		}
		select {
		case <-p.Done():
			result := p.Wait()
			rescue(result.Text())
			if result.Code == 0 {
				// Renamed ones would do as well, but for a kill while the engine writes its state: that can leave an empty
				// file, and then nothing knows of those that still have their old names.
				w.try("destroy", "-auto-approve")
				generation++
			}
			continue
		default:
		}
		if random.IntN(2) == 0 {
			p.SignalGroup(syscall.SIGKILL)
		} else {
			p.Signal(syscall.SIGKILL)
		}
		p.Wait()
		// What the provider has begun alone, after its engine was killed, is soon over.
		waitForQuiet(requests)
		killed++
	}
	for range 10 {
		result := w.try(applying...)
		if result.Code == 0 {
			break
		}
		rescue(result.Text())
	}
	managed := instancesOf(t, []byte(w.stateFile()))
	if len(managed) != apps || len(server.Applications()) != apps {
		t.Errorf("%d applications are managed and there are %d, want %d", len(managed), len(server.Applications()), apps)
	}
	for name, attributes := range managed {
		id := attributes["id"].(string)
		if attributes["client_secret"] != server.CurrentSecret(id) {
			t.Errorf("the secret of %s does not work", name)
		}
	}
	slices.Sort(orphans)
	t.Logf("%d kills, %d orphans, all of them reported and imported", kills, len(slices.Compact(orphans)))
}

// waitForQuiet returns when no request has come for a while.
func waitForQuiet(requests <-chan struct{}) {
	for {
		select {
		case <-requests:
		case <-time.After(300 * time.Millisecond):
			return
		}
	}
}

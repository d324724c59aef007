//go:build unix

package provider

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

func readAll(r *http.Request) ([]byte, error) {
	defer func() { _ = r.Body.Close() }()
	return io.ReadAll(r.Body)
}

// exitAllowed is how long an engine may take to end after an interrupt: the six seconds of grace, and much more for a
// busy machine to start and stop processes in. What it excludes is a run that waits for a request's or Retry-After's end.
const exitAllowed = 25 * time.Second

// A signalRow is a run of the engine that gets a signal.
type signalRow struct {
	name   string
	repeat int
	given  string
	config string
	scene  func(*troubleWorkspace)
}

func (row signalRow) play(w *troubleWorkspace) {
	w.t.Helper()
	if row.given != "" {
		w.configure("", row.given)
		w.apply()
	}
	w.configure("", row.config)
	row.scene(w)
}

var signalRows = []signalRow{
	{name: "C1 SIGINT in the middle of a create", repeat: 3, config: cliPortal, scene: func(w *troubleWorkspace) {
		interruptedCreate(w, func(p *cliProcess) { p.signal(syscall.SIGINT) })
	}},
	{name: "C1 SIGTERM in the middle of a create", config: cliPortal, scene: func(w *troubleWorkspace) {
		interruptedCreate(w, func(p *cliProcess) { p.signal(syscall.SIGTERM) })
	}},
	{name: "C1 SIGINT to the process group", config: cliPortal, scene: func(w *troubleWorkspace) {
		interruptedCreate(w, func(p *cliProcess) { p.signalGroup(syscall.SIGINT) })
	}},
	{name: "C1 SIGINT and the answer never comes", config: cliPortal, scene: func(w *troubleWorkspace) {
		hold := clerktest.NewHold() // never released
		w.server.Inject(onCreate(clerktest.HeldAfter(hold)).Once())
		p := w.start(applying...)
		p.await(hold.Arrived(), "the create")
		interruptAndWait(p, func() { p.signal(syscall.SIGINT) })
		assertKept(w, p.output())
	}},
	{name: "C1 SIGINT in the middle of a rotation", given: cliPortal, config: cliPortal + cliTrigger, scene: func(w *troubleWorkspace) {
		hold := clerktest.NewHold()
		w.server.Inject(onRotate(clerktest.HeldAfter(hold)).Once())
		p := w.start(applying...)
		p.await(hold.Arrived(), "the rotation")
		interruptAndWait(p, func() {
			p.signal(syscall.SIGINT)
			p.awaitOutput("Interrupt received")
			hold.Release()
		})
		assertKept(w, p.output())
	}},
	{name: "C2 SIGINT during the wait for a 429", config: cliPortal, scene: func(w *troubleWorkspace) {
		met := make(chan struct{})
		fault := onCreate(clerktest.TooManyRequests("59"))
		fault.After = func(clerktest.Request) { close(met) }
		w.server.Inject(fault.Once())
		w.server.Inject(onCreate(clerktest.TooManyRequests("59")))
		p := w.start(applying...)
		p.await(met, "the create")
		interruptAndWait(p, func() { p.signal(syscall.SIGINT) })
		if n := w.server.CountRequests(http.MethodPost, ""); n != 1 || len(w.server.Applications()) > 0 {
			w.t.Errorf("there were %d creates:\n%s", n, p.output())
		}
	}},
	{name: "C2 SIGINT during a refresh", given: cliPortal, config: cliPortal, scene: func(w *troubleWorkspace) {
		hold := clerktest.NewHold()
		w.server.Inject(onRead(clerktest.Held(hold)))
		// Of a plan: neither engine tells the provider of an interrupt while apply makes its own.
		p := w.start("plan", "-no-color", "-lock=false")
		p.await(hold.Arrived(), "the refresh")
		interruptAndWait(p, func() { p.signal(syscall.SIGINT) })
		w.server.ClearFaults()
		assertKept(w, p.output())
	}},
	{name: "C3 SIGKILL in the middle of a create", config: cliPortal, scene: func(w *troubleWorkspace) {
		killedCreate(w, func(p *cliProcess) { p.signal(syscall.SIGKILL) })
	}},
	{name: "C3 SIGKILL to the process group", config: cliPortal, scene: func(w *troubleWorkspace) {
		killedCreate(w, func(p *cliProcess) { p.signalGroup(syscall.SIGKILL) })
	}},
	{name: "C3 second SIGINT in the middle of a create", config: cliPortal, scene: func(w *troubleWorkspace) {
		killedCreate(w, func(p *cliProcess) {
			p.signal(syscall.SIGINT)
			p.awaitOutput("Interrupt received")
			p.signal(syscall.SIGINT)
		})
	}},
}

// interruptAndWait gives the signals and waits for the engine's end.
func interruptAndWait(p *cliProcess, signals func()) {
	p.w.t.Helper()
	begun := time.Now()
	signals()
	p.wait()
	if took := time.Since(begun); took > exitAllowed {
		p.w.t.Errorf("it took %s to end:\n%s", took, p.output())
	}
}

// interruptedCreate interrupts while the answer to a create is on its way. It comes up to three seconds later.
func interruptedCreate(w *troubleWorkspace, interrupt func(*cliProcess)) {
	w.t.Helper()
	hold := clerktest.NewHold()
	w.server.Inject(onCreate(clerktest.HeldAfter(hold)).Once())
	p := w.start(applying...)
	p.await(hold.Arrived(), "the create")
	interruptAndWait(p, func() {
		interrupt(p)
		p.awaitOutput("Interrupt received")
		time.Sleep(rand.N(3 * time.Second))
		hold.Release()
	})
	assertKept(w, p.output())
}

// assertKept wants one application, in the state, with the secret that works, and nothing left to do.
func assertKept(w *troubleWorkspace, output string) {
	w.t.Helper()
	if got := len(w.server.Applications()); got != 1 || w.secretState() != secretWorks {
		w.t.Errorf("there are %d applications, and the secret in the state is %s:\n%s", got, w.secretState(), output)
	}
	w.server.ClearFaults()
	if plan := w.plan(); plan.code != 0 {
		w.t.Errorf("the next plan ends with %d:\n%s", plan.code, plan.output)
	}
}

// killedCreate kills while the answer to a create is on its way. Nothing can keep it; but the next run finds it.
func killedCreate(w *troubleWorkspace, kill func(*cliProcess)) {
	t := w.t
	t.Helper()
	hold := clerktest.NewHold()
	w.server.Inject(onCreate(clerktest.HeldAfter(hold)).Once())
	p := w.start(applying...)
	p.await(hold.Arrived(), "the create")
	kill(p)
	p.wait()
	hold.Release()

	if w.attributes("terraform.tfstate") != nil {
		t.Fatal("the state has it after all")
	}
	w.configure("  prevent_duplicate_names = true", cliPortal+cliTrigger)
	orphan, _ := w.server.Find("Portal")
	result := w.run(applying...)
	if result.code != 1 || !strings.Contains(result.output, "exists already") ||
		!regexp.MustCompile(`terraform import clerk_oauth_application\.\w+ `+orphan.ID).MatchString(result.output) {
		t.Errorf("the orphan %s is not reported:\n%s", orphan.ID, result.output)
	}
	if got := len(w.server.Applications()); got != 1 {
		t.Errorf("there are %d applications", got)
	}
	if result := w.run("import", "-no-color", "clerk_oauth_application.portal", orphan.ID); result.code != 0 {
		t.Fatalf("it cannot be imported:\n%s", result.output)
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
	engine := newTroubleEngine(t)
	for lane := range 2 {
		t.Run(fmt.Sprintf("lane %d", lane), func(t *testing.T) {
			t.Parallel()
			for i := range 25 {
				t.Run(fmt.Sprint(i), func(t *testing.T) {
					w := newTroubleWorkspace(t, engine, clerktest.New(t))
					w.configure("", cliPortal)
					interruptedCreate(w, func(p *cliProcess) {
						if lane == 0 {
							p.signal(syscall.SIGINT)
						} else {
							p.signalGroup(syscall.SIGINT)
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
	engine := newTroubleEngine(t)
	requests := make(chan struct{}, 1000)
	server := clerktest.New(t, clerktest.WithWatch(func(clerktest.Request) {
		select {
		case requests <- struct{}{}:
		default:
		}
	}), clerktest.WithoutRequestLog(), clerktest.WithLatency(20*time.Millisecond))
	w := newTroubleWorkspace(t, engine, server)
	w.env["TF_LOG"] = "" // there would be hundreds of logs; other tests look into those
	random := rand.New(rand.NewPCG(1, 2))
	var orphans []string

	configuration := func(generation int) string {
		text := "terraform {\n  required_providers {\n    clerk = {\n      source = \"terraform-provider-clerk/clerk\"\n    }\n  }\n}\n" +
			"provider \"clerk\" {\n  prevent_duplicate_names = true\n  requests_per_10s = 1000\n}\n"
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
			w.run("import", "-no-color", "clerk_oauth_application.app"+name[1], id)
		}
	}
	generation := 0
	for killed := 0; killed < kills; {
		w.write(configuration(generation))
		for len(requests) > 0 {
			<-requests
		}
		p := w.start(applying...)
		for range random.IntN(2 * apps) {
			select {
			case <-requests:
			case <-p.done:
			}
		}
		select {
		case <-p.done:
			result := p.wait()
			rescue(result.output)
			if result.code == 0 {
				// Renamed ones would do as well, but for a kill while the engine writes its state: that can leave an empty
				// file, and then nothing knows of those that still have their old names.
				w.run("destroy", "-auto-approve", "-no-color")
				generation++
			}
			continue
		default:
		}
		if random.IntN(2) == 0 {
			p.signalGroup(syscall.SIGKILL)
		} else {
			p.signal(syscall.SIGKILL)
		}
		p.wait()
		// What the provider has begun alone, after its engine was killed, is soon over.
		waitForQuiet(requests)
		killed++
	}
	for range 10 {
		result := w.run(applying...)
		if result.code == 0 {
			break
		}
		rescue(result.output)
	}
	content, err := os.ReadFile(filepath.Join(w.dir, "terraform.tfstate"))
	mustDo(t, err)
	managed := instancesOf(t, bytes.TrimSpace(content))
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

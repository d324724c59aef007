//go:build unix

package acctest

import (
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// exitAllowed is how long an interrupted run may take: the grace of six seconds for a create or a
// rotation, and time for a busy machine. It excludes a run that waits for a timeout of a request.
const exitAllowed = 25 * time.Second

const interruptedApplication = requiredProviders + `
variable "trigger" {
  type    = string
  default = null
}

resource "clerk_oauth_application" "test" {
  name                  = "Portal"
  rotate_secret_trigger = var.trigger
}
`

// TestAccEngine_interrupts sends signals while Clerk carries out a request. Ctrl-C sends SIGINT to
// the process group, kill sends SIGTERM to the engine, and a pipeline's time limit or a supervisor
// sends SIGTERM to the process group, so the provider gets it too.
func TestAccEngine_interrupts(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		signal syscall.Signal
		group  bool
	}{
		{"SIGINT to the engine", syscall.SIGINT, false},
		{"SIGINT to the process group", syscall.SIGINT, true},
		{"SIGTERM to the process group", syscall.SIGTERM, true},
	} {
		interrupt := func(t *testing.T, p *process) {
			t.Helper()
			pid := p.command.Process.Pid
			if test.group {
				pid = -pid
			}
			must(t, syscall.Kill(pid, test.signal))
			p.awaitText("Interrupt received")
		}
		t.Run("create, "+test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t, interruptedApplication)
			w.interruptWhile(clerktest.Fault.OnCreate, interrupt, "apply", "-auto-approve")
			w.secretWorks("clerk_oauth_application.test")
			w.planIsEmpty()
		})
		t.Run("rotation, "+test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t, interruptedApplication)
			w.apply()
			w.interruptWhile(clerktest.Fault.OnRotate, interrupt, "apply", "-auto-approve", "-var=trigger=1")
			w.secretWorks("clerk_oauth_application.test")
			if made := len(w.clerk.IssuedSecrets()); made != 2 {
				t.Errorf("Clerk made %d secrets, want the first and the rotated one", made)
			}
		})
		t.Run("refresh, "+test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t, interruptedApplication)
			w.apply()
			// Of a plan: neither engine passes an interrupt on while an apply makes its own plan.
			w.interruptWhile(clerktest.Fault.OnRead, interrupt, "plan", "-lock=false")
			w.clerk.ClearFaults()
			w.secretWorks("clerk_oauth_application.test")
			w.planIsEmpty()
		})
	}
}

// interruptWhile runs the engine, interrupts it after the work of a request, and lets the answer go
// a second later. The answer to a read comes after the end: nothing has to wait for it.
func (w *workspace) interruptWhile(
	on func(clerktest.Fault) clerktest.Fault, interrupt func(*testing.T, *process),
	arguments ...string,
) {
	w.t.Helper()
	worked, answer := make(chan struct{}), make(chan struct{})
	release := sync.OnceFunc(func() { close(answer) })
	defer release()
	hold := func(clerktest.Request) { close(worked); <-answer }
	w.clerk.Inject(on(clerktest.Fault{After: hold}).Once())
	p := w.start(arguments...)
	p.await(worked, "the request")
	begun := time.Now()
	interrupt(w.t, p)
	if arguments[0] != "plan" {
		time.Sleep(time.Second)
		release()
	}
	select {
	case <-p.done:
	case <-time.After(exitAllowed):
		w.t.Fatalf("the engine has not ended %s after the signal:\n%s", time.Since(begun), p.text())
	}
}

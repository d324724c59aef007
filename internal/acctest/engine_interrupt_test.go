//go:build unix

package acctest

import (
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/terraform-exec/tfexec"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// exitAllowed is how long an interrupted run may take: the grace of six seconds for a create or a
// rotation, and time for a busy machine. It excludes a run that waits for a timeout of a request.
const exitAllowed = 25 * time.Second

const triggered = requiredProviders + `
variable "trigger" { default = "first" }

resource "clerk_oauth_application" "test" {
  name                  = "Portal"
  rotate_secret_trigger = var.trigger
}
`

// TestAccEngine_interrupts sends signals while Clerk carries out a request, and lets the answer go a
// second later. Programs that run the engine send SIGINT to it alone, Ctrl-C sends SIGINT to the
// process group, and a pipeline's time limit or a supervisor sends SIGTERM to the group. What the
// group gets, the provider gets too.
func TestAccEngine_interrupts(t *testing.T) {
	t.Parallel()
	for _, signal := range []struct {
		name   string
		number syscall.Signal
		sign   int // of the pid, which is negative for its process group
	}{
		{"SIGINT to the engine", syscall.SIGINT, 1},
		{"SIGINT to the process group", syscall.SIGINT, -1},
		{"SIGTERM to the process group", syscall.SIGTERM, -1},
	} {
		for _, during := range []struct {
			name      string
			on        func(clerktest.Fault) clerktest.Fault
			trigger   string // of the plan after it
			secrets   int    // that Clerk has made
			arguments []string
		}{
			{"create", clerktest.Fault.OnCreate, "first", 1, []string{"apply", "-auto-approve"}},
			{"rotation", clerktest.Fault.OnRotate, "second", 2, []string{"apply", "-auto-approve", "-var=trigger=second"}},
			// Of a plan: neither engine passes an interrupt on while an apply makes its own plan.
			{"refresh", clerktest.Fault.OnRead, "first", 1, []string{"plan", "-lock=false"}},
		} {
			t.Run(during.name+", "+signal.name, func(t *testing.T) {
				t.Parallel()
				w := newWorkspace(t, triggered)
				if during.name != "create" {
					must(t, w.Apply(t.Context()))
				}
				worked, answer := make(chan struct{}), make(chan struct{})
				release := sync.OnceFunc(func() { close(answer) })
				defer release()
				w.clerk.Inject(during.on(clerktest.Fault{After: func(clerktest.Request) { close(worked); <-answer }}).Once())
				engine, ended := w.command(during.arguments...), make(chan error, 1)
				engine.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // as a shell starts it
				engine.Cancel = func() error { return syscall.Kill(-engine.Process.Pid, syscall.SIGKILL) }
				must(t, engine.Start())
				go func() { ended <- engine.Wait() }()
				select {
				case <-worked:
				case <-ended:
					t.Fatalf("the engine ended before the request:\n%s", w.news())
				}
				must(t, syscall.Kill(signal.sign*engine.Process.Pid, signal.number))
				time.Sleep(time.Second)
				if during.name != "refresh" { // nothing has to wait for the answer to a read
					release()
				}
				select {
				case <-ended:
				case <-time.After(exitAllowed):
					t.Fatalf("the engine has not ended %s after the signal:\n%s", exitAllowed, w.news())
				}
				w.says("Interrupt received")
				w.clerk.ClearFaults()
				w.secretWorks()
				w.planIsEmpty(tfexec.Var("trigger=" + during.trigger))
				if made := len(w.clerk.IssuedSecrets()); made != during.secrets {
					t.Errorf("Clerk made %d secrets, want %d", made, during.secrets)
				}
			})
		}
	}
}

package enginetest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience bounds what a test waits for. It is generous, because the machine may be busy: nothing depends on it but how
// long a test hangs that fails.
const patience = 10 * time.Minute

// groupPatience is how long a provider may outlive its engine.
const groupPatience = 25 * time.Second

// A Process is a run of the engine that may be under way.
type Process struct {
	t       testing.TB
	command *exec.Cmd
	streams [2]string     // files of standard output and standard error; no pipes, which a provider that stays could hold open
	done    chan struct{} // the engine has ended
	gone    chan struct{} // and its whole process group
}

// Start starts the engine in a process group of its own, as a shell does. What still runs when the test ends is killed.
func (w *Workspace) Start(arguments ...string) *Process {
	w.t.Helper()
	w.runs++
	run := filepath.Join(w.Runs(), fmt.Sprint(w.runs))
	p := &Process{
		t: w.t, command: w.Command(arguments...), streams: [2]string{run + ".stdout", run + ".stderr"},
		done: make(chan struct{}), gone: make(chan struct{}),
	}
	if w.Env["TF_LOG"] != "" && w.Env["TF_LOG_PATH"] == "" {
		p.command.Env = append(p.command.Env, "TF_LOG_PATH="+run+".log")
	}
	ownGroup(p.command)
	var files [2]*os.File
	for i, stream := range p.streams {
		file, err := os.Create(stream)
		check(w.t, err)
		files[i] = file
	}
	p.command.Stdout, p.command.Stderr = files[0], files[1]
	check(w.t, p.command.Start())
	go func() {
		_ = p.command.Wait() // what it ended with is in ProcessState
		_, _ = files[0].Close(), files[1].Close()
		close(p.done)
		p.awaitGroup()
	}()
	w.t.Cleanup(func() {
		select {
		case <-p.done:
		default:
			_ = signalGroup(p.command.Process, syscall.SIGKILL) // it may end by itself just now
		}
		<-p.gone
	})
	return p
}

// awaitGroup waits until the last of the process group has ended, or ends it: a provider outlives a killed engine for as
// long as a request takes. It must begin as soon as the engine has ended and not look away: once a group is empty, its
// number may become that of another one.
func (p *Process) awaitGroup() {
	defer close(p.gone)
	for deadline := time.Now().Add(groupPatience); groupRuns(p.command.Process); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			_ = signalGroup(p.command.Process, syscall.SIGKILL)
			return
		}
	}
}

// Done is closed when the engine has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Wait waits for the end of the engine.
func (p *Process) Wait() Result {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(patience):
		p.t.Fatalf("%q does not end:\n%s", p.command.Args, p.soFar().Output())
	}
	result := p.soFar()
	result.Code = p.command.ProcessState.ExitCode()
	return result
}

// soFar has no exit status.
func (p *Process) soFar() (r Result) {
	p.t.Helper()
	for i, into := range []*string{&r.Stdout, &r.Stderr} {
		content, err := os.ReadFile(p.streams[i])
		check(p.t, err)
		*into = string(content)
	}
	return r
}

// Text is what the engine has printed up to now, without frames and line breaks.
func (p *Process) Text() string {
	p.t.Helper()
	return p.soFar().Text()
}

// Signal sends a signal to the engine alone.
func (p *Process) Signal(signal syscall.Signal) {
	p.t.Helper()
	check(p.t, p.command.Process.Signal(signal))
}

// SignalGroup sends a signal to the engine and its providers, as Ctrl-C in a terminal does.
func (p *Process) SignalGroup(signal syscall.Signal) {
	p.t.Helper()
	check(p.t, signalGroup(p.command.Process, signal))
}

// Await waits for an event of the test, which must come before the engine ends.
func (p *Process) Await(event <-chan struct{}, what string) {
	p.t.Helper()
	select {
	case <-event:
	case <-p.done:
		p.t.Fatalf("the engine ended before %s:\n%s", what, p.Text())
	case <-time.After(patience):
		p.t.Fatalf("%s does not happen:\n%s", what, p.Text())
	}
}

// AwaitText waits until the engine has printed something.
func (p *Process) AwaitText(text string) {
	p.t.Helper()
	deadline := time.After(patience)
	for {
		ended := false
		select {
		case <-p.done:
			ended = true
		case <-deadline:
			p.t.Fatalf("the engine does not say %q:\n%s", text, p.Text())
		case <-time.After(20 * time.Millisecond):
		}
		switch {
		case strings.Contains(p.Text(), text):
			return
		case ended:
			p.t.Fatalf("the engine ended and did not say %q:\n%s", text, p.Text())
		}
	}
}

package main

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// beProvider makes the test binary the provider.
const beProvider = "TEST_BE_PROVIDER"

func TestMain(m *testing.M) {
	if os.Getenv(beProvider) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// Only an engine ends a provider that it has started. A provider that waits for a debugger is ended
// by the user.
func TestMain_SIGTERM(t *testing.T) {
	for _, test := range []struct {
		args []string
		wait time.Duration
		ends bool
	}{{nil, time.Second, false}, {[]string{"-debug"}, 30 * time.Second, true}} {
		ctx, cancel := context.WithCancel(t.Context())
		cmd := exec.CommandContext(ctx, os.Args[0], test.args...)
		cmd.Env = append(os.Environ(), beProvider+"=1",
			"TF_PLUGIN_MAGIC_COOKIE=d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2")
		out, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		_, err = bufio.NewReader(out).ReadString('\n')
		must(t, err) // it serves now
		must(t, cmd.Process.Signal(syscall.SIGTERM))
		time.AfterFunc(test.wait, cancel) // kills it
		_ = cmd.Wait()
		if ended := ctx.Err() == nil; ended != test.ends {
			t.Errorf("%v: ended by SIGTERM: %t, want %t", test.args, ended, test.ends)
		}
		cancel()
	}
}

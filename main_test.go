package main

import (
	"bufio"
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

// Only an engine ends a provider that it has started. A provider that waits for a
// debugger is ended by the user.
func TestMain_SIGTERM(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args []string
		ends bool
	}{
		"started by an engine":   {nil, false},
		"waiting for a debugger": {[]string{"-debug"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0], test.args...)
			cmd.Env = append(os.Environ(), beProvider+"=1",
				"TF_PLUGIN_MAGIC_COOKIE=d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2")
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if _, err := bufio.NewReader(out).ReadString('\n'); err != nil { // it serves now
				t.Fatal(err)
			}
			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			ended := make(chan struct{})
			go func() {
				_ = cmd.Wait()
				close(ended)
			}()
			select {
			case <-ended:
				if !test.ends {
					t.Error("SIGTERM ended the provider")
				}
			case <-time.After(map[bool]time.Duration{false: time.Second, true: 30 * time.Second}[test.ends]):
				if test.ends {
					t.Error("SIGTERM did not end the provider")
				}
				_ = cmd.Process.Kill()
				<-ended
			}
		})
	}
}

package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// Only an engine ends a provider that it has started. A provider that waits for a debugger is ended
// by the user.
func TestMain_SIGTERM(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "provider")
	must(t, exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", binary, ".").Run())
	for debug, wait := range map[bool]time.Duration{false: time.Second, true: 30 * time.Second} {
		ctx, cancel := context.WithCancel(t.Context())
		cmd := exec.CommandContext(ctx, binary, fmt.Sprintf("-debug=%t", debug))
		cmd.Env = append(os.Environ(),
			"TF_PLUGIN_MAGIC_COOKIE=d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2")
		out, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		_, err = bufio.NewReader(out).ReadString('\n')
		must(t, err) // it serves now
		must(t, cmd.Process.Signal(syscall.SIGTERM))
		time.AfterFunc(wait, cancel) // kills it
		_ = cmd.Wait()
		if ended := ctx.Err() == nil; ended != debug {
			t.Errorf("-debug=%t: ended by SIGTERM: %t", debug, ended)
		}
		cancel()
	}
}

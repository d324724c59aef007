//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

const (
	providerName = "terraform-provider-clerk"
	envProvider  = "SCALE_PROVIDER"
	envUsage     = "SCALE_USAGE"
)

// installMeter builds the provider, and makes the engine start this program under the provider's name.
func installMeter(ctx context.Context, work string) error {
	self, err := os.Executable()
	config := fmt.Sprintf("provider_installation {\n  dev_overrides {\n    %q = %q\n  }\n}\n",
		"registry.terraform.io/terraform-provider-clerk/clerk", work)
	err = errors.Join(err, os.Symlink(self, filepath.Join(work, providerName)),
		os.WriteFile(filepath.Join(work, "cli.tfrc"), []byte(config), 0o600))
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", filepath.Join(work, "built", providerName), ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, buildErr := build.CombinedOutput(); buildErr != nil {
		err = errors.Join(err, fmt.Errorf("go build: %w\n%s", buildErr, output))
	}
	return err
}

// meter runs the provider as its child, because only the parent of a process learns what it used, and
// adds a line to a file: nanoseconds of processor time, and the most memory in kilobytes. It costs
// each start of the provider some milliseconds.
func meter() (exitCode int) {
	signal.Ignore(os.Interrupt) // meant for the provider, which gets it too
	provider := exec.Command(os.Getenv(envProvider), os.Args[1:]...)
	provider.Stdin, provider.Stdout, provider.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := provider.Run(); provider.ProcessState == nil {
		fmt.Fprintln(os.Stderr, "scale:", err)
		return 1
	}
	used := provider.ProcessState
	kilobytes := used.SysUsage().(*syscall.Rusage).Maxrss
	if runtime.GOOS == "darwin" {
		kilobytes /= 1024
	}
	file, err := os.OpenFile(os.Getenv(envUsage), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = fmt.Fprintln(file, int64(used.UserTime()+used.SystemTime()), kilobytes)
		err = errors.Join(err, file.Close())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "scale:", err)
	}
	return used.ExitCode()
}

// readUsage sums up what the meters of one run wrote: the time of all, and the memory of the largest.
// There is no file when the run had no provider.
func (m *measurement) readUsage(path string) error {
	content, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	for line := range strings.Lines(string(content)) {
		var cpu, kilobytes int64
		_, scanErr := fmt.Sscan(line, &cpu, &kilobytes)
		err = errors.Join(err, scanErr)
		m.providerCPU += time.Duration(cpu)
		m.providerMemory = max(m.providerMemory, float64(kilobytes)*1024/1e6)
	}
	return err
}

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

// installMeter builds the provider, and makes the engine start this program under its name.
func installMeter(ctx context.Context, work string) error {
	self, err := os.Executable()
	config := fmt.Sprintf("provider_installation {\n  dev_overrides {\n    %q = %q\n  }\n}\n",
		address, work)
	err = errors.Join(err, os.Symlink(self, filepath.Join(work, providerName)),
		os.WriteFile(filepath.Join(work, "cli.tfrc"), []byte(config), 0o600))
	binary := filepath.Join(work, "built", providerName)
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", binary, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, buildErr := build.CombinedOutput(); buildErr != nil {
		err = errors.Join(err, fmt.Errorf("go build: %w\n%s", buildErr, output))
	}
	return err
}

// meter runs the provider as its child, because only the parent of a process learns what it used,
// and adds a line to a file: nanoseconds of processor time, and the most memory in units of 1,000
// bytes. It costs each start of the provider some milliseconds.
func meter() (exitCode int) {
	signal.Ignore(os.Interrupt) // meant for the provider, which gets it too
	provider := exec.Command(os.Getenv(envProvider), os.Args[1:]...)
	provider.Stdin, provider.Stdout, provider.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := provider.Run(); provider.ProcessState == nil {
		fmt.Fprintln(os.Stderr, "scale:", err)
		return 1
	}
	used := provider.ProcessState
	memory := used.SysUsage().(*syscall.Rusage).Maxrss // in bytes, or in units of 1,024 bytes
	if runtime.GOOS != "darwin" {
		memory *= 1024
	}
	file, err := os.OpenFile(os.Getenv(envUsage), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = fmt.Fprintln(file, int64(used.UserTime()+used.SystemTime()), memory/1000)
		err = errors.Join(err, file.Close())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "scale:", err)
	}
	return used.ExitCode()
}

// readUsage sums up what the meters of one run wrote: the time of all, and the memory of the
// largest.
func (m *measurement) readUsage(path string) error {
	content, err := os.ReadFile(path)
	for line := range strings.Lines(string(content)) {
		var cpu time.Duration
		var memory int
		_, scanErr := fmt.Sscan(line, &cpu, &memory)
		err = errors.Join(err, scanErr)
		m.providerCPU += cpu
		m.providerMemory = max(m.providerMemory, memory)
	}
	return err
}

func childrenTime() time.Duration {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_CHILDREN, &usage) // fails only with a wrong argument
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

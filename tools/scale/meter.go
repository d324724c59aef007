package main

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"time"
)

const (
	providerName = "terraform-provider-clerk"
	envProvider  = "SCALE_PROVIDER"
	envUsage     = "SCALE_USAGE"
)

// meter is what the engine starts under the provider's name. It runs the provider as its child, because only the parent
// of a process is told what it used, and adds that as a line to a file: nanoseconds of processor time, and the most memory
// in bytes. It costs each start of the provider some milliseconds.
func meter() (exitCode int) {
	signal.Ignore(os.Interrupt) // meant for the provider, which gets it too
	provider := exec.Command(os.Getenv(envProvider), os.Args[1:]...)
	provider.Stdin, provider.Stdout, provider.Stderr = os.Stdin, os.Stdout, os.Stderr
	err := provider.Run()
	if provider.ProcessState == nil {
		fmt.Fprintln(os.Stderr, "scale:", err)
		return 1
	}
	used := provider.ProcessState
	line := fmt.Sprintf("%d %d\n", used.UserTime()+used.SystemTime(), maxMemory(used))
	file, err := os.OpenFile(os.Getenv(envUsage), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = file.WriteString(line)
		_ = file.Close()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "scale:", err)
	}
	return used.ExitCode()
}

// readUsage sums up what the meteres of one run wrote: the time of all, and the memory of the largest. There is no file
// when the run had no provider.
func readUsage(path string) (cpu time.Duration, memory int64, err error) {
	content, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return 0, 0, nil
	}
	for line := range strings.Lines(string(content)) {
		first, second, _ := strings.Cut(strings.TrimSpace(line), " ")
		nanoseconds, _ := strconv.ParseInt(first, 10, 64)
		most, _ := strconv.ParseInt(second, 10, 64)
		cpu += time.Duration(nanoseconds)
		memory = max(memory, most)
	}
	return cpu, memory, err
}

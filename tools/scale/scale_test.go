package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestRatioIsOfEachTurn(t *testing.T) {
	t.Parallel()
	runs := func(seconds ...int) []measurement {
		var all []measurement
		for _, s := range seconds {
			all = append(all, measurement{wall: time.Duration(s) * time.Second, requests: requests{all: 1500}, providerMemory: 33e6})
		}
		return all
	}
	// The machine was ten times slower in the second turn.
	floor := &row{n: 1000, step: "plan", runs: runs(1, 10, 2)}
	r := &row{n: 1000, step: "plan", floor: floor, runs: runs(2, 20, 4)}
	if ratio := r.ratioTo(floor); ratio != "2.0" {
		t.Errorf("the ratio is %s, want 2.0", ratio)
	}
	for markdown, want := range map[bool]string{
		false: "1,000  plan     1,500             0  4.00 s        2.00 s    2.0",
		true:  "| 1,000 | plan | 1,500 | 0 | 4.00 s | 2.00 s | 2.0 |  | 0.00 s | 0.00 s | 0.00 s | 33 MB | 3 |\n",
	} {
		var text strings.Builder
		printTable(&text, "Terraform v1", []*row{floor, r}, markdown)
		if !strings.Contains(text.String(), want) || strings.Count(text.String(), "1,000") != 1 {
			t.Errorf("%q is not the one line of\n%s", want, text.String())
		}
	}
	// What takes long is measured once, and compared with the floor of its turn.
	long := &row{floor: floor, runs: runs(31)}
	if err := long.measure(t.Context()); err != nil || len(long.runs) != 1 || long.ratioTo(floor) != "31.0" {
		t.Errorf("%v, %d runs, ratio %s", err, len(long.runs), long.ratioTo(floor))
	}
}

func TestMedian(t *testing.T) {
	t.Parallel()
	for want, values := range map[int][]int{7: {7}, 1: {2, 1}, 2: {3, 1, 2}, 4: {9, 4, 5, 1}} {
		if got := median(values); got != want {
			t.Errorf("the median of %v is %d, want %d", values, got, want)
		}
	}
}

func TestFlags(t *testing.T) {
	t.Parallel()
	c, err := parseFlags([]string{"-n", "1,20", "-rounds", "2", "-engine", "a", "-engine", "b", "-skip-apply", "-markdown"}, io.Discard)
	if err != nil || len(c.sizes) != 2 || c.sizes[1] != 20 || len(c.engines) != 2 || !c.skipApply || !c.markdown {
		t.Errorf("%+v, %v", c, err)
	}
	for _, wrong := range [][]string{{"-n", "0"}, {"-n", "x"}, {"-rounds", "0"}, {"more"}} {
		if _, err := parseFlags(wrong, io.Discard); err == nil {
			t.Errorf("%q was taken", wrong)
		}
	}
}

// The simulator is the real program: what is counted and listed is what it answered.
func TestSimulatorIsCounted(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "clerk-simulator")
	if err := build(t.Context(), path, "internal/clerktest/clerk-simulator"); err != nil {
		t.Fatal(err)
	}
	clerk, err := startSimulator(t.Context(), path, "-seed", "501", "-rate-limit", "3")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(clerk.stop)
	ids, err := clerk.ids(t.Context())
	if err != nil || len(ids) != 501 {
		t.Fatalf("%d ids, %v", len(ids), err)
	}
	for range 2 { // of which the limit lets one through
		if _, err := clerk.get(t.Context(), "/oauth_applications/"+ids[0], clerk.key); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []requests{{all: 4, throttled: 1}, {}} {
		if got, err := clerk.take(t.Context()); err != nil || got != want {
			t.Errorf("counted %+v, %v, want %+v", got, err, want)
		}
	}
}

// TestMeter is also the program that the meter runs.
func TestMeter(t *testing.T) {
	if os.Getenv("SCALE_TEST_PROVIDER") != "" {
		os.Exit(7)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	usage := filepath.Join(t.TempDir(), "usage")
	program := filepath.Join(t.TempDir(), providerName)
	if err := build(t.Context(), program, "tools/scale"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		command := exec.CommandContext(t.Context(), program, "-test.run=TestMeter")
		command.Env = append(os.Environ(), envProvider+"="+self, envUsage+"="+usage, "SCALE_TEST_PROVIDER=yes")
		if _ = command.Run(); command.ProcessState.ExitCode() != 7 {
			t.Errorf("the exit code is %d, want the provider's", command.ProcessState.ExitCode())
		}
	}
	cpu, memory, err := readUsage(usage)
	if content, _ := os.ReadFile(usage); err != nil || strings.Count(string(content), "\n") != 2 || cpu <= 0 || memory < 1e6 {
		t.Errorf("%s and %d bytes, %v, of %q", cpu, memory, err, content)
	}
	if cpu, memory, err := readUsage(usage + ".none"); cpu != 0 || memory != 0 || err != nil {
		t.Errorf("without a provider: %s, %d bytes, %v", cpu, memory, err)
	}
}

//go:build unix

// Command scale measures what many applications cost: requests, time, processor time and the
// provider's memory, with a real engine, for creating N applications and for planning N that are
// unchanged. It prints the table of the guide "Many applications".
//
//	tools/with-engine.sh auto go run ./tools/scale -n 10,1000 -rounds 3
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

func main() {
	if filepath.Base(os.Args[0]) == providerName {
		os.Exit(meter())
	}
	sizes := flag.String("n", "10,100,1000,5000", "`numbers` of applications, separated by commas")
	rounds := flag.Int("rounds", 5,
		"how often each step is measured; one of more than 30 s is measured once")
	flag.Parse()
	if err := run(context.Background(), *sizes, *rounds); err != nil {
		fmt.Fprintln(os.Stderr, "scale:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, sizes string, rounds int) error {
	work, err := os.MkdirTemp("", "scale-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }()
	if err := installMeter(ctx, work); err != nil {
		return err
	}
	version, err := exec.CommandContext(ctx, engine(), "version").Output()
	if err != nil {
		return err
	}
	title, _, _ := strings.Cut(string(version), "\n")
	fmt.Printf("\n**%s**\n\n", title)
	fmt.Println("| applications | step | requests | answered 429 | time | CPU | " +
		"of it the provider's | provider's memory | runs |")
	fmt.Println("| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
	for text := range strings.SplitSeq(sizes, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return fmt.Errorf("%q is not a number of applications", text)
		}
		for _, s := range steps {
			if s.name == "apply" && n > 1000 {
				continue // takes minutes
			}
			runs, err := s.measure(ctx, work, n, rounds)
			if err != nil {
				return fmt.Errorf("%d applications, %s: %w", n, s.name, err)
			}
			printRow(s.name, n, runs)
		}
	}
	return nil
}

func engine() string { return cmp.Or(os.Getenv("ENGINE_PATH"), "terraform") }

// address is the same for all engines, so that one configuration and one state serve them.
const address = "registry.terraform.io/terraform-provider-clerk/clerk"

// applications are like those with which [seed] fills the simulator.
const applications = `
terraform {
  required_providers {
    clerk = { source = "` + address + `" }
  }
}

provider "clerk" {%s}

resource "clerk_oauth_application" "this" {
  count         = %d
  name          = "application-${count.index + 1}"
  redirect_uris = ["https://application-${count.index + 1}.example.com/callback"]
  scopes        = ["profile", "email"]
}
`

// A step is a command of the engine, apply or plan, which is measured several times.
type step struct {
	name      string
	arguments string // of the provider
	clerk     clerktest.Options
}

var steps = []step{
	{"apply", " requests_per_10s = 1000 ", clerktest.Options{}},
	{"plan", "", clerktest.Options{}},
	{"plan, 100 ms latency", "", clerktest.Options{Latency: 100 * time.Millisecond}},
	{"plan, limit of 100 in 10 s", "", clerktest.Options{RateLimit: 100}},
}

// measurement is what one run of a step took. The processor time of the engine includes that of the
// provider that it has waited for.
type measurement struct {
	requests, throttled    int
	wall, cpu, providerCPU time.Duration
	providerMemory         int // the most, in units of 1,000 bytes
}

// measure runs the step in a directory and against a simulator of its own.
func (s step) measure(ctx context.Context, work string, n, rounds int) ([]measurement, error) {
	server := httptest.NewUnstartedServer(nil)
	defer server.Close()
	s.clerk.URL = "http://" + server.Listener.Addr().String() + "/v1"
	clerk := clerktest.NewServer(s.clerk)
	server.Config.Handler = clerk
	server.Start()

	dir, err := os.MkdirTemp(work, "step-")
	if err != nil {
		return nil, err
	}
	state, usage := filepath.Join(dir, "terraform.tfstate"), filepath.Join(dir, "usage")
	execute := func(arguments ...string) (*os.ProcessState, error) {
		command := exec.CommandContext(ctx, engine(), append(arguments, "-input=false", "-no-color")...)
		command.Dir, command.Env = dir, []string{
			"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "CHECKPOINT_DISABLE=1",
			"TF_CLI_CONFIG_FILE=" + filepath.Join(work, "cli.tfrc"),
			"CLERK_API_URL=" + clerk.URL(), "CLERK_SECRET_KEY=" + clerk.Key(),
			envProvider + "=" + filepath.Join(work, "built", providerName), envUsage + "=" + usage,
		}
		output, err := command.CombinedOutput()
		if err != nil {
			err = fmt.Errorf("%w\n%s", err, output)
		}
		return command.ProcessState, err
	}
	configuration := fmt.Appendf(nil, applications, s.arguments, n)
	err = errors.Join(os.WriteFile(filepath.Join(dir, "main.tf"), configuration, 0o600),
		os.WriteFile(state, seed(clerk, n), 0o600))
	if err == nil {
		_, err = execute("apply", "-auto-approve", "-refresh-only")
	}
	command := []string{"plan", "-detailed-exitcode"} // fails if there are changes
	var runs []measurement
	for err == nil && len(runs) < rounds && (len(runs) == 0 || runs[0].wall < 30*time.Second) {
		if s.name == "apply" {
			command = []string{"apply", "-auto-approve"}
			_ = os.Remove(state) // all applications are to be created
		}
		_ = os.Remove(usage)
		clerk.ResetRequests()
		begun := time.Now()
		var ended *os.ProcessState
		if ended, err = execute(command...); err != nil {
			break
		}
		m := measurement{wall: time.Since(begun), cpu: ended.UserTime() + ended.SystemTime()}
		for _, request := range clerk.Requests() {
			m.requests++
			if request.Status == http.StatusTooManyRequests {
				m.throttled++
			}
		}
		err, runs = m.readUsage(usage), append(runs, m)
	}
	return runs, err
}

// seed creates n applications, and returns a state with nothing but their ids, because an apply of
// thousands takes the engine minutes.
func seed(clerk *clerktest.Server, n int) []byte {
	var instances []any
	for i, id := range clerk.SeedMany(n, "application-%d", func(app *clerktest.Application) {
		app.RedirectURIs = []string{"https://" + app.Name + ".example.com/callback"}
		app.Scopes = "email offline_access profile"
	}) {
		instances = append(instances, map[string]any{
			"index_key": i, "schema_version": 1, "attributes": map[string]any{"id": id},
		})
	}
	state, _ := json.Marshal(map[string]any{ // texts and numbers never fail
		"version": 4, "terraform_version": "1.5.0", "serial": 1, "lineage": "scale",
		"resources": []any{map[string]any{
			"mode": "managed", "type": "clerk_oauth_application", "name": "this",
			"provider": fmt.Sprintf("provider[%q]", address), "instances": instances,
		}},
	})
	return state
}

// printRow prints the run with the median time, or with the lower one of two in the middle.
func printRow(name string, n int, runs []measurement) {
	slices.SortFunc(runs, func(a, b measurement) int { return cmp.Compare(a.wall, b.wall) })
	m := runs[(len(runs)-1)/2]
	inEnglish := message.NewPrinter(language.English) // writes 5000 as 5,000
	_, _ = inEnglish.Printf("| %d | %s | %d | %d | %.2f s | %.2f s | %.2f s | %d MB | %d |\n",
		n, name, m.requests, m.throttled, m.wall.Seconds(), m.cpu.Seconds(),
		m.providerCPU.Seconds(), m.providerMemory/1000, len(runs))
}

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

//go:build unix

// Command scale measures what many applications cost: requests, time, processor time and the
// provider's memory, with a real engine, for creating N applications and for planning N that are
// unchanged. It prints the table of the guide "Many applications".
//
//	tools/with-engine.sh auto go run ./tools/scale -n 10,1000 -rounds 3
package main

import (
	"bufio"
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
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/hashicorp/terraform-exec/tfexec"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

func main() {
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
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", work, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, output)
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

// measurement is what one run of a step took.
type measurement struct {
	requests, throttled          int
	wall, engineCPU, providerCPU time.Duration
	providerMemory               int64 // the most, in bytes
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
	state := filepath.Join(dir, "terraform.tfstate")
	configuration := fmt.Appendf(nil, applications, s.arguments, n)
	tf, err := tfexec.NewTerraform(dir, engine())
	err = errors.Join(err, os.WriteFile(filepath.Join(dir, "main.tf"), configuration, 0o600),
		os.WriteFile(state, seed(clerk, n), 0o600))
	if err != nil {
		return nil, err
	}
	command := func(info tfexec.ReattachInfo) error {
		changes, err := tf.Plan(ctx, tfexec.Reattach(info))
		if err == nil && changes {
			err = errors.New("the plan has changes")
		}
		return err
	}
	if s.name == "apply" {
		command = func(info tfexec.ReattachInfo) error {
			_ = os.Remove(state) // all applications are to be created
			return tf.Apply(ctx, tfexec.Reattach(info))
		}
	}
	_, err = withProvider(ctx, work, clerk, func(info tfexec.ReattachInfo) error {
		return tf.Apply(ctx, tfexec.RefreshOnly(true), tfexec.Reattach(info))
	})
	var runs []measurement
	for err == nil && len(runs) < rounds && (len(runs) == 0 || runs[0].wall < 30*time.Second) {
		clerk.ResetRequests()
		var m measurement
		m, err = withProvider(ctx, work, clerk, command)
		for _, request := range clerk.Requests() {
			m.requests++
			if request.Status == http.StatusTooManyRequests {
				m.throttled++
			}
		}
		runs = append(runs, m)
	}
	return runs, err
}

// reattach is what a provider prints that waits for an engine.
var reattach = regexp.MustCompile(`TF_REATTACH_PROVIDERS='(.*)'`)

// withProvider measures a command of the engine, with a provider that this program starts and ends:
// only the parent of a process learns what the process used.
func withProvider(
	ctx context.Context, work string, clerk *clerktest.Server,
	command func(tfexec.ReattachInfo) error,
) (m measurement, err error) {
	provider := exec.CommandContext(ctx, filepath.Join(work, "terraform-provider-clerk"), "-debug")
	provider.Env = []string{"CLERK_API_URL=" + clerk.URL(), "CLERK_SECRET_KEY=" + clerk.Key()}
	printed, err := provider.StdoutPipe()
	begun, before := time.Now(), childrenCPU()
	if err = errors.Join(err, provider.Start()); err != nil {
		return m, err
	}
	var info tfexec.ReattachInfo
	for lines := bufio.NewScanner(printed); info == nil && lines.Scan(); {
		if found := reattach.FindSubmatch(lines.Bytes()); found != nil {
			err = json.Unmarshal(found[1], &info)
		}
	}
	err = errors.Join(err, command(info))
	m.wall, m.engineCPU = time.Since(begun), childrenCPU()-before

	err = errors.Join(err, provider.Process.Signal(syscall.SIGTERM))
	_ = provider.Wait() // it ends by the signal
	used := provider.ProcessState
	m.providerCPU = used.UserTime() + used.SystemTime()
	m.providerMemory = used.SysUsage().(*syscall.Rusage).Maxrss
	if runtime.GOOS != "darwin" {
		m.providerMemory *= 1024 // elsewhere it is in units of 1,024 bytes
	}
	return m, err
}

// childrenCPU is the processor time of all processes that this program has started and that have
// ended.
func childrenCPU() time.Duration {
	var used syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_CHILDREN, &used) // fails for other arguments alone
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
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
		n, name, m.requests, m.throttled, m.wall.Seconds(), (m.engineCPU + m.providerCPU).Seconds(),
		m.providerCPU.Seconds(), m.providerMemory/1_000_000, len(runs))
}

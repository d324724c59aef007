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
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/terraform-exec/tfexec"

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
	engine := cmp.Or(os.Getenv("ENGINE_PATH"), "terraform")
	work, err := os.MkdirTemp("", "scale-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }()
	if err := installMeter(ctx, work); err != nil {
		return err
	}
	version, err := exec.CommandContext(ctx, engine, "version").Output()
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
			if n > s.largest {
				continue
			}
			runs, err := s.measure(ctx, engine, work, n, rounds)
			if err != nil {
				return fmt.Errorf("%d applications, %s: %w", n, s.name, err)
			}
			printRow(s.name, n, runs)
		}
	}
	return nil
}

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

// A step is a command of the engine, which is measured several times.
type step struct {
	name      string
	largest   int    // number of applications
	arguments string // of the provider
	clerk     clerktest.Option
	run       func(context.Context, *tfexec.Terraform) error
}

var steps = []step{
	// More take minutes.
	{"apply", 1000, " requests_per_10s = 1000 ", clerktest.WithLatency(0), apply},
	{"plan", math.MaxInt, "", clerktest.WithLatency(0), plan},
	{"plan, 100 ms latency", math.MaxInt, "", clerktest.WithLatency(100 * time.Millisecond), plan},
	{"plan, limit of 100 in 10 s", math.MaxInt, "", clerktest.WithRateLimit(
		clerktest.RateLimit{Requests: 100, Per: 10 * time.Second}), plan},
}

// apply creates all applications.
func apply(ctx context.Context, tf *tfexec.Terraform) error {
	_ = os.Remove(filepath.Join(tf.WorkingDir(), "terraform.tfstate"))
	return tf.Apply(ctx)
}

// plan reads all applications, which are as their configuration wants them.
func plan(ctx context.Context, tf *tfexec.Terraform) error {
	changes, err := tf.Plan(ctx)
	if changes {
		err = errors.New("the plan of unchanged applications has changes")
	}
	return err
}

// measurement is what one run of a step took. No two runs go on at the same time, so the processor
// time of all children that have ended is the engine's and its provider's.
type measurement struct {
	requests, throttled    int
	wall, cpu, providerCPU time.Duration
	providerMemory         int // the most, in units of 1,000 bytes
}

// measure runs the step in a directory and against a simulator of its own.
func (s step) measure(
	ctx context.Context, engine, work string, n, rounds int,
) (runs []measurement, err error) {
	server := httptest.NewUnstartedServer(nil)
	defer server.Close()
	url := "http://" + server.Listener.Addr().String() + "/v1"
	clerk := clerktest.NewServer(s.clerk, clerktest.WithURL(url))
	server.Config.Handler = clerk
	server.Start()

	dir, err := os.MkdirTemp(work, "step-")
	if err != nil {
		return nil, err
	}
	tf, err := tfexec.NewTerraform(dir, engine)
	if err != nil {
		return nil, err
	}
	usage := filepath.Join(dir, "usage")
	err = errors.Join(tf.SetEnv(map[string]string{
		"PATH": os.Getenv("PATH"), "HOME": dir, "CHECKPOINT_DISABLE": "1",
		"TF_CLI_CONFIG_FILE": filepath.Join(work, "cli.tfrc"),
		"CLERK_API_URL":      url, "CLERK_SECRET_KEY": clerk.Key(),
		envProvider: filepath.Join(work, "built", providerName), envUsage: usage,
	}), os.WriteFile(filepath.Join(dir, "main.tf"),
		fmt.Appendf(nil, applications, s.arguments, n), 0o600),
		os.WriteFile(filepath.Join(dir, "terraform.tfstate"), seed(clerk, n), 0o600),
		tf.Apply(ctx, tfexec.RefreshOnly(true)))
	for err == nil && len(runs) < rounds && (len(runs) == 0 || runs[0].wall < 30*time.Second) {
		_ = os.Remove(usage)
		clerk.ResetRequests()
		before, begun := childrenTime(), time.Now()
		err = s.run(ctx, tf)
		m := measurement{wall: time.Since(begun), cpu: childrenTime() - before}
		for _, request := range clerk.Requests() {
			m.requests++
			if request.Status == http.StatusTooManyRequests {
				m.throttled++
			}
		}
		err, runs = errors.Join(err, m.readUsage(usage)), append(runs, m)
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
	fmt.Printf("| %s | %s | %s | %d | %.2f s | %.2f s | %.2f s | %d MB | %d |\n",
		thousands(n), name, thousands(m.requests), m.throttled, m.wall.Seconds(), m.cpu.Seconds(),
		m.providerCPU.Seconds(), m.providerMemory/1000, len(runs))
}

// thousands writes 5000 as 5,000.
func thousands(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}

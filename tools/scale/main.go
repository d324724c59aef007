// Command scale measures what many applications cost: requests, time, processor time and the provider's memory, with the
// real command line tools, for creating N applications and for planning N that are unchanged.
//
//	go run ./tools/scale -n 10,1000 -rounds 3 -markdown
//
// Beside every time stands the tool's own: the same step over N of its built-in terraform_data, with one text in each;
// for plans there is a second ratio, to terraform_data with as many texts as an application has. They, and all
// engines, take turns, and the ratio is the median of the ratios of each turn, so that a machine that is busy with
// something else changes both sides of it. It runs on Unix.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/enginetest"
)

// longRun is how long a step may take to be repeated.
const longRun = 30 * time.Second

func main() {
	if filepath.Base(os.Args[0]) == providerName {
		os.Exit(meter())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "scale:", err)
		os.Exit(1)
	}
}

// configuration is what the flags say.
type configuration struct {
	sizes     []int
	rounds    int
	engines   []string
	provider  string
	skipApply bool
	markdown  bool
}

func parseFlags(arguments []string, stderr io.Writer) (configuration, error) {
	c := configuration{sizes: []int{10, 100, 1000, 5000}}
	flags := flag.NewFlagSet("scale", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Func("n", "`numbers` of applications, separated by commas (default 10,100,1000,5000)", func(text string) error {
		c.sizes = nil
		for field := range strings.SplitSeq(text, ",") {
			n, err := strconv.Atoi(field)
			if err != nil || n < 1 {
				return errors.New("want numbers from 1 on")
			}
			c.sizes = append(c.sizes, n)
		}
		return nil
	})
	flags.IntVar(&c.rounds, "rounds", 5, "how often each step is measured; one of more than 30 s is measured once")
	flags.Func("engine", "`path` of terraform or tofu; may be repeated (default: ENGINE_PATH, and what is on PATH or in .tools/bin)", func(path string) error {
		c.engines = append(c.engines, path)
		return nil
	})
	flags.StringVar(&c.provider, "provider", "", "`path` of the provider (default: build it)")
	flags.BoolVar(&c.skipApply, "skip-apply", false, "measure plans only")
	flags.BoolVar(&c.markdown, "markdown", false, "print Markdown")
	if err := flags.Parse(arguments); err != nil {
		return c, err
	}
	if flags.NArg() > 0 || c.rounds < 1 {
		return c, errors.New("-rounds must be 1 at least, and nothing may follow the flags")
	}
	return c, nil
}

func run(ctx context.Context, arguments []string, stdout, stderr io.Writer) error {
	c, err := parseFlags(arguments, stderr)
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "scale-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }()

	provider, err := filepath.Abs(c.provider)
	if c.provider == "" {
		provider = filepath.Join(work, "built", providerName)
		err = build(ctx, provider, "")
	}
	if err != nil {
		return err
	}
	simulatorPath := filepath.Join(work, "built", "clerk-simulator")
	if err := build(ctx, simulatorPath, "internal/clerktest/clerk-simulator"); err != nil {
		return err
	}
	engines, err := findEngines(ctx, c.engines, work, provider)
	if err != nil {
		return err
	}

	results := map[*engine][]*row{}
	for _, n := range c.sizes {
		var rows []*row
		for _, e := range engines {
			s := &site{engine: e, n: n, simulatorPath: simulatorPath, dir: filepath.Join(work, e.Name, strconv.Itoa(n))}
			defer s.close()
			made, err := s.rows(ctx, c.skipApply)
			if err != nil {
				return fmt.Errorf("%s, %d applications: %w", e.Name, n, err)
			}
			results[e] = append(results[e], made...)
			rows = append(rows, made...)
		}
		for round := range c.rounds {
			fmt.Fprintf(stderr, "%d applications, round %d of %d\n", n, round+1, c.rounds)
			for _, r := range rows {
				if err := r.measure(ctx); err != nil {
					return fmt.Errorf("%d applications, %s: %w", n, r.step, err)
				}
			}
		}
	}
	for _, e := range engines {
		printTable(stdout, e.String(), results[e], c.markdown)
	}
	return nil
}

// build builds a program of this module with the flags of a release.
func build(ctx context.Context, out, pkg string) error {
	return enginetest.Build(ctx, out, pkg, "-trimpath", "-ldflags=-s -w")
}

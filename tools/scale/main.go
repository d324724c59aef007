//go:build unix

// Command scale measures what many applications cost: requests, time, processor time and the
// provider's memory, with a real engine, for creating N applications and for planning N that are
// unchanged. It prints the table of the guide "Many applications".
//
//	tools/with-engine.sh auto go run ./tools/scale -n 10,1000 -rounds 3
//
// Beside every time stands the engine's own: the same step over N of its built-in terraform_data with
// one text in each, and for plans a second ratio, to terraform_data with as many texts as an
// application has. All steps take turns, and a ratio is the median of the ratios of the turns, so
// that a machine that is busy with something else changes both sides of it.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// longRun is how long a step may take to be repeated.
const longRun = 30 * time.Second

// largestApply is the largest number of applications that are created; more take minutes.
const largestApply = 1000

func main() {
	if filepath.Base(os.Args[0]) == providerName {
		os.Exit(meter())
	}
	sizes := flag.String("n", "10,100,1000,5000", "`numbers` of applications, separated by commas")
	rounds := flag.Int("rounds", 5, "how often each step is measured; one of more than 30 s is measured once")
	flag.Parse()
	if err := run(context.Background(), *sizes, *rounds); err != nil {
		fmt.Fprintln(os.Stderr, "scale:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, sizes string, rounds int) error {
	engine, err := exec.LookPath(cmp.Or(os.Getenv("ENGINE_PATH"), "terraform"))
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "scale-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }()
	if err := installMeter(ctx, work); err != nil {
		return err
	}
	s := site{engine: engine, work: work}
	defer s.close()
	var all []*step
	for text := range strings.SplitSeq(sizes, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return fmt.Errorf("%q is not a number of applications", text)
		}
		steps, err := s.steps(ctx, n)
		if err != nil {
			return err
		}
		for round := range rounds {
			fmt.Fprintf(os.Stderr, "%d applications, round %d of %d\n", n, round+1, rounds)
			for _, st := range steps {
				if len(st.runs) > 0 && st.runs[0].wall > longRun {
					continue
				}
				if err := st.measure(ctx); err != nil {
					return fmt.Errorf("%d applications, %s: %w", n, st.name, err)
				}
			}
		}
		all = append(all, steps...)
	}
	version, err := exec.CommandContext(ctx, engine, "version").Output()
	title, _, _ := strings.Cut(string(version), "\n")
	printTable(title, all)
	return err
}

// measurement is what one run of a step took.
type measurement struct {
	requests, throttled int
	wall                time.Duration
	cpu                 time.Duration // of the engine and the provider
	providerCPU         time.Duration
	providerMemory      float64 // the most, in megabytes
}

// printTable prints the steps that have a floor, whose times are in the columns "engine alone".
func printTable(title string, steps []*step) {
	fmt.Printf("\n**%s**\n\n| applications | step | requests | answered 429 | time | engine alone | ratio | ratio, same size "+
		"| CPU | engine alone | provider's CPU | provider's memory | runs |\n"+
		"| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n", title)
	wall := func(m measurement) float64 { return m.wall.Seconds() }
	cpu := func(m measurement) float64 { return m.cpu.Seconds() }
	for _, s := range steps {
		if s.floor == nil {
			continue
		}
		fmt.Printf("| %s | %s | %s | %s | %.2f s | %.2f s | %s | %s | %.2f s | %.2f s | %.2f s | %.0f MB | %d |\n",
			thousands(s.n), s.name,
			thousands(int(s.median(func(m measurement) float64 { return float64(m.requests) }))),
			thousands(int(s.median(func(m measurement) float64 { return float64(m.throttled) }))),
			s.median(wall), s.floor.median(wall), s.ratioTo(s.floor), s.ratioTo(s.sameSize), s.median(cpu), s.floor.median(cpu),
			s.median(func(m measurement) float64 { return m.providerCPU.Seconds() }),
			s.median(func(m measurement) float64 { return m.providerMemory }), len(s.runs))
	}
}

// median is the median of one property of the runs.
func (s *step) median(property func(measurement) float64) float64 {
	var values []float64
	for _, m := range s.runs {
		values = append(values, property(m))
	}
	return middle(values)
}

// ratioTo is the median of the time against another step's of the same turn.
func (s *step) ratioTo(other *step) string {
	if other == nil {
		return ""
	}
	var ratios []float64
	for i, m := range s.runs[:min(len(s.runs), len(other.runs))] {
		ratios = append(ratios, m.wall.Seconds()/other.runs[i].wall.Seconds())
	}
	return fmt.Sprintf("%.1f", middle(ratios))
}

func middle(values []float64) float64 {
	slices.Sort(values)
	return values[(len(values)-1)/2]
}

// thousands writes 5000 as 5,000.
func thousands(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}

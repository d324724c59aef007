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
	rounds := flag.Int("rounds", 5,
		"how often each step is measured; one of more than 30 s is measured once")
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

// printTable prints the medians of all steps.
func printTable(title string, steps []*step) {
	fmt.Printf("\n**%s**\n\n", title)
	fmt.Println("| applications | step | requests | answered 429 | time | CPU | " +
		"of it the provider's | provider's memory | runs |")
	fmt.Println("| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
	for _, s := range steps {
		fmt.Printf("| %s | %s | %s | %d | %.2f s | %.2f s | %.2f s | %d MB | %d |\n",
			thousands(s.n), s.name,
			thousands(median(s, func(m measurement) int { return m.requests })),
			median(s, func(m measurement) int { return m.throttled }),
			median(s, func(m measurement) time.Duration { return m.wall }).Seconds(),
			median(s, func(m measurement) time.Duration { return m.cpu }).Seconds(),
			median(s, func(m measurement) time.Duration { return m.providerCPU }).Seconds(),
			median(s, func(m measurement) int { return m.providerMemory })/1000,
			len(s.runs))
	}
}

// median is the median of one property of the runs, or the lower one of two in the middle.
func median[T cmp.Ordered](s *step, property func(measurement) T) T {
	var values []T
	for _, m := range s.runs {
		values = append(values, property(m))
	}
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

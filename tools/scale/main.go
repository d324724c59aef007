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

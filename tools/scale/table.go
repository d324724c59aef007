package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// measurement is what one run took.
type measurement struct {
	requests       requests
	wall           time.Duration
	cpu            time.Duration // of the engine and the provider
	providerCPU    time.Duration
	providerMemory int64 // the most, in bytes; 0 where the platform does not tell
}

// row is a step over n applications, and its measurements.
type row struct {
	n    int
	step string
	run  func(context.Context) (measurement, error)
	runs []measurement

	// What the engine takes by itself, measured in the same turns. They have none.
	floor    *row
	sameSize *row // with as many texts as an application has; nil if it was not measured
}

// measure runs the step, unless it is known to take long.
func (r *row) measure(ctx context.Context) error {
	if len(r.runs) > 0 && r.runs[0].wall > longRun {
		return nil
	}
	m, err := r.run(ctx)
	r.runs = append(r.runs, m)
	return err
}

// ratioTo is the median of the time against the floor's of the same turn.
func (r *row) ratioTo(floor *row) string {
	if floor == nil {
		return ""
	}
	var ratios []float64
	for i, m := range r.runs[:min(len(r.runs), len(floor.runs))] {
		ratios = append(ratios, float64(m.wall)/float64(floor.runs[i].wall))
	}
	return fmt.Sprintf("%.1f", median(ratios))
}

// medianOf is the median of one property of the runs.
func medianOf[T cmp.Ordered](r *row, property func(measurement) T) T {
	var values []T
	for _, m := range r.runs {
		values = append(values, property(m))
	}
	return median(values)
}

// median is the middle one, or the lower one of two in the middle.
func median[T cmp.Ordered](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[(len(sorted)-1)/2]
}

var header = []string{
	"applications", "step", "requests", "answered 429", "time", "engine alone", "ratio", "ratio, same size",
	"CPU", "engine alone", "provider's CPU", "provider's memory", "runs",
}

func (r *row) cells() []string {
	wall := func(m measurement) time.Duration { return m.wall }
	cpu := func(m measurement) time.Duration { return m.cpu }
	memory := "not told"
	if most := medianOf(r, func(m measurement) int64 { return m.providerMemory }); most > 0 {
		memory = fmt.Sprintf("%.0f MB", float64(most)/1e6)
	}
	return []string{
		thousands(r.n), r.step,
		thousands(medianOf(r, func(m measurement) int { return m.requests.all })),
		thousands(medianOf(r, func(m measurement) int { return m.requests.throttled })),
		seconds(medianOf(r, wall)), seconds(medianOf(r.floor, wall)), r.ratioTo(r.floor), r.ratioTo(r.sameSize),
		seconds(medianOf(r, cpu)), seconds(medianOf(r.floor, cpu)),
		seconds(medianOf(r, func(m measurement) time.Duration { return m.providerCPU })),
		memory, fmt.Sprint(len(r.runs)),
	}
}

// printTable prints the rows that have a floor, whose times are in the columns "engine alone".
func printTable(w io.Writer, title string, rows []*row, markdown bool) {
	lines := [][]string{header}
	for _, r := range rows {
		if r.floor != nil {
			lines = append(lines, r.cells())
		}
	}
	if markdown {
		fmt.Fprintf(w, "\n**%s**\n\n", title)
		lines = slices.Insert(lines, 1, slices.Repeat([]string{"---:"}, len(header)))
		lines[1][1] = "---"
		for _, cells := range lines {
			fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | "))
		}
		return
	}
	fmt.Fprintf(w, "\n%s\n", title)
	columns := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, cells := range lines {
		fmt.Fprintln(columns, strings.Join(cells, "\t")+"\t")
	}
	_ = columns.Flush()
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

// thousands writes 5000 as 5,000.
func thousands(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

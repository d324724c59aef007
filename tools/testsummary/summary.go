package main

import (
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// event is one line of `go test -json`; `go doc cmd/test2json` describes it.
type event struct {
	Action  string  `json:"Action"`
	Package string  `json:"Package"`
	Test    string  `json:"Test"`
	Elapsed float64 `json:"Elapsed"`
	Output  string  `json:"Output"`
}

// summary collects events. It prints failures and package results to out as they come, the rest in report.
type summary struct {
	out      io.Writer
	output   map[testID][]string // of tests that have not ended yet; the empty test name is the package
	packages map[string]*count
	layers   map[layer]*count
	failures []string
	skips    map[string][]string // reason to test names
	untested []string
}

type testID struct{ pkg, test string }

type count struct{ passed, failed, skipped int }

func newSummary(out io.Writer) *summary {
	return &summary{
		out:      out,
		output:   map[testID][]string{},
		packages: map[string]*count{},
		layers:   map[layer]*count{},
		skips:    map[string][]string{},
	}
}

func (s *summary) add(e event) {
	id := testID{e.Package, e.Test}
	switch e.Action {
	case "output":
		s.output[id] = append(s.output[id], e.Output)
		return
	case "build-output":
		fmt.Fprint(s.out, e.Output)
		return
	case "pass", "fail", "skip":
	default:
		return
	}
	if e.Test == "" {
		s.endPackage(e)
	} else {
		s.endTest(e)
	}
	delete(s.output, id)
}

func (s *summary) endTest(e event) {
	counts := []*count{entry(s.packages, e.Package), entry(s.layers, layerOf(e.Test))}
	lines := s.output[testID{e.Package, e.Test}]
	for _, c := range counts {
		switch e.Action {
		case "pass":
			c.passed++
		case "fail":
			c.failed++
		case "skip":
			c.skipped++
		}
	}
	switch e.Action {
	case "fail":
		s.failures = append(s.failures, short(e.Package)+" "+e.Test)
		fmt.Fprintln(s.out)
		s.print(lines)
	case "skip":
		reason := skipReason(lines)
		s.skips[reason] = append(s.skips[reason], e.Test)
	}
}

func (s *summary) endPackage(e event) {
	c := entry(s.packages, e.Package)
	switch e.Action {
	case "skip":
		s.untested = append(s.untested, short(e.Package))
	case "pass":
		if *c == (count{}) { // its tests are not among those that were asked for
			return
		}
		fmt.Fprintf(s.out, "ok    %-40s %6.1fs  %s\n", short(e.Package), e.Elapsed, c)
	case "fail":
		for _, line := range s.output[testID{e.Package, ""}] {
			if !isVerdict(line) {
				fmt.Fprint(s.out, line)
			}
		}
		s.endUnfinished(e.Package)
		if c.failed == 0 { // it did not build, or ended outside of any test
			c.failed++
			entry(s.layers, unit).failed++
			s.failures = append(s.failures, short(e.Package))
		}
		fmt.Fprintf(s.out, "FAIL  %-40s %6.1fs  %s\n", short(e.Package), e.Elapsed, c)
	}
}

// endUnfinished fails the tests that had begun when the package's program ended: it crashed, timed out or left by os.Exit. What
// it said of that is in the output of one of them. They may be hundreds, most of which only waited for their turn, so they are
// counted one by one and told in one line.
func (s *summary) endUnfinished(pkg string) {
	var tests []string
	for id, lines := range s.output {
		if id.pkg != pkg || id.test == "" {
			continue
		}
		tests = append(tests, id.test)
		s.print(lines)
		entry(s.packages, pkg).failed++
		entry(s.layers, layerOf(id.test)).failed++
		delete(s.output, id)
	}
	if len(tests) == 0 {
		return
	}
	slices.Sort(tests)
	failure := fmt.Sprintf("%s ended during %s", short(pkg), tests[0])
	if len(tests) > 1 {
		failure += fmt.Sprintf(" and %d more", len(tests)-1)
	}
	s.failures = append(s.failures, failure)
}

// print shows what a test wrote.
func (s *summary) print(lines []string) {
	for _, line := range lines {
		if !isProgress(line) {
			fmt.Fprint(s.out, line)
		}
	}
}

// report prints what ran and what did not, and says whether all is well. runErr is the error of the command that was run.
func (s *summary) report(required []layer, notes []string, runErr error) bool {
	var total count
	fmt.Fprintf(s.out, "\n%-12s %7s %7s %8s\n", "layer", "passed", "failed", "skipped")
	for _, l := range layers {
		if c, ok := s.layers[l]; ok {
			fmt.Fprintf(s.out, "%-12s %7d %7d %8d\n", l, c.passed, c.failed, c.skipped)
			total.passed += c.passed
			total.failed += c.failed
			total.skipped += c.skipped
		}
	}

	if len(s.skips)+len(notes) > 0 {
		fmt.Fprintln(s.out, "\nskipped, and why:")
		for _, note := range notes {
			fmt.Fprintf(s.out, "  %s\n", note)
		}
		for _, reason := range slices.Sorted(maps.Keys(s.skips)) {
			fmt.Fprintf(s.out, "  %s\n", reason)
			for _, test := range slices.Sorted(slices.Values(s.skips[reason])) {
				fmt.Fprintf(s.out, "      %s\n", test)
			}
		}
	}
	if len(s.untested) > 0 {
		fmt.Fprintf(s.out, "\nwithout tests of their own: %s\n", strings.Join(s.untested, ", "))
	}

	var problems []string
	for _, failure := range s.failures {
		problems = append(problems, "failed: "+failure)
	}
	for _, l := range required {
		if c, ok := s.layers[l]; !ok || c.passed+c.failed == 0 {
			problems = append(problems, fmt.Sprintf("no %s test ran, and they had to", l))
		}
	}
	if runErr != nil && len(s.failures) == 0 {
		problems = append(problems, "the test command ended with: "+runErr.Error())
	}
	if len(problems) > 0 {
		fmt.Fprintf(s.out, "\n%s\n", strings.Join(problems, "\n"))
	}
	fmt.Fprintf(s.out, "\n%s\n", &total)
	return len(problems) == 0 && runErr == nil
}

func (c *count) String() string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped", c.passed, c.failed, c.skipped)
}

func entry[K comparable](counts map[K]*count, key K) *count {
	if counts[key] == nil {
		counts[key] = &count{}
	}
	return counts[key]
}

// position is what the testing package puts before the text of t.Skip. Without it, tests with one reason stand together.
var position = regexp.MustCompile(`^\s*[^\s:]+\.go:\d+: `)

func skipReason(lines []string) string {
	var reason []string
	for _, line := range lines {
		line = strings.TrimSpace(position.ReplaceAllString(line, ""))
		if line != "" && !isProgress(line) && !strings.HasPrefix(line, "--- ") {
			reason = append(reason, line)
		}
	}
	if len(reason) == 0 {
		return "(no reason given)"
	}
	return strings.Join(reason, " ")
}

// isProgress tells the lines that say that a test began, waits or goes on.
func isProgress(line string) bool {
	return strings.HasPrefix(line, "=== ")
}

// isVerdict tells the lines that say again what the result line says.
func isVerdict(line string) bool {
	return line == "FAIL\n" || line == "PASS\n" || strings.HasPrefix(line, "FAIL\t") || strings.HasPrefix(line, "ok  \t")
}

// short leaves the module path away.
func short(pkg string) string {
	const module = "github.com/terraform-provider-clerk/terraform-provider-clerk"
	if pkg == module {
		return "."
	}
	return strings.TrimPrefix(pkg, module+"/")
}

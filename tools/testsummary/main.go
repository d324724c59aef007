// Testsummary runs `go test -json`, shows failures in full as they happen, and says at the end what ran, what was skipped and why.
//
//	testsummary -require unit,protocol,acceptance -note 'without -race: no C compiler' -- go test -json ./...
//
// `go test` alone says "ok" for a package whose tests were all skipped, and for one that lost its tests to a wrong name or
// filter. So the layers that have to run are named with -require, and the run fails when one of them ran no test.
//
// The exit status is 0 only if the command succeeded, no test failed and every required layer ran.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
)

func main() {
	var require, notes list
	flag.Var(&require, "require", "comma-separated `layers` that must run: unit, protocol, acceptance, contract, live")
	flag.Var(&notes, "note", "a `line` to print with what was skipped; may be repeated")
	flag.Parse()
	if flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "usage: testsummary [-require LAYERS] [-note TEXT] -- go test -json ...")
		os.Exit(2)
	}
	layers, err := parseLayers(require)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}

	// An interrupt reaches the tests as well, being sent to the whole process group; what they had done is still worth telling.
	signal.Notify(make(chan os.Signal, 1), os.Interrupt)

	summary := newSummary(os.Stdout)
	runErr := run(flag.Args(), summary)
	if !summary.report(layers, notes, runErr) {
		os.Exit(1)
	}
}

// run starts the command and feeds its standard output to the summary. The error is that of the command.
func run(command []string, summary *summary) error {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	readErr := read(stdout, summary)
	if err := cmd.Wait(); err != nil {
		return err
	}
	return readErr
}

// read hands every line to the summary: as an event if it is one, else as it is (the go command prints a few lines that are not).
func read(r io.Reader, summary *summary) error {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) == nil && e.Action != "" {
				summary.add(e)
			} else {
				fmt.Fprint(summary.out, string(line))
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// list is a flag that may be repeated.
type list []string

func (l *list) String() string     { return strings.Join(*l, ", ") }
func (l *list) Set(s string) error { *l = append(*l, s); return nil }

package enginetest

import (
	"regexp"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
)

// A Result is what a run of the engine has ended with.
type Result struct {
	Code           int // exit status; -1 after a signal
	Stdout, Stderr string
}

// Output is all that the run has printed, errors last.
func (r Result) Output() string { return r.Stdout + r.Stderr }

// Text is the output without the frames and line breaks that the engine puts into its messages.
func (r Result) Text() string { return Unwrap(r.Output()) }

var frame = regexp.MustCompile(`(?m)^[│╷╵] ?`)

// Unwrap undoes the frames and line breaks that engines put into messages.
func Unwrap(output string) string {
	return strings.Join(strings.Fields(frame.ReplaceAllString(output, "")), " ")
}

// Diagnostics gives the warnings and errors of a run with the argument -json, which prints one message to a line.
func (r Result) Diagnostics() []tfjson.Diagnostic {
	var diagnostics []tfjson.Diagnostic
	for line := range strings.Lines(r.Stdout) {
		message, _ := tfjson.UnmarshalLogMessage([]byte(line)) // what is no message is no diagnostic
		if diagnostic, ok := message.(tfjson.DiagnosticLogMessage); ok {
			diagnostics = append(diagnostics, diagnostic.Diagnostic)
		}
	}
	return diagnostics
}

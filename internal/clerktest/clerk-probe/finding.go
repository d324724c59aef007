package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// observation is what one try at a question showed.
type observation struct {
	seen   string
	value  string // of the switch; "" when this try tells none
	reason string // why it tells none
}

func told(value, format string, arguments ...any) observation {
	return observation{value: value, seen: fmt.Sprintf(format, arguments...)}
}

func untold(reason, format string, arguments ...any) observation {
	return observation{reason: reason, seen: fmt.Sprintf(format, arguments...)}
}

// question is one line of the table. A question without a switch is for information.
type question struct {
	text         string
	switchName   string
	observations []observation
}

// finding is a line of the table as it is printed.
type finding struct {
	Question     string `json:"question"`
	Seen         string `json:"seen"`
	Switch       string `json:"switch,omitempty"`
	Value        string `json:"value,omitempty"`
	CannotBeTold string `json:"cannot_be_told,omitempty"`
}

// finding brings the observations of a question together. Tries that tell different values contradict each other, and then
// no value is named.
func (q question) finding() finding {
	found := finding{Question: q.text, Switch: q.switchName}
	var seen, values []string
	for _, o := range q.observations {
		if o.seen != "" && !slices.Contains(seen, o.seen) {
			seen = append(seen, o.seen)
		}
		if o.value != "" && !slices.Contains(values, o.value) {
			values = append(values, o.value)
		}
		if found.CannotBeTold == "" {
			found.CannotBeTold = o.reason
		}
	}
	found.Seen = strings.Join(seen, "; then ")
	switch {
	case len(q.observations) == 0:
		found.CannotBeTold = "not asked"
	case q.switchName == "":
	case len(values) == 1:
		found.Value, found.CannotBeTold = values[0], ""
	case len(values) > 1:
		found.CannotBeTold = "contradictory: saw " + strings.Join(values, " then ")
	}
	return found
}

// result is what a run has found out.
type result struct {
	Findings []finding `json:"findings"`
	Requests int       `json:"requests"`
	Switches int       `json:"switches_told"`
	Of       int       `json:"switches"`
}

func (r result) print(w io.Writer, asJSON bool, scrub func(string) string) error {
	var text strings.Builder
	if asJSON {
		encoder := json.NewEncoder(&text)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(r); err != nil {
			return err
		}
	} else {
		table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "QUESTION\tSWITCH\tSEEN")
		for _, found := range r.Findings {
			fmt.Fprintf(table, "%s\t%s\t%s\n", found.Question, found.verdict(), found.Seen)
		}
		if err := table.Flush(); err != nil {
			return err
		}
		fmt.Fprintf(&text, "\n%d of %d switches told, %d requests.\n", r.Switches, r.Of, r.Requests)
	}
	_, err := io.WriteString(w, scrub(text.String()))
	return err
}

func (f finding) verdict() string {
	switch {
	case f.Value != "":
		return f.Switch + "=" + f.Value
	case f.Switch == "" && f.CannotBeTold == "":
		return ""
	case strings.HasPrefix(f.CannotBeTold, "contradictory"):
		return strings.TrimSpace(f.Switch + " " + f.CannotBeTold)
	default:
		return strings.TrimSpace(f.Switch + " cannot be told: " + f.CannotBeTold)
	}
}

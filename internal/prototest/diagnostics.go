package prototest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// Diagnostic is one message to the user.
type Diagnostic struct {
	Error   bool // a warning otherwise
	Summary string
	Detail  string
	Path    string // of the attribute it is about, such as name or tags["a b"]; empty if about the whole
	Address string // of the resource; set in the diagnostics of a [Graph] only
	Phase   string // the RPC that gave it, such as PlanResourceChange, or "Terraform" if no RPC did
}

// String returns severity, path, summary and detail on as many lines as they have.
func (d Diagnostic) String() string {
	severity := "Warning"
	if d.Error {
		severity = "Error"
	}
	about := strings.TrimPrefix(d.Address+"."+d.Path, ".")
	if about = strings.TrimSuffix(about, "."); about != "" {
		about = " on " + about
	}
	text := fmt.Sprintf("%s%s (%s): %s", severity, about, d.Phase, d.Summary)
	if d.Detail != "" {
		text += "\n" + d.Detail
	}
	return text
}

// Diagnostics are the messages of one or several phases in the order in which they came. Errors are not repeated, although
// Terraform validates a configuration more than once: the first one ends everything. Warnings are, as a user sees them.
type Diagnostics []Diagnostic

// HasError tells if there is an error.
func (ds Diagnostics) HasError() bool {
	return slices.ContainsFunc(ds, func(d Diagnostic) bool { return d.Error })
}

// Errors returns the errors only.
func (ds Diagnostics) Errors() Diagnostics {
	return ds.filter(func(d Diagnostic) bool { return d.Error })
}

// Warnings returns the warnings only.
func (ds Diagnostics) Warnings() Diagnostics {
	return ds.filter(func(d Diagnostic) bool { return !d.Error })
}

// At returns those about the attribute at the path.
func (ds Diagnostics) At(path string) Diagnostics {
	return ds.filter(func(d Diagnostic) bool { return d.Path == path })
}

// String returns all messages, separated by an empty line.
func (ds Diagnostics) String() string {
	texts := make([]string, len(ds))
	for i, d := range ds {
		texts[i] = d.String()
	}
	return strings.Join(texts, "\n\n")
}

func (ds Diagnostics) filter(keep func(Diagnostic) bool) Diagnostics {
	var kept Diagnostics
	for _, d := range ds {
		if keep(d) {
			kept = append(kept, d)
		}
	}
	return kept
}

// and appends what is new in more. Two phases that say the same count as one: only the phase tells them apart.
func (ds Diagnostics) and(more Diagnostics) Diagnostics {
	for _, d := range more {
		if !d.Error || !slices.ContainsFunc(ds, func(known Diagnostic) bool {
			known.Phase = d.Phase
			return known == d
		}) {
			ds = append(ds, d)
		}
	}
	return ds
}

func fromProtocol(phase string, sent []*tfprotov6.Diagnostic) Diagnostics {
	var ds Diagnostics
	for _, d := range sent {
		if d == nil {
			continue
		}
		ds = ds.and(Diagnostics{{
			Error:   d.Severity != tfprotov6.DiagnosticSeverityWarning,
			Summary: d.Summary,
			Detail:  d.Detail,
			Path:    formatPath(pathFromProtocol(d.Attribute)),
			Phase:   phase,
		}})
	}
	return ds
}

const phaseTerraform = "Terraform"

func terraformError(path, summary, format string, args ...any) Diagnostics {
	return Diagnostics{{Error: true, Summary: summary, Detail: fmt.Sprintf(format, args...), Path: path, Phase: phaseTerraform}}
}

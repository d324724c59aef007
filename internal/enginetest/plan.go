package enginetest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
)

// A Plan is what an engine plans, as `show -json` tells it, with the warnings of the run that planned it.
type Plan struct {
	*tfjson.Plan

	// Reasons is why a resource is planned as it is, by its address: "replace_because_cannot_update" and the like. Most
	// resources have none. (tfjson leaves them out.)
	Reasons     map[string]string
	Diagnostics []tfjson.Diagnostic
}

// Change gives what is planned for the resource at an address, or nil if the plan has no such resource.
func (p *Plan) Change(address string) *tfjson.ResourceChange {
	index := slices.IndexFunc(p.ResourceChanges, func(c *tfjson.ResourceChange) bool { return c.Address == address })
	if index < 0 {
		return nil
	}
	return p.ResourceChanges[index]
}

// Plan makes a plan, which must succeed. The arguments are the plan command's.
func (w *Workspace) Plan(arguments ...string) *Plan {
	w.t.Helper()
	file := filepath.Join(w.Runs(), "plan")
	defer func() { _ = os.Remove(file) }()
	run := w.MustRun(slices.Concat([]string{"plan", "-json", "-out=" + file}, arguments)...)
	plan := w.ReadPlan(file)
	plan.Diagnostics = run.Diagnostics()
	return plan
}

// ReadPlan reads the plan that a run has written into a file. It has no diagnostics.
func (w *Workspace) ReadPlan(file string) *Plan {
	w.t.Helper()
	plan := &Plan{Plan: &tfjson.Plan{}, Reasons: map[string]string{}}
	shown := w.show(file)
	check(w.t, json.Unmarshal(shown, plan.Plan))
	var more struct {
		Changes []struct {
			Address string `json:"address"`
			Reason  string `json:"action_reason"`
		} `json:"resource_changes"`
	}
	check(w.t, json.Unmarshal(shown, &more))
	for _, change := range more.Changes {
		if change.Reason != "" {
			plan.Reasons[change.Address] = change.Reason
		}
	}
	return plan
}

// State gives the current state.
func (w *Workspace) State() *tfjson.State {
	w.t.Helper()
	state := &tfjson.State{}
	check(w.t, json.Unmarshal(w.show(), state))
	return state
}

// show keeps no output: what it prints has the sensitive values too, and tests look for those in all that Runs has.
func (w *Workspace) show(arguments ...string) []byte {
	w.t.Helper()
	command := w.Command(slices.Concat([]string{"show", "-json"}, arguments)...)
	var stderr strings.Builder
	command.Stderr = &stderr
	output, err := command.Output()
	if err != nil {
		w.t.Fatalf("%s show: %v\n%s", w.Engine.Name, err, stderr.String())
	}
	return output
}

package lifecycle

import (
	"slices"
	"testing"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
)

// faults are the scenarios of what goes wrong between the provider and Clerk. Each name
// begins with its row in FAULTS.md. Here stands one for each result that a fault can have
// for the state and for the user; which faults have which result is told one layer below,
// in package clerk.
var faults = slices.Concat(
	throttledCreates, unsentCreates, lostCreates, othersOfTheName, surprisingAnswers, oddTexts(),
	failedUpdates, failedRotations, failedKinds,
	failedReads, failedDeletes, otherInstances, failedImports,
	interruptedWrites, interruptedReads, expired, panics,
)

// TestProtocolFaults runs them in virtual time.
func TestProtocolFaults(t *testing.T) {
	t.Parallel()
	for _, sc := range faults {
		sc.fault = true
		runInProcess(t, sc, sc.switches)
	}
}

// portal is the application that most faults are about; the others are the portal with
// something to do, in one request or, renamed and rotated, in two.
var (
	portal = values{
		"name":          "Portal",
		"redirect_uris": []string{"https://portal.example.com/callback"},
		"scopes":        []string{"email", "profile"},
	}
	renamedPortal           = with(portal, values{"name": "Portal 2"})
	rotatedPortal           = with(portal, values{"rotate_secret_trigger": "once"})
	renamedAndRotatedPortal = with(renamedPortal, values{"rotate_secret_trigger": "once"})
	publicPortal            = with(portal, values{"public": true, "pkce_required": true})
)

// met are the faults of a step.
type met = []clerktest.Fault

// existing is the step before a fault: the application is created, and a while passes, so
// that a rotation need not wait for its second.
func existing(config values) step {
	s := step{
		does: "it is created", config: config, plan: create, sends: []string{sendsCreate}, secret: secretMade,
		check: func(*run) { time.Sleep(2 * time.Second) },
	}
	if config["public"] == true {
		s.secret = secretNone
	}
	return s
}

// next is the step after a fault: the same configuration is applied without one. changed
// are the attributes beside updated_at that an update changes.
func next(action prototest.Action, changed string, sends ...string) step {
	s := step{does: "the next apply", again: true, plan: action, sends: sends}
	if action == update {
		s.changed = changed + " updated_at"
	}
	if slices.Contains(sends, sendsCreate) || slices.Contains(sends, sendsRotate) {
		s.secret = secretMade
	}
	return s
}

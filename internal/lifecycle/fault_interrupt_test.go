package lifecycle

import (
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// How long a run may go on after the user interrupted: a create or a rotation that has
// begun, and everything else.
const (
	graceAllowed  = 6 * time.Second
	atOnceAllowed = 500 * time.Millisecond
)

const wasInterrupted = `operation was interrupted`

// orphaned is a step after which there is an application that no message names, as at
// the end of the step before.
func orphaned(s step) step {
	s.others, s.unnamed = 1, true
	return s
}

var interruptedWrites = []scenario{
	// Create.
	{name: "C2 while a create waits for a 429", steps: []step{{
		behind: []act{interruptsIn(time.Second)}, config: portal, faults: met{clerktest.TooManyRequests("30").OnCreate()}, within: atOnceAllowed,
		plan: create, sends: []string{sendsCreate}, fails: wasInterrupted, secret: secretNone,
	}, next(create, "", sendsCreate)}},
	{name: "C1 during a create", steps: []step{{
		behind: []act{interruptsBefore(clerktest.SlowAnswer(3900 * time.Millisecond).OnCreate())}, config: portal, within: graceAllowed,
		plan: create, sends: []string{sendsCreate}, secret: secretMade,
	}}},
	{name: "C1 the answer to a create takes too long", steps: []step{{
		behind: []act{interruptsAfter(clerktest.SlowAnswer(time.Minute).OnCreate().Once())}, config: portal, within: graceAllowed,
		plan: create, sends: []string{sendsCreate, sendsRotate}, warnsLate: []string{wasAdopted}, secret: secretMade,
	}}},
	{name: "C1 the rotation of an adopted one never answers", steps: []step{{
		behind: []act{interruptsAfter(clerktest.SlowAnswer(time.Minute).OnRotate())}, config: portal, within: graceAllowed,
		faults: met{clerktest.ResetAfterWork().OnCreate().Once()},
		plan:   create, sends: []string{sendsCreate, sendsRotate}, secret: secretNone, pending: true,
		warnsLate: []string{`found after its create had no answer`, `has no known client secret`},
	}, next(update, pendingChanges, sendsRotate)}},
	{name: "C1 between create and logo", steps: []step{{
		behind: []act{logoWritten, interruptsAfter(clerktest.SlowAnswer(time.Second).OnCreate())}, config: portalWithLogo, within: graceAllowed,
		plan: create, sends: []string{sendsCreate}, secret: secretMade, pending: true,
		warnsLate: []string{`Unable to upload logo.*interrupted`, `The logo was not uploaded`},
	}, next(update, "client_image_url logo_sha256", sendsLogo)}},
	{name: "C1 nothing answers any more", steps: []step{orphaned(step{
		behind: []act{interruptsBefore(clerktest.SlowAnswer(time.Minute).OnCreate())}, config: portal, within: graceAllowed,
		faults: met{clerktest.SlowAnswer(time.Minute).OnList()},
		plan:   create, sends: []string{sendsCreate}, secret: secretNone,
		fails: `is not known.*The search for it failed.*look for an application named "Portal"`,
	}), orphaned(next(create, "", sendsCreate))}},

	// Update and rotation.
	{name: "C2 during an update", steps: []step{existing(portal), {
		behind: []act{interruptsAfter(clerktest.SlowAnswer(5 * time.Second).OnUpdate())}, config: renamedAndRotatedPortal, within: atOnceAllowed,
		plan: update, sends: []string{sendsUpdate}, fails: wasInterrupted, state: values{"name": "Portal"},
	}, next(update, triggerChanges, sendsRotate)}},
	{name: "C1 between update and rotation", steps: []step{existing(portal), {
		behind: []act{interruptsAfter(clerktest.Fault{}.OnUpdate())}, config: renamedAndRotatedPortal, within: atOnceAllowed,
		plan: update, sends: []string{sendsUpdate}, fails: wasInterrupted, state: values{"rotate_secret_trigger": nil},
	}, next(update, triggerChanges, sendsRotate)}},
	{name: "C1 during a rotation", steps: []step{existing(portal), {
		behind: []act{interruptsBefore(clerktest.SlowAnswer(3900 * time.Millisecond).OnRotate())}, config: rotatedPortal, within: graceAllowed,
		plan: update, sends: []string{sendsRotate}, secret: secretMade, state: values{"rotate_secret_trigger": "once"},
	}}},
	{name: "C1 a rotation never answers", steps: []step{existing(portal), {
		behind: []act{interruptsAfter(clerktest.SlowAnswer(time.Minute).OnRotate())}, config: rotatedPortal, within: graceAllowed,
		plan: update, sends: []string{sendsRotate}, fails: notRotated + `.*Apply again`, secret: secretOutdated,
	}, next(update, triggerChanges, sendsRotate)}},
	{name: "C1 between turning confidential and the rotation", steps: []step{existing(publicPortal), {
		behind: []act{interruptsAfter(clerktest.SlowAnswer(time.Second).OnUpdate())}, config: confidentialPortal, within: atOnceAllowed,
		plan: update, sends: []string{sendsUpdate}, fails: wasInterrupted, secret: secretNone,
	}, next(update, pendingChanges, sendsRotate)}},
	{name: "C1 between rotation and logo", steps: []step{existing(portal), {
		behind: []act{logoWritten, interruptsAfter(clerktest.SlowAnswer(time.Second).OnRotate())}, config: with(portalWithLogo, rotatedPortal), within: graceAllowed,
		plan: update, sends: []string{sendsRotate}, fails: `Unable to upload logo.*interrupted`, secret: secretMade,
	}, next(update, logoChanges, sendsLogo)}},
}

var interruptedReads = []scenario{
	{name: "C2 during a refresh", steps: []step{existing(portal), {
		behind: []act{interruptsAfter(clerktest.SlowAnswer(10 * time.Second).OnRead())}, config: portal, within: atOnceAllowed, fails: wasInterrupted,
	}, next(noOp, "")}},
	{name: "C2 during a delete", steps: []step{existing(portal), {
		behind: []act{interruptsAfter(clerktest.SlowAnswer(10 * time.Second).OnDelete())}, destroy: true, within: atOnceAllowed,
		plan: destroyed, sends: []string{sendsDelete}, fails: wasInterrupted,
	}, createdAgain}},
}

// The timeouts block ends an operation like an interrupt does: what has begun is finished.
var hurriedPortal = with(portal, values{"timeouts": values{"create": "2s", "update": "2s", "delete": "2s", "read": "2s"}})

var expired = []scenario{
	{name: "A11 create beyond its timeout", steps: []step{{
		config: hurriedPortal, faults: met{clerktest.SlowAnswer(5 * time.Second).OnCreate()}, plan: create, sends: []string{sendsCreate}, secret: secretMade,
	}}},
	{name: "A11 update beyond its timeout", steps: []step{existing(hurriedPortal), {
		config: with(hurriedPortal, values{"name": "Portal 2"}), faults: met{clerktest.SlowAnswer(5 * time.Second).OnUpdate()},
		plan: update, sends: []string{sendsUpdate}, fails: `timeouts block`,
	}, next(noOp, "")}},
	{name: "A11 read beyond its timeout", steps: []step{existing(hurriedPortal), {
		config: hurriedPortal, faults: met{clerktest.SlowAnswer(5 * time.Second).OnRead()}, fails: `timeouts block`,
	}, next(noOp, "")}},
	{name: "A11 delete beyond its timeout", steps: []step{existing(hurriedPortal), {
		destroy: true, faults: met{clerktest.SlowAnswer(5 * time.Second).OnDelete()}, plan: destroyed, sends: []string{sendsDelete}, fails: `timeouts block`,
	}, createdAgain}},
}

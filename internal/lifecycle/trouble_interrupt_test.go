package lifecycle

import (
	"testing"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
)

// How long a run may go on after the user interrupted: what must not be torn apart, and everything else.
const (
	graceAllowed  = 6 * time.Second
	atOnceAllowed = 500 * time.Millisecond
)

// interruptBefore and interruptAfter make the user interrupt in the middle of a fault: before the work, or after it.
func (f *fixture) interruptBefore(fault clerktest.Fault) clerktest.Fault {
	fault.Before = func(clerktest.Request) { f.interrupt() }
	return fault
}

func (f *fixture) interruptAfter(fault clerktest.Fault) clerktest.Fault {
	fault.After = func(clerktest.Request) { f.interrupt() }
	return fault
}

// injecting is a row's before.
func injecting(faults func(*fixture) []clerktest.Fault) func(*fixture) {
	return func(f *fixture) {
		for _, fault := range faults(f) {
			f.server.Inject(fault)
		}
	}
}

func TestProtocolTroubleInterrupt(t *testing.T) {
	t.Parallel()
	const wasInterrupted = `operation was interrupted`
	type faults = []clerktest.Fault

	// kept is a create whose application and secret are in the state in spite of the interrupt.
	kept := func(name string, makeFaults func(*fixture) faults) troubleRow {
		return troubleRow{
			name: name, config: portal, before: injecting(makeFaults), within: graceAllowed,
			sends: []string{postCreate}, apps: 1, secret: secretWorks,
		}
	}
	// nothing is a create that sent nothing.
	nothing := func(name string, before func(*fixture)) troubleRow {
		return troubleRow{
			name: name, config: portal, before: before, within: atOnceAllowed,
			errors: []string{wasInterrupted}, gone: true, next: prototest.Create, heals: []string{postCreate},
		}
	}
	runTroubleRows(t, []troubleRow{
		// Create.
		nothing("C2 before it is sent", func(f *fixture) {
			f.settings = prototest.Values{"instance_id": f.server.InstanceID()}
			f.start()
			f.server.Inject(f.interruptAfter(clerktest.SlowAnswer(10 * time.Second).OnInstance()))
		}),
		rowWith(nothing("C2 while names are listed", injecting(func(f *fixture) faults {
			return faults{f.interruptBefore(clerktest.SlowAnswer(10 * time.Second).OnList())}
		})), func(row *troubleRow) {
			row.settings = prototest.Values{"prevent_duplicate_names": true}
		}),
		rowWith(nothing("C2 while it waits for a 429", func(f *fixture) {
			f.server.Inject(clerktest.TooManyRequests("30").OnCreate())
			time.AfterFunc(time.Second, f.interrupt)
		}), func(row *troubleRow) { row.sends = []string{postCreate} }),
		rowWith(nothing("C2 while it waits for the rate limit", func(f *fixture) {
			time.AfterFunc(time.Second, f.interrupt)
		}), func(row *troubleRow) {
			row.settings = prototest.Values{"requests_per_10s": 1, "prevent_duplicate_names": true}
			row.stuck = true // the second run is as slow
		}),
		rowWith(nothing("C2 while it waits after a locked one", func(f *fixture) {
			fault := f.interruptBefore(clerktest.Locked().OnCreate())
			f.server.Inject(fault)
		}), func(row *troubleRow) { row.sends = []string{postCreate} }),
		kept("C1 before the work", func(f *fixture) faults {
			return faults{f.interruptBefore(clerktest.SlowAnswer(3900 * time.Millisecond).OnCreate())}
		}),
		kept("C1 after the work", func(f *fixture) faults {
			return faults{f.interruptAfter(clerktest.SlowAnswer(3900 * time.Millisecond).OnCreate())}
		}),
		rowWith(kept("C1 the answer takes too long", func(f *fixture) faults {
			return faults{f.interruptAfter(clerktest.SlowAnswer(time.Minute).OnCreate().Once())}
		}), func(row *troubleRow) {
			row.warnings, row.sends = []string{wasAdopted}, []string{postCreate, postRotate}
		}),
		rowWith(kept("C1 the answer is lost", func(f *fixture) faults {
			return faults{f.interruptAfter(clerktest.ResetAfterWork().OnCreate())}
		}), func(row *troubleRow) {
			row.warnings, row.sends = []string{wasAdopted}, []string{postCreate, postRotate}
		}),
		rowWith(kept("C1 during the search", func(f *fixture) faults {
			return faults{clerktest.ResetAfterWork().OnCreate().Once(), f.interruptBefore(clerktest.SlowAnswer(time.Second).OnList())}
		}), func(row *troubleRow) {
			row.warnings, row.sends = []string{wasAdopted}, []string{postCreate, postRotate}
		}),
		rowWith(kept("C1 during the rotation of an adopted one", func(f *fixture) faults {
			return faults{clerktest.ResetAfterWork().OnCreate().Once(), f.interruptAfter(clerktest.SlowAnswer(3900 * time.Millisecond).OnRotate())}
		}), func(row *troubleRow) {
			row.warnings, row.sends = []string{wasAdopted}, []string{postCreate, postRotate}
		}),
		rowWith(kept("C1 the rotation of an adopted one never answers", func(f *fixture) faults {
			return faults{clerktest.ResetAfterWork().OnCreate().Once(), f.interruptAfter(clerktest.SlowAnswer(time.Minute).OnRotate())}
		}), func(row *troubleRow) {
			row.warnings = []string{`found after its create had no answer`, `has no known client secret`}
			row.sends, row.secret = []string{postCreate, postRotate}, secretUnknown
			row.next, row.changes, row.heals = prototest.Update, owedChanges, []string{postRotate}
		}),
		rowWith(kept("C1 before the logo", func(f *fixture) faults {
			return faults{f.interruptAfter(clerktest.SlowAnswer(time.Second).OnCreate())}
		}), func(row *troubleRow) {
			row.config = portalWithLogo
			row.warnings = []string{`Unable to upload logo.*interrupted`, `The logo was not uploaded`}
			row.next, row.changes, row.heals = prototest.Update, []string{"client_image_url", "logo_sha256"}, []string{putLogo}
		}),
		{
			name: "C1 nothing answers any more", config: portal, within: graceAllowed,
			before: injecting(func(f *fixture) faults {
				return faults{f.interruptBefore(clerktest.SlowAnswer(time.Minute).OnCreate()), clerktest.SlowAnswer(time.Minute).OnList()}
			}),
			errors: []string{`is not known.*The search for it failed.*look for an application named "Portal"`},
			sends:  []string{postCreate}, apps: 1, gone: true,
			next: prototest.Create, heals: []string{postCreate}, orphans: 1, unnamed: true,
		},
		{
			name: "C1 it was not begun after all", config: portal, within: graceAllowed,
			before: injecting(func(f *fixture) faults {
				fault := clerktest.NeverAnswers().OnCreate()
				fault.Before = func(clerktest.Request) { f.interrupt() }
				return faults{fault}
			}),
			errors: []string{isNotKnown}, sends: []string{postCreate}, gone: true,
			next: prototest.Create, heals: []string{postCreate},
		},

		// Update.
		{
			name: "C2 during an update", given: portal, config: renamedAndRotatedPortal, within: atOnceAllowed,
			before: injecting(func(f *fixture) faults {
				return faults{f.interruptAfter(clerktest.SlowAnswer(5 * time.Second).OnUpdate())}
			}),
			errors: []string{wasInterrupted}, sends: []string{patchApp}, apps: 1, secret: secretWorks,
			next: prototest.Update, changes: triggerChanges, heals: []string{postRotate},
		},
		{
			name: "C1 between update and rotation", given: portal, config: renamedAndRotatedPortal, within: atOnceAllowed,
			before: injecting(func(f *fixture) faults { return faults{f.interruptAfter(clerktest.Fault{}.OnUpdate())} }),
			errors: []string{wasInterrupted}, sends: []string{patchApp}, apps: 1, secret: secretWorks,
			next: prototest.Update, changes: triggerChanges, heals: []string{postRotate},
		},
		{
			name: "C1 during a rotation", given: portal, config: rotatedPortal, within: graceAllowed,
			before: injecting(func(f *fixture) faults {
				return faults{f.interruptBefore(clerktest.SlowAnswer(3900 * time.Millisecond).OnRotate())}
			}),
			sends: []string{postRotate}, apps: 1, secret: secretWorks, state: prototest.Values{"rotate_secret_trigger": "once"},
		},
		{
			name: "C1 the answer to a rotation is lost", given: portal, config: rotatedPortal, within: graceAllowed,
			before: injecting(func(f *fixture) faults {
				return faults{f.interruptAfter(clerktest.ResetAfterWork().OnRotate().Once())}
			}),
			sends: []string{postRotate, postRotate}, apps: 1, secret: secretWorks,
			// Nobody waits any more for a first one that comes late.
			warnings: []string{`may not be the newest`},
		},
		{
			name: "C1 a rotation never answers", given: portal, config: rotatedPortal, within: graceAllowed,
			before: injecting(func(f *fixture) faults {
				return faults{f.interruptAfter(clerktest.SlowAnswer(time.Minute).OnRotate())}
			}),
			errors: []string{notRotated + `.*Apply again`}, apps: 1, secret: secretDead,
			sends: []string{postRotate},
			next:  prototest.Update, changes: triggerChanges, heals: []string{postRotate},
		},
		{
			name: "C2 while a rotation waits for a 429", given: portal, config: rotatedPortal, within: atOnceAllowed,
			before: func(f *fixture) {
				f.server.Inject(clerktest.TooManyRequests("30").OnRotate())
				time.AfterFunc(time.Second, f.interrupt)
			},
			errors: []string{wasInterrupted}, sends: []string{postRotate}, apps: 1, secret: secretWorks,
			next: prototest.Update, changes: triggerChanges, heals: []string{postRotate},
		},
		{
			name: "C1 between making confidential and the rotation", given: publicPortal, config: with(publicPortal, prototest.Values{"public": false}), within: atOnceAllowed,
			before: injecting(func(f *fixture) faults {
				return faults{f.interruptAfter(clerktest.SlowAnswer(time.Second).OnUpdate())}
			}),
			errors: []string{wasInterrupted}, sends: []string{patchApp}, apps: 1, secret: secretUnknown,
			next: prototest.Update, changes: owedChanges, heals: []string{postRotate},
		},
		{
			name: "C1 between rotation and logo", given: portal, config: with(rotatedPortal, prototest.Values{"logo_path": troubleLogo}), within: graceAllowed,
			before: injecting(func(f *fixture) faults {
				return faults{f.interruptAfter(clerktest.SlowAnswer(time.Second).OnRotate())}
			}),
			errors: []string{`Unable to upload logo.*interrupted`}, sends: []string{postRotate}, apps: 1, secret: secretWorks,
			next: prototest.Update, changes: []string{"client_image_url", "logo_path", "logo_sha256"}, heals: []string{putLogo},
		},

		// The rest.
		{
			name: "C2 during a refresh", given: portal, do: doRefresh, within: atOnceAllowed,
			before: injecting(func(f *fixture) faults {
				return faults{f.interruptAfter(clerktest.SlowAnswer(10 * time.Second).OnRead())}
			}),
			errors: []string{wasInterrupted}, apps: 1, secret: secretWorks,
		},
		{
			name: "C2 while a refresh waits for a 429", given: portal, do: doRefresh, within: atOnceAllowed,
			before: func(f *fixture) {
				f.server.Inject(clerktest.TooManyRequests("50").OnRead())
				time.AfterFunc(5*time.Second, f.interrupt)
			},
			errors: []string{wasInterrupted}, apps: 1, secret: secretWorks,
		},
		{
			name: "C2 during a delete", given: portal, do: doDestroy, within: atOnceAllowed,
			before: injecting(func(f *fixture) faults {
				return faults{f.interruptAfter(clerktest.SlowAnswer(10 * time.Second).OnDelete())}
			}),
			errors: []string{wasInterrupted}, sends: []string{deleteApp},
			next: prototest.Create, heals: []string{postCreate},
		},
	})
}

// The timeouts block ends an operation like an interrupt does: what has begun is finished.
func TestProtocolTroubleTimeout(t *testing.T) {
	t.Parallel()
	short := with(portal, prototest.Values{"timeouts": prototest.Values{"create": "2s", "update": "2s", "delete": "2s", "read": "2s"}})
	runTroubleRows(t, []troubleRow{
		{
			name: "A11 create beyond its timeout", config: short,
			faults: []clerktest.Fault{clerktest.SlowAnswer(5 * time.Second).OnCreate()},
			sends:  []string{postCreate}, apps: 1, secret: secretWorks,
		},
		{
			name: "A11 update beyond its timeout", given: short, config: with(short, prototest.Values{"name": "Portal 2"}),
			faults: []clerktest.Fault{clerktest.SlowAnswer(5 * time.Second).OnUpdate()},
			errors: []string{`timeouts block`}, sends: []string{patchApp}, apps: 1, secret: secretWorks, next: prototest.NoOp,
		},
		{
			name: "A11 read beyond its timeout", given: short, do: doRefresh,
			faults: []clerktest.Fault{clerktest.SlowAnswer(5 * time.Second).OnRead()},
			errors: []string{`timeouts block`}, apps: 1, secret: secretWorks,
		},
		{
			name: "A11 delete beyond its timeout", given: short, do: doDestroy,
			faults: []clerktest.Fault{clerktest.SlowAnswer(5 * time.Second).OnDelete()},
			errors: []string{`timeouts block`}, sends: []string{deleteApp}, next: prototest.Create, heals: []string{postCreate},
		},
	})
}

package clerk_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

func TestInterrupts(t *testing.T) {
	t.Parallel()
	for _, operation := range operations {
		run(t, "before it begins/"+operation.name, func(f *fixture) {
			ctx, cancel := context.WithCancel(f.Context())
			cancel()
			err := operation.call(ctx, f.client, f.server.Seed("web"))
			equal(f, "is context.Canceled", errors.Is(err, context.Canceled), true)
			equal(f, "may be applied", isError[*clerk.ChangeOutcomeUnknownError](err), false)
			equal(f, "requests", f.requests(), 0)
		})
		for name, fault := range map[string]clerktest.Fault{
			"429": clerktest.TooManyRequests("30"), "429 without Retry-After": clerktest.TooManyRequests(),
		} {
			run(t, name+"/"+operation.name, func(f *fixture) {
				id := f.server.Seed("web")
				f.inject(fault)
				err := operation.call(f.interruptAfter(10*time.Millisecond), f.client, id)
				equal(f, "is context.Canceled", errors.Is(err, context.Canceled), true)
				equal(f, "time", f.elapsed(), 10*time.Millisecond)
				sent := f.requests()
				time.Sleep(time.Minute)
				equal(f, "requests afterwards", f.requests()-sent, 0)
			})
		}
		if operation.name == "create" || operation.name == "rotate" {
			continue
		}
		run(t, "in flight/"+operation.name, func(f *fixture) {
			id := f.server.Seed("web")
			f.inject(clerktest.NeverAnswers())
			err := operation.call(f.interruptAfter(time.Second), f.client, id)
			equal(f, "is context.Canceled", errors.Is(err, context.Canceled), true)
			equal(f, "may be applied", isError[*clerk.ChangeOutcomeUnknownError](err), operation.changes())
			equal(f, "time", f.elapsed(), time.Second)
		})
	}
}

// What comes before a create is cut off, and the create is not sent.
func TestInterruptBeforeACreateIsSent(t *testing.T) {
	t.Parallel()
	noDuplicates := func(config *clerk.Config) { config.PreventDuplicateNames = true }
	for name, test := range map[string]struct {
		fault  clerktest.Fault
		option func(*clerk.Config)
	}{
		"the instance is compared":       {clerktest.SlowAnswer(10 * time.Second).OnInstance(), func(config *clerk.Config) { config.InstanceID = "ins_1" }},
		"names are listed":               {clerktest.SlowAnswer(10 * time.Second).OnList(), noDuplicates},
		"it waits for the rate limiter":  {clerktest.Fault{}, func(config *clerk.Config) { config.PreventDuplicateNames, config.RequestsPer10s = true, 1 }},
		"the list of names is throttled": {clerktest.TooManyRequests("30").OnList(), noDuplicates},
	} {
		run(t, name, func(f *fixture) {
			f.inject(test.fault)
			_, err := f.client.CreateOAuthApplication(f.interruptAfter(time.Second), fieldsNamed("web"))
			equal(f, "is context.Canceled", errors.Is(err, context.Canceled), true)
			equal(f, "is unknown", isError[*clerk.CreateOutcomeUnknownError](err), false)
			equal(f, "time", f.elapsed(), time.Second)
			equal(f, "creates", f.creates(), 0)
		}, test.option)
	}
	run(t, "another create has the name", func(f *fixture) {
		f.inject(clerktest.SlowAnswer(20 * time.Second).OnCreate())
		first := make(chan error)
		go func() {
			_, err := f.create(fieldsNamed("web"))
			first <- err
		}()
		synctest.Wait()
		_, err := f.client.CreateOAuthApplication(f.interruptAfter(time.Second), fieldsNamed("web"))
		equal(f, "error", err, context.Canceled)
		noError(f, <-first)
		equal(f, "creates", f.creates(), 1)
	})
}

// The create has 4 s after the interrupt. Then the client searches for the application once, and
// adopts it if it exists. All of it takes at most 6 s.
func TestInterruptedCreate(t *testing.T) {
	t.Parallel()
	const hour = time.Hour
	late := clerktest.SlowAnswer(hour).OnCreate()
	for name, test := range map[string]struct {
		faults          []clerktest.Fault
		known, withheld bool // the application and its secret
		adopted         bool
		time            time.Duration
	}{
		"answered in time":                {[]clerktest.Fault{clerktest.SlowAnswer(4900 * time.Millisecond).OnCreate()}, true, false, false, 4900 * time.Millisecond},
		"carried out":                     {[]clerktest.Fault{late}, true, false, true, 5 * time.Second},
		"not carried out":                 {[]clerktest.Fault{clerktest.NeverAnswers().OnCreate()}, false, false, false, 5 * time.Second},
		"everything is slow":              {[]clerktest.Fault{late, clerktest.SlowAnswer(time.Second).OnList(), clerktest.SlowAnswer(900 * time.Millisecond).OnRotate()}, true, false, true, 6900 * time.Millisecond},
		"the list is too slow":            {[]clerktest.Fault{late, clerktest.SlowAnswer(hour).OnList()}, false, false, false, 7 * time.Second},
		"the rotation is too slow":        {[]clerktest.Fault{late, clerktest.SlowAnswer(hour).OnRotate()}, true, true, true, 7 * time.Second},
		"the list is throttled":           {[]clerktest.Fault{late, clerktest.TooManyRequests("5").OnList()}, false, false, false, 7 * time.Second},
		"each rotation is lost":           {[]clerktest.Fault{late, clerktest.ResetAfterWork().OnRotate()}, true, true, true, 5 * time.Second},
		"lost, carried out by then":       {[]clerktest.Fault{clerktest.LateCommit(900 * time.Millisecond).OnCreate()}, true, false, true, time.Second},
		"lost, and not carried out by it": {[]clerktest.Fault{clerktest.LateCommit(4 * time.Second).OnCreate()}, false, false, false, time.Second},
	} {
		for kind, interrupt := range map[string]func(*fixture) context.Context{
			"interrupt": func(f *fixture) context.Context { return f.interruptAfter(time.Second) },
			"deadline": func(f *fixture) context.Context {
				ctx, cancel := context.WithTimeout(f.Context(), time.Second)
				f.Cleanup(cancel)
				return ctx
			},
		} {
			run(t, name+"/"+kind, func(f *fixture) {
				f.inject(test.faults...)
				creation, err := f.client.CreateOAuthApplication(interrupt(f), fieldsNamed("web"))
				equal(f, "time", f.elapsed(), test.time)
				equal(f, "creates", f.creates(), 1)
				if !test.known {
					asError[*clerk.CreateOutcomeUnknownError](f, err)
					return
				}
				noError(f, err)
				equal(f, "adopted", creation.Adopted, test.adopted)
				equal(f, "says why there is no secret", creation.RotationError != nil, test.withheld)
				if !test.withheld {
					equal(f, "secret", creation.ClientSecret.Reveal(), f.server.CurrentSecret(creation.Application.ID))
				}
			})
		}
	}
	run(t, "during the second request", func(f *fixture) {
		f.inject(clerktest.ResetBeforeWork().OnCreate().Once(), clerktest.SlowAnswer(3*time.Second).OnCreate().Once())
		creation, err := f.client.CreateOAuthApplication(f.interruptAfter(lookTime+time.Second), fieldsNamed("web"))
		noError(f, err)
		equal(f, "secret", creation.ClientSecret.Reveal(), f.server.CurrentSecret(creation.Application.ID))
		equal(f, "time", f.elapsed(), lookTime+3*time.Second)
	})
}

// The old secret may no longer work, so an interrupted rotation whose answer was lost is repeated
// within the grace period.
func TestInterruptedRotation(t *testing.T) {
	t.Parallel()
	lostLate := clerktest.Slow(2 * time.Second)
	lostLate.Delivery = clerktest.DeliverReset
	lost := clerktest.ResetAfterWork()
	for name, test := range map[string]struct {
		faults       []clerktest.Fault
		known, stale bool
		time         time.Duration
	}{
		"answered in time":                   {[]clerktest.Fault{clerktest.SlowAnswer(4900 * time.Millisecond)}, true, false, 4900 * time.Millisecond},
		"never answered":                     {[]clerktest.Fault{clerktest.NeverAnswers()}, false, false, 7 * time.Second},
		"lost in the grace":                  {[]clerktest.Fault{lostLate.Once()}, true, true, 2 * time.Second},
		"interrupted before the second":      {[]clerktest.Fault{lost.Once()}, true, true, time.Second},
		"lost again and again":               {[]clerktest.Fault{lost}, false, false, time.Second},
		"the second is slow, within limits":  {[]clerktest.Fault{lost.Once(), clerktest.SlowAnswer(5 * time.Second)}, true, true, 6 * time.Second},
		"the second is slow, without limits": {[]clerktest.Fault{lost.Once(), clerktest.SlowAnswer(time.Hour)}, false, false, 7 * time.Second},
	} {
		run(t, name, func(f *fixture) {
			id := f.server.Seed("web")
			for _, fault := range test.faults {
				f.inject(fault.OnRotate())
			}
			rotation, err := f.client.RotateClientSecret(f.interruptAfter(time.Second), id, time.Time{})
			equal(f, "time", f.elapsed(), test.time)
			if !test.known {
				asError[*clerk.RotateOutcomeUnknownError](f, err)
				return
			}
			f.assertCurrent(rotation, err, id)
			equal(f, "maybe stale", rotation.MaybeStale, test.stale)
		})
	}
}

// Whenever an operation is interrupted, it leaves no goroutine behind: the bubble would say so.
func TestNothingIsLeftBehind(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		id := f.server.Seed("web")
		f.inject(clerktest.SlowAnswer(50 * time.Millisecond))
		for round := range 80 {
			for _, operation := range operations {
				ctx, cancel := context.WithTimeout(f.Context(), time.Duration(round)*time.Millisecond)
				_ = operation.call(ctx, f.client, id)
				cancel()
			}
		}
	}, func(config *clerk.Config) { config.RequestsPer10s = 1e6 })
}

package clerk_test

import (
	"testing"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

func TestRotate(t *testing.T) {
	t.Parallel()
	// The secret is kept on the word of no other field. The caller knows whether the client is public.
	for name, change := range map[string]func(map[string]any){
		"as it is": func(map[string]any) {}, "no id": without("id"), "no client_id": with("client_id", ""), "public": with("public", true),
	} {
		bubble(t, func(f *fixture) {
			id := f.server.Seed("web")
			before := f.server.CurrentSecret(id)
			f.inject(clerktest.Changed(change).OnRotate())
			rotation, err := f.rotate(id)
			noError(f, err)
			f.assertSecret(rotation.ClientSecret, id)
			equal(f, name+": changed", rotation.ClientSecret.Reveal() != before, true)
			equal(f, name+": maybe stale", rotation.MaybeStale, false)
			equal(f, name+": requests", f.requests(), 1)
		})
	}
}

func TestRotationWithALostAnswerIsDoneAgain(t *testing.T) {
	t.Parallel()
	faults := map[string]clerktest.Fault{"reset before": clerktest.ResetBeforeWork(), "502 before": clerktest.HTML(502)}
	for name, fault := range lostAnswers {
		faults[name+" after"] = fault
	}
	for name, fault := range faults {
		run(t, name, func(f *fixture) {
			id := f.server.Seed("web")
			f.inject(fault.OnRotate().Once())
			rotation, err := f.rotate(id)
			noError(f, err)
			f.assertSecret(rotation.ClientSecret, id)
			equal(f, "maybe stale", rotation.MaybeStale, false)
			equal(f, "rotations and reads", []int{f.rotations(), f.gets()}, []int{2, 1})
			requests := f.server.Requests()
			equal(f, "waits 3 s before the second", requests[1].Time.Sub(requests[0].Time) >= 3*time.Second, true)
			equal(f, "waits 5 s before it looks", requests[2].Time.Sub(requests[1].Time), 5*time.Second)
		})
	}
}

// After an attempt whose answer was lost, the outcome is unknown, whatever ends the rotation.
func TestRotationErrors(t *testing.T) {
	t.Parallel()
	lost, refused := clerktest.ResetAfterWork(), clerktest.ClerkError(403, "authorization_invalid")
	for name, test := range map[string]struct {
		faults    []clerktest.Fault
		unknown   bool
		rotations int
	}{
		"refused":              {[]clerktest.Fault{refused}, false, 1},
		"throttled":            {[]clerktest.Fault{clerktest.TooManyRequests("86400")}, false, 1},
		"lost thrice":          {[]clerktest.Fault{lost}, true, 3},
		"lost, then refused":   {[]clerktest.Fault{lost.Once(), refused}, true, 2},
		"lost, then throttled": {[]clerktest.Fault{lost.Once(), clerktest.TooManyRequests("86400")}, true, 2},
	} {
		run(t, name, func(f *fixture) {
			id := f.server.Seed("web")
			for _, fault := range test.faults {
				f.inject(fault.OnRotate())
			}
			rotation, err := f.rotate(id)
			equal(f, "is unknown", isError[*clerk.RotateOutcomeUnknownError](err), test.unknown)
			equal(f, "fails without a secret", err != nil && rotation.ClientSecret.IsEmpty(), true)
			equal(f, "rotations", f.rotations(), test.rotations)
		})
	}
}

// The first rotation had no answer and is carried out after the second: the second secret no
// longer works.
func TestLateRotations(t *testing.T) {
	t.Parallel()
	rotated := clerktest.Fault{}
	reset, refused := clerktest.ResetAfterWork().OnRotate(), clerktest.ClerkError(403, "authorization_invalid").OnRotate()
	for name, test := range map[string]struct {
		first      clerktest.Fault
		otherwise  int // rotations of someone else, before the reads of the client
		later      clerktest.Fault
		fails      bool
		stale      bool
		rotations  int
		afterwards time.Duration
	}{
		"it shows":          {clerktest.LateCommit(4 * time.Second).OnRotate(), 0, rotated, false, false, 3, 13 * time.Second},
		"they never settle": {reset, 9, rotated, false, true, 4, 13 * time.Second},
		// A secret that another rotation has made invalid is not reported as the current one.
		"then refused": {reset, 1, refused.Skipping(1), true, false, 3, 8 * time.Second},
		"then lost":    {reset, 1, reset.Skipping(1), true, false, 5, 14 * time.Second},
	} {
		run(t, name, func(f *fixture) {
			id := f.server.Seed("web", aged(time.Hour))
			other := clerktest.Fault{Before: func(r clerktest.Request) { f.server.Rotate(r.ID) }}
			f.inject(test.first.Once())
			if test.otherwise > 0 {
				f.inject(other.OnRead().Repeat(test.otherwise))
			}
			f.inject(test.later)
			rotation, err := f.rotate(id)
			equal(f, "rotations", f.rotations(), test.rotations)
			equal(f, "time", f.elapsed(), test.afterwards) // 3 s, and 5 s before each look
			if test.fails {
				asError[*clerk.RotateOutcomeUnknownError](f, err)
				equal(f, "no secret", rotation.ClientSecret.IsEmpty(), true)
				return
			}
			noError(f, err)
			equal(f, "maybe stale", rotation.MaybeStale, test.stale)
			f.assertSecret(rotation.ClientSecret, id)
		})
	}
}

// Whether a late rotation would show is found out from updated_at.
func TestRotationThatMayBeStale(t *testing.T) {
	t.Parallel()
	keeps := clerktest.Switches{RotateUpdatedAt: "keep"}
	for name, test := range map[string]struct {
		switches       clerktest.Switches
		fault          clerktest.Fault
		skew, dateSkew time.Duration
		new, stale     bool
	}{
		"updated_at tells":                   {clerktest.Switches{}, clerktest.Fault{}, 0, 0, false, false},
		"it tells of a new application":      {clerktest.Switches{}, clerktest.Fault{}, 0, 0, true, false},
		"it does not tell":                   {keeps, clerktest.Fault{}, 0, 0, false, true},
		"nor of a new application":           {keeps, clerktest.Fault{}, 0, 0, true, true},
		"it is missing":                      {clerktest.Switches{}, clerktest.Changed(without("updated_at")).OnRotate(), 0, 0, false, true},
		"the read fails":                     {clerktest.Switches{}, clerktest.ClerkError(403, "authorization_invalid").OnRead(), 0, 0, false, true},
		"the server is an hour ahead":        {clerktest.Switches{}, clerktest.Fault{}, time.Hour, 0, false, false},
		"the server is an hour behind":       {clerktest.Switches{}, clerktest.Fault{}, -time.Hour, 0, false, false},
		"Date is behind created_at":          {clerktest.Switches{}, clerktest.Fault{}, 0, -time.Minute, false, false},
		"Date is ahead, so nothing is known": {clerktest.Switches{}, clerktest.Fault{}, 0, time.Minute, false, true},
	} {
		run(t, name, func(f *fixture) {
			f.server.Set(test.switches)
			f.server.SetClockSkew(test.skew)
			f.server.SetDateSkew(test.dateSkew)
			id, known := f.server.Seed("web", aged(time.Hour)), time.Time{}
			if test.new {
				id = f.server.Seed("web")
				app, _ := f.server.Application(id)
				known = time.UnixMilli(app.UpdatedAt)
			}
			f.inject(clerktest.ResetAfterWork().OnRotate().Once(), test.fault)
			rotation, err := f.client.RotateClientSecret(f.Context(), id, known)
			noError(f, err)
			f.assertSecret(rotation.ClientSecret, id)
			equal(f, "maybe stale", rotation.MaybeStale, test.stale)
		})
	}
}

// The old secret may no longer work, so an interrupted rotation whose answer was lost is repeated
// within the grace period.
func TestInterruptedRotation(t *testing.T) {
	t.Parallel()
	lostLate := clerktest.Slow(2 * time.Second)
	lostLate.Delivery = clerktest.DeliverReset
	slow, lost := clerktest.SlowAnswer, clerktest.ResetAfterWork()
	for name, test := range map[string]struct {
		faults       []clerktest.Fault
		known, stale bool
		time         time.Duration
	}{
		"answered in time":                   {[]clerktest.Fault{slow(4900 * time.Millisecond)}, true, false, 4900 * time.Millisecond},
		"never answered":                     {[]clerktest.Fault{clerktest.NeverAnswers()}, false, false, 7 * time.Second},
		"lost in the grace":                  {[]clerktest.Fault{lostLate.Once()}, true, true, 2 * time.Second},
		"interrupted before the second":      {[]clerktest.Fault{lost.Once()}, true, true, time.Second},
		"lost again and again":               {[]clerktest.Fault{lost}, false, false, time.Second},
		"the second is slow, within limits":  {[]clerktest.Fault{lost.Once(), slow(5 * time.Second)}, true, true, 6 * time.Second},
		"the second is slow, without limits": {[]clerktest.Fault{lost.Once(), slow(time.Hour)}, false, false, 7 * time.Second},
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
			noError(f, err)
			f.assertSecret(rotation.ClientSecret, id)
			equal(f, "maybe stale", rotation.MaybeStale, test.stale)
		})
	}
}

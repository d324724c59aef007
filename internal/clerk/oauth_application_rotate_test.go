package clerk_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// The secret is kept on the word of no other field. The caller knows whether the client is public.
func TestRotate(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(map[string]any){
		"as it is": func(map[string]any) {}, "id is missing": without("id"), "client_id is missing": with("client_id", ""),
		"scopes is missing": without("scopes"), "public": with("public", true),
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
			equal(f, name, fmt.Sprint(rotation.Application.Problems) == "["+name+"]", strings.HasSuffix(name, "missing"))
			equal(f, name+": requests", f.requests(), 1)
		})
	}
}

func TestLostRotations(t *testing.T) {
	t.Parallel()
	type faults = []clerktest.Fault
	const (
		works   = iota
		stale   // works, and may not be the newest
		unknown // no secret: the old one may no longer work
		fails   // no secret: nothing was done
	)
	const second, ms = time.Second, time.Millisecond
	lost, before, late := clerktest.ResetAfterWork().OnRotate(), clerktest.ResetBeforeWork().OnRotate(), clerktest.Slow(2*second).OnRotate()
	late.Delivery = clerktest.DeliverReset
	refused, throttled := clerktest.ClerkError(403, "authorization_invalid"), clerktest.TooManyRequests("86400").OnRotate()
	slow := func(d time.Duration) clerktest.Fault { return clerktest.SlowAnswer(d).OnRotate() }
	type rotationCase struct {
		faults          faults
		ends, rotations int
		time            time.Duration // 0 if it depends on jitter
		interrupt       time.Duration // 0 for none
		others          int           // rotations of someone else, each before a read of the client
		new             bool          // the application, whose updated_at is known
		updatedAt       string        // whether a rotation changes it
		skew, date      time.Duration // of the server's clock, and of Date beside that
	}
	tests := map[string]rotationCase{
		"before the work":      {faults: faults{before.Once()}, rotations: 2, time: 8 * second}, // 3 s, and 5 s before the look
		"lost, then refused":   {faults: faults{lost.Once(), refused.OnRotate()}, ends: unknown, rotations: 2, time: 3 * second},
		"lost, then throttled": {faults: faults{lost.Once(), throttled}, ends: unknown, rotations: 2, time: 3 * second},
		"lost thrice":          {faults: faults{lost}, ends: unknown, rotations: 3, time: 6 * second},
		"refused":              {faults: faults{refused.OnRotate()}, ends: fails, rotations: 1},
		"throttled":            {faults: faults{throttled}, ends: fails, rotations: 1},

		// The first rotation is carried out after the second: the second secret no longer works.
		"late":              {faults: faults{clerktest.ResetBeforeWork().Late(4 * second).OnRotate().Once()}, rotations: 3, time: 13 * second},
		"they never settle": {faults: faults{lost.Once()}, others: 9, ends: stale, rotations: 4, time: 13 * second},
		"then refused":      {faults: faults{lost.Once(), refused.OnRotate().Skipping(1)}, others: 1, ends: unknown, rotations: 3, time: 8 * second},
		"then lost":         {faults: faults{lost.Once(), lost.Skipping(1)}, others: 1, ends: unknown, rotations: 5, time: 14 * second},

		// Whether a late rotation would show is found out from updated_at.
		"a new application":                  {faults: faults{lost.Once()}, new: true, rotations: 2},
		"updated_at does not tell":           {faults: faults{lost.Once()}, updatedAt: "keep", ends: stale, rotations: 2},
		"nor of a new application":           {faults: faults{lost.Once()}, updatedAt: "keep", new: true, ends: stale, rotations: 2},
		"updated_at is missing":              {faults: faults{lost.Once(), clerktest.Changed(without("updated_at")).OnRotate()}, ends: stale, rotations: 2},
		"the read fails":                     {faults: faults{lost.Once(), refused.OnRead()}, ends: stale, rotations: 2},
		"the server is an hour ahead":        {faults: faults{lost.Once()}, skew: time.Hour, rotations: 2},
		"the server is an hour behind":       {faults: faults{lost.Once()}, skew: -time.Hour, rotations: 2},
		"Date is behind created_at":          {faults: faults{lost.Once()}, date: -time.Minute, rotations: 2},
		"Date is ahead, so nothing is known": {faults: faults{lost.Once()}, date: time.Minute, ends: stale, rotations: 2},

		// An interrupted rotation whose answer was lost is repeated within the grace period.
		"answered in time":               {interrupt: second, faults: faults{slow(4900 * ms)}, rotations: 1, time: 4900 * ms},
		"never answered":                 {interrupt: second, faults: faults{clerktest.NeverAnswers().OnRotate()}, ends: unknown, rotations: 1, time: 7 * second},
		"lost in the grace":              {interrupt: second, faults: faults{late.Once()}, ends: stale, rotations: 2, time: 2 * second},
		"interrupted before the second":  {interrupt: second, faults: faults{lost.Once()}, ends: stale, rotations: 2, time: second},
		"lost again and again":           {interrupt: second, faults: faults{lost}, ends: unknown, rotations: 3, time: second},
		"a slow second, within limits":   {interrupt: second, faults: faults{lost.Once(), slow(5 * second)}, ends: stale, rotations: 2, time: 6 * second},
		"a slow second, without a limit": {interrupt: second, faults: faults{lost.Once(), slow(time.Hour)}, ends: unknown, rotations: 2, time: 7 * second},
	}
	for name, fault := range lostAnswers {
		tests["lost: "+name] = rotationCase{faults: faults{fault.OnRotate().Once()}, rotations: 2}
	}
	for name, test := range tests {
		run(t, name, func(f *fixture) {
			f.server.Set(clerktest.Switches{RotateUpdatedAt: test.updatedAt})
			f.server.SetClockSkew(test.skew, test.date)
			id, known := f.server.Seed("web", aged(time.Hour)), time.Time{}
			if test.new {
				id = f.server.Seed("web")
				app, _ := f.server.Application(id)
				known = time.UnixMilli(app.UpdatedAt)
			}
			f.inject(test.faults...)
			if test.others > 0 {
				other := clerktest.Fault{Before: func(r clerktest.Request) { f.server.Rotate(r.ID) }}
				f.inject(other.OnRead().Repeat(test.others))
			}
			ctx := f.Context()
			if test.interrupt > 0 {
				ctx = f.interruptAfter(test.interrupt)
			}
			rotation, err := f.client.RotateClientSecret(ctx, id, known)
			equal(f, "rotations", f.rotations(), test.rotations)
			if test.time > 0 {
				equal(f, "time", f.elapsed(), test.time)
			}
			equal(f, "is unknown", isError[*clerk.RotateOutcomeUnknownError](err), test.ends == unknown)
			if test.ends == unknown && test.interrupt > 0 {
				asError[*clerk.TransportError](f, err) // and not only that it was interrupted
			}
			equal(f, "fails without a secret", err != nil && rotation.ClientSecret.IsEmpty(), test.ends >= unknown)
			if err == nil {
				f.assertSecret(rotation.ClientSecret, id)
				equal(f, "maybe stale", rotation.MaybeStale, test.ends == stale)
			}
		})
	}
}

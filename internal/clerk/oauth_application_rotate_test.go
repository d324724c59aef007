package clerk_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// assertCurrent checks that the secret of a rotation is the one that works.
func (f *fixture) assertCurrent(rotation clerk.Rotation, err error, id string) {
	f.Helper()
	noError(f, err)
	equal(f, "secret", rotation.ClientSecret.Reveal(), f.server.CurrentSecret(id))
}

func TestRotate(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		id := f.server.Seed("web")
		before := f.server.CurrentSecret(id)
		rotation, err := f.rotate(id)
		f.assertCurrent(rotation, err, id)
		equal(f, "id", rotation.Application.ID, id)
		equal(f, "changed", rotation.ClientSecret.Reveal() != before, true)
		equal(f, "maybe stale", rotation.MaybeStale, false)
		equalLists(f, "requests", f.server.RequestLines(), []string{"POST /oauth_applications/{id}/rotate_secret"})
	})
	// The caller knows whether the client is public. The secret is returned as it was received.
	for public, value := range map[string]bool{"empty": false, "value": true} {
		bubble(t, func(f *fixture) {
			f.server.Set(clerktest.Switches{RotatePublic: public})
			rotation, err := f.rotate(f.server.Seed("web", func(a *clerktest.Application) { a.Public = true }))
			noError(f, err)
			equal(f, "has a secret", !rotation.ClientSecret.IsEmpty(), value)
		})
	}
	for name, change := range map[string]func(map[string]any){"no id": without("id"), "no client_id": with("client_id", ""), "public": with("public", true)} {
		bubble(t, func(f *fixture) {
			id := f.server.Seed("web")
			f.inject(clerktest.Changed(change).OnRotate())
			rotation, err := f.rotate(id)
			f.assertCurrent(rotation, err, id)
			equal(f, name+": rotations", f.rotations(), 1)
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
			f.assertCurrent(rotation, err, id)
			equal(f, "maybe stale", rotation.MaybeStale, false)
			equal(f, "rotations", f.rotations(), 2)
			equal(f, "reads", f.gets(), 1)
			requests := f.server.Requests()
			equal(f, "waits 3 s before the second", requests[1].Time.Sub(requests[0].Time) >= 3*time.Second, true)
			equal(f, "waits 5 s before it looks", requests[2].Time.Sub(requests[1].Time), 5*time.Second)
		})
	}
	run(t, "twice", func(f *fixture) {
		id := f.server.Seed("web")
		f.inject(clerktest.ResetAfterWork().OnRotate().Repeat(2))
		rotation, err := f.rotate(id)
		f.assertCurrent(rotation, err, id)
		equal(f, "rotations", f.rotations(), 3)
	})
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
		"never carried out":    {[]clerktest.Fault{clerktest.ResetBeforeWork()}, true, 3},
		"no answer":            {[]clerktest.Fault{clerktest.NeverAnswers()}, true, 3},
		"HTML 200":             {[]clerktest.Fault{clerktest.HTML(200)}, true, 3},
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
	bubble(t, func(f *fixture) {
		_, err := f.rotate("oa_none")
		equal(f, "not found", clerk.IsNotFound(err), true)
	})
}

// The first rotation had no answer and is carried out after the second: the second secret no
// longer works.
func TestLateRotations(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		id := f.server.Seed("web")
		f.inject(clerktest.LateCommit(4 * time.Second).OnRotate().Once())
		rotation, err := f.rotate(id)
		f.assertCurrent(rotation, err, id)
		equal(f, "maybe stale", rotation.MaybeStale, false)
		equal(f, "rotations", f.rotations(), 3)
		equal(f, "time", f.elapsed(), 13*time.Second) // 3 s, and 5 s before each look
	})
	bubble(t, func(f *fixture) { // they never settle
		id := f.server.Seed("web")
		f.inject(clerktest.ResetAfterWork().OnRotate().Once(), clerktest.Fault{Before: func(r clerktest.Request) { f.server.Rotate(r.ID) }}.OnRead())
		rotation, err := f.rotate(id)
		noError(f, err)
		equal(f, "maybe stale", rotation.MaybeStale, true)
		equal(f, "rotations", f.rotations(), 4) // the lost one, the second, and two more rounds
	})
	// A secret that another rotation has made invalid is not reported as the current one.
	for name, fault := range map[string]clerktest.Fault{"refused": clerktest.ClerkError(403, "authorization_invalid"), "lost": clerktest.ResetAfterWork()} {
		run(t, name, func(f *fixture) {
			id := f.server.Seed("web", aged(time.Hour))
			f.inject(clerktest.ResetAfterWork().OnRotate().Once(), clerktest.Fault{Before: func(r clerktest.Request) { f.server.Rotate(r.ID) }}.OnRead().Once(), fault.OnRotate().Skipping(1))
			rotation, err := f.rotate(id)
			asError[*clerk.RotateOutcomeUnknownError](f, err)
			equal(f, "no secret", rotation.ClientSecret.IsEmpty(), true)
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
			f.assertCurrent(rotation, err, id)
			equal(f, "maybe stale", rotation.MaybeStale, test.stale)
			equal(f, "method", f.server.Requests()[0].Method, http.MethodPost)
		})
	}
}

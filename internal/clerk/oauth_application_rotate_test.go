package clerk_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// assertCurrent checks that the secret of a rotation is the one that works.
func (f *fixture) assertCurrent(rotation clerk.Rotation, err error, id string) {
	f.Helper()
	noError(f, err)
	equal(f, "id", rotation.Application.ID, id)
	equal(f, "secret", rotation.ClientSecret.Reveal(), f.server.CurrentSecret(id))
}

func TestRotate(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(f *fixture) {
		id := f.server.Seed("web")
		before := f.server.CurrentSecret(id)
		rotation, err := f.client.RotateClientSecret(f.Context(), id, time.Time{})
		f.assertCurrent(rotation, err, id)
		equal(f, "changed", rotation.ClientSecret.Reveal() != before, true)
		equal(f, "maybe stale", rotation.MaybeStale, false)
		equalLists(f, "requests", f.server.RequestLines(), []string{"POST /oauth_applications/{id}/rotate_secret"})
	})
}

func TestRotatePublicClient(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(f *fixture) {
		id := f.server.Seed("web", func(a *clerktest.Application) { a.Public = true })
		rotation, err := f.client.RotateClientSecret(f.Context(), id, time.Time{})
		noError(f, err)
		equal(f, "has no secret", rotation.ClientSecret.IsEmpty(), true)
	})
}

func TestRotationWithLostAnswerIsDoneAgain(t *testing.T) {
	t.Parallel()
	faults := map[string]clerktest.Fault{"reset before": clerktest.ResetBeforeWork(), "502 before": clerktest.HTML(502)}
	for name, fault := range lostAnswers {
		faults[name+" after"] = fault
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inVirtualTime(t, func(f *fixture) {
				id := f.server.Seed("web")
				f.server.Inject(fault.OnRotate().Once())
				rotation, err := f.client.RotateClientSecret(f.Context(), id, time.Time{})
				f.assertCurrent(rotation, err, id)
				equal(f, "maybe stale", rotation.MaybeStale, false)
				equal(f, "rotations", f.rotations(), 2)
				equal(f, "reads", f.server.CountRequests(http.MethodGet, clerktest.RouteApplication), 1)

				requests := f.server.Requests()
				quiet := requests[1].Time.Sub(requests[0].Time)
				equal(f, "waits 3 s before the second", quiet >= 3*time.Second, true)
				equal(f, "waits 5 s before it looks", requests[2].Time.Sub(requests[1].Time), 5*time.Second)
			})
		})
	}
}

func TestRotationThatIsLostTwiceIsDoneAThirdTime(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(f *fixture) {
		id := f.server.Seed("web")
		f.server.Inject(clerktest.ResetAfterWork().OnRotate().Repeat(2))
		rotation, err := f.client.RotateClientSecret(f.Context(), id, time.Time{})
		f.assertCurrent(rotation, err, id)
		equal(f, "maybe stale", rotation.MaybeStale, false)
		equal(f, "rotations", f.rotations(), 3)
	})
}

func TestRotationThatIsLostThriceIsUnknown(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]clerktest.Fault{
		"after the work":  clerktest.ResetAfterWork(),
		"before the work": clerktest.ResetBeforeWork(),
		"no answer":       clerktest.NeverAnswers(),
		"HTML 200":        clerktest.HTML(200),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inVirtualTime(t, func(f *fixture) {
				id := f.server.Seed("web")
				f.server.Inject(fault.OnRotate())
				_, err := f.client.RotateClientSecret(f.Context(), id, time.Time{})
				unknown := asError[*clerk.RotateOutcomeUnknownError](f, err)
				equal(f, "says so", strings.Contains(unknown.Error(), "not known"), true)
				equal(f, "has a cause", unknown.Unwrap() != nil, true)
				equal(f, "rotations", f.rotations(), 3)
			})
		})
	}
}

// A certain error is the result. After an attempt whose answer was lost, the outcome of that attempt is still unknown.
func TestRotationErrorsThatAreCertain(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(f *fixture) {
		id := f.server.Seed("web")
		f.server.Inject(clerktest.ClerkError(403, "authorization_invalid").OnRotate().Once())
		_, err := f.client.RotateClientSecret(f.Context(), id, time.Time{})
		equal(f, "status", asError[*clerk.APIError](f, err).Status, http.StatusForbidden)
		equal(f, "rotations", f.rotations(), 1)

		f.server.Inject(clerktest.TooManyRequests("86400").OnRotate().Once())
		_, err = f.client.RotateClientSecret(f.Context(), id, time.Time{})
		asError[*clerk.RetryAfterError](f, err)
		_, unknown := errors.AsType[*clerk.RotateOutcomeUnknownError](err)
		equal(f, "a throttled one is unknown", unknown, false)
		equal(f, "rotations", f.rotations(), 2)

		f.server.Inject(clerktest.ResetAfterWork().OnRotate().Once())
		f.server.Inject(clerktest.ClerkError(403, "authorization_invalid").OnRotate().Once())
		_, err = f.client.RotateClientSecret(f.Context(), id, time.Time{})
		asError[*clerk.RotateOutcomeUnknownError](f, err)
		equal(f, "status", asError[*clerk.APIError](f, err).Status, http.StatusForbidden)

		_, err = f.client.RotateClientSecret(f.Context(), "oa_none", time.Time{})
		equal(f, "not found", clerk.IsNotFound(err), true)
	})
}

// The first rotation had no answer and is carried out after the second: the second secret no longer works.
func TestLateFirstRotationIsDetected(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(f *fixture) {
		id := f.server.Seed("web")
		f.server.Inject(clerktest.LateCommit(4 * time.Second).OnRotate().Once())
		rotation, err := f.client.RotateClientSecret(f.Context(), id, time.Time{})
		f.assertCurrent(rotation, err, id)
		equal(f, "maybe stale", rotation.MaybeStale, false)
		equal(f, "rotations", f.rotations(), 3)
		equal(f, "time", f.elapsed(), 13*time.Second) // 3 s without a change, 5 s until it must show, 5 s until no change is pending
	})
}

func TestRotationsThatNeverSettle(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(f *fixture) {
		id := f.server.Seed("web")
		f.server.Inject(clerktest.ResetAfterWork().OnRotate().Once())
		f.server.Inject(clerktest.Meanwhile(func(clerktest.Request) { f.server.Rotate(id) }).OnRead())
		rotation, err := f.client.RotateClientSecret(f.Context(), id, time.Time{})
		noError(f, err)
		equal(f, "maybe stale", rotation.MaybeStale, true)
		equal(f, "rotations", f.rotations(), 4) // the lost one, the second, and two more rounds
	})
}

// An application that was just created looks as if the rotation had changed it.
func TestRotationOfANewApplicationMayBeStaleIfNothingShows(t *testing.T) {
	t.Parallel()
	for keeps, want := range map[clerktest.RotateUpdatedAt]bool{clerktest.RotateKeepsUpdatedAt: true, clerktest.RotateTouchesUpdatedAt: false} {
		inVirtualTime(t, func(f *fixture) {
			f.server.Set(clerktest.Switches{RotateUpdatedAt: keeps})
			id := f.server.Seed("web")
			app, _ := f.server.Application(id)
			f.server.Inject(clerktest.ResetAfterWork().OnRotate().Once())
			rotation, err := f.client.RotateClientSecret(f.Context(), id, time.UnixMilli(app.UpdatedAt))
			f.assertCurrent(rotation, err, id)
			equal(f, "maybe stale", rotation.MaybeStale, want)
		})
	}
}

func TestRotationThatCannotBeCheckedMayBeStale(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*fixture){
		"updated_at does not tell": func(f *fixture) {
			f.server.Set(clerktest.Switches{RotateUpdatedAt: clerktest.RotateKeepsUpdatedAt})
		},
		"updated_at is missing": func(f *fixture) {
			f.server.Inject(clerktest.Changed(func(o map[string]any) { delete(o, "updated_at") }).OnRotate())
		},
		"the read fails": func(f *fixture) { f.server.Inject(clerktest.ClerkError(403, "authorization_invalid").OnRead()) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inVirtualTime(t, func(f *fixture) {
				id := f.server.Seed("web", func(a *clerktest.Application) {
					a.CreatedAt = time.Now().Add(-time.Hour).UnixMilli()
				})
				f.server.Inject(clerktest.ResetAfterWork().OnRotate().Once())
				spoil(f)
				rotation, err := f.client.RotateClientSecret(f.Context(), id, time.Time{})
				noError(f, err)
				equal(f, "has a secret", rotation.ClientSecret.IsEmpty(), false)
				equal(f, "maybe stale", rotation.MaybeStale, true)
			})
		})
	}
}

// A secret that another rotation has made invalid is not reported as the current one.
func TestOvertakenRotationThatCannotBeRepeatedIsUnknown(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]clerktest.Fault{
		"refused": clerktest.ClerkError(403, "authorization_invalid"),
		"lost":    clerktest.ResetAfterWork(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inVirtualTime(t, func(f *fixture) {
				id := f.server.Seed("web", func(a *clerktest.Application) {
					a.CreatedAt = time.Now().Add(-time.Hour).UnixMilli()
				})
				f.server.Inject(clerktest.ResetAfterWork().OnRotate().Once())
				f.server.Inject(clerktest.Meanwhile(func(r clerktest.Request) { f.server.Rotate(r.ID) }).OnRead().Once())
				f.server.Inject(fault.OnRotate().Skipping(1))
				rotation, err := f.client.RotateClientSecret(f.Context(), id, time.Time{})
				asError[*clerk.RotateOutcomeUnknownError](f, err)
				equal(f, "no secret", rotation.ClientSecret.IsEmpty(), true)
			})
		})
	}
}

func TestRotationSettlesWhateverTheClocksSay(t *testing.T) {
	t.Parallel()
	for name, skew := range map[string]time.Duration{"ahead": time.Hour, "behind": -time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inVirtualTime(t, func(f *fixture) {
				f.server.SetClockSkew(skew)
				id := f.server.Seed("web")
				f.server.Inject(clerktest.ResetAfterWork().OnRotate().Once())
				rotation, err := f.client.RotateClientSecret(f.Context(), id, time.Time{})
				f.assertCurrent(rotation, err, id)
				equal(f, "maybe stale", rotation.MaybeStale, false)
			})
		})
	}
}

package clerk_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// assertCurrent checks that the secret of a rotation is the one that works.
func (b *bench) assertCurrent(rotation clerk.Rotation, err error, id string) {
	b.Helper()
	noError(b, err)
	equal(b, "id", rotation.Application.ID, id)
	equal(b, "secret", rotation.ClientSecret.Reveal(), b.server.CurrentSecret(id))
}

func TestRotate(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(b *bench) {
		id := b.server.Seed("web")
		before := b.server.CurrentSecret(id)
		rotation, err := b.client.RotateClientSecret(b.Context(), id, time.Time{})
		b.assertCurrent(rotation, err, id)
		equal(b, "changed", rotation.ClientSecret.Reveal() != before, true)
		equal(b, "maybe stale", rotation.MaybeStale, false)
		equalLists(b, "requests", b.server.RequestLines(), []string{"POST /oauth_applications/{id}/rotate_secret"})
	})
}

func TestRotatePublicClient(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(b *bench) {
		id := b.server.Seed("web", func(a *clerktest.Application) { a.Public = true })
		rotation, err := b.client.RotateClientSecret(b.Context(), id, time.Time{})
		noError(b, err)
		equal(b, "has no secret", rotation.ClientSecret.IsEmpty(), true)
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
			inVirtualTime(t, func(b *bench) {
				id := b.server.Seed("web")
				b.server.Inject(onRotate(fault).Once())
				rotation, err := b.client.RotateClientSecret(b.Context(), id, time.Time{})
				b.assertCurrent(rotation, err, id)
				equal(b, "maybe stale", rotation.MaybeStale, false)
				equal(b, "rotations", b.rotations(), 2)
				equal(b, "reads", b.server.CountRequests(http.MethodGet, clerktest.RouteApplication), 1)

				requests := b.server.Requests()
				quiet := requests[1].Time.Sub(requests[0].Time)
				equal(b, "waits 3 s before the second", quiet >= 3*time.Second, true)
				equal(b, "waits 5 s before it looks", requests[2].Time.Sub(requests[1].Time), 5*time.Second)
			})
		})
	}
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
			inVirtualTime(t, func(b *bench) {
				id := b.server.Seed("web")
				b.server.Inject(onRotate(fault))
				_, err := b.client.RotateClientSecret(b.Context(), id, time.Time{})
				unknown := asError[*clerk.RotateOutcomeUnknownError](b, err)
				equal(b, "says so", strings.Contains(unknown.Error(), "not known"), true)
				equal(b, "has a cause", unknown.Unwrap() != nil, true)
				equal(b, "rotations", b.rotations(), 3)
			})
		})
	}
}

// An error that is certain is the result, but after a lost attempt it does not tell what became of that one.
func TestRotationErrorsThatAreCertain(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(b *bench) {
		id := b.server.Seed("web")
		b.server.Inject(onRotate(clerktest.ClerkError(403, "authorization_invalid")).Once())
		_, err := b.client.RotateClientSecret(b.Context(), id, time.Time{})
		equal(b, "status", asError[*clerk.APIError](b, err).Status, http.StatusForbidden)
		equal(b, "rotations", b.rotations(), 1)

		b.server.Inject(onRotate(clerktest.ResetAfterWork()).Once())
		b.server.Inject(onRotate(clerktest.ClerkError(403, "authorization_invalid")).Once())
		_, err = b.client.RotateClientSecret(b.Context(), id, time.Time{})
		asError[*clerk.RotateOutcomeUnknownError](b, err)
		equal(b, "status", asError[*clerk.APIError](b, err).Status, http.StatusForbidden)

		_, err = b.client.RotateClientSecret(b.Context(), "oa_none", time.Time{})
		equal(b, "not found", clerk.IsNotFound(err), true)
	})
}

// The first rotation, which had no answer, is carried out after the second: the second's secret is dead by then.
func TestLateFirstRotationIsDetected(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(b *bench) {
		id := b.server.Seed("web")
		b.server.Inject(onRotate(clerktest.LateCommit(4 * time.Second)).Once())
		rotation, err := b.client.RotateClientSecret(b.Context(), id, time.Time{})
		b.assertCurrent(rotation, err, id)
		equal(b, "maybe stale", rotation.MaybeStale, false)
		equal(b, "rotations", b.rotations(), 3)
		equal(b, "time", b.elapsed(), 13*time.Second) // 3 s quiet, 5 s until it must show, 5 s until it is known to be settled
	})
}

func TestRotationsThatNeverSettle(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(b *bench) {
		id := b.server.Seed("web")
		b.server.Inject(onRotate(clerktest.ResetAfterWork()).Once())
		b.server.Inject(onGet(clerktest.Meanwhile(func(clerktest.Request) { b.server.Rotate(id) })))
		rotation, err := b.client.RotateClientSecret(b.Context(), id, time.Time{})
		noError(b, err)
		equal(b, "maybe stale", rotation.MaybeStale, true)
		equal(b, "rotations", b.rotations(), 4) // the lost one, the second, and two more rounds
	})
}

// An application that was made a moment ago looks as if the rotation had just changed it.
func TestRotationOfANewApplicationMayBeStaleIfNothingShows(t *testing.T) {
	t.Parallel()
	for keeps, want := range map[clerktest.RotateUpdatedAt]bool{clerktest.RotateKeepsUpdatedAt: true, clerktest.RotateTouchesUpdatedAt: false} {
		inVirtualTime(t, func(b *bench) {
			b.server.Set(clerktest.Switches{RotateUpdatedAt: keeps})
			id := b.server.Seed("web")
			app, _ := b.server.Application(id)
			b.server.Inject(onRotate(clerktest.ResetAfterWork()).Once())
			rotation, err := b.client.RotateClientSecret(b.Context(), id, time.UnixMilli(app.UpdatedAt))
			b.assertCurrent(rotation, err, id)
			equal(b, "maybe stale", rotation.MaybeStale, want)
		})
	}
}

func TestRotationThatCannotBeCheckedMayBeStale(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*bench){
		"updated_at does not tell": func(b *bench) {
			b.server.Set(clerktest.Switches{RotateUpdatedAt: clerktest.RotateKeepsUpdatedAt})
		},
		"updated_at is missing": func(b *bench) {
			b.server.Inject(onRotate(clerktest.Changed(func(o map[string]any) { delete(o, "updated_at") })))
		},
		"the read fails": func(b *bench) { b.server.Inject(onGet(clerktest.ClerkError(403, "authorization_invalid"))) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inVirtualTime(t, func(b *bench) {
				id := b.server.Seed("web", func(a *clerktest.Application) {
					a.CreatedAt = time.Now().Add(-time.Hour).UnixMilli()
				})
				b.server.Inject(onRotate(clerktest.ResetAfterWork()).Once())
				spoil(b)
				rotation, err := b.client.RotateClientSecret(b.Context(), id, time.Time{})
				noError(b, err)
				equal(b, "has a secret", rotation.ClientSecret.IsEmpty(), false)
				equal(b, "maybe stale", rotation.MaybeStale, true)
			})
		})
	}
}

// A secret that another rotation has made invalid is not passed off as the present one.
func TestOvertakenRotationThatCannotBeRepeatedIsUnknown(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]clerktest.Fault{
		"refused": clerktest.ClerkError(403, "authorization_invalid"),
		"lost":    clerktest.ResetAfterWork(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inVirtualTime(t, func(b *bench) {
				id := b.server.Seed("web", func(a *clerktest.Application) {
					a.CreatedAt = time.Now().Add(-time.Hour).UnixMilli()
				})
				b.server.Inject(onRotate(clerktest.ResetAfterWork()).Once())
				b.server.Inject(onGet(clerktest.Meanwhile(func(r clerktest.Request) { b.server.Rotate(r.ID) })).Once())
				b.server.Inject(onRotate(fault).Skipping(1))
				rotation, err := b.client.RotateClientSecret(b.Context(), id, time.Time{})
				asError[*clerk.RotateOutcomeUnknownError](b, err)
				equal(b, "no secret", rotation.ClientSecret.IsEmpty(), true)
			})
		})
	}
}

func TestRotationSettlesWhateverTheClocksSay(t *testing.T) {
	t.Parallel()
	for name, skew := range map[string]time.Duration{"ahead": time.Hour, "behind": -time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inVirtualTime(t, func(b *bench) {
				b.server.SetClockSkew(skew)
				id := b.server.Seed("web")
				b.server.Inject(onRotate(clerktest.ResetAfterWork()).Once())
				rotation, err := b.client.RotateClientSecret(b.Context(), id, time.Time{})
				b.assertCurrent(rotation, err, id)
				equal(b, "maybe stale", rotation.MaybeStale, false)
			})
		})
	}
}

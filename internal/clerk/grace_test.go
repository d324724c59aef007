package clerk_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// allOperations are the operations of a client on an application that exists.
var allOperations = map[string]func(context.Context, *clerk.Client, string) error{
	"get": func(ctx context.Context, c *clerk.Client, id string) error {
		_, err := c.GetOAuthApplication(ctx, id)
		return err
	},
	"get fresh": func(ctx context.Context, c *clerk.Client, id string) error {
		_, err := c.GetOAuthApplication(ctx, id)
		return err
	},
	"list": func(ctx context.Context, c *clerk.Client, _ string) error {
		_, _, err := c.ListOAuthApplications(ctx, clerk.ListQuery{})
		return err
	},
	"find by client id": func(ctx context.Context, c *clerk.Client, _ string) error {
		_, err := c.FindOAuthApplication(ctx, clerk.By{ClientID: "d9g4CT4WYiCBm7EU"})
		return err
	},
	"find by name": func(ctx context.Context, c *clerk.Client, _ string) error {
		_, err := c.FindOAuthApplication(ctx, clerk.By{Name: "web"})
		return err
	},
	"create": func(ctx context.Context, c *clerk.Client, _ string) error {
		_, err := c.CreateOAuthApplication(ctx, fieldsNamed("new"))
		return err
	},
	"update": func(ctx context.Context, c *clerk.Client, id string) error {
		_, err := c.UpdateOAuthApplication(ctx, id, clerk.OAuthApplicationFields{Name: new("new")})
		return err
	},
	"rotate": func(ctx context.Context, c *clerk.Client, id string) error {
		_, err := c.RotateClientSecret(ctx, id, time.Time{})
		return err
	},
	"upload": func(ctx context.Context, c *clerk.Client, id string) error {
		_, err := c.UploadOAuthApplicationLogo(ctx, id, "logo.png", pngImage)
		return err
	},
	"delete": func(ctx context.Context, c *clerk.Client, id string) error {
		return c.DeleteOAuthApplication(ctx, id)
	},
	"get settings": func(ctx context.Context, c *clerk.Client, _ string) error {
		_, err := c.GetOAuthApplicationSettings(ctx)
		return err
	},
	"update settings": func(ctx context.Context, c *clerk.Client, _ string) error {
		_, err := c.UpdateOAuthApplicationSettings(ctx, clerk.OAuthApplicationSettingsFields{OAuthJWTAccessTokens: new(true)})
		return err
	},
	"instance": func(ctx context.Context, c *clerk.Client, _ string) error {
		_, err := c.Instance(ctx)
		return err
	},
}

func TestNothingIsSentOnAContextThatIsOver(t *testing.T) {
	t.Parallel()
	for name, operate := range allOperations {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inVirtualTime(t, func(f *fixture) {
				ctx, cancel := context.WithCancel(f.Context())
				cancel()
				err := operate(ctx, f.client, f.server.Seed("web"))
				equal(f, "is context.Canceled", errors.Is(err, context.Canceled), true)
				equal(f, "requests", f.server.CountRequests("", ""), 0)
			})
		})
	}
}

// All waits end at once, and nothing is sent afterwards.
func TestWaitsEndWithTheContext(t *testing.T) {
	t.Parallel()
	for kind, fault := range map[string]clerktest.Fault{
		"429 with Retry-After": clerktest.TooManyRequests("30"),
		"429 without":          clerktest.TooManyRequests(),
		"locked":               {Work: clerktest.WorkSkipped, Reply: &clerktest.Reply{Status: 409, Code: "resource_locked", Header: http.Header{"Retry-After": {"30"}}}},
	} {
		for name, operate := range allOperations {
			t.Run(kind+"/"+name, func(t *testing.T) {
				t.Parallel()
				inVirtualTime(t, func(f *fixture) {
					id := f.server.Seed("web")
					f.server.Inject(fault)
					const patience = 10 * time.Millisecond
					err := operate(f.cancelledAfter(patience), f.client, id)
					if f.elapsed() > patience {
						f.Errorf("it went on for %s", f.elapsed()-patience)
					}
					if f.elapsed() < patience {
						return // the backoffs were shorter; nothing was interrupted
					}
					equal(f, "is context.Canceled", errors.Is(err, context.Canceled), true)
					sent := f.server.CountRequests("", "")
					time.Sleep(time.Minute)
					equal(f, "requests afterwards", f.server.CountRequests("", "")-sent, 0)
				})
			})
		}
	}
}

// A request that can be repeated is cancelled in flight.
func TestRepeatableOperationsEndWithTheContext(t *testing.T) {
	t.Parallel()
	for name, operate := range allOperations {
		if name == "create" || name == "rotate" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inVirtualTime(t, func(f *fixture) {
				id := f.server.Seed("web")
				f.server.Inject(clerktest.NeverAnswers())
				err := operate(f.cancelledAfter(time.Second), f.client, id)
				equal(f, "is context.Canceled", errors.Is(err, context.Canceled), true)
				equal(f, "time", f.elapsed(), time.Second)
			})
		})
	}
}

// What comes before a create is torn off, and the create is not sent.
func TestInterruptBeforeACreateIsSent(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault  clerktest.Fault
		option func(*clerk.Config)
	}{
		"the instance is compared":       {clerktest.SlowAnswer(10 * time.Second).OnInstance(), func(config *clerk.Config) { config.InstanceID = "ins_1" }},
		"names are listed":               {clerktest.SlowAnswer(10 * time.Second).OnList(), func(config *clerk.Config) { config.PreventDuplicateNames = true }},
		"it waits for the rate limiter":  {clerktest.Fault{}, func(config *clerk.Config) { config.PreventDuplicateNames, config.RequestsPer10s = true, 1 }},
		"the list of names is throttled": {clerktest.TooManyRequests("30").OnList(), func(config *clerk.Config) { config.PreventDuplicateNames = true }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inVirtualTime(t, func(f *fixture) {
				f.server.Inject(test.fault)
				_, err := f.client.CreateOAuthApplication(f.cancelledAfter(time.Second), fieldsNamed("web"))
				equal(f, "is context.Canceled", errors.Is(err, context.Canceled), true)
				_, unknown := errors.AsType[*clerk.CreateOutcomeUnknownError](err)
				equal(f, "is unknown", unknown, false)
				equal(f, "time", f.elapsed(), time.Second)
				equal(f, "creates", f.posts(), 0)
			}, test.option)
		})
	}
}

func TestCreateInFlightSurvivesAnInterrupt(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]clerktest.Fault{
		"slow work":   clerktest.Slow(4900 * time.Millisecond),
		"slow answer": clerktest.SlowAnswer(4900 * time.Millisecond),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inVirtualTime(t, func(f *fixture) {
				f.server.Inject(fault.OnCreate())
				creation, err := f.client.CreateOAuthApplication(f.cancelledAfter(time.Second), fieldsNamed("web"))
				noError(f, err)
				equal(f, "secret", creation.ClientSecret.Reveal(), f.server.CurrentSecret(creation.Application.ID))
				equal(f, "adopted", creation.Adopted, false)
				equal(f, "time", f.elapsed(), 4900*time.Millisecond)
				equal(f, "requests", f.server.CountRequests("", ""), 1)
			})
		})
	}
}

// The deadline of an operation is an interrupt too.
func TestCreateInFlightSurvivesADeadline(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(f *fixture) {
		f.server.Inject(clerktest.SlowAnswer(3 * time.Second).OnCreate())
		ctx, cancel := context.WithTimeout(f.Context(), time.Second)
		defer cancel()
		creation, err := f.client.CreateOAuthApplication(ctx, fieldsNamed("web"))
		noError(f, err)
		equal(f, "secret", creation.ClientSecret.Reveal(), f.server.CurrentSecret(creation.Application.ID))
		equal(f, "time", f.elapsed(), 3*time.Second)
	})
}

// The create has 4 s after the interrupt. Then the client searches for the application once, and adopts it if it exists.
func TestInterruptedCreateIsSearchedForOnce(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault   clerktest.Fault
		more    []clerktest.Fault
		adopted bool
		secret  bool
		time    time.Duration
	}{
		"carried out":     {clerktest.SlowAnswer(time.Hour), nil, true, true, 5 * time.Second},
		"not carried out": {clerktest.NeverAnswers(), nil, false, false, 5 * time.Second},
		"carried out, and everything is slow": {
			clerktest.SlowAnswer(time.Hour),
			[]clerktest.Fault{clerktest.SlowAnswer(time.Second).OnList(), clerktest.SlowAnswer(900 * time.Millisecond).OnRotate()},
			true, true, 6900 * time.Millisecond,
		},
		"carried out, and the list is too slow": {
			clerktest.SlowAnswer(time.Hour),
			[]clerktest.Fault{clerktest.SlowAnswer(time.Hour).OnList()},
			false, false, 7 * time.Second,
		},
		"carried out, and the rotation is too slow": {
			clerktest.SlowAnswer(time.Hour),
			[]clerktest.Fault{clerktest.SlowAnswer(time.Hour).OnRotate()},
			true, false, 7 * time.Second,
		},
		"carried out, and the list is throttled": {
			clerktest.SlowAnswer(time.Hour),
			[]clerktest.Fault{clerktest.TooManyRequests("5").OnList()},
			false, false, 7 * time.Second,
		},
		"carried out, and the rotation is lost again and again": {
			clerktest.SlowAnswer(time.Hour),
			[]clerktest.Fault{clerktest.ResetAfterWork().OnRotate()},
			true, false, 5 * time.Second,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inVirtualTime(t, func(f *fixture) {
				f.server.Inject(test.fault.OnCreate())
				for _, fault := range test.more {
					f.server.Inject(fault)
				}
				creation, err := f.client.CreateOAuthApplication(f.cancelledAfter(time.Second), fieldsNamed("web"))
				equal(f, "time", f.elapsed(), test.time)
				equal(f, "creates", f.posts(), 1)
				equal(f, "adopted", creation.Adopted, test.adopted)
				if !test.adopted {
					f.assertUnknown(err, "web", 0)
					return
				}
				noError(f, err)
				equal(f, "has a secret", !creation.ClientSecret.IsEmpty(), test.secret)
				if test.secret {
					equal(f, "secret", creation.ClientSecret.Reveal(), f.server.CurrentSecret(creation.Application.ID))
				} else {
					equal(f, "says why not", creation.RotationError != nil, true)
				}
			})
		})
	}
}

// An interrupt during the search for a lost create: one more search, at once, and no second create.
func TestInterruptDuringTheSearchForACreate(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault   clerktest.Fault
		adopted bool
	}{
		"carried out by then":     {clerktest.LateCommit(2 * time.Second), true},
		"not carried out by then": {clerktest.LateCommit(4 * time.Second), false},
		"never carried out":       {clerktest.ResetBeforeWork(), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inVirtualTime(t, func(f *fixture) {
				f.server.Inject(test.fault.OnCreate())
				// The searches are at 0.5, 1.5 and 3.5 s.
				creation, err := f.client.CreateOAuthApplication(f.cancelledAfter(2500*time.Millisecond), fieldsNamed("web"))
				equal(f, "time", f.elapsed(), 2500*time.Millisecond)
				equal(f, "creates", f.posts(), 1)
				equal(f, "lists", f.lists(), 3)
				if test.adopted {
					f.assertAdopted(creation, err, "web")
					return
				}
				f.assertUnknown(err, "web", 0)
			})
		})
	}
}

func TestInterruptDuringTheSecondCreate(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(f *fixture) {
		f.server.Inject(clerktest.ResetBeforeWork().OnCreate().Once())
		f.server.Inject(clerktest.SlowAnswer(3 * time.Second).OnCreate().Once())
		creation, err := f.client.CreateOAuthApplication(f.cancelledAfter(lookTime+time.Second), fieldsNamed("web"))
		noError(f, err)
		equal(f, "secret", creation.ClientSecret.Reveal(), f.server.CurrentSecret(creation.Application.ID))
		equal(f, "time", f.elapsed(), lookTime+3*time.Second)
	})
}

func TestRotationInFlightSurvivesAnInterrupt(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(f *fixture) {
		id := f.server.Seed("web")
		f.server.Inject(clerktest.SlowAnswer(4900 * time.Millisecond).OnRotate())
		rotation, err := f.client.RotateClientSecret(f.cancelledAfter(time.Second), id, time.Time{})
		f.assertCurrent(rotation, err, id)
		equal(f, "time", f.elapsed(), 4900*time.Millisecond)
	})
}

// The old secret may no longer work, so an interrupted rotation whose answer was lost is repeated within the grace period.
func TestInterruptedRotation(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		faults  []clerktest.Fault
		known   bool
		settled bool
		time    time.Duration
	}{
		"never answered":                     {[]clerktest.Fault{clerktest.NeverAnswers()}, false, false, 7 * time.Second},
		"lost in the grace":                  {[]clerktest.Fault{slowly(clerktest.ResetAfterWork(), 2*time.Second).Once()}, true, false, 2 * time.Second},
		"interrupted before the second":      {[]clerktest.Fault{clerktest.ResetAfterWork().Once()}, true, false, time.Second},
		"lost again and again":               {[]clerktest.Fault{clerktest.ResetAfterWork()}, false, false, time.Second},
		"the second is slow, within limits":  {[]clerktest.Fault{clerktest.ResetAfterWork().Once(), clerktest.SlowAnswer(5 * time.Second)}, true, false, 6 * time.Second},
		"the second is slow, without limits": {[]clerktest.Fault{clerktest.ResetAfterWork().Once(), clerktest.SlowAnswer(time.Hour)}, false, false, 7 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inVirtualTime(t, func(f *fixture) {
				id := f.server.Seed("web")
				for _, fault := range test.faults {
					f.server.Inject(fault.OnRotate())
				}
				rotation, err := f.client.RotateClientSecret(f.cancelledAfter(time.Second), id, time.Time{})
				equal(f, "time", f.elapsed(), test.time)
				if !test.known {
					asError[*clerk.RotateOutcomeUnknownError](f, err)
					return
				}
				f.assertCurrent(rotation, err, id)
				equal(f, "maybe stale", rotation.MaybeStale, !test.settled)
			})
		})
	}
}

// slowly puts a wait before the work of a fault.
func slowly(f clerktest.Fault, delay time.Duration) clerktest.Fault {
	f.Delay = delay
	return f
}

// A create that waits for another of its name is not sent after an interrupt.
func TestInterruptWhileWaitingForTheName(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(f *fixture) {
		f.server.Inject(clerktest.SlowAnswer(20 * time.Second).OnCreate())
		first := make(chan error)
		go func() {
			_, err := f.client.CreateOAuthApplication(f.Context(), fieldsNamed("web"))
			first <- err
		}()
		synctest.Wait()
		_, err := f.client.CreateOAuthApplication(f.cancelledAfter(time.Second), fieldsNamed("web"))
		equal(f, "error", err, context.Canceled)
		equal(f, "time", f.elapsed(), time.Second)
		noError(f, <-first)
		equal(f, "creates", f.posts(), 1)
	})
}

func TestNothingIsLeftBehindByInterruptedOperations(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(f *fixture) {
		id := f.server.Seed("web")
		f.server.Inject(clerktest.SlowAnswer(50 * time.Millisecond))
		for round := range 80 {
			for _, operate := range allOperations {
				ctx, cancel := context.WithTimeout(f.Context(), time.Duration(round)*time.Millisecond)
				_ = operate(ctx, f.client, id)
				cancel()
			}
		}
		// synctest fails the test if a goroutine is left.
	}, func(config *clerk.Config) { config.RequestsPer10s = 1e6 })
}

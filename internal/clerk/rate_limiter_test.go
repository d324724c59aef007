package clerk

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// newSteadyLimiter returns a rate limiter whose pauses all have the given jitter.
func newSteadyLimiter(requestsPer10s int, jitter time.Duration) *rateLimiter {
	l := newRateLimiter(requestsPer10s)
	l.randomPause = func() time.Duration { return jitter }
	return l
}

func TestLimitsByKindOfKey(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		key          string
		option, want int
	}{{"sk_test_1", 0, 90}, {"sk_live_1", 0, 360}, {"other", 0, 360}, {"sk_test_1", 7, 7}, {"sk_live_1", -1, 1}} {
		client := New(Config{SecretKey: NewSecret(test.key), RequestsPer10s: test.option})
		if got := client.rateLimiter.limit; got != test.want {
			t.Errorf("%s with %d: the limit is %d, want %d", test.key, test.option, got, test.want)
		}
	}
}

// A request that is refused is not counted. Below the limit there is no pacing.
func TestRateLimiter(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{-1, 0, 1, 3} {
		synctest.Test(t, func(t *testing.T) {
			l := newSteadyLimiter(limit, 0)
			wait := func(ctx context.Context, wants time.Duration, fails error) {
				t.Helper()
				arrived := time.Now()
				if err := l.acquire(ctx); time.Since(arrived) != wants || !errors.Is(err, fails) {
					t.Errorf("limit %d: waited %s (%v), want %s (%v)", limit, time.Since(arrived), err, wants, fails)
				}
			}
			over, cancel := context.WithCancel(t.Context())
			cancel()
			wait(over, 0, context.Canceled)
			for range max(1, limit) {
				wait(t.Context(), 0, nil)
			}
			time.Sleep(3 * time.Second)
			soon, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			wait(soon, time.Second, context.DeadlineExceeded)
			wait(t.Context(), 6*time.Second, nil)
		})
	}
}

// A burst of refusals that name one time is one pause, with one jitter.
func TestRateLimiterJitter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newRateLimiter(100)
		jitters, seen := 0, make(map[time.Duration]bool)
		for range 100 {
			jitter := l.randomPause()
			if seen[jitter] = true; jitter < 0 || jitter >= maxPauseJitter {
				t.Errorf("jitter is %s", jitter)
			}
		}
		if len(seen) < 50 {
			t.Errorf("100 jitters have %d values", len(seen))
		}
		l.randomPause = func() time.Duration { jitters++; return time.Second }
		reopens := time.Now().Add(time.Minute)
		for range 10 {
			l.pause(time.Until(reopens))
			time.Sleep(50 * time.Millisecond)
		}
		if err := l.acquire(t.Context()); err != nil || !time.Now().Equal(reopens.Add(time.Second)) || jitters != 1 {
			t.Errorf("it reopened %s later, with %d jitters (%v)", time.Since(reopens), jitters, err)
		}
		if l.pause(time.Second); jitters != 2 {
			t.Errorf("the next burst has no jitter of its own")
		}
	})
}

// limitedRequest is a request that may be cancelled while it waits. Times are relative to the
// beginning.
type limitedRequest struct {
	arrives, cancelled time.Duration // never cancelled if 0
}

type limitedPause struct{ at, length time.Duration }

// limitedStarts computes from the rules when each request starts: -1 if it is cancelled first.
func limitedStarts(limit int, jitter time.Duration, requests []limitedRequest, pauses []limitedPause) (result []time.Duration) {
	var starts []time.Duration
	var latest time.Duration // start of the one before
	for _, request := range requests {
		at := max(request.arrives, latest)
		if len(starts) >= limit {
			at = max(at, starts[len(starts)-limit]+rateLimitWindow)
		}
		for _, pause := range pauses { // in order of time
			if pause.at < at {
				at = max(at, pause.at+pause.length+jitter)
			}
		}
		if request.cancelled > 0 && request.cancelled < at {
			result = append(result, -1)
			continue
		}
		starts, latest = append(starts, at), at
		result = append(result, at)
	}
	return result
}

// With random arrivals, cancellations and pauses, every request starts exactly when the rules
// allow, in order of arrival.
func TestRateLimiterIsExact(t *testing.T) {
	t.Parallel()
	const jitter = 137 * time.Millisecond
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 1))
		limit := 1 + random.IntN(12)
		// No two events have the same time, because their order would be undefined: whole
		// milliseconds for arrivals, and odd nanoseconds for the others.
		requests := make([]limitedRequest, 1+random.IntN(80))
		gap, at := 1+random.Int64N(1500), time.Duration(0)
		for i := range requests {
			at += time.Duration(1+random.Int64N(gap)) * time.Millisecond
			requests[i].arrives = at
			if random.IntN(4) == 0 {
				requests[i].cancelled = at + time.Duration(random.Int64N(20_000))*time.Millisecond + time.Duration(2*i+1)
			}
		}
		pauses := make([]limitedPause, random.IntN(5))
		for i, at := 0, time.Duration(1001); i < len(pauses); i++ {
			at += time.Duration(random.Int64N(20_000))*time.Millisecond + 2
			pauses[i] = limitedPause{at, time.Duration(random.Int64N(15_000)) * time.Millisecond}
		}
		got := make([]time.Duration, len(requests))
		synctest.Test(t, func(t *testing.T) {
			l := newSteadyLimiter(limit, jitter)
			begun := time.Now()
			for _, pause := range pauses {
				time.AfterFunc(pause.at, func() { l.pause(pause.length) })
			}
			var wait sync.WaitGroup
			for i, request := range requests {
				wait.Go(func() {
					time.Sleep(request.arrives)
					ctx := t.Context()
					if request.cancelled > 0 {
						var cancel context.CancelFunc
						ctx, cancel = context.WithTimeout(ctx, request.cancelled-request.arrives)
						defer cancel()
					}
					err := l.acquire(ctx)
					if got[i] = time.Since(begun); err != nil {
						if got[i] != request.cancelled {
							t.Errorf("request %d was cancelled at %s and returned at %s", i, request.cancelled, got[i])
						}
						got[i] = -1
					}
				})
			}
			wait.Wait()
		})
		if want := limitedStarts(limit, jitter, requests, pauses); !slices.Equal(got, want) {
			t.Errorf("seed %d, limit %d, requests %v, pauses %v:\nstarts %v\nwant   %v", seed, limit, requests, pauses, got, want)
		}
	}
}

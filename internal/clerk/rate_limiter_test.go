package clerk

import (
	"cmp"
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

func TestRateLimiter(t *testing.T) {
	t.Parallel()
	const jitter = 200 * time.Millisecond
	type step struct {
		sleep, pause time.Duration // before the request; no pause if 0
		waits        time.Duration
	}
	for name, test := range map[string]struct {
		limit int
		steps []step
	}{
		"no pacing below the limit":              {3, []step{{0, 0, 0}, {0, 0, 0}, {3 * time.Second, 0, 0}, {0, 0, 7 * time.Second}}},
		"one request at least":                   {0, []step{{0, 0, 0}, {0, 0, 10 * time.Second}}},
		"and never none":                         {-1, []step{{0, 0, 0}, {0, 0, 10 * time.Second}}},
		"the later end of two pauses wins":       {9, []step{{0, 8 * time.Second, 8*time.Second + jitter}, {0, time.Second, time.Second + jitter}}},
		"a pause of nothing is the jitter alone": {9, []step{{0, -time.Hour, 0}, {0, time.Nanosecond, jitter + time.Nanosecond}}},
	} {
		synctest.Test(t, func(t *testing.T) {
			l := newSteadyLimiter(test.limit, jitter)
			for i, step := range test.steps {
				time.Sleep(step.sleep)
				if step.pause != 0 {
					l.pause(step.pause)
				}
				if waited, err := l.acquire(t.Context()); err != nil || waited != step.waits {
					t.Errorf("%s: request %d waited %s (%v), want %s", name, i+1, waited, err, step.waits)
				}
			}
		})
	}
	synctest.Test(t, func(t *testing.T) { // a context that is over, and one that ends in a pause
		l := newSteadyLimiter(1, 0)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		cancel()
		if _, err := l.acquire(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("error is %v", err)
		}
		if waited, err := l.acquire(t.Context()); err != nil || waited != 0 {
			t.Errorf("the next one waited %s (%v): the refused one was counted", waited, err)
		}
		l.pause(time.Minute)
		ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if waited, err := l.acquire(ctx); !errors.Is(err, context.DeadlineExceeded) || waited != time.Second {
			t.Errorf("returned %v after %s", err, waited)
		}
	})
}

// A burst of refusals that name one time is one pause, with one jitter.
func TestRateLimiterJitter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newRateLimiter(100)
		random, jitters := l.randomPause, 0
		seen := make(map[time.Duration]bool)
		for range 100 {
			if jitter := random(); jitter < 0 || jitter >= maxPauseJitter {
				t.Fatalf("jitter is %s", jitter)
			} else {
				seen[jitter] = true
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
		if _, err := l.acquire(t.Context()); err != nil || !time.Now().Equal(reopens.Add(time.Second)) || jitters != 1 {
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
		spread := int64(1 + random.IntN(60_000))
		taken := make(map[time.Duration]bool)
		for i := range requests {
			at := time.Duration(random.Int64N(spread)) * time.Millisecond
			for taken[at] {
				at += time.Microsecond
			}
			taken[at] = true
			requests[i].arrives = at
			if random.IntN(4) == 0 {
				requests[i].cancelled = at + time.Duration(random.Int64N(20_000))*time.Millisecond + time.Duration(2*i+1)
			}
		}
		slices.SortFunc(requests, func(a, b limitedRequest) int { return cmp.Compare(a.arrives, b.arrives) })
		pauses := make([]limitedPause, random.IntN(5))
		for i := range pauses {
			pauses[i] = limitedPause{
				at:     time.Duration(random.Int64N(60_000))*time.Millisecond + time.Duration(1001+2*i),
				length: time.Duration(random.Int64N(15_000)) * time.Millisecond,
			}
		}
		slices.SortFunc(pauses, func(a, b limitedPause) int { return cmp.Compare(a.at, b.at) })

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
					_, err := l.acquire(ctx)
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

func BenchmarkRateLimiter(b *testing.B) {
	l := newRateLimiter(1 << 30)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := l.acquire(b.Context()); err != nil {
			b.Fatal(err)
		}
		if len(l.starts) == 1<<16 { // the ring is not measured
			l.starts = l.starts[:0]
		}
	}
}

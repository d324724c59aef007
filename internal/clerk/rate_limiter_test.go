package clerk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// newSteadyLimiter returns a rate limiter whose pauses all have the given jitter.
func newSteadyLimiter(requestsPer10s int, jitter time.Duration) *rateLimiter {
	g := newRateLimiter(requestsPer10s)
	g.randomPause = func() time.Duration { return jitter }
	return g
}

func TestRateLimiterDoesNotPaceBelowItsLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newRateLimiter(90)
		for i := range 90 {
			if waited, err := g.acquire(t.Context()); err != nil || waited != 0 {
				t.Fatalf("request %d waited %s (%v)", i+1, waited, err)
			}
		}
		time.Sleep(3 * time.Second)
		if waited, err := g.acquire(t.Context()); err != nil || waited != 7*time.Second {
			t.Fatalf("request 91, after 3 s, waited %s (%v), want 7s", waited, err)
		}
	})
}

func TestRateLimiterLetsOneStartAtLeast(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{1, 0, -1} {
		synctest.Test(t, func(t *testing.T) {
			g := newRateLimiter(limit)
			for i, want := range []time.Duration{0, 10 * time.Second, 10 * time.Second} {
				if waited, err := g.acquire(t.Context()); err != nil || waited != want {
					t.Errorf("with a limit of %d, request %d waited %s (%v), want %s", limit, i+1, waited, err, want)
				}
			}
		})
	}
}

func TestRateLimiterServesInOrderOfArrival(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newRateLimiter(3)
		var (
			mu     sync.Mutex
			served []int
			wait   sync.WaitGroup
		)
		for i := range 100 {
			wait.Go(func() {
				if _, err := g.acquire(t.Context()); err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				served = append(served, i)
			})
			synctest.Wait() // it stands in the line, or is through
		}
		wait.Wait()
		if !slices.IsSorted(served) {
			t.Errorf("served in the order %v", served)
		}
	})
}

func TestRateLimiterCancelledWaiterLeavesTheLine(t *testing.T) {
	t.Parallel()
	for _, position := range []string{"head", "middle", "tail"} {
		t.Run(position, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g := newRateLimiter(1)
				begun := time.Now()
				if _, err := g.acquire(t.Context()); err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				left := map[string]int{"head": 0, "middle": 1, "tail": 2}[position]
				var (
					mu      sync.Mutex
					started []time.Duration
					wait    sync.WaitGroup
				)
				for i := range 3 {
					wait.Go(func() {
						if i != left {
							if _, err := g.acquire(t.Context()); err != nil {
								t.Error(err)
							}
							mu.Lock()
							defer mu.Unlock()
							started = append(started, time.Since(begun))
							return
						}
						if waited, err := g.acquire(ctx); !errors.Is(err, context.Canceled) || waited != 4*time.Second {
							t.Errorf("the cancelled one returned %v after %s", err, waited)
						}
					})
					synctest.Wait()
				}
				time.Sleep(4 * time.Second)
				cancel()
				wait.Wait()
				if want := []time.Duration{10 * time.Second, 20 * time.Second}; !slices.Equal(started, want) {
					t.Errorf("the others started at %v, want %v", started, want)
				}
			})
		})
	}
}

func TestRateLimiterRefusesAContextThatIsOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newRateLimiter(1)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := g.acquire(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("error is %v", err)
		}
		if waited, err := g.acquire(t.Context()); err != nil || waited != 0 {
			t.Errorf("the next one waited %s (%v): the refused one was counted", waited, err)
		}
	})
}

func TestRateLimiterPause(t *testing.T) {
	t.Parallel()
	const jitter = 200 * time.Millisecond
	acquireAfter := func(t *testing.T, g *rateLimiter, want time.Duration) {
		t.Helper()
		if waited, err := g.acquire(t.Context()); err != nil || waited != want {
			t.Errorf("waited %s (%v), want %s", waited, err, want)
		}
	}

	t.Run("holds for requests that wait already", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			g := newSteadyLimiter(1, jitter)
			acquireAfter(t, g, 0)
			time.AfterFunc(9*time.Second, func() { g.pause(5 * time.Second) })
			acquireAfter(t, g, 14*time.Second+jitter)
		})
	})
	t.Run("the later end of two wins", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			g := newSteadyLimiter(10, jitter)
			g.pause(8 * time.Second)
			time.Sleep(time.Second)
			g.pause(2 * time.Second)
			acquireAfter(t, g, 7*time.Second+jitter)
			g.pause(2 * time.Second)
			time.Sleep(time.Second)
			g.pause(8 * time.Second)
			acquireAfter(t, g, 8*time.Second+jitter)
		})
	})
	t.Run("a burst of refusals that name one time is one pause", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			g := newRateLimiter(100)
			jitters := 0
			g.randomPause = func() time.Duration { jitters++; return jitter }
			for range 10 {
				g.pause(time.Until(time.Now().Truncate(time.Minute).Add(time.Minute)))
				time.Sleep(50 * time.Millisecond)
			}
			reopens := time.Now().Truncate(time.Minute).Add(time.Minute + jitter)
			acquireAfter(t, g, time.Until(reopens))
			if jitters != 1 {
				t.Errorf("%d jitters were added", jitters)
			}
			g.pause(time.Second)
			if jitters != 2 {
				t.Errorf("the next burst has no jitter of its own")
			}
		})
	})
	t.Run("of no length or less is harmless", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			g := newSteadyLimiter(10, 0)
			g.pause(0)
			g.pause(-time.Hour)
			acquireAfter(t, g, 0)
		})
	})
	t.Run("ends with the context", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			g := newSteadyLimiter(10, jitter)
			g.pause(time.Minute)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if waited, err := g.acquire(ctx); !errors.Is(err, context.DeadlineExceeded) || waited != time.Second {
				t.Errorf("returned %v after %s", err, waited)
			}
		})
	})
}

func TestRateLimiterJitterIsSmallAndVaries(t *testing.T) {
	t.Parallel()
	g := newRateLimiter(1)
	seen := make(map[time.Duration]bool)
	for range 100 {
		jitter := g.randomPause()
		if jitter < 0 || jitter >= maxPauseJitter {
			t.Fatalf("jitter is %s", jitter)
		}
		seen[jitter] = true
	}
	if len(seen) < 50 {
		t.Errorf("100 jitters have %d values", len(seen))
	}
}

// A limitedRequest is a request that may be cancelled while it waits. Times are relative to
// the beginning.
type limitedRequest struct {
	arrives, cancelled time.Duration // never cancelled when 0
}

type limitedPause struct {
	at, length time.Duration
}

// limitedStarts computes from the rules when each request starts: -1 for a request that is
// cancelled first.
func limitedStarts(limit int, jitter time.Duration, requests []limitedRequest, pauses []limitedPause) []time.Duration {
	var (
		result []time.Duration
		starts []time.Duration
		latest time.Duration // start of the one before
	)
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
		starts = append(starts, at)
		latest = at
		result = append(result, at)
	}
	return result
}

// With random arrivals, cancellations and pauses, every request starts exactly when the
// rules allow.
func TestRateLimiterIsExact(t *testing.T) {
	t.Parallel()
	const jitter = 137 * time.Millisecond
	for seed := range uint64(300) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 1))
			limit := 1 + random.IntN(12)
			requests := make([]limitedRequest, 1+random.IntN(80))
			// No two events have the same time, because their order would be undefined: whole
			// milliseconds for arrivals, and odd nanoseconds for the others.
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
				g := newSteadyLimiter(limit, jitter)
				begun := time.Now()
				var wait sync.WaitGroup
				for _, pause := range pauses {
					wait.Go(func() {
						time.Sleep(pause.at)
						g.pause(pause.length)
					})
				}
				for i, request := range requests {
					wait.Go(func() {
						time.Sleep(request.arrives)
						ctx := t.Context()
						if request.cancelled > 0 {
							var cancel context.CancelFunc
							ctx, cancel = context.WithTimeout(ctx, request.cancelled-request.arrives)
							defer cancel()
						}
						_, err := g.acquire(ctx)
						got[i] = time.Since(begun)
						if err != nil {
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
				t.Errorf("limit %d, requests %v, pauses %v:\nstarts %v\nwant   %v", limit, requests, pauses, got, want)
			}
			var starts []time.Duration
			for _, at := range got {
				if at >= 0 {
					starts = append(starts, at)
				}
			}
			slices.Sort(starts)
			for i := limit; i < len(starts); i++ {
				if within := starts[i] - starts[i-limit]; within < rateLimitWindow {
					t.Errorf("%d requests started within %s", limit+1, within)
				}
			}
		})
	}
}

func BenchmarkRateLimiter(b *testing.B) {
	b.Run("open", func(b *testing.B) {
		g := newRateLimiter(1 << 30)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := g.acquire(b.Context()); err != nil {
				b.Fatal(err)
			}
			if len(g.starts) == 1<<16 { // the ring is not measured
				g.starts = g.starts[:0]
			}
		}
	})
	b.Run("contended", func(b *testing.B) {
		g := newRateLimiter(1 << 30)
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, err := g.acquire(b.Context()); err != nil {
					b.Error(err)
				}
			}
		})
	})
}

package clerk

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

const (
	// rateLimitWindow is the time in which Clerk counts requests.
	rateLimitWindow = 10 * time.Second
	// maxPauseJitter keeps processes that share a key, and were throttled together, from
	// sending again in the same instant.
	maxPauseJitter = 500 * time.Millisecond
)

// rateLimiter holds back all requests of a client. It is an exact sliding window: at most
// limit requests start in any 10 seconds, in order of arrival, each as early as the window
// and a pause allow. A token bucket would pace requests below the limit too; here the first
// requests of a process start at once, so that small plans cost nothing. Without the order
// of arrival, an unlucky request among hundreds would wait for all of the others.
//
// The window is on the time at which requests are sent, and Clerk counts them as they
// arrive: those under way can arrive in the next window. Terraform has ten operations
// under way by default, so 90 of the 100 requests that Clerk allows a development instance
// are safe. Freeing a place only 10 seconds after the answer was rejected: it is slower,
// and all it prevents is a 429, which pause handles.
type rateLimiter struct {
	line  *semaphore.Weighted // held by the head of the line; serves in order of arrival
	limit int

	mu          sync.Mutex
	starts      []time.Time // of the latest requests, at most limit, the oldest first
	closedUntil time.Time
	jitter      time.Duration // of the pause that ends at closedUntil
	randomPause func() time.Duration
}

// newRateLimiter returns a rate limiter that lets at most requestsPer10s requests, and at
// least one, start in any 10 seconds.
func newRateLimiter(requestsPer10s int) *rateLimiter {
	return &rateLimiter{
		line:        semaphore.NewWeighted(1),
		limit:       max(1, requestsPer10s),
		randomPause: func() time.Duration { return rand.N(maxPauseJitter) },
	}
}

// acquire waits until the next request may start, and counts it. If ctx ends first, it returns the
// error of ctx, and those behind in the line are served as if the caller had never come.
func (l *rateLimiter) acquire(ctx context.Context) error {
	if err := l.line.Acquire(ctx, 1); err != nil {
		return err
	}
	defer l.line.Release(1)

	// A pause may begin while the head of the line waits: look again.
	for wait := l.tryStart(); wait > 0; wait = l.tryStart() {
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
	return nil
}

// tryStart counts a request if it may start now, and otherwise returns how long it has to
// wait at least.
func (l *rateLimiter) tryStart() (wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	wait = l.closedUntil.Sub(now)
	full := len(l.starts) == l.limit
	if full {
		wait = max(wait, l.starts[0].Add(rateLimitWindow).Sub(now))
	}
	if wait > 0 {
		return wait
	}
	if full {
		l.starts = l.starts[1:]
	}
	l.starts = append(l.starts, now)
	return 0
}

// pause holds back every request for d and a jitter. The answer 429 to one request is a
// message to all.
//
// Requests that were under way may be answered with 429 too. They prolong the pause only
// if the server now asks for a later time, and the jitter is added once for all of them.
func (l *rateLimiter) pause(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if !now.Before(l.closedUntil) {
		l.jitter = l.randomPause()
	}
	if until := now.Add(d).Add(l.jitter); until.After(l.closedUntil) {
		l.closedUntil = until
	}
}

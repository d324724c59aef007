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

// rateLimiter holds back all requests of a client.
//
// It is an exact sliding window: at most n requests start in any 10 seconds, in order of
// arrival, each as early as the window and a pause allow. There is no pacing below the
// limit, as a token bucket would have: the first n requests of a process start at once, so
// that small plans cost nothing.
//
// The window is on the time at which requests are sent. Clerk counts them as they arrive,
// and a slow request can arrive among those of the next window. At most as many as are
// under way at one time can do so. Terraform has ten operations under way unless told
// otherwise, so 90 of the 100 requests that Clerk allows a development instance are safe.
// Freeing a place only 10 seconds after the answer was rejected: it is safe with any
// parallelism, but slower, and all it prevents is a 429, which pause handles.
//
// The order of arrival matters as much as the limit: without it, an unlucky request among
// hundreds waits for all of the others.
type rateLimiter struct {
	line *semaphore.Weighted // held by the head of the line; serves in order of arrival

	mu          sync.Mutex
	starts      []time.Time // of the latest requests, at most limit; a ring once full
	oldest      int         // index in starts
	limit       int
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

// acquire waits until the next request may start, and counts it. It returns how long that
// took. If ctx ends first, it returns the error of ctx, and those behind in the line are
// served as if the caller had never come.
func (l *rateLimiter) acquire(ctx context.Context) (waited time.Duration, err error) {
	arrived := time.Now()
	if err := l.line.Acquire(ctx, 1); err != nil {
		return time.Since(arrived), err
	}
	defer l.line.Release(1)

	// A pause may begin while the head of the line waits: look again.
	for {
		wait := l.tryStart()
		if wait <= 0 {
			return time.Since(arrived), nil
		}
		if err := sleep(ctx, wait); err != nil {
			return time.Since(arrived), err
		}
	}
}

// tryStart counts a request if it may start now, and otherwise returns how long it has to
// wait at least.
func (l *rateLimiter) tryStart() (wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()

	full := len(l.starts) == l.limit
	opens := l.closedUntil
	if full {
		if free := l.starts[l.oldest].Add(rateLimitWindow); free.After(opens) {
			opens = free
		}
	}
	if wait = opens.Sub(now); wait > 0 {
		return wait
	}
	if full {
		l.starts[l.oldest] = now
		l.oldest = (l.oldest + 1) % l.limit
	} else {
		l.starts = append(l.starts, now)
	}
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

package clerk

import (
	"context"
	"time"
)

const (
	backoffBase = 500 * time.Millisecond
	maxBackoff  = 20 * time.Second
)

// backoff returns how long to wait after the given attempt, 1 for the first, has
// failed: anything between nothing and backoffBound. The jitter is full, because a
// bound on both sides would keep clients that failed together nearly together.
// random returns a number in [0, 1), like rand.Float64.
func backoff(attempt int, random func() float64) time.Duration {
	return time.Duration(random() * float64(backoffBound(attempt)))
}

// backoffBound grows by a factor of two with each attempt, from half a second to 20
// seconds.
func backoffBound(attempt int) time.Duration {
	bound := backoffBase
	for i := 1; i < attempt && bound < maxBackoff; i++ {
		bound *= 2
	}
	return min(bound, maxBackoff)
}

// sleep waits for d, or until ctx is over and then returns its error at once.
func sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

package clerk

import (
	"context"
	"math"
	"testing"
	"testing/synctest"
	"time"
)

func TestBackoffDoublesUpToItsCap(t *testing.T) {
	t.Parallel()
	almostOne := func() float64 { return math.Nextafter(1, 0) }
	zero := func() float64 { return 0 }

	for _, test := range []struct {
		attempt int
		bound   time.Duration
	}{
		{1, 500 * time.Millisecond},
		{2, time.Second},
		{3, 2 * time.Second},
		{6, 16 * time.Second},
		{7, 20 * time.Second},
		{1000, 20 * time.Second},
		{math.MaxInt, 20 * time.Second},
		{0, 500 * time.Millisecond},
		{-1, 500 * time.Millisecond},
	} {
		if got := backoff(test.attempt, almostOne); got >= test.bound || got < test.bound-time.Microsecond {
			t.Errorf("attempt %d waits up to %s, want just below %s", test.attempt, got, test.bound)
		}
		if got := backoff(test.attempt, zero); got != 0 {
			t.Errorf("attempt %d waits at least %s, want 0: the jitter is full", test.attempt, got)
		}
	}
}

func TestSleep(t *testing.T) {
	t.Parallel()

	t.Run("lasts as long as asked", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			begun := time.Now()
			if err := sleep(t.Context(), 3*time.Second); err != nil {
				t.Fatal(err)
			}
			if slept := time.Since(begun); slept != 3*time.Second {
				t.Errorf("slept for %s", slept)
			}
		})
	})
	t.Run("ends with the context", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			begun := time.Now()
			if err := sleep(ctx, time.Hour); err != context.DeadlineExceeded {
				t.Errorf("error is %v", err)
			}
			if slept := time.Since(begun); slept != time.Second {
				t.Errorf("slept for %s", slept)
			}
		})
	})
	t.Run("does not begin after the context", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := sleep(ctx, 0); err != context.Canceled {
			t.Errorf("error is %v", err)
		}
	})
}

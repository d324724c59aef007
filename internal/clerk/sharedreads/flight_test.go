package sharedreads

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

type contextKey struct{}

func TestFlightEndsWithItsLastWaiter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ended := false
		first, cancelFirst := context.WithCancel(context.WithValue(t.Context(), contextKey{}, "kept"))
		second, cancelSecond := context.WithCancel(t.Context())
		defer cancelSecond()
		f := launch(first, func(ctx context.Context) (int, error) {
			if ctx.Value(contextKey{}) != "kept" {
				t.Error("the values of the first caller's context are gone")
			}
			<-ctx.Done()
			ended = true
			return 0, ctx.Err()
		})
		if !f.join() {
			t.Fatal("cannot join a flight that is under way")
		}

		cancelFirst()
		if _, err := f.wait(first); !errors.Is(err, context.Canceled) {
			t.Errorf("error is %v", err)
		}
		synctest.Wait()
		if ended {
			t.Fatal("one of two waiters left, and the request was cancelled")
		}
		cancelSecond()
		_, _ = f.wait(second)
		synctest.Wait()
		if !ended {
			t.Error("nobody waits, and the request goes on")
		}
	})
}

func TestFlightCannotBeJoinedOnceAbandonedOrEnded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		stubborn := launch(t.Context(), func(context.Context) (int, error) {
			time.Sleep(time.Minute)
			return 1, nil
		})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, _ = stubborn.wait(ctx)
		if stubborn.join() {
			t.Error("joined a flight that was abandoned and has not noticed yet")
		}

		quick := launch(t.Context(), func(context.Context) (int, error) { return 1, nil })
		if got, err := quick.wait(t.Context()); got != 1 || err != nil {
			t.Errorf("brought %d, %v", got, err)
		}
		if quick.join() {
			t.Error("joined a flight that has ended")
		}
		if (*flight[int])(nil).join() {
			t.Error("joined no flight")
		}
		time.Sleep(time.Hour) // lets the call that ignores its context end
	})
}

func TestFlightTurnsAPanicIntoAnError(t *testing.T) {
	t.Parallel()
	type secretive struct{ secret string }
	f := launch(t.Context(), func(context.Context) (int, error) { panic(secretive{"hunter2"}) })
	_, err := f.wait(t.Context())
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"sharedreads.secretive", "flight_test.go"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not name %s: %v", want, err)
		}
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Error("the error holds the value")
	}
}

func TestFlightThatExitsIsAnError(t *testing.T) {
	t.Parallel()
	f := launch(t.Context(), func(context.Context) (int, error) {
		runtime.Goexit()
		return 1, nil
	})
	if _, err := f.wait(t.Context()); !errors.Is(err, errEndedEarly) {
		t.Errorf("error is %v", err)
	}
}

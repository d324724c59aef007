package clerk

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestKeyedMutexExcludesByKey(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var (
			m      keyedMutex
			mu     sync.Mutex
			inside = map[string]int{}
			wait   sync.WaitGroup
		)
		began := time.Now()
		for _, key := range []string{"a", "b", "a", "b", "a"} {
			wait.Go(func() {
				unlock, err := m.lock(t.Context(), key)
				if err != nil {
					t.Errorf("lock: %v", err)
					return
				}
				defer unlock()
				mu.Lock()
				inside[key]++
				if inside[key] > 1 {
					t.Errorf("%d hold the lock of %s", inside[key], key)
				}
				mu.Unlock()
				time.Sleep(time.Second)
				mu.Lock()
				inside[key]--
				mu.Unlock()
			})
		}
		wait.Wait()
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("it took %s: keys wait for each other, or do not wait at all", took)
		}
		if len(m.held) > 0 {
			t.Errorf("%d locks are remembered", len(m.held))
		}
	})
}

func TestKeyedMutexWaitEndsWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var m keyedMutex
		unlock, err := m.lock(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		if _, err := m.lock(ctx, "a"); err != context.DeadlineExceeded {
			t.Errorf("error %v", err)
		}
		if took := time.Since(began); took != time.Second {
			t.Errorf("it took %s", took)
		}
		unlock()
		unlock, err = m.lock(t.Context(), "a")
		if err != nil {
			t.Errorf("the lock is lost: %v", err)
			return
		}
		unlock()
		if len(m.held) > 0 {
			t.Errorf("%d locks are remembered", len(m.held))
		}
	})
}

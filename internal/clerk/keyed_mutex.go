package clerk

import (
	"context"
	"sync"
)

// keyedMutex is a lock for each key, for keys that are not known beforehand.
// The zero value is ready.
type keyedMutex struct {
	mu   sync.Mutex
	held map[string]*keyedLock
}

type keyedLock struct {
	token chan struct{} // holds one element while the lock is taken
	users int           // holder and waiters
}

// lock takes the lock of a key; waiting ends with ctx. The function it returns
// gives the lock back.
func (m *keyedMutex) lock(ctx context.Context, key string) (unlock func(), err error) {
	m.mu.Lock()
	if m.held == nil {
		m.held = make(map[string]*keyedLock)
	}
	lock := m.held[key]
	if lock == nil {
		lock = &keyedLock{token: make(chan struct{}, 1)}
		m.held[key] = lock
	}
	lock.users++
	m.mu.Unlock()

	leave := func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		if lock.users--; lock.users == 0 {
			delete(m.held, key)
		}
	}
	select {
	case lock.token <- struct{}{}:
		return func() { <-lock.token; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
}

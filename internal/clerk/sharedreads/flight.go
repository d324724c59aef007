package sharedreads

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
)

// flight is a request that any number of callers wait for.
//
// golang.org/x/sync/singleflight does not count its waiters. Its function either runs
// on the context of the first caller, whose cancellation then fails the others, or on a
// detached context, which no cancellation ends.
type flight[R any] struct {
	done   chan struct{} // closed when result and err are set
	result R
	err    error
	cancel context.CancelFunc

	mu      sync.Mutex
	waiters int // 0 once abandoned
}

var errEndedEarly = errors.New("the request ended without an answer")

// launch starts do for the caller, who is the first to wait. The context of do
// has the values of ctx, and ends when no one waits any more.
//
// A panic in do becomes an error. It would otherwise end the process, because no caller
// can recover it. The error has the type and place of the panic and not its value, which
// may be a secret.
func launch[R any](ctx context.Context, do func(context.Context) (R, error)) *flight[R] {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f := &flight[R]{done: make(chan struct{}), cancel: cancel, waiters: 1, err: errEndedEarly}
	go func() {
		defer cancel()
		defer close(f.done)
		defer func() {
			if value := recover(); value != nil {
				f.err = fmt.Errorf("panic of type %T in a shared request\n%s", value, debug.Stack())
			}
		}()
		f.result, f.err = do(ctx)
	}()
	return f
}

// join adds the caller to those who wait. It reports false if f is nil, or if the flight
// has ended or was abandoned.
func (f *flight[R]) join() bool {
	if f == nil {
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	select {
	case <-f.done:
		return false
	default:
	}
	if f.waiters == 0 {
		return false
	}
	f.waiters++
	return true
}

// wait returns what the request brought, or the error of ctx as soon as that is
// over. It must be called once for each launch and each successful join.
func (f *flight[R]) wait(ctx context.Context) (R, error) {
	select {
	case <-f.done:
		return f.result, f.err
	case <-ctx.Done():
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.waiters--; f.waiters == 0 {
		f.cancel()
	}
	var none R
	return none, ctx.Err()
}

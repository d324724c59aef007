package provider

import (
	"context"
	"sync/atomic"
	"time"
)

// callContext is the context of one call of the protocol, which is given back
// when the call is over. The framework keeps a context of each call until the
// provider stops (its server remembers how to cancel them all and forgets none),
// and with it all that the context holds: loggers and their fields, some 6 KB.
// That was most of the memory of a plan over thousands of applications. With the
// call's context between, what is kept is an empty one.
type callContext struct {
	inner atomic.Pointer[context.Context]
}

// overContext stands in for the contexts of calls that are over.
var overContext = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background()) //nolint:forbidigo // it belongs to no caller, and nothing runs on it
	cancel()
	return ctx
}()

// borrow returns a context for the length of a call, and the function that gives
// it back.
func borrow(ctx context.Context) (call context.Context, giveBack func()) {
	c := &callContext{}
	c.inner.Store(&ctx)
	return c, func() { c.inner.Store(&overContext) }
}

func (c *callContext) Deadline() (time.Time, bool) { return (*c.inner.Load()).Deadline() }
func (c *callContext) Done() <-chan struct{}       { return (*c.inner.Load()).Done() }
func (c *callContext) Err() error                  { return (*c.inner.Load()).Err() }
func (c *callContext) Value(key any) any           { return (*c.inner.Load()).Value(key) }

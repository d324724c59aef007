package provider

import (
	"context"
	"sync/atomic"
	"time"
)

// callContext is the context of one call of the protocol, which is given back when
// the call is over. The server of terraform-plugin-framework (1.19, proto6server,
// registerContext) keeps the cancel function of every call until the provider stops,
// and with it all that the call's context holds: loggers and their fields, some 6 KB.
// That was most of the memory of a plan over thousands of applications. With a
// callContext between, the server keeps an empty context.
//
// It may go when the framework forgets the cancel function of a call that is over.
// TestProtocolScaleMemory then passes without it.
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

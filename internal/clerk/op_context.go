package clerk

import (
	"context"
	"time"
)

// How long a create or a rotation may go on after the caller's context has ended. The
// sum stays below what pipelines grant: GitHub Actions, for one, sends a second signal
// 7.5 s after the first, and that signal makes Terraform kill the provider.
const (
	postGrace = 4 * time.Second // for the POST in flight
	fullGrace = 6 * time.Second // for all that follows it
)

// opContext holds the two contexts of an operation. They travel together through every
// step of a create and a rotation.
type opContext struct {
	wait context.Context // ends waits, and prevents requests that have not begun
	send context.Context // ends requests that have begun; may outlive wait
}

// singleContext is the opContext of an operation that ends as a whole with ctx.
func singleContext(ctx context.Context) opContext {
	return opContext{wait: ctx, send: ctx}
}

// withGrace returns a context with parent's values that ends the given time after
// parent has ended, whether by cancellation or by its deadline.
//
// A create or a rotation in flight runs on such a context. If it were cut off, Clerk
// might still carry it out, and the secret in its answer is shown once.
func withGrace(
	parent context.Context, grace time.Duration,
) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(parent))
	stop := context.AfterFunc(parent, func() {
		timer := time.AfterFunc(grace, cancel)
		context.AfterFunc(ctx, func() { timer.Stop() })
	})
	return ctx, func() {
		stop()
		cancel()
	}
}

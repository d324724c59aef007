package clerk

import (
	"context"
	"time"
)

// How long work that must not be torn apart may go on after the caller's
// context has ended. The sum stays below what pipelines grant: GitHub Actions,
// for one, sends a second signal 7.5 s after the first, and that one makes
// Terraform kill the provider.
const (
	postGrace = 4 * time.Second // the POST in flight
	fullGrace = 6 * time.Second // and all that follows it
)

// patience is how long an operation may take. Two contexts in one value, because a
// create and a rotation hand them down together through every step.
type patience struct {
	waiting   context.Context // ends waits, and what has not begun
	finishing context.Context // ends requests that have begun; may outlive waiting
}

// patienceOf returns the patience of an operation that ends as a whole with ctx.
func patienceOf(ctx context.Context) patience {
	return patience{waiting: ctx, finishing: ctx}
}

// withGrace returns a context with parent's values that ends only when the
// parent has been over for the given time, whether by cancellation or by its
// deadline.
//
// A create or a rotation in flight runs on such a context: torn off, it may
// well be carried out by Clerk, and the secret in its answer is shown once.
func withGrace(parent context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
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

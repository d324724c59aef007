package clerk

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Limits on bodies, in bytes after decompression. Nothing that Clerk sends for these
// endpoints comes near them.
const (
	maxObjectBytes = 1 << 20
	maxListBytes   = 16 << 20
	maxErrorBytes  = 64 << 10
)

// request is one request of the API, in a form that can be sent again.
type request struct {
	operation   operation
	method      string
	route       string // path below /v1, with {id} in place of an id
	id          string
	query       url.Values
	body        []byte
	contentType string
}

func (r request) maxBytes() int {
	if r.operation == opList {
		return maxListBytes
	}
	return maxObjectBytes
}

// outcomeUnknownError is a create or a rotation that Clerk may have carried out, and
// whose answer is not usable.
type outcomeUnknownError struct {
	outcome outcome
	err     error
	id      string // of the application that was created, if the answer has it
}

func (e *outcomeUnknownError) Error() string { return e.err.Error() }
func (e *outcomeUnknownError) Unwrap() error { return e.err }

// send sends a request until it succeeds or the policy says to stop, and returns what
// decode reads from the answer. decode is given answers with a 2xx status. Its error
// makes the attempt count as truncated (a *json.SyntaxError at the end of the body),
// unreadable (an *unreadableError) or unexpected (any other).
func send[T any](
	c *Client, op opContext, r request, decode func(answer) (T, error),
) (T, error) {
	var result T
	err := c.do(op, r, func(a answer) (err error) {
		result, err = decode(a)
		return err
	})
	if err != nil {
		var none T
		return none, err
	}
	return result, nil
}

// do is send without a result. It is the one place where the end of an update or a
// delete learns of an earlier attempt that Clerk may have applied.
func (c *Client) do(op opContext, r request, decode func(answer) error) error {
	if err := c.guard.check(op.wait, c, r); err != nil {
		return err
	}
	var lost error // of the latest attempt that Clerk may have applied
	err := c.attempts(op, r, func(ctx context.Context, number int, waited time.Duration) *failure {
		failed := c.attempt(ctx, r, decode, number, waited)
		if failed != nil && r.operation.changes() && failed.outcome.applied() != appliedNo {
			lost = failed.err
		}
		return failed
	})
	// After a lost answer, "not found" says for sure how things are.
	if err != nil && lost != nil && !IsNotFound(err) {
		return &ChangeOutcomeUnknownError{Lost: lost, Err: err}
	}
	return err
}

// attempts calls attempt until it succeeds or the policy says to stop.
func (c *Client) attempts(
	op opContext, r request,
	attempt func(ctx context.Context, number int, waited time.Duration) *failure,
) error {
	ctx := op.wait
	unexpected := 0
	var backedOff time.Duration // since the latest attempt
	for number := 1; ; number++ {
		waited, err := c.rateLimiter.acquire(ctx)
		if err != nil {
			return err
		}
		// Look again just before sending: what has not begun when the user interrupts
		// must not begin.
		if err := ctx.Err(); err != nil {
			return err
		}
		failed := attempt(op.send, number, backedOff+waited)
		if failed == nil {
			return nil
		}

		switch retryPolicy[failed.outcome][r.operation] {
		case actGiveUp:
			return failed.err
		case actReconcile:
			return &outcomeUnknownError{outcome: failed.outcome, err: failed.err}
		case actRetryOnce:
			if unexpected++; unexpected > 1 {
				return failed.err
			}
		case actRetry:
		}
		backedOff = 0
		wait := failed.waitAfter(number)
		throttled := failed.outcome == outcomeThrottled
		if throttled && wait <= maxRetryAfter {
			// A message to every request of this client, whatever becomes of this one.
			c.rateLimiter.pause(wait)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if number > c.maxRetries {
			return giveUpAfter(number, failed.err)
		}
		if err := failed.checkWait(ctx, number, wait); err != nil {
			return err
		}
		if throttled {
			continue // the rate limiter makes it wait
		}
		if err := sleep(ctx, wait); err != nil {
			return err
		}
		backedOff = wait
	}
}

func giveUpAfter(attempts int, err error) error {
	if attempts == 1 {
		return err
	}
	return &AttemptsError{Attempts: attempts, Err: err}
}

// waitAfter returns how long to wait after a failed attempt: as long as the server asks,
// or else by exponential backoff.
//
// After a 429 the backoff has no jitter of its own: the rate limiter adds some to the
// pause. With full jitter, the waits of DefaultMaxRetries retries are more often than
// not shorter in all than the 10 seconds of Clerk's window; without, they are 15.5
// seconds.
func (f *failure) waitAfter(attempt int) time.Duration {
	switch {
	case f.hasRetryAfter:
		return f.retryAfter
	case f.outcome == outcomeThrottled:
		return backoffBound(attempt)
	}
	return backoff(attempt, rand.Float64)
}

// checkWait returns an error if the wait is longer than this client, or the deadline of
// ctx, allows.
func (f *failure) checkWait(ctx context.Context, attempt int, wait time.Duration) error {
	deadline, limited := ctx.Deadline()
	left := time.Until(deadline)
	switch {
	case wait > maxRetryAfter:
		return &RetryAfterError{RetryAfter: wait, TraceID: traceIDOf(f.err), Err: f.err}
	case !limited || wait <= left:
		return nil
	case f.hasRetryAfter:
		return &RetryAfterError{
			RetryAfter: wait, TimeLeft: left, TraceID: traceIDOf(f.err), Err: f.err,
		}
	}
	return giveUpAfter(attempt, f.err)
}

func (c *Client) newRequest(ctx context.Context, r request) (*http.Request, error) {
	target := *c.base
	target.Path += strings.ReplaceAll(r.route, "{id}", r.id)
	if strings.Contains(r.route, "{id}") {
		if err := checkID(r.id); err != nil {
			return nil, err
		}
	}
	target.RawQuery = r.query.Encode()

	var body io.Reader
	if r.body != nil {
		body = bytes.NewReader(r.body)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, target.String(), body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+c.key.Reveal())
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Clerk-API-Version", APIVersion)
	if c.userAgent != "" {
		req.Header.Set("User-Agent", c.userAgent)
	}
	if r.contentType != "" {
		req.Header.Set("Content-Type", r.contentType)
	}
	return req, nil
}

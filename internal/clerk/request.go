package clerk

import (
	"bytes"
	"context"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// How long a create or a rotation may go on after the caller's context has ended. The
// sum stays below what pipelines grant: GitHub Actions, for one, sends a second signal
// 7.5 s after the first, and that signal makes Terraform kill the provider.
const (
	postGrace = 4 * time.Second // for the POST in flight
	fullGrace = 6 * time.Second // for all that follows it
)

// opContext holds the two contexts of an operation.
type opContext struct {
	wait context.Context // ends waits, and prevents requests that have not begun
	send context.Context // ends requests that have begun; may outlive wait
}

// singleContext is the opContext of an operation that ends as a whole with ctx.
func singleContext(ctx context.Context) opContext { return opContext{wait: ctx, send: ctx} }

// withGrace returns the opContext of a create or a rotation: requests that have begun end
// the given time after ctx has ended, whether by cancellation or by its deadline. If they
// were cut off, Clerk might still carry them out, and the secret in an answer is shown once.
func withGrace(ctx context.Context, grace time.Duration) (opContext, context.CancelFunc) {
	send, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		_ = sleep(send, grace)
		cancel()
	})
	return opContext{wait: ctx, send: send}, func() {
		stop()
		cancel()
	}
}

// request is one request of the API, in a form that can be sent again.
type request struct {
	method      string
	route       string // path below /v1, with {id} in place of an id
	id          string
	query       url.Values
	body        []byte
	contentType string
}

// withJSON returns the request with a body.
func (r request) withJSON(fields any) request {
	r.body, _ = json.Marshal(fields) // texts, booleans and lists of texts: it cannot fail
	r.contentType = "application/json"
	return r
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
	var result, none T
	if r.route != routeInstance {
		if err := c.CheckExpectedInstance(op.wait); err != nil {
			return none, err
		}
	}
	lost, err := c.attempts(op, r, func(a answer) (err error) {
		result, err = decode(a)
		return err
	})
	if err == nil {
		return result, nil
	}
	// After a lost answer, "not found" says for sure how things are.
	if lost != nil && !IsNotFound(err) {
		err = &ChangeOutcomeUnknownError{Lost: lost, Err: err}
	}
	return none, err
}

// attempts sends a request until it succeeds or the policy says to stop. lost is the error
// of the latest attempt of a change that Clerk may have applied.
func (c *Client) attempts(
	op opContext, r request, decode func(answer) error,
) (lost, err error) {
	ctx, changes := op.wait, r.method != http.MethodGet && r.method != http.MethodPost
	unexpected, waitsSince := 0, time.Now()
	for number := 1; ; number++ {
		// What has not begun when the user interrupts does not begin.
		if err := c.rateLimiter.acquire(ctx); err != nil {
			return lost, err
		}
		failed := c.attempt(op.send, r, decode, number, time.Since(waitsSince))
		waitsSince = time.Now()
		if failed == nil {
			return lost, nil
		}
		if changes && failed.outcome.applied() != appliedNo {
			lost = failed.err
		}

		switch failed.outcome.action(r.method) {
		case actGiveUp:
			return lost, failed.err
		case actReconcile:
			return lost, &outcomeUnknownError{outcome: failed.outcome, err: failed.err}
		case actRetryOnce:
			if unexpected++; unexpected > 1 {
				return lost, failed.err
			}
		case actRetry:
		}
		wait, throttled := failed.waitAfter(number), failed.outcome == outcomeThrottled
		if throttled && wait <= maxRetryAfter {
			// A message to every request of this client, whatever becomes of this one.
			c.rateLimiter.pause(wait)
		}
		if err := c.checkRetry(ctx, failed, number, wait); err != nil {
			return lost, err
		}
		if !throttled { // after a 429 the rate limiter makes it wait
			_ = sleep(ctx, wait) // the rate limiter sees an interrupt too
		}
	}
}

// attempt sends the request once.
func (c *Client) attempt(
	ctx context.Context, r request, decode func(answer) error, number int, waited time.Duration,
) *failure {
	req, err := c.newRequest(ctx, r)
	if err != nil {
		return &failure{outcome: outcomeRejected, err: err}
	}
	begun := time.Now()
	a, failed := c.exchange(req, c.config.RequestTimeout)
	if date, err := http.ParseTime(a.header.Get("Date")); err == nil {
		c.clock.Store(&clockReading{server: date, local: time.Now()})
	}
	if failed == nil {
		failed = c.classify(a, decode)
	}
	event := Event{
		Method: r.method, Route: r.route, Attempt: number, Outcome: "ok", Waited: waited,
	}
	if failed != nil {
		event.Outcome = string(failed.outcome)
	}
	c.report(ctx, event, a, begun)
	return failed
}

// report tells the observer of an attempt.
func (c *Client) report(ctx context.Context, event Event, a answer, begun time.Time) {
	if c.config.Observer == nil {
		return
	}
	event.Status, event.Bytes, event.TraceID = a.status, len(a.body), c.traceID(a.header)
	event.Duration = time.Since(begun)
	c.config.Observer(ctx, event)
}

// waitAfter returns how long to wait after a failed attempt: as long as the server asks,
// or else by exponential backoff. The jitter of the backoff is full, because a bound on both
// sides would keep clients that failed together nearly together.
//
// After a 429 the backoff has no jitter of its own: the rate limiter adds some to the
// pause. With full jitter, the waits of defaultMaxRetries retries are more often than not
// shorter in all than the 10 seconds of Clerk's window; without, they are 15.5 seconds.
func (f *failure) waitAfter(attempt int) time.Duration {
	switch {
	case f.retryAfter > 0:
		return f.retryAfter
	case f.outcome == outcomeThrottled:
		return backoffBound(attempt)
	}
	return rand.N(backoffBound(attempt))
}

// checkRetry returns an error if there must be no further attempt, or if the wait for it is
// longer than this client, or the deadline of ctx, allows.
func (c *Client) checkRetry(
	ctx context.Context, failed *failure, attempts int, wait time.Duration,
) error {
	deadline, limited := ctx.Deadline()
	left := time.Until(deadline)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case attempts > *c.config.MaxRetries:
	case wait > maxRetryAfter:
		return &RetryAfterError{RetryAfter: wait, Err: failed.err}
	case !limited || wait <= left:
		return nil
	case failed.retryAfter > 0:
		return &RetryAfterError{RetryAfter: wait, TimeLeft: left, Err: failed.err}
	}
	if attempts == 1 {
		return failed.err
	}
	return &AttemptsError{Attempts: attempts, Err: failed.err}
}

func (c *Client) newRequest(ctx context.Context, r request) (*http.Request, error) {
	if strings.Contains(r.route, "{id}") && !ValidID(r.id) {
		return nil, &IDError{ID: r.id}
	}
	target := *c.config.APIURL
	target.Path += strings.ReplaceAll(r.route, "{id}", r.id)
	target.RawQuery = r.query.Encode()
	req, err := http.NewRequestWithContext(ctx, r.method, target.String(), bytes.NewReader(r.body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+c.config.SecretKey.Reveal())
	req.Header.Set("Clerk-API-Version", apiVersion)
	if r.contentType != "" {
		req.Header.Set("Content-Type", r.contentType)
	}
	return req, nil
}

package clerk

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// operation is what a request means to the retry policy.
type operation int

const (
	opRead   operation = iota // GET of one object
	opList                    // GET of a page
	opUpdate                  // PATCH or PUT with absolute values
	opDelete                  // DELETE
	opCreate                  // POST that creates an application and returns its secret once
	opRotate                  // POST that replaces a secret and returns the new one once
)

// changes reports whether the operation changes something and may simply be sent again.
func (o operation) changes() bool { return o == opUpdate || o == opDelete }

// outcome is what is known after one attempt that did not succeed.
type outcome int

const (
	outcomeUnsent     outcome = iota // proven: not a byte of the request left
	outcomeRefused                   // unsent: the TLS handshake or a proxy refused for good
	outcomeThrottled                 // 429: Clerk counts requests before it works on them
	outcomeLocked                    // 409 resource_locked: refused before any work
	outcomeRejected                  // any other 4xx: Clerk looked at it and said no
	outcomeFailed                    // 408 and 5xx: the work may be done or not
	outcomeLost                      // the connection broke, or time ran out, after sending
	outcomeTruncated                 // the answer began as a success and broke off
	outcomeUnexpected                // a whole answer that is not Clerk's: HTML, a redirect
	outcomeUnreadable                // Clerk's success, without what the caller needs from it
)

// String names the outcome for logs.
func (o outcome) String() string {
	return [...]string{
		"unsent", "refused", "throttled", "locked", "rejected",
		"failed", "lost", "truncated", "unexpected", "unreadable",
	}[o]
}

// applied says whether Clerk carried out a request.
type applied int

const (
	appliedNo applied = iota
	appliedYes
	appliedUnknown
)

// applied returns whether Clerk carried out the request of an attempt with this outcome.
func (o outcome) applied() applied {
	switch o {
	case outcomeFailed, outcomeLost, outcomeTruncated, outcomeUnexpected:
		return appliedUnknown
	case outcomeUnreadable:
		return appliedYes
	case outcomeUnsent, outcomeRefused, outcomeThrottled, outcomeLocked, outcomeRejected:
	}
	return appliedNo
}

// action is what follows from an outcome.
type action int

const (
	actGiveUp    action = iota // the error is the result
	actRetry                   // send it again, after a wait
	actRetryOnce               // send it again once: such an answer is unlikely to change
	actReconcile               // the operation has its own way to find out what happened
)

// retryPolicy says which operation is repeated after which outcome.
//
// A read, an update (absolute values) and a delete have the same result however often
// they are sent. A repeated create could create a second application, and a repeated
// rotation could invalidate a secret that is on its way. Those two are repeated only if
// Clerk certainly did not process the first request.
//
// Go's transport keeps to this table only because no request has an Idempotency-Key
// header: with that header the transport would repeat a POST automatically.
var retryPolicy = map[outcome]map[operation]action{
	outcomeUnsent:     policy(actRetry, actRetry),
	outcomeRefused:    policy(actGiveUp, actGiveUp),
	outcomeThrottled:  policy(actRetry, actRetry),
	outcomeLocked:     policy(actRetry, actRetry),
	outcomeRejected:   policy(actGiveUp, actGiveUp),
	outcomeFailed:     policy(actRetry, actReconcile),
	outcomeLost:       policy(actRetry, actReconcile),
	outcomeTruncated:  policy(actRetry, actReconcile),
	outcomeUnexpected: policy(actRetryOnce, actReconcile),
	outcomeUnreadable: policy(actRetryOnce, actReconcile),
}

// policy is a row of retryPolicy: the action for operations that may be sent again, and
// that for creates and rotations.
func policy(repeatable, once action) map[operation]action {
	return map[operation]action{
		opRead: repeatable, opList: repeatable, opUpdate: repeatable, opDelete: repeatable,
		opCreate: once, opRotate: once,
	}
}

const (
	backoffBase = 500 * time.Millisecond
	maxBackoff  = 20 * time.Second
)

// backoff returns how long to wait after the given attempt, 1 for the first, has
// failed: between nothing and backoffBound. The jitter is full, because a bound on both
// sides would keep clients that failed together nearly together. random returns a number
// in [0, 1), like rand.Float64.
func backoff(attempt int, random func() float64) time.Duration {
	return time.Duration(random() * float64(backoffBound(attempt)))
}

// backoffBound doubles with each attempt, from half a second to 20 seconds.
func backoffBound(attempt int) time.Duration {
	bound := backoffBase
	for i := 1; i < attempt && bound < maxBackoff; i++ {
		bound *= 2
	}
	return min(bound, maxBackoff)
}

// sleep waits for d. If ctx ends first, it returns the error of ctx at once.
func sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Bounds of a Retry-After. A shorter wait is raised to the minimum, so that a zero, a
// negative number or a date in the past never makes a hot loop. A longer wait is not
// lowered to the maximum: a request that comes earlier than asked is refused again, so
// the operation ends and says what the server asked for.
const (
	minRetryAfter = 250 * time.Millisecond
	maxRetryAfter = 60 * time.Second
)

// parseRetryAfter reads the values of a Retry-After header (RFC 9110 section 10.2.3):
// seconds, or a date in any of HTTP's three forms. Dates are compared with serverDate,
// the answer's own Date header, so that a wrong clock on either side does not matter, or
// with now if serverDate is zero.
//
// d is at least minRetryAfter and has no upper bound. ok is false if no value is valid.
// Of several valid values the largest counts: something between Clerk and this client
// may have added its own.
func parseRetryAfter(values []string, serverDate, now time.Time) (d time.Duration, ok bool) {
	if serverDate.IsZero() {
		serverDate = now
	}
	for _, value := range values {
		value = strings.TrimSpace(value)
		asked, valid := parseDelaySeconds(value)
		if !valid {
			date, err := http.ParseTime(value)
			if err != nil {
				continue
			}
			asked = date.Sub(serverDate) // saturates
		}
		d = max(d, asked, minRetryAfter)
		ok = true
	}
	return d, ok
}

// parseDelaySeconds reads a whole number of seconds. A number that no Duration can hold
// becomes the longest or the shortest Duration.
func parseDelaySeconds(value string) (time.Duration, bool) {
	seconds, err := strconv.ParseInt(value, 10, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, false
	}
	// Out of its range, ParseInt returns the nearest number within.
	const most = math.MaxInt64 / int64(time.Second)
	switch {
	case seconds > most:
		return math.MaxInt64, true
	case seconds < -most:
		return math.MinInt64, true
	}
	return time.Duration(seconds) * time.Second, true
}

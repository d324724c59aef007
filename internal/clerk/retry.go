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

// outcome is what is known after one attempt that did not succeed, as a word for logs.
type outcome string

const (
	outcomeUnsent     outcome = "unsent"     // proven: not a byte of the request left
	outcomeRefused    outcome = "refused"    // unsent: TLS or a proxy refused for good
	outcomeThrottled  outcome = "throttled"  // 429: Clerk counts requests before it works on them
	outcomeLocked     outcome = "locked"     // 409 resource_locked: refused before any work
	outcomeRejected   outcome = "rejected"   // any other 4xx: Clerk looked at it and said no
	outcomeFailed     outcome = "failed"     // 408 and 5xx: the work may be done or not
	outcomeLost       outcome = "lost"       // the connection broke, or time ran out, after sending
	outcomeTruncated  outcome = "truncated"  // the answer began as a success and broke off
	outcomeUnexpected outcome = "unexpected" // a whole answer that is not Clerk's: HTML, a redirect
	outcomeUnreadable outcome = "unreadable" // Clerk's success, without what the caller needs from it
)

// applied says whether Clerk carried out a request.
type applied int

const (
	appliedNo applied = iota
	appliedYes
	appliedUnknown
)

// action is what follows from an outcome.
type action int

const (
	actGiveUp    action = iota // the error is the result
	actRetry                   // send it again, after a wait
	actRetryOnce               // send it again once: such an answer is unlikely to change
	actReconcile               // the operation has its own way to find out what happened
)

// retryPolicy says what an outcome means, and which request is repeated after it.
//
// A read (GET), an update (PATCH or PUT with absolute values) and a delete have the same result
// however often they are sent. The two POSTs, create and rotate, do not: a second create could
// create a second application, and a second rotation could invalidate a secret that is on its way.
// A POST is repeated only if Clerk certainly did not process the first one.
//
// Go's transport keeps to this table only because no request has an Idempotency-Key
// header: with that header the transport would repeat a POST automatically.
var retryPolicy = map[outcome]struct {
	applied    applied
	repeatable action // of a GET, PATCH, PUT or DELETE
	post       action // of a POST
}{
	outcomeUnsent:     {appliedNo, actRetry, actRetry},
	outcomeRefused:    {appliedNo, actGiveUp, actGiveUp},
	outcomeThrottled:  {appliedNo, actRetry, actRetry},
	outcomeLocked:     {appliedNo, actRetry, actRetry},
	outcomeRejected:   {appliedNo, actGiveUp, actGiveUp},
	outcomeFailed:     {appliedUnknown, actRetry, actReconcile},
	outcomeLost:       {appliedUnknown, actRetry, actReconcile},
	outcomeTruncated:  {appliedUnknown, actRetry, actReconcile},
	outcomeUnexpected: {appliedUnknown, actRetryOnce, actReconcile},
	outcomeUnreadable: {appliedYes, actRetryOnce, actReconcile},
}

// applied returns whether Clerk carried out the request of an attempt with this outcome.
func (o outcome) applied() applied { return retryPolicy[o].applied }

// action returns what the policy says after an attempt with an HTTP method.
func (o outcome) action(method string) action {
	if method == http.MethodPost {
		return retryPolicy[o].post
	}
	return retryPolicy[o].repeatable
}

const (
	backoffBase = 500 * time.Millisecond
	maxBackoff  = 20 * time.Second
)

// backoffBound is the longest wait after an attempt. It doubles with each attempt, 1 for
// the first, from half a second to 20 seconds.
func backoffBound(attempt int) time.Duration {
	const enough = 10 // doublings; more would overflow
	return min(backoffBase<<min(attempt-1, enough), maxBackoff)
}

// sleep waits for d. If ctx ends first, it returns the error of ctx at once.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
	return ctx.Err()
}

// Bounds of a Retry-After. A shorter wait is raised to the minimum, so that a zero, a
// negative number or a date in the past never makes a hot loop. A longer wait is not
// lowered to the maximum: a request that comes earlier than asked is refused again, so
// the operation ends and says what the server asked for.
const (
	minRetryAfter = 250 * time.Millisecond
	maxRetryAfter = 60 * time.Second
)

// parseRetryAfter returns the wait that the Retry-After headers of an answer ask for (RFC
// 9110 section 10.2.3), or 0 if none is valid. It is at least minRetryAfter, and has no
// upper bound. Of several valid values the largest counts: something between Clerk and
// this client may have added its own. A date is compared with the answer's own Date, so
// that a wrong clock on either side does not matter.
func parseRetryAfter(header http.Header, now time.Time) (wait time.Duration) {
	server, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		server = now
	}
	const most = math.MaxInt64 / int64(time.Second) // that a Duration can hold
	for _, value := range header.Values("Retry-After") {
		value = strings.TrimSpace(value)
		// Out of its range, ParseInt returns the nearest number within.
		seconds, err := strconv.ParseInt(value, 10, 64)
		asked := time.Duration(max(-most, min(seconds, most))) * time.Second
		if err != nil && !errors.Is(err, strconv.ErrRange) {
			date, err := http.ParseTime(value)
			if err != nil {
				continue
			}
			asked = date.Sub(server)
		}
		wait = max(wait, asked, minRetryAfter)
	}
	return wait
}

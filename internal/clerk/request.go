package clerk

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// Limits on bodies, in bytes after decompression. Nothing that Clerk sends for
// these endpoints comes near them.
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

// answer is an answer that was read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// failure is an attempt that did not succeed.
type failure struct {
	outcome    outcome
	err        error
	retryAfter time.Duration
	hasRetry   bool // the server said when to come back
}

// outcomeUnknownError means that a create or a rotation may or may not have been
// processed.
type outcomeUnknownError struct {
	outcome outcome
	err     error
}

func (e *outcomeUnknownError) Error() string { return e.err.Error() }
func (e *outcomeUnknownError) Unwrap() error { return e.err }

// send sends a request until it succeeds or the policy says to stop, and returns
// what decode reads from the answer. decode is given answers with a 2xx status; its
// error makes the attempt count as truncated (a *json.SyntaxError) or unexpected
// (any other).
func send[T any](c *Client, p patience, r request, decode func(answer) (T, error)) (T, error) {
	var result T
	err := c.do(p, r, func(a answer) (err error) {
		result, err = decode(a)
		return err
	})
	if err != nil {
		var none T
		return none, err
	}
	return result, nil
}

// do is send without a result.
func (c *Client) do(p patience, r request, decode func(answer) error) error {
	ctx := p.waiting
	if err := c.guard.check(ctx, c, r); err != nil {
		return err
	}
	unexpected, mayBeDone := 0, false
	var backedOff time.Duration // since the latest attempt
	// over returns the error of a context. After an attempt that may have been
	// processed, the error says that too.
	over := func(err error) error {
		if mayBeDone {
			return &ChangeOutcomeUnknownError{Err: err}
		}
		return err
	}
	for attempt := 1; ; attempt++ {
		waited, err := c.rateLimiter.acquire(ctx)
		if err != nil {
			return over(err)
		}
		// Again, just before sending: what has not begun when the user interrupts must
		// not begin.
		if err := ctx.Err(); err != nil {
			return over(err)
		}
		failed := c.attempt(p.finishing, r, decode, attempt, backedOff+waited)
		if failed == nil {
			return nil
		}
		mayBeDone = mayBeDone || r.operation.changes() && failed.outcome.mayBeDone()
		// Cut off by the caller and not by an event of the network.
		if err := p.finishing.Err(); err != nil && !failed.outcome.certain() {
			if reactions[failed.outcome][r.operation] == findOut {
				return &outcomeUnknownError{outcome: failed.outcome, err: failed.err}
			}
			return over(err)
		}

		switch reactions[failed.outcome][r.operation] {
		case giveUp:
			return failed.err
		case findOut:
			return &outcomeUnknownError{outcome: failed.outcome, err: failed.err}
		case repeatOnce:
			if unexpected++; unexpected > 1 {
				return failed.err
			}
		case repeat:
		}
		backedOff = 0
		wait := failed.waitAfter(attempt)
		throttled := failed.outcome == outcomeThrottled
		if throttled && wait <= maxRetryAfter {
			// A message to every request of this client, whatever becomes of this one.
			c.rateLimiter.pause(wait)
		}
		if attempt > c.maxRetries {
			return giveUpAfter(attempt, failed.err)
		}
		if err := failed.checkWait(ctx, attempt, wait); err != nil {
			return err
		}
		if throttled {
			continue // the rate limiter makes it wait
		}
		if err := sleep(ctx, wait); err != nil {
			return over(err)
		}
		backedOff = wait
	}
}

// changes reports whether the operation changes something and can simply be
// repeated.
func (o operation) changes() bool { return o == opUpdate || o == opDelete }

// mayBeDone reports whether the work may be done in spite of the outcome.
func (o outcome) mayBeDone() bool {
	switch o {
	case outcomeFailed, outcomeLost, outcomeTruncated, outcomeUnexpected:
		return true
	case outcomeUnsent, outcomeUntrusted, outcomeThrottled, outcomeLocked, outcomeRejected:
	}
	return false
}

// certain reports whether the outcome says for sure what became of the request.
func (o outcome) certain() bool {
	switch o {
	case outcomeThrottled, outcomeLocked, outcomeRejected, outcomeUntrusted, outcomeFailed, outcomeUnexpected:
		return true
	case outcomeUnsent, outcomeLost, outcomeTruncated:
	}
	return false
}

func giveUpAfter(attempts int, err error) error {
	if attempts == 1 {
		return err
	}
	return &AttemptsError{Attempts: attempts, Err: err}
}

// waitAfter returns how long to wait after a failed attempt: as long as the server
// asks, or else by exponential backoff.
//
// After a 429 the backoff has no jitter of its own: the rate limiter adds some to
// the pause. With full jitter, the waits of DefaultMaxRetries repeats are shorter
// in all than the 10 seconds of Clerk's window more often than not; without, they
// are 15.5 seconds.
func (f *failure) waitAfter(attempt int) time.Duration {
	switch {
	case f.hasRetry:
		return f.retryAfter
	case f.outcome == outcomeThrottled:
		return backoffBound(attempt)
	}
	return backoff(attempt, rand.Float64)
}

// checkWait returns an error when the wait is longer than this client, or the
// deadline of ctx, allows.
func (f *failure) checkWait(ctx context.Context, attempt int, wait time.Duration) error {
	deadline, limited := ctx.Deadline()
	left := time.Until(deadline)
	switch {
	case wait > maxRetryAfter:
		return &RetryAfterError{RetryAfter: wait, TraceID: traceIDOf(f.err), Err: f.err}
	case !limited || wait <= left:
		return nil
	case f.hasRetry:
		return &RetryAfterError{RetryAfter: wait, TimeLeft: left, TraceID: traceIDOf(f.err), Err: f.err}
	}
	return giveUpAfter(attempt, f.err)
}

// attempt sends the request once.
func (c *Client) attempt(ctx context.Context, r request, decode func(answer) error, number int, waited time.Duration) *failure {
	begun := time.Now()
	answer, failed := c.exchange(ctx, r)
	if failed == nil {
		failed = c.classify(answer, decode)
	}

	if c.observer != nil {
		event := Event{
			Method: r.method, Route: r.route, Attempt: number, Outcome: "ok",
			Status: answer.status, Bytes: len(answer.body), TraceID: c.traceID(answer.header),
			Waited: waited, Duration: time.Since(begun),
		}
		if failed != nil {
			event.Outcome = failed.outcome.String()
		}
		c.observer(ctx, event)
	}
	return failed
}

// exchange sends the request and reads the answer, whatever it says.
func (c *Client) exchange(ctx context.Context, r request) (answer, *failure) {
	ctx, cancel := context.WithTimeout(ctx, c.requestTimeout)
	defer cancel()

	// The transport reports that headers were written before it puts them on the
	// wire: no report is the proof that nothing was sent.
	var sent atomic.Bool
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteHeaders: func() { sent.Store(true) },
	})
	req, err := c.newRequest(traced, r)
	if err != nil {
		return answer{}, &failure{outcome: outcomeRejected, err: err}
	}
	res, err := c.transport.RoundTrip(req)
	if err != nil {
		return answer{}, c.transportFailure(ctx, err, sent.Load())
	}
	defer func() { _ = res.Body.Close() }()
	c.readClock(res.Header)

	limit := r.maxBytes()
	if res.StatusCode >= http.StatusBadRequest {
		limit = maxErrorBytes
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, int64(limit)+1))
	a := answer{status: res.StatusCode, header: res.Header, body: body}
	switch {
	case res.StatusCode >= http.StatusBadRequest:
		// The status alone says what matters.
		if len(body) > limit {
			a.body = body[:limit]
		}
		return a, nil
	case err != nil:
		return a, &failure{outcome: outcomeTruncated, err: c.answerError(a, "the answer broke off: "+c.scrubber.clean(readProblem(err)))}
	case len(body) > limit:
		a.body = nil
		return a, &failure{outcome: outcomeUnexpected, err: c.answerError(a, fmt.Sprintf("the answer is larger than %d bytes", limit))}
	}
	return a, nil
}

// classify decides what an answer that arrived means.
func (c *Client) classify(a answer, decode func(answer) error) *failure {
	failed := &failure{}
	failed.retryAfter, failed.hasRetry = parseRetryAfter(a.header.Values("Retry-After"), c.serverDate(a.header), time.Now())

	switch {
	case a.status >= http.StatusBadRequest:
		api := c.newAPIError(a)
		failed.err = api
		switch {
		case a.status == http.StatusTooManyRequests:
			failed.outcome = outcomeThrottled
		case a.status == http.StatusConflict && api.HasCode(CodeResourceLocked):
			failed.outcome = outcomeLocked
		case a.status == http.StatusRequestTimeout || a.status >= http.StatusInternalServerError:
			failed.outcome = outcomeFailed
		default:
			failed.outcome = outcomeRejected
		}
		return failed
	case a.status >= http.StatusMultipleChoices:
		failed.outcome = outcomeUnexpected
		failed.err = c.answerError(a, "a redirect"+c.redirectTarget(a)+"; redirects are not followed, because the secret key would travel along")
		return failed
	}

	err := decode(a)
	if err == nil {
		return nil
	}
	failed.outcome = outcomeUnexpected
	problem := c.scrubber.clean(err.Error())
	var syntax *json.SyntaxError
	switch {
	case !errors.As(err, &syntax):
	case breaksOff(a.body):
		failed.outcome = outcomeTruncated
		problem = fmt.Sprintf("the JSON breaks off after %d bytes", len(a.body))
	default:
		problem = "it is " + describeBody(a)
	}
	failed.err = c.answerError(a, problem)
	return failed
}

// breaksOff reports whether a body is the beginning of a JSON value. An answer that
// ends with the connection and not by its length is cut off without any error of
// the transport.
func breaksOff(body []byte) bool {
	var value json.RawMessage
	err := json.NewDecoder(bytes.NewReader(body)).Decode(&value)
	return errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF)
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

func (r request) maxBytes() int {
	if r.operation == opList {
		return maxListBytes
	}
	return maxObjectBytes
}

func (c *Client) transportFailure(ctx context.Context, err error, sent bool) *failure {
	timeout := errors.Is(err, context.DeadlineExceeded) || isTimeout(err)
	problem := c.scrubber.clean(err.Error())
	switch {
	case ctx.Err() != nil && timeout:
		problem = fmt.Sprintf("nothing came within %s", c.requestTimeout)
	case errors.Is(err, context.Canceled):
		problem = "the operation was interrupted"
	case errors.Is(err, io.EOF):
		problem = "the server closed it"
	}
	lost := &TransportError{Sent: sent, Timeout: timeout, Untrusted: !sent && isUntrusted(err), Problem: problem}
	switch {
	case sent:
		return &failure{outcome: outcomeLost, err: lost}
	case lost.Untrusted:
		return &failure{outcome: outcomeUntrusted, err: lost}
	}
	return &failure{outcome: outcomeUnsent, err: lost}
}

func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout()
}

// isUntrusted reports whether one side refused the other in the TLS handshake, for
// its certificate or its version, which no repetition changes.
func isUntrusted(err error) bool {
	var (
		verification *tls.CertificateVerificationError
		record       tls.RecordHeaderError // not TLS at all
		operation    *net.OpError
	)
	alert := errors.As(err, &operation) && operation.Op == "remote error" // the server's word for it
	return alert || errors.As(err, &verification) || errors.As(err, &record)
}

func readProblem(err error) string {
	var corrupt flate.CorruptInputError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "the time for one attempt was over"
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader), errors.As(err, &corrupt):
		return "its compression is broken"
	}
	return err.Error()
}

func (c *Client) answerError(a answer, problem string) *AnswerError {
	return &AnswerError{Status: a.status, Problem: problem, TraceID: c.traceID(a.header)}
}

// redirectTarget names the host only: a path or a query may hold anything.
func (c *Client) redirectTarget(a answer) string {
	target, err := url.Parse(a.header.Get("Location"))
	if err != nil || target.Hostname() == "" {
		return ""
	}
	return " to " + c.scrubber.clean(target.Hostname())
}

func traceIDOf(err error) string {
	if api, ok := errors.AsType[*APIError](err); ok {
		return api.TraceID
	}
	return ""
}

// readClock notes how far the server's clock is from ours.
func (c *Client) readClock(header http.Header) {
	if date := c.serverDate(header); !date.IsZero() {
		c.clock.Store(&clockReading{server: date, local: time.Now()})
	}
}

func (c *Client) serverDate(header http.Header) time.Time {
	date, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return time.Time{}
	}
	return date
}

// String names the outcome for logs.
func (o outcome) String() string {
	return [...]string{"unsent", "untrusted", "throttled", "locked", "rejected", "failed", "lost", "truncated", "unexpected"}[o]
}

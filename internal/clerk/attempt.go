package clerk

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"
)

// answer is an answer that was read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// failure is an attempt that did not succeed.
type failure struct {
	outcome       outcome
	err           error
	retryAfter    time.Duration
	hasRetryAfter bool // the server said how long to wait
}

// unreadableError is an answer of Clerk's that lacks what the caller needs from it,
// although Clerk did the work.
type unreadableError struct{ problem string }

func (e *unreadableError) Error() string { return e.problem }

// attempt sends the request once.
func (c *Client) attempt(
	ctx context.Context, r request, decode func(answer) error, number int, waited time.Duration,
) *failure {
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

	// The transport reports that headers were written before it puts them on the wire:
	// no report is the proof that nothing was sent.
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
		problem := "the answer broke off: " + c.scrubber.clean(readProblem(err))
		return a, &failure{outcome: outcomeTruncated, err: c.answerError(a, problem)}
	case len(body) > limit:
		a.body = nil
		problem := fmt.Sprintf("the answer is larger than %d bytes", limit)
		return a, &failure{outcome: outcomeUnexpected, err: c.answerError(a, problem)}
	}
	return a, nil
}

// classify decides what an answer that arrived means.
func (c *Client) classify(a answer, decode func(answer) error) *failure {
	switch {
	case a.status == http.StatusProxyAuthRequired:
		// Of a proxy that sees plain http. Clerk has no such answer.
		return &failure{outcome: outcomeRefused, err: proxyAuthentication()}
	case a.status >= http.StatusBadRequest:
		return c.classifyError(a)
	case a.status >= http.StatusMultipleChoices:
		return &failure{outcome: outcomeUnexpected, err: c.answerError(a, "a redirect"+
			c.redirectTarget(a)+
			"; redirects are not followed, because the secret key would travel along")}
	}

	err := decode(a)
	if err == nil {
		return nil
	}
	failed := &failure{outcome: outcomeUnexpected}
	problem := c.scrubber.clean(err.Error())
	var syntax *json.SyntaxError
	var unreadable *unreadableError
	switch {
	case errors.As(err, &unreadable):
		failed.outcome = outcomeUnreadable
	case !errors.As(err, &syntax):
	case breaksOff(a.body):
		failed.outcome = outcomeTruncated
		problem = fmt.Sprintf("the JSON breaks off after %d bytes", len(a.body))
	default:
		problem = "it is " + describeBody(a)
	}
	failed.err = c.answerError(a, problem)
	failed.readRetryAfter(c, a)
	return failed
}

// classifyError decides what an answer with a status of 400 or more means.
func (c *Client) classifyError(a answer) *failure {
	api := c.newAPIError(a)
	failed := &failure{outcome: outcomeRejected, err: api}
	failed.readRetryAfter(c, a)
	switch {
	case a.status == http.StatusTooManyRequests:
		failed.outcome = outcomeThrottled
	case a.status == http.StatusConflict && api.HasCode(CodeResourceLocked):
		failed.outcome = outcomeLocked
	case a.status == http.StatusRequestTimeout || a.status >= http.StatusInternalServerError:
		failed.outcome = outcomeFailed
	}
	return failed
}

func (f *failure) readRetryAfter(c *Client, a answer) {
	values := a.header.Values("Retry-After")
	f.retryAfter, f.hasRetryAfter = parseRetryAfter(values, c.serverDate(a.header), time.Now())
}

// breaksOff reports whether a body is the beginning of a JSON value. An answer that ends
// with the connection, and not by its length, is cut off without an error of the
// transport. An empty body is not a beginning: some servers answer so on purpose.
func breaksOff(body []byte) bool {
	var value json.RawMessage
	err := json.NewDecoder(bytes.NewReader(body)).Decode(&value)
	return errors.Is(err, io.ErrUnexpectedEOF)
}

// errProxyAuthentication is a proxy's 407 to CONNECT.
var errProxyAuthentication = errors.New("the proxy asks for authentication (HTTP 407)")

func proxyAuthentication() *TransportError {
	return &TransportError{ProxyAuthentication: true, Problem: errProxyAuthentication.Error()}
}

func (c *Client) transportFailure(ctx context.Context, err error, sent bool) *failure {
	timeout := errors.Is(err, context.DeadlineExceeded) || isTimeout(err)
	problem := c.scrubber.clean(err.Error())
	switch {
	case !sent && errors.Is(err, errProxyAuthentication):
		return &failure{outcome: outcomeRefused, err: proxyAuthentication()}
	case ctx.Err() != nil && timeout:
		problem = fmt.Sprintf("nothing came within %s", c.requestTimeout)
	case errors.Is(err, context.Canceled):
		problem = "the operation was interrupted"
	case errors.Is(err, io.EOF):
		problem = "the server closed it"
	}
	lost := &TransportError{
		Sent: sent, Timeout: timeout, Problem: problem,
		Untrusted: !sent && isUntrusted(err), CertificateOutOfDate: !sent && isOutOfDate(err),
	}
	switch {
	case sent:
		return &failure{outcome: outcomeLost, err: lost}
	case lost.Untrusted:
		return &failure{outcome: outcomeRefused, err: lost}
	}
	return &failure{outcome: outcomeUnsent, err: lost}
}

func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout()
}

// isUntrusted reports whether one side refused the other in the TLS handshake, because
// of its certificate or its version, which no retry changes.
func isUntrusted(err error) bool {
	var (
		verification *tls.CertificateVerificationError
		record       tls.RecordHeaderError // not TLS at all
		operation    *net.OpError
	)
	alert := errors.As(err, &operation) && operation.Op == "remote error" // the server refused
	return alert || errors.As(err, &verification) || errors.As(err, &record)
}

// isOutOfDate reports whether the certificate has expired or is not valid yet.
func isOutOfDate(err error) bool {
	var invalid x509.CertificateInvalidError
	return errors.As(err, &invalid) && invalid.Reason == x509.Expired
}

func readProblem(err error) string {
	var corrupt flate.CorruptInputError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "the time for one attempt was over"
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader),
		errors.As(err, &corrupt):
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

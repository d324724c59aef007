package clerk

import (
	"bytes"
	"cmp"
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
	"strings"
	"sync/atomic"
	"time"
)

// Limits on bodies, in bytes after decompression. Nothing that Clerk sends for these
// endpoints comes near them, not even a page of 500 applications.
const (
	maxBodyBytes  = 16 << 20 // of a success
	maxErrorBytes = 64 << 10
)

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
	retryAfter time.Duration // what the server asks for; 0 if it does not
}

// unreadableError is an answer of Clerk's that lacks what the caller needs from it,
// although Clerk did the work.
type unreadableError struct{ problem string }

func (e *unreadableError) Error() string { return e.problem }

// exchange sends a request and reads the answer, whatever it says.
func (c *Client) exchange(req *http.Request, timeout time.Duration) (answer, *failure) {
	ctx, cancel := context.WithTimeout(req.Context(), timeout)
	defer cancel()

	// The transport reports that headers were written before it puts them on the wire:
	// no report is the proof that nothing was sent.
	var sent atomic.Bool
	req = req.WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteHeaders: func() { sent.Store(true) },
	}))
	req.Header.Set("Accept", "application/json")
	if c.config.UserAgent != "" {
		req.Header.Set("User-Agent", c.config.UserAgent)
	}
	res, err := c.config.Transport.RoundTrip(req)
	if err != nil {
		return answer{}, c.transportFailure(ctx, err, sent.Load(), timeout)
	}
	defer func() { _ = res.Body.Close() }()

	a := answer{status: res.StatusCode, header: res.Header}
	if a.status >= http.StatusBadRequest {
		// The status alone says what matters.
		a.body, _ = io.ReadAll(io.LimitReader(res.Body, maxErrorBytes))
		return a, nil
	}
	a.body, err = io.ReadAll(io.LimitReader(res.Body, maxBodyBytes+1))
	if err != nil {
		problem := "the answer broke off: " + c.scrubber.clean(readProblem(err))
		return a, &failure{outcome: outcomeTruncated, err: c.answerError(a, problem)}
	}
	if len(a.body) > maxBodyBytes {
		problem := fmt.Sprintf("the answer is larger than %d bytes", maxBodyBytes)
		return a, &failure{outcome: outcomeUnexpected, err: c.answerError(a, problem)}
	}
	return a, nil
}

// classify decides what an answer that arrived means.
func (c *Client) classify(a answer, decode func(answer) error) *failure {
	switch {
	case a.status == http.StatusProxyAuthRequired:
		return &failure{outcome: outcomeRefused, err: errProxyAuthentication}
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
	outcome, problem := outcomeUnexpected, c.scrubber.clean(err.Error())
	isSyntax := isError[*json.SyntaxError](err)
	switch {
	case isError[*unreadableError](err):
		outcome = outcomeUnreadable
	case isSyntax && breaksOff(a.body):
		outcome = outcomeTruncated
		problem = fmt.Sprintf("the JSON breaks off after %d bytes", len(a.body))
	case isSyntax:
		problem = "it is " + describeBody(a)
	}
	return newFailure(outcome, c.answerError(a, problem), a)
}

// classifyError decides what an answer with a status of 400 or more means.
func (c *Client) classifyError(a answer) *failure {
	api := c.newAPIError(a)
	outcome := outcomeRejected
	switch {
	case a.status == http.StatusTooManyRequests:
		outcome = outcomeThrottled
	case a.status == http.StatusConflict && api.HasCode(CodeResourceLocked):
		outcome = outcomeLocked
	case a.status == http.StatusRequestTimeout || a.status >= http.StatusInternalServerError:
		outcome = outcomeFailed
	}
	return newFailure(outcome, api, a)
}

func newFailure(outcome outcome, err error, a answer) *failure {
	return &failure{outcome, err, parseRetryAfter(a.header, time.Now())}
}

// breaksOff reports whether a body is the beginning of a JSON value. An answer that ends
// with the connection, and not by its length, is cut off without an error of the
// transport. An empty body is not a beginning: some servers answer so on purpose.
func breaksOff(body []byte) bool {
	var value json.RawMessage
	err := json.NewDecoder(bytes.NewReader(body)).Decode(&value)
	return errors.Is(err, io.ErrUnexpectedEOF)
}

func (c *Client) transportFailure(
	ctx context.Context, err error, sent bool, timeout time.Duration,
) *failure {
	if !sent && errors.Is(err, errProxyAuthentication) {
		return &failure{outcome: outcomeRefused, err: errProxyAuthentication}
	}
	timedOut, ok := errors.AsType[net.Error](err) // by a context or by the transport
	certificate, invalid := errors.AsType[x509.CertificateInvalidError](err)
	lost := &TransportError{
		Sent: sent, Timeout: ok && timedOut.Timeout(), Problem: c.scrubber.clean(err.Error()),
		Untrusted:            !sent && isUntrusted(err),
		CertificateOutOfDate: invalid && certificate.Reason == x509.Expired,
	}
	switch {
	case ctx.Err() != nil && lost.Timeout:
		lost.Problem = fmt.Sprintf("nothing came within %s", timeout)
	case errors.Is(err, context.Canceled):
		lost.Problem = "the operation was interrupted"
	case errors.Is(err, io.EOF):
		lost.Problem = "the server closed it"
	}
	outcome := outcomeUnsent
	switch {
	case sent:
		outcome = outcomeLost
	case lost.Untrusted:
		outcome = outcomeRefused
	}
	return &failure{outcome: outcome, err: lost}
}

// isUntrusted reports whether one side refused the other in the TLS handshake, because
// of its certificate or its version, which no retry changes.
func isUntrusted(err error) bool {
	alert, ok := errors.AsType[*net.OpError](err)
	return ok && alert.Op == "remote error" || // the server refused
		isError[*tls.CertificateVerificationError](err) ||
		isError[tls.RecordHeaderError](err) // not TLS at all
}

func readProblem(err error) string {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "the time for one attempt was over"
	case isError[flate.CorruptInputError](err),
		errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader):
		return "its compression is broken"
	}
	return err.Error()
}

// redirectTarget names the host only: a path or a query may hold anything.
func (c *Client) redirectTarget(a answer) string {
	target, err := url.Parse(a.header.Get("Location"))
	if err != nil || target.Hostname() == "" {
		return ""
	}
	return " to " + c.scrubber.clean(target.Hostname())
}

func (c *Client) answerError(a answer, problem string) *AnswerError {
	return &AnswerError{Status: a.status, Problem: problem, TraceID: c.traceID(a.header)}
}

// newAPIError reads the body of an answer with a status of 400 or more.
func (c *Client) newAPIError(a answer) *APIError {
	var envelope struct {
		Errors []struct {
			ErrorItem
			Meta struct {
				ParamName string `json:"param_name"`
			} `json:"meta"`
		} `json:"errors"`
		TraceID string `json:"clerk_trace_id"`
	}
	err := &APIError{Status: a.status, TraceID: c.traceID(a.header)}
	if json.Unmarshal(a.body, &envelope) != nil || len(envelope.Errors) == 0 {
		err.Body = describeBody(a)
		return err
	}
	err.TraceID = cmp.Or(c.scrubber.clean(envelope.TraceID), err.TraceID)
	for _, item := range envelope.Errors {
		err.Errors = append(err.Errors, ErrorItem{
			Code:        c.scrubber.clean(item.Code),
			Message:     c.scrubber.clean(item.Message),
			LongMessage: c.scrubber.clean(item.LongMessage),
			ParamName:   c.scrubber.clean(item.Meta.ParamName),
		})
	}
	return err
}

// traceID finds the identifier of the request: Clerk's, or that of the edge in front of
// it, where the answer never reached Clerk.
func (c *Client) traceID(header http.Header) string {
	return c.scrubber.clean(cmp.Or(header.Get("X-Clerk-Trace-Id"),
		header.Get("X-Cloud-Trace-Context"), header.Get("Cf-Ray")))
}

// describeBody says what a body is without quoting it.
func describeBody(a answer) string {
	if len(a.body) == 0 {
		return "an empty body"
	}
	kind := "a body that is not Clerk's JSON"
	switch {
	case bytes.HasPrefix(bytes.TrimSpace(a.body), []byte("<")):
		kind = "an HTML page"
	case strings.HasPrefix(a.header.Get("Content-Type"), "text/plain"):
		kind = "plain text"
	case json.Valid(a.body):
		kind = "JSON without Clerk's errors"
	}
	return fmt.Sprintf("%s, %d bytes", kind, len(a.body))
}

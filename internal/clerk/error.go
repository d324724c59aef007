package clerk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Codes of Clerk's error catalogue that are more than a text to show.
const (
	CodeResourceNotFound = "resource_not_found"
	CodeResourceLocked   = "resource_locked"
	CodeKeyInvalid       = "clerk_key_invalid"
)

// APIError is an answer with a status of 400 or more, from Clerk or from something in
// front of it. Its texts are scrubbed and short.
type APIError struct {
	Status  int         // HTTP status
	Errors  []ErrorItem // what Clerk says; empty when the body is not Clerk's
	TraceID string      // what Clerk's support asks for; may be empty
	Body    string      // a description of a body that is not Clerk's: "HTML, 1842 bytes"
}

// ErrorItem is one of the errors in Clerk's envelope.
type ErrorItem struct {
	Code        string `json:"code"`
	Message     string `json:"message"`
	LongMessage string `json:"long_message"`
	ParamName   string `json:"-"` // the request's field that is at fault; may be empty
}

func (e *APIError) Error() string {
	if len(e.Errors) == 0 {
		return fmt.Sprintf("HTTP %d %s (%s)", e.Status, http.StatusText(e.Status), e.Body)
	}
	texts := make([]string, len(e.Errors))
	for i, item := range e.Errors {
		texts[i] = fmt.Sprintf("%s (%s)", cmp.Or(item.LongMessage, item.Message), item.Code)
	}
	return fmt.Sprintf("HTTP %d: %s", e.Status, strings.Join(texts, "; "))
}

// HasCode reports whether Clerk gave this code.
func (e *APIError) HasCode(code string) bool {
	return slices.ContainsFunc(e.Errors, func(i ErrorItem) bool { return i.Code == code })
}

// IsNotFound reports whether Clerk itself says that the object does not exist in the
// key's instance. A 404 of any other kind says only that the request went somewhere else.
func IsNotFound(err error) bool {
	api, ok := errors.AsType[*APIError](err)
	return ok && api.Status == http.StatusNotFound && api.HasCode(CodeResourceNotFound)
}

// TransportError is a request that got no answer from Clerk.
type TransportError struct {
	Sent    bool // the request may have reached Clerk; false is a proof that it did not
	Timeout bool // the time for one attempt was over

	Untrusted            bool // one side refused the other in the TLS handshake
	CertificateOutOfDate bool // it has expired, or is not valid yet by this machine's clock
	ProxyAuthentication  bool // a proxy on the way asks for a user name and password

	Problem string // scrubbed text of the transport
}

func (e *TransportError) Error() string {
	what := "the request could not be sent"
	switch {
	case e.Timeout:
		what = "no answer in time"
	case e.Sent:
		what = "the connection broke after the request was sent"
	}
	return fmt.Sprintf("%s (%s)", what, e.Problem)
}

// AnswerError is an answer that is not what Clerk's document says it must be.
type AnswerError struct {
	Status  int
	Problem string // scrubbed; never a piece of the body
	TraceID string
}

func (e *AnswerError) Error() string {
	return fmt.Sprintf("unexpected answer with HTTP status %d: %s", e.Status, e.Problem)
}

// RetryAfterError is a server that asks for a longer wait than this client is willing to
// sit through, or than the operation has time for.
type RetryAfterError struct {
	RetryAfter time.Duration // what the server asked for
	TimeLeft   time.Duration // until the operation's deadline, where that is the reason; else 0
	Err        error         // what the server answered
}

func (e *RetryAfterError) Error() string {
	const day = 24 * time.Hour
	wait := e.RetryAfter.Round(time.Millisecond).String()
	if e.RetryAfter >= 3*day { // a person would not read it in hours
		wait = fmt.Sprintf("%d days", e.RetryAfter/day)
	}
	reason := fmt.Sprintf("longer than this client waits (%s)", maxRetryAfter)
	if e.TimeLeft != 0 {
		left := e.TimeLeft.Round(time.Millisecond)
		reason = fmt.Sprintf("longer than the operation may still take (%s)", left)
	}
	return fmt.Sprintf("the server asks to wait %s, %s: %s", wait, reason, e.Err)
}

func (e *RetryAfterError) Unwrap() error { return e.Err }

// ChangeOutcomeUnknownError is an update or a delete that failed after an attempt that
// Clerk may have applied. Creates and rotations have errors of their own for that.
type ChangeOutcomeUnknownError struct {
	Lost error // what happened to the attempt that Clerk may have applied
	Err  error // how the operation ended: with Lost, a later attempt, or its context
}

func (e *ChangeOutcomeUnknownError) Error() string {
	const maybe = "Clerk may have applied the change: "
	ended := e.Err.Error()
	unsent, isTransport := errors.AsType[*TransportError](e.Err)
	switch {
	case errors.Is(e.Err, e.Lost),
		errors.Is(e.Err, context.Canceled), errors.Is(e.Err, context.DeadlineExceeded):
		return maybe + ended
	case isTransport && !unsent.Sent:
		ended = "no later attempt reached Clerk (" + unsent.Problem + ")"
	}
	return maybe + e.Lost.Error() + "; then " + ended
}

// Unwrap returns Lost first: what is said of the operation is about that attempt.
func (e *ChangeOutcomeUnknownError) Unwrap() []error { return []error{e.Lost, e.Err} }

// AttemptsError is an operation given up after several attempts; it wraps the last one's error.
type AttemptsError struct {
	Attempts int
	Err      error
}

func (e *AttemptsError) Error() string {
	return fmt.Sprintf("%s (after %d attempts)", e.Err, e.Attempts)
}

func (e *AttemptsError) Unwrap() error { return e.Err }

// isError reports whether the chain of err has an error of a type.
func isError[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

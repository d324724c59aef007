package clerk

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

// routeIntrospection names the endpoint in events. It is served by the instance's
// frontend API, at the address that each application names.
const routeIntrospection = "/oauth/token_info"

const (
	maxChecksAtOnce = 5

	// secretCheckTimeout is for one request. It is short, because the answer is useful but
	// not needed.
	secretCheckTimeout = 10 * time.Second
	// rejectionDelay is the time between the two rejections that it takes: one server of
	// several may not know a new secret yet. It is also the longest wait for a fresh
	// secret, because a create waits for it.
	rejectionDelay = 3 * time.Second
	// throttledDelay is the wait after a 429 that does not say how long.
	throttledDelay = 5 * time.Second

	// After maxSilentChecks requests in a row without an answer, none is sent for
	// silencePause: a thousand checks of an endpoint that is down would take hours.
	maxSilentChecks = 3
	silencePause    = time.Minute
)

// SecretStatus is what a check says about a client secret.
type SecretStatus int

// The results of a check.
const (
	SecretUnknown  SecretStatus = iota // the check says nothing about the secret
	SecretAccepted                     // the secret works
	SecretRejected                     // the endpoint rejected the secret
)

// SecretCheck is the result of CheckClientSecret.
type SecretCheck struct {
	Status SecretStatus
	Reason string // what the endpoint answered, as a short text without secrets
}

// SecretCheckOption changes what CheckClientSecret does.
type SecretCheckOption func(*introspection)

// FreshSecret says that the secret was created just now. The check then waits at most 3
// seconds in all, and not at all if the endpoint has rejected a fresh secret of this
// client before: an endpoint that rejects every secret would delay every create.
func FreshSecret() SecretCheckOption {
	return func(ask *introspection) { ask.fresh = true }
}

// WithoutConfirmation says that a rejection decides nothing, so that it is not confirmed
// by a second request and costs no wait: the endpoint has never accepted this secret.
func WithoutConfirmation() SecretCheckOption {
	return func(ask *introspection) { ask.unconfirmed = true }
}

// CheckClientSecret asks the instance's token introspection endpoint (RFC 7662) whether a
// client secret is accepted. It introspects a token that does not exist, with the client
// id and the secret as HTTP Basic, which changes nothing on the server. introspectionURL
// is OAuthApplication.TokenIntrospectionURL. A rejection is confirmed by a second request
// after 3 seconds; see FreshSecret and WithoutConfirmation for the exceptions.
//
// SecretRejected alone must not be believed: what Clerk answers to a wrong secret is not
// documented, and an endpoint that has never accepted a secret of this application may
// reject all of them.
//
// The request goes past the API's rate limit, because the frontend API has one of its
// own, and without the secret key. The error is that of ctx, or nil.
func (c *Client) CheckClientSecret(
	ctx context.Context, introspectionURL, clientID string, secret Secret,
	options ...SecretCheckOption,
) (SecretCheck, error) {
	c.scrubber.learn(secret)
	if problem := introspectionURLProblem(introspectionURL); problem != "" {
		return SecretCheck{Reason: problem}, nil
	}
	if clientID == "" || secret.IsEmpty() {
		return SecretCheck{Reason: "there is no client id or no secret to check"}, nil
	}

	// RFC 6749 section 2.3.1: both are encoded as in a form before they are credentials.
	ask := introspection{
		url: introspectionURL, clientID: url.QueryEscape(clientID),
		secret: NewSecret(url.QueryEscape(secret.Reveal())),
	}
	for _, option := range options {
		option(&ask)
	}
	c.scrubber.learn(ask.secret)

	// A create waits for the check of its fresh secret.
	longest, once := maxRetryAfter, ask.unconfirmed
	if ask.fresh {
		longest = rejectionDelay
		_, once = c.checks.rejectFresh.Load(ask.url)
	}
	rejected, throttled := once, false
	var waited time.Duration
	for attempt := 1; ; attempt++ {
		answer, err := c.introspect(ctx, ask, attempt, waited)
		if err != nil {
			return SecretCheck{}, err
		}
		last := ask.fresh && attempt > 1
		switch {
		case !last && answer.Status == SecretRejected && !rejected:
			rejected, waited = true, rejectionDelay
		case !last && answer.retryAfter > 0 && answer.retryAfter <= longest && !throttled:
			throttled, waited = true, answer.retryAfter
		default:
			if ask.fresh && answer.Status == SecretRejected {
				c.checks.rejectFresh.Store(ask.url, true)
			}
			return answer.SecretCheck, nil
		}
		if err := sleep(ctx, waited); err != nil {
			return SecretCheck{}, err
		}
	}
}

// introspectionURLProblem says why a secret must not be sent to an address, or "".
func introspectionURLProblem(raw string) string {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Hostname() == "":
		return "the application has no usable token introspection URL"
	case u.User != nil:
		return "the token introspection URL holds a user name or password"
	case u.Scheme == "https", u.Scheme == "http" && IsLoopback(u.Hostname()):
		return ""
	}
	return "the token introspection URL is neither https nor on a loopback address, " +
		"and the secret would travel in clear text"
}

// introspection is one question to the endpoint.
type introspection struct {
	url      string
	clientID string // encoded as in a form, like the secret
	secret   Secret
	fresh    bool // see FreshSecret

	unconfirmed bool // see WithoutConfirmation
}

// introspectionAnswer is what one request brought.
type introspectionAnswer struct {
	SecretCheck

	outcome    string        // the word for an event
	retryAfter time.Duration // how long to wait after a 429, else 0
}

// introspect sends one request. Its error is that of ctx.
func (c *Client) introspect(
	ctx context.Context, ask introspection, attempt int, waited time.Duration,
) (introspectionAnswer, error) {
	if err := c.checks.slots.Acquire(ctx, 1); err != nil {
		return introspectionAnswer{}, err
	}
	defer c.checks.slots.Release(1)
	var result introspectionAnswer
	if c.checks.paused() {
		result.Reason = "the token introspection endpoint did not answer earlier checks"
		return result, nil
	}
	begun := time.Now()
	a, err := c.postIntrospection(ctx, ask)
	if ctx.Err() != nil {
		return introspectionAnswer{}, ctx.Err()
	}
	silent := err != nil
	if silent {
		result.outcome = outcomeLost.String()
		result.Reason = c.scrubber.clean(
			"the token introspection endpoint gave no answer: " + err.Error())
	} else {
		result = c.classifyIntrospection(a)
	}
	// The client waits once after a 429. A second 429 counts as no answer.
	c.checks.note(silent || result.retryAfter > 0 && attempt > 1)
	if c.observer != nil {
		c.observer(ctx, Event{
			Method: http.MethodPost, Route: routeIntrospection, Attempt: attempt,
			Status: a.status, Outcome: result.outcome, Waited: waited,
			Duration: time.Since(begun), Bytes: len(a.body), TraceID: c.traceID(a.header),
		})
	}
	return result, nil
}

// postIntrospection sends the request and reads the answer. Redirects are not followed,
// because the secret would travel along.
func (c *Client) postIntrospection(ctx context.Context, ask introspection) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, min(secretCheckTimeout, c.requestTimeout))
	defer cancel()

	form := url.Values{"token": {rand.Text()}}.Encode() // a token that does not exist
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, ask.url, strings.NewReader(form))
	if err != nil {
		// The error itself may quote the URL.
		return answer{}, errors.New("the request could not be formed")
	}
	req.SetBasicAuth(ask.clientID, ask.secret.Reveal())
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	if c.userAgent != "" {
		req.Header.Set("User-Agent", c.userAgent)
	}
	res, err := c.transport.RoundTrip(req)
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) || isTimeout(err) {
			err = errors.New("no answer in time")
		}
		return answer{}, err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxErrorBytes+1))
	if err == nil && len(body) > maxErrorBytes {
		err = fmt.Errorf("the answer is larger than %d bytes", maxErrorBytes)
	}
	return answer{status: res.StatusCode, header: res.Header, body: body}, err
}

// oauthErrorCode is the form of the codes that an OAuth server gives, such as
// invalid_client (RFC 6749) or request_unauthorized (ory/fosite). The "Unauthorized" of a
// proxy does not have this form.
var oauthErrorCode = regexp.MustCompile(`^[a-z]+(_[a-z]+)+$`)

// classifyIntrospection decides what an answer says about the secret.
func (c *Client) classifyIntrospection(a answer) (result introspectionAnswer) {
	raw, _ := decodeObject(a.body)
	f := fieldReader{raw: raw}
	active, code := take[*bool](&f, "active"), take[string](&f, "error")
	status := fmt.Sprintf("HTTP %d %s", a.status, http.StatusText(a.status))
	const endpoint = "the token introspection endpoint "
	result.outcome = outcomeUnexpected.String()
	switch {
	case a.status == http.StatusOK && active != nil:
		result.Status, result.Reason, result.outcome = SecretAccepted, endpoint+"accepted it", "ok"
	case a.status == http.StatusUnauthorized && oauthErrorCode.MatchString(code):
		result.Status, result.Reason = SecretRejected, endpoint+"rejected it"
		result.outcome = outcomeRejected.String()
	case a.status == http.StatusTooManyRequests:
		result.outcome = outcomeThrottled.String()
		result.Reason = endpoint + "is throttled (" + status + ")"
		values := a.header.Values("Retry-After")
		asked, ok := parseRetryAfter(values, c.serverDate(a.header), time.Now())
		if !ok {
			asked = throttledDelay
		}
		result.retryAfter = asked
	case a.status == http.StatusUnprocessableEntity:
		result.Reason = endpoint + "does not serve this instance (" + status +
			"); Clerk answers so for its legacy OAuth provider"
	case a.status >= http.StatusMultipleChoices && a.status < http.StatusBadRequest:
		result.Reason = endpoint + "redirects (" + status +
			"); redirects are not followed, because the secret would travel along"
	default:
		result.Reason = endpoint + "gave an unexpected answer (" + status + ", " +
			describeBody(a) + ")"
	}
	return result
}

// secretChecks holds back what would be too much for the endpoint, or for the user.
type secretChecks struct {
	slots *semaphore.Weighted
	// rejectFresh are the URLs of endpoints that have rejected a fresh secret.
	rejectFresh sync.Map

	mu     sync.Mutex
	silent int       // requests in a row without an answer, or throttled again
	until  time.Time // of a pause
}

func (s *secretChecks) paused() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Before(s.until)
}

// note counts how a request ended.
func (s *secretChecks) note(silent bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !silent {
		s.silent = 0
		return
	}
	if s.silent++; s.silent >= maxSilentChecks {
		s.until = time.Now().Add(silencePause)
		s.silent = 0
	}
}

package clerk

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
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
	// several may not know a new secret yet. It is also the longest wait of a create.
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
type SecretCheckOption int

const (
	// FreshSecret says that the secret was created just now. The check then waits at most
	// 3 seconds in all, and not at all if the endpoint has rejected a fresh secret of this
	// client before: an endpoint that rejects every secret would delay every create.
	FreshSecret SecretCheckOption = iota
	// WithoutConfirmation says that a rejection decides nothing, so that it is not confirmed by a
	// second request and costs no wait: the endpoint has never accepted this secret.
	WithoutConfirmation
)

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
// The request goes past the rate limit of the API, because the frontend API has its own,
// and without the secret key. The error is that of ctx, or nil.
func (c *Client) CheckClientSecret(
	ctx context.Context, introspectionURL, clientID string, secret Secret,
	options ...SecretCheckOption,
) (SecretCheck, error) {
	// RFC 6749 section 2.3.1: both are encoded as in a form before they are credentials.
	encodedID, encoded := url.QueryEscape(clientID), NewSecret(url.QueryEscape(secret.Reveal()))
	c.scrubber.learn(secret)
	c.scrubber.learn(encoded)
	req, problem := newIntrospection(ctx, introspectionURL, encodedID, encoded)
	if problem != "" {
		return SecretCheck{Reason: problem}, nil
	}
	fresh := slices.Contains(options, FreshSecret)
	// One rejection is enough if the other one counts as received.
	rejected, longest := slices.Contains(options, WithoutConfirmation), maxRetryAfter
	if fresh {
		_, rejected = c.checks.rejectFresh.Load(introspectionURL)
		longest = rejectionDelay
	}
	throttled := false
	var waited time.Duration
	for attempt := 1; ; attempt++ {
		answer, err := c.introspect(req, attempt, waited)
		if err != nil {
			return SecretCheck{}, err
		}
		last := fresh && attempt > 1
		switch {
		case !last && answer.Status == SecretRejected && !rejected:
			rejected, waited = true, rejectionDelay
		case !last && answer.retryAfter > 0 && answer.retryAfter <= longest && !throttled:
			throttled, waited = true, answer.retryAfter
		default:
			if fresh && answer.Status == SecretRejected {
				c.checks.rejectFresh.Store(introspectionURL, true)
			}
			return answer.SecretCheck, nil
		}
		if err := sleep(ctx, waited); err != nil {
			return SecretCheck{}, err
		}
	}
}

// newIntrospection returns a request with credentials that are encoded as in a form, or
// says why there is no secret to check or why it must not be sent to the address.
func newIntrospection(
	ctx context.Context, address, clientID string, secret Secret,
) (req *http.Request, problem string) {
	form := url.Values{"token": {rand.Text()}}.Encode() // a token that does not exist
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form))
	switch {
	case err != nil || req.URL.Hostname() == "":
		return nil, "the application has no usable token introspection URL"
	case req.URL.User != nil:
		return nil, "the token introspection URL holds a user name or password"
	case req.URL.Scheme != "https" && (req.URL.Scheme != "http" || !IsLoopback(req.URL.Hostname())):
		return nil, "the token introspection URL is neither https nor on a loopback address, " +
			"and the secret would travel in clear text"
	case clientID == "" || secret.IsEmpty():
		return nil, "there is no client id or no secret to check"
	}
	req.SetBasicAuth(clientID, secret.Reveal())
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return req, ""
}

// introspectionAnswer is what one request brought.
type introspectionAnswer struct {
	SecretCheck

	outcome    outcome       // for an event
	retryAfter time.Duration // how long to wait after a 429, else 0
}

// introspect sends the request once. Its error is that of the request's context.
func (c *Client) introspect(
	req *http.Request, attempt int, waited time.Duration,
) (introspectionAnswer, error) {
	ctx := req.Context()
	if err := c.checks.slots.Acquire(ctx, 1); err != nil {
		return introspectionAnswer{}, err
	}
	defer c.checks.slots.Release(1)
	const endpoint = "the token introspection endpoint "
	if c.checks.paused() {
		reason := endpoint + "did not answer earlier checks"
		return introspectionAnswer{SecretCheck: SecretCheck{Reason: reason}}, nil
	}
	begun := time.Now()
	req.Body, _ = req.GetBody() // from its beginning
	a, failed := c.exchange(req, min(secretCheckTimeout, c.config.RequestTimeout))
	if ctx.Err() != nil {
		return introspectionAnswer{}, ctx.Err()
	}
	result := classifyIntrospection(a)
	if failed != nil {
		result = introspectionAnswer{outcome: failed.outcome}
		result.Reason = "gave no answer: " + failed.err.Error()
	}
	result.Reason = endpoint + result.Reason
	// The client waits once after a 429, which says nothing. A second 429 counts as no answer.
	if throttled := result.retryAfter > 0; !throttled || attempt > 1 {
		c.checks.note(failed != nil || throttled)
	}
	c.report(ctx, Event{
		Method: http.MethodPost, Route: routeIntrospection, Attempt: attempt, Waited: waited,
		Outcome: string(result.outcome),
	}, a, begun)
	return result, nil
}

// oauthErrorCode is the form of the codes that an OAuth server gives, such as
// invalid_client (RFC 6749) or request_unauthorized (ory/fosite). The "Unauthorized" of a
// proxy does not have this form.
var oauthErrorCode = regexp.MustCompile(`^[a-z]+(_[a-z]+)+$`)

// classifyIntrospection decides what an answer says about the secret. The reason completes
// a sentence about the endpoint.
func classifyIntrospection(a answer) (result introspectionAnswer) {
	f, _ := newFieldReader(a.body)
	active, code := take[*bool](f, "active"), take[string](f, "error")
	status := fmt.Sprintf("HTTP %d %s", a.status, http.StatusText(a.status))
	result.outcome = outcomeUnexpected
	switch {
	case a.status == http.StatusOK && active != nil:
		result.Status, result.Reason, result.outcome = SecretAccepted, "accepted it", "ok"
	case a.status == http.StatusUnauthorized && oauthErrorCode.MatchString(code):
		result.Status, result.Reason = SecretRejected, "rejected it"
		result.outcome = outcomeRejected
	case a.status == http.StatusTooManyRequests:
		result.Reason, result.outcome = "is throttled ("+status+")", outcomeThrottled
		result.retryAfter = cmp.Or(parseRetryAfter(a.header, time.Now()), throttledDelay)
	case a.status == http.StatusUnprocessableEntity:
		result.Reason = "does not serve this instance (" + status +
			"); Clerk answers so for its legacy OAuth provider"
	case a.status >= http.StatusMultipleChoices && a.status < http.StatusBadRequest:
		result.Reason = "redirects (" + status +
			"); redirects are not followed, because the secret would travel along"
	default:
		result.Reason = "gave an unexpected answer (" + status + ", " + describeBody(a) + ")"
	}
	return result
}

// secretChecks holds back what would be too much for the endpoint, or for the user.
type secretChecks struct {
	slots       *semaphore.Weighted
	rejectFresh sync.Map // by URL: endpoints that have rejected a fresh secret

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
	s.silent++
	if !silent {
		s.silent = 0
	}
	if s.silent == maxSilentChecks {
		s.silent, s.until = 0, time.Now().Add(silencePause)
	}
}

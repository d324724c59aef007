package clerk_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

const introspectionURL = "https://verb-noun-42.clerk.accounts.dev/oauth/token_info"

// reply is an answer of an introspection endpoint, written by hand.
type reply struct {
	status int
	body   string
	header http.Header
	err    error
	after  time.Duration
}

// endpoint answers each request with the next of its replies, and repeats the last one.
type endpoint struct {
	mu       sync.Mutex
	replies  []reply
	requests []*http.Request
	bodies   []string
	times    []time.Time
}

func (e *endpoint) RoundTrip(req *http.Request) (*http.Response, error) {
	body, _ := io.ReadAll(req.Body)
	e.mu.Lock()
	answer := e.replies[min(len(e.requests), len(e.replies)-1)]
	e.requests, e.bodies, e.times = append(e.requests, req), append(e.bodies, string(body)), append(e.times, time.Now())
	e.mu.Unlock()
	if answer.after > 0 {
		select {
		case <-time.After(answer.after):
		case <-req.Context().Done():
			return nil, req.Context().Err()
		}
	}
	if answer.err != nil {
		return nil, answer.err
	}
	header := answer.header
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{StatusCode: answer.status, Header: header, Body: io.NopCloser(strings.NewReader(answer.body)), Request: req}, nil
}

var (
	accepts   = reply{status: 200, body: `{"active":false}`}
	rejects   = reply{status: 401, body: `{"error":"request_unauthorized","error_description":"The request could not be authorized."}`}
	throttles = reply{status: 429, body: `{"errors":[{"code":"too_many_requests"}]}`}
)

func throttlesFor(retryAfter string) reply {
	throttled := throttles
	throttled.header = http.Header{"Retry-After": {retryAfter}}
	return throttled
}

func TestCheckClientSecret(t *testing.T) {
	t.Parallel()
	const second = time.Second
	for name, test := range map[string]struct {
		replies  []reply
		status   clerk.SecretStatus
		requests int
		elapsed  time.Duration
		says     string
	}{
		"accepted":                  {[]reply{accepts}, clerk.SecretAccepted, 1, 0, "accepted"},
		"accepted, and active":      {[]reply{{status: 200, body: `{"active":true,"scope":"email"}`}}, clerk.SecretAccepted, 1, 0, "accepted"},
		"rejected twice":            {[]reply{rejects}, clerk.SecretRejected, 2, 3 * second, "rejected"},
		"rejected, in older words":  {[]reply{{status: 401, body: `{"error":"invalid_client"}`}}, clerk.SecretRejected, 2, 3 * second, "rejected"},
		"rejected, then accepted":   {[]reply{rejects, accepts}, clerk.SecretAccepted, 2, 3 * second, "accepted"},
		"rejected, then broken":     {[]reply{rejects, {status: 502, body: "<html>"}}, clerk.SecretUnknown, 2, 3 * second, "HTTP 502"},
		"rejected, then no answer":  {[]reply{rejects, {err: errors.New("connection reset")}}, clerk.SecretUnknown, 2, 3 * second, "connection reset"},
		"throttled, then accepted":  {[]reply{throttlesFor("7"), accepts}, clerk.SecretAccepted, 2, 7 * second, "accepted"},
		"throttled without a time":  {[]reply{throttles, accepts}, clerk.SecretAccepted, 2, 5 * second, "accepted"},
		"throttled until the past":  {[]reply{throttlesFor("-3"), accepts}, clerk.SecretAccepted, 2, second / 4, "accepted"},
		"throttled twice":           {[]reply{throttlesFor("7")}, clerk.SecretUnknown, 2, 7 * second, "throttled"},
		"throttled for long":        {[]reply{throttlesFor("61")}, clerk.SecretUnknown, 1, 0, "throttled"},
		"throttled, then rejected":  {[]reply{throttlesFor("1"), rejects}, clerk.SecretRejected, 3, 4 * second, "rejected"},
		"rejected, then throttled":  {[]reply{rejects, throttlesFor("1"), rejects}, clerk.SecretRejected, 3, 4 * second, "rejected"},
		"legacy":                    {[]reply{{status: 422, body: `{"errors":[{"code":"feature_requires_oidc_provider"}]}`}}, clerk.SecretUnknown, 1, 0, "legacy"},
		"forbidden":                 {[]reply{{status: 403, body: `{"error":"access_denied"}`}}, clerk.SecretUnknown, 1, 0, "HTTP 403"},
		"not there":                 {[]reply{{status: 404, body: "not found"}}, clerk.SecretUnknown, 1, 0, "HTTP 404"},
		"bad request":               {[]reply{{status: 400, body: `{"error":"invalid_request"}`}}, clerk.SecretUnknown, 1, 0, "HTTP 400"},
		"failing":                   {[]reply{{status: 500, body: `{"error":"server_error"}`}}, clerk.SecretUnknown, 1, 0, "HTTP 500"},
		"unavailable":               {[]reply{{status: 503, body: "", header: http.Header{"Retry-After": {"1"}}}}, clerk.SecretUnknown, 1, 0, "HTTP 503"},
		"401 of Clerk's API":        {[]reply{{status: 401, body: `{"errors":[{"code":"clerk_key_invalid"}]}`}}, clerk.SecretUnknown, 1, 0, "HTTP 401"},
		"401 of a proxy":            {[]reply{{status: 401, body: `{"error":"Unauthorized"}`}}, clerk.SecretUnknown, 1, 0, "HTTP 401"},
		"401 with an error object":  {[]reply{{status: 401, body: `{"error":{"code":"invalid_client"}}`}}, clerk.SecretUnknown, 1, 0, "HTTP 401"},
		"401 in other letters":      {[]reply{{status: 401, body: `{"Error":"invalid_client"}`}}, clerk.SecretUnknown, 1, 0, "HTTP 401"},
		"401 HTML":                  {[]reply{{status: 401, body: "<html>invalid_client</html>"}}, clerk.SecretUnknown, 1, 0, "an HTML page"},
		"401 without a body":        {[]reply{{status: 401}}, clerk.SecretUnknown, 1, 0, "an empty body"},
		"200 HTML":                  {[]reply{{status: 200, body: "<html>"}}, clerk.SecretUnknown, 1, 0, "an HTML page"},
		"200 without a body":        {[]reply{{status: 200}}, clerk.SecretUnknown, 1, 0, "an empty body"},
		"200 without active":        {[]reply{{status: 200, body: `{"error":"invalid_client"}`}}, clerk.SecretUnknown, 1, 0, "HTTP 200"},
		"200 with a text":           {[]reply{{status: 200, body: `{"active":"false"}`}}, clerk.SecretUnknown, 1, 0, "HTTP 200"},
		"200 with null":             {[]reply{{status: 200, body: `{"active":null}`}}, clerk.SecretUnknown, 1, 0, "HTTP 200"},
		"200 in other letters":      {[]reply{{status: 200, body: `{"Active":true}`}}, clerk.SecretUnknown, 1, 0, "HTTP 200"},
		"200 and more":              {[]reply{{status: 200, body: `{"active":true}{}`}}, clerk.SecretUnknown, 1, 0, "HTTP 200"},
		"204":                       {[]reply{{status: 204}}, clerk.SecretUnknown, 1, 0, "HTTP 204"},
		"redirect":                  {[]reply{{status: 307, header: http.Header{"Location": {"https://elsewhere.example/"}}}}, clerk.SecretUnknown, 1, 0, "not followed"},
		"no connection":             {[]reply{{err: errors.New("connection refused")}}, clerk.SecretUnknown, 1, 0, "connection refused"},
		"no answer in time":         {[]reply{{after: time.Hour}}, clerk.SecretUnknown, 1, 10 * second, "no answer in time"},
		"an answer that is too big": {[]reply{{status: 200, body: `{"active":true,"x":"` + strings.Repeat("x", 1<<20) + `"}`}}, clerk.SecretUnknown, 1, 0, "larger than"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server, events := &endpoint{replies: test.replies}, &eventLog{}
				client := clientOn(t, server, func(config *clerk.Config) {
					config.UserAgent, config.Observer = "terraform-provider-clerk/1.2.3 (terraform/1.9.8)", events.add
				})
				began := time.Now()
				check, err := client.CheckClientSecret(t.Context(), introspectionURL, "d9g4CT4WYiCBm7EU", clerk.NewSecret(canary))
				noError(t, err)
				equal(t, "status", check.Status, test.status)
				equal(t, "requests", len(server.requests), test.requests)
				equal(t, "time", time.Since(began), test.elapsed)
				if !strings.Contains(check.Reason, test.says) {
					t.Errorf("the reason is %q, which does not say %q", check.Reason, test.says)
				}
				for _, req := range server.requests {
					equal(t, "line", req.Method+" "+req.URL.String(), "POST "+introspectionURL)
				}
				equal(t, "events", len(events.all()), test.requests)
				for i, event := range events.all() {
					equal(t, "attempt", event.Attempt, i+1)
					equal(t, "route", event.Route, "/oauth/token_info")
				}
				assertHidden(t, "the result", fmt.Sprintf("%+v %+v", check, events.all()), canary, testKey)
			})
		})
	}
}

// The request is that of RFC 7662 and RFC 6749, and has nothing else.
func TestCheckClientSecretRequest(t *testing.T) {
	t.Parallel()
	server := &endpoint{replies: []reply{accepts}}
	client := clientOn(t, server, func(config *clerk.Config) { config.UserAgent = "terraform-provider-clerk/1.2.3 (terraform/1.9.8)" })
	for range 2 {
		_, err := client.CheckClientSecret(t.Context(), introspectionURL, "client:1", clerk.NewSecret(canary))
		noError(t, err)
	}
	tokens := map[string]bool{}
	for i, req := range server.requests {
		id, secret, ok := req.BasicAuth()
		equal(t, "has HTTP Basic", ok, true)
		equal(t, "client id", id, "client%3A1")
		equal(t, "secret", secret, url.QueryEscape(canary))
		req.Header.Del("Authorization")
		for header, want := range map[string]string{
			"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded", "User-Agent": "terraform-provider-clerk/1.2.3 (terraform/1.9.8)",
		} {
			equal(t, header, req.Header.Get(header), want)
			req.Header.Del(header)
		}
		equal(t, "other headers", len(req.Header), 0)
		form, err := url.ParseQuery(server.bodies[i])
		noError(t, err)
		equal(t, "parameters", len(form), 1)
		tokens[form.Get("token")] = true
		if len(form.Get("token")) < 20 {
			t.Errorf("the token %q may exist", form.Get("token"))
		}
	}
	equal(t, "tokens", len(tokens), 2)
}

func TestCheckClientSecretIsSentToSafeAddressesOnly(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]clerk.SecretStatus{
		introspectionURL: clerk.SecretAccepted, "HTTPS://a.example/x": clerk.SecretAccepted, "http://127.0.0.1:4010/oauth/token_info": clerk.SecretAccepted, "http://LOCALHOST/x": clerk.SecretAccepted,
		"http://[::1]:1/x": clerk.SecretAccepted,

		"": clerk.SecretUnknown, "/oauth/token_info": clerk.SecretUnknown, "http://a.example/x": clerk.SecretUnknown, "http://127.evil.example/x": clerk.SecretUnknown,
		"https://user:password@a.example/x": clerk.SecretUnknown, "ftp://localhost/x": clerk.SecretUnknown, "https:///x": clerk.SecretUnknown, "https://a.example:x/": clerk.SecretUnknown,
	} {
		server := &endpoint{replies: []reply{accepts}}
		check, err := clientOn(t, server).CheckClientSecret(t.Context(), address, "id", clerk.NewSecret(canary))
		noError(t, err)
		equal(t, address, check.Status, want)
		equal(t, address+": requests", len(server.requests) > 0, want == clerk.SecretAccepted)
		equal(t, address+": has a reason", check.Reason != "" && !strings.Contains(check.Reason, "password@"), true)
	}
	server := &endpoint{replies: []reply{accepts}}
	for _, secret := range []clerk.Secret{{}, clerk.NewSecret("")} {
		check, err := clientOn(t, server).CheckClientSecret(t.Context(), introspectionURL, "id", secret)
		noError(t, err)
		equal(t, "without a secret", check.Status, clerk.SecretUnknown)
	}
	equal(t, "requests without a secret", len(server.requests), 0)
}

// A server or transport that echoes the request discloses nothing.
func TestCheckClientSecretIsScrubbed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const secret = `c4n4ry+/="<&>'value` // without the shape of a key
		client := clientOn(t, roundTrip(func(req *http.Request) (*http.Response, error) {
			body, _ := io.ReadAll(req.Body)
			return nil, fmt.Errorf("could not send %s %q %s %s", req.URL, body, strings.TrimPrefix(req.Header.Get("Authorization"), "Basic "), secret)
		}))
		check, err := client.CheckClientSecret(t.Context(), introspectionURL, "id", clerk.NewSecret(secret))
		noError(t, err)
		equal(t, "says what happened", strings.Contains(check.Reason, "could not send"), true)
		assertHidden(t, "the reason", check.Reason, secret, url.QueryEscape(secret))
	})
}

func TestCheckClientSecretEndsWithItsContext(t *testing.T) {
	t.Parallel()
	for name, replies := range map[string][]reply{
		"in a request": {{after: time.Hour}}, "between two": {rejects}, "in a pause": {throttlesFor("30")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				_, err := clientOn(t, &endpoint{replies: replies}).CheckClientSecret(ctx, introspectionURL, "id", clerk.NewSecret(canary))
				equal(t, "error", err, context.DeadlineExceeded)
			})
		})
	}
}

// At most five requests are under way. The API's rate limit and its pause do not apply to them.
func TestChecksAreLimited(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var now, most atomic.Int32
		client := clientOn(t, roundTrip(func(*http.Request) (*http.Response, error) {
			most.Store(max(most.Load(), now.Add(1)))
			time.Sleep(time.Second)
			now.Add(-1)
			return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(accepts.body))}, nil
		}), func(config *clerk.Config) { config.RequestsPer10s = 1 })
		began := time.Now()
		var wait sync.WaitGroup
		for range 50 {
			wait.Go(func() {
				check, err := client.CheckClientSecret(t.Context(), introspectionURL, "id", clerk.NewSecret(canary))
				if err != nil || check.Status != clerk.SecretAccepted {
					t.Errorf("%v, %v", check, err)
				}
			})
		}
		wait.Wait()
		equal(t, "at once", most.Load(), 5)
		equal(t, "time", time.Since(began), 10*time.Second)
	})
}

// An endpoint that is down costs a few seconds in all, not one wait for each of a thousand applications.
func TestChecksOfASilentEndpointPause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := &endpoint{replies: []reply{{after: time.Hour}}}
		client := clientOn(t, server)
		began := time.Now()
		var wait sync.WaitGroup
		for range 100 {
			wait.Go(func() {
				check, err := client.CheckClientSecret(t.Context(), introspectionURL, "id", clerk.NewSecret(canary))
				if err != nil || check.Status != clerk.SecretUnknown || check.Reason == "" {
					t.Errorf("%v, %v", check, err)
				}
			})
		}
		wait.Wait()
		if took := time.Since(began); took > 20*time.Second || len(server.requests) > 10 {
			t.Errorf("%d requests in %s", len(server.requests), took)
		}
		time.Sleep(time.Minute)
		server.replies = []reply{accepts}
		check, err := client.CheckClientSecret(t.Context(), introspectionURL, "id", clerk.NewSecret(canary))
		noError(t, err)
		equal(t, "when it answers again", check.Status, clerk.SecretAccepted)
	})
}

// The check of a fresh secret waits at most 3 seconds in all, and not at all if the endpoint has
// rejected a fresh secret before.
func TestFreshSecrets(t *testing.T) {
	t.Parallel()
	const second = time.Second
	for name, test := range map[string]struct {
		replies  []reply
		status   clerk.SecretStatus
		requests int
		elapsed  time.Duration
	}{
		"accepted":                 {[]reply{accepts}, clerk.SecretAccepted, 1, 0},
		"rejected, then accepted":  {[]reply{rejects, accepts}, clerk.SecretAccepted, 2, 3 * second},
		"rejected":                 {[]reply{rejects}, clerk.SecretRejected, 2, 3 * second},
		"throttled, then accepted": {[]reply{throttlesFor("2"), accepts}, clerk.SecretAccepted, 2, 2 * second},
		"throttled, then rejected": {[]reply{throttlesFor("2"), rejects}, clerk.SecretRejected, 2, 2 * second},
		"throttled for longer":     {[]reply{throttlesFor("4"), accepts}, clerk.SecretUnknown, 1, 0},
		"rejected, then throttled": {[]reply{rejects, throttlesFor("1"), accepts}, clerk.SecretUnknown, 2, 3 * second},
		"failing":                  {[]reply{{status: 500}}, clerk.SecretUnknown, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server := &endpoint{replies: test.replies}
				client := clientOn(t, server)
				check := func(address string) clerk.SecretCheck {
					check, err := client.CheckClientSecret(t.Context(), address, "id", clerk.NewSecret(canary), clerk.FreshSecret())
					noError(t, err)
					return check
				}
				began := time.Now()
				equal(t, "status", check(introspectionURL).Status, test.status)
				equal(t, "requests", len(server.requests), test.requests)
				equal(t, "time", time.Since(began), test.elapsed)
				if test.status != clerk.SecretRejected {
					return
				}
				began = time.Now()
				server.replies = []reply{rejects}
				for range 10 {
					equal(t, "status", check(introspectionURL).Status, clerk.SecretRejected)
				}
				equal(t, "requests of ten more", len(server.requests), test.requests+10)
				equal(t, "time of ten more", time.Since(began), 0)
				check("https://another.example/oauth/token_info")
				equal(t, "time of another endpoint", time.Since(began), 3*second)
				began = time.Now()
				_, err := client.CheckClientSecret(t.Context(), introspectionURL, "id", clerk.NewSecret(canary))
				noError(t, err)
				equal(t, "time of a check at a refresh", time.Since(began), 3*second)
			})
		})
	}
}

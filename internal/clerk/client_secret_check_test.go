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
	status     int
	body       string
	retryAfter string
	err        error
	after      time.Duration
}

// endpoint answers each request with the next of its replies, and repeats the last one.
type endpoint struct {
	mu       sync.Mutex
	replies  []reply
	requests []*http.Request
	bodies   []string
}

func (e *endpoint) RoundTrip(req *http.Request) (*http.Response, error) {
	body, _ := io.ReadAll(req.Body)
	e.mu.Lock()
	answer := e.replies[min(len(e.requests), len(e.replies)-1)]
	e.requests, e.bodies = append(e.requests, req), append(e.bodies, string(body))
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
	header := http.Header{"Location": {"https://elsewhere.example/"}}
	if answer.retryAfter != "" {
		header.Set("Retry-After", answer.retryAfter)
	}
	return &http.Response{StatusCode: answer.status, Header: header, Body: io.NopCloser(strings.NewReader(answer.body)), Request: req}, nil
}

var (
	accepts = reply{status: 200, body: `{"active":false}`}
	rejects = reply{status: 401, body: `{"error":"request_unauthorized","error_description":"The request could not be authorized."}`}
	broken  = reply{err: errors.New("connection refused")}
)

func throttles(retryAfter string) reply {
	return reply{status: 429, body: `{"errors":[{"code":"too_many_requests"}]}`, retryAfter: retryAfter}
}

// check asks about a secret, and returns how long that took.
func check(t testing.TB, client *clerk.Client, address string, options ...clerk.SecretCheckOption) (clerk.SecretCheck, time.Duration) {
	t.Helper()
	began := time.Now()
	check, err := client.CheckClientSecret(t.Context(), address, "client:1", clerk.NewSecret(canary), options...)
	noError(t, err)
	equal(t, "has a reason", check.Reason != "", true)
	return check, time.Since(began)
}

// A secret is rejected only if the endpoint rejects it twice. What a check of a fresh secret does
// stands behind: it waits at most 3 seconds in all.
func TestCheckClientSecret(t *testing.T) {
	t.Parallel()
	const accepted, rejected, unknown, second = clerk.SecretAccepted, clerk.SecretRejected, clerk.SecretUnknown, time.Second
	for name, test := range map[string]struct {
		replies  []reply
		status   clerk.SecretStatus
		requests int
		elapsed  time.Duration

		fresh         clerk.SecretStatus
		freshRequests int
		freshElapsed  time.Duration
	}{
		"accepted":                 {[]reply{accepts}, accepted, 1, 0, accepted, 1, 0},
		"rejected twice":           {[]reply{rejects}, rejected, 2, 3 * second, rejected, 2, 3 * second},
		"rejected, then accepted":  {[]reply{rejects, accepts}, accepted, 2, 3 * second, accepted, 2, 3 * second},
		"rejected, then failing":   {[]reply{rejects, {status: 502}}, unknown, 2, 3 * second, unknown, 2, 3 * second},
		"rejected, then no answer": {[]reply{rejects, broken}, unknown, 2, 3 * second, unknown, 2, 3 * second},
		"throttled, then accepted": {[]reply{throttles("7"), accepts}, accepted, 2, 7 * second, unknown, 1, 0},
		"throttled for little":     {[]reply{throttles("2"), accepts}, accepted, 2, 2 * second, accepted, 2, 2 * second},
		"throttled without a time": {[]reply{throttles(""), accepts}, accepted, 2, 5 * second, unknown, 1, 0},
		"throttled until the past": {[]reply{throttles("-3"), accepts}, accepted, 2, second / 4, accepted, 2, second / 4},
		"throttled twice":          {[]reply{throttles("2")}, unknown, 2, 2 * second, unknown, 2, 2 * second},
		"throttled for long":       {[]reply{throttles("61")}, unknown, 1, 0, unknown, 1, 0},
		"throttled, then rejected": {[]reply{throttles("1"), rejects}, rejected, 3, 4 * second, rejected, 2, second},
		"rejected, then throttled": {[]reply{rejects, throttles("1"), rejects}, rejected, 3, 4 * second, unknown, 2, 3 * second},
		"no answer in time":        {[]reply{{after: time.Hour}}, unknown, 1, 10 * second, unknown, 1, 10 * second},
	} {
		for _, fresh := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				server, events := &endpoint{replies: test.replies}, &eventLog{}
				client := clientOn(t, server, func(config *clerk.Config) { config.Observer = events.add })
				status, requests, elapsed := test.status, test.requests, test.elapsed
				var options []clerk.SecretCheckOption
				if fresh {
					status, requests, elapsed = test.fresh, test.freshRequests, test.freshElapsed
					options = append(options, clerk.FreshSecret)
				}
				result, took := check(t, client, introspectionURL, options...)
				equal(t, name+": status", result.Status, status)
				equal(t, name+": requests", len(server.requests), requests)
				equal(t, name+": time", took, elapsed)
				for i, event := range events.all() {
					equal(t, "event", fmt.Sprint(event.Route, event.Attempt), fmt.Sprint("/oauth/token_info", i+1))
				}
				assertHidden(t, "the result", fmt.Sprintf("%+v %+v", result, events.all()), canary, testKey)
			})
		}
	}
}

// An endpoint that has rejected a fresh secret is not waited for again.
func TestEndpointsThatRejectFreshSecrets(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := &endpoint{replies: []reply{rejects}}
		client := clientOn(t, server)
		for i, test := range []struct {
			address  string
			options  []clerk.SecretCheckOption
			requests int
		}{
			{introspectionURL, []clerk.SecretCheckOption{clerk.FreshSecret}, 2},
			{introspectionURL, []clerk.SecretCheckOption{clerk.FreshSecret}, 1},
			{introspectionURL, []clerk.SecretCheckOption{clerk.FreshSecret}, 1},
			{"https://another.example/oauth/token_info", []clerk.SecretCheckOption{clerk.FreshSecret}, 2},
			{introspectionURL, nil, 2}, // at a refresh
		} {
			before := len(server.requests)
			result, took := check(t, client, test.address, test.options...)
			equal(t, "status", result.Status, clerk.SecretRejected)
			equal(t, fmt.Sprint("requests of check ", i+1), len(server.requests)-before, test.requests)
			equal(t, "time", took, time.Duration(test.requests-1)*3*time.Second)
		}
	})
}

// What a single answer says.
func TestAnswersOfTheIntrospectionEndpoint(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		status int
		body   string
		says   string
	}{
		{200, `{"active":true,"scope":"email"}`, "accepted"},
		{401, `{"error":"invalid_client"}`, "rejected"},
		{422, `{"errors":[{"code":"feature_requires_oidc_provider"}]}`, "legacy"},
		{400, `{"error":"invalid_request"}`, "HTTP 400"},
		{403, `{"error":"access_denied"}`, "HTTP 403"},
		{404, "not found", "HTTP 404"},
		{500, `{"error":"server_error"}`, "HTTP 500"},
		{503, "", "an empty body"},
		{204, "", "HTTP 204"},
		{307, "", "not followed"},
		{401, `{"errors":[{"code":"clerk_key_invalid"}]}`, "HTTP 401"}, // of Clerk's API
		{401, `{"error":"Unauthorized"}`, "HTTP 401"},                  // of a proxy
		{401, `{"error":{"code":"invalid_client"}}`, "HTTP 401"},
		{401, `{"Error":"invalid_client"}`, "HTTP 401"},
		{401, "<html>invalid_client</html>", "an HTML page"},
		{200, "<html>", "an HTML page"},
		{200, `{"error":"invalid_client"}`, "HTTP 200"},
		{200, `{"active":"false"}`, "HTTP 200"},
		{200, `{"active":null}`, "HTTP 200"},
		{200, `{"Active":true}`, "HTTP 200"},
		{200, `{"active":true}{}`, "HTTP 200"},
		{200, `{"active":true,"x":"` + strings.Repeat("x", 1<<20) + `"}`, "larger than"},
	} {
		synctest.Test(t, func(t *testing.T) {
			result, _ := check(t, clientOn(t, &endpoint{replies: []reply{{status: test.status, body: test.body}}}), introspectionURL)
			want := map[string]clerk.SecretStatus{"accepted": clerk.SecretAccepted, "rejected": clerk.SecretRejected}[test.says]
			equal(t, fmt.Sprintf("%d %.50s", test.status, test.body), result.Status, want)
			contains(t, "reason", result.Reason, test.says)
		})
	}
}

// The request is that of RFC 7662 and RFC 6749, and has nothing else.
func TestIntrospectionRequest(t *testing.T) {
	t.Parallel()
	server := &endpoint{replies: []reply{accepts}}
	client := clientOn(t, server, func(config *clerk.Config) { config.UserAgent = "terraform-provider-clerk/1.2.3 (terraform/1.9.8)" })
	check(t, client, introspectionURL)
	check(t, client, introspectionURL)
	for i, req := range server.requests {
		equal(t, "line", req.Method+" "+req.URL.String(), "POST "+introspectionURL)
		id, secret, ok := req.BasicAuth()
		equal(t, "HTTP Basic", ok && id == "client%3A1" && secret == url.QueryEscape(canary), true)
		equal(t, "headers", len(req.Header), 4)
		equal(t, "Accept", req.Header.Get("Accept"), "application/json")
		equal(t, "Content-Type", req.Header.Get("Content-Type"), "application/x-www-form-urlencoded")
		equal(t, "User-Agent", req.Header.Get("User-Agent"), "terraform-provider-clerk/1.2.3 (terraform/1.9.8)")
		form, err := url.ParseQuery(server.bodies[i])
		noError(t, err)
		equal(t, "parameters", len(form) == 1 && len(form.Get("token")) > 20, true)
	}
	equal(t, "another token each time", server.bodies[0] != server.bodies[1], true)
}

func TestSecretsAreSentToSafeAddressesOnly(t *testing.T) {
	t.Parallel()
	for address, safe := range map[string]bool{
		introspectionURL: true, "HTTPS://a.example/x": true, "http://127.0.0.1:4010/oauth/token_info": true, "http://LOCALHOST/x": true, "http://[::1]:1/x": true,
		"": false, "/oauth/token_info": false, "http://a.example/x": false, "http://127.evil.example/x": false, "https://user:password@a.example/x": false,
		"ftp://localhost/x": false, "https:///x": false, "https://a.example:x/": false,
	} {
		server := &endpoint{replies: []reply{accepts}}
		result, _ := check(t, clientOn(t, server), address)
		equal(t, address, result.Status == clerk.SecretAccepted && len(server.requests) == 1, safe)
		equal(t, address, len(server.requests) == 0 && !strings.Contains(result.Reason, "password@"), !safe)
	}
	server := &endpoint{replies: []reply{accepts}}
	for _, secret := range []clerk.Secret{{}, clerk.NewSecret("")} {
		result, err := clientOn(t, server).CheckClientSecret(t.Context(), introspectionURL, "id", secret)
		equal(t, "without a secret", err == nil && result.Status == clerk.SecretUnknown && len(server.requests) == 0, true)
	}
}

// A server or transport that echoes the request discloses nothing.
func TestIntrospectionIsScrubbed(t *testing.T) {
	t.Parallel()
	client := clientOn(t, roundTrip(func(req *http.Request) (*http.Response, error) {
		return nil, fmt.Errorf("could not send %s %s %s", req.URL, strings.TrimPrefix(req.Header.Get("Authorization"), "Basic "), canary)
	}))
	result, _ := check(t, client, introspectionURL)
	contains(t, "reason", result.Reason, "could not send")
	assertHidden(t, "the reason", result.Reason, canary, url.QueryEscape(canary))
}

func TestCheckEndsWithItsContext(t *testing.T) {
	t.Parallel()
	for _, replies := range [][]reply{{{after: time.Hour}}, {rejects}, {throttles("30")}} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err := clientOn(t, &endpoint{replies: replies}).CheckClientSecret(ctx, introspectionURL, "id", clerk.NewSecret(canary))
			equal(t, "error", err, context.DeadlineExceeded)
		})
	}
}

// At most five requests are under way, and the API's rate limit does not apply. An endpoint that
// does not answer costs some seconds in all, not one wait for each of a hundred applications.
func TestManyChecks(t *testing.T) {
	t.Parallel()
	for _, answers := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			var now, most, sent atomic.Int32
			client := clientOn(t, roundTrip(func(req *http.Request) (*http.Response, error) {
				sent.Add(1)
				most.Store(max(most.Load(), now.Add(1)))
				defer now.Add(-1)
				time.Sleep(time.Second)
				if !answers {
					<-req.Context().Done()
					return nil, req.Context().Err()
				}
				return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(accepts.body))}, nil
			}), func(config *clerk.Config) { config.RequestsPer10s = 1 })
			began := time.Now()
			var wait sync.WaitGroup
			for range 100 {
				wait.Go(func() {
					result, _ := check(t, client, introspectionURL)
					equal(t, "accepted", result.Status == clerk.SecretAccepted, answers)
				})
			}
			wait.Wait()
			equal(t, "at once", most.Load(), 5)
			equal(t, "in time", time.Since(began) <= 20*time.Second, true)
			equal(t, "requests", sent.Load() == 100 || !answers && sent.Load() <= 10, true)
			if !answers {
				time.Sleep(time.Minute)
				answers = true
				result, _ := check(t, client, introspectionURL)
				equal(t, "when it answers again", result.Status, clerk.SecretAccepted)
			}
		})
	}
}

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
	status     int // 0 for no connection, -1 for no answer
	body       string
	retryAfter string
}

// endpoint answers each request with the next of its replies, and repeats the last one.
type endpoint struct {
	replies []reply
	forms   []string
	latest  *http.Request
}

func (e *endpoint) RoundTrip(req *http.Request) (*http.Response, error) {
	answer := e.replies[min(len(e.forms), len(e.replies)-1)]
	form, _ := io.ReadAll(req.Body)
	e.forms, e.latest = append(e.forms, string(form)), req
	switch answer.status {
	case 0:
		return nil, errors.New("refused: " + req.Header.Get("Authorization"))
	case -1:
		<-req.Context().Done()
		return nil, req.Context().Err()
	}
	res, err := answering(answer.status, "", answer.body)(req)
	if answer.retryAfter != "" {
		res.Header.Set("Retry-After", answer.retryAfter)
	}
	return res, err
}

var (
	accepts = reply{200, `{"active":false}`, ""}
	rejects = reply{401, `{"error":"request_unauthorized"}`, ""}
)

func throttles(retryAfter string) reply { return reply{429, "", retryAfter} }

// check asks about a secret, and returns how long that took.
func check(t testing.TB, client *clerk.Client, address string, options ...clerk.SecretCheckOption) (clerk.SecretCheck, time.Duration) {
	t.Helper()
	began := time.Now()
	check, err := client.CheckClientSecret(t.Context(), address, "client:42", clerk.NewSecret(canary), options...)
	noError(t, err)
	equal(t, "has a reason", check.Reason != "", true)
	return check, time.Since(began)
}

// A secret is rejected only if the endpoint rejects it twice. What a check of a fresh secret does
// stands behind: it waits at most 3 seconds in all.
func TestCheckClientSecret(t *testing.T) {
	t.Parallel()
	const accepted, rejected, unknown, second = clerk.SecretAccepted, clerk.SecretRejected, clerk.SecretUnknown, time.Second
	type result struct {
		status   clerk.SecretStatus
		requests int
		elapsed  time.Duration
	}
	for name, test := range map[string]struct {
		replies        []reply
		refresh, fresh result
	}{
		"accepted":                 {[]reply{accepts}, result{accepted, 1, 0}, result{accepted, 1, 0}},
		"rejected twice":           {[]reply{rejects}, result{rejected, 2, 3 * second}, result{rejected, 2, 3 * second}},
		"rejected, then accepted":  {[]reply{rejects, accepts}, result{accepted, 2, 3 * second}, result{accepted, 2, 3 * second}},
		"rejected, then no answer": {[]reply{rejects, {}}, result{unknown, 2, 3 * second}, result{unknown, 2, 3 * second}},
		"throttled, then accepted": {[]reply{throttles("7"), accepts}, result{accepted, 2, 7 * second}, result{unknown, 1, 0}},
		"throttled for little":     {[]reply{throttles("2"), accepts}, result{accepted, 2, 2 * second}, result{accepted, 2, 2 * second}},
		"throttled without a time": {[]reply{throttles(""), accepts}, result{accepted, 2, 5 * second}, result{unknown, 1, 0}},
		"throttled twice":          {[]reply{throttles("2")}, result{unknown, 2, 2 * second}, result{unknown, 2, 2 * second}},
		"throttled for long":       {[]reply{throttles("61")}, result{unknown, 1, 0}, result{unknown, 1, 0}},
		"throttled, then rejected": {[]reply{throttles("1"), rejects}, result{rejected, 3, 4 * second}, result{rejected, 2, second}},
		"rejected, then throttled": {[]reply{rejects, throttles("1"), rejects}, result{rejected, 3, 4 * second}, result{unknown, 2, 3 * second}},
		"no answer in time":        {[]reply{{status: -1}}, result{unknown, 1, 10 * second}, result{unknown, 1, 10 * second}},
	} {
		for _, fresh := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				server, events := &endpoint{replies: test.replies}, &eventLog{}
				client := clientOn(t, server, func(config *clerk.Config) { config.Observer = events.add })
				want, options := test.refresh, []clerk.SecretCheckOption(nil)
				if fresh {
					want, options = test.fresh, []clerk.SecretCheckOption{clerk.FreshSecret}
				}
				check, took := check(t, client, introspectionURL, options...)
				equal(t, name, result{check.Status, len(server.forms), took}, want)
				for i, event := range events.events {
					equal(t, "event", fmt.Sprint(event.Method, event.Route, event.Attempt), fmt.Sprint("POST/oauth/token_info", i+1))
					contains(t, "form", server.forms[i], "token=")
					took -= event.Waited + event.Duration
				}
				equal(t, name+": time that no event tells of", took, 0)
				assertHidden(t, "the result", fmt.Sprintf("%+v %+v", check, events.events), canary, url.QueryEscape(canary), testKey)
			})
		}
	}
}

// An endpoint that has rejected a fresh secret is not waited for again, and neither is one that
// has never accepted the secret.
func TestRejectionsThatAreNotConfirmed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := &endpoint{replies: []reply{rejects}}
		client := clientOn(t, server)
		for i, test := range []struct {
			address  string
			options  []clerk.SecretCheckOption
			requests int
		}{
			{introspectionURL, []clerk.SecretCheckOption{clerk.WithoutConfirmation}, 1},
			{introspectionURL, []clerk.SecretCheckOption{clerk.FreshSecret}, 2},
			{introspectionURL, []clerk.SecretCheckOption{clerk.FreshSecret}, 1},
			{"https://another.example/oauth/token_info", []clerk.SecretCheckOption{clerk.FreshSecret}, 2},
			{introspectionURL, nil, 2},
		} {
			before := len(server.forms)
			result, took := check(t, client, test.address, test.options...)
			equal(t, "status", result.Status, clerk.SecretRejected)
			equal(t, fmt.Sprint("requests of check ", i+1), len(server.forms)-before, test.requests)
			equal(t, "time", took, time.Duration(test.requests-1)*3*time.Second)
		}
	})
}

// A second 429 counts as no answer. After three in a row nothing is asked for a while.
func TestChecksThatAreThrottledAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := &endpoint{replies: []reply{throttles("1")}}
		client := clientOn(t, server)
		for range 4 {
			check(t, client, introspectionURL)
		}
		equal(t, "requests", len(server.forms), 6)
	})
}

// What a single answer says.
func TestAnswersOfTheIntrospectionEndpoint(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		status     int
		body, says string
	}{
		{200, `{"active":true,"scope":"email"}`, "accepted it"},
		{401, `{"error":"invalid_client"}`, "rejected it"},
		{422, `{"errors":[{"code":"feature_requires_oidc_provider"}]}`, "legacy"},
		{403, `{"error":"access_denied"}`, "HTTP 403"},
		{204, "", "HTTP 204"},
		{300, "", "not followed"},
		{399, "", "not followed"},
		{400, "", "an empty body"},
		{401, `{"errors":[{"code":"clerk_key_invalid"}]}`, "HTTP 401"}, // of Clerk's API
		{401, `{"error":"Unauthorized"}`, "HTTP 401"},                  // of a proxy
		{401, `{"error":{"code":"invalid_client"}}`, "HTTP 401"},
		{401, "<html>invalid_client</html>", "an HTML page"},
		{200, `{"error":"invalid_client"}`, "HTTP 200"},
		{200, `{"active":"false"}`, "HTTP 200"},
		{200, `{"Active":true}`, "HTTP 200"},
		{200, `{"active":true}{}`, "HTTP 200"},
		{200, `{"active":true,"x":"` + strings.Repeat("x", 16<<20) + `"}`, "larger than"},
	} {
		synctest.Test(t, func(t *testing.T) {
			server, events := &endpoint{replies: []reply{{test.status, test.body, ""}}}, &eventLog{}
			client := clientOn(t, server, func(config *clerk.Config) { config.Observer = events.add })
			result, _ := check(t, client, introspectionURL, clerk.WithoutConfirmation)
			want, outcome := clerk.SecretUnknown, "unexpected"
			switch test.says {
			case "accepted it":
				want, outcome = clerk.SecretAccepted, "ok"
			case "rejected it":
				want, outcome = clerk.SecretRejected, "rejected"
			}
			equal(t, fmt.Sprintf("%d %.50s", test.status, test.body), result.Status, want)
			equal(t, "outcome", events.outcomes(), outcome)
			contains(t, "reason", result.Reason, "the token introspection endpoint ")
			contains(t, "reason", result.Reason, test.says)
		})
	}
}

// The request is that of RFC 7662 and RFC 6749, has nothing else, and goes to safe addresses only.
func TestIntrospectionRequest(t *testing.T) {
	t.Parallel()
	server := &endpoint{replies: []reply{accepts}}
	client := clientOn(t, server)
	for address, safe := range map[string]bool{
		introspectionURL: true, "HTTPS://a.example/x": true, "http://LOCALHOST/x": true, "http://[::1]:1/x": true,
		"": false, "/oauth/token_info": false, "http://a.example/x": false, "https://user:password@a.example/x": false,
		"ftp://localhost/x": false, "https:///x": false, "https://a.example:x/": false,
	} {
		before := len(server.forms)
		result, _ := check(t, client, address)
		equal(t, address, result.Status == clerk.SecretAccepted && len(server.forms) == before+1, safe)
		equal(t, address, len(server.forms) == before && !strings.Contains(result.Reason, "password@"), !safe)
	}
	for id, secret := range map[string]string{"": canary, "id": ""} {
		result, err := client.CheckClientSecret(t.Context(), introspectionURL, id, clerk.NewSecret(secret))
		equal(t, "without", err == nil && result.Status == clerk.SecretUnknown && len(server.forms) == 4, true)
	}
	check(t, client, introspectionURL)
	req := server.latest
	equal(t, "line", req.Method+" "+req.URL.String(), "POST "+introspectionURL)
	id, secret, ok := req.BasicAuth()
	equal(t, "HTTP Basic", ok && id == "client%3A42" && secret == url.QueryEscape(canary), true)
	req.Header.Del("Authorization")
	equal(t, "headers", req.Header, http.Header{
		"Accept": {"application/json"}, "Content-Type": {"application/x-www-form-urlencoded"}, "User-Agent": {agent},
	})
	form, err := url.ParseQuery(server.forms[4])
	noError(t, err)
	equal(t, "parameters", len(form) == 1 && len(form.Get("token")) > 20, true)
	equal(t, "another token each time", server.forms[3] != server.forms[4], true)
}

func TestCheckEndsWithItsContext(t *testing.T) {
	t.Parallel()
	for _, again := range []reply{{status: -1}, rejects, throttles("30")} {
		bubble(t, func(f *fixture) {
			client := clientOn(t, &endpoint{replies: []reply{again}})
			_, err := client.CheckClientSecret(f.interruptAfter(time.Second), introspectionURL, "id", clerk.NewSecret(canary))
			equal(f, "error", err, context.Canceled)
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
				if time.Sleep(time.Second); !answers {
					return (&endpoint{replies: []reply{{status: -1}}}).RoundTrip(req)
				}
				return answering(200, "", accepts.body)(req)
			}), func(config *clerk.Config) { config.RequestsPer10s = 1 })
			var wait sync.WaitGroup
			began := time.Now()
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
			time.Sleep(time.Minute)
			answers = true
			result, _ := check(t, client, introspectionURL)
			equal(t, "when it answers again", result.Status, clerk.SecretAccepted)
		})
	}
}

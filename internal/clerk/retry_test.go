package clerk_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// most is the maximal number of times a request is sent: once, and clerk.DefaultMaxRetries retries.
const most = 6

// retryOperations are the columns of the retry table. Each is one request, whose method and route are given too.
var retryOperations = []struct {
	name, method, route string
}{
	{"get fresh", http.MethodGet, clerktest.RouteApplication},
	{"list", http.MethodGet, clerktest.RouteApplications},
	{"update", http.MethodPatch, clerktest.RouteApplication},
	{"upload", http.MethodPut, clerktest.RouteLogo},
	{"delete", http.MethodDelete, clerktest.RouteApplication},
	{"get settings", http.MethodGet, clerktest.RouteSettings},
	{"update settings", http.MethodPatch, clerktest.RouteSettings},
	{"instance", http.MethodGet, clerktest.RouteInstance},
	{"create", http.MethodPost, clerktest.RouteApplications},
	{"rotate", http.MethodPost, clerktest.RouteRotateSecret},
}

// retryTable is the retry policy again, written by hand: how often a request is sent if it has the same outcome each time.
// Between two creates, the client searches for the application; between three rotations, it waits.
var retryTable = []struct {
	name                       string
	fault                      clerktest.Fault
	repeatable, create, rotate int
}{
	{"429", clerktest.TooManyRequests(), most, most, most},
	{"429 with Retry-After", clerktest.TooManyRequests("1"), most, most, most},
	{"429 with Retry-After of 0", clerktest.TooManyRequests("0"), most, most, most},
	{"429 with Retry-After of less", clerktest.TooManyRequests("-5"), most, most, most},
	{"429 with Retry-After in the past", clerktest.TooManyRequests("Fri, 31 Dec 1999 23:59:59 GMT"), most, most, most},
	{"429 with no Retry-After to read", clerktest.TooManyRequests("abc", "1.5"), most, most, most},
	{"429 without Clerk's body", clerktest.HTML(429), most, most, most},
	{"409 resource_locked", clerktest.Locked(), most, most, most},

	{"400", clerktest.ClerkError(400, "request_body_invalid"), 1, 1, 1},
	{"401", clerktest.ClerkError(401, "clerk_key_invalid"), 1, 1, 1},
	{"402", clerktest.ClerkError(402, "unsupported_subscription_plan_features"), 1, 1, 1},
	{"403", clerktest.ClerkError(403, "authorization_invalid"), 1, 1, 1},
	{"403 HTML", clerktest.HTML(403), 1, 1, 1},
	{"404", clerktest.ClerkError(404, "resource_not_found"), 1, 1, 1},
	{"404 text", clerktest.Raw(404, "text/plain", "404 page not found\n"), 1, 1, 1},
	{"405", clerktest.Raw(405, "", ""), 1, 1, 1},
	{"409", clerktest.ClerkError(409, "conflict"), 1, 1, 1},
	{"410", clerktest.ClerkError(410, "operation_deprecated"), 1, 1, 1},
	{"413", clerktest.ClerkError(413, "request_body_too_large"), 1, 1, 1},
	{"415", clerktest.ClerkError(415, "unsupported_content_type"), 1, 1, 1},
	{"422", clerktest.ClerkError(422, "form_param_value_invalid"), 1, 1, 1},

	{"408", clerktest.ClerkError(408, "request_timeout"), most, 2, 3},
	{"500", clerktest.ClerkError(500, "internal_clerk_error"), most, 2, 3},
	{"501", clerktest.HTML(501), most, 2, 3},
	{"502 HTML", clerktest.HTML(502), most, 2, 3},
	{"503", clerktest.ClerkError(503, "service_unavailable"), most, 2, 3},
	{"503 empty", clerktest.Raw(503, "", ""), most, 2, 3},
	{"504", clerktest.ClerkError(504, "gateway_timeout"), most, 2, 3},
	{"530", clerktest.HTML(530), most, 2, 3},

	{"reset", clerktest.ResetBeforeWork(), most, 2, 3},
	{"close", clerktest.CloseBeforeWork(), most, 2, 3},
	{"no answer", clerktest.NeverAnswers(), most, 1, 3},

	{"truncated by length", truncated(clerktest.DeliverShort), most, 1, 3},
	{"truncated chunks", truncated(clerktest.DeliverCutChunks), most, 1, 3},
	{"truncated stream", truncated(clerktest.DeliverCutUndeclared), most, 1, 3},
	{"truncated gzip", truncated(clerktest.DeliverCutGzip), most, 1, 3},
	{"slow drip", clerktest.Fault{Work: clerktest.WorkSkipped, Reply: &clerktest.Reply{Status: 200, Body: someJSON}, Delivery: clerktest.DeliverDrip, Every: 5 * time.Second}, most, 1, 3},
	{"empty 200", clerktest.Raw(200, "application/json", ""), most, 1, 3},
	{"204", clerktest.Raw(204, "", ""), most, 1, 3},

	{"HTML 200", clerktest.HTML(200), 2, 1, 3},
	{"text 200", clerktest.Raw(200, "text/plain", "OK\n"), 2, 1, 3},
	{"null", clerktest.Raw(200, "application/json", "null"), 2, 1, 3},
	{"array", clerktest.Raw(200, "application/json", "[]"), 2, 1, 3},
	{"text in JSON", clerktest.Raw(200, "application/json", `""`), 2, 1, 3},
	{"another object", clerktest.Raw(200, "application/json", `{"object":"user","id":"user_1","deleted":false}`), 2, 1, 3},
	{"object with a tail", clerktest.Raw(200, "application/json", someJSON+"}"), 2, 1, 3},
	{"object after a BOM", clerktest.Raw(200, "application/json", "\ufeff"+someJSON), 2, 1, 3},
	{"deep JSON", clerktest.Raw(200, "application/json", strings.Repeat("[", 20000)+strings.Repeat("]", 20000)), 2, 1, 3},
	{"300", clerktest.Redirect(300, "https://elsewhere.example/"), 2, 1, 3},
	{"301", clerktest.Redirect(301, "https://elsewhere.example/"), 2, 1, 3},
	{"302", clerktest.Redirect(302, "/v1/instance"), 2, 1, 3},
	{"303", clerktest.Redirect(303, "https://elsewhere.example/"), 2, 1, 3},
	{"304", clerktest.Raw(304, "", ""), 2, 1, 3},
	{"307", clerktest.Redirect(307, "http://127.0.0.1:1/v1"), 2, 1, 3},
	{"308 to nowhere", clerktest.Redirect(308, "https://elsewhere.example:port/"), 2, 1, 3},
}

// someJSON is the answer that truncated cuts.
const someJSON = `{"object":"oauth_application","id":"oa_1"}`

// truncated is a success without any work, of which only half arrives.
func truncated(delivery clerktest.Delivery) clerktest.Fault {
	return clerktest.Fault{Work: clerktest.WorkSkipped, Reply: &clerktest.Reply{Status: 200, ContentType: "application/json", Body: someJSON}, Delivery: delivery}
}

// assertErrorFor checks the type of the error that a row of the table ends with.
func (f *fixture) assertErrorFor(err error, operation string, sent int) {
	f.Helper()
	if err == nil {
		f.Fatal("there is no error")
	}
	_, isAPI := errors.AsType[*clerk.APIError](err)
	_, isAnswer := errors.AsType[*clerk.AnswerError](err)
	_, isTransport := errors.AsType[*clerk.TransportError](err)
	if !isAPI && !isAnswer && !isTransport {
		f.Errorf("the error wraps none of the errors that say what happened: %T %v", err, err)
	}
	_, isUnknownCreate := errors.AsType[*clerk.CreateOutcomeUnknownError](err)
	_, isUnknownRotation := errors.AsType[*clerk.RotateOutcomeUnknownError](err)
	attempts, repeated := errors.AsType[*clerk.AttemptsError](err)
	switch {
	case operation == "create" && sent <= 2:
		// A 4xx is certain, everything else is not.
		certain := isAPI && sent == 1
		equal(f, "create is unknown", isUnknownCreate, !certain)
	case operation == "rotate" && sent == 3:
		equal(f, "rotation is unknown", isUnknownRotation, true)
	case sent == most:
		equal(f, "says how often", repeated && attempts.Attempts == most, true)
	}
	if text := err.Error(); len([]rune(text)) > 1000 || strings.ContainsAny(text, "<>\n") {
		f.Errorf("the error's text is no short line: %q", text)
	}
}

// The same outcomes, but once: every operation succeeds in the end.
func TestEverythingRecoversFromOneFailure(t *testing.T) {
	t.Parallel()
	for _, row := range retryTable {
		if row.repeatable == 1 {
			continue
		}
		for _, operation := range retryOperations {
			if operation.name == "create" && row.create == 1 {
				continue // it is unknown: see TestCreateThatIsNeitherFoundNorRepeatedIsUnknown
			}
			t.Run(row.name+"/"+operation.name, func(t *testing.T) {
				t.Parallel()
				inVirtualTime(t, func(f *fixture) {
					id := f.server.Seed("web")
					f.server.Inject(row.fault.On(operation.method, operation.route).Once())
					noError(f, allOperations[operation.name](f.Context(), f.client, id))
				})
			})
		}
	}
}

// A request that was never sent may be sent again, whatever its method.
func TestUnsentRequestsAreRepeated(t *testing.T) {
	t.Parallel()
	for name, problem := range map[string]error{
		"refused":          &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED},
		"unreachable":      &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ENETUNREACH},
		"no such host":     &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "api.clerk.com", IsNotFound: true}},
		"DNS server fails": &net.DNSError{Err: "server misbehaving", Name: "api.clerk.com", IsTemporary: true},
		"handshake breaks": syscall.ECONNRESET,
		"proxy refuses":    errors.New("Proxy Authentication Required"),
	} {
		for _, operation := range retryOperations {
			t.Run(name+"/"+operation.name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					attempts := 0
					server := clerktest.NewInMemory(t)
					id := server.Seed("web")
					transport := server.RoundTripper()
					events := &eventLog{}
					client := newClient(t, server, func(config *clerk.Config) {
						config.Observer = events.add
						config.Transport = roundTrip(func(req *http.Request) (*http.Response, error) {
							if attempts++; attempts < most {
								return nil, problem
							}
							return transport.RoundTrip(req)
						})
					})
					noError(t, allOperations[operation.name](t.Context(), client, id))
					equal(t, "attempts", attempts, most)
					equal(t, "requests", server.CountRequests("", ""), 1)
					equalLists(t, "outcomes", events.outcomes(), []string{"unsent", "unsent", "unsent", "unsent", "unsent", "ok"})

					never := newClient(t, server, func(config *clerk.Config) {
						config.Transport = roundTrip(func(*http.Request) (*http.Response, error) { return nil, problem })
					})
					err := allOperations[operation.name](t.Context(), never, id)
					equal(t, "attempts until it gives up", asError[*clerk.AttemptsError](t, err).Attempts, most)
					unsent := asError[*clerk.TransportError](t, err)
					equal(t, "sent", unsent.Sent, false)
					equal(t, "requests", server.CountRequests("", ""), 1)
				})
			})
		}
	}
}

func TestMaxRetries(t *testing.T) {
	t.Parallel()
	for _, retries := range []int{0, 1, 10} {
		inVirtualTime(t, func(f *fixture) {
			f.server.Inject(clerktest.HTML(503))
			_, err := f.client.GetOAuthApplicationSettings(f.Context())
			equal(f, "requests", f.server.CountRequests("", ""), retries+1)
			_, counted := errors.AsType[*clerk.AttemptsError](err)
			equal(f, "says how often", counted, retries > 0)
		}, func(config *clerk.Config) { config.MaxRetries = &retries })
	}
}

func TestRequestTimeout(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(f *fixture) {
		f.server.Inject(clerktest.NeverAnswers())
		_, err := f.client.GetOAuthApplicationSettings(f.Context())
		lost := asError[*clerk.TransportError](f, err)
		equal(f, "timeout", lost.Timeout, true)
		equal(f, "sent", lost.Sent, true)
		equal(f, "says how long", strings.Contains(err.Error(), "nothing came within 7s"), true)
		for _, event := range f.events.all() {
			equal(f, "duration", event.Duration, 7*time.Second)
			equal(f, "outcome", event.Outcome, "lost")
		}
	}, func(config *clerk.Config) { config.RequestTimeout = 7 * time.Second })
}

func TestRetryAfterIsObeyed(t *testing.T) {
	t.Parallel()
	const second = time.Second
	date := func(d time.Duration, layout string) func(time.Time) []string {
		return func(now time.Time) []string { return []string{now.Add(d).UTC().Format(layout)} }
	}
	values := func(values ...string) func(time.Time) []string {
		return func(time.Time) []string { return values }
	}
	for name, test := range map[string]struct {
		header   func(serverNow time.Time) []string
		min, max time.Duration // without the jitter
	}{
		"seconds":        {values("7"), 7 * second, 7 * second},
		"a minute":       {values("60"), 60 * second, 60 * second},
		"zero":           {values("0"), second / 4, second / 4},
		"negative":       {values("-5"), second / 4, second / 4},
		"two values":     {values("3", "9"), 9 * second, 9 * second},
		"one is garbage": {values("abc", "3"), 3 * second, 3 * second},
		"IMF date":       {date(20*second, http.TimeFormat), 20 * second, 20 * second},
		"RFC 850 date":   {date(20*second, "Monday, 02-Jan-06 15:04:05 GMT"), 20 * second, 20 * second},
		"asctime date":   {date(20*second, time.ANSIC), 20 * second, 20 * second},
		"past date":      {date(-time.Hour, http.TimeFormat), second / 4, second / 4},
		"absent":         {values(), second / 2, second / 2},
		"words":          {values("soon"), second / 2, second / 2},
		"fraction":       {values("1.5"), second / 2, second / 2},
	} {
		for clock, skew := range map[string]time.Duration{"same clock": 0, "server ahead": time.Hour, "server behind": -time.Hour} {
			t.Run(name+"/"+clock, func(t *testing.T) {
				t.Parallel()
				inVirtualTime(t, func(f *fixture) {
					f.server.SetClockSkew(skew)
					f.server.Inject(clerktest.TooManyRequests(test.header(time.Now().Add(skew))...).Once())
					_, err := f.client.GetOAuthApplicationSettings(f.Context())
					noError(f, err)
					if waited := f.elapsed(); waited < test.min || waited >= test.max+second/2 {
						f.Errorf("waited %s, want %s to %s and less than half a second more", waited, test.min, test.max)
					}
					events := f.events.all()
					equal(f, "the event tells of the wait", events[1].Waited, f.elapsed())
				})
			})
		}
	}
}

// Clerk's window is 10 seconds long. A request that is refused at its beginning must wait until its end, also without a
// Retry-After.
func TestThrottlingOfAWholeWindowWithoutAHeaderIsWaitedOut(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(f *fixture) {
		throttle := clerktest.TooManyRequests().When(func(clerktest.Request) bool { return f.elapsed() < 10*time.Second })
		f.server.Inject(throttle)
		var wait sync.WaitGroup
		for range 300 {
			client := newClient(f, f.server) // its own client, so that a 429 of another request does not pause it
			wait.Go(func() {
				if _, err := client.GetOAuthApplicationSettings(f.Context()); err != nil {
					f.Errorf("get: %v", err)
				}
			})
		}
		wait.Wait()
	})
}

// Waited, in an event, is the backoff after the attempt before, and the wait for the rate limit.
func TestEventsReportEveryWait(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(f *fixture) {
		f.server.Inject(clerktest.HTML(502).Repeat(4))
		_, err := f.client.GetOAuthApplicationSettings(f.Context())
		noError(f, err)
		events := f.events.all()
		equal(f, "events", len(events), 5)
		var waited time.Duration
		for _, event := range events {
			waited += event.Waited
		}
		equal(f, "before the first", events[0].Waited, 0)
		equal(f, "in all", waited, f.elapsed())
	})
}

// The header also applies to other answers, without jitter.
func TestRetryAfterOfOtherAnswers(t *testing.T) {
	t.Parallel()
	for _, status := range []int{409, 503} {
		inVirtualTime(t, func(f *fixture) {
			f.server.Inject(clerktest.Fault{Work: clerktest.WorkSkipped, Reply: &clerktest.Reply{Status: status, Code: "resource_locked", Header: http.Header{"Retry-After": {"11"}}}}.Once())
			_, err := f.client.GetOAuthApplicationSettings(f.Context())
			noError(f, err)
			equal(f, "waited", f.elapsed(), 11*time.Second)
		})
	}
}

func TestLongRetryAfterIsAnError(t *testing.T) {
	t.Parallel()
	for header, says := range map[string]string{
		"61":                            "1m1s",
		"86400":                         "24h0m0s",
		"1000000000000":                 "106751 days", // the longest time.Duration
		"Wed, 12 May 2100 10:00:00 GMT": "days",
	} {
		for _, status := range []int{429, 503} {
			inVirtualTime(t, func(f *fixture) {
				f.server.Inject(clerktest.Fault{Work: clerktest.WorkSkipped, Reply: &clerktest.Reply{Status: status, Code: "too_many_requests", Header: http.Header{"Retry-After": {header}}}})
				_, err := f.client.GetOAuthApplicationSettings(f.Context())
				long := asError[*clerk.RetryAfterError](f, err)
				equal(f, "states the number", strings.Contains(err.Error(), "asks to wait "+says) || strings.Contains(err.Error(), says+", longer"), true)
				equal(f, "has a trace id", len(long.TraceID), 32)
				equal(f, "status", asError[*clerk.APIError](f, err).Status, status)
				equal(f, "requests", f.server.CountRequests("", ""), 1)
				equal(f, "time", f.elapsed(), 0)
			})
		}
	}
}

func TestDeadlineShorterThanTheWaitStops(t *testing.T) {
	t.Parallel()
	t.Run("Retry-After", func(t *testing.T) {
		t.Parallel()
		inVirtualTime(t, func(f *fixture) {
			f.server.Inject(clerktest.TooManyRequests("30"))
			ctx, cancel := context.WithTimeout(f.Context(), 20*time.Second)
			defer cancel()
			_, err := f.client.GetOAuthApplicationSettings(ctx)
			long := asError[*clerk.RetryAfterError](f, err)
			equal(f, "asked", long.RetryAfter, 30*time.Second)
			equal(f, "left", long.TimeLeft, 20*time.Second)
			equal(f, "says both", strings.Contains(err.Error(), "30s") && strings.Contains(err.Error(), "20s"), true)
			equal(f, "time", f.elapsed(), 0)
		})
	})
	t.Run("backoff", func(t *testing.T) {
		t.Parallel()
		inVirtualTime(t, func(f *fixture) {
			f.server.Inject(clerktest.HTML(503))
			ctx, cancel := context.WithTimeout(f.Context(), time.Second)
			defer cancel()
			_, err := f.client.GetOAuthApplicationSettings(ctx)
			equal(f, "status", asError[*clerk.APIError](f, err).Status, 503)
			if f.elapsed() >= time.Second {
				f.Error("it waited for the deadline")
			}
		}, func(config *clerk.Config) { config.MaxRetries = new(100) })
	})
}

// A 429 pauses all requests of the client.
func TestOneThrottledRequestPausesAll(t *testing.T) {
	t.Parallel()
	for name, retries := range map[string]int{"it is repeated": 5, "it was the last attempt": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inVirtualTime(t, func(f *fixture) {
				f.server.Inject(clerktest.TooManyRequests("5").Once())
				_, _ = f.client.GetOAuthApplicationSettings(f.cancelledAfter(time.Second))
				throttled := f.server.Requests()[0].Time
				var wait sync.WaitGroup
				for range 20 {
					wait.Go(func() {
						if _, err := f.client.GetOAuthApplicationSettings(f.Context()); err != nil {
							f.Errorf("get: %v", err)
						}
					})
				}
				wait.Wait()
				requests := f.server.Requests()
				equal(f, "requests", len(requests), 21)
				for _, request := range requests[1:] {
					if pause := request.Time.Sub(throttled); pause < 5*time.Second || pause >= 5500*time.Millisecond {
						f.Errorf("a request was sent %s after the 429", pause)
					}
				}
			}, func(config *clerk.Config) { config.MaxRetries = &retries })
		})
	}
}

func TestLimitsByKindOfKey(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		key    string
		limit  int
		option int
	}{
		"development": {"sk_test_1", clerk.DefaultRequestsPer10sDevelopment, 0},
		"production":  {"sk_live_1", clerk.DefaultRequestsPer10sProduction, 0},
		"set":         {"sk_test_1", 7, 7},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server := clerktest.NewInMemory(t, clerktest.WithKey(test.key))
				client := newClient(t, server, func(config *clerk.Config) { config.RequestsPer10s = test.option })
				began := time.Now()
				for range test.limit + 1 {
					_, err := client.GetOAuthApplicationSettings(t.Context())
					noError(t, err)
				}
				equal(t, "time", time.Since(began), 10*time.Second)
				equal(t, "requests before", server.Requests()[test.limit-1].Time.Sub(began), 0)
			})
		})
	}
}

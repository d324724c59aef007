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

// most is how often one request is sent at most: once, and clerk.DefaultMaxRetries repeats.
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

// retryTable is the retry policy once more, by hand: how often a request is sent when the same outcome meets it each
// time. A create that is sent twice was looked for in between; a rotation that is sent three times waited in between.
var retryTable = []struct {
	name                       string
	fault                      clerktest.Fault
	repeatable, create, rotate int
}{
	{"429", clerktest.TooManyRequests(), most, most, most},
	{"429 with Retry-After", clerktest.TooManyRequests("1"), most, most, most},
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

// someJSON is half a text away from being a whole answer.
const someJSON = `{"object":"oauth_application","id":"oa_1"}`

// truncated is a success, carried out by nobody, of which only half arrives.
func truncated(delivery clerktest.Delivery) clerktest.Fault {
	return clerktest.Fault{Work: clerktest.WorkSkipped, Reply: &clerktest.Reply{Status: 200, ContentType: "application/json", Body: someJSON}, Delivery: delivery}
}

func TestRetryTable(t *testing.T) {
	t.Parallel()
	for _, row := range retryTable {
		for _, operation := range retryOperations {
			want := row.repeatable
			switch operation.name {
			case "create":
				want = row.create
			case "rotate":
				want = row.rotate
			}
			t.Run(row.name+"/"+operation.name, func(t *testing.T) {
				t.Parallel()
				inVirtualTime(t, func(b *bench) {
					id := b.server.Seed("web")
					b.server.Inject(row.fault.On(operation.method, operation.route))
					err := allOperations[operation.name](b.Context(), b.client, id)
					equal(b, "requests", b.server.CountRequests(operation.method, operation.route), want)
					b.assertErrorFor(err, operation.name, want)
					if b.elapsed() > 5*time.Minute {
						b.Errorf("it took %s", b.elapsed())
					}
				})
			})
		}
	}
}

// assertErrorFor checks the type of the error that a row of the table ends with.
func (b *bench) assertErrorFor(err error, operation string, sent int) {
	b.Helper()
	if err == nil {
		b.Fatal("there is no error")
	}
	_, isAPI := errors.AsType[*clerk.APIError](err)
	_, isAnswer := errors.AsType[*clerk.AnswerError](err)
	_, isTransport := errors.AsType[*clerk.TransportError](err)
	if !isAPI && !isAnswer && !isTransport {
		b.Errorf("the error wraps none of the errors that say what happened: %T %v", err, err)
	}
	_, isUnknownCreate := errors.AsType[*clerk.CreateOutcomeUnknownError](err)
	_, isUnknownRotation := errors.AsType[*clerk.RotateOutcomeUnknownError](err)
	attempts, repeated := errors.AsType[*clerk.AttemptsError](err)
	switch {
	case operation == "create" && sent <= 2:
		// A 4xx is certain, everything else is not.
		certain := isAPI && sent == 1
		equal(b, "create is unknown", isUnknownCreate, !certain)
	case operation == "rotate" && sent == 3:
		equal(b, "rotation is unknown", isUnknownRotation, true)
	case sent == most:
		equal(b, "says how often", repeated && attempts.Attempts == most, true)
	}
	if text := err.Error(); len([]rune(text)) > 1000 || strings.ContainsAny(text, "<>\n") {
		b.Errorf("the error's text is no short line: %q", text)
	}
}

// The same outcomes, but once: everything ends well, whatever it took.
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
				inVirtualTime(t, func(b *bench) {
					id := b.server.Seed("web")
					b.server.Inject(row.fault.On(operation.method, operation.route).Once())
					noError(b, allOperations[operation.name](b.Context(), b.client, id))
				})
			})
		}
	}
}

// Updates and deletes whose answer was lost after the work converge when they are repeated.
func TestRepeatedWritesConverge(t *testing.T) {
	t.Parallel()
	for name, fault := range lostAnswers {
		if name == "no answer in time" {
			fault.Times = 1
		}
		t.Run(name+"/update", func(t *testing.T) {
			t.Parallel()
			inVirtualTime(t, func(b *bench) {
				id := b.server.Seed("web")
				b.server.Inject(fault.On(http.MethodPatch, "").Once())
				app, err := b.client.UpdateOAuthApplication(b.Context(), id, clerk.OAuthApplicationFields{Name: new("new")})
				noError(b, err)
				equal(b, "name", app.Name, "new")
			})
		})
		t.Run(name+"/delete", func(t *testing.T) {
			t.Parallel()
			inVirtualTime(t, func(b *bench) {
				id := b.server.Seed("web")
				b.server.Inject(fault.On(http.MethodDelete, "").Once())
				err := b.client.DeleteOAuthApplication(b.Context(), id)
				// The repetition finds nothing any more, and that is how it tells.
				equal(b, "not found", clerk.IsNotFound(err), true)
				equal(b, "applications", len(b.server.Applications()), 0)
			})
		})
	}
}

// A request that never left may be sent again, whatever it is.
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
		inVirtualTime(t, func(b *bench) {
			b.server.Inject(clerktest.HTML(503))
			_, err := b.client.GetOAuthApplicationSettings(b.Context())
			equal(b, "requests", b.server.CountRequests("", ""), retries+1)
			_, counted := errors.AsType[*clerk.AttemptsError](err)
			equal(b, "says how often", counted, retries > 0)
		}, func(config *clerk.Config) { config.MaxRetries = &retries })
	}
}

func TestRequestTimeout(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(b *bench) {
		b.server.Inject(clerktest.NeverAnswers())
		_, err := b.client.GetOAuthApplicationSettings(b.Context())
		lost := asError[*clerk.TransportError](b, err)
		equal(b, "timeout", lost.Timeout, true)
		equal(b, "sent", lost.Sent, true)
		equal(b, "says how long", strings.Contains(err.Error(), "nothing came within 7s"), true)
		for _, event := range b.events.all() {
			equal(b, "duration", event.Duration, 7*time.Second)
			equal(b, "outcome", event.Outcome, "lost")
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
		"absent":         {values(), 0, second / 2},
		"words":          {values("soon"), 0, second / 2},
		"fraction":       {values("1.5"), 0, second / 2},
	} {
		for clock, skew := range map[string]time.Duration{"same clock": 0, "server ahead": time.Hour, "server behind": -time.Hour} {
			t.Run(name+"/"+clock, func(t *testing.T) {
				t.Parallel()
				inVirtualTime(t, func(b *bench) {
					b.server.SetClockSkew(skew)
					b.server.Inject(clerktest.TooManyRequests(test.header(time.Now().Add(skew))...).Once())
					_, err := b.client.GetOAuthApplicationSettings(b.Context())
					noError(b, err)
					if waited := b.elapsed(); waited < test.min || waited >= test.max+second/2 {
						b.Errorf("waited %s, want %s to %s and less than half a second more", waited, test.min, test.max)
					}
					events := b.events.all()
					equal(b, "the event tells of the wait", events[1].Waited, b.elapsed())
				})
			})
		}
	}
}

// The header counts for other answers too, without jitter.
func TestRetryAfterOfOtherAnswers(t *testing.T) {
	t.Parallel()
	for _, status := range []int{409, 503} {
		inVirtualTime(t, func(b *bench) {
			b.server.Inject(clerktest.Fault{Work: clerktest.WorkSkipped, Reply: &clerktest.Reply{Status: status, Code: "resource_locked", Header: http.Header{"Retry-After": {"11"}}}}.Once())
			_, err := b.client.GetOAuthApplicationSettings(b.Context())
			noError(b, err)
			equal(b, "waited", b.elapsed(), 11*time.Second)
		})
	}
}

func TestLongRetryAfterIsAnError(t *testing.T) {
	t.Parallel()
	for header, says := range map[string]string{
		"61":                            "1m1s",
		"86400":                         "24h0m0s",
		"1000000000000":                 "106751 days", // the longest time that Go can tell
		"Wed, 12 May 2100 10:00:00 GMT": "days",
	} {
		for _, status := range []int{429, 503} {
			inVirtualTime(t, func(b *bench) {
				b.server.Inject(clerktest.Fault{Work: clerktest.WorkSkipped, Reply: &clerktest.Reply{Status: status, Code: "too_many_requests", Header: http.Header{"Retry-After": {header}}}})
				_, err := b.client.GetOAuthApplicationSettings(b.Context())
				long := asError[*clerk.RetryAfterError](b, err)
				equal(b, "states the number", strings.Contains(err.Error(), "asks to wait "+says) || strings.Contains(err.Error(), says+", longer"), true)
				equal(b, "has a trace id", len(long.TraceID), 32)
				equal(b, "status", asError[*clerk.APIError](b, err).Status, status)
				equal(b, "requests", b.server.CountRequests("", ""), 1)
				equal(b, "time", b.elapsed(), 0)
			})
		}
	}
}

func TestDeadlineShorterThanTheWaitStops(t *testing.T) {
	t.Parallel()
	t.Run("Retry-After", func(t *testing.T) {
		t.Parallel()
		inVirtualTime(t, func(b *bench) {
			b.server.Inject(clerktest.TooManyRequests("30"))
			ctx, cancel := context.WithTimeout(b.Context(), 20*time.Second)
			defer cancel()
			_, err := b.client.GetOAuthApplicationSettings(ctx)
			long := asError[*clerk.RetryAfterError](b, err)
			equal(b, "asked", long.RetryAfter, 30*time.Second)
			equal(b, "left", long.TimeLeft, 20*time.Second)
			equal(b, "says both", strings.Contains(err.Error(), "30s") && strings.Contains(err.Error(), "20s"), true)
			equal(b, "time", b.elapsed(), 0)
		})
	})
	t.Run("backoff", func(t *testing.T) {
		t.Parallel()
		inVirtualTime(t, func(b *bench) {
			b.server.Inject(clerktest.HTML(503))
			ctx, cancel := context.WithTimeout(b.Context(), time.Second)
			defer cancel()
			_, err := b.client.GetOAuthApplicationSettings(ctx)
			equal(b, "status", asError[*clerk.APIError](b, err).Status, 503)
			if b.elapsed() >= time.Second {
				b.Error("it waited for the deadline")
			}
		}, func(config *clerk.Config) { config.MaxRetries = new(100) })
	})
}

// One 429 is a message to all requests of the client.
func TestOneThrottledRequestPausesAll(t *testing.T) {
	t.Parallel()
	for name, retries := range map[string]int{"it is repeated": 5, "it was the last attempt": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inVirtualTime(t, func(b *bench) {
				b.server.Inject(clerktest.TooManyRequests("5").Once())
				_, _ = b.client.GetOAuthApplicationSettings(b.cancelledAfter(time.Second))
				throttled := b.server.Requests()[0].Time
				var wait sync.WaitGroup
				for range 20 {
					wait.Go(func() {
						if _, err := b.client.GetOAuthApplicationSettings(b.Context()); err != nil {
							b.Errorf("get: %v", err)
						}
					})
				}
				wait.Wait()
				requests := b.server.Requests()
				equal(b, "requests", len(requests), 21)
				for _, request := range requests[1:] {
					if pause := request.Time.Sub(throttled); pause < 5*time.Second || pause >= 5500*time.Millisecond {
						b.Errorf("a request was sent %s after the 429", pause)
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

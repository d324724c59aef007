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

// operation is one method of the client, on an application that exists.
type operation struct {
	name, method, route string // of its one request; "" if other requests follow
	call                func(context.Context, *clerk.Client, string) error
}

var operations = []operation{
	{"get", http.MethodGet, clerktest.RouteApplication, func(ctx context.Context, c *clerk.Client, id string) error {
		_, err := c.GetOAuthApplication(ctx, id)
		return err
	}},
	{"list", http.MethodGet, clerktest.RouteApplications, func(ctx context.Context, c *clerk.Client, _ string) error {
		_, _, err := c.ListOAuthApplications(ctx, clerk.ListQuery{})
		return err
	}},
	{"find by client_id", "", "", func(ctx context.Context, c *clerk.Client, _ string) error {
		_, err := c.FindOAuthApplication(ctx, clerk.By{ClientID: "d9g4CT4WYiCBm7EU"})
		return err
	}},
	{"find by name", "", "", func(ctx context.Context, c *clerk.Client, _ string) error {
		_, err := c.FindOAuthApplication(ctx, clerk.By{Name: "web"})
		return err
	}},
	{"create", http.MethodPost, clerktest.RouteApplications, func(ctx context.Context, c *clerk.Client, _ string) error {
		_, err := c.CreateOAuthApplication(ctx, fieldsNamed("new"))
		return err
	}},
	{"update", http.MethodPatch, clerktest.RouteApplication, func(ctx context.Context, c *clerk.Client, id string) error {
		_, err := c.UpdateOAuthApplication(ctx, id, clerk.OAuthApplicationFields{Name: new("new")})
		return err
	}},
	{"rotate", http.MethodPost, clerktest.RouteRotateSecret, func(ctx context.Context, c *clerk.Client, id string) error {
		_, err := c.RotateClientSecret(ctx, id, time.Time{})
		return err
	}},
	{"upload", http.MethodPut, clerktest.RouteLogo, func(ctx context.Context, c *clerk.Client, id string) error {
		_, err := c.UploadOAuthApplicationLogo(ctx, id, "logo.png", pngImage)
		return err
	}},
	{"delete", http.MethodDelete, clerktest.RouteApplication, func(ctx context.Context, c *clerk.Client, id string) error { return c.DeleteOAuthApplication(ctx, id) }},
	{"get settings", http.MethodGet, clerktest.RouteSettings, func(ctx context.Context, c *clerk.Client, _ string) error {
		_, err := c.GetOAuthApplicationSettings(ctx)
		return err
	}},
	{"update settings", http.MethodPatch, clerktest.RouteSettings, func(ctx context.Context, c *clerk.Client, _ string) error {
		_, err := c.UpdateOAuthApplicationSettings(ctx, clerk.OAuthApplicationSettingsFields{OAuthJWTAccessTokens: new(true)})
		return err
	}},
	{"instance", http.MethodGet, clerktest.RouteInstance, func(ctx context.Context, c *clerk.Client, _ string) error { _, err := c.Instance(ctx); return err }},
}

func (o operation) changes() bool {
	return o.method == http.MethodPatch || o.method == http.MethodPut || o.method == http.MethodDelete
}

// most is how often a request is sent at most: once, and clerk.DefaultMaxRetries retries.
const most = 6

// applied says what Clerk may have done.
type applied string

const (
	certainlyNot applied = "no"
	maybe        applied = "maybe"
)

// someJSON is an answer that truncated cuts in two.
const someJSON = `{"object":"oauth_application","id":"oa_1"}`

func truncated(delivery clerktest.Delivery) clerktest.Fault {
	fault := raw(someJSON)
	fault.Delivery = delivery
	return fault
}

func raw(body string) clerktest.Fault { return clerktest.Raw(200, "application/json", body) }

// faults are the rows of the retry table: how often a request is sent if it always ends so.
// Between two creates the client searches for the application; between rotations it waits.
var faults = map[string]struct {
	fault                      clerktest.Fault
	repeatable, create, rotate int
	applied                    applied
}{
	"429":                     {clerktest.TooManyRequests(), most, most, most, certainlyNot},
	"429 with Retry-After":    {clerktest.TooManyRequests("1"), most, most, most, certainlyNot},
	"429 with one of 0":       {clerktest.TooManyRequests("0"), most, most, most, certainlyNot},
	"429 with one unreadable": {clerktest.TooManyRequests("abc", "1.5"), most, most, most, certainlyNot},
	"429 HTML":                {clerktest.HTML(429), most, most, most, certainlyNot},
	"409 resource_locked":     {clerktest.Locked(), most, most, most, certainlyNot},

	"400":      {clerktest.ClerkError(400, "request_body_invalid"), 1, 1, 1, certainlyNot},
	"401":      {clerktest.ClerkError(401, "clerk_key_invalid"), 1, 1, 1, certainlyNot},
	"403 HTML": {clerktest.HTML(403), 1, 1, 1, certainlyNot},
	"404":      {clerktest.ClerkError(404, "resource_not_found"), 1, 1, 1, certainlyNot},
	"404 text": {clerktest.Raw(404, "text/plain", "404 page not found\n"), 1, 1, 1, certainlyNot},
	"405":      {clerktest.Raw(405, "", ""), 1, 1, 1, certainlyNot},
	"407":      {clerktest.HTML(407), 1, 1, 1, certainlyNot},
	"409":      {clerktest.ClerkError(409, "conflict"), 1, 1, 1, certainlyNot},
	"413":      {clerktest.ClerkError(413, "request_body_too_large"), 1, 1, 1, certainlyNot},
	"422":      {clerktest.ClerkError(422, "form_param_value_invalid"), 1, 1, 1, certainlyNot},

	"408":       {clerktest.ClerkError(408, "request_timeout"), most, 2, 3, maybe},
	"500":       {clerktest.ClerkError(500, "internal_clerk_error"), most, 2, 3, maybe},
	"502 HTML":  {clerktest.HTML(502), most, 2, 3, maybe},
	"503 empty": {clerktest.Raw(503, "", ""), most, 2, 3, maybe},
	"530":       {clerktest.HTML(530), most, 2, 3, maybe},
	"reset":     {clerktest.ResetBeforeWork(), most, 2, 3, maybe},
	"no answer": {clerktest.NeverAnswers(), most, 1, 3, maybe},

	"short":        {truncated(clerktest.DeliverShort), most, 1, 3, maybe},
	"cut chunks":   {truncated(clerktest.DeliverCutChunks), most, 1, 3, maybe},
	"cut stream":   {truncated(clerktest.DeliverCutUndeclared), most, 1, 3, maybe},
	"cut gzip":     {truncated(clerktest.DeliverCutGzip), most, 1, 3, maybe},
	"empty 200":    {raw(""), 2, 1, 3, maybe},
	"HTML 200":     {clerktest.HTML(200), 2, 1, 3, maybe},
	"null":         {raw("null"), 2, 1, 3, maybe},
	"array":        {raw("[]"), 2, 1, 3, maybe},
	"empty object": {raw("{}"), 2, 1, 3, maybe},
	"another":      {raw(`{"object":"user","id":"user_1","deleted":false}`), 2, 1, 3, maybe},
	"with a tail":  {raw(someJSON + "}"), 2, 1, 3, maybe},
	"after a BOM":  {raw("\ufeff" + someJSON), 2, 1, 3, maybe},
	"deep JSON":    {raw(strings.Repeat("[", 20000) + strings.Repeat("]", 20000)), 2, 1, 3, maybe},
	"redirect":     {clerktest.Redirect(307, "http://127.0.0.1:1/v1"), 2, 1, 3, maybe},
	"304":          {clerktest.Raw(304, "", ""), 2, 1, 3, maybe},
}

func TestRetries(t *testing.T) {
	t.Parallel()
	for name, row := range faults {
		for _, operation := range operations {
			if operation.route == "" {
				continue
			}
			want := map[string]int{"create": row.create, "rotate": row.rotate}[operation.name]
			if want == 0 {
				want = row.repeatable
			}
			run(t, name+"/"+operation.name, func(f *fixture) {
				id := f.server.Seed("web")
				f.inject(row.fault.On(operation.method, operation.route))
				err := operation.call(f.Context(), f.client, id)
				equal(f, "requests", f.server.CountRequests(operation.method, operation.route), want)
				if !isError[*clerk.APIError](err) && !isError[*clerk.AnswerError](err) && !isError[*clerk.TransportError](err) {
					f.Fatalf("the error does not say what happened: %T %v", err, err)
				}
				unknown := row.applied == maybe
				equal(f, "a change may be applied", isError[*clerk.ChangeOutcomeUnknownError](err), unknown && operation.changes())
				equal(f, "a create may be", isError[*clerk.CreateOutcomeUnknownError](err), unknown && operation.name == "create")
				equal(f, "a rotation may be", isError[*clerk.RotateOutcomeUnknownError](err), unknown && operation.name == "rotate")
				if want == most {
					equal(f, "attempts", asError[*clerk.AttemptsError](f, err).Attempts, most)
				}
				if text := err.Error(); len([]rune(text)) > 1000 || strings.ContainsAny(text, "<>\n") {
					f.Errorf("the error's text is no short line: %q", text)
				}
				equal(f, "ends in time", f.elapsed() < 5*time.Minute, true)
			})
			if row.repeatable == 1 || operation.name == "create" && row.create == 1 {
				continue
			}
			run(t, name+" once/"+operation.name, func(f *fixture) {
				id := f.server.Seed("web")
				f.inject(row.fault.On(operation.method, operation.route).Once())
				noError(f, operation.call(f.Context(), f.client, id))
			})
		}
	}
}

// lostAnswers are ways to lose the answer of a request that Clerk carried out.
var lostAnswers = map[string]clerktest.Fault{
	"reset":          clerktest.ResetAfterWork(),
	"408":            clerktest.ClerkError(408, "request_timeout").AfterWork(),
	"500":            clerktest.ClerkError(500, "internal_clerk_error").AfterWork(),
	"502 HTML":       clerktest.HTML(502).AfterWork(),
	"short":          {Delivery: clerktest.DeliverShort},
	"cut chunks":     {Delivery: clerktest.DeliverCutChunks},
	"cut stream":     {Delivery: clerktest.DeliverCutUndeclared},
	"cut gzip":       {Delivery: clerktest.DeliverCutGzip},
	"HTML 200":       clerktest.HTML(200).AfterWork(),
	"empty 200":      raw("").AfterWork(),
	"null":           raw("null").AfterWork(),
	"another object": raw(`{"object":"user","id":"user_1"}`).AfterWork(),
	"redirect":       clerktest.Redirect(307, "https://elsewhere.example/").AfterWork(),
	"too late":       clerktest.SlowAnswer(time.Hour),
}

// Updates, uploads and deletes converge when they are repeated.
func TestLostChangesConverge(t *testing.T) {
	t.Parallel()
	for name, fault := range lostAnswers {
		run(t, name, func(f *fixture) {
			id := f.server.Seed("web")
			f.inject(fault.OnUpdate().Once(), fault.OnLogo().Once(), fault.OnDelete().Once())
			app, err := f.rename(id, "new")
			noError(f, err)
			equal(f, "name", app.Name, "new")
			_, err = f.client.UploadOAuthApplicationLogo(f.Context(), id, "logo.png", pngImage)
			noError(f, err)
			// The retry finds nothing, which shows that the first delete was carried out.
			equal(f, "not found", clerk.IsNotFound(f.client.DeleteOAuthApplication(f.Context(), id)), true)
			equal(f, "requests", f.requests(), 6)
		})
	}
}

// After an attempt that Clerk may have applied, no later failure says that nothing was sent.
func TestChangesThatMayBeApplied(t *testing.T) {
	t.Parallel()
	unsent := errors.New("no route to host")
	for name, test := range map[string]struct {
		later     clerktest.Fault
		cut       bool // no connection after the first attempt
		interrupt bool
		says      string
	}{
		"then unsent":      {cut: true, says: "); then no later attempt reached Clerk (no route to host)"},
		"then throttled":   {later: clerktest.TooManyRequests("3600"), says: "then the server asks to wait 1h0m0s"},
		"then refused":     {later: clerktest.ClerkError(403, "authorization_invalid"), says: "then HTTP 403"},
		"then locked":      {later: clerktest.Locked(), says: "then HTTP 409"},
		"then interrupted": {later: clerktest.TooManyRequests("30"), interrupt: true, says: "context canceled"},
	} {
		for _, operation := range operations {
			if !operation.changes() {
				continue
			}
			t.Run(name+"/"+operation.name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					server := clerktest.NewInMemory(t)
					sent := 0
					client := newClient(t, server, func(config *clerk.Config) {
						transport := config.Transport
						config.Transport = roundTrip(func(req *http.Request) (*http.Response, error) {
							if sent++; sent > 1 && test.cut {
								return nil, unsent
							}
							return transport.RoundTrip(req)
						})
					})
					id := server.Seed("web")
					server.Inject(clerktest.ResetAfterWork().Once())
					server.Inject(test.later)
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					if test.interrupt {
						time.AfterFunc(20*time.Second, cancel)
					}
					err := operation.call(ctx, client, id)
					asError[*clerk.ChangeOutcomeUnknownError](t, err)
					equal(t, "sent", asError[*clerk.TransportError](t, err).Sent, true)
					contains(t, "text", err.Error(), "Clerk may have applied the change: ")
					contains(t, "text", err.Error(), test.says)
					equal(t, "says that it was not sent", strings.Contains(err.Error(), "could not be sent"), false)
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
		"no such host":     &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", IsNotFound: true}},
		"handshake breaks": syscall.ECONNRESET,
		"proxy refuses":    errors.New("Forbidden"),
	} {
		for _, operation := range operations {
			t.Run(name+"/"+operation.name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					server, events := clerktest.NewInMemory(t), &eventLog{}
					id := server.Seed("web", func(a *clerktest.Application) { a.ClientID = "d9g4CT4WYiCBm7EU" })
					attempts, works := 0, most
					client := newClient(t, server, func(config *clerk.Config) {
						transport := config.Transport
						config.Observer = events.add
						config.Transport = roundTrip(func(req *http.Request) (*http.Response, error) {
							if attempts++; attempts < works {
								return nil, problem
							}
							return transport.RoundTrip(req)
						})
					})
					noError(t, operation.call(t.Context(), client, id))
					equal(t, "requests", server.CountRequests("", ""), 1)
					equal(t, "outcomes", events.outcomes(), "unsent unsent unsent unsent unsent ok")

					attempts, works = 0, 100
					err := operation.call(t.Context(), newClient(t, server, func(config *clerk.Config) {
						config.Transport = roundTrip(func(*http.Request) (*http.Response, error) { return nil, problem })
					}), id)
					equal(t, "attempts", asError[*clerk.AttemptsError](t, err).Attempts, most)
					equal(t, "sent", asError[*clerk.TransportError](t, err).Sent, false)
					contains(t, "text", err.Error(), "could not be sent")
				})
			})
		}
	}
}

func TestMaxRetriesAndRequestTimeout(t *testing.T) {
	t.Parallel()
	for _, retries := range []int{0, 1, 10} {
		bubble(t, func(f *fixture) {
			f.inject(clerktest.NeverAnswers())
			_, err := f.client.GetOAuthApplicationSettings(f.Context())
			equal(f, "requests", f.requests(), retries+1)
			equal(f, "says how often", isError[*clerk.AttemptsError](err), retries > 0)
			lost := asError[*clerk.TransportError](f, err)
			equal(f, "timeout", lost.Timeout && lost.Sent, true)
			contains(f, "text", err.Error(), "nothing came within 7s")
			equal(f, "duration", f.events.all()[0].Duration, 7*time.Second)
		}, func(config *clerk.Config) { config.MaxRetries, config.RequestTimeout = &retries, 7*time.Second })
	}
}

func TestRetryAfterIsObeyed(t *testing.T) {
	t.Parallel()
	const second = time.Second
	for _, skew := range []time.Duration{0, time.Hour, -time.Hour} {
		for name, test := range map[string]struct {
			status int
			header func(serverNow time.Time) string
			min    time.Duration
			jitter time.Duration
		}{
			"seconds":     {429, func(time.Time) string { return "7" }, 7 * second, second / 2},
			"zero":        {429, func(time.Time) string { return "0" }, second / 4, second / 2},
			"a date":      {429, func(now time.Time) string { return now.Add(20 * second).UTC().Format(http.TimeFormat) }, 20 * second, second / 2},
			"unreadable":  {429, func(time.Time) string { return "soon" }, second / 2, second / 2},
			"of a 503":    {503, func(time.Time) string { return "11" }, 11 * second, 0},
			"of a locked": {409, func(time.Time) string { return "11" }, 11 * second, 0},
		} {
			run(t, name+" "+skew.String(), func(f *fixture) {
				f.server.SetClockSkew(skew)
				header := http.Header{"Retry-After": {test.header(time.Now().Add(skew))}}
				f.inject(clerktest.ClerkError(test.status, "resource_locked").WithHeader(header).Once())
				_, err := f.client.GetOAuthApplicationSettings(f.Context())
				noError(f, err)
				if waited := f.elapsed(); waited < test.min || waited > test.min+test.jitter {
					f.Errorf("waited %s, want %s and up to %s more", waited, test.min, test.jitter)
				}
				equal(f, "the event tells of the wait", f.events.all()[1].Waited, f.elapsed())
			})
		}
	}
}

func TestLongRetryAfterIsAnError(t *testing.T) {
	t.Parallel()
	for header, says := range map[string]string{
		"61": "asks to wait 1m1s", "1000000000000": "asks to wait 106751 days", "Wed, 12 May 2100 10:00:00 GMT": " days, longer",
	} {
		for _, status := range []int{429, 503} {
			bubble(t, func(f *fixture) {
				f.inject(clerktest.ClerkError(status, "too_many_requests").WithHeader(http.Header{"Retry-After": {header}}))
				_, err := f.client.GetOAuthApplicationSettings(f.Context())
				equal(f, "trace id", len(asError[*clerk.APIError](f, asError[*clerk.RetryAfterError](f, err)).TraceID), 32)
				contains(f, "text", err.Error(), says)
				equal(f, "status", asError[*clerk.APIError](f, err).Status, status)
				equal(f, "requests", f.requests(), 1)
				equal(f, "time", f.elapsed(), 0)
			})
		}
	}
}

func TestDeadlineShorterThanTheWaitStops(t *testing.T) {
	t.Parallel()
	run(t, "Retry-After", func(f *fixture) {
		f.inject(clerktest.TooManyRequests("30"))
		ctx, cancel := context.WithTimeout(f.Context(), 20*time.Second)
		defer cancel()
		_, err := f.client.GetOAuthApplicationSettings(ctx)
		long := asError[*clerk.RetryAfterError](f, err)
		equal(f, "asked", long.RetryAfter, 30*time.Second)
		equal(f, "left", long.TimeLeft, 20*time.Second)
		equal(f, "time", f.elapsed(), 0)
	})
	run(t, "backoff", func(f *fixture) {
		f.inject(clerktest.HTML(503))
		ctx, cancel := context.WithTimeout(f.Context(), time.Second)
		defer cancel()
		_, err := f.client.GetOAuthApplicationSettings(ctx)
		equal(f, "status", asError[*clerk.APIError](f, err).Status, 503)
		equal(f, "waits for the deadline", f.elapsed() >= time.Second, false)
	}, func(config *clerk.Config) { config.MaxRetries = new(100) })
}

// A 429 pauses all requests of the client, whatever becomes of the one that got it.
func TestOneThrottledRequestPausesAll(t *testing.T) {
	t.Parallel()
	for _, retries := range []int{5, 0} {
		bubble(t, func(f *fixture) {
			f.inject(clerktest.TooManyRequests("5").Once())
			_, _ = f.client.GetOAuthApplicationSettings(f.interruptAfter(time.Second))
			throttled := f.server.Requests()[0].Time
			var wait sync.WaitGroup
			for range 20 {
				wait.Go(func() { _, _ = f.client.GetOAuthApplicationSettings(f.Context()) })
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
	}
}

// Waited, in an event, is the backoff after the attempt before, and the wait for the rate limit.
func TestEvents(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		id := f.server.Seed("web")
		f.inject(clerktest.HTML(502).Repeat(4))
		_, err := f.client.GetOAuthApplication(f.Context(), id)
		noError(f, err)
		var waited time.Duration
		for i, event := range f.events.all() {
			waited += event.Waited
			equal(f, "method", event.Method+" "+event.Route, "GET /oauth_applications/{id}")
			equal(f, "attempt", event.Attempt, i+1)
			equal(f, "status", event.Status, map[bool]int{true: 502, false: 200}[i < 4])
			equal(f, "trace id", len(event.TraceID), 32)
			equal(f, "has bytes", event.Bytes > 100, true)
		}
		equal(f, "outcomes", f.events.outcomes(), "failed failed failed failed ok")
		equal(f, "waited", waited, f.elapsed())
	})
}

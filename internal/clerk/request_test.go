package clerk_test

import (
	"context"
	"errors"
	"fmt"
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

// most is how often a request is sent at most: once, and the default of 5 retries.
const most = 6

// someJSON is an answer that truncated cuts in two.
const someJSON = `{"object":"oauth_application","id":"oa_1"}`

func truncated(delivery clerktest.Delivery) clerktest.Fault {
	fault := raw(someJSON)
	fault.Delivery = delivery
	return fault
}

func raw(body string) clerktest.Fault { return clerktest.Raw(200, "application/json", body) }

// faultRow is a row of the retry table: how often a request is sent if it always ends so.
// Between two creates the client searches for the application; between rotations it waits.
type faultRow struct {
	fault                      any // a fault of the server, or of the transport: not sent
	repeatable, create, rotate int
	maybe                      bool // Clerk may have applied it
}

var faults = map[string]faultRow{
	"no connection":  {&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, most, most, most, false},
	"proxy refuses":  {errors.New("Forbidden"), most, most, most, false},
	"429":            {clerktest.TooManyRequests(), most, most, most, false},
	"429 with 0":     {clerktest.TooManyRequests("0"), most, most, most, false},
	"429 unreadable": {clerktest.TooManyRequests("abc", "1.5"), most, most, most, false},
	"429 HTML":       {clerktest.HTML(429), most, most, most, false},
	"409 locked":     {clerktest.Locked(), most, most, most, false},

	"400":      {clerktest.ClerkError(400, "request_body_invalid"), 1, 1, 1, false},
	"403 HTML": {clerktest.HTML(403), 1, 1, 1, false},
	"404":      {clerktest.ClerkError(404, "resource_not_found"), 1, 1, 1, false},
	"407":      {clerktest.HTML(407), 1, 1, 1, false},
	"409":      {clerktest.ClerkError(409, "conflict"), 1, 1, 1, false},
	"422":      {clerktest.ClerkError(422, "resource_locked"), 1, 1, 1, false},

	"408":       {clerktest.ClerkError(408, "request_timeout"), most, 2, 3, true},
	"500":       {clerktest.ClerkError(500, "internal_clerk_error"), most, 2, 3, true},
	"503 empty": {clerktest.Raw(503, "", ""), most, 2, 3, true},
	"530 HTML":  {clerktest.HTML(530), most, 2, 3, true},
	"reset":     {clerktest.ResetBeforeWork(), most, 2, 3, true},
	"no answer": {clerktest.NeverAnswers(), most, 1, 3, true},

	"short":       {truncated(clerktest.DeliverShort), most, 1, 3, true},
	"cut chunks":  {truncated(clerktest.DeliverCutChunks), most, 1, 3, true},
	"cut stream":  {truncated(clerktest.DeliverCutUndeclared), most, 1, 3, true},
	"cut gzip":    {truncated(clerktest.DeliverCutGzip), most, 1, 3, true},
	"empty 200":   {raw(""), 2, 1, 3, true},
	"HTML 200":    {clerktest.HTML(200), 2, 1, 3, true},
	"another":     {raw(`{"object":"user","id":"user_1","deleted":false}`), 2, 1, 3, true},
	"with a tail": {raw(someJSON + "}"), 2, 1, 3, true},
	"deep JSON":   {raw(strings.Repeat("[", 20000) + strings.Repeat("]", 20000)), 2, 1, 3, true},
	"redirect":    {clerktest.Redirect(307, "http://127.0.0.1:1/v1"), 2, 1, 3, true},
	"304":         {clerktest.Raw(304, "", ""), 2, 1, 3, true},
}

// apply makes the requests of an operation end so, the first or all of them.
func (row faultRow) apply(f *fixture, o operation, once bool) {
	if fault, ok := row.fault.(clerktest.Fault); ok {
		fault = fault.On(o.method, o.route)
		if once {
			fault = fault.Once()
		}
		f.inject(fault)
		return
	}
	f.before = func(*http.Request) error {
		if once {
			f.before = nil
		}
		return row.fault.(error)
	}
}

func TestRetries(t *testing.T) {
	t.Parallel()
	for name, row := range faults {
		for _, operation := range operations {
			if operation.route == "" {
				continue
			}
			want := row.repeatable
			switch operation.name {
			case "create":
				want = row.create
			case "rotate":
				want = row.rotate
			}
			run(t, name+"/"+operation.name, func(f *fixture) {
				id := f.server.Seed("web")
				row.apply(f, operation, false)
				err := operation.call(f.Context(), f.client, id)
				sent := 0
				for _, event := range f.events.events {
					if event.Method == operation.method && event.Route == operation.route {
						sent++
					}
				}
				equal(f, "requests", sent, want)
				if unsent, ok := errors.AsType[*clerk.TransportError](err); ok {
					equal(f, "sent", unsent.Sent, row.maybe)
				} else if !ok && !isError[*clerk.APIError](err) && !isError[*clerk.AnswerError](err) {
					f.Fatalf("the error does not say what happened: %T %v", err, err)
				}
				equal(f, "a change may be applied", isError[*clerk.ChangeOutcomeUnknownError](err), row.maybe && operation.changes())
				equal(f, "a create may be", isError[*clerk.CreateOutcomeUnknownError](err), row.maybe && operation.name == "create")
				equal(f, "a rotation may be", isError[*clerk.RotateOutcomeUnknownError](err), row.maybe && operation.name == "rotate")
				if want == most {
					equal(f, "attempts", asError[*clerk.AttemptsError](f, err).Attempts, most)
				}
				if text := err.Error(); len([]rune(text)) > 1000 || strings.ContainsAny(text, "<>\n") {
					f.Errorf("the error's text is no short line: %q", text)
				}
				equal(f, "ends in time", f.elapsed() < 5*time.Minute, true)
			})
			if row.repeatable > 1 && (operation.name != "create" || row.create > 1) {
				run(t, name+" once/"+operation.name, func(f *fixture) {
					id := f.server.Seed("web")
					row.apply(f, operation, true)
					noError(f, operation.call(f.Context(), f.client, id))
				})
			}
		}
	}
}

// lostAnswers are ways to lose the answer of a request that Clerk carried out.
var lostAnswers = map[string]clerktest.Fault{
	"reset":          clerktest.ResetAfterWork(),
	"500":            clerktest.ClerkError(500, "internal_clerk_error").AfterWork(),
	"502 HTML":       clerktest.HTML(502).AfterWork(),
	"short":          {Delivery: clerktest.DeliverShort},
	"cut gzip":       {Delivery: clerktest.DeliverCutGzip},
	"HTML 200":       clerktest.HTML(200).AfterWork(),
	"empty 200":      raw("").AfterWork(),
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
			err = f.client.DeleteOAuthApplication(f.Context(), id)
			equal(f, "not found", clerk.IsNotFound(err), true)
			equal(f, "requests", f.requests(), 6)
		})
	}
}

// After an attempt that Clerk may have applied, no later failure says that nothing was sent.
func TestChangesThatMayBeApplied(t *testing.T) {
	t.Parallel()
	for says, later := range map[string]any{
		"); then no later attempt reached Clerk (no route to host)": errors.New("no route to host"),
		"then the server asks to wait 1h0m0s":                       clerktest.TooManyRequests("3600"),
		"then HTTP 403":                                             clerktest.ClerkError(403, "authorization_invalid"),
		"then HTTP 409":                                             clerktest.Locked(),
		"context canceled":                                          clerktest.TooManyRequests("30"), // and interrupted meanwhile
	} {
		for _, operation := range operations {
			if !operation.changes() {
				continue
			}
			run(t, says+"/"+operation.name, func(f *fixture) {
				id := f.server.Seed("web")
				f.inject(clerktest.ResetAfterWork().Once())
				f.before = func(*http.Request) error {
					faultRow{fault: later}.apply(f, operation, false)
					return nil
				}
				ctx := f.Context()
				if says == "context canceled" {
					ctx = f.interruptAfter(20 * time.Second)
				}
				err := operation.call(ctx, f.client, id)
				asError[*clerk.ChangeOutcomeUnknownError](f, err)
				equal(f, "sent", asError[*clerk.TransportError](f, err).Sent, true)
				contains(f, "text", err.Error(), "Clerk may have applied the change: ")
				contains(f, "text", err.Error(), says)
				equal(f, "says that it was not sent", strings.Contains(err.Error(), "could not be sent"), false)
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
			equal(f, "duration", f.events.events[0].Duration, 7*time.Second)
		}, func(config *clerk.Config) { config.MaxRetries, config.RequestTimeout = &retries, 7*time.Second })
	}
}

// The client waits as long as the server asks. A wait that is too long for the client or for the
// deadline is an error at once.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	const tooLong, jitter, date = "asks to wait 1m1s, longer than this client waits (1m0s)", time.Second / 2, http.TimeFormat
	for _, test := range []struct {
		status        int
		after         string // may be the format of a date, 20 s ahead
		least, jitter time.Duration
		says          string // of an error
	}{
		{429, "7", 7 * time.Second, jitter, ""},
		{429, "0", time.Second / 4, jitter, ""},
		{429, date, 20 * time.Second, jitter, ""},
		{429, "soon", time.Second / 2, jitter, ""},
		{503, "11", 11 * time.Second, 0, ""},
		{409, "11", 11 * time.Second, 0, ""},
		{429, "61", 0, 0, tooLong},
		{503, "61", 0, 0, tooLong},
		{429, "1000000000000", 0, 0, "asks to wait 106751 days, longer than this client"},
		{503, "Wed, 12 May 2100 10:00:00 GMT", 0, 0, " days, longer than this client"},
		{429, "30", 0, 0, "asks to wait 30s, longer than the operation may still take (25s)"},
		{409, "30", 0, 0, "asks to wait 30s, longer than the operation may still take (25s)"},
		{503, "", 0, 25 * time.Second, "HTTP 503"}, // the backoff becomes longer than that
	} {
		run(t, fmt.Sprint(test.status, " ", test.after), func(f *fixture) {
			f.server.SetClockSkew(time.Hour, 0)
			if test.after == date {
				test.after = time.Now().Add(time.Hour + 20*time.Second).UTC().Format(date)
			}
			fault := clerktest.ClerkError(test.status, "resource_locked")
			fault.Header = http.Header{"Retry-After": {test.after}}
			if test.says == "" {
				fault = fault.Once()
			}
			f.inject(fault)
			ctx, cancel := context.WithTimeout(f.Context(), 25*time.Second)
			defer cancel()
			_, err := f.client.GetOAuthApplicationSettings(ctx)
			if over := f.elapsed() - test.least; over < 0 || over > test.jitter {
				f.Errorf("waited %s longer than %s, want up to %s", over, test.least, test.jitter)
			}
			if test.says == "" {
				noError(f, err)
				equal(f, "waited by the event", f.events.events[1].Waited, f.elapsed())
				return
			}
			contains(f, "text", err.Error(), test.says)
			equal(f, "status", asError[*clerk.APIError](f, err).Status, test.status)
			equal(f, "gives up at once", isError[*clerk.RetryAfterError](err) && f.requests() == 1, test.after != "")
		}, func(config *clerk.Config) { config.MaxRetries = new(100) })
	}
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
			for _, request := range f.server.Requests()[1:] {
				pause := request.Time.Sub(throttled)
				equal(f, "pauses", f.requests() == 21 && pause >= 5*time.Second && pause < 5500*time.Millisecond, true)
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
		noError(f, errorOf(f.get(id)))
		var waited time.Duration
		for i, event := range f.events.events {
			waited += event.Waited
			equal(f, "method", event.Method+" "+event.Route, "GET /oauth_applications/{id}")
			equal(f, "attempt", event.Attempt, i+1)
			equal(f, "status", event.Status, map[bool]int{true: 502, false: 200}[i < 4])
			equal(f, "trace id and bytes", len(event.TraceID) == 32 && event.Bytes > 100, true)
		}
		equal(f, "outcomes", f.events.outcomes(), "failed failed failed failed ok")
		equal(f, "waited", waited, f.elapsed())
	})
}

func TestInterrupts(t *testing.T) {
	t.Parallel()
	for _, operation := range operations {
		for name, fault := range map[string]clerktest.Fault{
			"429": clerktest.TooManyRequests("30"), "429 without Retry-After": clerktest.TooManyRequests(),
			"before it begins": {}, "in flight": clerktest.NeverAnswers(),
		} {
			if name == "in flight" && (operation.name == "create" || operation.name == "rotate") {
				continue // see there
			}
			run(t, name+"/"+operation.name, func(f *fixture) {
				wait := 10 * time.Millisecond
				if name == "before it begins" {
					wait = 0
				}
				id, ctx := f.server.Seed("web"), f.interruptAfter(wait)
				synctest.Wait()
				f.inject(fault)
				err := operation.call(ctx, f.client, id)
				equal(f, "is context.Canceled", errors.Is(err, context.Canceled), true)
				equal(f, "time", f.elapsed(), wait)
				unknown := name == "in flight" && operation.changes()
				equal(f, "may be applied", isError[*clerk.ChangeOutcomeUnknownError](err), unknown)
				sent := f.requests()
				equal(f, "is sent", sent > 0, wait > 0)
				time.Sleep(time.Minute)
				equal(f, "requests afterwards", f.requests(), sent)
			})
		}
	}
}

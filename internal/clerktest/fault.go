package clerktest

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// Work says what happens to a request's work under a fault.
type Work int

// Outcomes of the work.
const (
	WorkDone    Work = iota // done before the answer
	WorkSkipped             // not done
	WorkLate                // done after the answer, or after the connection is gone
)

// Fault is a rule of misbehaviour: which requests it meets, and what happens to them. Constructors
// such as [TooManyRequests] make the usual ones; methods such as [Fault.OnCreate] and [Fault.Once]
// narrow them.
type Fault struct {
	Method string             // "" is every method
	Route  string             // a route template, "" is every route
	Match  func(Request) bool // nil matches
	Skip   int                // that many matching requests pass first
	Times  int                // then that many are met; 0 is all

	Delay      time.Duration // before the work
	Hold       *Hold         // before the work
	Before     func(Request) // runs before the work: another actor
	Work       Work
	LateBy     time.Duration        // when WorkLate is done
	After      func(Request)        // runs after the work: another actor
	DelayAfter time.Duration        // before the answer
	HoldAfter  *Hold                // before the answer
	Reply      *Reply               // is answered in place of the work's answer
	Change     func(map[string]any) // changes an answer that is a JSON object
	Delivery   Delivery
}

// Reply is an answer that a fault gives.
type Reply struct {
	Status      int
	Header      http.Header
	Code        string // of an error in Clerk's envelope; "" sends Body
	Body        string
	ContentType string // of Body, "" sends none
}

func (r *Reply) answer() answer {
	replied := answer{status: r.Status, raw: r.Body, contentType: r.ContentType}
	if r.Code != "" {
		replied = catalogued(r.Status, r.Code)
	}
	replied.header = r.Header
	return replied
}

// ClerkError answers an error in Clerk's envelope, without doing the work.
func ClerkError(status int, code string) Fault {
	return Fault{Work: WorkSkipped, Reply: &Reply{Status: status, Code: code}}
}

// TooManyRequests answers 429 with the given Retry-After headers, or without one.
func TooManyRequests(retryAfter ...string) Fault {
	f := ClerkError(http.StatusTooManyRequests, "too_many_requests")
	if len(retryAfter) > 0 {
		f.Reply.Header = http.Header{"Retry-After": retryAfter}
	}
	return f
}

// Locked answers 409 resource_locked, which Clerk calls retryable.
func Locked() Fault { return ClerkError(http.StatusConflict, "resource_locked") }

// Raw answers with any status, content type and body, without doing the work.
func Raw(status int, contentType, body string) Fault {
	reply := &Reply{Status: status, ContentType: contentType, Body: body}
	return Fault{Work: WorkSkipped, Reply: reply}
}

// HTML answers with an error page like that of Clerk's edge, without doing the work.
func HTML(status int) Fault {
	return Raw(status, "text/html; charset=UTF-8", "<!DOCTYPE html>\n<html><head><title>Bad gateway"+
		"</title></head><body><h1>Bad gateway</h1><p>cloudflare</p></body></html>\n")
}

// Redirect answers with a redirect, without doing the work.
func Redirect(status int, location string) Fault {
	header := http.Header{"Location": {location}}
	return Fault{Work: WorkSkipped, Reply: &Reply{Status: status, Header: header}}
}

// ResetBeforeWork resets the connection and does nothing else.
func ResetBeforeWork() Fault { return Fault{Work: WorkSkipped, Delivery: DeliverReset} }

// ResetAfterWork does the work and resets the connection.
func ResetAfterWork() Fault { return Fault{Delivery: DeliverReset} }

// Truncated does the work and delivers half of the answer, in one of the broken ways.
func Truncated(delivery Delivery) Fault { return Fault{Delivery: delivery} }

// Slow waits before the work.
func Slow(delay time.Duration) Fault { return Fault{Delay: delay} }

// SlowAnswer waits between the work and the answer.
func SlowAnswer(delay time.Duration) Fault { return Fault{DelayAfter: delay} }

// NeverAnswers does nothing and keeps the connection open until the client or the server closes it.
func NeverAnswers() Fault { return Fault{Work: WorkSkipped, Delivery: DeliverNothing} }

// Changed does the work and lets a function change the answer, if that is a JSON object. Numbers
// are json.Number.
func Changed(change func(map[string]any)) Fault { return Fault{Change: change} }

// Meanwhile lets another actor act before the work.
func Meanwhile(actor func(Request)) Fault { return Fault{Before: actor} }

// Held waits before the work until the hold is released. If the client leaves first, the work is
// not done.
func Held(hold *Hold) Fault { return Fault{Hold: hold} }

// HeldAfter waits between the work and the answer until the hold is released.
func HeldAfter(hold *Hold) Fault { return Fault{HoldAfter: hold} }

// LateCommit resets the connection at once and does the work later.
func LateCommit(by time.Duration) Fault {
	return Fault{Work: WorkLate, LateBy: by, Delivery: DeliverReset}
}

// On narrows a fault to a method and route; "" is any.
func (f Fault) On(method, route string) Fault { f.Method, f.Route = method, route; return f }

// OnCreate narrows a fault to the creation of an application.
func (f Fault) OnCreate() Fault { return f.On(http.MethodPost, RouteApplications) }

// OnList narrows a fault to the list of applications.
func (f Fault) OnList() Fault { return f.On(http.MethodGet, RouteApplications) }

// OnRead narrows a fault to reading one application.
func (f Fault) OnRead() Fault { return f.On(http.MethodGet, RouteApplication) }

// OnUpdate narrows a fault to changing one application.
func (f Fault) OnUpdate() Fault { return f.On(http.MethodPatch, RouteApplication) }

// OnDelete narrows a fault to deleting one application.
func (f Fault) OnDelete() Fault { return f.On(http.MethodDelete, RouteApplication) }

// OnRotate narrows a fault to rotating a client secret.
func (f Fault) OnRotate() Fault { return f.On(http.MethodPost, RouteRotateSecret) }

// OnLogo narrows a fault to uploading a logo.
func (f Fault) OnLogo() Fault { return f.On(http.MethodPut, RouteLogo) }

// OnInstance narrows a fault to reading the instance.
func (f Fault) OnInstance() Fault { return f.On(http.MethodGet, RouteInstance) }

// When narrows a fault to requests that a function accepts.
func (f Fault) When(match func(Request) bool) Fault { f.Match = match; return f }

// Once makes a fault meet one request.
func (f Fault) Once() Fault { return f.Repeat(1) }

// Repeat makes a fault meet that many requests.
func (f Fault) Repeat(times int) Fault { f.Times = times; return f }

// Skipping lets that many matching requests pass first.
func (f Fault) Skipping(requests int) Fault { f.Skip = requests; return f }

// AfterWork does the work before the fault's reply: a 500 that comes too late, for example.
func (f Fault) AfterWork() Fault { f.Work = WorkDone; return f }

// Late does the work that much after the fault's reply.
func (f Fault) Late(by time.Duration) Fault { f.Work, f.LateBy = WorkLate, by; return f }

// Hold stops requests until it is released, and shows that the first has arrived.
type Hold struct {
	arrived, released chan struct{}
	arrive, release   sync.Once
}

// NewHold returns a closed hold. In a testing/synctest bubble it must be created inside the bubble.
func NewHold() *Hold {
	return &Hold{arrived: make(chan struct{}), released: make(chan struct{})}
}

// Arrived is closed when the first request has arrived.
func (h *Hold) Arrived() <-chan struct{} { return h.arrived }

// Release lets every request pass, later ones too.
func (h *Hold) Release() { h.release.Do(func() { close(h.released) }) }

// hold waits for the release. It returns false if the client left or the server closed first.
func (s *Server) hold(ctx context.Context, h *Hold) bool {
	if h == nil {
		return true
	}
	h.arrive.Do(func() { close(h.arrived) })
	select {
	case <-h.released:
		return true
	case <-ctx.Done():
	case <-s.closed:
	}
	return false
}

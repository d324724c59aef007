package clerktest

import (
	"context"
	"net/http"
	"time"
)

// Work says what becomes of a request's work under a fault.
type Work int

// Fates of the work.
const (
	WorkDone    Work = iota // done before the answer
	WorkSkipped             // not done: the fault hit before it
	WorkLate                // done after the answer, or after the connection is gone
)

// Delivery says how an answer gets onto the wire.
type Delivery int

// Ways of delivery. The broken ones send half of the body.
const (
	DeliverWhole         Delivery = iota
	DeliverReset                  // nothing, and a TCP reset
	DeliverClose                  // nothing, and the connection is closed in order
	DeliverNothing                // nothing, and the connection stays open
	DeliverShort                  // Content-Length promises more than comes
	DeliverCutChunks              // a chunked body without its end
	DeliverCutUndeclared          // a body delimited by the end of the connection, which comes too early: no read error tells
	DeliverCutGzip                // a complete HTTP body with an incomplete gzip stream in it
	DeliverDrip                   // byte by byte, one each Fault.Every
	DeliverEndless                // JSON that never ends
	DeliverGzipBomb               // a small gzip body of Fault.Size bytes
)

// Fault is one rule of misbehaviour: which requests it meets, and what happens to them. The fields of the second part take
// effect in their order. Constructors such as [TooManyRequests] and [ResetAfterWork] make the usual ones, and methods
// such as [Fault.On] and [Fault.Once] narrow them.
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
	LateBy     time.Duration // when WorkLate is done
	After      func(Request) // runs after the work and before the answer: another actor
	DelayAfter time.Duration // before the answer
	HoldAfter  *Hold         // before the answer
	Reply      *Reply        // is answered instead of the work's answer
	Change     func(map[string]any)
	Delivery   Delivery
	Every      time.Duration
	Size       int64
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
	if r.Code != "" {
		replied := failure(r.Status, catalogueError(r.Code))
		replied.header = r.Header
		return replied
	}
	return answer{status: r.Status, header: r.Header, raw: []byte(r.Body), contentType: r.ContentType, outside: "a fault's reply"}
}

// ClerkError answers an error in Clerk's envelope, without doing the work.
func ClerkError(status int, code string) Fault {
	return Fault{Work: WorkSkipped, Reply: &Reply{Status: status, Code: code}}
}

// TooManyRequests answers 429 with the given Retry-After headers, verbatim, or without one.
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
	return Fault{Work: WorkSkipped, Reply: &Reply{Status: status, ContentType: contentType, Body: body}}
}

// HTML answers with an error page as Clerk's edge shows it, without doing the work.
func HTML(status int) Fault {
	return Raw(status, "text/html; charset=UTF-8", "<!DOCTYPE html>\n<html><head><title>Bad gateway</title></head>"+
		"<body><h1>Bad gateway</h1><p>cloudflare</p></body></html>\n")
}

// Redirect answers with a redirect, without doing the work.
func Redirect(status int, location string) Fault {
	return Fault{Work: WorkSkipped, Reply: &Reply{Status: status, Header: http.Header{"Location": {location}}}}
}

// ResetBeforeWork breaks the connection by a TCP reset, and nothing was done.
func ResetBeforeWork() Fault { return Fault{Work: WorkSkipped, Delivery: DeliverReset} }

// ResetAfterWork does the work and breaks the connection by a TCP reset.
func ResetAfterWork() Fault { return Fault{Delivery: DeliverReset} }

// CloseBeforeWork closes the connection in order, and nothing was done.
func CloseBeforeWork() Fault { return Fault{Work: WorkSkipped, Delivery: DeliverClose} }

// CloseAfterWork does the work and closes the connection in order, without an answer.
func CloseAfterWork() Fault { return Fault{Delivery: DeliverClose} }

// Truncated does the work and delivers only half of the answer, in one of the broken ways.
func Truncated(delivery Delivery) Fault { return Fault{Delivery: delivery} }

// Slow waits before the work.
func Slow(delay time.Duration) Fault { return Fault{Delay: delay} }

// SlowAnswer waits between the work and the answer.
func SlowAnswer(delay time.Duration) Fault { return Fault{DelayAfter: delay} }

// NeverAnswers does nothing and keeps the connection open until the client or the server closes it.
func NeverAnswers() Fault { return Fault{Work: WorkSkipped, Delivery: DeliverNothing} }

// Drip does the work and answers one byte in each period.
func Drip(every time.Duration) Fault { return Fault{Delivery: DeliverDrip, Every: every} }

// Endless answers 200 with JSON that never ends, without doing the work.
func Endless() Fault { return Fault{Work: WorkSkipped, Delivery: DeliverEndless} }

// GzipBomb answers 200 with a gzip body that unpacks to size bytes, without doing the work.
func GzipBomb(size int64) Fault {
	return Fault{Work: WorkSkipped, Delivery: DeliverGzipBomb, Size: size}
}

// Changed does the work and lets a function change the answer, when that is a JSON object. Numbers are json.Number.
func Changed(change func(map[string]any)) Fault { return Fault{Change: change} }

// Meanwhile lets another actor act before the work.
func Meanwhile(actor func(Request)) Fault { return Fault{Before: actor} }

// Held waits before the work until the hold is released. When the client leaves first, the work is not done.
func Held(hold *Hold) Fault { return Fault{Hold: hold} }

// HeldAfter waits between the work and the answer until the hold is released.
func HeldAfter(hold *Hold) Fault { return Fault{HoldAfter: hold} }

// LateCommit resets the connection at once and does the work later.
func LateCommit(by time.Duration) Fault {
	return Fault{Work: WorkLate, LateBy: by, Delivery: DeliverReset}
}

// On narrows a fault to a method and route; "" is any.
func (f Fault) On(method, route string) Fault { f.Method, f.Route = method, route; return f }

// When narrows a fault to requests that a function accepts.
func (f Fault) When(match func(Request) bool) Fault { f.Match = match; return f }

// Once makes a fault meet one request.
func (f Fault) Once() Fault { return f.Repeat(1) }

// Repeat makes a fault meet that many requests.
func (f Fault) Repeat(times int) Fault { f.Times = times; return f }

// Skipping lets that many matching requests pass first.
func (f Fault) Skipping(requests int) Fault { f.Skip = requests; return f }

// AfterWork makes the work be done before the fault's reply: a 500 that comes too late, for one.
func (f Fault) AfterWork() Fault { f.Work = WorkDone; return f }

// Late makes the work be done by that much after the fault's reply.
func (f Fault) Late(by time.Duration) Fault { f.Work, f.LateBy = WorkLate, by; return f }

// Injected is a fault in a server.
type Injected struct {
	server *Server
	fault  *Fault
	hits   int
}

// Hits says how many requests the fault met so far.
func (i *Injected) Hits() int {
	i.server.mu.Lock()
	defer i.server.mu.Unlock()
	return i.hits
}

// Inject adds a rule. Of the rules that match a request the first one takes effect, alone; used up ones no longer match.
// It panics on a fault that skips the work and has nothing to answer instead.
func (s *Server) Inject(f Fault) *Injected {
	if f.Work != WorkDone && f.Reply == nil {
		switch f.Delivery {
		case DeliverReset, DeliverClose, DeliverNothing, DeliverEndless, DeliverGzipBomb:
		default:
			panic("clerktest: a fault that skips the work needs a Reply")
		}
	}
	injected := &Injected{server: s, fault: &f}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, injected)
	return injected
}

// ClearFaults removes every rule.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

var noFault = &Fault{}

// faultFor gives the fault that a request meets, and counts it.
func (s *Server) faultFor(request *Request) *Fault {
	s.mu.Lock()
	faults := s.faults
	seen := *request
	s.mu.Unlock()
	for _, injected := range faults {
		// Match is the test's own code, which may ask the server something: it runs without the lock.
		f := injected.fault
		if f.Method != "" && f.Method != seen.Method || f.Route != "" && f.Route != seen.Route || f.Match != nil && !f.Match(seen) {
			continue
		}
		if s.meet(injected) {
			return f
		}
	}
	return noFault
}

// meet counts a matching request, and says whether the fault takes effect on it.
func (s *Server) meet(injected *Injected) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := injected.fault
	if f.Skip > 0 {
		f.Skip--
		return false
	}
	if f.Times > 0 && injected.hits >= f.Times {
		return false
	}
	injected.hits++
	return true
}

// before is the part of a fault before the work. false means that nobody waits for an answer any more.
func (s *Server) before(ctx context.Context, f *Fault, request *Request) bool {
	if !s.wait(ctx, f.Delay) || !s.hold(ctx, f.Hold) {
		return false
	}
	if f.Before != nil {
		f.Before(s.snapshot(request))
	}
	return true
}

// perform does, skips or puts off the work, and gives what shall be answered.
func (s *Server) perform(f *Fault, request *Request, tooLarge bool) answer {
	var found answer
	switch f.Work {
	case WorkDone:
		found = s.do(request, tooLarge)
	case WorkLate:
		s.putOff(f, request, tooLarge)
	}
	if f.Reply != nil {
		found = f.Reply.answer()
	}
	return found
}

// putOff does the work later, unless the server closes first.
func (s *Server) putOff(f *Fault, request *Request, tooLarge bool) {
	s.mu.Lock()
	s.late.Add(1) // under the lock, so that WaitForLateWork never misses it
	s.mu.Unlock()
	go func() {
		defer s.late.Done()
		if !s.wait(context.Background(), f.LateBy) {
			return
		}
		s.do(request, tooLarge)
	}()
}

// WaitForLateWork returns when no late work is outstanding.
func (s *Server) WaitForLateWork() {
	s.mu.Lock()
	late := &s.late
	s.mu.Unlock()
	late.Wait()
}

// after is the part of a fault between the work and the answer.
func (s *Server) after(ctx context.Context, f *Fault, request *Request) bool {
	if f.After != nil {
		f.After(s.snapshot(request))
	}
	return s.wait(ctx, f.DelayAfter) && s.hold(ctx, f.HoldAfter)
}

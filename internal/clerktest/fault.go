package clerktest

import (
	"encoding/json"
	"math"
	"net/http"
	"time"
)

// Fault is a rule of misbehaviour: which requests it meets, and what happens to them. Constructors
// such as [TooManyRequests] make the usual ones; methods such as [Fault.OnCreate] and [Fault.Once]
// narrow them.
type Fault struct {
	Before, After func(Request) // run before and after the work: another actor
	Header        http.Header   // is added to the answer
	Delivery      Delivery

	method, route string // "" is any
	skip, times   int    // that many pass, then that many are met; 0 is all
	met           int    // so far

	delay, delayAfter time.Duration // before and after the work
	skipsWork         bool
	lateBy            time.Duration            // when skipped work is done after all; 0 is never
	reply             *Answer                  // is answered in place of the work's answer
	change            func(body []byte) []byte // changes the answer
}

// Delivery says how an answer gets onto the wire.
type Delivery int

// Ways of delivery. The cut ones send half of the body.
const (
	DeliverWhole         Delivery = iota
	DeliverReset                  // nothing, and a TCP reset
	DeliverShort                  // Content-Length promises more than comes
	DeliverCutChunks              // a chunked body without its end
	DeliverCutUndeclared          // a body without a declared length: no read error shows the cut
	DeliverCutGzip                // a complete HTTP body with half a gzip stream in it
)

// Raw answers with any status, content type and body, without doing the work.
func Raw(status int, contentType, body string) Fault {
	reply := Answer{status, http.Header{"Content-Type": {contentType}}, []byte(body)}
	return Fault{skipsWork: true, reply: &reply}
}

// ClerkError answers an error in Clerk's envelope, without doing the work.
func ClerkError(status int, code string) Fault {
	reply := catalogued(status, code)
	return Fault{skipsWork: true, reply: &reply}
}

// TooManyRequests answers 429 with the given Retry-After headers, or without one.
func TooManyRequests(retryAfter ...string) Fault {
	f := ClerkError(http.StatusTooManyRequests, "too_many_requests")
	f.Header = http.Header{"Retry-After": retryAfter}
	return f
}

// Locked answers 409 resource_locked, which Clerk calls retryable.
func Locked() Fault { return ClerkError(http.StatusConflict, "resource_locked") }

// HTML answers with an error page like that of Clerk's edge, without doing the work.
func HTML(status int) Fault {
	return Raw(status, "text/html; charset=UTF-8", "<!DOCTYPE html>\n<html><head><title>Bad gateway"+
		"</title></head><body><h1>Bad gateway</h1><p>cloudflare</p></body></html>\n")
}

// Redirect answers with a redirect, without doing the work.
func Redirect(status int, location string) Fault {
	f := Raw(status, "", "")
	f.Header = http.Header{"Location": {location}}
	return f
}

// ResetBeforeWork resets the connection and does nothing else.
func ResetBeforeWork() Fault { return Fault{skipsWork: true, Delivery: DeliverReset} }

// ResetAfterWork does the work and resets the connection.
func ResetAfterWork() Fault { return Fault{Delivery: DeliverReset} }

// Slow waits before the work.
func Slow(delay time.Duration) Fault { return Fault{delay: delay} }

// SlowAnswer waits between the work and the answer.
func SlowAnswer(delay time.Duration) Fault { return Fault{delayAfter: delay} }

// NeverAnswers does nothing and keeps the connection open until the client or the server closes it.
func NeverAnswers() Fault { return Slow(math.MaxInt64) }

// Changed does the work and lets a function change the answer, if that is a JSON object.
func Changed(change func(map[string]any)) Fault {
	return Fault{change: func(body []byte) []byte {
		var object map[string]any
		if err := json.Unmarshal(body, &object); err != nil || object == nil {
			return body
		}
		change(object)
		return encodeJSON(object)
	}}
}

// On narrows a fault to a method and route.
func (f Fault) On(method, route string) Fault { f.method, f.route = method, route; return f }

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

// Once makes a fault meet one request.
func (f Fault) Once() Fault { return f.Repeat(1) }

// Repeat makes a fault meet that many requests.
func (f Fault) Repeat(times int) Fault { f.times = times; return f }

// Skipping lets that many matching requests pass first.
func (f Fault) Skipping(requests int) Fault { f.skip = requests; return f }

// AfterWork does the work before the fault's reply: a 500 that comes too late, for example.
func (f Fault) AfterWork() Fault { f.skipsWork = false; return f }

// Late does the work that much after the fault's reply.
func (f Fault) Late(by time.Duration) Fault { f.lateBy = by; return f }

// Inject adds a rule. Of the rules that match a request only the first takes effect; a used-up rule
// no longer matches.
func (s *Server) Inject(f Fault) {
	defer s.lock()()
	s.faults = append(s.faults, &f)
}

// ClearFaults removes every rule.
func (s *Server) ClearFaults() {
	defer s.lock()()
	s.faults = nil
}

// faultFor returns the fault that a request meets, and counts it.
func (s *Server) faultFor(request *Request) Fault {
	defer s.lock()()
	for _, f := range s.faults {
		switch {
		case f.method != "" && f.method != request.Method, f.route != "" && f.route != request.Route,
			f.skip == 0 && f.times > 0 && f.met == f.times:
		case f.skip > 0:
			f.skip--
		default:
			f.met++
			return *f
		}
	}
	return Fault{}
}

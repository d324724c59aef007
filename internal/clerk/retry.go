package clerk

// An operation is what a request means, as far as repeating it is concerned.
type operation int

const (
	opRead   operation = iota // GET of one object
	opList                    // GET of a page
	opUpdate                  // PATCH or PUT with absolute values
	opDelete                  // DELETE
	opCreate                  // POST that creates an application and returns its secret once
	opRotate                  // POST that replaces a secret and returns the new one once
)

// An outcome is what is known after one attempt.
type outcome int

const (
	outcomeUnsent     outcome = iota // proven: not a byte of the request left
	outcomeUntrusted                 // unsent, and the server's certificate is the reason
	outcomeThrottled                 // 429: Clerk counts requests before it works on them
	outcomeLocked                    // 409 resource_locked: refused before any work
	outcomeRejected                  // any other 4xx: Clerk looked at it and said no
	outcomeFailed                    // 408 and 5xx: the work may be done or not
	outcomeLost                      // the connection broke, or the time was over, after sending
	outcomeTruncated                 // the answer began as a success and broke off
	outcomeUnexpected                // a whole answer that is not Clerk's: HTML, a redirect, another object
)

// A reaction is what follows from an outcome.
type reaction int

const (
	giveUp     reaction = iota // the error is the result
	repeat                     // send it again, after a wait
	repeatOnce                 // again, but an answer of this kind is unlikely to change
	findOut                    // it may be done or not: the operation has its own way to find out
)

// reactions is the retry policy, the whole of it.
//
// A read, an update (absolute values) and a delete come out the same however
// often they are sent. A repeated create could create a second application, and a
// repeated rotation could invalidate a secret that is on its way. Those two are repeated
// only if Clerk certainly did not process the first request.
//
// Go's transport keeps to this table only because no request has an Idempotency-Key
// header: with that header the transport would repeat a POST automatically.
var reactions = map[outcome]map[operation]reaction{
	outcomeUnsent:     {opRead: repeat, opList: repeat, opUpdate: repeat, opDelete: repeat, opCreate: repeat, opRotate: repeat},
	outcomeUntrusted:  {opRead: giveUp, opList: giveUp, opUpdate: giveUp, opDelete: giveUp, opCreate: giveUp, opRotate: giveUp},
	outcomeThrottled:  {opRead: repeat, opList: repeat, opUpdate: repeat, opDelete: repeat, opCreate: repeat, opRotate: repeat},
	outcomeLocked:     {opRead: repeat, opList: repeat, opUpdate: repeat, opDelete: repeat, opCreate: repeat, opRotate: repeat},
	outcomeRejected:   {opRead: giveUp, opList: giveUp, opUpdate: giveUp, opDelete: giveUp, opCreate: giveUp, opRotate: giveUp},
	outcomeFailed:     {opRead: repeat, opList: repeat, opUpdate: repeat, opDelete: repeat, opCreate: findOut, opRotate: findOut},
	outcomeLost:       {opRead: repeat, opList: repeat, opUpdate: repeat, opDelete: repeat, opCreate: findOut, opRotate: findOut},
	outcomeTruncated:  {opRead: repeat, opList: repeat, opUpdate: repeat, opDelete: repeat, opCreate: findOut, opRotate: findOut},
	outcomeUnexpected: {opRead: repeatOnce, opList: repeatOnce, opUpdate: repeatOnce, opDelete: repeatOnce, opCreate: findOut, opRotate: findOut},
}

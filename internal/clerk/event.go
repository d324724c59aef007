package clerk

import (
	"context"
	"time"
)

// Event is what may be logged of one attempt of one request. It is the whole of
// it: there is no field through which a header, a body, a name or an id could
// reach a log, and the masks of logging libraries, which reach neither nested
// values nor error texts, are not needed.
type Event struct {
	Method   string        // HTTP method
	Route    string        // path with {id} in place of an id
	Attempt  int           // 1 for the first
	Status   int           // HTTP status; 0 without an answer
	Outcome  string        // "ok", or why the attempt failed, as a fixed word
	Waited   time.Duration // time spent before sending, for the rate limit and by backoff after the attempt before
	Duration time.Duration // from sending to the end of the answer
	Bytes    int           // length of the answer's body
	TraceID  string        // Clerk's identifier of the request
}

// Observer is called after every attempt, from many goroutines at once.
type Observer func(context.Context, Event)

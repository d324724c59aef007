package clerktest

import (
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// RateLimit is the most requests that an instance answers within any period of the given length; more are answered 429
// with Retry-After. Clerk's limits: 100 in 10 s for a development instance, 1,000 for a production one. The zero value
// means no limit.
type RateLimit struct {
	Requests int
	Per      time.Duration
}

// admit counts a request, or refuses it. Refused requests do not count.
func (l RateLimit) admit(in *instance, now time.Time) *answer {
	if l.Requests <= 0 || l.Per <= 0 {
		return nil
	}
	start := now.Add(-l.Per)
	in.admitted = slices.DeleteFunc(in.admitted, func(at time.Time) bool { return !at.After(start) })
	if len(in.admitted) < l.Requests {
		in.admitted = append(in.admitted, now)
		return nil
	}
	free := in.admitted[len(in.admitted)-l.Requests].Add(l.Per).Sub(now)
	refused := failure(http.StatusTooManyRequests, catalogueError("too_many_requests"))
	refused.header = http.Header{"Retry-After": {strconv.Itoa(int(math.Ceil(free.Seconds())))}}
	return &refused
}

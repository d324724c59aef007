package clerk

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// What a Retry-After may ask for. Less is raised to the minimum, so that a zero,
// a negative number or a date in the past never makes a hot loop. More is not
// lowered to the maximum: to come back earlier than asked is to be refused again,
// so the caller stops and says what the server asked for.
const (
	minRetryAfter = 250 * time.Millisecond
	maxRetryAfter = 60 * time.Second
)

// parseRetryAfter reads the values of a Retry-After header (RFC 9110 section
// 10.2.3): seconds, or a date in any of the three forms of HTTP. Dates are
// measured against serverDate, the answer's own Date header, so that a wrong
// clock on either side does not matter; against now when serverDate is zero.
//
// d is at least minRetryAfter and has no upper bound but the longest Duration. ok
// is false when no value is valid; the header is then as good as absent.
//
// Of several valid values the largest counts. There should be one, and a second
// comes from something between Clerk and us that asks for patience of its own:
// waiting too long costs seconds, coming back too early earns another refusal.
func parseRetryAfter(values []string, serverDate, now time.Time) (d time.Duration, ok bool) {
	if serverDate.IsZero() {
		serverDate = now
	}
	for _, value := range values {
		value = strings.TrimSpace(value)
		asked, valid := parseDelaySeconds(value)
		if !valid {
			date, err := http.ParseTime(value)
			if err != nil {
				continue
			}
			asked = date.Sub(serverDate) // saturates
		}
		d = max(d, asked, minRetryAfter)
		ok = true
	}
	return d, ok
}

// parseDelaySeconds reads a whole number of seconds. One that no Duration can
// hold becomes the longest or the shortest there is.
func parseDelaySeconds(value string) (time.Duration, bool) {
	seconds, err := strconv.ParseInt(value, 10, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, false
	}
	// Out of its range, ParseInt returns the nearest number within.
	const most = math.MaxInt64 / int64(time.Second)
	switch {
	case seconds > most:
		return math.MaxInt64, true
	case seconds < -most:
		return math.MinInt64, true
	}
	return time.Duration(seconds) * time.Second, true
}

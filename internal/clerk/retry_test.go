package clerk

import (
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// The policy, written by hand. A create and a rotation are repeated only if Clerk certainly did
// nothing; whether Clerk did is what applied says.
func TestRetryPolicy(t *testing.T) {
	t.Parallel()
	for outcome, want := range map[outcome]struct {
		applied          applied
		repeatable, post action
	}{
		"unsent":     {appliedNo, actRetry, actRetry},
		"refused":    {appliedNo, actGiveUp, actGiveUp},
		"throttled":  {appliedNo, actRetry, actRetry},
		"locked":     {appliedNo, actRetry, actRetry},
		"rejected":   {appliedNo, actGiveUp, actGiveUp},
		"failed":     {appliedUnknown, actRetry, actReconcile},
		"lost":       {appliedUnknown, actRetry, actReconcile},
		"truncated":  {appliedUnknown, actRetry, actReconcile},
		"unexpected": {appliedUnknown, actRetryOnce, actReconcile},
		"unreadable": {appliedYes, actRetryOnce, actReconcile},
	} {
		if outcome.applied() != want.applied {
			t.Errorf("%s: applied is %d, want %d", outcome, outcome.applied(), want.applied)
		}
		for method, action := range map[string]action{
			"GET": want.repeatable, "PATCH": want.repeatable, "PUT": want.repeatable,
			"DELETE": want.repeatable, "POST": want.post,
		} {
			if got := outcome.action(method); got != action {
				t.Errorf("%s of %s: action %d, want %d", outcome, method, got, action)
			}
		}
	}
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	for attempt, bound := range map[int]time.Duration{
		1: 500 * time.Millisecond, 2: time.Second, 3: 2 * time.Second, 6: 16 * time.Second,
		7: 20 * time.Second, math.MaxInt: 20 * time.Second,
	} {
		var waits []time.Duration
		for range 200 {
			waits = append(waits, (&failure{outcome: outcomeFailed}).waitAfter(attempt))
		}
		if least, most := slices.Min(waits), slices.Max(waits); least < 0 || least > bound/4 || most < bound*3/4 || most >= bound {
			t.Errorf("attempt %d: between %s and %s, want up to %s", attempt, least, most, bound)
		}
		if wait := (&failure{outcome: outcomeThrottled}).waitAfter(attempt); wait != bound {
			t.Errorf("attempt %d: %s after a 429, want %s", attempt, wait, bound)
		}
	}
}

func TestParseRetryAfter(t *testing.T) {
	t.Parallel()
	const imf, second, longest = http.TimeFormat, time.Second, 9223372036 * time.Second
	now := time.Date(2026, 5, 12, 10, 0, 0, 0, time.UTC)
	in := func(d time.Duration, layout string) string { return now.Add(d).Format(layout) }
	for name, test := range map[string]struct {
		values []string
		skew   time.Duration // the server's clock minus ours
		noDate bool          // the answer has no Date header
		want   time.Duration
	}{
		"no header":                   {nil, 0, false, 0},
		"seconds":                     {[]string{" 007\t"}, 0, false, 7 * second},
		"zero":                        {[]string{"0"}, 0, false, minRetryAfter},
		"negative":                    {[]string{"-5"}, 0, false, minRetryAfter},
		"beyond a Duration":           {[]string{"1000000000000"}, 0, false, longest},
		"beyond an int64":             {[]string{strings.Repeat("9", 1000)}, 0, false, longest},
		"far below an int64":          {[]string{"-" + strings.Repeat("9", 1000)}, 0, false, minRetryAfter},
		"a fraction":                  {[]string{"1.5", "1e3", ""}, 0, false, 0},
		"the form of RFC 1123":        {[]string{in(20*second, imf)}, 0, false, 20 * second},
		"the form of RFC 850":         {[]string{in(20*second, "Monday, 02-Jan-06 15:04:05 GMT")}, 0, false, 20 * second},
		"the form of asctime":         {[]string{in(20*second, time.ANSIC)}, 0, false, 20 * second},
		"a date that is no HTTP date": {[]string{in(20*second, time.RFC3339)}, 0, false, 0},
		"a date in the past":          {[]string{in(-time.Hour, imf)}, 0, false, minRetryAfter},
		"the last year there is":      {[]string{"Fri, 31 Dec 9999 23:59:59 GMT"}, 0, false, math.MaxInt64},
		"the first year there is":     {[]string{"Mon, 01 Jan 0001 00:00:00 GMT"}, 0, false, minRetryAfter},
		"server an hour ahead":        {[]string{in(time.Hour+20*second, imf)}, time.Hour, false, 20 * second},
		"without a Date our clock":    {[]string{in(20*second, imf)}, time.Hour, true, 20 * second},
		"the largest of both kinds":   {[]string{"3", in(9*second, imf), "4"}, 0, false, 9 * second},
		"the valid one of several":    {[]string{"abc", "4", ""}, 0, false, 4 * second},
	} {
		header := http.Header{"Retry-After": test.values, "Date": {in(test.skew, imf)}}
		if test.noDate {
			header.Del("Date")
		}
		if got := parseRetryAfter(header, now); got != test.want {
			t.Errorf("%s: %q is %s, want %s", name, test.values, got, test.want)
		}
	}
}

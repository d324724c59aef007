package clerk

import (
	"context"
	"math"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// The policy, written by hand. A create and a rotation are repeated only if Clerk certainly did
// nothing; whether Clerk did is what applied says.
func TestRetryPolicy(t *testing.T) {
	t.Parallel()
	for outcome, want := range map[outcome]struct {
		word             string
		applied          applied
		repeatable, once action
	}{
		outcomeUnsent:     {"unsent", appliedNo, actRetry, actRetry},
		outcomeRefused:    {"refused", appliedNo, actGiveUp, actGiveUp},
		outcomeThrottled:  {"throttled", appliedNo, actRetry, actRetry},
		outcomeLocked:     {"locked", appliedNo, actRetry, actRetry},
		outcomeRejected:   {"rejected", appliedNo, actGiveUp, actGiveUp},
		outcomeFailed:     {"failed", appliedUnknown, actRetry, actReconcile},
		outcomeLost:       {"lost", appliedUnknown, actRetry, actReconcile},
		outcomeTruncated:  {"truncated", appliedUnknown, actRetry, actReconcile},
		outcomeUnexpected: {"unexpected", appliedUnknown, actRetryOnce, actReconcile},
		outcomeUnreadable: {"unreadable", appliedYes, actRetryOnce, actReconcile},
	} {
		if outcome.String() != want.word || outcome.applied() != want.applied {
			t.Errorf("%s: applied %d, want %+v", outcome, outcome.applied(), want)
		}
		for _, o := range []operation{opRead, opList, opUpdate, opDelete} {
			if got := retryPolicy[outcome][o]; got != want.repeatable {
				t.Errorf("%s of operation %d: %d, want %d", outcome, o, got, want.repeatable)
			}
		}
		for _, o := range []operation{opCreate, opRotate} {
			if got := retryPolicy[outcome][o]; got != want.once {
				t.Errorf("%s of operation %d: %d, want %d", outcome, o, got, want.once)
			}
		}
	}
	if len(retryPolicy) != 10 {
		t.Errorf("the policy has %d rows", len(retryPolicy))
	}
}

func TestBackoffDoublesUpToItsBound(t *testing.T) {
	t.Parallel()
	almostOne := func() float64 { return math.Nextafter(1, 0) }
	for attempt, bound := range map[int]time.Duration{
		1: 500 * time.Millisecond, 2: time.Second, 3: 2 * time.Second, 6: 16 * time.Second, 7: 20 * time.Second,
		math.MaxInt: 20 * time.Second, 0: 500 * time.Millisecond, -1: 500 * time.Millisecond,
	} {
		if got := backoff(attempt, almostOne); got >= bound || got < bound-time.Microsecond {
			t.Errorf("attempt %d waits up to %s, want just below %s", attempt, got, bound)
		}
		if got := backoff(attempt, func() float64 { return 0 }); got != 0 {
			t.Errorf("attempt %d waits at least %s, want 0: the jitter is full", attempt, got)
		}
	}
}

func TestSleep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		over, cancel := context.WithCancel(t.Context())
		cancel()
		soon, cancel := context.WithTimeout(t.Context(), 4*time.Second)
		defer cancel()
		for _, test := range []struct {
			ctx   context.Context
			d     time.Duration
			slept time.Duration
			err   error
		}{
			{t.Context(), 3 * time.Second, 3 * time.Second, nil},
			{soon, time.Hour, time.Second, context.DeadlineExceeded},
			{over, 0, 0, context.Canceled},
		} {
			begun := time.Now()
			if err := sleep(test.ctx, test.d); err != test.err || time.Since(begun) != test.slept {
				t.Errorf("slept %s (%v), want %s (%v)", time.Since(begun), err, test.slept, test.err)
			}
		}
	})
}

func TestParseRetryAfter(t *testing.T) {
	t.Parallel()
	const none = time.Duration(-1)
	const imf, second = http.TimeFormat, time.Second
	now := time.Date(2026, 5, 12, 10, 0, 0, 0, time.UTC)
	in := func(d time.Duration, layout string) string { return now.Add(d).Format(layout) }
	for name, test := range map[string]struct {
		values []string
		skew   time.Duration // the server's clock minus ours
		noDate bool          // the answer has no Date header
		want   time.Duration
	}{
		"no header":                   {nil, 0, false, none},
		"seconds":                     {[]string{" 007\t"}, 0, false, 7 * second},
		"zero":                        {[]string{"0"}, 0, false, minRetryAfter},
		"negative":                    {[]string{"-5"}, 0, false, minRetryAfter},
		"a day is not lowered":        {[]string{"86400"}, 0, false, 24 * time.Hour},
		"beyond a Duration":           {[]string{"1000000000000"}, 0, false, math.MaxInt64},
		"beyond an int64":             {[]string{strings.Repeat("9", 1000)}, 0, false, math.MaxInt64},
		"far below an int64":          {[]string{"-" + strings.Repeat("9", 1000)}, 0, false, minRetryAfter},
		"words":                       {[]string{"abc"}, 0, false, none},
		"a fraction":                  {[]string{"1.5", "1e3", ""}, 0, false, none},
		"two numbers in one value":    {[]string{"5, 10"}, 0, false, none},
		"the form of RFC 1123":        {[]string{in(20*second, imf)}, 0, false, 20 * second},
		"the form of RFC 850":         {[]string{in(20*second, "Monday, 02-Jan-06 15:04:05 GMT")}, 0, false, 20 * second},
		"the form of asctime":         {[]string{in(20*second, time.ANSIC)}, 0, false, 20 * second},
		"a date that is no HTTP date": {[]string{in(20*second, time.RFC3339)}, 0, false, none},
		"a date in the past":          {[]string{in(-time.Hour, imf)}, 0, false, minRetryAfter},
		"a date that is now":          {[]string{in(0, imf)}, 0, false, minRetryAfter},
		"the last year there is":      {[]string{"Fri, 31 Dec 9999 23:59:59 GMT"}, 0, false, math.MaxInt64},
		"the first year there is":     {[]string{"Mon, 01 Jan 0001 00:00:00 GMT"}, 0, false, minRetryAfter},
		"server an hour ahead":        {[]string{in(time.Hour+20*second, imf)}, time.Hour, false, 20 * second},
		"server an hour behind":       {[]string{in(-time.Hour+20*second, imf)}, -time.Hour, false, 20 * second},
		"without a Date our clock":    {[]string{in(20*second, imf)}, time.Hour, true, 20 * second},
		"skew does not move seconds":  {[]string{"7"}, time.Hour, false, 7 * second},
		"the largest of both kinds":   {[]string{"3", in(9*second, imf), "4"}, 0, false, 9 * second},
		"the valid one of several":    {[]string{"abc", "4", ""}, 0, false, 4 * second},
	} {
		serverDate := now.Add(test.skew)
		if test.noDate {
			serverDate = time.Time{}
		}
		d, ok := parseRetryAfter(test.values, serverDate, now)
		if ok != (test.want != none) || ok && d != test.want {
			t.Errorf("%s: %q is %s (valid: %t), want %s", name, test.values, d, ok, test.want)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{"", "0", "-5", "1.5", "86400", "99999999999999999999", "0x10", "٣", "Wed, 21 Oct 2026 07:28:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"} {
		f.Add(seed, "3", int64(0))
		f.Add(seed, "abc", int64(1_790_000_000))
	}
	f.Fuzz(func(t *testing.T, first, second string, unix int64) {
		now := time.Date(2026, 5, 12, 10, 0, 0, 0, time.UTC)
		serverDate := time.Unix(unix, 0)
		one, oneOK := parseRetryAfter([]string{first}, serverDate, now)
		two, twoOK := parseRetryAfter([]string{second}, serverDate, now)
		both, bothOK := parseRetryAfter([]string{second, first}, serverDate, now)
		if oneOK && one < minRetryAfter || !oneOK && one != 0 {
			t.Errorf("%q is %s (valid: %t)", first, one, oneOK)
		}
		if bothOK != (oneOK || twoOK) || both != max(one, two) {
			t.Errorf("%q and %q are %s (%t); alone %s and %s", first, second, both, bothOK, one, two)
		}
	})
}

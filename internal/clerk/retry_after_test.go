package clerk

import (
	"math"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestParseRetryAfter(t *testing.T) {
	t.Parallel()
	const none = time.Duration(-1)
	now := time.Date(2026, 5, 12, 10, 0, 0, 0, time.UTC)
	in := func(d time.Duration, layout string) string { return now.Add(d).Format(layout) }
	const (
		imf     = http.TimeFormat
		rfc850  = "Monday, 02-Jan-06 15:04:05 GMT"
		asctime = time.ANSIC
	)

	for name, test := range map[string]struct {
		values []string
		skew   time.Duration // the server's clock minus ours
		noDate bool          // the answer has no Date header
		want   time.Duration
	}{
		"no header":                     {values: nil, want: none},
		"seconds":                       {values: []string{"7"}, want: 7 * time.Second},
		"white space":                   {values: []string{" 7\t"}, want: 7 * time.Second},
		"leading zeros":                 {values: []string{"007"}, want: 7 * time.Second},
		"zero":                          {values: []string{"0"}, want: minRetryAfter},
		"negative":                      {values: []string{"-5"}, want: minRetryAfter},
		"a day is not lowered":          {values: []string{"86400"}, want: 24 * time.Hour},
		"beyond a Duration":             {values: []string{"1000000000000"}, want: math.MaxInt64},
		"beyond an int64":               {values: []string{strings.Repeat("9", 1000)}, want: math.MaxInt64},
		"far below an int64":            {values: []string{"-" + strings.Repeat("9", 1000)}, want: minRetryAfter},
		"words":                         {values: []string{"abc"}, want: none},
		"a fraction":                    {values: []string{"1.5"}, want: none},
		"an exponent":                   {values: []string{"1e3"}, want: none},
		"empty":                         {values: []string{""}, want: none},
		"two numbers in one value":      {values: []string{"5, 10"}, want: none},
		"the form of RFC 1123":          {values: []string{in(20*time.Second, imf)}, want: 20 * time.Second},
		"the form of RFC 850":           {values: []string{in(20*time.Second, rfc850)}, want: 20 * time.Second},
		"the form of asctime":           {values: []string{in(20*time.Second, asctime)}, want: 20 * time.Second},
		"a date that is no HTTP date":   {values: []string{in(20*time.Second, time.RFC3339)}, want: none},
		"a date in the past":            {values: []string{in(-time.Hour, imf)}, want: minRetryAfter},
		"a date that is now":            {values: []string{in(0, imf)}, want: minRetryAfter},
		"the last year there is":        {values: []string{"Fri, 31 Dec 9999 23:59:59 GMT"}, want: math.MaxInt64},
		"the first year there is":       {values: []string{"Mon, 01 Jan 0001 00:00:00 GMT"}, want: minRetryAfter},
		"server an hour ahead":          {values: []string{in(time.Hour+20*time.Second, imf)}, skew: time.Hour, want: 20 * time.Second},
		"server an hour behind":         {values: []string{in(-time.Hour+20*time.Second, imf)}, skew: -time.Hour, want: 20 * time.Second},
		"without a Date our clock does": {values: []string{in(20*time.Second, imf)}, skew: time.Hour, noDate: true, want: 20 * time.Second},
		"skew does not move seconds":    {values: []string{"7"}, skew: time.Hour, want: 7 * time.Second},
		"the largest of several":        {values: []string{"3", "9", "4"}, want: 9 * time.Second},
		"the largest of both kinds":     {values: []string{"3", in(9*time.Second, imf), "4"}, want: 9 * time.Second},
		"the valid one of several":      {values: []string{"abc", "4", ""}, want: 4 * time.Second},
		"none valid of several":         {values: []string{"abc", "1.5"}, want: none},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			serverDate := now.Add(test.skew)
			if test.noDate {
				serverDate = time.Time{}
			}
			d, ok := parseRetryAfter(test.values, serverDate, now)
			if test.want == none {
				if ok {
					t.Errorf("%q is taken for %s", test.values, d)
				}
				return
			}
			if !ok || d != test.want {
				t.Errorf("%q is %s (valid: %t), want %s", test.values, d, ok, test.want)
			}
		})
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{
		"", "0", "-5", "120", "1.5", "abc", "86400", "1000000000000", "99999999999999999999", "-9223372036854775808", "+5", "0x10", "1_000", "٣",
		"Wed, 21 Oct 2026 07:28:00 GMT", "Wednesday, 21-Oct-26 07:28:00 GMT", "Wed Oct 21 07:28:00 2026", "Fri, 31 Dec 9999 23:59:59 GMT",
	} {
		f.Add(seed, "3", int64(0))
		f.Add(seed, "abc", int64(1_790_000_000))
	}
	f.Fuzz(func(t *testing.T, first, second string, unix int64) {
		now := time.Date(2026, 5, 12, 10, 0, 0, 0, time.UTC)
		serverDate := time.Unix(unix, 0)
		one, oneOK := parseRetryAfter([]string{first}, serverDate, now)
		two, twoOK := parseRetryAfter([]string{second}, serverDate, now)
		both, bothOK := parseRetryAfter([]string{first, second}, serverDate, now)

		if oneOK && one < minRetryAfter {
			t.Errorf("%q is %s", first, one)
		}
		if !oneOK && one != 0 {
			t.Errorf("%q is not valid and yet %s", first, one)
		}
		if bothOK != (oneOK || twoOK) || both != max(one, two) {
			t.Errorf("%q and %q are %s (%t); alone %s (%t) and %s (%t)", first, second, both, bothOK, one, oneOK, two, twoOK)
		}
		if swapped, _ := parseRetryAfter([]string{second, first}, serverDate, now); swapped != both {
			t.Errorf("the order of %q and %q matters: %s or %s", first, second, both, swapped)
		}
	})
}

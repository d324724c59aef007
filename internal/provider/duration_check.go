package provider

import (
	"fmt"
	"time"
)

// durationBetween checks a duration in Go's notation. Both bounds are valid.
func durationBetween(least, most time.Duration) textCheck {
	want := fmt.Sprintf("a duration between %s and %s, such as \"30s\"", least, most)
	return textCheck{title: "Invalid duration", want: want, problem: func(text string) string {
		if duration, err := time.ParseDuration(text); err != nil || duration < least || duration > most {
			return fmt.Sprintf("The value must be %s; got %q.", want, text)
		}
		return ""
	}}
}

package provider_test

import (
	"fmt"
	"time"

	"pgregory.net/rapid"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// A fault is one that a step of a life meets. None of them is a lie: no provider can notice
// that a server denies what exists, or refuses what it then does.
type fault struct {
	at    string // a key of faultTargets
	kind  string // a key of faultKinds
	wait  time.Duration
	times int // 0: every time
	skip  int // that many requests pass first
}

var faultTargets = map[string]func(clerktest.Fault) clerktest.Fault{
	"create": clerktest.Fault.OnCreate, "rotate": clerktest.Fault.OnRotate,
	"update": clerktest.Fault.OnUpdate, "delete": clerktest.Fault.OnDelete,
	"logo": clerktest.Fault.OnLogo, "list": clerktest.Fault.OnList, "read": clerktest.Fault.OnRead,
	"settings": func(f clerktest.Fault) clerktest.Fault { return f.On("", clerktest.RouteSettings) },
	"introspect": func(f clerktest.Fault) clerktest.Fault {
		return f.On("", clerktest.RouteTokenInfo)
	},
	"any": func(f clerktest.Fault) clerktest.Fault { return f },
}

// faultKinds are the kinds; those that take a time get it in build.
var faultKinds = map[string]clerktest.Fault{
	"reset before the work":     clerktest.ResetBeforeWork(),
	"reset after the work":      clerktest.ResetAfterWork(),
	"cut in its length":         clerktest.Fault{Delivery: clerktest.DeliverShort},
	"cut between chunks":        clerktest.Fault{Delivery: clerktest.DeliverCutChunks},
	"cut without a sign":        clerktest.Fault{Delivery: clerktest.DeliverCutUndeclared},
	"HTML 502":                  clerktest.HTML(502),
	"HTML 504 after the work":   clerktest.HTML(504).AfterWork(),
	"HTML 404":                  clerktest.HTML(404),
	"HTML 200":                  clerktest.HTML(200),
	"HTML 200 after the work":   clerktest.HTML(200).AfterWork(),
	"500 after the work":        clerktest.ClerkError(500, "internal_clerk_error").AfterWork(),
	"408":                       clerktest.HTML(408),
	"empty 200 after the work":  clerktest.Raw(200, "application/json", "").AfterWork(),
	"null after the work":       clerktest.Raw(200, "application/json", "null").AfterWork(),
	"redirect":                  clerktest.Redirect(307, "https://elsewhere.example.com/"),
	"403":                       clerktest.ClerkError(403, "not_allowed_access"),
	"429":                       clerktest.TooManyRequests(),
	"429 for 20 s":              clerktest.TooManyRequests("20"),
	"429 for a day":             clerktest.TooManyRequests("86400"),
	"locked":                    clerktest.Locked(),
	"no answer":                 clerktest.NeverAnswers(),
	"slow":                      {},
	"slow answer":               {},
	"reset, and the work later": {},
}

// drawFaults draws what the network and Clerk do in a run, most often nothing.
func drawFaults(rt *rapid.T, targets ...string) (faults []fault) {
	for range max(0, rapid.IntRange(-2, 3).Draw(rt, "faults")) {
		f := fault{
			at:    rapid.SampledFrom(targets).Draw(rt, "at"),
			kind:  rapid.SampledFrom(namesOf(faultKinds)).Draw(rt, "fault"),
			times: rapid.SampledFrom([]int{1, 1, 1, 2, 0}).Draw(rt, "times"),
			skip:  rapid.SampledFrom([]int{0, 0, 0, 1}).Draw(rt, "skip"),
		}
		switch f.kind {
		case "reset, and the work later":
			// No client can notice a rotation that is later than the client waits.
			f.wait = time.Duration(rapid.IntRange(0, 4500).Draw(rt, "ms")) * time.Millisecond
			if f.at == "create" {
				f.wait *= 9
			}
		case "slow", "slow answer":
			f.wait = time.Duration(rapid.IntRange(0, 40_000).Draw(rt, "ms")) * time.Millisecond
		}
		faults = append(faults, f)
	}
	return faults
}

func (f fault) build() clerktest.Fault {
	built := faultKinds[f.kind]
	switch f.kind {
	case "slow":
		built = clerktest.Slow(f.wait)
	case "slow answer":
		built = clerktest.SlowAnswer(f.wait)
	case "reset, and the work later":
		built = clerktest.LateCommit(f.wait)
	}
	if f.times > 0 {
		built = built.Repeat(f.times)
	}
	return faultTargets[f.at](built).Skipping(f.skip)
}

func (f fault) String() string {
	return fmt.Sprintf("%s: %s %s (times %d, after %d)", f.at, f.kind, f.wait, f.times, f.skip)
}

// drawClerk draws in what Clerk may differ from what its documents say.
func drawClerk(rt *rapid.T) clerktest.Switches {
	s := clerktest.Switches{}
	if rapid.Bool().Draw(rt, "usual Clerk") {
		return s
	}
	draw(rt, &s.ScopesOrder, "alphabetical", "fixed")
	draw(rt, &s.ForceOfflineAccess, "off")
	draw(rt, &s.PatchWithoutOfflineAccess, "keep", "remove")
	draw(rt, &s.PublicClientSecret, "empty", "absent")
	draw(rt, &s.RotatePublic, "value", "422")
	draw(rt, &s.RotateUpdatedAt, "keep")
	draw(rt, &s.RedirectOrder, "sorted", "reversed")
	draw(rt, &s.NewerFields, "drop", "422")
	draw(rt, &s.DCRForcesConsent, "on")
	draw(rt, &s.TokenInfo, "invalid_client", "legacy", "authenticates_nobody",
		"refuses_everybody", "lags")
	lag := max(0, rapid.IntRange(-3000, 3000).Draw(rt, "read lag in ms"))
	s.ReadLag = time.Duration(lag) * time.Millisecond
	return s
}

// draw draws one of the values, or the zero value.
func draw[T any](rt *rapid.T, into *T, from ...T) {
	*into = rapid.SampledFrom(append(from, *into)).Draw(rt, fmt.Sprintf("%T", *into))
}

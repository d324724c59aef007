package provider_test

import (
	"fmt"
	"net/http"
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
	"create": clerktest.Fault.OnCreate, "rotate": clerktest.Fault.OnRotate, "update": clerktest.Fault.OnUpdate,
	"delete": clerktest.Fault.OnDelete, "logo": clerktest.Fault.OnLogo, "list": clerktest.Fault.OnList, "read": clerktest.Fault.OnRead,
	"settings":   func(f clerktest.Fault) clerktest.Fault { return f.On("", clerktest.RouteSettings) },
	"any":        func(f clerktest.Fault) clerktest.Fault { return f },
	"introspect": func(f clerktest.Fault) clerktest.Fault { return f.On(http.MethodPost, clerktest.RouteTokenInfo) },
}

// faultKinds take a time, for those that wait.
var faultKinds = map[string]func(time.Duration) clerktest.Fault{
	"reset before the work":   func(time.Duration) clerktest.Fault { return clerktest.ResetBeforeWork() },
	"reset after the work":    func(time.Duration) clerktest.Fault { return clerktest.ResetAfterWork() },
	"cut in its length":       func(time.Duration) clerktest.Fault { return clerktest.Truncated(clerktest.DeliverShort) },
	"cut between chunks":      func(time.Duration) clerktest.Fault { return clerktest.Truncated(clerktest.DeliverCutChunks) },
	"cut without a sign":      func(time.Duration) clerktest.Fault { return clerktest.Truncated(clerktest.DeliverCutUndeclared) },
	"HTML 502":                func(time.Duration) clerktest.Fault { return clerktest.HTML(502) },
	"HTML 504 after the work": func(time.Duration) clerktest.Fault { return clerktest.HTML(504).AfterWork() },
	"HTML 404":                func(time.Duration) clerktest.Fault { return clerktest.HTML(404) },
	"HTML 200":                func(time.Duration) clerktest.Fault { return clerktest.HTML(200) },
	"HTML 200 after the work": func(time.Duration) clerktest.Fault { return clerktest.HTML(200).AfterWork() },
	"500 after the work": func(time.Duration) clerktest.Fault {
		return clerktest.ClerkError(500, "internal_clerk_error").AfterWork()
	},
	"408":                       func(time.Duration) clerktest.Fault { return clerktest.HTML(408) },
	"empty 200 after the work":  func(time.Duration) clerktest.Fault { return clerktest.Raw(200, "application/json", "").AfterWork() },
	"null after the work":       func(time.Duration) clerktest.Fault { return clerktest.Raw(200, "application/json", "null").AfterWork() },
	"redirect":                  func(time.Duration) clerktest.Fault { return clerktest.Redirect(307, "https://elsewhere.example.com/") },
	"403":                       func(time.Duration) clerktest.Fault { return clerktest.ClerkError(403, "not_allowed_access") },
	"429":                       func(time.Duration) clerktest.Fault { return clerktest.TooManyRequests() },
	"429 for 20 s":              func(time.Duration) clerktest.Fault { return clerktest.TooManyRequests("20") },
	"429 for a day":             func(time.Duration) clerktest.Fault { return clerktest.TooManyRequests("86400") },
	"locked":                    func(time.Duration) clerktest.Fault { return clerktest.Locked() },
	"slow":                      clerktest.Slow,
	"slow answer":               clerktest.SlowAnswer,
	"no answer":                 func(time.Duration) clerktest.Fault { return clerktest.NeverAnswers() },
	"reset, and the work later": clerktest.LateCommit,
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
	built := faultTargets[f.at](faultKinds[f.kind](f.wait)).Skipping(f.skip)
	built.Times = f.times
	return built
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
	draw(rt, &s.ScopesOrder, clerktest.ScopesAsSent, clerktest.ScopesAlphabetical, clerktest.ScopesFixedOrder)
	draw(rt, &s.ForceOfflineAccess, clerktest.OfflineAccessForced, clerktest.OfflineAccessNever)
	draw(rt, &s.PatchWithoutOfflineAccess, clerktest.PatchWithoutOfflineAccessRefused, clerktest.PatchKeepsOfflineAccess, clerktest.PatchRemovesOfflineAccess)
	draw(rt, &s.PublicClientSecret, clerktest.PublicSecretValue, clerktest.PublicSecretEmpty, clerktest.PublicSecretAbsent)
	draw(rt, &s.RotatePublic, clerktest.RotatePublicEmpty, clerktest.RotatePublicValue, clerktest.RotatePublicRefused)
	draw(rt, &s.RotateUpdatedAt, clerktest.RotateTouchesUpdatedAt, clerktest.RotateKeepsUpdatedAt)
	draw(rt, &s.RedirectOrder, clerktest.RedirectsAsSent, clerktest.RedirectsSorted, clerktest.RedirectsReversed)
	draw(rt, &s.NewerFields, clerktest.NewerFieldsServed, clerktest.NewerFieldsDropped, clerktest.NewerFieldsRefused)
	draw(rt, &s.DCRForcesConsent, clerktest.DCRLeavesConsent, clerktest.DCREnforcesConsent)
	draw(rt, &s.TokenInfo, clerktest.TokenInfoAuthenticates, clerktest.TokenInfoInvalidClient, clerktest.TokenInfoLegacy,
		clerktest.TokenInfoAuthenticatesNobody, clerktest.TokenInfoRefusesEverybody, clerktest.TokenInfoLags)
	s.ReadLag = time.Duration(max(0, rapid.IntRange(-3000, 3000).Draw(rt, "read lag in ms"))) * time.Millisecond
	return s
}

func draw[T any](rt *rapid.T, into *T, from ...T) {
	*into = rapid.SampledFrom(from).Draw(rt, fmt.Sprintf("%T", *into))
}

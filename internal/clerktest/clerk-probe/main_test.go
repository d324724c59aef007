package main

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// ask runs the probe on a simulator for at most a minute, and returns what it printed and its error.
func ask(t *testing.T, s *clerktest.Server) (printed string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var stdout strings.Builder
	err = (&probe{ctx: ctx, transport: s.RoundTripper(), url: s.URL(), key: s.Key()}).run(&stdout)
	for _, secret := range append(s.IssuedSecrets(), s.Keys()...) {
		if strings.Contains(stdout.String(), secret) || err != nil && strings.Contains(err.Error(), secret) {
			t.Error("a secret is in the output")
		}
	}
	return stdout.String(), err
}

// TestEverySwitchIsTold runs the probe on simulators that differ from each other in every switch.
func TestEverySwitchIsTold(t *testing.T) {
	t.Parallel()
	for want, switches := range map[string]clerktest.Switches{
		"as_sent on 422 form_param_value_invalid value empty touch served as_sent exact off authenticates 0s": {},
		"alphabetical off keep oauth_invalid_scope empty value keep drop sorted rfc3986 on lags 500ms": {
			ScopesOrder: "alphabetical", ForceOfflineAccess: "off", PatchWithoutOfflineAccess: "keep",
			UnknownScope: "oauth_invalid_scope", PublicClientSecret: "empty", RotatePublic: "value",
			RotateUpdatedAt: "keep", NewerFields: "drop", RedirectOrder: "sorted", RedirectNormalization: "rfc3986",
			DCRForcesConsent: "on", TokenInfo: "lags", ReadLag: 500 * time.Millisecond,
		},
		"fixed on remove drop absent 422 touch 422 reversed exact off legacy 0s": {
			ScopesOrder: "fixed", PatchWithoutOfflineAccess: "remove", UnknownScope: "drop", PublicClientSecret: "absent",
			RotatePublic: "422", NewerFields: "422", RedirectOrder: "reversed", TokenInfo: "legacy",
		},
		"as_sent on 422 accept value empty touch served as_sent exact off invalid_client 0s":       {UnknownScope: "accept", TokenInfo: "invalid_client"},
		"as_sent on 422 accept value empty touch served as_sent exact off authenticates_nobody 0s": {UnknownScope: "accept", TokenInfo: "authenticates_nobody"},
		"as_sent on 422 accept value empty touch served as_sent exact off refuses_everybody 0s":    {UnknownScope: "accept", TokenInfo: "refuses_everybody"},
	} {
		synctest.Test(t, func(t *testing.T) {
			limit := clerktest.RateLimit{Requests: 100, Per: 10 * time.Second}
			s := clerktest.NewInMemory(t, clerktest.Options{RateLimit: limit})
			s.Set(switches)
			printed, err := ask(t, s)
			var told []string
			for line := range strings.Lines(printed) {
				if _, value, found := strings.Cut(line[strings.LastIndex(line, "  ")+1:], "="); found {
					told = append(told, strings.TrimSpace(value))
				}
			}
			if got := strings.Join(told, " "); err != nil || got != want {
				t.Errorf("%v, got %q, want %q", err, got, want)
			}
			if left := len(s.Applications()); left > 0 || s.Settings().DynamicOAuthClientRegistration {
				t.Errorf("%d applications are left, or the settings are changed", left)
			}
		})
	}
}

// TestWhatIsLeftIsTold has faults on the wire; what cannot be undone must be in the error.
func TestWhatIsLeftIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := clerktest.NewInMemory(t, clerktest.Options{})
		s.Inject(clerktest.ResetAfterWork().OnCreate().Once()) // found by its name
		s.Inject(clerktest.ClerkError(403, "authorization_invalid").OnDelete().Repeat(3))
		_, err := ask(t, s)
		if left := s.Applications(); err == nil || len(left) != 1 || !strings.Contains(err.Error(), left[0].ID) {
			t.Fatalf("got %v, left %+v", err, left)
		}
		s.Delete(s.Applications()[0].ID)
		s.Inject(clerktest.Slow(time.Hour).OnRotate()) // the minute of the run is over before the answer
		begin := time.Now()
		_, err = ask(t, s)
		if err == nil || time.Since(begin) > 2*time.Minute || len(s.Applications()) != 0 {
			t.Errorf("got %v after %s, left %v", err, time.Since(begin), s.Applications())
		}
	})
}

func TestRefusedStarts(t *testing.T) {
	t.Parallel()
	for want, p := range map[string]probe{
		"not the key of a development": {key: "sk_live_canary"},
		"not an https URL":             {key: "sk_test_x", url: "http://clerk.example"},
		"not a development instance":   {key: "sk_test_x", url: "https://clerk.example"},
	} {
		s := clerktest.NewInMemory(t, clerktest.Options{})
		p.ctx, p.transport = t.Context(), s.RoundTripper()
		if err := p.run(nil); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// ask runs the probe on a simulator for some 20 s, and returns its output and its error.
func ask(t *testing.T, s *clerktest.Server) (printed string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var stdout strings.Builder
	p := &probe{transport: s.RoundTripper(), url: strings.TrimSuffix(s.URL(), "v1"), key: s.Key()} // with and without v1 is right
	err = p.run(ctx, &stdout)
	for _, secret := range append(s.IssuedSecrets(), s.Key()) {
		if strings.Contains(fmt.Sprint(stdout.String(), err), secret) {
			t.Error("a secret is in the output")
		}
	}
	return stdout.String(), err
}

// TestEverySwitchIsTold sets switches of a simulator, which the probe must find.
func TestEverySwitchIsTold(t *testing.T) {
	t.Parallel()
	for _, set := range []string{
		`scopes_order=as_sent force_offline_access=on patch_without_offline_access=422
		unknown_scope=form_param_value_invalid public_client_secret=value rotate_public=empty
		rotate_updated_at=touch newer_fields=served redirect_order=as_sent
		dcr_forces_consent=off token_info=authenticates read_lag=0s`,
		`scopes_order=alphabetical force_offline_access=off patch_without_offline_access=keep
		unknown_scope=oauth_invalid_scope public_client_secret=empty rotate_public=value
		rotate_updated_at=keep newer_fields=drop redirect_order=sorted
		dcr_forces_consent=on token_info=lags read_lag=500ms`,
		`scopes_order=fixed patch_without_offline_access=remove unknown_scope=drop rotate_public=422
		public_client_secret=absent newer_fields=422 redirect_order=reversed token_info=legacy`,
		"unknown_scope=accept token_info=invalid_client",
		"token_info=authenticates_nobody", "token_info=refuses_everybody",
	} {
		synctest.Test(t, func(t *testing.T) {
			var switches clerktest.Switches
			for each := range strings.FieldsSeq(set) {
				if err := switches.Parse(each); err != nil {
					t.Fatal(err)
				}
			}
			s := clerktest.NewInMemory(t, clerktest.Options{RateLimit: 100})
			s.Set(switches)
			printed, err := ask(t, s)
			for each := range strings.FieldsSeq(set) {
				if err != nil || !strings.Contains(printed, " "+each+"\n") {
					t.Errorf("%s is not told: %v\n%s", each, err, printed)
				}
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
		s.Inject(clerktest.ResetAfterWork().OnCreate().Skipping(2).Once()) // found by its name
		s.Inject(clerktest.ClerkError(403, "authorization_invalid").OnDelete().Repeat(2))
		printed, err := ask(t, s)
		left := s.Applications()
		if err == nil || len(left) != 1 || !strings.Contains(err.Error(), left[0].ID) ||
			!strings.Contains(printed, "patch_without_offline_access=(not decided)") {
			t.Fatalf("printed\n%s\ngot %v, left %+v", printed, err, left)
		}
		s.Delete(left[0].ID)
		s.Inject(clerktest.Slow(time.Hour).OnRotate()) // the time ends before the answers
		begin := time.Now()
		_, err = ask(t, s)
		if err == nil || time.Since(begin) > time.Minute || len(s.Applications()) != 0 {
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
		p.transport = clerktest.NewInMemory(t, clerktest.Options{}).RoundTripper()
		err := p.run(t.Context(), nil)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

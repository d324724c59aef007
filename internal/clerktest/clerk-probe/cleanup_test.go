package main

import (
	"context"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

func TestCleanupUnderFaults(t *testing.T) {
	t.Parallel()
	const all, one = clerktest.RouteApplications, clerktest.RouteApplication
	for name, faults := range map[string][]clerktest.Fault{
		"every create is lost after the work":     {clerktest.ResetAfterWork().On(http.MethodPost, all)},
		"one create is lost after the work":       {clerktest.ResetAfterWork().On(http.MethodPost, all).Skipping(1).Once()},
		"every create is carried out late":        {clerktest.LateCommit(3*time.Second).On(http.MethodPost, all)},
		"the answer to a create is no JSON":       {clerktest.HTML(502).AfterWork().On(http.MethodPost, all).Once()},
		"creates answer 500 and are carried out":  {clerktest.ClerkError(500, "internal_clerk_error").AfterWork().On(http.MethodPost, all)},
		"half of an answer to a create":           {clerktest.Truncated(clerktest.DeliverCutChunks).On(http.MethodPost, all)},
		"every second delete fails":               {clerktest.HTML(503).On(http.MethodDelete, one).Once(), clerktest.ResetAfterWork().On(http.MethodDelete, one).Skipping(1).Once()},
		"the first look for leftovers fails":      {clerktest.HTML(502).On(http.MethodGet, all).Skipping(4).Once(), clerktest.ResetAfterWork().On(http.MethodPost, all).Once()},
		"the first restoring of settings fails":   {clerktest.Locked().On(http.MethodPatch, clerktest.RouteSettings).Skipping(6).Repeat(2)},
		"no setting can be changed":               {clerktest.ClerkError(403, "authorization_invalid").On(http.MethodPatch, clerktest.RouteSettings)},
		"a change of settings is lost":            {clerktest.ResetAfterWork().On(http.MethodPatch, clerktest.RouteSettings).Once()},
		"every request is refused for a while":    {clerktest.TooManyRequests("1").Skipping(10).Repeat(8)},
		"every fifth request, then more, is slow": {clerktest.Slow(5 * time.Second).Skipping(5).Repeat(5)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			made := try(t, func(s *clerktest.Server, _ *probe) {
				for _, fault := range faults {
					s.Inject(fault)
				}
			})
			made.assertClean(t)
		})
	}
}

// TestCleanupAfterAnInterrupt ends the run after each few requests, in the middle of the next one.
func TestCleanupAfterAnInterrupt(t *testing.T) {
	t.Parallel()
	for after := range 75 {
		synctest.Test(t, func(t *testing.T) {
			s := clerktest.NewInMemory(t)
			ctx, cancel := interrupted(t.Context(), s, after)
			defer cancel()
			result, err := newTestProbe(s, memory(s)).run(ctx)
			made := trial{server: s, result: result, err: err}
			made.assertNothingLeft(t)
			if ctx.Err() != nil && after > 0 && len(s.Requests()) < 65 && (err == nil || !strings.Contains(err.Error(), "interrupted")) {
				t.Errorf("interrupted after %d requests, and the run ended with %v", after, err)
			}
		})
	}
}

// panicking panics once, with the request of that number.
type panicking struct {
	http.RoundTripper
	left int
}

func (p *panicking) RoundTrip(r *http.Request) (*http.Response, error) {
	p.left--
	if p.left == 0 {
		panic("a broken transport, with " + r.Header.Get("Authorization"))
	}
	return p.RoundTripper.RoundTrip(r)
}

func TestCleanupAfterAPanic(t *testing.T) {
	t.Parallel()
	for at := 3; at < 60; at += 7 {
		synctest.Test(t, func(t *testing.T) {
			s := clerktest.NewInMemory(t)
			p := newTestProbe(s, &panicking{RoundTripper: memory(s), left: at})
			result, err := p.run(t.Context())
			trial{server: s, result: result, err: err}.assertNothingLeft(t)
			if err == nil || !strings.Contains(err.Error(), "internal error: a broken transport") {
				t.Errorf("the run ended with %v", err)
			}
		})
	}
}

func TestWhatIsLeftIsNamed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault clerktest.Fault
		want  []string
	}{
		"applications": {
			clerktest.HTML(503).On(http.MethodDelete, ""),
			[]string{`could not delete the application "clerk-probe-`, `-a-renamed" (oa_`, `-b" (oa_`, `-public-1" (oa_`, `503 with a body of text/html`},
		},
		"leftovers that cannot be looked for": {
			clerktest.HTML(502).On(http.MethodGet, clerktest.RouteApplications),
			[]string{`look in the dashboard for names that begin with "clerk-probe-`},
		},
		"settings": {
			clerktest.Locked().On(http.MethodPatch, clerktest.RouteSettings).Skipping(5),
			[]string{`could not restore the OAuth application settings, which were map[default_scopes:<nil>]: 409 resource_locked`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			made := try(t, func(s *clerktest.Server, _ *probe) { s.Inject(test.fault) })
			made.assertBudget(t)
			for _, want := range test.want {
				if made.err == nil || !strings.Contains(made.err.Error(), want) {
					t.Errorf("the run ended with %v, want %s", made.err, want)
				}
			}
		})
	}
}

func TestSettingsAreRestored(t *testing.T) {
	t.Parallel()
	before := clerktest.Settings{
		DynamicOAuthClientRegistration: true, DefaultScopes: []string{"profile", "email"}, AudClaimEnabled: true,
		ClientIDMetadataDocumentsAdvertised: true,
	}
	for _, setting := range clerktest.AllSwitches() {
		var server *clerktest.Server
		made := try(t, func(s *clerktest.Server, _ *probe) {
			server = s
			s.EditSettings(s.InstanceID(), func(settings *clerktest.Settings) {
				*settings = before
				if setting.Switches.DefaultScopesOfflineAccess == clerktest.OfflineAccessIncluded {
					settings.DefaultScopes = append(settings.DefaultScopes, offlineAccess)
				}
			})
		}, clerktest.WithSwitches(setting.Switches))
		after := server.Settings(server.InstanceID())
		want := before
		switch {
		case setting.Switches.DefaultScopesOfflineAccess == clerktest.OfflineAccessIncluded:
			want.DefaultScopes = []string{"profile", "email", offlineAccess}
		case setting.Switches.ScopesOrder == clerktest.ScopesAlphabetical:
			want.DefaultScopes = []string{"email", "profile"}
		}
		if made.err != nil || !reflect.DeepEqual(after, want) {
			t.Errorf("%s: the settings are now %+v, want %+v; %v", setting.Name, after, want, made.err)
		}
		if found := made.found(t, "dcr_forces_consent"); found.Value == "" {
			t.Errorf("%s: with registration on before, %+v", setting.Name, found)
		}
	}
}

// The probe does not touch applications of another run or of others.
func TestOnlyTheRunsApplicationsAreDeleted(t *testing.T) {
	t.Parallel()
	made := try(t, func(s *clerktest.Server, p *probe) {
		s.Seed("clerk-probe-another-a")
		s.Seed("web")
		s.Seed("a copy of " + p.prefix + "a")
		s.Inject(clerktest.ResetAfterWork().On(http.MethodPost, clerktest.RouteApplications))
	})
	if left := made.server.Applications(); len(left) != 3 || made.err != nil {
		t.Errorf("left are %d applications, %v", len(left), made.err)
	}
}

func TestNothingIsSentToAnotherInstance(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]clerktest.Fault{
		"production":  clerktest.Changed(func(instance map[string]any) { instance["environment_type"] = "production" }),
		"unreadable":  clerktest.HTML(502),
		"refused key": clerktest.ClerkError(401, "clerk_key_invalid"),
	} {
		made := try(t, func(s *clerktest.Server, _ *probe) { s.Inject(fault.On(http.MethodGet, clerktest.RouteInstance)) })
		if made.err == nil || len(made.server.Requests()) != 1 || len(made.result.Findings) > 0 {
			t.Errorf("%s: %d requests, %v", name, len(made.server.Requests()), made.err)
		}
	}
}

// TestBudget makes every request fail in one way, and in turn.
func TestBudget(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]clerktest.Fault{
		"429 for ever":    clerktest.TooManyRequests("0").Skipping(20),
		"429 in between":  clerktest.TooManyRequests().When(everyThird()),
		"lost for ever":   clerktest.ResetAfterWork().Skipping(5),
		"slow and lagged": clerktest.Slow(200 * time.Millisecond),
		"redirects":       clerktest.Redirect(http.StatusFound, "https://a.example/").Skipping(9),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, lag := range []time.Duration{0, 4 * time.Second} {
				made := try(t, func(s *clerktest.Server, _ *probe) { s.Inject(fault) },
					clerktest.WithSwitches(clerktest.Switches{ReadLag: lag, TokenInfo: clerktest.TokenInfoLags}))
				made.assertBudget(t)
				if made.result.Requests != len(made.server.Requests()) {
					t.Errorf("%d requests reported, %d sent", made.result.Requests, len(made.server.Requests()))
				}
			}
		})
	}
}

func everyThird() func(clerktest.Request) bool {
	n := 0
	return func(clerktest.Request) bool { n++; return n%3 == 0 }
}

func TestAllSwitchesAtOnce(t *testing.T) {
	t.Parallel()
	// What a run costs most: every question that needs more requests under some setting.
	made := try(t, nil, clerktest.WithSwitches(clerktest.Switches{
		ReadLag: 5 * time.Second, TokenInfo: clerktest.TokenInfoLags, PublicWithoutPKCE: clerktest.PublicWithoutPKCERefused,
		OrganizationScope: clerktest.OrganizationScopeAccepted, PatchWithoutOfflineAccess: clerktest.PatchKeepsOfflineAccess,
	}))
	made.assertClean(t)
	for _, name := range switchNames() {
		if found := made.found(t, name); found.Value == "" && name != "read_lag" {
			t.Errorf("%+v", found)
		}
	}
}

// A lag that is longer than the probe waits has no value.
func TestLongLag(t *testing.T) {
	t.Parallel()
	made := try(t, nil, clerktest.WithSwitches(clerktest.Switches{ReadLag: 20 * time.Second}))
	if found := made.found(t, "read_lag"); found.Value != "" || !strings.Contains(found.Seen, "404 for 5s") {
		t.Errorf("got %+v", found)
	}
	made.assertClean(t)

	// A correct read at last does not mean that there is no lag.
	made = try(t, func(s *clerktest.Server, _ *probe) {
		s.Inject(clerktest.ClerkError(404, "resource_not_found").On(http.MethodGet, clerktest.RouteApplication).Repeat(len(readSchedule)))
	})
	if found := made.found(t, "read_lag"); found.Value != "" || !strings.Contains(found.Seen, "a change is seen at once") {
		t.Errorf("got %+v", found)
	}
}

func TestSleepEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if sleep(ctx, time.Hour) == nil {
		t.Error("a wait outlived its context")
	}
}

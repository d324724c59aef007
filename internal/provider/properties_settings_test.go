package provider_test

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// TestPropertiesSettings lives random lives of the settings of an instance, with faults and
// odd answers.
func TestPropertiesSettings(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) { rapid.SyncTest(rt, liveSettings) })
}

var settingsArguments = map[string][]any{
	"default_scopes":                          {nil, []string{}, []string{"profile"}, []string{"email"}},
	"dynamic_oauth_client_registration":       {nil, true, false},
	"oauth_jwt_access_tokens":                 {nil, true, false},
	"aud_claim_enabled":                       {nil, true, false},
	"pkce_required":                           {nil, true, false},
	"client_id_metadata_documents_advertised": {nil, true, false},
	"client_id_metadata_documents_only_allow_pre_registered_clients": {nil, true, false},
	"client_id_metadata_documents_block_implicitly_allowed_clients":  {nil, true, false},
}

type settingsStep struct {
	act       string
	change    values
	faults    []fault
	odd       []oddity
	interrupt time.Duration
}

func drawSettingsStep(rt *rapid.T) settingsStep {
	s := settingsStep{change: values{}, act: rapid.SampledFrom([]string{
		"apply", "apply", "apply", "refresh", "import", "forget", "destroy", "use another key", "edit",
	}).Draw(rt, "act")}
	for range rapid.IntRange(0, 3).Draw(rt, "changes") {
		name := rapid.SampledFrom(namesOf(settingsArguments)).Draw(rt, "argument")
		s.change[name] = rapid.SampledFrom(settingsArguments[name]).Draw(rt, name)
	}
	switch rapid.IntRange(0, 3).Draw(rt, "trouble") {
	case 1:
		s.faults = drawFaults(rt, "settings", "settings", "any")
	case 2:
		s.odd = drawOddities(rt, append(namesOf(settingsArguments), "object", "another_field"))
	case 3:
		s.interrupt = time.Duration(rapid.IntRange(1, 20_000).Draw(rt, "after")) * time.Millisecond
	}
	return s
}

func liveSettings(rt *rapid.T) {
	l := newLife(rt, drawClerk(rt))
	o, config := &object{kind: settings}, values{}
	for _, s := range rapid.SliceOfN(rapid.Custom(drawSettingsStep), 1, 7).Draw(rt, "steps") {
		rt.Logf("%s %v, faults %v, odd %v, interrupt %s", s.act, s.change, s.faults, s.odd, s.interrupt)
		before := o.state
		heard := l.playSettings(s, o, config)
		clean := len(heard) == 0 && s.faults == nil && s.odd == nil && s.interrupt == 0
		l.clerk.ClearFaults()
		l.clerk.WaitForLateWork()
		time.Sleep(time.Minute)
		leaves := s.act == "forget" || s.act == "destroy"
		if strings.Contains(heard.String(), "Internal error") || before != nil && !o.exists() && !leaves {
			rt.Errorf("the state is %v, it was %v:\n%s", o.state, before, heard)
		}
		if s.act == "apply" && clean {
			l.checkSettings(o, config)
		}
		if rt.Failed() {
			return
		}
	}
	l.clerk.Set(clerktest.Switches{})
	if heard := l.run(rt.Context(), o, config); len(heard) > 0 {
		rt.Errorf("%v cannot be applied: %s", config, heard)
	}
	l.checkSettings(o, config)
	l.checkNoSecrets()
}

func (l *life) playSettings(s settingsStep, o *object, config values) messages {
	ctx, cancel := context.WithCancel(l.rt.Context())
	defer cancel()
	for _, f := range s.faults {
		l.clerk.Inject(f.build())
	}
	if s.odd != nil {
		l.clerk.Inject(clerktest.Changed(func(body map[string]any) {
			for _, o := range s.odd {
				o.apply(body)
			}
		}).On("", clerktest.RouteSettings))
	}
	if s.interrupt > 0 {
		time.AfterFunc(s.interrupt, cancel)
	}
	switch s.act {
	case "apply":
		maps.Copy(config, s.change)
		reset := o.state["default_scopes"] != nil && config["default_scopes"] == nil
		l.clerk.ResetRequests()
		heard := l.run(ctx, o, config)
		for _, r := range l.written() {
			for _, name := range namesOf(r.JSON) {
				if config[name] == nil && (name != "default_scopes" || !reset) {
					l.rt.Errorf("sent what is not configured: %s", r)
				}
			}
		}
		return heard
	case "refresh":
		return l.refresh(ctx, o)
	case "destroy":
		return l.run(ctx, o, nil)
	case "import":
		p, heard := l.process(ctx)
		if !o.exists() && !heard.failed() {
			heard = p.importBy(o, l.clerk.InstanceID(), nil)
		}
		return heard
	case "forget":
		*o = object{kind: settings}
	case "edit":
		l.clerk.EditSettings(l.clerk.InstanceID(), func(of *clerktest.Settings) {
			of.OAuthJWTAccessTokens = !of.OAuthJWTAccessTokens
			of.DefaultScopes = [][]string{nil, {"openid"}}[len(s.change)%2]
		})
	case "use another key":
		if !o.exists() {
			return nil // it would be adopted
		}
		own := l.block["secret_key"]
		l.block["secret_key"] = l.others
		l.clerk.ResetRequests()
		if heard := l.run(ctx, o, config); !heard.failed() || len(l.written()) > 0 {
			l.rt.Errorf("with the key of another instance, %q was sent:\n%s", l.written(), heard)
		}
		l.block["secret_key"] = own
	}
	return nil
}

// checkSettings checks that everything is as configured, and that nothing is left to do.
func (l *life) checkSettings(o *object, config values) {
	made, heard := l.plan(l.rt.Context(), o, config)
	if made == nil || len(made.changes) > 0 || len(heard) > 0 {
		l.rt.Errorf("there is still something to do: %v %s", made, heard)
	}
	for name, want := range config {
		if scopes, ok := want.([]string); ok {
			want = anys(scopes)
		}
		if want != nil && !reflect.DeepEqual(o.state[name], want) {
			l.rt.Errorf("%s is configured as %v and is %v", name, want, o.state[name])
		}
	}
}

func anys(texts []string) []any {
	all := []any{}
	for _, text := range slices.Sorted(slices.Values(texts)) {
		all = append(all, text)
	}
	return all
}

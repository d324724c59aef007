package provider_test

import (
	"maps"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// TestPropertiesSettings lives random lives of the settings of an instance, with faults and
// odd answers.
func TestPropertiesSettings(t *testing.T) { lanes(t, 1, liveSettings) }

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

func drawSettingsStep(rt *rapid.T) step {
	s := step{act: rapid.SampledFrom([]string{
		"apply", "apply", "apply", "refresh", "import", "forget", "destroy", "use another key", "edit",
	}).Draw(rt, "act")}
	s.change = drawChanges(rt, settingsArguments)
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
		rt.Logf("%s %v, %v", s.act, s.change, s.trouble)
		before := o.state
		heard := l.playSettings(s, o, config)
		l.clerk.ClearFaults()
		l.clerk.WaitForLateWork()
		time.Sleep(time.Minute)
		leaves := s.act == "forget" || s.act == "destroy"
		if heard.say("Internal error") || before != nil && !o.exists() && !leaves {
			rt.Errorf("the state is %v, it was %v:\n%s", o.state, before, heard)
		}
		if s.act == "apply" && heard == "" && s.isQuiet() {
			l.checkSettings(o, config)
		}
		if rt.Failed() {
			return
		}
	}
	l.clerk.Set(clerktest.Switches{})
	if heard := l.run(rt.Context(), o, config); heard != "" {
		rt.Errorf("%v cannot be applied: %s", config, heard)
	}
	l.checkSettings(o, config)
	l.checkNoSecrets()
}

func (l *life) playSettings(s step, o *object, config values) messages {
	ctx, cancel := l.meet(s.trouble)
	defer cancel()
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
		return l.process(ctx).read(o)
	case "destroy":
		existed := o.exists()
		l.clerk.ResetRequests()
		heard := l.run(ctx, o, nil)
		says := !existed || heard.failed() || heard.say("OAuth application settings stay as they are")
		if !says || len(l.written()) > 0 {
			l.rt.Errorf("a destruction sent %v, and says %s", l.written(), heard)
		}
		return heard
	case "import":
		if !o.exists() {
			return l.process(ctx).importBy(o, l.clerk.InstanceID(), "")
		}
	case "forget":
		*o = object{kind: settings}
	case "edit":
		l.clerk.EditSettings(func(of *clerktest.Settings) {
			of.OAuthJWTAccessTokens = !of.OAuthJWTAccessTokens
			of.DefaultScopes = [][]string{nil, {"openid"}}[len(s.change)%2]
		})
	case "use another key":
		if o.exists() { // it would be adopted
			l.checkOthersKey(ctx, o, config)
		}
	}
	return ""
}

// checkSettings checks that everything is as configured, and that nothing is left to do.
func (l *life) checkSettings(o *object, config values) {
	made, heard := l.plan(l.rt.Context(), o, config)
	if len(made.changes) > 0 || heard != "" {
		l.rt.Errorf("there is still something to do: %v %s", made.changes, heard)
	}
	for name, want := range decode(typeOf(settings), encode(typeOf(settings), config)) {
		if !reflect.DeepEqual(o.state[name], want) {
			l.rt.Errorf("%s is configured as %v and is %v", name, want, o.state[name])
		}
	}
}

package provider_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// changedSettings differ from the settings of a new instance.
var changedSettings = values{
	"dynamic_oauth_client_registration": true, "default_scopes": []string{"email"},
	"oauth_jwt_access_tokens": false, "client_id_metadata_documents_advertised": true,
	"aud_claim_enabled": true, "pkce_required": true,
}

// Whatever Clerk's answer to a change of the settings lacks or garbles, the settings are
// in the state as planned, with a warning, and the next refresh shows the truth. A field
// with a different value, or a newer one that is missing, was not applied.
func TestSettingsOddAnswers(t *testing.T) {
	for name, planned := range changedSettings {
		for _, odd := range []any{missing, nil, 7, []any{true}, planned == false} {
			for _, adopted := range []bool{false, true} {
				inSubtest(t, name, func(t *testing.T, tf *terraform) {
					o := &object{kind: settings}
					tf.clerk.Set(clerktest.Switches{NewerFields: "served"})
					if adopted {
						tf.run(t.Context(), o, values{})
					}
					tf.clerk.Inject(answering(name, odd).On("PATCH", clerktest.RouteSettings).Once())
					heard := tf.run(t.Context(), o, changedSettings)
					isOptional := name == "aud_claim_enabled" || name == "pkce_required" || name == "default_scopes"
					_, isLie := odd.(bool)
					isLie = isLie && name != "default_scopes" || isOptional && (odd == missing || odd == nil)
					if !o.exists() || heard.failed() != (isLie && adopted) || !heard.say(name) {
						t.Errorf("%s answered as %v: the state is %v, and it says %s", name, odd, o.state, heard)
					}
					if isLie && adopted && o.state[name] == planned {
						t.Errorf("%s is in the state, although Clerk did not apply it", name)
					}
					made, heard := tf.process(t.Context()).plan(o, changedSettings)
					if len(made.changes) > 0 || heard != "" {
						t.Errorf("the refresh does not show the truth: %v %s", made.changes, heard)
					}
				})
			}
		}
	}
}

// Default scopes that the configuration has set are reset with it. Others stay: those that
// the instance had, and those that someone else has chosen. offline_access makes no
// difference.
func TestSettingsDefaultScopes(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		o := &object{kind: settings}
		without, with, own := values{"pkce_required": true}, changedSettings, values{"default_scopes": []string{}}
		for i, step := range []struct {
			edited []string // before the run; nil for no edit
			config values
			sent   string // the default scopes of all requests
			quiet  bool   // nothing is planned
		}{
			{[]string{"profile"}, without, "[]", false},
			{nil, with, "[[email]]", false},
			{[]string{"email", "offline_access"}, with, "[]", true},
			{nil, without, "[<nil>]", false},
			{nil, own, "[]", false},
			{nil, with, "[[email]]", false},
			{nil, with.with("pkce_required", false), "[]", false},
			{[]string{}, without, "[]", false},
			{[]string{"profile", "offline_access"}, without, "[]", true},
			{nil, own, "[<nil>]", false},
			{nil, own, "[]", true},
			{nil, without, "[]", true},
			{[]string{"profile"}, without, "[]", true}, // nobody here has set these
			{nil, with.with("default_scopes", []string{"profile"}).with("pkce_required", false), "[]", false},
			{nil, without, "[]", false}, // only pkce_required changes
			{nil, with, "[[email]]", false},
			{[]string{"profile"}, without, "[]", true},
		} {
			if step.edited != nil {
				tf.clerk.EditSettings(func(s *clerktest.Settings) { s.DefaultScopes = step.edited })
			}
			tf.clerk.ResetRequests()
			made, heard := tf.process(t.Context()).plan(o, step.config)
			heard += tf.process(t.Context()).apply(o, made)
			sent, state := []any{}, fmt.Sprint(o.state["default_scopes"])
			for _, r := range tf.written() {
				if scopes, ok := r.JSON["default_scopes"]; ok {
					sent = append(sent, scopes)
				}
			}
			if heard.failed() || fmt.Sprint(sent) != step.sent || step.quiet != (len(made.changes) == 0) ||
				strings.Contains(state, "offline_access") {
				t.Errorf("step %d sends %v, changes %v and has %s: %s", i, sent, made.changes, state, heard)
			}
		}
	})
}

// Default scopes that Clerk did not apply are not the configuration's.
func TestSettingsRefusedDefaultScopes(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		o := &object{kind: settings}
		tf.clerk.Inject(answering("default_scopes", []any{"profile"}).On("PATCH", clerktest.RouteSettings).Once())
		heard := tf.run(t.Context(), o, changedSettings)
		tf.clerk.EditSettings(func(s *clerktest.Settings) { s.DefaultScopes = []string{"profile"} })
		heard += tf.run(t.Context(), o, values{"pkce_required": true})
		if got := tf.clerk.Settings().DefaultScopes; heard.failed() || len(got) != 1 || got[0] != "profile" {
			t.Errorf("someone else's default scopes are %q now: %s", got, heard)
		}
	})
}

// The plan of a create asks for the instance if the configuration pins one, and sends
// nothing otherwise.
func TestSettingsPlanChecksTheInstance(t *testing.T) {
	for says, block := range map[string]values{
		"": {}, "not to ins_other": {"instance_id": "ins_other"}, "Missing Clerk secret key": {"secret_key": ""},
	} {
		inSubtest(t, says, func(t *testing.T, tf *terraform) {
			maps.Copy(tf.block, block)
			_, heard := tf.process(t.Context()).plan(&object{kind: settings}, changedSettings)
			sent := tf.clerk.RequestLines()
			if heard.failed() != (says != "") || !heard.say(says) || says == "" && len(sent) > 0 {
				t.Errorf("sent %q, %s", sent, heard)
			}
		})
	}
}

// Settings are imported by the id of the key's instance, or by a name that stands for it.
func TestSettingsImport(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		own, adopted := tf.clerk.InstanceID(), &object{kind: settings}
		tf.run(t.Context(), adopted, values{})
		for id, says := range map[string]string{
			own: "", "oauth_application_settings": "", "ins_other": "not to ins_other",
			"mine": `"mine" is not the id of the secret key's instance, which is ` + own,
			"":     "", // by its identity
		} {
			o := &object{kind: settings}
			if id == "" {
				o.identity = adopted.identity
			}
			heard := tf.process(t.Context()).importBy(o, id)
			if !heard.say(says) || says == "" && o.str("id") != own {
				t.Errorf("%q: got %v, %s", id, o.state, heard)
			}
		}
	})
}

// With another instance's key nothing is read or changed. Clerk's refusal of a value stands on its
// attribute, and a refused read is an error.
func TestSettingsErrors(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		o := &object{kind: settings}
		tf.run(t.Context(), o, values{})
		made, _ := tf.process(t.Context()).plan(o, changedSettings)
		refused := clerktest.Raw(422, "application/json",
			`{"errors":[{"code":"form_param_value_invalid","message":"no","meta":{"param_name":"default_scopes"}}]}`)
		tf.clerk.Inject(refused.On("PATCH", clerktest.RouteSettings).Once())
		heard := tf.process(t.Context()).apply(o, made)
		if !heard.failed() || !heard.say(`"default_scopes")`) || o.state["pkce_required"] == true {
			t.Errorf("got %v, %s", o.state, heard)
		}
		tf.clerk.Inject(clerktest.ClerkError(403, "authorization_invalid").On("GET", clerktest.RouteSettings).Once())
		if heard := tf.process(t.Context()).read(o); !heard.say("ERROR: Unable to read OAuth application settings") {
			t.Errorf("a refused read says %q", heard)
		}
		tf.block["secret_key"], _ = tf.clerk.AddInstance(clerktest.Development)
		p := tf.process(t.Context())
		for _, heard := range []messages{p.read(o), p.apply(o, made)} {
			if !heard.say("The secret key belongs to instance") {
				t.Errorf("got %s", heard)
			}
		}
	})
}

package provider_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// changedSettings differ from the settings of a new instance.
var changedSettings = values{
	"dynamic_oauth_client_registration":       true,
	"default_scopes":                          []string{"email"},
	"oauth_jwt_access_tokens":                 false,
	"client_id_metadata_documents_advertised": true,
	"aud_claim_enabled":                       true,
	"pkce_required":                           true,
}

// Whatever Clerk's answer to a change of the settings lacks or garbles, the settings are
// in the state as planned, with a warning, and the next refresh shows the truth. A field
// with a different value, or a newer one that is missing, was not applied.
func TestSettingsOddAnswers(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		tf.clerk.Set(clerktest.Switches{NewerFields: "served"})
		var field string
		oddities := map[string]func(map[string]any){
			"missing":       func(body map[string]any) { delete(body, field) },
			"null":          func(body map[string]any) { body[field] = nil },
			"a number":      func(body map[string]any) { body[field] = 7 },
			"a list":        func(body map[string]any) { body[field] = []any{true} },
			"another value": func(body map[string]any) { body[field] = field != "default_scopes" && body[field] != true },
		}
		for name := range changedSettings {
			for kind, change := range oddities {
				for _, adopted := range []bool{false, true} {
					field = name
					tf.clerk.EditSettings(tf.clerk.InstanceID(), func(s *clerktest.Settings) {
						*s = clerktest.Settings{OAuthJWTAccessTokens: true}
					})
					o := &object{kind: settings}
					if adopted {
						if heard := tf.run(t.Context(), o, values{}); len(heard) > 0 {
							t.Fatal(heard)
						}
					}
					changed := false
					lying := clerktest.Changed(func(answer map[string]any) { change(answer); changed = true })
					tf.clerk.Inject(lying.On("PATCH", clerktest.RouteSettings).Once())
					heard := tf.run(t.Context(), o, changedSettings)
					if !changed {
						t.Fatalf("the answer was not changed: %s", heard)
					}
					optional := name == "aud_claim_enabled" || name == "pkce_required" || name == "default_scopes"
					lie := kind == "another value" && name != "default_scopes" || optional && (kind == "missing" || kind == "null")
					what := name + ", " + kind
					switch {
					case !o.exists():
						t.Errorf("%s: nothing is in the state: %s", what, heard)
					case heard.failed() != (lie && adopted):
						t.Errorf("%s, adopted before: %t: got %s", what, adopted, heard)
					case !strings.Contains(heard.String(), name):
						t.Errorf("%s: no message names the field: %s", what, heard)
					}
					if heard := tf.refresh(t.Context(), o); len(heard) > 0 {
						t.Error(heard)
					}
					if made, _ := tf.plan(t.Context(), o, changedSettings); made == nil || len(made.changes) > 0 {
						t.Errorf("%s: the refresh does not show the truth: %v", what, made)
					}
				}
			}
		}
	})
}

// A destruction sends nothing and says so, in the plan already.
func TestSettingsDestroyForgets(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		o := &object{kind: settings}
		if heard := tf.run(t.Context(), o, changedSettings); heard.failed() {
			t.Fatal(heard)
		}
		tf.clerk.ResetRequests()
		heard := tf.run(t.Context(), o, nil)
		if o.exists() || heard.failed() || !strings.Contains(heard.String(), "OAuth application settings stay as they are") {
			t.Errorf("got %v, %s", o.state, heard)
		}
		if lines := tf.clerk.RequestLines(); slices.ContainsFunc(lines, func(line string) bool { return !strings.HasPrefix(line, "GET ") }) {
			t.Errorf("sent %q", lines)
		}
		if !tf.clerk.Settings(tf.clerk.InstanceID()).DynamicOAuthClientRegistration {
			t.Error("the settings were reset")
		}
	})
}

// Default scopes that the configuration had set are reset with it; others stay.
func TestSettingsDefaultScopesLeaveTheConfiguration(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		scopes := func() []string { return tf.clerk.Settings(tf.clerk.InstanceID()).DefaultScopes }
		without := maps.Clone(changedSettings)
		delete(without, "default_scopes")
		tf.clerk.EditSettings(tf.clerk.InstanceID(), func(s *clerktest.Settings) { s.DefaultScopes = []string{"profile"} })

		o := &object{kind: settings}
		for i, step := range []struct {
			config values
			want   []string
		}{
			{without, []string{"profile"}}, // someone else's
			{changedSettings, []string{"email"}},
			{without, nil},
		} {
			if heard := tf.run(t.Context(), o, step.config); heard.failed() || !slices.Equal(scopes(), step.want) {
				t.Errorf("step %d: %q, %s", i, scopes(), heard)
			}
			if made, _ := tf.plan(t.Context(), o, step.config); made == nil || len(made.changes) > 0 {
				t.Errorf("step %d: the next plan changes %v", i, made)
			}
		}
	})
}

// The plan of a create asks for the instance if the configuration pins one, and sends
// nothing otherwise.
func TestSettingsPlanChecksTheInstance(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		o := &object{kind: settings}
		if made, heard := tf.plan(t.Context(), o, changedSettings); made == nil || len(tf.clerk.RequestLines()) > 0 {
			t.Errorf("sent %q, %s", tf.clerk.RequestLines(), heard)
		}
		tf.block["instance_id"] = "ins_other"
		if made, heard := tf.plan(t.Context(), o, changedSettings); made != nil || !strings.Contains(heard.String(), "not to ins_other") {
			t.Errorf("planned for another instance: %s", heard)
		}
	})
}

// Settings are imported by the id of the key's instance, or by a name that stands for it.
func TestSettingsImport(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		own, other := tf.clerk.InstanceID(), "ins_other"
		for _, test := range []struct{ id, identity, says string }{
			{id: own},
			{id: "oauth_application_settings"},
			{identity: own},
			{id: other, says: "not to ins_other"},
			{id: "mine", says: `"mine" is not the id of the secret key's instance, which is ` + own},
		} {
			o, identity := &object{kind: settings}, values(nil)
			if test.identity != "" {
				identity = values{"id": test.identity}
			}
			p, _ := tf.process(t.Context())
			heard := p.importBy(o, test.id, identity)
			if test.says != "" && !strings.Contains(heard.String(), test.says) || test.says == "" && o.str("id") != own {
				t.Errorf("%v: got %v, %s", test, o.state, heard)
			}
		}
	})
}

// With another instance's key nothing is read or changed, and Clerk's refusal of a value
// stands on its attribute.
func TestSettingsErrors(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		o := &object{kind: settings}
		if heard := tf.run(t.Context(), o, values{}); len(heard) > 0 {
			t.Fatal(heard)
		}
		refused := clerktest.Raw(422, "application/json",
			`{"errors":[{"code":"form_param_value_invalid","message":"no","meta":{"param_name":"default_scopes"}}]}`)
		tf.clerk.Inject(refused.On("PATCH", clerktest.RouteSettings).Once())
		heard := tf.run(t.Context(), o, changedSettings)
		if !heard.failed() || heard[0].Attribute == nil || o.state["dynamic_oauth_client_registration"] != false {
			t.Errorf("got %v, %s", o.state, heard)
		}
		key, _ := tf.clerk.AddInstance(clerktest.Development)
		p, _ := tf.process(t.Context())
		made, _ := p.plan(o, changedSettings)
		tf.block["secret_key"] = key
		p, _ = tf.process(t.Context())
		for _, heard := range []messages{p.read(o), p.apply(o, made)} {
			if !strings.Contains(heard.String(), "The secret key belongs to instance") {
				t.Errorf("got %s", heard)
			}
		}
	})
}

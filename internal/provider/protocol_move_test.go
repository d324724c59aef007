package provider_test

import (
	"fmt"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// A state of another provider for Clerk keeps its secret, whether the resource is moved or
// the provider was replaced in the state. The plan that follows is empty.
func TestProtocolTakeOver(t *testing.T) {
	for name, take := range map[string]func(p *process, o *object, state string) messages{
		"move from a registry": func(p *process, o *object, state string) messages {
			return p.move(o, "registry.terraform.io/vanillauys/clerk", application, state)
		},
		"move from a mirror": func(p *process, o *object, state string) messages {
			return p.move(o, "mirror.example.com/acme/clerk", application, state)
		},
		"replace the provider": func(p *process, o *object, state string) messages {
			return p.upgrade(o, 0, state)
		},
		"replace, with a version 1 of the other": func(p *process, o *object, state string) messages {
			return p.upgrade(o, 1, state)
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, tf *terraform) {
				uri := "https://portal.example.com/"
				id := tf.clerk.Seed("Portal", func(app *clerktest.Application) {
					app.RedirectURIs = []string{uri}
				})
				app, _ := tf.clerk.Application(id)
				secret := tf.clerk.CurrentSecret(id)
				state := fmt.Sprintf(`{"id":%q,"name":"Portal","callback_url":%q,"scopes":"profile email",`+
					`"public":false,"consent_screen_enabled":true,"client_id":%q,"client_secret":%q,`+
					`"an_attribute_of_tomorrow":[1,"two"]}`, id, uri, app.ClientID, secret)
				p, _ := tf.process(t.Context())
				o := &object{kind: application}
				heard := take(p, o, state)
				if len(heard) > 0 || len(tf.clerk.Requests()) > 0 || o.str("client_secret") != secret {
					t.Fatalf("taken over: %v\n%s", o.state, heard)
				}
				config := values{
					"name": "Portal", "redirect_uris": []string{uri}, "scopes": []string{"email", "profile"},
					"public": false,
				}
				made, heard := tf.plan(t.Context(), o, config)
				if made == nil || len(made.changes) > 0 {
					t.Fatalf("planned %v\n%s", made, heard)
				}
				before, _ := o.state["client_secret_version"].(int64)
				config["rotate_secret_trigger"] = "once"
				heard = tf.run(t.Context(), o, config)
				after, _ := o.state["client_secret_version"].(int64)
				if heard.failed() || !tf.hasWorkingSecret(o) || after <= before {
					t.Errorf("rotated: %v\n%s", o.state, heard)
				}
			})
		})
	}
}

// A state that cannot be taken over is refused with a message that shows no value of it.
func TestProtocolTakeOverRefusals(t *testing.T) {
	for name, c := range map[string]struct{ kind, state, says string }{
		"another type": {
			application, `{"id":"oa_1","callback_url":"","client_secret":{"a":"very-secret-value"}}`,
			"client_secret of the application oa_1 is not a string",
		},
		"no id": {application, `{"callback_url":"","client_secret":"very-secret-value"}`, "no valid id"},
		"another type inside": {
			application, `{"id":"oa_1","timeouts":{"create":["very-secret-value"]}}`, "a value of another type",
		},
		"no object":        {application, `["very-secret-value"]`, ""},
		"another resource": {"clerk_user", `{"id":"user_1","password":"very-secret-value"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, tf *terraform) {
				p, _ := tf.process(t.Context())
				o := &object{kind: application}
				heard := p.move(o, "registry.terraform.io/vanillauys/clerk", c.kind, c.state)
				if !heard.failed() || !heard.say(c.says) || heard.say("very-secret-value") {
					t.Errorf("taken over: %v\n%s", o.state, heard)
				}
			})
		})
	}
}

package provider_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// upgrade reads a state that a provider wrote at a version of its schema.
func (p *process) upgrade(version int64, state string) (*object, messages) {
	response := must(p.UpgradeResourceState(p.ctx, &tfprotov6.UpgradeResourceStateRequest{
		TypeName: application, Version: version, RawState: &tfprotov6.RawState{JSON: []byte(state)},
	}))
	upgraded := decode(response.UpgradedState)
	return &object{kind: application, state: upgraded}, p.hear(response.Diagnostics)
}

// move takes over the state of another provider's resource.
func (p *process) move(address, kind, state string) (*object, messages) {
	response := must(p.MoveResourceState(p.ctx, &tfprotov6.MoveResourceStateRequest{
		SourceProviderAddress: address, SourceTypeName: kind, TargetTypeName: application,
		SourceState: &tfprotov6.RawState{JSON: []byte(state)}, SourcePrivate: []byte(`{"clerk":"e30="}`),
	}))
	moved := decode(response.TargetState)
	return &object{application, moved, response.TargetPrivate, response.TargetIdentity},
		p.hear(response.Diagnostics)
}

const vanillauys = "registry.terraform.io/vanillauys/clerk"

// A state of another provider for Clerk keeps its secret, whether the resource is moved or
// the provider was replaced in the state. The plan that follows is empty.
func TestProtocolTakeOver(t *testing.T) {
	for name, c := range map[string]struct {
		address string // of the other provider; "" where the provider was replaced
		version int64
	}{
		"move from a registry": {vanillauys, 0}, "move from a mirror": {"mirror.example.com/acme/clerk", 0},
		"move from OpenTofu": {"registry.opentofu.org/buildwithdeck/clerk", 0}, "move from a name": {"clerk", 0},
		"replace the provider": {"", 0}, "replace, with a version 1 of the other": {"", 1},
	} {
		inSubtest(t, name, func(t *testing.T, tf *terraform) {
			uri := "https://portal.example.com/"
			id := tf.clerk.Seed("Portal", func(app *clerktest.Application) {
				app.RedirectURIs = []string{uri}
			})
			app, _ := tf.clerk.Application(id)
			state := fmt.Sprintf(`{"id":%q,"name":"Portal","callback_url":%q,"scopes":"profile email",`+
				`"public":false,"consent_screen_enabled":true,"client_id":%q,"client_secret":%q,`+
				`"an_attribute_of_tomorrow":[1,"two"]}`, id, uri, app.ClientID, tf.clerk.CurrentSecret(id))
			o, heard := tf.process(t.Context()).move(c.address, application, state)
			if c.address == "" {
				o, heard = tf.process(t.Context()).upgrade(c.version, state)
			}
			if heard != "" || len(tf.clerk.Requests()) > 0 || !tf.hasWorkingSecret(o) {
				t.Fatalf("taken over: %v\n%s", o.state, heard)
			}
			config := values{
				"name": "Portal", "redirect_uris": []string{uri}, "scopes": []string{"email", "profile"},
				"public": false,
			}
			if made, heard := tf.process(t.Context()).plan(o, config); len(made.changes) > 0 {
				t.Fatalf("planned %v\n%s", made.changes, heard)
			}
			before, _ := o.state["client_secret_version"].(uint64)
			heard = tf.run(t.Context(), o, config.with("rotate_secret_trigger", "once"))
			after, _ := o.state["client_secret_version"].(uint64)
			if heard.failed() || !tf.hasWorkingSecret(o) || after <= before {
				t.Errorf("rotated: %v\n%s", o.state, heard)
			}
		})
	}
}

// A state that cannot be taken over is refused with a message that shows no value of it.
func TestProtocolTakeOverRefusals(t *testing.T) {
	for name, c := range map[string]struct{ address, kind, state, says string }{
		"another type": {
			vanillauys, application, `{"id":"oa_1","callback_url":"","client_secret":{"a":"very-secret-value"}}`,
			"client_secret of the application oa_1 has the wrong type",
		},
		"no id": {vanillauys, application, `{"callback_url":"","client_secret":"very-secret-value"}`, "no valid id"},
		"another type inside": {
			vanillauys, application, `{"id":"oa_1","timeouts":{"create":["very-secret-value"]}}`,
			"timeouts of the application oa_1 has the wrong type",
		},
		"another id": {
			vanillauys, application, `{"id":"very-secret-value!","callback_url":"","public":[]}`,
			"the attribute public has the wrong type",
		},
		"no object":        {vanillauys, application, `["very-secret-value"]`, ""},
		"another resource": {vanillauys, "clerk_user", `{"id":"oa_1","callback_url":"","password":"very-secret-value"}`, ""},
		"another provider": {"registry.terraform.io/clerk/auth0", application, `{"id":"oa_1","callback_url":""}`, ""},
	} {
		inSubtest(t, name, func(t *testing.T, tf *terraform) {
			o, heard := tf.process(t.Context()).move(c.address, c.kind, c.state)
			if !heard.failed() || !heard.say(c.says) || heard.say("very-secret-value") {
				t.Errorf("taken over: %v\n%s", o.state, heard)
			}
		})
	}
}

// Where the state names no instance, an application that is not found may be that of another.
func TestProtocolMovedAndNotFound(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		o, _ := tf.process(t.Context()).move(vanillauys, application, `{"id":"oa_1","name":"Portal","callback_url":""}`)
		heard := tf.process(t.Context()).read(o)
		if !o.exists() || !heard.failed() || !heard.say("does not record its instance") {
			t.Errorf("%v\n%s", o.state, heard)
		}
	})
}

// A state of this provider under another address brings its private state along. The private
// state of another provider means nothing here.
func TestProtocolMoveOfPrivateState(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		for state, want := range map[string]string{
			`{"id":"oa_1","name":"Portal","redirect_uris":[]}`:   `{"clerk":"e30="}`,
			`{"id":"oa_1","name":"Portal","callback_url":"a:b"}`: "",
		} {
			o, heard := tf.process(t.Context()).move("mirror.example.com/acme/clerk", application, state)
			if string(o.private) != want || heard != "" {
				t.Errorf("%s: the private state is %s\n%s", state, o.private, heard)
			}
		}
	})
}

package provider_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// move takes over the state of another provider's resource.
func (p *process) move(address, kind, state string) (*object, messages) {
	response := must(p.MoveResourceState(p.ctx, &tfprotov6.MoveResourceStateRequest{
		SourceProviderAddress: address, SourceTypeName: kind, TargetTypeName: application,
		SourceState: &tfprotov6.RawState{JSON: []byte(state)}, SourcePrivate: []byte(`{"clerk":"e30="}`),
	}))
	heard := p.hear(response.Diagnostics)
	return &object{application, decode(response.TargetState), response.TargetPrivate, response.TargetIdentity}, heard
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
			id := tf.clerk.Seed("Portal", func(app *clerktest.Application) { app.RedirectURIs = []string{uri} })
			app, _ := tf.clerk.Application(id)
			state := fmt.Sprintf(`{"id":%q,"name":"Portal","callback_url":%q,"scopes":"profile email",`+
				`"public":false,"consent_screen_enabled":true,"client_id":%q,"client_secret":%q,`+
				`"an_attribute_of_tomorrow":[1,"two"]}`, id, uri, app.ClientID, tf.clerk.CurrentSecret(id))
			p := tf.process(t.Context())
			o, heard := p.move(c.address, application, state)
			if c.address == "" {
				response := must(p.UpgradeResourceState(p.ctx, &tfprotov6.UpgradeResourceStateRequest{
					TypeName: application, Version: c.version, RawState: &tfprotov6.RawState{JSON: []byte(state)},
				}))
				o.state, heard = decode(response.UpgradedState), p.hear(response.Diagnostics)
			}
			if heard != "" || len(tf.clerk.Requests()) > 0 || !tf.hasWorkingSecret(o) || fmt.Sprint(o.state["scopes"]) != "[email profile]" {
				t.Fatalf("taken over: %v\n%s", o.state, heard)
			}
			config := portal.with("redirect_uris", []string{uri}).with("scopes", emailOnly).with("public", false)
			if made, heard := tf.process(t.Context()).plan(o, config); len(made.changes) > 0 {
				t.Fatalf("planned %v\n%s", made.changes, heard)
			}
			heard = tf.run(t.Context(), o, config.with("rotate_secret_trigger", "once"))
			version, _ := o.state["client_secret_version"].(uint64)
			if heard.failed() || !tf.hasWorkingSecret(o) || version < uint64(app.CreatedAt) {
				t.Errorf("rotated: %v\n%s", o.state, heard)
			}
		})
	}
}

// A state that cannot be taken over is refused with a message that shows no value of it.
func TestProtocolTakeOverRefusals(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		p := tf.process(t.Context())
		for _, c := range []struct{ address, kind, state, says string }{
			{vanillauys, application, `{"id":"oa_1","callback_url":"","client_secret":{"a":"CANARY"}}`, "client_secret of the application oa_1 has the wrong type"},
			{vanillauys, application, `{"id":"oa_1","timeouts":{"create":["CANARY"]}}`, "timeouts of the application oa_1 has the wrong type"},
			{vanillauys, application, `{"id":"CANARY!","callback_url":"","public":[]}`, "the attribute public has the wrong type"},
			{vanillauys, application, `{"callback_url":"","client_secret":"CANARY"}`, "no valid id"},
			{vanillauys, application, `["CANARY"]`, ""},
			{vanillauys, "clerk_user", `{"id":"oa_1","callback_url":"","password":"CANARY"}`, ""},
			{"registry.terraform.io/clerk/auth0", application, `{"id":"oa_1","callback_url":""}`, ""},
		} {
			o, heard := p.move(c.address, c.kind, c.state)
			if !heard.failed() || !heard.say(c.says) || heard.say("CANARY") {
				t.Errorf("%s is taken over: %v\n%s", c.state, o.state, heard)
			}
		}
	})
}

// A state of this provider under another address brings its private state along. The private
// state of another provider means nothing here. Where the state names no instance, an
// application that is not found may be that of another.
func TestProtocolMoveOfPrivateState(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		for state, want := range map[string]string{
			`{"id":"oa_1","name":"Portal","redirect_uris":[]}`:   `{"clerk":"e30="}`,
			`{"id":"oa_1","name":"Portal","callback_url":"a:b"}`: "",
		} {
			p := tf.process(t.Context())
			o, heard := p.move("mirror.example.com/acme/clerk", application, state)
			if string(o.private) != want || heard != "" {
				t.Errorf("%s: the private state is %s\n%s", state, o.private, heard)
			}
			if heard := p.read(o); !o.exists() || !heard.failed() || !heard.say("does not record its instance") {
				t.Errorf("%v\n%s", o.state, heard)
			}
		}
	})
}

package provider_test

import (
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// inBubble runs a test in virtual time, with a log at TRACE in which no secret may be.
func inBubble(t *testing.T, test func(*testing.T, *terraform)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tf := newTerraform(t)
		tf.traces, tf.replans = true, true
		test(t, tf)
		tf.checkNoSecrets()
	})
}

// portal is the smallest configuration.
var portal = values{"name": "Portal"}

func TestProtocolLife(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		o := &object{kind: application}
		if heard := tf.run(t.Context(), o, portal); len(heard) > 0 || !tf.hasWorkingSecret(o) {
			t.Fatalf("created %v\n%s", o.state, heard)
		}
		made, heard := tf.plan(t.Context(), o, values{"name": "Portal", "rotate_secret_trigger": "once"})
		want := []string{"client_secret", "client_secret_version", "rotate_secret_trigger", "updated_at"}
		if !slices.Equal(made.changes, want) || !heard.say(`The client secret of "Portal" will be rotated`) {
			t.Errorf("a rotation plans to change %v, want %v\n%s", made.changes, want, heard)
		}
		if heard := tf.run(t.Context(), o, nil); len(heard) > 0 || o.exists() {
			t.Errorf("destroyed, and there is %v\n%s", o.state, heard)
		}
		want = []string{
			`POST /oauth_applications {"name":"Portal"}`, "GET /oauth_applications/{id}",
			"GET /oauth_applications/{id}", "DELETE /oauth_applications/{id}",
		}
		if got := tf.clerk.RequestLines(); !slices.Equal(got, want) {
			t.Errorf("sent %q, want %q", got, want)
		}
	})
}

// An older application is imported where a younger one was, so that only the floor keeps
// the version from being used twice.
func TestProtocolVersionOfAnOlderApplication(t *testing.T) {
	for name, skew := range map[string]time.Duration{
		"clocks agree": 0, "Date is ahead": 5 * time.Minute,
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, tf *terraform) {
				tf.clerk.SetDateSkew(skew)
				older := tf.clerk.Seed("Older")
				time.Sleep(time.Minute)
				o := &object{kind: application}
				tf.run(t.Context(), o, portal)
				younger, _ := o.state["client_secret_version"].(int64)

				p, _ := tf.process(t.Context())
				o = &object{kind: application}
				p.importBy(o, older, nil)
				tf.run(t.Context(), o, values{"name": "Older", "rotate_secret_trigger": "once"})
				if version, _ := o.state["client_secret_version"].(int64); version <= younger {
					t.Errorf("the version is %d, after %d", version, younger)
				}
			})
		})
	}
}

// Terraform does not say that a plan is a replacement, so only the apply can refuse it.
func TestProtocolProtectedReplacement(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		o := &object{kind: application}
		tf.run(t.Context(), o, values{"name": "Portal", "deletion_protection": true})
		if _, heard := tf.plan(t.Context(), o, nil); !heard.failed() {
			t.Error("the destruction of a protected application was planned")
		}
		p, _ := tf.process(t.Context())
		destruction := &plan{prior: *o, planned: decode(typeOf(application), nil), changes: []string{"id"}}
		heard := p.apply(o, destruction)
		if _, kept := tf.clerk.Application(o.str("id")); !kept || !heard.failed() ||
			!heard.say("protected from deletion") || !heard.say("replace") {
			t.Errorf("a protected application was deleted, or nothing says why not:\n%s", heard)
		}
	})
}

// An engine hides the values that the schema calls sensitive.
func TestProtocolSensitiveAttributes(t *testing.T) {
	t.Parallel()
	all := schemas()
	for block, want := range map[*tfprotov6.SchemaBlock][]string{
		all.Provider.Block:                                           {"secret_key"},
		all.ResourceSchemas[application].Block:                       {"client_secret"},
		all.EphemeralResourceSchemas["clerk_decrypted_secret"].Block: {"identity", "plaintext"},
	} {
		var sensitive []string
		for _, attribute := range block.Attributes {
			if attribute.Sensitive {
				sensitive = append(sensitive, attribute.Name)
			}
		}
		if slices.Sort(sensitive); !slices.Equal(sensitive, want) {
			t.Errorf("sensitive are %v, want %v", sensitive, want)
		}
	}
}

func TestProtocolRefusedInputSendsNothing(t *testing.T) {
	for says, refused := range map[string]values{
		"public client":     {"public": true, "rotate_secret_trigger": "once"},
		"No scopes":         {"scopes": []string{}},
		"must not be empty": {"rotate_secret_trigger": ""},
		"only white space":  {"name": " "},
		"is relative":       {"redirect_uris": []string{"/callback"}},
		"recipient":         {"encrypt_client_secret_to": []string{"age1"}},
		"at least 1s":       {"timeouts": values{"create": "1ms"}},
		"scope":             {"scopes": []string{"openid,profile"}},
		"logo_sha256":       {"logo_sha256": "0"},
		"is a URL":          {"logo_path": "https://example.com/logo.png"},
	} {
		t.Run(says, func(t *testing.T) {
			inBubble(t, func(t *testing.T, tf *terraform) {
				config := maps.Clone(portal)
				maps.Copy(config, refused)
				heard := tf.run(t.Context(), &object{kind: application}, config)
				if !heard.failed() || !heard.say(says) || len(tf.clerk.Requests()) > 0 {
					t.Errorf("sent %q, and said:\n%s", tf.clerk.RequestLines(), heard)
				}
			})
		})
	}
}

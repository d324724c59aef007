package provider_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// inBubble runs a test in virtual time, with a log at TRACE in which no secret may be.
func inBubble(t *testing.T, test func(*testing.T, *terraform)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tf := newTerraform(t.Errorf, t.Cleanup)
		tf.traces = true
		test(t, tf)
	})
}

func inSubtest(t *testing.T, name string, test func(*testing.T, *terraform)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { inBubble(t, test) })
}

// Write is where the provider's log goes.
func (t *terraform) Write(line []byte) (int, error) {
	t.checkNoSecrets(string(line))
	return len(line), nil
}

// checkNoSecrets searches messages and log for the secrets of this Clerk: in plain text, as part
// of a URL and in base64, which is what becomes of credentials in a header.
func (t *terraform) checkNoSecrets(text string) {
	for _, secret := range slices.Concat(t.clerk.Keys(), t.clerk.IssuedSecrets()) {
		forms := []string{secret, url.QueryEscape(secret), strings.Trim(fmt.Sprintf("%q", secret), `"`)}
		for shift := range 3 { // what stands before the secret decides how its bits fall on digits
			digits := base64.RawStdEncoding.EncodeToString(append(make([]byte, shift), secret...))
			forms = append(forms, digits[(shift*8+5)/6:(shift+len(secret))*8/6])
		}
		for _, form := range forms {
			if at := strings.Index(text, form); at >= 0 {
				t.errorf("a secret is shown:\n%s", text[max(0, at-300):at+len(form)])
			}
		}
	}
}

// hasWorkingSecret reports whether the secret in the state is the one that Clerk has.
func (t *terraform) hasWorkingSecret(o *object) bool {
	_, exists := t.clerk.Application(o.str("id"))
	return exists && o.str("client_secret") == t.clerk.CurrentSecret(o.str("id"))
}

// portal is the smallest configuration.
var portal = values{"name": "Portal"}

// with returns a configuration with one argument more.
func (v values) with(name string, value any) values {
	return merged(v, values{name: value})
}

func TestProtocolLife(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		o := &object{kind: application}
		if heard := tf.run(t.Context(), o, portal); heard != "" || !tf.hasWorkingSecret(o) {
			t.Fatalf("created %v\n%s", o.state, heard)
		}
		if _, heard := tf.process(t.Context()).plan(o, rotated); !heard.say(`The client secret of "Portal" will be`) {
			t.Errorf("a planned rotation says\n%s", heard)
		}
		if heard := tf.run(t.Context(), o, nil); heard != "" || o.exists() {
			t.Errorf("destroyed, and there is %v\n%s", o.state, heard)
		}
		want := []string{
			`POST /oauth_applications {"name":"Portal"}`, "GET /oauth_applications/{id}",
			"GET /oauth_applications/{id}", "DELETE /oauth_applications/{id}",
		}
		if got := tf.clerk.RequestLines(); !slices.Equal(got, want) {
			t.Errorf("sent %q, want %q", got, want)
		}
	})
}

// What a plan changes. The updated_at of a plan with changes is not known.
func TestProtocolPlans(t *testing.T) {
	trigger := values{"name": "Caf\u00e9", "rotate_secret_trigger": "1\n2"}
	uris := func(uris ...string) values { return portal.with("redirect_uris", uris) }
	for name, c := range map[string]struct {
		before, config values
		changes        string
	}{
		"a rotation":                  {portal, rotated, "client_secret client_secret_version rotate_secret_trigger"},
		"the line ends of a trigger":  {trigger, trigger.with("rotate_secret_trigger", "1\r\n2\r\n"), ""},
		"white space around it":       {trigger, trigger.with("rotate_secret_trigger", " 1\n2"), ""},
		"another line in it":          {trigger, trigger.with("rotate_secret_trigger", "1\n\n2"), "client_secret client_secret_version rotate_secret_trigger"},
		"the spelling of a name":      {trigger, trigger.with("name", "Cafe\u0301 "), ""},
		"callback_url alone is left":  {uris("a:1", "a:2"), uris("a:1"), "redirect_uris"},
		"callback_url is left":        {uris("a:1", "a:2"), uris("a:0", "a:1"), "redirect_uris"},
		"callback_url is gone":        {uris("a:1", "a:2"), uris("a:0"), "callback_url redirect_uris"},
		"no redirect URI is left":     {uris("a:1", "a:2"), portal.with("redirect_uris", []string{}), "callback_url redirect_uris"},
		"Clerk may require PKCE":      {portal, portal.with("public", true), "client_secret client_secret_version pkce_required public"},
		"PKCE is configured":          {portal, public.with("pkce_required", false), "client_secret client_secret_version public"},
		"the logo is at another path": {withLogo, portal.with("logo_path", "../provider/testdata/logo.png"), ""},
	} {
		inSubtest(t, name, func(t *testing.T, tf *terraform) {
			o := &object{kind: application}
			tf.run(t.Context(), o, c.before)
			made, heard := tf.process(t.Context()).plan(o, c.config)
			if got := strings.TrimSuffix(strings.Join(made.changes, " "), " updated_at"); got != c.changes {
				t.Errorf("it changes %q, want %q\n%s", got, c.changes, heard)
			}
			if heard := tf.run(t.Context(), o, c.config); heard.failed() {
				t.Error(heard)
			}
		})
	}
}

// With instance_id or prevent_duplicate_names the plan of a create asks Clerk, once in a
// run. Without them it sends nothing.
func TestProtocolPlanOfACreateAsks(t *testing.T) {
	for name, c := range map[string]struct {
		block values
		seed  string
		fault clerktest.Fault
		says  string // part of the error; "" without one
		sent  int    // for two plans in one run
	}{
		"nothing":        {},
		"right instance": {block: values{"instance_id": "own"}, sent: 1},
		"other instance": {block: values{"instance_id": "ins_other"}, says: "ins_other", sent: 1},
		"no instance": {
			block: values{"instance_id": "own"}, fault: clerktest.ClerkError(401, "clerk_key_invalid"),
			says: "Clerk", sent: 2,
		},
		"a duplicate":   {block: values{"prevent_duplicate_names": true}, seed: "Portal ", says: "terraform import", sent: 1},
		"in lower case": {block: values{"prevent_duplicate_names": true}, seed: "portal", sent: 1},
	} {
		inSubtest(t, name, func(t *testing.T, tf *terraform) {
			if maps.Copy(tf.block, c.block); c.block["instance_id"] == "own" {
				tf.block["instance_id"] = tf.clerk.InstanceID()
			}
			tf.clerk.Seed(c.seed)
			tf.clerk.Inject(c.fault)
			p := tf.process(t.Context())
			_, heard := p.plan(&object{kind: application}, portal)
			_, _ = p.plan(&object{kind: application}, portal.with("name", "Other"))
			if heard.failed() != (c.says != "") || !heard.say(c.says) {
				t.Errorf("it says:\n%s", heard)
			}
			if sent := tf.clerk.RequestLines(); len(sent) != c.sent {
				t.Errorf("sent %q, want %d", sent, c.sent)
			}
		})
	}
}

// A replacement has the name of the application that it replaces, and is no duplicate.
func TestProtocolPlanOfAReplacementIsNoDuplicate(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		tf.block["prevent_duplicate_names"] = true
		o := &object{kind: application}
		tf.run(t.Context(), o, portal)
		for _, config := range []values{portal, portal.with("consent_screen_enabled", false)} {
			p, schema := tf.process(t.Context()), schemas.ResourceSchemas[application]
			must(p.PlanResourceChange(p.ctx, &tfprotov6.PlanResourceChangeRequest{ // without a refresh
				TypeName: application, Config: encode(schema, config), PriorState: encode(schema, o.state),
				ProposedNewState: encode(schema, merged(o.state, config)),
			}))
			if _, heard := p.plan(&object{kind: application}, config); heard.failed() {
				t.Error(heard)
			}
		}
	})
}

// Terraform does not say that a plan is a replacement, so only the apply can refuse it.
func TestProtocolProtectedReplacement(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		o := &object{kind: application}
		tf.run(t.Context(), o, portal.with("deletion_protection", true))
		if _, heard := tf.process(t.Context()).plan(o, nil); !heard.failed() {
			t.Error("the destruction of a protected application was planned")
		}
		if made, heard := tf.process(t.Context()).plan(o, portal); fmt.Sprint(made.changes) != "[deletion_protection]" {
			t.Errorf("without the argument, the plan changes %v: %s", made.changes, heard)
		}
		destroyed := &plan{
			prior: *o, changes: []string{"id"},
			response: &tfprotov6.PlanResourceChangeResponse{PlannedState: encode(schemas.ResourceSchemas[application], nil)},
		}
		heard := tf.process(t.Context()).apply(o, destroyed)
		if _, kept := tf.clerk.Application(o.str("id")); !kept || !heard.failed() ||
			!heard.say("protected from deletion") || !heard.say("untaint") {
			t.Errorf("a protected application was deleted, or nothing says why not:\n%s", heard)
		}

		// With create_before_destroy the new application exists by then.
		p, instead := tf.process(t.Context()), &object{kind: application}
		made, _ := p.plan(instead, portal)
		p.apply(instead, made)
		heard = p.apply(o, destroyed)
		if _, kept := tf.clerk.Application(o.str("id")); !kept || !heard.failed() ||
			!heard.say("exists already: "+instead.str("id")) || heard.say("untaint") {
			t.Errorf("a protected application was deleted, or nothing says what was created:\n%s", heard)
		}
	})
}

// A client that someone made public has lost its secret, also where it is confidential again.
// What is public cannot be rotated.
func TestProtocolPublicElsewhere(t *testing.T) {
	for name, c := range map[string]struct {
		config values
		public []bool
	}{
		"for a while": {portal, []bool{true, false}}, "with a trigger": {rotated, []bool{true}},
	} {
		inSubtest(t, name, func(t *testing.T, tf *terraform) {
			o := &object{kind: application}
			tf.run(t.Context(), o, c.config)
			for _, public := range c.public {
				tf.clerk.Edit(o.str("id"), func(app *clerktest.Application) { app.Public = public })
				tf.process(t.Context()).read(o)
			}
			tf.checkReport(t, o, c.config, "")
		})
	}
}

var verified = portal.with("verify_client_secret", true)

func TestProtocolVerifySecretRotatedElsewhere(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		o := &object{kind: application}
		tf.run(t.Context(), o, verified)
		tf.clerk.Rotate(o.str("id"))
		tf.checkReport(t, o, verified, "")
	})
}

// Only a secret that the endpoint has accepted before can be found to be dead. A refusal that
// decides nothing costs no time, and does not make the provider forget what was accepted.
func TestProtocolVerifyNothingIsKnown(t *testing.T) {
	for says, c := range map[string]struct {
		tokenInfo string
		fault     clerktest.Fault
	}{"HTTP 503": {fault: clerktest.HTML(503)}, "never accepted": {tokenInfo: "refuses_everybody"}} {
		inSubtest(t, says, func(t *testing.T, tf *terraform) {
			tf.clerk.Set(clerktest.Switches{TokenInfo: c.tokenInfo})
			o, neverAccepted := &object{kind: application}, c.tokenInfo != ""
			if heard := tf.run(t.Context(), o, verified); heard.say("could not be verified") != neverAccepted {
				t.Errorf("the create says\n%s", heard)
			}
			tf.clerk.Inject(c.fault.On("POST", clerktest.RouteTokenInfo))
			began, p := time.Now(), tf.process(t.Context())
			heard := p.read(o)
			took := time.Since(began)
			made, _ := p.plan(o, verified)
			if len(made.changes) > 0 || strings.Count(string(heard), "WARNING: ") != 1 ||
				!heard.say("could not be verified") || !heard.say(says) || took > 0 {
				t.Errorf("planned %v in %s\n%s", made.changes, took, heard)
			}
			tf.clerk.ClearFaults()
			tf.clerk.Rotate(o.str("id"))
			if made, heard := tf.process(t.Context()).plan(o, verified); (len(made.changes) == 0) != neverAccepted {
				t.Errorf("rotated elsewhere, and planned is %v\n%s", made.changes, heard)
			}
		})
	}
}

// A private state that an earlier release wrote loses nothing: a pending rotation is still
// pending, and everything is noted under the one key, until there is nothing to note.
func TestProtocolPrivateStateOfEarlierReleases(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		o := &object{kind: application}
		tf.run(t.Context(), o, portal)
		o.private = must(json.Marshal(map[string][]byte{
			"rotation_pending": []byte("true"), "client_secret_version_floor": []byte("1764489600"),
			"client_secret_accepted": []byte("5"), "client_secret_rejected": []byte("6"),
			"logo_changed": []byte("true"),
		}))
		tf.process(t.Context()).read(o)
		private := map[string][]byte{}
		const want = `{"rotation_pending":true,"client_secret_version_floor":1764489600,` +
			`"client_secret_accepted":5,"client_secret_rejected":6}` // there is no logo
		if err := json.Unmarshal(o.private, &private); err != nil || len(private) != 1 ||
			string(private["clerk"]) != want {
			t.Errorf("the private state is %q (%v)", private, err)
		}
		tf.checkReport(t, o, portal, "")
	})
}

// A plan that uploads a changed logo is not applied without the file, and never silently.
func TestProtocolLogoThatIsGoneWhenApplied(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		image, file := must(os.ReadFile("testdata/logo.png")), filepath.Join(t.TempDir(), "logo.png")
		o, config := &object{kind: application}, portal.with("logo_path", file)
		for i := range 2 {
			if err := os.WriteFile(file, append(image, make([]byte, i)...), 0o600); err != nil {
				t.Fatal(err)
			}
			made, heard := tf.process(t.Context()).plan(o, config)
			if i == 1 {
				heard += messages(fmt.Sprint(os.Remove(file)))
			}
			if heard += tf.process(t.Context()).apply(o, made); heard.failed() != (i == 1) {
				t.Errorf("it says:\n%s", heard)
			}
		}
	})
}

// Terraform hides the values that the schema calls sensitive. In a list, OpenTofu takes
// quadratic time for an attribute with a deprecation message.
func TestProtocolSchemas(t *testing.T) {
	t.Parallel()
	all := schemas
	if heard := newTerraform(t.Errorf, t.Cleanup).hear(all.Diagnostics); heard != "" {
		t.Error(heard)
	}
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
	for _, list := range all.DataSourceSchemas[application+"s"].Block.Attributes {
		if list.NestedType == nil {
			continue
		}
		for _, a := range list.NestedType.Attributes {
			if a.Sensitive || a.Deprecated || !a.Computed || a.Optional || a.Description == "" {
				t.Errorf("%s is not merely computed and described", a.Name)
			}
		}
	}
}

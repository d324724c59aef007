package provider_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
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
		if heard := tf.run(t.Context(), o, nil); heard != "" || o.exists() {
			t.Errorf("destroyed, and there is %v\n%s", o.state, heard)
		}
		want := []string{
			`POST /oauth_applications {"name":"Portal"}`, "GET /oauth_applications/{id}",
			"DELETE /oauth_applications/{id}",
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
		"the line ends of a trigger": {trigger, trigger.with("rotate_secret_trigger", "1\r\n2\r\n"), ""},
		"white space around it":      {trigger, trigger.with("rotate_secret_trigger", " 1\n2"), ""},
		"another line in it":         {trigger, trigger.with("rotate_secret_trigger", "1\n\n2"), "client_secret client_secret_version rotate_secret_trigger"},
		"the spelling of a name":     {trigger, trigger.with("name", "Cafe\u0301 "), ""},
		"callback_url alone is left": {uris("a:1", "a:2"), uris("a:1"), "redirect_uris"},
		"callback_url is left":       {uris("a:1", "a:2"), uris("a:0", "a:1"), "redirect_uris"},
		"callback_url is gone":       {uris("a:1", "a:2"), uris("a:0"), "callback_url redirect_uris"},
		"PKCE is configured":         {portal, public.with("pkce_required", false), "client_secret client_secret_version public"},
		"Clerk may require PKCE":     {portal, portal.with("public", true), "client_secret client_secret_version pkce_required public"},
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

// A replacement has the name of the application that it replaces, and is no duplicate. Where
// no state has the application, the plan of a create says so.
func TestProtocolPlanOfAReplacementIsNoDuplicate(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		tf.block["prevent_duplicate_names"] = true
		o := &object{kind: application}
		tf.run(t.Context(), o, portal)
		for _, config := range []values{portal, portal.with("consent_screen_enabled", false)} {
			p := tf.process(t.Context())
			for _, of := range []*object{o, {kind: application}} {
				if _, heard := p.planAgain(of, config); heard.failed() {
					t.Error(heard)
				}
			}
		}
		if _, heard := tf.process(t.Context()).plan(&object{kind: application}, portal); !heard.say("exists already") {
			t.Errorf("a duplicate is planned:\n%s", heard)
		}
	})
}

// The plan of a destruction is refused. Terraform does not say that a plan is a replacement, so
// only the apply can refuse that.
func TestProtocolProtectedReplacement(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		o, instead := &object{kind: application}, &object{kind: application}
		tf.run(t.Context(), o, portal.with("deletion_protection", true))
		destroyed := &plan{prior: *o, changes: []string{"id"}, response: &tfprotov6.PlanResourceChangeResponse{
			PlannedState: encode(schemas.ResourceSchemas[application], nil),
		}}
		p := tf.process(t.Context())
		_, planned := p.plan(o, nil)
		first := p.apply(o, destroyed)
		// With create_before_destroy the new application exists by then.
		made, _ := p.plan(instead, portal)
		p.apply(instead, made)
		second := p.apply(o, destroyed)
		if _, kept := tf.clerk.Application(o.str("id")); !kept || !planned.failed() || !first.failed() || !second.failed() {
			t.Error("a protected application was deleted, or its deletion planned")
		}
		if !first.say("protected from deletion") || !first.say("untaint") ||
			!second.say("exists already: "+instead.str("id")) || second.say("untaint") {
			t.Errorf("nothing says why not, or what was created:\n%s%s", first, second)
		}
	})
}

// A client that someone made public has lost its secret, also where it is confidential again.
// What is public cannot be rotated. A secret that someone rotated is lost where it is verified.
func TestProtocolPublicElsewhere(t *testing.T) {
	for name, c := range map[string]struct {
		config values
		public []bool
	}{
		"for a while": {portal, []bool{true, false}}, "with a trigger": {rotated, []bool{true}}, "rotated instead": {verified, nil},
	} {
		inSubtest(t, name, func(t *testing.T, tf *terraform) {
			o := &object{kind: application}
			tf.run(t.Context(), o, portal)
			tf.run(t.Context(), o, c.config)
			for _, public := range c.public {
				tf.clerk.Edit(o.str("id"), func(app *clerktest.Application) { app.Public = public })
				tf.process(t.Context()).read(o)
			}
			if c.public == nil {
				tf.clerk.Rotate(o.str("id"))
			}
			tf.checkReport(t, o, c.config, "")
		})
	}
}

// A client that becomes public and confidential again never has a version twice, also where the
// Date of Clerk's answers is ahead. Each time the plan says that a secret goes.
func TestProtocolVersionAfterPublic(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		tf.clerk.SetClockSkew(0, 10*time.Minute)
		o, seen := &object{kind: application}, map[any]bool{}
		if heard := tf.process(t.Context()).importBy(o, tf.clerk.Seed("Portal")); heard.failed() {
			t.Fatal(heard)
		}
		for range 3 {
			if heard := tf.run(t.Context(), o, public); !heard.say("will be removed") {
				t.Errorf("no warning: %s", heard)
			}
			time.Sleep(time.Minute)
			tf.run(t.Context(), o, portal.with("public", false))
			time.Sleep(time.Minute)
			version := o.state["client_secret_version"]
			if version == nil || seen[version] {
				t.Errorf("version %v after %v", version, seen)
			}
			seen[version] = true
		}
	})
}

// Only a secret that the endpoint has accepted before can be found to be dead. A refusal that
// decides nothing costs no time, and does not make the provider forget what was accepted.
func TestProtocolVerifyNothingIsKnown(t *testing.T) {
	for says, tokenInfo := range map[string]string{"HTTP 503": "", "never accepted": "refuses_everybody"} {
		inSubtest(t, says, func(t *testing.T, tf *terraform) {
			tf.clerk.Set(clerktest.Switches{TokenInfo: tokenInfo})
			o, neverAccepted := &object{kind: application}, tokenInfo != ""
			if heard := tf.run(t.Context(), o, verified); heard.say("could not be verified") != neverAccepted {
				t.Errorf("the create says\n%s", heard)
			}
			if !neverAccepted {
				tf.clerk.Inject(clerktest.HTML(503).On("POST", clerktest.RouteTokenInfo))
			}
			began := time.Now()
			made, heard := tf.process(t.Context()).plan(o, verified)
			if took := time.Since(began); len(made.changes) > 0 || strings.Count(string(heard), "WARNING: ") != 1 ||
				!heard.say("could not be verified") || !heard.say(says) || took > 0 {
				t.Errorf("planned %v in %s\n%s", made.changes, took, heard)
			}
			tf.clerk.ClearFaults()
			tf.clerk.Rotate(o.str("id"))
			if made, heard := tf.process(t.Context()).plan(&made.prior, verified); (len(made.changes) == 0) != neverAccepted {
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
		want := must(json.Marshal(map[string][]byte{"clerk": []byte( // there is no logo
			`{"rotation_pending":true,"client_secret_version_floor":1764489600,"client_secret_accepted":5,"client_secret_rejected":6}`)}))
		if !bytes.Equal(o.private, want) {
			t.Errorf("the private state is %s, want %s", o.private, want)
		}
		tf.checkReport(t, o, portal, "")
	})
}

// A plan that uploads a changed logo is not applied without the file, and never silently: neither
// by the plan with which an apply begins, nor by the apply itself.
func TestProtocolLogoThatIsGoneWhenApplied(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		image, file := must(os.ReadFile("testdata/logo.png")), filepath.Join(t.TempDir(), "logo.png")
		o, config := &object{kind: application}, portal.with("logo_path", file)
		must(0, os.WriteFile(file, image, 0o600))
		tf.run(t.Context(), o, config)
		must(0, os.WriteFile(file, append(image, 0), 0o600))
		made, _ := tf.process(t.Context()).plan(o, config)
		must(0, os.Remove(file))
		p := tf.process(t.Context())
		_, again := p.planAgain(&made.prior, config)
		if heard := p.apply(o, made); !again.failed() || !heard.failed() {
			t.Errorf("it says:\n%sand then\n%s", again, heard)
		}
	})
}

// Terraform hides the values that the schema calls sensitive. In a list, OpenTofu takes
// quadratic time for an attribute with a deprecation message.
func TestProtocolSchemas(t *testing.T) {
	t.Parallel()
	var sensitive []string
	for _, schema := range []*tfprotov6.Schema{
		schemas.Provider, schemas.ResourceSchemas[application], schemas.EphemeralResourceSchemas["clerk_decrypted_secret"],
	} {
		for _, attribute := range schema.Block.Attributes {
			if attribute.Sensitive {
				sensitive = append(sensitive, attribute.Name)
			}
		}
	}
	if fmt.Sprint(sensitive) != "[secret_key client_secret identity plaintext]" || len(schemas.Diagnostics) > 0 {
		t.Errorf("sensitive are %v; %v", sensitive, schemas.Diagnostics)
	}
	list := schemas.DataSourceSchemas[application+"s"].Block.Attributes
	isList := func(a *tfprotov6.SchemaAttribute) bool { return a.NestedType != nil }
	for _, a := range list[slices.IndexFunc(list, isList)].NestedType.Attributes {
		if a.Sensitive || a.Deprecated || !a.Computed || a.Optional || a.Description == "" {
			t.Errorf("%s is not merely computed and described", a.Name)
		}
	}
}

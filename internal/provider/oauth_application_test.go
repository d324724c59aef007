package provider_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// with returns a configuration with one argument more.
func (v values) with(name string, value any) values {
	all := maps.Clone(v)
	all[name] = value
	return all
}

// version is the client_secret_version of a state, 0 without a version.
func (o *object) version() int64 {
	var version int64
	_, _ = fmt.Sscan(fmt.Sprint(o.state["client_secret_version"]), &version)
	return version
}

func field(name string, value any) clerktest.Fault {
	return clerktest.Changed(func(answer map[string]any) {
		if delete(answer, name); value != "missing" {
			answer[name] = value
		}
	})
}

// Whether a client is public is decided by the request. A client that was created stays in
// the state, and nothing replaces it.
func TestProtocolAnswerAboutPublicDoesNotDecide(t *testing.T) {
	t.Parallel()
	for kind, config := range map[string]values{
		"public":         {"name": "Portal", "public": true, "pkce_required": true},
		"confidential":   {"name": "Portal", "public": false},
		"not configured": portal,
	} {
		for _, value := range []any{"missing", nil, "text", true, false} {
			t.Run(fmt.Sprintf("%s/%v", kind, value), func(t *testing.T) {
				inBubble(t, func(t *testing.T, tf *terraform) {
					tf.clerk.Inject(field("public", value).OnCreate())
					o := &object{kind: application}
					heard := tf.run(t.Context(), o, config)
					public := config["public"] == true
					if !o.exists() || heard.failed() || o.state["public"] != public || (o.version() == 0) != public {
						t.Fatalf("created %v\n%s", o.state, heard)
					}
					if len(heard) > 1 {
						t.Errorf("one cause has %d messages:\n%s", len(heard), heard)
					}
					if !public && o.str("client_secret") != tf.clerk.CurrentSecret(o.str("id")) {
						t.Error("the secret that was received is not in the state")
					}
					if made, heard := tf.plan(t.Context(), o, config); len(made.changes) > 0 || len(heard) > 0 {
						t.Errorf("the next plan changes %v\n%s", made.changes, heard)
					}
				})
			})
		}
	}
}

// A client that was asked for as confidential and has no known secret gets one by a
// rotation as soon as a read says that it is confidential.
func TestProtocolSecretThatAPublicAnswerLacks(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		tf.clerk.Inject(clerktest.Changed(func(answer map[string]any) {
			answer["public"], answer["client_secret"] = true, nil
		}).OnCreate())
		o := &object{kind: application}
		heard := tf.run(t.Context(), o, portal)
		if o.version() != 0 || !strings.Contains(heard.String(), "no known client secret") {
			t.Errorf("created %v\n%s", o.state, heard)
		}
		if n := tf.clerk.CountRequests(http.MethodPost, clerktest.RouteRotateSecret); n != 0 {
			t.Errorf("%d rotations of a client that may be public", n)
		}
		tf.run(t.Context(), o, portal)
		if secret := o.str("client_secret"); secret == "" || secret != tf.clerk.CurrentSecret(o.str("id")) {
			t.Errorf("the state has no secret that works: %v", o.state)
		}
	})
}

// A field that has another value in the answer to an update is an error with Clerk's value
// in the state. A field that the answer lacks is one warning with the planned value.
func TestProtocolAnswerToAnUpdate(t *testing.T) {
	t.Parallel()
	config := values{"name": "Portal", "redirect_uris": []string{"https://a.example/cb"}, "pkce_required": true}
	for name, test := range map[string]struct {
		field, value any
		failed       bool
		want         any // the attribute afterwards
	}{
		"missing":       {"pkce_required", "missing", false, true},
		"unreadable":    {"pkce_required", 7, false, true},
		"another value": {"pkce_required", false, true, false},
		"list missing":  {"redirect_uris", "missing", false, []any{"https://a.example/cb"}},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, tf *terraform) {
				o := &object{kind: application}
				tf.run(t.Context(), o, portal)
				tf.clerk.Inject(field(test.field.(string), test.value).OnUpdate())
				heard := tf.run(t.Context(), o, config)
				if heard.failed() != test.failed || len(heard) != 1 || !strings.Contains(heard.String(), test.field.(string)) {
					t.Errorf("it says:\n%s", heard)
				}
				if got := o.state[test.field.(string)]; fmt.Sprint(got) != fmt.Sprint(test.want) {
					t.Errorf("%s is %v, want %v", test.field, got, test.want)
				}
				if made, _ := tf.plan(t.Context(), o, config); len(made.changes) > 0 {
					t.Errorf("the next plan changes %v", made.changes)
				}
			})
		})
	}
}

// Versions are milliseconds, grow, and never wait for a clock.
func TestProtocolSecretVersion(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		begun := time.Now()
		o, last := &object{kind: application}, int64(0)
		for i := range 5 {
			tf.run(t.Context(), o, portal.with("rotate_secret_trigger", fmt.Sprint("t", i)))
			if o.version() <= last || len(fmt.Sprint(o.version())) < 12 {
				t.Errorf("version %d after %d", o.version(), last)
			}
			last = o.version()
		}
		time.Sleep(time.Millisecond)
		tf.run(t.Context(), o, nil)
		tf.run(t.Context(), o, portal)
		if o.version() <= last {
			t.Errorf("version %d after a replacement of %d", o.version(), last)
		}
		if waited := time.Since(begun); waited > 100*time.Millisecond {
			t.Errorf("it took %s", waited)
		}
	})
}

// An invisible difference of the trigger rotates nothing.
func TestProtocolSpellingOfTriggerAndName(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		o := &object{kind: application}
		tf.run(t.Context(), o, values{"name": "Caf\u00e9", "rotate_secret_trigger": "1\n2"})
		for _, config := range []values{
			{"name": "Caf\u00e9", "rotate_secret_trigger": "1\r\n2\r\n"},
			{"name": "Cafe\u0301 ", "rotate_secret_trigger": " 1\n2"},
		} {
			if made, heard := tf.plan(t.Context(), o, config); len(made.changes) > 0 {
				t.Errorf("%q changes %v\n%s", config, made.changes, heard)
			}
		}
	})
}

// callback_url stays known while it is one of the planned redirect URIs.
func TestProtocolCallbackURL(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		o := &object{kind: application}
		config := portal.with("redirect_uris", []string{"https://a.example/", "https://b.example/"})
		tf.run(t.Context(), o, config)
		callback := o.str("callback_url")
		for _, test := range []struct {
			uris    []string
			changes bool
		}{
			{[]string{callback}, false},
			{[]string{"https://0.example/", callback}, false},
			{[]string{"https://0.example/"}, true},
			{[]string{}, true},
		} {
			made, _ := tf.plan(t.Context(), o, portal.with("redirect_uris", test.uris))
			if slices.Contains(made.changes, "callback_url") != test.changes {
				t.Errorf("%v changes %v", test.uris, made.changes)
			}
		}
		tf.run(t.Context(), o, portal.with("redirect_uris", []string{"https://0.example/", callback}))
	})
}

// Clerk may store a redirect URI in another form: the error says how to write it.
func TestProtocolRedirectURIInAnotherForm(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		o := &object{kind: application}
		tf.run(t.Context(), o, portal)
		tf.clerk.Inject(field("redirect_uris", []any{"https://app.example/"}).OnUpdate())
		heard := tf.run(t.Context(), o, portal.with("redirect_uris", []string{"https://App.example"}))
		if !heard.failed() || !strings.Contains(heard.String(), `Write them in redirect_uris as Clerk has them: ["https://app.example/"]`) {
			t.Errorf("it says:\n%s", heard)
		}
	})
}

// With instance_id or prevent_duplicate_names the plan of a create asks Clerk, once in a
// run. Without them it sends nothing.
func TestProtocolPlanOfACreateAsks(t *testing.T) {
	t.Parallel()
	other := portal.with("name", "Other")
	for name, test := range map[string]struct {
		block  values
		fault  *clerktest.Fault
		errors string // part of the error
		sent   int    // for two plans in one run
	}{
		"nothing":              {sent: 0},
		"right instance":       {block: values{"instance_id": "own"}, sent: 1},
		"other instance":       {block: values{"instance_id": "ins_other"}, errors: "ins_other", sent: 1},
		"no instance":          {block: values{"instance_id": "own"}, fault: new(clerktest.ClerkError(401, "clerk_key_invalid")), errors: "Clerk", sent: 2},
		"duplicate":            {block: values{"prevent_duplicate_names": true}, errors: "terraform import", sent: 1},
		"duplicate of another": {block: values{"prevent_duplicate_names": true}, sent: 1},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, tf *terraform) {
				for key, value := range test.block {
					if value == "own" {
						value = tf.clerk.InstanceID()
					}
					tf.block[key] = value
				}
				if name == "duplicate" {
					tf.clerk.Seed("portal ") // not the same in upper case
					tf.clerk.Seed("Portal ")
				} else {
					tf.clerk.Seed("Another")
				}
				tf.clerk.ResetRequests()
				if test.fault != nil {
					tf.clerk.Inject(*test.fault)
				}
				p, _ := tf.process(t.Context())
				_, heard := p.plan(&object{kind: application}, portal)
				_, _ = p.plan(&object{kind: application}, other)
				if heard.failed() != (test.errors != "") || !strings.Contains(heard.String(), test.errors) {
					t.Errorf("it says:\n%s", heard)
				}
				if sent := tf.clerk.RequestLines(); len(sent) != test.sent {
					t.Errorf("sent %q, want %d", sent, test.sent)
				}
			})
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
			p, _ := tf.process(t.Context()) // without a refresh
			if _, heard := p.plan(o, config); heard.failed() {
				t.Errorf("planned as it is: %s", heard)
			}
			if _, heard := p.plan(&object{kind: application}, config); heard.failed() {
				t.Errorf("planned as a replacement: %s", heard)
			}
		}
	})
}

// Clerk may require PKCE of a client that becomes public: what is not configured is unknown.
func TestProtocolPlanOfAPublicClient(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		o := &object{kind: application}
		tf.run(t.Context(), o, portal)
		for _, test := range []struct {
			config values
			want   bool
		}{
			{portal.with("public", true), true},
			{portal.with("public", true).with("pkce_required", false), false},
		} {
			made, _ := tf.plan(t.Context(), o, test.config)
			if slices.Contains(made.changes, "pkce_required") != test.want {
				t.Errorf("%v changes %v", test.config, made.changes)
			}
		}
	})
}

// An interrupt before the rotation that follows a successful PATCH: the error says what was
// changed.
func TestProtocolUpdateThatStopsHalfWay(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		o := &object{kind: application}
		tf.run(t.Context(), o, portal)
		made, _ := tf.plan(t.Context(), o, values{"name": "Renamed", "rotate_secret_trigger": "1"})
		ctx, interrupt := context.WithCancel(t.Context())
		tf.clerk.Inject(clerktest.Locked().OnRotate())
		time.AfterFunc(time.Second/10, interrupt)
		p, _ := tf.process(ctx)
		heard := p.apply(o, made)
		if !heard.failed() || strings.Contains(heard.String(), "changed nothing") || !strings.Contains(heard.String(), "fields of the application were changed") {
			t.Errorf("it says:\n%s", heard)
		}
		if o.str("name") != "Renamed" || o.state["rotate_secret_trigger"] != nil {
			t.Errorf("the state is %v", o.state)
		}
	})
}

// A private state that an earlier release wrote loses nothing: a pending rotation is still
// pending, and is noted under the one key.
func TestProtocolPrivateStateOfEarlierReleases(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		o := &object{kind: application}
		tf.run(t.Context(), o, portal)
		o.private = []byte(`{"rotation_pending":"dHJ1ZQ==","client_secret_version_floor":"MTc2NDQ4OTYwMA=="}`)
		made, heard := tf.plan(t.Context(), o, portal)
		if !slices.Contains(made.changes, "client_secret") || !strings.Contains(heard.String(), "will be rotated") {
			t.Errorf("it changes %v\n%s", made.changes, heard)
		}
		var private map[string][]byte
		if err := json.Unmarshal(made.prior.private, &private); err != nil || len(private) != 1 ||
			string(private["clerk"]) != `{"rotation_pending":true,"client_secret_version_floor":1764489600}` {
			t.Errorf("the private state is %q (%v)", private, err)
		}
		tf.run(t.Context(), o, portal)
		if made, heard := tf.plan(t.Context(), o, portal); len(made.changes) > 0 || len(heard) > 0 {
			t.Errorf("after the rotation it changes %v\n%s", made.changes, heard)
		}
	})
}

// A logo is uploaded again if the content of its file has changed, unless ignore_changes
// puts logo_sha256 of the state into the configuration. Another path is no change.
func TestProtocolLogoThatIsIgnored(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		image, err := os.ReadFile("testdata/logo.png")
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "logo.png")
		write := func(content []byte) {
			if err := os.WriteFile(file, content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		write(image)
		o, config := &object{kind: application}, portal.with("logo_path", file)
		tf.run(t.Context(), o, config)
		if _, heard := tf.plan(t.Context(), o, config.with("logo_sha256", o.str("logo_sha256"))); !strings.Contains(heard.String(), "logo_sha256 cannot be set") {
			t.Errorf("a configured hash: %s", heard)
		}
		if made, heard := tf.plan(t.Context(), o, portal.with("logo_path", "testdata/logo.png")); len(made.changes) > 0 {
			t.Errorf("another path changes %v\n%s", made.changes, heard)
		}
		write(append(image, 0))
		if made, _ := tf.plan(t.Context(), o, config); !slices.Contains(made.changes, "logo_sha256") {
			t.Errorf("another content changes %v", made.changes)
		}
		p, _ := tf.process(t.Context())
		p.unvalidated = true // engines validate before they apply ignore_changes
		if made, heard := p.plan(o, config.with("logo_sha256", o.str("logo_sha256"))); len(made.changes) > 0 {
			t.Errorf("ignored, it changes %v\n%s", made.changes, heard)
		}
	})
}

// What is known of a secret that may not work is kept until a rotation has mended it, whatever
// becomes of the configuration.
func TestProtocolPendingRotation(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		before values
		spoil  func(tf *terraform, o *object) // leaves a state with a secret that does not work
	}{
		"the answer to a rotation is lost": {portal, func(tf *terraform, o *object) {
			tf.clerk.Inject(clerktest.ResetAfterWork().OnRotate())
			tf.run(context.Background(), o, portal.with("rotate_secret_trigger", "1"))
		}},
		"public and confidential again": {portal, func(tf *terraform, o *object) {
			tf.clerk.Edit(o.str("id"), func(app *clerktest.Application) { app.Public = true })
			tf.refresh(context.Background(), o)
			tf.clerk.Edit(o.str("id"), func(app *clerktest.Application) { app.Public = false })
		}},
		"no secret, and no rotation": {nil, func(tf *terraform, o *object) {
			tf.clerk.Inject(field("client_secret", nil).OnCreate())
			tf.clerk.Inject(clerktest.ClerkError(403, "not_allowed_access").OnRotate())
			tf.run(context.Background(), o, portal)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, tf *terraform) {
				o := &object{kind: application}
				if test.before != nil {
					tf.run(t.Context(), o, test.before)
				}
				test.spoil(tf, o)
				tf.clerk.ClearFaults()
				made, heard := tf.plan(t.Context(), o, portal)
				if made == nil || !slices.Contains(made.changes, "client_secret") {
					t.Fatalf("planned %+v\n%s", made, heard)
				}
				tf.run(t.Context(), o, portal)
				if o.str("client_secret") != tf.clerk.CurrentSecret(o.str("id")) {
					t.Error("the secret in the state does not work")
				}
				if made, heard := tf.plan(t.Context(), o, portal); len(made.changes) > 0 || len(heard) > 0 {
					t.Errorf("then it changes %v\n%s", made.changes, heard)
				}
			})
		})
	}
}

// A plan that uploads a changed logo is not applied without the file, and never silently.
func TestProtocolLogoThatIsGoneWhenApplied(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		image, err := os.ReadFile("testdata/logo.png")
		file := filepath.Join(t.TempDir(), "logo.png")
		if err = errors.Join(err, os.WriteFile(file, image, 0o600)); err != nil {
			t.Fatal(err)
		}
		o, config := &object{kind: application}, portal.with("logo_path", file)
		tf.run(t.Context(), o, config)
		if err := os.WriteFile(file, append(image, 0), 0o600); err != nil {
			t.Fatal(err)
		}
		made, _ := tf.plan(t.Context(), o, config)
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		p, _ := tf.process(t.Context())
		if heard := p.apply(o, made); !heard.failed() {
			t.Errorf("it says:\n%s", heard)
		}
	})
}

// A state of this provider under another address brings its private state along. The private
// state of another provider means nothing here.
func TestProtocolMoveOfPrivateState(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		p, _ := tf.process(t.Context())
		for state, want := range map[string]bool{
			`{"id":"oa_1","name":"Portal","redirect_uris":[]}`:   true,
			`{"id":"oa_1","name":"Portal","callback_url":"a:b"}`: false,
		} {
			response := must(p.MoveResourceState(t.Context(), &tfprotov6.MoveResourceStateRequest{
				SourceProviderAddress: "mirror.example.com/acme/clerk", SourceTypeName: application, TargetTypeName: application,
				SourceState: &tfprotov6.RawState{JSON: []byte(state)}, SourcePrivate: []byte(`{"clerk":"e30="}`),
			}))
			if got := strings.Contains(string(response.TargetPrivate), "clerk"); got != want || len(response.Diagnostics) > 0 {
				t.Errorf("%s: the private state is %s", state, response.TargetPrivate)
			}
		}
	})
}

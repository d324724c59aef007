package provider_test

import (
	"context"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// A faultCase is one run that meets faults, and what comes of it.
type faultCase struct {
	name   string
	before values // applied without faults; nil is nothing
	config values // nil destroys
	faults []clerktest.Fault
	date   time.Duration // how far the Date header is ahead of created_at

	// interrupted by the user when a request meets the first fault.
	interrupted bool
	within      time.Duration // after the interrupt, or else of the whole run; 0 is any time

	sends string // the writes, in their order; "create rotate"
	fails string // matches the errors; "" without errors
	warns string // matches the warnings; "" without warnings
	state values // attributes after the run; nil there is no object
	next  string // what the next plan changes beside updated_at; "" nothing
}

// How long a run may go on after an interrupt: to end a create or a rotation that has begun,
// and with everything else.
const (
	grace  = 6 * time.Second
	atOnce = 500 * time.Millisecond

	interrupted = `operation was interrupted`
	works       = "the one that works" // stands for the secret in Clerk
)

var (
	renamed      = values{"name": "Portal 2"}
	rotated      = values{"name": "Portal", "rotate_secret_trigger": "once"}
	both         = values{"name": "Portal 2", "rotate_secret_trigger": "once"}
	withLogo     = values{"name": "Portal", "logo_path": "testdata/logo.png"}
	public       = values{"name": "Portal", "public": true, "pkce_required": true}
	confidential = values{"name": "Portal", "public": false, "pkce_required": true}
	hurried      = values{"name": "Portal", "timeouts": values{"create": "2s", "update": "2s"}}
	everything   = values{
		"name": "Portal 2", "rotate_secret_trigger": "once", "logo_path": "testdata/logo.png",
	}

	withoutSecret = clerktest.Changed(func(body map[string]any) { delete(body, "client_secret") })

	rotationChanges = "client_secret client_secret_version rotate_secret_trigger"
	pendingChanges  = "client_secret client_secret_version"
	logoChanges     = "client_image_url logo_path logo_sha256"
)

var faultCases = []faultCase{
	// Create.
	{
		name: "a create waits for Clerk", config: portal,
		faults: []clerktest.Fault{clerktest.TooManyRequests("50").OnCreate().Once()},
		sends:  "create create", within: 55 * time.Second, state: values{"client_secret": works},
	},
	{
		name: "Clerk asks to wait for a day", config: portal,
		faults: []clerktest.Fault{clerktest.TooManyRequests("86400").OnCreate()},
		sends:  "create", within: atOnce, fails: `asks to wait`,
	},
	{
		name: "the answer to a create is lost", config: portal,
		faults: []clerktest.Fault{clerktest.ResetAfterWork().OnCreate().Once()},
		sends:  "create rotate", warns: `"Portal" found after its create had no answer`,
		state: values{"client_secret": works},
	},
	{
		name: "a create is lost on its way", config: portal,
		faults: []clerktest.Fault{clerktest.ResetBeforeWork().OnCreate().Once()},
		sends:  "create create", warns: `"Portal" created by a second request`,
		state: values{"client_secret": works},
	},
	{
		name: "Date is ahead, and the answer to a create is lost", config: portal, date: 10 * time.Second,
		faults: []clerktest.Fault{clerktest.ResetAfterWork().OnCreate().Once()},
		sends:  "create", fails: `not known whether the application "Portal" was created(.|\n)*oa_`,
	},
	{
		name: "Date is behind, and the answer to a create is lost", config: portal, date: -time.Minute,
		faults: []clerktest.Fault{clerktest.ResetAfterWork().OnCreate().Once()},
		sends:  "create", fails: `not known whether the application "Portal" was created(.|\n)*oa_`,
	},
	{
		name: "it is not known whether a create was done", config: portal,
		faults: []clerktest.Fault{clerktest.NeverAnswers().OnCreate()},
		sends:  "create", fails: `not known whether the application "Portal" was created`,
	},
	{
		name: "a create answers no secret", config: portal,
		faults: []clerktest.Fault{withoutSecret.OnCreate()},
		sends:  "create rotate", state: values{"client_secret": works},
	},
	{
		name: "a logo is refused after the create", config: withLogo,
		faults: []clerktest.Fault{clerktest.ClerkError(403, "not_allowed_access").OnLogo()},
		sends:  "create logo", warns: `created without the logo`,
		state: values{"client_secret": works, "logo_sha256": nil}, next: "client_image_url logo_sha256",
	},
	{
		name: "a create takes longer than its timeout", config: hurried,
		faults: []clerktest.Fault{clerktest.SlowAnswer(5 * time.Second).OnCreate()},
		sends:  "create", state: values{"client_secret": works},
	},

	// Update, in parts.
	{
		name: "a rotation is refused after the update", before: portal, config: both,
		faults: []clerktest.Fault{clerktest.ClerkError(403, "not_allowed_access").OnRotate()},
		sends:  "update rotate", fails: `rotate client secret of OAuth application "Portal( 2)?" \(oa_`,
		state: values{"name": "Portal 2", "rotate_secret_trigger": nil, "client_secret": works},
		next:  rotationChanges,
	},
	{
		name: "the answer to a rotation is lost", before: portal, config: rotated,
		faults: []clerktest.Fault{clerktest.ResetAfterWork().OnRotate().Once()},
		sends:  "rotate rotate", state: values{"rotate_secret_trigger": "once", "client_secret": works},
	},
	{
		name: "a rotation answers no secret", before: portal, config: rotated,
		faults: []clerktest.Fault{withoutSecret.OnRotate()},
		sends:  "rotate", fails: `no client secret`, state: values{"rotate_secret_trigger": nil},
		next: rotationChanges,
	},
	{
		name: "the rotation of a client that becomes confidential is refused", before: public,
		config: confidential,
		faults: []clerktest.Fault{clerktest.ClerkError(403, "not_allowed_access").OnRotate()},
		sends:  "update rotate", fails: `rotate client secret of OAuth application "Portal( 2)?" \(oa_`,
		state: values{"public": false, "client_secret": nil}, next: pendingChanges,
	},
	{
		name: "a logo is refused after update and rotation", before: portal,
		config: everything,
		faults: []clerktest.Fault{clerktest.ClerkError(403, "not_allowed_access").OnLogo()},
		sends:  "update rotate logo", fails: `Unable to upload logo of OAuth application "Portal 2" \(oa_`,
		state: values{"name": "Portal 2", "rotate_secret_trigger": "once", "client_secret": works},
		next:  logoChanges,
	},
	{
		name: "the answer to an update is lost for ever", before: portal, config: renamed,
		faults: []clerktest.Fault{clerktest.ResetAfterWork().OnUpdate()},
		sends:  strings.Repeat("update ", 6), state: values{"name": "Portal"},
		fails: `Unable to update OAuth application "Portal" \(oa_(.|\n)*connection broke`,
	},
	{
		name: "an update takes longer than its timeout", before: hurried,
		config: values{"name": "Portal 2", "timeouts": hurried["timeouts"]},
		faults: []clerktest.Fault{clerktest.SlowAnswer(5 * time.Second).OnUpdate()},
		sends:  "update", fails: `timeouts block`, state: values{"name": "Portal"},
	},
	{
		name: "the answer to a delete is lost", before: portal,
		faults: []clerktest.Fault{clerktest.ResetAfterWork().OnDelete().Once()},
		sends:  "delete delete",
	},
	{
		name: "the application is gone", before: portal, config: portal,
		faults: []clerktest.Fault{clerktest.ClerkError(404, "resource_not_found").OnRead()},
		sends:  "create", warns: `OAuth application "Portal" is gone`,
		state: values{"client_secret": works},
	},
	{
		name: "a page of HTML says that it is gone", before: portal, config: portal,
		faults: []clerktest.Fault{clerktest.HTML(404).OnRead()},
		fails:  `an HTML page`, state: values{"client_secret": works},
	},

	// Interrupts.
	{
		name: "interrupted while a create waits for Clerk", config: portal,
		faults:      []clerktest.Fault{clerktest.TooManyRequests("30").OnCreate()},
		interrupted: true, within: atOnce, sends: "create", fails: interrupted,
	},
	{
		name: "interrupted during a create", config: portal,
		faults:      []clerktest.Fault{clerktest.SlowAnswer(3900 * time.Millisecond).OnCreate()},
		interrupted: true, within: grace, sends: "create", state: values{"client_secret": works},
	},
	{
		name: "interrupted, and the create takes too long", config: portal,
		faults:      []clerktest.Fault{clerktest.SlowAnswer(time.Minute).OnCreate().Once()},
		interrupted: true, within: grace, sends: "create rotate",
		warns: `found after its create had no answer`, state: values{"client_secret": works},
	},
	{
		name: "interrupted during the rotation of what was found", config: portal,
		faults: []clerktest.Fault{
			clerktest.SlowAnswer(time.Minute).OnRotate(), clerktest.ResetAfterWork().OnCreate().Once(),
		},
		interrupted: true, within: grace, sends: "create rotate", warns: `has no known client secret`,
		state: values{"client_secret": nil}, next: pendingChanges,
	},
	{
		name: "interrupted, and nothing answers any more", config: portal,
		faults: []clerktest.Fault{
			clerktest.SlowAnswer(time.Minute).OnCreate(), clerktest.SlowAnswer(time.Minute).OnList(),
		},
		interrupted: true, within: grace, sends: "create",
		fails: `not known whether the application "Portal" was created`,
	},
	{
		name: "interrupted between create and logo", config: withLogo,
		faults:      []clerktest.Fault{clerktest.SlowAnswer(time.Second).OnCreate()},
		interrupted: true, within: grace, sends: "create", warns: `created without the logo`,
		state: values{"client_secret": works},
		next:  "client_image_url logo_sha256",
	},
	{
		name: "interrupted during an update", before: portal, config: both,
		faults:      []clerktest.Fault{clerktest.SlowAnswer(5 * time.Second).OnUpdate()},
		interrupted: true, within: atOnce, sends: "update", fails: interrupted,
		state: values{"name": "Portal"}, next: rotationChanges,
	},
	{
		name: "interrupted during a rotation", before: portal, config: rotated,
		faults:      []clerktest.Fault{clerktest.SlowAnswer(3900 * time.Millisecond).OnRotate()},
		interrupted: true, within: grace, sends: "rotate",
		state: values{"rotate_secret_trigger": "once", "client_secret": works},
	},
	{
		name: "interrupted, and the rotation never answers", before: portal, config: rotated,
		faults:      []clerktest.Fault{clerktest.SlowAnswer(time.Minute).OnRotate()},
		interrupted: true, within: grace, sends: "rotate",
		fails: `Unable to rotate client secret(.|\n)*[Aa]pply again`,
		state: values{"rotate_secret_trigger": nil},
		next:  rotationChanges,
	},
	{
		name: "interrupted during a refresh", before: portal, config: portal,
		faults:      []clerktest.Fault{clerktest.SlowAnswer(10 * time.Second).OnRead()},
		interrupted: true, within: atOnce, fails: interrupted, state: values{"client_secret": works},
	},
	{
		name: "interrupted during a delete", before: portal,
		faults:      []clerktest.Fault{clerktest.SlowAnswer(10 * time.Second).OnDelete()},
		interrupted: true, within: atOnce, sends: "delete",
		fails: `Unable to delete OAuth application "Portal" \(oa_(.|\n)*` + interrupted,
		state: values{"name": "Portal"},
	},
}

func TestProtocolFaults(t *testing.T) {
	for _, c := range faultCases {
		t.Run(c.name, func(t *testing.T) { inBubble(t, c.run) })
	}
}

func (c faultCase) run(t *testing.T, tf *terraform) {
	o := &object{kind: application}
	if c.before != nil {
		if heard := tf.run(t.Context(), o, c.before); len(heard) > 0 {
			t.Fatal(heard)
		}
	}
	tf.clerk.ResetRequests()
	tf.clerk.SetDateSkew(c.date)
	ctx, cancel := context.WithCancel(t.Context())
	begun := time.Now()
	for i, fault := range c.faults {
		if i == 0 && c.interrupted {
			fault.Before = func(clerktest.Request) { begun = time.Now(); cancel() }
		}
		tf.clerk.Inject(fault)
	}
	made, heard := tf.plan(ctx, o, c.config)
	if made != nil {
		p, _ := tf.process(ctx)
		heard = append(heard, p.apply(o, made)...)
	}
	cancel()
	if took := time.Since(begun); c.within > 0 && took > c.within {
		t.Errorf("it took %s, want at most %s", took, c.within)
	}
	if got := strings.Join(tf.writes(), " "); got != strings.TrimSpace(c.sends) {
		t.Errorf("sent %q, want %q", got, c.sends)
	}
	c.checkMessages(t, heard)
	tf.clerk.ClearFaults()
	if o.exists() != (c.state != nil) {
		t.Fatalf("the state is %v, want %v\n%s", o.state, c.state, heard)
	}
	for name, want := range c.state {
		if want == works {
			want = tf.clerk.CurrentSecret(o.str("id"))
		}
		if o.state[name] != want {
			t.Errorf("%s is %v, want %v", name, o.state[name], want)
		}
	}
	if !o.exists() || c.config == nil {
		return
	}
	time.Sleep(time.Minute)
	next, heard := tf.plan(t.Context(), o, c.config)
	if next == nil {
		t.Fatal(heard)
	}
	changes := slices.DeleteFunc(next.changes, func(name string) bool { return name == "updated_at" })
	if got := strings.Join(changes, " "); got != c.next {
		t.Errorf("the next plan changes %q, want %q", got, c.next)
	}
}

func (c faultCase) checkMessages(t *testing.T, heard messages) {
	t.Helper()
	for _, of := range []struct {
		severity tfprotov6.DiagnosticSeverity
		want     string
	}{{tfprotov6.DiagnosticSeverityError, c.fails}, {tfprotov6.DiagnosticSeverityWarning, c.warns}} {
		text := slices.DeleteFunc(slices.Clone(heard), func(d *tfprotov6.Diagnostic) bool {
			return d.Severity != of.severity || strings.Contains(d.Summary, "will be")
		}).String()
		if (text != "") != (of.want != "") || !regexp.MustCompile(of.want).MatchString(text) {
			t.Errorf("want a message that matches %q:\n%s", of.want, text)
		}
	}
}

// writes are the requests that change something, by what they do.
func (t *terraform) writes() (writes []string) {
	names := map[string]string{
		"POST " + clerktest.RouteApplications: "create", "PATCH " + clerktest.RouteApplication: "update",
		"DELETE " + clerktest.RouteApplication: "delete", "POST " + clerktest.RouteRotateSecret: "rotate",
		"PUT " + clerktest.RouteLogo: "logo", "PATCH " + clerktest.RouteSettings: "settings",
	}
	for _, r := range t.clerk.Requests() {
		if r.Method != http.MethodGet && r.Route != clerktest.RouteTokenInfo {
			writes = append(writes, names[r.Method+" "+r.Route])
		}
	}
	return writes
}

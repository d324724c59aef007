package provider_test

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/provider"
)

// A faultCase is one run that meets faults. What comes of it is in testdata/faults.golden: what
// was sent, the messages, the state, and what the next run does.
type faultCase struct {
	name           string
	before, config values // applied without faults and with them; nil is nothing
	faults         faults
}

type faults []clerktest.Fault

var (
	portal       = values{"name": "Portal"} // the smallest configuration
	renamed      = values{"name": "Portal 2"}
	rotated      = values{"name": "Portal", "rotate_secret_trigger": "once"}
	both         = values{"name": "Portal 2", "rotate_secret_trigger": "once"}
	withLogo     = values{"name": "Portal", "logo_path": logo}
	public       = values{"name": "Portal", "public": true, "pkce_required": true}
	confidential = values{"name": "Portal", "public": false, "pkce_required": true}
	verified     = values{"name": "Portal", "verify_client_secret": true}
	hurried      = values{"name": "Portal", "timeouts": values{"create": "2s", "update": "2s", "read": "2s"}}
	withURI      = confidential.with("redirect_uris", []string{"https://App.example"})

	lost       = clerktest.ResetAfterWork()
	forbidden  = clerktest.ClerkError(403, "not_allowed_access")
	isGone     = clerktest.ClerkError(404, "resource_not_found")
	tooLate    = clerktest.SlowAnswer(time.Minute)
	slow       = clerktest.SlowAnswer(5 * time.Second)
	inTime     = clerktest.SlowAnswer(3900 * time.Millisecond)
	noSecret   = answering("client_secret", missing)
	likePublic = clerktest.Changed(func(answer map[string]any) {
		answer["public"], answer["client_secret"] = true, nil
	})
)

const missing, logo = "missing", "testdata/logo.png"

// answering is a fault that changes a field of an answer.
func answering(field string, value any) clerktest.Fault {
	return clerktest.Changed(func(answer map[string]any) {
		answer[field] = value
		if value == missing {
			delete(answer, field)
		}
	})
}

var faultCases = []faultCase{
	{"a create waits for Clerk", nil, portal, faults{clerktest.TooManyRequests("50").OnCreate().Once()}},
	{"Clerk asks to wait for a day", nil, portal, faults{clerktest.TooManyRequests("86400").OnCreate()}},
	{"the answer to a create is lost", nil, portal, faults{lost.OnCreate().Once()}},
	{"a create is lost on its way", nil, portal, faults{clerktest.ResetBeforeWork().OnCreate().Once()}},
	{"a create is never answered", nil, portal, faults{clerktest.NeverAnswers().OnCreate()}},
	{"a create takes longer than its timeout", nil, hurried, faults{slow.OnCreate()}},
	{"a create answers no secret", nil, portal, faults{noSecret.OnCreate()}},
	{"a create answers no secret, and the rotation is refused", nil, portal, faults{noSecret.OnCreate(), forbidden.OnRotate()}},
	{"a create answers that the client is public, and no secret", nil, portal, faults{likePublic.OnCreate()}},
	{"an upload of a logo answers no switch", portal, withLogo, faults{answering("pkce_required", missing).OnLogo()}},
	{"a logo is refused after the create", nil, withLogo, faults{forbidden.OnLogo()}},

	{"a rotation is refused after the update", portal, both, faults{forbidden.OnRotate()}},
	{"the answer to a rotation is lost", portal, rotated, faults{lost.OnRotate().Once()}},
	{"a rotation is lost, and the next one leaves no trace", portal, rotated, faults{lost.OnRotate().Once(), answering("updated_at", nil).OnRotate()}},
	{"every answer to a rotation is lost", portal, rotated, faults{lost.OnRotate()}},
	{"a rotation answers no secret", portal, rotated, faults{noSecret.OnRotate()}},
	{"a rotation answers no switch", portal, rotated, faults{answering("pkce_required", missing).OnRotate()}},
	{"the rotation of a client that becomes confidential is refused", public, confidential, faults{forbidden.OnRotate()}},
	{"a logo is refused after update and rotation", portal, both.with("logo_path", logo), faults{forbidden.OnLogo()}},
	{"a logo is refused after a client became public", portal, public.with("logo_path", logo), faults{forbidden.OnLogo()}},
	{"every answer to an update is lost", portal, renamed, faults{lost.OnUpdate()}},
	{"an update takes longer than its timeout", hurried, hurried.with("name", "Portal 2"), faults{slow.OnUpdate()}},
	{"an update answers the URI in another form", portal, withURI, faults{answering("redirect_uris", []any{"https://app.example/"}).OnUpdate()}},
	{"an update answers null for URIs that it removed", withURI, withURI.with("redirect_uris", []string{}), faults{answering("redirect_uris", nil).OnUpdate()}},
	{"an update answers empty scopes", portal, portal.with("scopes", []string{"email"}), faults{answering("scopes", "").OnUpdate()}},
	{"an update answers no URIs", portal, withURI, faults{answering("redirect_uris", missing).OnUpdate()}},
	{"an update answers no switch", portal, withURI, faults{answering("pkce_required", missing).OnUpdate()}},
	{"an update answers the other value", portal, withURI, faults{answering("pkce_required", false).OnUpdate()}},
	{"an update answers that the client is public", portal, renamed, faults{answering("public", true).OnUpdate()}},

	{"a read takes longer than its timeout", hurried, hurried, faults{slow.OnRead()}},
	{"a read answers no switch", confidential, confidential, faults{answering("pkce_required", missing).OnRead()}},
	{"the answer to a delete is lost", portal, nil, faults{lost.OnDelete().Once()}},
	{"the application is gone", portal, portal, faults{isGone.OnRead()}},
	{"a page of HTML says that it is gone", portal, portal, faults{clerktest.HTML(404).OnRead()}},
}

// The user interrupts each of these when a request meets the first fault.
var interruptCases = []faultCase{
	{"while a create waits for Clerk", nil, portal, faults{clerktest.TooManyRequests("30").OnCreate()}},
	{"during a create", nil, portal, faults{inTime.OnCreate()}},
	{"and the create takes too long", nil, portal, faults{tooLate.OnCreate().Once()}},
	{"during the rotation of what was found", nil, portal, faults{tooLate.OnRotate(), lost.OnCreate().Once()}},
	{"and nothing answers any more", nil, portal, faults{tooLate.OnCreate(), tooLate.OnList()}},
	{"between create and logo", nil, withLogo, faults{clerktest.SlowAnswer(time.Second).OnCreate()}},
	{"during an update", portal, both, faults{slow.OnUpdate()}},
	{"between update and rotation", portal, both, faults{clerktest.Locked().OnRotate()}},
	{"during a rotation", portal, rotated, faults{inTime.OnRotate()}},
	{"and the rotation never answers", portal, rotated, faults{tooLate.OnRotate()}},
	{"during a refresh", portal, portal, faults{slow.OnRead()}},
	{"during a delete", portal, nil, faults{slow.OnDelete()}},
}

// A panic becomes a message without its value, and what Clerk has made is in the state. The code
// panics at a request: before it is sent, or once it is answered.
var panicCases = []struct {
	faultCase
	method, path string
	answered     bool
}{
	{faultCase{"in a create", nil, portal, nil}, "POST", "/oauth_applications", false},
	{faultCase{"after a create", nil, portal, nil}, "POST", "/oauth_applications", true},
	{faultCase{"between create and logo", nil, withLogo, nil}, "PUT", "/logo", false},
	{faultCase{"in an update", portal, renamed, nil}, "PATCH", "", false},
	{faultCase{"after an update", portal, renamed, nil}, "PATCH", "", true},
	{faultCase{"after a rotation", portal, both, nil}, "POST", "/rotate_secret", true},
	{faultCase{"in a delete", portal, nil, nil}, "DELETE", "", false},
	{faultCase{"in a read", portal, portal, nil}, "GET", "", false},
}

func TestProtocolFaults(t *testing.T) {
	for _, c := range faultCases {
		c.test(t, func(*terraform, context.CancelFunc) {})
	}
	for _, c := range interruptCases {
		c.name = "interrupted " + c.name
		c.test(t, func(_ *terraform, interrupt context.CancelFunc) {
			c.faults[0].Before = func(clerktest.Request) { interrupt() }
		})
	}
	for _, c := range panicCases {
		c.name = "a panic " + c.name
		c.test(t, func(tf *terraform, _ context.CancelFunc) {
			whole := tf.transport
			tf.transport = roundTripper(func(r *http.Request) (response *http.Response, err error) {
				hit := r.Method == c.method && strings.HasSuffix(r.URL.Path, c.path)
				if !hit || c.answered {
					response, err = whole.RoundTrip(r)
				}
				if hit {
					panic(fmt.Sprint("the secrets are ", tf.clerk.IssuedSecrets(), tf.clerk.Keys()))
				}
				return response, err
			})
		})
	}
	// An application is found by the Date header, which may be apart from created_at.
	for _, date := range []time.Duration{10 * time.Second, -time.Minute} {
		name := fmt.Sprintf("the answer to a create is lost, Date is ahead by %s", date)
		faultCase{name, nil, portal, faults{lost.OnCreate().Once()}}.test(t,
			func(tf *terraform, _ context.CancelFunc) { tf.clerk.SetClockSkew(0, date) })
	}
	// Whether a client is public is decided by the request, and never by the answer.
	for _, config := range []values{portal, public, confidential} {
		for _, answer := range []any{missing, nil, "text", true, false} {
			name := fmt.Sprintf("a create of public = %v answers %v", config["public"], answer)
			faultCase{name, nil, config, faults{answering("public", answer).OnCreate()}}.test(t,
				func(*terraform, context.CancelFunc) {})
		}
	}
}

func (c faultCase) test(t *testing.T, prepare func(*terraform, context.CancelFunc)) {
	t.Helper()
	inSubtest(t, c.name, func(t *testing.T, tf *terraform) {
		o, transport := &object{kind: application}, tf.transport
		tf.run(t.Context(), o, c.before)
		tf.clerk.ResetRequests()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var interrupted time.Time
		prepare(tf, func() { interrupted = time.Now(); cancel() })
		for _, fault := range c.faults {
			tf.clerk.Inject(fault)
		}
		heard := tf.run(ctx, o, c.config)
		switch took := time.Since(interrupted); {
		case interrupted.IsZero():
		case took < time.Second/2:
			heard = "It ended at once.\n" + heard
		case took <= 6*time.Second:
			heard = "It ended within 6 seconds.\n" + heard
		default:
			t.Errorf("it went on for %s after the interrupt", took)
		}
		tf.transport = transport
		tf.checkReport(t, o, c.config, heard)
	})
}

func TestProtocolPanicsElsewhere(t *testing.T) {
	for name, call := range map[string]func(p *process) messages{
		"import":       func(p *process) messages { return p.importBy(&object{kind: application}, "a_client_id") },
		"settings":     func(p *process) messages { return p.importBy(&object{kind: settings}, p.clerk.InstanceID()) },
		"data source":  func(p *process) messages { _, heard := p.data(application, values{"id": "oa_1"}); return heard },
		"data sources": func(p *process) messages { _, heard := p.data(application+"s", values{}); return heard },
		"list":         func(p *process) messages { _, _, heard := p.list(values{}, 10); return heard },
	} {
		inSubtest(t, name, func(t *testing.T, tf *terraform) {
			secret := tf.clerk.CurrentSecret(tf.clerk.Seed("Portal"))
			tf.transport = roundTripper(func(*http.Request) (*http.Response, error) { panic(secret) })
			if heard := call(tf.process(t.Context())); !heard.failed() || !heard.say("anic") {
				t.Errorf("a panic is reported as\n%s", heard)
			}
		})
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// checkReport compares what has come of a run, and of the next one without faults, with a
// section of the golden file.
func (t *terraform) checkReport(test *testing.T, o *object, config values, heard messages) {
	test.Helper()
	var text strings.Builder
	report := func(heard messages) {
		for _, r := range t.written() {
			fmt.Fprintln(&text, r.Method, r.Route, namesOf(r.JSON))
		}
		fmt.Fprint(&text, heard, "State:")
		for _, name := range namesOf(o.state) {
			switch value := o.state[name]; name {
			case "client_secret":
				fmt.Fprint(&text, " client_secret that works: ", t.hasWorkingSecret(o))
			case "name", "public", "pkce_required", "redirect_uris", "rotate_secret_trigger", "logo_path":
				fmt.Fprintf(&text, " %s = %v", name, value)
			case "client_secret_version", "logo_sha256":
				fmt.Fprint(&text, " "+name)
			}
		}
	}
	report(heard)
	t.clerk.ClearFaults()
	t.clerk.ResetRequests()
	time.Sleep(time.Minute)
	if config != nil && o.exists() {
		next, heard := t.process(test.Context()).plan(o, config)
		fmt.Fprintln(&text, "\nThe next run changes", next.changes)
		report(heard + t.process(test.Context()).apply(o, next))
	}
	provider.CheckGolden(test, "faults.golden", test.Name(), changing.ReplaceAllString(text.String(), "…"))
}

// changing is what differs from run to run: names that Clerk gives, times, and stacks.
var changing = regexp.MustCompile(`oa_\w+|client_id \w+|Trace id: \w+|\d{4}-\d\d-\d\d[T ][0-9:.]+Z?|` +
	`(?m)(^(goroutine |created by |panic\(|\t|\S+\.\S*\().*\n)+`)

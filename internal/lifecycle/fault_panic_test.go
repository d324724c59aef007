package lifecycle

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
)

// panicking is a transport that panics at requests of a method and path, with a value that
// holds every secret.
type panicking struct {
	next         http.RoundTripper
	server       *clerktest.Server
	method, path string // path is the end of the URL's; "" stands for any
	after        bool   // once the request was answered
	asError      bool   // the value is an error
	panics       int
}

func (p *panicking) RoundTrip(r *http.Request) (*http.Response, error) {
	hit := r.Method == p.method && strings.HasSuffix(r.URL.Path, p.path)
	if hit && !p.after {
		p.panic()
	}
	response, err := p.next.RoundTrip(r)
	if hit {
		p.panic()
	}
	return response, err
}

func (p *panicking) panic() {
	p.panics++
	value := "the secrets are " + strings.Join(append(p.server.IssuedSecrets(), p.server.Keys()...), " and ")
	if p.asError {
		panic(errors.New(value))
	}
	panic(value)
}

// throughPanic lets a step's requests of a method and path panic, before they are sent or
// after they were answered.
func throughPanic(method, path string, after bool) func(*run, http.RoundTripper) http.RoundTripper {
	return func(r *run, next http.RoundTripper) http.RoundTripper {
		transport := &panicking{next: next, server: r.simulator, method: method, path: path, after: after, asError: after}
		r.t.Cleanup(func() {
			if transport.panics == 0 {
				r.t.Error("nothing panicked")
			}
		})
		return transport
	}
}

// panicked is the message of a panic. Reads of one application may share a request,
// which reports in its own words.
const panicked = `(Internal error .panic with a value of type (string|\*errors.errorString)\).*This is a bug in the provider|Panic of type (string|\*errors.errorString) in a shared request)`

// A panic becomes a message without its value, what was created is in the state, and the
// process lives on.
var panics = []scenario{
	{name: "C4 create before it is sent", steps: []step{{
		through: throughPanic("POST", "/oauth_applications", false), config: portal, plan: create, fails: panicked, secret: secretNone,
	}, next(create, "", sendsCreate)}},
	{name: "C4 create after it was done", steps: []step{orphaned(step{
		through: throughPanic("POST", "/oauth_applications", true), config: portal, plan: create, sends: []string{sendsCreate},
		fails: `may or may not have been created.*look for an application of its name.*` + panicked, secret: secretNone,
	}), orphaned(next(create, "", sendsCreate))}},
	{name: "C4 while a lost create is looked for", steps: []step{orphaned(step{
		through: throughPanic("GET", "/oauth_applications", false), faults: met{clerktest.ResetAfterWork().OnCreate().Once()},
		config: portal, plan: create, sends: []string{sendsCreate}, fails: panicked, secret: secretNone,
	}), orphaned(next(create, "", sendsCreate))}},
	{name: "C4 rotation in place of a missing secret after the create", steps: []step{{
		through: throughPanic("POST", "/rotate_secret", true),
		faults:  met{clerktest.Changed(func(body map[string]any) { delete(body, "client_secret") }).OnCreate().Once()},
		config:  portal, plan: create, sends: []string{sendsCreate, sendsRotate}, warnsLate: []string{panicked}, secret: secretNone, pending: true,
	}, next(update, pendingChanges, sendsRotate)}},
	{name: "C4 logo after the create", steps: []step{{
		behind: []act{logoWritten}, through: throughPanic("PUT", "/logo", false), config: portalWithLogo, plan: create,
		sends: []string{sendsCreate}, warnsLate: []string{`The application exists and its state is saved.*` + panicked}, secret: secretMade, pending: true,
	}, next(update, "client_image_url logo_sha256", sendsLogo)}},
	{name: "C4 update before it is sent", steps: []step{existing(portal), {
		through: throughPanic("PATCH", "", false), config: renamedAndRotatedPortal, plan: update, fails: panicked, state: values{"name": "Portal"},
	}, next(update, "name "+triggerChanges, sendsUpdate, sendsRotate)}},
	{name: "C4 update after it was done", steps: []step{existing(portal), {
		through: throughPanic("PATCH", "", true), config: renamedAndRotatedPortal, plan: update, sends: []string{sendsUpdate}, fails: panicked,
	}, next(update, triggerChanges, sendsRotate)}},
	{name: "C4 rotation before it is sent", steps: []step{existing(portal), {
		through: throughPanic("POST", "/rotate_secret", false), config: renamedAndRotatedPortal, plan: update, sends: []string{sendsUpdate}, fails: panicked,
	}, next(update, triggerChanges, sendsRotate)}},
	{name: "C4 rotation after it was done", steps: []step{existing(portal), {
		through: throughPanic("POST", "/rotate_secret", true), config: renamedAndRotatedPortal, plan: update, sends: []string{sendsUpdate, sendsRotate},
		fails: panicked, secret: secretOutdated, state: values{"name": "Portal 2"},
	}, pendingWithoutTrigger}},
	{name: "C4 logo after the rotation", steps: []step{existing(portal), {
		behind: []act{logoWritten}, through: throughPanic("PUT", "/logo", false), config: with(portalWithLogo, rotatedPortal), plan: update,
		sends: []string{sendsRotate}, fails: panicked, secret: secretMade,
	}, next(update, logoChanges, sendsLogo)}},
	{name: "C4 delete before it is sent", steps: []step{existing(portal), {
		through: throughPanic("DELETE", "", false), destroy: true, plan: destroyed, fails: panicked,
	}, {does: "it is still there", config: portal, plan: noOp}}},
	{name: "C4 delete after it was done", steps: []step{existing(portal), {
		through: throughPanic("DELETE", "", true), destroy: true, plan: destroyed, sends: []string{sendsDelete}, fails: panicked,
	}, createdAgain}},
	{name: "C4 refresh", steps: []step{existing(portal), {
		through: throughPanic("GET", "", false), config: portal, fails: panicked,
	}, next(noOp, "")}},
	{name: "C4 import by client_id", steps: []step{{
		through: throughPanic("GET", "/oauth_applications", false), config: portal, adopt: byText("someClientID"), fails: panicked,
	}}},
	{name: "C4 data sources", steps: []step{existing(portal), {
		through: throughPanic("GET", "", false), fails: panicked,
		reads: []lookup{
			{typeName: applicationType, config: values{"id": ref("id")}},
			{typeName: applicationType, config: values{"name": "Portal"}},
			{typeName: applicationType + "s", config: values{}},
		},
	}}},
}

// Lists and the settings recover too.
func TestProtocolFaultPanicElsewhere(t *testing.T) {
	t.Parallel()
	reads := map[string]func(f *fixture) prototest.Diagnostics{
		"C4 list resource": func(f *fixture) prototest.Diagnostics {
			_, ds := f.provider.TryList(f.ctx, applicationType, prototest.Values{}, 10, true)
			return ds
		},
		"C4 settings create": func(f *fixture) prototest.Diagnostics {
			return f.provider.Resource(applicationType+"_settings").TryApply(f.ctx, prototest.Values{"oauth_jwt_access_tokens": true})
		},
		"C4 settings import": func(f *fixture) prototest.Diagnostics {
			return f.provider.Resource(applicationType+"_settings").TryImport(f.ctx, "settings")
		},
	}
	for name, read := range reads {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			withFixture(t, nil, func(f *fixture) {
				f.given(portal) // so that there is a secret to leak
				f.transport = &panicking{next: f.transport, server: f.server, method: "GET"}
				f.start()
				matchMessages(f.t, "error", f.say(read(f)).Errors(), []string{panicked})
			})
		})
	}
}

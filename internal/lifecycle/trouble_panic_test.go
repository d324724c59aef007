package lifecycle

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
)

// panicking is a transport that panics at requests of a method and path, with a value that holds every secret there is.
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

// C4: a panic becomes a message without its value, what was made is in the state, and the process lives on.
func TestProtocolTroublePanic(t *testing.T) {
	t.Parallel()
	// Reads of one application may share a request, which reports in its own words.
	const report = `Internal error .panic with a value of type (string|\*errors.errorString)\).*This is a bug in the provider|Panic of type (string|\*errors.errorString) in a shared request`
	type row struct {
		troubleRow
		method, path string
		after        bool
		without      []clerktest.Fault // more trouble
	}
	failing := func(name, method, path string, after bool, r troubleRow) row {
		r.name = name
		r.errors = []string{report}
		return row{troubleRow: r, method: method, path: path, after: after}
	}
	creating := troubleRow{config: portal, gone: true, next: prototest.Create, heals: []string{postCreate}}
	updating := troubleRow{given: portal, config: renamedAndRotatedPortal, apps: 1, secret: secretWorks, next: prototest.Update, changes: triggerChanges, heals: []string{postRotate}}
	noSecret := []clerktest.Fault{clerktest.Changed(func(body map[string]any) { delete(body, "client_secret") }).OnCreate().Once()}

	rows := []row{
		failing("C4 create before it is sent", "POST", "/oauth_applications", false, creating),
		failing("C4 create after it was done", "POST", "/oauth_applications", true, rowWith(creating, func(r *troubleRow) {
			r.sends, r.apps, r.orphans, r.unnamed = []string{postCreate}, 1, 1, true
			r.check = func(f *fixture, ds prototest.Diagnostics) {
				matchMessages(f.t, "error", ds.Errors(), []string{`may or may not have been created.*look for an application of its name`})
			}
		})),
		failing("C4 update before it is sent", "PATCH", "", false, rowWith(updating, func(r *troubleRow) {
			r.changes, r.heals = []string{"client_secret", "client_secret_version", "name", "rotate_secret_trigger"}, []string{patchApp, postRotate}
		})),
		failing("C4 update after it was done", "PATCH", "", true, rowWith(updating, func(r *troubleRow) { r.sends = []string{patchApp} })),
		failing("C4 rotation before it is sent", "POST", "/rotate_secret", false, rowWith(updating, func(r *troubleRow) { r.sends = []string{patchApp} })),
		failing("C4 rotation after it was done", "POST", "/rotate_secret", true, rowWith(updating, func(r *troubleRow) {
			r.sends, r.secret = []string{patchApp, postRotate}, secretDead
			r.state = prototest.Values{"name": "Portal 2"}
			r.check = func(f *fixture, _ prototest.Diagnostics) {
				f.transport = f.server.RoundTripper()
				f.start()
				matchMessages(f.t, "warning", f.plan(renamedPortal).Warnings(), []string{mayNotWork, mayNotWork})
			}
		})),
		failing("C4 logo after the rotation", "PUT", "/logo", false, troubleRow{
			given: portal, config: with(rotatedPortal, prototest.Values{"logo_path": troubleLogo}),
			sends: []string{postRotate}, apps: 1, secret: secretWorks,
			next: prototest.Update, changes: []string{"client_image_url", "logo_path", "logo_sha256"}, heals: []string{putLogo},
		}),
		failing("C4 delete before it is sent", "DELETE", "", false, troubleRow{given: portal, do: doDestroy, apps: 1, secret: secretWorks}),
		failing("C4 delete after it was done", "DELETE", "", true, troubleRow{
			given: portal, do: doDestroy, sends: []string{deleteApp}, next: prototest.Create, heals: []string{postCreate},
		}),
		failing("C4 refresh", "GET", "", false, troubleRow{given: portal, do: doRefresh, apps: 1, secret: secretWorks}),
		failing("C4 import by client_id", "GET", "/oauth_applications", false, troubleRow{
			config: portal, gone: true, next: prototest.Create, heals: []string{postCreate},
			do: func(f *fixture) prototest.Diagnostics { return f.say(f.app.TryImport(f.ctx, "someClientID")) },
		}),
		failing("C4 names are listed", "GET", "/oauth_applications", false, rowWith(creating, func(r *troubleRow) {
			r.settings = prototest.Values{"prevent_duplicate_names": true}
		})),
		{
			troubleRow: troubleRow{
				name: "C4 logo after the create", config: portalWithLogo,
				warnings: []string{report + `|The application exists and its state is saved`},
				sends:    []string{postCreate}, apps: 1, secret: secretWorks,
				next: prototest.Update, changes: []string{"client_image_url", "logo_sha256"}, heals: []string{putLogo},
			},
			method: "PUT", path: "/logo",
		},
		{
			troubleRow: troubleRow{
				name: "C4 logo after the create was done", config: portalWithLogo,
				warnings: []string{report},
				sends:    []string{postCreate, putLogo}, apps: 1, secret: secretWorks,
				next: prototest.Update, changes: []string{"client_image_url", "logo_sha256"}, heals: []string{putLogo},
			},
			method: "PUT", path: "/logo", after: true,
		},
		{
			troubleRow: troubleRow{
				name: "C4 missing secret after the create", config: portal,
				warnings: []string{report},
				sends:    []string{postCreate, postRotate}, apps: 1, secret: secretUnknown,
				next: prototest.Update, changes: owedChanges, heals: []string{postRotate},
			},
			method: "POST", path: "/rotate_secret", after: true, without: noSecret,
		},
		{
			troubleRow: troubleRow{
				name: "C4 while a lost create is looked for", config: portal, errors: []string{report},
				sends: []string{postCreate}, apps: 1, gone: true, next: prototest.Create, heals: []string{postCreate}, orphans: 1, unnamed: true,
			},
			method: "GET", path: "/oauth_applications", without: []clerktest.Fault{clerktest.ResetAfterWork().OnCreate().Once()},
		},
	}
	for i, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			transport := &panicking{method: row.method, path: row.path, after: row.after, asError: i%2 == 1}
			before := row.before
			row.before = func(f *fixture) {
				transport.server, transport.next = f.server, f.transport
				f.transport = transport
				f.start()
				for _, fault := range row.without {
					f.server.Inject(fault)
				}
				if before != nil {
					before(f)
				}
			}
			withFixture(t, row.settings, row.run)
			if transport.panics == 0 {
				t.Error("nothing panicked")
			}
		})
	}
}

// Data sources and the settings recover too.
func TestProtocolTroublePanicElsewhere(t *testing.T) {
	t.Parallel()
	const report = `Internal error .panic with a value of type|[Pp]anic of type`
	reads := map[string]func(f *fixture) prototest.Diagnostics{
		"C4 data source by id": func(f *fixture) prototest.Diagnostics {
			_, ds := f.provider.DataSource(applicationType).TryRead(f.ctx, prototest.Values{"id": "oa_1"})
			return ds
		},
		"C4 data source by name": func(f *fixture) prototest.Diagnostics {
			_, ds := f.provider.DataSource(applicationType).TryRead(f.ctx, prototest.Values{"name": "Portal"})
			return ds
		},
		"C4 data source of all": func(f *fixture) prototest.Diagnostics {
			_, ds := f.provider.DataSource(applicationType+"s").TryRead(f.ctx, prototest.Values{})
			return ds
		},
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
				matchMessages(f.t, "error", f.say(read(f)).Errors(), []string{report})
			})
		})
	}
}

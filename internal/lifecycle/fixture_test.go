package lifecycle

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
)

// A fixture is a provider, one application, and a simulator, in virtual time. It is for
// tests that no scenario can express: of several applications, of random sequences, of
// events in the middle of a run.
type fixture struct {
	*user
	t         *testing.T
	server    *clerktest.Server
	transport http.RoundTripper
	provider  *prototest.Provider
	app       *prototest.Resource
	settings  values // of the provider block

	versions map[string]*versionLog // by the address of the application
}

// withFixture runs a test in virtual time, and searches everything that the test has left
// behind for secrets.
func withFixture(t *testing.T, settings values, test func(*fixture), options ...clerktest.Option) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server := clerktest.NewInMemory(t, options...)
		f := &fixture{
			user: &user{logs: true}, t: t, server: server, transport: server.RoundTripper(), settings: settings,
			versions: map[string]*versionLog{},
		}
		f.begin(t)
		f.start()
		f.app = f.provider.Resource(applicationType)
		test(f)
		f.checkNoSecrets(t, server)
		server.Close()
	})
}

// start starts the provider over the current transport and settings.
func (f *fixture) start() {
	f.t.Helper()
	f.provider = prototest.New(f.t, factoryWith(f.transport), providerConfig(f.server, f.settings))
	if f.app != nil {
		f.app = f.app.With(f.provider)
	}
}

// apply plans and applies, as one run of Terraform.
func (f *fixture) apply(config values) prototest.Diagnostics {
	f.t.Helper()
	plan, ds := f.app.TryPlan(f.ctx, config)
	if f.say(ds); ds.HasError() {
		return ds
	}
	f.show(plan)
	return append(ds, f.say(plan.TryApply(f.ctx))...)
}

// plan plans, which must succeed.
func (f *fixture) plan(config values) *prototest.Plan {
	f.t.Helper()
	plan, ds := f.app.TryPlan(f.ctx, config)
	if f.say(ds); ds.HasError() {
		f.t.Fatalf("the plan failed:\n%s", ds)
	}
	f.show(plan)
	return plan
}

// given creates the application, without a fault.
func (f *fixture) given(config values) {
	f.t.Helper()
	if ds := f.apply(config); len(ds.Errors()) > 0 || !f.app.Exists() {
		f.t.Fatalf("the application could not be created:\n%s", ds)
	}
	time.Sleep(2 * time.Second) // so that a rotation need not wait for its second
}

// id is the id in the state.
func (f *fixture) id() string { return f.app.State().String("id") }

// writes are the requests so far, without reads.
func (f *fixture) writes() []string {
	var writes []string
	for _, request := range f.server.Requests() {
		if request.Method != http.MethodGet {
			writes = append(writes, request.Method+" "+request.Route)
		}
	}
	return writes
}

// secret compares the secret in the state with the one that works: [secretWorks],
// [secretNone] or [secretOutdated].
func (f *fixture) secret() secretFate {
	f.t.Helper()
	if !f.app.Exists() {
		return secretNone
	}
	if _, exists := f.server.Application(f.id()); !exists {
		return secretNone
	}
	state := f.app.State()
	if f.versions[f.app.Address()] == nil {
		f.versions[f.app.Address()] = &versionLog{}
	}
	f.versions[f.app.Address()].see(f.t, state.String("client_secret")+state.String("client_secret_encrypted"), state.Get("client_secret_version"))
	return fateOf(state.String("client_secret"), f.server.CurrentSecret(f.id()))
}

// fateOf compares a secret in a state with the one that works.
func fateOf(known, works string) secretFate {
	switch known {
	case "":
		return secretNone
	case works:
		return secretWorks
	}
	return secretOutdated
}

// matchMessages requires one message for each pattern, in any order. A pattern is matched
// with the attribute, summary and detail.
func matchMessages(t testing.TB, kind string, ds prototest.Diagnostics, patterns []string) {
	t.Helper()
	left := slices.Clone(ds)
	for _, pattern := range patterns {
		expression := regexp.MustCompile("(?si)" + pattern)
		index := slices.IndexFunc(left, func(d prototest.Diagnostic) bool {
			return expression.MatchString(fmt.Sprintf("%s: %s\n%s", d.Path, d.Summary, d.Detail))
		})
		if index < 0 {
			t.Errorf("there is no %s that matches %q", kind, pattern)
			continue
		}
		left = slices.Delete(left, index, index+1)
	}
	if len(left) > 0 {
		t.Errorf("%d %ss too many:\n%s", len(left), kind, left)
	}
}

// with is values and more values.
func with(base, more values) values {
	all := maps.Clone(base)
	maps.Copy(all, more)
	return all
}

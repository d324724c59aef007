package provider

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"filippo.io/age"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
)

// comparingServer answers as the provider's server does. Whenever a shortcut answers, it
// compares that answer with the framework's.
type comparingServer struct {
	tfprotov6.ProviderServerWithListResource
	provider *clerkProvider
	taken    *shortcuts
	t        *testing.T
}

// shortcuts are the calls that a shortcut answered, such as "read".
type shortcuts struct {
	mu    sync.Mutex
	calls []string
}

func (s *shortcuts) count(call string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	count := 0
	for _, c := range s.calls {
		if strings.HasPrefix(c, call) {
			count++
		}
	}
	return count
}

func (s *shortcuts) add(call string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, call)
}

func comparingFactory(t *testing.T, taken *shortcuts, transport http.RoundTripper) prototest.Factory {
	t.Helper()
	return func() tfprotov6.ProviderServer {
		p := &clerkProvider{version: "test", transport: transport}
		framework := providerserver.NewProtocol6(p)().(tfprotov6.ProviderServerWithListResource) //nolint:staticcheck // see newServer
		return comparingServer{framework, p, taken, t}
	}
}

func (s comparingServer) UpgradeResourceState(ctx context.Context, req *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	long, err := s.ProviderServerWithListResource.UpgradeResourceState(ctx, req)
	short := upgradeUnchanged(req)
	if err != nil || short == nil {
		return long, err
	}
	s.taken.add("upgrade")
	shortValue, err := tfprotov6.RawState{JSON: short.UpgradedState.JSON}.Unmarshal(applicationStateType())
	if err != nil {
		s.t.Errorf("the state that was handed back cannot be read: %v", err)
	}
	longValue, err := long.UpgradedState.Unmarshal(applicationStateType())
	if err != nil || !shortValue.Equal(longValue) || len(long.Diagnostics) > 0 {
		s.t.Errorf("the shortcut gives\n%s\nthe framework\n%s\n%v %v", shortValue, longValue, long.Diagnostics, err)
	}
	return short, nil
}

func (s comparingServer) ReadResource(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	short, _ := s.provider.readUnchanged(ctx, req)
	long, err := s.ProviderServerWithListResource.ReadResource(ctx, req)
	if err != nil || short == nil {
		return long, err
	}
	s.taken.add("read")
	// The framework always writes the private state; none and an empty one are the same.
	if !bytes.Equal(short.NewState.MsgPack, long.NewState.MsgPack) || len(long.Diagnostics) > 0 || !bytes.Equal(short.Private, long.Private) ||
		!bytes.Equal(short.NewIdentity.IdentityData.MsgPack, long.NewIdentity.IdentityData.MsgPack) {
		s.t.Errorf("the shortcut reads\n%q\nthe framework\n%q\n%v", short.NewState.MsgPack, long.NewState.MsgPack, long.Diagnostics)
	}
	return short, nil
}

func (s comparingServer) PlanResourceChange(ctx context.Context, req *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	long, err := s.ProviderServerWithListResource.PlanResourceChange(ctx, req)
	short := new(clerkProvider).planUnchanged(ctx, req)
	if err != nil || short == nil {
		return long, err
	}
	s.taken.add("plan")
	if !bytes.Equal(short.PlannedState.MsgPack, long.PlannedState.MsgPack) || len(long.Diagnostics) > 0 || len(long.RequiresReplace) > 0 ||
		!bytes.Equal(short.PlannedPrivate, long.PlannedPrivate) || !reflect.DeepEqual(short.PlannedIdentity, long.PlannedIdentity) {
		s.t.Errorf("the shortcut plans\n%q\nthe framework\n%q\n%v", short.PlannedState.MsgPack, long.PlannedState.MsgPack, long.Diagnostics)
	}
	return short, nil
}

// A shortcut gives the framework's answer, and the shortcuts answer in the usual cases.
func TestShortcutsSayWhatTheFrameworkSays(t *testing.T) {
	t.Parallel()
	recipient, err := age.GenerateX25519Identity()
	must(t, err)
	for _, test := range []struct {
		name   string
		config prototest.Values
		seeded string // a name: the application is imported
	}{
		{name: "minimal", config: prototest.Values{"name": "a"}},
		{name: "full", config: prototest.Values{
			"name": "b", "redirect_uris": []string{"https://b.example/cb", "b://cb"}, "scopes": []string{"openid", "email"},
			"consent_screen_enabled": false, "pkce_required": true, "rotate_secret_trigger": "1",
			"timeouts": prototest.Values{"read": "1m"},
		}},
		{name: "public", config: prototest.Values{"name": "c", "public": true, "pkce_required": true}},
		{name: "protected", config: prototest.Values{"name": "d", "deletion_protection": true}},
		{name: "protected no longer", config: prototest.Values{"name": "g", "deletion_protection": false}},
		{name: "with a logo", config: prototest.Values{"name": "h", "logo_path": "testdata/logo.png"}},
		{name: "with encryption", config: prototest.Values{"name": "i", "encrypt_client_secret_to": []string{recipient.Recipient().String()}}},
		{name: "imported", seeded: "e", config: prototest.Values{"name": "e"}},
		{name: "imported, scopes without offline_access", seeded: "f", config: prototest.Values{"name": "f", "scopes": []string{"email", "profile"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var taken shortcuts
			server := clerktest.New(t)
			p := prototest.New(t, comparingFactory(t, &taken, nil), providerConfig(server))
			graph := p.Graph()
			app := p.Resource(applicationType)
			// The first read is a GET, the second requests the page in which the third finds its application.
			graph.Parallelism = 1
			for range 2 {
				other := p.Resource(applicationType)
				other.Apply(prototest.Values{"name": "other", "deletion_protection": true})
				graph.Add(other, prototest.Values{"name": "other", "deletion_protection": true})
			}
			graph.Add(app, test.config)
			if test.seeded != "" {
				app.SetStateJSON(applicationSchemaVersion, fmt.Appendf(nil, `{"id":%q}`, server.Seed(test.seeded)))
				app.Refresh()
			} else {
				app.Apply(test.config)
			}

			taken = shortcuts{}
			graph.AssertNoChanges()
			if taken.count("upgrade") != 3 {
				t.Errorf("%d of 3 states were handed back", taken.count("upgrade"))
			}
			if reads := taken.count("read"); reads != 1 {
				t.Errorf("the shortcut for the read was taken %d times, want once", reads)
			}
			if plans := taken.count("plan"); plans != 3 {
				t.Errorf("the shortcut for the plan was taken for %d of 3 applications", plans)
			}
		})
	}
}

// manyURIs are more redirect URIs than the framework compares quickly.
func manyURIs(n int) []string {
	uris := make([]string, n)
	for i := range uris {
		uris[i] = fmt.Sprintf("https://app.example.com/callback/%d", i)
	}
	return uris
}

// An application with many redirect URIs is read by one request, before the framework is
// called.
func TestShortcutsReadManyURIsAhead(t *testing.T) {
	t.Parallel()
	config := prototest.Values{"name": "a", "redirect_uris": manyURIs(manyRedirectURIs)}
	for name, test := range map[string]struct {
		change func(server *clerktest.Server, id string)
		taken  int
		action prototest.Action
	}{
		"unchanged": {func(*clerktest.Server, string) {}, 1, prototest.NoOp},
		"changed": {func(server *clerktest.Server, id string) {
			server.Edit(id, func(a *clerktest.Application) { a.RedirectURIs = a.RedirectURIs[1:] })
		}, 0, prototest.Update},
		"gone": {func(server *clerktest.Server, id string) { server.Delete(id) }, 0, prototest.Create},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server := clerktest.NewInMemory(t)
				transport := server.RoundTripper()
				app := prototest.New(t, factoryWith(transport), providerConfig(server)).Resource(applicationType)
				app.Apply(config)
				time.Sleep(time.Hour) // the provider waits only for a recent application
				test.change(server, app.State().String("id"))
				var taken shortcuts
				watched := app.With(prototest.New(t, comparingFactory(t, &taken, transport), providerConfig(server)))
				if plan := watched.Plan(config); plan.Action != test.action || taken.count("read") != test.taken {
					t.Errorf("the shortcut was taken %d times, want %d:\n%s", taken.count("read"), test.taken, plan)
				}
				server.ResetRequests()
				if plan := app.Plan(config); plan.Action != test.action {
					t.Errorf("the plan is:\n%s", plan)
				}
				if gets := server.CountRequests(http.MethodGet, clerktest.RouteApplication); gets != 1 {
					t.Errorf("%d requests for the application, want 1", gets)
				}
				server.Close()
			})
		})
	}
}

// A default that applies changes the plan although Terraform proposes the state.
func TestShortcutsLeaveDefaultsToTheFramework(t *testing.T) {
	t.Parallel()
	app := newProvider(t, clerktest.New(t)).Resource(applicationType)
	app.Apply(prototest.Values{"name": "a", "deletion_protection": true})
	plan := app.Plan(prototest.Values{"name": "a"})
	if got := strings.Join(plan.Changed(), " "); got != "deletion_protection" {
		t.Errorf("removing deletion_protection changes %q", got)
	}
}

// A logo whose file has changed, or is gone, is left to the framework.
func TestShortcutsLeaveChangedLogosToTheFramework(t *testing.T) {
	t.Parallel()
	image, err := os.ReadFile("testdata/logo.png")
	must(t, err)
	file := filepath.Join(t.TempDir(), "logo.png")
	must(t, os.WriteFile(file, image, 0o600))
	config := prototest.Values{"name": "a", "logo_path": file}
	app := newProvider(t, clerktest.New(t)).Resource(applicationType)
	app.Apply(config)

	must(t, os.WriteFile(file, append(image, 0), 0o600))
	if changed := app.Plan(config).Changed(); !slices.Contains(changed, "logo_sha256") {
		t.Errorf("another logo changes %q", changed)
	}
	must(t, os.Remove(file))
	if plan := app.Plan(config); plan.Action != prototest.NoOp || len(plan.Warnings()) != 1 {
		t.Errorf("a logo whose file is gone: %s\n%s", plan, plan.Diagnostics)
	}
}

// A piece of a name can look like a value in the encoding of a state.
func TestShortcutsAreNotFooledByNames(t *testing.T) {
	t.Parallel()
	app := newProvider(t, clerktest.New(t)).Resource(applicationType)
	const name = "³deletion_protection²"
	app.Apply(prototest.Values{"name": name, "deletion_protection": true})
	plan := app.Plan(prototest.Values{"name": name})
	if got := strings.Join(plan.Changed(), " "); got != "deletion_protection" {
		t.Errorf("removing deletion_protection changes %q", got)
	}
}

// A trigger for an application that someone has made public is an error with and without the shortcut.
func TestShortcutsLeaveRefusalsToTheFramework(t *testing.T) {
	t.Parallel()
	for _, protected := range []bool{false, true} {
		server := clerktest.New(t)
		app := newProvider(t, server).Resource(applicationType)
		config := prototest.Values{"name": "a", "rotate_secret_trigger": "1", "deletion_protection": protected}
		app.Apply(config)
		server.Edit(app.State().String("id"), func(a *clerktest.Application) { a.Public = true })
		if _, ds := app.TryPlan(t.Context(), config); len(ds.Errors().At("rotate_secret_trigger")) != 1 {
			t.Errorf("protected %t: %s", protected, ds)
		}
	}
}

// Every change by someone else shows, also in an application that is read from a page.
func TestShortcutsHideNoDrift(t *testing.T) {
	t.Parallel()
	for attribute, change := range map[string]func(*clerktest.Application){
		"name":                   func(a *clerktest.Application) { a.Name = "renamed" },
		"redirect_uris":          func(a *clerktest.Application) { a.RedirectURIs = nil },
		"scopes":                 func(a *clerktest.Application) { a.Scopes = "email offline_access" },
		"consent_screen_enabled": func(a *clerktest.Application) { a.ConsentScreenEnabled = false },
		"pkce_required":          func(a *clerktest.Application) { a.PKCERequired = true },
	} {
		t.Run(attribute, func(t *testing.T) {
			t.Parallel()
			var taken shortcuts
			server := clerktest.New(t)
			p := prototest.New(t, comparingFactory(t, &taken, nil), providerConfig(server))
			graph := p.Graph()
			graph.Parallelism = 1
			var apps []*prototest.Resource
			for i := range 5 {
				app := p.Resource(applicationType)
				apps = append(apps, app)
				graph.Add(app, prototest.Values{
					"name": fmt.Sprintf("app %d", i), "redirect_uris": []string{"https://a.example/cb"}, "scopes": []string{"email", "profile"},
					"consent_screen_enabled": true, "pkce_required": false,
				})
			}
			graph.Apply()
			server.Edit(apps[4].State().String("id"), change)

			taken = shortcuts{}
			plans := graph.Plan().Plans
			if taken.count("read") == 0 {
				t.Error("no shortcut was taken: this test proves nothing")
			}
			for i, plan := range plans[:4] {
				if plan.Action != prototest.NoOp {
					t.Errorf("application %d, which nobody changed: %s", i, plan)
				}
			}
			if changed := plans[4].Changed(); plans[4].Action != prototest.Update || !slices.Contains(changed, attribute) {
				t.Errorf("the plan changes %q, want %s", changed, attribute)
			}
		})
	}
}

// A state may hold anything.
func TestShortcutsDeclineWhatIsNoApplication(t *testing.T) {
	t.Parallel()
	null, err := tfprotov6.NewDynamicValue(applicationStateType(), tftypes.NewValue(applicationStateType(), nil))
	if err != nil {
		t.Fatal(err)
	}
	p := &clerkProvider{}
	for name, state := range map[string]*tfprotov6.DynamicValue{
		"absent": nil, "null": &null, "empty": {}, "garbage": {MsgPack: []byte("\x81\xa9logo_path\xc0")},
	} {
		if _, ok := decodeState(t.Context(), state); ok {
			t.Errorf("%s passed for an application", name)
		}
		if resp, _ := p.readUnchanged(t.Context(), &tfprotov6.ReadResourceRequest{TypeName: applicationType, CurrentState: state}); resp != nil {
			t.Errorf("%s was read", name)
		}
		if new(clerkProvider).planUnchanged(t.Context(), &tfprotov6.PlanResourceChangeRequest{TypeName: applicationType, PriorState: state, ProposedNewState: &null}) != nil {
			t.Errorf("%s was planned", name)
		}
	}
	for name, req := range map[string]*tfprotov6.UpgradeResourceStateRequest{
		"no state":      {},
		"flatmap":       {RawState: &tfprotov6.RawState{Flatmap: map[string]string{"id": "oa_1"}}},
		"no object":     {RawState: &tfprotov6.RawState{JSON: []byte(`[]`)}},
		"no id":         {RawState: &tfprotov6.RawState{JSON: []byte(`{}`)}},
		"other version": {RawState: &tfprotov6.RawState{JSON: []byte(`{"id":"oa_1"}`)}, Version: -1},
		"other type":    {RawState: &tfprotov6.RawState{JSON: []byte(`{"id":"oa_1"}`)}, TypeName: settingsType},
		"other types":   {RawState: &tfprotov6.RawState{JSON: []byte(`{"id":"oa_1","scopes":"email"}`)}},
		"other's":       {RawState: &tfprotov6.RawState{JSON: []byte(`{"id":"oa_1","callback_url":""}`)}},
	} {
		req.Version += applicationSchemaVersion
		if req.TypeName == "" {
			req.TypeName = applicationType
		}
		if upgradeUnchanged(req) != nil {
			t.Errorf("%s was handed back", name)
		}
	}
}

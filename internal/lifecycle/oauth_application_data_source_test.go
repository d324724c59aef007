package lifecycle

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
)

func TestProtocolApplicationDataSourceFinds(t *testing.T) {
	t.Parallel()
	server := clerktest.New(t)
	// More than a page of names that contain the one that is looked for.
	server.SeedMany(600, "web %d")
	id := server.Seed("web", func(a *clerktest.Application) { a.CreatedAt = 1 })
	server.Seed("WEB")
	app, _ := server.Application(id)

	for argument, value := range map[string]string{"id": id, "client_id": app.ClientID, "name": "web"} {
		t.Run(argument, func(t *testing.T) {
			t.Parallel()
			found := newProvider(t, server).DataSource(applicationType).Read(prototest.Values{argument: value})
			if found.String("id") != id || found.String("client_id") != app.ClientID || found.String("name") != "web" {
				t.Errorf("found %s (%s)", found.String("id"), found.String("name"))
			}
			assertNoSecrets(t, server, string(found.JSON()))
		})
	}
}

func TestProtocolApplicationDataSourceFindsNone(t *testing.T) {
	t.Parallel()
	server := clerktest.New(t)
	server.Seed("website")
	otherKey, _ := server.AddInstance(clerktest.Development)
	unknown := server.Seed("elsewhere")

	for _, test := range []struct {
		name            string
		key             string
		argument, value string
	}{
		{"no such id", server.Key(), "id", "oa_nothing"},
		{"the id of another instance", otherKey, "id", unknown},
		{"no such client_id", server.Key(), "client_id", "nothing"},
		{"only part of a name", server.Key(), "name", "web"},
		{"a name in another case", server.Key(), "name", "Website"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := prototest.New(t, factory, prototest.Values{"secret_key": test.key, "api_url": server.URL()})
			found, ds := p.DataSource(applicationType).TryRead(t.Context(), prototest.Values{test.argument: test.value})
			if found.Exists() {
				t.Fatalf("found %s", found.JSON())
			}
			problem := ds.At(test.argument).Errors().String()
			for _, part := range []string{test.argument, test.value, "clerk_oauth_applications"} {
				if !strings.Contains(problem, part) {
					t.Errorf("the error does not mention %s: %s", part, ds)
				}
			}
		})
	}
}

func TestProtocolApplicationDataSourceAmbiguousName(t *testing.T) {
	t.Parallel()
	server := clerktest.New(t)
	ids := []string{server.Seed("web"), server.Seed("web")}
	_, ds := newProvider(t, server).DataSource(applicationType).TryRead(t.Context(), prototest.Values{"name": "web"})
	problem := ds.At("name").Errors().String()
	for _, part := range append(ids, `"web"`) {
		if !strings.Contains(problem, part) {
			t.Errorf("the error does not mention %s: %s", part, ds)
		}
	}
}

func TestProtocolApplicationDataSourceRefusals(t *testing.T) {
	t.Parallel()
	server := clerktest.New(t)
	server.Seed("web")
	application := newProvider(t, server).DataSource(applicationType)

	for name, config := range map[string]prototest.Values{
		"nothing":        nil,
		"two":            {"id": "oa_1", "name": "web"},
		"all":            {"id": "oa_1", "client_id": "c", "name": "web"},
		"a path":         {"id": "../users"},
		"an empty id":    {"id": ""},
		"an empty name":  {"name": ""},
		"no client_id":   {"client_id": ""},
		"a long id":      {"id": strings.Repeat("a", 129)},
		"a query":        {"id": "oa_1?x=y"},
		"an escaped one": {"id": "oa%2f1"},
	} {
		if _, ds := application.TryRead(t.Context(), config); !ds.HasError() {
			t.Errorf("%s was not refused", name)
		}
	}
	if ds := application.Validate(prototest.Values{"id": prototest.Unknown}); ds.HasError() {
		t.Errorf("an unknown id was refused: %s", ds)
	}
	if requests := server.RequestLines(); len(requests) > 0 {
		t.Errorf("requests were made: %q", requests)
	}
}

func TestProtocolApplicationDataSourceKeepsClerksError(t *testing.T) {
	t.Parallel()
	server := clerktest.New(t)
	id := server.Seed("web")
	// Plain text is not Clerk's word for a missing application.
	server.Inject(clerktest.Raw(http.StatusNotFound, "text/plain", "404 page not found").On(http.MethodGet, "/oauth_applications/{id}"))
	_, ds := newProvider(t, server).DataSource(applicationType).TryRead(t.Context(), prototest.Values{"id": id})
	if problem := ds.Errors().String(); !strings.Contains(problem, "api_url") || strings.Contains(problem, "No OAuth application") {
		t.Errorf("the error is %s", ds)
	}
}

// A data source that is read in the apply that creates the application waits for it, as the resource does.
func TestProtocolApplicationDataSourceAfterCreate(t *testing.T) {
	t.Parallel()
	for _, argument := range []string{"id", "name"} {
		t.Run(argument, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server := clerktest.NewInMemory(t, clerktest.WithSwitches(clerktest.Switches{ReadLag: 1500 * time.Millisecond}))
				p := prototest.New(t, factoryWith(server.RoundTripper()), providerConfig(server, nil), prototest.SharedProcess())
				app := p.Resource(applicationType)
				if ds := app.TryApply(t.Context(), prototest.Values{"name": "web"}); ds.HasError() {
					t.Fatal(ds)
				}
				found, ds := p.DataSource(applicationType).TryRead(t.Context(), prototest.Values{argument: app.State().String(argument)})
				if ds.HasError() || found.String("id") != app.State().String("id") {
					t.Errorf("the application was not found:\n%s", ds)
				}
				server.Close()
			})
		})
	}
}

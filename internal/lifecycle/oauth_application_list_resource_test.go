package lifecycle

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
)

func displayNames(results []prototest.ListResult) []string {
	names := make([]string, len(results))
	for i, result := range results {
		names[i] = result.DisplayName
	}
	return names
}

func TestProtocolListFilters(t *testing.T) {
	t.Parallel()
	server := clerktest.New(t)
	for _, name := range []string{"beta", "Alpha", "gamma"} {
		server.Seed(name)
	}
	server.RegisterDynamically("alphabet client")

	for _, test := range []struct {
		name   string
		config prototest.Values
		limit  int64
		want   []string
	}{
		{"newest first, without those that registered themselves", nil, 100, []string{"gamma", "Alpha", "beta"}},
		{"said so", prototest.Values{"dynamically_registered": false}, 100, []string{"gamma", "Alpha", "beta"}},
		{"only those that registered themselves", prototest.Values{"dynamically_registered": true}, 100, []string{"alphabet client"}},
		{"part of the name", prototest.Values{"name_query": "alpha"}, 100, []string{"Alpha"}},
		{"by name", prototest.Values{"order_by": "name"}, 100, []string{"Alpha", "beta", "gamma"}},
		{"limit", nil, 2, []string{"gamma", "Alpha"}},
		{"limit that is met exactly", nil, 3, []string{"gamma", "Alpha", "beta"}},
		{"none", prototest.Values{"name_query": "delta"}, 100, []string{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			results := newProvider(t, server).List(applicationType, test.config, test.limit, false)
			if got := displayNames(results); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
			for _, result := range results {
				app, _ := server.Find(result.DisplayName)
				if result.Identity.String("id") != app.ID {
					t.Errorf("%s has the identity %s", result.DisplayName, result.Identity.JSON())
				}
				if result.Resource.Exists() {
					t.Errorf("%s came with an object that nobody asked for", result.DisplayName)
				}
			}
		})
	}
}

func TestProtocolListPages(t *testing.T) {
	t.Parallel()
	server := clerktest.New(t)
	server.SeedMany(1203, "app %04d")
	p := newProvider(t, server)

	for limit, pages := range map[int64]int{100: 1, 500: 1, 501: 2, 5000: 3} {
		server.ResetRequests()
		results := p.List(applicationType, nil, limit, false)
		if want := min(int(limit), 1203); len(results) != want {
			t.Errorf("with limit %d there are %d results, want %d", limit, len(results), want)
		}
		if got := server.CountRequests(http.MethodGet, "/oauth_applications"); got != pages {
			t.Errorf("limit %d read %d pages, want %d", limit, got, pages)
		}
		ids := map[string]bool{}
		for i, result := range results {
			ids[result.Identity.String("id")] = true
			if want := fmt.Sprintf("app %04d", 1203-i); result.DisplayName != want {
				t.Fatalf("result %d is %q, want %q", i, result.DisplayName, want)
			}
		}
		if len(ids) != len(results) {
			t.Errorf("%d results have %d ids", len(results), len(ids))
		}
	}
}

func TestProtocolListErrorOnAnyPage(t *testing.T) {
	t.Parallel()
	for page, skipped := range map[string]int{"first": 0, "second": 1, "third": 2} {
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			server := clerktest.New(t)
			server.SeedMany(1203, "app %d")
			p := prototest.New(t, factory, providerConfig(server, prototest.Values{"max_retries": 0}))
			server.Inject(clerktest.HTML(http.StatusBadGateway).On(http.MethodGet, "/oauth_applications").Skipping(skipped))

			results, ds := p.TryList(t.Context(), applicationType, nil, 5000, true)
			if !strings.Contains(ds.Errors().String(), "Unable to list OAuth applications") || !strings.Contains(ds.String(), "502") {
				t.Errorf("after the loss of the %s page the error is: %s", page, ds)
			}
			if len(results) > 0 {
				t.Errorf("%d results came before the error", len(results))
			}
		})
	}
}

// An unreadable application does not affect the others, and is named, in a list and in a
// data source.
func TestProtocolListNamesWhatItLeavesOut(t *testing.T) {
	t.Parallel()
	server := clerktest.New(t)
	server.SeedMany(3, "app %d")
	odd, _ := server.Find("app 2")
	server.Inject(clerktest.Changed(func(answer map[string]any) {
		items, ok := answer["data"].([]any)
		if !ok {
			items = []any{answer}
		}
		for _, item := range items {
			if app := item.(map[string]any); app["id"] == odd.ID {
				app["pkce_required"] = "sometimes"
			}
		}
	}))
	p := newProvider(t, server)
	check := func(what string, found int, ds prototest.Diagnostics) {
		t.Helper()
		if text := ds.Warnings().String(); ds.HasError() || found != 2 || len(ds) != 1 || !strings.Contains(text, "is incomplete") || !strings.Contains(text, odd.ID) {
			t.Errorf("%s: found %d, %s", what, found, ds)
		}
	}
	results, ds := p.TryList(t.Context(), applicationType, nil, 100, true)
	check("list", len(results), ds)
	found, ds := p.DataSource(applicationType+"s").TryRead(t.Context(), nil)
	check("data source", found.Len("oauth_applications"), ds)

	// Only that application is left.
	results, ds = p.TryList(t.Context(), applicationType, prototest.Values{"name_query": "app 2"}, 100, true)
	if len(results) != 0 || len(ds.Warnings()) != 1 || ds.HasError() {
		t.Errorf("found %d, %s", len(results), ds)
	}
}

func TestProtocolListRefusals(t *testing.T) {
	t.Parallel()
	server := clerktest.New(t)
	p := newProvider(t, server)
	for path, value := range map[string]any{"order_by": "updated_at", "name_query": ""} {
		if _, ds := p.TryList(t.Context(), applicationType, prototest.Values{path: value}, 100, false); len(ds.At(path).Errors()) == 0 {
			t.Errorf("%s = %q was not refused: %s", path, value, ds)
		}
	}
	if requests := server.RequestLines(); len(requests) > 0 {
		t.Errorf("requests were made: %q", requests)
	}

	unconfigured, ds := prototest.Start(t, factory, providerConfig(server, prototest.Values{"api_url": prototest.Unknown}))
	if ds.HasError() {
		t.Fatal(ds)
	}
	if _, ds := unconfigured.TryList(t.Context(), applicationType, nil, 100, false); !strings.Contains(ds.Errors().String(), "api_url") {
		t.Errorf("without a known api_url the error is: %s", ds)
	}
}

// TestProtocolListAdopts imports all listed applications, of every shape, by identity and
// through generated configuration. The plan is empty.
func TestProtocolListAdopts(t *testing.T) {
	t.Parallel()
	server := clerktest.New(t)
	server.AddCustomScope("orders:read")
	server.Seed("plain")
	server.Seed("public", func(a *clerktest.Application) { a.Public, a.PKCERequired = true, true })
	server.Seed("several URIs", func(a *clerktest.Application) {
		a.RedirectURIs = []string{"https://b.example/cb", "https://a.example/cb", "myapp://cb"}
	})
	server.Seed("custom scopes", func(a *clerktest.Application) { a.Scopes = "profile orders:read email" })
	server.Seed("no scopes", func(a *clerktest.Application) { a.Scopes = "" })
	server.Seed("logo", func(a *clerktest.Application) { a.ClientImageURL = "https://img.example/logo.png" })
	server.Seed("no consent", func(a *clerktest.Application) { a.ConsentScreenEnabled = false })
	server.RegisterDynamically("registered itself")
	p := newProvider(t, server)

	results := p.List(applicationType, nil, 100, true)
	results = append(results, p.List(applicationType, prototest.Values{"dynamically_registered": true}, 100, true)...)
	if len(results) != 8 {
		t.Fatalf("found %q", displayNames(results))
	}
	for _, result := range results {
		for _, secret := range []string{"client_secret", "client_secret_version", "client_secret_encrypted"} {
			if !result.Resource.IsNull(secret) {
				t.Errorf("%s: %s is not null", result.DisplayName, secret)
			}
		}
		assertNoSecrets(t, server, string(result.Resource.JSON()))

		config := result.Resource.GeneratedConfig()
		app := p.Resource(applicationType)
		plan := app.PlanImportIdentity(result.Identity.Values(), config)
		if plan.Action != prototest.NoOp {
			t.Errorf("the adoption of %q plans a change:\n%s", result.DisplayName, plan)
		}
		if got, want := string(plan.Before().JSON()), string(result.Resource.JSON()); got != want {
			t.Errorf("%q is listed as\n%s\nand read as\n%s", result.DisplayName, want, got)
		}
		plan.Apply()
		app.AssertNoChanges(config)
	}
	for _, request := range server.Requests() {
		if request.Method != http.MethodGet {
			t.Errorf("the adoption sent %s", request)
		}
	}
}

package lifecycle

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
)

// listedNames are the names of what clerk_oauth_applications found, in its order.
func listedNames(t *testing.T, found prototest.Object) []string {
	t.Helper()
	applications, _ := found.Get("oauth_applications").([]any)
	names := make([]string, len(applications))
	for i, application := range applications {
		attributes, _ := application.(map[string]any)
		names[i], _ = attributes["name"].(string)
	}
	return names
}

func TestProtocolApplicationsDataSourceFilters(t *testing.T) {
	t.Parallel()
	server := clerktest.New(t)
	for _, name := range []string{"beta", "Alpha", "gamma"} {
		server.Seed(name)
	}
	server.RegisterDynamically("alphabet client")
	found, _ := server.Find("gamma")

	for _, test := range []struct {
		name   string
		config prototest.Values
		want   []string
	}{
		{"all, newest first", nil, []string{"alphabet client", "gamma", "Alpha", "beta"}},
		{"newest first said so", prototest.Values{"order_by": "-created_at"}, []string{"alphabet client", "gamma", "Alpha", "beta"}},
		{"oldest first", prototest.Values{"order_by": "+created_at"}, []string{"beta", "Alpha", "gamma", "alphabet client"}},
		{"oldest first without a sign", prototest.Values{"order_by": "created_at"}, []string{"beta", "Alpha", "gamma", "alphabet client"}},
		{"by name", prototest.Values{"order_by": "name"}, []string{"Alpha", "alphabet client", "beta", "gamma"}},
		{"by name with a sign", prototest.Values{"order_by": "+name"}, []string{"Alpha", "alphabet client", "beta", "gamma"}},
		{"by name, descending", prototest.Values{"order_by": "-name"}, []string{"gamma", "beta", "alphabet client", "Alpha"}},
		{"part of the name in any case", prototest.Values{"name_query": "ALPHA"}, []string{"alphabet client", "Alpha"}},
		{"a client_id", prototest.Values{"name_query": found.ClientID}, []string{"gamma"}},
		{"dynamically registered", prototest.Values{"dynamically_registered": true}, []string{"alphabet client"}},
		{"not dynamically registered", prototest.Values{"dynamically_registered": false}, []string{"gamma", "Alpha", "beta"}},
		{"limit", prototest.Values{"limit": 2}, []string{"alphabet client", "gamma"}},
		{"limit counts what is left after the filter", prototest.Values{"limit": 2, "dynamically_registered": false}, []string{"gamma", "Alpha"}},
		{"offset", prototest.Values{"offset": 3}, []string{"beta"}},
		{"offset 0", prototest.Values{"offset": 0, "limit": 1}, []string{"alphabet client"}},
		{"limit and offset", prototest.Values{"limit": 1, "offset": 1, "order_by": "name"}, []string{"alphabet client"}},
		{"offset past the end", prototest.Values{"offset": 4}, []string{}},
		{"nothing matches", prototest.Values{"name_query": "delta"}, []string{}},
		{"all together", prototest.Values{"name_query": "a", "order_by": "-name", "dynamically_registered": false, "limit": 1, "offset": 1}, []string{"beta"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			applications := newProvider(t, server).DataSource("clerk_oauth_applications")
			if got := listedNames(t, applications.Read(test.config)); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestProtocolApplicationsDataSourceRefusals(t *testing.T) {
	t.Parallel()
	server := clerktest.New(t)
	applications := newProvider(t, server).DataSource("clerk_oauth_applications")

	for path, value := range map[string]any{"limit": 0, "offset": -1, "order_by": "updated_at", "name_query": ""} {
		if errors := applications.Validate(prototest.Values{path: value}).At(path).Errors(); len(errors) == 0 {
			t.Errorf("%s = %v was not refused", path, value)
		}
	}
	if errors := applications.Validate(prototest.Values{"limit": prototest.Unknown, "order_by": prototest.Unknown, "name_query": prototest.Unknown}); len(errors) > 0 {
		t.Errorf("unknown values were refused: %s", errors)
	}
	if requests := server.RequestLines(); len(requests) > 0 {
		t.Errorf("requests were made: %q", requests)
	}
}

func TestProtocolApplicationsDataSourceReadsAllPages(t *testing.T) {
	t.Parallel()
	server := clerktest.New(t)
	ids := server.SeedMany(1203, "app %04d")
	applications := newProvider(t, server).DataSource("clerk_oauth_applications")

	found := applications.Read(nil)
	names := listedNames(t, found)
	if len(names) != len(ids) {
		t.Fatalf("got %d applications, want %d", len(names), len(ids))
	}
	for i, name := range names {
		if want := fmt.Sprintf("app %04d", len(ids)-i); name != want {
			t.Fatalf("application %d is %q, want %q", i, name, want)
		}
	}
	if pages := server.CountRequests(http.MethodGet, "/oauth_applications"); pages != 3 {
		t.Errorf("%d pages were read for 1,203 applications, want 3: %q", pages, server.RequestLines())
	}
	assertNoSecrets(t, server, string(found.JSON()))

	server.ResetRequests()
	if names := listedNames(t, applications.Read(prototest.Values{"limit": 501, "order_by": "name", "offset": 2})); len(names) != 501 || names[0] != "app 0003" || names[500] != "app 0503" {
		t.Errorf("limit and offset across pages: got %d, from %q to %q", len(names), names[0], names[len(names)-1])
	}
	if pages := server.CountRequests(http.MethodGet, "/oauth_applications"); pages != 2 {
		t.Errorf("%d pages were read for 501 applications, want 2", pages)
	}
}

func TestProtocolApplicationsDataSourceErrorOnAnyPage(t *testing.T) {
	t.Parallel()
	for page, skipped := range map[string]int{"first": 0, "second": 1, "third": 2} {
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			server := clerktest.New(t)
			server.SeedMany(1203, "app %d")
			p := prototest.New(t, factory, providerConfig(server, prototest.Values{"max_retries": 0}))
			fault := server.Inject(clerktest.HTML(http.StatusBadGateway).On(http.MethodGet, "/oauth_applications").Skipping(skipped))

			found, ds := p.DataSource("clerk_oauth_applications").TryRead(t.Context(), nil)
			if found.Exists() || !ds.HasError() {
				t.Fatalf("a list without its %s page passed for the whole", page)
			}
			if fault.Hits() == 0 || !strings.Contains(ds.String(), "Unable to list OAuth applications") || !strings.Contains(ds.String(), "502") {
				t.Errorf("the error does not say what happened: %s", ds)
			}
		})
	}
}

// TestProtocolApplicationsDataSourceHoldsEverything compares the data sources with
// the resource: all three must have the same values for one application.
func TestProtocolApplicationsDataSourceHoldsEverything(t *testing.T) {
	t.Parallel()
	server := clerktest.New(t)
	p := newProvider(t, server)
	app := p.Resource(applicationType)
	app.Apply(prototest.Values{
		"name": "web", "redirect_uris": []string{"https://b.example/cb", "myapp://cb"},
		"scopes": []string{"openid", "email"}, "pkce_required": true, "consent_screen_enabled": false,
	})
	app.Refresh()

	one := p.DataSource(applicationType).Read(prototest.Values{"id": app.State().String("id")}).Values()
	all := p.DataSource("clerk_oauth_applications").Read(nil)
	list, _ := all.Get("oauth_applications").([]any)
	if len(list) != 1 {
		t.Fatalf("the list has %d applications", len(list))
	}
	item, _ := list[0].(map[string]any)
	if !reflect.DeepEqual(item, map[string]any(one)) {
		t.Errorf("the data sources disagree:\n%v\n%v", item, one)
	}
	if len(one) == 0 {
		t.Fatal("the data source has no attributes")
	}
	for name, value := range one {
		// The resource leaves offline_access out if it was not configured.
		if name == "scopes" {
			if want := []any{"email", "offline_access", "openid"}; !reflect.DeepEqual(value, want) {
				t.Errorf("scopes are %v, want %v", value, want)
			}
			continue
		}
		if want := app.State().Get(name); !reflect.DeepEqual(value, want) {
			t.Errorf("%s is %v in the data source and %v in the resource", name, value, want)
		}
	}
	assertNoSecrets(t, server, string(all.JSON()))
}

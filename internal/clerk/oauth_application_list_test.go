package clerk_test

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

func (f *fixture) list(query clerk.ListQuery) (names string, unreadable int) {
	f.Helper()
	apps, broken, err := f.client.ListOAuthApplications(f.Context(), query)
	noError(f, err)
	for _, app := range apps {
		names += " " + app.Name
	}
	return strings.TrimSpace(names), len(broken)
}

func TestList(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		query clerk.ListQuery
		want  string
	}{
		"all":                   {clerk.ListQuery{}, "Beta dyn beta alpha Gamma"},
		"newest":                {clerk.ListQuery{OrderBy: clerk.OrderByNewest}, "Beta dyn beta alpha Gamma"},
		"oldest":                {clerk.ListQuery{OrderBy: clerk.OrderByOldest}, "Gamma alpha beta dyn Beta"},
		"by age":                {clerk.ListQuery{OrderBy: "created_at"}, "Gamma alpha beta dyn Beta"},
		"by name":               {clerk.ListQuery{OrderBy: "name"}, "Beta Gamma alpha beta dyn"},
		"by name, descending":   {clerk.ListQuery{OrderBy: "-name"}, "dyn beta alpha Gamma Beta"},
		"of a name":             {clerk.ListQuery{NameQuery: "BETA"}, "Beta beta"},
		"of no name":            {clerk.ListQuery{NameQuery: "delta"}, ""},
		"two":                   {clerk.ListQuery{Limit: 2}, "Beta dyn"},
		"two more":              {clerk.ListQuery{Limit: 2, Offset: 2}, "beta alpha"},
		"the rest":              {clerk.ListQuery{Offset: 4}, "Gamma"},
		"beyond":                {clerk.ListQuery{Offset: 5}, ""},
		"registered by itself":  {clerk.ListQuery{DynamicallyRegistered: new(true)}, "dyn"},
		"registered by someone": {clerk.ListQuery{DynamicallyRegistered: new(false), Limit: 2, Offset: 1}, "beta alpha"},
	} {
		run(t, name, func(f *fixture) {
			for _, name := range []string{"Gamma", "alpha", "beta"} {
				f.server.Seed(name)
			}
			f.server.RegisterDynamically("dyn")
			f.server.Seed("Beta")
			for range 2 {
				names, unreadable := f.list(test.query)
				equal(f, "names", names, test.want)
				equal(f, "unreadable", unreadable, 0)
			}
			equal(f, "requests", f.lists(), 1)
		})
	}
	bubble(t, func(f *fixture) {
		_, _, err := f.client.ListOAuthApplications(f.Context(), clerk.ListQuery{OrderBy: "+colour"})
		equal(f, "status", asError[*clerk.APIError](f, err).Status, 422)
	})
}

// pagesOf returns a transport to a server with n applications that gives at most limit of them in
// one page, and says that there are total.
func pagesOf(t *testing.T, n, limit, total int, requests *int) roundTrip {
	return func(req *http.Request) (*http.Response, error) {
		if req.Method == http.MethodPost {
			return answering(200, "application/json", appJSON)(req)
		}
		*requests++
		query := req.URL.Query()
		asked, err := strconv.Atoi(query.Get("limit"))
		noError(t, err)
		offset, err := strconv.Atoi(query.Get("offset"))
		noError(t, err)
		var items []string
		for i := offset; i < min(n, offset+min(limit, asked)); i++ {
			item := strings.Replace(appJSON, `"oa_1"`, fmt.Sprintf(`"oa_%d"`, i+1), 1)
			items = append(items, strings.Replace(item, `"web"`, fmt.Sprintf(`"web %d"`, i+1), 1))
		}
		return answering(200, "application/json", fmt.Sprintf(`{"data":[%s],"total_count":%d}`, strings.Join(items, ","), total))(req)
	}
}

// All pages are read, however many applications a page has and whatever the total says.
func TestListsAreReadWhole(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ n, limit, total, requests int }{
		"1234 in pages of 500":   {1234, 500, 1234, 3},
		"1000 in pages of 500":   {1000, 500, 1000, 3},
		"500":                    {500, 500, 500, 1},
		"none":                   {0, 500, 0, 1},
		"250 in pages of 100":    {250, 100, 250, 3},
		"250, total too small":   {250, 100, 7, 4},
		"250, total of one page": {250, 100, 99, 4},
		"250, total too large":   {250, 100, 9999, 4},
		"250, no total":          {250, 100, 0, 4},
		"3 in pages of 2":        {3, 2, 3, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requests := 0
			client := clientOn(t, pagesOf(t, test.n, test.limit, test.total, &requests))
			apps, _, err := client.ListOAuthApplications(t.Context(), clerk.ListQuery{OrderBy: clerk.OrderByOldest})
			noError(t, err)
			equal(t, "applications", len(apps), test.n)
			for i, app := range apps {
				if app.ID != fmt.Sprint("oa_", i+1) {
					t.Fatalf("application %d is %s", i+1, app.ID)
				}
			}
			if requests > test.requests+1 {
				t.Errorf("%d requests", requests)
			}
			// A search for a lost create reads requests of its own.
			last := fmt.Sprint("web ", test.n)
			client = clientOn(t, pagesOf(t, test.n, test.limit, test.total, &requests), func(config *clerk.Config) { config.PreventDuplicateNames = true })
			if _, err := client.CreateOAuthApplication(t.Context(), fieldsNamed(last)); test.n > 0 {
				equal(t, "ids", asError[*clerk.DuplicateNameError](t, err).IDs, []string{fmt.Sprint("oa_", test.n)})
			}
		})
	}
}

func TestEndlessLists(t *testing.T) {
	t.Parallel()
	requests := 0
	client := func() *clerk.Client {
		return clientOn(t, pagesOf(t, 1<<30, 3, -1, &requests), func(config *clerk.Config) {
			config.PreventDuplicateNames, config.RequestsPer10s = true, 1<<20
		})
	}
	_, _, err := client().ListOAuthApplications(t.Context(), clerk.ListQuery{})
	contains(t, "list", fmt.Sprint(err), "longer than 1000 pages")
	_, err = client().CreateOAuthApplication(t.Context(), fieldsNamed("other"))
	contains(t, "search", fmt.Sprint(err), "longer than 1000 pages")
	equal(t, "requests", requests, 2000)
}

// An application with an unexpected type in a field does not affect the others.
func TestOneUnreadableApplicationHidesNoOther(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		ids := f.server.SeedMany(50, "app %d")
		f.server.RegisterDynamically("self-made")
		broken := f.server.Applications()[50].ID
		f.inject(clerktest.Changed(func(page map[string]any) {
			for _, item := range page["data"].([]any) {
				if app := item.(map[string]any); app["id"] == broken {
					app["name"] = nil
				}
			}
		}).OnList())
		for _, id := range ids {
			_, err := f.client.GetOAuthApplication(f.Context(), id)
			noError(f, err)
		}
		equal(f, "requests for 50", f.requests(), 2)
		app, err := f.client.GetOAuthApplication(f.Context(), broken)
		noError(f, err)
		equal(f, "the broken one", app.Name, "self-made")
		equal(f, "requests with it", f.requests(), 3)
		for _, test := range []struct {
			query            clerk.ListQuery
			apps, unreadable int
		}{
			{clerk.ListQuery{}, 50, 1},
			{clerk.ListQuery{OrderBy: "name"}, 50, 1},
			{clerk.ListQuery{DynamicallyRegistered: new(false)}, 50, 0},
			{clerk.ListQuery{DynamicallyRegistered: new(true)}, 0, 1},
			{clerk.ListQuery{Offset: 45}, 5, 1},
		} {
			apps, unreadable, err := f.client.ListOAuthApplications(f.Context(), test.query)
			noError(f, err)
			equal(f, "applications", len(apps), test.apps)
			equal(f, "unreadable", len(unreadable), test.unreadable)
			for _, item := range unreadable {
				equal(f, "which", item.Error(), "application "+broken+" cannot be read: name is missing")
			}
		}
	})
}

// Pages shift when applications come and go between two of them. What is there from the beginning
// to the end is listed, and once only.
func TestListsWhilePagesShift(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(f *fixture, ids []string){
		"one is deleted":   func(f *fixture, ids []string) { f.server.Delete(ids[3]) },
		"many are deleted": func(f *fixture, ids []string) { f.removeAll(ids[:400]) },
		"nearly all are":   func(f *fixture, ids []string) { f.removeAll(ids[:1200]) },
		"one comes in":     func(f *fixture, _ []string) { f.server.Seed("new") },
		"one for another":  func(f *fixture, ids []string) { f.server.Delete(ids[3]); f.server.Seed("new") },
	} {
		run(t, name, func(f *fixture) {
			ids := f.server.SeedMany(1250, "app %d")
			f.inject(clerktest.Fault{Before: func(clerktest.Request) { change(f, ids) }}.OnList().Skipping(1).Once())
			apps, _, err := f.client.ListOAuthApplications(f.Context(), clerk.ListQuery{OrderBy: clerk.OrderByOldest})
			noError(f, err)
			var listed []string
			for _, app := range apps {
				listed = append(listed, app.ID)
			}
			for _, app := range f.server.Applications() {
				if app.Name != "new" && !slices.Contains(listed, app.ID) {
					f.Fatalf("%s is not listed", app.ID)
				}
			}
			slices.Sort(listed)
			equal(f, "listed once", len(slices.Compact(listed)), len(apps))
		})
	}
}

func (f *fixture) removeAll(ids []string) {
	for _, id := range ids {
		f.server.Delete(id)
	}
}

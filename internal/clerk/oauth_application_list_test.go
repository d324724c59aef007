package clerk_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

func TestList(t *testing.T) {
	t.Parallel()
	type query = clerk.ListQuery
	for want, queries := range map[string][]query{
		"Beta dyn beta alpha Gamma": {{}, {OrderBy: "-created_at"}, {Limit: 5}},
		"Gamma alpha beta dyn Beta": {{OrderBy: "+created_at"}, {OrderBy: "created_at"}},
		"Beta Gamma alpha beta dyn": {{OrderBy: "name"}},
		"dyn beta alpha Gamma Beta": {{OrderBy: "-name"}},
		"Beta beta":                 {{NameQuery: "BETA"}},
		"":                          {{NameQuery: "delta"}, {Offset: 5}},
		"Beta dyn":                  {{Limit: 2}},
		"beta alpha":                {{Limit: 2, Offset: 2}, {DynamicallyRegistered: new(false), Limit: 2, Offset: 1}},
		"Gamma":                     {{Offset: 4}, {OrderBy: "+created_at", Limit: 1}},
		"dyn":                       {{DynamicallyRegistered: new(true)}},
	} {
		for _, query := range queries {
			bubble(t, func(f *fixture) {
				for _, name := range []string{"Gamma", "alpha", "beta"} {
					f.server.Seed(name)
				}
				f.server.RegisterDynamically("dyn")
				f.server.Seed("Beta")
				for range 2 {
					apps, unreadable, err := f.client.ListOAuthApplications(f.Context(), query)
					noError(f, err)
					var names []string
					for _, app := range apps {
						names = append(names, app.Name)
					}
					equal(f, fmt.Sprintf("%+v", query), strings.Join(names, " "), want)
					equal(f, "not null", apps != nil && len(unreadable) == 0, true)
				}
				equal(f, "requests", f.lists(), 1)
			})
		}
	}
}

// pagesOf returns a transport to a server with n applications that gives at most limit of them in
// one page, and says that there are total.
func pagesOf(n, limit, total int, requests *int) roundTrip {
	return func(req *http.Request) (*http.Response, error) {
		*requests++
		asked, _ := strconv.Atoi(req.URL.Query().Get("limit"))
		offset, _ := strconv.Atoi(req.URL.Query().Get("offset"))
		var items []string
		for i := offset; i < min(n, offset+min(limit, asked)); i++ {
			item := strings.Replace(appJSON, `"oa_1"`, fmt.Sprintf(`"oa_%d"`, i+1), 1)
			items = append(items, strings.Replace(item, `"web"`, fmt.Sprintf(`"web %d"`, i+1), 1))
		}
		return answering(200, "", fmt.Sprintf(`{"data":[%s],"total_count":%d}`, strings.Join(items, ","), total))(req)
	}
}

// All pages are read, however many applications a page has and whatever the total says. A search
// for a name reads pages of its own.
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
		"endless":                {1 << 30, 3, -1, 1000},
	} {
		requests := 0
		client := clientOn(t, pagesOf(test.n, test.limit, test.total, &requests), noDuplicates, unlimited)
		apps, _, err := client.ListOAuthApplications(t.Context(), clerk.ListQuery{OrderBy: "+created_at"})
		if name == "endless" {
			_, searchErr := client.CreateOAuthApplication(t.Context(), fieldsNamed("other"))
			contains(t, name, fmt.Sprint(err), "longer than 1000 pages")
			contains(t, name, fmt.Sprint(searchErr), "longer than 1000 pages")
			equal(t, name, requests, 2*test.requests)
			continue
		}
		noError(t, err)
		equal(t, name, len(apps), test.n)
		for i, app := range apps {
			if app.ID != fmt.Sprint("oa_", i+1) {
				t.Fatalf("application %d is %s", i+1, app.ID)
			}
		}
		equal(t, name+": requests", requests <= test.requests+1, true)
		if test.n > 0 {
			_, err := client.CreateOAuthApplication(t.Context(), fieldsNamed(fmt.Sprint("web ", test.n)))
			equal(t, name, asError[*clerk.DuplicateNameError](t, err).IDs, []string{fmt.Sprint("oa_", test.n)})
		}
	}
}

// An application with an unexpected type in a field does not affect the others.
func TestOneUnreadableApplicationHidesNoOther(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		broken := f.server.RegisterDynamically("self-made")
		ids := f.server.SeedMany(50, "app %d")
		f.inject(clerktest.Changed(func(page map[string]any) {
			for _, item := range page["data"].([]any) {
				if app := item.(map[string]any); app["id"] == broken {
					app["name"] = nil
				}
			}
		}).OnList())
		f.readAll(ids, 1)
		app, err := f.get(broken)
		noError(f, err)
		equal(f, "the broken one", app.Name, "self-made")
		equal(f, "requests", f.requests(), 3)
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
			equal(f, "numbers", []int{len(apps), len(unreadable)}, []int{test.apps, test.unreadable})
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
	for name, test := range map[string]struct{ deleted, created int }{
		"one is deleted": {1, 0}, "many are deleted": {400, 0}, "nearly all are": {1200, 0},
		"one comes in": {0, 1}, "one for another": {1, 1},
	} {
		run(t, name, func(f *fixture) {
			ids := f.server.SeedMany(1250, "app %d")
			shift := clerktest.Fault{Before: func(clerktest.Request) {
				for _, id := range ids[:test.deleted] {
					f.server.Delete(id)
				}
				f.server.SeedMany(test.created, "new %d")
			}}
			f.inject(shift.OnList().Skipping(1).Once())
			apps, _, err := f.client.ListOAuthApplications(f.Context(), clerk.ListQuery{OrderBy: "+created_at"})
			noError(f, err)
			times := make(map[string]int)
			for _, app := range apps {
				times[app.ID]++
				equal(f, app.ID+" is listed", times[app.ID], 1)
			}
			for _, id := range ids[test.deleted:] {
				equal(f, id+" is listed", times[id], 1)
			}
		})
	}
}

package clerk_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

func namesOf(apps []clerk.OAuthApplication) []string {
	names := []string{}
	for _, app := range apps {
		names = append(names, app.Name)
	}
	return names
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
		"by name, ascending":    {clerk.ListQuery{OrderBy: "+name"}, "Beta Gamma alpha beta dyn"},
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
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inVirtualTime(t, func(f *fixture) {
				for _, name := range []string{"Gamma", "alpha", "beta"} {
					f.server.Seed(name)
				}
				f.server.RegisterDynamically("dyn")
				f.server.Seed("Beta")
				for range 2 {
					apps, unreadable, err := f.client.ListOAuthApplications(f.Context(), test.query)
					noError(f, err)
					equal(f, "names", strings.Join(namesOf(apps), " "), test.want)
					equal(f, "unreadable", len(unreadable), 0)
				}
				equal(f, "requests", f.lists(), 1)
			})
		})
	}
}

func TestListOfManyPages(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(f *fixture) {
		ids := f.server.SeedMany(1234, "app %d")
		apps, _, err := f.client.ListOAuthApplications(f.Context(), clerk.ListQuery{})
		noError(f, err)
		equal(f, "applications", len(apps), len(ids))
		slices.Reverse(apps)
		for i, app := range apps {
			if app.ID != ids[i] {
				f.Fatalf("application %d is %s, want %s", i, app.ID, ids[i])
			}
		}
		equal(f, "requests", f.lists(), 3)

		_, err = f.client.GetOAuthApplication(f.Context(), ids[7])
		noError(f, err)
		equal(f, "requests after a read", f.server.CountRequests("", ""), 3)
	})
}

// brokenInLists makes an application unreadable in the list. A GET of it still works.
func brokenInLists(id string, change func(map[string]any)) clerktest.Fault {
	return clerktest.Changed(func(page map[string]any) {
		for _, item := range page["data"].([]any) {
			if app := item.(map[string]any); app["id"] == id {
				change(app)
			}
		}
	}).OnList()
}

// An unmanaged application with an unexpected type in a field does not affect the others.
func TestOneUnreadableApplicationHidesNoOther(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(f *fixture) {
		ids := f.server.SeedMany(50, "app %d")
		f.server.RegisterDynamically("self-made")
		broken := f.server.Applications()[50].ID
		f.server.Inject(brokenInLists(broken, func(o map[string]any) { o["name"] = nil }))
		for _, id := range ids {
			_, err := f.client.GetOAuthApplication(f.Context(), id)
			noError(f, err)
		}
		equal(f, "requests for 50", f.server.CountRequests("", ""), 2)
		app, err := f.client.GetOAuthApplication(f.Context(), broken)
		noError(f, err)
		equal(f, "the broken one", app.Name, "self-made")
		equal(f, "requests with it", f.server.CountRequests("", ""), 3)

		for name, test := range map[string]struct {
			query            clerk.ListQuery
			apps, unreadable int
		}{
			"all":       {clerk.ListQuery{}, 50, 1},
			"oldest":    {clerk.ListQuery{OrderBy: clerk.OrderByOldest}, 50, 1},
			"by name":   {clerk.ListQuery{OrderBy: "name"}, 50, 1},
			"others":    {clerk.ListQuery{DynamicallyRegistered: new(false)}, 50, 0},
			"self-made": {clerk.ListQuery{DynamicallyRegistered: new(true)}, 0, 1},
			"the rest":  {clerk.ListQuery{Offset: 45}, 5, 1},
		} {
			apps, unreadable, err := f.client.ListOAuthApplications(f.Context(), test.query)
			noError(f, err)
			equal(f, name, len(apps), test.apps)
			equal(f, name+", unreadable", len(unreadable), test.unreadable)
			for _, item := range unreadable {
				equal(f, name+", which", item.Error(), "application "+broken+" cannot be read: name is missing")
			}
		}
	})
}

func TestFindWithUnreadableApplications(t *testing.T) {
	t.Parallel()
	noName := func(o map[string]any) { o["name"] = nil }
	noTime := func(o map[string]any) { o["created_at"] = "today" }
	noIDs := func(o map[string]any) { o["client_id"] = nil }
	for name, test := range map[string]struct {
		list, get func(map[string]any)
		found     bool
	}{
		"a GET has the name":            {list: noName, found: true},
		"a GET has the time":            {list: noTime, found: true},
		"a GET has the client_id":       {list: noIDs, found: true},
		"a GET has no name either":      {list: noName, get: noName},
		"a GET has no time either":      {list: noTime, get: noTime},
		"a GET has no client_id either": {list: noIDs, get: noIDs},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inVirtualTime(t, func(f *fixture) {
				id := f.server.Seed("web", func(a *clerktest.Application) { a.ClientID = "d9g4CT4WYiCBm7EU" })
				f.server.Inject(brokenInLists(id, test.list))
				if test.get != nil {
					f.server.Inject(clerktest.Changed(test.get).OnRead())
				}
				for what, find := range map[string]func() (clerk.OAuthApplication, error){
					"by name": func() (clerk.OAuthApplication, error) { return f.client.FindOAuthApplication(f.Context(), clerk.By{Name: "web"}) },
					"by client id": func() (clerk.OAuthApplication, error) {
						return f.client.FindOAuthApplication(f.Context(), clerk.By{ClientID: "d9g4CT4WYiCBm7EU"})
					},
				} {
					app, err := find()
					if test.found {
						noError(f, err)
						equal(f, what, app.ID, id)
						continue
					}
					equal(f, what, asError[*clerk.UnreadableApplicationError](f, err).Application.ID, id)
				}
			})
		})
	}

	inVirtualTime(t, func(f *fixture) {
		first, second := f.server.Seed("web"), f.server.Seed("web app")
		f.server.Inject(brokenInLists(second, noTime))
		f.server.Inject(clerktest.Changed(noTime).OnRead())
		app, err := f.client.FindOAuthApplication(f.Context(), clerk.By{Name: "web"})
		noError(f, err)
		equal(f, "another one does not matter", app.ID, first)
		_, err = f.client.FindOAuthApplication(f.Context(), clerk.By{Name: "we"})
		equal(f, "nor where there is none", err, clerk.ErrNoMatch)
	})
	inVirtualTime(t, func(f *fixture) {
		first, second := f.server.Seed("web"), f.server.Seed("web")
		f.server.Inject(brokenInLists(second, noTime))
		f.server.Inject(clerktest.Changed(noTime).OnRead())
		_, err := f.client.FindOAuthApplication(f.Context(), clerk.By{Name: "web"})
		equalLists(f, "one of the same name does", asError[*clerk.AmbiguousNameError](f, err).IDs, []string{first, second})
	})
}

func TestDuplicateNameOfAnUnreadableApplicationIsRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(map[string]any)
		named  bool
	}{
		"its time":  {func(o map[string]any) { o["created_at"] = "today" }, true},
		"its name":  {func(o map[string]any) { o["name"] = nil }, false},
		"its scope": {func(o map[string]any) { o["scopes"] = 7 }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inVirtualTime(t, func(f *fixture) {
				id := f.server.Seed("web")
				f.server.Inject(brokenInLists(id, test.change))
				f.server.Inject(clerktest.Changed(test.change).OnRead())
				_, err := f.client.CreateOAuthApplication(f.Context(), fieldsNamed("web"))
				if test.named {
					equalLists(f, "ids", asError[*clerk.DuplicateNameError](f, err).IDs, []string{id})
				} else {
					equal(f, "which", asError[*clerk.UnreadableApplicationError](f, err).Application.ID, id)
				}
				equal(f, "creates", f.posts(), 0)
			}, func(config *clerk.Config) { config.PreventDuplicateNames = true })
		})
	}
}

func TestListErrors(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(f *fixture) {
		_, _, err := f.client.ListOAuthApplications(f.Context(), clerk.ListQuery{OrderBy: "+colour"})
		equal(f, "status", asError[*clerk.APIError](f, err).Status, 422)
		f.server.Inject(clerktest.ClerkError(403, "authorization_invalid").OnList())
		for _, name := range []string{"list", "find by name", "find by client id"} {
			err := allOperations[name](f.Context(), f.client, "")
			equal(f, name, asError[*clerk.APIError](f, err).Status, 403)
		}
	})
}

func TestFind(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(f *fixture) {
		id := f.server.Seed("web", func(a *clerktest.Application) { a.ClientID = "d9g4CT4WYiCBm7EU" })
		f.server.Seed("web app")
		f.server.Seed("d9g4CT4WYiCBm7EU is part of this name")
		first, second := f.server.Seed("twice"), f.server.Seed("twice")

		app, err := f.client.FindOAuthApplication(f.Context(), clerk.By{ClientID: "d9g4CT4WYiCBm7EU"})
		noError(f, err)
		equal(f, "by client_id", app.ID, id)
		app, err = f.client.FindOAuthApplication(f.Context(), clerk.By{Name: "web"})
		noError(f, err)
		equal(f, "by name", app.ID, id)

		for _, find := range []string{"by client id", "by name"} {
			_, err = f.client.FindOAuthApplication(f.Context(), clerk.By{ClientID: "nobody"})
			if find == "by name" {
				_, err = f.client.FindOAuthApplication(f.Context(), clerk.By{Name: "we"})
			}
			equal(f, find, err, clerk.ErrNoMatch)
		}
		_, err = f.client.FindOAuthApplication(f.Context(), clerk.By{Name: "twice"})
		ambiguous := asError[*clerk.AmbiguousNameError](f, err)
		equalLists(f, "ids", ambiguous.IDs, []string{second, first})
		equal(f, "text", err.Error(), fmt.Sprintf("2 applications are named \"twice\": %s, %s", second, first))
	})
}

// The search for a lost create reads all pages. An application that it sees twice, because pages shift, counts once.
func TestSearchForALostCreateGoesThroughAllPages(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(f *fixture) {
		f.server.SeedMany(10, "web, older %d")
		lost := clerktest.ResetAfterWork()
		lost.After = func(clerktest.Request) {
			for i := range 499 {
				f.server.Seed(fmt.Sprint("web, newer ", i))
			}
		}
		f.server.Inject(lost.OnCreate().Once())
		// It is the last of the first page, and then the first of the second.
		f.server.Inject(clerktest.Meanwhile(func(clerktest.Request) { f.server.Seed("web, newest") }).OnList().Skipping(1).Once())
		creation, err := f.client.CreateOAuthApplication(f.Context(), fieldsNamed("web"))
		f.assertAdopted(creation, err, "web")
		equal(f, "lists", f.lists(), 2)
	})
}

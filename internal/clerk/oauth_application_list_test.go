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

func TestListErrors(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(f *fixture) {
		_, _, err := f.client.ListOAuthApplications(f.Context(), clerk.ListQuery{OrderBy: "+colour"})
		equal(f, "status", asError[*clerk.APIError](f, err).Status, 422)
		f.server.Inject(onList(clerktest.ClerkError(403, "authorization_invalid")))
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

		app, err := f.client.FindOAuthApplicationByClientID(f.Context(), "d9g4CT4WYiCBm7EU")
		noError(f, err)
		equal(f, "by client_id", app.ID, id)
		app, err = f.client.FindOAuthApplicationByName(f.Context(), "web")
		noError(f, err)
		equal(f, "by name", app.ID, id)

		for _, find := range []string{"by client id", "by name"} {
			_, err = f.client.FindOAuthApplicationByClientID(f.Context(), "nobody")
			if find == "by name" {
				_, err = f.client.FindOAuthApplicationByName(f.Context(), "we")
			}
			equal(f, find, err, clerk.ErrNoMatch)
		}
		_, err = f.client.FindOAuthApplicationByName(f.Context(), "twice")
		ambiguous := asError[*clerk.AmbiguousNameError](f, err)
		equalLists(f, "ids", ambiguous.IDs, []string{second, first})
		equal(f, "text", err.Error(), fmt.Sprintf("2 applications are named \"twice\": %s, %s", second, first))
	})
}

// The look for a lost create goes through all pages, and does not take for two what it sees twice because something came
// in between two pages.
func TestLookForALostCreateGoesThroughAllPages(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(f *fixture) {
		f.server.SeedMany(10, "web, older %d")
		lost := clerktest.ResetAfterWork()
		lost.After = func(clerktest.Request) {
			for i := range 499 {
				f.server.Seed(fmt.Sprint("web, newer ", i))
			}
		}
		f.server.Inject(onCreate(lost).Once())
		// It is the last of the first page, and then the first of the second.
		f.server.Inject(onList(clerktest.Meanwhile(func(clerktest.Request) { f.server.Seed("web, newest") })).Skipping(1).Once())
		creation, err := f.client.CreateOAuthApplication(f.Context(), fieldsNamed("web"))
		f.assertAdopted(creation, err, "web")
		equal(f, "lists", f.lists(), 2)
	})
}

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
		for kind, separate := range map[string]bool{"shared": false, "separate": true} {
			t.Run(name+"/"+kind, func(t *testing.T) {
				t.Parallel()
				inVirtualTime(t, func(b *bench) {
					for _, name := range []string{"Gamma", "alpha", "beta"} {
						b.server.Seed(name)
					}
					b.server.RegisterDynamically("dyn")
					b.server.Seed("Beta")
					for range 2 {
						apps, err := b.client.ListOAuthApplications(b.Context(), test.query)
						noError(b, err)
						equal(b, "names", strings.Join(namesOf(apps), " "), test.want)
					}
					want := 1
					if separate {
						want = 2
					}
					equal(b, "requests", b.lists(), want)
				}, func(config *clerk.Config) { config.SeparateReads = separate })
			})
		}
	}
}

func TestListOfManyPages(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(b *bench) {
		ids := b.server.SeedMany(1234, "app %d")
		apps, err := b.client.ListOAuthApplications(b.Context(), clerk.ListQuery{})
		noError(b, err)
		equal(b, "applications", len(apps), len(ids))
		slices.Reverse(apps)
		for i, app := range apps {
			if app.ID != ids[i] {
				b.Fatalf("application %d is %s, want %s", i, app.ID, ids[i])
			}
		}
		equal(b, "requests", b.lists(), 3)

		_, err = b.client.GetOAuthApplication(b.Context(), ids[7])
		noError(b, err)
		equal(b, "requests after a read", b.server.CountRequests("", ""), 3)
	})
}

func TestListErrors(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(b *bench) {
		_, err := b.client.ListOAuthApplications(b.Context(), clerk.ListQuery{OrderBy: "+colour"})
		equal(b, "status", asError[*clerk.APIError](b, err).Status, 422)
		b.server.Inject(onList(clerktest.ClerkError(403, "authorization_invalid")))
		for _, name := range []string{"list", "find by name", "find by client id"} {
			err := allOperations[name](b.Context(), b.client, "")
			equal(b, name, asError[*clerk.APIError](b, err).Status, 403)
		}
	})
}

func TestFind(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(b *bench) {
		id := b.server.Seed("web", func(a *clerktest.Application) { a.ClientID = "d9g4CT4WYiCBm7EU" })
		b.server.Seed("web app")
		b.server.Seed("d9g4CT4WYiCBm7EU is part of this name")
		first, second := b.server.Seed("twice"), b.server.Seed("twice")

		app, err := b.client.FindOAuthApplicationByClientID(b.Context(), "d9g4CT4WYiCBm7EU")
		noError(b, err)
		equal(b, "by client_id", app.ID, id)
		app, err = b.client.FindOAuthApplicationByName(b.Context(), "web")
		noError(b, err)
		equal(b, "by name", app.ID, id)

		for _, find := range []string{"by client id", "by name"} {
			_, err = b.client.FindOAuthApplicationByClientID(b.Context(), "nobody")
			if find == "by name" {
				_, err = b.client.FindOAuthApplicationByName(b.Context(), "we")
			}
			equal(b, find, err, clerk.ErrNoMatch)
		}
		_, err = b.client.FindOAuthApplicationByName(b.Context(), "twice")
		ambiguous := asError[*clerk.AmbiguousNameError](b, err)
		equalLists(b, "ids", ambiguous.IDs, []string{second, first})
		equal(b, "text", err.Error(), fmt.Sprintf("2 applications are named \"twice\": %s, %s", second, first))
	})
}

// The look for a lost create goes through all pages, and does not take for two what it sees twice because something came
// in between two pages.
func TestLookForALostCreateGoesThroughAllPages(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(b *bench) {
		b.server.SeedMany(10, "web, older %d")
		lost := clerktest.ResetAfterWork()
		lost.After = func(clerktest.Request) {
			for i := range 499 {
				b.server.Seed(fmt.Sprint("web, newer ", i))
			}
		}
		b.server.Inject(onCreate(lost).Once())
		// It is the last of the first page, and then the first of the second.
		b.server.Inject(onList(clerktest.Meanwhile(func(clerktest.Request) { b.server.Seed("web, newest") })).Skipping(1).Once())
		creation, err := b.client.CreateOAuthApplication(b.Context(), fieldsNamed("web"))
		b.assertAdopted(creation, err, "web")
		equal(b, "lists", b.lists(), 2)
	})
}

package clerk_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

const clientID = "d9g4CT4WYiCBm7EU"

func hasClientID(a *clerktest.Application) { a.ClientID = clientID }

func (f *fixture) find(by clerk.By, options ...clerk.ReadOption) (clerk.OAuthApplication, error) {
	return f.client.FindOAuthApplication(f.Context(), by, options...)
}

func TestFind(t *testing.T) {
	t.Parallel()
	own := clerk.ReadYourWrites(time.Time{})
	bubble(t, func(f *fixture) {
		id := f.server.Seed("web", hasClientID)
		f.server.Seed("web app")
		f.server.Seed(clientID + " is part of this name")
		first, second := f.server.Seed("twice"), f.server.Seed("twice")
		for _, options := range [][]clerk.ReadOption{nil, {own}} {
			for _, by := range []clerk.By{{ClientID: clientID}, {Name: "web"}} {
				app, err := f.find(by, options...)
				noError(f, err)
				equal(f, "id", app.ID, id)
			}
			for _, by := range []clerk.By{{ClientID: "nobody"}, {Name: "we"}} {
				_, err := f.find(by, options...)
				equal(f, "error", err, clerk.ErrNoMatch)
			}
			_, err := f.find(clerk.By{Name: "twice"}, options...)
			equal(f, "ids", asError[*clerk.AmbiguousNameError](f, err).IDs, []string{second, first})
		}
		equal(f, "waited", f.elapsed(), 0)
		// An application that both queries of a name find is one application.
		page := `{"data":[` + strings.Replace(appJSON, `"web"`, `"Caf\u00e9"`, 1) + `],"total_count":1}`
		f.inject(raw(page).OnList().Repeat(2))
		app, err := f.find(clerk.By{Name: "Cafe\u0301"})
		noError(f, err)
		equal(f, "id", app.ID, "oa_1")
		f.inject(clerktest.ClerkError(403, "authorization_invalid").OnList())
		for _, by := range []clerk.By{{ClientID: "new"}, {Name: "new"}} {
			_, err := f.find(by, own)
			equal(f, "status", asError[*clerk.APIError](f, err).Status, 403)
		}
	})
}

// Texts of one name find the same application, in one query for each normal form.
func TestSameName(t *testing.T) {
	t.Parallel()
	same := []string{"Caf\u00e9", "Cafe\u0301", " Caf\u00e9", "Cafe\u0301\n", "\u00a0Caf\u00e9\u2003"}
	for _, text := range same {
		for _, other := range same {
			equal(t, text+" and "+other, clerk.SameName(text, other), true)
			bubble(t, func(f *fixture) {
				id := f.server.Seed(text)
				f.server.Seed("Caf\u00e9teria")
				f.server.Seed("Cafe")
				app, err := f.find(clerk.By{Name: other})
				noError(f, err)
				equal(f, "id and name", app.ID+app.Name, id+text)
				equal(f, "lists", f.lists(), 2)
				_, err = f.find(clerk.By{Name: " plain and 日本 "})
				equal(f, "error", err, clerk.ErrNoMatch)
				equal(f, "lists", f.lists(), 3)
			})
		}
	}
	for _, other := range []string{"cafe\u0301", "Cafe", "Caf \u00e9", "Caf\u00e9teria", ""} {
		equal(t, "Café and "+other, clerk.SameName("Caf\u00e9", other), false)
	}
}

// An item of the list that cannot be read is read alone. It matters only if it may match.
func TestFindWithUnreadableApplications(t *testing.T) {
	t.Parallel()
	today := with("created_at", "today")
	for name, change := range map[string]func(map[string]any){"name": with("name", nil), "time": today, "client_id": with("client_id", nil)} {
		for _, alone := range []bool{true, false} {
			bubble(t, func(f *fixture) {
				id := f.server.Seed("web", hasClientID)
				f.inject(inFirstItem(change))
				if !alone {
					f.inject(clerktest.Changed(change).OnRead())
				}
				for _, by := range []clerk.By{{ClientID: clientID}, {Name: "web"}} {
					app, err := f.find(by)
					if alone {
						noError(f, err)
						equal(f, name, app.ID, id)
					} else {
						equal(f, name, asError[*clerk.UnreadableApplicationError](f, err).Application.ID, id)
					}
				}
			})
		}
	}
	bubble(t, func(f *fixture) { // beside one that can be read
		first, second := f.server.Seed("web"), f.server.Seed("web app")
		f.inject(inFirstItem(today), clerktest.Changed(today).OnRead())
		app, err := f.find(clerk.By{Name: "web"})
		noError(f, err)
		equal(f, "id", app.ID, first)
		f.server.Edit(second, func(app *clerktest.Application) { app.Name = "web" })
		time.Sleep(time.Minute)
		_, err = f.find(clerk.By{Name: "web"})
		equal(f, "ids", asError[*clerk.AmbiguousNameError](f, err).IDs, []string{first, second})
	})
}

// What this process created, renamed or deleted is found as it is now, although lists lag.
func TestFindYourWrites(t *testing.T) {
	t.Parallel()
	own := clerk.ReadYourWrites(time.Time{})
	minute := func(change func(f *fixture, id string)) func(f *fixture, id string) error {
		return func(f *fixture, id string) error { change(f, id); time.Sleep(time.Minute); return nil }
	}
	rename := func(f *fixture, id string) error { return errorOf(f.rename(id, "site")) }
	named := func(name string) func(*clerktest.Application) {
		return func(app *clerktest.Application) { app.Name = name }
	}
	for name, test := range map[string]struct {
		change func(f *fixture, id string) error
		find   string        // "" by client_id
		ids    int           // that have the name: 1 is found, 2 are ambiguous; -1 for another error
		limit  time.Duration // until an interrupt
	}{
		"created":                 {nil, "web", 1, time.Hour},
		"client_id":               {nil, "", 1, time.Hour},
		"renamed":                 {rename, "site", 1, time.Hour},
		"its old name":            {rename, "web", 0, time.Hour},
		"deleted":                 {func(f *fixture, id string) error { return f.client.DeleteOAuthApplication(f.Context(), id) }, "web", 0, time.Hour},
		"two":                     {func(f *fixture, _ string) error { return errorOf(f.create(fieldsNamed("web"))) }, "web", 2, time.Hour},
		"deleted by someone else": {minute(func(f *fixture, id string) { f.server.Delete(id) }), "web", 0, time.Hour},
		"renamed by someone else": {minute(func(f *fixture, id string) { f.server.Edit(id, named("site")) }), "web", 0, time.Hour},
		"interrupted": {func(f *fixture, id string) error {
			defer f.server.Edit(id, named("other"))
			return rename(f, id)
		}, "site", -1, time.Second},
	} {
		run(t, name, func(f *fixture) {
			f.server.Set(clerktest.Switches{ReadLag: 1500 * time.Millisecond})
			creation, err := f.create(fieldsNamed("web"))
			noError(f, err)
			by := clerk.By{Name: test.find}
			if by.Name == "" {
				by.ClientID = creation.Application.ClientID
			}
			if test.change == nil {
				equal(f, "without the option", errorOf(f.find(by)), clerk.ErrNoMatch)
			} else {
				time.Sleep(time.Minute)
				noError(f, test.change(f, creation.Application.ID))
			}
			app, err := f.client.FindOAuthApplication(f.interruptAfter(test.limit), by, own)
			switch test.ids {
			case 1:
				noError(f, err)
				equal(f, "id", app.ID, creation.Application.ID)
				equal(f, "name", clerk.SameName(app.Name, test.find) || test.find == "", true)
			case 2:
				ids := asError[*clerk.AmbiguousNameError](f, err).IDs
				equal(f, "ids", len(ids) == 2 && slices.Contains(ids, creation.Application.ID), true)
			default:
				equal(f, "fails", err != nil && errors.Is(err, clerk.ErrNoMatch) == (test.ids == 0), true)
			}
		})
	}
}

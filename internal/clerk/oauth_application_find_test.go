package clerk_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"

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
	bubble(t, func(f *fixture) {
		id := f.server.Seed("web", hasClientID)
		f.server.Seed("web app")
		f.server.Seed(clientID + " is part of this name")
		first, second := f.server.Seed("twice"), f.server.Seed("twice")
		for _, by := range []clerk.By{{ClientID: clientID}, {Name: "web"}} {
			app, err := f.find(by)
			noError(f, err)
			equal(f, "id", app.ID, id)
		}
		for _, by := range []clerk.By{{ClientID: "nobody"}, {Name: "we"}} {
			_, err := f.find(by)
			equal(f, "error", err, clerk.ErrNoMatch)
		}
		_, err := f.find(clerk.By{Name: "twice"})
		equal(f, "ids", asError[*clerk.AmbiguousNameError](f, err).IDs, []string{second, first})
	})
	bubble(t, func(f *fixture) {
		f.inject(clerktest.ClerkError(403, "authorization_invalid").OnList())
		for _, by := range []clerk.By{{ClientID: clientID}, {Name: "web"}} {
			for _, options := range [][]clerk.ReadOption{nil, {clerk.ReadYourWrites(time.Time{})}} {
				_, err := f.find(by, options...)
				equal(f, "status", asError[*clerk.APIError](f, err).Status, 403)
			}
		}
	})
}

// sameNames are texts of the name "Café".
var sameNames = map[string]string{
	"composed": "Caf\u00e9", "decomposed": "Cafe\u0301", "with a blank before": " Caf\u00e9", "with a line end": "Cafe\u0301\n", "with a no-break space": "\u00a0Caf\u00e9\u2003",
}

func TestSameName(t *testing.T) {
	t.Parallel()
	for name, text := range sameNames {
		for other, otherText := range sameNames {
			equal(t, name+" and "+other, clerk.SameName(text, otherText), true)
			run(t, name+"/"+other, func(f *fixture) {
				id := f.server.Seed(text)
				f.server.Seed("Caf\u00e9teria")
				f.server.Seed("Cafe")
				app, err := f.find(clerk.By{Name: otherText})
				noError(f, err)
				equal(f, "id", app.ID, id)
				equal(f, "name", app.Name, text)
				equal(f, "lists", f.lists(), 2)
				f.server.Seed(otherText)
				_, err = newClient(f, f.server).FindOAuthApplication(f.Context(), clerk.By{Name: text})
				equal(f, "two are ambiguous", len(asError[*clerk.AmbiguousNameError](f, err).IDs), 2)
			})
		}
		for _, other := range []string{"Cafe", "café", "Caf\u00e9s", "Ca f\u00e9", ""} {
			equal(t, name+" and "+other, clerk.SameName(text, other), false)
		}
	}
	equal(t, "compatible is not the same", clerk.SameName("ﬁle", "file"), false)
	run(t, "a name of one form is one query", func(f *fixture) {
		_, err := f.find(clerk.By{Name: " plain and 日本 "})
		equal(f, "error", err, clerk.ErrNoMatch)
		equal(f, "lists", f.lists(), 1)
	})
}

// A server may trim or normalise a name: the name counts as applied, and a lost create is found.
func TestServersWithAFormOfTheirOwnForNames(t *testing.T) {
	t.Parallel()
	for server, form := range map[string]func(string) string{"trims": strings.TrimSpace, "composes": norm.NFC.String, "decomposes": norm.NFD.String} {
		for name, text := range sameNames {
			run(t, server+"/"+name, func(f *fixture) {
				f.client = newClient(f, f.server, func(config *clerk.Config) {
					transport := config.Transport
					config.Transport = roundTrip(func(req *http.Request) (*http.Response, error) {
						if req.ContentLength == 0 {
							return transport.RoundTrip(req)
						}
						var fields map[string]any
						noError(f, json.NewDecoder(req.Body).Decode(&fields))
						fields["name"] = form(fields["name"].(string))
						body, _ := json.Marshal(fields)
						req = req.Clone(req.Context())
						req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
						return transport.RoundTrip(req)
					})
				})
				fields := fieldsNamed(text)
				creation, err := f.create(fields)
				noError(f, err)
				equal(f, "not applied", len(fields.NotApplied(creation.Application)), 0)
				f.inject(clerktest.ResetAfterWork().OnCreate().Once())
				creation, err = f.create(fields)
				noError(f, err)
				equal(f, "adopted", creation.Adopted, true)
				equal(f, "creates", f.creates(), 2)
			})
		}
	}
}

// An item of the list that cannot be read is read alone. It matters only if it may match.
func TestFindWithUnreadableApplications(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(map[string]any){"name": with("name", nil), "time": with("created_at", "today"), "client_id": with("client_id", nil)} {
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
	for other, by := range map[string]string{"web app": "web", "web": "twice"} {
		bubble(t, func(f *fixture) {
			first := f.server.Seed(by)
			second := f.server.Seed(map[string]string{"web app": "web app", "web": "twice"}[other])
			f.inject(inFirstItem(with("created_at", "today")), clerktest.Changed(with("created_at", "today")).OnRead())
			app, err := f.find(clerk.By{Name: by})
			if by == "twice" {
				equal(f, "one of the same name matters", asError[*clerk.AmbiguousNameError](f, err).IDs, []string{first, second})
				return
			}
			noError(f, err)
			equal(f, "another one does not", app.ID, first)
			_, err = f.find(clerk.By{Name: "we"})
			equal(f, "no application matches", err, clerk.ErrNoMatch)
		})
	}
}

// What this process created, renamed or deleted is found as it is now, although lists lag.
func TestFindYourWrites(t *testing.T) {
	t.Parallel()
	own := clerk.ReadYourWrites(time.Time{})
	lagging := func(t *testing.T, name string, test func(f *fixture, id string)) {
		run(t, name, func(f *fixture) {
			f.server.Set(clerktest.Switches{ReadLag: 1500 * time.Millisecond})
			creation, err := f.create(fieldsNamed("web"))
			noError(f, err)
			test(f, creation.Application.ID)
		})
	}
	lagging(t, "created", func(f *fixture, id string) {
		app, _ := f.server.Application(id)
		for _, by := range []clerk.By{{Name: "web"}, {ClientID: app.ClientID}} {
			_, err := f.find(by)
			equal(f, "without the option", err, clerk.ErrNoMatch)
		}
		found, err := f.find(clerk.By{ClientID: app.ClientID}, own)
		noError(f, err)
		equal(f, "id", found.ID, id)
		found, err = f.find(clerk.By{Name: "web"}, own)
		noError(f, err)
		equal(f, "id", found.ID, id)
	})
	lagging(t, "renamed", func(f *fixture, id string) {
		time.Sleep(time.Minute)
		_, err := f.rename(id, "site")
		noError(f, err)
		app, err := f.find(clerk.By{Name: "site"}, own)
		noError(f, err)
		equal(f, "by its new name", app.ID == id && app.Name == "site", true)
		_, err = f.find(clerk.By{Name: "web"}, own)
		equal(f, "by its old name", err, clerk.ErrNoMatch)
	})
	lagging(t, "deleted", func(f *fixture, id string) {
		time.Sleep(time.Minute)
		noError(f, f.client.DeleteOAuthApplication(f.Context(), id))
		_, err := f.find(clerk.By{Name: "web"}, own)
		equal(f, "error", err, clerk.ErrNoMatch)
	})
	lagging(t, "two of one name", func(f *fixture, id string) {
		seeded := f.server.Seed("web")
		time.Sleep(time.Minute)
		_, err := f.create(fieldsNamed("web"))
		noError(f, err)
		_, err = f.find(clerk.By{Name: "web"}, own)
		ids := asError[*clerk.AmbiguousNameError](f, err).IDs
		equal(f, "ids", len(ids) == 3 && slices.Contains(ids, id) && slices.Contains(ids, seeded), true)
	})
	for name, change := range map[string]func(*fixture, string){
		"deleted by someone else": func(f *fixture, id string) { f.server.Delete(id) },
		"renamed by someone else": func(f *fixture, id string) {
			f.server.Edit(id, func(app *clerktest.Application) { app.Name = "site" })
		},
	} {
		lagging(t, name, func(f *fixture, id string) {
			change(f, id)
			time.Sleep(time.Minute)
			_, err := f.find(clerk.By{Name: "web"}, own)
			equal(f, "error", err, clerk.ErrNoMatch)
		})
	}
	lagging(t, "an interrupt ends the wait", func(f *fixture, id string) {
		time.Sleep(time.Minute)
		_, err := f.rename(id, "site")
		noError(f, err)
		f.server.Edit(id, func(app *clerktest.Application) { app.Name = "other" })
		_, err = f.client.FindOAuthApplication(f.interruptAfter(time.Second), clerk.By{Name: "site"}, own)
		equal(f, "is interrupted", err != nil && !errors.Is(err, clerk.ErrNoMatch), true)
	})
	bubble(t, func(f *fixture) {
		for _, by := range []clerk.By{{Name: "none"}, {ClientID: "none"}} {
			_, err := f.find(by, own)
			equal(f, "error", err, clerk.ErrNoMatch)
		}
		equal(f, "waited", f.elapsed(), 0)
	})
}

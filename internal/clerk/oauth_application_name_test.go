package clerk_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

const (
	composed   = "Caf\u00e9"
	decomposed = "Cafe\u0301"
)

// sameNames are texts of the name "Café".
var sameNames = map[string]string{
	"composed": composed, "decomposed": decomposed, "with a blank before": " " + composed, "with a line end": decomposed + "\n", "with a no-break space": "\u00a0" + composed + "\u2003",
}

func TestSameName(t *testing.T) {
	t.Parallel()
	for name, text := range sameNames {
		for other, otherText := range sameNames {
			equal(t, name+" and "+other, clerk.SameName(text, otherText), true)
		}
		for _, other := range []string{"Cafe", "café", "Caf\u00e9s", "Ca f\u00e9", ""} {
			equal(t, name+" and "+other, clerk.SameName(text, other), false)
		}
	}
	equal(t, "compatible is not the same", clerk.SameName("ﬁle", "file"), false)
	equal(t, "two blanks inside", clerk.SameName("a  b", "a b"), false)
}

func TestFindByNameInAnyForm(t *testing.T) {
	t.Parallel()
	for stored, there := range sameNames {
		for asked, name := range sameNames {
			t.Run(stored+"/"+asked, func(t *testing.T) {
				t.Parallel()
				inVirtualTime(t, func(f *fixture) {
					id := f.server.Seed(there)
					f.server.Seed(composed + "teria")
					f.server.Seed("Cafe")
					app, err := f.client.FindOAuthApplication(f.Context(), clerk.By{Name: name})
					noError(f, err)
					equal(f, "id", app.ID, id)
					equal(f, "name", app.Name, there)
				})
			})
		}
	}
}

func TestFindByNameInTwoFormsIsAmbiguous(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(f *fixture) {
		f.server.Seed(composed)
		f.server.Seed(decomposed)
		for _, name := range sameNames {
			_, err := f.client.FindOAuthApplication(f.Context(), clerk.By{Name: name})
			equal(f, "applications", len(asError[*clerk.AmbiguousNameError](f, err).IDs), 2)
		}
	})
}

func TestNamesOfOneFormAreOneQuery(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(f *fixture) {
		_, err := f.client.FindOAuthApplication(f.Context(), clerk.By{Name: " plain and 日本 "})
		equal(f, "error", err, clerk.ErrNoMatch)
		equal(f, "lists", f.lists(), 1)
		_, err = f.client.FindOAuthApplication(f.Context(), clerk.By{Name: composed})
		equal(f, "error", err, clerk.ErrNoMatch)
		equal(f, "lists", f.lists(), 3)
	})
}

func TestDuplicateNameInAnyFormIsRefused(t *testing.T) {
	t.Parallel()
	for name, text := range sameNames {
		for origin, seed := range map[string]func(f *fixture) string{
			"of someone else": func(f *fixture) string { return f.server.Seed(decomposed) },
			"of this process, where lists lag": func(f *fixture) string {
				creation, err := f.client.CreateOAuthApplication(f.Context(), fieldsNamed("before"))
				noError(f, err)
				f.server.Set(clerktest.Switches{ReadLag: time.Hour})
				_, err = f.client.UpdateOAuthApplication(f.Context(), creation.Application.ID, clerk.OAuthApplicationFields{Name: new(decomposed)})
				noError(f, err)
				return creation.Application.ID
			},
		} {
			t.Run(name+"/"+origin, func(t *testing.T) {
				t.Parallel()
				inVirtualTime(t, func(f *fixture) {
					id := seed(f)
					_, err := f.client.CreateOAuthApplication(f.Context(), fieldsNamed(text))
					equalLists(f, "ids", asError[*clerk.DuplicateNameError](f, err).IDs, []string{id})
				}, func(config *clerk.Config) { config.PreventDuplicateNames = true })
			})
		}
	}
}

// storing returns a transport to a server that changes the form of names.
func storing(form func(string) string, next http.RoundTripper) http.RoundTripper {
	return roundTrip(func(req *http.Request) (*http.Response, error) {
		if req.Body == nil {
			return next.RoundTrip(req)
		}
		body, _ := io.ReadAll(req.Body)
		var fields map[string]any
		if json.Unmarshal(body, &fields) == nil {
			if name, ok := fields["name"].(string); ok {
				fields["name"] = form(name)
				body, _ = json.Marshal(fields)
			}
		}
		req = req.Clone(req.Context())
		req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		return next.RoundTrip(req)
	})
}

// A server may trim or normalise a name: the name counts as applied, and a lost create is found by it.
func TestServersWithAFormOfTheirOwnForNames(t *testing.T) {
	t.Parallel()
	for server, form := range map[string]func(string) string{
		"keeps": func(name string) string { return name }, "trims": strings.TrimSpace, "composes": norm.NFC.String, "decomposes": norm.NFD.String,
	} {
		for name, text := range sameNames {
			t.Run(server+"/"+name, func(t *testing.T) {
				t.Parallel()
				inVirtualTime(t, func(f *fixture) {
					f.client = newClient(f, f.server, func(config *clerk.Config) { config.Transport = storing(form, f.server.RoundTripper()) })
					fields := fieldsNamed(text)
					creation, err := f.client.CreateOAuthApplication(f.Context(), fields)
					noError(f, err)
					equal(f, "not applied", len(fields.NotApplied(creation.Application)), 0)
					change := clerk.OAuthApplicationFields{Name: new(text + "\t")}
					app, err := f.client.UpdateOAuthApplication(f.Context(), creation.Application.ID, change)
					noError(f, err)
					equal(f, "not applied", len(change.NotApplied(app)), 0)

					f.server.Inject(clerktest.ResetAfterWork().OnCreate().Once())
					creation, err = f.client.CreateOAuthApplication(f.Context(), fields)
					noError(f, err)
					equal(f, "adopted", creation.Adopted, true)
					equal(f, "creates", f.posts(), 2)
					equal(f, "secret", creation.ClientSecret.Reveal(), f.server.CurrentSecret(creation.Application.ID))
				})
			})
		}
	}
}

// Creates of one name wait for each other in every form of the name, because the search for a lost create must not find the
// other one.
func TestCreatesOfOneNameInAnyFormWaitForEachOther(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(f *fixture) {
		f.server.Inject(clerktest.Slow(3 * time.Second).OnCreate())
		var wait sync.WaitGroup
		for _, text := range sameNames {
			wait.Go(func() {
				_, err := f.client.CreateOAuthApplication(f.Context(), fieldsNamed(text))
				noError(f, err)
			})
		}
		wait.Wait()
		equal(f, "time", f.elapsed(), time.Duration(len(sameNames))*3*time.Second)
	})
}

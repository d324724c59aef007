package clerk_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

func noDuplicates(config *clerk.Config) { config.PreventDuplicateNames = true }

// The request decides whether a secret is kept, whatever the answer says of public. No one needs
// the secret of a public client, though Clerk sends one, so an adopted one is not rotated.
func TestCreateDecidesByTheRequest(t *testing.T) {
	t.Parallel()
	for _, asked := range []*bool{nil, new(false), new(true)} {
		for what, fault := range map[string]clerktest.Fault{
			"as it is": {}, "true": clerktest.Changed(with("public", true)), "false": clerktest.Changed(with("public", false)),
			"missing": clerktest.Changed(without("public")), "a text": clerktest.Changed(with("public", "no")), "lost": clerktest.ResetAfterWork(),
			"no secret": clerktest.Changed(with("client_secret", nil)), "no secret but 7": clerktest.Changed(with("client_secret", 7)),
		} {
			bubble(t, func(f *fixture) {
				f.inject(fault.OnCreate())
				fields := fieldsNamed("web")
				fields.Public = asked
				creation, err := f.create(fields)
				noError(f, err)
				app := f.server.Applications()[0]
				equal(f, what+": updated_at", creation.Application.UpdatedAt.UnixMilli(), app.UpdatedAt)
				rotations, want := 0, f.server.CurrentSecret(app.ID)
				if asked != nil && *asked || strings.HasPrefix(what, "no secret") {
					want = ""
				} else if what == "lost" {
					rotations = 1
				}
				equal(f, what, creation.ClientSecret.Reveal(), want)
				equal(f, "adopted", creation.Adopted, what == "lost")
				equal(f, "creates and rotations", []int{f.creates(), f.rotations()}, []int{1, rotations})
			})
		}
	}
}

// A surprise in one field costs that field, and never the application or its secret.
func TestCreateWithAnIncompleteAnswer(t *testing.T) {
	t.Parallel()
	for says, change := range map[string]func(map[string]any){
		"created_at is not a time in milliseconds": with("created_at", 1.5),
		"scopes is missing":                        without("scopes"),
		"redirect_uris has an unexpected type":     with("redirect_uris", []int{1}),
		"name is missing":                          with("name", nil),
		"object has an unexpected type":            with("object", 7),
	} {
		run(t, says, func(f *fixture) {
			f.inject(clerktest.Changed(change).OnCreate())
			fields := fieldsNamed("web")
			creation, err := f.create(fields)
			noError(f, err)
			f.assertSecret(creation.ClientSecret, creation.Application.ID)
			// A field that could not be read is not reported as different.
			equal(f, "not applied", len(fields.NotApplied(creation.Application)), 0)
			equal(f, "problems", fmt.Sprint(creation.Application.Problems), "["+says+"]")
			equal(f, "requests", f.requests(), 1)
		})
	}
}

// What identifies the application is missing. The search finds nothing, or the application with
// another value: either way there is one candidate.
func TestCreateThatIsNeverFound(t *testing.T) {
	t.Parallel()
	for _, list := range []clerktest.Fault{raw(`{"data":[],"total_count":0}`).OnList(), inFirstItem(with("public", true))} {
		bubble(t, func(f *fixture) {
			f.inject(clerktest.Changed(without("client_id")).OnCreate(),
				clerktest.ClerkError(404, "resource_not_found").OnRead(), list)
			_, err := f.create(fieldsNamed("web"))
			app, _ := f.server.Find("web")
			unknown := asError[*clerk.CreateOutcomeUnknownError](f, err)
			equal(f, "created", unknown.Created && len(unknown.Candidates) == 1 && unknown.Candidates[0].ID == app.ID, true)
			contains(f, "text", err.Error(), `the application "web" was created, and not found: `+
				`unexpected answer with HTTP status 200: application `+app.ID+" has no client_id")
			equal(f, "creates", f.creates(), 1)
		})
	}
	bubble(t, func(f *fixture) { // an answer that names an application of another resource
		other := f.server.Seed("web", likeFields)
		noError(f, errorOf(f.get(other)))
		f.inject(clerktest.Changed(func(o map[string]any) { o["id"], o["client_id"] = other, nil }).OnCreate())
		creation, err := f.create(fieldsNamed("web"))
		noError(f, err)
		equal(f, "is the known one", creation.Application.ID == other, false)
	})
}

// Without the lock, the search for one application would find the others too.
func TestCreatesOfOneNameWaitForEachOther(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]clerktest.Fault{
		"the first answer is lost":  clerktest.ResetAfterWork().Once(),
		"the second answer is lost": clerktest.ResetAfterWork().Once().Skipping(1),
		"every answer is too slow":  clerktest.SlowAnswer(time.Hour),
		"one is not carried out":    clerktest.ResetBeforeWork().Once(),
		"different names":           clerktest.SlowAnswer(time.Second),
	} {
		run(t, name, func(f *fixture) {
			f.inject(fault.OnCreate())
			names := []string{"Caf\u00e9", "Cafe\u0301", " Caf\u00e9 "}
			if name == "different names" {
				names = []string{"a", "b", "c"}
			}
			var wait sync.WaitGroup
			for _, text := range names {
				wait.Go(func() {
					creation, err := f.create(fieldsNamed(text))
					noError(f, err)
					equal(f, "duplicates", len(creation.Duplicates), 0)
					f.assertSecret(creation.ClientSecret, creation.Application.ID)
				})
			}
			wait.Wait()
			equal(f, "applications on the server", len(f.server.Applications()), 3)
			equal(f, "do not wait", f.elapsed() == time.Second, name == "different names")
		})
	}
}

func TestPreventDuplicateNames(t *testing.T) {
	t.Parallel()
	today, nameless, readable := with("created_at", "today"), with("name", nil), func(map[string]any) {}
	for name, test := range map[string]struct {
		names  []string                          // of applications on the server
		change func(f *fixture, id string) error // of the first of them, by this client
		list   func(map[string]any)              // changes the newest in the list, and alone
		ends   int                               // duplicates; -1 for another error
		says   string                            // of another error
	}{
		"exists":            {[]string{"web", " web\n", "web app", "WEB"}, nil, readable, 2, ""},
		"does not exist":    {[]string{"web app", "WEB"}, nil, readable, 0, ""},
		"is on a late page": {[]string{"web"}, func(f *fixture, _ string) error { f.server.SeedMany(700, "web %d"); return nil }, readable, 1, ""},
		"is renamed here":   {[]string{"old"}, func(f *fixture, id string) error { return errorOf(f.rename(id, "web")) }, readable, 1, ""},
		"is deleted here":   {[]string{"web"}, func(f *fixture, id string) error { return f.client.DeleteOAuthApplication(f.Context(), id) }, readable, 0, ""},
		"an unreadable one": {[]string{"web"}, nil, today, 1, ""},
		"has no name":       {[]string{"web"}, nil, nameless, -1, "name is missing"},
		"refused": {[]string{"web"}, func(f *fixture, _ string) error {
			f.inject(clerktest.ClerkError(403, "authorization_invalid").OnList())
			return nil
		}, readable, -1, "HTTP 403"},
	} {
		run(t, name, func(f *fixture) {
			var ids []string
			for _, name := range test.names {
				ids = append(ids, f.server.Seed(name))
			}
			if strings.HasSuffix(name, " here") {
				time.Sleep(time.Minute)
				f.server.Set(clerktest.Switches{ReadLag: 30 * time.Second})
			}
			if test.change != nil {
				noError(f, test.change(f, ids[0]))
			}
			f.inject(inFirstItem(test.list), clerktest.Changed(test.list).OnRead())
			_, err := f.create(fieldsNamed("web"))
			equal(f, "creates", f.creates() == 1, test.ends == 0)
			switch test.ends {
			case 0:
				noError(f, err)
			case -1:
				contains(f, "text", err.Error(), "the search for an application of this name failed")
				contains(f, "text", err.Error(), test.says)
			default:
				found := asError[*clerk.DuplicateNameError](f, err).IDs
				slices.Sort(found)
				slices.Sort(ids[:test.ends])
				equal(f, "ids", found, ids[:test.ends])
			}
		}, noDuplicates)
	}
}

// What the plan of a create asks: each question once for all creates, and none unasked.
func TestChecksOfAPlan(t *testing.T) {
	t.Parallel()
	none := func(*clerk.Config) {}
	pinned := func(config *clerk.Config) { config.InstanceID = "ins_other" }
	for name, test := range map[string]struct {
		option   option
		seed     func(f *fixture)
		says     string // the error of CheckPlannedName, or ""
		requests int
	}{
		"nothing is asked":    {none, func(f *fixture) { f.server.Seed("web") }, "", 0},
		"another instance":    {pinned, func(*fixture) {}, "", 1},
		"no duplicate":        {noDuplicates, func(f *fixture) { f.server.Seed("Web") }, "", 1},
		"two duplicates":      {noDuplicates, func(f *fixture) { f.server.Seed("web"); f.server.Seed(" web") }, "exists already", 1},
		"one in the state":    {noDuplicates, func(f *fixture) { f.client.KnowApplication(f.server.Seed("web")) }, "", 1},
		"the list is refused": {noDuplicates, func(f *fixture) { f.inject(clerktest.ClerkError(403, "not_allowed_access").OnList()) }, "HTTP 403", 2},
	} {
		run(t, name, func(f *fixture) {
			test.seed(f)
			for range 2 {
				err := f.client.CheckExpectedInstance(f.Context())
				equal(f, "the instance", isError[*clerk.InstanceError](err), name == "another instance")
				err = f.client.CheckPlannedName(f.Context(), "web")
				equal(f, "the name", err != nil, test.says != "")
				contains(f, "error", fmt.Sprint(err), test.says)
			}
			equal(f, "requests", f.requests(), test.requests)
		}, test.option)
	}
}

// What comes before a create is cut off, and the create is not sent.
func TestInterruptBeforeACreateIsSent(t *testing.T) {
	t.Parallel()
	slow, throttled := clerktest.SlowAnswer(10*time.Second), clerktest.TooManyRequests("30")
	for name, test := range map[string]struct {
		fault   clerktest.Fault
		option  option
		creates int // by another create of the name
	}{
		"the instance is compared":       {slow.OnInstance(), func(config *clerk.Config) { config.InstanceID = "ins_1" }, 0},
		"names are listed":               {slow.OnList(), noDuplicates, 0},
		"the list of names is throttled": {throttled.OnList(), noDuplicates, 0},
		"another create has the name":    {slow.OnCreate(), func(*clerk.Config) {}, 1},
		"it waits for the rate limiter": {clerktest.Fault{}, func(config *clerk.Config) {
			config.PreventDuplicateNames, config.RequestsPer10s = true, 1
		}, 0},
	} {
		run(t, name, func(f *fixture) {
			f.inject(test.fault)
			var wait sync.WaitGroup
			for range test.creates {
				wait.Go(func() { noError(f, errorOf(f.create(fieldsNamed("web")))) })
				synctest.Wait()
			}
			_, err := f.client.CreateOAuthApplication(f.interruptAfter(time.Second), fieldsNamed("web"))
			equal(f, "is context.Canceled", errors.Is(err, context.Canceled), true)
			equal(f, "is unknown", isError[*clerk.CreateOutcomeUnknownError](err), false)
			equal(f, "time", f.elapsed(), time.Second)
			wait.Wait()
			equal(f, "creates", f.creates(), test.creates)
		}, test.option)
	}
}

package clerk_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

func noDuplicates(config *clerk.Config) { config.PreventDuplicateNames = true }

// The request decides whether a secret is kept, whatever the answer says of public.
func TestCreateDecidesByTheRequest(t *testing.T) {
	t.Parallel()
	for _, asked := range []*bool{nil, new(false), new(true)} {
		for what, change := range map[string]func(map[string]any){
			"as it is": func(map[string]any) {}, "true": with("public", true), "false": with("public", false),
			"missing": without("public"), "a text": with("public", "no"),
		} {
			bubble(t, func(f *fixture) {
				f.inject(clerktest.Changed(change).OnCreate())
				fields := fieldsNamed("web")
				fields.Public = asked
				creation, err := f.create(fields)
				noError(f, err)
				want := f.server.CurrentSecret(f.server.Applications()[0].ID)
				if asked != nil && *asked {
					want = "" // Clerk sends one, and no one needs it
				}
				equal(f, what, creation.ClientSecret.Reveal(), want)
				equal(f, "unusual", creation.Adopted || creation.Repeated || creation.LostAnswer != nil, false)
				equal(f, "requests", f.requests(), 1)
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
	for _, value := range []any{nil, "", 12345678} {
		bubble(t, func(f *fixture) {
			f.inject(clerktest.Changed(with("client_secret", value)).OnCreate())
			creation, err := f.create(fieldsNamed("web"))
			noError(f, err)
			equal(f, fmt.Sprintf("no secret of %v", value), creation.ClientSecret.IsEmpty(), true)
		})
	}
}

// No one needs the secret of a public client, so the adopted one is not rotated.
func TestLostCreateOfAPublicClient(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		f.inject(clerktest.ResetAfterWork().OnCreate().Once())
		fields := fieldsNamed("web")
		fields.Public = new(true)
		creation, err := f.create(fields)
		noError(f, err)
		equal(f, "adopted without a secret", creation.Adopted && creation.ClientSecret.IsEmpty(), true)
		equal(f, "rotations", f.rotations(), 0)
	})
}

// What identifies the application is missing, and no search finds it.
func TestCreateThatIsNeverFound(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		f.inject(clerktest.Changed(without("client_id")).OnCreate(),
			clerktest.ClerkError(404, "resource_not_found").OnRead(), raw(`{"data":[],"total_count":0}`).OnList())
		_, err := f.create(fieldsNamed("web"))
		app, _ := f.server.Find("web")
		unknown := asError[*clerk.CreateOutcomeUnknownError](f, err)
		equal(f, "created", unknown.Created && len(unknown.Candidates) == 1 && unknown.Candidates[0].ID == app.ID, true)
		contains(f, "text", err.Error(), `the application "web" was created, and not found: `+
			`unexpected answer with HTTP status 200: application `+app.ID+" has no client_id")
		equal(f, "creates", f.creates(), 1)
	})
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

// The first create is carried out when nobody expects it any more: both applications exist, and
// the second is named.
func TestCreateThatWasCarriedOutTwiceNamesTheDuplicate(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		after, lag, date time.Duration
		second           clerktest.Fault
	}{
		"while the second is under way":      {lookTime + time.Second, 0, 0, clerktest.Slow(2 * time.Second)},
		"right after the second":             {lookTime + time.Second, 0, 10 * time.Second, clerktest.Fault{}},
		"and the second's answer was lost":   {lookTime + 600*time.Millisecond, 0, 30 * time.Minute, clerktest.ResetAfterWork()},
		"before the second, whose list lags": {lookTime - time.Second, 2 * time.Second, 0, clerktest.Fault{}},
	} {
		run(t, name, func(f *fixture) {
			f.server.Set(clerktest.Switches{ReadLag: test.lag})
			f.server.SetDateSkew(test.date)
			f.inject(clerktest.LateCommit(test.after).OnCreate().Once(), test.second.OnCreate().Once())
			creation, err := f.create(fieldsNamed("web"))
			f.server.WaitForLateWork()
			named := map[string]bool{creation.Application.ID: true}
			for _, duplicate := range creation.Duplicates {
				named[duplicate.ID] = true
			}
			if unknown, ok := err.(*clerk.CreateOutcomeUnknownError); ok {
				for _, candidate := range unknown.Candidates {
					named[candidate.ID] = true
				}
			} else {
				noError(f, err)
				f.assertSecret(creation.ClientSecret, creation.Application.ID)
			}
			apps := f.server.FindAll("web")
			equal(f, "both are named", len(apps) == 2 && named[apps[0].ID] && named[apps[1].ID], true)
		})
	}
}

func TestPreventDuplicateNames(t *testing.T) {
	t.Parallel()
	seeds := func(names ...string) func(f *fixture) []string {
		return func(f *fixture) (ids []string) {
			for _, name := range names {
				if id := f.server.Seed(name); clerk.SameName(name, "web") {
					ids = append([]string{id}, ids...)
				}
			}
			return ids
		}
	}
	today := with("created_at", "today")
	for name, test := range map[string]struct {
		seed   func(f *fixture) (ids []string)
		faults []clerktest.Fault
		says   string // of an error that is no DuplicateNameError
		lists  int
	}{
		"a name that exists": {seeds("web", " web\n", "web app", "WEB"), nil, "", 1},
		"no such name":       {seeds("web app", "WEB"), nil, "", 1},
		"beyond the first page": {func(f *fixture) []string {
			defer f.server.SeedMany(700, "web %d")
			return []string{f.server.Seed("web")}
		}, nil, "", 2},
		"created before, where lists lag": {func(f *fixture) []string {
			creation, err := f.create(fieldsNamed("before"))
			noError(f, err)
			f.server.Set(clerktest.Switches{ReadLag: time.Hour})
			noError(f, errorOf(f.rename(creation.Application.ID, "web")))
			return []string{creation.Application.ID}
		}, nil, "", 2},
		"deleted before, where lists lag": {func(f *fixture) []string {
			id := f.server.Seed("web")
			f.server.Set(clerktest.Switches{ReadLag: time.Hour})
			noError(f, f.client.DeleteOAuthApplication(f.Context(), id))
			return nil
		}, nil, "", 1},
		"an unreadable time": {seeds("web"), []clerktest.Fault{inFirstItem(today), clerktest.Changed(today).OnRead()}, "", 1},
		"an unreadable name": {
			seeds("web"), []clerktest.Fault{inFirstItem(with("name", nil)), clerktest.Changed(with("name", nil)).OnRead()}, "name is missing", 1,
		},
		"the search fails": {seeds(), []clerktest.Fault{clerktest.ClerkError(403, "authorization_invalid").OnList()}, "HTTP 403", 1},
	} {
		run(t, name, func(f *fixture) {
			ids := test.seed(f)
			before := f.creates()
			f.inject(test.faults...)
			_, err := f.create(fieldsNamed("web"))
			equal(f, "lists", f.lists(), test.lists)
			switch {
			case test.says != "":
				contains(f, "text", err.Error(), "the search for an application of this name failed")
				contains(f, "text", err.Error(), test.says)
			case len(ids) > 0:
				equal(f, "ids", asError[*clerk.DuplicateNameError](f, err).IDs, ids)
			default:
				noError(f, err)
				before++
			}
			equal(f, "creates", f.creates(), before)
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
	limited := func(config *clerk.Config) { config.PreventDuplicateNames, config.RequestsPer10s = true, 1 }
	pinned := func(config *clerk.Config) { config.InstanceID = "ins_1" }
	slow, throttled := clerktest.SlowAnswer(10*time.Second), clerktest.TooManyRequests("30")
	for name, test := range map[string]struct {
		fault  clerktest.Fault
		option option
	}{
		"the instance is compared":       {slow.OnInstance(), pinned},
		"names are listed":               {slow.OnList(), noDuplicates},
		"it waits for the rate limiter":  {clerktest.Fault{}, limited},
		"the list of names is throttled": {throttled.OnList(), noDuplicates},
		"another create has the name":    {slow.OnCreate(), func(*clerk.Config) {}},
	} {
		run(t, name, func(f *fixture) {
			f.inject(test.fault)
			first, creates := make(chan error, 1), 0
			if first <- nil; name == "another create has the name" {
				<-first
				go func() { first <- errorOf(f.create(fieldsNamed("web"))) }()
				synctest.Wait()
				creates = 1
			}
			_, err := f.client.CreateOAuthApplication(f.interruptAfter(time.Second), fieldsNamed("web"))
			equal(f, "is context.Canceled", errors.Is(err, context.Canceled), true)
			equal(f, "is unknown", isError[*clerk.CreateOutcomeUnknownError](err), false)
			equal(f, "time", f.elapsed(), time.Second)
			noError(f, <-first)
			equal(f, "creates", f.creates(), creates)
		}, test.option)
	}
}

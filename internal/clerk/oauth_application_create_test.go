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

const (
	lookups  = 5                        // searches for an application whose create had no answer
	lookTime = 15500 * time.Millisecond // all of them together
)

func noDuplicates(config *clerk.Config) { config.PreventDuplicateNames = true }

// assertSecret checks that a secret is the one that works.
func (f *fixture) assertSecret(secret clerk.Secret, id string) {
	f.Helper()
	equal(f, "secret", secret.Reveal(), f.server.CurrentSecret(id))
}

// assertAdopted checks a creation whose first answer was lost and that ended with the one
// application on the server.
func (f *fixture) assertAdopted(creation clerk.Creation, err error) {
	f.Helper()
	noError(f, err)
	apps := f.server.FindAll("web")
	equal(f, "applications on the server", len(apps), 1)
	equal(f, "id", creation.Application.ID, apps[0].ID)
	equal(f, "adopted", creation.Adopted && !creation.Repeated && !creation.MaybeStale, true)
	equal(f, "rotation error", creation.RotationError, nil)
	equal(f, "duplicates", len(creation.Duplicates), 0)
	equal(f, "says which answer was lost", creation.LostAnswer != nil, true)
	f.assertSecret(creation.ClientSecret, apps[0].ID)
	equal(f, "creates", f.creates(), 1)
}

// assertUnknown checks a create with an unknown outcome, and returns its error.
func (f *fixture) assertUnknown(err error, candidates int) *clerk.CreateOutcomeUnknownError {
	f.Helper()
	unknown := asError[*clerk.CreateOutcomeUnknownError](f, err)
	equal(f, "name", unknown.Name, "web")
	equal(f, "candidates", len(unknown.Candidates), candidates)
	contains(f, "text", unknown.Error(), "not known")
	return unknown
}

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
			f.inject(clerktest.Changed(change).OnCreate(), clerktest.Changed(change).OnRotate())
			fields := fieldsNamed("web")
			creation, err := f.create(fields)
			noError(f, err)
			id := creation.Application.ID
			f.assertSecret(creation.ClientSecret, id)
			// A field that could not be read is not reported as different.
			equal(f, "not applied", len(fields.NotApplied(creation.Application)), 0)
			rotation, err := f.rotate(id)
			noError(f, err)
			f.assertSecret(rotation.ClientSecret, id)
			for _, app := range []clerk.OAuthApplication{creation.Application, rotation.Application} {
				equal(f, "problems", fmt.Sprint(app.Problems), "["+says+"]")
			}
			equal(f, "requests", f.requests(), 2)
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

func TestCreateWithALostAnswerIsAdopted(t *testing.T) {
	t.Parallel()
	for name, fault := range lostAnswers {
		run(t, name, func(f *fixture) {
			f.inject(fault.OnCreate().Once())
			f.assertAdopted(f.create(fieldsNamed("web")))
			equal(f, "lists and rotations", []int{f.lists(), f.rotations()}, []int{1, 1})
		})
	}
	run(t, "public", func(f *fixture) {
		f.inject(clerktest.ResetAfterWork().OnCreate().Once())
		fields := fieldsNamed("web")
		fields.Public = new(true)
		creation, err := f.create(fields)
		noError(f, err)
		equal(f, "adopted without a secret", creation.Adopted && creation.ClientSecret.IsEmpty(), true)
		equal(f, "rotations", f.rotations(), 0)
	})
}

// An answer without what identifies the application is not usable. If it has an id, that
// application is read; if the id is wrong, the search finds the application.
func TestCreateWithAnUnusableAnswerIsAdopted(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change      func(map[string]any)
		gets, lists int
	}{
		"no client_id":         {without("client_id"), 1, 0},
		"client_id empty":      {with("client_id", ""), 1, 0},
		"client_id a number":   {with("client_id", 7), 1, 0},
		"another object":       {with("object", "user"), 1, 0},
		"no id":                {without("id"), 0, 1},
		"id of another":        {func(o map[string]any) { o["id"], o["object"] = "user_1", "user" }, 1, 1},
		"id with a path":       {with("id", "../users"), 0, 1},
		"neither id nor names": {func(o map[string]any) { clear(o) }, 0, 1},
	} {
		run(t, name, func(f *fixture) {
			f.inject(clerktest.Changed(test.change).OnCreate().Once())
			f.assertAdopted(f.create(fieldsNamed("web")))
			equal(f, "gets and lists", []int{f.gets(), f.lists()}, []int{test.gets, test.lists})
		})
	}
	run(t, "and never found", func(f *fixture) {
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
	run(t, "and named like one that is known", func(f *fixture) {
		other := f.server.Seed("web", likeFields)
		noError(f, errorOf(f.get(other)))
		f.inject(clerktest.Changed(func(o map[string]any) { o["id"], o["client_id"] = other, nil }).OnCreate())
		creation, err := f.create(fieldsNamed("web"))
		noError(f, err)
		equal(f, "is the known one", creation.Application.ID == other, false)
	})
}

func TestCreateThatLeftNoTraceIsSentOnceMore(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]clerktest.Fault{"reset": clerktest.ResetBeforeWork(), "502": clerktest.HTML(502)} {
		run(t, name, func(f *fixture) {
			f.inject(fault.OnCreate().Once())
			creation, err := f.create(fieldsNamed("web"))
			noError(f, err)
			apps := f.server.FindAll("web")
			equal(f, "applications and duplicates", []int{len(apps), len(creation.Duplicates)}, []int{1, 0})
			f.assertSecret(creation.ClientSecret, apps[0].ID)
			equal(f, "repeated", creation.Repeated && !creation.Adopted && creation.LostAnswer != nil, true)
			equal(f, "creates and lists", []int{f.creates(), f.lists()}, []int{2, lookups + 1})
			equal(f, "time", f.elapsed(), lookTime+2*time.Second)
		})
	}
}

func TestCreateThatIsNeitherFoundNorRepeatedIsUnknown(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]clerktest.Fault{
		"no answer in time": clerktest.NeverAnswers(), // it may still be under way
		"HTML 200":          clerktest.HTML(200),      // a success was answered, by whomever
		"truncated success": truncated(clerktest.DeliverShort),
	} {
		run(t, name, func(f *fixture) {
			f.inject(fault.OnCreate())
			_, err := f.create(fieldsNamed("web"))
			equal(f, "lookup error", f.assertUnknown(err, 0).LookupErr, nil)
			equal(f, "creates and lists", []int{f.creates(), f.lists()}, []int{1, lookups})
		})
	}
}

func TestAdoptionWithoutASecretKeepsTheApplication(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault     clerktest.Fault
		rotations int
	}{
		"refused":  {clerktest.ClerkError(403, "authorization_invalid"), 1},
		"lost":     {clerktest.ResetBeforeWork(), 3},
		"other id": {clerktest.Changed(with("id", "oa_another")), 3},
	} {
		run(t, name, func(f *fixture) {
			f.inject(clerktest.ResetAfterWork().OnCreate().Once(), test.fault.OnRotate())
			creation, err := f.create(fieldsNamed("web"))
			noError(f, err)
			app, _ := f.server.Find("web")
			equal(f, "id", creation.Application.ID, app.ID)
			equal(f, "has an error and no secret", creation.RotationError != nil && creation.ClientSecret.IsEmpty(), true)
			equal(f, "rotations", f.rotations(), test.rotations)
		})
	}
	run(t, "maybe stale", func(f *fixture) {
		f.inject(clerktest.ResetAfterWork().OnCreate().Once(), clerktest.ResetAfterWork().OnRotate().Once(),
			clerktest.ClerkError(403, "authorization_invalid").OnRead())
		creation, err := f.create(fieldsNamed("web"))
		noError(f, err)
		equal(f, "maybe stale", creation.MaybeStale, true)
	})
	run(t, "an answer without a client_id", func(f *fixture) {
		f.inject(clerktest.ResetAfterWork().OnCreate().Once(), clerktest.Changed(without("client_id")).OnRotate())
		creation, err := f.create(fieldsNamed("web"))
		f.assertAdopted(creation, err)
		equal(f, "client_id", creation.Application.ClientID != "", true)
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

// The create has 4 s after the interrupt. Then the client searches for the application once, and
// adopts it if it exists. All of it takes at most 6 s.
func TestInterruptedCreate(t *testing.T) {
	t.Parallel()
	const hour, ms = time.Hour, time.Millisecond
	slow, late := clerktest.SlowAnswer, clerktest.SlowAnswer(hour).OnCreate()
	for name, test := range map[string]struct {
		faults          []clerktest.Fault
		known, withheld bool // the application and its secret
		adopted         bool
		time            time.Duration
	}{
		"answered in time":         {[]clerktest.Fault{slow(4900 * ms).OnCreate()}, true, false, false, 4900 * ms},
		"carried out":              {[]clerktest.Fault{late}, true, false, true, 5000 * ms},
		"not carried out":          {[]clerktest.Fault{clerktest.NeverAnswers().OnCreate()}, false, false, false, 5000 * ms},
		"everything is slow":       {[]clerktest.Fault{late, slow(1000 * ms).OnList(), slow(900 * ms).OnRotate()}, true, false, true, 6900 * ms},
		"the list is too slow":     {[]clerktest.Fault{late, slow(hour).OnList()}, false, false, false, 7000 * ms},
		"the rotation is too slow": {[]clerktest.Fault{late, slow(hour).OnRotate()}, true, true, true, 7000 * ms},
		"the list is throttled":    {[]clerktest.Fault{late, clerktest.TooManyRequests("5").OnList()}, false, false, false, 7000 * ms},
		"each rotation is lost":    {[]clerktest.Fault{late, clerktest.ResetAfterWork().OnRotate()}, true, true, true, 5000 * ms},
		"lost, carried out late":   {[]clerktest.Fault{clerktest.LateCommit(900 * ms).OnCreate()}, true, false, true, 1000 * ms},
		"lost, not carried out":    {[]clerktest.Fault{clerktest.LateCommit(4000 * ms).OnCreate()}, false, false, false, 1000 * ms},
	} {
		run(t, name, func(f *fixture) {
			ctx, cancel := context.WithTimeout(f.Context(), time.Second)
			defer cancel()
			f.inject(test.faults...)
			creation, err := f.client.CreateOAuthApplication(ctx, fieldsNamed("web"))
			equal(f, "time", f.elapsed(), test.time)
			equal(f, "creates", f.creates(), 1)
			if !test.known {
				asError[*clerk.CreateOutcomeUnknownError](f, err)
				return
			}
			noError(f, err)
			equal(f, "adopted", creation.Adopted, test.adopted)
			equal(f, "says why there is no secret", creation.RotationError != nil, test.withheld)
			if !test.withheld {
				f.assertSecret(creation.ClientSecret, creation.Application.ID)
			}
		})
	}
	run(t, "during the second request", func(f *fixture) {
		f.inject(clerktest.ResetBeforeWork().OnCreate().Once(), slow(3*time.Second).OnCreate().Once())
		creation, err := f.client.CreateOAuthApplication(f.interruptAfter(lookTime+time.Second), fieldsNamed("web"))
		noError(f, err)
		f.assertSecret(creation.ClientSecret, creation.Application.ID)
		equal(f, "time", f.elapsed(), lookTime+3*time.Second)
	})
}

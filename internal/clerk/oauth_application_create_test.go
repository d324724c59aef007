package clerk_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

const (
	lookups  = 5                        // searches for an application whose create had no answer
	lookTime = 15500 * time.Millisecond // all of them together
)

// assertAdopted checks a creation whose first answer was lost and that ended with the one
// application on the server.
func (f *fixture) assertAdopted(creation clerk.Creation, err error, name string) {
	f.Helper()
	noError(f, err)
	apps := f.server.FindAll(name)
	equal(f, "applications on the server", len(apps), 1)
	equal(f, "id", creation.Application.ID, apps[0].ID)
	equal(f, "adopted", creation.Adopted && !creation.Repeated && !creation.MaybeStale, true)
	equal(f, "rotation error", creation.RotationError, nil)
	equal(f, "duplicates", len(creation.Duplicates), 0)
	equal(f, "says which answer was lost", creation.LostAnswer != nil, true)
	equal(f, "secret", creation.ClientSecret.Reveal(), f.server.CurrentSecret(apps[0].ID))
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

func TestCreate(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		creation, err := f.create(fieldsNamed("web"))
		noError(f, err)
		app, _ := f.server.Find("web")
		equal(f, "id", creation.Application.ID, app.ID)
		equal(f, "secret", creation.ClientSecret.Reveal(), f.server.CurrentSecret(app.ID))
		equal(f, "unusual", creation.Adopted || creation.Repeated || creation.LostAnswer != nil || len(creation.Application.Problems) > 0, false)
		equalLists(f, "requests", f.server.RequestLines(), []string{
			`POST /oauth_applications {"name":"web","redirect_uris":["https://a.example/cb"],"scopes":"email profile"}`,
		})
	})
}

// The request decides whether a secret is kept, whatever the answer says of public.
func TestCreateDecidesByTheRequest(t *testing.T) {
	t.Parallel()
	for _, asked := range []*bool{nil, new(false), new(true)} {
		for what, change := range map[string]func(map[string]any){
			"as it is": func(map[string]any) {}, "true": with("public", true), "false": with("public", false),
			"missing": without("public"), "null": with("public", nil), "a text": with("public", "no"),
		} {
			bubble(t, func(f *fixture) {
				f.inject(clerktest.Changed(change).OnCreate())
				fields := fieldsNamed("web")
				fields.Public = asked
				creation, err := f.create(fields)
				noError(f, err)
				want := f.server.CurrentSecret(creation.Application.ID)
				if asked != nil && *asked {
					want = "" // Clerk sends one, and no one needs it
				}
				equal(f, what, creation.ClientSecret.Reveal(), want)
			})
		}
	}
}

// A surprise in one field costs that field, and never the application or its secret.
func TestCreateWithAnIncompleteAnswer(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(map[string]any){
		"created_at has an unexpected type":          with("created_at", "2026-05-12T10:00:00Z"),
		"created_at is not a time in milliseconds":   with("created_at", 1.5),
		"updated_at is not a time in milliseconds":   with("updated_at", 1e300),
		"scopes has an unexpected type":              with("scopes", []string{"email"}),
		"scopes is missing":                          without("scopes"),
		"redirect_uris has an unexpected type":       with("redirect_uris", []int{1}),
		"redirect_uris is missing":                   without("redirect_uris"),
		"public has an unexpected type":              with("public", "no"),
		"consent_screen_enabled is missing":          without("consent_screen_enabled"),
		"pkce_required is missing":                   with("pkce_required", nil),
		"name is missing":                            with("name", nil),
		"object is missing":                          without("object"),
		"object has an unexpected type":              with("object", 7),
		"client_uri has an unexpected type":          with("client_uri", map[string]any{}),
		"instance_id is missing":                     without("instance_id"),
		"token_introspection_url has an unexpected…": with("token_introspection_url", 7),
	} {
		run(t, name, func(f *fixture) {
			f.inject(clerktest.Changed(change).OnCreate(), clerktest.Changed(change).OnRotate())
			fields := fieldsNamed("web")
			fields.Public, fields.PKCERequired, fields.ConsentScreenEnabled = new(false), new(false), new(true)
			creation, err := f.create(fields)
			noError(f, err)
			id := creation.Application.ID
			equal(f, "secret", creation.ClientSecret.Reveal(), f.server.CurrentSecret(id))
			// A field that could not be read is not reported as different.
			equal(f, "not applied", len(fields.NotApplied(creation.Application)), 0)
			rotation, err := f.rotate(id)
			f.assertCurrent(rotation, err, id)
			for _, app := range []clerk.OAuthApplication{creation.Application, rotation.Application} {
				if len(app.Problems) != 1 || !strings.HasPrefix(app.Problems[0].String(), strings.TrimSuffix(name, "…")) {
					f.Errorf("problems: %v", app.Problems)
				}
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
			equal(f, "requests", f.requests(), 1)
		})
	}
}

func TestCreateWithALostAnswerIsAdopted(t *testing.T) {
	t.Parallel()
	for name, fault := range lostAnswers {
		run(t, name, func(f *fixture) {
			f.inject(fault.OnCreate().Once())
			creation, err := f.create(fieldsNamed("web"))
			f.assertAdopted(creation, err, "web")
			equal(f, "lists", f.lists(), 1)
			equal(f, "rotations", f.rotations(), 1)
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
		"client_id null":       {with("client_id", nil), 1, 0},
		"client_id empty":      {with("client_id", ""), 1, 0},
		"client_id a number":   {with("client_id", 7), 1, 0},
		"another object":       {with("object", "user"), 1, 0},
		"no id":                {without("id"), 0, 1},
		"id a number":          {with("id", 7), 0, 1},
		"id of another":        {func(o map[string]any) { o["id"], o["object"] = "user_1", "user" }, 1, 1},
		"id with a path":       {with("id", "../users"), 0, 1},
		"id with a query":      {with("id", "oa_1?x=1"), 0, 1},
		"id that is endless":   {with("id", strings.Repeat("x", 10_000)), 0, 1},
		"id outside of ASCII":  {with("id", "oa_ü"), 0, 1},
		"neither id nor names": {func(o map[string]any) { clear(o) }, 0, 1},
	} {
		run(t, name, func(f *fixture) {
			f.inject(clerktest.Changed(test.change).OnCreate().Once())
			creation, err := f.create(fieldsNamed("web"))
			f.assertAdopted(creation, err, "web")
			equal(f, "gets", f.gets(), test.gets)
			equal(f, "lists", f.lists(), test.lists)
		})
	}
	run(t, "and never found", func(f *fixture) {
		f.inject(clerktest.Changed(without("client_id")).OnCreate(), clerktest.ClerkError(404, "resource_not_found").OnRead(), raw(`{"data":[],"total_count":0}`).OnList())
		_, err := f.create(fieldsNamed("web"))
		app, _ := f.server.Find("web")
		unknown := asError[*clerk.CreateOutcomeUnknownError](f, err)
		equal(f, "created", unknown.Created && len(unknown.Candidates) == 1 && unknown.Candidates[0].ID == app.ID, true)
		contains(f, "text", err.Error(), `the application "web" was created, and not found: unexpected answer with HTTP status 200: application `+app.ID+" has no client_id")
		equal(f, "creates", f.creates(), 1)
	})
	run(t, "and named like one that is known", func(f *fixture) {
		other := f.server.Seed("web", likeFields)
		_, err := f.client.GetOAuthApplication(f.Context(), other)
		noError(f, err)
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
			equal(f, "applications on the server", len(apps), 1)
			equal(f, "secret", creation.ClientSecret.Reveal(), f.server.CurrentSecret(apps[0].ID))
			equal(f, "repeated", creation.Repeated && !creation.Adopted && creation.LostAnswer != nil, true)
			equal(f, "duplicates", len(creation.Duplicates), 0)
			equal(f, "creates", f.creates(), 2)
			equal(f, "lists", f.lists(), lookups+1)
			equal(f, "time", f.elapsed(), lookTime+2*time.Second)
		})
	}
}

func TestCreateThatIsNeitherFoundNorRepeatedIsUnknown(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]clerktest.Fault{
		"no answer in time": clerktest.NeverAnswers(),    // it may still be under way
		"too slow to begin": clerktest.Slow(time.Minute), // the same
		"HTML 200":          clerktest.HTML(200),         // a success was answered, by whomever
		"redirect":          clerktest.Redirect(307, "https://elsewhere.example/"),
		"truncated success": truncated(clerktest.DeliverShort),
	} {
		run(t, name, func(f *fixture) {
			f.inject(fault.OnCreate())
			_, err := f.create(fieldsNamed("web"))
			equal(f, "lookup error", f.assertUnknown(err, 0).LookupErr, nil)
			equal(f, "creates", f.creates(), 1)
			equal(f, "lists", f.lists(), lookups)
		})
	}
}

func TestCreateThatIsLostTwice(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		second     clerktest.Fault
		adopted    bool
		candidates int
		says       string
	}{
		"before the work": {clerktest.ResetBeforeWork(), false, 0, "broke after"},
		"after the work":  {clerktest.ResetAfterWork(), true, 0, ""},
		"refused":         {clerktest.ClerkError(403, "quota_exceeded"), false, 0, "403"},
		// The first request comes through while the second is refused.
		"refused as a duplicate": {clerktest.Fault{}, false, 1, "403"},
	} {
		run(t, name, func(f *fixture) {
			if name == "refused as a duplicate" {
				test.second = clerktest.ClerkError(403, "quota_exceeded")
				test.second.Before = func(clerktest.Request) { f.server.Seed("web", likeFields) }
			}
			f.inject(clerktest.ResetBeforeWork().OnCreate().Once(), test.second.OnCreate().Once())
			creation, err := f.create(fieldsNamed("web"))
			equal(f, "creates", f.creates(), 2)
			if !test.adopted {
				contains(f, "text", f.assertUnknown(err, test.candidates).Error(), test.says)
				return
			}
			noError(f, err)
			equal(f, "adopted", creation.Adopted && creation.Repeated, true)
			equal(f, "secret", creation.ClientSecret.Reveal(), f.server.CurrentSecret(creation.Application.ID))
		})
	}
}

// The first create is carried out when nobody expects it any more: both applications exist, and
// the second is named.
func TestCreateThatWasCarriedOutTwiceNamesTheDuplicate(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		after  time.Duration
		lag    time.Duration
		second clerktest.Fault
	}{
		"while the second is under way":      {lookTime + time.Second, 0, clerktest.Slow(2 * time.Second)},
		"right after the second":             {lookTime + time.Second, 0, clerktest.Fault{}},
		"and the second's answer was lost":   {lookTime + 600*time.Millisecond, 0, clerktest.ResetAfterWork()},
		"before the second, whose list lags": {lookTime - time.Second, 2 * time.Second, clerktest.Fault{}},
	} {
		for clock, skew := range map[string]time.Duration{"one clock": 0, "Date ahead": 10 * time.Second, "Date far ahead": 30 * time.Minute} {
			run(t, name+"/"+clock, func(f *fixture) {
				f.server.Set(clerktest.Switches{ReadLag: test.lag})
				f.server.SetDateSkew(skew)
				f.inject(clerktest.LateCommit(test.after).OnCreate().Once(), test.second.OnCreate().Once())
				creation, err := f.create(fieldsNamed("web"))
				f.server.WaitForLateWork()
				apps := f.server.FindAll("web")
				equal(f, "applications on the server", len(apps), 2)
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
					equal(f, "secret", creation.ClientSecret.Reveal(), f.server.CurrentSecret(creation.Application.ID))
				}
				equal(f, "both are named", named[apps[0].ID] && named[apps[1].ID], true)
			})
		}
	}
}

func TestAdoptionWithoutASecretKeepsTheApplication(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault     clerktest.Fault
		rotations int
	}{
		"refused":    {clerktest.ClerkError(403, "authorization_invalid"), 1},
		"lost":       {clerktest.ResetBeforeWork(), 3},
		"other id":   {clerktest.Changed(with("id", "oa_another")), 3},
		"not served": {clerktest.HTML(200), 3},
	} {
		run(t, name, func(f *fixture) {
			f.inject(clerktest.ResetAfterWork().OnCreate().Once(), test.fault.OnRotate())
			creation, err := f.create(fieldsNamed("web"))
			noError(f, err)
			app, _ := f.server.Find("web")
			equal(f, "id", creation.Application.ID, app.ID)
			equal(f, "has a rotation error and no secret", creation.RotationError != nil && creation.ClientSecret.IsEmpty(), true)
			equal(f, "rotations", f.rotations(), test.rotations)
		})
	}
	run(t, "maybe stale", func(f *fixture) {
		f.inject(clerktest.ResetAfterWork().OnCreate().Once(), clerktest.ResetAfterWork().OnRotate().Once(), clerktest.ClerkError(403, "authorization_invalid").OnRead())
		creation, err := f.create(fieldsNamed("web"))
		noError(f, err)
		equal(f, "maybe stale", creation.MaybeStale, true)
	})
	run(t, "an answer without a client_id", func(f *fixture) {
		f.inject(clerktest.ResetAfterWork().OnCreate().Once(), clerktest.Changed(without("client_id")).OnRotate())
		creation, err := f.create(fieldsNamed("web"))
		f.assertAdopted(creation, err, "web")
		equal(f, "client_id", creation.Application.ClientID != "", true)
	})
}

// Without the lock, the search for one application would find the others too.
func TestCreatesOfOneNameWaitForEachOther(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]clerktest.Fault{
		"no answer is lost":         clerktest.Fault{}.Once(),
		"the first answer is lost":  clerktest.ResetAfterWork().Once(),
		"the second answer is lost": clerktest.ResetAfterWork().Once().Skipping(1),
		"every answer is lost":      clerktest.ResetAfterWork(),
		"every answer is too slow":  clerktest.SlowAnswer(time.Hour),
		"one is not carried out":    clerktest.ResetBeforeWork().Once(),
	} {
		run(t, name, func(f *fixture) {
			f.inject(fault.OnCreate())
			var wait sync.WaitGroup
			var mu sync.Mutex
			secrets := map[string]string{} // by id
			for _, text := range []string{"Caf\u00e9", "Cafe\u0301", " Caf\u00e9 "} {
				wait.Go(func() {
					creation, err := f.create(fieldsNamed(text))
					if err != nil || len(creation.Duplicates) > 0 {
						f.Errorf("%v, duplicates %v", err, creation.Duplicates)
					}
					mu.Lock()
					defer mu.Unlock()
					secrets[creation.Application.ID] = creation.ClientSecret.Reveal()
				})
			}
			wait.Wait()
			equal(f, "applications on the server", len(f.server.Applications()), 3)
			for _, app := range f.server.Applications() {
				equal(f, "secret of "+app.ID, secrets[app.ID], f.server.CurrentSecret(app.ID))
			}
		})
	}
	run(t, "different names do not wait", func(f *fixture) {
		f.inject(clerktest.Slow(time.Second).OnCreate())
		var wait sync.WaitGroup
		for _, name := range []string{"a", "b", "c"} {
			wait.Go(func() { _, _ = f.create(fieldsNamed(name)) })
		}
		wait.Wait()
		equal(f, "creates", f.creates(), 3)
		equal(f, "time", f.elapsed(), time.Second)
	})
}

func TestPreventDuplicateNames(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		seed   func(f *fixture) (ids []string)
		faults []clerktest.Fault
		says   string // of an error that is no DuplicateNameError
		lists  int
	}{
		"a name that exists": {func(f *fixture) []string {
			first := f.server.Seed("web")
			return []string{f.server.Seed(" web\n"), first}
		}, nil, "", 1},
		"a name like it": {func(f *fixture) []string { f.server.Seed("web app"); f.server.Seed("WEB"); return nil }, nil, "", 1},
		"beyond the first page": {func(f *fixture) []string {
			id := f.server.Seed("web")
			f.server.SeedMany(700, "web %d")
			return []string{id}
		}, nil, "", 2},
		"created before, where lists lag": {func(f *fixture) []string {
			creation, err := f.create(fieldsNamed("before"))
			noError(f, err)
			f.server.Set(clerktest.Switches{ReadLag: time.Hour})
			_, err = f.rename(creation.Application.ID, "web")
			noError(f, err)
			return []string{creation.Application.ID}
		}, nil, "", 2},
		"deleted before, where lists lag": {func(f *fixture) []string {
			id := f.server.Seed("web")
			f.server.Set(clerktest.Switches{ReadLag: time.Hour})
			noError(f, f.client.DeleteOAuthApplication(f.Context(), id))
			return nil
		}, nil, "", 1},
		"an unreadable time":  {func(f *fixture) []string { return []string{f.server.Seed("web")} }, []clerktest.Fault{inFirstItem(with("created_at", "today")), clerktest.Changed(with("created_at", "today")).OnRead()}, "", 1},
		"an unreadable name":  {func(f *fixture) []string { f.server.Seed("web"); return nil }, []clerktest.Fault{inFirstItem(with("name", nil)), clerktest.Changed(with("name", nil)).OnRead()}, "name is missing", 1},
		"the search fails":    {func(*fixture) []string { return nil }, []clerktest.Fault{clerktest.ClerkError(403, "authorization_invalid").OnList()}, "HTTP 403", 1},
		"without such a name": {func(*fixture) []string { return nil }, nil, "", 1},
	} {
		run(t, name, func(f *fixture) {
			ids := test.seed(f)
			before := f.creates()
			f.inject(test.faults...)
			_, err := f.create(fieldsNamed("web"))
			equal(f, "lists", f.lists(), test.lists)
			switch {
			case len(ids) > 0:
				equalLists(f, "ids", asError[*clerk.DuplicateNameError](f, err).IDs, ids)
			case test.says != "":
				contains(f, "text", err.Error(), "the search for an application of this name failed")
				contains(f, "text", err.Error(), test.says)
			default:
				noError(f, err)
				before++
			}
			equal(f, "creates", f.creates(), before)
		}, func(config *clerk.Config) { config.PreventDuplicateNames = true })
	}
}

// What the plan of a create asks: each question once for all creates, and none unasked.
func TestChecksOfAPlan(t *testing.T) {
	t.Parallel()
	none := func(*clerk.Config) {}
	noDuplicates := func(config *clerk.Config) { config.PreventDuplicateNames = true }
	for name, test := range map[string]struct {
		option   func(*clerk.Config)
		seed     func(f *fixture)
		says     string // the error of CheckPlannedName, or ""
		requests int
	}{
		"nothing is asked":    {none, func(f *fixture) { f.server.Seed("web") }, "", 0},
		"another instance":    {func(config *clerk.Config) { config.InstanceID = "ins_other" }, func(*fixture) {}, "", 1},
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

package clerk_test

import (
	"context"
	"fmt"
	"net/http"
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

func TestCreate(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(f *fixture) {
		creation, err := f.client.CreateOAuthApplication(f.Context(), fieldsNamed("web"))
		noError(f, err)
		app, found := f.server.Find("web")
		equal(f, "found on the server", found, true)
		equal(f, "id", creation.Application.ID, app.ID)
		equal(f, "secret", creation.ClientSecret.Reveal(), f.server.CurrentSecret(app.ID))
		equal(f, "adopted", creation.Adopted, false)
		equal(f, "lost answer", creation.LostAnswer, nil)
		equalLists(f, "requests", f.server.RequestLines(), []string{
			`POST /oauth_applications {"name":"web","redirect_uris":["https://a.example/cb"],"scopes":"email profile"}`,
		})
	})
}

// assertAdopted checks a creation whose first answer was lost and that ended with the one application on the server.
func (f *fixture) assertAdopted(creation clerk.Creation, err error, name string) {
	f.Helper()
	noError(f, err)
	apps := f.server.FindAll(name)
	equal(f, "applications on the server", len(apps), 1)
	equal(f, "id", creation.Application.ID, apps[0].ID)
	equal(f, "adopted", creation.Adopted, true)
	equal(f, "repeated", creation.Repeated, false)
	equal(f, "rotation error", creation.RotationError, nil)
	equal(f, "maybe stale", creation.MaybeStale, false)
	equal(f, "duplicates", len(creation.Duplicates), 0)
	if creation.LostAnswer == nil {
		f.Error("the adoption does not say which answer was lost")
	}
	want := f.server.CurrentSecret(apps[0].ID)
	if creation.Application.Public {
		want = "" // Clerk returns one, and the client drops it
	}
	equal(f, "secret", creation.ClientSecret.Reveal(), want)
	equal(f, "creates", f.posts(), 1)
}

// lostAnswers are ways to lose the answer of a create that was carried out.
var lostAnswers = map[string]clerktest.Fault{
	"reset":                    clerktest.ResetAfterWork(),
	"close":                    clerktest.CloseAfterWork(),
	"408":                      clerktest.ClerkError(408, "request_timeout").AfterWork(),
	"500":                      clerktest.ClerkError(500, "internal_clerk_error").AfterWork(),
	"502 HTML":                 clerktest.HTML(502).AfterWork(),
	"503":                      clerktest.ClerkError(503, "service_unavailable").AfterWork(),
	"504":                      clerktest.ClerkError(504, "gateway_timeout").AfterWork(),
	"short":                    clerktest.Truncated(clerktest.DeliverShort),
	"cut chunks":               clerktest.Truncated(clerktest.DeliverCutChunks),
	"cut at the end of stream": clerktest.Truncated(clerktest.DeliverCutUndeclared),
	"cut gzip":                 clerktest.Truncated(clerktest.DeliverCutGzip),
	"HTML 200":                 clerktest.HTML(200).AfterWork(),
	"empty 200":                clerktest.Raw(200, "application/json", "").AfterWork(),
	"204":                      clerktest.Raw(204, "", "").AfterWork(),
	"null":                     clerktest.Raw(200, "application/json", "null").AfterWork(),
	"array":                    clerktest.Raw(200, "application/json", "[]").AfterWork(),
	"another object":           clerktest.Raw(200, "application/json", `{"object":"user","id":"user_1"}`).AfterWork(),
	"redirect":                 clerktest.Redirect(307, "https://elsewhere.example/").AfterWork(),
	"no answer in time":        clerktest.SlowAnswer(time.Hour),
	"drip":                     clerktest.Drip(time.Second),
}

func TestCreateWithLostAnswerIsAdopted(t *testing.T) {
	t.Parallel()
	for name, fault := range lostAnswers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inVirtualTime(t, func(f *fixture) {
				f.server.Inject(fault.OnCreate().Once())
				creation, err := f.client.CreateOAuthApplication(f.Context(), fieldsNamed("web"))
				f.assertAdopted(creation, err, "web")
				equal(f, "lists", f.lists(), 1)
				equal(f, "rotations", f.rotations(), 1)
			})
		})
	}
}

func TestPublicCreateWithLostAnswerIsAdoptedWithoutRotation(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(f *fixture) {
		f.server.Inject(clerktest.ResetAfterWork().OnCreate().Once())
		creation, err := f.client.CreateOAuthApplication(f.Context(), publicFieldsNamed("web"))
		f.assertAdopted(creation, err, "web")
		equal(f, "rotations", f.rotations(), 0)
		equal(f, "has a secret", creation.ClientSecret.IsEmpty(), true)
	})
}

func TestCreateThatLeftNoTraceIsSentOnceMore(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]clerktest.Fault{
		"reset": clerktest.ResetBeforeWork(),
		"close": clerktest.CloseBeforeWork(),
		"502":   clerktest.HTML(502),
		"503":   clerktest.ClerkError(503, "service_unavailable"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inVirtualTime(t, func(f *fixture) {
				f.server.Inject(fault.OnCreate().Once())
				creation, err := f.client.CreateOAuthApplication(f.Context(), fieldsNamed("web"))
				noError(f, err)
				apps := f.server.FindAll("web")
				equal(f, "applications on the server", len(apps), 1)
				equal(f, "id", creation.Application.ID, apps[0].ID)
				want := f.server.CurrentSecret(apps[0].ID)
				if creation.Application.Public {
					want = "" // Clerk returns one, and the client drops it
				}
				equal(f, "secret", creation.ClientSecret.Reveal(), want)
				equal(f, "adopted", creation.Adopted, false)
				equal(f, "says which answer was lost", creation.LostAnswer != nil, true)
				equal(f, "repeated", creation.Repeated, true)
				equal(f, "duplicates", len(creation.Duplicates), 0)
				equal(f, "creates", f.posts(), 2)
				equal(f, "lists", f.lists(), lookups+1)
				equal(f, "rotations", f.rotations(), 0)
				equal(f, "time", f.elapsed(), lookTime+2*time.Second)
			})
		})
	}
}

// assertUnknown checks a create with an unknown outcome, and returns its error.
func (f *fixture) assertUnknown(err error, name string, candidates int) *clerk.CreateOutcomeUnknownError {
	f.Helper()
	unknown := asError[*clerk.CreateOutcomeUnknownError](f, err)
	equal(f, "name", unknown.Name, name)
	equal(f, "candidates", len(unknown.Candidates), candidates)
	equal(f, "says that it is not known", strings.Contains(unknown.Error(), "not known"), true)
	return unknown
}

func TestCreateThatIsNeitherFoundNorRepeatedIsUnknown(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]clerktest.Fault{
		"no answer in time": clerktest.NeverAnswers(),    // it may still be under way
		"too slow to begin": clerktest.Slow(time.Minute), // the same
		"endless":           clerktest.Endless(),
		"gzip bomb":         clerktest.GzipBomb(64 << 20),
		"HTML 200":          clerktest.HTML(200), // a success was answered, by whomever
		"redirect":          clerktest.Redirect(307, "https://elsewhere.example/"),
		"broken redirect":   clerktest.Redirect(307, "https://elsewhere.example:port/"),
		"truncated success": {Work: clerktest.WorkSkipped, Reply: &clerktest.Reply{Status: 200, Body: `{"object":"oauth_app`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inVirtualTime(t, func(f *fixture) {
				f.server.Inject(fault.OnCreate())
				_, err := f.client.CreateOAuthApplication(f.Context(), fieldsNamed("web"))
				unknown := f.assertUnknown(err, "web", 0)
				equal(f, "lookup error", unknown.LookupErr, nil)
				equal(f, "creates", f.posts(), 1)
				equal(f, "lists", f.lists(), lookups)
			})
		})
	}
}

func TestCreateThatIsLostTwice(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		second  clerktest.Fault
		adopted bool
	}{
		"before the work": {clerktest.ResetBeforeWork(), false},
		"after the work":  {clerktest.ResetAfterWork(), true},
		"refused":         {clerktest.ClerkError(403, "quota_exceeded"), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inVirtualTime(t, func(f *fixture) {
				f.server.Inject(clerktest.ResetBeforeWork().OnCreate().Once())
				f.server.Inject(test.second.OnCreate().Once())
				creation, err := f.client.CreateOAuthApplication(f.Context(), fieldsNamed("web"))
				equal(f, "creates", f.posts(), 2)
				if !test.adopted {
					unknown := f.assertUnknown(err, "web", 0)
					if name == "refused" {
						equal(f, "says why", strings.Contains(unknown.Error(), "403"), true)
					}
					return
				}
				noError(f, err)
				equal(f, "adopted", creation.Adopted, true)
				equal(f, "repeated", creation.Repeated, true)
				equal(f, "secret", creation.ClientSecret.Reveal(), f.server.CurrentSecret(creation.Application.ID))
				equal(f, "duplicates", len(creation.Duplicates), 0)
			})
		})
	}
}

func TestCreateWithTwoCandidatesIsUnknown(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(f *fixture) {
		// Someone else creates the same application in the same second.
		fault := clerktest.ResetAfterWork()
		fault.After = func(clerktest.Request) { f.server.Seed("web", likeFields) }
		f.server.Inject(fault.OnCreate().Once())
		_, err := f.client.CreateOAuthApplication(f.Context(), fieldsNamed("web"))
		f.assertUnknown(err, "web", 2)
		equal(f, "applications on the server", len(f.server.FindAll("web")), 2)
		equal(f, "creates", f.posts(), 1)
		equal(f, "rotations", f.rotations(), 0)
	})
}

// The application that was created is adopted, whatever others have its name.
func TestCreateIsAdoptedBesideOthersOfItsName(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*clerktest.Application){
		"an older one":          func(a *clerktest.Application) { a.CreatedAt = time.Now().Add(-time.Minute).UnixMilli() },
		"one with other fields": func(a *clerktest.Application) { a.PKCERequired = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inVirtualTime(t, func(f *fixture) {
				var other, secret string
				fault := clerktest.ResetAfterWork()
				fault.After = func(clerktest.Request) {
					other = f.server.Seed("web", likeFields, change)
					secret = f.server.CurrentSecret(other)
				}
				f.server.Inject(fault.OnCreate().Once())
				fields := fieldsNamed("web")
				fields.PKCERequired = new(false)
				creation, err := f.client.CreateOAuthApplication(f.Context(), fields)
				noError(f, err)
				equal(f, "adopted", creation.Adopted, true)
				equal(f, "is the other one", creation.Application.ID == other, false)
				equal(f, "secret", creation.ClientSecret.Reveal(), f.server.CurrentSecret(creation.Application.ID))
				equal(f, "secret of the other one", f.server.CurrentSecret(other), secret)
				equal(f, "creates", f.posts(), 1)
			})
		})
	}
}

// The search finds an application that is not quite what was asked for. It is neither
// adopted nor created a second time.
func TestCreateThatIsFoundChangedIsUnknown(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		switches clerktest.Switches
		fault    clerktest.Fault
		ask      func(*clerk.OAuthApplicationFields)
		theirs   bool // someone else creates one of the name
	}{
		"Clerk has rewritten a redirect URI": {
			switches: clerktest.Switches{RedirectNormalization: clerktest.RedirectsNormalized}, fault: clerktest.HTML(502).AfterWork(),
			ask: func(fields *clerk.OAuthApplicationFields) { fields.RedirectURIs = &[]string{"https://Web.example"} },
		},
		"Clerk has dropped a scope": {
			switches: clerktest.Switches{UnknownScope: clerktest.UnknownScopeDropped}, fault: clerktest.ResetAfterWork(),
			ask: func(fields *clerk.OAuthApplicationFields) { fields.Scopes = &[]string{"email", "messages:read"} },
		},
		// Only the name is common, and the request itself has left no trace.
		"it belongs to someone else": {
			fault: clerktest.ResetBeforeWork(), theirs: true,
			ask: func(fields *clerk.OAuthApplicationFields) { fields.RedirectURIs, fields.Scopes = nil, nil },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inVirtualTime(t, func(f *fixture) {
				f.server.Set(test.switches)
				if test.theirs {
					test.fault.Before = func(clerktest.Request) { f.server.Seed("web", likeFields) }
				}
				f.server.Inject(test.fault.OnCreate().Once())
				fields := fieldsNamed("web")
				test.ask(&fields)
				_, err := f.client.CreateOAuthApplication(f.Context(), fields)
				unknown := f.assertUnknown(err, "web", 1)
				equal(f, "applications", len(f.server.Applications()), 1)
				equal(f, "candidate", unknown.Candidates[0].ID, f.server.Applications()[0].ID)
				equal(f, "creates", f.posts(), 1)
				equal(f, "rotations", f.rotations(), 0)
			})
		})
	}
}

// An application that this process has read or created belongs to another resource of the configuration.
func TestCreateNeverAdoptsAnApplicationThatIsKnown(t *testing.T) {
	t.Parallel()
	for name, know := range map[string]func(f *fixture){
		"read": func(f *fixture) {
			_, err := f.client.GetOAuthApplication(f.Context(), f.server.Seed("web", likeFields))
			noError(f, err)
		},
		"read afresh": func(f *fixture) {
			_, err := f.client.GetOAuthApplication(f.Context(), f.server.Seed("web", likeFields))
			noError(f, err)
		},
		"made": func(f *fixture) {
			_, err := f.client.CreateOAuthApplication(f.Context(), fieldsNamed("web"))
			noError(f, err)
		},
		"adopted": func(f *fixture) {
			f.server.Inject(clerktest.ResetAfterWork().OnCreate().Once())
			_, err := f.client.CreateOAuthApplication(f.Context(), fieldsNamed("web"))
			noError(f, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inVirtualTime(t, func(f *fixture) {
				know(f)
				rotated := f.rotations()
				f.server.Inject(clerktest.NeverAnswers().OnCreate())
				_, err := f.client.CreateOAuthApplication(f.Context(), fieldsNamed("web"))
				f.assertUnknown(err, "web", 0)
				equal(f, "rotations", f.rotations(), rotated)
			})
		})
	}
}

func TestLostCreateIsFoundWhenItShowsLate(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault clerktest.Fault
		lag   time.Duration
		lists int
	}{
		"list lags a second":         {clerktest.ResetAfterWork(), time.Second, 2},
		"list lags three seconds":    {clerktest.ResetAfterWork(), 3 * time.Second, 3},
		"carried out a second late":  {clerktest.LateCommit(time.Second), 0, 2},
		"carried out ten s late":     {clerktest.LateCommit(10 * time.Second), 0, 5},
		"late, and the list lags":    {clerktest.LateCommit(2 * time.Second), 3 * time.Second, 4},
		"502 and carried out a late": {clerktest.HTML(502).Late(5 * time.Second), 0, 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inVirtualTime(t, func(f *fixture) {
				f.server.Set(clerktest.Switches{ReadLag: test.lag})
				f.server.Inject(test.fault.OnCreate().Once())
				creation, err := f.client.CreateOAuthApplication(f.Context(), fieldsNamed("web"))
				f.assertAdopted(creation, err, "web")
				equal(f, "lists", f.lists(), test.lists)
			})
		})
	}
}

// The first create is carried out when nobody expects it any more: both applications exist, and the second is named.
func TestCreateThatWasCarriedOutTwiceNamesTheDuplicate(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		after  time.Duration
		second clerktest.Fault
	}{
		"while the second is under way":      {lookTime + time.Second, clerktest.Slow(2 * time.Second)},
		"right after the second":             {lookTime + time.Second, clerktest.Fault{}},
		"and the second's answer was lost":   {lookTime + 600*time.Millisecond, clerktest.ResetAfterWork()},
		"before the second, whose list lags": {lookTime - time.Second, clerktest.Fault{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inVirtualTime(t, func(f *fixture) {
				if strings.Contains(name, "lags") {
					f.server.Set(clerktest.Switches{ReadLag: 2 * time.Second})
				}
				f.server.Inject(clerktest.LateCommit(test.after).OnCreate().Once())
				f.server.Inject(test.second.OnCreate().Once())
				creation, err := f.client.CreateOAuthApplication(f.Context(), fieldsNamed("web"))
				noError(f, err)
				apps := f.server.FindAll("web")
				equal(f, "applications on the server", len(apps), 2)
				equal(f, "creates", f.posts(), 2)
				equal(f, "says which answer was lost", creation.LostAnswer != nil, true)
				if len(creation.Duplicates) != 1 {
					f.Fatalf("duplicates: %v", creation.Duplicates)
				}
				named := map[string]bool{creation.Application.ID: true, creation.Duplicates[0].ID: true}
				equal(f, "both are named", named[apps[0].ID] && named[apps[1].ID], true)
				equal(f, "secret", creation.ClientSecret.Reveal(), f.server.CurrentSecret(creation.Application.ID))
			})
		})
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
		"other id":   {clerktest.Changed(func(o map[string]any) { o["id"] = "oa_another" }), 3},
		"not served": {clerktest.HTML(200), 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inVirtualTime(t, func(f *fixture) {
				f.server.Inject(clerktest.ResetAfterWork().OnCreate().Once())
				f.server.Inject(test.fault.OnRotate())
				creation, err := f.client.CreateOAuthApplication(f.Context(), fieldsNamed("web"))
				noError(f, err)
				app, _ := f.server.Find("web")
				equal(f, "id", creation.Application.ID, app.ID)
				equal(f, "adopted", creation.Adopted, true)
				equal(f, "has a rotation error", creation.RotationError != nil, true)
				equal(f, "has no secret", creation.ClientSecret.IsEmpty(), true)
				equal(f, "rotations", f.rotations(), test.rotations)
			})
		})
	}
}

func TestAdoptionReportsThatItsSecretMayBeStale(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(f *fixture) {
		f.server.Inject(clerktest.ResetAfterWork().OnCreate().Once())
		f.server.Inject(clerktest.ResetAfterWork().OnRotate().Once())
		f.server.Inject(clerktest.ClerkError(403, "authorization_invalid").OnRead())
		creation, err := f.client.CreateOAuthApplication(f.Context(), fieldsNamed("web"))
		noError(f, err)
		equal(f, "maybe stale", creation.MaybeStale, true)
		equal(f, "secret", creation.ClientSecret.Reveal(), f.server.CurrentSecret(creation.Application.ID))
	})
}

func TestLostCreateThatCannotBeSearchedForIsUnknown(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]clerktest.Fault{
		"refused":         clerktest.ClerkError(403, "authorization_invalid"),
		"failing":         clerktest.HTML(502),
		"not served":      clerktest.HTML(200),
		"hostile id":      clerktest.Changed(func(page map[string]any) { firstOf(page)["id"] = "../users" }),
		"data is missing": clerktest.Changed(func(page map[string]any) { delete(page, "data") }),
		// The one look that was answered came before the application was in the list.
		"lagging, then failing": clerktest.HTML(502).Skipping(1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inVirtualTime(t, func(f *fixture) {
				if strings.HasPrefix(name, "lagging") {
					f.server.Set(clerktest.Switches{ReadLag: 3 * time.Second})
				}
				f.server.Inject(clerktest.ResetAfterWork().OnCreate().Once())
				f.server.Inject(fault.OnList())
				_, err := f.client.CreateOAuthApplication(f.Context(), fieldsNamed("web"))
				unknown := f.assertUnknown(err, "web", 0)
				if unknown.LookupErr == nil {
					f.Fatal("the error does not say why it could not be looked for")
				}
				if name == "hostile id" && !strings.Contains(unknown.LookupErr.Error(), "../users") {
					f.Errorf("the error does not show the id: %v", unknown.LookupErr)
				}
				equal(f, "creates", f.posts(), 1)
			})
		})
	}
}

// firstOf is the first application of a list's answer.
func firstOf(page map[string]any) map[string]any {
	return page["data"].([]any)[0].(map[string]any)
}

// If one search fails, the next may succeed.
func TestLookupThatFailsOnceIsRepeated(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(f *fixture) {
		f.server.Inject(clerktest.ResetAfterWork().OnCreate().Once())
		f.server.Inject(clerktest.ClerkError(403, "authorization_invalid").OnList().Repeat(2))
		creation, err := f.client.CreateOAuthApplication(f.Context(), fieldsNamed("web"))
		f.assertAdopted(creation, err, "web")
		equal(f, "lists", f.lists(), 3)
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
		"every answer is cut":       clerktest.Truncated(clerktest.DeliverShort),
		"every answer is too slow":  clerktest.SlowAnswer(time.Hour),
		"one is not carried out":    clerktest.ResetBeforeWork().Once(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inVirtualTime(t, func(f *fixture) {
				f.server.Inject(fault.OnCreate())
				var (
					wait sync.WaitGroup
					mu   sync.Mutex
					ids  = map[string]string{} // secret by id
				)
				for range 3 {
					wait.Go(func() {
						creation, err := f.client.CreateOAuthApplication(f.Context(), fieldsNamed("web"))
						if err != nil {
							f.Errorf("create: %v", err)
							return
						}
						equal(f, "duplicates", len(creation.Duplicates), 0)
						mu.Lock()
						defer mu.Unlock()
						ids[creation.Application.ID] = creation.ClientSecret.Reveal()
					})
				}
				wait.Wait()
				apps := f.server.FindAll("web")
				equal(f, "applications on the server", len(apps), 3)
				equal(f, "applications that were taken", len(ids), 3)
				for _, app := range apps {
					equal(f, "secret of "+app.ID, ids[app.ID], f.server.CurrentSecret(app.ID))
				}
			})
		})
	}
}

func TestCreatesOfDifferentNamesDoNotWait(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(f *fixture) {
		f.server.Inject(clerktest.Slow(time.Second).OnCreate())
		var wait sync.WaitGroup
		for _, name := range []string{"a", "b", "c"} {
			wait.Go(func() {
				_, err := f.client.CreateOAuthApplication(f.Context(), fieldsNamed(name))
				if err != nil {
					f.Errorf("create: %v", err)
				}
			})
		}
		wait.Wait()
		equal(f, "time", f.elapsed(), time.Second)
	})
}

func TestPreventDuplicateNames(t *testing.T) {
	t.Parallel()
	refusing := func(config *clerk.Config) { config.PreventDuplicateNames = true }
	t.Run("a name that exists", func(t *testing.T) {
		t.Parallel()
		inVirtualTime(t, func(f *fixture) {
			first, second := f.server.Seed("web"), f.server.Seed("web")
			_, err := f.client.CreateOAuthApplication(f.Context(), fieldsNamed("web"))
			duplicate := asError[*clerk.DuplicateNameError](f, err)
			equal(f, "name", duplicate.Name, "web")
			equalLists(f, "ids", duplicate.IDs, []string{second, first})
			equal(f, "creates", f.posts(), 0)
			for _, part := range []string{`"web"`, first, second} {
				equal(f, "the text has "+part, strings.Contains(duplicate.Error(), part), true)
			}
		}, refusing)
	})
	t.Run("a name like it", func(t *testing.T) {
		t.Parallel()
		inVirtualTime(t, func(f *fixture) {
			f.server.Seed("web app")
			f.server.Seed("WEB")
			_, err := f.client.CreateOAuthApplication(f.Context(), fieldsNamed("web"))
			noError(f, err)
		}, refusing)
	})
	t.Run("beyond the first page", func(t *testing.T) {
		t.Parallel()
		inVirtualTime(t, func(f *fixture) {
			existing := f.server.Seed("web")
			f.server.SeedMany(700, "web %d")
			_, err := f.client.CreateOAuthApplication(f.Context(), fieldsNamed("web"))
			equalLists(f, "ids", asError[*clerk.DuplicateNameError](f, err).IDs, []string{existing})
			equal(f, "lists", f.lists(), 2)
		}, refusing)
	})
	t.Run("what exists cannot be read", func(t *testing.T) {
		t.Parallel()
		inVirtualTime(t, func(f *fixture) {
			f.server.Inject(clerktest.ClerkError(403, "authorization_invalid").OnList())
			_, err := f.client.CreateOAuthApplication(f.Context(), fieldsNamed("web"))
			equal(f, "status", asError[*clerk.APIError](f, err).Status, http.StatusForbidden)
			equal(f, "says what was tried", strings.Contains(err.Error(), "the search for an application of this name failed"), true)
			equal(f, "creates", f.posts(), 0)
		}, refusing)
	})
	t.Run("without the option", func(t *testing.T) {
		t.Parallel()
		inVirtualTime(t, func(f *fixture) {
			f.server.Seed("web")
			_, err := f.client.CreateOAuthApplication(f.Context(), fieldsNamed("web"))
			noError(f, err)
			equal(f, "lists", f.lists(), 0)
		})
	})
}

func TestCreateErrorsThatAreCertain(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(f *fixture) {
		_, err := f.client.CreateOAuthApplication(f.Context(), fieldsNamed(strings.Repeat("n", 257)))
		refused := asError[*clerk.APIError](f, err)
		equal(f, "status", refused.Status, http.StatusUnprocessableEntity)
		equal(f, "parameter", refused.Errors[0].ParamName, "name")
		equal(f, "requests", f.server.CountRequests("", ""), 1)
	})
}

// An unexpected type loses the field, never the secret.
func TestCreateKeepsTheSecretOfAnIncompleteAnswer(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(map[string]any){
		"created_at as text":      func(o map[string]any) { o["created_at"] = "2026-05-12T10:00:00Z" },
		"created_at as fraction":  func(o map[string]any) { o["created_at"] = 1.5 },
		"scopes as list":          func(o map[string]any) { o["scopes"] = []string{"email"} },
		"redirect_uris as text":   func(o map[string]any) { o["redirect_uris"] = "https://a.example/cb" },
		"redirect_uris as number": func(o map[string]any) { o["redirect_uris"] = []int{1} },
		"public as text":          func(o map[string]any) { o["public"] = "no" },
		"name missing":            func(o map[string]any) { delete(o, "name") },
		"name null":               func(o map[string]any) { o["name"] = nil },
		"client_uri as object":    func(o map[string]any) { o["client_uri"] = map[string]any{} },
		"instance_id as number":   func(o map[string]any) { o["instance_id"] = 1 },
		"instance_id missing":     func(o map[string]any) { delete(o, "instance_id") },
		"updated_at huge":         func(o map[string]any) { o["updated_at"] = 1e300 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inVirtualTime(t, func(f *fixture) {
				f.server.Inject(clerktest.Changed(change).OnCreate().Once())
				f.server.Inject(clerktest.Changed(change).OnRotate().Once())
				creation, err := f.client.CreateOAuthApplication(f.Context(), fieldsNamed("web"))
				noError(f, err)
				id := creation.Application.ID
				equal(f, "secret", creation.ClientSecret.Reveal(), f.server.CurrentSecret(id))
				equal(f, "problems of the create", len(creation.Application.Problems), 1)
				rotation, err := f.client.RotateClientSecret(f.Context(), id, time.Time{})
				noError(f, err)
				equal(f, "new secret", rotation.ClientSecret.Reveal(), f.server.CurrentSecret(id))
				equal(f, "problems of the rotation", len(rotation.Application.Problems), 1)
				equal(f, "requests", f.server.CountRequests("", ""), 2)
			})
		})
	}
}

func TestCreateReturnsAnApplicationWithoutSecret(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(map[string]any){
		"absent":   func(o map[string]any) { delete(o, "client_secret") },
		"null":     func(o map[string]any) { o["client_secret"] = nil },
		"empty":    func(o map[string]any) { o["client_secret"] = "" },
		"a number": func(o map[string]any) { o["client_secret"] = 12345678 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inVirtualTime(t, func(f *fixture) {
				f.server.Inject(clerktest.Changed(change).OnCreate().Once())
				creation, err := f.client.CreateOAuthApplication(f.Context(), fieldsNamed("web"))
				noError(f, err)
				equal(f, "has no secret", creation.ClientSecret.IsEmpty(), true)
				equal(f, "applications", len(f.server.Applications()), 1)
			})
		})
	}
}

// An unreadable item of the list may be the created application, so the client requests it alone. If that answer is unreadable
// too, nothing is created a second time.
func TestLostCreateThatCannotBeReadInTheList(t *testing.T) {
	t.Parallel()
	seconds := func(o map[string]any) { o["created_at"] = "today" }
	nameless := func(o map[string]any) { o["name"] = nil }
	renamed := func(o map[string]any) { o["name"], o["created_at"] = "web, another one", "today" }
	selfMade := func(o map[string]any) { o["dynamically_registered"], o["name"] = true, nil }
	inList := func(change func(map[string]any)) clerktest.Fault {
		return clerktest.Changed(func(page map[string]any) { change(firstOf(page)) }).OnList()
	}
	for name, test := range map[string]struct {
		list, get  func(map[string]any)
		adopted    bool
		repeated   bool
		candidates int
	}{
		"the list has no name":             {list: nameless, adopted: true},
		"the list has no time":             {list: seconds, adopted: true},
		"nothing has a name":               {list: nameless, get: nameless, candidates: 1},
		"nothing has a time":               {list: seconds, get: seconds, candidates: 1},
		"the list has another one":         {list: renamed, repeated: true},
		"the list has a self-made one":     {list: selfMade, get: selfMade, repeated: true},
		"the list has no time and no get":  {list: seconds, get: func(o map[string]any) { o["id"] = "oa_other" }, candidates: 1},
		"the list has no id that is valid": {list: func(o map[string]any) { o["id"] = "a/b" }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inVirtualTime(t, func(f *fixture) {
				f.server.Inject(clerktest.ResetAfterWork().OnCreate().Once())
				f.server.Inject(inList(test.list))
				if test.get != nil {
					f.server.Inject(clerktest.Changed(test.get).OnRead())
				}
				creation, err := f.client.CreateOAuthApplication(f.Context(), fieldsNamed("web"))
				switch {
				case test.adopted:
					f.assertAdopted(creation, err, "web")
				case test.repeated:
					noError(f, err)
					equal(f, "creates", f.posts(), 2)
				default:
					unknown := f.assertUnknown(err, "web", test.candidates)
					equal(f, "says why", strings.Contains(fmt.Sprint(unknown.LookupErr), "cannot be read"), true)
					equal(f, "creates", f.posts(), 1)
					equal(f, "rotations", f.rotations(), 0)
				}
			})
		})
	}
}

// The list can be ahead of Clerk's other reads.
func TestLostCreateThatIsInTheListAndNotFoundAloneIsUnknown(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(f *fixture) {
		f.server.Inject(clerktest.ResetAfterWork().OnCreate().Once())
		f.server.Inject(clerktest.Changed(func(page map[string]any) { firstOf(page)["name"] = nil }).OnList())
		f.server.Inject(clerktest.ClerkError(404, "resource_not_found").OnRead())
		_, err := f.client.CreateOAuthApplication(f.Context(), fieldsNamed("web"))
		f.assertUnknown(err, "web", 1)
		equal(f, "creates", f.posts(), 1)
	})
}

// An unreadable second application of the name may be the created one, even if the first one matches.
func TestLostCreateBesideAnUnreadableOneIsUnknown(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(f *fixture) {
		lost := clerktest.ResetAfterWork()
		lost.After = func(clerktest.Request) { f.server.Seed("web") }
		f.server.Inject(lost.OnCreate().Once())
		noScopes := func(o map[string]any) { o["scopes"] = 7 }
		f.server.Inject(clerktest.Changed(func(page map[string]any) { noScopes(firstOf(page)) }).OnList())
		f.server.Inject(clerktest.Changed(noScopes).OnRead())
		_, err := f.client.CreateOAuthApplication(f.Context(), fieldsNamed("web"))
		f.assertUnknown(err, "web", 2)
		equal(f, "rotations", f.rotations(), 0)
	})
}

// An application without a time may be the created one, or an old one.
func TestLostCreateWithoutATimeIsUnknown(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(f *fixture) {
		f.server.Inject(clerktest.ResetAfterWork().OnCreate().Once())
		f.server.Inject(clerktest.Changed(func(page map[string]any) { delete(firstOf(page), "created_at") }).OnList())
		_, err := f.client.CreateOAuthApplication(f.Context(), fieldsNamed("web"))
		f.assertUnknown(err, "web", 1)
		equal(f, "creates", f.posts(), 1)
	})
}

func TestCreateWithAHostileIDIsUnknown(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(f *fixture) {
		hostile := func(o map[string]any) { o["id"] = "oa_1/../../users" }
		f.server.Inject(clerktest.Changed(hostile).OnCreate().Once())
		f.server.Inject(clerktest.Changed(func(page map[string]any) { hostile(firstOf(page)) }).OnList())
		_, err := f.client.CreateOAuthApplication(f.Context(), fieldsNamed("web"))
		unknown := f.assertUnknown(err, "web", 0)
		equal(f, "the id is shown", strings.Contains(unknown.Error(), "oa_1/../../users"), true)
		equal(f, "the id is shown by the list too", strings.Contains(unknown.LookupErr.Error(), "oa_1/../../users"), true)
		equal(f, "rotations", f.rotations(), 0)
	})
}

func TestCreateOnAnOverContext(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(f *fixture) {
		ctx, cancel := context.WithCancel(f.Context())
		cancel()
		_, err := f.client.CreateOAuthApplication(ctx, fieldsNamed("web"))
		equal(f, "error", err, context.Canceled)
		equal(f, "requests", f.server.CountRequests("", ""), 0)
	})
}

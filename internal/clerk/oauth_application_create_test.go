package clerk_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

const (
	lookups  = 5                        // looks for an application whose create had no answer
	lookTime = 15500 * time.Millisecond // all of them together
)

func TestCreate(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(b *bench) {
		creation, err := b.client.CreateOAuthApplication(b.Context(), fieldsNamed("web"))
		noError(b, err)
		app, found := b.server.Find("web")
		equal(b, "found on the server", found, true)
		equal(b, "id", creation.Application.ID, app.ID)
		equal(b, "secret", creation.ClientSecret.Reveal(), b.server.CurrentSecret(app.ID))
		equal(b, "adopted", creation.Adopted, false)
		equal(b, "lost answer", creation.LostAnswer, nil)
		equalLists(b, "requests", b.server.RequestLines(), []string{
			`POST /oauth_applications {"name":"web","redirect_uris":["https://a.example/cb"],"scopes":"email profile"}`,
		})
	})
}

// assertAdopted checks a creation whose first answer was lost and that ended with the one application on the server.
func (b *bench) assertAdopted(creation clerk.Creation, err error, name string) {
	b.Helper()
	noError(b, err)
	apps := b.server.FindAll(name)
	equal(b, "applications on the server", len(apps), 1)
	equal(b, "id", creation.Application.ID, apps[0].ID)
	equal(b, "adopted", creation.Adopted, true)
	equal(b, "repeated", creation.Repeated, false)
	equal(b, "rotation error", creation.RotationError, nil)
	equal(b, "maybe stale", creation.MaybeStale, false)
	equal(b, "doubles", len(creation.Duplicates), 0)
	if creation.LostAnswer == nil {
		b.Error("the adoption has no story to tell")
	}
	equal(b, "secret", creation.ClientSecret.Reveal(), b.server.CurrentSecret(apps[0].ID))
	equal(b, "creates", b.posts(), 1)
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
			inVirtualTime(t, func(b *bench) {
				b.server.Inject(onCreate(fault).Once())
				creation, err := b.client.CreateOAuthApplication(b.Context(), fieldsNamed("web"))
				b.assertAdopted(creation, err, "web")
				equal(b, "lists", b.lists(), 1)
				equal(b, "rotations", b.rotations(), 1)
			})
		})
	}
}

func TestPublicCreateWithLostAnswerIsAdoptedWithoutRotation(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(b *bench) {
		b.server.Inject(onCreate(clerktest.ResetAfterWork()).Once())
		creation, err := b.client.CreateOAuthApplication(b.Context(), publicFieldsNamed("web"))
		b.assertAdopted(creation, err, "web")
		equal(b, "rotations", b.rotations(), 0)
		equal(b, "has a secret", creation.ClientSecret.IsEmpty(), true)
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
			inVirtualTime(t, func(b *bench) {
				b.server.Inject(onCreate(fault).Once())
				creation, err := b.client.CreateOAuthApplication(b.Context(), fieldsNamed("web"))
				noError(b, err)
				apps := b.server.FindAll("web")
				equal(b, "applications on the server", len(apps), 1)
				equal(b, "id", creation.Application.ID, apps[0].ID)
				equal(b, "secret", creation.ClientSecret.Reveal(), b.server.CurrentSecret(apps[0].ID))
				equal(b, "adopted", creation.Adopted, false)
				equal(b, "has a story", creation.LostAnswer != nil, true)
				equal(b, "repeated", creation.Repeated, true)
				equal(b, "doubles", len(creation.Duplicates), 0)
				equal(b, "creates", b.posts(), 2)
				equal(b, "lists", b.lists(), lookups+1)
				equal(b, "rotations", b.rotations(), 0)
				equal(b, "time", b.elapsed(), lookTime+2*time.Second)
			})
		})
	}
}

// assertUnknown checks a create of which nobody can say whether it was carried out, and returns the error that says so.
func (b *bench) assertUnknown(err error, name string, candidates int) *clerk.CreateOutcomeUnknownError {
	b.Helper()
	unknown := asError[*clerk.CreateOutcomeUnknownError](b, err)
	equal(b, "name", unknown.Name, name)
	equal(b, "candidates", len(unknown.Candidates), candidates)
	equal(b, "says that it is not known", strings.Contains(unknown.Error(), "not known"), true)
	return unknown
}

func TestCreateThatIsNeitherFoundNorRepeatedIsUnknown(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]clerktest.Fault{
		"no answer in time": clerktest.NeverAnswers(), // it may still be under way
		"HTML 200":          clerktest.HTML(200),      // a success was answered, by whomever
		"redirect":          clerktest.Redirect(307, "https://elsewhere.example/"),
		"broken redirect":   clerktest.Redirect(307, "https://elsewhere.example:port/"),
		"truncated success": {Work: clerktest.WorkSkipped, Reply: &clerktest.Reply{Status: 200, Body: `{"object":"oauth_app`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inVirtualTime(t, func(b *bench) {
				b.server.Inject(onCreate(fault))
				_, err := b.client.CreateOAuthApplication(b.Context(), fieldsNamed("web"))
				unknown := b.assertUnknown(err, "web", 0)
				equal(b, "lookup error", unknown.LookupErr, nil)
				equal(b, "creates", b.posts(), 1)
				equal(b, "lists", b.lists(), lookups)
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
			inVirtualTime(t, func(b *bench) {
				b.server.Inject(onCreate(clerktest.ResetBeforeWork()).Once())
				b.server.Inject(onCreate(test.second).Once())
				creation, err := b.client.CreateOAuthApplication(b.Context(), fieldsNamed("web"))
				equal(b, "creates", b.posts(), 2)
				if !test.adopted {
					b.assertUnknown(err, "web", 0)
					return
				}
				noError(b, err)
				equal(b, "adopted", creation.Adopted, true)
				equal(b, "repeated", creation.Repeated, true)
				equal(b, "secret", creation.ClientSecret.Reveal(), b.server.CurrentSecret(creation.Application.ID))
				equal(b, "doubles", len(creation.Duplicates), 0)
			})
		})
	}
}

func TestCreateWithTwoCandidatesIsUnknown(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(b *bench) {
		// Somebody else creates the very same application in the same second.
		fault := clerktest.ResetAfterWork()
		fault.After = func(clerktest.Request) { b.server.Seed("web", likeFields) }
		b.server.Inject(onCreate(fault).Once())
		_, err := b.client.CreateOAuthApplication(b.Context(), fieldsNamed("web"))
		b.assertUnknown(err, "web", 2)
		equal(b, "applications on the server", len(b.server.FindAll("web")), 2)
		equal(b, "creates", b.posts(), 1)
		equal(b, "rotations", b.rotations(), 0)
	})
}

func TestCreateNeverAdoptsAForeignApplication(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		named      string
		change     func(*clerktest.Application)
		candidates int // Clerk may have changed a field of what was sent
	}{
		"older":         {"web", func(a *clerktest.Application) { a.CreatedAt = time.Now().Add(-6 * time.Second).UnixMilli() }, 0},
		"other URIs":    {"web", func(a *clerktest.Application) { a.RedirectURIs = []string{"https://b.example/cb"} }, 1},
		"one URI more":  {"web", func(a *clerktest.Application) { a.RedirectURIs = append(a.RedirectURIs, "https://b.example/cb") }, 1},
		"other scopes":  {"web", func(a *clerktest.Application) { a.Scopes = "email openid" }, 1},
		"public":        {"web", func(a *clerktest.Application) { a.Public = true }, 1},
		"PKCE":          {"web", func(a *clerktest.Application) { a.PKCERequired = true }, 1},
		"consent":       {"web", func(a *clerktest.Application) { a.ConsentScreenEnabled = false }, 1},
		"dynamic":       {"web", func(a *clerktest.Application) { a.DynamicallyRegistered = true }, 0},
		"longer name":   {"web app", nil, 0},
		"other letters": {"Web", nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inVirtualTime(t, func(b *bench) {
				changes := []func(*clerktest.Application){likeFields}
				if test.change != nil {
					changes = append(changes, test.change)
				}
				foreign := b.server.Seed(test.named, changes...)
				secret := b.server.CurrentSecret(foreign)
				fields := fieldsNamed("web")
				fields.Public, fields.PKCERequired, fields.ConsentScreenEnabled = new(false), new(false), new(true)
				b.server.Inject(onCreate(clerktest.NeverAnswers()))
				_, err := b.client.CreateOAuthApplication(b.Context(), fields)
				b.assertUnknown(err, "web", test.candidates)
				equal(b, "the secret of the foreign one", b.server.CurrentSecret(foreign), secret)
				equal(b, "rotations", b.rotations(), 0)
			})
		})
	}
}

// An application that this process has read or made belongs to somebody else in the configuration.
func TestCreateNeverAdoptsAnApplicationThatIsKnown(t *testing.T) {
	t.Parallel()
	for name, know := range map[string]func(b *bench){
		"read": func(b *bench) {
			_, err := b.client.GetOAuthApplication(b.Context(), b.server.Seed("web", likeFields))
			noError(b, err)
		},
		"read afresh": func(b *bench) {
			_, err := b.client.GetOAuthApplicationFresh(b.Context(), b.server.Seed("web", likeFields))
			noError(b, err)
		},
		"made": func(b *bench) {
			_, err := b.client.CreateOAuthApplication(b.Context(), fieldsNamed("web"))
			noError(b, err)
		},
		"adopted": func(b *bench) {
			b.server.Inject(onCreate(clerktest.ResetAfterWork()).Once())
			_, err := b.client.CreateOAuthApplication(b.Context(), fieldsNamed("web"))
			noError(b, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inVirtualTime(t, func(b *bench) {
				know(b)
				rotated := b.rotations()
				b.server.Inject(onCreate(clerktest.NeverAnswers()))
				_, err := b.client.CreateOAuthApplication(b.Context(), fieldsNamed("web"))
				b.assertUnknown(err, "web", 0)
				equal(b, "rotations", b.rotations(), rotated)
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
			inVirtualTime(t, func(b *bench) {
				b.server.Set(clerktest.Switches{ReadLag: test.lag})
				b.server.Inject(onCreate(test.fault).Once())
				creation, err := b.client.CreateOAuthApplication(b.Context(), fieldsNamed("web"))
				b.assertAdopted(creation, err, "web")
				equal(b, "lists", b.lists(), test.lists)
			})
		})
	}
}

// The first create is carried out when nobody expects it any more: both applications exist, and the second is named.
func TestCreateThatWasCarriedOutTwiceNamesTheDouble(t *testing.T) {
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
			inVirtualTime(t, func(b *bench) {
				if strings.Contains(name, "lags") {
					b.server.Set(clerktest.Switches{ReadLag: 2 * time.Second})
				}
				b.server.Inject(onCreate(clerktest.LateCommit(test.after)).Once())
				b.server.Inject(onCreate(test.second).Once())
				creation, err := b.client.CreateOAuthApplication(b.Context(), fieldsNamed("web"))
				noError(b, err)
				apps := b.server.FindAll("web")
				equal(b, "applications on the server", len(apps), 2)
				equal(b, "creates", b.posts(), 2)
				equal(b, "has a story", creation.LostAnswer != nil, true)
				if len(creation.Duplicates) != 1 {
					b.Fatalf("doubles: %v", creation.Duplicates)
				}
				named := map[string]bool{creation.Application.ID: true, creation.Duplicates[0].ID: true}
				equal(b, "both are named", named[apps[0].ID] && named[apps[1].ID], true)
				equal(b, "secret", creation.ClientSecret.Reveal(), b.server.CurrentSecret(creation.Application.ID))
			})
		})
	}
}

func TestLostCreateIsFoundWhateverTheClocksSay(t *testing.T) {
	t.Parallel()
	for name, skew := range map[string]time.Duration{"server an hour ahead": time.Hour, "server an hour behind": -time.Hour, "server years behind": -10000 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inVirtualTime(t, func(b *bench) {
				b.server.SetClockSkew(skew)
				b.server.Inject(onCreate(clerktest.ResetAfterWork()).Once())
				creation, err := b.client.CreateOAuthApplication(b.Context(), fieldsNamed("web"))
				b.assertAdopted(creation, err, "web")
			})
		})
		t.Run(name+", and a foreign one is half an hour old", func(t *testing.T) {
			t.Parallel()
			inVirtualTime(t, func(b *bench) {
				b.server.SetClockSkew(skew)
				b.server.Seed("web", likeFields, func(a *clerktest.Application) {
					a.CreatedAt = time.Now().Add(skew - 30*time.Minute).UnixMilli()
				})
				b.server.Inject(onCreate(clerktest.NeverAnswers()).Once())
				_, err := b.client.CreateOAuthApplication(b.Context(), fieldsNamed("web"))
				b.assertUnknown(err, "web", 0)
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
			inVirtualTime(t, func(b *bench) {
				b.server.Inject(onCreate(clerktest.ResetAfterWork()).Once())
				b.server.Inject(onRotate(test.fault))
				creation, err := b.client.CreateOAuthApplication(b.Context(), fieldsNamed("web"))
				noError(b, err)
				app, _ := b.server.Find("web")
				equal(b, "id", creation.Application.ID, app.ID)
				equal(b, "adopted", creation.Adopted, true)
				equal(b, "has a rotation error", creation.RotationError != nil, true)
				equal(b, "has no secret", creation.ClientSecret.IsEmpty(), true)
				equal(b, "rotations", b.rotations(), test.rotations)
			})
		})
	}
}

func TestAdoptionTellsThatItsSecretMayBeStale(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(b *bench) {
		b.server.Inject(onCreate(clerktest.ResetAfterWork()).Once())
		b.server.Inject(onRotate(clerktest.ResetAfterWork()).Once())
		b.server.Inject(onGet(clerktest.ClerkError(403, "authorization_invalid")))
		creation, err := b.client.CreateOAuthApplication(b.Context(), fieldsNamed("web"))
		noError(b, err)
		equal(b, "maybe stale", creation.MaybeStale, true)
		equal(b, "secret", creation.ClientSecret.Reveal(), b.server.CurrentSecret(creation.Application.ID))
	})
}

func TestLostCreateThatCannotBeLookedForIsUnknown(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]clerktest.Fault{
		"refused":         clerktest.ClerkError(403, "authorization_invalid"),
		"failing":         clerktest.HTML(502),
		"not served":      clerktest.HTML(200),
		"hostile id":      clerktest.Changed(func(page map[string]any) { firstOf(page)["id"] = "../users" }),
		"missing field":   clerktest.Changed(func(page map[string]any) { delete(firstOf(page), "name") }),
		"data is missing": clerktest.Changed(func(page map[string]any) { delete(page, "data") }),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inVirtualTime(t, func(b *bench) {
				b.server.Inject(onCreate(clerktest.ResetAfterWork()).Once())
				b.server.Inject(onList(fault))
				_, err := b.client.CreateOAuthApplication(b.Context(), fieldsNamed("web"))
				unknown := b.assertUnknown(err, "web", 0)
				if unknown.LookupErr == nil {
					b.Fatal("the error does not say why it could not be looked for")
				}
				if name == "hostile id" && !strings.Contains(unknown.LookupErr.Error(), "../users") {
					b.Errorf("the error does not show the id: %v", unknown.LookupErr)
				}
				equal(b, "creates", b.posts(), 1)
			})
		})
	}
}

// firstOf is the first application of a list's answer.
func firstOf(page map[string]any) map[string]any {
	return page["data"].([]any)[0].(map[string]any)
}

// One lookup that fails is not the end: the next may succeed.
func TestLookupThatFailsOnceIsRepeated(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(b *bench) {
		b.server.Inject(onCreate(clerktest.ResetAfterWork()).Once())
		b.server.Inject(onList(clerktest.ClerkError(403, "authorization_invalid")).Repeat(2))
		creation, err := b.client.CreateOAuthApplication(b.Context(), fieldsNamed("web"))
		b.assertAdopted(creation, err, "web")
		equal(b, "lists", b.lists(), 3)
	})
}

func TestCreatesOfOneNameWaitForEachOther(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(b *bench) {
		// Without the lock, the search for the first would find the second too.
		b.server.Inject(onCreate(clerktest.ResetAfterWork()).Once())
		var (
			wait sync.WaitGroup
			mu   sync.Mutex
			ids  = map[string]string{} // by secret
		)
		for range 3 {
			wait.Go(func() {
				creation, err := b.client.CreateOAuthApplication(b.Context(), fieldsNamed("web"))
				if err != nil {
					b.Errorf("create: %v", err)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				ids[creation.Application.ID] = creation.ClientSecret.Reveal()
			})
		}
		wait.Wait()
		apps := b.server.FindAll("web")
		equal(b, "applications on the server", len(apps), 3)
		for _, app := range apps {
			equal(b, "secret of "+app.ID, ids[app.ID], b.server.CurrentSecret(app.ID))
		}
	})
}

func TestCreatesOfDifferentNamesDoNotWait(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(b *bench) {
		b.server.Inject(onCreate(clerktest.Slow(time.Second)))
		var wait sync.WaitGroup
		for _, name := range []string{"a", "b", "c"} {
			wait.Go(func() {
				_, err := b.client.CreateOAuthApplication(b.Context(), fieldsNamed(name))
				if err != nil {
					b.Errorf("create: %v", err)
				}
			})
		}
		wait.Wait()
		equal(b, "time", b.elapsed(), time.Second)
	})
}

func TestPreventDuplicateNames(t *testing.T) {
	t.Parallel()
	refusing := func(config *clerk.Config) { config.PreventDuplicateNames = true }
	t.Run("a name that exists", func(t *testing.T) {
		t.Parallel()
		inVirtualTime(t, func(b *bench) {
			first, second := b.server.Seed("web"), b.server.Seed("web")
			_, err := b.client.CreateOAuthApplication(b.Context(), fieldsNamed("web"))
			duplicate := asError[*clerk.DuplicateNameError](b, err)
			equal(b, "name", duplicate.Name, "web")
			equalLists(b, "ids", duplicate.IDs, []string{second, first})
			equal(b, "creates", b.posts(), 0)
			for _, part := range []string{`"web"`, first, second} {
				equal(b, "the text has "+part, strings.Contains(duplicate.Error(), part), true)
			}
		}, refusing)
	})
	t.Run("a name like it", func(t *testing.T) {
		t.Parallel()
		inVirtualTime(t, func(b *bench) {
			b.server.Seed("web app")
			b.server.Seed("WEB")
			_, err := b.client.CreateOAuthApplication(b.Context(), fieldsNamed("web"))
			noError(b, err)
		}, refusing)
	})
	t.Run("beyond the first page", func(t *testing.T) {
		t.Parallel()
		inVirtualTime(t, func(b *bench) {
			existing := b.server.Seed("web")
			b.server.SeedMany(700, "web %d")
			_, err := b.client.CreateOAuthApplication(b.Context(), fieldsNamed("web"))
			equalLists(b, "ids", asError[*clerk.DuplicateNameError](b, err).IDs, []string{existing})
			equal(b, "lists", b.lists(), 2)
		}, refusing)
	})
	t.Run("what exists cannot be read", func(t *testing.T) {
		t.Parallel()
		inVirtualTime(t, func(b *bench) {
			b.server.Inject(onList(clerktest.ClerkError(403, "authorization_invalid")))
			_, err := b.client.CreateOAuthApplication(b.Context(), fieldsNamed("web"))
			equal(b, "status", asError[*clerk.APIError](b, err).Status, http.StatusForbidden)
			equal(b, "says what was tried", strings.Contains(err.Error(), "exists already could not be read"), true)
			equal(b, "creates", b.posts(), 0)
		}, refusing)
	})
	t.Run("without the option", func(t *testing.T) {
		t.Parallel()
		inVirtualTime(t, func(b *bench) {
			b.server.Seed("web")
			_, err := b.client.CreateOAuthApplication(b.Context(), fieldsNamed("web"))
			noError(b, err)
			equal(b, "lists", b.lists(), 0)
		})
	})
}

func TestCreateErrorsThatAreCertain(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(b *bench) {
		_, err := b.client.CreateOAuthApplication(b.Context(), fieldsNamed(strings.Repeat("n", 257)))
		refused := asError[*clerk.APIError](b, err)
		equal(b, "status", refused.Status, http.StatusUnprocessableEntity)
		equal(b, "parameter", refused.Errors[0].ParamName, "name")
		equal(b, "requests", b.server.CountRequests("", ""), 1)
	})
}

// The surprise costs the field, never the secret.
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
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inVirtualTime(t, func(b *bench) {
				b.server.Inject(onCreate(clerktest.Changed(change)).Once())
				b.server.Inject(onRotate(clerktest.Changed(change)).Once())
				creation, err := b.client.CreateOAuthApplication(b.Context(), fieldsNamed("web"))
				noError(b, err)
				id := creation.Application.ID
				equal(b, "secret", creation.ClientSecret.Reveal(), b.server.CurrentSecret(id))
				equal(b, "problems of the create", len(creation.Problems), 1)
				rotation, err := b.client.RotateClientSecret(b.Context(), id, time.Time{})
				noError(b, err)
				equal(b, "new secret", rotation.ClientSecret.Reveal(), b.server.CurrentSecret(id))
				equal(b, "problems of the rotation", len(rotation.Problems), 1)
				equal(b, "requests", b.server.CountRequests("", ""), 2)
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
			inVirtualTime(t, func(b *bench) {
				b.server.Inject(onCreate(clerktest.Changed(change)).Once())
				creation, err := b.client.CreateOAuthApplication(b.Context(), fieldsNamed("web"))
				noError(b, err)
				equal(b, "has no secret", creation.ClientSecret.IsEmpty(), true)
				equal(b, "applications", len(b.server.Applications()), 1)
			})
		})
	}
}

func TestCreateWithAHostileIDIsUnknown(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(b *bench) {
		hostile := func(o map[string]any) { o["id"] = "oa_1/../../users" }
		b.server.Inject(onCreate(clerktest.Changed(hostile)).Once())
		b.server.Inject(onList(clerktest.Changed(func(page map[string]any) { hostile(firstOf(page)) })))
		_, err := b.client.CreateOAuthApplication(b.Context(), fieldsNamed("web"))
		unknown := b.assertUnknown(err, "web", 0)
		equal(b, "the id is shown", strings.Contains(unknown.Error(), "oa_1/../../users"), true)
		equal(b, "rotations", b.rotations(), 0)
	})
}

func TestCreateOnAnOverContext(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(b *bench) {
		ctx, cancel := context.WithCancel(b.Context())
		cancel()
		_, err := b.client.CreateOAuthApplication(ctx, fieldsNamed("web"))
		equal(b, "error", err, context.Canceled)
		equal(b, "requests", b.server.CountRequests("", ""), 0)
	})
}

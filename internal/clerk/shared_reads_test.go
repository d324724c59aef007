package clerk_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

func unlimited(config *clerk.Config) { config.RequestsPer10s = 1 << 20 }

// readAll reads applications, so many at once.
func (f *fixture) readAll(ids []string, atOnce int) {
	f.Helper()
	var wait sync.WaitGroup
	next := make(chan string)
	for range atOnce {
		wait.Go(func() {
			for id := range next {
				if app, err := f.get(id); err != nil || app.ID != id {
					f.Errorf("%s: got %q, %v", id, app.ID, err)
				}
			}
		})
	}
	for _, id := range ids {
		next <- id
	}
	close(next)
	wait.Wait()
}

// The bounds that the comment of sharedReads promises, for reads in any order.
func TestRequestsOfManyReads(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ reads, of, most int }{
		{1, 2000, 1}, {2, 2, 2}, {500, 500, 2}, {1000, 1000, 6}, {2500, 2500, 12}, {20, 20020, 45}, {100, 3000, 16},
	} {
		for _, atOnce := range []int{1, 10} {
			run(t, fmt.Sprintf("%d of %d, %d at once", test.reads, test.of, atOnce), func(f *fixture) {
				ids := f.server.SeedMany(test.of, "app %d")
				random := rand.New(rand.NewPCG(uint64(test.of), uint64(atOnce)))
				random.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
				ids = ids[:test.reads]
				f.readAll(ids, atOnce)
				if requests := f.requests(); requests > test.most {
					f.Errorf("%d requests, want at most %d", requests, test.most)
				}
				before := f.requests()
				f.readAll(ids, atOnce)
				equal(f, "requests of a second round", f.requests(), before)
				time.Sleep(time.Minute)
				f.readAll(ids[:1], 1)
				equal(f, "requests after a minute", f.requests(), before+1)
			}, unlimited)
		}
	}
}

// A page that fails costs itself: GETs answer, and no page is asked for within a minute.
func TestReadsWithoutPages(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]clerktest.Fault{
		"refused": clerktest.ClerkError(403, "authorization_invalid"), "broken": raw("{}").Repeat(2),
	} {
		run(t, name, func(f *fixture) {
			ids := f.server.SeedMany(20, "app %d")
			f.inject(fault.OnList())
			f.readAll(ids, 10)
			before := f.lists()
			equal(f, "requests", f.gets() == 20 && before <= 2, true)
			f.server.ClearFaults()
			time.Sleep(time.Minute + time.Second)
			f.readAll(ids, 1)
			equal(f, "lists after a minute", f.lists(), before+1)
			// What a page has not got is not gone.
			f.readAll([]string{f.server.Seed("later")}, 1)
			equal(f, "not found", clerk.IsNotFound(errorOf(f.get("oa_none"))), true)
		}, unlimited)
	}
}

// An own write takes the application out of what is shared. A request that began before the write
// ended cannot put it back, be it a page or a GET.
func TestReadsAfterOwnWrites(t *testing.T) {
	t.Parallel()
	for name, write := range map[string]func(f *fixture, id string) error{
		"update": func(f *fixture, id string) error { return errorOf(f.rename(id, "new")) },
		"lost update": func(f *fixture, id string) error {
			f.inject(clerktest.ResetAfterWork().OnUpdate(), clerktest.ResetBeforeWork().OnUpdate())
			_, _ = f.rename(id, "new")
			return nil
		},
		"delete": func(f *fixture, id string) error { return f.client.DeleteOAuthApplication(f.Context(), id) },
		"upload": func(f *fixture, id string) error {
			return errorOf(f.client.UploadOAuthApplicationLogo(f.Context(), id, "logo.png", pngImage))
		},
		"rotate": func(f *fixture, id string) error { return errorOf(f.rotate(id)) },
	} {
		slow := clerktest.SlowAnswer(5 * time.Second).Once()
		for kind, fault := range map[string]clerktest.Fault{"nothing": {}, "page": slow.OnList(), "get": slow.OnRead()} {
			run(t, name+" while under way: "+kind, func(f *fixture) {
				ids := f.server.SeedMany(5, "app %d")
				f.readAll(ids[:1], 1)
				f.inject(fault)
				if kind == "get" {
					f.client = newClient(f, f.server) // whose first read is a GET
				}
				reading := make(chan struct{})
				go func() {
					if kind != "nothing" {
						_, _ = f.get(ids[1])
					}
					close(reading)
				}()
				synctest.Wait()
				f.server.Edit(ids[1], func(a *clerktest.Application) { a.Name = "new" })
				noError(f, write(f, ids[1]))
				// One that joined the request from before would see the old state.
				app, err := f.get(ids[1])
				<-reading
				again, againErr := f.get(ids[1])
				if name == "delete" {
					equal(f, "not found", clerk.IsNotFound(err) && clerk.IsNotFound(againErr), true)
					return
				}
				noError(f, err)
				equal(f, "names", app.Name+" "+again.Name, "new new")
				apps, _, err := f.client.ListOAuthApplications(f.Context(), clerk.ListQuery{})
				noError(f, err)
				equal(f, "name in the list", apps[3].Name, "new") // the newest are first
			}, unlimited)
		}
	}
}

// Callers share the failure of a page, too.
func TestSharedFailure(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		refused := clerktest.ClerkError(403, "authorization_invalid").OnList()
		refused.Before = func(clerktest.Request) { time.Sleep(time.Second) }
		f.inject(refused)
		var wait sync.WaitGroup
		for range 5 {
			wait.Go(func() {
				_, _, err := f.client.ListOAuthApplications(f.Context(), clerk.ListQuery{})
				equal(f, "fails", isError[*clerk.APIError](err), true)
			})
		}
		wait.Wait()
		equal(f, "lists", f.lists(), 1)
	})
}

// Callers share a page. An interrupt of the one that reads it does not affect the others, and no
// request goes on that nobody waits for. What a caller changes in an answer changes no other's.
func TestSharedPage(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		ids := f.server.SeedMany(3, "app %d", likeFields)
		f.readAll(ids[:1], 1)
		f.inject(clerktest.SlowAnswer(2 * time.Second).OnList())
		first := make(chan error)
		go func() { first <- errorOf(f.client.GetOAuthApplication(f.interruptAfter(time.Second), ids[1])) }()
		synctest.Wait()
		for range 3 {
			app, err := f.get(ids[1])
			noError(f, err)
			equal(f, "answer", app.ID+app.RedirectURIs[0]+app.Scopes[0], ids[1]+"https://a.example/cb"+"email")
			app.RedirectURIs[0], app.Scopes[0] = "changed", "changed"
		}
		equal(f, "the first", errors.Is(<-first, context.Canceled), true)
		equal(f, "time", f.elapsed(), 3*time.Second)
		time.Sleep(time.Minute)
		equal(f, "gets and lists", []int{f.gets(), f.lists()}, []int{1, 2})
		for range 2 {
			apps, _, err := f.client.ListOAuthApplications(f.Context(), clerk.ListQuery{})
			noError(f, err)
			equal(f, "listed", apps[0].RedirectURIs[0], "https://a.example/cb")
			apps[0].RedirectURIs[0] = "changed"
		}
	})
}

package clerk_test

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// laggingReads is a simulator whose reads lag behind writes, and a client of it.
type laggingReads struct {
	*testing.T
	server *clerktest.Server
	client *clerk.Client
}

func withLaggingReads(t *testing.T, test func(l laggingReads)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server := clerktest.NewInMemory(t, clerktest.WithSwitches(clerktest.Switches{ReadLag: 1500 * time.Millisecond}))
		test(laggingReads{t, server, newClient(t, server)})
	})
}

func TestOwnApplicationIsFoundWhileReadsLag(t *testing.T) {
	t.Parallel()
	withLaggingReads(t, func(l laggingReads) {
		created, err := l.client.CreateOAuthApplication(l.Context(), clerk.OAuthApplicationFields{Name: new("web")})
		noError(l, err)
		id := created.Application.ID
		app, err := l.client.GetOAuthApplication(l.Context(), id, clerk.ReadYourWrites(time.Time{}))
		if err != nil || app.ID != id {
			l.Errorf("by id: got %q, %v", app.ID, err)
		}
		created, err = l.client.CreateOAuthApplication(l.Context(), clerk.OAuthApplicationFields{Name: new("shop")})
		noError(l, err)
		app, err = l.client.FindOAuthApplication(l.Context(), clerk.By{ClientID: created.Application.ClientID}, clerk.ReadYourWrites(time.Time{}))
		if err != nil || app.ID != created.Application.ID {
			l.Errorf("by client_id: got %q, %v", app.ID, err)
		}
		time.Sleep(time.Minute)
		_, err = l.client.UpdateOAuthApplication(l.Context(), id, clerk.OAuthApplicationFields{Name: new("site")})
		noError(l, err)
		app, err = l.client.FindOAuthApplication(l.Context(), clerk.By{Name: "site"}, clerk.ReadYourWrites(time.Time{}))
		if err != nil || app.ID != id || app.Name != "site" {
			l.Errorf("by its new name: got %q %q, %v", app.ID, app.Name, err)
		}
		if _, err := l.client.FindOAuthApplication(l.Context(), clerk.By{Name: "web"}, clerk.ReadYourWrites(time.Time{})); !errors.Is(err, clerk.ErrNoMatch) {
			l.Errorf("by its old name: got %v", err)
		}
	})
}

func TestOwnApplicationsOfOneNameAreAmbiguous(t *testing.T) {
	t.Parallel()
	withLaggingReads(t, func(l laggingReads) {
		seeded := l.server.Seed("web")
		time.Sleep(time.Minute)
		app, err := l.client.FindOAuthApplication(l.Context(), clerk.By{Name: "web"}, clerk.ReadYourWrites(time.Time{}))
		if err != nil || app.ID != seeded {
			l.Fatalf("got %q, %v", app.ID, err)
		}
		created, err := l.client.CreateOAuthApplication(l.Context(), clerk.OAuthApplicationFields{Name: new("web")})
		noError(l, err)
		_, err = l.client.FindOAuthApplication(l.Context(), clerk.By{Name: "web"}, clerk.ReadYourWrites(time.Time{}))
		ambiguous, ok := errors.AsType[*clerk.AmbiguousNameError](err)
		if !ok || !slices.Contains(ambiguous.IDs, created.Application.ID) || !slices.Contains(ambiguous.IDs, seeded) {
			l.Errorf("got %v", err)
		}
	})
}

// The client does not wait for an application that this process did not create.
func TestOtherApplicationsAreNotWaitedFor(t *testing.T) {
	t.Parallel()
	withLaggingReads(t, func(l laggingReads) {
		begun := time.Now()
		if _, err := l.client.GetOAuthApplication(l.Context(), "oa_none", clerk.ReadYourWrites(time.Time{})); !clerk.IsNotFound(err) {
			l.Errorf("by id: got %v", err)
		}
		if _, err := l.client.FindOAuthApplication(l.Context(), clerk.By{Name: "none"}, clerk.ReadYourWrites(time.Time{})); !errors.Is(err, clerk.ErrNoMatch) {
			l.Errorf("by name: got %v", err)
		}
		if _, err := l.client.FindOAuthApplication(l.Context(), clerk.By{ClientID: "none"}, clerk.ReadYourWrites(time.Time{})); !errors.Is(err, clerk.ErrNoMatch) {
			l.Errorf("by client_id: got %v", err)
		}
		if waited := time.Since(begun); waited > 0 {
			l.Errorf("waited %s", waited)
		}
	})
}

// An application that someone else deletes or renames after this process created it
// is not found by its name.
func TestOwnApplicationThatSomeoneElseChanged(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*clerktest.Server, string){
		"deleted": func(server *clerktest.Server, id string) { server.Delete(id) },
		"renamed": func(server *clerktest.Server, id string) {
			server.Edit(id, func(app *clerktest.Application) { app.Name = "site" })
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			withLaggingReads(t, func(l laggingReads) {
				created, err := l.client.CreateOAuthApplication(l.Context(), clerk.OAuthApplicationFields{Name: new("web")})
				noError(l, err)
				change(l.server, created.Application.ID)
				time.Sleep(time.Minute)
				if _, err := l.client.FindOAuthApplication(l.Context(), clerk.By{Name: "web"}, clerk.ReadYourWrites(time.Time{})); !errors.Is(err, clerk.ErrNoMatch) {
					l.Errorf("got %v", err)
				}
			})
		})
	}
}

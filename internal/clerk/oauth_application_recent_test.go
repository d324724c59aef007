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

func withLaggingReads(t *testing.T, test func(t *testing.T, server *clerktest.Server, client *clerk.Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server := clerktest.NewInMemory(t, clerktest.WithSwitches(clerktest.Switches{ReadLag: 1500 * time.Millisecond}))
		test(t, server, newClient(t, server))
	})
}

func TestOwnApplicationIsFoundWhileReadsLag(t *testing.T) {
	t.Parallel()
	withLaggingReads(t, func(t *testing.T, _ *clerktest.Server, client *clerk.Client) {
		created, err := client.CreateOAuthApplication(t.Context(), clerk.OAuthApplicationFields{Name: new("web")})
		noError(t, err)
		id := created.Application.ID
		app, err := client.GetOwnOAuthApplication(t.Context(), id)
		if err != nil || app.ID != id {
			t.Errorf("by id: got %q, %v", app.ID, err)
		}
		time.Sleep(time.Minute)
		_, err = client.UpdateOAuthApplication(t.Context(), id, clerk.OAuthApplicationFields{Name: new("site")})
		noError(t, err)
		app, err = client.FindOwnOAuthApplicationByName(t.Context(), "site")
		if err != nil || app.ID != id || app.Name != "site" {
			t.Errorf("by its new name: got %q %q, %v", app.ID, app.Name, err)
		}
		if _, err := client.FindOwnOAuthApplicationByName(t.Context(), "web"); !errors.Is(err, clerk.ErrNoMatch) {
			t.Errorf("by its old name: got %v", err)
		}
	})
}

func TestOwnApplicationsOfOneNameAreAmbiguous(t *testing.T) {
	t.Parallel()
	withLaggingReads(t, func(t *testing.T, server *clerktest.Server, client *clerk.Client) {
		seeded := server.Seed("web")
		time.Sleep(time.Minute)
		app, err := client.FindOwnOAuthApplicationByName(t.Context(), "web")
		if err != nil || app.ID != seeded {
			t.Fatalf("got %q, %v", app.ID, err)
		}
		created, err := client.CreateOAuthApplication(t.Context(), clerk.OAuthApplicationFields{Name: new("web")})
		noError(t, err)
		_, err = client.FindOwnOAuthApplicationByName(t.Context(), "web")
		ambiguous, ok := errors.AsType[*clerk.AmbiguousNameError](err)
		if !ok || !slices.Contains(ambiguous.IDs, created.Application.ID) || !slices.Contains(ambiguous.IDs, seeded) {
			t.Errorf("got %v", err)
		}
	})
}

// Nobody waits for an application that this process did not create.
func TestOtherApplicationsAreNotWaitedFor(t *testing.T) {
	t.Parallel()
	withLaggingReads(t, func(t *testing.T, _ *clerktest.Server, client *clerk.Client) {
		begun := time.Now()
		if _, err := client.GetOwnOAuthApplication(t.Context(), "oa_none"); !clerk.IsNotFound(err) {
			t.Errorf("by id: got %v", err)
		}
		if _, err := client.FindOwnOAuthApplicationByName(t.Context(), "none"); !errors.Is(err, clerk.ErrNoMatch) {
			t.Errorf("by name: got %v", err)
		}
		if waited := time.Since(begun); waited > 0 {
			t.Errorf("waited %s", waited)
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
			withLaggingReads(t, func(t *testing.T, server *clerktest.Server, client *clerk.Client) {
				created, err := client.CreateOAuthApplication(t.Context(), clerk.OAuthApplicationFields{Name: new("web")})
				noError(t, err)
				change(server, created.Application.ID)
				time.Sleep(time.Minute)
				if _, err := client.FindOwnOAuthApplicationByName(t.Context(), "web"); !errors.Is(err, clerk.ErrNoMatch) {
					t.Errorf("got %v", err)
				}
			})
		})
	}
}

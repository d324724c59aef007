package clerk_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

func TestInstance(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(f *fixture) {
		for range 2 {
			instance, err := f.client.Instance(f.Context())
			noError(f, err)
			equal(f, "instance", instance, clerk.Instance{ID: f.server.InstanceID(), EnvironmentType: "development"})
		}
		equal(f, "requests", f.server.CountRequests("", ""), 1)
	})
}

func TestInstanceChecksTheAnswer(t *testing.T) {
	t.Parallel()
	for answer, ok := range map[string]bool{
		`{"object":"instance","id":"ins_1","environment_type":"production","new":{}}`: true,
		`{"id":"ins_1"}`:                  true,
		`{"object":"instance"}`:           false,
		`{"object":"instance","id":null}`: false,
		`{"object":"instance","id":7}`:    false,
		`{"object":"user","id":"user_1"}`: false,
		`null`:                            false,
		`[]`:                              false,
		`<html>`:                          false,
	} {
		_, err := clientOn(t, answering(200, "application/json", answer)).Instance(t.Context())
		equal(t, "accepted: "+answer, err == nil, ok)
	}
}

func TestPinnedInstance(t *testing.T) {
	t.Parallel()
	pin := func(config *clerk.Config) { config.InstanceID = "ins_of_the_configuration" }

	t.Run("the right one", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			server := clerktest.NewInMemory(t)
			id := server.Seed("web")
			client := newClient(t, server, func(config *clerk.Config) { config.InstanceID = server.InstanceID() })
			var wait sync.WaitGroup
			for range 5 {
				wait.Go(func() { _, _ = client.GetOAuthApplicationFresh(t.Context(), id) })
			}
			wait.Wait()
			equal(t, "questions", server.CountRequests(http.MethodGet, clerktest.RouteInstance), 1)
			equal(t, "reads", server.CountRequests(http.MethodGet, clerktest.RouteApplication), 5)
			equal(t, "the question comes first", server.Requests()[0].Route, clerktest.RouteInstance)
		})
	})
	for name, operate := range allOperations {
		if name == "instance" {
			continue
		}
		t.Run("another one/"+name, func(t *testing.T) {
			t.Parallel()
			inVirtualTime(t, func(f *fixture) {
				err := operate(f.Context(), f.client, f.server.Seed("web"))
				mismatch := asError[*clerk.InstanceError](f, err)
				equal(f, "expected", mismatch.Expected, "ins_of_the_configuration")
				equal(f, "actual", mismatch.Actual, f.server.InstanceID())
				equal(f, "names both", strings.Contains(err.Error(), mismatch.Expected) && strings.Contains(err.Error(), mismatch.Actual), true)
				equal(f, "other requests", f.server.CountRequests("", ""), f.server.CountRequests("", clerktest.RouteInstance))
			}, pin)
		})
		t.Run("unreachable/"+name, func(t *testing.T) {
			t.Parallel()
			inVirtualTime(t, func(f *fixture) {
				f.server.Inject(clerktest.ClerkError(403, "authorization_invalid").On("", clerktest.RouteInstance))
				err := operate(f.Context(), f.client, f.server.Seed("web"))
				equal(f, "status", asError[*clerk.APIError](f, err).Status, 403)
				equal(f, "says what for", strings.Contains(err.Error(), "to compare it with instance_id"), true)
				equal(f, "other requests", f.server.CountRequests("", ""), f.server.CountRequests("", clerktest.RouteInstance))
				if _, unknown := errors.AsType[*clerk.CreateOutcomeUnknownError](err); unknown {
					f.Error("nothing was sent, and the error says that this is not known")
				}
			}, pin)
		})
	}
	t.Run("a failure is not kept", func(t *testing.T) {
		t.Parallel()
		inVirtualTime(t, func(f *fixture) {
			f.server.Inject(clerktest.ClerkError(403, "authorization_invalid").Once())
			_, err := f.client.Instance(f.Context())
			equal(f, "fails", err != nil, true)
			_, err = f.client.Instance(f.Context())
			noError(f, err)
		})
	})
	// A caller that waits for the question of another caller stops when interrupted.
	t.Run("interrupted while another asks", func(t *testing.T) {
		t.Parallel()
		inVirtualTime(t, func(f *fixture) {
			f.server.Inject(clerktest.NeverAnswers())
			ctx, cancel := context.WithCancel(f.Context())
			go func() { _, _ = f.client.Instance(ctx) }()
			synctest.Wait()
			err := allOperations["update"](f.cancelledAfter(time.Second), f.client, "oa_1")
			equal(f, "is context.Canceled", errors.Is(err, context.Canceled), true)
			equal(f, "time", f.elapsed(), time.Second)
			cancel()
		}, pin)
	})
}

func TestConfirmGone(t *testing.T) {
	t.Parallel()
	notFound := func(f *fixture) error {
		_, err := f.client.GetOAuthApplication(f.Context(), "oa_none")
		equal(f, "not found", clerk.IsNotFound(err), true)
		return err
	}
	t.Run("own instance", func(t *testing.T) {
		t.Parallel()
		inVirtualTime(t, func(f *fixture) {
			gone, err := f.client.ConfirmGone(f.Context(), notFound(f), f.server.InstanceID())
			noError(f, err)
			equal(f, "gone", gone, true)
		})
	})
	t.Run("another instance", func(t *testing.T) {
		t.Parallel()
		inVirtualTime(t, func(f *fixture) {
			// The state's application lives on, in the instance of another key.
			_, other := f.server.AddInstance(clerktest.Production)
			id := f.server.Seed("web", func(a *clerktest.Application) { a.InstanceID = other })
			_, err := f.client.GetOAuthApplication(f.Context(), id)
			gone, err := f.client.ConfirmGone(f.Context(), err, other)
			equal(f, "gone", gone, false)
			equal(f, "error", *asError[*clerk.InstanceError](f, err), clerk.InstanceError{Expected: other, Actual: f.server.InstanceID()})
		})
	})
	t.Run("instance cannot be read", func(t *testing.T) {
		t.Parallel()
		inVirtualTime(t, func(f *fixture) {
			f.server.Inject(clerktest.HTML(502).On("", clerktest.RouteInstance))
			gone, err := f.client.ConfirmGone(f.Context(), notFound(f), "ins_1")
			equal(f, "gone", gone, false)
			equal(f, "status", asError[*clerk.APIError](f, err).Status, 502)
			equal(f, "is no not-found", clerk.IsNotFound(err), false)
		})
	})
	t.Run("instance is not known", func(t *testing.T) {
		t.Parallel()
		inVirtualTime(t, func(f *fixture) {
			gone, err := f.client.ConfirmGone(f.Context(), notFound(f), "")
			noError(f, err)
			equal(f, "gone", gone, true)
			equal(f, "questions", f.server.CountRequests("", clerktest.RouteInstance), 0)
		})
	})
	for name, fault := range map[string]clerktest.Fault{
		"plain text 404":  clerktest.Raw(404, "text/plain", "404 page not found\n"),
		"HTML 404":        clerktest.HTML(404),
		"empty 404":       clerktest.Raw(404, "", ""),
		"other code":      clerktest.ClerkError(404, "something_not_found"),
		"JSON of another": clerktest.Raw(404, "application/json", `{"error":"resource_not_found"}`),
		"403":             clerktest.ClerkError(403, "resource_not_found"),
		"410":             clerktest.ClerkError(410, "resource_not_found"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inVirtualTime(t, func(f *fixture) {
				f.server.Inject(fault.OnRead())
				_, err := f.client.GetOAuthApplication(f.Context(), "oa_none")
				gone, confirmErr := f.client.ConfirmGone(f.Context(), err, f.server.InstanceID())
				noError(f, confirmErr)
				equal(f, "gone", gone, false)
			})
		})
	}
	t.Run("no error at all", func(t *testing.T) {
		t.Parallel()
		gone, err := clerk.New(clerk.Config{}).ConfirmGone(t.Context(), nil, "ins_1")
		noError(t, err)
		equal(t, "gone", gone, false)
	})
}

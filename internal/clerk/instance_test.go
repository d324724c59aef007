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
	inVirtualTime(t, func(b *bench) {
		for range 2 {
			instance, err := b.client.Instance(b.Context())
			noError(b, err)
			equal(b, "instance", instance, clerk.Instance{ID: b.server.InstanceID(), EnvironmentType: "development"})
		}
		equal(b, "requests", b.server.CountRequests("", ""), 1)
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
			inVirtualTime(t, func(b *bench) {
				err := operate(b.Context(), b.client, b.server.Seed("web"))
				mismatch := asError[*clerk.InstanceError](b, err)
				equal(b, "expected", mismatch.Expected, "ins_of_the_configuration")
				equal(b, "actual", mismatch.Actual, b.server.InstanceID())
				equal(b, "names both", strings.Contains(err.Error(), mismatch.Expected) && strings.Contains(err.Error(), mismatch.Actual), true)
				equal(b, "other requests", b.server.CountRequests("", ""), b.server.CountRequests("", clerktest.RouteInstance))
			}, pin)
		})
		t.Run("unreachable/"+name, func(t *testing.T) {
			t.Parallel()
			inVirtualTime(t, func(b *bench) {
				b.server.Inject(clerktest.ClerkError(403, "authorization_invalid").On("", clerktest.RouteInstance))
				err := operate(b.Context(), b.client, b.server.Seed("web"))
				equal(b, "status", asError[*clerk.APIError](b, err).Status, 403)
				equal(b, "says what for", strings.Contains(err.Error(), "to compare it with instance_id"), true)
				equal(b, "other requests", b.server.CountRequests("", ""), b.server.CountRequests("", clerktest.RouteInstance))
				if _, unknown := errors.AsType[*clerk.CreateOutcomeUnknownError](err); unknown {
					b.Error("nothing was sent, and the error says that this is not known")
				}
			}, pin)
		})
	}
	t.Run("a failure is not kept", func(t *testing.T) {
		t.Parallel()
		inVirtualTime(t, func(b *bench) {
			b.server.Inject(clerktest.ClerkError(403, "authorization_invalid").Once())
			_, err := b.client.Instance(b.Context())
			equal(b, "fails", err != nil, true)
			_, err = b.client.Instance(b.Context())
			noError(b, err)
		})
	})
	// Who waits for somebody else's question leaves when interrupted.
	t.Run("interrupted while another asks", func(t *testing.T) {
		t.Parallel()
		inVirtualTime(t, func(b *bench) {
			b.server.Inject(clerktest.NeverAnswers())
			ctx, cancel := context.WithCancel(b.Context())
			go func() { _, _ = b.client.Instance(ctx) }()
			synctest.Wait()
			err := allOperations["update"](b.cancelledAfter(time.Second), b.client, "oa_1")
			equal(b, "is context.Canceled", errors.Is(err, context.Canceled), true)
			equal(b, "time", b.elapsed(), time.Second)
			cancel()
		}, pin)
	})
}

func TestConfirmGone(t *testing.T) {
	t.Parallel()
	notFound := func(b *bench) error {
		_, err := b.client.GetOAuthApplication(b.Context(), "oa_none")
		equal(b, "not found", clerk.IsNotFound(err), true)
		return err
	}
	t.Run("own instance", func(t *testing.T) {
		t.Parallel()
		inVirtualTime(t, func(b *bench) {
			gone, err := b.client.ConfirmGone(b.Context(), notFound(b), b.server.InstanceID())
			noError(b, err)
			equal(b, "gone", gone, true)
		})
	})
	t.Run("another instance", func(t *testing.T) {
		t.Parallel()
		inVirtualTime(t, func(b *bench) {
			// The state's application lives on, in the instance of another key.
			_, other := b.server.AddInstance(clerktest.Production)
			id := b.server.Seed("web", func(a *clerktest.Application) { a.InstanceID = other })
			_, err := b.client.GetOAuthApplication(b.Context(), id)
			gone, err := b.client.ConfirmGone(b.Context(), err, other)
			equal(b, "gone", gone, false)
			equal(b, "error", *asError[*clerk.InstanceError](b, err), clerk.InstanceError{Expected: other, Actual: b.server.InstanceID()})
		})
	})
	t.Run("instance cannot be read", func(t *testing.T) {
		t.Parallel()
		inVirtualTime(t, func(b *bench) {
			b.server.Inject(clerktest.HTML(502).On("", clerktest.RouteInstance))
			gone, err := b.client.ConfirmGone(b.Context(), notFound(b), "ins_1")
			equal(b, "gone", gone, false)
			equal(b, "status", asError[*clerk.APIError](b, err).Status, 502)
			equal(b, "is no not-found", clerk.IsNotFound(err), false)
		})
	})
	t.Run("instance is not known", func(t *testing.T) {
		t.Parallel()
		inVirtualTime(t, func(b *bench) {
			gone, err := b.client.ConfirmGone(b.Context(), notFound(b), "")
			noError(b, err)
			equal(b, "gone", gone, true)
			equal(b, "questions", b.server.CountRequests("", clerktest.RouteInstance), 0)
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
			inVirtualTime(t, func(b *bench) {
				b.server.Inject(onGet(fault))
				_, err := b.client.GetOAuthApplication(b.Context(), "oa_none")
				gone, confirmErr := b.client.ConfirmGone(b.Context(), err, b.server.InstanceID())
				noError(b, confirmErr)
				equal(b, "gone", gone, false)
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

package clerk_test

import (
	"testing"

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

package clerk_test

import (
	"sync"
	"testing"
	"testing/synctest"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

func TestInstance(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		noError(f, f.client.CheckInstance("ins_unknown_as_yet"))
		f.inject(clerktest.ClerkError(403, "authorization_invalid").Once())
		_, err := f.client.Instance(f.Context())
		equal(f, "a failure is not kept", isError[*clerk.APIError](err), true)
		for range 2 {
			instance, err := f.client.Instance(f.Context())
			noError(f, err)
			equal(f, "instance", instance, clerk.Instance{ID: f.server.InstanceID(), EnvironmentType: "development"})
		}
		equal(f, "requests", f.requests(), 2)
		noError(f, f.client.CheckInstance(""))
		noError(f, f.client.CheckInstance(f.server.InstanceID()))
		asError[*clerk.InstanceError](f, f.client.CheckInstance("ins_other"))
	})
}

func TestInstanceChecksTheAnswer(t *testing.T) {
	t.Parallel()
	for answer, ok := range map[string]bool{
		`{"object":"instance","id":"ins_1","environment_type":"production","new":{}}`: true, `{"id":"ins_1"}`: true,
		`{"object":"instance"}`: false, `{"object":"instance","id":null}`: false, `{"object":"instance","id":7}`: false,
		`{"object":"user","id":"user_1"}`: false, `null`: false, `[]`: false, `<html>`: false,
	} {
		_, err := clientOn(t, answering(200, "application/json", answer)).Instance(t.Context())
		equal(t, "accepted: "+answer, err == nil, ok)
	}
}

func TestPinnedInstance(t *testing.T) {
	t.Parallel()
	pin := func(config *clerk.Config) { config.InstanceID = "ins_of_the_configuration" }
	synctest.Test(t, func(t *testing.T) {
		server := clerktest.NewInMemory(t)
		ids := server.SeedMany(5, "app %d")
		client := newClient(t, server, func(config *clerk.Config) { config.InstanceID = server.InstanceID() })
		var wait sync.WaitGroup
		for _, id := range ids {
			wait.Go(func() { _, _ = client.GetOAuthApplication(t.Context(), id) })
		}
		wait.Wait()
		equal(t, "questions", server.CountRequests("", clerktest.RouteInstance), 1)
		equal(t, "the question comes first", server.Requests()[0].Route, clerktest.RouteInstance)
	})
	for _, operation := range operations {
		if operation.name == "instance" {
			continue
		}
		run(t, "another one/"+operation.name, func(f *fixture) {
			err := operation.call(f.Context(), f.client, f.server.Seed("web"))
			equal(f, "error", *asError[*clerk.InstanceError](f, err), clerk.InstanceError{Expected: "ins_of_the_configuration", Actual: f.server.InstanceID(), Pinned: true})
			equal(f, "requests", f.requests(), 1)
		}, pin)
		run(t, "unreachable/"+operation.name, func(f *fixture) {
			f.inject(clerktest.ClerkError(403, "authorization_invalid").OnInstance())
			err := operation.call(f.Context(), f.client, f.server.Seed("web"))
			equal(f, "status", asError[*clerk.APIError](f, err).Status, 403)
			contains(f, "text", err.Error(), "to compare it with instance_id")
			equal(f, "unknown", isError[*clerk.CreateOutcomeUnknownError](err), false)
			equal(f, "requests", f.requests(), 1)
		}, pin)
	}
}

// A 404 alone does not say that an application is gone.
func TestConfirmGone(t *testing.T) {
	t.Parallel()
	notFound := clerktest.ClerkError(404, "resource_not_found")
	for name, test := range map[string]struct {
		fault    clerktest.Fault
		instance string // "" is that of the key, "-" is not known
		gone     bool
		fails    bool
	}{
		"own instance":               {notFound, "", true, false},
		"not known":                  {notFound, "-", true, false},
		"another instance":           {notFound, "ins_other", false, true},
		"the instance is unreadable": {clerktest.Fault{}, "ins_1", false, true},
		"plain text 404":             {clerktest.Raw(404, "text/plain", "404 page not found\n"), "", false, false},
		"HTML 404":                   {clerktest.HTML(404), "", false, false},
		"empty 404":                  {clerktest.Raw(404, "", ""), "", false, false},
		"other code":                 {clerktest.ClerkError(404, "something_not_found"), "", false, false},
		"403":                        {clerktest.ClerkError(403, "resource_not_found"), "", false, false},
	} {
		run(t, name, func(f *fixture) {
			instance := map[string]string{"": f.server.InstanceID(), "-": ""}
			if _, ok := instance[test.instance]; !ok {
				instance[test.instance] = test.instance
			}
			f.inject(test.fault.OnRead())
			if name == "the instance is unreadable" {
				f.inject(clerktest.HTML(502).OnInstance())
			}
			_, err := f.client.GetOAuthApplication(f.Context(), "oa_none")
			gone, confirmErr := f.client.ConfirmGone(f.Context(), err, instance[test.instance])
			equal(f, "gone", gone, test.gone)
			equal(f, "fails", confirmErr != nil, test.fails)
			equal(f, "is no not-found", clerk.IsNotFound(confirmErr), false)
			equal(f, "names both instances", isError[*clerk.InstanceError](confirmErr), test.instance == "ins_other")
			equal(f, "asks", f.server.CountRequests("", clerktest.RouteInstance) > 0, test.gone && test.instance == "" || test.fails)
		})
	}
	gone, err := clerk.New(clerk.Config{}).ConfirmGone(t.Context(), nil, "ins_1")
	noError(t, err)
	equal(t, "without an error", gone, false)
}

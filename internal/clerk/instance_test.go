package clerk_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

func TestInstance(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		noError(f, f.client.CheckInstance("ins_unknown_as_yet"))
		f.inject(clerktest.ClerkError(403, "authorization_invalid").Once())
		_, err := f.client.InstanceID(f.Context())
		equal(f, "a failure is not kept", isError[*clerk.APIError](err), true)
		for range 2 {
			id, err := f.client.InstanceID(f.Context())
			noError(f, err)
			equal(f, "instance", id, f.server.InstanceID())
		}
		equal(f, "requests", f.requests(), 2)
		noError(f, f.client.CheckInstance(""))
		noError(f, f.client.CheckInstance(f.server.InstanceID()))
		asError[*clerk.InstanceError](f, f.client.CheckInstance("ins_other"))
	})
	for answer, ok := range map[string]bool{
		`{"object":"instance","id":"ins_1","environment_type":"production","new":{}}`: true, `{"id":"ins_1"}`: true,
		`{"object":"instance"}`: false, `{"object":"instance","id":7}`: false, `{"object":"user","id":"user_1"}`: false,
		`null`: false, `<html>`: false,
	} {
		_, err := clientOn(t, answering(200, "application/json", answer)).InstanceID(t.Context())
		equal(t, "accepted: "+answer, err == nil, ok)
	}
}

func TestPinnedInstance(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		client := newClient(f, f.server, func(config *clerk.Config) { config.InstanceID = f.server.InstanceID() })
		var wait sync.WaitGroup
		for _, id := range f.server.SeedMany(5, "app %d") {
			wait.Go(func() { noError(f, errorOf(client.GetOAuthApplication(f.Context(), id))) })
		}
		wait.Wait()
		equal(f, "questions", f.server.CountRequests("", clerktest.RouteInstance), 1)
		equal(f, "the question comes first", f.server.Requests()[0].Route, clerktest.RouteInstance)
	})
	const pinned = "ins_of_the_configuration"
	for _, operation := range operations {
		if operation.name == "instance" {
			continue
		}
		for name, fault := range map[string]clerktest.Fault{
			"another one/": {}, "unreachable/": clerktest.ClerkError(403, "authorization_invalid").OnInstance(),
		} {
			run(t, name+operation.name, func(f *fixture) {
				f.inject(fault)
				err := operation.call(f.Context(), f.client, f.server.Seed("web"))
				equal(f, "requests", f.requests(), 1)
				equal(f, "unknown", isError[*clerk.CreateOutcomeUnknownError](err), false)
				if name == "unreachable/" {
					equal(f, "status", asError[*clerk.APIError](f, err).Status, 403)
					contains(f, "text", err.Error(), "to compare it with instance_id")
					return
				}
				equal(f, "error", *asError[*clerk.InstanceError](f, err), clerk.InstanceError{
					Expected: pinned, Actual: f.server.InstanceID(), Pinned: true,
				})
			}, func(config *clerk.Config) { config.InstanceID = pinned })
		}
	}
}

// A 404 alone does not say that an application is gone.
func TestConfirmGone(t *testing.T) {
	t.Parallel()
	notFound := clerktest.ClerkError(404, "resource_not_found")
	for name, test := range map[string]struct {
		fault    clerktest.Fault
		instance string // "own" is that of the key
		gone     bool
		fails    bool
	}{
		"own instance":               {notFound, "own", true, false},
		"not known":                  {notFound, "", true, false},
		"another instance":           {notFound, "ins_other", false, true},
		"the instance is unreadable": {notFound, "ins_1", false, true},
		"plain text 404":             {clerktest.Raw(404, "text/plain", "404 page not found\n"), "own", false, false},
		"other code":                 {clerktest.ClerkError(404, "something_not_found"), "own", false, false},
		"403":                        {clerktest.ClerkError(403, "resource_not_found"), "own", false, false},
	} {
		run(t, name, func(f *fixture) {
			f.inject(test.fault.OnRead())
			if name == "the instance is unreadable" {
				f.inject(clerktest.HTML(502).OnInstance())
			}
			instance := strings.Replace(test.instance, "own", f.server.InstanceID(), 1)
			gone, err := f.client.ConfirmGone(f.Context(), errorOf(f.get("oa_none")), instance)
			equal(f, "gone and fails", []bool{gone, err != nil}, []bool{test.gone, test.fails})
			equal(f, "is no not-found", clerk.IsNotFound(err), false)
			equal(f, "names both instances", isError[*clerk.InstanceError](err), instance == "ins_other")
			asks := f.server.CountRequests("", clerktest.RouteInstance) > 0
			equal(f, "asks", asks, test.gone && instance != "" || test.fails)
		})
	}
}

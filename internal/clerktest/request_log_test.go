package clerktest_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

func TestRequestLog(t *testing.T) {
	t.Parallel()
	watched := make(chan clerktest.Request, 10)
	s := clerktest.New(t, clerktest.WithWatch(func(r clerktest.Request) { watched <- r }))
	c := newClient(t, s)
	id := c.create(object{"name": "web", "scopes": nil}).field("id")
	c.get(id)
	c.must(http.MethodGet, applications+"?limit=5&name_query=w", nil)
	c.do(http.MethodPatch, applications+"/"+id, "[1]")
	c.do(http.MethodGet, "/users", nil)
	c.putLogo(id, "file", "image/png", []byte("x"))

	lines := s.RequestLines()
	want := []string{
		`POST /oauth_applications {"name":"web","scopes":null}`,
		"GET /oauth_applications/{id}",
		"GET /oauth_applications?limit=5&name_query=w",
		"PATCH /oauth_applications/{id} [1]",
		"GET /v1/users",
	}
	if !slices.Equal(lines[:5], want) || !strings.HasPrefix(lines[5], "PUT /oauth_applications/{id}/logo (multipart, ") {
		t.Errorf("got %s", strings.Join(lines, "\n"))
	}
	requests := s.Requests()
	_, omitted := requests[0].JSON["public"]
	null, sent := requests[0].JSON["scopes"]
	equal(t, "what was omitted, sent, and null", fmt.Sprint(omitted, sent, null), "false true <nil>")
	equal(t, "id", requests[1].ID, id)
	equal(t, "instance", requests[1].InstanceID, s.InstanceID())
	equal(t, "status", requests[3].Status, http.StatusBadRequest)
	equal(t, "authorization", requests[0].Authorization(), "Bearer "+s.Key())
	equal(t, "count", s.CountRequests(http.MethodGet, ""), 3)
	equal(t, "count of a route", s.CountRequests("", clerktest.RouteApplications), 2)
	equal(t, "watched", (<-watched).String(), want[0])
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if strings.Contains(fmt.Sprintf(format, requests), s.Key()) {
			t.Errorf("%s shows the key", format)
		}
	}
	s.ResetRequests()
	equal(t, "after a reset", len(s.RequestLines()), 0)
}

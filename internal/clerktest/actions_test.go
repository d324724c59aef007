package clerktest_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

func TestSomeoneElse(t *testing.T) {
	t.Parallel()
	s := clerktest.New(t)
	c := newClient(t, s)

	id := s.Seed("web", func(a *clerktest.Application) { a.RedirectURIs = []string{"a://b"} })
	seeded := c.get(id)
	equal(t, "seeded", outcome(seeded, "redirect_uris")+" "+outcome(seeded, "scopes"), "200 [a://b] 200 profile email offline_access")
	equal(t, "a secret nobody saw", len(s.CurrentSecret(id)), 32)

	s.Edit(id, func(a *clerktest.Application) { a.Name = "shop"; a.RedirectURIs[0] = "c://d"; a.ID = "ignored" })
	edited := c.get(id)
	equal(t, "edited", edited.field("name")+" "+outcome(edited, "redirect_uris"), "shop 200 [c://d]")
	if edited.json["updated_at"].(float64) <= seeded.json["updated_at"].(float64) {
		t.Error("an edit does not move updated_at")
	}

	a, _ := s.Application(id)
	a.RedirectURIs[0] = "changed in the copy"
	equal(t, "the server's own", outcome(c.get(id), "redirect_uris"), "200 [c://d]")

	before := s.CurrentSecret(id)
	equal(t, "rotated", s.Rotate(id), s.CurrentSecret(id))
	equal(t, "changed", s.CurrentSecret(id) == before, false)
	equal(t, "issued", fmt.Sprint(s.IssuedSecrets()), fmt.Sprint([]string{before, s.CurrentSecret(id)}))

	s.Delete(id)
	equal(t, "deleted", c.do(http.MethodGet, applications+"/"+id, nil).code(), "resource_not_found")
	if _, found := s.Application(id); found {
		t.Error("a deleted application is found")
	}

	key, _ := s.AddInstance(clerktest.Development)
	equal(t, "keys", fmt.Sprint(s.Keys()), fmt.Sprint([]string{s.Key(), key}))

	dynamic := c.get(s.RegisterDynamically("mcp"))
	equal(t, "dynamic", fmt.Sprint(dynamic.json["dynamically_registered"], " ", dynamic.json["public"], " ", dynamic.json["scopes"]), "true true email offline_access profile")
}

func TestDeletedCustomScope(t *testing.T) {
	t.Parallel()
	s := clerktest.New(t)
	c := newClient(t, s)
	s.AddCustomScope("messages:read")
	with := c.create(object{"name": "with", "scopes": "email messages:read"})
	without := c.create(object{"name": "without"})
	c.must(http.MethodPatch, "/instance/oauth_application_settings", object{"default_scopes": []string{"email", "messages:read"}})

	s.DeleteCustomScope("messages:read")
	equal(t, "of the application", c.get(with.field("id")).field("scopes"), "email offline_access")
	equal(t, "of the other", c.get(without.field("id")).json["updated_at"], without.json["updated_at"])
	settings := c.must(http.MethodGet, "/instance/oauth_application_settings", nil)
	equal(t, "of the settings", outcome(settings, "default_scopes"), "200 [email]")
	equal(t, "new ones", c.do(http.MethodPost, applications, object{"name": "x", "scopes": "messages:read"}).status, http.StatusUnprocessableEntity)
}

package clerktest_test

import (
	"net/http"
	"regexp"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

func TestLifeOfAnApplication(t *testing.T) {
	t.Parallel()
	s := clerktest.New(t)
	c := newClient(t, s)

	created := c.create(object{"name": "web", "redirect_uris": []string{"https://a.example/cb", "myapp://cb"}})
	equal(t, "status", created.status, http.StatusOK)
	for name, form := range map[string]string{
		"id": `^oa_[0-9A-Za-z]{27}$`, "instance_id": `^ins_\w{27}$`, "client_id": `^[0-9A-Za-z]{16}$`,
		"client_secret": `^[0-9A-Za-z]{32}$`, "object": `^oauth_application$`, "scopes": `^profile email offline_access$`,
		"callback_url": `^https://a\.example/cb$`, "authorize_url": `^http://127\.0\.0\.1:\d+/oauth/authorize$`,
	} {
		if !regexp.MustCompile(form).MatchString(created.field(name)) {
			t.Errorf("%s is %q, want %s", name, created.field(name), form)
		}
	}
	equal(t, "consent", created.json["consent_screen_enabled"], any(true))
	equal(t, "public", created.json["public"], any(false))
	equal(t, "pkce", created.json["pkce_required"], any(false))
	id, secret := created.field("id"), created.field("client_secret")
	equal(t, "secret", s.CurrentSecret(id), secret)

	read := c.get(id)
	if _, shown := read.json["client_secret"]; shown {
		t.Error("a GET shows the client secret")
	}

	renamed := c.must(http.MethodPatch, "/oauth_applications/"+id, object{"name": "shop"})
	equal(t, "name", renamed.field("name"), "shop")
	equal(t, "redirects kept", len(renamed.json["redirect_uris"].([]any)), 2)
	if _, shown := renamed.json["client_secret"]; shown {
		t.Error("a PATCH shows the client secret")
	}
	if renamed.json["updated_at"].(float64) <= created.json["updated_at"].(float64) {
		t.Error("updated_at did not grow")
	}
	equal(t, "created_at", renamed.json["created_at"], created.json["created_at"])

	rotated := c.must(http.MethodPost, "/oauth_applications/"+id+"/rotate_secret", nil)
	equal(t, "client_id", rotated.field("client_id"), created.field("client_id"))
	if rotated.field("client_secret") == secret || rotated.field("client_secret") != s.CurrentSecret(id) {
		t.Error("the rotation gave no new secret, or not the one that works")
	}
	equal(t, "issued secrets", len(s.IssuedSecrets()), 2)

	deleted := c.must(http.MethodDelete, "/oauth_applications/"+id, nil)
	equal(t, "deleted", deleted.json["deleted"], any(true))
	for _, method := range []string{http.MethodGet, http.MethodDelete} {
		gone := c.do(method, "/oauth_applications/"+id, nil)
		equal(t, "status after delete", gone.status, http.StatusNotFound)
		equal(t, "code after delete", gone.code(), "resource_not_found")
	}
}

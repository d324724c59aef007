package clerktest_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

func TestNoDefaultScopesAreNull(t *testing.T) {
	t.Parallel()
	s := clerktest.New(t, clerktest.WithSwitches(clerktest.Switches{DefaultScopesOfflineAccess: clerktest.OfflineAccessIncluded}))
	got := newClient(t, s).must(http.MethodPatch, "/instance/oauth_application_settings", object{"default_scopes": []string{}})
	equal(t, "default scopes", outcome(got, "default_scopes"), "200 <nil>")
}

func TestSettings(t *testing.T) {
	t.Parallel()
	s := clerktest.New(t)
	c := newClient(t, s)
	const path = "/instance/oauth_application_settings"
	defaults := "map[aud_claim_enabled:false client_id_metadata_documents_advertised:false client_id_metadata_documents_block_implicitly_allowed_clients:false " +
		"client_id_metadata_documents_only_allow_pre_registered_clients:false default_scopes:<nil> " +
		"dynamic_oauth_client_registration:false oauth_jwt_access_tokens:true object:oauth_application_settings pkce_required:false]"
	equal(t, "defaults", fmt.Sprint(c.must(http.MethodGet, path, nil).json), defaults)

	changed := c.must(http.MethodPatch, path, object{
		"dynamic_oauth_client_registration": true, "default_scopes": []string{"openid", "profile", "email"},
		"client_id_metadata_documents_advertised": true, "client_id_metadata_documents_only_allow_pre_registered_clients": true,
	})
	equal(t, "the answer is what is read", fmt.Sprint(changed.json), fmt.Sprint(c.must(http.MethodGet, path, nil).json))
	equal(t, "default scopes", outcome(changed, "default_scopes"), "200 [openid profile email]")
	equal(t, "registration", changed.json["dynamic_oauth_client_registration"], any(true))

	kept := c.must(http.MethodPatch, path, object{"dynamic_oauth_client_registration": false})
	equal(t, "others are kept", outcome(kept, "default_scopes"), "200 [openid profile email]")
	reset := c.must(http.MethodPatch, path, object{"default_scopes": nil, "dynamic_oauth_client_registration": nil})
	equal(t, "null resets the default scopes", outcome(reset, "default_scopes"), "200 <nil>")
	c.must(http.MethodPatch, path, object{"default_scopes": []string{"openid"}})
	reset = c.must(http.MethodPatch, path, object{"default_scopes": []string{}})
	equal(t, "an empty list does, too", outcome(reset, "default_scopes"), "200 <nil>")
	equal(t, "and is read as null", outcome(c.must(http.MethodGet, path, nil), "default_scopes"), "200 <nil>")
	equal(t, "and only them", reset.json["client_id_metadata_documents_advertised"], any(true))

	s.EditSettings(s.InstanceID(), func(settings *clerktest.Settings) { *settings = clerktest.Settings{OAuthJWTAccessTokens: true} })
	equal(t, "edited in the dashboard", fmt.Sprint(c.must(http.MethodGet, path, nil).json), defaults)
}

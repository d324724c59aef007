package clerktest_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

const applications = "/oauth_applications"

// observations say, for each switch, how to see its effect, and what is seen by default and under each alternative.
var observations = map[string]struct {
	see  func(s *clerktest.Server, c *client) string
	want map[string]string // "" is the default
}{
	"scopes_order": {
		func(_ *clerktest.Server, c *client) string {
			return c.create(object{"name": "x", "scopes": "public_metadata profile email"}).field("scopes")
		},
		map[string]string{
			"":             "public_metadata profile email offline_access",
			"alphabetical": "email offline_access profile public_metadata",
			"fixed":        "profile email public_metadata offline_access",
		},
	},
	"force_offline_access": {
		func(_ *clerktest.Server, c *client) string {
			return c.create(object{"name": "x", "scopes": "email"}).field("scopes")
		},
		map[string]string{"": "email offline_access", "off": "email"},
	},
	"patch_without_offline_access": {
		func(_ *clerktest.Server, c *client) string {
			path := applications + "/" + c.create(object{"name": "x", "scopes": "email"}).field("id")
			return outcome(c.do(http.MethodPatch, path, object{"scopes": "openid profile"}), "scopes")
		},
		map[string]string{
			"":     "422 form_param_value_invalid",
			"keep": "200 openid profile offline_access", "remove": "200 openid profile",
		},
	},
	"unknown_scope": {
		func(_ *clerktest.Server, c *client) string {
			return outcome(c.do(http.MethodPost, applications, object{"name": "x", "scopes": "email nope"}), "scopes")
		},
		map[string]string{
			"": "422 form_param_value_invalid", "oauth_invalid_scope": "400 oauth_invalid_scope",
			"drop": "200 email offline_access", "accept": "200 email nope offline_access",
		},
	},
	"organization_scope": {
		func(_ *clerktest.Server, c *client) string {
			return outcome(c.do(http.MethodPost, applications, object{"name": "x", "scopes": "email user:org:read"}), "scopes")
		},
		map[string]string{"": "422 form_param_value_invalid", "drop": "200 email offline_access", "accept": "200 email user:org:read offline_access"},
	},
	"public_client_secret": {
		func(s *clerktest.Server, c *client) string {
			return secretOf(s, c.create(object{"name": "x", "public": true}))
		},
		map[string]string{"": "the current secret", "empty": `""`, "absent": "absent"},
	},
	"rotate_public": {
		func(s *clerktest.Server, c *client) string {
			id := c.create(object{"name": "x", "public": true}).field("id")
			rotated := c.do(http.MethodPost, applications+"/"+id+"/rotate_secret", nil)
			if rotated.status != http.StatusOK {
				return outcome(rotated, "")
			}
			return secretOf(s, rotated)
		},
		map[string]string{"": `""`, "value": "the current secret", "422": "422 form_conditional_param_disallowed"},
	},
	"public_sets_pkce": {
		func(_ *clerktest.Server, c *client) string {
			return fmt.Sprint(c.create(object{"name": "x", "public": true}).json["pkce_required"])
		},
		map[string]string{"": "false", "on": "true"},
	},
	"public_without_pkce": {
		func(_ *clerktest.Server, c *client) string {
			return outcome(c.do(http.MethodPost, applications, object{"name": "x", "public": true}), "name")
		},
		map[string]string{"": "200 x", "422": "422 form_public_client_requires_pkce"},
	},
	"callback_url_multi": {
		func(_ *clerktest.Server, c *client) string {
			return c.create(object{"name": "x", "redirect_uris": []string{"a://1", "a://2", "a://3"}}).field("callback_url")
		},
		map[string]string{"": "a://1", "last": "a://3", "empty": ""},
	},
	"both_callback_and_redirects": {
		func(_ *clerktest.Server, c *client) string {
			return outcome(c.do(http.MethodPost, applications,
				object{"name": "x", "redirect_uris": []string{"a://1"}, "callback_url": "a://2"}), "redirect_uris")
		},
		map[string]string{"": "200 [a://1]", "422": "422 form_param_value_conflict", "union": "200 [a://1 a://2]"},
	},
	"redirect_order": {
		func(_ *clerktest.Server, c *client) string {
			return outcome(c.do(http.MethodPost, applications, object{"name": "x", "redirect_uris": []string{"a://2", "a://1", "a://3"}}), "redirect_uris")
		},
		map[string]string{"": "200 [a://2 a://1 a://3]", "sorted": "200 [a://1 a://2 a://3]", "reversed": "200 [a://3 a://1 a://2]"},
	},
	"redirect_normalization": {
		func(_ *clerktest.Server, c *client) string {
			return outcome(c.do(http.MethodPost, applications,
				object{"name": "x", "redirect_uris": []string{"HTTPS://A.example", "my:App"}}), "redirect_uris")
		},
		map[string]string{"": "200 [HTTPS://A.example my:App]", "rfc3986": "200 [https://a.example/ my:App]"},
	},
	"redirects_empty": {
		func(_ *clerktest.Server, c *client) string {
			id := c.create(object{"name": "x", "redirect_uris": []string{"a://1"}}).field("id")
			return outcome(c.do(http.MethodPatch, applications+"/"+id, object{"redirect_uris": []string{}}), "redirect_uris")
		},
		map[string]string{"": "200 []", "ignored": "200 [a://1]", "422": "422 form_param_value_invalid"},
	},
	"patch_null": {
		func(_ *clerktest.Server, c *client) string {
			id := c.create(object{"name": "x", "redirect_uris": []string{"a://1"}, "consent_screen_enabled": false, "scopes": "openid"}).field("id")
			got := c.do(http.MethodPatch, applications+"/"+id,
				object{"name": nil, "redirect_uris": nil, "consent_screen_enabled": nil, "scopes": nil})
			if got.status != http.StatusOK {
				return outcome(got, "")
			}
			return fmt.Sprintf("%v %v %v %v", got.json["name"], got.json["redirect_uris"], got.json["consent_screen_enabled"], got.json["scopes"])
		},
		map[string]string{
			"": "x [a://1] false openid offline_access", "reset": "x [] true profile email offline_access", "422": "422 form_param_nil",
		},
	},
	"unknown_field": {
		func(_ *clerktest.Server, c *client) string {
			return outcome(c.do(http.MethodPost, applications, object{"name": "x", "Name": "y"}), "name")
		},
		map[string]string{"": "200 x", "422": "422 form_param_unknown"},
	},
	"list_default_order": {
		func(s *clerktest.Server, c *client) string {
			s.SeedMany(3, "%d")
			return strings.Join(names(c.must(http.MethodGet, applications, nil)), " ")
		},
		map[string]string{"": "3 2 1", "oldest_first": "1 2 3"},
	},
	"limit_out_of_range": {
		func(s *clerktest.Server, c *client) string {
			s.SeedMany(501, "%d")
			got := c.do(http.MethodGet, applications+"?limit=501", nil)
			return fmt.Sprint(got.status, len(names(got)))
		},
		map[string]string{"": "422 0", "clamp": "200 500"},
	},
	"rotate_updated_at": {
		func(_ *clerktest.Server, c *client) string {
			created := c.create(object{"name": "x"})
			rotated := c.must(http.MethodPost, applications+"/"+created.field("id")+"/rotate_secret", nil)
			return fmt.Sprint(rotated.json["updated_at"] == created.json["updated_at"])
		},
		map[string]string{"": "false", "keep": "true"},
	},
	"default_scopes_offline_access": {
		func(_ *clerktest.Server, c *client) string {
			return outcome(c.do(http.MethodPatch, "/instance/oauth_application_settings", object{"default_scopes": []string{"openid", "email"}}), "default_scopes")
		},
		map[string]string{"": "200 [openid email]", "included": "200 [openid email offline_access]"},
	},
	"newer_fields": {
		func(_ *clerktest.Server, c *client) string {
			created := c.do(http.MethodPost, applications, object{"name": "x", "device_authorization_grant_enabled": true})
			settings := c.do(http.MethodPatch, "/instance/oauth_application_settings", object{"aud_claim_enabled": true})
			return fmt.Sprint(outcome(created, "device_authorization_grant_enabled"), ", ", outcome(settings, "aud_claim_enabled"), " ", settings.json["pkce_required"])
		},
		map[string]string{
			"": "200 true, 200 true false", "drop": "200 <nil>, 200 <nil> <nil>", "422": "422 form_param_unknown, 422 form_param_unknown <nil>",
		},
	},
	"dcr_forces_consent": {
		func(s *clerktest.Server, c *client) string {
			id := c.create(object{"name": "x", "consent_screen_enabled": false}).field("id")
			c.must(http.MethodPatch, "/instance/oauth_application_settings", object{"dynamic_oauth_client_registration": true})
			seen := outcome(c.get(id), "consent_screen_enabled")
			created := outcome(c.do(http.MethodPost, applications, object{"name": "y", "consent_screen_enabled": false}), "consent_screen_enabled")
			patched := outcome(c.do(http.MethodPatch, applications+"/"+id, object{"consent_screen_enabled": false}), "consent_screen_enabled")
			s.EditSettings(s.InstanceID(), func(settings *clerktest.Settings) { settings.DynamicOAuthClientRegistration = false })
			return seen + ", " + created + ", " + patched + ", off again " + outcome(c.get(id), "consent_screen_enabled")
		},
		map[string]string{
			"":   "200 false, 200 false, 200 false, off again 200 false",
			"on": "200 true, 422 oauth_application_consent_screen_cannot_be_disabled, 422 oauth_application_consent_screen_cannot_be_disabled, off again 200 false",
		},
	},
	"token_info": {
		func(s *clerktest.Server, c *client) string {
			created := c.create(object{"name": "x"})
			clientID, first := created.field("client_id"), created.field("client_secret")
			second := s.Rotate(created.field("id"))
			return tokenInfo(c, clientID, second) + ", old " + tokenInfo(c, clientID, first) + ", wrong " + tokenInfo(c, clientID, "wrong")
		},
		map[string]string{
			"":                     "200 false, old 401 request_unauthorized, wrong 401 request_unauthorized",
			"invalid_client":       "200 false, old 401 invalid_client, wrong 401 invalid_client",
			"legacy":               "422 feature_requires_oidc_provider, old 422 feature_requires_oidc_provider, wrong 422 feature_requires_oidc_provider",
			"authenticates_nobody": "200 false, old 200 false, wrong 200 false",
			"refuses_everybody":    "401 request_unauthorized, old 401 request_unauthorized, wrong 401 request_unauthorized",
			"lags":                 "401 request_unauthorized, old 200 false, wrong 401 request_unauthorized",
		},
	},
	"read_lag": {
		func(s *clerktest.Server, c *client) string {
			id := c.create(object{"name": "new"}).field("id")
			return outcome(c.do(http.MethodGet, applications+"/"+id, nil), "name")
		},
		map[string]string{"": "200 new", "500ms": "404 resource_not_found", "3s": "404 resource_not_found"},
	},
}

// outcome is the status with one field of a success, or with the code of an error.
func outcome(r response, name string) string {
	if r.status/100 == 2 {
		return fmt.Sprint(r.status, " ", r.json[name])
	}
	return fmt.Sprint(r.status, " ", r.code())
}

func secretOf(s *clerktest.Server, r response) string {
	secret, sent := r.json["client_secret"]
	switch {
	case !sent:
		return "absent"
	case secret == "":
		return `""`
	case secret == s.CurrentSecret(r.field("id")):
		return "the current secret"
	default:
		return "another secret"
	}
}

func names(r response) (names []string) {
	data, _ := r.json["data"].([]any)
	for _, item := range data {
		names = append(names, fmt.Sprint(item.(object)["name"]))
	}
	return names
}

func TestEachSwitchHasItsEffect(t *testing.T) {
	t.Parallel()
	for name, observation := range observations {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := clerktest.New(t)
			equal(t, "by default", observation.see(s, newClient(t, s)), observation.want[""])
		})
	}
	for _, setting := range clerktest.AllSwitches()[1:] {
		t.Run(setting.Name, func(t *testing.T) {
			t.Parallel()
			name, value, _ := strings.Cut(setting.Name, "=")
			want, found := observations[name].want[value]
			if !found || want == observations[name].want[""] {
				t.Fatalf("nothing distinguishes this setting from the default")
			}
			plain := clerktest.New(t)
			observations[name].see(plain, newClient(t, plain))
			equal(t, "the setting concerns one of the requests", slices.ContainsFunc(plain.Requests(), setting.Concerns), true)
			s := clerktest.New(t, clerktest.WithSwitches(setting.Switches))
			equal(t, "observation", observations[name].see(s, newClient(t, s)), want)

			s = clerktest.New(t)
			s.Set(setting.Switches)
			equal(t, "set later", observations[name].see(s, newClient(t, s)), want)
		})
	}
}

const readLag = "read_lag"

func TestSetByName(t *testing.T) {
	t.Parallel()
	var switches clerktest.Switches
	for _, valid := range [][2]string{{"scopes_order", "fixed"}, {"scopes_order", "alphabetical"}, {"unknown_scope", "drop"}, {"unknown_scope", "form_param_value_invalid"}, {readLag, "750ms"}} {
		if err := switches.SetByName(valid[0], valid[1]); err != nil {
			t.Error(err)
		}
	}
	equal(t, "switches", switches, clerktest.Switches{ScopesOrder: clerktest.ScopesAlphabetical, ReadLag: 750 * time.Millisecond})
	for _, invalid := range [][3]string{
		{"scope_order", "as_sent", "scopes_order"}, {"scopes_order", "random", "as_sent, alphabetical, fixed"}, {readLag, "-1s", "duration"},
	} {
		if err := switches.SetByName(invalid[0], invalid[1]); err == nil || !strings.Contains(err.Error(), invalid[2]) {
			t.Errorf("%s=%s: got %v, want an error that tells of %s", invalid[0], invalid[1], err, invalid[2])
		}
	}
}

func TestReadLag(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := clerktest.NewInMemory(t, clerktest.WithSwitches(clerktest.Switches{ReadLag: 3 * time.Second}))
		c := newMemoryClient(t, s)
		id := c.create(object{"name": "one"}).field("id")
		path := applications + "/" + id
		see := func() string {
			list := c.must(http.MethodGet, applications, nil)
			return fmt.Sprint(outcome(c.do(http.MethodGet, path, nil), "name"), names(list), list.json["total_count"])
		}
		equal(t, "at once", see(), "404 resource_not_found[] 0")
		c.must(http.MethodPatch, path, object{"name": "two"}) // writes see the current values
		time.Sleep(2999 * time.Millisecond)
		c.must(http.MethodPatch, path, object{"name": "three"})
		equal(t, "before the lag", see(), "404 resource_not_found[] 0")
		time.Sleep(time.Millisecond)
		equal(t, "after the lag of the first two writes", see(), "200 two[two] 1")
		time.Sleep(3 * time.Second)
		equal(t, "after all", see(), "200 three[three] 1")
		c.must(http.MethodDelete, path, nil)
		equal(t, "deleted, still seen", see(), "200 three[three] 1")
		equal(t, "deleted twice", c.do(http.MethodDelete, path, nil).status, http.StatusNotFound)
		time.Sleep(3 * time.Second)
		equal(t, "deleted", see(), "404 resource_not_found[] 0")

		settings := "/instance/oauth_application_settings"
		c.must(http.MethodPatch, settings, object{"dynamic_oauth_client_registration": true})
		equal(t, "settings at once", c.must(http.MethodGet, settings, nil).json["dynamic_oauth_client_registration"], any(false))
		time.Sleep(3 * time.Second)
		equal(t, "settings later", c.must(http.MethodGet, settings, nil).json["dynamic_oauth_client_registration"], any(true))
	})
}

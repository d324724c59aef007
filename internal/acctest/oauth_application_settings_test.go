package acctest

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

const settingsAddress = "clerk_oauth_application_settings.test"

// settings is a configuration of the instance's settings.
func (f *fixture) settings(arguments string) string {
	return "resource \"clerk_oauth_application_settings\" \"test\" {\n" + arguments + "\n}\n"
}

func settingsPlan(action plancheck.ResourceActionType, attribute string, value knownvalue.Check) resource.ConfigPlanChecks {
	return planned(plancheck.ExpectResourceAction(settingsAddress, action),
		plancheck.ExpectKnownValue(settingsAddress, tfjsonpath.New(attribute), value))
}

// The settings are those of a whole instance, so none of these tests runs against Clerk itself.

// TestAccOAuthApplicationSettings_basic is the life of the settings: creating adopts what is there,
// only differences are sent, an argument that leaves is not enforced, and destroying changes nothing.
func TestAccOAuthApplicationSettings_basic(t *testing.T) {
	f := simulated(t)
	edit := func(change func(*clerktest.Settings)) func() {
		return func() { f.EditSettings(change) }
	}
	edit(func(s *clerktest.Settings) { s.DynamicOAuthClientRegistration = true })()
	f.test(
		resource.TestStep{ // what the dashboard says stays, and nothing is sent for it
			Config: f.settings(`dynamic_oauth_client_registration = true
				default_scopes = ["profile", "email"]`),
			ConfigPlanChecks: settingsPlan(plancheck.ResourceActionCreate, "default_scopes", set("email", "profile")),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(settingsAddress, tfjsonpath.New("id"), knownvalue.StringExact(f.InstanceID())),
				statecheck.ExpectKnownValue(settingsAddress, tfjsonpath.New("oauth_jwt_access_tokens"), knownvalue.Bool(true)),
			},
			PostApplyFunc: f.sent(`PATCH /instance/oauth_application_settings {"default_scopes":["email","profile"]}`),
		},
		resource.TestStep{ // someone else changes what is configured, and what is not
			PreConfig: edit(func(s *clerktest.Settings) {
				s.DynamicOAuthClientRegistration, s.OAuthJWTAccessTokens = false, false
			}),
			Config: f.settings(`dynamic_oauth_client_registration = true
				default_scopes = ["email", "profile"]`),
			ConfigPlanChecks: settingsPlan(plancheck.ResourceActionUpdate, "oauth_jwt_access_tokens", knownvalue.Bool(false)),
			PostApplyFunc:    f.sent(`PATCH /instance/oauth_application_settings {"dynamic_oauth_client_registration":true}`),
		},
		resource.TestStep{ // default scopes that leave the configuration become Clerk's own again
			Config:           f.settings(""),
			ConfigPlanChecks: settingsPlan(plancheck.ResourceActionUpdate, "default_scopes", knownvalue.Null()),
			PostApplyFunc:    f.sent(`PATCH /instance/oauth_application_settings {"default_scopes":null}`),
		},
		resource.TestStep{ // after that, the dashboard decides
			PreConfig:        edit(func(s *clerktest.Settings) { s.DefaultScopes = []string{"openid"} }),
			Config:           f.settings(""),
			ConfigPlanChecks: planned(noChange),
			PostApplyFunc:    f.sent(),
		},
		resource.TestStep{ // the empty set asks for Clerk's own defaults, whatever there was before
			Config:           f.settings("default_scopes = []"),
			ConfigPlanChecks: settingsPlan(plancheck.ResourceActionUpdate, "default_scopes", set()),
			PostApplyFunc:    f.sent(`PATCH /instance/oauth_application_settings {"default_scopes":null}`),
		},
		resource.TestStep{
			Config:        f.settings("default_scopes = []"),
			Destroy:       true,
			PostApplyFunc: func() { f.sent()(); f.warned("OAuth application settings stay as they are")() },
		},
	)
}

// TestAccOAuthApplicationSettings_import adopts by the id of the instance and by the fixed name.
func TestAccOAuthApplicationSettings_import(t *testing.T) {
	f := simulated(t)
	f.EditSettings(func(s *clerktest.Settings) { s.DefaultScopes = []string{"email"} })
	config := requiredProviders + f.settings(`default_scopes = ["email"]`)
	imported := func(kind resource.ImportStateKind, id string) resource.TestStep {
		return resource.TestStep{
			Config: config, ResourceName: settingsAddress, ImportState: true, ImportStateKind: kind, ImportStateId: id,
		}
	}
	byCommand := imported(resource.ImportCommandWithID, f.InstanceID())
	byCommand.ImportStateVerify = true
	another := imported(resource.ImportCommandWithID, "ins_2O4BCh3zUONvWlZHtBXv6s6tm7u")
	another.ExpectError = fails("belongs to instance " + f.InstanceID())
	f.test(
		resource.TestStep{Config: config, PostApplyFunc: f.sent()},
		byCommand,
		imported(resource.ImportBlockWithID, f.InstanceID()),
		imported(resource.ImportBlockWithID, "oauth_application_settings"),
		another,
	)
}

// TestAccOAuthApplicationSettings_refused: what Clerk refuses or does not apply is an error at the
// attribute, and the state has what is true.
func TestAccOAuthApplicationSettings_refused(t *testing.T) {
	f := simulated(t)
	ignored := clerktest.Changed(func(answer map[string]any) { answer["oauth_jwt_access_tokens"] = true }).On("PATCH", clerktest.RouteSettings)
	f.test(
		resource.TestStep{
			Config:      f.settings(`default_scopes = ["email", "offline_access"]`),
			ExpectError: fails(`offline_access`),
		},
		resource.TestStep{
			PreConfig:   f.sent(),
			Config:      f.settings(`default_scopes = ["unheard:of"]`),
			ExpectError: fails(`Unable to update OAuth application settings`),
		},
		resource.TestStep{Config: f.settings("oauth_jwt_access_tokens = true")},
		resource.TestStep{
			PreConfig:   func() { f.Inject(ignored.Once()) },
			Config:      f.settings("oauth_jwt_access_tokens = false\ndynamic_oauth_client_registration = true"),
			ExpectError: fails(`oauth_jwt_access_tokens`),
		},
		resource.TestStep{
			PreConfig:        func() { f.EditSettings(func(s *clerktest.Settings) { s.OAuthJWTAccessTokens = true }) },
			Config:           f.settings("oauth_jwt_access_tokens = false\ndynamic_oauth_client_registration = true"),
			ConfigPlanChecks: settingsPlan(plancheck.ResourceActionUpdate, "oauth_jwt_access_tokens", knownvalue.Bool(false)),
			PostApplyFunc:    f.sent(`PATCH /instance/oauth_application_settings {"oauth_jwt_access_tokens":false}`),
		},
	)
}

package acctest

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// address is that of the application under test.
const address = "clerk_oauth_application.test"

// requiredProviders is what the pages of a registry leave out. Plugin-testing adds it, but not where
// a step imports.
const requiredProviders = "terraform {\n  required_providers {\n    clerk = { source = \"terraform-provider-clerk/clerk\" }\n  }\n}\n"

// web is the block of the application under test with the given arguments.
func (f *fixture) web(arguments ...string) string { return application(f.name, arguments...) }

func application(name string, arguments ...string) string {
	return fmt.Sprintf("resource \"clerk_oauth_application\" \"test\" {\n  name = %q\n  %s\n}\n", name, strings.Join(arguments, "\n  "))
}

var (
	creates  = plancheck.ExpectResourceAction(address, plancheck.ResourceActionCreate)
	replaces = plancheck.ExpectResourceAction(address, plancheck.ResourceActionReplace)
	noChange = plancheck.ExpectEmptyPlan()
)

// has checks one attribute of the application under test.
func has(attribute string, value knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(address, tfjsonpath.New(attribute), value)
}

// secretWorks checks that the secret in the state works now.
func (f *fixture) secretWorks() statecheck.StateCheck {
	return has("client_secret", knownvalue.StringFunc(f.works))
}

func text(value string) knownvalue.Check { return knownvalue.StringExact(value) }

func matches(pattern string) knownvalue.Check {
	return knownvalue.StringRegexp(regexp.MustCompile(pattern))
}

func set(values ...string) knownvalue.Check {
	checks := []knownvalue.Check{}
	for _, value := range values {
		checks = append(checks, text(value))
	}
	return knownvalue.SetExact(checks)
}

// updates checks that the plan updates the application under test in exactly these attributes. A
// question mark stands behind an attribute whose new value is not known yet.
type updates string

func (want updates) CheckPlan(_ context.Context, req plancheck.CheckPlanRequest, resp *plancheck.CheckPlanResponse) {
	var got []string
	for _, r := range req.Plan.ResourceChanges {
		if r.Address != address || !r.Change.Actions.Update() {
			continue
		}
		after, unknown := r.Change.After.(map[string]any), r.Change.AfterUnknown.(map[string]any)
		for name, before := range r.Change.Before.(map[string]any) {
			if strings.Contains(fmt.Sprint(unknown[name]), "true") { // of a set, any element
				got = append(got, name+"?")
			} else if fmt.Sprint(before) != fmt.Sprint(after[name]) {
				got = append(got, name)
			}
		}
	}
	slices.Sort(got)
	if wanted := slices.Sorted(strings.FieldsSeq(string(want))); !slices.Equal(got, wanted) {
		resp.Error = fmt.Errorf("the plan updates %v of %s, want %v", got, address, wanted)
	}
}

// fails is what an error must say. The engine breaks lines anywhere, so a space matches them too.
func fails(pattern string) *regexp.Regexp {
	return regexp.MustCompile("(?s)" + strings.ReplaceAll(pattern, " ", `\s+`))
}

// later is a block with a value that a plan does not know when it changes, as
// terraform_data.later.output.
func later(value string) string {
	return fmt.Sprintf("resource \"terraform_data\" \"later\" {\n  input = %q\n}\n", value)
}

func TestAccOAuthApplication_basic(t *testing.T) {
	f := anywhere(t)
	f.test(
		resource.TestStep{
			Config:           f.web(),
			ConfigPlanChecks: planned(creates, f.warned()),
			ConfigStateChecks: []statecheck.StateCheck{
				f.secretWorks(),
				statecheck.ExpectSensitiveValue(address, tfjsonpath.New("client_secret")),
				has("id", matches("^oa_")), has("instance_id", matches("^ins_")), has("client_id", matches("^.{16}$")),
				has("name", text(f.name)), has("redirect_uris", set()), has("callback_url", text("")), has("scopes", set("profile", "email")),
				has("consent_screen_enabled", knownvalue.Bool(true)), has("pkce_required", knownvalue.Bool(false)),
				has("public", knownvalue.Bool(false)), has("dynamically_registered", knownvalue.Bool(false)),
				has("deletion_protection", knownvalue.Bool(false)), has("client_secret_version", milliseconds),
				has("client_secret_encrypted", knownvalue.Null()), has("rotate_secret_trigger", knownvalue.Null()),
				has("client_uri", knownvalue.Null()), has("client_image_url", knownvalue.Null()), has("logo_sha256", knownvalue.Null()),
				has("created_at", matches(`^2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$`)), has("updated_at", matches("Z$")),
				has("discovery_url", matches("/.well-known/openid-configuration$")), has("authorize_url", matches("/oauth/authorize$")),
				has("token_fetch_url", matches("/oauth/token$")), has("user_info_url", matches("/oauth/userinfo$")),
				has("token_introspection_url", matches("/oauth/token_info$")),
			},
			PostApplyFunc: f.sent(`POST {"name":"NAME"}`),
		},
		resource.TestStep{Config: f.web(), Destroy: true, PostApplyFunc: f.sent("DELETE")},
	)
}

func TestAccOAuthApplication_complete(t *testing.T) {
	f := anywhere(t)
	settings := `
  redirect_uris          = ["https://app.example.com/cb", "myapp://cb"]
  scopes                 = ["openid", "profile", "email"]
  consent_screen_enabled = false
  pkce_required          = true
  public                 = false
  deletion_protection    = false`
	enforced := []statecheck.StateCheck{
		f.secretWorks(), has("redirect_uris", set("https://app.example.com/cb", "myapp://cb")), has("scopes", set("openid", "profile", "email")),
		has("consent_screen_enabled", knownvalue.Bool(false)), has("pkce_required", knownvalue.Bool(true)),
	}
	f.test(
		resource.TestStep{
			Config: f.web(settings, `rotate_secret_trigger = "first"`, `timeouts {
    create = "1m"
    read   = "1m"
  }`),
			ConfigPlanChecks:  planned(creates, f.warned()),
			ConfigStateChecks: append(enforced, has("rotate_secret_trigger", text("first"))),
			PostApplyFunc: f.sent(`POST {"consent_screen_enabled":false,"name":"NAME","pkce_required":true,"public":false,` +
				`"redirect_uris":["https://app.example.com/cb","myapp://cb"],"scopes":"email openid profile"}`),
		},
		resource.TestStep{ // what only Terraform knows needs no request
			Config:            f.web(settings, "timeouts {\n    delete = \"1m\"\n  }"),
			ConfigPlanChecks:  planned(updates("rotate_secret_trigger timeouts"), f.warned()),
			ConfigStateChecks: append(enforced, has("rotate_secret_trigger", knownvalue.Null())),
			PostApplyFunc:     f.sent(),
		},
		resource.TestStep{
			Config:            f.web(),
			ConfigPlanChecks:  planned(updates("timeouts"), f.warned()),
			ConfigStateChecks: enforced,
			PostApplyFunc:     f.sent(),
		},
		resource.TestStep{ // what is not configured is not enforced
			PreConfig:         f.elsewhere(http.MethodPatch, "", `{"pkce_required":false,"redirect_uris":[]}`),
			Config:            f.web(),
			ConfigPlanChecks:  planned(noChange, f.warned()),
			ConfigStateChecks: []statecheck.StateCheck{has("pkce_required", knownvalue.Bool(false)), has("redirect_uris", set())},
			PostApplyFunc:     f.sent(),
		},
	)
}

func TestAccOAuthApplication_name(t *testing.T) {
	f := anywhere(t)
	renamed := application(f.name + " shop")
	f.test(
		resource.TestStep{Config: f.web()},
		resource.TestStep{
			Config:            renamed,
			ConfigPlanChecks:  planned(updates("name updated_at?"), f.warned()),
			ConfigStateChecks: []statecheck.StateCheck{f.secretWorks(), has("name", text(f.name+" shop"))},
			PostApplyFunc:     f.sent(`PATCH {"name":"NAME shop"}`),
		},
		resource.TestStep{
			PreConfig:        f.elsewhere(http.MethodPatch, "", `{"name":"`+f.name+` theirs"}`),
			Config:           renamed,
			ConfigPlanChecks: planned(updates("name updated_at?"), f.warned()),
			PostApplyFunc:    f.sent(`PATCH {"name":"NAME shop"}`),
		},
		resource.TestStep{ // white space at an end, which Clerk may remove, makes no other name
			Config:           application(f.name + " shop "),
			ConfigPlanChecks: planned(noChange, f.warned("[Ww]hite space .*name")),
			PostApplyFunc:    f.sent(),
		},
	)
}

func TestAccOAuthApplication_unknownValues(t *testing.T) {
	f := anywhere(t)
	unknown := func(path, scope string) string {
		return `
locals {
  path  = "${terraform_data.later.output}"
  scope = split("/", terraform_data.later.output)[1]
}
` + later(path+"/"+scope) + `resource "clerk_oauth_application" "test" {
  name          = "` + f.name + ` ${terraform_data.later.output}"
  redirect_uris = ["https://app.example.com/${terraform_data.later.output}"]
  scopes        = ["profile", split("/", terraform_data.later.output)[1]]
}
`
	}
	f.test(
		resource.TestStep{
			Config:        unknown("one", "email"),
			PostApplyFunc: f.sent(`POST {"name":"NAME one/email","redirect_uris":["https://app.example.com/one/email"],"scopes":"email profile"}`),
		},
		resource.TestStep{
			Config:           unknown("two", "openid"),
			ConfigPlanChecks: planned(updates("name? redirect_uris? callback_url? scopes? updated_at?"), f.warned()),
			ConfigStateChecks: []statecheck.StateCheck{
				f.secretWorks(), has("name", text(f.name+" two/openid")), has("scopes", set("profile", "openid")),
				has("callback_url", text("https://app.example.com/two/openid")),
			},
			PostApplyFunc: f.sent(`PATCH {"name":"NAME two/openid","redirect_uris":["https://app.example.com/two/openid"],"scopes":"offline_access openid profile"}`),
		},
	)
}

// Each of these arguments is changed in the configuration, changed back by someone else, and removed
// from the configuration, which changes nothing.
func TestAccOAuthApplication_arguments(t *testing.T) {
	for name, life := range map[string]struct {
		first, same, second string // same says what the first one says
		plan, sent          string // the change from the first to the second
		elsewhere           string // what someone else makes of it
	}{
		"consent_screen_enabled": {
			"consent_screen_enabled = true", "", "consent_screen_enabled = false",
			"consent_screen_enabled", `{"consent_screen_enabled":false}`, `{"consent_screen_enabled":true}`,
		},
		"pkce_required": {
			"pkce_required = false", "", "pkce_required = true",
			"pkce_required", `{"pkce_required":true}`, `{"pkce_required":false}`,
		},
		"device_authorization_grant_enabled": {
			"device_authorization_grant_enabled = true", "", "device_authorization_grant_enabled = false",
			"device_authorization_grant_enabled", `{"device_authorization_grant_enabled":false}`, `{"device_authorization_grant_enabled":true}`,
		},
		"redirect_uris": {
			`redirect_uris = ["https://app.example.com/cb", "myapp://cb"]`, `redirect_uris = ["myapp://cb", "https://app.example.com/cb", "myapp://cb"]`,
			`redirect_uris = ["http://localhost:8080/cb"]`,
			"redirect_uris callback_url?", `{"redirect_uris":["http://localhost:8080/cb"]}`, `{"redirect_uris":["https://theirs.example.com/cb"]}`,
		},
		"no redirect_uris": {
			`redirect_uris = ["https://app.example.com/cb"]`, "", "redirect_uris = []",
			"redirect_uris callback_url?", `{"redirect_uris":[]}`, `{"redirect_uris":["https://theirs.example.com/cb"]}`,
		},
		"scopes, one is removed": {
			`scopes = ["email", "openid"]`, `scopes = ["openid", "email"]`, `scopes = ["profile", "email"]`,
			"scopes", `{"scopes":"email offline_access profile"}`, `{"scopes":"email offline_access"}`,
		},
		"scopes, one is added": {
			`scopes = ["email", "openid"]`, "", `scopes = ["email"]`,
			"scopes", `{"scopes":"email offline_access"}`, `{"scopes":"email public_metadata offline_access"}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := anywhere(t)
			change := resource.TestStep{
				Config:            f.web(life.second),
				ConfigPlanChecks:  planned(updates(life.plan+" updated_at?"), f.warned()),
				ConfigStateChecks: []statecheck.StateCheck{f.secretWorks()},
				PostApplyFunc:     f.sent("PATCH " + life.sent),
			}
			repair := change
			repair.PreConfig = f.elsewhere(http.MethodPatch, "", life.elsewhere)
			f.test(
				resource.TestStep{Config: f.web(life.first)},
				resource.TestStep{Config: f.web(cmp.Or(life.same, life.first)), PlanOnly: true},
				change, repair,
				resource.TestStep{Config: f.web(), PlanOnly: true},
			)
		})
	}
}

// Clerk's answer may lack a newer field.
func TestAccOAuthApplication_missingField(t *testing.T) {
	f := simulated(t)
	f.Set(clerktest.Switches{NewerFields: "drop"})
	f.test(resource.TestStep{
		Config:            f.web(),
		ConfigPlanChecks:  planned(creates, f.warned()),
		ConfigStateChecks: []statecheck.StateCheck{has("device_authorization_grant_enabled", knownvalue.Null())},
	})
}

func TestAccOAuthApplication_timeouts(t *testing.T) {
	f := simulated(t)
	config := f.web("timeouts {\n    read = \"2s\"\n  }")
	f.test(
		resource.TestStep{Config: config},
		resource.TestStep{
			PreConfig:   func() { f.Inject(clerktest.NeverAnswers().OnRead().Once()) },
			Config:      config,
			PlanOnly:    true,
			ExpectError: fails("took longer than its timeout"),
		},
		resource.TestStep{Config: config, PlanOnly: true},
	)
}

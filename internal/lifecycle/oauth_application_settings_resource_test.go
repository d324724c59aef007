package lifecycle

import (
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
)

// patches are the bodies of the PATCH requests since the last call.
func patches(server *clerktest.Server) []string {
	found := []string{}
	for _, request := range server.Requests() {
		if request.Method != http.MethodGet {
			found = append(found, request.Method+" "+string(request.Body))
		}
	}
	server.ResetRequests()
	return found
}

func assertPatches(t *testing.T, server *clerktest.Server, want ...string) {
	t.Helper()
	if got := patches(server); !slices.Equal(got, want) {
		t.Errorf("sent was\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// assertPlan checks the plan for settings that are in the state: nothing of it may be
// unknown.
func assertPlan(t *testing.T, plan *prototest.Plan, action prototest.Action, changed ...string) {
	t.Helper()
	if plan.Action != action || !slices.Equal(plan.Changed(), changed) {
		t.Errorf("the plan is to %s %q, want %s %q", plan.Action, plan.Changed(), action, changed)
	}
	if unknown := plan.Unknown(); len(unknown) > 0 {
		t.Errorf("the plan does not know %q", unknown)
	}
}

// TestProtocolSettings is the life of the settings, under every switch of the
// simulator that concerns them. It leaves out the read lag, because each step
// reads right after it wrote.
func TestProtocolSettings(t *testing.T) {
	t.Parallel()
	concerned := []string{"default", "scopes_order", "force_offline_access", "unknown_scope", "organization_scope", "patch_null", "unknown_field", "default_scopes_offline_access", "extra_fields"}
	for _, setting := range clerktest.AllSwitches() {
		if name, _, _ := strings.Cut(setting.Name, "="); !slices.Contains(concerned, name) {
			continue
		}
		t.Run(setting.Name, func(t *testing.T) {
			t.Parallel()
			server := clerktest.New(t, clerktest.WithSwitches(setting.Switches))
			id := server.InstanceID()
			server.EditSettings(id, func(s *clerktest.Settings) {
				s.DefaultScopes = []string{"openid", "email"}
				s.DynamicOAuthClientRegistration = true
			})
			settings := newProvider(t, server).Resource(settingsType)

			// Settings from the dashboard stay, and nothing is sent.
			settings.Apply(nil)
			assertPatches(t, server)
			state := settings.State()
			if state.String("id") != id || settings.Identity().String("id") != id {
				t.Errorf("the id is %s, the identity %s", state.String("id"), settings.Identity().JSON())
			}
			if got := state.Strings("default_scopes"); !slices.Equal(got, []string{"email", "openid"}) || !state.Bool("dynamic_oauth_client_registration") || !state.Bool("oauth_jwt_access_tokens") {
				t.Errorf("the state is %s", state.JSON())
			}

			// Settings that depend on each other go together, and alone.
			config := prototest.Values{
				"client_id_metadata_documents_advertised":                        true,
				"client_id_metadata_documents_only_allow_pre_registered_clients": true,
			}
			plan := settings.Plan(config)
			assertPlan(t, plan, prototest.Update, "client_id_metadata_documents_advertised", "client_id_metadata_documents_only_allow_pre_registered_clients")
			plan.Apply()
			settings.AssertNoChanges(config)
			assertPatches(t, server, `PATCH {"client_id_metadata_documents_advertised":true,"client_id_metadata_documents_only_allow_pre_registered_clients":true}`)

			// Default scopes are a set.
			config["default_scopes"] = []string{"profile", "email"}
			plan = settings.Plan(config)
			assertPlan(t, plan, prototest.Update, "default_scopes")
			plan.Apply()
			settings.AssertNoChanges(config)
			assertPatches(t, server, `PATCH {"default_scopes":["email","profile"]}`)
			config["default_scopes"] = []string{"email", "profile"}
			settings.AssertNoChanges(config)
			assertPatches(t, server)

			// A switch that is no longer configured stays. Default scopes that are no longer configured are reset to Clerk's own, once.
			delete(config, "default_scopes")
			delete(config, "client_id_metadata_documents_only_allow_pre_registered_clients")
			plan = settings.Plan(config)
			assertPlan(t, plan, prototest.Update, "default_scopes")
			if plan.Get("default_scopes") != nil {
				t.Errorf("the plan makes default_scopes %v", plan.Get("default_scopes"))
			}
			plan.Apply()
			settings.AssertNoChanges(config)
			assertPatches(t, server, `PATCH {"default_scopes":null}`)
			if current := server.Settings(id); current.DefaultScopes != nil || !current.ClientIDMetadataDocumentsOnlyAllowPreRegistered {
				t.Errorf("the instance has %+v", current)
			}

			// After that the dashboard decides about them, but not about the configured switch.
			server.EditSettings(id, func(s *clerktest.Settings) {
				s.DefaultScopes = []string{"openid"}
				s.ClientIDMetadataDocumentsAdvertised = false
			})
			plan = settings.Plan(config)
			assertPlan(t, plan, prototest.Update, "client_id_metadata_documents_advertised")
			plan.Apply()
			settings.AssertNoChanges(config)
			assertPatches(t, server, `PATCH {"client_id_metadata_documents_advertised":true}`)

			// Drift of default scopes that are configured.
			config["default_scopes"] = []string{"openid"}
			settings.Apply(config)
			patches(server)
			server.EditSettings(id, func(s *clerktest.Settings) { s.DefaultScopes = []string{"email", "openid"} })
			assertPlan(t, settings.Plan(config), prototest.Update, "default_scopes")
			server.EditSettings(id, func(s *clerktest.Settings) { s.DefaultScopes = nil })
			assertPlan(t, settings.Plan(config), prototest.Update, "default_scopes")
			settings.Apply(config)
			patches(server)

			before := server.Settings(id)
			ds := settings.Destroy()
			if len(ds) != 1 || !strings.Contains(ds.Warnings().String(), "stay as they are") {
				t.Errorf("the destruction says: %s", ds)
			}
			assertPatches(t, server)
			if after := server.Settings(id); settings.Exists() || !reflect.DeepEqual(after, before) {
				t.Errorf("the destruction changed %+v to %+v", before, after)
			}
		})
	}
}

func TestProtocolSettingsCreateSendsDifferences(t *testing.T) {
	t.Parallel()
	server := clerktest.New(t)
	server.EditSettings(server.InstanceID(), func(s *clerktest.Settings) { s.DefaultScopes = []string{"email", "offline_access"} })
	settings := newProvider(t, server).Resource(settingsType)
	config := prototest.Values{
		"default_scopes": []string{"email"}, "oauth_jwt_access_tokens": true, "dynamic_oauth_client_registration": true,
	}
	plan := settings.Plan(config)
	if want := []string{
		"aud_claim_enabled",
		"client_id_metadata_documents_advertised",
		"client_id_metadata_documents_block_implicitly_allowed_clients",
		"client_id_metadata_documents_only_allow_pre_registered_clients",
		"id",
		"pkce_required",
	}; !slices.Equal(plan.Unknown(), want) {
		t.Errorf("the plan does not know %q", plan.Unknown())
	}
	plan.Apply()
	assertPatches(t, server, `PATCH {"dynamic_oauth_client_registration":true}`)

	// The configuration had them, though nothing had to be sent.
	delete(config, "default_scopes")
	settings.Apply(config)
	assertPatches(t, server, `PATCH {"default_scopes":null}`)
}

// TestProtocolSettingsResetByOthers: default scopes that were configured, and that someone
// else reset and set again, are not reset by the provider.
func TestProtocolSettingsResetByOthers(t *testing.T) {
	t.Parallel()
	server := clerktest.New(t)
	settings := newProvider(t, server).Resource(settingsType)
	settings.Apply(prototest.Values{"default_scopes": []string{"email"}})
	server.EditSettings(server.InstanceID(), func(s *clerktest.Settings) { s.DefaultScopes = nil })
	settings.Refresh()
	server.EditSettings(server.InstanceID(), func(s *clerktest.Settings) { s.DefaultScopes = []string{"openid"} })
	settings.AssertNoChanges(nil)
}

func TestProtocolSettingsResetFails(t *testing.T) {
	t.Parallel()
	server := clerktest.New(t)
	settings := newProvider(t, server).Resource(settingsType)
	settings.Apply(prototest.Values{"default_scopes": []string{"email"}})
	server.Inject(clerktest.ClerkError(http.StatusUnprocessableEntity, "form_param_value_invalid").On(http.MethodPatch, "").Once())
	if ds := settings.TryApply(t.Context(), nil); !ds.HasError() {
		t.Fatal("the refusal was no error")
	}
	if !slices.Equal(settings.State().Strings("default_scopes"), []string{"email"}) {
		t.Errorf("the state is %s", settings.State().JSON())
	}
	patches(server)
	settings.Apply(nil)
	assertPatches(t, server, `PATCH {"default_scopes":null}`)
}

// TestProtocolSettingsUnknown plans with values that are still unknown.
func TestProtocolSettingsUnknown(t *testing.T) {
	t.Parallel()
	server := clerktest.New(t)
	settings := newProvider(t, server).Resource(settingsType)
	settings.Apply(nil)
	patches(server)
	plan := settings.Plan(prototest.Values{"default_scopes": prototest.Unknown, "oauth_jwt_access_tokens": prototest.Unknown})
	if want := []string{"default_scopes", "oauth_jwt_access_tokens"}; !slices.Equal(plan.Unknown(), want) {
		t.Errorf("the plan does not know %q", plan.Unknown())
	}
	plan.Resolve(prototest.Values{"default_scopes": []string{"email"}, "oauth_jwt_access_tokens": true}).Apply()
	assertPatches(t, server, `PATCH {"default_scopes":["email"]}`)

	plan = settings.Plan(prototest.Values{"default_scopes": []any{"email", prototest.Unknown}})
	if want := []string{"default_scopes"}; !slices.Equal(plan.Unknown(), want) {
		t.Errorf("the plan does not know %q", plan.Unknown())
	}
	plan.Resolve(prototest.Values{"default_scopes": []string{"email", "profile"}}).Apply()
	assertPatches(t, server, `PATCH {"default_scopes":["email","profile"]}`)
}

func TestProtocolSettingsRefusedFields(t *testing.T) {
	t.Parallel()
	ignoresTokens := clerktest.Changed(func(answer map[string]any) { answer["oauth_jwt_access_tokens"] = true }).On(http.MethodPatch, "").Once()

	t.Run("update", func(t *testing.T) {
		t.Parallel()
		server := clerktest.New(t, clerktest.WithSwitches(clerktest.Switches{UnknownScope: clerktest.UnknownScopeDropped}))
		settings := newProvider(t, server).Resource(settingsType)
		settings.Apply(nil)
		server.Inject(ignoresTokens)
		config := prototest.Values{
			"default_scopes": []string{"email", "unheard:of"}, "oauth_jwt_access_tokens": false, "dynamic_oauth_client_registration": true,
		}
		ds := settings.TryApply(t.Context(), config)
		if len(ds.At("default_scopes").Errors()) != 1 || len(ds.At("oauth_jwt_access_tokens").Errors()) != 1 || len(ds.Errors()) != 2 {
			t.Errorf("the errors are %s", ds)
		}
		state := settings.State()
		if got := state.Strings("default_scopes"); !slices.Equal(got, []string{"email"}) ||
			!state.Bool("oauth_jwt_access_tokens") || !state.Bool("dynamic_oauth_client_registration") || settings.Tainted() {
			t.Errorf("the state is %s", state.JSON())
		}
	})
	t.Run("create", func(t *testing.T) {
		t.Parallel()
		server := clerktest.New(t)
		settings := newProvider(t, server).Resource(settingsType)
		server.Inject(ignoresTokens)
		config := prototest.Values{"oauth_jwt_access_tokens": false}
		plan := settings.Plan(config)
		ds := plan.Apply()
		if len(ds.At("oauth_jwt_access_tokens").Warnings()) != 1 {
			t.Errorf("the warnings are %s", ds)
		}
		server.EditSettings(server.InstanceID(), func(s *clerktest.Settings) { s.OAuthJWTAccessTokens = true })
		assertPlan(t, settings.Plan(config), prototest.Update, "oauth_jwt_access_tokens")
	})
}

// The empty set means Clerk's own defaults, whatever the argument was before: also after
// an import, which keeps no record of the configuration.
func TestProtocolSettingsBackToClerksDefaults(t *testing.T) {
	t.Parallel()
	server := clerktest.New(t)
	id := server.InstanceID()
	server.EditSettings(id, func(s *clerktest.Settings) { s.DefaultScopes = []string{"email", "openid"} })
	settings := newProvider(t, server).Resource(settingsType)
	settings.Import(id)
	settings.AssertNoChanges(prototest.Values{"default_scopes": []string{"email", "openid"}})
	// Nothing was applied: the provider cannot know that the argument was there.
	settings.AssertNoChanges(nil)

	defaults := prototest.Values{"default_scopes": []string{}}
	plan := settings.Plan(defaults)
	assertPlan(t, plan, prototest.Update, "default_scopes")
	plan.Apply()
	assertPatches(t, server, `PATCH {"default_scopes":null}`)
	settings.AssertNoChanges(defaults)
	if current := server.Settings(id); current.DefaultScopes != nil {
		t.Errorf("the instance has %q", current.DefaultScopes)
	}

	server.EditSettings(id, func(s *clerktest.Settings) { s.DefaultScopes = []string{"openid"} })
	settings.Apply(defaults)
	assertPatches(t, server, `PATCH {"default_scopes":null}`)
	settings.AssertNoChanges(defaults)
	settings.AssertNoChanges(nil)

	adopted := newProvider(t, server).Resource(settingsType)
	adopted.Apply(defaults) // they are Clerk's own already
	assertPatches(t, server)
}

func TestProtocolSettingsErrors(t *testing.T) {
	t.Parallel()
	server := clerktest.New(t)
	settings := newProvider(t, server).Resource(settingsType)

	for _, config := range []prototest.Values{
		{"default_scopes": []string{"email", "offline_access"}}, {"default_scopes": []string{"two scopes"}}, {"default_scopes": []string{""}},
	} {
		if ds := settings.Validate(config); !ds.HasError() {
			t.Errorf("%v was not refused", config)
		}
	}
	ds := settings.TryApply(t.Context(), prototest.Values{"default_scopes": []string{"unheard:of"}})
	if len(ds.At("default_scopes").Errors()) != 1 || settings.Exists() {
		t.Errorf("the error of a scope that Clerk does not know: %s", ds)
	}
	for _, method := range []string{http.MethodGet, http.MethodPatch} {
		fault := server.Inject(clerktest.Raw(http.StatusNotFound, "text/plain", "404 page not found").On(method, "/instance/oauth_application_settings").Once())
		ds := settings.TryApply(t.Context(), prototest.Values{"oauth_jwt_access_tokens": false})
		if !strings.Contains(ds.Errors().String(), "OAuth application settings") || settings.Exists() || fault.Hits() != 1 {
			t.Errorf("the error of a 404 on %s: %s", method, ds)
		}
	}
}

func TestProtocolSettingsImport(t *testing.T) {
	t.Parallel()
	server := clerktest.New(t)
	id := server.InstanceID()
	_, otherID := server.AddInstance(clerktest.Production)
	server.EditSettings(id, func(s *clerktest.Settings) {
		s.DefaultScopes, s.DynamicOAuthClientRegistration = []string{"openid", "offline_access"}, true
	})
	p := newProvider(t, server)

	for name, adopt := range map[string]func(*prototest.Resource, prototest.Values) *prototest.Plan{
		"by id": func(r *prototest.Resource, config prototest.Values) *prototest.Plan { return r.PlanImport(id, config) },
		"by name": func(r *prototest.Resource, config prototest.Values) *prototest.Plan {
			return r.PlanImport("oauth_application_settings", config)
		},
		"by identity": func(r *prototest.Resource, config prototest.Values) *prototest.Plan {
			return r.PlanImportIdentity(prototest.Values{"id": id}, config)
		},
	} {
		for what, config := range map[string]prototest.Values{
			"nothing":          nil,
			"all that matches": {"default_scopes": []string{"openid"}, "dynamic_oauth_client_registration": true, "oauth_jwt_access_tokens": true},
		} {
			settings := p.Resource(settingsType)
			plan := adopt(settings, config)
			assertPlan(t, plan, prototest.NoOp)
			plan.Apply()
			if settings.State().String("id") != id || settings.Identity().String("id") != id {
				t.Errorf("import %s of %s: state %s, identity %s", name, what, settings.State().JSON(), settings.Identity().JSON())
			}
			generated := settings.State().GeneratedConfig()
			settings.AssertNoChanges(generated)
			if generated["id"] != nil || generated["oauth_jwt_access_tokens"] != true {
				t.Errorf("the generated configuration is %v", generated)
			}
		}
	}
	assertPatches(t, server)

	for _, wrong := range []string{otherID, "ins_", "anything", "../users", id + " "} {
		settings := p.Resource(settingsType)
		ds := settings.TryImport(t.Context(), wrong)
		if problem := ds.Errors().String(); !strings.Contains(problem, id) || !strings.Contains(problem, wrong) || settings.Exists() {
			t.Errorf("the import of %q: %s", wrong, ds)
		}
	}
	if ds := p.Resource(settingsType).TryImportIdentity(t.Context(), prototest.Values{"id": otherID}); !ds.HasError() {
		t.Error("the identity of another instance was imported")
	}
}

// TestProtocolSettingsGuard uses the state of one instance with the key of another.
func TestProtocolSettingsGuard(t *testing.T) {
	t.Parallel()
	server := clerktest.New(t)
	key, otherID := server.AddInstance(clerktest.Development)
	settings := newProvider(t, server).Resource(settingsType)
	config := prototest.Values{"dynamic_oauth_client_registration": true}
	settings.Apply(config)
	patches(server)

	other := settings.With(prototest.New(t, factory, prototest.Values{"secret_key": key, "api_url": server.URL()}))
	before := server.Settings(otherID)
	for what, ds := range map[string]prototest.Diagnostics{
		"apply":   other.TryApply(t.Context(), config),
		"refresh": other.TryRefresh(t.Context()),
		"destroy": other.TryDestroy(t.Context()),
	} {
		if problem := ds.Errors().String(); !strings.Contains(problem, otherID) || !strings.Contains(problem, server.InstanceID()) {
			t.Errorf("%s with the key of another instance: %s", what, ds)
		}
	}
	assertPatches(t, server)
	if after := server.Settings(otherID); !other.Exists() || !reflect.DeepEqual(before, after) {
		t.Errorf("the other instance had %+v and has %+v", before, after)
	}
}

func TestProtocolSettingsOnOldEngine(t *testing.T) {
	t.Parallel()
	server := clerktest.New(t)
	settings := newProvider(t, server, prototest.OldEngine()).Resource(settingsType)
	settings.Apply(prototest.Values{"default_scopes": []string{"email"}})
	settings.Apply(nil)
	settings.Forget()
	settings.Import("oauth_application_settings")
	settings.AssertNoChanges(nil)
	if ds := settings.Destroy(); len(ds.Warnings()) != 1 {
		t.Errorf("the destruction says: %s", ds)
	}
}

// Default scopes that Clerk did not apply are not reset when they leave the configuration.
func TestProtocolSettingsScopesNotTaken(t *testing.T) {
	t.Parallel()
	server := clerktest.New(t)
	theirs := []string{"email", "openid"}
	inDashboard := func() {
		server.EditSettings(server.InstanceID(), func(s *clerktest.Settings) { s.DefaultScopes = theirs })
	}
	inDashboard()
	settings := newProvider(t, server).Resource(settingsType)
	settings.Apply(prototest.Values{})
	server.Inject(clerktest.Changed(func(body map[string]any) { body["default_scopes"] = theirs }).On(http.MethodPatch, "").Once())
	if ds := settings.Plan(prototest.Values{"default_scopes": []string{"profile"}}).TryApply(t.Context()); len(ds.Errors().At("default_scopes")) != 1 {
		t.Errorf("that they were not taken is no error:\n%s", ds)
	}
	inDashboard()
	if plan := settings.Plan(prototest.Values{}); plan.Action != prototest.NoOp {
		t.Errorf("the plan without them:\n%s", plan)
	}
}

package lifecycle

import (
	"net/http"
	"slices"
	"strings"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// web is the application that most scenarios are about, and created is the step that
// creates it.
var (
	web     = values{"name": "web"}
	created = step{does: "it is created", config: web, plan: create, sends: []string{sendsCreateOf(`{"name":"web"}`)}, secret: secretMade}
)

// creation is a step that creates an application of any kind.
func creation(config values, body string) step {
	return step{does: "it is created", config: config, plan: create, sends: []string{sendsCreateOf(body)}, secret: secretMade}
}

// What every plan with a rotation changes, besides its reason.
const (
	rotationChanges = " client_secret client_secret_version updated_at"
	rotationUnknown = "client_secret updated_at"
	rotationWarning = "secret of .* will be rotated.*stops working the moment this is applied"
)

var withCustomScope = with(web, values{"scopes": []string{"profile", "messages:read"}})

// scenarios are the lives of applications without faults.
var scenarios = slices.Concat(
	lives, changesOfOneAttribute(), redirectsAndScopes, rotations, unknowns, publicClients, protections, logos, encryptedSecrets, imports, absences,
)

var lives = []scenario{
	{
		name: "minimal create",
		steps: []step{{
			does: "with a name alone", config: web, plan: create,
			unknown: "authorize_url callback_url client_id client_image_url client_secret client_secret_version client_uri consent_screen_enabled created_at " +
				"device_authorization_grant_enabled discovery_url dynamically_registered id instance_id pkce_required public redirect_uris scopes " +
				"token_fetch_url token_introspection_url updated_at user_info_url",
			sends: []string{sendsCreateOf(`{"name":"web"}`)},
			state: values{
				"id": like("^oa_"), "instance_id": like("^ins_"), "client_id": like("^.{16}$"), "name": "web",
				"redirect_uris": []string{}, "callback_url": "", "scopes": scopesOf("profile email"),
				"consent_screen_enabled": true, "pkce_required": false, "public": false, "dynamically_registered": false,
				"client_uri": nil, "client_image_url": nil, "logo_sha256": nil,
				"client_secret_encrypted": nil, "rotate_secret_trigger": nil, "deletion_protection": false,
				"created_at": like(`^2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`), "updated_at": like("Z$"),
				"discovery_url": like("^https?://.*/.well-known/openid-configuration$"), "authorize_url": like("^https?://.*/oauth/authorize$"),
				"token_fetch_url": like("^https?://.*/oauth/token$"), "user_info_url": like("^https?://.*/oauth/userinfo$"),
				"token_introspection_url": like("^https?://.*/oauth/token_info$"),
			},
			secret: secretMade,
		}, {
			does: "it is destroyed", destroy: true, plan: destroyed, sends: []string{sendsDelete},
		}, {
			does: "and created again, as another", config: web, plan: create, sends: []string{sendsCreateOf(`{"name":"web"}`)}, secret: secretMade,
		}},
	},
	{
		name: "full create",
		steps: []step{{
			does: "with everything", config: everythingInTime, plan: create,
			sends: []string{sendsCreateOf(`{"consent_screen_enabled":false,"name":"web","pkce_required":true,"public":false,` +
				`"redirect_uris":["https://app.example.com/cb","myapp://cb"],"scopes":"email openid profile"}`)},
			state:  everythingInTime,
			secret: secretMade,
		}, {
			does: "optional arguments leave the configuration, and nothing happens", config: with(everythingInTime, values{
				"redirect_uris": nil, "scopes": nil, "consent_screen_enabled": nil, "pkce_required": nil, "public": nil, "deletion_protection": nil,
			}), plan: noOp,
			state: everything,
		}, {
			does: "so do timeouts and trigger, without a request", config: web, plan: update, changed: "rotate_secret_trigger timeouts",
			state: values{"consent_screen_enabled": false, "rotate_secret_trigger": nil},
		}},
	},
	{
		name: "rename",
		steps: []step{created, {
			does: "it is renamed", config: values{"name": "shop"}, plan: update, changed: "name updated_at", unknown: "updated_at",
			sends: []string{sendsUpdateOf(`{"name":"shop"}`)}, state: values{"name": "shop"},
		}, {
			does: "renaming and rotating are two requests, in this order", config: values{"name": "web", "rotate_secret_trigger": "1"},
			plan: update, changed: "name rotate_secret_trigger" + rotationChanges, unknown: rotationUnknown, warns: []string{rotationWarning},
			sends: []string{sendsUpdateOf(`{"name":"web"}`), sendsRotate}, secret: secretMade,
			state: values{"name": "web", "rotate_secret_trigger": "1"},
		}},
	},
	{
		name: "timeouts",
		steps: []step{
			creation(with(web, values{"timeouts": values{"create": "1m", "read": "30s"}}), `{"name":"web"}`),
			{
				does: "another timeout is no request", config: with(web, values{"timeouts": values{"delete": "1m"}}),
				plan: update, changed: "timeouts", state: values{"timeouts": values{"create": nil, "read": nil, "update": nil, "delete": "1m"}},
			},
			{does: "none", config: web, plan: update, changed: "timeouts", state: values{"timeouts": nil}},
		},
	},
	{
		name: "data sources",
		steps: []step{
			{
				does: "in the configuration that creates it", config: everything, plan: create,
				sends: []string{sendsCreateOf(`{"consent_screen_enabled":false,"name":"web","pkce_required":true,"public":false,` +
					`"redirect_uris":["https://app.example.com/cb","myapp://cb"],"scopes":"email openid profile"}`)},
				reads: []lookup{
					{typeName: applicationType, config: values{"id": ref("id")}},
					{typeName: applicationType, config: values{"client_id": ref("client_id")}},
					{typeName: applicationType + "s", config: values{"name_query": ref("client_id")}, finds: 1},
				},
				secret: secretMade,
			},
			{
				does: "in one that changes nothing", config: everything, plan: noOp,
				reads: []lookup{
					{typeName: applicationType, config: values{"name": "web"}},
					{typeName: applicationType + "s", config: values{"order_by": "-created_at", "limit": 10}, finds: 1},
					{typeName: applicationType + "s", config: values{"offset": 1}, finds: 0},
				},
			},
		},
		simulatorOnly: "the instance has other applications",
	},
}

var everything = values{
	"name":                   "web",
	"redirect_uris":          []string{"https://app.example.com/cb", "myapp://cb"},
	"scopes":                 []string{"openid", "profile", "email"},
	"consent_screen_enabled": false,
	"pkce_required":          true,
	"public":                 false,
	"deletion_protection":    false,
	"rotate_secret_trigger":  "first",
}

var everythingInTime = with(everything, values{"timeouts": values{"create": "1m", "read": "1m", "update": "1m", "delete": "1m"}})

// changesOfOneAttribute has a scenario for each attribute that can be set. The attribute
// is changed alone, changed by someone else and reverted, and removed from the
// configuration.
func changesOfOneAttribute() []scenario {
	var all []scenario
	for _, a := range []struct {
		name                  string
		first, second         any    // as configured
		firstSent, secondSent any    // as Clerk writes them
		byHand                any    // what someone else changes it to, as Clerk writes it
		also                  string // an attribute that changes with it
	}{
		{
			name: "redirect_uris", also: "callback_url",
			first: []string{"https://one.example.com/cb"}, firstSent: []string{"https://one.example.com/cb"},
			second: []string{"https://two.example.com/cb"}, secondSent: []string{"https://two.example.com/cb"},
			byHand: []string{"https://two.example.com/cb", "https://three.example.com/cb"},
		},
		{
			name:  "scopes",
			first: []string{"profile", "email"}, firstSent: "email profile",
			second: []string{"profile", "openid"}, secondSent: "offline_access openid profile",
			byHand: "profile offline_access",
		},
		{name: "consent_screen_enabled", first: true, firstSent: true, second: false, secondSent: false, byHand: true},
		{name: "pkce_required", first: false, firstSent: false, second: true, secondSent: true, byHand: false},
	} {
		second := with(web, values{a.name: a.second})
		changed, unknown := a.name+" updated_at "+a.also, "updated_at "+a.also
		createBody := string(mustJSON(map[string]any{"name": "web", a.name: a.firstSent}))
		body := string(mustJSON(map[string]any{a.name: a.secondSent}))
		all = append(all, scenario{
			name: "change of " + a.name,
			steps: []step{
				creation(with(web, values{a.name: a.first}), createBody),
				{
					does: "it is changed", config: second, plan: update, changed: changed, unknown: unknown,
					sends: []string{sendsUpdateOf(body)}, state: values{a.name: a.second},
				},
				{
					does: "someone else changes it, and it is reverted", behind: []act{edited(values{a.name: a.byHand})}, config: second,
					plan: update, changed: changed, unknown: unknown, sends: []string{sendsUpdateOf(body)}, state: values{a.name: a.second},
				},
				{does: "it leaves the configuration", config: web, plan: noOp, state: values{a.name: a.second}},
			},
		})
	}
	return append(all, scenario{
		name: "change of name",
		steps: []step{created, {
			does: "someone else changes it, and it is reverted", behind: []act{edited(values{"name": "theirs"})}, config: web,
			plan: update, changed: "name updated_at", unknown: "updated_at", sends: []string{sendsUpdateOf(`{"name":"web"}`)}, state: values{"name": "web"},
		}},
	})
}

var redirectsAndScopes = []scenario{
	{
		name: "redirect URIs",
		steps: []step{
			creation(with(web, values{"redirect_uris": []string{"https://app.example.com/cb", "myapp://cb"}}),
				`{"name":"web","redirect_uris":["https://app.example.com/cb","myapp://cb"]}`),
			{
				does: "their order makes no difference", config: with(web, values{"redirect_uris": []string{"myapp://cb", "https://app.example.com/cb"}}), plan: noOp,
			},
			{
				does: "nor is naming one twice", config: with(web, values{"redirect_uris": []string{"myapp://cb", "https://app.example.com/cb", "myapp://cb"}}), plan: noOp,
			},
			{
				does: "they are emptied", config: with(web, values{"redirect_uris": []string{}}),
				plan: update, changed: "callback_url redirect_uris updated_at", unknown: "callback_url updated_at",
				sends: []string{sendsUpdateOf(`{"redirect_uris":[]}`)}, state: values{"redirect_uris": []string{}, "callback_url": ""},
			},
			{
				does: "and there is one again", config: with(web, values{"redirect_uris": []string{"http://localhost:8080/cb"}}),
				plan: update, changed: "callback_url redirect_uris updated_at", unknown: "callback_url updated_at",
				sends: []string{sendsUpdateOf(`{"redirect_uris":["http://localhost:8080/cb"]}`)}, state: values{"callback_url": "http://localhost:8080/cb"},
			},
		},
	},
	{
		name:          "redirect URI in capitals",
		steps:         []step{creation(with(web, values{"redirect_uris": []string{"https://APP.example.com/cb"}}), `{"name":"web","redirect_uris":["https://APP.example.com/cb"]}`)},
		simulatorOnly: "how Clerk stores capitals is not known",
	},
	{
		name: "scopes",
		steps: []step{
			creation(with(web, values{"scopes": []string{"profile", "email", "openid"}}), `{"name":"web","scopes":"email openid profile"}`),
			{does: "their order makes no difference", config: with(web, values{"scopes": []string{"openid", "email", "profile"}}), plan: noOp},
			{
				does: "offline_access: neither configured nor there", behind: []act{forcedScopes("openid email profile")},
				config: with(web, values{"scopes": []string{"openid", "email", "profile"}}), plan: noOp,
			},
			{
				does: "offline_access: there and not configured", behind: []act{forcedScopes("openid email profile offline_access")},
				config: with(web, values{"scopes": []string{"openid", "email", "profile"}}), plan: noOp,
				state: values{"scopes": []string{"openid", "email", "profile"}},
			},
			{
				does: "offline_access: configured and not there", behind: []act{forcedScopes("openid email profile")},
				config: with(web, values{"scopes": []string{"openid", "email", "profile", "offline_access"}}),
				plan:   update, changed: "scopes updated_at", unknown: "updated_at",
				sends: []string{sendsUpdateOf(`{"scopes":"email offline_access openid profile"}`)},
			},
			{
				does: "offline_access: configured and there", config: with(web, values{"scopes": []string{"openid", "email", "profile", "offline_access"}}), plan: noOp,
			},
			{
				does: "offline_access: configured, and removed by someone", behind: []act{forcedScopes("openid email profile")},
				config: with(web, values{"scopes": []string{"openid", "email", "profile", "offline_access"}}),
				plan:   update, changed: "scopes updated_at", unknown: "updated_at",
				sends: []string{sendsUpdateOf(`{"scopes":"email offline_access openid profile"}`)},
			},
			{
				does: "another scope removed by someone", behind: []act{edited(values{"scopes": "openid email offline_access"})},
				config: with(web, values{"scopes": []string{"openid", "email", "profile"}}),
				plan:   update, changed: "scopes updated_at", unknown: "updated_at",
				sends: []string{sendsUpdateOf(`{"scopes":"email offline_access openid profile"}`)}, state: values{"scopes": []string{"openid", "email", "profile"}},
			},
			{
				does: "and one added", behind: []act{edited(values{"scopes": "openid email profile private_metadata offline_access"})},
				config: with(web, values{"scopes": []string{"openid", "email", "profile"}}),
				plan:   update, changed: "scopes updated_at", unknown: "updated_at",
				sends: []string{sendsUpdateOf(`{"scopes":"email offline_access openid profile"}`)},
			},
		},
	},
	{
		name: "custom scope",
		steps: []step{
			{
				does: "it is created", behind: []act{customScope("messages:read")}, config: withCustomScope, plan: create,
				sends: []string{sendsCreateOf(`{"name":"web","scopes":"messages:read profile"}`)}, secret: secretMade,
			},
			{
				does: "its scope is deleted from the instance", behind: []act{customScopeDeleted("messages:read")}, config: withCustomScope,
				plan: update, changed: "scopes updated_at", unknown: "updated_at",
				sends: []string{sendsUpdateOf(`{"scopes":"messages:read offline_access profile"}`)},
				fails: "messages:read does not match one of the allowed values", failsAt: "scopes",
			},
			{does: "without it there is nothing to do", config: with(web, values{"scopes": []string{"profile"}}), plan: noOp},
		},
	},
	{
		name: "scope that Clerk does not know",
		steps: []step{
			{
				does: "it is refused", config: withCustomScope, plan: create, sends: []string{sendsCreateOf(`{"name":"web","scopes":"messages:read profile"}`)},
				fails: "messages:read does not match one of the allowed values.*form_param_value_invalid.*422.*Trace id: ", failsAt: "scopes",
			},
			created,
		},
		simulatorOnly: "what Clerk does then is not known",
	},
}

var rotations = []scenario{
	{
		name: "rotation",
		steps: []step{
			creation(with(web, values{"rotate_secret_trigger": "may"}), `{"name":"web"}`),
			{
				does: "the trigger changes: one rotation, no update", config: with(web, values{"rotate_secret_trigger": "june"}),
				plan: update, changed: "rotate_secret_trigger" + rotationChanges, unknown: rotationUnknown, warns: []string{rotationWarning},
				sends: []string{sendsRotate}, state: values{"rotate_secret_trigger": "june"}, secret: secretMade,
			},
			{
				does: "it is removed: no rotation", config: web, plan: update, changed: "rotate_secret_trigger",
				state: values{"rotate_secret_trigger": nil},
			},
			{
				does: "it comes back: a rotation, whatever it was before", config: with(web, values{"rotate_secret_trigger": "june"}),
				plan: update, changed: "rotate_secret_trigger" + rotationChanges, unknown: rotationUnknown, warns: []string{rotationWarning},
				sends: []string{sendsRotate}, secret: secretMade,
			},
			{
				does: "rotated by someone else, which Terraform cannot see", behind: []act{rotated()},
				config: with(web, values{"rotate_secret_trigger": "june"}), plan: noOp, secret: secretOutdated,
			},
			{
				does: "the next rotation repairs that", config: with(web, values{"rotate_secret_trigger": "july"}),
				plan: update, changed: "rotate_secret_trigger" + rotationChanges, unknown: rotationUnknown, warns: []string{rotationWarning},
				sends: []string{sendsRotate}, secret: secretMade,
			},
		},
	},
	{
		name: "failed rotation",
		steps: []step{
			created,
			{
				does:   "Clerk refuses to rotate: the update is kept, and the old secret",
				behind: []act{injected(clerktest.ClerkError(http.StatusForbidden, "feature_not_enabled").On(http.MethodPost, clerktest.RouteRotateSecret).Once())},
				config: values{"name": "shop", "rotate_secret_trigger": "1"},
				plan:   update, changed: "name rotate_secret_trigger" + rotationChanges, unknown: rotationUnknown, warns: []string{rotationWarning},
				sends: []string{sendsUpdateOf(`{"name":"shop"}`), sendsRotate}, fails: "Unable to rotate.*This feature is not enabled",
				state: values{"name": "shop", "rotate_secret_trigger": nil},
			},
			{
				does: "the next apply does what is missing, and only that", config: values{"name": "shop", "rotate_secret_trigger": "1"},
				plan: update, changed: "rotate_secret_trigger" + rotationChanges, unknown: rotationUnknown, warns: []string{rotationWarning},
				sends: []string{sendsRotate}, state: values{"rotate_secret_trigger": "1"}, secret: secretMade,
			},
		},
	},
	{
		name: "unknown trigger",
		steps: []step{
			creation(with(web, values{"rotate_secret_trigger": later("may")}), `{"name":"web"}`),
			{
				does: "it turns out to be another one", config: with(web, values{"rotate_secret_trigger": later("june")}),
				plan: update, changed: "rotate_secret_trigger" + rotationChanges,
				unknown: "rotate_secret_trigger client_secret_version " + rotationUnknown,
				warns:   []string{"may be rotated"}, sends: []string{sendsRotate}, warnsLate: []string{rotationWarning},
				state: values{"rotate_secret_trigger": "june", "client_secret_encrypted": nil}, secret: secretMade,
			},
		},
	},
}

// unknowns has values that the plan does not know yet. They come from a resource that is
// changed in the same apply.
var unknowns = []scenario{
	{
		name: "unknown name",
		steps: []step{
			creation(values{"name": later("web")}, `{"name":"web"}`),
			{
				does: "it turns out to be another one", config: values{"name": later("shop")}, plan: update, changed: "name updated_at", unknown: "name updated_at",
				sends: []string{sendsUpdateOf(`{"name":"shop"}`)}, state: values{"name": "shop"},
			},
		},
		simulatorOnly: "names have a prefix there",
	},
	{
		name: "unknown redirect URI",
		steps: []step{
			creation(with(web, values{"redirect_uris": []any{later("https://app.example.com/cb"), "myapp://cb"}}),
				`{"name":"web","redirect_uris":["https://app.example.com/cb","myapp://cb"]}`),
			{
				does: "it turns out to be another one", config: with(web, values{"redirect_uris": []any{later("https://shop.example.com/cb"), "myapp://cb"}}),
				plan: update, changed: "callback_url redirect_uris updated_at", unknown: "callback_url redirect_uris updated_at",
				sends: []string{sendsUpdateOf(`{"redirect_uris":["https://shop.example.com/cb","myapp://cb"]}`)},
			},
		},
	},
	{
		name: "unknown scope",
		steps: []step{
			creation(with(web, values{"scopes": []any{"profile", later("email")}}), `{"name":"web","scopes":"email profile"}`),
			{
				does: "it turns out to be another one", config: with(web, values{"scopes": []any{"profile", later("openid")}}),
				plan: update, changed: "scopes updated_at", unknown: "scopes updated_at",
				sends: []string{sendsUpdateOf(`{"scopes":"offline_access openid profile"}`)}, state: values{"scopes": []string{"openid", "profile"}},
			},
		},
	},
	{
		name: "unknown whether it is public",
		steps: []step{
			creation(with(spa, values{"public": later("false")}), `{"name":"web","pkce_required":true,"public":false}`),
			{
				does: "it turns out to be", config: with(spa, values{"public": later("true")}),
				plan: update, changed: "client_secret client_secret_version public updated_at", unknown: "client_secret client_secret_version public updated_at",
				warnsLate: []string{"client secret of .* will be removed"},
				sends:     []string{sendsUpdateOf(`{"public":true}`)}, secret: secretNone,
			},
			{
				does: "it turns out not to be", config: with(spa, values{"public": later("false")}),
				plan: update, changed: "client_secret client_secret_version public updated_at",
				unknown: "client_secret client_secret_version public updated_at",
				warns:   []string{"may be rotated"}, warnsLate: []string{"A client secret of .* will be created"},
				sends: []string{sendsUpdateOf(`{"public":false}`), sendsRotate}, secret: secretMade,
			},
		},
	},
	{
		name: "unknown recipient",
		steps: []step{
			{
				does: "it is created, encrypted", config: with(web, values{"encrypt_client_secret_to": []any{later(encryptedTo(alice)[0])}}), plan: create,
				sends: []string{sendsCreateOf(`{"name":"web"}`)}, state: values{"client_secret": nil}, secret: secretMade,
			},
			{
				does: "it turns out to be another one", config: with(web, values{"encrypt_client_secret_to": []any{later(encryptedTo(bob)[0])}}),
				plan: update, changed: "client_secret_encrypted client_secret_version encrypt_client_secret_to updated_at",
				unknown: "client_secret_encrypted client_secret_version encrypt_client_secret_to updated_at",
				warns:   []string{"may be rotated"}, warnsLate: []string{encryptionWarning},
				sends: []string{sendsRotate}, state: values{"client_secret": nil}, secret: secretMade,
			},
		},
	},
}

// spa is a public client.
var spa = with(web, values{"public": true, "pkce_required": true})

var publicClients = []scenario{
	{
		name: "public client",
		steps: []step{
			{
				does: "it is created, and has no secret", config: spa, plan: create,
				sends: []string{sendsCreateOf(`{"name":"web","pkce_required":true,"public":true}`)},
				state: values{"public": true, "client_secret": nil, "client_secret_encrypted": nil}, secret: secretNone,
			},
			{
				does: "it becomes confidential: a secret is made in the same apply", config: with(spa, values{"public": false}),
				plan: update, changed: "public" + rotationChanges, unknown: rotationUnknown, warns: []string{"A client secret of .* will be created"},
				sends: []string{sendsUpdateOf(`{"public":false}`), sendsRotate}, state: values{"public": false}, secret: secretMade,
			},
			{
				does: "and public again: its secret goes", config: spa,
				plan: update, changed: "client_secret client_secret_version public updated_at", unknown: "updated_at", warns: []string{"client secret of .* will be removed"},
				sends: []string{sendsUpdateOf(`{"public":true}`)}, state: values{"public": true, "client_secret": nil}, secret: secretNone,
			},
			{
				does: "made confidential by someone, and reverted", behind: []act{edited(values{"public": false})}, config: spa,
				plan: update, changed: "public updated_at", unknown: "updated_at", sends: []string{sendsUpdateOf(`{"public":true}`)}, secret: secretNone,
			},
		},
	},
	{
		name: "confidential client made public by someone",
		steps: []step{
			creation(with(web, values{"public": false, "pkce_required": true}), `{"name":"web","pkce_required":true,"public":false}`),
			{
				does: "it is put right, with a new secret: the old one is gone", behind: []act{edited(values{"public": true})},
				config: with(web, values{"public": false, "pkce_required": true}),
				plan:   update, changed: "public" + rotationChanges, unknown: rotationUnknown,
				warns: []string{"client secret of .* leaves the state", "A client secret of .* will be created"},
				sends: []string{sendsUpdateOf(`{"public":false}`), sendsRotate}, secret: secretMade,
			},
		},
	},
	{
		name: "confidential client made public by someone, and confidential again",
		steps: []step{
			creation(with(web, values{"pkce_required": true}), `{"name":"web","pkce_required":true}`),
			{
				does: "while it is public it has no secret", behind: []act{edited(values{"public": true})}, config: with(web, values{"pkce_required": true, "deletion_protection": true}),
				plan: update, changed: "deletion_protection",
				warns: []string{"client secret of .* leaves the state.*[Ss]et public = false"}, state: values{"public": true, "client_secret": nil}, secret: secretNone,
			},
			{
				does: "after that it needs a new one", behind: []act{edited(values{"public": false})}, config: with(web, values{"pkce_required": true, "deletion_protection": true}),
				plan: update, changed: strings.TrimSpace(rotationChanges), unknown: rotationUnknown,
				warns: []string{"secret of .* in the state may not work", "secret of .* will be rotated"},
				sends: []string{sendsRotate}, secret: secretMade,
			},
			{does: "and is no more protected", config: with(web, values{"pkce_required": true}), plan: update, changed: "deletion_protection"},
		},
	},
	{
		name: "confidential again, and the secret refused",
		steps: []step{
			{
				does: "it is created", config: spa, plan: create,
				sends: []string{sendsCreateOf(`{"name":"web","pkce_required":true,"public":true}`)},
			},
			{
				does:   "the rotation fails after the change",
				behind: []act{injected(clerktest.ClerkError(http.StatusForbidden, "feature_not_enabled").On(http.MethodPost, clerktest.RouteRotateSecret).Once())},
				config: with(spa, values{"public": false}),
				plan:   update, changed: "public" + rotationChanges, unknown: rotationUnknown, warns: []string{"A client secret of .* will be created"},
				sends: []string{sendsUpdateOf(`{"public":false}`), sendsRotate}, fails: "This feature is not enabled",
				state: values{"public": false, "client_secret": nil},
			},
			{
				does: "the next apply makes the secret", config: with(spa, values{"public": false}),
				plan: update, changed: strings.TrimSpace(rotationChanges), unknown: rotationUnknown,
				warns: []string{"may not work", "will be rotated"}, sends: []string{sendsRotate}, secret: secretMade,
			},
		},
	},
	{
		name: "public client without pkce_required",
		steps: []step{{
			does: "it is created", config: with(web, values{"public": true}), plan: create, warns: []string{"Public client without PKCE"},
			sends: []string{sendsCreateOf(`{"name":"web","public":true}`)}, state: values{"pkce_required": false},
		}},
		simulatorOnly: "what Clerk does then is not known",
	},
	{
		name: "warnings of configurations that are rarely meant",
		steps: []step{{
			does: "in plain over the network, and private data on the users' devices",
			config: with(spa, values{
				"redirect_uris": []string{"http://app.example.com/cb", "http://localhost/cb", "http://[::1]:80/cb", "http://127.0.0.1/cb"},
				"scopes":        []string{"profile", "private_metadata"},
			}),
			plan: create, warns: []string{`Redirect URIs of OAuth application ".*web" may not work.*"http://app\.example\.com/cb" has the scheme "http"`, "Private metadata for a public client"},
			sends: []string{sendsCreateOf(`{"name":"web","pkce_required":true,"public":true,` +
				`"redirect_uris":["http://127.0.0.1/cb","http://[::1]:80/cb","http://app.example.com/cb","http://localhost/cb"],"scopes":"private_metadata profile"}`)},
		}},
	},
}

var protected = with(web, values{"deletion_protection": true})

var protections = []scenario{
	{
		name: "deletion protection",
		steps: []step{
			creation(protected, `{"name":"web"}`),
			{does: "a destruction is refused", destroy: true, fails: `has deletion_protection = true\. To delete it, set deletion_protection = false and apply that first\.\n\nTo keep the application`, failsAt: "deletion_protection"},
			{does: "it is lifted, without a request", config: web, plan: update, changed: "deletion_protection", state: values{"deletion_protection": false}},
			{does: "then it can be destroyed", destroy: true, plan: destroyed, sends: []string{sendsDelete}},
		},
	},
	{
		name: "deletion protection against replacement",
		steps: []step{
			creation(protected, `{"name":"web"}`),
			{
				does: "a replacement is refused", behind: []act{tainted()}, config: protected, plan: replace,
				fails: "and apply that first.*The plan was to replace the application.*No new application was created.*untaint", failsAt: "deletion_protection",
			},
			{does: "it is lifted", behind: []act{untainted()}, config: web, plan: update, changed: "deletion_protection"},
			{
				does: "then it can be replaced", behind: []act{tainted()}, config: web, plan: replace,
				sends: []string{sendsDelete, sendsCreateOf(`{"name":"web"}`)}, secret: secretMade,
			},
		},
	},
}

var withLogo = with(web, values{"logo_path": inDir("logo.png")})

var refusedLogo = injected(clerktest.ClerkError(http.StatusRequestEntityTooLarge, "image_too_large").On(http.MethodPut, clerktest.RouteLogo).Once())

var logos = []scenario{
	{
		name: "logo",
		steps: []step{
			{
				does: "it is created with one", behind: []act{fileWritten("logo.png", pngImage(1))}, config: withLogo, plan: create,
				sends: []string{sendsCreateOf(`{"name":"web"}`), sendsLogo}, secret: secretMade,
				state: values{"logo_sha256": like("^[0-9a-f]{64}$"), "client_image_url": like("^https://")},
			},
			{
				does: "the file has another content", behind: []act{fileWritten("logo.png", pngImage(2))}, config: withLogo,
				plan: update, changed: "client_image_url logo_sha256 updated_at", unknown: "client_image_url logo_sha256 updated_at", sends: []string{sendsLogo},
			},
			{
				does: "another file of the same content is no upload", behind: []act{fileWritten("other.png", pngImage(2))},
				config: with(web, values{"logo_path": inDir("other.png")}), plan: update, changed: "logo_path",
			},
			{
				does: "the file is missing, which is no reason for a change", behind: []act{fileRemoved("other.png")},
				config: with(web, values{"logo_path": inDir("other.png")}), plan: noOp, warns: []string{`The file with the logo of OAuth application ".*web" is missing`},
			},
			{
				does: "it leaves the configuration, and stays", config: web, plan: update, changed: "logo_path logo_sha256",
				warns: []string{"The logo stays"}, state: values{"logo_sha256": nil, "client_image_url": like("^https://")},
			},
			{
				does: "and comes back, beside another name", behind: []act{fileWritten("other.png", pngImage(2))}, config: values{"name": "shop", "logo_path": inDir("other.png")},
				plan: update, changed: "client_image_url logo_path logo_sha256 name updated_at", unknown: "client_image_url logo_sha256 updated_at",
				sends: []string{sendsUpdateOf(`{"name":"shop"}`), sendsLogo},
			},
		},
	},
	{
		name: "logo that is written during the apply",
		steps: []step{
			{
				does: "it is created with one", config: withLogo, plan: create, warns: []string{`The file with the logo of OAuth application ".*web" does not exist yet.*There is no file`},
				between: []act{fileWritten("logo.png", pngImage(1))}, sends: []string{sendsCreateOf(`{"name":"web"}`), sendsLogo}, secret: secretMade,
				state: values{"logo_sha256": like("^[0-9a-f]{64}$"), "client_image_url": like("^https://")},
			},
			{
				does: "another one follows", config: with(web, values{"logo_path": inDir("other.png")}), plan: update,
				changed: "client_image_url logo_path logo_sha256 updated_at", unknown: "client_image_url logo_sha256 updated_at",
				warns:   []string{`does not exist yet`},
				between: []act{fileWritten("other.png", pngImage(2))}, sends: []string{sendsLogo}, state: values{"logo_sha256": like("^[0-9a-f]{64}$")},
			},
		},
	},
	{
		name: "logo that is not there when it is needed",
		steps: []step{
			{
				does: "nothing is created", config: withLogo, plan: create, warns: []string{"does not exist yet"},
				fails: "There is no file.*No application was created", failsAt: "logo_path",
			},
			{
				does: "nor with one that is no image", config: withLogo, plan: create, warns: []string{"does not exist yet"},
				between: []act{fileWritten("logo.png", []byte("no image"))}, fails: "is of type text/plain", failsAt: "logo_path",
			},
			{
				does: "it is created with one", behind: []act{fileWritten("logo.png", pngImage(1))}, config: withLogo, plan: create,
				sends: []string{sendsCreateOf(`{"name":"web"}`), sendsLogo}, secret: secretMade,
			},
			{
				does: "nothing is changed", config: values{"name": "shop", "logo_path": inDir("other.png")}, plan: update,
				changed: "client_image_url logo_path logo_sha256 name updated_at", unknown: "client_image_url logo_sha256 updated_at",
				warns: []string{"does not exist yet"}, fails: "There is no file.*The application was not changed", failsAt: "logo_path",
				state: values{"name": "web"},
			},
			{
				does: "nor where a planned upload has lost its file", behind: []act{fileWritten("logo.png", pngImage(2))}, config: with(withLogo, values{"name": "shop"}), plan: update,
				changed: "client_image_url logo_sha256 name updated_at", unknown: "client_image_url logo_sha256 updated_at",
				between: []act{fileRemoved("logo.png")}, fails: "There is no file.*The plan uploads a new content of this file", failsAt: "logo_path",
				state: values{"name": "web"},
			},
			{
				does: "a change of its own goes on without the file", config: with(withLogo, values{"name": "shop"}), plan: update, changed: "name updated_at", unknown: "updated_at",
				warns: []string{"is missing.*the logo stays as it is"}, sends: []string{sendsUpdateOf(`{"name":"shop"}`)},
			},
			{
				does: "when the file is back, it is uploaded", behind: []act{fileWritten("logo.png", pngImage(2))}, config: with(withLogo, values{"name": "shop"}), plan: update,
				changed: "client_image_url logo_sha256 updated_at", unknown: "client_image_url logo_sha256 updated_at", sends: []string{sendsLogo},
			},
		},
	},
	{
		name: "logo refused on create",
		steps: []step{
			{
				does: "the application is created, with a warning", behind: []act{fileWritten("logo.png", pngImage(1)), refusedLogo}, config: withLogo, plan: create,
				sends: []string{sendsCreateOf(`{"name":"web"}`), sendsLogo}, secret: secretMade, pending: true,
				warnsLate: []string{"Unable to upload logo.*Image too large|image_too_large", "The logo was not uploaded"},
				state:     values{"logo_sha256": nil, "client_image_url": nil},
			},
			{
				does: "the next apply uploads, and nothing else", config: withLogo,
				plan: update, changed: "client_image_url logo_sha256 updated_at", unknown: "client_image_url logo_sha256 updated_at", sends: []string{sendsLogo},
			},
		},
	},
	{
		name: "logo refused on update",
		steps: []step{
			created,
			{
				does: "the other change is kept", behind: []act{fileWritten("logo.png", pngImage(1)), refusedLogo}, config: with(withLogo, values{"name": "shop"}),
				plan: update, changed: "client_image_url logo_path logo_sha256 name updated_at", unknown: "client_image_url logo_sha256 updated_at",
				sends: []string{sendsUpdateOf(`{"name":"shop"}`), sendsLogo}, fails: "Unable to upload logo.*at most 10 MB",
				state: values{"name": "shop", "logo_path": nil, "logo_sha256": nil},
			},
			{
				does: "the next apply uploads, and nothing else", config: with(withLogo, values{"name": "shop"}),
				plan: update, changed: "client_image_url logo_path logo_sha256 updated_at", unknown: "client_image_url logo_sha256 updated_at", sends: []string{sendsLogo},
			},
		},
	},
	{
		name: "logo refused after a rotation",
		steps: []step{
			created,
			{
				does: "the new secret is kept", behind: []act{fileWritten("logo.png", pngImage(1)), refusedLogo}, config: with(withLogo, values{"rotate_secret_trigger": "1"}),
				plan: update, changed: "client_image_url logo_path logo_sha256 rotate_secret_trigger" + rotationChanges, unknown: "client_image_url logo_sha256 " + rotationUnknown,
				warns: []string{rotationWarning}, sends: []string{sendsRotate, sendsLogo}, fails: "Unable to upload logo",
				state: values{"rotate_secret_trigger": "1", "logo_path": nil}, secret: secretMade,
			},
			{
				does: "the next apply uploads, and does not rotate again", config: with(withLogo, values{"rotate_secret_trigger": "1"}),
				plan: update, changed: "client_image_url logo_path logo_sha256 updated_at", unknown: "client_image_url logo_sha256 updated_at", sends: []string{sendsLogo},
			},
		},
	},
}

const (
	encryptionChanges = " client_secret_encrypted client_secret_version updated_at"
	encryptionUnknown = "client_secret_encrypted updated_at"
	encryptionWarning = "secret of .* will be rotated.*and the secret with it"
)

var encryptedSecrets = []scenario{
	{
		name: "encrypted secret",
		steps: []step{
			{
				does: "it is created, encrypted", config: with(web, values{"encrypt_client_secret_to": encryptedTo(alice)}), plan: create,
				sends: []string{sendsCreateOf(`{"name":"web"}`)}, secret: secretMade,
				state: values{"client_secret": nil, "client_secret_encrypted": like("^-----BEGIN AGE ENCRYPTED FILE-----")},
			},
			{
				does: "it is renamed", config: values{"name": "shop", "encrypt_client_secret_to": encryptedTo(alice)},
				plan: update, changed: "name updated_at", unknown: "updated_at", sends: []string{sendsUpdateOf(`{"name":"shop"}`)},
			},
			{
				does: "it is rotated", config: values{"name": "shop", "encrypt_client_secret_to": encryptedTo(alice), "rotate_secret_trigger": "1"},
				plan: update, changed: "rotate_secret_trigger" + encryptionChanges, unknown: encryptionUnknown, warns: []string{rotationWarning},
				sends: []string{sendsRotate}, secret: secretMade, state: values{"client_secret": nil},
			},
			{
				does: "one more recipient: the secret cannot be encrypted again, so it rotates", config: values{"name": "shop", "encrypt_client_secret_to": encryptedTo(bob, alice), "rotate_secret_trigger": "1"},
				plan: update, changed: "encrypt_client_secret_to" + encryptionChanges, unknown: encryptionUnknown, warns: []string{encryptionWarning},
				sends: []string{sendsRotate}, secret: secretMade, state: values{"client_secret": nil},
			},
			{
				does: "their order makes no difference", config: values{"name": "shop", "encrypt_client_secret_to": encryptedTo(alice, bob), "rotate_secret_trigger": "1"}, plan: noOp,
			},
			{
				does: "it is no longer encrypted", config: values{"name": "shop", "rotate_secret_trigger": "1"},
				plan: update, changed: "client_secret client_secret_encrypted client_secret_version encrypt_client_secret_to updated_at", unknown: rotationUnknown,
				warns: []string{encryptionWarning}, sends: []string{sendsRotate}, secret: secretMade, state: values{"client_secret_encrypted": nil},
			},
			{
				does: "and encrypted again", config: values{"name": "shop", "encrypt_client_secret_to": encryptedTo(bob), "rotate_secret_trigger": "1"},
				plan: update, changed: "client_secret client_secret_encrypted client_secret_version encrypt_client_secret_to updated_at", unknown: encryptionUnknown,
				warns: []string{encryptionWarning}, sends: []string{sendsRotate}, secret: secretMade, state: values{"client_secret": nil},
			},
		},
	},
	{
		name: "encrypted secret of a client that is public for a while",
		steps: []step{
			creation(with(web, values{"public": false, "pkce_required": true, "encrypt_client_secret_to": encryptedTo(alice)}), `{"name":"web","pkce_required":true,"public":false}`),
			{
				does: "public, it has none", config: with(spa, values{"encrypt_client_secret_to": encryptedTo(alice)}),
				plan: update, changed: "client_secret_encrypted client_secret_version public updated_at", unknown: "updated_at", warns: []string{"client secret of .* will be removed", "Recipients without a client secret"},
				sends: []string{sendsUpdateOf(`{"public":true}`)}, secret: secretNone,
			},
			{
				does: "confidential, it has an encrypted secret again", config: with(spa, values{"public": false, "encrypt_client_secret_to": encryptedTo(alice)}),
				plan: update, changed: "public" + encryptionChanges, unknown: encryptionUnknown, warns: []string{"A client secret of .* will be created"},
				sends: []string{sendsUpdateOf(`{"public":false}`), sendsRotate}, secret: secretMade,
			},
		},
	},
}

// theirs is an application that someone has created in the dashboard, as Clerk writes it.
// ours is the configuration of the same application.
var (
	theirs = values{"name": "theirs", "scopes": "profile email", "redirect_uris": []string{"https://app.example.com/cb"}}
	ours   = values{"name": "theirs", "scopes": []string{"profile", "email"}, "redirect_uris": []string{"https://app.example.com/cb"}}
)

var imports = []scenario{
	{
		name: "import by id", given: theirs,
		steps: []step{
			{
				does: "nothing is changed", config: ours, adopt: byID, plan: noOp, secret: secretNone,
				state: values{"name": "theirs", "client_secret_version": nil, "deletion_protection": false},
			},
			{
				does: "a trigger gives it a secret that Terraform knows", config: with(ours, values{"rotate_secret_trigger": "1"}),
				plan: update, changed: "rotate_secret_trigger" + rotationChanges, unknown: rotationUnknown, warns: []string{rotationWarning},
				sends: []string{sendsRotate}, secret: secretMade,
			},
		},
	},
	{
		name: "import by client_id", given: theirs,
		steps: []step{
			{does: "nothing is changed", config: ours, adopt: byClientID, plan: noOp, secret: secretNone, state: values{"id": like("^oa_")}},
		},
	},
	{
		name: "import by identity", given: theirs,
		steps: []step{{does: "nothing is changed", config: ours, adopt: byIdentity, plan: noOp, secret: secretNone}},
	},
	{
		name: "import with a name alone", given: theirs,
		steps: []step{{does: "nothing is changed", config: values{"name": "theirs"}, adopt: byID, plan: noOp, state: values{"scopes": scopesOf("profile email")}}},
	},
	{
		name: "import with offline_access configured and there", given: theirs,
		steps: []step{{
			does: "nothing is changed", behind: []act{forcedScopes("profile email offline_access")},
			config: with(ours, values{"scopes": []string{"email", "profile", "offline_access"}}), adopt: byID, plan: noOp,
		}},
	},
	{
		name: "import with offline_access neither configured nor there", given: theirs,
		steps: []step{{does: "nothing is changed", behind: []act{forcedScopes("profile email")}, config: ours, adopt: byID, plan: noOp}},
	},
	{
		name: "import with offline_access configured and not there", given: theirs,
		steps: []step{{
			does: "it is asked for", behind: []act{forcedScopes("profile email")}, config: with(ours, values{"scopes": []string{"email", "profile", "offline_access"}}), adopt: byID,
			plan: update, changed: "scopes updated_at", unknown: "updated_at", sends: []string{sendsUpdateOf(`{"scopes":"email offline_access profile"}`)},
		}},
	},
	{
		name: "import that changes", given: theirs,
		steps: []step{{
			does: "another name and a secret, in the apply that imports", config: with(ours, values{"name": "ours", "rotate_secret_trigger": "1"}), adopt: byID,
			plan: update, changed: "name rotate_secret_trigger" + rotationChanges, unknown: rotationUnknown, warns: []string{rotationWarning},
			sends: []string{sendsUpdateOf(`{"name":"ours"}`), sendsRotate}, secret: secretMade,
		}},
	},
	{
		name: "import that encrypts", given: theirs,
		steps: []step{{
			does: "a secret that Terraform does not know cannot be encrypted, so it rotates", adopt: byID,
			config: with(ours, values{"encrypt_client_secret_to": encryptedTo(alice)}),
			plan:   update, changed: "encrypt_client_secret_to" + encryptionChanges, unknown: encryptionUnknown, warns: []string{encryptionWarning},
			sends: []string{sendsRotate}, state: values{"client_secret": nil}, secret: secretMade,
		}},
	},
	{
		name: "import of an application that has registered itself", given: theirs,
		steps: []step{
			{
				does: "its consent screen cannot be disabled",
				behind: []act{simulated(func(r *run) {
					r.simulator.Edit(r.id, func(app *clerktest.Application) { app.DynamicallyRegistered = true })
				})},
				adopt: byID, config: with(ours, values{"consent_screen_enabled": false}),
				plan: update, changed: "consent_screen_enabled updated_at", unknown: "updated_at",
				sends: []string{sendsUpdateOf(`{"consent_screen_enabled":false}`)},
				fails: "cannot be disabled for a dynamically registered OAuth Application", failsAt: "consent_screen_enabled",
				state: values{"name": "theirs", "consent_screen_enabled": true, "dynamically_registered": true},
			},
			{does: "it is in the state nevertheless", config: ours, plan: noOp, state: values{"dynamically_registered": true}},
		},
	},
	{
		name: "import of what is not there",
		steps: []step{
			{does: "no such id", config: ours, adopt: byText("oa_2O4BCh3zUONvWlZHtBXv6s6tm7u"), fails: "Cannot import non-existent remote object"},
			{does: "no such client_id", config: ours, adopt: byText("d9g4CT4WYiCBm7EU"), fails: `No OAuth application of the secret key.s instance has the client_id "d9g4CT4WYiCBm7EU"`},
			{does: "no id at all", config: ours, adopt: byText("../users/user_1"), silent: true, fails: `"../users/user_1" is neither the id`},
			created,
		},
	},
}

var absences = []scenario{
	{
		name: "second application of a name", given: theirs,
		steps: []step{
			{
				does: "it is refused with prevent_duplicate_names", config: values{"name": "theirs"}, provider: values{"prevent_duplicate_names": true}, plan: create,
				fails: "theirs.* exists already.*terraform import clerk_oauth_application.NAME oa_", others: 1,
			},
			{
				does: "otherwise it is created", config: values{"name": "theirs"}, plan: create, sends: []string{sendsCreateOf(`{"name":"theirs"}`)}, secret: secretMade, others: 1,
			},
		},
	},
	{
		name: "read that takes too long",
		steps: []step{
			creation(with(web, values{"timeouts": values{"read": "3s"}}), `{"name":"web"}`),
			{
				does:   "it ends when the time is over, and names the timeout",
				behind: []act{injected(clerktest.NeverAnswers().On(http.MethodGet, clerktest.RouteApplication).Once())},
				config: with(web, values{"timeouts": values{"read": "3s"}}), fails: "The operation took longer than its timeout",
			},
			{does: "the state is as it was", config: with(web, values{"timeouts": values{"read": "3s"}}), plan: noOp},
		},
	},
	{
		name: "deleted by someone",
		steps: []step{
			created,
			{
				does: "it is created again", behind: []act{deleted()}, config: web, plan: create, warns: []string{`application "[^"]*web" is gone.*web"`},
				sends: []string{sendsCreateOf(`{"name":"web"}`)}, secret: secretMade,
			},
			{
				does: "between plan and apply of its destruction", between: []act{deleted()}, destroy: true, plan: destroyed, sends: []string{sendsDelete},
			},
			created,
			{
				does: "between plan and apply of a change", between: []act{deleted()}, config: values{"name": "shop"},
				plan: update, changed: "name updated_at", unknown: "updated_at",
				sends: []string{sendsUpdateOf(`{"name":"shop"}`)}, fails: "resource_not_found.*404",
			},
			{
				does: "the next plan creates it again", config: web, plan: create, warns: []string{"application .* is gone"},
				sends: []string{sendsCreateOf(`{"name":"web"}`)}, secret: secretMade,
			},
		},
	},
	{
		name: "key of another instance",
		steps: []step{
			created,
			{does: "it is an error that names both", config: web, provider: values{"secret_key": otherKey{}}, fails: "ins_.*ins_"},
			{does: "so is a destruction", destroy: true, provider: values{"secret_key": otherKey{}}, fails: "ins_.*ins_"},
			{does: "the state is as it was", config: web, plan: noOp},
		},
	},
	{
		name: "instance_id pins the instance",
		steps: []step{
			{
				does: "a create with the key of another is refused", config: web, provider: values{"instance_id": "ins_2O4BCh3zUONvWlZHtBXv6s6tm7a"},
				plan: create, fails: "ins_2O4BCh3zUONvWlZHtBXv6s6tm7a",
			},
			created,
		},
	},
	{
		name: "wrong key",
		steps: []step{
			created,
			{
				does: "Clerk's words, and not the key", config: web, provider: values{"secret_key": "sk_test_notTheKeyOfAnything123"},
				fails: `The provided Clerk Secret Key is invalid.*CLERK_SECRET_KEY.*clerk_key_invalid`,
			},
			{does: "the state is as it was", config: web, plan: noOp},
		},
	},
}

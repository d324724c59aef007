package lifecycle

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
)

// stateOfAnother is what vanillauys/clerk keeps of an application of the simulator,
// and with times also what buildwithdeck/clerk does.
func stateOfAnother(server *clerktest.Server, id, scopes string, more map[string]any) map[string]any {
	app, _ := server.Application(id)
	callback := ""
	if len(app.RedirectURIs) > 0 {
		callback = app.RedirectURIs[0]
	}
	state := map[string]any{
		"id": id, "name": app.Name, "callback_url": callback, "scopes": scopes,
		"public": app.Public, "consent_screen_enabled": app.ConsentScreenEnabled,
		"client_id": app.ClientID, "client_secret": server.CurrentSecret(id),
		"authorize_url":   "https://quiet.clerk.accounts.dev/oauth/authorize",
		"token_fetch_url": "https://quiet.clerk.accounts.dev/oauth/token",
		"user_info_url":   "https://quiet.clerk.accounts.dev/oauth/userinfo",
		"discovery_url":   "https://quiet.clerk.accounts.dev/.well-known/openid-configuration",
	}
	maps.Copy(state, more)
	return state
}

// privateOfAnother is private state as the framework writes it: JSON in base64.
const privateOfAnother = `{"theirs":"dHJ1ZQ=="}`

func sourceOf(t *testing.T, provider string, state map[string]any) prototest.MoveSource {
	t.Helper()
	encoded, err := json.Marshal(state)
	if err != nil {
		t.Fatal(err)
	}
	return prototest.MoveSource{ProviderAddress: provider, TypeName: applicationType, State: encoded, Private: []byte(privateOfAnother)}
}

func TestProtocolMove(t *testing.T) {
	t.Parallel()
	for provider, more := range map[string]map[string]any{
		"registry.terraform.io/vanillauys/clerk":    nil,
		"registry.opentofu.org/vanillauys/clerk":    nil,
		"registry.terraform.io/buildwithdeck/clerk": {"created_at": "2026-05-01T10:00:00Z", "updated_at": "2026-05-02T10:00:00Z"},
		"mirror.example.com/acme/clerk":             {"an_attribute_of_tomorrow": []any{1, "two"}},
		"clerk":                                     nil,
	} {
		t.Run(provider, func(t *testing.T) {
			t.Parallel()
			server := clerktest.New(t)
			id := server.Seed("web", func(a *clerktest.Application) { a.RedirectURIs = []string{"https://web.example/cb"} })
			secret := server.CurrentSecret(id)
			p := newProvider(t, server)
			app := p.Resource(applicationType)

			if ds := app.Move(sourceOf(t, provider, stateOfAnother(server, id, "profile email", more))); len(ds) > 0 {
				t.Errorf("the move says: %s", ds)
			}
			if requests := server.RequestLines(); len(requests) > 0 {
				t.Errorf("the move sent %q", requests)
			}
			moved := app.State()
			if moved.String("client_secret") != secret || moved.Int("client_secret_version") != 1 {
				t.Error("the secret did not survive")
			}
			if app.Identity().String("id") != id {
				t.Errorf("the identity is %s", app.Identity().JSON())
			}
			if private := string(app.Private()); strings.Contains(private, "theirs") {
				t.Errorf("the other provider's private state came along: %s", private)
			}

			config := prototest.Values{
				"name": "web", "redirect_uris": []string{"https://web.example/cb"}, "scopes": []string{"email", "profile"},
				"public": false, "consent_screen_enabled": true,
			}
			app.AssertNoChanges(config)
			app.AssertNoChanges(prototest.Values{"name": "web"})
			app.Refresh()
			app.AssertNoChanges(config)
			if app.State().String("client_secret") != secret || server.CurrentSecret(id) != secret {
				t.Error("the secret did not survive the refresh")
			}
			for _, request := range server.Requests() {
				if request.Method != http.MethodGet {
					t.Errorf("the move changed something: %s", request)
				}
			}

			config["name"] = "web 2"
			app.Apply(config)
			if app.State().String("client_secret") != secret {
				t.Error("the secret did not survive an update")
			}
			config["rotate_secret_trigger"] = "1"
			app.Apply(config)
			if app.State().String("client_secret") != server.CurrentSecret(id) || app.State().Int("client_secret_version") <= 1 {
				t.Error("after the move the secret could not be rotated")
			}
		})
	}
}

// TestProtocolMoveWithoutRefresh looks at the moved state as -refresh=false plans
// from it: Terraform proposes the configuration over the state, so nothing changes
// where the state has what the configuration says.
func TestProtocolMoveWithoutRefresh(t *testing.T) {
	t.Parallel()
	server := clerktest.New(t)
	id := server.Seed("web", func(a *clerktest.Application) { a.RedirectURIs = []string{"https://web.example/cb"} })
	app := newProvider(t, server).Resource(applicationType)
	app.Move(sourceOf(t, "registry.terraform.io/vanillauys/clerk", stateOfAnother(server, id, "profile email", nil)))

	state := app.State()
	for attribute, want := range map[string]any{
		"name": "web", "public": false, "consent_screen_enabled": true, "deletion_protection": false,
		"client_id": state.String("client_id"), "pkce_required": nil, "timeouts": nil, "rotate_secret_trigger": nil,
	} {
		if got := state.Get(attribute); got != want {
			t.Errorf("%s is %v, want %v", attribute, got, want)
		}
	}
	if got := state.Strings("redirect_uris"); len(got) != 1 || got[0] != "https://web.example/cb" {
		t.Errorf("redirect_uris are %q", got)
	}
	if got := strings.Join(state.Strings("scopes"), " "); got != "email profile" {
		t.Errorf("scopes are %q", got)
	}
}

func TestProtocolMoveShapes(t *testing.T) {
	t.Parallel()
	server := clerktest.New(t)
	public := server.Seed("public", func(a *clerktest.Application) {
		a.Public, a.PKCERequired, a.RedirectURIs = true, true, []string{"myapp://cb"}
	})
	bare := server.Seed("bare")

	for _, test := range []struct {
		name   string
		state  map[string]any
		config prototest.Values
		check  func(*testing.T, prototest.Object)
	}{
		{
			"a public client", stateOfAnother(server, public, "profile", map[string]any{"scopes": "email  profile"}),
			prototest.Values{"name": "public", "public": true, "redirect_uris": []string{"myapp://cb"}},
			func(t *testing.T, moved prototest.Object) {
				t.Helper()
				if !moved.IsNull("client_secret") || !moved.IsNull("client_secret_version") {
					t.Error("a public client has got a secret")
				}
			},
		},
		{
			"a public client with a secret", stateOfAnother(server, public, "profile email", map[string]any{"client_secret": "left over"}),
			prototest.Values{"name": "public", "public": true},
			func(t *testing.T, moved prototest.Object) {
				t.Helper()
				if !moved.IsNull("client_secret") {
					t.Error("a public client has got a secret")
				}
			},
		},
		{
			"an imported one without callback, scopes and secret",
			stateOfAnother(server, bare, "", map[string]any{"scopes": nil, "client_secret": nil}),
			prototest.Values{"name": "bare", "redirect_uris": []string{}},
			func(t *testing.T, moved prototest.Object) {
				t.Helper()
				if moved.Len("redirect_uris") != 0 || moved.IsNull("redirect_uris") || !moved.IsNull("scopes") || !moved.IsNull("client_secret_version") {
					t.Errorf("the moved state is %s", moved.JSON())
				}
			},
		},
		{
			"empty scopes", stateOfAnother(server, bare, "", nil),
			prototest.Values{"name": "bare"},
			func(t *testing.T, moved prototest.Object) {
				t.Helper()
				if !moved.IsNull("scopes") {
					t.Errorf("scopes are %q", moved.Strings("scopes"))
				}
			},
		},
		{
			"callback_url null", stateOfAnother(server, bare, "profile email", map[string]any{"callback_url": nil}),
			prototest.Values{"name": "bare"},
			func(t *testing.T, moved prototest.Object) {
				t.Helper()
				if !moved.IsNull("redirect_uris") {
					t.Errorf("redirect_uris are %q", moved.Strings("redirect_uris"))
				}
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			app := newProvider(t, server).Resource(applicationType)
			app.Move(sourceOf(t, "registry.terraform.io/vanillauys/clerk", test.state))
			test.check(t, app.State())
			app.AssertNoChanges(test.config)
		})
	}
}

func TestProtocolMoveRefusals(t *testing.T) {
	t.Parallel()
	server := clerktest.New(t)
	id := server.Seed("web")
	secret := server.CurrentSecret(id)
	p := newProvider(t, server)
	const theirs = "registry.terraform.io/vanillauys/clerk"
	state := func(more map[string]any) map[string]any { return stateOfAnother(server, id, "profile", more) }

	for name, source := range map[string]prototest.MoveSource{
		"another provider":            sourceOf(t, "registry.terraform.io/hashicorp/null", state(nil)),
		"a name that ends alike":      sourceOf(t, "registry.terraform.io/acme/notclerk", state(nil)),
		"our own of another provider": sourceOf(t, "registry.terraform.io/hashicorp/null", map[string]any{"id": id, "redirect_uris": []any{}}),
		"our own with a wrong type":   sourceOf(t, theirs, map[string]any{"id": id, "redirect_uris": []any{}, "scopes": "profile", "client_secret": secret}),
		"our own without id":          sourceOf(t, theirs, map[string]any{"redirect_uris": []any{}}),
		"no id":                       sourceOf(t, theirs, state(map[string]any{"id": nil})),
		"a path for an id":            sourceOf(t, theirs, state(map[string]any{"id": "../users"})),
		"another type inside":         sourceOf(t, theirs, state(map[string]any{"public": "yes"})),
		"the secret as a list":        sourceOf(t, theirs, state(map[string]any{"client_secret": []any{secret}})),
		"no object":                   {ProviderAddress: theirs, TypeName: applicationType, State: []byte(`[]`)},
		"no JSON":                     {ProviderAddress: theirs, TypeName: applicationType, State: []byte(`{"callback_url`)},
		"another resource type": func() prototest.MoveSource {
			source := sourceOf(t, theirs, state(nil))
			source.TypeName = "clerk_redirect_url"
			return source
		}(),
	} {
		app := p.Resource(applicationType)
		ds := app.TryMove(t.Context(), source)
		if !ds.HasError() || app.Exists() {
			t.Errorf("%s was moved", name)
		}
		assertNoSecrets(t, server, ds.String())
	}
	if ds := p.Resource(applicationType).TryMove(t.Context(), sourceOf(t, theirs, state(map[string]any{"public": "yes"}))); !strings.Contains(ds.String(), "import") {
		t.Errorf("the error names no way out: %s", ds)
	}
}

func TestProtocolMoveOnOldEngine(t *testing.T) {
	t.Parallel()
	server := clerktest.New(t)
	id := server.Seed("web")
	app := newProvider(t, server, prototest.OldEngine()).Resource(applicationType)
	app.Move(sourceOf(t, "clerk", stateOfAnother(server, id, "profile email", nil)))
	app.AssertNoChanges(prototest.Values{"name": "web", "scopes": []string{"profile", "email"}})
	if app.State().String("client_secret") != server.CurrentSecret(id) {
		t.Error("the secret did not survive")
	}
}

// An application of this provider under another address, such as a mirror's, is taken
// over unchanged: with its secret, the secret's version, and the mark of a pending rotation.
func TestProtocolMoveOfOurOwnState(t *testing.T) {
	t.Parallel()
	for _, version := range []int64{0, applicationSchemaVersion} {
		for _, address := range []string{
			"registry.terraform.io/terraform-provider-clerk/clerk", "registry.opentofu.org/terraform-provider-clerk/clerk",
			"mirror.example.com/acme/clerk", "clerk",
		} {
			t.Run(fmt.Sprint(version, " ", address), func(t *testing.T) {
				t.Parallel()
				server := clerktest.New(t)
				p := newProvider(t, server)
				config := prototest.Values{"name": "web", "redirect_uris": []string{"https://web.example/cb"}, "rotate_secret_trigger": "1", "deletion_protection": true}
				old := p.Resource(applicationType)
				old.Apply(config)
				config["rotate_secret_trigger"] = "2"
				server.Inject(clerktest.Changed(func(answer map[string]any) { delete(answer, "client_secret") }).On(http.MethodPost, "/oauth_applications/{id}/rotate_secret"))
				old.TryApply(t.Context(), config) // leaves a pending rotation
				server.ClearFaults()
				if !strings.Contains(string(old.Private()), "rotation_pending") {
					t.Fatalf("no rotation is pending: %s", old.Private())
				}

				moved := p.Resource(applicationType)
				if ds := moved.Move(prototest.MoveSource{
					ProviderAddress: address, TypeName: applicationType, SchemaVersion: version, State: old.StateJSON(), Private: old.Private(),
				}); len(ds) > 0 {
					t.Errorf("the move says: %s", ds)
				}
				if !bytes.Equal(moved.StateJSON(), old.StateJSON()) {
					t.Errorf("the state was\n%s\nand is\n%s", old.StateJSON(), moved.StateJSON())
				}
				if !bytes.Equal(moved.Private(), old.Private()) {
					t.Errorf("the private state was %s and is %s", old.Private(), moved.Private())
				}
			})
		}
	}
}

// Right after a move the state does not record the instance. An application that is not
// found may belong to another instance, and must not be dropped with its secret.
func TestProtocolMovedApplicationIsKeptUnderAnotherKey(t *testing.T) {
	t.Parallel()
	server := clerktest.New(t)
	id := server.Seed("moved")
	otherKey, _ := server.AddInstance(clerktest.Development)
	p := prototest.New(t, factory, providerConfig(server, prototest.Values{"secret_key": otherKey}))
	app := p.Resource(applicationType)
	app.Move(prototest.MoveSource{
		ProviderAddress: "registry.terraform.io/vanillauys/clerk",
		TypeName:        applicationType,
		State:           []byte(`{"id":"` + id + `","client_id":"abcdefghijklmnop","client_secret":"only-here","name":"moved","callback_url":"","scopes":"email profile","public":false}`),
	})
	diags := app.TryRefresh(t.Context())
	if !diags.HasError() || !app.Exists() || app.State().String("client_secret") != "only-here" {
		t.Errorf("exists: %v\n%s", app.Exists(), diags)
	}
}

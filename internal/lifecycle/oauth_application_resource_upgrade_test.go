package lifecycle

import (
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
)

// stateWith is a state in JSON with attributes replaced.
func stateWith(t *testing.T, state []byte, more map[string]any) []byte {
	t.Helper()
	var attributes map[string]any
	must(t, json.Unmarshal(state, &attributes))
	maps.Copy(attributes, more)
	changed, err := json.Marshal(attributes)
	must(t, err)
	return changed
}

// An engine that finds a state of another provider under this provider's address asks
// for an upgrade, as it does after state replace-provider. The other providers have
// version 0 of their schema; the version of this provider works too.
func TestProtocolUpgradeTakesOverAnotherProvidersState(t *testing.T) {
	t.Parallel()
	for _, version := range []int64{0, applicationSchemaVersion} {
		for name, more := range map[string]map[string]any{
			"vanillauys":    nil,
			"buildwithdeck": {"created_at": "2026-05-01T10:00:00Z", "updated_at": "2026-05-02T10:00:00Z"},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				server := clerktest.New(t)
				id := server.Seed("web", func(a *clerktest.Application) { a.RedirectURIs = []string{"https://web.example/cb"} })
				secret := server.CurrentSecret(id)
				app := newProvider(t, server).Resource(applicationType)
				other, err := json.Marshal(stateOfAnother(server, id, "profile email", more))
				must(t, err)
				if version == applicationSchemaVersion {
					// The engine has then removed attributes that this schema does not have; there are none here.
					other = stateWith(t, other, map[string]any{"client_secret": secret})
				}
				app.SetStateJSON(version, other)

				config := prototest.Values{
					"name": "web", "redirect_uris": []string{"https://web.example/cb"}, "scopes": []string{"email", "profile"},
					"public": false, "consent_screen_enabled": true,
				}
				app.AssertNoChanges(config)
				app.AssertNoChanges(prototest.Values{"name": "web"})
				app.Refresh()
				taken := app.State()
				if taken.String("client_secret") != secret || taken.Int("client_secret_version") != 1 || server.CurrentSecret(id) != secret {
					t.Error("the secret did not survive")
				}
				if taken.Get("deletion_protection") != false {
					t.Errorf("deletion_protection is %v", taken.Get("deletion_protection"))
				}
				if app.Identity().String("id") != id {
					t.Errorf("the identity is %s", app.Identity().JSON())
				}
				for _, request := range server.Requests() {
					if request.Method != http.MethodGet {
						t.Errorf("the upgrade changed something: %s", request)
					}
				}
				config["rotate_secret_trigger"] = "1"
				app.Apply(config)
				if app.State().String("client_secret") != server.CurrentSecret(id) {
					t.Error("after the upgrade the secret could not be rotated")
				}
			})
		}
	}
}

// Builds of this provider from before its first release had version 0 too.
func TestProtocolUpgradeKeepsOurOwnState(t *testing.T) {
	t.Parallel()
	server := clerktest.New(t)
	app := newProvider(t, server).Resource(applicationType)
	config := prototest.Values{
		"name": "web", "redirect_uris": []string{"https://web.example/cb"}, "scopes": []string{"email", "profile"},
		"deletion_protection": true, "rotate_secret_trigger": "1", "timeouts": prototest.Values{"read": "1m"},
	}
	app.Apply(config)
	written := app.StateJSON()
	app.SetStateJSON(0, stateWith(t, written, map[string]any{"an_attribute_of_yesterday": []any{1}}))
	app.AssertNoChanges(config)
	app.Refresh()
	if string(app.StateJSON()) != string(written) {
		t.Errorf("the state was\n%s\nand is\n%s", written, app.StateJSON())
	}
}

// For an unreadable state the error names the attribute and the way out, and never a
// value.
func TestProtocolUpgradeRefusals(t *testing.T) {
	t.Parallel()
	server := clerktest.New(t)
	app := newProvider(t, server).Resource(applicationType)
	app.Apply(prototest.Values{"name": "web"})
	own, id := app.StateJSON(), app.State().String("id")
	other, err := json.Marshal(stateOfAnother(server, id, "profile", nil))
	must(t, err)
	const secret = "a secret that stands where it should not"
	for _, test := range []struct {
		name  string
		state []byte
		says  string
	}{
		{"scopes as a text", stateWith(t, own, map[string]any{"scopes": secret}), "The attribute scopes of the application " + id + " is not a set of strings."},
		{"scopes of lists", stateWith(t, own, map[string]any{"scopes": []any{[]any{secret}}}), "is not a set of strings"},
		{"public as an object", stateWith(t, own, map[string]any{"public": map[string]any{"a": secret}}), "The attribute public of the application " + id + " is not a boolean."},
		{"the secret as a list", stateWith(t, own, map[string]any{"client_secret": []any{secret}}), "client_secret of the application " + id + " is not a string"},
		{"the version as a list", stateWith(t, own, map[string]any{"client_secret_version": []any{}}), "is not a number"},
		{"timeouts as a text", stateWith(t, own, map[string]any{"timeouts": secret}), "is not an object"},
		{"no id", stateWith(t, own, map[string]any{"id": nil}), "no valid id"},
		{"public as a text in another provider's", stateWith(t, other, map[string]any{"public": secret}), "The attribute public of the application " + id + " is not a boolean."},
		{"the secret as a list in another provider's", stateWith(t, other, map[string]any{"client_secret": []any{secret}}), "is not a string"},
		{"no id in another provider's", stateWith(t, other, map[string]any{"id": "../users"}), "no valid id"},
		{"another object", []byte(`{"name":"web"}`), "not the state of an OAuth application"},
	} {
		for _, version := range []int64{0, applicationSchemaVersion} {
			if test.name == "no id" && version == applicationSchemaVersion {
				continue // nothing was wrong with the types
			}
			broken := app.With(newProvider(t, server))
			broken.SetStateJSON(version, test.state)
			ds := broken.TryRefresh(t.Context())
			if text := ds.String(); len(ds.Errors()) != 1 || !strings.Contains(text, test.says) || !strings.Contains(text, "import it by its id") {
				t.Errorf("%s, version %d: want %q in one error:\n%s", test.name, version, test.says, text)
			}
			if strings.Contains(ds.String(), secret) || !broken.Exists() {
				t.Errorf("%s, version %d: the value is shown, or the state is gone:\n%s", test.name, version, ds)
			}
		}
	}
}

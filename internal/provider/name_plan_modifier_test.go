package provider

import (
	"net/http"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
)

const (
	cafeComposed   = "Caf\u00e9"
	cafeDecomposed = "Cafe\u0301" // as file systems of macOS write it
)

// Clerk may have a name in another Unicode normal form, or without the white space at
// its ends. It is the same name: nothing is to change, and nothing is sent.
func TestProtocolSameNameInAnotherSpelling(t *testing.T) {
	t.Parallel()
	for what, names := range map[string]struct{ configured, served string }{
		"decomposed":      {cafeComposed, cafeDecomposed},
		"composed":        {cafeDecomposed, cafeComposed},
		"trimmed":         {" web ", "web"},
		"not trimmed":     {"web", "web\t"},
		"both of the two": {cafeComposed + " ", cafeDecomposed},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			server := clerktest.New(t)
			p := newProvider(t, server)
			config := prototest.Values{"name": names.configured}

			created := p.Resource(applicationType)
			created.Apply(config)
			id := created.State().String("id")
			server.Edit(id, func(app *clerktest.Application) { app.Name = names.served })
			created.AssertNoChanges(config)

			imported := p.Resource(applicationType)
			imported.Import(server.Seed("other", func(app *clerktest.Application) { app.Name = names.served + "2" }))
			imported.AssertNoChanges(prototest.Values{"name": names.served + "2"})

			adopted := p.Resource(applicationType)
			server.Delete(imported.State().String("id"))
			adopted.Import(id)
			adopted.AssertNoChanges(config)

			server.ResetRequests()
			config["pkce_required"] = true
			adopted.Apply(config)
			for _, request := range server.Requests() {
				if request.Method == http.MethodPatch && string(request.Body) != `{"pkce_required":true}` {
					t.Errorf("the update sent %s", request.Body)
				}
			}

			found := p.DataSource(applicationType).Read(prototest.Values{"name": names.configured})
			if found.String("id") != id || found.String("name") != prototestNormal(names.configured) {
				t.Errorf("by its name the data source found %s", found.JSON())
			}

			config["name"] = "another"
			adopted.Apply(config)
			if app, _ := server.Application(id); app.Name != "another" {
				t.Errorf("renamed, it is %q", app.Name)
			}
		})
	}
}

// prototestNormal is a text as an engine stores it: composed.
func prototestNormal(text string) string {
	if text == cafeDecomposed {
		return cafeComposed
	}
	return text
}

// offline_access, which Clerk adds, shows only where the configuration or an import has
// it, so that a scope that someone adds in the dashboard is the only difference.
func TestScopesFromAPI(t *testing.T) {
	t.Parallel()
	none, unknown := types.SetNull(types.StringType), types.SetUnknown(types.StringType)
	set := func(scopes ...string) types.Set { return setOf(scopes) }
	for _, test := range []struct {
		served        []string
		current, want types.Set
	}{
		{[]string{"email", "offline_access"}, none, set("email", "offline_access")},                                                 // imported
		{[]string{"email", "offline_access"}, unknown, set("email")},                                                                // created, not configured
		{[]string{"email", "offline_access"}, set("email"), set("email")},                                                           // Clerk added it
		{[]string{"email", "offline_access", "profile"}, set("email"), set("email", "profile")},                                     // someone added one
		{[]string{"email", "offline_access", "profile"}, set("email", "offline_access"), set("email", "offline_access", "profile")}, // configured
		{[]string{"offline_access"}, set("email"), set()},                                                                           // someone removed one
		{[]string{"email"}, set("email", "offline_access"), set("email")},                                                           // someone removed it
		{[]string{"profile"}, set("email"), set("profile")},
	} {
		if got := scopesFromAPI(test.served, test.current); !sameValue(got, test.want) {
			t.Errorf("Clerk has %q, current %s: got %s, want %s", test.served, test.current, got, test.want)
		}
	}
}

// A plan that removes a scope that someone added in the dashboard shows only that scope.
func TestProtocolScopeAddedInTheDashboard(t *testing.T) {
	t.Parallel()
	server := clerktest.New(t)
	app := newProvider(t, server).Resource(applicationType)
	config := prototest.Values{"name": "web", "scopes": []string{"email", "profile"}}
	app.Apply(config)
	server.Edit(app.State().String("id"), func(a *clerktest.Application) { a.Scopes = "email offline_access openid profile" })
	plan := app.Plan(config)
	if before := plan.Before().Strings("scopes"); len(before) != 3 {
		t.Errorf("the plan goes from %q", before)
	}
	plan.Apply()
	app.AssertNoChanges(config)
}

package clerk_test

import (
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest/contract"
)

// TestContractClient compares every request of the client and every answer of the simulator with Clerk's OpenAPI document: in normal use, and under the faults that make it search for a lost create.
func TestContractClient(t *testing.T) {
	document := contract.FromEnvironment(t)
	watch := document.Watch(func(violation string) { t.Errorf("against Clerk's OpenAPI document: %s", violation) })
	server := clerktest.New(t, clerktest.WithMiddleware(watch.Middleware))
	client := newClient(t, server, func(config *clerk.Config) { config.InstanceID = server.InstanceID() })

	for _, fields := range []clerk.OAuthApplicationFields{
		{Name: new("only a name")},
		fieldsNamed("some"), publicFieldsNamed("public"),
		{Name: new("all"), RedirectURIs: &[]string{}, Scopes: &[]string{"openid", "email"}, ConsentScreenEnabled: new(false), PKCERequired: new(true), Public: new(false)},
	} {
		creation, err := client.CreateOAuthApplication(t.Context(), fields)
		noError(t, err)
		id := creation.Application.ID
		for _, change := range []clerk.OAuthApplicationFields{fields, {Public: new(true)}, {RedirectURIs: &[]string{}}, {Scopes: &[]string{"profile"}}, {}} {
			_, err = client.UpdateOAuthApplication(t.Context(), id, change)
			noError(t, err)
		}
		for _, name := range []string{"get", "get fresh", "rotate", "upload", "delete"} {
			noError(t, allOperations[name](t.Context(), client, id))
		}
		equal(t, "deleted", clerk.IsNotFound(allOperations["get fresh"](t.Context(), client, id)), true)
	}

	server.SeedMany(3, "app %d", func(a *clerktest.Application) { a.ClientID = "" })
	for _, query := range []clerk.ListQuery{{}, {OrderBy: "name"}, {OrderBy: "-name", NameQuery: "a b&c"}, {OrderBy: "+created_at", NameQuery: "app"}, {Limit: 1, Offset: 1, DynamicallyRegistered: new(false)}} {
		_, _, err := client.ListOAuthApplications(t.Context(), query)
		noError(t, err)
	}
	_, err := client.FindOAuthApplication(t.Context(), clerk.By{Name: "app 1"})
	noError(t, err)
	_, err = client.FindOAuthApplication(t.Context(), clerk.By{ClientID: server.Applications()[0].ClientID})
	noError(t, err)

	for _, fields := range []clerk.OAuthApplicationSettingsFields{
		{DefaultScopes: &clerk.DefaultScopes{Scopes: []string{"email", "profile"}}, DynamicOAuthClientRegistration: new(true), OAuthJWTAccessTokens: new(true)},
		{ClientIDMetadataDocumentsAdvertised: new(true), ClientIDMetadataDocumentsOnlyAllowPreRegisteredClients: new(true), ClientIDMetadataDocumentsBlockImplicitlyAllowedClients: new(true)},
		{DefaultScopes: &clerk.DefaultScopes{Reset: true}},
	} {
		_, err := client.UpdateOAuthApplicationSettings(t.Context(), fields)
		noError(t, err)
		noError(t, allOperations["get settings"](t.Context(), client, ""))
	}

	server.Inject(clerktest.ResetAfterWork().OnCreate().Once())
	creation, err := client.CreateOAuthApplication(t.Context(), fieldsNamed("lost"))
	noError(t, err)
	equal(t, "adopted", creation.Adopted, true)

	if watch.Checked() < 50 {
		t.Errorf("only %d exchanges were checked", watch.Checked())
	}
	for reason, times := range watch.Outside() {
		if times > 1 {
			t.Errorf("%d answers were not checked: %s", times, reason)
		}
	}
}

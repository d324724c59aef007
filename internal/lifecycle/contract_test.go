package lifecycle

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest/contract"
)

// TestContractClient sends every request of the client in every form, and compares request
// and answer with Clerk's OpenAPI document. Each violation is an error of this test. The
// test is skipped without the document.
func TestContractClient(t *testing.T) {
	t.Parallel()
	watch := contract.FromEnvironment(t).Watch(func(violation string) {
		t.Errorf("client and Clerk's OpenAPI document disagree: %s", violation)
	})
	server := clerktest.New(t, clerktest.WithMiddleware(watch.Middleware))
	key, err := clerk.ParseSecretKey(server.Key())
	must(t, err)
	address, err := clerk.ParseAPIURL(server.URL())
	must(t, err)
	config := clerk.Config{SecretKey: key, APIURL: address, PreventDuplicateNames: true}
	client, ctx := clerk.New(config), t.Context()

	fields := clerk.OAuthApplicationFields{
		Name: new("web"), RedirectURIs: new([]string{"https://app.example.com/cb", "myapp://cb"}), Scopes: new([]string{"profile", "openid"}),
		ConsentScreenEnabled: new(true), PKCERequired: new(true), Public: new(false),
	}
	minimal, err := client.CreateOAuthApplication(ctx, clerk.OAuthApplicationFields{Name: new("minimal")})
	must(t, err)
	full, err := client.CreateOAuthApplication(ctx, fields)
	must(t, err)
	id := full.Application.ID

	_, err = client.GetOAuthApplication(ctx, id)
	must(t, err)
	for _, query := range []clerk.ListQuery{
		{},
		{OrderBy: "name"},
		{OrderBy: "+name"},
		{OrderBy: "-name"},
		{OrderBy: "created_at"},
		{OrderBy: "+created_at"},
		{OrderBy: "-created_at"},
		{NameQuery: "we", Limit: 1, Offset: 1},
		{DynamicallyRegistered: new(true)},
	} {
		_, _, err = clerk.New(config).ListOAuthApplications(ctx, query) // which shares no pages with the list before
		must(t, err)
	}
	_, err = client.FindOAuthApplication(ctx, clerk.By{ClientID: full.Application.ClientID})
	must(t, err)
	_, err = client.FindOAuthApplication(ctx, clerk.By{Name: "web"})
	must(t, err)

	for _, change := range []clerk.OAuthApplicationFields{
		{Name: new("shop")},
		{RedirectURIs: new([]string{})},
		{Scopes: new([]string{"email"})},
		{ConsentScreenEnabled: new(false)},
		{PKCERequired: new(false)},
		{Public: new(true)},
		{Public: new(false)},
		fields,
	} {
		_, err = client.UpdateOAuthApplication(ctx, id, change)
		must(t, err)
	}
	_, err = client.RotateClientSecret(ctx, id, time.Time{})
	must(t, err)
	_, err = client.UploadOAuthApplicationLogo(ctx, id, "logo.png", pngImage(1))
	must(t, err)
	must(t, client.DeleteOAuthApplication(ctx, minimal.Application.ID))
	if _, err = client.GetOAuthApplication(ctx, minimal.Application.ID); !clerk.IsNotFound(err) {
		t.Errorf("reading what was deleted: %v", err)
	}

	_, err = client.Instance(ctx)
	must(t, err)
	_, err = client.GetOAuthApplicationSettings(ctx)
	must(t, err)
	for _, scopes := range []clerk.DefaultScopes{{Scopes: []string{"openid", "profile"}}, {Reset: true}} {
		_, err = client.UpdateOAuthApplicationSettings(ctx, clerk.OAuthApplicationSettingsFields{
			DynamicOAuthClientRegistration: new(true), DefaultScopes: &scopes, OAuthJWTAccessTokens: new(true),
			ClientIDMetadataDocumentsAdvertised:                    new(true),
			ClientIDMetadataDocumentsOnlyAllowPreRegisteredClients: new(true),
			ClientIDMetadataDocumentsBlockImplicitlyAllowedClients: new(true),
		})
		must(t, err)
	}

	for _, endpoint := range [][2]string{
		{http.MethodGet, clerktest.RouteApplications},
		{http.MethodPost, clerktest.RouteApplications},
		{http.MethodGet, clerktest.RouteApplication},
		{http.MethodPatch, clerktest.RouteApplication},
		{http.MethodDelete, clerktest.RouteApplication},
		{http.MethodPost, clerktest.RouteRotateSecret},
		{http.MethodPut, clerktest.RouteLogo},
		{http.MethodGet, clerktest.RouteInstance},
		{http.MethodGet, clerktest.RouteSettings},
		{http.MethodPatch, clerktest.RouteSettings},
	} {
		if !slices.ContainsFunc(server.Requests(), func(r clerktest.Request) bool { return r.Method == endpoint[0] && r.Route == endpoint[1] }) {
			t.Errorf("%s %s was not sent", endpoint[0], endpoint[1])
		}
	}
	if len(watch.Outside()) > 0 || watch.Checked() != len(server.Requests()) {
		t.Errorf("of %d answers %d were checked, and some not: %v", len(server.Requests()), watch.Checked(), watch.Outside())
	}
}

package lifecycle

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
)

// The consent screen cannot be turned off: the message names the setting of the instance
// that forces it, whether Clerk refuses the value or reports success and keeps another.
func TestProtocolConsentScreenThatStays(t *testing.T) {
	t.Parallel()
	const setting = "dynamic_oauth_client_registration of clerk_oauth_application_settings"
	server := clerktest.New(t, clerktest.WithSwitches(clerktest.Switches{DCRForcesConsent: clerktest.DCREnforcesConsent}))
	server.EditSettings(server.InstanceID(), func(s *clerktest.Settings) { s.DynamicOAuthClientRegistration = true })
	app := newProvider(t, server).Resource(applicationType)
	config := prototest.Values{"name": "web", "consent_screen_enabled": false}

	ds := app.TryApply(t.Context(), config)
	if text := ds.At("consent_screen_enabled").Errors().String(); app.Exists() || !strings.Contains(text, "Clerk says") || !strings.Contains(text, setting) {
		t.Errorf("refused on create: %s", ds)
	}
	server.EditSettings(server.InstanceID(), func(s *clerktest.Settings) { s.DynamicOAuthClientRegistration = false })
	server.Inject(clerktest.Changed(func(answer map[string]any) { answer["consent_screen_enabled"] = true }))
	ds = app.TryApply(t.Context(), config)
	if text := ds.At("consent_screen_enabled").String(); ds.HasError() || !strings.Contains(text, "Clerk did not apply a value") || !strings.Contains(text, setting) {
		t.Errorf("not taken on create: %s", ds)
	}
	ds = app.TryApply(t.Context(), config)
	if text := ds.At("consent_screen_enabled").Errors().String(); !strings.Contains(text, "Clerk reported success") || !strings.Contains(text, setting) {
		t.Errorf("not taken on update: %s", ds)
	}
	server.ClearFaults()

	registered, _ := server.Application(server.RegisterDynamically("An agent"))
	imported := newProvider(t, server).Resource(applicationType)
	imported.Import(registered.ID)
	ds = imported.TryApply(t.Context(), prototest.Values{"name": "An agent", "consent_screen_enabled": false})
	if text := ds.At("consent_screen_enabled").Errors().String(); !strings.Contains(text, "Clerk says") || !strings.Contains(text, setting) {
		t.Errorf("refused on update: %s", ds)
	}
}

// A plan is created with the key of one instance and applied with the key of another.
// "Not found" would suggest that someone deleted the application.
func TestProtocolUpdateWithTheKeyOfAnotherInstance(t *testing.T) {
	t.Parallel()
	logo := filepath.Join(t.TempDir(), "logo.png")
	must(t, os.WriteFile(logo, pngImage(1), 0o600))
	for what, change := range map[string]prototest.Values{
		"fields":   {"pkce_required": true},
		"rotation": {"rotate_secret_trigger": "1"},
		"logo":     {"logo_path": logo},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			server := clerktest.New(t)
			other, otherID := server.AddInstance(clerktest.Development)
			p := newProvider(t, server)
			app := p.Resource(applicationType)
			app.Apply(prototest.Values{"name": "web"})
			plan := app.Plan(with(prototest.Values{"name": "web"}, change))
			p.Reconfigure(providerConfig(server, prototest.Values{"secret_key": other}))
			text := plan.TryApply(t.Context()).Errors().String()
			if !strings.Contains(text, otherID) || !strings.Contains(text, server.InstanceID()) || strings.Contains(text, "deleted outside") {
				t.Errorf("it says: %s", text)
			}
			if !app.Exists() {
				t.Error("the state is gone")
			}
		})
	}
}

// A wrong address answers a create with 404. There is no state that could be kept.
func TestProtocolCreateAtAWrongAddress(t *testing.T) {
	t.Parallel()
	server := clerktest.New(t)
	server.Inject(clerktest.Raw(http.StatusNotFound, "text/plain", "404 page not found").On(http.MethodPost, "/oauth_applications"))
	text := newProvider(t, server).Resource(applicationType).TryApply(t.Context(), prototest.Values{"name": "web"}).String()
	if strings.Contains(text, "state is kept") || !strings.Contains(text, "nothing is removed from the state") || !strings.Contains(text, "api_url") {
		t.Errorf("it says: %s", text)
	}
}

// A public client that is gone will be created again without a secret.
func TestProtocolGonePublicClientGetsNoSecret(t *testing.T) {
	t.Parallel()
	for public, want := range map[bool]string{true: "with a new client_id.", false: "with a new client_id and secret."} {
		server := clerktest.New(t)
		app := newProvider(t, server).Resource(applicationType)
		app.Apply(prototest.Values{"name": "web", "public": public, "pkce_required": true})
		server.Delete(app.State().String("id"))
		if text := app.Refresh().String(); !strings.Contains(text, want) {
			t.Errorf("public %t: %s", public, text)
		}
	}
}

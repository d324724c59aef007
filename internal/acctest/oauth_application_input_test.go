package acctest

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
)

// What Clerk cannot accept is refused before anything is sent. The tables of the validators have
// every case; here is one for each argument.
func TestAccOAuthApplication_refusedInput(t *testing.T) {
	f := simulated(t)
	var steps []resource.TestStep
	for _, bad := range []struct{ argument, says string }{
		{`redirect_uris = ["/callback"]`, "/callback.*relative"},
		{`redirect_uris = ["https://app.example.com/a b"]`, "white space"},
		{`scopes = []`, "use the defaults"},
		{`scopes = ["openid,profile"]`, "separated by commas"},
		{`rotate_secret_trigger = ""`, "must not be empty"},
		{"public = true\n  rotate_secret_trigger = \"first\"", "public client has no secret"},
		{`encrypt_client_secret_to = []`, "at least one"},
		{`encrypt_client_secret_to = ["` + newIdentity(t).String() + `"]`, "private key"},
		{`logo_path = "."`, "not a regular file"},
		{"timeouts {\n    create = \"-5m\"\n  }", "at least 1s"},
	} {
		steps = append(steps, resource.TestStep{
			PreConfig: f.untouched, Config: f.web(bad.argument), ExpectError: fails(bad.says),
		})
	}
	f.test(append(steps,
		resource.TestStep{PreConfig: f.untouched, Config: application(" "), ExpectError: fails("must not be only white space")},
		resource.TestStep{PreConfig: f.untouched, Config: f.web()},
	)...)
}

// What Clerk may accept is not refused, so that whatever exists can be adopted.
func TestAccOAuthApplication_warnings(t *testing.T) {
	f := simulated(t)
	f.test(
		resource.TestStep{
			Config: f.web("public = true", `scopes = ["profile", "private_metadata"]`,
				`redirect_uris = ["http://app.example.com/cb", "http://127.0.0.1/cb"]`),
			ConfigPlanChecks: planned(f.warned(
				"Private metadata for a public client", "Public client without PKCE", `Redirect URIs .*http://app\.example\.com/cb`)),
			ConfigStateChecks: []statecheck.StateCheck{has("pkce_required", knownvalue.Bool(false))},
		},
		resource.TestStep{
			Config:           f.web("public = true", "pkce_required = true", `scopes = ["profile"]`, `redirect_uris = ["http://localhost/cb", "http://[::1]/cb"]`),
			ConfigPlanChecks: planned(updates("pkce_required scopes redirect_uris callback_url? updated_at?"), f.warned()),
		},
		resource.TestStep{ // a date without quotation marks is a calculation
			Config:           f.web("public = false", "pkce_required = true", `rotate_secret_trigger = 2026-07-01`),
			ConfigPlanChecks: planned(f.warned(secretCreated, "Rotation trigger of digits only.*2018")),
		},
	)
}

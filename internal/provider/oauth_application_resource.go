package provider

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

// oauthApplicationResource is clerk_oauth_application. Its methods are in the files
// oauth_application_….go, one for each operation.
type oauthApplicationResource struct{ configuredResource }

var (
	_ resource.ResourceWithIdentity       = (*oauthApplicationResource)(nil)
	_ resource.ResourceWithImportState    = (*oauthApplicationResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*oauthApplicationResource)(nil)
	_ resource.ResourceWithMoveState      = (*oauthApplicationResource)(nil)
	_ resource.ResourceWithUpgradeState   = (*oauthApplicationResource)(nil)
	_ resource.ResourceWithValidateConfig = (*oauthApplicationResource)(nil)
)

// applicationParams maps Clerk's parameter names to attributes, of those that are sent.
var applicationParams = paramsOf[reportedModel](map[string]string{
	"callback_url": "redirect_uris",
	"file":         "logo_path",
}, map[string]string{
	"consent_screen_enabled": "Clerk always shows the consent screen for applications that " +
		"registered themselves. While dynamic client registration is on for the instance " +
		"(dynamic_oauth_client_registration of clerk_oauth_application_settings), it may show the " +
		"consent screen for every application. Remove consent_screen_enabled, or turn dynamic client " +
		"registration off.",
	"device_authorization_grant_enabled": deviceGrantHint,
})

func (r *oauthApplicationResource) IdentitySchema(
	_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse,
) {
	resp.IdentitySchema = identitySchema("Id of the application (oa_…).")
}

// ValidateConfig checks what no attribute can check alone, and warns of what is allowed
// and rarely meant.
//
// An engine validates a configuration twice before it plans: as a whole, before the provider
// is configured, and each resource once more. A warning in both would be printed with "and
// one more similar warning elsewhere". So warnings belong to the second, and terraform
// validate, which has only the first, prints errors alone.
func (r *oauthApplicationResource) ValidateConfig(
	ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse,
) {
	defer recoverPanic(&resp.Diagnostics, "validate OAuth application")

	var config resourceModel
	resp.Diagnostics.Append(decodeModel(ctx, req.Config.Raw, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	config.validate(r.data != nil, &resp.Diagnostics)
}

func (m *resourceModel) validate(configured bool, diags *diag.Diagnostics) {
	const minTimeout = time.Second // less than any operation needs
	for name, value := range m.Timeouts.Attributes() {
		text := value.(types.String).ValueString()
		if duration, err := time.ParseDuration(text); err == nil && duration < minTimeout {
			diags.AddAttributeError(path.Root("timeouts").AtName(name), "Invalid duration",
				fmt.Sprintf("A timeout must be at least %s; got %q.", minTimeout, text))
		}
	}
	if length := len(clerk.FormatScopes(stringsOf(m.Scopes))); length > clerk.MaxScopesLength {
		diags.AddAttributeError(path.Root("scopes"), "Too many scopes",
			fmt.Sprintf("Clerk accepts %d characters for all scopes together, separated by spaces; these "+
				"scopes have %d.", clerk.MaxScopesLength, length))
	}
	m.checkTrigger(diags)
	if !m.LogoSHA256.IsNull() { // optional for ignore_changes alone: see planLogo
		diags.AddAttributeError(path.Root("logo_sha256"), "logo_sha256 cannot be set",
			"The provider computes logo_sha256 from the file at logo_path. Remove the argument. To keep "+
				"the uploaded logo when the file changes, name logo_sha256 in ignore_changes.")
	}
	if configured {
		m.addWarnings(diags)
	}
}

// addWarnings warns of what Clerk may accept and users rarely want. These are not errors,
// so that every existing application can be imported.
//
// Engines fold warnings of one summary into the first of them. So there is one warning for
// each attribute of an application, with the application's name in the summary.
func (m *resourceModel) addWarnings(diags *diag.Diagnostics) {
	who := m.named("OAuth application")
	warn := func(attribute, summary, detail string) {
		if detail != "" {
			diags.AddAttributeWarning(path.Root(attribute), summary, detail)
		}
	}
	name := m.Name.ValueString()
	if name != strings.TrimSpace(name) {
		warn("name", "White space around the name of "+who,
			"Clerk may remove white space at the ends of a name, and users cannot see it. The provider "+
				"treats both spellings as the same name.")
	}
	warn("name", "Invisible characters in the name of "+who, oddCharacters(name))
	warn("redirect_uris", "Redirect URIs of "+who+" may not work as intended",
		oddURIs(stringsOf(m.RedirectURIs)))
	warn("scopes", "Comma in a scope of "+who, oddScopes(stringsOf(m.Scopes)))
	if yearOnly.MatchString(m.RotateSecretTrigger.ValueString()) {
		warn("rotate_secret_trigger", "Rotation trigger of digits only: "+who,
			fmt.Sprintf("rotate_secret_trigger is %q. A date without quotation marks is a calculation: "+
				"2026-07-01 is 2018. Write a date in quotation marks. If the number is meant, ignore this.",
				m.RotateSecretTrigger.ValueString()))
	}
	if m.VerifyClientSecret.ValueBool() && !m.EncryptClientSecretTo.IsNull() {
		warn("verify_client_secret", "An encrypted client secret cannot be verified: "+who,
			"With encrypt_client_secret_to the provider cannot read the secret in the state, so "+
				"verify_client_secret has no effect. Remove one of the two arguments.")
	}
	if !m.Public.ValueBool() {
		return
	}
	withoutPKCE := !m.PKCERequired.IsUnknown() && !m.PKCERequired.ValueBool()
	if withoutPKCE && !m.DeviceGrantEnabled.ValueBool() { // which has no authorization code
		warn("pkce_required", "Public client without PKCE: "+who,
			"A public client has no secret. Only PKCE (RFC 7636) ties an authorization code to the client "+
				"that requested it. Set pkce_required = true.")
	}
	if !m.EncryptClientSecretTo.IsNull() {
		warn("encrypt_client_secret_to", "Recipients without a client secret: "+who,
			"A public client has no secret, so nothing is encrypted to the recipients and "+
				"client_secret_encrypted stays null.")
	}
	if slices.Contains(stringsOf(m.Scopes), "private_metadata") {
		warn("scopes", "Private metadata for a public client: "+who,
			"The scope private_metadata gives users' private metadata to a client whose code and tokens "+
				"are on the users' devices.")
	}
}

// yearOnly matches what HCL makes of a date without quotation marks. Other numbers are
// counters, which many configurations have.
var yearOnly = regexp.MustCompile(`^\s*(19|20)[0-9]{2}\s*$`)

// oddCharacters is about characters of a name that nobody can see. It returns "" if there are
// no such characters. The summary shows their code points.
func oddCharacters(name string) string {
	hidden := func(r rune) bool { return isInvisible(r) || unicode.IsControl(r) }
	name = strings.TrimSpace(name)
	if !strings.ContainsFunc(name, hidden) {
		return ""
	}
	text := "The name has characters that users cannot see, shown above by their code points. They " +
		"can make a name look like another one, and change how a terminal or the consent screen shows it."
	if !strings.ContainsFunc(name, isShown) {
		text += " No character of the name is visible."
	}
	return text
}

// oddURIs lists what is unusual about redirect URIs, or "".
func oddURIs(uris []string) string {
	var lines []string
	for _, uri := range uris {
		if concerns := redirectURIConcerns(uri); len(concerns) > 0 {
			lines = append(lines, fmt.Sprintf("- %s %s.",
				quote(withoutPassword(uri)), strings.Join(concerns, "; it ")))
		}
	}
	return strings.Join(lines, "\n")
}

func oddScopes(scopes []string) string {
	scopes = slices.DeleteFunc(scopes, func(scope string) bool {
		return !strings.Contains(scope, ",")
	})
	if len(scopes) == 0 {
		return ""
	}
	return fmt.Sprintf("Clerk treats %s as one scope. If several are meant, write each of them as a "+
		"separate element.", quoted(scopes))
}

// applicationCall is a call about one application under way.
type applicationCall struct {
	data     *providerData
	client   *clerk.Client
	plan     resourceModel // the zero model in a read and a delete
	current  resourceModel // what is true by now
	logo     logoFile      // to upload
	notes    *privateNotes
	state    *tfsdk.State
	identity *tfsdk.ResourceIdentity
	diags    *diag.Diagnostics

	patched, rotated bool // steps that Clerk has carried out
}

// begin gets the client and the private state, and limits the context by a timeout of the
// timeouts block. The call must end if there are errors by then.
func (c *applicationCall) begin(
	ctx context.Context,
	timeout func(context.Context, time.Duration) (time.Duration, diag.Diagnostics),
	fallback time.Duration, private privateStore,
) (context.Context, context.CancelFunc) {
	limit, diags := timeout(ctx, fallback)
	c.diags.Append(diags...)
	c.client = c.data.requireClient(c.diags)
	c.notes = openPrivate(ctx, private, c.diags)
	return context.WithTimeout(ctx, limit)
}

func (c *applicationCall) save(ctx context.Context) {
	c.diags.Append(saveState(ctx, c.current, c.current.ID, c.state, c.identity)...)
}

// warnOfProblems warns of fields of an answer that could not be read. done is what Clerk has
// done all the same.
func (c *applicationCall) warnOfProblems(app clerk.OAuthApplication, done string) {
	applicationParams.warnOfProblems(c.diags, c.client, app.Problems, c.current.quotedName(),
		fmt.Sprintf("%s (application %s)", done, app.ID))
}

package provider

import (
	"fmt"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/encryption"
)

// reportedModel holds the attributes that Clerk reports of an application. The resource, the
// data sources and the list resource share it.
type reportedModel struct {
	ID                    types.String `tfsdk:"id"`
	ClientID              types.String `tfsdk:"client_id"`
	InstanceID            types.String `tfsdk:"instance_id"`
	Name                  types.String `tfsdk:"name"`
	RedirectURIs          types.Set    `tfsdk:"redirect_uris"`
	Scopes                types.Set    `tfsdk:"scopes"`
	ConsentScreenEnabled  types.Bool   `tfsdk:"consent_screen_enabled"`
	PKCERequired          types.Bool   `tfsdk:"pkce_required"`
	Public                types.Bool   `tfsdk:"public"`
	DeviceGrantEnabled    types.Bool   `tfsdk:"device_authorization_grant_enabled"`
	DynamicallyRegistered types.Bool   `tfsdk:"dynamically_registered"`
	ClientURI             types.String `tfsdk:"client_uri"`
	ClientImageURL        types.String `tfsdk:"client_image_url"`
	CallbackURL           types.String `tfsdk:"callback_url"`
	AuthorizeURL          types.String `tfsdk:"authorize_url"`
	TokenFetchURL         types.String `tfsdk:"token_fetch_url"`
	UserInfoURL           types.String `tfsdk:"user_info_url"`
	DiscoveryURL          types.String `tfsdk:"discovery_url"`
	TokenIntrospectionURL types.String `tfsdk:"token_introspection_url"`
	CreatedAt             types.String `tfsdk:"created_at"`
	UpdatedAt             types.String `tfsdk:"updated_at"`
}

// resourceModel is the resource: what Clerk reports, the secret, and what only Terraform knows.
type resourceModel struct {
	reportedModel

	ClientSecret          types.String   `tfsdk:"client_secret"`
	ClientSecretVersion   types.Int64    `tfsdk:"client_secret_version"`
	ClientSecretEncrypted types.String   `tfsdk:"client_secret_encrypted"`
	EncryptClientSecretTo types.Set      `tfsdk:"encrypt_client_secret_to"`
	VerifyClientSecret    types.Bool     `tfsdk:"verify_client_secret"`
	RotateSecretTrigger   types.String   `tfsdk:"rotate_secret_trigger"`
	DeletionProtection    types.Bool     `tfsdk:"deletion_protection"`
	LogoPath              types.String   `tfsdk:"logo_path"`
	LogoSHA256            types.String   `tfsdk:"logo_sha256"`
	Timeouts              timeouts.Value `tfsdk:"timeouts"`
}

// What is done with an application, as named completes it in an error.
const (
	actionPlan       = "plan OAuth application"
	actionCreate     = "create OAuth application"
	actionRead       = "read OAuth application"
	actionUpdate     = "update OAuth application"
	actionDelete     = "delete OAuth application"
	actionRotate     = "rotate client secret of OAuth application"
	actionEncrypt    = "encrypt client secret of OAuth application"
	actionUploadLogo = "upload logo of OAuth application"
)

// Defaults of the timeouts block. They bound an operation with all its retries and its
// waits for the rate limiter, which a thousand others may share.
const (
	defaultWriteTimeout = 20 * time.Minute
	defaultReadTimeout  = 10 * time.Minute
)

// fromAPI overwrites what Clerk reports and touches nothing else. Name and scopes keep
// the spelling that they have where Clerk's mean the same. What could not be read of an
// answer keeps the value that it has, or is null where none is known.
func (m *reportedModel) fromAPI(app clerk.OAuthApplication) {
	before := *m
	m.ID = types.StringValue(app.ID)
	m.ClientID = types.StringValue(app.ClientID)
	m.InstanceID = types.StringValue(app.InstanceID)
	m.Name = nameFromAPI(app.Name, m.Name)
	m.RedirectURIs = setOf(app.RedirectURIs)
	m.Scopes = scopesFromAPI(app.Scopes, m.Scopes)
	m.ConsentScreenEnabled = types.BoolValue(app.ConsentScreenEnabled)
	m.PKCERequired = types.BoolValue(app.PKCERequired)
	m.Public = types.BoolValue(app.Public)
	m.DeviceGrantEnabled = types.BoolPointerValue(app.DeviceAuthorizationGrantEnabled)
	m.DynamicallyRegistered = types.BoolValue(app.DynamicallyRegistered)
	m.ClientURI = types.StringPointerValue(app.ClientURI)
	m.ClientImageURL = types.StringPointerValue(app.ClientImageURL)
	m.CallbackURL = types.StringValue(app.CallbackURL)
	m.AuthorizeURL = types.StringValue(app.AuthorizeURL)
	m.TokenFetchURL = types.StringValue(app.TokenFetchURL)
	m.UserInfoURL = types.StringValue(app.UserInfoURL)
	m.DiscoveryURL = types.StringValue(app.DiscoveryURL)
	m.TokenIntrospectionURL = types.StringValue(app.TokenIntrospectionURL)
	m.CreatedAt = timeValue(app.CreatedAt)
	m.UpdatedAt = timeValue(app.UpdatedAt)
	for _, problem := range app.Problems {
		copyField(m, before, problem.Field)
	}
}

// fromAnswer takes over the answer to a write. What the plan knows stays as planned, because
// Terraform holds a provider to it: where Clerk has a different value, the next refresh
// shows it. The request decides whether the client is public, and not the answer.
func (m *reportedModel) fromAnswer(app clerk.OAuthApplication, plan reportedModel) {
	public := m.Public
	keepPlanned(m, plan)
	m.fromAPI(app)
	if !public.IsNull() && !public.IsUnknown() {
		m.Public = public
	}
	keepPlanned(m, plan)
}

// withLacking adds to the problems of an answer the fields that were sent and that the
// answer lacks, although it could be read without them.
func withLacking(
	app clerk.OAuthApplication, fields clerk.OAuthApplicationFields,
) clerk.OAuthApplication {
	lacks := func(field string, sent, answered bool) {
		known := slices.ContainsFunc(app.Problems, func(problem clerk.FieldProblem) bool {
			return problem.Field == field
		})
		if sent && !answered && !known {
			problem := clerk.FieldProblem{Field: field, Problem: "is missing"}
			app.Problems = append(slices.Clip(app.Problems), problem)
		}
	}
	uris, grant := fields.RedirectURIs, fields.DeviceAuthorizationGrantEnabled != nil
	lacks("redirect_uris", uris != nil && len(*uris) > 0, app.RedirectURIs != nil)
	lacks("scopes", fields.Scopes != nil, len(app.Scopes) > 0)
	lacks("device_authorization_grant_enabled", grant, app.DeviceAuthorizationGrantEnabled != nil)
	return app
}

// nameFromAPI returns the current name if the one served is another spelling of it: Clerk may
// change the Unicode normal form, and white space at the ends.
func nameFromAPI(served string, current types.String) types.String {
	if isKnownText(current) && clerk.SameName(current.ValueString(), served) {
		return current
	}
	return types.StringValue(served)
}

// quotedName is the name for a message.
func (m *reportedModel) quotedName() string { return quote(m.Name.ValueString()) }

// named adds to an action the application that it is about, as far as that is known. An
// engine shows no address with an error of a destroy, and a run can have many of them.
func (m *reportedModel) named(action string) string {
	if isKnownText(m.Name) {
		action += " " + m.quotedName()
	}
	if isKnownText(m.ID) {
		action += " (" + visible(m.ID.ValueString()) + ")"
	}
	return action
}

// clientTitle names the application in a message about its secret.
func (m *reportedModel) clientTitle() string {
	return fmt.Sprintf("OAuth application %s (client_id %s)", m.quotedName(), m.ClientID.ValueString())
}

// scopesFromAPI returns the current scopes if Clerk's satisfy them, and otherwise Clerk's.
// Those are without offline_access, which Clerk adds to every application, unless the
// current ones have it. So a scope that someone adds in the dashboard is the only
// difference. After an import there are no current ones.
func scopesFromAPI(served []string, current types.Set) types.Set {
	switch {
	case current.IsNull():
		return setOf(served)
	case isWhollyKnown(current) && clerk.ScopesSatisfy(served, stringsOf(current)):
		return current
	case slices.Contains(stringsOf(current), clerk.ScopeOfflineAccess):
		return setOf(served)
	}
	return withoutOfflineAccess(served)
}

// scopesSatisfy is clerk.ScopesSatisfy for sets that are known and not null.
func scopesSatisfy(served, wanted types.Set) bool {
	return !served.IsNull() && !wanted.IsNull() && isWhollyKnown(served) && isWhollyKnown(wanted) &&
		clerk.ScopesSatisfy(stringsOf(served), stringsOf(wanted))
}

func withoutOfflineAccess(scopes []string) types.Set {
	return setOf(slices.DeleteFunc(slices.Clone(scopes), func(scope string) bool {
		return scope == clerk.ScopeOfflineAccess
	}))
}

// fieldsToUpdate are the fields that differ from the current ones. In a create those are the
// fields that the configuration gives; the others are left to Clerk.
func (m *reportedModel) fieldsToUpdate(current reportedModel) clerk.OAuthApplicationFields {
	yes := types.Bool.ValueBool
	return clerk.OAuthApplicationFields{
		Name:                 changed(m.Name, current.Name, types.String.ValueString),
		RedirectURIs:         changed(m.RedirectURIs, current.RedirectURIs, stringsOf),
		Scopes:               changed(m.Scopes, current.Scopes, stringsOf),
		ConsentScreenEnabled: changed(m.ConsentScreenEnabled, current.ConsentScreenEnabled, yes),
		PKCERequired:         changed(m.PKCERequired, current.PKCERequired, yes),
		Public:               changed(m.Public, current.Public, yes),

		DeviceAuthorizationGrantEnabled: changed(m.DeviceGrantEnabled, current.DeviceGrantEnabled, yes),
	}
}

// secretFromAPI puts a secret that Clerk has just created into client_secret or, encrypted,
// into client_secret_encrypted.
func (m *resourceModel) secretFromAPI(secret clerk.Secret) error {
	m.ClientSecret, m.ClientSecretEncrypted = types.StringNull(), types.StringNull()
	switch {
	case secret.IsEmpty() || m.Public.ValueBool(): // Clerk sends one for a public client too
	case m.EncryptClientSecretTo.IsNull():
		m.ClientSecret = types.StringValue(secret.Reveal())
	default:
		ciphertext, err := encryption.Encrypt(secret.Reveal(), stringsOf(m.EncryptClientSecretTo))
		if err != nil {
			return err
		}
		m.ClientSecretEncrypted = types.StringValue(ciphertext)
	}
	return nil
}

// hasSecret reports whether the model has a secret, in either of the two attributes.
func (m *resourceModel) hasSecret() bool {
	return !m.ClientSecret.IsNull() || !m.ClientSecretEncrypted.IsNull()
}

// forgetSecret removes the secret from the model, for a public client.
func (m *resourceModel) forgetSecret() {
	m.ClientSecret, m.ClientSecretEncrypted = types.StringNull(), types.StringNull()
	m.ClientSecretVersion = types.Int64Null()
}

// timeValue writes a time as RFC 3339 in UTC, to the millisecond as Clerk has it.
func timeValue(t time.Time) types.String {
	if t.IsZero() {
		return types.StringNull()
	}
	return types.StringValue(t.UTC().Format("2006-01-02T15:04:05.000Z07:00"))
}

// timeOf is the inverse of timeValue.
func timeOf(value types.String) time.Time {
	t, _ := time.Parse(time.RFC3339, value.ValueString())
	return t
}

package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

// reportedModel holds the attributes that Clerk reports of an application. The
// resource, the data sources and the list resource share it, so that they cannot
// disagree.
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

// resourceModel is the resource: what Clerk reports, the secret, and what
// only Terraform knows.
type resourceModel struct {
	reportedModel

	ClientSecret          types.String   `tfsdk:"client_secret"`
	ClientSecretVersion   types.Int64    `tfsdk:"client_secret_version"`
	ClientSecretEncrypted types.String   `tfsdk:"client_secret_encrypted"`
	EncryptClientSecretTo types.Set      `tfsdk:"encrypt_client_secret_to"`
	RotateSecretTrigger   types.String   `tfsdk:"rotate_secret_trigger"`
	DeletionProtection    types.Bool     `tfsdk:"deletion_protection"`
	LogoPath              types.String   `tfsdk:"logo_path"`
	LogoSHA256            types.String   `tfsdk:"logo_sha256"`
	Timeouts              timeouts.Value `tfsdk:"timeouts"`
}

// oauthApplicationIdentity is the resource's identity.
type oauthApplicationIdentity struct {
	ID types.String `tfsdk:"id"`
}

// slots are the attributes, for decodeModel and encodeModel.
func (m *reportedModel) slots() []slot {
	return []slot{
		slotOf("id", types.StringType, &m.ID),
		slotOf("client_id", types.StringType, &m.ClientID),
		slotOf("instance_id", types.StringType, &m.InstanceID),
		slotOf("name", types.StringType, &m.Name),
		slotOf("redirect_uris", setOfStrings, &m.RedirectURIs),
		slotOf("scopes", setOfStrings, &m.Scopes),
		slotOf("consent_screen_enabled", types.BoolType, &m.ConsentScreenEnabled),
		slotOf("pkce_required", types.BoolType, &m.PKCERequired),
		slotOf("public", types.BoolType, &m.Public),
		slotOf("dynamically_registered", types.BoolType, &m.DynamicallyRegistered),
		slotOf("client_uri", types.StringType, &m.ClientURI),
		slotOf("client_image_url", types.StringType, &m.ClientImageURL),
		slotOf("callback_url", types.StringType, &m.CallbackURL),
		slotOf("authorize_url", types.StringType, &m.AuthorizeURL),
		slotOf("token_fetch_url", types.StringType, &m.TokenFetchURL),
		slotOf("user_info_url", types.StringType, &m.UserInfoURL),
		slotOf("discovery_url", types.StringType, &m.DiscoveryURL),
		slotOf("token_introspection_url", types.StringType, &m.TokenIntrospectionURL),
		slotOf("created_at", types.StringType, &m.CreatedAt),
		slotOf("updated_at", types.StringType, &m.UpdatedAt),
	}
}

func (m *resourceModel) slots() []slot {
	return append(m.reportedModel.slots(),
		slotOf("client_secret", types.StringType, &m.ClientSecret),
		slotOf("client_secret_version", types.Int64Type, &m.ClientSecretVersion),
		slotOf("client_secret_encrypted", types.StringType, &m.ClientSecretEncrypted),
		slotOf("encrypt_client_secret_to", setOfStrings, &m.EncryptClientSecretTo),
		slotOf("rotate_secret_trigger", types.StringType, &m.RotateSecretTrigger),
		slotOf("deletion_protection", types.BoolType, &m.DeletionProtection),
		slotOf("logo_path", types.StringType, &m.LogoPath),
		slotOf("logo_sha256", types.StringType, &m.LogoSHA256),
		slotOf("timeouts", timeoutsType, &m.Timeouts),
	)
}

var (
	setOfStrings = types.SetType{ElemType: types.StringType}
	timeoutsType = timeouts.BlockAll(context.Background()).Type() //nolint:forbidigo // a type, for which the context is not used
)

// fromAPI overwrites what Clerk reports and touches nothing else. Scopes keep
// their present writing where Clerk's are what it asks for.
func (m *reportedModel) fromAPI(app clerk.OAuthApplication) {
	m.ID = types.StringValue(app.ID)
	m.ClientID = types.StringValue(app.ClientID)
	m.InstanceID = types.StringValue(app.InstanceID)
	m.Name = types.StringValue(app.Name)
	m.RedirectURIs = setOf(app.RedirectURIs)
	m.Scopes = scopesFromAPI(app.Scopes, m.Scopes)
	m.ConsentScreenEnabled = types.BoolValue(app.ConsentScreenEnabled)
	m.PKCERequired = types.BoolValue(app.PKCERequired)
	m.Public = types.BoolValue(app.Public)
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
}

// scopesFromAPI gives the scopes in the writing that they have in the plan or the
// state, if Clerk's satisfy it, else as Clerk has them.
func scopesFromAPI(served []string, present types.Set) types.Set {
	if !present.IsNull() && isWhollyKnown(present) && clerk.ScopesSatisfy(served, stringsOf(present)) {
		return present
	}
	return setOf(served)
}

// keepPlanned takes every value that the plan promised. Terraform holds a provider to
// them; where Clerk has something else by now, because somebody changed it since
// the plan was made, the next refresh shows it.
func (m *reportedModel) keepPlanned(plan reportedModel) {
	m.ID = plannedOr(plan.ID, m.ID)
	m.ClientID = plannedOr(plan.ClientID, m.ClientID)
	m.InstanceID = plannedOr(plan.InstanceID, m.InstanceID)
	m.Name = plannedOr(plan.Name, m.Name)
	m.RedirectURIs = plannedOr(plan.RedirectURIs, m.RedirectURIs)
	m.Scopes = plannedOr(plan.Scopes, m.Scopes)
	m.ConsentScreenEnabled = plannedOr(plan.ConsentScreenEnabled, m.ConsentScreenEnabled)
	m.PKCERequired = plannedOr(plan.PKCERequired, m.PKCERequired)
	m.Public = plannedOr(plan.Public, m.Public)
	m.DynamicallyRegistered = plannedOr(plan.DynamicallyRegistered, m.DynamicallyRegistered)
	m.ClientURI = plannedOr(plan.ClientURI, m.ClientURI)
	m.ClientImageURL = plannedOr(plan.ClientImageURL, m.ClientImageURL)
	m.CallbackURL = plannedOr(plan.CallbackURL, m.CallbackURL)
	m.AuthorizeURL = plannedOr(plan.AuthorizeURL, m.AuthorizeURL)
	m.TokenFetchURL = plannedOr(plan.TokenFetchURL, m.TokenFetchURL)
	m.UserInfoURL = plannedOr(plan.UserInfoURL, m.UserInfoURL)
	m.DiscoveryURL = plannedOr(plan.DiscoveryURL, m.DiscoveryURL)
	m.TokenIntrospectionURL = plannedOr(plan.TokenIntrospectionURL, m.TokenIntrospectionURL)
	m.CreatedAt = plannedOr(plan.CreatedAt, m.CreatedAt)
	m.UpdatedAt = plannedOr(plan.UpdatedAt, m.UpdatedAt)
}

func plannedOr[T attr.Value](plan, actual T) T {
	if plan.IsUnknown() {
		return actual
	}
	return plan
}

// fieldsToCreate are the fields that the configuration gives; the others are left
// to Clerk.
func (m *reportedModel) fieldsToCreate() clerk.OAuthApplicationFields {
	none := reportedModel{
		Name:                 types.StringUnknown(),
		RedirectURIs:         types.SetUnknown(types.StringType),
		Scopes:               types.SetUnknown(types.StringType),
		ConsentScreenEnabled: types.BoolUnknown(),
		PKCERequired:         types.BoolUnknown(),
		Public:               types.BoolUnknown(),
	}
	return m.fieldsToUpdate(none)
}

// fieldsToUpdate are the fields that differ from what is there.
func (m *reportedModel) fieldsToUpdate(present reportedModel) clerk.OAuthApplicationFields {
	var fields clerk.OAuthApplicationFields
	if changes(m.Name, present.Name) {
		fields.Name = new(m.Name.ValueString())
	}
	if changes(m.RedirectURIs, present.RedirectURIs) {
		fields.RedirectURIs = new(stringsOf(m.RedirectURIs))
	}
	if changes(m.Scopes, present.Scopes) {
		fields.Scopes = new(stringsOf(m.Scopes))
	}
	if changes(m.ConsentScreenEnabled, present.ConsentScreenEnabled) {
		fields.ConsentScreenEnabled = new(m.ConsentScreenEnabled.ValueBool())
	}
	if changes(m.PKCERequired, present.PKCERequired) {
		fields.PKCERequired = new(m.PKCERequired.ValueBool())
	}
	if changes(m.Public, present.Public) {
		fields.Public = new(m.Public.ValueBool())
	}
	return fields
}

// changes tells whether a wanted value is one and differs from what is there.
func changes(wanted, present attr.Value) bool {
	return !wanted.IsNull() && !wanted.IsUnknown() && !wanted.Equal(present)
}

// secretFromAPI puts a secret that Clerk has just made where it belongs: into
// client_secret or, sealed, into client_secret_encrypted.
func (m *resourceModel) secretFromAPI(secret clerk.Secret) diag.Diagnostics {
	var diags diag.Diagnostics
	m.ClientSecret = types.StringNull()
	m.ClientSecretEncrypted = types.StringNull()
	switch {
	case secret.IsEmpty() || m.Public.ValueBool():
	case m.EncryptClientSecretTo.IsNull():
		m.ClientSecret = types.StringValue(secret.Reveal())
	default:
		ciphertext, err := encryptSecret(secret, stringsOf(m.EncryptClientSecretTo))
		if err != nil {
			addError(&diags, actionEncrypt, err, nil)
			return diags
		}
		m.ClientSecretEncrypted = types.StringValue(ciphertext)
	}
	return diags
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

func setOf(values []string) types.Set {
	elements := make([]attr.Value, 0, len(values))
	seen := make(map[string]bool, len(values))
	for _, value := range values {
		if !seen[value] {
			seen[value] = true
			elements = append(elements, types.StringValue(value))
		}
	}
	return types.SetValueMust(types.StringType, elements)
}

// stringsOf returns the elements of a set of known strings.
func stringsOf(set types.Set) []string {
	values := make([]string, 0, len(set.Elements()))
	for _, element := range set.Elements() {
		if text, ok := element.(types.String); ok {
			values = append(values, text.ValueString())
		}
	}
	return values
}

// nullTimeouts is the value of a timeouts block that is not there.
func nullTimeouts() timeouts.Value {
	attributes := timeoutsType.(timeouts.Type).AttrTypes
	return timeouts.Value{Object: types.ObjectNull(attributes)}
}

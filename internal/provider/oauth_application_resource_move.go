package provider

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

// MoveState takes over applications from the states of other providers for Clerk,
// vanillauys/clerk and buildwithdeck/clerk, so that neither the application nor its
// secret is lost on the way.
func (r *oauthApplicationResource) MoveState(context.Context) []resource.StateMover {
	return []resource.StateMover{{StateMover: moveFromOtherProvider}}
}

// otherApplication has the attributes of the other providers that Clerk does not
// show, or shows only after a request. The refresh after a move brings the rest.
//
// The raw state is read without a schema, because a schema would be that of one
// version of one provider. Every field is optional.
type otherApplication struct {
	ID                   *string `json:"id"`
	ClientID             *string `json:"client_id"`
	ClientSecret         *string `json:"client_secret"`
	Name                 *string `json:"name"`
	CallbackURL          *string `json:"callback_url"`
	Scopes               *string `json:"scopes"` // separated by spaces
	Public               *bool   `json:"public"`
	ConsentScreenEnabled *bool   `json:"consent_screen_enabled"`
	AuthorizeURL         *string `json:"authorize_url"`
	TokenFetchURL        *string `json:"token_fetch_url"`
	UserInfoURL          *string `json:"user_info_url"`
	DiscoveryURL         *string `json:"discovery_url"`
}

func moveFromOtherProvider(ctx context.Context, req resource.MoveStateRequest, resp *resource.MoveStateResponse) {
	const action = "move OAuth application from another provider"
	defer recoverPanic(&resp.Diagnostics, action)

	if !isFromOtherProvider(req) {
		return // Terraform then says that this move is not possible
	}
	var other otherApplication
	// The error is dropped: it can quote a value.
	if err := json.Unmarshal(req.SourceRawState.JSON, &other); err != nil {
		resp.Diagnostics.AddError("Unable to "+action,
			"The state of provider "+req.SourceProviderAddress+" has an attribute of another type than is known. "+
				"Remove the application from the state (a removed block with destroy = false, or terraform state rm) and import it. "+
				"An import cannot bring the client secret along; it keeps working, and the old state has it.")
		return
	}
	if other.ID == nil || !clerk.ValidID(*other.ID) {
		resp.Diagnostics.AddError("Unable to "+action, "The state of provider "+req.SourceProviderAddress+" holds no id of an OAuth application.")
		return
	}
	resp.Diagnostics.Append(saveState(ctx, other.model(), &resp.TargetState, resp.TargetIdentity)...)
}

// isFromOtherProvider reports whether the state is that of a clerk_oauth_application
// of another provider. It compares the type, and the last part of the provider's
// address on any host: before 1.12.4, OpenTofu gives that part only.
//
// The attributes show which provider it was, not the address: both have forks, and
// the address may lack the namespace. A state with redirect_uris is one of this
// provider, which Terraform moves without asking.
func isFromOtherProvider(req resource.MoveStateRequest) bool {
	segments := strings.Split(req.SourceProviderAddress, "/")
	if req.SourceTypeName != applicationType || segments[len(segments)-1] != "clerk" || req.SourceRawState == nil {
		return false
	}
	var attributes map[string]json.RawMessage
	if json.Unmarshal(req.SourceRawState.JSON, &attributes) != nil {
		return false
	}
	_, hasCallback := attributes["callback_url"]
	_, hasRedirects := attributes["redirect_uris"]
	return hasCallback && !hasRedirects
}

// model is the application as this provider keeps it. It has only the values that the
// next plan may compare with the configuration before a refresh, and those that a
// refresh cannot bring.
func (f otherApplication) model() resourceModel {
	model := unmanagedApplication()
	model.ID = types.StringPointerValue(f.ID)
	model.ClientID = types.StringPointerValue(f.ClientID)
	model.Name = types.StringPointerValue(f.Name)
	model.Public = types.BoolPointerValue(f.Public)
	model.ConsentScreenEnabled = types.BoolPointerValue(f.ConsentScreenEnabled)
	model.CallbackURL = types.StringPointerValue(f.CallbackURL)
	model.AuthorizeURL = types.StringPointerValue(f.AuthorizeURL)
	model.TokenFetchURL = types.StringPointerValue(f.TokenFetchURL)
	model.UserInfoURL = types.StringPointerValue(f.UserInfoURL)
	model.DiscoveryURL = types.StringPointerValue(f.DiscoveryURL)

	switch {
	case f.CallbackURL == nil:
	case *f.CallbackURL == "":
		model.RedirectURIs = setOf(nil)
	default:
		model.RedirectURIs = setOf([]string{*f.CallbackURL})
	}
	if f.Scopes != nil {
		if scopes := clerk.ParseScopes(*f.Scopes); len(scopes) > 0 {
			model.Scopes = setOf(scopes)
		}
	}
	// The other providers keep an empty secret for a public client; here it is null.
	if f.ClientSecret != nil && *f.ClientSecret != "" && !model.Public.ValueBool() {
		model.ClientSecret = types.StringPointerValue(f.ClientSecret)
		model.ClientSecretVersion = types.Int64Value(1)
	}
	return model
}

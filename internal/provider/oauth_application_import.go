package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

// ImportState takes an identity, an id, or a client_id, which is what the Clerk dashboard shows.
func (r *oauthApplicationResource) ImportState(
	ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse,
) {
	const action = "import OAuth application"
	defer recoverPanic(&resp.Diagnostics, action)

	var err error
	id := importID(ctx, req, &resp.Diagnostics)
	switch {
	case resp.Diagnostics.HasError():
		return
	case id == "":
		err = errors.New("the import id is empty, most often because a variable was not set")
	case !clerk.ValidID(id):
		err = fmt.Errorf("%.80q is neither the id of an OAuth application (oa_…) nor a client_id: "+
			"letters, digits, _ and - only, at most 128", id)
	case !strings.HasPrefix(id, "oa_"): // which no client_id has
		client := r.data.requireClient(&resp.Diagnostics)
		if client == nil {
			return
		}
		var app clerk.OAuthApplication
		app, err = client.FindOAuthApplication(ctx, clerk.By{ClientID: id})
		if errors.Is(err, clerk.ErrNoMatch) {
			err = fmt.Errorf("no OAuth application of the secret key's instance has the client_id %q. "+
				"The id of an application begins with oa_", id)
		}
		id = app.ID
	}
	if err != nil {
		r.data.addError(&resp.Diagnostics, action, err, nil)
		return
	}
	setImported(ctx, id, resp)
}

// importID returns the id that an import names, by its argument or by an identity.
func importID(
	ctx context.Context, req resource.ImportStateRequest, diags *diag.Diagnostics,
) string {
	if req.ID != "" || req.Identity == nil || req.Identity.Raw.IsNull() {
		return req.ID
	}
	var identity identityModel
	diags.Append(req.Identity.Get(ctx, &identity)...)
	return identity.ID.ValueString()
}

// setImported writes the id of what is imported. The rest comes with the read that follows.
func setImported(ctx context.Context, id string, resp *resource.ImportStateResponse) {
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), id)...)
	if resp.Identity != nil {
		resp.Diagnostics.Append(resp.Identity.SetAttribute(ctx, path.Root("id"), id)...)
	}
}

// MoveState takes over applications, with their secrets, from the states of other providers
// for Clerk (vanillauys/clerk and buildwithdeck/clerk), and from this provider under another
// address, such as that of a mirror.
func (r *oauthApplicationResource) MoveState(context.Context) []resource.StateMover {
	return []resource.StateMover{{StateMover: moveState}}
}

func moveState(
	ctx context.Context, req resource.MoveStateRequest, resp *resource.MoveStateResponse,
) {
	const action = "move OAuth application from another provider"
	defer recoverPanic(&resp.Diagnostics, action)

	// Only the last part of the provider's address counts: providers have forks and mirrors,
	// and OpenTofu before 1.12.4 gives nothing but that part.
	address := req.SourceProviderAddress
	if req.SourceTypeName != applicationType || req.SourceRawState == nil ||
		address[strings.LastIndex(address, "/")+1:] != "clerk" {
		return // Terraform then says that this move is not possible
	}
	model, ofOther, err := readPriorState(ctx, req.SourceRawState.JSON)
	if errors.Is(err, errNoApplicationState) {
		return
	}
	if err != nil {
		err = fmt.Errorf("the state of provider %s: %w", address, err)
		addPriorStateError(&resp.Diagnostics, action, err)
		return
	}
	if !ofOther && req.SourcePrivate != nil {
		// The private state may mark a pending rotation. That of another provider means
		// nothing here.
		resp.TargetPrivate = req.SourcePrivate
	}
	resp.Diagnostics.Append(
		saveState(ctx, model, model.ID, &resp.TargetState, resp.TargetIdentity)...)
}

// UpgradeState takes over the states of other providers, and those of builds of this
// provider from before its first release, which had version 0 too.
func (r *oauthApplicationResource) UpgradeState(context.Context) map[int64]resource.StateUpgrader {
	return map[int64]resource.StateUpgrader{0: {StateUpgrader: upgradeState}}
}

func upgradeState(
	ctx context.Context, req resource.UpgradeStateRequest, resp *resource.UpgradeStateResponse,
) {
	const action = "read the state of an OAuth application"
	defer recoverPanic(&resp.Diagnostics, action)

	model, _, err := readPriorState(ctx, req.RawState.JSON)
	if err != nil {
		addPriorStateError(&resp.Diagnostics, action, err)
		return
	}
	raw, diags := encodeModel(ctx, applicationStateType(), model)
	resp.Diagnostics.Append(diags...)
	resp.State.Raw = raw
}

// addPriorStateError says why a state could not be taken over, and the way out.
func addPriorStateError(diags *diag.Diagnostics, action string, err error) {
	diags.AddError("Unable to "+action, paragraphs(
		sentence(err.Error()),
		"Import the application instead: keep a copy of the state, remove the resource from the state "+
			"(terraform state rm, or tofu state rm), and import it by its id or its client_id. An import "+
			"cannot bring the client secret along. The secret keeps working, and the copy has it.",
	))
}

var (
	errNoApplicationState = errors.New("it is not the state of an OAuth application")
	errNoApplicationID    = errors.New("the state has no valid id of an OAuth application")
)

// priorAttributes are the attributes of a state that this schema may not have written.
type priorAttributes map[string]json.RawMessage

// readPriorState reads an application from a state, and reports whether another provider
// wrote it. It goes by the attributes and not by the provider's address: an upgrade is
// told no address, and both of the other providers have forks.
func readPriorState(
	ctx context.Context, raw []byte,
) (model resourceModel, ofOther bool, err error) {
	var attributes priorAttributes
	if json.Unmarshal(raw, &attributes) != nil {
		return model, false, errNoApplicationState
	}
	if ofOther = areOfOther(attributes); ofOther {
		model, err = attributes.readOther(ctx)
	} else {
		model, err = attributes.readOwn(ctx)
	}
	if err == nil && !clerk.ValidID(model.ID.ValueString()) {
		err = errNoApplicationID
	}
	return model, ofOther, err
}

// areOfOther reports whether another provider wrote the attributes. Both of the others have
// callback_url, which this provider never has without redirect_uris.
func areOfOther[Value any](attributes map[string]Value) bool {
	_, hasCallback := attributes["callback_url"]
	_, hasRedirects := attributes["redirect_uris"]
	return hasCallback && !hasRedirects
}

// isStateOfSchema reports whether a state has the types of the schema. readPriorState reads or
// explains any other state. Each plan asks this for each application, so it does not read the
// state as a value of the schema, which takes several times as long.
func isStateOfSchema(raw *tfprotov6.RawState) bool {
	var attributes map[string]any
	if json.Unmarshal(raw.JSON, &attributes) != nil || attributes["id"] == nil ||
		areOfOther(attributes) {
		return false
	}
	for name, typ := range applicationStateType().(tftypes.Object).AttributeTypes {
		if value := attributes[name]; value != nil && !hasType(value, typ) {
			return false
		}
	}
	return true
}

// hasType reports whether a value, as package json reads it, has a type of the schema.
func hasType(value any, typ tftypes.Type) bool {
	switch value := value.(type) {
	case string:
		return typ.Is(tftypes.String)
	case bool:
		return typ.Is(tftypes.Bool)
	case float64:
		return typ.Is(tftypes.Number)
	case []any:
		isNoText := func(element any) bool { _, ok := element.(string); return !ok }
		return typ.Is(tftypes.Set{}) && !slices.ContainsFunc(value, isNoText)
	}
	return typ.Is(tftypes.Object{}) // timeouts
}

// unmarshalState reads the attributes of the schema, and ignores any others.
func unmarshalState(raw []byte) (tftypes.Value, error) {
	ignore := tftypes.ValueFromJSONOpts{IgnoreUndefinedAttributes: true}
	return tfprotov6.RawState{JSON: raw}.UnmarshalWithOpts(applicationStateType(),
		tfprotov6.UnmarshalOpts{ValueFromJSONOpts: ignore})
}

// typeError names an attribute that does not have its type, and not its value, which may be
// a secret.
func (a priorAttributes) typeError(name string) error {
	var id string
	if json.Unmarshal(a["id"], &id) == nil && clerk.ValidID(id) {
		name += " of the application " + id
	}
	return fmt.Errorf("the attribute %s has the wrong type", name)
}

// readOwn reads the attributes of the schema.
func (a priorAttributes) readOwn(ctx context.Context) (model resourceModel, err error) {
	text, _ := json.Marshal(a) // what was read can be written
	raw, err := unmarshalState(text)
	if at, ok := errors.AsType[tftypes.AttributePathError](err); ok {
		name, _ := at.Path.Steps()[0].(tftypes.AttributeName)
		return model, a.typeError(string(name))
	}
	if err != nil || decodeModel(ctx, raw, &model).HasError() {
		return model, errNoApplicationState // err can quote a value
	}
	return model, nil
}

// attributesOfOthers are those that the other providers have under the same name and type,
// and that a plan needs before a refresh, or that no refresh can bring. Each of them is
// optional: the schema of the others differs from version to version.
var attributesOfOthers = []string{
	"id", "client_id", "client_secret", "name", "callback_url", "public", "consent_screen_enabled",
	"authorize_url", "token_fetch_url", "user_info_url", "discovery_url",
}

// readOther reads the attributes of another provider. The rest comes with the refresh that follows.
func (a priorAttributes) readOther(ctx context.Context) (resourceModel, error) {
	own := maps.Clone(a)
	maps.DeleteFunc(own, func(name string, _ json.RawMessage) bool {
		return !slices.Contains(attributesOfOthers, name)
	})
	model, err := own.readOwn(ctx)
	if err != nil {
		return model, err
	}
	model.DeletionProtection = types.BoolValue(false)
	if value, ok := a["scopes"]; ok {
		var scopes string // separated by spaces
		if json.Unmarshal(value, &scopes) != nil {
			return model, a.typeError("scopes")
		}
		if list := clerk.ParseScopes(scopes); len(list) > 0 {
			model.Scopes = setOf(list)
		}
	}
	if uri := model.CallbackURL; !uri.IsNull() {
		model.RedirectURIs = setOf(strings.Fields(uri.ValueString())) // one or none
	}
	// The secret of a public client is the empty string there, and null here.
	if model.ClientSecret.ValueString() == "" || model.Public.ValueBool() {
		model.ClientSecret = types.StringNull()
	} else {
		model.ClientSecretVersion = types.Int64Value(1)
	}
	return model, nil
}

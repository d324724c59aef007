package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

// An application can enter a state without a create: by an import, by a move from the state
// of another provider, and by an upgrade of a state that another provider or an early build
// of this provider wrote.

// applicationIDPrefix is how the id of an OAuth application begins; a client_id
// has no such prefix.
const applicationIDPrefix = "oa_"

// ImportState takes an identity, an id, or a client_id, which is what the Clerk
// dashboard shows.
func (r *oauthApplicationResource) ImportState(
	ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse,
) {
	defer recoverPanic(&resp.Diagnostics, "import OAuth application")

	id := importID(ctx, req, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	id, err := r.resolveID(ctx, id, &resp.Diagnostics)
	if err != nil {
		r.data.addError(&resp.Diagnostics, "import OAuth application", err, nil)
	}
	if !resp.Diagnostics.HasError() {
		setImported(ctx, id, resp)
	}
}

// resolveID returns the application's id for an id or a client_id. It sends no request
// with a text that is neither.
func (r *oauthApplicationResource) resolveID(
	ctx context.Context, text string, diags *diag.Diagnostics,
) (string, error) {
	switch {
	case text == "":
		return "", errors.New("the import id is empty, most often because a variable was not set")
	case !clerk.ValidID(text):
		return "", fmt.Errorf("%.80q is neither the id of an OAuth application (oa_…) nor a client_id: "+
			"letters, digits, _ and - only, at most 128", text)
	case strings.HasPrefix(text, applicationIDPrefix):
		return text, nil
	}
	client := r.data.requireClient(diags)
	if diags.HasError() {
		return "", nil
	}
	app, err := client.FindOAuthApplication(ctx, clerk.By{ClientID: text})
	if errors.Is(err, clerk.ErrNoMatch) {
		return "", fmt.Errorf("no OAuth application of the secret key's instance has the client_id %q. "+
			"The id of an application begins with oa_", text)
	}
	return app.ID, err
}

// MoveState takes over applications from the states of other providers for Clerk,
// vanillauys/clerk and buildwithdeck/clerk, and from this provider under another
// address, such as that of a mirror. Neither the application nor its secret is lost on
// the way.
func (r *oauthApplicationResource) MoveState(context.Context) []resource.StateMover {
	return []resource.StateMover{{StateMover: moveState}}
}

func moveState(
	ctx context.Context, req resource.MoveStateRequest, resp *resource.MoveStateResponse,
) {
	const action = "move OAuth application from another provider"
	defer recoverPanic(&resp.Diagnostics, action)

	if !isClerkApplication(req) {
		return // Terraform then says that this move is not possible
	}
	moved, err := readPriorState(ctx, req.SourceRawState.JSON)
	switch {
	case errors.Is(err, errNoApplicationState):
		return
	case err != nil:
		err = fmt.Errorf("the state of provider %s: %w", req.SourceProviderAddress, err)
		addPriorStateError(&resp.Diagnostics, "Unable to "+action, err)
		return
	}
	if !moved.ofOther && req.SourcePrivate != nil {
		// It marks a pending rotation. The private state of another provider means
		// nothing here.
		resp.TargetPrivate = req.SourcePrivate
	}
	resp.Diagnostics.Append(
		saveState(ctx, moved.model, moved.model.ID, &resp.TargetState, resp.TargetIdentity)...)
}

// isClerkApplication reports whether the state to move is that of a
// clerk_oauth_application of some provider for Clerk. It looks at the type and at the
// last part of the provider's address, on any host and in any namespace: providers
// have forks and mirrors, and OpenTofu before 1.12.4 gives the last part alone.
func isClerkApplication(req resource.MoveStateRequest) bool {
	segments := strings.Split(req.SourceProviderAddress, "/")
	return req.SourceTypeName == applicationType && segments[len(segments)-1] == "clerk" &&
		req.SourceRawState != nil
}

// UpgradeState takes over the states of other providers, and those of builds of this
// provider from before its first release, which had version 0 too.
func (r *oauthApplicationResource) UpgradeState(context.Context) map[int64]resource.StateUpgrader {
	return map[int64]resource.StateUpgrader{0: {StateUpgrader: upgradeState}}
}

func upgradeState(
	ctx context.Context, req resource.UpgradeStateRequest, resp *resource.UpgradeStateResponse,
) {
	const summary = "Unable to read the state of an OAuth application"
	defer recoverPanic(&resp.Diagnostics, "read the state of an OAuth application")

	prior, err := readPriorState(ctx, req.RawState.JSON)
	if err != nil {
		addPriorStateError(&resp.Diagnostics, summary, err)
		return
	}
	raw, diags := encodeModel(ctx, applicationStateType(), prior.model)
	resp.Diagnostics.Append(diags...)
	resp.State.Raw = raw
}

// priorState is an application as a state holds it that this schema did not write, or
// that this provider wrote under another address.
type priorState struct {
	model   resourceModel
	ofOther bool // another provider wrote it
}

// errNoApplicationState: the state is not that of an application of any provider.
var errNoApplicationState = errors.New("it is not the state of an OAuth application")

// errNoApplicationID: the state lacks the one attribute without which nothing of Clerk's
// can be found.
var errNoApplicationID = errors.New("the state has no valid id of an OAuth application")

// A stateTypeError names an attribute whose value has a type that the attribute
// never has. It does not hold the value, which may be a secret.
type stateTypeError struct {
	id, attribute, want string
}

func (e *stateTypeError) Error() string {
	of := ""
	if e.id != "" {
		of = " of the application " + e.id
	}
	return fmt.Sprintf("the attribute %s%s is not %s", e.attribute, of, e.want)
}

// readPriorState reads an application from a state, whoever wrote it. It goes by the
// attributes and not by the provider's address: an upgrade is told no address, and both
// of the other providers have forks.
func readPriorState(ctx context.Context, raw []byte) (priorState, error) {
	var attributes map[string]json.RawMessage
	if json.Unmarshal(raw, &attributes) != nil || attributes == nil {
		return priorState{}, errNoApplicationState
	}
	other := isOtherState(attributes)
	if _, ok := attributes["id"]; !ok && !other {
		return priorState{}, errNoApplicationState
	}
	read := readOwnState
	if other {
		read = readOtherState
	}
	model, err := read(ctx, attributes)
	if err == nil && !clerk.ValidID(model.ID.ValueString()) {
		err = errNoApplicationID
	}
	return priorState{model: model, ofOther: other}, err
}

// isOtherState reports whether another provider wrote the state. Both of the others
// have callback_url, which this provider never has without redirect_uris.
func isOtherState(attributes map[string]json.RawMessage) bool {
	_, hasCallback := attributes["callback_url"]
	_, hasRedirects := attributes["redirect_uris"]
	return hasCallback && !hasRedirects
}

// readOwnState reads each attribute by its type in the schema. Those that the schema
// does not have are ignored.
func readOwnState(
	ctx context.Context, attributes map[string]json.RawMessage,
) (resourceModel, error) {
	var model resourceModel
	types := applicationStateType().(tftypes.Object).AttributeTypes
	values := make(map[string]tftypes.Value, len(types))
	for name, typ := range types {
		values[name] = tftypes.NewValue(typ, nil)
		if text, ok := attributes[name]; ok {
			value, err := tfprotov6.RawState{JSON: text}.UnmarshalWithOpts(typ, tfprotov6.UnmarshalOpts{
				ValueFromJSONOpts: tftypes.ValueFromJSONOpts{IgnoreUndefinedAttributes: true},
			})
			if err != nil { // dropped, because it can quote the value
				return model, &stateTypeError{id: idIn(attributes), attribute: name, want: nameOfType(typ)}
			}
			values[name] = value
		}
	}
	raw := tftypes.NewValue(applicationStateType(), values)
	if diags := decodeModel(ctx, raw, &model); diags.HasError() {
		return model, errNoApplicationState
	}
	return model, nil
}

// idIn returns the application's id, if the attributes have a usable one.
func idIn(attributes map[string]json.RawMessage) string {
	var id string
	if json.Unmarshal(attributes["id"], &id) != nil || !clerk.ValidID(id) {
		return ""
	}
	return id
}

// nameOfType is what a value of the type is called in a message.
func nameOfType(typ tftypes.Type) string {
	switch {
	case typ.Is(tftypes.String):
		return "a string"
	case typ.Is(tftypes.Bool):
		return "a boolean"
	case typ.Is(tftypes.Number):
		return "a number"
	case typ.Is(tftypes.Set{}):
		return "a set of strings"
	}
	return "an object"
}

// hasStateTypes reports whether the attributes have the types of the schema. It runs for
// every application in every run, so it looks only at the first character of a value if
// that is enough. readPriorState reads or explains a state for which it reports false.
func hasStateTypes(raw []byte) bool {
	var attributes map[string]json.RawMessage
	if json.Unmarshal(raw, &attributes) != nil || attributes["id"] == nil || isOtherState(attributes) {
		return false
	}
	for name, typ := range applicationStateType().(tftypes.Object).AttributeTypes {
		if value, ok := attributes[name]; ok && string(value) != "null" && !looksLike(typ, value) {
			return false
		}
	}
	return true
}

func looksLike(typ tftypes.Type, value json.RawMessage) bool {
	switch first := value[0]; {
	case typ.Is(tftypes.String):
		return first == '"'
	case typ.Is(tftypes.Bool):
		return first == 't' || first == 'f'
	case typ.Is(tftypes.Number):
		return first == '-' || '0' <= first && first <= '9'
	case typ.Is(tftypes.Set{}):
		var elements []*string
		return json.Unmarshal(value, &elements) == nil
	default:
		return first == '{'
	}
}

// addPriorStateError says why a state could not be taken over, and the way out.
func addPriorStateError(diags *diag.Diagnostics, summary string, err error) {
	diags.AddError(summary, paragraphs(
		sentence(err.Error()),
		"Import the application instead: keep a copy of the state, remove the resource from the state "+
			"(terraform state rm, or tofu state rm), and import it by its id or its client_id. An import "+
			"cannot bring the client secret along. The secret keeps working, and the copy has it.",
	))
}

// attributesOfOthers are those by which the other providers keep what cannot be had, or is
// not had without a request, from Clerk, and that have the same name and type here. The rest
// comes with the refresh that follows a move. Each of them is optional: going by a schema
// would mean going by that of one version of one provider.
var attributesOfOthers = []string{
	"id", "client_id", "client_secret", "name", "callback_url", "public", "consent_screen_enabled",
	"authorize_url", "token_fetch_url", "user_info_url", "discovery_url",
}

// readOtherState reads what another provider keeps of an application: what the next plan may
// compare with the configuration before a refresh, and what a refresh cannot bring.
func readOtherState(
	ctx context.Context, attributes map[string]json.RawMessage,
) (resourceModel, error) {
	own := make(map[string]json.RawMessage)
	for _, name := range attributesOfOthers {
		if raw, ok := attributes[name]; ok {
			own[name] = raw
		}
	}
	model, err := readOwnState(ctx, own)
	if err != nil {
		return model, err
	}
	model.DeletionProtection = types.BoolValue(false)
	if raw, ok := attributes["scopes"]; ok {
		var scopes *string // separated by spaces
		if json.Unmarshal(raw, &scopes) != nil {
			return model, &stateTypeError{id: idIn(attributes), attribute: "scopes", want: "a string"}
		}
		if scopes != nil && len(clerk.ParseScopes(*scopes)) > 0 {
			model.Scopes = setOf(clerk.ParseScopes(*scopes))
		}
	}
	if uri := model.CallbackURL; !uri.IsNull() {
		model.RedirectURIs = setOf(nil)
		if uri.ValueString() != "" {
			model.RedirectURIs = setOf([]string{uri.ValueString()})
		}
	}
	// The secret of a public client is the empty string there, and null here.
	if model.ClientSecret.ValueString() == "" || model.Public.ValueBool() {
		model.ClientSecret = types.StringNull()
	} else {
		model.ClientSecretVersion = types.Int64Value(1)
	}
	return model, nil
}

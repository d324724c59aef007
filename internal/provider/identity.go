package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// identityModel is the identity of a resource: the same id as in its state.
type identityModel struct {
	ID types.String `tfsdk:"id"`
}

// identityType is the type of an identity in the protocol.
var identityType = tftypes.Object{AttributeTypes: map[string]tftypes.Type{"id": tftypes.String}}

func identitySchema(description string) identityschema.Schema {
	return identityschema.Schema{
		Attributes: map[string]identityschema.Attribute{
			"id": identityschema.StringAttribute{RequiredForImport: true, Description: description},
		},
	}
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

// saveState writes a model into the state, and its id into the identity where the engine
// keeps one.
func saveState[M any](
	ctx context.Context, model M, id types.String, state *tfsdk.State,
	identity *tfsdk.ResourceIdentity,
) diag.Diagnostics {
	raw, diags := encodeModel(ctx, state.Raw.Type(), model)
	if diags.HasError() {
		return diags
	}
	state.Raw = raw
	if identity != nil {
		diags.Append(identity.Set(ctx, identityModel{ID: id})...)
	}
	return diags
}

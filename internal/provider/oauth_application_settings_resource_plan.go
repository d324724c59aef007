package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// defaultScopesKey marks, in the private state, that the current default scopes were
// set by the configuration.
//
// Two cases look alike in the state and must not be treated alike. Default scopes
// that were removed from the configuration are reset. Default scopes that the
// configuration never had, of an instance that was adopted or imported, are left
// alone. In both cases the state has a value and the configuration has none, so the
// mark makes the difference. An optional attribute that is not computed, with a second
// attribute for what the instance has, was rejected: an import of settings that match
// their configuration would then plan a change. One case has no mark: a value that was
// added to the configuration when the instance had it already, because then there is
// nothing to apply. Removing it again changes nothing, which is the safe side.
const defaultScopesKey = "default_scopes_configured"

// privateKeys is the private state that the framework hands to a method.
type privateKeys interface {
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// markDefaultScopes sets or removes the mark.
func markDefaultScopes(ctx context.Context, private privateKeys, configured bool) diag.Diagnostics {
	if !configured {
		return private.SetKey(ctx, defaultScopesKey, nil)
	}
	return private.SetKey(ctx, defaultScopesKey, []byte("true"))
}

// ModifyPlan decides on the default scopes; the other settings need nothing but
// their attributes' modifiers.
func (r *oauthApplicationSettingsResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	defer recoverPanic(&resp.Diagnostics, "plan OAuth application settings")

	switch {
	case req.Plan.Raw.IsNull():
		warnOfForgetting(&resp.Diagnostics)
		return
	case req.State.Raw.IsNull():
		r.data.requireKey(&resp.Diagnostics)
		return
	}
	var config, plan, state settingsModel
	resp.Diagnostics.Append(decodeModel(ctx, req.Config.Raw, &config)...)
	resp.Diagnostics.Append(decodeModel(ctx, req.Plan.Raw, &plan)...)
	resp.Diagnostics.Append(decodeModel(ctx, req.State.Raw, &state)...)
	configured, diags := req.Private.GetKey(ctx, defaultScopesKey)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	plan.DefaultScopes = plannedDefaultScopes(config.DefaultScopes, state.DefaultScopes, configured != nil)
	planned, diags := encodeModel(ctx, req.Plan.Raw.Type(), plan)
	resp.Diagnostics.Append(diags...)
	resp.Plan.Raw = planned
}

func plannedDefaultScopes(config, state types.Set, configured bool) types.Set {
	switch {
	case config.IsNull() && configured && len(state.Elements()) > 0:
		return types.SetNull(types.StringType)
	case config.IsNull():
		return state
	case !state.IsNull() && isWhollyKnown(config) && sameDefaultScopes(stringsOf(config), stringsOf(state)):
		return state
	}
	return config
}

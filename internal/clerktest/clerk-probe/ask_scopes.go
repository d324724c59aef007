package main

import (
	"context"
	"slices"
	"strings"
)

// askScopes asks what becomes of scopes in a PATCH. The questions about offline_access need an application that has it.
func (p *probe) askScopes(ctx context.Context) {
	if len(p.public) > 0 {
		p.note("force_offline_access", seenForced(p.public[0]))
	}
	if b := p.b; b != nil {
		p.note("patch_without_offline_access", p.askWithoutOfflineAccess(ctx, b))
		p.note("organization_scope", p.askOrganizationScope(ctx, b))
		sent := "openid public_metadata offline_access email profile"
		if got := p.patch(ctx, b, object{"scopes": sent}); got.ok() {
			p.note("scopes_order", seenScopesOrder(strings.Fields(sent), b.scopes()))
			p.note("patch_without_offline_access", p.askWithoutOfflineAccess(ctx, b))
		} else {
			p.note("scopes_order", other(got))
		}
		p.note("organization_scope", p.askOrganizationScope(ctx, b))
	}
	for _, a := range p.confidential() {
		p.note("unknown_scope", p.askUnknownScope(ctx, a))
	}
}

func (p *probe) askWithoutOfflineAccess(ctx context.Context, a *application) observation {
	had := slices.Contains(a.scopes(), offlineAccess)
	switch got := p.patch(ctx, a, object{"scopes": "email openid"}); {
	case got.refused():
		return told("422", "%s", got)
	case !got.ok():
		return other(got)
	case slices.Contains(a.scopes(), offlineAccess):
		return told("keep", "%s", with(got, "scopes"))
	case had:
		return told("remove", "%s", with(got, "scopes"))
	default:
		return untold("the application did not have offline_access", "%s", with(got, "scopes"))
	}
}

func (p *probe) askUnknownScope(ctx context.Context, a *application) observation {
	const unknown = "clerk-probe:nope"
	switch got := p.patch(ctx, a, object{"scopes": "email offline_access " + unknown}); {
	case got.ok() && slices.Contains(a.scopes(), unknown):
		return told("accept", "%s", with(got, "scopes"))
	case got.ok():
		return told("drop", "%s", with(got, "scopes"))
	case got.code() == "form_param_value_invalid" || got.code() == "oauth_invalid_scope":
		return told(got.code(), "%s", got)
	default:
		return other(got)
	}
}

// askOrganizationScope asks with a scope that does not exist, too, because the two may have one fate.
func (p *probe) askOrganizationScope(ctx context.Context, a *application) observation {
	const scope, unknown = "user:org:read", "clerk-probe:nothing"
	got := p.patch(ctx, a, object{"scopes": "email offline_access " + scope})
	if got.refused() {
		return told("unknown", "%s", got)
	}
	if !got.ok() {
		return other(got)
	}
	hasIt, seen := slices.Contains(a.scopes(), scope), with(got, "scopes")
	switch compared := p.patch(ctx, a, object{"scopes": "email offline_access " + unknown}); {
	case compared.ok() && slices.Contains(a.scopes(), unknown) == hasIt:
		return untold("a scope that does not exist has the same fate", "%s", seen)
	case compared.err != nil:
		return other(compared)
	case hasIt:
		return told("accept", "%s; or Organizations are enabled", seen)
	default:
		return told("drop", "%s", seen)
	}
}

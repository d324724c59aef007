package main

import (
	"context"
	"net/http"
	"slices"
)

// askFields asks about null, about fields that Clerk's document does not have, and whether a read shows what was written.
func (p *probe) askFields(ctx context.Context) {
	if p.b != nil {
		p.note("patch_null", p.askNullRedirects(ctx, p.b))
		p.note("patch_null", p.askNullPKCE(ctx, p.b))
	}
	for _, a := range p.confidential() {
		p.note("unknown_field", p.askUnknownField(ctx, a))
		p.note("newer_fields", seenNewerField(p.patch(ctx, a, object{"device_authorization_grant_enabled": true}), "device_authorization_grant_enabled", true))
	}
	if p.a != nil {
		p.note("read_lag", p.askReadAfterWrite(ctx, p.a))
	}
}

func (p *probe) askNullRedirects(ctx context.Context, a *application) observation {
	before := a.list("redirect_uris")
	if len(before) == 0 {
		return untold("the application has no redirect URI", "")
	}
	got := p.patch(ctx, a, object{"redirect_uris": nil})
	return seenNull(got, "redirect_uris", slices.Equal(a.list("redirect_uris"), before), len(a.list("redirect_uris")) == 0)
}

func (p *probe) askNullPKCE(ctx context.Context, a *application) observation {
	if a.object["pkce_required"] != true {
		return untold("the application does not have the value that null could reset", "")
	}
	got := p.patch(ctx, a, object{"pkce_required": nil})
	return seenNull(got, "pkce_required", a.object["pkce_required"] == true, a.object["pkce_required"] == false)
}

func seenNull(got answer, name string, unchanged, reset bool) observation {
	switch {
	case got.refused():
		return told("422", "%s: %s", name, got)
	case !got.ok():
		return other(got)
	case unchanged:
		return told("unchanged", "%s is unchanged", name)
	case reset:
		return told("reset", "%s is reset", name)
	default:
		return untold("no value of the switch explains this", "%s", with(got, name))
	}
}

func (p *probe) askUnknownField(ctx context.Context, a *application) observation {
	switch got := p.patch(ctx, a, object{"clerk_probe_unknown": true}); {
	case got.refused():
		return told("422", "%s", got)
	case got.ok():
		return told("drop", "%s", got)
	default:
		return other(got)
	}
}

// seenNewerField judges the answer to a PATCH of a field that Clerk's document lacks.
func seenNewerField(got answer, name string, sent bool) observation {
	switch {
	case got.refused() && got.code() == "form_param_unknown":
		return told("422", "%s: %s", name, got)
	case !got.ok():
		return other(got)
	case !got.json.has(name):
		return told("drop", "%s is absent", name)
	case got.json[name] == sent:
		return told("served", "%s=%v", name, sent)
	default:
		return untold("the field did not take; it is a beta that Clerk must switch on for the workspace", "%s=%s", name, show(got.json, name))
	}
}

// askReadAfterWrite reads an application right after a change, as a second try at the lag.
func (p *probe) askReadAfterWrite(ctx context.Context, a *application) observation {
	if err := sleep(ctx, p.lag); err != nil { // the changes before this one are seen then
		return untold(err.Error(), "")
	}
	name := a.text("name") + "-renamed"
	if got := p.patch(ctx, a, object{"name": name}); !got.ok() {
		return other(got)
	}
	switch got := p.client.call(ctx, http.MethodGet, a.path(), nil); {
	case !got.ok():
		return other(got)
	case got.json.text("name") == name && p.lagSeen == "" && p.lag > 0:
		return untold("a new application was not found for long", "a change is seen at once")
	case got.json.text("name") == name:
		return told("0s", "a change is seen at once")
	case p.lagSeen == "0s":
		return told("more", "a change is not seen at once")
	case p.lagSeen == "":
		return untold("the first try did not tell how long", "a change is not seen at once")
	default:
		return told(p.lagSeen, "a change is not seen at once")
	}
}

package main

import (
	"context"
	"slices"
	"strings"
)

// askRedirects asks each question about redirect URIs of both confidential applications.
func (p *probe) askRedirects(ctx context.Context) {
	if len(p.confidential()) == 0 {
		for _, name := range []string{"both_callback_and_redirects", "redirect_normalization", "redirects_empty"} {
			p.note(name, untold("there is no application", ""))
		}
	}
	for _, a := range p.confidential() {
		p.note("both_callback_and_redirects", p.askBoth(ctx, a))
		p.note("redirect_normalization", p.askNormalization(ctx, a))
		p.note("redirects_empty", p.askEmptyRedirects(ctx, a))
	}
	if p.b == nil {
		return
	}
	// Empty before, so that the order is that of this list.
	uris := []string{"probe5://cb", "probe4://cb", "probe6://cb"}
	if got := p.patch(ctx, p.b, object{"redirect_uris": uris}); got.ok() {
		p.note("redirect_order", seenRedirectOrder(uris, p.b.list("redirect_uris")))
		p.note("callback_url_multi", seenCallback(p.b))
	}
}

func (p *probe) askBoth(ctx context.Context, a *application) observation {
	const redirect, callback = "probe7://cb", "probe8://cb"
	got := p.patch(ctx, a, object{"redirect_uris": []string{redirect}, "callback_url": callback})
	seen := with(got, "redirect_uris")
	switch uris := slices.Sorted(slices.Values(a.list("redirect_uris"))); {
	case got.refused():
		return told("422", "%s", seen)
	case !got.ok():
		return other(got)
	case slices.Equal(uris, []string{redirect}):
		return told("redirect_uris", "%s", seen)
	case slices.Equal(uris, []string{redirect, callback}):
		return told("union", "%s", seen)
	default:
		return untold("no value of the switch explains this", "%s", seen)
	}
}

func (p *probe) askNormalization(ctx context.Context, a *application) observation {
	const sent, normalized = "HTTPS://Probe.Example", "https://probe.example/"
	got := p.patch(ctx, a, object{"redirect_uris": []string{sent}})
	if !got.ok() {
		return other(got)
	}
	seen := with(got, "redirect_uris")
	switch strings.Join(a.list("redirect_uris"), " ") {
	case sent:
		return told("exact", "%s", seen)
	case normalized:
		return told("rfc3986", "%s", seen)
	default:
		return untold("no value of the switch explains this", "%s", seen)
	}
}

func (p *probe) askEmptyRedirects(ctx context.Context, a *application) observation {
	before := a.list("redirect_uris")
	if len(before) == 0 {
		return untold("the application has no redirect URI", "")
	}
	switch got := p.patch(ctx, a, object{"redirect_uris": []string{}}); {
	case got.refused():
		return told("422", "%s", got)
	case !got.ok():
		return other(got)
	case len(a.list("redirect_uris")) == 0:
		return told("clears", "%s", with(got, "redirect_uris"))
	case slices.Equal(a.list("redirect_uris"), before):
		return told("ignored", "%s", with(got, "redirect_uris"))
	default:
		return untold("no value of the switch explains this", "%s", with(got, "redirect_uris"))
	}
}

package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

const offlineAccess = "offline_access"

// readSchedule is when a read after a write is tried again, from the answer to the write.
var readSchedule = []time.Duration{0, 250 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second, 3 * time.Second, 5 * time.Second}

// askCreates creates the two confidential applications, and asks what a create shows by itself.
func (p *probe) askCreates(ctx context.Context) {
	var got answer
	if p.a, got = p.create(ctx, "a", nil); p.a == nil {
		p.tell(minimalCreate, got.String())
	} else {
		lag := p.measureLag(ctx, p.a)
		p.lagSeen = lag.value
		p.note("read_lag", lag)
		p.note("force_offline_access", seenForced(p.a))
		p.tell(minimalCreate, minimal(got, p.a))
	}
	// Neither of the lists is in an order that the simulator has for a value.
	scopes, uris := "public_metadata offline_access profile email openid", []string{"probe2://cb", "probe1://cb", "probe3://cb"}
	if p.b, got = p.create(ctx, "b", object{"scopes": scopes, "redirect_uris": uris, "pkce_required": true}); p.b == nil {
		for _, name := range []string{"scopes_order", "redirect_order", "callback_url_multi"} {
			p.note(name, other(got))
		}
		return
	}
	p.note("scopes_order", seenScopesOrder(strings.Fields(scopes), p.b.scopes()))
	p.note("redirect_order", seenRedirectOrder(uris, p.b.list("redirect_uris")))
	p.note("callback_url_multi", seenCallback(p.b))
}

// measureLag reads a new application until the answer is there. The value is the wait after which it was.
func (p *probe) measureLag(ctx context.Context, a *application) observation {
	written := time.Now()
	for _, wait := range readSchedule {
		if err := sleep(ctx, time.Until(written.Add(wait))); err != nil {
			return untold(err.Error(), "")
		}
		switch got := p.client.call(ctx, http.MethodGet, a.path(), nil); {
		case got.ok() && wait == 0:
			return told("0s", "a new application is found")
		case got.ok():
			p.lag = wait
			return told(wait.String(), "404 until the application is found after %s", wait)
		case got.status != http.StatusNotFound:
			return other(got)
		}
	}
	p.lag = readSchedule[len(readSchedule)-1]
	return untold("longer than the probe waits", "404 for %s", p.lag)
}

func minimal(got answer, a *application) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s scopes=%q callback_url=%q", got, a.text("scopes"), a.text("callback_url"))
	for _, name := range []string{"redirect_uris", "public", "pkce_required", "consent_screen_enabled", "device_authorization_grant_enabled"} {
		fmt.Fprintf(&text, " %s=%s", name, show(a.object, name))
	}
	fmt.Fprintf(&text, " client_secret of %d characters", len(a.secret))
	return text.String()
}

func seenForced(a *application) observation {
	if slices.Contains(a.scopes(), offlineAccess) {
		return told("on", "scopes=%q", a.text("scopes"))
	}
	return told("off", "scopes=%q", a.text("scopes"))
}

// fixedScopes is the order that the simulator calls fixed.
var fixedScopes = []string{"profile", "email", "public_metadata", "private_metadata", "openid", offlineAccess}

func seenScopesOrder(sent, got []string) observation {
	fixed := slices.DeleteFunc(slices.Clone(fixedScopes), func(scope string) bool { return !slices.Contains(sent, scope) })
	return seenOrder(got, sent, map[string][]string{"as_sent": sent, "alphabetical": slices.Sorted(slices.Values(sent)), "fixed": fixed})
}

func seenRedirectOrder(sent, got []string) observation {
	reversed := slices.Clone(sent)
	slices.Reverse(reversed)
	return seenOrder(got, sent, map[string][]string{"as_sent": sent, "sorted": slices.Sorted(slices.Values(sent)), "reversed": reversed})
}

func seenOrder(got, sent []string, orders map[string][]string) observation {
	for value, order := range orders {
		if slices.Equal(got, order) {
			return told(value, "sent %s, Clerk has %s", strings.Join(sent, " "), strings.Join(got, " "))
		}
	}
	return untold("another order, or another set", "sent %s, Clerk has %s", strings.Join(sent, " "), strings.Join(got, " "))
}

// seenCallback compares callback_url with the redirect URIs in the order in which Clerk answers them.
func seenCallback(a *application) observation {
	uris, callback := a.list("redirect_uris"), a.text("callback_url")
	switch {
	case callback == "":
		return told("empty", "callback_url is empty")
	case len(uris) < 2:
		return untold("there are not several redirect URIs", "")
	case callback == uris[0]:
		return told("first", "callback_url is the first redirect URI")
	case callback == uris[len(uris)-1]:
		return told("last", "callback_url is the last redirect URI")
	default:
		return untold("no value of the switch explains this", "callback_url is another URI")
	}
}

package provider_test

import (
	"context"
	"maps"
	"reflect"
	"slices"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/encryption"
)

// check checks what must be true after each step.
func (l *life) check() {
	for _, app := range l.clerk.Applications() {
		announced := func(a announcement) bool {
			return a.name == app.Name && a.from.UnixMilli() <= app.CreatedAt && app.CreatedAt <= a.to.UnixMilli()
		}
		if !l.managed(app.ID) && !l.known[app.ID] && !l.said.say(app.ID) &&
			!slices.ContainsFunc(l.late, announced) {
			l.rt.Errorf("no state and no message has the application %s (%q)", app.ID, app.Name)
		}
	}
	for i, at := range l.slots {
		if !at.exists() {
			continue
		}
		for _, other := range l.slots[:i] {
			if other.str("id") == at.str("id") {
				l.rt.Errorf("both resources have the application %s", at.str("id"))
			}
		}
		l.checkVersion(at)
		if problem := l.problemOfSecret(at); problem != "" && !l.excused(at) {
			wanted := merged(values{"name": at.state["name"]}, at.config)
			made, heard := l.process(l.rt.Context()).plan(&at.object, wanted)
			mends := func(name string) bool { return name == "client_secret_version" || name == "public" }
			if !heard.failed() && !heard.say("client secret") && !slices.ContainsFunc(made.changes, mends) {
				l.rt.Errorf("the secret in the state %s. No message and no next plan says so:\n%v %s",
					problem, made.changes, heard)
			}
		}
	}
}

// checkDone checks that after an apply the state is as configured, and the next plan empty.
func (l *life) checkDone(o *object, config values, said messages) {
	made, heard := l.process(l.rt.Context()).plan(o, config)
	if !o.exists() {
		return
	}
	if len(made.changes) > 0 {
		l.rt.Errorf("the next plan changes %v\n%s\nafter an apply that said\n%s",
			made.changes, heard, said)
	}
	for name, want := range decode(encode(schemas.ResourceSchemas[o.kind], config)) {
		if name != "scopes" && !reflect.DeepEqual(o.state[name], want) { // Clerk adds offline_access
			l.rt.Errorf("%s is configured as %v and is %v", name, want, o.state[name])
		}
	}
}

// checkSent checks that nothing was sent that is not configured and planned to change, and no
// rotation that was not planned.
func (l *life) checkSent(slots []*slot, plans []*plan) {
	for _, r := range l.written() {
		isWanted := false
		for i, at := range slots {
			changes := plans[i].changes
			unwanted := func(name string) bool { // default scopes that leave the configuration are reset
				return !slices.Contains(changes, name) || at.config[name] == nil && name != "default_scopes"
			}
			isWanted = isWanted || !slices.ContainsFunc(namesOf(r.JSON), unwanted)
			if r.Route == clerktest.RouteRotateSecret && plans[i].prior.str("id") == r.ID &&
				!slices.Contains(changes, "client_secret_version") {
				l.rt.Errorf("rotated, and planned was %v", changes)
			}
		}
		if !isWanted {
			l.rt.Errorf("sent what is not configured, or not planned to change: %s", r)
		}
	}
}

// checkRefused checks that a run fails, sends nothing and leaves the state.
func (l *life) checkRefused(ctx context.Context, o *object, config values) {
	before := o.state
	l.clerk.ResetRequests()
	heard := l.run(ctx, o, config)
	if !heard.failed() || len(l.written()) > 0 || !reflect.DeepEqual(before, o.state) {
		l.rt.Errorf("with %v and %v, %q was sent:\n%s", config, l.block, l.written(), heard)
	}
}

// checkVersion checks that the version grows with each secret of the address. After an
// import it follows the Date header, so it may not where that is apart from created_at.
func (l *life) checkVersion(at *slot) {
	secret := at.str("client_secret") + at.str("client_secret_encrypted")
	version, known := at.state["client_secret_version"].(uint64)
	switch {
	case (secret != "") != known:
		l.rt.Errorf("the secret is %q and its version %v", secret, at.state["client_secret_version"])
	case secret == "":
	case secret == at.secret && version != at.version,
		secret != at.secret && version <= at.version && (l.date == 0 || !at.imported):
		l.rt.Errorf("version %d after %d; a new secret: %t", version, at.version, secret != at.secret)
	default:
		at.secret, at.version = secret, version
	}
}

// problemOfSecret says what is wrong with the secret in a state; "" if nothing is.
func (l *life) problemOfSecret(at *slot) string {
	app, exists := l.clerk.Application(at.str("id"))
	if !exists || app.Public {
		return ""
	}
	secret := at.str("client_secret")
	if sealed := at.str("client_secret_encrypted"); sealed != "" {
		secret = must(encryption.Decrypt(sealed, identities))
	}
	switch secret {
	case l.clerk.CurrentSecret(app.ID):
		return ""
	case "":
		return "is null"
	}
	return "does not work"
}

// excused reports whether the provider cannot know that the secret does not work.
func (l *life) excused(at *slot) bool {
	if at.excuse == rotatedElsewhere && at.verified && at.config["verify_client_secret"] == true {
		return !l.verifies(at) // else the next plan must say so
	}
	return at.excuse != ""
}

// verifies reports whether a refresh asks an endpoint that answers truly.
func (l *life) verifies(at *slot) bool {
	return at.state["verify_client_secret"] == true && l.switches.TokenInfo == ""
}

func namesOf[M ~map[string]T, T any](of M) []string { return slices.Sorted(maps.Keys(of)) }

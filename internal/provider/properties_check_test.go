package provider_test

import (
	"io"
	"maps"
	"slices"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"
)

// check checks what must be true after each step.
func (l *life) check(s step) {
	said := strings.Join(l.said, "\n")
	for _, app := range l.clerk.Applications() {
		announced := func(a announcement) bool {
			return a.name == app.Name && a.from <= app.CreatedAt && app.CreatedAt <= a.to
		}
		if !l.managed(app.ID) && !l.known[app.ID] && !strings.Contains(said, app.ID) &&
			!slices.ContainsFunc(l.late, announced) {
			l.rt.Errorf("no state and no message has the application %s (%q)", app.ID, app.Name)
		}
	}
	if a, b := l.slots[0], l.slots[1]; a.exists() && b.exists() && a.str("id") == b.str("id") {
		l.rt.Errorf("both resources have the application %s", a.str("id"))
	}
	for _, at := range l.slots {
		if !at.exists() {
			continue
		}
		l.checkVersion(at)
		if problem := l.problemOfSecret(at); problem != "" && !l.excused(at) {
			wanted := at.config
			if wanted == nil {
				wanted = values{"name": at.state["name"]}
			}
			made, heard := l.plan(l.rt.Context(), &at.object, wanted)
			plans := func(name string) bool { return slices.Contains(made.changes, name) }
			if made != nil && !heard.say("client secret") &&
				!plans("client_secret_version") && !plans("public") {
				l.rt.Errorf("the secret in the state %s. No message and no next plan says so:\n%v %s",
					problem, made.changes, heard)
			}
		}
	}
}

// checkDone checks that a second plan is empty.
func (l *life) checkDone(slots []*slot, said messages) {
	for _, at := range slots {
		made, heard := l.plan(l.rt.Context(), &at.object, at.config)
		if at.exists() && (made == nil || len(made.changes) > 0) {
			l.rt.Errorf("the second plan %v\n%s\nafter an apply that said\n%s", made, heard, said)
		}
	}
}

// checkVersion checks that the version grows with each secret of the address. After an
// import it follows the Date header, so it may not where that is apart from created_at.
func (l *life) checkVersion(at *slot) {
	secret := at.str("client_secret") + at.str("client_secret_encrypted")
	version, known := at.state["client_secret_version"].(int64)
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
		secret = unseal(sealed)
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
	return at.state["verify_client_secret"] == true && l.tokenInfo == ""
}

func unseal(sealed string) string {
	reader, err := age.Decrypt(armor.NewReader(strings.NewReader(sealed)), identities...)
	if err != nil {
		return err.Error()
	}
	return string(must(io.ReadAll(reader)))
}

func namesOf[T any](of map[string]T) []string { return slices.Sorted(maps.Keys(of)) }

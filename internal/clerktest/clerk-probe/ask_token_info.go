package main

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// askTokenInfo asks with each confidential application whether the introspection endpoint authenticates its client, before
// and after a rotation. The rotation also shows what becomes of updated_at.
func (p *probe) askTokenInfo(ctx context.Context) {
	if len(p.confidential()) == 0 {
		p.note("token_info", untold("there is no confidential client", ""))
		p.note("rotate_updated_at", untold("there is no confidential client", ""))
	}
	for i, a := range p.confidential() {
		ask := func(secret string) answer {
			return p.client.introspect(ctx, a.text("token_introspection_url"), a.text("client_id"), secret)
		}
		old, updated := a.secret, a.object["updated_at"]
		right, wrong := ask(old), ask("clerk-probe-wrong-secret")
		rotation := p.rotate(ctx, a)
		if !rotation.ok() || a.secret == "" || old == "" {
			p.note("rotate_updated_at", other(rotation))
			p.note("token_info", untold("there are no two secrets to compare", "right secret %s, wrong %s, rotation %s", right, wrong, rotation))
			continue
		}
		if a.object["updated_at"] == updated {
			p.note("rotate_updated_at", told("keep", "updated_at stays"))
		} else {
			p.note("rotate_updated_at", told("touch", "updated_at changes"))
		}
		after := introspections{right: right, wrong: wrong, current: ask(a.secret), old: ask(old)}
		found := after.observation()
		p.note("token_info", found)
		if i > 0 {
			continue
		}
		if found.value != "lags" {
			p.tell(secretAfter, after.current.String()+" at once")
			continue
		}
		p.tell(secretAfter, p.waitForSecret(ctx, func() answer { return ask(a.secret) }))
	}
}

// waitForSecret asks until a new secret is accepted.
func (p *probe) waitForSecret(ctx context.Context, ask func() answer) string {
	var waited time.Duration
	for _, wait := range []time.Duration{2 * time.Second, 3 * time.Second, 5 * time.Second} {
		if err := sleep(ctx, wait); err != nil {
			return err.Error()
		}
		waited += wait
		if ask().ok() {
			return fmt.Sprintf("accepted after %s", waited)
		}
	}
	return fmt.Sprintf("not accepted after %s", waited)
}

// introspections are the answers to four client secrets, all with a token that does not exist.
type introspections struct{ right, wrong, current, old answer }

func (i introspections) observation() observation {
	seen := fmt.Sprintf("right secret %s, wrong %s; after a rotation the new one %s, the old one %s", i.right, i.wrong, i.current, i.old)
	authenticated := func(a answer) bool { return a.ok() && a.json["active"] == false }
	refused := func(a answer) bool { return a.err == nil && a.status == http.StatusUnauthorized }
	legacy := func(a answer) bool { return a.err == nil && a.status == http.StatusUnprocessableEntity }
	all := func(holds func(answer) bool) bool {
		return holds(i.right) && holds(i.wrong) && holds(i.current) && holds(i.old)
	}
	switch {
	case all(authenticated):
		return told("authenticates_nobody", "%s", seen)
	case all(refused):
		return told("refuses_everybody", "%s", seen)
	case all(legacy):
		return told("legacy", "%s", seen)
	case !authenticated(i.right) || !refused(i.wrong):
	case refused(i.current) && authenticated(i.old):
		return told("lags", "%s", seen)
	case !authenticated(i.current) || !refused(i.old) || i.wrong.code() != i.old.code():
	case i.wrong.code() == "request_unauthorized":
		return told("authenticates", "%s", seen)
	case i.wrong.code() == "invalid_client":
		return told("invalid_client", "%s", seen)
	}
	return untold("no value of the switch explains this", "%s", seen)
}

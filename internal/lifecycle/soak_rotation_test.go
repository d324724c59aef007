package lifecycle

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
)

// rotationLog notes the applications for which a rotation was requested.
type rotationLog struct {
	mu  sync.Mutex
	ids map[string]bool
}

func (l *rotationLog) watch(r clerktest.Request) {
	if r.Method == http.MethodPost && r.Route == clerktest.RouteRotateSecret {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.ids[r.ID] = true
	}
}

func (l *rotationLog) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ids = map[string]bool{}
}

func (l *rotationLog) requested(id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ids[id]
}

// calledFor says whether the next run may rotate the secret of an application.
type calledFor struct {
	reason string // "": nothing calls for a rotation
	why    string // the facts, for the message
}

// rotationsCalledFor says, before a run, which rotations it may do: by the id of each application that is in a state.
// Applications that come into a state during the run are not in the answer. The decision uses what the simulator knows, and
// the state.
func (p *player) rotationsCalledFor(step sequenceStep) map[string]calledFor {
	all := map[string]calledFor{}
	for i, slot := range p.slots {
		if !slot.resource.Exists() {
			continue
		}
		id := slot.resource.State().String("id")
		app, exists := p.server.Application(id)
		if !exists {
			continue
		}
		applied := step.kind == stepBoth || step.kind == stepApply && i == step.slot
		config := slot.config
		if config == nil && step.kind == stepBoth {
			config = step.config
		}
		if !applied {
			config = nil
		}
		all[id] = p.rotationCalledFor(slot, config, app)
	}
	return all
}

func (p *player) rotationCalledFor(slot *slotModel, config prototest.Values, app clerktest.Application) calledFor {
	state, pending, accepted := slot.resource.State(), slot.private("rotation_pending"), slot.private("client_secret_accepted")
	version := ""
	if !state.IsNull("client_secret_version") {
		version = strconv.FormatInt(state.Int("client_secret_version"), 10)
	}
	why := fmt.Sprintf("configuration %v, trigger in the state %q, public in the state %v, public in Clerk %t, pending %q, version %q, accepted %q, secret %s",
		config, state.String("rotate_secret_trigger"), state.Get("public"), app.Public, pending, version, accepted, p.secretOf(slot))
	reason := ""
	switch trigger := config["rotate_secret_trigger"]; {
	case config == nil:
	case trigger != nil && trigger != state.String("rotate_secret_trigger"):
		reason = "the trigger changed"
	case pending != "":
		reason = "an earlier rotation is pending"
	case app.Public && config["public"] == false:
		reason = "a public client becomes confidential"
	case p.outdatedAndAccepted(slot, config):
		reason = "the secret is outdated, and was accepted"
	}
	return calledFor{reason, why}
}

// outdatedAndAccepted reports whether the secret in the state no longer works and the provider can know that: the endpoint
// checks secrets and has accepted this one before.
func (p *player) outdatedAndAccepted(slot *slotModel, config prototest.Values) bool {
	switch p.switches.TokenInfo {
	case clerktest.TokenInfoLegacy, clerktest.TokenInfoAuthenticatesNobody, clerktest.TokenInfoRefusesEverybody:
		return false
	}
	state, accepted := slot.resource.State(), slot.private("client_secret_accepted")
	return config["verify_client_secret"] == true && p.secretOf(slot) == secretOutdated &&
		accepted != "" && accepted == strconv.FormatInt(state.Int("client_secret_version"), 10)
}

// private returns a value that the provider keeps in the private state; "" if there is none.
func (s *slotModel) private(key string) string {
	var all map[string][]byte
	_ = json.Unmarshal(s.resource.Private(), &all) // empty without private state
	return string(all[key])
}

// checkRotations reports rotations that nothing called for.
func (p *player) checkRotations(before map[string]calledFor) {
	p.t.Helper()
	for id, called := range before {
		if called.reason == "" && p.rotations.requested(id) {
			p.t.Errorf("the secret of %s was rotated, and nothing called for that: %s", id, called.why)
		}
	}
}

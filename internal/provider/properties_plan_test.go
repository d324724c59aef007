package provider_test

import (
	"encoding/json"
	"fmt"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/provider"
)

// TestPropertiesPlan compares the fast paths with the framework's way, for the states and
// configurations of random lives.
func TestPropertiesPlan(t *testing.T) {
	var plans, reads atomic.Int64
	t.Cleanup(func() {
		t.Logf("%d plans and %d reads took a fast path", plans.Load(), reads.Load())
		if plans.Load() == 0 || reads.Load() == 0 {
			t.Error("the property proves nothing")
		}
	})
	lanes(t, 1, func(rt *rapid.T) {
		l := newLife(rt, clerktest.Switches{})
		for _, s := range rapid.SliceOfN(rapid.Custom(drawStep), 1, 7).Draw(rt, "steps") {
			l.play(s)
			p := l.process(rt.Context())
			for range 2 { // the first reads are requests, the later ones need none
				for _, at := range l.slots {
					l.compareWays(p, &at.object, at.wanted(nil), &reads, &plans)
					l.compareWays(p, &at.object, at.wanted(s.change), &reads, &plans)
				}
			}
		}
	})
}

// compareWays reads and plans with the fast paths and without them.
func (l *life) compareWays(p *process, o *object, config values, reads, plans *atomic.Int64) {
	if !o.exists() {
		return
	}
	// A fast path hands back the private state as it came, in the same memory.
	count := func(fast *atomic.Int64, before, after []byte) {
		if len(before) > 0 && len(after) > 0 && &before[0] == &after[0] {
			fast.Add(1)
		}
	}
	before := *o
	if len(before.private) == 0 {
		before.private = []byte("{}") // the same as none, and memory
	}
	framework := *p
	framework.ProviderServer = provider.FrameworkOf(p.ProviderServer)
	var answers [2]string
	for i, way := range []*process{p, &framework} {
		read := before
		heard := way.read(&read)
		if heard.say("could not be verified") {
			heard = "" // it is said once in a run
		}
		count(reads, before.private, read.private)
		made, more := way.plan(&read, config)
		answers[i] = fmt.Sprint(heard, read.answer(), more, made.changes)
		if response := made.response; response != nil {
			count(plans, read.private, response.PlannedPrivate)
			planned := object{o.kind, made.planned, response.PlannedPrivate, response.PlannedIdentity}
			answers[i] += planned.answer()
		}
	}
	if answers[0] != answers[1] {
		l.rt.Errorf("the answer is\n%s\nand the framework's\n%s", answers[0], answers[1])
	}
}

// answer is an object in a form that can be compared.
func (o *object) answer() string {
	var private values
	_ = json.Unmarshal(o.private, &private) // nothing at all is no private state either
	text := fmt.Sprint(o.state, private)
	if o.identity != nil {
		text += fmt.Sprint(decode(identityType, o.identity.IdentityData))
	}
	return text
}

package provider_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
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
		whole := l.wrap
		compare := func(server tfprotov6.ProviderServer) tfprotov6.ProviderServer {
			return &comparing{ProviderServer: server, rt: rt, plans: &plans, reads: &reads}
		}
		for _, s := range rapid.SliceOfN(rapid.Custom(drawStep), 1, 7).Draw(rt, "steps") {
			if l.wrap = compare; !s.isQuiet() {
				l.wrap = whole // two answers would meet other faults
			}
			l.play(s)
		}
		l.wrap = compare
		p := l.process(rt.Context())
		for range 3 { // the first reads are requests, the later ones need none
			for _, at := range l.slots {
				if at.exists() {
					p.read(&at.object)
					p.plan(&at.object, at.config)
				}
			}
		}
	})
}

// comparing answers as the provider's server does, and compares each answer with the
// framework's.
type comparing struct {
	tfprotov6.ProviderServer
	rt           *rapid.T
	plans, reads *atomic.Int64 // by a fast path
}

func (c *comparing) PlanResourceChange(
	ctx context.Context, req *tfprotov6.PlanResourceChangeRequest,
) (*tfprotov6.PlanResourceChangeResponse, error) {
	ours, err := c.ProviderServer.PlanResourceChange(ctx, req)
	theirs := must(provider.FrameworkOf(c.ProviderServer).PlanResourceChange(ctx, req))
	if ours.PlannedState == req.PriorState {
		c.plans.Add(1)
	}
	c.compare(
		text(req.TypeName, ours.PlannedState, ours.PlannedPrivate, ours.PlannedIdentity, ours.Diagnostics),
		text(req.TypeName, theirs.PlannedState, theirs.PlannedPrivate, theirs.PlannedIdentity,
			theirs.Diagnostics))
	return ours, err
}

func (c *comparing) ReadResource(
	ctx context.Context, req *tfprotov6.ReadResourceRequest,
) (*tfprotov6.ReadResourceResponse, error) {
	ours, err := c.ProviderServer.ReadResource(ctx, req)
	theirs := must(provider.FrameworkOf(c.ProviderServer).ReadResource(ctx, req))
	if ours.NewState == req.CurrentState {
		c.reads.Add(1)
	}
	said := ours.Diagnostics
	if messagesOf(said).say("could not be verified") {
		said = theirs.Diagnostics // it is said once in a run
	}
	c.compare(text(req.TypeName, ours.NewState, ours.Private, ours.NewIdentity, said),
		text(req.TypeName, theirs.NewState, theirs.Private, theirs.NewIdentity, theirs.Diagnostics))
	return ours, err
}

func (c *comparing) compare(ours, theirs string) {
	if ours != theirs {
		c.rt.Errorf("the answer is\n%s\nand the framework's\n%s", ours, theirs)
	}
}

// text is what a plan and a read have in common.
func text(
	kind string, state *tfprotov6.DynamicValue, private []byte,
	identity *tfprotov6.ResourceIdentityData, said []*tfprotov6.Diagnostic,
) string {
	var notes any
	_ = json.Unmarshal(private, &notes) // nothing at all is no private state either
	all := fmt.Sprint(decode(typeOf(kind), state), notes, messagesOf(said))
	if identity != nil {
		all += fmt.Sprint(decode(identityType, identity.IdentityData))
	}
	return all
}

package provider_test

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"
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
	t.Parallel()
	var plans, reads atomic.Int64
	rapid.Check(t, func(rt *rapid.T) {
		rapid.SyncTest(rt, func(rt *rapid.T) {
			l := newLife(rt, clerktest.Switches{})
			start := l.start
			compare := func(options ...provider.Option) tfprotov6.ProviderServer {
				return &comparing{ProviderServer: start(options...), rt: rt, plans: &plans, reads: &reads}
			}
			for _, s := range rapid.SliceOfN(rapid.Custom(drawStep), 1, 7).Draw(rt, "steps") {
				if l.start = compare; len(s.faults) > 0 || s.interrupt > 0 {
					l.start = start // two answers would meet other faults
				}
				l.play(s)
			}
			l.start = compare
			p, _ := l.process(rt.Context())
			for range 3 { // the first reads are requests, the later ones need none
				for _, at := range l.slots {
					if at.exists() {
						p.read(&at.object)
						p.plan(&at.object, at.config)
					}
				}
			}
		})
	})
	t.Logf("%d plans and %d reads took a fast path", plans.Load(), reads.Load())
	if plans.Load() == 0 || reads.Load() == 0 {
		t.Error("the property proves nothing")
	}
}

// comparing answers as the provider's server does, and compares each answer with the
// framework's.
type comparing struct {
	tfprotov6.ProviderServer
	rt           *rapid.T
	plans, reads *atomic.Int64 // by a fast path
}

// An answer is what a plan and a read have in common.
type answer struct {
	state    *tfprotov6.DynamicValue
	private  []byte
	identity *tfprotov6.ResourceIdentityData
	said     messages
}

func (c *comparing) PlanResourceChange(
	ctx context.Context, req *tfprotov6.PlanResourceChangeRequest,
) (*tfprotov6.PlanResourceChangeResponse, error) {
	ours, err := c.ProviderServer.PlanResourceChange(ctx, req)
	theirs := must(provider.FrameworkOf(c.ProviderServer).PlanResourceChange(ctx, req))
	if ours.PlannedState == req.PriorState {
		c.plans.Add(1)
	}
	c.compare(req.TypeName,
		answer{ours.PlannedState, ours.PlannedPrivate, ours.PlannedIdentity, ours.Diagnostics},
		answer{theirs.PlannedState, theirs.PlannedPrivate, theirs.PlannedIdentity, theirs.Diagnostics})
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
	said := messages(ours.Diagnostics)
	if strings.Contains(said.String(), "could not be verified") {
		said = theirs.Diagnostics // it is said once in a run
	}
	c.compare(req.TypeName, answer{ours.NewState, ours.Private, ours.NewIdentity, said},
		answer{theirs.NewState, theirs.Private, theirs.NewIdentity, theirs.Diagnostics})
	return ours, err
}

func (c *comparing) compare(kind string, ours, theirs answer) {
	a, b := ours.plain(kind), theirs.plain(kind)
	if !reflect.DeepEqual(a, b) {
		c.rt.Errorf("the answer is\n%v\nand the framework's\n%v", a, b)
	}
}

// plain is the answer in a form that can be compared and read.
func (a answer) plain(kind string) []any {
	var private, identity any
	_ = json.Unmarshal(a.private, &private) // nothing at all is no private state either
	if a.identity != nil {
		identity = plain(decode(identityType, a.identity.IdentityData))
	}
	return []any{plain(decode(typeOf(kind), a.state)), private, identity, a.said.String()}
}

package provider_test

import (
	"bytes"
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
// configurations of random lives without faults.
func TestPropertiesPlan(t *testing.T) {
	t.Parallel()
	var plans, reads atomic.Int64
	rapid.Check(t, func(rt *rapid.T) {
		rapid.SyncTest(rt, func(rt *rapid.T) {
			l := newLife(rt, clerktest.Switches{})
			l.start = func(options ...provider.Option) tfprotov6.ProviderServer {
				ours := provider.NewServer("test", options...)()
				return &comparing{ProviderServer: ours, framework: provider.FrameworkOf(ours), rt: rt, plans: &plans, reads: &reads}
			}
			for _, s := range rapid.SliceOfN(rapid.Custom(drawStep), 1, 7).Draw(rt, "steps") {
				s.faults, s.interrupt = nil, 0
				l.play(s)
			}
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
	if t.Logf("%d plans and %d reads took a fast path", plans.Load(), reads.Load()); plans.Load() == 0 || reads.Load() == 0 {
		t.Error("the property proves nothing")
	}
}

// comparing answers as the provider's server does, and compares each answer with the
// framework's.
type comparing struct {
	tfprotov6.ProviderServer
	framework    tfprotov6.ProviderServer
	rt           *rapid.T
	plans, reads *atomic.Int64 // by a fast path
}

func (c *comparing) PlanResourceChange(ctx context.Context, req *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	ours, err := c.ProviderServer.PlanResourceChange(ctx, req)
	theirs := must(c.framework.PlanResourceChange(ctx, req))
	if ours.PlannedState == req.PriorState {
		c.plans.Add(1)
	}
	c.compare("plan", req.TypeName, ours.PlannedState, theirs.PlannedState, ours.PlannedPrivate, theirs.PlannedPrivate, ours.Diagnostics, theirs.Diagnostics)
	if !reflect.DeepEqual(identityOf(ours.PlannedIdentity), identityOf(theirs.PlannedIdentity)) || len(ours.RequiresReplace) != len(theirs.RequiresReplace) {
		c.rt.Errorf("the plans have other identities or replacements")
	}
	return ours, err
}

func (c *comparing) ReadResource(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	ours, err := c.ProviderServer.ReadResource(ctx, req)
	theirs := must(c.framework.ReadResource(ctx, req))
	if ours.NewState == req.CurrentState {
		c.reads.Add(1)
	}
	if strings.Contains(messages(ours.Diagnostics).String(), "could not be verified") {
		ours.Diagnostics = theirs.Diagnostics // said once in a run
	}
	c.compare("read", req.TypeName, ours.NewState, theirs.NewState, ours.Private, theirs.Private, ours.Diagnostics, theirs.Diagnostics)
	if !reflect.DeepEqual(identityOf(ours.NewIdentity), identityOf(theirs.NewIdentity)) {
		c.rt.Errorf("the reads have other identities")
	}
	return ours, err
}

func (c *comparing) compare(what, kind string, ours, theirs *tfprotov6.DynamicValue, oursPrivate, theirsPrivate []byte, oursSaid, theirsSaid messages) {
	typ := typeOf(kind)
	if !same(decode(typ, ours), decode(typ, theirs)) || !samePrivate(oursPrivate, theirsPrivate) || oursSaid.String() != theirsSaid.String() {
		c.rt.Errorf("the %s is\n%v %s %s\nand the framework's\n%v %s %s", what, plain(decode(typ, ours)), oursPrivate, oursSaid,
			plain(decode(typ, theirs)), theirsPrivate, theirsSaid)
	}
}

func samePrivate(a, b []byte) bool {
	var of, other map[string]any
	return bytes.Equal(a, b) || json.Unmarshal(a, &of) == nil && json.Unmarshal(b, &other) == nil && reflect.DeepEqual(of, other)
}

func identityOf(identity *tfprotov6.ResourceIdentityData) any {
	if identity == nil {
		return nil
	}
	return plain(decode(identityType, identity.IdentityData))
}

package provider_test

import (
	"cmp"
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
		if plans.Load() == 0 || reads.Load() == 0 {
			t.Errorf("%d plans and %d reads took a fast path", plans.Load(), reads.Load())
		}
	})
	lanes(t, 1, func(rt *rapid.T) {
		l := newLife(rt, clerktest.Switches{}, application, application)
		for _, s := range rapid.SliceOfN(rapid.Custom(l.drawStep), 1, 7).Draw(rt, "steps") {
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
		made, more := way.planAgain(&read, config)
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
	text := fmt.Sprint(o.state, cmp.Or(string(o.private), "{}"))
	if o.identity != nil {
		text += fmt.Sprint(decode(o.identity.IdentityData))
	}
	return text
}

// BenchmarkPlan refreshes and plans 1,000 applications over the protocol, and one with 1,000
// redirect URIs: with the fast paths, and by the framework alone.
func BenchmarkPlan(b *testing.B) {
	var uris []string
	for i := range 1000 {
		uris = append(uris, fmt.Sprintf("https://app.example.com/callback/%03d", i))
	}
	for _, benchmark := range []struct {
		name   string
		count  int
		config values // of each, without its name
	}{
		{name: "unchanged", count: 1000},
		{name: "protected", count: 1000, config: values{"deletion_protection": true}},
		{name: "with scopes", count: 1000, config: values{"scopes": emailOnly, "rotate_secret_trigger": "a"}},
		{name: "many URIs", count: 1, config: values{"redirect_uris": uris}},
	} {
		tf := newTerraform(b.Errorf, b.Cleanup)
		tf.block["requests_per_10s"] = 1_000_000
		objects, configs := make([]*object, benchmark.count), make([]values, benchmark.count)
		p := tf.process(b.Context())
		for i := range objects {
			objects[i], configs[i] = &object{kind: application}, benchmark.config.with("name", fmt.Sprint("app ", i))
			made, _ := p.plan(objects[i], configs[i])
			p.apply(objects[i], made)
		}
		for _, way := range []string{"fast paths", "framework"} {
			b.Run(benchmark.name+"/"+way, func(b *testing.B) {
				tf.clerk.ResetRequests()
				b.ReportAllocs()
				for b.Loop() {
					p := tf.process(b.Context())
					if way == "framework" {
						p.ProviderServer = provider.FrameworkOf(p.ProviderServer)
					}
					for i, o := range objects {
						made, heard := p.plan(o, configs[i])
						if len(made.changes) > 0 {
							b.Fatalf("%v\n%s", made.changes, heard)
						}
					}
				}
				b.ReportMetric(float64(len(tf.clerk.Requests()))/float64(b.N), "requests/op")
			})
		}
	}
}

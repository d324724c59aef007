package prototest_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
)

// TestMistakesAreReported shows that each check works: a provider with that one mistake fails the test with
// the message, and without the mistake the same steps pass.
func TestMistakesAreReported(t *testing.T) {
	t.Parallel()

	type (
		planRequest   = tfprotov6.PlanResourceChangeRequest
		planResponse  = tfprotov6.PlanResourceChangeResponse
		applyRequest  = tfprotov6.ApplyResourceChangeRequest
		applyResponse = tfprotov6.ApplyResourceChangeResponse
		readResponse  = tfprotov6.ReadResourceResponse
	)
	planned := func(name string, value any) *faults {
		return &faults{plan: func(_ *planRequest, resp *planResponse) error {
			resp.PlannedState = edit(thingKind, resp.PlannedState, name, value)
			return nil
		}}
	}
	applied := func(name string, value any) *faults {
		return &faults{apply: func(_ *applyRequest, resp *applyResponse) error {
			resp.NewState = edit(thingKind, resp.NewState, name, value)
			return nil
		}}
	}
	read := func(name string, value any) *faults {
		return &faults{read: func(resp *readResponse) error {
			resp.NewState = edit(thingKind, resp.NewState, name, value)
			return nil
		}}
	}
	null := func(kind kindOf) *tfprotov6.DynamicValue { return encoded(typeOf(kind), nil) }
	notAThing := encoded(tftypes.Object{AttributeTypes: map[string]tftypes.Type{"x": tftypes.String}},
		map[string]tftypes.Value{"x": tftypes.NewValue(tftypes.String, "y")})

	create := func(p *prototest.Provider) { p.Resource("toy_thing").Plan(values{"name": "one"}).Apply() }
	refresh := func(p *prototest.Provider) {
		r := p.Resource("toy_thing")
		r.Plan(values{"name": "one"}).Apply()
		r.Refresh()
	}
	update := func(p *prototest.Provider) {
		r := p.Resource("toy_thing")
		r.Plan(values{"name": "one"}).Apply()
		r.Plan(values{"name": "two"}).Apply()
	}
	destroy := func(p *prototest.Provider) {
		r := p.Resource("toy_thing")
		r.Plan(values{"name": "one"}).Apply()
		r.Destroy()
	}
	importOne := func(p *prototest.Provider) {
		p.Resource("toy_thing").Plan(values{"name": "one"}).Apply()
		p.Resource("toy_thing").Import("thing-1")
	}
	importByIdentity := func(p *prototest.Provider) {
		p.Resource("toy_thing").Plan(values{"name": "one"}).Apply()
		p.Resource("toy_thing").PlanImportIdentity(values{"id": "thing-1"}, values{"name": "one"})
	}
	readData := func(p *prototest.Provider) {
		p.Resource("toy_thing").Plan(values{"name": "one"}).Apply()
		p.DataSource("toy_thing").Read(values{"id": "thing-1"})
	}
	open := func(p *prototest.Provider) { p.Ephemeral("toy_lease").Open(values{"of": "one"}).Close() }
	list := func(p *prototest.Provider) {
		p.Resource("toy_thing").Plan(values{"name": "one"}).Apply()
		p.List("toy_thing", values{}, 10, true)
	}

	// replanned changes only the second answer, which is the one at apply time.
	replanned := func(name string, value any) *faults {
		plans := 0
		return &faults{plan: func(_ *planRequest, resp *planResponse) error {
			if plans++; plans == 2 {
				resp.PlannedState = edit(thingKind, resp.PlannedState, name, value)
			}
			return nil
		}}
	}
	updates := 0
	replaces := &faults{plan: func(req *planRequest, resp *planResponse) error {
		if isNull(req.PriorState) {
			return nil
		}
		if updates++; updates == 2 {
			resp.RequiresReplace = []*tftypes.AttributePath{tftypes.NewAttributePath().WithAttributeName("name")}
		}
		return nil
	}}
	tests := []struct {
		name   string
		faults *faults
		steps  func(*prototest.Provider)
		want   string
	}{
		{
			"plan alters a configured value", planned("name", "x"), create,
			`toy_thing.a.name: planned value "x" does not match config value "one"`,
		},
		{"plan alters a configured value of an existing object", &faults{plan: func(req *planRequest, resp *planResponse) error {
			if isNull(req.PriorState) {
				return nil
			}
			resp.PlannedState = edit(thingKind, resp.PlannedState, "name", "x")
			return nil
		}}, update, `planned value "x" does not match config value "two" nor prior value "one"`},
		{
			"plan leaves a configured value unknown", planned("name", tftypes.UnknownValue), create,
			`planned value (unknown) does not match config value "one"`,
		},
		{"plan invents a value", planned("kind", "x"), create, `planned value "x" for a non-computed attribute`},
		{
			"plan leaves a value open that nobody may choose", planned("kind", tftypes.UnknownValue), create,
			"planned value (unknown) for a non-computed attribute",
		},
		{"plan invents a block", planned("timeouts", map[string]tftypes.Value{
			"create": tftypes.NewValue(tftypes.String, nil), "delete": tftypes.NewValue(tftypes.String, nil),
		}), create, "toy_thing.a.timeouts: planned for existence but the configuration wants absence"},
		{"plan for nothing", &faults{plan: func(_ *planRequest, resp *planResponse) error {
			resp.PlannedState = null(thingKind)
			return nil
		}}, create, "planned for absence but the configuration wants existence"},
		{"plan of a destruction that is none", &faults{plan: func(req *planRequest, resp *planResponse) error {
			if isNull(req.ProposedNewState) {
				resp.PlannedState = req.PriorState
			}
			return nil
		}}, destroy, "planned a non-null destroy value"},
		{"plan that does not fit", &faults{plan: func(_ *planRequest, resp *planResponse) error {
			resp.PlannedState = notAThing
			return nil
		}}, create, "Provider produced invalid plan\ntoy_thing.a: the provider's value does not fit the schema"},
		{"replacement because of nothing", &faults{plan: func(_ *planRequest, resp *planResponse) error {
			resp.RequiresReplace = []*tftypes.AttributePath{tftypes.NewAttributePath().WithAttributeName("nothing")}
			return nil
		}}, update, `indicated "requires replacement" on a non-existent path`},
		{"planned identity changes", &faults{plan: func(req *planRequest, resp *planResponse) error {
			if !isNull(req.PriorState) {
				resp.PlannedIdentity = identity("another")
			}
			return nil
		}}, update, "Provider produced different identity"},
		{"deferral unasked", &faults{plan: func(_ *planRequest, resp *planResponse) error {
			resp.Deferred = &tfprotov6.Deferred{Reason: tfprotov6.DeferredReasonAbsentPrereq}
			return nil
		}}, create, "Provider deferred changes when Terraform did not allow deferrals"},
		{
			"second plan differs", replanned("size", int64(2)), create,
			"Provider produced inconsistent final plan\ntoy_thing.a.size: was 1, but now 2",
		},
		{"second plan forgets", replanned("size", tftypes.UnknownValue), create, "toy_thing.a.size: was known, but is now unknown"},
		{"second plan replaces", replaces, update, "the planned action changed from update to replace"},

		{
			"result alters a planned value", applied("name", "x"), create,
			"Provider produced inconsistent result after apply\n" + `toy_thing.a.name: was "one", but now "x"`,
		},
		{"result drops a planned value", applied("size", nil), create, "toy_thing.a.size: was 1, but now null"},
		{"result adds to a planned null", applied("kind", "x"), create, `toy_thing.a.kind: was null, but now "x"`},
		{"result alters a secret", &faults{apply: func(req *applyRequest, resp *applyResponse) error {
			if !isNull(req.PriorState) {
				resp.NewState = edit(thingKind, resp.NewState, "token", "not to be shown")
			}
			return nil
		}}, update, "toy_thing.a.token: a sensitive value breaks the rule"},
		{"result unknown", applied("revision", tftypes.UnknownValue), create, "toy_thing.a.revision: still unknown after apply"},
		{"nothing created", &faults{apply: func(_ *applyRequest, resp *applyResponse) error {
			resp.NewState = null(thingKind)
			return nil
		}}, create, "the object was present, but is now absent"},
		{"no answer at all for the state", &faults{apply: func(_ *applyRequest, resp *applyResponse) error {
			resp.NewState = nil
			return nil
		}}, create, "the object was present, but is now absent"},
		{"not destroyed", &faults{apply: func(req *applyRequest, resp *applyResponse) error {
			if isNull(req.PlannedState) {
				resp.NewState = req.PriorState
			}
			return nil
		}}, destroy, "there is still an object after its destruction"},
		{"result that does not fit", &faults{apply: func(_ *applyRequest, resp *applyResponse) error {
			resp.NewState = notAThing
			return nil
		}}, create, "Provider produced invalid object\ntoy_thing.a: the provider's value does not fit the schema"},
		{"identity forgotten", &faults{apply: func(_ *applyRequest, resp *applyResponse) error {
			resp.NewIdentity = nil
			return nil
		}}, create, "the provider returned an object without its identity"},
		{"identity empty", &faults{apply: func(_ *applyRequest, resp *applyResponse) error {
			resp.NewIdentity = identity(nil)
			return nil
		}}, create, "the provider returned an object without its identity"},
		{"identity unknown", &faults{apply: func(_ *applyRequest, resp *applyResponse) error {
			resp.NewIdentity = identity(tftypes.UnknownValue)
			return nil
		}}, create, "the provider returned an identity with unknown values"},
		{"identity changes by an update", &faults{apply: func(req *applyRequest, resp *applyResponse) error {
			if !isNull(req.PriorState) {
				resp.NewIdentity = identity("another")
			}
			return nil
		}}, update, `the identity changed from {"id":"thing-1"} to {"id":"another"}`},

		{"refresh unknown", read("revision", tftypes.UnknownValue), refresh, "Provider produced invalid object\ntoy_thing.a.revision: the value is unknown"},
		{"refresh changes the identity", &faults{read: func(resp *readResponse) error {
			resp.NewIdentity = identity("another")
			return nil
		}}, refresh, "Provider produced different identity"},
		{"upgrade unknown", &faults{upgrade: func(resp *tfprotov6.UpgradeResourceStateResponse) error {
			resp.UpgradedState = edit(thingKind, resp.UpgradedState, "name", tftypes.UnknownValue)
			return nil
		}}, refresh, "Invalid resource state upgrade\ntoy_thing.a.name: the value is unknown"},

		{"import of nothing", &faults{imported: func(resp *tfprotov6.ImportResourceStateResponse) error {
			resp.ImportedResources = nil
			return nil
		}}, importOne, "Import returned no resources"},
		{"import of two", &faults{imported: func(resp *tfprotov6.ImportResourceStateResponse) error {
			resp.ImportedResources = append(resp.ImportedResources, resp.ImportedResources[0])
			return nil
		}}, importOne, "Multiple import states not supported"},
		{"import of another type", &faults{imported: func(resp *tfprotov6.ImportResourceStateResponse) error {
			resp.ImportedResources[0].TypeName = "toy_other"
			return nil
		}}, importOne, `the import returned a "toy_other"`},
		{"import without state", &faults{imported: func(resp *tfprotov6.ImportResourceStateResponse) error {
			resp.ImportedResources[0].State = null(thingKind)
			return nil
		}}, importOne, "Import returned null resource"},
		{"import by identity without identity", &faults{imported: func(resp *tfprotov6.ImportResourceStateResponse) error {
			resp.ImportedResources[0].Identity = nil
			return nil
		}}, importByIdentity, "the import by identity returned no identity"},

		{"data source without object", &faults{dataSource: func(resp *tfprotov6.ReadDataSourceResponse) error {
			resp.State = null(dataKind)
			return nil
		}}, readData, "Provider produced null object"},
		{"data source unknown", &faults{dataSource: func(resp *tfprotov6.ReadDataSourceResponse) error {
			resp.State = edit(dataKind, resp.State, "name", tftypes.UnknownValue)
			return nil
		}}, readData, "data.toy_thing.name: the value is unknown"},
		{"ephemeral resource alters its configuration", &faults{open: func(resp *tfprotov6.OpenEphemeralResourceResponse) error {
			resp.Result = edit(leaseKind, resp.Result, "of", "x")
			return nil
		}}, open, "Provider produced invalid ephemeral resource instance\nephemeral.toy_lease.of: planned value"},
		{"list without identity", &faults{list: func(result *tfprotov6.ListResourceResult) {
			result.Identity = nil
		}}, list, `"one": missing identity data`},
		{"list of unknown objects", &faults{list: func(result *tfprotov6.ListResourceResult) {
			result.Resource = edit(thingKind, result.Resource, "size", tftypes.UnknownValue)
		}}, list, `the resource object has unknown values: [size]`},
		{
			"list panics", &faults{list: func(*tfprotov6.ListResourceResult) { panic("list") }}, list,
			"The provider panicked while it listed toy_thing: list",
		},

		{
			"panic", &faults{apply: func(*applyRequest, *applyResponse) error { panic("oops") }}, create,
			"Plugin did not respond\nThe provider panicked in its ApplyResourceChange call: oops",
		},
		{
			"error of the call", &faults{plan: func(*planRequest, *planResponse) error { return errToy }}, create,
			"Plugin error\nThe provider failed in its PlanResourceChange call: the cloud said no",
		},
		{
			"never the same", &faults{read: func(resp *readResponse) error {
				resp.NewState = edit(thingKind, resp.NewState, "name", "drifts at once")
				return nil
			}}, func(p *prototest.Provider) { p.Resource("toy_thing").Apply(values{"name": "one"}) },
			"the plan for toy_thing.a should be empty",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			failures := record(t, func(tb testing.TB) {
				tb.Helper()
				test.steps(test.faults.start(tb, newCloud()))
			})
			if !strings.Contains(failures, test.want) {
				t.Errorf("the failures do not contain %q:\n%s", test.want, failures)
			}
			if strings.Contains(failures, "not to be shown") {
				t.Errorf("a sensitive value is shown:\n%s", failures)
			}
			well := record(t, func(tb testing.TB) {
				tb.Helper()
				test.steps((&faults{}).start(tb, newCloud()))
			})
			if well != "" {
				t.Errorf("without the mistake the same steps fail:\n%s", well)
			}
		})
	}
}

func isNull(value *tfprotov6.DynamicValue) bool {
	null, err := value.IsNull()
	return err == nil && null
}

// TestTryFailsOnBugs: Try methods leave error diagnostics to the test, but never a bug.
func TestTryFailsOnBugs(t *testing.T) {
	t.Parallel()
	spoiled := &faults{apply: func(_ *tfprotov6.ApplyResourceChangeRequest, resp *tfprotov6.ApplyResourceChangeResponse) error {
		resp.NewState = edit(thingKind, resp.NewState, "revision", tftypes.UnknownValue)
		return nil
	}}
	failures := record(t, func(tb testing.TB) {
		tb.Helper()
		r := spoiled.start(tb, newCloud()).Resource("toy_thing")
		ds := r.TryApply(tb.Context(), values{"name": "one"})
		equal(t, ds.At("revision")[0].Phase, "Terraform")
		// The known values are stored nevertheless, and the object is tainted.
		equal(t, r.State().String("id"), "thing-1")
		equal(t, r.State().IsNull("revision"), true)
		equal(t, r.Tainted(), true)
	})
	equal(t, strings.Contains(failures, "still unknown after apply"), true)
}

// TestErrorsSuspendConsistency: next to an error a result may differ from the plan.
func TestErrorsSuspendConsistency(t *testing.T) {
	t.Parallel()
	spoiled := &faults{apply: func(_ *tfprotov6.ApplyResourceChangeRequest, resp *tfprotov6.ApplyResourceChangeResponse) error {
		resp.NewState = edit(thingKind, resp.NewState, "name", "halfway")
		resp.NewIdentity = nil
		resp.Diagnostics = append(resp.Diagnostics, &tfprotov6.Diagnostic{
			Severity: tfprotov6.DiagnosticSeverityError, Summary: "Half done",
			Attribute: tftypes.NewAttributePath().WithAttributeName("tags").WithElementKeyValue(tftypes.NewValue(tftypes.String, "a b")),
		})
		return nil
	}}
	r := spoiled.start(t, newCloud()).Resource("toy_thing")
	ds := r.TryApply(t.Context(), values{"name": "one"})
	equal(t, ds[0].Path, `tags["a b"]`)
	equal(t, r.State().String("name"), "halfway")
	equal(t, r.Tainted(), true)
}

// TestPriorValueMayStay: a provider may plan the prior value in place of the configured one, which says that they are
// equivalent.
func TestPriorValueMayStay(t *testing.T) {
	t.Parallel()
	suppress := &faults{plan: func(req *tfprotov6.PlanResourceChangeRequest, resp *tfprotov6.PlanResourceChangeResponse) error {
		if !isNull(req.PriorState) {
			resp.PlannedState = req.PriorState
		}
		return nil
	}}
	r := suppress.start(t, newCloud()).Resource("toy_thing")
	r.Apply(values{"name": "one"})
	equal(t, r.Plan(values{"name": "ONE"}).Action, prototest.NoOp)
}

func TestDeferral(t *testing.T) {
	t.Parallel()
	deferring := &faults{plan: func(_ *tfprotov6.PlanResourceChangeRequest, resp *tfprotov6.PlanResourceChangeResponse) error {
		resp.Deferred = &tfprotov6.Deferred{Reason: tfprotov6.DeferredReasonAbsentPrereq}
		return nil
	}}
	r := deferring.start(t, newCloud(), prototest.DeferralAllowed()).Resource("toy_thing")
	plan := r.Plan(values{"name": "one"})
	equal(t, plan.Deferred, true)
	plan.Apply()
	equal(t, r.Exists(), false)
}

func TestStalePlan(t *testing.T) {
	t.Parallel()
	failures := record(t, func(tb testing.TB) {
		tb.Helper()
		r := start(tb, newCloud()).Resource("toy_thing")
		plan := r.Plan(values{"name": "one"})
		r.Plan(values{"name": "one"}).Apply()
		plan.Apply()
	})
	equal(t, strings.Contains(failures, "saved plan is stale"), true)
}

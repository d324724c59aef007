package prototest_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
)

type values = prototest.Values

func start(t testing.TB, c *cloud, opts ...prototest.Option) *prototest.Provider {
	t.Helper()
	return prototest.New(t, c.server, values{"key": "k"}, opts...)
}

func TestLifecycle(t *testing.T) {
	t.Parallel()
	c := newCloud()
	p := start(t, c)
	r := p.Resource("toy_thing")

	plan := r.Plan(values{"name": "one", "tags": []string{"b", "a"}})
	equal(t, plan.Action, prototest.Create)
	equal(t, plan.Unknown(), []string{"id", "revision", "token"})
	equal(t, plan.Changed(), []string{"id", "name", "revision", "size", "tags", "token"})
	equal(t, plan.Get("size"), any(int64(1)))
	equal(t, r.Exists(), false)
	equal(t, len(c.ids()), 0)
	plan.Apply()

	state := r.State()
	equal(t, state.String("id"), "thing-1")
	equal(t, state.Strings("tags"), []string{"a", "b"})
	equal(t, state.Int("size"), 1)
	equal(t, state.IsNull("kind"), true)
	equal(t, state.Len("tags"), 2)
	equal(t, r.Identity().String("id"), "thing-1")
	equal(t, strings.Contains(string(r.StateJSON()), "token-of-thing-1"), true)
	equal(t, strings.Contains(string(r.Private()), "made_by"), true)
	equal(t, state.Sensitive(), []string{"token"})

	// The order of a set does not matter, what is computed is kept.
	same := values{"name": "one", "tags": []string{"a", "b"}}
	r.AssertNoChanges(same)

	update := r.Plan(values{"name": "two", "tags": []string{"a", "b"}})
	equal(t, update.Action, prototest.Update)
	equal(t, update.Changed(), []string{"name", "revision"})
	equal(t, update.Unknown(), []string{"revision"})
	update.Apply()

	// Without tags in the configuration, Terraform proposes their prior value.
	r.Apply(values{"name": "two", "timeouts": values{"create": "5m"}})
	equal(t, r.State().Strings("tags"), []string{"a", "b"})
	equal(t, r.State().String("timeouts.create"), "5m")

	replace := r.Plan(values{"name": "two", "kind": "other"})
	equal(t, replace.Action, prototest.Replace)
	equal(t, replace.RequiresReplace(), []string{"kind"})
	equal(t, slices.Contains(replace.Unknown(), "id"), true)
	replace.Apply()
	equal(t, c.ids(), []string{"thing-2"})
	equal(t, r.State().String("id"), "thing-2")

	destroy, ds := r.TryPlanDestroy(t.Context())
	equal(t, ds.HasError(), false)
	equal(t, destroy.Action, prototest.Delete)
	equal(t, destroy.Warnings()[0].Summary, "Thing goes")
	destroy.Apply()
	equal(t, r.Exists(), false)
	equal(t, len(c.ids()), 0)
	nothing, _ := r.TryPlanDestroy(t.Context())
	equal(t, nothing.Action, prototest.NoOp)
}

func TestDrift(t *testing.T) {
	t.Parallel()
	c := newCloud()
	r := start(t, c).Resource("toy_thing")
	config := values{"name": "one"}
	r.Apply(config)

	c.things["thing-1"].name = "changed elsewhere"
	plan := r.Plan(config)
	equal(t, plan.Action, prototest.Update)
	equal(t, plan.Before().String("name"), "changed elsewhere")
	equal(t, r.State().String("name"), "one") // a plan alone stores nothing
	r.Refresh()
	equal(t, r.State().String("name"), "changed elsewhere")

	delete(c.things, "thing-1")
	equal(t, r.Plan(config).Action, prototest.Create)
	r.Refresh()
	equal(t, r.Exists(), false)
}

func TestUnknownConfiguration(t *testing.T) {
	t.Parallel()
	r := start(t, newCloud()).Resource("toy_thing")
	plan := r.Plan(values{"name": prototest.Unknown, "tags": []any{"a", prototest.Unknown}})
	equal(t, plan.Unknown(), []string{"id", "name", "revision", "tags", "token"})
	plan.Resolve(values{"name": "known", "tags": []any{"a", "b"}}).Apply()
	equal(t, r.State().String("name"), "known")

	replaced := r.Plan(values{"name": "known", "tags": []any{"a", "b"}, "kind": prototest.Unknown})
	equal(t, replaced.Action, prototest.Replace)
}

func TestErrorsAndState(t *testing.T) {
	t.Parallel()
	c := newCloud()
	r := start(t, c).Resource("toy_thing")
	config := values{"name": "one"}

	// Nothing was created, so nothing is stored.
	c.beforeWrite = func(context.Context, string, *thing) error { return errToy }
	ds := r.TryApply(t.Context(), config)
	equal(t, ds.Errors()[0].Summary, "Unable to create thing")
	equal(t, ds.Errors()[0].Phase, "ApplyResourceChange")
	equal(t, r.Exists(), false)

	// Created with an error: stored, tainted and replaced next.
	c.beforeWrite = nil
	c.afterWrite = func(string, *thingModel) error { return errToy }
	ds = r.TryApply(t.Context(), config)
	equal(t, ds.HasError(), true)
	equal(t, r.Tainted(), true)
	equal(t, r.Identity().String("id"), "thing-1")
	c.afterWrite = nil
	plan := r.Plan(config)
	equal(t, plan.Action, prototest.Replace)
	equal(t, plan.Before().String("id"), "thing-1")
	equal(t, strings.HasPrefix(plan.String(), "replace toy_thing.a (tainted)"), true)
	plan.Apply()
	equal(t, r.Tainted(), false)
	equal(t, c.ids(), []string{"thing-2"})

	// A failed update keeps what it returns, and is not tainted. It need not be consistent with the plan.
	c.afterWrite = func(_ string, m *thingModel) error {
		m.Name = stringValue("halfway")
		return errToy
	}
	ds = r.TryApply(t.Context(), values{"name": "two"})
	equal(t, ds.HasError(), true)
	equal(t, r.Tainted(), false)
	equal(t, r.State().String("name"), "halfway")

	// A failed destruction keeps the object; the destruction of a replacement too.
	c.afterWrite = nil
	c.beforeWrite = func(context.Context, string, *thing) error { return errToy }
	equal(t, r.TryDestroy(t.Context()).HasError(), true)
	equal(t, r.State().String("id"), "thing-2")
	equal(t, r.TryApply(t.Context(), values{"name": "two", "kind": "k"}).HasError(), true)
	equal(t, r.State().String("id"), "thing-2")

	// A replacement that fails after the destruction leaves nothing.
	c.beforeWrite = func(_ context.Context, what string, _ *thing) error {
		if what == "create" {
			return errToy
		}
		return nil
	}
	equal(t, r.TryApply(t.Context(), values{"name": "two", "kind": "k"}).HasError(), true)
	equal(t, r.Exists(), false)
}

func TestTaint(t *testing.T) {
	t.Parallel()
	c := newCloud()
	r := start(t, c).Resource("toy_thing")
	r.Apply(values{"name": "one"})
	r.Taint()
	plan := r.Plan(values{"name": "one"})
	equal(t, plan.Action, prototest.Replace)
	equal(t, plan.RequiresReplace(), []string{})
	r.Untaint()
	r.AssertNoChanges(values{"name": "one"})
	r.Taint()
	r.Apply(values{"name": "one"})
	equal(t, c.ids(), []string{"thing-2"})
}

func TestDiagnostics(t *testing.T) {
	t.Parallel()
	r := start(t, newCloud()).Resource("toy_thing")

	_, ds := r.TryPlan(t.Context(), values{"name": "forbidden"})
	equal(t, len(ds), 1)
	equal(t, ds[0], prototest.Diagnostic{
		Error: true, Summary: "Forbidden name", Detail: "Take another.", Path: "name", Phase: "ValidateResourceConfig",
	})
	_, ds = r.TryPlan(t.Context(), values{})
	equal(t, ds.At("name")[0].Summary, "Missing required argument")

	// This provider is validated twice, and reports it twice.
	plan := r.Plan(values{"name": "odd"})
	equal(t, len(plan.Warnings()), 2)
	equal(t, r.Validate(values{"name": prototest.Unknown}).HasError(), false)
}

func TestProviderConfiguration(t *testing.T) {
	t.Parallel()
	_, ds := prototest.Start(t, newCloud().server, values{"key": "wrong"})
	equal(t, ds.At("key")[0].Summary, "Wrong key")
	equal(t, ds[0].Phase, "ConfigureProvider")
	_, ds = prototest.Start(t, newCloud().server, values{})
	equal(t, ds.At("key")[0].Summary, "Missing required argument")
	_, ds = prototest.Start(t, newCloud().server, values{"key": prototest.Unknown})
	equal(t, ds.HasError(), false)
	equal(t, ds.At("key")[0].Summary, "Unknown key")
}

func TestImport(t *testing.T) {
	t.Parallel()
	c := newCloud()
	p := start(t, c)
	r := p.Resource("toy_thing")
	r.Apply(values{"name": "one", "tags": []string{"x"}})

	byID := p.Resource("toy_thing")
	byID.Import("thing-1")
	equal(t, byID.State().String("name"), "one")
	equal(t, byID.State().IsNull("token"), true)
	generated := byID.State().GeneratedConfig()
	equal(t, generated["id"], nil)
	equal(t, generated["name"], any("one"))
	equal(t, byID.Plan(generated).Action, prototest.NoOp)

	byIdentity := p.Resource("toy_thing")
	equal(t, byIdentity.TryImportIdentity(t.Context(), values{"id": "thing-1"}).HasError(), false)
	equal(t, byIdentity.Identity().String("id"), "thing-1")

	block := p.Resource("toy_thing")
	plan := block.PlanImport("thing-1", values{"name": "renamed"})
	equal(t, plan.Action, prototest.Update)
	equal(t, block.Exists(), false)
	plan.Apply()
	equal(t, c.things["thing-1"].name, "renamed")

	again := p.Resource("toy_thing")
	equal(t, again.PlanImportIdentity(values{"id": "thing-1"}, values{"name": "renamed"}).Action, prototest.NoOp)

	missing := p.Resource("toy_thing")
	ds := missing.TryImport(t.Context(), "thing-9")
	equal(t, ds[0].Summary, "Cannot import non-existent remote object")
	equal(t, missing.Exists(), false)
}

func TestUpgradeAndMove(t *testing.T) {
	t.Parallel()
	c := newCloud()
	p := start(t, c)
	r := p.Resource("toy_thing")
	r.Apply(values{"name": "one"})
	r.Forget()

	r.SetStateJSON(0, []byte(`{"id":"thing-1","title":"one"}`))
	equal(t, r.Plan(values{"name": "one"}).Action, prototest.NoOp)
	r.Refresh()
	equal(t, r.State().String("name"), "one")
	equal(t, r.Identity().String("id"), "thing-1")

	// An attribute that the schema no longer has is dropped; a newer schema is refused.
	r.SetStateJSON(1, []byte(`{"id":"thing-1","name":"one","gone":{"a":1},"timeouts":{"create":"5m","delete":null,"gone":2}}`))
	r.Refresh()
	equal(t, r.State().String("timeouts.create"), "5m")
	r.SetStateJSON(2, []byte(`{}`))
	equal(t, r.TryRefresh(t.Context())[0].Summary, "Resource instance managed by newer provider version")

	moved := p.Resource("toy_thing")
	moved.Move(prototest.MoveSource{
		ProviderAddress: "registry.terraform.io/hashicorp/null", TypeName: "null_resource", State: []byte(`{"id":"thing-1"}`),
	})
	equal(t, moved.Plan(values{"name": "one"}).Action, prototest.NoOp)
	equal(t, p.Resource("toy_thing").TryMove(t.Context(), prototest.MoveSource{
		TypeName: "other_thing", State: []byte(`{"id":"thing-1"}`),
	}).HasError(), true)
}

func TestOldEngine(t *testing.T) {
	t.Parallel()
	c := newCloud()
	old := start(t, c, prototest.OldEngine())
	r := old.Resource("toy_thing")
	r.Apply(values{"name": "one"})
	equal(t, r.Identity().Exists(), false)

	// A newer engine takes the state over and learns the identity by reading.
	newer := r.With(start(t, c))
	newer.AssertNoChanges(values{"name": "one"})
	newer.Refresh()
	equal(t, newer.Identity().String("id"), "thing-1")
}

func TestDataSource(t *testing.T) {
	t.Parallel()
	c := newCloud()
	p := start(t, c)
	p.Resource("toy_thing").Apply(values{"name": "one"})
	d := p.DataSource("toy_thing")
	object := d.Read(values{"id": "thing-1"})
	equal(t, object.String("name"), "one")
	equal(t, object.Len("parts"), 0)
	_, ds := d.TryRead(t.Context(), values{"id": "thing-9"})
	equal(t, ds.At("id")[0].Summary, "No such thing")
	equal(t, d.Validate(values{"id": prototest.Unknown}).HasError(), false)
}

func TestEphemeral(t *testing.T) {
	t.Parallel()
	e := start(t, newCloud()).Ephemeral("toy_lease")
	lease := e.Open(values{"of": "one"})
	equal(t, lease.Result.String("pass"), "pass-for-one")
	equal(t, lease.Close()[0].Summary, "Closed")
	_, ds := e.TryOpen(t.Context(), values{"of": "nothing"})
	equal(t, ds.At("of")[0].Summary, "Nothing to lease")
	e.Open(values{"of": "closed at the end of the test"})
}

func TestList(t *testing.T) {
	t.Parallel()
	c := newCloud()
	p := start(t, c)
	for _, name := range []string{"one", "two", "three"} {
		p.Resource("toy_thing").Apply(values{"name": name})
	}
	results := p.List("toy_thing", values{}, 2, true)
	equal(t, len(results), 2)
	equal(t, results[1].DisplayName, "two")
	equal(t, results[1].Identity.String("id"), "thing-2")
	equal(t, results[1].Resource.String("name"), "two")
	results = p.List("toy_thing", values{}, 100, false)
	equal(t, len(results), 3)
	equal(t, results[0].Resource.Exists(), false)
}

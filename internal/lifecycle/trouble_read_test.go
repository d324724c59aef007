package lifecycle

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
)

// doRefresh and doDestroy are for rows whose trouble meets a refresh or a destruction.
func doRefresh(f *fixture) prototest.Diagnostics { return f.say(f.app.TryRefresh(f.ctx)) }

func doDestroy(f *fixture) prototest.Diagnostics { return f.say(f.app.TryDestroy(f.ctx)) }

func TestProtocolTroubleRead(t *testing.T) {
	t.Parallel()
	// read is a refresh that succeeds.
	read := func(name string, faults ...clerktest.Fault) troubleRow {
		return troubleRow{name: name, given: portal, faults: faults, do: doRefresh, apps: 1, secret: secretWorks}
	}
	// unreadable is one that fails and leaves the state as it was, to the byte.
	unreadable := func(name, message string, faults ...clerktest.Fault) troubleRow {
		row := read(name, faults...)
		row.errors = []string{message}
		row.do = func(f *fixture) prototest.Diagnostics {
			before := f.app.StateJSON()
			ds := doRefresh(f)
			if !bytes.Equal(before, f.app.StateJSON()) {
				f.t.Error("the state is another one")
			}
			if plan, more := f.app.TryPlan(f.ctx, portal); plan != nil {
				f.t.Errorf("there is a plan: %s\n%s", plan, more)
			}
			return ds
		}
		return row
	}
	runTroubleRows(t, []troubleRow{
		read("A1 429 on a read", clerktest.TooManyRequests("5").OnRead().Once()),
		read("A6 500 on a read", clerktest.ClerkError(500, "internal_clerk_error").OnRead().Once()),
		read("A6 502 503 504 on a read", clerktest.HTML(502).OnRead().Once(), clerktest.HTML(503).OnRead().Once(), clerktest.HTML(504).OnRead().Once()),
		read("A13 reset on a read", clerktest.ResetAfterWork().OnRead().Once()),
		read("A13 read cut in its length", clerktest.Truncated(clerktest.DeliverShort).OnRead().Once()),
		read("A13 read cut between chunks", clerktest.Truncated(clerktest.DeliverCutChunks).OnRead().Once()),
		read("A13 read cut without a sign", clerktest.Truncated(clerktest.DeliverCutUndeclared).OnRead().Once()),
		read("A13 read cut in its compression", clerktest.Truncated(clerktest.DeliverCutGzip).OnRead().Once()),
		read("A13 read never answered", clerktest.NeverAnswers().OnRead().Once()),
		read("A15 HTML with 200 once", clerktest.HTML(200).OnRead().Once()),
		read("D1 unknown fields on a read", clerktest.Changed(func(body map[string]any) { body["new"] = []any{1} }).OnRead()),
		read("D13 client_secret on a read is ignored", clerktest.Changed(func(body map[string]any) { body["client_secret"] = "whatever1" }).OnRead()),
		unreadable("B4 401", `Check the provider's secret_key`, clerktest.ClerkError(401, "clerk_key_invalid").OnRead()),
		unreadable("B4 403", `may not do this`, clerktest.ClerkError(403, "not_allowed_access").OnRead()),
		unreadable("B4 500 for ever", `HTTP status: 500`, clerktest.ClerkError(500, "internal_clerk_error").OnRead()),
		unreadable("B4 reset for ever", `Check the network`, clerktest.ResetBeforeWork().OnRead()),
		unreadable("B4 never answered", `No answer in time`, clerktest.NeverAnswers().OnRead()),
		unreadable("A15 HTML with 200 for ever", `no proxy answers in its place`, clerktest.HTML(200).OnRead()),
		unreadable("A15 empty 200", `breaks off after 0 bytes`, clerktest.Raw(200, "application/json", "").OnRead()),
		unreadable("A14 endless on a read", `larger than 1048576 bytes`, clerktest.Endless().OnRead()),
		unreadable("A14 gzip bomb on a read", `larger than 1048576 bytes`, clerktest.GzipBomb(200<<20).OnRead()),
		unreadable("A14 byte by byte on a read", `time for one attempt was over`, clerktest.Drip(time.Second).OnRead()),
		unreadable("A17 redirect on a read", `a redirect to elsewhere.example.com`, clerktest.Redirect(302, "https://elsewhere.example.com/").OnRead()),
		unreadable("D2 null", `it is null`, clerktest.Raw(200, "application/json", "null").OnRead()),
		unreadable("D2 list", `JSON array, not an object`, clerktest.Raw(200, "application/json", "[]").OnRead()),
		unreadable("D2 another object", `not an OAuth application`, clerktest.Changed(func(body map[string]any) { body["object"] = "user" }).OnRead()),
		unreadable("D2 another application", `about another application`, clerktest.Changed(func(body map[string]any) { body["id"] = "oa_other" }).OnRead()),
		unreadable("D11 trailing garbage", `not Clerk's JSON`, clerktest.Raw(200, "application/json", `{"object":"oauth_application"} trailing`).OnRead()),
		unreadable("D12 public of another type", `public has an unexpected type`, clerktest.Changed(func(body map[string]any) { body["public"] = "no" }).OnRead()),
		unreadable("B1 HTML 404", `404.*nothing is removed from the state`, clerktest.HTML(404).OnRead()),
		unreadable("B1 plain 404", `404.*nothing is removed from the state`, clerktest.Raw(404, "text/plain", "404 page not found\n").OnRead()),
		unreadable("B1 JSON 404 that is not Clerk's", `404.*nothing is removed from the state`, clerktest.Raw(404, "application/json", `{"error":"not found"}`).OnRead()),
		unreadable("B1 404 and the instance cannot be read", `the instance of the secret key could not be read`,
			clerktest.ClerkError(404, "resource_not_found").OnRead(), clerktest.ClerkError(403, "not_allowed_access").OnInstance()),
		{
			name: "B1 gone", given: portal, do: doRefresh,
			before:   func(f *fixture) { f.server.Delete(f.id()) },
			warnings: []string{`OAuth application "Portal" is gone.*"Portal" \(oa_\w+\) no longer exists`},
			gone:     true, next: prototest.Create, heals: []string{postCreate},
		},
		{
			name: "D15 hostile id in the state", given: portal, apps: 1, stuck: true, secret: secretAbsent,
			do: func(f *fixture) prototest.Diagnostics {
				before := strings.Replace(string(f.app.StateJSON()), f.id(), "../users", 1)
				f.app.SetStateJSON(applicationSchemaVersion, []byte(before))
				return doRefresh(f)
			},
			errors: []string{`"\.\./users" is not a valid Clerk id`},
			check: func(f *fixture, _ prototest.Diagnostics) {
				if lines := f.server.RequestLines(); len(lines) > 0 {
					f.t.Errorf("it sent %q", lines)
				}
			},
		},
	})
}

func TestProtocolTroubleDelete(t *testing.T) {
	t.Parallel()
	destroyed := func(name string, requests int, faults ...clerktest.Fault) troubleRow {
		row := troubleRow{
			name: name, given: portal, faults: faults, do: doDestroy, gone: true,
			next: prototest.Create, heals: []string{postCreate},
		}
		for range requests {
			row.sends = append(row.sends, deleteApp)
		}
		return row
	}
	// kept is a delete that fails. done says that Clerk did it nonetheless.
	kept := func(name string, requests int, message string, done bool, faults ...clerktest.Fault) troubleRow {
		row := destroyed(name, requests, faults...)
		row.errors, row.gone = []string{message}, false
		if !done {
			row.apps, row.secret, row.next, row.heals = 1, secretWorks, prototest.NoOp, nil
		}
		return row
	}
	runTroubleRows(t, []troubleRow{
		destroyed("A6 500 on a delete", 2, clerktest.ClerkError(500, "internal_clerk_error").OnDelete().Once()),
		destroyed("B12 reset after a delete", 2, clerktest.ResetAfterWork().OnDelete().Once()),
		destroyed("B12 502 after a delete", 2, clerktest.HTML(502).AfterWork().OnDelete().Once()),
		destroyed("B12 delete answer cut", 2, clerktest.Truncated(clerktest.DeliverShort).OnDelete().Once()),
		destroyed("B12 delete answer too slow", 2, clerktest.SlowAnswer(time.Minute).OnDelete().Once()),
		destroyed("A3 locked delete", 2, clerktest.Locked().OnDelete().Once()),
		rowWith(destroyed("B3 gone before the delete", 1), func(row *troubleRow) {
			row.before = func(f *fixture) {
				f.server.Inject(clerktest.Meanwhile(func(r clerktest.Request) { f.server.Delete(r.ID) }).OnDelete())
			}
		}),
		kept("B3 plain 404 on a delete", 1, `404.*nothing is removed from the state`, false, clerktest.Raw(404, "text/plain", "404 page not found\n").OnDelete()),
		kept("B3 HTML 404 on a delete", 1, `404.*nothing is removed from the state`, false, clerktest.HTML(404).OnDelete()),
		kept("B4 403 on a delete", 1, `may not do this`, false, clerktest.ClerkError(403, "not_allowed_access").OnDelete()),
		kept("A6 500 on a delete for ever", 6, `HTTP status: 500`, false, clerktest.ClerkError(500, "internal_clerk_error").OnDelete()),
		rowWith(kept("B12 delete done long after its last answer was lost", 6, `Check the network`, true, clerktest.LateCommit(time.Hour).OnDelete()), func(row *troubleRow) {
			row.apps, row.secret = 1, secretWorks // before it is done
		}),
		kept("a delete that says it did not", 2, `does not say that the application was deleted`, false,
			clerktest.Raw(200, "application/json", `{"object":"oauth_application","deleted":false}`).OnDelete()),
	})
}

// Another instance's key finds nothing, which must not look as if everything were gone.
func TestProtocolTroubleOtherInstance(t *testing.T) {
	t.Parallel()
	other := func(f *fixture) {
		key, _ := f.server.AddInstance(clerktest.Development)
		f.settings = prototest.Values{"secret_key": key}
		f.start()
	}
	names := `belongs to instance ins_\w+, not to ins_\w+.*This operation changed nothing`
	row := troubleRow{given: portal, before: other, errors: []string{names}, apps: 1, secret: secretWorks}
	runTroubleRows(t, []troubleRow{
		rowWith(row, func(row *troubleRow) { row.name, row.do = "B5 refresh", doRefresh }),
		rowWith(row, func(row *troubleRow) { row.name = "B5 plan" }),
		rowWith(row, func(row *troubleRow) { row.name, row.do = "B5 destroy", doDestroy }),
		rowWith(row, func(row *troubleRow) {
			row.name = "B5 destroy without a refresh"
			row.before = nil
			row.sends = []string{deleteApp}
			row.do = func(f *fixture) prototest.Diagnostics {
				plan, _ := f.app.TryPlanDestroy(f.ctx)
				key, _ := f.server.AddInstance(clerktest.Development)
				f.provider.Reconfigure(providerConfig(f.server, prototest.Values{"secret_key": key}))
				return f.say(plan.TryApply(f.ctx))
			}
		}),
		{
			name: "B5 instance_id before the first write", config: portal, settings: prototest.Values{"instance_id": "ins_other"},
			errors: []string{`belongs to instance ins_\w+, not to ins_other`}, gone: true, stuck: true,
			check: func(f *fixture, _ prototest.Diagnostics) {
				if lines := f.server.RequestLines(); !slices.Equal(lines, []string{"GET /instance"}) {
					f.t.Errorf("it sent %q", lines)
				}
			},
		},
		{
			name: "B5 instance_id on the first read", given: portal, do: doRefresh,
			before: func(f *fixture) {
				f.settings = prototest.Values{"instance_id": "ins_other"}
				f.start()
				f.server.ResetRequests()
			},
			errors: []string{`belongs to instance ins_\w+, not to ins_other`}, apps: 1, secret: secretWorks,
			check: func(f *fixture, _ prototest.Diagnostics) {
				if lines := f.server.RequestLines(); !slices.Equal(lines, []string{"GET /instance"}) {
					f.t.Errorf("it sent %q", lines)
				}
			},
		},
		{
			name: "B5 instance_id cannot be compared", config: portal, settings: prototest.Values{"instance_id": "ins_other", "max_retries": 0},
			faults: []clerktest.Fault{clerktest.HTML(502).OnInstance()},
			errors: []string{`instance of the secret key could not be read, to compare it with instance_id`}, gone: true, stuck: true,
		},
	})
}

// What is imported is named by a user, who may name anything.
func TestProtocolTroubleImport(t *testing.T) {
	t.Parallel()
	for _, id := range []string{
		"../users", "a/b", "..%2f", "?x", "#", "oa_1\nx", "ü", " ", ".", "..", "oa_1 ", strings.Repeat("a", 129), strings.Repeat("x", 10_000), "oa_\x00",
	} {
		t.Run("D14 "+strings.ReplaceAll(id[:min(8, len(id))], "/", "|"), func(t *testing.T) {
			t.Parallel()
			withFixture(t, nil, func(f *fixture) {
				ds := f.say(f.app.TryImport(f.ctx, id))
				matchMessages(f.t, "error", ds.Errors(), []string{`Unable to import.*is neither the id of an OAuth application`})
				if lines := f.server.RequestLines(); len(lines) > 0 || f.app.Exists() {
					f.t.Errorf("it sent %q", lines)
				}
			})
		})
	}
	for _, typeName := range []string{applicationType, settingsType} {
		t.Run("D14 an empty id of "+typeName, func(t *testing.T) {
			t.Parallel()
			withFixture(t, nil, func(f *fixture) {
				ds := f.say(f.provider.Resource(typeName).TryImport(f.ctx, ""))
				matchMessages(f.t, "error", ds.Errors(), []string{`Unable to import.*(import id is empty|is not the id of)`})
			})
		})
	}
	t.Run("D14 nothing of that id", func(t *testing.T) {
		t.Parallel()
		withFixture(t, nil, func(f *fixture) {
			ds := f.say(f.app.TryImport(f.ctx, "oa_nothing"))
			if !ds.HasError() || f.app.Exists() {
				f.t.Errorf("there is something in the state\n%s", ds)
			}
		})
	})
	t.Run("D14 list fails", func(t *testing.T) {
		t.Parallel()
		withFixture(t, prototest.Values{"max_retries": 0}, func(f *fixture) {
			f.server.Inject(clerktest.ResetBeforeWork().OnList())
			ds := f.say(f.app.TryImport(f.ctx, "someClientID"))
			matchMessages(f.t, "error", ds.Errors(), []string{`Unable to import.*Check the network`})
		})
	})
}

// B7: reads that lag behind the own writes.
func TestProtocolTroubleReadLag(t *testing.T) {
	t.Parallel()
	lag := clerktest.Switches{ReadLag: 3 * time.Second}
	withFixture(t, nil, func(f *fixture) {
		if ds := f.apply(portal); len(ds) > 0 || f.secretState() != secretWorks {
			f.t.Fatalf("the secret is %s\n%s", f.secretState(), ds)
		}
	}, clerktest.WithSwitches(lag))
	withFixture(t, nil, func(f *fixture) {
		f.server.Inject(clerktest.ResetAfterWork().OnCreate().Once())
		ds := f.apply(portal)
		matchMessages(f.t, "warning", ds, []string{wasAdopted})
		if f.secretState() != secretWorks || len(f.server.Applications()) != 1 {
			f.t.Errorf("the secret is %s\n%s", f.secretState(), ds)
		}
	}, clerktest.WithSwitches(lag))
}

package lifecycle

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
)

// A fleet is many applications of a simulator, in virtual time.
type fleet struct {
	*testing.T

	server   *clerktest.Server
	provider *prototest.Provider
	graph    *prototest.Graph
}

// withFleet runs a test in virtual time. The server enforces the limit of a development
// instance. The test fails if a request is refused.
func withFleet(t *testing.T, settings prototest.Values, test func(f *fleet), opts ...prototest.Option) {
	t.Helper()
	withFleetBehind(t, func(server tfprotov6.ProviderServer) tfprotov6.ProviderServer { return server }, settings, test, opts...)
}

// withFleetBehind is withFleet with something between Terraform and the provider.
func withFleetBehind(t *testing.T, wrap func(tfprotov6.ProviderServer) tfprotov6.ProviderServer, settings prototest.Values, test func(f *fleet), opts ...prototest.Option) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server := clerktest.NewInMemory(t, clerktest.WithRateLimit(clerktest.RateLimit{Requests: 100, Per: 10 * time.Second}))
		transport := server.RoundTripper()
		f := &fleet{T: t, server: server}
		f.provider = prototest.New(t, func() tfprotov6.ProviderServer {
			return wrap(factoryWith(transport)())
		}, providerConfig(server, settings), opts...)
		f.graph = f.provider.Graph()
		test(f)
		if throttled := f.answered(http.StatusTooManyRequests); throttled > 0 {
			t.Errorf("%d requests were answered 429", throttled)
		}
		server.Close()
	})
}

// answered is the number of requests that were answered with a status.
func (f *fleet) answered(status int) int {
	count := 0
	for _, request := range f.server.Requests() {
		if request.Status == status {
			count++
		}
	}
	return count
}

// manage puts the n-th seeded application, counted from 1, into the configuration and into
// the state, which has only its id.
func (f *fleet) manage(n int, id string) {
	f.Helper()
	app := f.provider.Resource(applicationType)
	app.SetStateJSON(applicationSchemaVersion, fmt.Appendf(nil, `{"id":%q}`, id))
	f.graph.Add(app, configOf(n))
}

// configOf is the configuration that the n-th seeded application agrees with.
func configOf(n int) prototest.Values {
	return prototest.Values{"name": fmt.Sprintf("app %d", n), "scopes": []string{"email", "profile"}}
}

// seed adds applications, all of which are managed.
func (f *fleet) seed(applications int) {
	f.Helper()
	for i, id := range f.server.SeedMany(applications, "app %d") {
		f.manage(i+1, id)
	}
}

// requests are those since the last call: GETs of one application, pages, and others.
func (f *fleet) requests() (gets, pages, others int) {
	gets = f.server.CountRequests(http.MethodGet, clerktest.RouteApplication)
	pages = f.server.CountRequests(http.MethodGet, clerktest.RouteApplications)
	others = len(f.server.Requests()) - gets - pages
	f.server.ResetRequests()
	return gets, pages, others
}

func TestProtocolScalePlan(t *testing.T) {
	t.Parallel()
	withFleet(t, nil, func(f *fleet) {
		f.seed(1000)
		f.graph.Refresh()
		f.requests()

		plan := f.graph.Plan()
		if unchanged := plan.Count(prototest.NoOp); unchanged != 1000 {
			f.Errorf("%d of 1,000 applications are planned to stay as they are", unchanged)
		}
		if gets, pages, others := f.requests(); gets+pages+others > 8 {
			f.Errorf("%d GETs, %d pages and %d other requests, want at most 8 together", gets, pages, others)
		}
	})
}

func TestProtocolScaleReads(t *testing.T) {
	t.Parallel()
	const pageSize = 500
	for _, test := range []struct {
		reads, total, gone int // gone are among the reads, and not in the total
	}{
		{reads: 1, total: 1},
		{reads: 1, total: 20_020},
		{reads: 2, total: 2},
		{reads: 20, total: 20},
		{reads: 20, total: 20_020},
		{reads: 100, total: 1500},
		{reads: 501, total: 501},
		{reads: 10, total: 7, gone: 3},
		{reads: 30, total: 700, gone: 10},
	} {
		t.Run(fmt.Sprintf("%d of %d, %d gone", test.reads, test.total, test.gone), func(t *testing.T) {
			t.Parallel()
			withFleet(t, nil, func(f *fleet) {
				ids := f.server.SeedMany(test.total+test.gone, "app %d")
				random := rand.New(rand.NewPCG(5, uint64(test.total)))
				for i, n := range random.Perm(len(ids))[:test.reads] {
					if i < test.gone {
						f.server.Delete(ids[n])
						f.manageKnown(n+1, ids[n])
						continue
					}
					f.manage(n+1, ids[n])
				}
				warnings := f.graph.Refresh().Warnings()
				if len(warnings) != test.gone {
					f.Errorf("%d warnings for %d applications that are gone:\n%s", len(warnings), test.gone, warnings)
				}

				gets, pages, others := f.requests()
				most := 2*min(test.reads, (test.total+pageSize-1)/pageSize) + 1 + test.gone
				if gets+pages > most {
					f.Errorf("%d GETs and %d pages, want at most %d together", gets, pages, most)
				}
				// The provider asks once whether the key belongs to the instance in the state.
				if most := min(1, test.gone); others > most {
					f.Errorf("%d other requests, want at most %d", others, most)
				}
			})
		})
	}
}

// manageKnown is manage with a state that has more than the id.
func (f *fleet) manageKnown(n int, id string) {
	f.Helper()
	app := f.provider.Resource(applicationType)
	app.SetStateJSON(applicationSchemaVersion, fmt.Appendf(nil, `{"id":%q,"name":"app %d","instance_id":%q}`, id, n, f.server.InstanceID()))
	f.graph.Add(app, configOf(n))
}

// TestProtocolScaleApply creates 400 applications in an instance that takes 100
// requests in 10 seconds.
func TestProtocolScaleApply(t *testing.T) {
	t.Parallel()
	withFleet(t, nil, func(f *fleet) {
		for i := range 400 {
			f.graph.Add(f.provider.Resource(applicationType), configOf(i+1))
		}
		plan := f.graph.Plan()
		if ds := plan.Apply(); len(ds) > 0 {
			f.Errorf("the user saw:\n%s", ds)
		}
		posts := f.server.CountRequests(http.MethodPost, clerktest.RouteApplications)
		if others := len(f.server.Requests()) - posts; posts != 400 || others > 10 {
			f.Errorf("%d creates and %d other requests, want 400 and at most 10", posts, others)
		}
		if created := len(f.server.Applications()); created != 400 {
			f.Errorf("%d applications were created", created)
		}
	})
}

// TestProtocolScaleSharedLimit applies while a back end uses most of what Clerk allows.
// Clerk then answers 429, and the apply takes longer.
func TestProtocolScaleSharedLimit(t *testing.T) {
	t.Parallel()
	withFleet(t, nil, func(f *fleet) {
		f.server.SetRateLimit(clerktest.RateLimit{Requests: 30, Per: 10 * time.Second})
		for i := range 200 {
			f.graph.Add(f.provider.Resource(applicationType), configOf(i+1))
		}
		if ds := f.graph.Plan().Apply(); len(ds) > 0 {
			f.Errorf("the user saw:\n%s", ds)
		}
		throttled := f.answered(http.StatusTooManyRequests)
		if created := len(f.server.Applications()); created != 200 || throttled == 0 {
			f.Errorf("%d applications were created, %d requests answered 429", created, throttled)
		}
		// Ten are under way at once, and each may be refused once in each window.
		if most := 10 * (200/30 + 1); throttled > most {
			f.Errorf("%d requests were answered 429, want at most %d", throttled, most)
		}
		f.server.ResetRequests()
	})
}

func TestProtocolScaleDataSources(t *testing.T) {
	t.Parallel()
	withFleet(t, nil, func(f *fleet) {
		f.seed(700)
		applications := f.provider.DataSource("clerk_oauth_applications")
		read := func(what string, config prototest.Values, wantPages int) {
			f.Helper()
			if len(listedNames(f.T, applications.Read(config))) == 0 {
				f.Errorf("%s: nothing was found", what)
			}
			if gets, pages, others := f.requests(); pages != wantPages || gets+others > 0 {
				f.Errorf("%s: %d pages, %d GETs and %d others, want %d pages", what, pages, gets, others, wantPages)
			}
		}
		read("the first", nil, 2)
		read("the same again", nil, 0)
		read("the same in another order", prototest.Values{"order_by": "+created_at"}, 0)
		read("a query", prototest.Values{"name_query": "app 1"}, 1)
		read("the same query", prototest.Values{"name_query": "app 1"}, 0)
		read("the same query, and less of it", prototest.Values{"name_query": "app 1", "limit": 3}, 0)

		f.graph.Refresh()
		if gets, pages, others := f.requests(); gets+pages+others > 0 {
			f.Errorf("reads after the list: %d GETs, %d pages and %d others, want none", gets, pages, others)
		}
	}, prototest.SharedProcess())
}

func TestProtocolScaleListsAfterReads(t *testing.T) {
	t.Parallel()
	withFleet(t, nil, func(f *fleet) {
		f.seed(700)
		f.graph.Refresh()
		_, requested, _ := f.requests()
		if requested != 2 {
			f.Errorf("reads of 700 requested %d pages, want 2", requested)
		}
		// Reads request pages in the order of creation. A list in that order needs the same
		// pages, and so does a list of all in the opposite order.
		if found := f.provider.List(applicationType, prototest.Values{"order_by": "+created_at"}, 1000, true); len(found) != 700 {
			f.Errorf("%d of 700 applications were listed", len(found))
		}
		if found := listedNames(f.T, f.provider.DataSource("clerk_oauth_applications").Read(nil)); len(found) != 700 {
			f.Errorf("the data source has %d of 700 applications", len(found))
		}
		if gets, pages, others := f.requests(); gets+pages+others > 0 {
			f.Errorf("lists after reads: %d GETs, %d pages and %d others, want none", gets, pages, others)
		}
	}, prototest.SharedProcess())
}

// TestProtocolScaleWithoutLists refreshes while Clerk's list does not work.
func TestProtocolScaleWithoutLists(t *testing.T) {
	t.Parallel()
	withFleet(t, prototest.Values{"max_retries": 0}, func(f *fleet) {
		f.seed(50)
		f.server.Inject(clerktest.HTML(http.StatusBadGateway).OnList())
		if ds := f.graph.Refresh(); len(ds) > 0 {
			f.Errorf("the user saw:\n%s", ds)
		}
		// A broken page is requested once more, because the answer was not Clerk's.
		if gets, pages, others := f.requests(); gets != 50 || pages > 2 || others > 0 {
			f.Errorf("%d GETs, %d pages and %d others, want a GET for each of 50", gets, pages, others)
		}
	})
}

// loggedCalls puts a value into the context of each call that is as large as Terraform's
// loggers.
type loggedCalls struct {
	tfprotov6.ProviderServerWithListResource
}

type loggersKey struct{}

func (loggedCalls) with(ctx context.Context) context.Context {
	return context.WithValue(ctx, loggersKey{}, make([]byte, 6<<10))
}

func (s loggedCalls) ValidateResourceConfig(ctx context.Context, req *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	return s.ProviderServerWithListResource.ValidateResourceConfig(s.with(ctx), req)
}

func (s loggedCalls) UpgradeResourceState(ctx context.Context, req *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	return s.ProviderServerWithListResource.UpgradeResourceState(s.with(ctx), req)
}

func (s loggedCalls) ReadResource(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	return s.ProviderServerWithListResource.ReadResource(s.with(ctx), req)
}

func (s loggedCalls) PlanResourceChange(ctx context.Context, req *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	return s.ProviderServerWithListResource.PlanResourceChange(s.with(ctx), req)
}

// TestProtocolScaleMemory refreshes and plans 2,000 applications in one process, and
// measures what stays in memory. It is not parallel because it measures the whole heap.
func TestProtocolScaleMemory(t *testing.T) { //nolint:paralleltest // see above
	switch {
	case testing.Short():
		t.Skip("takes long")
	case raceDetector:
		t.Skip("the race detector changes what stays in memory")
	}
	const applications = 2000
	logged := func(server tfprotov6.ProviderServer) tfprotov6.ProviderServer {
		return loggedCalls{server.(tfprotov6.ProviderServerWithListResource)} //nolint:staticcheck // see newServer
	}
	withFleetBehind(t, logged, nil, func(f *fleet) {
		f.seed(applications)
		f.graph.Refresh() // after this, prototest's states have their final size
		f.provider.NewProcess()
		f.requests()
		f.graph.Parallelism = 50

		before := heap()
		unchanged := f.graph.Plan().Count(prototest.NoOp)
		kept := heap() - before
		if unchanged != applications {
			f.Errorf("%d of %d applications are planned to stay as they are", unchanged, applications)
		}
		if gets, pages, others := f.requests(); gets+pages+others > 9 {
			f.Errorf("%d GETs, %d pages and %d others, want at most 9 together", gets, pages, others)
		}
		// The snapshot has about 1.3 KB of each application.
		if most := applications * 3000; kept > most {
			f.Errorf("%d bytes for each application stayed in memory, want at most %d", kept/applications, most/applications)
		}
		f.Logf("%d bytes for each application stayed in memory", kept/applications)
	}, prototest.SharedProcess())
}

// heap is the number of bytes in use.
func heap() int {
	for range 2 { // the second frees what finalizers held
		runtime.GC()
	}
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int(stats.HeapAlloc)
}

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

// crowd is many applications of a simulator, in virtual time.
type crowd struct {
	*testing.T

	server   *clerktest.Server
	provider *prototest.Provider
	graph    *prototest.Graph
}

// inCrowd runs a test in a bubble. The server enforces the limit of a development
// instance, which nothing here may come up against.
func inCrowd(t *testing.T, settings prototest.Values, test func(c *crowd), opts ...prototest.Option) {
	t.Helper()
	inCrowdOf(t, func(server tfprotov6.ProviderServer) tfprotov6.ProviderServer { return server }, settings, test, opts...)
}

// inCrowdOf is inCrowd with something between Terraform and the provider.
func inCrowdOf(t *testing.T, wrap func(tfprotov6.ProviderServer) tfprotov6.ProviderServer, settings prototest.Values, test func(c *crowd), opts ...prototest.Option) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server := clerktest.NewInMemory(t, clerktest.WithRateLimit(clerktest.RateLimit{Requests: 100, Per: 10 * time.Second}))
		transport := server.RoundTripper()
		c := &crowd{T: t, server: server}
		c.provider = prototest.New(t, func() tfprotov6.ProviderServer {
			return wrap(factoryWith(transport)())
		}, providerConfig(server, settings), opts...)
		c.graph = c.provider.Graph()
		test(c)
		if throttled := c.answered(http.StatusTooManyRequests); throttled > 0 {
			t.Errorf("%d requests were answered 429", throttled)
		}
		server.Close()
	})
}

// answered is how many requests were answered with a status.
func (c *crowd) answered(status int) int {
	count := 0
	for _, request := range c.server.Requests() {
		if request.Status == status {
			count++
		}
	}
	return count
}

// manage puts the n-th seeded application, counted from 1, into the state, with
// nothing known of it but the id, and into the configuration.
func (c *crowd) manage(n int, id string) {
	c.Helper()
	app := c.provider.Resource(applicationType)
	app.SetStateJSON(applicationSchemaVersion, fmt.Appendf(nil, `{"id":%q}`, id))
	c.graph.Add(app, configOf(n))
}

// configOf is a configuration that the n-th seeded application is as it wants it.
func configOf(n int) prototest.Values {
	return prototest.Values{"name": fmt.Sprintf("app %d", n), "scopes": []string{"email", "profile"}}
}

// seed adds applications, all of which are managed.
func (c *crowd) seed(applications int) {
	c.Helper()
	for i, id := range c.server.SeedMany(applications, "app %d") {
		c.manage(i+1, id)
	}
}

// requests are those since the last call: GETs of one application, pages, and others.
func (c *crowd) requests() (gets, pages, others int) {
	gets = c.server.CountRequests(http.MethodGet, clerktest.RouteApplication)
	pages = c.server.CountRequests(http.MethodGet, clerktest.RouteApplications)
	others = len(c.server.Requests()) - gets - pages
	c.server.ResetRequests()
	return gets, pages, others
}

func TestProtocolScalePlan(t *testing.T) {
	t.Parallel()
	inCrowd(t, nil, func(c *crowd) {
		c.seed(1000)
		c.graph.Refresh()
		c.requests()

		plan := c.graph.Plan()
		if unchanged := plan.Count(prototest.NoOp); unchanged != 1000 {
			c.Errorf("%d of 1,000 applications are planned to stay as they are", unchanged)
		}
		if gets, pages, others := c.requests(); gets+pages+others > 8 {
			c.Errorf("%d GETs, %d pages and %d other requests, want at most 8 together", gets, pages, others)
		}
	})
}

func TestProtocolScaleReads(t *testing.T) {
	t.Parallel()
	const pageSize = 500
	for _, test := range []struct {
		reads, total, gone int // gone are among the reads, and no more in the total
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
			inCrowd(t, nil, func(c *crowd) {
				ids := c.server.SeedMany(test.total+test.gone, "app %d")
				random := rand.New(rand.NewPCG(5, uint64(test.total)))
				for i, n := range random.Perm(len(ids))[:test.reads] {
					if i < test.gone {
						c.server.Delete(ids[n])
						c.manageKnown(n+1, ids[n])
						continue
					}
					c.manage(n+1, ids[n])
				}
				warnings := c.graph.Refresh().Warnings()
				if len(warnings) != test.gone {
					c.Errorf("%d warnings for %d applications that are gone:\n%s", len(warnings), test.gone, warnings)
				}

				gets, pages, others := c.requests()
				most := 2*min(test.reads, (test.total+pageSize-1)/pageSize) + 1 + test.gone
				if gets+pages > most {
					c.Errorf("%d GETs and %d pages, want at most %d together", gets, pages, most)
				}
				// Whether the key is the state's instance's is asked once.
				if most := min(1, test.gone); others > most {
					c.Errorf("%d other requests, want at most %d", others, most)
				}
			})
		})
	}
}

// manageKnown is manage for an application of which the state holds more.
func (c *crowd) manageKnown(n int, id string) {
	c.Helper()
	app := c.provider.Resource(applicationType)
	app.SetStateJSON(applicationSchemaVersion, fmt.Appendf(nil, `{"id":%q,"name":"app %d","instance_id":%q}`, id, n, c.server.InstanceID()))
	c.graph.Add(app, configOf(n))
}

// TestProtocolScaleApply creates 400 applications in an instance that takes 100
// requests in 10 seconds: inCrowd fails if one is refused.
func TestProtocolScaleApply(t *testing.T) {
	t.Parallel()
	inCrowd(t, nil, func(c *crowd) {
		for i := range 400 {
			c.graph.Add(c.provider.Resource(applicationType), configOf(i+1))
		}
		plan := c.graph.Plan()
		if ds := plan.Apply(); len(ds) > 0 {
			c.Errorf("the user was told:\n%s", ds)
		}
		posts := c.server.CountRequests(http.MethodPost, clerktest.RouteApplications)
		if others := len(c.server.Requests()) - posts; posts != 400 || others > 10 {
			c.Errorf("%d creates and %d other requests, want 400 and at most 10", posts, others)
		}
		if made := len(c.server.Applications()); made != 400 {
			c.Errorf("%d applications were made", made)
		}
	})
}

// TestProtocolScaleSharedLimit applies while a back end takes most of what Clerk
// allows, so that 429s come: nobody notices but by the time it takes.
func TestProtocolScaleSharedLimit(t *testing.T) {
	t.Parallel()
	inCrowd(t, nil, func(c *crowd) {
		c.server.SetRateLimit(clerktest.RateLimit{Requests: 30, Per: 10 * time.Second})
		for i := range 200 {
			c.graph.Add(c.provider.Resource(applicationType), configOf(i+1))
		}
		if ds := c.graph.Plan().Apply(); len(ds) > 0 {
			c.Errorf("the user was told:\n%s", ds)
		}
		throttled := c.answered(http.StatusTooManyRequests)
		if made := len(c.server.Applications()); made != 200 || throttled == 0 {
			c.Errorf("%d applications were made, %d requests answered 429", made, throttled)
		}
		// Ten are under way at once, and each may be refused once in each window.
		if most := 10 * (200/30 + 1); throttled > most {
			c.Errorf("%d requests were answered 429, want at most %d", throttled, most)
		}
		c.server.ResetRequests()
	})
}

func TestProtocolScaleDataSources(t *testing.T) {
	t.Parallel()
	inCrowd(t, nil, func(c *crowd) {
		c.seed(700)
		applications := c.provider.DataSource("clerk_oauth_applications")
		read := func(what string, config prototest.Values, wantPages int) {
			c.Helper()
			if len(listedNames(c.T, applications.Read(config))) == 0 {
				c.Errorf("%s: nothing was found", what)
			}
			if gets, pages, others := c.requests(); pages != wantPages || gets+others > 0 {
				c.Errorf("%s: %d pages, %d GETs and %d others, want %d pages", what, pages, gets, others, wantPages)
			}
		}
		read("the first", nil, 2)
		read("the same again", nil, 0)
		read("the same in another order", prototest.Values{"order_by": "+created_at"}, 0)
		read("a query", prototest.Values{"name_query": "app 1"}, 1)
		read("the same query", prototest.Values{"name_query": "app 1"}, 0)
		read("the same query, and less of it", prototest.Values{"name_query": "app 1", "limit": 3}, 0)

		c.graph.Refresh()
		if gets, pages, others := c.requests(); gets+pages+others > 0 {
			c.Errorf("reads after the list: %d GETs, %d pages and %d others, want none", gets, pages, others)
		}
	}, prototest.SharedProcess())
}

func TestProtocolScaleListsAfterReads(t *testing.T) {
	t.Parallel()
	inCrowd(t, nil, func(c *crowd) {
		c.seed(700)
		c.graph.Refresh()
		_, bought, _ := c.requests()
		if bought != 2 {
			c.Errorf("reads of 700 bought %d pages, want 2", bought)
		}
		// New ones come last in the pages that reads buy. Lists in that order, and
		// those of all in the opposite one, are on the same pages.
		if found := c.provider.List(applicationType, prototest.Values{"order_by": "+created_at"}, 1000, true); len(found) != 700 {
			c.Errorf("%d of 700 applications were listed", len(found))
		}
		if found := listedNames(c.T, c.provider.DataSource("clerk_oauth_applications").Read(nil)); len(found) != 700 {
			c.Errorf("the data source has %d of 700 applications", len(found))
		}
		if gets, pages, others := c.requests(); gets+pages+others > 0 {
			c.Errorf("lists after reads: %d GETs, %d pages and %d others, want none", gets, pages, others)
		}
	}, prototest.SharedProcess())
}

// TestProtocolScaleWithoutLists refreshes while Clerk's list does not work.
func TestProtocolScaleWithoutLists(t *testing.T) {
	t.Parallel()
	inCrowd(t, prototest.Values{"max_retries": 0}, func(c *crowd) {
		c.seed(50)
		c.server.Inject(clerktest.HTML(http.StatusBadGateway).OnList())
		if ds := c.graph.Refresh(); len(ds) > 0 {
			c.Errorf("the user was told:\n%s", ds)
		}
		// A page that breaks is asked for once more, as what came was not Clerk's.
		if gets, pages, others := c.requests(); gets != 50 || pages > 2 || others > 0 {
			c.Errorf("%d GETs, %d pages and %d others, want a GET for each of 50", gets, pages, others)
		}
	})
}

// loggedCalls puts into the context of each call what Terraform's loggers put there,
// by its size.
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
// looks what stays in memory. It is not parallel: it measures all of the heap.
func TestProtocolScaleMemory(t *testing.T) { //nolint:paralleltest // see above
	if testing.Short() {
		t.Skip("takes long")
	}
	const applications = 2000
	logged := func(server tfprotov6.ProviderServer) tfprotov6.ProviderServer {
		return loggedCalls{server.(tfprotov6.ProviderServerWithListResource)} //nolint:staticcheck // see newServer
	}
	inCrowdOf(t, logged, nil, func(c *crowd) {
		c.seed(applications)
		c.graph.Refresh() // by which prototest's states get their size
		c.provider.NewProcess()
		c.requests()
		c.graph.Parallelism = 50

		before := heap()
		unchanged := c.graph.Plan().Count(prototest.NoOp)
		kept := heap() - before
		if unchanged != applications {
			c.Errorf("%d of %d applications are planned to stay as they are", unchanged, applications)
		}
		if gets, pages, others := c.requests(); gets+pages+others > 9 {
			c.Errorf("%d GETs, %d pages and %d others, want at most 9 together", gets, pages, others)
		}
		// The snapshot has some 1.3 KB of each application.
		if most := applications * 3000; kept > most {
			c.Errorf("%d bytes for each application stayed in memory, want at most %d", kept/applications, most/applications)
		}
		c.Logf("%d bytes for each application stayed in memory", kept/applications)
	}, prototest.SharedProcess())
}

// heap is how many bytes are in use.
func heap() int {
	for range 2 { // the second frees what finalizers held
		runtime.GC()
	}
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int(stats.HeapAlloc)
}

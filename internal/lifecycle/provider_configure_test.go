package lifecycle

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
)

// TestProtocolMissingKey: a plan explains a missing key once, however many resources need
// it.
func TestProtocolMissingKey(t *testing.T) {
	t.Parallel()
	server := clerktest.New(t)
	p := prototest.New(t, factory, prototest.Values{"api_url": server.URL(), "secret_key": ""})
	graph := p.Graph()
	for _, name := range []string{"one", "two", "three"} {
		graph.Add(p.Resource(applicationType), prototest.Values{"name": name})
	}
	_, all := graph.TryPlan(t.Context())
	ds := all.Errors()
	explained := 0
	for _, d := range ds {
		if d.Summary != "Missing Clerk secret key" {
			t.Errorf("the error is %s", d)
		}
		if strings.Contains(d.Detail, envSecretKey) {
			explained++
		}
	}
	if len(ds) != 3 || explained != 1 {
		t.Errorf("%d errors, %d of them explain the key: %s", len(ds), explained, ds)
	}
	if requests := server.RequestLines(); len(requests) > 0 {
		t.Errorf("requests were made: %q", requests)
	}
}

// The User-Agent does not say terraform, because it may be OpenTofu.
func TestProtocolUserAgent(t *testing.T) {
	t.Parallel()
	server := clerktest.New(t)
	newProvider(t, server, prototest.TerraformVersion("1.12.6")).Resource(applicationType).Apply(prototest.Values{"name": "web"})
	for _, request := range server.Requests() {
		if got, want := request.Header.Get("User-Agent"), "terraform-provider-clerk/test (engine/1.12.6)"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestProtocolSharedErrorIsExplainedOnce: a key that Clerk refuses, and a server that does
// not exist, affect every resource of a run. The first error explains the cause and names
// the address, which may be left over from a simulator.
func TestProtocolSharedErrorIsExplainedOnce(t *testing.T) {
	t.Parallel()
	server := clerktest.New(t)
	for name, test := range map[string]struct {
		config prototest.Values
		says   string
	}{
		"refused key":  {prototest.Values{"secret_key": "sk_test_refused", "api_url": server.URL()}, "Check the provider's secret_key"},
		"nobody there": {prototest.Values{"secret_key": "sk_test_any", "api_url": "http://127.0.0.1:1", "max_retries": 0}, "Check the network"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := prototest.New(t, factory, test.config)
			graph := p.Graph()
			for _, application := range []string{"one", "two", "three"} {
				graph.Add(p.Resource(applicationType), prototest.Values{"name": application})
			}
			plan, ds := graph.TryPlan(t.Context())
			if ds.HasError() {
				t.Fatal(ds)
			}
			errors := plan.TryApply(t.Context()).Errors()
			explained := 0
			for _, d := range errors {
				if strings.Contains(d.Detail, test.says) && strings.Contains(d.Detail, "Address: http://127.0.0.1:") {
					explained++
				} else if strings.Count(d.Detail, "\n") > 0 || !strings.Contains(d.Detail, "The first error about") {
					t.Errorf("this error is not one line: %s", d)
				}
			}
			if len(errors) != 3 || explained != 1 {
				t.Errorf("%d errors, of which %d explain: %s", len(errors), explained, errors)
			}
		})
	}
}

// TestProtocolUnknownKeyIsDeferred: an engine that can defer resources does so while the
// key is unknown. Any other engine plans what needs no request, and otherwise names the
// missing argument.
func TestProtocolUnknownKeyIsDeferred(t *testing.T) {
	t.Parallel()
	server := clerktest.New(t)
	app := newProvider(t, server).Resource(applicationType)
	app.Apply(prototest.Values{"name": "web"})
	later := prototest.Values{"secret_key": prototest.Unknown, "api_url": server.URL()}

	deferring := app.With(prototest.New(t, factory, later, prototest.DeferralAllowed()))
	for name, config := range map[string]prototest.Values{"unchanged": {"name": "web"}, "renamed": {"name": "shop"}} {
		plan, ds := deferring.TryPlan(t.Context(), config)
		if ds.HasError() || !plan.Deferred {
			t.Errorf("%s: the plan is not deferred: %s", name, ds)
		}
	}
	_, ds := app.With(prototest.New(t, factory, later)).TryPlan(t.Context(), prototest.Values{"name": "web"})
	if !strings.Contains(ds.String(), "secret_key is known only after") {
		t.Errorf("without deferral: %s", ds)
	}
}

// TestProtocolSimulatorInAnotherContainer reaches a simulator by a host name that is
// not a loopback address, as the service container of a pipeline has.
func TestProtocolSimulatorInAnotherContainer(t *testing.T) {
	t.Parallel()
	const address = "http://clerk-simulator:4010"
	server := clerktest.New(t)
	listener, err := url.Parse(server.URL())
	must(t, err)
	network := http.DefaultTransport.(*http.Transport).Clone()
	network.DialContext = func(ctx context.Context, kind, host string) (net.Conn, error) {
		if host != "clerk-simulator:4010" {
			return nil, fmt.Errorf("there is no host %s", host)
		}
		return new(net.Dialer).DialContext(ctx, kind, listener.Host)
	}
	t.Cleanup(network.CloseIdleConnections)
	config := prototest.Values{"secret_key": server.Key(), "api_url": address, "allow_http": true}
	app := prototest.New(t, factoryWith(network), config).Resource(applicationType)
	app.Apply(prototest.Values{"name": "web"})
	app.AssertNoChanges(prototest.Values{"name": "web"})
}

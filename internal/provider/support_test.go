package provider

import (
	"net/http"
	"os"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
)

// TestMain keeps the developer's own key out of all tests: with it, a test that
// forgets to name a simulator would change applications at Clerk.
func TestMain(m *testing.M) {
	_ = os.Unsetenv(envSecretKey)
	_ = os.Unsetenv(envAPIURL)
	os.Exit(m.Run())
}

// factory starts the provider as its program does.
func factory() tfprotov6.ProviderServer {
	return NewServer("test")()
}

// factoryWith starts a provider that sends its requests through a transport.
func factoryWith(transport http.RoundTripper) prototest.Factory {
	return NewServer("test", WithTransport(transport))
}

// newProvider returns the provider, configured for a simulator.
func newProvider(t *testing.T, server *clerktest.Server) *prototest.Provider {
	t.Helper()
	return prototest.New(t, factory, providerConfig(server))
}

// providerConfig is the provider block for a simulator.
func providerConfig(server *clerktest.Server) prototest.Values {
	return prototest.Values{"secret_key": server.Key(), "api_url": server.URL()}
}

// must ends the test if there is an error.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

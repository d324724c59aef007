package lifecycle

import (
	"maps"
	"net/http"
	"os"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/enginetest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/provider"
)

// What a user of the provider writes. The tests of this package know no more of it.
const (
	applicationType = "clerk_oauth_application"
	settingsType    = "clerk_oauth_application_settings"

	// applicationSchemaVersion is the version of the states that this provider writes.
	applicationSchemaVersion = 1

	envSecretKey = "CLERK_SECRET_KEY"
	envAPIURL    = "CLERK_API_URL"
)

// TestMain keeps the developer's own key out of all tests: with it, a test that
// forgets to name a simulator would change applications at Clerk.
func TestMain(m *testing.M) {
	_ = os.Unsetenv(envSecretKey)
	_ = os.Unsetenv(envAPIURL)
	os.Exit(enginetest.Main(m))
}

// factory starts the provider as its program does.
func factory() tfprotov6.ProviderServer {
	return provider.NewServer("test")()
}

// factoryWith starts a provider that sends its requests through a transport.
func factoryWith(transport http.RoundTripper) prototest.Factory {
	return provider.NewServer("test", provider.WithTransport(transport))
}

// newProvider returns the provider, configured for a simulator.
func newProvider(t *testing.T, server *clerktest.Server, opts ...prototest.Option) *prototest.Provider {
	t.Helper()
	return prototest.New(t, factory, providerConfig(server, nil), opts...)
}

// providerConfig is the provider block for a simulator, with more arguments.
func providerConfig(server *clerktest.Server, more prototest.Values) prototest.Values {
	config := prototest.Values{"secret_key": server.Key(), "api_url": server.URL()}
	maps.Copy(config, more)
	return config
}

// must ends the test if there is an error.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

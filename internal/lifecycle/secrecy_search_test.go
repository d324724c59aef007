package lifecycle

import (
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/secrettest"
)

// assertNoSecrets fails the test if any of the texts has a secret of the server, in any form.
// The server must have issued one.
func assertNoSecrets(t testing.TB, server *clerktest.Server, texts ...string) {
	t.Helper()
	if len(server.IssuedSecrets()) == 0 {
		t.Fatal("the simulator has issued no client secret, so the search proves nothing")
	}
	searchForSecrets(t, server, texts...)
}

// searchForSecrets is assertNoSecrets where perhaps nothing but the keys is secret.
func searchForSecrets(t testing.TB, server *clerktest.Server, texts ...string) {
	t.Helper()
	c := secrettest.ServerCanary(server)
	for i, text := range texts {
		if what := c.Find(text); what != "" {
			t.Errorf("text %d of %d holds %s", i+1, len(texts), what)
		}
	}
}

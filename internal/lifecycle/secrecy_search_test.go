package lifecycle

import (
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/secrettest"
)

// assertNoSecrets fails the test if any of the texts has a secret of the server, in any form.
func assertNoSecrets(t testing.TB, server *clerktest.Server, texts ...string) {
	t.Helper()
	if len(server.IssuedSecrets())+len(server.Keys()) == 0 {
		t.Fatal("the simulator has no secret, so the search proves nothing")
	}
	c := secrettest.ServerCanary(server)
	for i, text := range texts {
		if what := c.Find(text); what != "" {
			t.Errorf("text %d of %d holds %s", i+1, len(texts), what)
		}
	}
}

func mustValue[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

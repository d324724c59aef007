package provider

import (
	"os"
	"testing"
)

// TestMain keeps the developer's own key out of all tests: with it, a test that
// forgets to name a simulator would change applications at Clerk.
func TestMain(m *testing.M) {
	_ = os.Unsetenv(envSecretKey)
	_ = os.Unsetenv(envAPIURL)
	os.Exit(m.Run())
}

// must ends the test if there is an error.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

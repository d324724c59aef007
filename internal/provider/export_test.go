package provider

import (
	"flag"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// TestMain keeps the developer's own key out of all tests: with it, a test that
// forgets to name a simulator would change applications at Clerk.
func TestMain(m *testing.M) {
	_ = os.Unsetenv(envSecretKey)
	_ = os.Unsetenv(envAPIURL)
	os.Exit(m.Run())
}

// FrameworkOf is the framework's server within one of NewServer, without fast paths.
func FrameworkOf(s tfprotov6.ProviderServer) tfprotov6.ProviderServer {
	return s.(*server).frameworkServer
}

var (
	updateGolden = flag.Bool("update", false, "write testdata/*.golden instead of comparing with them")
	goldenFiles  sync.Mutex
)

// CheckGolden compares a text with a section of a golden file in testdata.
func CheckGolden(t *testing.T, file, section, text string) {
	t.Helper()
	goldenFiles.Lock()
	defer goldenFiles.Unlock()
	text = strings.ReplaceAll(text, "\r", `\r`) // git changes line ends
	file, text = "testdata/"+file, section+"\n"+text+"\n"
	content, _ := os.ReadFile(file)
	sections := strings.Split(string(content), "=== ")
	if slices.Contains(sections, text) {
		return
	}
	if !*updateGolden {
		t.Errorf("%s has another text for\n%s", file, text)
		return
	}
	isSection := func(s string) bool { return strings.HasPrefix(s, section+"\n") }
	sections = append(slices.DeleteFunc(sections, isSection), text)
	slices.Sort(sections)
	must(0, os.WriteFile(file, []byte(strings.Join(sections, "=== ")), 0o600))
}

// must is the value of a call that fails for no input.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

package enginetest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// scratch is where a test process keeps what it builds once.
var scratch string

// Main runs the tests of a package that uses Find. It keeps what they share, and removes it in the end.
func Main(m *testing.M) (exitCode int) {
	var err error
	if scratch, err = os.MkdirTemp("", "enginetest"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	return m.Run()
}

// Find gives the engine of the acceptance tests, the same one to all tests of a process. Without an engine it skips the
// test, or fails it where CLERK_ACC_REQUIRED is set.
func Find(t testing.TB) *Engine {
	t.Helper()
	engine, err := find()
	switch {
	case err != nil && os.Getenv("CLERK_ACC_REQUIRED") != "":
		t.Fatal(err)
	case err != nil:
		t.Skipf("%s; make testacc builds one", err)
	}
	return engine
}

var find = sync.OnceValues(func() (*Engine, error) {
	if scratch == "" {
		return nil, errors.New("TestMain does not call enginetest.Main")
	}
	return wanted(context.Background(), os.Getenv("ENGINE_PATH"), os.Getenv("CLERK_ACC_ENGINE"))
})

// wanted opens the engine at a path, or else one of a name; either may be empty.
func wanted(ctx context.Context, path, name string) (*Engine, error) {
	if path != "" {
		engine, err := Open(ctx, path)
		if err == nil && name != "" && engine.Name != name {
			err = fmt.Errorf("CLERK_ACC_ENGINE is %s, but %s is %s", name, path, engine.Name)
		}
		return engine, err
	}
	engines, err := All(ctx)
	if err != nil {
		return nil, err
	}
	index := slices.IndexFunc(engines, func(e *Engine) bool { return name == "" || e.Name == name })
	if index < 0 {
		return nil, fmt.Errorf("CLERK_ACC_ENGINE is %s, and there is only %s", name, engines[0].Name)
	}
	return engines[index], nil
}

// Clerk is this module's provider, built once in a test process. The build takes its version from the variable VERSION,
// as make does; init installs it as that version without a suffix, because constraints such as "~> 0.1" take no other.
func Clerk(t testing.TB) Provider {
	t.Helper()
	binary, err := buildClerk()
	if err != nil {
		t.Fatal(err)
	}
	release, _, _ := strings.Cut(providerVersion(), "-")
	return Provider{Address: Address, Version: release, Binary: binary}
}

func providerVersion() string { return cmp.Or(os.Getenv("VERSION"), "0.1.0-dev") }

var buildClerk = sync.OnceValues(func() (string, error) {
	if scratch == "" {
		return "", errors.New("TestMain does not call enginetest.Main")
	}
	binary := filepath.Join(scratch, "terraform-provider-clerk")
	return binary, Build(context.Background(), binary, "", "-ldflags=-X main.version="+providerVersion())
})

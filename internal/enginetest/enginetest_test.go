package enginetest_test

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/go-version"
	tfjson "github.com/hashicorp/terraform-json"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/enginetest"
)

func TestMain(m *testing.M) { os.Exit(enginetest.Main(m)) }

// fakeEngine is a program that answers the version command.
func fakeEngine(t *testing.T, output string) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the engine of this test is a script")
	}
	path := filepath.Join(t.TempDir(), "engine")
	if err := os.WriteFile(path, []byte("#!/bin/sh\ncat <<'E'\n"+output+"\nE\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOpen(t *testing.T) {
	t.Parallel()
	// Engines warn of a missing configuration file before they print their version.
	e, err := enginetest.Open(t.Context(), fakeEngine(t, "\nWarning: no file\n\nOpenTofu v1.12.6-dev\non linux_amd64"))
	if err != nil || e.Name != "tofu" || e.Version.String() != "1.12.6" || e.String() != "OpenTofu v1.12.6-dev" {
		t.Errorf("%+v, %v", e, err)
	}
	for _, other := range []string{"busybox", "Terraform vnext"} {
		if e, err := enginetest.Open(t.Context(), fakeEngine(t, other)); err == nil {
			t.Errorf("%q was taken for %s", other, e)
		}
	}
}

func TestSupports(t *testing.T) {
	t.Parallel()
	e := &enginetest.Engine{Name: "tofu", Version: version.Must(version.NewVersion("1.11.2"))}
	for _, test := range []struct {
		terraform, tofu string
		want            bool
	}{
		{"1.14", "", true}, {"", "1.11", true}, {"", "1.12", false}, {"", "none", false},
	} {
		if got := e.Supports(test.terraform, test.tofu); got != test.want {
			t.Errorf("terraform %q, tofu %q: %t", test.terraform, test.tofu, got)
		}
	}
}

// The user's key would turn a test on the simulator into one on Clerk, and the user's settings would make tests fail.
func TestCommandHasNothingOfTheUsers(t *testing.T) {
	for _, name := range []string{"CLERK_SECRET_KEY", "TF_CLI_ARGS", "TF_WORKSPACE", "TF_DATA_DIR", "TF_CLI_CONFIG_FILE", "TF_LOG", "TF_VAR_a"} {
		t.Setenv(name, "the user's")
	}
	e := &enginetest.Engine{Path: "engine"}
	command := e.Command(t.Context(), "somewhere", map[string]string{"CLERK_API_URL": "the test's", "HOME": "the test's"})
	for _, variable := range command.Env {
		if strings.Contains(variable, "the user's") {
			t.Errorf("the engine gets %s", variable)
		}
	}
	for _, want := range []string{"CLERK_API_URL=the test's", "HOME=the test's", "PATH=" + os.Getenv("PATH")} {
		if !slices.Contains(command.Env, want) {
			t.Errorf("the engine does not get %s", want)
		}
	}
}

func TestInstall(t *testing.T) {
	t.Setenv("CLERK_MIRROR", "/others")
	dir, binary := t.TempDir(), filepath.Join(t.TempDir(), "built")
	if err := os.WriteFile(binary, []byte("program"), 0o700); err != nil {
		t.Fatal(err)
	}
	both := enginetest.Provider{Address: "example/clerk", Version: "1.2.3", Binary: binary, Override: true}
	onlyOverride := enginetest.Provider{Address: "registry.example.com/one/thing", Binary: binary, Override: true}
	config, err := enginetest.Install(dir, both, onlyOverride, both.At("registry.example.com/two/clerk"))
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	err = filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && path != config {
			path, err = filepath.Rel(dir, path)
			files = append(files, filepath.ToSlash(path))
		}
		return err
	})
	platform := runtime.GOOS + "_" + runtime.GOARCH
	want := []string{
		"mirror/registry.example.com/two/clerk/1.2.3/" + platform + "/terraform-provider-clerk_v1.2.3",
		"mirror/registry.opentofu.org/example/clerk/1.2.3/" + platform + "/terraform-provider-clerk_v1.2.3",
		"mirror/registry.terraform.io/example/clerk/1.2.3/" + platform + "/terraform-provider-clerk_v1.2.3",
		"overrides/example/clerk/terraform-provider-clerk",
		"overrides/registry.example.com/one/thing/terraform-provider-thing",
		"overrides/registry.example.com/two/clerk/terraform-provider-clerk",
	}
	if err != nil || !slices.Equal(files, want) {
		t.Errorf("%v, %q", err, files)
	}
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"registry.example.com/one/thing" = `, `"registry.opentofu.org/example/clerk", `, `"registry.terraform.io/hashicorp/*"`, `"/others"`,
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%s is not in\n%s", want, text)
		}
	}
	both.Binary = "missing"
	if _, err := enginetest.Install(t.TempDir(), both); err == nil {
		t.Error("a provider that is not there was installed")
	}
}

func TestDiagnostics(t *testing.T) {
	t.Parallel()
	r := enginetest.Result{Stdout: `{"@level":"info","@message":"Terraform 1.11.4","@timestamp":"2026-01-02T03:04:05Z","terraform":"1.11.4","type":"version","ui":"1.2"}
no message
{"@level":"warn","@message":"Warning: A","@timestamp":"2026-01-02T03:04:05Z","diagnostic":{"severity":"warning","summary":"A","detail":"B"},"type":"diagnostic"}
`}
	got := r.Diagnostics()
	if len(got) != 1 || got[0].Severity != tfjson.DiagnosticSeverityWarning || got[0].Summary != "A" || got[0].Detail != "B" {
		t.Errorf("%+v", got)
	}
}

func TestUnwrap(t *testing.T) {
	t.Parallel()
	if got := enginetest.Unwrap("╷\n│ Error: one\n│ two\n│ \n│   three\n╵\n"); got != "Error: one two three" {
		t.Errorf("got %q", got)
	}
}

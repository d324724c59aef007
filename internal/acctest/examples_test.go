//go:build unix

package acctest

import (
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/hashicorp/terraform-plugin-testing/config"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// examplesDirectory is examples/ as seen from this package.
var examplesDirectory = filepath.Join("..", "..", "examples")

// TestAccExamples applies every example, plans it again without a change, and destroys it. An example
// in a new directory is tested like all others; what it needs besides stands in exampleCases.
func TestAccExamples(t *testing.T) {
	found := map[string]bool{}
	must(t, filepath.WalkDir(examplesDirectory, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || entry.Name() == "README.md" || strings.Contains(path, "/.terraform") {
			return err
		}
		dir, err := filepath.Rel(examplesDirectory, filepath.Dir(path))
		if filepath.Base(filepath.Dir(dir)) != "module-with-tests" { // terraform test reads them from there
			found[dir] = true
		}
		return err
	}))
	for dir := range exampleCases {
		if !found[dir] {
			t.Errorf("exampleCases has %s, which does not exist", dir)
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(found)) {
		t.Run(dir, func(t *testing.T) {
			e, files := exampleCases[dir], exampleFiles(t, dir)
			switch {
			case e.skip != "":
				t.Skip(e.skip)
			case e.test == nil:
				files.test(t, e)
			default:
				t.Parallel()
				w := newWorkspace(t, "")
				w.needs(files.leastVersion(), "the example")
				for name, content := range files {
					w.write(name, content)
				}
				e.test(t, w)
			}
		})
	}
}

// TestAccExamples_readme: a newcomer copies the README's example, so it works unchanged.
func TestAccExamples_readme(t *testing.T) {
	content, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	must(t, err)
	block := terraformFence.FindSubmatch(content)
	if block == nil {
		t.Fatal("README.md has no block of terraform")
	}
	configuration{"main.tf": string(block[1])}.test(t, exampleCase{})
}

// An exampleCase is what an example needs besides its files.
type exampleCase struct {
	skip string // why no test can run it

	// test runs the example with the provider as a program, for what the test process cannot serve: two
	// configurations of one provider, terraform test.
	test func(*testing.T, *workspace)

	// given says what exists in Clerk before, gives values to variables, and says what happens after the
	// first apply.
	given func(*testing.T, *clerktest.Server) (config.Variables, []exampleChange)
}

// An exampleChange is an apply after the first one, with more variables. The plan after it is empty.
type exampleChange struct {
	resource.TestStep
	old, new string // text of the files
	rotates  bool   // one secret
}

// A configuration is files by name.
type configuration map[string]string

func exampleFiles(t *testing.T, dir string) configuration {
	t.Helper()
	files := configuration{}
	entries, err := os.ReadDir(filepath.Join(examplesDirectory, dir))
	must(t, err)
	for _, entry := range entries {
		if entry.IsDir() || strings.HasPrefix(entry.Name(), "import") {
			continue // TestAccExamples_import has the latter
		}
		content, err := os.ReadFile(filepath.Join(examplesDirectory, dir, entry.Name()))
		must(t, err)
		files[entry.Name()] = string(content)
	}
	return files
}

var (
	protection  = regexp.MustCompile(`(deletion_protection\s*=) true`)
	importStart = regexp.MustCompile(`(?m)^import {`)
)

// test runs the example with terraform-plugin-testing.
func (c configuration) test(t *testing.T, e exampleCase) {
	t.Helper()
	clerk := simulated(t)
	files, left := c.prepared(t)
	t.Log("left out, because their providers are not here:", left)
	variables, changes := config.Variables{}, []exampleChange(nil)
	if e.given != nil {
		given, after := e.given(t, clerk.Server)
		maps.Copy(variables, given)
		changes = after
	}
	remain := len(clerk.Applications())
	if files.has(importStart) {
		remain-- // the destroy deletes what was adopted, too
	}
	var steps []resource.TestStep
	step := func(change exampleChange) {
		step := change.TestStep
		files = files.replace(regexp.MustCompile(regexp.QuoteMeta(change.old)), change.new)
		variables = maps.Clone(variables)
		maps.Copy(variables, step.ConfigVariables)
		step.ConfigDirectory, step.ConfigVariables = files.directory(t), variables
		step.ProtoV6ProviderFactories = clerk.ProtoV6ProviderFactories // not of the case, because many examples have a provider block
		step.PreConfig = clerk.ResetRequests
		step.PostApplyFunc = func() {
			rotations := clerk.CountRequests(http.MethodPost, clerktest.RouteRotateSecret)
			if rotations > 1 || rotations == 1 != change.rotates {
				t.Errorf("there were %d rotations", rotations)
			}
			if change.PostApplyFunc != nil {
				change.PostApplyFunc()
			}
		}
		steps = append(steps, step)
	}
	for _, change := range append([]exampleChange{{}}, changes...) {
		step(change)
	}
	if files.has(protection) {
		step(exampleChange{TestStep: resource.TestStep{Destroy: true, ExpectError: fails("is protected from deletion")}})
		files = files.replace(protection, "$1 false")
		step(exampleChange{})
	}
	// At the end of a test, plugin-testing cannot read a state with for_each, unless it is empty.
	step(exampleChange{TestStep: resource.TestStep{Destroy: true}})
	resource.ParallelTest(t, resource.TestCase{
		TerraformVersionChecks: []tfversion.TerraformVersionCheck{tfversion.SkipBelow(version.Must(version.NewVersion(c.leastVersion())))},
		Steps:                  steps,
	})
	if left := len(clerk.Applications()); left != remain {
		t.Errorf("%d applications are left, want %d", left, remain)
	}
}

// directory writes the files into a directory.
func (c configuration) directory(t *testing.T) config.TestStepConfigFunc {
	t.Helper()
	dir := t.TempDir()
	for name, content := range c {
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	return config.StaticDirectory(dir)
}

func (c configuration) has(pattern *regexp.Regexp) bool {
	return slices.ContainsFunc(slices.Collect(maps.Values(c)), pattern.MatchString)
}

func (c configuration) replace(pattern *regexp.Regexp, replacement string) configuration {
	changed := configuration{}
	for name, content := range c {
		changed[name] = pattern.ReplaceAllString(content, replacement)
	}
	return changed
}

var (
	requiredVersion = regexp.MustCompile(`required_version\s*=\s*">= ([0-9.]+)`)
	ephemeralBlock  = regexp.MustCompile(`(?m)^(ephemeral "|\s+ephemeral\s*= true)`)
)

// leastVersion is the version of the engine that the configuration asks for, or that it needs.
func (c configuration) leastVersion() string {
	least := "1.5"
	for _, content := range c {
		if found := requiredVersion.FindStringSubmatch(content); found != nil {
			least = found[1]
		} else if ephemeralBlock.MatchString(content) {
			least = "1.11"
		}
	}
	return least
}

// available are the providers that an example may use here. tools/with-engine.sh builds time and random.
var available = []string{"", "clerk", "terraform", "time", "random"}

// prepared leaves out what belongs to a provider that is not here, such as a secret manager's, so that
// the rest of the example is applied. It also adds the source of the provider, as the pages of a
// registry leave it out.
func (c configuration) prepared(t *testing.T) (kept configuration, left []string) {
	t.Helper()
	kept = configuration{"terraform.tf": requiredProviders}
	for name, content := range c {
		kept[name] = content
		if filepath.Ext(name) != ".tf" {
			continue
		}
		file, diags := hclwrite.ParseConfig([]byte(content), name, hcl.InitialPos)
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		for _, block := range file.Body().Blocks() {
			if !slices.Contains(available, providerOf(block)) {
				left = append(left, block.Type()+" "+strings.Join(block.Labels(), " "))
				file.Body().RemoveBlock(block)
			}
			if providers := block.Body().FirstMatchingBlock("required_providers", nil); providers != nil {
				delete(kept, "terraform.tf")
				for name := range providers.Body().Attributes() {
					if !slices.Contains(available, name) {
						providers.Body().RemoveAttribute(name)
					}
				}
			}
		}
		kept[name] = string(file.Bytes())
	}
	return kept, left
}

// providerOf is the local name of the provider that a block belongs to; empty if it needs none.
func providerOf(block *hclwrite.Block) string {
	switch block.Type() {
	case "provider":
		return block.Labels()[0]
	case "resource", "data", "ephemeral":
		if named := block.Body().GetAttribute("provider"); named != nil {
			name, _, _ := strings.Cut(strings.TrimSpace(string(named.Expr().BuildTokens(nil).Bytes())), ".")
			return name
		}
		name, _, _ := strings.Cut(block.Labels()[0], "_")
		return name
	default:
		return ""
	}
}

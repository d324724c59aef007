//go:build unix

package acctest

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclwrite"
	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-testing/config"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"
	"github.com/zclconf/go-cty/cty"

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
		if filepath.Base(filepath.Dir(dir)) == "module-with-tests" {
			return err // terraform test reads them from there
		}
		found[dir] = true
		return err
	}))
	for dir := range exampleCases {
		if !found[dir] {
			t.Errorf("exampleCases has %s, which does not exist", dir)
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(found)) {
		t.Run(dir, func(t *testing.T) {
			e := exampleCases[dir]
			if e.skip != "" {
				t.Skip(e.skip)
			}
			files := exampleFiles(t, dir)
			if e.test == nil {
				files.test(t, e)
				return
			}
			t.Parallel()
			w := newWorkspace(t, "")
			w.needs(files.leastVersion(), "the example")
			for name, content := range files {
				w.write(name, content)
			}
			e.test(t, w)
		})
	}
}

// TestAccExamples_readme: a newcomer copies the README's example, so it works unchanged.
func TestAccExamples_readme(t *testing.T) {
	content, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	must(t, err)
	_, block, found := strings.Cut(string(content), "```terraform\n")
	block, _, _ = strings.Cut(block, "```\n")
	if !found {
		t.Fatal("README.md has no block of terraform")
	}
	configuration{"main.tf": block}.test(t, exampleCase{})
}

// An exampleCase is what an example needs besides its files.
type exampleCase struct {
	skip string // why no test can run it

	// test runs the example with the provider as a program, for what the test process cannot serve: two
	// configurations of one provider, terraform test.
	test func(*testing.T, *workspace)

	// given says what exists in Clerk before, and gives values to variables.
	given func(*testing.T, *clerktest.Server) config.Variables

	// then says what happens after the first apply.
	then func(*testing.T, *clerktest.Server, config.Variables) []exampleChange
}

// An exampleChange is an apply after the first one. Its plan must be empty after it, too.
type exampleChange struct {
	old, new  string // text of the files
	variables config.Variables
	taint     string
	check     func(*testing.T, *clerktest.Server, map[string]*tfjson.StateOutput) // with the outputs
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

// test runs the example with terraform-plugin-testing.
func (c configuration) test(t *testing.T, e exampleCase) {
	t.Helper()
	clerk := simulated(t)
	files, left := c.prepared(t, clerk)
	for _, block := range left {
		t.Log("left out, because its provider is not here:", block)
	}
	variables := config.Variables{}
	if e.given != nil {
		variables = e.given(t, clerk.Server)
	}
	existed, adopted := len(clerk.Applications()), 0
	if slices.ContainsFunc(slices.Collect(maps.Values(files)), regexp.MustCompile(`(?m)^import {`).MatchString) {
		adopted = 1 // the destroy deletes it, too
	}
	steps := []resource.TestStep{{ConfigDirectory: files.directory(t), ConfigVariables: variables}}
	if e.then != nil {
		for _, change := range e.then(t, clerk.Server, variables) {
			files, variables = files.replace(t, change.old, change.new), maps.Clone(variables)
			maps.Copy(variables, change.variables)
			step := resource.TestStep{ConfigDirectory: files.directory(t), ConfigVariables: variables}
			if change.taint != "" {
				step.Taint = []string{change.taint}
			}
			if change.check != nil {
				step.ConfigStateChecks = []statecheck.StateCheck{outputCheck(func(outputs map[string]*tfjson.StateOutput) {
					change.check(t, clerk.Server, outputs)
				})}
			}
			steps = append(steps, step)
		}
	}
	if protected := regexp.MustCompile(`(deletion_protection\s*=) true`); slices.ContainsFunc(slices.Collect(maps.Values(files)), protected.MatchString) {
		steps = append(steps, resource.TestStep{
			ConfigDirectory: files.directory(t), ConfigVariables: variables, Destroy: true,
			ExpectError: regexp.MustCompile(`is\s+protected\s+from\s+deletion`),
		})
		for name, content := range files {
			files[name] = protected.ReplaceAllString(content, "$1 false")
		}
		steps = append(steps, resource.TestStep{ConfigDirectory: files.directory(t), ConfigVariables: variables})
	}
	// At the end of a test, plugin-testing cannot read a state with for_each, unless it is empty.
	steps = append(steps, resource.TestStep{ConfigDirectory: files.directory(t), ConfigVariables: variables, Destroy: true})
	for i := range steps { // not of the case, because many examples have a provider block
		steps[i].ProtoV6ProviderFactories = clerk.providers()
	}
	resource.ParallelTest(t, resource.TestCase{
		TerraformVersionChecks: []tfversion.TerraformVersionCheck{tfversion.SkipBelow(version.Must(version.NewVersion(c.leastVersion())))},
		Steps:                  steps,
	})
	if left := len(clerk.Applications()); left != existed-adopted {
		t.Errorf("%d applications are left, there were %d before", left, existed)
	}
}

// outputCheck is a check of the outputs.
type outputCheck func(map[string]*tfjson.StateOutput)

// CheckState implements statecheck.StateCheck.
func (check outputCheck) CheckState(_ context.Context, req statecheck.CheckStateRequest, _ *statecheck.CheckStateResponse) {
	check(req.State.Values.Outputs)
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

func (c configuration) replace(t *testing.T, old, replacement string) configuration {
	t.Helper()
	if old == "" {
		return c
	}
	changed, found := configuration{}, false
	for name, content := range c {
		changed[name] = strings.ReplaceAll(content, old, replacement)
		found = found || changed[name] != content
	}
	if !found {
		t.Fatalf("the example does not hold %q", old)
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
var available = []string{"clerk", "terraform", "time", "random"}

// prepared leaves out what belongs to a provider that is not here, such as a secret manager's, so that
// the rest of the example is applied. It also adds what a reader does: the source of the provider, as
// the pages of a registry leave it out, and the address and key, which come from the environment.
func (c configuration) prepared(t *testing.T, clerk *fixture) (kept configuration, left []string) {
	t.Helper()
	kept, configured, required := configuration{}, false, false
	for name, content := range c {
		if filepath.Ext(name) != ".tf" {
			kept[name] = content
			continue
		}
		content = strings.ReplaceAll(content, `provider "clerk" {}`, "provider \"clerk\" {\n}")
		file, diags := hclwrite.ParseConfig([]byte(content), name, hcl.InitialPos)
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		for _, block := range file.Body().Blocks() {
			provider := providerOf(block)
			switch {
			case block.Type() == "terraform":
				if providers := block.Body().FirstMatchingBlock("required_providers", nil); providers != nil {
					required = true
					for name := range providers.Body().Attributes() {
						if !slices.Contains(available, name) {
							providers.Body().RemoveAttribute(name)
						}
					}
				}
			case provider != "" && !slices.Contains(available, provider):
				left = append(left, fmt.Sprintf("%s %q", block.Type(), block.Labels()))
				file.Body().RemoveBlock(block)
			case block.Type() == "provider":
				configured = true
				block.Body().SetAttributeValue("api_url", cty.StringVal(clerk.url))
				block.Body().SetAttributeValue("secret_key", cty.StringVal(clerk.key))
			}
		}
		kept[name] = string(file.Bytes())
	}
	if !required {
		kept["terraform.tf"] = requiredProviders
	}
	if !configured {
		kept["provider.tf"] = fmt.Sprintf("provider \"clerk\" {\n  api_url    = %q\n  secret_key = %q\n}\n", clerk.url, clerk.key)
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

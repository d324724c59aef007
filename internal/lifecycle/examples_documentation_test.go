package lifecycle

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/itchyny/gojq"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/enginetest"
)

// TestExamples_format compares the files below examples/ with the table of TestAccExamples. It also parses every file of HCL
// and checks its format: also files that no engine runs here, and files that older engines ignore.
func TestExamples_format(t *testing.T) {
	t.Parallel()
	listed := map[string]bool{"README.md": true}
	for _, e := range examples {
		for _, file := range e.allFiles(t) {
			listed[filepath.Join(e.dir, file)] = true
		}
		if (e.check == nil) == (e.why == "") {
			t.Errorf("%s: the example either runs, or the table says why not", e.name())
		}
	}

	root := filepath.Join(repository, "examples")
	must(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		switch {
		case err != nil:
			return err
		case entry.Name() == ".terraform":
			return fs.SkipDir
		case entry.IsDir() || strings.HasPrefix(entry.Name(), ".terraform") || strings.HasPrefix(entry.Name(), "terraform.tfstate"):
			return nil // left by someone who tried it
		case !listed[name]:
			t.Errorf("examples/%s is not in the table of TestAccExamples", name)
		}
		delete(listed, name)
		content, err := os.ReadFile(path)
		if isHCL(name) {
			if problem := problemOfHCL(content); problem != "" {
				t.Errorf("examples/%s: %s", name, problem)
			}
		}
		return err
	}))
	for name := range listed {
		t.Errorf("the table names examples/%s, which does not exist", name)
	}
}

func isHCL(name string) bool {
	return strings.HasSuffix(name, ".tf") || strings.HasSuffix(name, ".hcl")
}

// problemOfHCL says what is wrong with a piece of HCL; "" if nothing is.
func problemOfHCL(content []byte) string {
	if _, diags := hclsyntax.ParseConfig(content, "", hcl.InitialPos); diags.HasErrors() {
		return diags.Error()
	}
	if formatted := hclwrite.Format(content); !bytes.Equal(formatted, content) {
		return fmt.Sprintf("is not formatted; this is:\n%s", formatted)
	}
	return ""
}

// A documentationBlock is a fenced piece of code in a page.
type documentationBlock struct {
	page     string
	line     int
	language string
	code     string
}

func (b documentationBlock) String() string { return fmt.Sprintf("%s:%d", b.page, b.line) }

var fence = regexp.MustCompile("(?ms)^```([a-z]*)\n(.*?)^```$")

// documentationPages are the pages with examples, as paths from the root.
func documentationPages(t *testing.T) []string {
	t.Helper()
	pages := []string{"README.md", "CONTRIBUTING.md", "SECURITY.md", "examples/README.md"}
	must(t, filepath.WalkDir(filepath.Join(repository, "docs"), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".md") {
			page, relErr := filepath.Rel(repository, path)
			pages, err = append(pages, page), relErr
		}
		return err
	}))
	return pages
}

func documentationBlocks(t *testing.T) []documentationBlock {
	t.Helper()
	var blocks []documentationBlock
	for _, page := range documentationPages(t) {
		content, err := os.ReadFile(filepath.Join(repository, page))
		must(t, err)
		for _, at := range fence.FindAllSubmatchIndex(content, -1) {
			blocks = append(blocks, documentationBlock{
				page: page, line: 1 + bytes.Count(content[:at[0]], []byte("\n")),
				language: string(content[at[2]:at[3]]), code: string(content[at[4]:at[5]]),
			})
		}
	}
	return blocks
}

// TestDocumentation_blocks allows two languages for HCL. A block of "terraform" is a whole configuration, and TestAccExamples
// validates it. A block of "hcl" is a part, and is only parsed.
func TestDocumentation_blocks(t *testing.T) {
	t.Parallel()
	found := 0
	for _, block := range documentationBlocks(t) {
		switch block.language {
		case "terraform", "hcl":
			found++
			if problem := problemOfHCL([]byte(block.code)); problem != "" {
				t.Errorf("%s: %s", block, problem)
			}
		case "jq":
			if _, err := gojq.Parse(block.code); err != nil {
				t.Errorf("%s: %v", block, err)
			}
		case "shell", "text", "json", "yaml":
		default: // no mermaid: the registries do not draw it
			t.Errorf("%s: a block of language %q; want terraform, hcl, jq, shell, text, json or yaml", block, block.language)
		}
	}
	if found < 20 {
		t.Errorf("%d blocks of HCL were found; the pages have more", found)
	}
}

// testDocumentationBlocks validates the blocks that are whole configurations and not one of the examples.
func testDocumentationBlocks(t *testing.T, engine *enginetest.Engine) {
	t.Helper()
	ran := exampleTexts(t)
	for _, block := range documentationBlocks(t) {
		if block.language != "terraform" || ran[strings.TrimSpace(block.code)] {
			continue
		}
		ran[strings.TrimSpace(block.code)] = true // README and the page of the provider share some
		t.Run(block.String(), func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t, engine)
			w.Write("main.tf", block.code)
			w.writeRequiredProviders()
			w.init()
			w.run("validate")
		})
	}
}

// exampleTexts are the contents of all examples.
func exampleTexts(t *testing.T) map[string]bool {
	t.Helper()
	texts := make(map[string]bool)
	for _, e := range examples {
		for _, file := range e.allFiles(t) {
			content, err := os.ReadFile(filepath.Join(repository, "examples", e.dir, file))
			must(t, err)
			texts[strings.TrimSpace(string(content))] = true
		}
	}
	return texts
}

// readmeExample is the README's example. A newcomer copies it, so it must work unchanged.
func readmeExample(t *testing.T) string {
	t.Helper()
	for _, block := range documentationBlocks(t) {
		if block.page == "README.md" && block.language == "terraform" {
			return block.code
		}
	}
	t.Fatal("README.md has no block of terraform")
	return ""
}

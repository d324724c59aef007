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

// TestExamples_format wants every file below examples/ in the table of TestAccExamples, and every file of HCL parsed and
// formatted: also those that no engine runs here, and those that older engines do not look at.
func TestExamples_format(t *testing.T) {
	t.Parallel()
	listed := map[string]bool{"README.md": true}
	for _, e := range examples {
		for _, file := range e.allFiles(t) {
			listed[filepath.Join(e.dir, file)] = true
		}
		if (e.check == nil) == (e.why == "") {
			t.Errorf("%s: either it is run, or the table says why not", e.name())
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
			return nil // what a reader left who tried it
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

// problemOfHCL says what is wrong with a piece of HCL, or nothing.
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

// documentationPages gives the pages of the repository and of the registries, as paths from the root.
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

// TestDocumentation_blocks holds the pages to two languages for HCL: "terraform" stands by itself and is validated by
// TestAccExamples, "hcl" is a piece of something and is parsed.
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

// testDocumentationBlocks validates the blocks that stand by themselves and are not one of the examples.
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

// exampleTexts has the contents of all examples.
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

// The README's example is what a newcomer types in: it has to work as it stands.
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

var (
	link    = regexp.MustCompile(`\]\(([^)#:]*)(?:#([^)]*))?\)`) // of Markdown, within the repository
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
	notSlug = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// TestDocumentation_links follows the links between files of the repository, to the heading where they name one.
func TestDocumentation_links(t *testing.T) {
	t.Parallel()
	for _, page := range append(documentationPages(t), "CHANGELOG.md") {
		content, err := os.ReadFile(filepath.Join(repository, page))
		must(t, err)
		for _, match := range link.FindAllStringSubmatch(string(content), -1) {
			target := page
			if match[1] != "" {
				target = filepath.Join(filepath.Dir(page), match[1])
			}
			if _, err := os.Stat(filepath.Join(repository, target)); err != nil {
				t.Errorf("%s links to %s, which does not exist", page, match[1])
			} else if match[2] != "" && !hasHeading(t, target, match[2]) {
				t.Errorf("%s links to %s#%s, which has no such heading", page, match[1], match[2])
			}
		}
	}
}

// hasHeading tells whether a page has the heading that GitHub gives this anchor.
func hasHeading(t *testing.T, page, anchor string) bool {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(repository, page))
	must(t, err)
	if bytes.Contains(content, []byte(`<a id="`+anchor+`"></a>`)) {
		return true // of tfplugindocs, for nested attributes
	}
	for _, match := range heading.FindAllStringSubmatch(string(content), -1) {
		slug := strings.ReplaceAll(notSlug.ReplaceAllString(strings.ToLower(match[1]), ""), " ", "-")
		if slug == anchor {
			return true
		}
	}
	return false
}

// TestDocumentation_imports holds CONTRIBUTING's table of who imports whom against what `go list` says.
func TestDocumentation_imports(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(filepath.Join(repository, "CONTRIBUTING.md"))
	must(t, err)
	row := regexp.MustCompile("(?m)^\\| `([^`]+)` \\|.*\\| ([^|]*) \\|$")
	documented := make(map[string]string)
	for _, match := range row.FindAllSubmatch(content, -1) {
		documented[string(match[1])] = strings.ReplaceAll(string(match[2]), "`", "")
	}

	const module = "github.com/terraform-provider-clerk/terraform-provider-clerk"
	const format = `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`
	output := goList(t, "list", "-f", format, ".", "./internal/...")
	for line := range strings.Lines(output) {
		pkg, imports, _ := strings.Cut(strings.TrimSpace(line), " ")
		name := packageName(module, pkg)
		var own []string
		for path := range strings.FieldsSeq(imports) {
			if strings.HasPrefix(path, module) {
				own = append(own, packageName(module, path))
			}
		}
		want, ok := documented[name]
		switch actual := strings.Join(own, ", "); {
		case !ok:
			t.Errorf("CONTRIBUTING.md has no row for %s (imports: %s)", name, actual)
		case want != actual && (want != "–" || actual != ""):
			t.Errorf("CONTRIBUTING.md: %s imports %q, but go list says %q", name, want, actual)
		}
		delete(documented, name)
	}
	for name := range documented {
		t.Errorf("CONTRIBUTING.md has a row for %s, which is no package", name)
	}
}

func packageName(module, path string) string {
	if path == module {
		return "main"
	}
	return strings.TrimPrefix(path, module+"/")
}

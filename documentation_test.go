package main

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The tests of this package compare files of the repository with each other, and know
// nothing of the provider.

var (
	link    = regexp.MustCompile(`\]\(([^)#:]*)(?:#([^)]*))?\)`) // of Markdown, within the repository
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
	notSlug = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// TestDocumentation_links follows the links between files of the repository, to the heading if a link names one.
func TestDocumentation_links(t *testing.T) {
	t.Parallel()
	links := 0
	for _, page := range documentationPages(t) {
		content, err := os.ReadFile(page)
		must(t, err)
		for _, match := range link.FindAllStringSubmatch(string(content), -1) {
			links++
			target := page
			if match[1] != "" {
				target = filepath.Join(filepath.Dir(page), match[1])
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s, which does not exist", page, match[1])
			} else if match[2] != "" && !hasHeading(t, target, match[2]) {
				t.Errorf("%s links to %s#%s, which has no such heading", page, match[1], match[2])
			}
		}
	}
	if links < 100 {
		t.Errorf("%d links were found; the pages have more", links)
	}
}

// documentationPages are all pages of the repository.
func documentationPages(t *testing.T) []string {
	t.Helper()
	var pages []string
	must(t, filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != "." && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "dist" || entry.Name() == "testdata"):
			return fs.SkipDir
		case strings.HasSuffix(path, ".md"):
			pages = append(pages, path)
		}
		return nil
	}))
	return pages
}

// hasHeading reports whether a page has the heading to which GitHub gives this anchor.
func hasHeading(t *testing.T, page, anchor string) bool {
	t.Helper()
	content, err := os.ReadFile(page)
	must(t, err)
	if bytes.Contains(content, []byte(`<a id="`+anchor+`"></a>`)) {
		return true // tfplugindocs writes it for nested attributes
	}
	for _, match := range heading.FindAllStringSubmatch(string(content), -1) {
		slug := strings.ReplaceAll(notSlug.ReplaceAllString(strings.ToLower(match[1]), ""), " ", "-")
		if slug == anchor {
			return true
		}
	}
	return false
}

// TestDocumentation_imports compares CONTRIBUTING's table of packages and their imports with `go list`.
func TestDocumentation_imports(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("CONTRIBUTING.md")
	must(t, err)
	row := regexp.MustCompile("(?m)^\\| `([^`]+)` \\|.*\\| ([^|]*) \\|$")
	documented := make(map[string]string)
	for _, match := range row.FindAllSubmatch(content, -1) {
		documented[string(match[1])] = strings.ReplaceAll(string(match[2]), "`", "")
	}

	const module = "github.com/terraform-provider-clerk/terraform-provider-clerk"
	const format = `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`
	output, err := exec.CommandContext(t.Context(), "go", "list", "-f", format, ".", "./internal/...").Output()
	must(t, err)
	for line := range strings.Lines(string(output)) {
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
		t.Errorf("CONTRIBUTING.md has a row for %s, which is not a package", name)
	}
}

func packageName(module, path string) string {
	if path == module {
		return "main"
	}
	return strings.TrimPrefix(path, module+"/")
}

// must ends the test if there is an error.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

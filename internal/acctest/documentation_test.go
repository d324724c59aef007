//go:build unix

package acctest

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var terraformFence = regexp.MustCompile("(?ms)^```terraform\n(.*?)^```$")

// TestAccDocumentation_blocks validates every block of a page that is a whole configuration: its
// language is terraform, and that of a part is hcl. What is an example as well is applied elsewhere.
func TestAccDocumentation_blocks(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, "")
	w.needs("1.11", "an ephemeral resource")
	seen, validated := map[string]bool{}, 0
	must(t, filepath.WalkDir(examplesDirectory, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(file)
		seen[strings.TrimSpace(string(content))] = true
		return err
	}))
	must(t, filepath.WalkDir(filepath.Join("..", "..", "docs"), func(page string, entry fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(page) != ".md" {
			return err
		}
		content, err := os.ReadFile(page)
		for _, found := range terraformFence.FindAllSubmatchIndex(content, -1) {
			block := string(content[found[2]:found[3]])
			if seen[strings.TrimSpace(block)] {
				continue
			}
			seen[strings.TrimSpace(block)] = true
			where := fmt.Sprintf("%s:%d", page, 1+strings.Count(string(content[:found[0]]), "\n"))
			files, left := configuration{"main.tf": block}.prepared(t)
			if strings.Contains(block, "hashicorp/") || len(left) > 0 {
				t.Logf("%s: not validated, because it needs other providers", where)
				continue
			}
			for _, name := range []string{"terraform.tf", "main.tf"} {
				w.write(name, files[name])
			}
			result, err := w.Validate(t.Context())
			must(t, err)
			for _, problem := range result.Diagnostics {
				if problem.Severity == "error" {
					t.Errorf("%s: %s: %s", where, problem.Summary, problem.Detail)
				}
			}
			validated++
		}
		return err
	}))
	if validated == 0 {
		t.Error("no block was found")
	}
}

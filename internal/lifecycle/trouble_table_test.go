package lifecycle

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The table in FAULTS.md names tests that there are, and names every row of the matrix.
func TestTroubleTable(t *testing.T) {
	t.Parallel()
	const root = "../.."
	files := map[string]map[string]bool{} // the functions in a test file
	texts := map[string]string{}
	err := filepath.WalkDir(filepath.Join(root, "internal"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, content, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		name := filepath.Base(path)
		if files[name] == nil {
			files[name] = map[string]bool{}
		}
		for _, declaration := range file.Decls {
			if function, ok := declaration.(*ast.FuncDecl); ok && function.Recv == nil {
				files[name][function.Name.Name] = true
			}
		}
		texts[name] += string(content)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	table, err := os.ReadFile(filepath.Join(root, "FAULTS.md"))
	if err != nil {
		t.Fatal(err)
	}

	rows := regexp.MustCompile(`(?m)^\| ([A-E]\d+) \|.*\|([^|]*)\|$`).FindAllStringSubmatch(string(table), -1)
	if len(rows) != 23+17+6+20+6 {
		t.Errorf("the table has %d rows", len(rows))
	}
	named := 0
	for _, row := range rows {
		file := ""
		for _, quoted := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row[2], -1) {
			switch name := quoted[1]; {
			case strings.HasSuffix(name, "_test.go"):
				if file = name; files[file] == nil {
					t.Errorf("row %s: there is no file %s", row[1], file)
				}
			case strings.HasPrefix(name, "Test") || strings.HasPrefix(name, "Fuzz"):
				named++
				if !files[file][name] {
					t.Errorf("row %s: there is no %s in %s", row[1], name, file)
				}
			}
		}
		if !strings.Contains(row[2], "`") && !strings.Contains(row[0], "**no") {
			t.Errorf("row %s names no test and does not say that it has none", row[1])
		}
	}
	if named < len(rows) {
		t.Errorf("only %d tests are named in %d rows", named, len(rows))
	}

	// Conversely, a subtest that belongs to a row stands in the file that the row names.
	for name, text := range texts {
		if !strings.HasPrefix(name, "trouble_") {
			continue
		}
		for _, prefix := range regexp.MustCompile(`"([A-E]\d+) [a-zA-Z0-9]`).FindAllStringSubmatch(text, -1) {
			found := false
			for _, row := range rows {
				found = found || row[1] == prefix[1] && (strings.Contains(row[2], name) || strings.Contains(row[2], "TestAccTrouble") && strings.Contains(name, "acceptance"))
			}
			if !found {
				t.Errorf("%s has tests of row %s, which does not name it", name, prefix[1])
			}
		}
	}
}

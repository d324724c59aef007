package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestFaultTable compares the table in FAULTS.md with the tests: every row names existing tests, and every scenario of a
// fault is in a file that its row names.
func TestFaultTable(t *testing.T) {
	t.Parallel()
	table, err := os.ReadFile("FAULTS.md")
	must(t, err)
	tests := readTestFiles(t)
	if rows := faultRow.FindAllString(string(table), -1); len(rows) != 23+17+6+20+6 {
		t.Errorf("the table has %d rows", len(rows))
	}
	for _, problem := range faultTableProblems(string(table), tests) {
		t.Error(problem)
	}
}

// TestFaultTableProblems shows that the comparison can fail.
func TestFaultTableProblems(t *testing.T) {
	t.Parallel()
	tests := map[string]*testFile{
		"fault_read_test.go": {text: "\"A1 reset\"\n\"B2 gone\"", functions: []string{"TestProtocolFaultMany"}, ofFaults: true},
		"retry_test.go":      {text: "\"A9 of no row\"", functions: []string{"TestRetryTable"}},
	}
	const good = "| A1 | a fault | a result | `fault_read_test.go`, `retry_test.go` `TestRetryTable` |\n" +
		"| B2 | a fault | a result | `fault_read_test.go` `TestProtocolFaultMany` |\n" +
		"| C3 | a fault | **not covered** | |\n"
	if problems := faultTableProblems(good, tests); len(problems) > 0 {
		t.Errorf("problems of a table without any: %q", problems)
	}
	for name, change := range map[string][2]string{
		"a file that does not exist":            {"`retry_test.go`", "`retries_test.go`"},
		"a function that does not exist":        {"`TestRetryTable`", "`TestRetries`"},
		"a file without a function":             {" `TestRetryTable`", ""},
		"a row without a scenario in the file":  {"`fault_read_test.go` `TestProtocolFaultMany`", "`fault_read_test.go`, `retry_test.go` `TestRetryTable`\n| D4 | a fault | a result | `fault_read_test.go`"},
		"a scenario that its row does not name": {"`fault_read_test.go` `TestProtocolFaultMany`", "`retry_test.go` `TestRetryTable`"},
		"a row without a test":                  {"**not covered**", "covered"},
	} {
		if page := strings.Replace(good, change[0], change[1], 1); page == good || len(faultTableProblems(page, tests)) == 0 {
			t.Errorf("%s: not noticed", name)
		}
	}
}

var (
	faultRow    = regexp.MustCompile(`(?m)^\| ([A-E]\d+) \|.*\|([^|]*)\|$`)
	faultPrefix = regexp.MustCompile(`"([A-E]\d+) `) // of the name of a scenario or subtest
)

// A testFile is one or more files of tests with the same name.
type testFile struct {
	text      string
	functions []string
	ofFaults  bool // it has scenarios of faults
}

// readTestFiles reads the test files below internal, by name.
func readTestFiles(t *testing.T) map[string]*testFile {
	t.Helper()
	files := map[string]*testFile{}
	must(t, filepath.WalkDir("internal", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		syntax, err := parser.ParseFile(token.NewFileSet(), path, content, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		file := files[entry.Name()]
		if file == nil {
			file = &testFile{}
			files[entry.Name()] = file
		}
		file.text += string(content)
		file.ofFaults = file.ofFaults || isFaultFile(path)
		for _, declaration := range syntax.Decls {
			if function, ok := declaration.(*ast.FuncDecl); ok && function.Recv == nil {
				file.functions = append(file.functions, function.Name.Name)
			}
		}
		return nil
	}))
	return files
}

// isFaultFile reports whether a file has scenarios that TestProtocolFaults runs.
func isFaultFile(path string) bool {
	matched, _ := filepath.Match("internal/lifecycle/fault_*_test.go", filepath.ToSlash(path))
	return matched
}

// faultTableProblems compares the table with the tests. A cell names functions after each file. Only files of faults need
// none: TestProtocolFaults runs all their scenarios, and a scenario's name begins with its row.
func faultTableProblems(table string, tests map[string]*testFile) []string {
	var problems []string
	report := func(format string, arguments ...any) { problems = append(problems, fmt.Sprintf(format, arguments...)) }
	cells := map[string]string{}
	for _, match := range faultRow.FindAllStringSubmatch(table, -1) {
		row, cell := match[1], match[2]
		cells[row] = cell
		named := namedTests(cell)
		if len(named) == 0 && !strings.Contains(match[0], "**no") {
			report("row %s names no test and does not say that it has none", row)
		}
		for _, name := range named {
			file := tests[name.file]
			switch {
			case file == nil:
				report("row %s: there is no file %q", row, name.file)
				continue
			case len(name.functions) > 0:
			case !file.ofFaults:
				report("row %s names no test in %s", row, name.file)
			case !strings.Contains(file.text, `"`+row+" "):
				report("row %s: no scenario in %s begins with %q", row, name.file, row)
			}
			for _, function := range name.functions {
				if !slices.Contains(file.functions, function) {
					report("row %s: there is no %s in %s", row, function, name.file)
				}
			}
		}
	}
	for name, file := range tests {
		if !file.ofFaults {
			continue
		}
		for _, match := range faultPrefix.FindAllStringSubmatch(file.text, -1) {
			if !strings.Contains(cells[match[1]], "`"+name+"`") {
				report("%s has tests of row %s, which does not name it", name, match[1])
			}
		}
	}
	return problems
}

// A namedTest is a file in a cell, and the functions behind it.
type namedTest struct {
	file      string
	functions []string
}

// namedTests reads a cell. A function without a file before it belongs to the file "".
func namedTests(cell string) []namedTest {
	var all []namedTest
	for _, match := range codeSpan.FindAllStringSubmatch(cell, -1) {
		switch name := match[1]; {
		case strings.HasSuffix(name, "_test.go"):
			all = append(all, namedTest{file: name})
		case strings.HasPrefix(name, "Test"), strings.HasPrefix(name, "Fuzz"):
			if len(all) == 0 {
				all = append(all, namedTest{})
			}
			last := &all[len(all)-1]
			last.functions = append(last.functions, name)
		}
	}
	return all
}

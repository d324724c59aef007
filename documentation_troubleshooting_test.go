package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestDocumentation_troubleshooting compares the page of messages with the code. The page mentions every summary of a
// diagnostic, and its headings quote only texts of the code.
func TestDocumentation_troubleshooting(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("docs/guides/troubleshooting.md")
	must(t, err)
	texts := readDiagnosticTexts(t)
	if len(texts.summaries) < 50 {
		t.Errorf("%d summaries were found in the code, which has more: %q", len(texts.summaries), texts.summaries)
	}
	for _, problem := range troubleshootingProblems(string(content), texts) {
		t.Error(problem)
	}
}

// TestTroubleshootingProblems shows that the comparison can fail, in both directions.
func TestTroubleshootingProblems(t *testing.T) {
	t.Parallel()
	texts := diagnosticTexts{
		summaries: []string{"Invalid name", "The client secret of … will be rotated", "Unable to read OAuth application"},
		literals:  []string{"secret key belongs to instance %s, not to %s"},
	}
	const good = "`Unable to read OAuth application`\n### `Invalid name`\n### `The client secret of … will be rotated`\n" +
		"### `secret key belongs to instance … not to …`\n### `clerk_key_invalid`\n### No quotation\n## What Terraform and OpenTofu say\n### `Unsupported argument`\n"
	if problems := troubleshootingProblems(good, texts); len(problems) > 0 {
		t.Errorf("problems of a page without any: %q", problems)
	}
	for name, page := range map[string]string{
		"a summary is missing":        strings.Replace(good, "`Invalid name`", "`Invalid scope`", 1),
		"an action is missing":        strings.Replace(good, "`Unable to read OAuth application`", "", 1),
		"a heading is not in code":    good + "## Secrets\n### `A client secret was eaten`\n",
		"part of a heading is not":    good + "## Secrets\n### `secret key belongs to instance … and not to …`\n",
		"the section of engines ends": strings.Replace(good, "### `Unsupported argument`", "## Secrets\n### `Unsupported argument`", 1),
	} {
		if len(troubleshootingProblems(page, texts)) == 0 {
			t.Errorf("%s: not noticed", name)
		}
	}
}

var (
	codeSpan = regexp.MustCompile("`([^`\n]+)`")
	// Clerk's own codes and names of attributes stand in headings too.
	codeOrName = regexp.MustCompile(`^[a-z_]+$`)
	// Messages of the engines are not in our code.
	engineSections = []string{"What Terraform and OpenTofu say", "Without a message"}
)

// troubleshootingProblems compares the page with the texts of the code.
func troubleshootingProblems(page string, texts diagnosticTexts) []string {
	var problems []string
	var spans []string
	for _, match := range codeSpan.FindAllStringSubmatch(page, -1) {
		spans = append(spans, match[1])
	}
	for _, summary := range texts.summaries {
		if !slices.ContainsFunc(spans, func(span string) bool { return hasWords(span, summary) }) {
			problems = append(problems, fmt.Sprintf("the page does not mention the message %q", summary))
		}
	}

	section := ""
	for line := range strings.Lines(page) {
		line = strings.TrimSpace(line)
		if heading, ok := strings.CutPrefix(line, "## "); ok {
			section = heading
		}
		if !strings.HasPrefix(line, "### ") || slices.Contains(engineSections, section) {
			continue
		}
		for _, match := range codeSpan.FindAllStringSubmatch(line, -1) {
			if !codeOrName.MatchString(match[1]) && !texts.have(match[1]) {
				problems = append(problems, fmt.Sprintf("the heading %q quotes what the code does not say", line))
			}
		}
	}
	return problems
}

// diagnosticTexts are the texts of the code.
type diagnosticTexts struct {
	summaries []string // of diagnostics, with "…" for what differs
	literals  []string
}

// have reports whether a quotation of the page is in the code. A summary may have fewer words than the quotation: the page also
// says where the name of the application stands.
func (texts diagnosticTexts) have(quotation string) bool {
	return slices.ContainsFunc(texts.summaries, func(summary string) bool { return hasWords(quotation, summary) }) ||
		slices.ContainsFunc(texts.literals, func(literal string) bool { return hasFragments(literal, quotation) })
}

// hasWords reports whether a text has the words of a summary, in their order.
func hasWords(text, summary string) bool {
	words := strings.Fields(text)
	for word := range strings.FieldsSeq(summary) {
		if word == "…" {
			continue
		}
		at := slices.Index(words, word)
		if at < 0 {
			return false
		}
		words = words[at+1:]
	}
	return true
}

// hasFragments reports whether a text has the parts of a quotation between its "…", in their order.
func hasFragments(text, quotation string) bool {
	for fragment := range strings.SplitSeq(quotation, "…") {
		_, after, ok := strings.Cut(text, strings.TrimSpace(fragment))
		if !ok {
			return false
		}
		text = after
	}
	return true
}

// summaryAt says which argument of a function is the summary of a diagnostic.
var summaryAt = map[string]int{
	"AddError": 0, "AddWarning": 0, "AddAttributeError": 1, "AddAttributeWarning": 1,
	"NewErrorDiagnostic": 0, "NewWarningDiagnostic": 0, "NewAttributeErrorDiagnostic": 1, "NewAttributeWarningDiagnostic": 1,
}

// readDiagnosticTexts reads the texts of the provider and of the client from their source code.
func readDiagnosticTexts(t *testing.T) diagnosticTexts {
	t.Helper()
	var texts diagnosticTexts
	for _, directory := range []string{"internal/provider", "internal/clerk"} {
		names, err := filepath.Glob(filepath.Join(directory, "*.go"))
		must(t, err)
		var files []*ast.File
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
			must(t, err)
			files = append(files, file)
		}
		reader := sourceReader{constants: constantsOf(files)}
		for _, file := range files {
			ast.Inspect(file, func(node ast.Node) bool {
				reader.read(node)
				return true
			})
		}
		texts.literals = append(texts.literals, reader.literals...)
		if directory == "internal/provider" {
			texts.summaries = append(texts.summaries, reader.summaries...)
		}
	}
	slices.Sort(texts.summaries)
	texts.summaries = slices.Compact(texts.summaries)
	return texts
}

// constantsOf returns the values of all constants that are texts, also of those that are composed of others.
func constantsOf(files []*ast.File) map[string]string {
	constants := make(map[string]string)
	reader := sourceReader{constants: constants}
	for range 2 { // a constant may contain another that is declared later
		for _, file := range files {
			ast.Inspect(file, func(node ast.Node) bool {
				if declaration, ok := node.(*ast.GenDecl); ok && declaration.Tok == token.CONST {
					for _, spec := range declaration.Specs {
						value := spec.(*ast.ValueSpec)
						for i, name := range value.Names {
							if i < len(value.Values) {
								if text := reader.text(value.Values[i]); text != "…" {
									constants[name.Name] = text
								}
							}
						}
					}
				}
				return true
			})
		}
	}
	return constants
}

type sourceReader struct {
	constants map[string]string
	literals  []string
	summaries []string
}

func (r *sourceReader) read(node ast.Node) {
	switch node := node.(type) {
	case *ast.BasicLit:
		if text := r.text(node); text != "…" {
			r.literals = append(r.literals, text)
		}
	case *ast.CallExpr:
		switch name := nameOf(node.Fun); name {
		case "addError":
			// addError(diagnostics, action, …) completes "Unable to …".
			if len(node.Args) > 1 {
				r.add("Unable to " + r.text(node.Args[1]))
			}
		default:
			if at, ok := summaryAt[name]; ok && at < len(node.Args) {
				r.add(r.text(node.Args[at]))
			}
		}
	case *ast.KeyValueExpr:
		if name := nameOf(node.Key); name == "title" || name == "summary" {
			r.add(r.text(node.Value))
		}
	case *ast.AssignStmt:
		for i, left := range node.Lhs {
			if nameOf(left) == "summary" && i < len(node.Rhs) {
				r.add(r.text(node.Rhs[i]))
			}
		}
	case *ast.ValueSpec:
		for i, name := range node.Names {
			if strings.HasPrefix(name.Name, "action") && i < len(node.Values) {
				r.add("Unable to " + r.text(node.Values[i]))
			}
		}
	}
}

// add keeps a summary, unless all its words are known at run time only.
func (r *sourceReader) add(summary string) {
	known := strings.Fields(strings.ReplaceAll(strings.TrimPrefix(summary, "Unable to "), "…", " "))
	if len(known) > 0 {
		r.summaries = append(r.summaries, summary)
	}
}

var formatVerb = regexp.MustCompile(`%[+#]?[a-zA-Z]`)

// text returns a text of the source, with "…" for parts that are known at run time only.
func (r *sourceReader) text(expression ast.Expr) string {
	switch expression := expression.(type) {
	case *ast.BasicLit:
		if text, err := strconv.Unquote(expression.Value); err == nil && expression.Kind == token.STRING {
			return text
		}
	case *ast.ParenExpr:
		return r.text(expression.X)
	case *ast.BinaryExpr:
		return r.text(expression.X) + r.text(expression.Y)
	case *ast.Ident, *ast.SelectorExpr:
		if text, ok := r.constants[nameOf(expression)]; ok {
			return text
		}
	case *ast.CallExpr:
		if nameOf(expression.Fun) == "Sprintf" && len(expression.Args) > 0 {
			return formatVerb.ReplaceAllString(r.text(expression.Args[0]), "…")
		}
	}
	return "…"
}

// nameOf returns the last part of a name.
func nameOf(expression ast.Expr) string {
	switch expression := expression.(type) {
	case *ast.Ident:
		return expression.Name
	case *ast.SelectorExpr:
		return expression.Sel.Name
	}
	return ""
}

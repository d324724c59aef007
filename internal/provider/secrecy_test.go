package provider

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The tests of this file read the module's source code without its tests, and check rules that protect secrets: what may be
// logged, where a secret leaves its type, and what no code may do.

// revealCallSites are the functions in which a secret leaves its type, by file. A new one needs a line here, so that a
// reviewer sees it.
var revealCallSites = map[string]string{
	"internal/clerk/request.go newRequest":                             "the Authorization header",
	"internal/clerk/oauth_application_introspect.go CheckClientSecret": "it is encoded as in a form",
	"internal/clerk/oauth_application_introspect.go postIntrospection": "HTTP Basic of the token introspection",
	"internal/clerk/secret_key.go IsProductionKey":                     "its prefix tells the environment",
	"internal/clerk/secret_key.go isDevelopmentKey":                    "its prefix tells the environment",
	"internal/clerk/scrubber.go learn":                                 "its forms are what is scrubbed",
	"internal/provider/oauth_application_model.go secretFromAPI":       "client_secret in the state",
	"internal/provider/secret_encryption.go encryptSecret":             "client_secret_encrypted in the state",
}

// loggedFields are the keys under which anything is logged, and the expressions that are logged: scalars of clerk.Event.
var loggedFields = map[string]string{
	"method":      "event.Method",
	"route":       "event.Route",
	"attempt":     "event.Attempt",
	"status":      "event.Status",
	"outcome":     "event.Outcome",
	"waited_ms":   "event.Waited.Milliseconds()",
	"duration_ms": "event.Duration.Milliseconds()",
	"bytes":       "event.Bytes",
	"trace_id":    "event.TraceID",
}

// sourceFile is a parsed file of the module.
type sourceFile struct {
	name   string // from the root of the module
	text   string
	syntax *ast.File
}

const modulePath = "github.com/terraform-provider-clerk/terraform-provider-clerk"

// sourceFiles reads the module's files, without tests, without packages for tests, and without other modules.
func sourceFiles(t *testing.T) []sourceFile {
	t.Helper()
	root := filepath.Join("..", "..")
	if module, err := os.ReadFile(filepath.Join(root, "go.mod")); err != nil || !strings.Contains(string(module), "module "+modulePath) {
		t.Fatalf("this is not the module's root: %v", err)
	}
	var files []sourceFile
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, _ := filepath.Rel(root, name)
		relative = filepath.ToSlash(relative)
		if entry.IsDir() {
			_, err := os.Stat(filepath.Join(name, "go.mod"))
			ofItsOwn := err == nil && relative != "."
			hidden := strings.HasPrefix(entry.Name(), ".") && relative != "."
			if ofItsOwn || hidden || slices.Contains([]string{"testdata", "dist", "internal/clerktest", "internal/prototest"}, relative) || entry.Name() == "testdata" {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(relative, ".go") || strings.HasSuffix(relative, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		syntax, err := parser.ParseFile(token.NewFileSet(), relative, text, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		files = append(files, sourceFile{name: relative, text: string(text), syntax: syntax})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, expected := range []string{"main.go", "internal/clerk/request.go", "internal/clerk/sharedreads/reader.go", "internal/provider/request_log.go"} {
		if !slices.ContainsFunc(files, func(f sourceFile) bool { return f.name == expected }) {
			t.Fatalf("%s was not read", expected)
		}
	}
	return files
}

// imported returns the name under which a file imports a package, or "".
func (f sourceFile) imported(path string) string {
	for _, spec := range f.syntax.Imports {
		if value, _ := strconv.Unquote(spec.Path.Value); value == path {
			if spec.Name != nil {
				return spec.Name.Name
			}
			return path[strings.LastIndex(path, "/")+1:]
		}
	}
	return ""
}

// calls visits the calls of a file, each with the function that contains it.
func (f sourceFile) calls(visit func(function string, call *ast.CallExpr)) {
	for _, declaration := range f.syntax.Decls {
		function := "(package)"
		if named, ok := declaration.(*ast.FuncDecl); ok {
			function = named.Name.Name
		}
		ast.Inspect(declaration, func(node ast.Node) bool {
			if call, ok := node.(*ast.CallExpr); ok {
				visit(function, call)
			}
			return true
		})
	}
}

// selected returns x and y of an expression x.y, as written.
func selected(expression ast.Expr) (x, y string) {
	if selector, ok := expression.(*ast.SelectorExpr); ok {
		return written(selector.X), selector.Sel.Name
	}
	return "", ""
}

// written returns the source of the few kinds of expressions that these rules allow.
func written(expression ast.Expr) string {
	switch e := expression.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.BasicLit:
		return e.Value
	case *ast.SelectorExpr:
		return written(e.X) + "." + e.Sel.Name
	case *ast.CallExpr:
		if len(e.Args) == 0 {
			return written(e.Fun) + "()"
		}
	}
	return fmt.Sprintf("(%T)", expression)
}

func TestSecrecyOfReveal(t *testing.T) {
	t.Parallel()
	found := map[string]bool{}
	for _, file := range sourceFiles(t) {
		ast.Inspect(file.syntax, func(node ast.Node) bool {
			// Every mention counts, also a method value.
			selector, ok := node.(*ast.SelectorExpr)
			if !ok || selector.Sel.Name != "Reveal" {
				return true
			}
			function := "(package)"
			for _, declaration := range file.syntax.Decls {
				if named, ok := declaration.(*ast.FuncDecl); ok && named.Pos() <= node.Pos() && node.Pos() < named.End() {
					function = named.Name.Name
				}
			}
			found[file.name+" "+function] = true
			return true
		})
	}
	for site := range found {
		if revealCallSites[site] == "" {
			t.Errorf("a secret leaves its type in %s; if that is necessary, add it to revealCallSites with the reason", site)
		}
	}
	for site := range revealCallSites {
		if !found[site] {
			t.Errorf("no secret leaves its type in %s any more; remove it from revealCallSites", site)
		}
	}
}

func TestSecrecyOfLogs(t *testing.T) {
	t.Parallel()
	const tflog = "github.com/hashicorp/terraform-plugin-log/tflog"
	logged := map[string]string{}
	calls := 0
	for _, file := range sourceFiles(t) {
		for _, forbidden := range []string{"log", "log/slog", "github.com/hashicorp/go-hclog", "github.com/hashicorp/terraform-plugin-log/tfsdklog"} {
			// The plugin's program may end with log.Fatal, before there is any secret; the tools print.
			if file.imported(forbidden) != "" && file.name != "main.go" && !strings.HasPrefix(file.name, "tools/") && file.name != "internal/clerk/secret.go" {
				t.Errorf("%s imports %s", file.name, forbidden)
			}
		}
		name := file.imported(tflog)
		switch {
		case name == "":
			continue
		case name == "." || file.name != "internal/provider/request_log.go":
			t.Errorf("%s imports tflog; only internal/provider/request_log.go may", file.name)
			continue
		}
		file.calls(func(_ string, call *ast.CallExpr) {
			if x, _ := selected(call.Fun); x != name {
				return
			}
			calls++
			if len(call.Args) != 3 {
				t.Errorf("a log call with %d arguments, want context, message and one map of fields", len(call.Args))
				return
			}
			if _, ok := call.Args[1].(*ast.BasicLit); !ok {
				t.Errorf("the message %s is not a constant text", written(call.Args[1]))
			}
			fields, ok := call.Args[2].(*ast.CompositeLit)
			if !ok {
				t.Errorf("the fields %s are not written in place", written(call.Args[2]))
				return
			}
			for _, element := range fields.Elts {
				pair := element.(*ast.KeyValueExpr)
				key, err := strconv.Unquote(written(pair.Key))
				if err != nil {
					t.Errorf("the key %s is not a constant text", written(pair.Key))
				}
				logged[key] = written(pair.Value)
			}
		})
	}
	if calls != 1 {
		t.Errorf("%d log calls, want one", calls)
	}
	if !maps.Equal(logged, loggedFields) {
		t.Errorf("what is logged is\n%v\nwant\n%v", logged, loggedFields)
	}
}

// TestSecrecyOfEvents: the type of logged events has only scalars.
func TestSecrecyOfEvents(t *testing.T) {
	t.Parallel()
	scalars := []string{"string", "int", "time.Duration"}
	found := false
	for _, file := range sourceFiles(t) {
		if file.name != "internal/clerk/event.go" {
			continue
		}
		ast.Inspect(file.syntax, func(node ast.Node) bool {
			spec, ok := node.(*ast.TypeSpec)
			if !ok || spec.Name.Name != "Event" {
				return true
			}
			found = true
			for _, field := range spec.Type.(*ast.StructType).Fields.List {
				if !slices.Contains(scalars, written(field.Type)) {
					t.Errorf("%s of clerk.Event is a %s; only %v may be", field.Names[0].Name, written(field.Type), scalars)
				}
			}
			return false
		})
	}
	if !found {
		t.Error("there is no clerk.Event")
	}
}

// TestSecrecyOfForbiddenCode checks what no code may do: dump requests, send a header that makes Go's transport repeat a
// POST, trust every certificate, follow redirects, or print.
func TestSecrecyOfForbiddenCode(t *testing.T) {
	t.Parallel()
	idempotencyKey := regexp.MustCompile(`(?i)idempotency[-_]?key`)
	for _, file := range sourceFiles(t) {
		if file.imported("net/http/httputil") != "" {
			t.Errorf("%s imports net/http/httputil, whose dumps hold the key and the secrets", file.name)
		}
		ast.Inspect(file.syntax, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.BasicLit: // comments are no nodes of the tree
				if idempotencyKey.MatchString(node.Value) {
					t.Errorf("%s has %s: with such a header Go's transport repeats a POST", file.name, node.Value)
				}
			case *ast.Ident:
				switch {
				case strings.HasPrefix(node.Name, "DumpRequest"), node.Name == "DumpResponse":
					t.Errorf("%s dumps", file.name)
				case node.Name == "InsecureSkipVerify":
					t.Errorf("%s trusts every certificate", file.name)
				case idempotencyKey.MatchString(node.Name):
					t.Errorf("%s has %s", file.name, node.Name)
				}
			}
			return true
		})
		if !strings.HasPrefix(file.name, "internal/") {
			continue
		}
		file.calls(func(function string, call *ast.CallExpr) {
			x, y := selected(call.Fun)
			switch {
			case x == "fmt" && strings.HasPrefix(y, "Print"), x == "os" && (y == "Stdout" || y == "Stderr"):
				t.Errorf("%s prints in %s", file.name, function)
			case x == "http" && slices.Contains([]string{"Get", "Head", "Post", "PostForm"}, y):
				t.Errorf("%s uses http.%s in %s, which follows redirects", file.name, y, function)
			}
		})
		if strings.Contains(file.text, "http.Client{") || strings.Contains(file.text, "http.DefaultClient") {
			t.Errorf("%s makes an http.Client, which follows redirects", file.name)
		}
	}
}

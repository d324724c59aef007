package main

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The tests of this package compare files of the repository with each other.

var (
	link     = regexp.MustCompile(`\]\(([^)#:]*)(?:#([^)]*))?\)`) // within the repository
	heading  = regexp.MustCompile(`(?m)^#+ (.*)$`)
	notSlug  = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	codeSpan = regexp.MustCompile("`([^`\n]+)`")
)

// TestDocumentation_links follows each link between pages, to the heading if it names one.
func TestDocumentation_links(t *testing.T) {
	t.Parallel()
	for _, page := range files(t, ".", ".md") {
		for _, match := range link.FindAllStringSubmatch(read(t, page), -1) {
			target := page
			if match[1] != "" {
				target = filepath.Join(filepath.Dir(page), match[1])
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s, which does not exist", page, match[1])
			} else if match[2] != "" && !slices.Contains(anchors(read(t, target)), match[2]) {
				t.Errorf("%s links to %s#%s, which has no such heading", page, match[1], match[2])
			}
		}
	}
}

// anchors are the anchors that GitHub and the registries give to the headings of a page.
func anchors(page string) []string {
	var all []string
	for _, match := range heading.FindAllStringSubmatch(page, -1) {
		slug := notSlug.ReplaceAllString(strings.ToLower(match[1]), "")
		all = append(all, strings.ReplaceAll(slug, " ", "-"))
	}
	for _, match := range regexp.MustCompile(`<a id="([^"]+)">`).FindAllStringSubmatch(page, -1) {
		all = append(all, match[1]) // tfplugindocs writes it for nested attributes
	}
	return all
}

// TestDocumentation_messages looks up the messages in the headings of Troubleshooting, by which
// readers search the page, in the code; and the summaries in the code on the page.
func TestDocumentation_messages(t *testing.T) {
	t.Parallel()
	var code strings.Builder
	for _, directory := range []string{"internal/provider", "internal/clerk"} {
		for _, file := range files(t, directory, ".go") {
			if !strings.HasSuffix(file, "_test.go") {
				code.WriteString(read(t, file))
			}
		}
	}
	// A text may be joined from several literals, and a verb stands for what differs.
	source := regexp.MustCompile(`"\s*\+\s*"`).ReplaceAllString(code.String(), "")
	source = strings.ReplaceAll(source, `\"`, `"`)
	page := read(t, "templates/guides/troubleshooting.md.tmpl")
	ours, _, _ := strings.Cut(page, "\n## What Terraform and OpenTofu say")
	for _, title := range heading.FindAllStringSubmatch(ours, -1) {
		for _, span := range codeSpan.FindAllStringSubmatch(title[1], -1) {
			if strings.Contains(span[1], "_") {
				continue // a code of Clerk's
			}
			for fragment := range strings.SplitSeq(span[1], "…") {
				// The code completes "Unable to …", and puts the name after "OAuth application".
				short := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(fragment), "Unable to "), "OAuth application")
				if !strings.Contains(source, short) {
					t.Errorf("the heading %q quotes %q, which the code does not say", title[1], fragment)
				}
			}
		}
	}
	summary := regexp.MustCompile(`(?:Error|Warning|Diagnostic|summary:|summary =|title:)[(\s]*(?:fmt\.Sprintf\()?"([A-Z][^"]+)"`)
	for _, match := range summary.FindAllStringSubmatch(source, -1) {
		for _, fragment := range regexp.MustCompile(`%[a-z]`).Split(match[1], -1) {
			if !strings.Contains(page, strings.TrimSpace(fragment)) {
				t.Errorf("the page does not have %q of the message %q", fragment, match[1])
			}
		}
	}
}

// TestDocumentation_imports compares CONTRIBUTING's table of packages with `go list`.
func TestDocumentation_imports(t *testing.T) {
	t.Parallel()
	documented, actual := map[string]string{}, map[string]string{}
	row := regexp.MustCompile("(?m)^\\| `([^`]+)` \\|.*\\| ([^|]*) \\|$")
	for _, match := range row.FindAllStringSubmatch(read(t, "CONTRIBUTING.md"), -1) {
		documented[match[1]] = match[2]
	}
	const module = "github.com/terraform-provider-clerk/terraform-provider-clerk"
	list := exec.CommandContext(t.Context(), "go", "list", "-f", "{{.ImportPath}}{{range .Imports}} {{.}}{{end}}", ".", "./internal/...")
	output, err := list.Output()
	must(t, err)
	for line := range strings.Lines(string(output)) {
		path, all, _ := strings.Cut(strings.TrimSpace(line), " ")
		var imports []string
		for imported := range strings.FieldsSeq(all) {
			if name, own := strings.CutPrefix(imported, module+"/"); own {
				imports = append(imports, "`"+name+"`")
			}
		}
		name := cmp.Or(strings.TrimPrefix(strings.TrimPrefix(path, module), "/"), "main")
		actual[name] = cmp.Or(strings.Join(imports, ", "), "–")
		if documented[name] != actual[name] {
			t.Errorf("CONTRIBUTING.md says that %s imports %q; it imports %q", name, documented[name], actual[name])
		}
	}
	if len(documented) > len(actual) {
		t.Errorf("CONTRIBUTING.md has rows for %d packages; there are %d", len(documented), len(actual))
	}
}

// TestDocumentation_pipelineCheck runs the jq program that pipelines use over plans that it must stop.
func TestDocumentation_pipelineCheck(t *testing.T) {
	t.Parallel()
	jq, err := exec.LookPath("jq")
	if err != nil {
		t.Skip("jq is not on PATH")
	}
	const (
		change       = `{"planned_values":{},"resource_changes":[{"address":"a","mode":"managed","type":"clerk_oauth_application","change":{"actions":["%s"],%s}}]}`
		confidential = `"before":{"public":false,"client_secret_version":5},"after":{"public":false,"client_secret_version":5}`
		maybeRotated = `"before":{"public":false,"client_secret_version":5},"after":{"public":false,"client_secret_version":null},"after_unknown":{"client_secret_version":true}`
	)
	for name, tc := range map[string]struct{ plan, want string }{
		"no input":         {"", "there is no plan to read"},
		"a state":          {`{"values":{}}`, "not the JSON of a plan"},
		"a failed plan":    {`{"planned_values":{},"errored":true}`, "the plan failed"},
		"nothing":          {`{"planned_values":{},"errored":false}`, ""},
		"a rename":         {fmt.Sprintf(change, "update", confidential), ""},
		"a rotation":       {fmt.Sprintf(change, "update", strings.Replace(confidential, "5}", "6}", 1)), "the client secret is rotated"},
		"public":           {fmt.Sprintf(change, "update", `"before":{"public":false},"after":{"public":true}`), "becomes a public client"},
		"a replacement":    {fmt.Sprintf(change, `delete","create`, confidential), "destroyed or replaced"},
		"perhaps rotated":  {fmt.Sprintf(change, "update", maybeRotated), "rotated"},
		"a create":         {fmt.Sprintf(change, "create", `"before":null,"after":{}`), ""},
		"removed":          {fmt.Sprintf(change, "forget", `"before":{"public":false,"client_secret_version":5},"after":null`), ""},
		"a public client":  {fmt.Sprintf(change, "update", `"before":{"public":true},"after":{"public":false}`), ""},
		"replaced, public": {fmt.Sprintf(change, `create","delete`, `"before":{"public":true},"after":{"public":true}`), "destroyed or replaced"},
	} {
		command := exec.CommandContext(t.Context(), jq, "-n", "-r", "-f", "examples/pipeline-check/client-secrets.jq")
		command.Stdin = strings.NewReader(tc.plan)
		output, err := command.CombinedOutput()
		if passes := tc.want == ""; passes != (err == nil) || !strings.Contains(string(output), cmp.Or(tc.want, "no client secret is rotated or lost\n")) {
			t.Errorf("%s: %v, %s; want %q", name, err, output, tc.want)
		}
	}
}

// files returns the files of a directory and those below it, except what tools have written.
func files(t *testing.T, directory, extension string) []string {
	t.Helper()
	var found []string
	must(t, filepath.WalkDir(directory, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && path != "." && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "dist") {
			return fs.SkipDir
		}
		if strings.HasSuffix(path, extension) {
			found = append(found, path)
		}
		return err
	}))
	return found
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	must(t, err)
	return string(content)
}

func must(t *testing.T, err error) {
	if t.Helper(); err != nil {
		t.Fatal(err)
	}
}

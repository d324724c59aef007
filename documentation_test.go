package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// The tests of this package compare files of the repository with each other.

var (
	link     = regexp.MustCompile(`\]\(([^)#:]*)(?:#([^)]*))?\)`) // within the repository
	heading  = regexp.MustCompile(`(?m)^#+ (.*)$`)
	notSlug  = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	codeSpan = regexp.MustCompile("`([^`\n]+)`")
)

// texts are the pages and the code of the repository by path, without what tools have written.
var texts = sync.OnceValue(func() map[string]string {
	found := map[string]string{}
	if err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && path != "." &&
			(strings.HasPrefix(entry.Name(), ".") || entry.Name() == "dist") {
			return fs.SkipDir
		}
		if slices.Contains([]string{".md", ".tmpl", ".go"}, filepath.Ext(path)) {
			content, readErr := os.ReadFile(path)
			found[path], err = string(content), errors.Join(err, readErr)
		}
		return err
	}); err != nil {
		panic(err)
	}
	return found
})

// TestDocumentation_links follows each link between pages, to the heading if it names one.
func TestDocumentation_links(t *testing.T) {
	t.Parallel()
	for page, text := range texts() {
		if filepath.Ext(page) != ".md" {
			continue
		}
		for _, match := range link.FindAllStringSubmatch(text, -1) {
			target := page
			if match[1] != "" {
				target = filepath.Join(filepath.Dir(page), match[1])
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s, which does not exist", page, match[1])
			} else if match[2] != "" && !slices.Contains(anchors(texts()[target]), match[2]) {
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
	product := regexp.MustCompile(`^internal/(provider|clerk)/.*\.go$`)
	for path, text := range texts() {
		if product.MatchString(path) && !strings.HasSuffix(path, "_test.go") {
			code.WriteString(text)
		}
	}
	// A text may be joined from several literals, and a verb stands for what differs.
	source := regexp.MustCompile(`"\s*\+\s*"`).ReplaceAllString(code.String(), "")
	source = strings.ReplaceAll(source, `\"`, `"`)
	// The code completes "Unable to …", and puts the name after "OAuth application".
	cut := regexp.MustCompile(`^Unable to |(OAuth application)?( ?… ?|$)`)
	page := texts()["templates/guides/troubleshooting.md.tmpl"]
	ours, _, _ := strings.Cut(page, "\n## What Terraform and OpenTofu say")
	for _, title := range heading.FindAllStringSubmatch(ours, -1) {
		for _, span := range codeSpan.FindAllStringSubmatch(title[1], -1) {
			if strings.Contains(span[1], "_") {
				continue // a code of Clerk's
			}
			for _, fragment := range cut.Split(span[1], -1) {
				if !strings.Contains(source, fragment) {
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
	var documented, listed []string
	row := regexp.MustCompile("(?m)^\\| (`[^`]+`) \\|.*\\| ([^|]*) \\|$")
	for _, match := range row.FindAllStringSubmatch(texts()["CONTRIBUTING.md"], -1) {
		documented = append(documented, match[1]+" imports "+match[2])
	}
	list := exec.CommandContext(t.Context(), "go", "list", "-f", "{{.ImportPath}} {{.Imports}}", ".", "./internal/...")
	output, err := list.Output()
	must(t, err)
	own := regexp.MustCompile(`github\.com/terraform-provider-clerk/terraform-provider-clerk/?([^ \]]*)`)
	for line := range strings.Lines(string(output)) {
		var names []string // of the package and of those that it imports
		for _, match := range own.FindAllStringSubmatch(line, -1) {
			names = append(names, "`"+cmp.Or(match[1], "main")+"`")
		}
		listed = append(listed, names[0]+" imports "+cmp.Or(strings.Join(names[1:], ", "), "–"))
	}
	slices.Sort(documented)
	slices.Sort(listed)
	if !slices.Equal(documented, listed) {
		t.Errorf("CONTRIBUTING.md says %q, but it is %q", documented, listed)
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
		change       = `{"planned_values":{},"errored":false,"resource_changes":[{"address":"a","mode":"managed","type":"clerk_oauth_application","change":{"actions":["%s"],%s}}]}`
		confidential = `"before":{"public":false,"client_secret_version":5},"after":{"public":false,"client_secret_version":5}`
		maybeRotated = `"before":{"public":false,"client_secret_version":5},"after":{"public":false,"client_secret_version":null},"after_unknown":{"client_secret_version":true}`
	)
	for name, tc := range map[string]struct{ plan, want string }{
		"no input":         {"", "there is no plan to read"},
		"a state":          {`{"values":{}}`, "not the JSON of a plan"},
		"a failed plan":    {`{"planned_values":{},"errored":true}`, "the plan failed"},
		"a rename":         {fmt.Sprintf(change, "update", confidential), ""},
		"a rotation":       {fmt.Sprintf(change, "update", strings.Replace(confidential, "5}", "6}", 1)), "the client secret is rotated"},
		"public":           {fmt.Sprintf(change, "update", `"before":{"public":false},"after":{"public":true}`), "becomes a public client"},
		"a replacement":    {fmt.Sprintf(change, `delete","create`, confidential), "destroyed or replaced"},
		"perhaps rotated":  {fmt.Sprintf(change, "update", maybeRotated), "rotated"},
		"a create":         {fmt.Sprintf(change, "create", `"before":null,"after":{}`), ""},
		"removed":          {fmt.Sprintf(change, "forget", `"before":{"public":false,"client_secret_version":5},"after":null`), ""},
		"a public client":  {fmt.Sprintf(change, "update", `"before":{"public":true},"after":{"public":false},"after_unknown":{"client_secret_version":true}`), ""},
		"replaced, public": {fmt.Sprintf(change, `create","forget`, `"before":{"public":true},"after":{"public":true}`), "destroyed or replaced"},
	} {
		command := exec.CommandContext(t.Context(), jq, "-n", "-r", "-f", "examples/pipeline-check/client-secrets.jq")
		command.Stdin = strings.NewReader(tc.plan)
		output, err := command.CombinedOutput()
		if passes := tc.want == ""; passes != (err == nil) || !strings.Contains(string(output), cmp.Or(tc.want, "no client secret is rotated or lost\n")) {
			t.Errorf("%s: %v, %s; want %q", name, err, output, tc.want)
		}
	}
}

func must(t *testing.T, err error) {
	if t.Helper(); err != nil {
		t.Fatal(err)
	}
}

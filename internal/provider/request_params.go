package provider

import (
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

// requestParams are the parameters of an object's requests: on which attribute an
// error stands that Clerk attributes to a parameter, and what usually causes it. A
// nil pointer has none.
type requestParams struct {
	paths map[string]path.Path
	hints map[string]string
}

// paramsOf maps Clerk's names of parameters to the attributes of the same name of a
// model, and to the aliases. hints are by Clerk's names too.
func paramsOf[M any](aliases, hints map[string]string) *requestParams {
	paths := make(map[string]path.Path)
	for _, field := range fieldsOf[M]() {
		paths[field.name] = path.Root(field.name)
	}
	for param, attribute := range aliases {
		paths[param] = path.Root(attribute)
	}
	return &requestParams{paths: paths, hints: hints}
}

// path finds the attribute of a parameter that Clerk names, such as "redirect_uris" or
// "redirect_uris[0]".
func (p *requestParams) path(param string) (path.Path, bool) {
	if p == nil {
		return path.Empty(), false
	}
	name, _, _ := strings.Cut(param, "[")
	attribute, ok := p.paths[name]
	return attribute, ok
}

// hint says what usually keeps Clerk from applying a value of a parameter, or nothing.
func (p *requestParams) hint(param string) string {
	if p == nil {
		return ""
	}
	name, _, _ := strings.Cut(param, "[")
	return p.hints[name]
}

// notApplied returns the attribute of a field that Clerk did not apply although it
// reported success, and the text about it: before, the field, after, and the hint.
func (p *requestParams) notApplied(field clerk.Mismatch, client *clerk.Client, before, after string) (path.Path, string) {
	attribute, _ := p.path(field.Name)
	return attribute, paragraphs(
		fmt.Sprintf("%s, but Clerk's answer has a different value for %s. %s", before, client.Scrub(field.String()), after),
		p.hint(field.Name))
}

// betaHint is the hint of a field that Clerk serves to some workspaces only.
func betaHint(what string) string {
	return what + " is a beta feature: Clerk must switch it on for your workspace."
}

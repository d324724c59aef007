//go:build unix

package acctest

import (
	"encoding/json"
	"strings"
	"testing"
)

// exampleFile writes a file of an example into the workspace.
func (w *workspace) exampleFile(example, name string) {
	w.t.Helper()
	w.write(name, exampleFiles(w.t, example)[name])
}

// TestAccExamples_adoptWithOutput adopts with the blocks that an output has written, as the guide
// says. A name may hold what would end a comment or an argument of HCL.
func TestAccExamples_adoptWithOutput(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, "")
	w.exampleFile("adopt-with-output", "main.tf")
	w.clerk.SeedMany(2, "Portal %d", at("portal"))
	w.clerk.Seed("42 \"Portal\" ${x}\n} #", at("odd"))
	w.succeed("apply", "-auto-approve")
	outputs, err := w.Output(t.Context())
	must(t, err)
	var blocks string
	must(t, json.Unmarshal(outputs["import_blocks"].Value, &blocks))
	w.write("imports.tf", blocks)
	w.write("main.tf", requiredProviders)
	w.succeed("plan", "-generate-config-out=adopted.tf").says("Plan: 3 to import, 0 to add, 0 to change, 0 to destroy")
	w.apply()
	w.planIsEmpty()
	if changed := strings.Contains(strings.Join(w.clerk.RequestLines(), "\n"), "PATCH"); changed {
		t.Error("the adoption changed an application")
	}
}

// TestAccExamples_yamlWithoutValue: a YAML key without a value is null. It must not leave the old
// redirect URIs in place, and a misspelled key must not remove them.
func TestAccExamples_yamlWithoutValue(t *testing.T) {
	t.Parallel()
	const uri = "https://portal.example.com/oauth/callback"
	w := newWorkspace(t, "")
	w.exampleFile("for-each-yaml", "main.tf")
	applications := exampleFiles(t, "for-each-yaml")["applications.yaml"]
	w.write("applications.yaml", applications)
	w.apply()

	w.write("applications.yaml", strings.Replace(applications, `redirect_uris: ["`+uri+`"]`, `redirect_uri: ["`+uri+`"]`, 1))
	w.run("plan").says("has a key that this configuration does not read")

	w.write("applications.yaml", strings.Replace(applications, `["`+uri+`"]`, "", 1))
	w.apply()
	w.planIsEmpty()
	if app, _ := w.clerk.Find(portal); len(app.RedirectURIs) != 0 {
		t.Errorf("the redirect URIs are still %q", app.RedirectURIs)
	}
}

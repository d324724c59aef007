//go:build unix

package acctest

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
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

// TestAccExamples_importWithoutSecret: an imported application has no known secret. The example's
// precondition refuses to hand on nothing, and a rotation gives it a secret.
func TestAccExamples_importWithoutSecret(t *testing.T) {
	t.Parallel()
	const address = "clerk_oauth_application.portal"
	w := newWorkspace(t, "")
	w.needs("1.11", "an ephemeral resource")
	w.exampleFile("encrypted-secret", "main.tf")
	identity, stored := newIdentity(t), filepath.Join(t.TempDir(), "stored")
	w.env["TF_VAR_age_recipient"], w.env["TF_VAR_age_identity"] = identity.Recipient().String(), identity.String()
	w.env["TF_VAR_store_command"] = `printf %s "$CLIENT_SECRET" >` + stored
	w.succeed("apply", "-auto-approve")
	id, _ := w.attributes(address)["id"].(string)
	must(t, w.StateRm(t.Context(), address))

	// Without what would rotate the secret at once.
	whole := w.read("main.tf")
	rotating := regexp.MustCompile(`(?m)^\s*(rotate_secret_trigger|encrypt_client_secret_to)\s*=.*\n`)
	w.write("main.tf", rotating.ReplaceAllString(whole, ""))
	w.succeed("import", address, id)
	must(t, os.Remove(stored))
	refused := w.run("apply", "-auto-approve")
	refused.says("Terraform does not know the client secret of the partner portal")
	if _, err := os.Stat(stored); refused.code() != 1 || err == nil {
		t.Errorf("the import was handed on (exit status %d)", refused.code())
	}

	w.write("main.tf", whole)
	w.succeed("apply", "-auto-approve", "-var=secret_rotation=2")
	content, err := os.ReadFile(stored)
	must(t, err)
	if string(content) != w.clerk.CurrentSecret(id) {
		t.Error("what was handed on is not the secret that works")
	}
}

// TestExamples_preconditions: every example that hands a client secret on refuses to hand on null,
// also those that no test can run. The examples named here show the secret to the reader alone, or
// give the version to their caller as well.
func TestExamples_preconditions(t *testing.T) {
	t.Parallel()
	shown := []string{"web-app", "demo", "module-with-tests"}
	handsOn := regexp.MustCompile(`(?m)clerk_oauth_application\.\S*\.client_secret$|\.plaintext$`)
	found := 0
	must(t, filepath.WalkDir(examplesDirectory, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".tf" || slices.Contains(shown, filepath.Base(filepath.Dir(path))) {
			return err
		}
		content, err := os.ReadFile(path)
		if handsOn.Match(content) && strings.Contains(string(content), "resource ") {
			found++
			if !strings.Contains(string(content), "client_secret_version != null") {
				t.Errorf("%s hands a client secret on, and has no precondition against null", path)
			}
		}
		return err
	}))
	if found < 5 {
		t.Errorf("%d examples hand a client secret on; there are more", found)
	}
}

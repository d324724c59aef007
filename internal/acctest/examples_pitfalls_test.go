//go:build unix

package acctest

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-exec/tfexec"
)

// TestAccExamples_adoptWithOutput adopts with the blocks that an output has written, as the guide
// says. A name may hold what would end a comment or an argument of HCL.
func TestAccExamples_adoptWithOutput(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, exampleFiles(t, "adopt-with-output")["main.tf"])
	w.clerk.SeedMany(2, "Portal %d", at("portal"))
	w.clerk.Seed("42 \"Portal\" ${x}\n} #", at("odd"))
	must(t, w.Apply(t.Context()))
	outputs, err := w.Output(t.Context())
	must(t, err)
	var blocks string
	must(t, json.Unmarshal(outputs["import_blocks"].Value, &blocks))
	w.write("imports.tf", blocks)
	w.write("main.tf", requiredProviders)
	w.planSays("Plan: 3 to import, 0 to add, 0 to change, 0 to destroy", tfexec.GenerateConfigOut("adopted.tf"))
	must(t, w.Apply(t.Context()))
	w.planIsEmpty()
	if changes := w.clerk.CountRequests(http.MethodPatch, ""); changes > 0 {
		t.Errorf("the adoption changed %d applications", changes)
	}
}

// TestAccExamples_yamlWithoutValue: a YAML key without a value is null. It must not leave the old
// redirect URIs in place, and a misspelled key must not remove them.
func TestAccExamples_yamlWithoutValue(t *testing.T) {
	t.Parallel()
	const uri = "https://portal.example.com/oauth/callback"
	files := exampleFiles(t, "for-each-yaml")
	w, applications := newWorkspace(t, files["main.tf"]), files["applications.yaml"]
	w.write("applications.yaml", applications)
	must(t, w.Apply(t.Context()))

	w.write("applications.yaml", strings.Replace(applications, `redirect_uris: ["`+uri+`"]`, `redirect_uri: ["`+uri+`"]`, 1))
	_, err := w.Plan(t.Context())
	w.refuses(err, "has a key that this configuration does not read")

	w.write("applications.yaml", strings.Replace(applications, `["`+uri+`"]`, "", 1))
	must(t, w.Apply(t.Context()))
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
	whole := exampleFiles(t, "encrypted-secret")["main.tf"]
	w, identity, stored := newWorkspace(t, whole), newIdentity(t), filepath.Join(t.TempDir(), "stored")
	w.needs("1.11", "an ephemeral resource")
	w.write("terraform.tfvars", fmt.Sprintf("age_recipient = %q\nage_identity = %q\nstore_command = %q\n",
		identity.Recipient(), identity, `printf %s "$CLIENT_SECRET" >`+stored))
	must(t, w.Apply(t.Context()))
	app, _ := w.clerk.Find(portal)
	must(t, w.StateRm(t.Context(), address))

	// Without what would rotate the secret at once.
	rotating := regexp.MustCompile(`(?m)^\s*(rotate_secret_trigger|encrypt_client_secret_to)\s*=.*\n`)
	w.write("main.tf", rotating.ReplaceAllString(whole, ""))
	must(t, w.Import(t.Context(), address, app.ID))
	must(t, os.Remove(stored))
	w.refuses(w.Apply(t.Context()), "Terraform does not know the client secret of the partner portal")
	if _, err := os.Stat(stored); err == nil {
		t.Error("the import was handed on")
	}

	w.write("main.tf", whole)
	must(t, w.Apply(t.Context(), tfexec.Var("secret_rotation=2")))
	content, err := os.ReadFile(stored)
	must(t, err)
	must(t, works(w.clerk, portal, string(content)))
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

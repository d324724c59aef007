//go:build unix

package acctest

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-exec/tfexec"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// TestAccEngine_traceHoldsNoSecret runs all that handles secrets with logs at TRACE, and then looks
// into every file and output for each of them. Only the state may hold client secrets, and not even
// the state holds the key, the identity, or the secret of the application that encrypts it.
func TestAccEngine_traceHoldsNoSecret(t *testing.T) {
	t.Parallel()
	w, identity, ctx := newWorkspace(t, requiredProviders+`
variable "trigger" { default = null }
variable "recipient" {}
variable "identity" { ephemeral = true }

resource "clerk_oauth_application" "plain" {
  name                  = "Plain"
  rotate_secret_trigger = var.trigger
  verify_client_secret  = true
}

resource "clerk_oauth_application" "encrypted" {
  name                     = "Encrypted"
  encrypt_client_secret_to = [var.recipient]
  rotate_secret_trigger    = var.trigger
}

ephemeral "clerk_decrypted_secret" "test" {
  ciphertext = clerk_oauth_application.encrypted.client_secret_encrypted
  identity   = var.identity
}
`), newIdentity(t), t.Context()
	w.needs("1.11", "an ephemeral resource")
	must(t, w.SetLogPath(filepath.Join(w.WorkingDir(), "trace.log"))) // at TRACE
	w.write("terraform.tfvars", fmt.Sprintf("recipient = %q\nidentity = %q\n", identity.Recipient(), identity))
	succeeds := func(_ any, err error) {
		t.Helper()
		must(t, err)
	}
	succeeds(w.PlanJSON(ctx, w.output, tfexec.Out("create.plan")))
	must(t, w.Apply(t.Context(), tfexec.DirOrPlan("create.plan")))
	encrypted, _ := w.clerk.Find("Encrypted")
	kept := []string{w.clerk.Key(), identity.String(), w.clerk.CurrentSecret(encrypted.ID)} // not even in the state
	succeeds(w.Plan(ctx, tfexec.Var("trigger=1"), tfexec.Out("rotate.plan")))
	succeeds(w.ShowPlanFileRaw(ctx, "rotate.plan"))
	must(t, w.ApplyJSON(ctx, w.output, tfexec.DirOrPlan("rotate.plan")))
	kept = append(kept, w.clerk.CurrentSecret(encrypted.ID))
	plain, _ := w.clerk.Find("Plain")

	// Someone rotates the secret, and answers repeat what they were sent.
	w.clerk.Rotate(plain.ID)
	succeeds(w.PlanJSON(ctx, w.output))
	credentials := base64.StdEncoding.EncodeToString([]byte(plain.ClientID + ":" + w.clerk.CurrentSecret(plain.ID)))
	w.clerk.Inject(clerktest.Raw(http.StatusInternalServerError, "text/plain", "Authorization: Basic "+credentials).
		On(http.MethodPost, clerktest.RouteTokenInfo))
	succeeds(w.Plan(ctx))
	repeats := clerktest.Raw(http.StatusBadRequest, "text/plain", "Authorization: Bearer "+w.clerk.Key())
	w.clerk.Inject(repeats.OnRead())
	w.clerk.Inject(repeats.OnList())
	_, err := w.PlanJSON(ctx, w.output)
	w.refuses(err, "Unable to read OAuth application")
	w.clerk.ClearFaults()
	must(t, w.Destroy(ctx))

	if log := w.read("trace.log"); !strings.Contains(log, "[TRACE]") || !strings.Contains(log, "Clerk API request") {
		t.Error("the log has nothing of the provider at TRACE: that there is no secret in it proves nothing")
	}
	issued := w.clerk.IssuedSecrets()
	if len(issued) != 5 {
		t.Fatalf("Clerk made %d secrets, want 5", len(issued))
	}
	if plan := unzipped([]byte(w.read("rotate.plan"))); !holds(plan, issued[0]) && !holds(plan, issued[1]) {
		t.Error("the search does not find the secret of the plain application in the plan, which has it")
	}
	w.search(func(name string) []string {
		switch {
		case name == "terraform.tfvars":
			return nil
		case strings.Contains(name, ".tfstate"), strings.HasSuffix(name, ".plan"):
			return kept // the state and a plan have the secret of the plain application
		}
		return append(issued, kept...)
	})
}

// TestAccEngine_literalsArePrintedByNobody: an engine prints the line of the configuration that a
// message is about. A secret in a wrong place is not in that line, because the message names none.
func TestAccEngine_literalsArePrintedByNobody(t *testing.T) {
	t.Parallel()
	secret := newIdentity(t).String()
	for says, configuration := range map[string]string{
		"Clerk secret key": configured(`secret_key = "sk_test_`+secret+` and more"`) + application("Portal"),
		"api_url":          configured(`api_url = "https://user:`+secret+`@api.clerk.com"`) + application("Portal"),
		"private key":      application("Portal", "encrypt_client_secret_to = [", `"`+secret+`"`, "]"),
	} {
		t.Run(says, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t, requiredProviders+configuration)
			_, err := w.Plan(t.Context())
			w.refuses(err, says)
			_, err = w.PlanJSON(t.Context(), w.output)
			w.refuses(err, says)
			w.search(func(name string) []string {
				if name == "main.tf" {
					return nil
				}
				return []string{secret}
			})
		})
	}
}

// search looks into every file of the workspace, and into plan files, for the secrets that the file
// must not hold, in every form in which a program may write them.
func (w *workspace) search(secretsFor func(name string) []string) {
	w.t.Helper()
	must(w.t, filepath.WalkDir(w.WorkingDir(), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		for i, secret := range secretsFor(entry.Name()) {
			if holds(string(content)+unzipped(content), secret) {
				w.t.Errorf("%s holds secret %d", entry.Name(), i)
			}
		}
		return err
	}))
}

// holds reports whether a text holds a secret: as it is, in JSON, in a URL, in hexadecimal or base64.
func holds(text, secret string) bool {
	quoted, _ := json.Marshal(secret) // a string never fails
	forms := []string{secret, strings.Trim(string(quoted), `"`), url.QueryEscape(secret), hex.EncodeToString([]byte(secret))}
	for shift := range 3 {
		// What stands before the secret shifts its bits; the digits it shares with its neighbours are left out.
		digits := base64.RawStdEncoding.EncodeToString(append(make([]byte, shift), secret...))
		digits = digits[(shift*8+5)/6 : (shift+len(secret))*8/6]
		forms = append(forms, digits, strings.NewReplacer("+", "-", "/", "_").Replace(digits))
	}
	return slices.ContainsFunc(forms, func(form string) bool { return strings.Contains(text, form) })
}

// unzipped is the content of all files in an archive, which a plan file is; empty for any other file.
func unzipped(content []byte) string {
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return ""
	}
	var all strings.Builder
	for _, file := range archive.File {
		if reader, err := file.Open(); err == nil {
			_, _ = io.Copy(&all, reader)
		}
	}
	return all.String()
}

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
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// TestAccEngine_traceHoldsNoSecret runs all that handles secrets with logs at TRACE, and then looks
// into every file and output for each of them. Only the state may hold client secrets, and not even
// the state holds the key, the identity, or the secret of the application that encrypts it.
func TestAccEngine_traceHoldsNoSecret(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, requiredProviders+`
variable "trigger" {
  type    = string
  default = null
}

variable "recipient" {
  type = string
}

variable "identity" {
  type      = string
  ephemeral = true
}

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
`)
	w.needs("1.11", "an ephemeral resource")
	identity, err := age.GenerateX25519Identity()
	must(t, err)
	w.setEnv(map[string]string{"GOTRACEBACK": "all"})
	w.env["TF_LOG"], w.env["TF_LOG_PATH"] = "TRACE", filepath.Join(w.WorkingDir(), "trace.log")
	w.env["TF_VAR_recipient"], w.env["TF_VAR_identity"] = identity.Recipient().String(), identity.String()
	var kept []string // secrets that not even the state may hold
	succeeds := func(arguments ...string) {
		t.Helper()
		if run := w.run(arguments...); run.code() != 0 {
			t.Errorf("%q ended with %d:\n%s", arguments, run.code(), run.text())
		}
	}
	succeeds("plan", "-json", "-out=create.plan")
	succeeds("apply", "create.plan")
	encrypted, _ := w.clerk.Find("Encrypted")
	kept = append(kept, w.clerk.Key(), identity.String(), w.clerk.CurrentSecret(encrypted.ID))
	w.env["TF_VAR_trigger"] = "1"
	succeeds("plan", "-out=rotate.plan")
	succeeds("show", "rotate.plan")
	succeeds("apply", "-json", "rotate.plan")
	kept = append(kept, w.clerk.CurrentSecret(encrypted.ID))
	plain, _ := w.clerk.Find("Plain")

	// Someone rotates the secret, and answers repeat what they were sent.
	w.clerk.Rotate(plain.ID)
	succeeds("plan", "-json")
	credentials := base64.StdEncoding.EncodeToString([]byte(plain.ClientID + ":" + w.clerk.CurrentSecret(plain.ID)))
	w.clerk.Inject(clerktest.Raw(http.StatusInternalServerError, "text/plain", "Authorization: Basic "+credentials).
		On(http.MethodPost, clerktest.RouteTokenInfo))
	succeeds("plan")
	w.clerk.Inject(clerktest.Raw(http.StatusBadRequest, "text/plain", "Authorization: Bearer "+w.clerk.Key()).OnRead())
	w.clerk.Inject(clerktest.Raw(http.StatusBadRequest, "text/plain", "Authorization: Bearer "+w.clerk.Key()).OnList())
	if refused := w.run("plan", "-json"); refused.code() != 1 {
		t.Errorf("a plan with refused reads ended with %d", refused.code())
	}
	w.clerk.ClearFaults()
	succeeds("destroy", "-auto-approve")

	if log := w.read("trace.log"); !strings.Contains(log, "[TRACE]") || !strings.Contains(log, "Clerk API request") {
		t.Error("the log has nothing of the provider at TRACE: that there is no secret in it proves nothing")
	}
	issued := w.clerk.IssuedSecrets()
	if len(issued) != 5 {
		t.Fatalf("Clerk made %d secrets, want 5", len(issued))
	}
	if formOf(unzipped([]byte(w.read("rotate.plan"))), issued[0])+formOf(unzipped([]byte(w.read("rotate.plan"))), issued[1]) == "" {
		t.Error("the search does not find the secret of the plain application in the plan, which has it")
	}
	w.search(func(name string) []string {
		if strings.Contains(name, ".tfstate") || strings.HasSuffix(name, ".plan") {
			return kept // the state and a plan have the secret of the plain application
		}
		return append(issued, kept...)
	})
}

// TestAccEngine_literalsArePrintedByNobody: an engine prints the line of the configuration that a
// message is about. A secret in a wrong place is not in that line, because the message names none.
func TestAccEngine_literalsArePrintedByNobody(t *testing.T) {
	t.Parallel()
	identity, err := age.GenerateX25519Identity()
	must(t, err)
	for name, test := range map[string]struct{ configuration, secret, says string }{
		"a key with a blank": {
			"provider \"clerk\" {\n  secret_key = \"sk_test_0123456789abcdefghij and more\"\n}\n" + literalApplication,
			"0123456789abcdefghij", "Clerk secret key",
		},
		"an address with a password": {
			"provider \"clerk\" {\n  api_url = \"https://user:0123456789abcdefghij@api.clerk.com\"\n}\n" + literalApplication,
			"0123456789abcdefghij", "api_url",
		},
		"an identity for a recipient": {
			strings.Replace(literalApplication, "\n}", "\n  encrypt_client_secret_to = [\n    \""+identity.String()+"\"\n  ]\n}", 1),
			identity.String(), "private key",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t, requiredProviders+test.configuration)
			delete(w.env, "CLERK_API_URL")
			for _, arguments := range [][]string{{"plan"}, {"plan", "-json"}} {
				refused := w.run(arguments...)
				refused.says(test.says)
				if refused.code() != 1 {
					t.Errorf("%q ended with %d", arguments, refused.code())
				}
			}
			w.search(func(name string) []string {
				if name == "main.tf" {
					return nil
				}
				return []string{test.secret}
			})
		})
	}
}

const literalApplication = `
resource "clerk_oauth_application" "test" {
  name = "Portal"
}
`

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
			if found := formOf(string(content)+unzipped(content), secret); found != "" {
				w.t.Errorf("%s holds secret %d as %s", entry.Name(), i, found)
			}
		}
		return err
	}))
}

// formOf is the form in which a text holds a secret; empty if it does not.
func formOf(text, secret string) string {
	quoted, _ := json.Marshal(secret) // a string never fails
	forms := map[string]string{
		"plain text": secret, "JSON": strings.Trim(string(quoted), `"`), "URL": url.QueryEscape(secret),
		"hexadecimal": hex.EncodeToString([]byte(secret)),
	}
	for shift := range 3 {
		// What stands before the secret shifts its bits; the digits it shares with its neighbours are left out.
		digits := base64.RawStdEncoding.EncodeToString(append(make([]byte, shift), secret...))
		digits = digits[(shift*8+5)/6 : (shift+len(secret))*8/6]
		forms[fmt.Sprintf("base64, shifted by %d", shift)] = digits
		forms[fmt.Sprintf("base64 for URLs, shifted by %d", shift)] = strings.NewReplacer("+", "-", "/", "_").Replace(digits)
	}
	for name, form := range forms {
		if strings.Contains(text, form) {
			return name
		}
	}
	return ""
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
			_ = reader.Close()
		}
	}
	return all.String()
}

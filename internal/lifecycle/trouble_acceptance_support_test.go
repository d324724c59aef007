//go:build unix

package lifecycle

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/enginetest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/secrettest"
)

func mustDo(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newTroubleWorkspace is for runs that log at TRACE and need no init. When the test is over, all that they left is searched
// for secrets.
func newTroubleWorkspace(t *testing.T, engine *enginetest.Engine, server *clerktest.Server) *workspace {
	t.Helper()
	clerk := enginetest.Clerk(t)
	clerk.Override = true
	w := newWorkspaceFor(t, engine, server, clerk)
	w.Env["TF_LOG"] = "TRACE"
	w.Env["GOTRACEBACK"] = "all" // so that a crash would show the most
	t.Cleanup(w.searchForSecrets)
	return w
}

// configure writes the configuration: more of the provider block, and the application's block.
func (w *workspace) configure(provider, application string) {
	w.Helper()
	w.Write("main.tf", fmt.Sprintf(`terraform {
  required_providers {
    clerk = {
      source = "terraform-provider-clerk/clerk"
    }
  }
}

provider "clerk" {
%s
}

resource "clerk_oauth_application" "portal" {
%s
}
`, provider, application))
}

var applying = []string{"apply", "-auto-approve"}

// nextPlan is a plan whose exit code is 0 where nothing is to change and 2 where something is.
func (w *workspace) nextPlan() enginetest.Result {
	w.Helper()
	return w.try("plan", "-detailed-exitcode", "-lock=false")
}

// attributes gives the application in the state file; nil if there is none.
func (w *workspace) attributes(file string) map[string]any {
	w.Helper()
	content, err := os.ReadFile(filepath.Join(w.Dir, file))
	if errors.Is(err, fs.ErrNotExist) || len(content) == 0 {
		return nil
	}
	mustDo(w.T, err)
	for name, attributes := range instancesOf(w.T, content) {
		if name == "portal" {
			return attributes
		}
	}
	return nil
}

// instancesOf reads a state file: the attributes of each application by the name of its resource.
func instancesOf(t testing.TB, content []byte) map[string]map[string]any {
	t.Helper()
	var state struct {
		Resources []struct {
			Type      string `json:"type"`
			Name      string `json:"name"`
			Instances []struct {
				Status     string         `json:"status"`
				Attributes map[string]any `json:"attributes"`
			} `json:"instances"`
		} `json:"resources"`
	}
	mustDo(t, json.Unmarshal(content, &state))
	instances := map[string]map[string]any{}
	for _, resource := range state.Resources {
		for _, instance := range resource.Instances {
			if instance.Status != "" {
				t.Errorf("%s is %s", resource.Name, instance.Status)
			}
			if resource.Type == applicationType {
				instances[resource.Name] = instance.Attributes
			}
		}
	}
	return instances
}

// secretState tells how the secret in the state file stands to the one that works.
func (w *workspace) secretState() secretState {
	w.Helper()
	attributes := w.attributes("terraform.tfstate")
	if attributes == nil {
		return secretAbsent
	}
	id, _ := attributes["id"].(string)
	known, _ := attributes["client_secret"].(string)
	if _, exists := w.clerk.Application(id); !exists {
		return secretAbsent
	}
	switch known {
	case "":
		return secretUnknown
	case w.clerk.CurrentSecret(id):
		return secretWorks
	}
	return secretDead
}

// searchForSecrets looks into every file of the workspace. Only a state may hold client secrets, and not even a state
// may hold a key.
func (w *workspace) searchForSecrets() {
	everything, keys := secrettest.ServerCanary(w.clerk), secrettest.NewCanary(w.clerk.Keys()...)
	files := 0
	err := filepath.WalkDir(w.Dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		looked := everything
		if strings.Contains(entry.Name(), ".tfstate") {
			looked = keys
		}
		if what := looked.Find(string(content)); what != "" {
			w.Errorf("%s holds %s", entry.Name(), what)
		}
		if strings.HasSuffix(entry.Name(), ".log") && !bytes.Contains(content, []byte("[TRACE]")) {
			w.Errorf("%s is no log at TRACE: that there is no secret in it proves nothing", entry.Name())
		}
		return nil
	})
	if err != nil || files < 3 {
		w.Errorf("%d files searched: %v", files, err)
	}
}

// matchesAll tells which of the patterns the text does not match.
func matchesAll(text string, patterns []string) []string {
	return slices.DeleteFunc(slices.Clone(patterns), func(pattern string) bool {
		return regexp.MustCompile("(?is)" + pattern).MatchString(text)
	})
}

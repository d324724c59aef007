package lifecycle

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/enginetest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/secrettest"
)

// Faults that no scenario can have, with an engine. TestAccFaults runs the others.

// newTracedWorkspace is a workspace without init whose runs log all there is.
func newTracedWorkspace(t *testing.T, engine *enginetest.Engine, server *clerktest.Server) *workspace {
	t.Helper()
	w := newWorkspaceWithoutInit(t, engine, server)
	w.logAtTrace()
	return w
}

// A17: a redirect is not followed, and its target gets no request, with a key least of all.
func TestAccFaultRedirect(t *testing.T) {
	t.Parallel()
	w := newTracedWorkspace(t, enginetest.Find(t), clerktest.New(t))
	w.configure(nil, portal)
	w.apply()
	var seen atomic.Int64
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { seen.Add(1) }))
	t.Cleanup(elsewhere.Close)
	w.clerk.Inject(clerktest.Redirect(307, elsewhere.URL+"/v1/oauth_applications").OnRead())
	w.fails(w.try(applying...), `a redirect to (localhost|127\.0\.0\.1)`)
	if n := seen.Load(); n > 0 {
		t.Errorf("%d requests went to the target of the redirect", n)
	}
	assertKept(w, "")
}

// B15: of two applications with one name, each create whose answer is lost finds its own.
func TestAccFaultTwinsLost(t *testing.T) {
	t.Parallel()
	w := newTracedWorkspace(t, enginetest.Find(t), clerktest.New(t))
	w.configure(nil, with(portal, values{"count": 2}))
	w.clerk.Inject(clerktest.ResetAfterWork().OnCreate())
	result := w.MustRun(applying...)
	if missing := unmatched(result.Text(), []string{`2 added`, `found after its create had no answer`}); len(missing) > 0 || len(w.clerk.Applications()) != 2 {
		t.Errorf("there are %d applications, and it does not say %q:\n%s", len(w.clerk.Applications()), missing, result.Text())
	}
	w.clerk.ClearFaults()
	w.planIsEmpty()
	found := map[any]bool{}
	for _, resource := range resourcesOf(t, []byte(w.stateFile())) {
		for _, instance := range resource.Instances {
			id, _ := instance.Attributes["id"].(string)
			if found[id] = true; instance.Attributes["client_secret"] != w.clerk.CurrentSecret(id) {
				t.Errorf("the secret of %s does not work", id)
			}
		}
	}
	if len(found) != 2 {
		t.Errorf("%d applications are in the state, want 2", len(found))
	}
}

// D14: what is no id never becomes part of a URL.
func TestAccFaultImportOfAPath(t *testing.T) {
	t.Parallel()
	w := newTracedWorkspace(t, enginetest.Find(t), clerktest.New(t))
	w.configure(nil, portal)
	w.fails(w.try("import", addressInHCL, "../users"), `Unable to import`)
	w.sentNothing()
	if state := w.stateFile(); strings.Contains(state, applicationType) {
		t.Errorf("something is in the state:\n%s", state)
	}
}

// E4: a key in the environment that is none is refused, and appears nowhere.
func TestAccFaultBadKey(t *testing.T) {
	t.Parallel()
	engine := enginetest.Find(t)
	for _, key := range []string{"sk_test_broken\nin two lines", "pk_test_Y2xlcmsuZXhhbXBsZS5jb20k", "sk_test_broken\tby a tab", " "} {
		t.Run(fmt.Sprintf("E4 key %.12q", key), func(t *testing.T) {
			t.Parallel()
			w := newTracedWorkspace(t, engine, clerktest.New(t))
			w.configure(nil, portal)
			w.Env[envSecretKey] = key
			w.fails(w.try(applying...), `(Unable to use|Missing) Clerk secret key`)
			w.sentNothing()
			w.searchStreams(secrettest.NewCanary(key))
		})
	}
}

// B11: the secret of a create is not lost when the state cannot be stored.
func TestAccFaultRefusedState(t *testing.T) {
	t.Parallel()
	w := newTracedWorkspace(t, enginetest.Find(t), clerktest.New(t))
	var refuses atomic.Bool
	var stored atomic.Value // []byte
	refuses.Store(true)
	backend := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodGet && stored.Load() == nil:
			rw.WriteHeader(http.StatusNotFound)
		case r.Method == http.MethodGet:
			_, _ = rw.Write(stored.Load().([]byte))
		case refuses.Load():
			rw.WriteHeader(http.StatusInternalServerError)
		default:
			state, err := io.ReadAll(r.Body)
			if err != nil {
				rw.WriteHeader(http.StatusBadRequest)
				return
			}
			stored.Store(state)
		}
	}))
	t.Cleanup(backend.Close)
	w.configure(nil, portal)
	w.Write("backend.tf", fmt.Sprintf("terraform {\n  backend \"http\" {\n    address   = %q\n    retry_max = 0\n  }\n}\n", backend.URL))
	w.init()
	w.fails(w.try(applying...), `errored\.tfstate`)
	applications := instancesOf(t, []byte(w.Read("errored.tfstate")))
	id, _ := applications["test"]["id"].(string)
	if id == "" || applications["test"]["client_secret"] != w.clerk.CurrentSecret(id) {
		t.Fatal("errored.tfstate does not have the application with the secret that works")
	}
	refuses.Store(false)
	w.run("state", "push", "errored.tfstate")
	w.planIsEmpty()
}

// fails wants a run to have ended with an error that matches.
func (w *workspace) fails(result enginetest.Result, says string) {
	w.Helper()
	if result.Code != 1 || len(unmatched(result.Text(), []string{says})) > 0 {
		w.Errorf("it ends with %d and should say %q:\n%s", result.Code, says, result.Text())
	}
}

func (w *workspace) sentNothing() {
	w.Helper()
	if lines := w.clerk.RequestLines(); len(lines) > 0 {
		w.Errorf("it sent %q", lines)
	}
}

// searchStreams looks for a secret that the simulator does not know in what the runs have printed and logged.
func (w *workspace) searchStreams(c secrettest.Canary) {
	w.Helper()
	for _, pattern := range []string{"*.stdout", "*.stderr", "*.log"} {
		files, err := filepath.Glob(filepath.Join(w.Runs(), pattern))
		must(w.T, err)
		if len(files) == 0 {
			w.Errorf("there is no %s", pattern)
		}
		for _, file := range files {
			content, err := os.ReadFile(file)
			must(w.T, err)
			if what := c.Find(string(content)); what != "" {
				w.Errorf("%s holds %s", filepath.Base(file), what)
			}
		}
	}
}

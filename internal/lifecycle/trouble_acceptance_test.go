//go:build unix

package lifecycle

import (
	"fmt"
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

// Bodies of the application's block.
const (
	cliPortal        = `  name = "Portal"` + "\n" + `  redirect_uris = ["https://portal.example.com/callback"]`
	cliPortalRenamed = `  name = "Portal 2"` + "\n" + `  redirect_uris = ["https://portal.example.com/callback"]`
	cliTrigger       = "\n" + `  rotate_secret_trigger = "once"`
)

// A cliRow is a row of the matrix with a real engine.
type cliRow struct {
	name     string
	provider string // more of the provider block
	given    string // applied before the trouble
	config   string
	trouble  func(*workspace)
	run      []string // in place of apply

	code   int
	says   []string // regular expressions
	apps   int
	gone   bool
	secret secretState
	next   int      // exit code of the next plan, without trouble: 2 if something is left to do
	left   []string // what that plan says
	heals  bool     // another apply does it
	check  func(*workspace, enginetest.Result)
}

func faultsFor(faults ...clerktest.Fault) func(*workspace) {
	return func(w *workspace) {
		for _, fault := range faults {
			w.clerk.Inject(fault)
		}
	}
}

func TestAccTrouble(t *testing.T) {
	t.Parallel()
	engine := enginetest.Find(t)
	adoptedByCLI := func(name string, fault clerktest.Fault) cliRow {
		return cliRow{
			name: name, config: cliPortal, trouble: faultsFor(fault),
			says: []string{`found after its create had no answer`, `rotated the secret once`, `1 added`}, apps: 1, secret: secretWorks,
		}
	}
	rows := []cliRow{
		{
			name: "A1 429 with Retry-After", config: cliPortal, trouble: faultsFor(clerktest.TooManyRequests("1").OnCreate().Repeat(2)),
			says: []string{`1 added`}, apps: 1, secret: secretWorks,
		},
		{
			name: "A4 Retry-After of a day", config: cliPortal, trouble: faultsFor(clerktest.TooManyRequests("86400").OnCreate()),
			code: 1, says: []string{`24h0m0s`}, gone: true, next: 2, heals: true,
		},
		adoptedByCLI("A7 502 after the work", clerktest.HTML(502).AfterWork().OnCreate().Once()),
		adoptedByCLI("A8 reset after the work", clerktest.ResetAfterWork().OnCreate().Once()),
		adoptedByCLI("A12 answer cut", clerktest.Truncated(clerktest.DeliverShort).OnCreate()),
		adoptedByCLI("A15 HTML with 200", clerktest.HTML(200).AfterWork().OnCreate().Once()),
		{
			name: "A10 reset before the work", config: cliPortal, trouble: faultsFor(clerktest.ResetBeforeWork().OnCreate().Once()),
			says: []string{`created by a second request`}, apps: 1, secret: secretWorks,
		},
		{
			name: "A17 redirect", given: cliPortal, config: cliPortal, code: 1, says: []string{`a redirect to (localhost|127\.0\.0\.1)`}, apps: 1, secret: secretWorks,
			trouble: func(w *workspace) {
				var seen atomic.Int64
				elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { seen.Add(1) }))
				w.Cleanup(func() {
					elsewhere.Close()
					if n := seen.Load(); n > 0 {
						w.Errorf("%d requests went to the target of the redirect", n)
					}
				})
				w.clerk.Inject(clerktest.Redirect(307, elsewhere.URL+"/v1/oauth_applications").OnRead())
			},
		},
		{
			name: "B1 gone", given: cliPortal, config: cliPortal, trouble: func(w *workspace) { w.clerk.Delete(w.id()) },
			run: []string{"plan", "-detailed-exitcode"}, code: 2, says: []string{`is gone`, `1 to add`},
			secret: secretAbsent, next: 2, heals: true,
		},
		{
			name: "B3 gone before the delete", given: cliPortal, config: cliPortal, trouble: func(w *workspace) { w.clerk.Delete(w.id()) },
			run: []string{"destroy", "-auto-approve", "-refresh=false"}, says: []string{`1 destroyed`}, gone: true, next: 2, heals: true,
		},
		{
			name: "B4 401 on a refresh", given: cliPortal, config: cliPortalRenamed, trouble: faultsFor(clerktest.ClerkError(401, "clerk_key_invalid").OnRead()),
			code: 1, says: []string{`secret_key`}, apps: 1, secret: secretWorks, next: 2, heals: true,
		},
		{
			name: "B4 500 on a refresh", provider: "  max_retries = 1", given: cliPortal, config: cliPortalRenamed,
			trouble: faultsFor(clerktest.ClerkError(500, "internal_clerk_error").OnRead()),
			code:    1, says: []string{`HTTP status: 500`}, apps: 1, secret: secretWorks, next: 2, heals: true,
		},
		{
			name: "B5 key of another instance", given: cliPortal, config: cliPortal, code: 1, apps: 1, secret: secretWorks,
			trouble: func(w *workspace) {
				w.Env[envSecretKey], _ = w.clerk.AddInstance(clerktest.Development)
			},
			says: []string{`belongs to instance ins_\w+, not to ins_\w+`},
		},
		{
			name: "B5 instance_id before the first write", provider: `  instance_id = "ins_other"`, config: cliPortal, code: 1,
			says: []string{`belongs to instance ins_\w+, not to ins_other`}, gone: true, next: 2,
			check: func(w *workspace, _ enginetest.Result) {
				if n := w.clerk.CountRequests("", ""); n != w.clerk.CountRequests("GET", clerktest.RouteInstance) {
					w.Errorf("it sent %q", w.clerk.RequestLines())
				}
			},
		},
		{
			name: "B8 the update done and the rotation refused", given: cliPortal, config: cliPortalRenamed + cliTrigger,
			trouble: faultsFor(clerktest.ClerkError(403, "not_allowed_access").OnRotate()),
			code:    1, says: []string{`rotate client secret`}, apps: 1, secret: secretWorks,
			next: 2, left: []string{`client_secret\s`, `1 to change`}, heals: true,
			check: func(w *workspace, _ enginetest.Result) {
				if name := w.attributes("terraform.tfstate")["name"]; name != "Portal 2" {
					w.Errorf("the name in the state is %v", name)
				}
			},
		},
		{
			name: "B9 rotation lost", given: cliPortal, config: cliPortal + cliTrigger, trouble: faultsFor(clerktest.ResetAfterWork().OnRotate().Once()),
			says: []string{`1 changed`}, apps: 1, secret: secretWorks,
		},
		{
			name: "B12 update lost", given: cliPortal, config: cliPortalRenamed, trouble: faultsFor(clerktest.ResetAfterWork().OnUpdate().Once()),
			says: []string{`1 changed`}, apps: 1, secret: secretWorks,
		},
		{
			name: "B15 count 2 with every answer lost", config: "  count = 2\n" + cliPortal, trouble: faultsFor(clerktest.ResetAfterWork().OnCreate()),
			says: []string{`2 added`, `found after its create had no answer`}, apps: 2, secret: "",
		},
		{
			name: "D12 created_at of another type", config: cliPortal,
			trouble: faultsFor(clerktest.Changed(func(body map[string]any) { body["created_at"] = "then" }).OnCreate().Once()),
			says:    []string{`answer about .* was incomplete`}, apps: 1, secret: secretWorks,
		},
		{
			name: "D14 import of a path", config: cliPortal, run: []string{"import", "clerk_oauth_application.portal", "../users"},
			code: 1, says: []string{`Unable to import`}, gone: true, next: 2,
			check: func(w *workspace, _ enginetest.Result) {
				if lines := w.clerk.RequestLines(); len(lines) > 0 {
					w.Errorf("it sent %q", lines)
				}
			},
		},
		{
			name: "E2 the server echoes the key", config: cliPortal, code: 1, says: []string{`\[redacted\]`}, gone: true, next: 2,
			trouble: func(w *workspace) {
				w.clerk.Inject(clerktest.Raw(422, "application/json", fmt.Sprintf(
					`{"errors":[{"code":"echo","message":"Bearer %[1]s","long_message":"%[1]s"}],"clerk_trace_id":"%[1]s"}`, w.clerk.Key())).OnCreate())
			},
		},
	}
	for _, key := range []string{"sk_test_broken\nin two lines", "pk_test_Y2xlcmsuZXhhbXBsZS5jb20k", "sk_test_broken\tby a tab", " "} {
		rows = append(rows, cliRow{
			name: fmt.Sprintf("E4 key %.12q", key), config: cliPortal, code: 1, says: []string{`(Unable to use|Missing) Clerk secret key`}, gone: true, next: 1,
			trouble: func(w *workspace) { w.Env[envSecretKey] = key },
			check: func(w *workspace, result enginetest.Result) {
				searchStreams(w, secrettest.NewCanary(key))
				if lines := w.clerk.RequestLines(); len(lines) > 0 {
					w.Errorf("it sent %q", lines)
				}
			},
		})
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			row.play(newTroubleWorkspace(t, engine, clerktest.New(t)))
		})
	}
	t.Run("B11 the back end refuses the state", func(t *testing.T) {
		t.Parallel()
		refusedState(newTroubleWorkspace(t, engine, clerktest.New(t)))
	})
	for _, row := range signalRows {
		repeat := max(1, row.repeat)
		for i := range repeat {
			name := row.name
			if repeat > 1 {
				name = fmt.Sprintf("%s, %d", name, i+1)
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				row.play(newTroubleWorkspace(t, engine, clerktest.New(t)))
			})
		}
	}
}

// id is that of the application in the state file.
func (w *workspace) id() string {
	w.Helper()
	id, _ := w.attributes("terraform.tfstate")["id"].(string)
	if id == "" {
		w.Fatal("nothing is in the state")
	}
	return id
}

func (row cliRow) play(w *workspace) {
	t := w.T
	t.Helper()
	if row.given != "" {
		w.configure(row.provider, row.given)
		w.apply()
		w.clerk.ResetRequests()
	}
	w.configure(row.provider, row.config)
	goodKey := w.Env[envSecretKey]
	if row.trouble != nil {
		row.trouble(w)
	}
	if row.run == nil {
		row.run = applying
	}
	result := w.try(row.run...)
	if result.Code != row.code {
		t.Errorf("it ends with %d, want %d", result.Code, row.code)
	}
	if missing := matchesAll(result.Text(), row.says); len(missing) > 0 {
		t.Errorf("it does not say %q", missing)
	}
	if got := len(w.clerk.Applications()); got != row.apps {
		t.Errorf("there are %d applications, want %d", got, row.apps)
	}
	if got := w.attributes("terraform.tfstate") == nil; got != row.gone && !strings.Contains(row.config, "count") {
		t.Errorf("nothing is in the state: %t", got)
	}
	if got := w.secretState(); row.secret != "" && got != row.secret {
		t.Errorf("the secret in the state is %s, want %s", got, row.secret)
	}
	if row.check != nil {
		row.check(w, result)
	}
	if t.Failed() {
		t.Logf("%s\n%s", result.Text(), strings.Join(w.clerk.RequestLines(), "\n"))
	}

	if row.next != 1 {
		w.Env[envSecretKey] = goodKey
	}
	w.clerk.ClearFaults()
	if plan := w.nextPlan(); plan.Code != row.next && !(row.provider != "" && plan.Code == 1) || len(matchesAll(plan.Text(), row.left)) > 0 {
		t.Errorf("the next plan ends with %d, want %d and %q:\n%s", plan.Code, row.next, row.left, plan.Text())
	}
	if row.heals {
		w.apply()
		if state := w.secretState(); state != secretWorks {
			t.Errorf("after healing the secret is %s", state)
		}
		if plan := w.nextPlan(); plan.Code != 0 {
			t.Errorf("it does not converge:\n%s", plan.Text())
		}
	}
}

// searchStreams looks for a secret that the simulator does not know in what the runs have printed and logged.
func searchStreams(w *workspace, c secrettest.Canary) {
	w.Helper()
	for _, pattern := range []string{"*.stdout", "*.stderr", "*.log"} {
		files, err := filepath.Glob(filepath.Join(w.Runs(), pattern))
		mustDo(w.T, err)
		if len(files) == 0 {
			w.Errorf("there is no %s", pattern)
		}
		for _, file := range files {
			content, err := os.ReadFile(file)
			mustDo(w.T, err)
			if what := c.Find(string(content)); what != "" {
				w.Errorf("%s holds %s", filepath.Base(file), what)
			}
		}
	}
}

// refusedState: the secret of a create is not lost when the state cannot be stored.
func refusedState(w *workspace) {
	t := w.T
	t.Helper()
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
			stored.Store(mustValue(readAll(r)))
		}
	}))
	t.Cleanup(backend.Close)
	w.configure("", cliPortal)
	mustDo(t, os.WriteFile(filepath.Join(w.Dir, "backend.tf"), fmt.Appendf(nil,
		"terraform {\n  backend \"http\" {\n    address   = %q\n    retry_max = 0\n  }\n}\n", backend.URL), 0o600))
	if result := w.try("init"); result.Code != 0 {
		t.Fatalf("init:\n%s", result.Text())
	}
	if result := w.try(applying...); result.Code == 0 || !strings.Contains(result.Text(), "errored.tfstate") {
		t.Fatalf("apply ends with %d:\n%s", result.Code, result.Text())
	}
	attributes := w.attributes("errored.tfstate")
	id, _ := attributes["id"].(string)
	if id == "" || attributes["client_secret"] != w.clerk.CurrentSecret(id) {
		t.Fatal("errored.tfstate does not have the application with the secret that works")
	}
	refuses.Store(false)
	if result := w.try("state", "push", "errored.tfstate"); result.Code != 0 {
		t.Fatalf("state push:\n%s", result.Text())
	}
	if plan := w.nextPlan(); plan.Code != 0 {
		t.Errorf("after the state was pushed:\n%s", plan.Text())
	}
}

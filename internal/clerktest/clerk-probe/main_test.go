package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// output is what the program wrote.
type output struct {
	stdout, stderr string
	err            error
}

func (o output) all() string {
	text := o.stdout + o.stderr
	if o.err != nil {
		text += o.err.Error()
	}
	return text
}

func runProgram(t *testing.T, transport http.RoundTripper, variables map[string]string, arguments ...string) output {
	t.Helper()
	var stdout, stderr bytes.Buffer
	err := run(t.Context(), arguments, environment{
		get:    func(name string) string { return variables[name] },
		stdout: &stdout, stderr: &stderr, transport: transport,
	})
	return output{stdout: stdout.String(), stderr: stderr.String(), err: err}
}

func TestProgram(t *testing.T) {
	t.Parallel()
	s := clerktest.New(t)
	variables := map[string]string{keyVariable: s.Key() + "\n", urlVariable: "http://127.0.0.1:1"}
	got := runProgram(t, newTransport(), variables, "-api-url", s.URL())
	for _, want := range []string{"scopes_order=as_sent", "read_lag=0s", "token_info=authenticates", "24 of 24 switches told, "} {
		if got.err != nil || !strings.Contains(got.stdout, want) {
			t.Errorf("%v, %s is not in\n%s", got.err, want, got.stdout)
		}
	}

	variables[urlVariable] = s.URL()
	got = runProgram(t, newTransport(), variables, "-json")
	var decoded result
	if err := json.Unmarshal([]byte(got.stdout), &decoded); err != nil || got.err != nil {
		t.Fatalf("%v, %v in %s", got.err, err, got.stdout)
	}
	if decoded.Switches != 24 || decoded.Of != 24 || decoded.Requests == 0 || len(decoded.Findings) != len(newQuestions()) {
		t.Errorf("got %+v", decoded)
	}
	for _, request := range s.Requests() {
		isFrontend := request.Route == clerktest.RouteTokenInfo
		if version := request.Header.Get("Clerk-Api-Version"); version != apiVersion && !isFrontend {
			t.Errorf("%s has the version %q", request, version)
		}
		if strings.Contains(request.Authorization(), s.Key()) == isFrontend || request.Header.Get("User-Agent") != userAgent {
			t.Errorf("%s: the key is sent to the wrong API, or the user agent is missing", request)
		}
	}
}

func TestRefusedStarts(t *testing.T) {
	t.Parallel()
	development := map[string]string{keyVariable: "sk_test_x"}
	for want, test := range map[string]struct {
		variables map[string]string
		arguments []string
	}{
		"there is no secret key":   {nil, nil},
		"publishable key":          {map[string]string{keyVariable: "pk_test_x"}, nil},
		"not the key of a develop": {map[string]string{keyVariable: "sk_live_canary"}, nil},
		"https":                    {development, []string{"-api-url", "http://clerk.example"}},
		"absolute URL":             {map[string]string{keyVariable: "sk_test_x", urlVariable: "clerk"}, nil},
		"unexpected argument":      {development, []string{"all"}},
		"not defined":              {development, []string{"-all"}},
	} {
		s := clerktest.NewServer()
		got := runProgram(t, memory(s), test.variables, test.arguments...)
		if got.err == nil || !strings.Contains(got.err.Error(), want) || strings.Contains(got.all(), "canary") {
			t.Errorf("got %v, want %s", got.err, want)
		}
		if len(s.Requests()) > 0 {
			t.Errorf("%s: something was sent", want)
		}
		s.Close()
	}
}

// TestNoSecretInAnyOutput looks for the key and every client secret in what the program writes, under every setting and when
// Clerk repeats them.
func TestNoSecretInAnyOutput(t *testing.T) {
	t.Parallel()
	for _, setting := range clerktest.AllSwitches() {
		for _, arguments := range [][]string{nil, {"-json"}} {
			synctest.Test(t, func(t *testing.T) {
				s := clerktest.NewInMemory(t, clerktest.WithSwitches(setting.Switches))
				// An error code that is the key, an error code that is a client secret, scopes that hold a client secret, and
				// an application that cannot be deleted and has one for its name.
				newest := func() string { issued := s.IssuedSecrets(); return issued[len(issued)-1] }
				s.Inject(clerktest.ClerkError(422, s.Key()).On(http.MethodGet, clerktest.RouteApplications).Once())
				s.Inject(clerktest.Changed(func(a map[string]any) {
					if scopes, isApplication := a["scopes"].(string); isApplication {
						a["scopes"], a["name"] = scopes+" "+newest(), newest()
					}
				}).On(http.MethodPost, clerktest.RouteApplications))
				s.Inject(clerktest.ClerkError(403, s.Key()).On(http.MethodDelete, ""))
				got := runProgram(t, memory(s), map[string]string{keyVariable: s.Key(), urlVariable: s.URL()}, arguments...)
				if got.err == nil || !strings.Contains(got.stdout, "[redacted]") || !strings.Contains(got.err.Error(), "[redacted]") {
					t.Fatalf("%s: what was to be hidden did not appear: %v", setting.Name, got.err)
				}
				for _, secret := range append(s.IssuedSecrets(), s.Key()) {
					if strings.Contains(got.all(), secret) {
						t.Errorf("%s %v: a secret is in the output", setting.Name, arguments)
					}
				}
			})
		}
	}
}

// A redirect would take the key to another host, and an address without TLS would show a client secret.
func TestNoSecretLeavesForAnotherHost(t *testing.T) {
	t.Parallel()
	made := try(t, func(s *clerktest.Server, _ *probe) {
		s.Inject(clerktest.Changed(func(a map[string]any) { a["token_introspection_url"] = "http://a.example/oauth/token_info" }).On("", clerktest.RouteApplications))
		s.Inject(clerktest.Changed(func(a map[string]any) { a["token_introspection_url"] = "http://a.example/oauth/token_info" }).On("", clerktest.RouteRotateSecret))
	})
	if asked := made.server.CountRequests("", clerktest.RouteTokenInfo); asked > 0 {
		t.Errorf("a client secret went over http, %d times", asked)
	}
	if found := made.found(t, "token_info"); found.Value != "" || !strings.Contains(found.Seen, "not an https URL") {
		t.Errorf("got %+v", found)
	}

	made = try(t, func(s *clerktest.Server, _ *probe) {
		s.Inject(clerktest.Redirect(http.StatusTemporaryRedirect, "/v1/instance").On("", clerktest.RouteSettings))
	})
	if asked := made.server.CountRequests("", clerktest.RouteInstance); asked != 1 {
		t.Errorf("a redirect was followed %d times", asked-1)
	}
}

package contract_test

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest/contract"
)

// recorder notes failures in place of a test.
type recorder struct {
	*testing.T
	failures string
}

func (r *recorder) Errorf(format string, arguments ...any) {
	r.failures += fmt.Sprintf(format, arguments...) + "\n"
}

// TestContract sends requests to simulators with and without the newer fields. Uploads of logos are
// in the tests of the client.
func TestContract(t *testing.T) {
	if os.Getenv(contract.Variable) == "" {
		t.Skipf("set %s to the path of Clerk's OpenAPI document to run this test", contract.Variable)
	}
	for _, test := range []struct{ request, body, want string }{ // want "": nothing is wrong
		{"GET /instance", "", ""},
		{"POST /oauth_applications", `{"name":"x","public":true,"redirect_uris":["a://b"]}`, ""},
		{"POST /oauth_applications", `{"name":"x","scopes":null,"redirect_uris":["/b"]}`, ""},
		{"GET /oauth_applications?limit=2&offset=0&order_by=-name&name_query=s", "", ""},
		{"GET /oauth_applications/oa_1", "", ""},
		{"PATCH /oauth_applications/oa_1", `{"name":"y","redirect_uris":[],"pkce_required":true}`, ""},
		{"PATCH /oauth_applications/oa_1", `{"device_authorization_grant_enabled":true}`, ""},
		{"PATCH /oauth_applications/oa_1", `{"scopes":"openid"}`, ""},
		{"POST /oauth_applications/oa_1/rotate_secret", "", ""},
		{"PATCH /instance/oauth_application_settings", `{"default_scopes":["email"],"aud_claim_enabled":true}`, ""},
		{"PATCH /instance/oauth_application_settings", `{"default_scopes":null}`, ""},
		{"GET /instance/oauth_application_settings", "", ""},
		{"DELETE /oauth_applications/oa_1", "", ""},
		{"DELETE /oauth_applications/oa_2", "", ""},
		{"POST /oauth_applications", `{"name":"x","Name":"x"}`, `"Name" is unsupported`},
		{"POST /oauth_applications", `{"name":"x","redirect_uris":[7]}`, "value must be a string"},
		{"POST /oauth_applications", `{}`, `property "name" is missing`},
		{"PATCH /oauth_applications/oa_1", `{"name":["canary"]}`, "/name: "},
		{"PATCH /oauth_applications/oa_1", `{"aud_claim_enabled":true}`, `"aud_claim_enabled" is unsupported`},
		{"GET /oauth_applications?name=x", "", `no query parameter "name"`},
		{"GET /oauth_applications?limit=0", "", "number must be at least 1"},
		{"GET /users2", "", "no matching operation was found"},
	} {
		for _, switches := range []clerktest.Switches{{}, {NewerFields: "422", PublicClientSecret: "absent"}} {
			found := &recorder{T: t}
			s := clerktest.NewServer(clerktest.Options{Watch: contract.Watch(found)})
			s.Set(switches)
			s.Seed("web", func(a *clerktest.Application) { a.ID = "oa_1" })
			method, path, _ := strings.Cut(test.request, " ")
			r, err := http.NewRequestWithContext(t.Context(), method, s.URL()+path, strings.NewReader(test.body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", "Bearer "+s.Key())
			if test.body != "" {
				r.Header.Set("Content-Type", "application/json")
			}
			if _, err := s.RoundTripper().RoundTrip(r); err != nil {
				t.Fatal(err)
			}
			s.Close() // and its checks
			if (found.failures == "") != (test.want == "") || !strings.Contains(found.failures, test.want) {
				t.Errorf("%s %s: got %q, want %q", test.request, test.body, found.failures, test.want)
			}
			if strings.Contains(found.failures, "canary") {
				t.Errorf("a value, which may be a secret, is in %s", found.failures)
			}
		}
	}
}

package contract_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest/contract"
)

// TestContract checks what is wrong. What is right is in the tests of the client and the provider,
// which run under the contract.
func TestContract(t *testing.T) {
	if os.Getenv(contract.Variable) == "" {
		t.Skipf("set %s to the path of Clerk's OpenAPI document to run this test", contract.Variable)
	}
	const one, settings = "/oauth_applications/oa_1", "/instance/oauth_application_settings"
	for _, test := range []struct {
		request, body string
		status        int // of the answer, 0 for none
		answer, want  string
	}{
		{"POST /oauth_applications", `{"name":"x","Name":"x"}`, 0, "", `"Name" is unsupported`},
		{"PATCH " + one, `{"name":["canary"]}`, 0, "", "/name: "},
		{"PATCH " + one, `{"aud_claim_enabled":true}`, 0, "", `"aud_claim_enabled" is unsupported`},
		{"GET /oauth_applications?name=x", "", 0, "", `no query parameter "name"`},
		{"GET /users2", "", 0, "", "no matching operation was found"},
		{"GET " + one, "", 200, `{"id":"oa_1"}`, `"client_id" is missing`},
		{"GET " + one, "", 200, `{"client_secret":"canary"}`, `"client_secret" is unsupported`},
		{"POST " + one + "/rotate_secret", "", 200, `{"secret":""}`, `"secret" is unsupported`},
		{"GET " + settings, "", 200, `{"default_scopes":"canary"}`, "/default_scopes: "},
		{"GET " + one, "", 418, `{"error":"canary"}`, `"errors" is missing`},
		{"PATCH " + settings, `{"pkce_required":true}`, 418, `{"errors":[]}`, ""},
	} {
		method, target, _ := strings.Cut(test.request, " ")
		u := httptest.NewRequest(method, "/v1"+target, nil).URL
		header := http.Header{"Content-Type": {"application/json"}}
		var found string
		contract.Watch(func(format string, arguments ...any) {
			found += fmt.Sprintf(format, arguments...) + "\n"
		})(clerktest.Request{
			Method: method, Path: u.Path, Query: u.Query(), Header: header, Body: []byte(test.body),
		}, clerktest.Answer{Status: test.status, Header: header, Body: []byte(test.answer)})
		if (found == "") != (test.want == "") || !strings.Contains(found, test.want) ||
			strings.Contains(found, "canary") {
			t.Errorf("%s %s: got %q, want %q", test.request, test.body, found, test.want)
		}
	}
}

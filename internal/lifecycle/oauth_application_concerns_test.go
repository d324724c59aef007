package lifecycle

import (
	"strings"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
)

// A value that Clerk may refuse is a warning. A plan has one such warning for each
// attribute, because an engine folds warnings with the same summary. Plans have it as long
// as it is true, also if they change nothing.
func TestProtocolConcernsAreSaidOnce(t *testing.T) {
	t.Parallel()
	server := clerktest.New(t)
	app := newProvider(t, server).Resource(applicationType)
	config := prototest.Values{
		"name": "web ", "public": true,
		"redirect_uris":            []string{"http://app.example.com/cb", "https://*.example.com/cb", "localhost:3000/cb", "https://a.example.com/\u200b", "https://me:hunter2@example.com/"},
		"scopes":                   []string{"profile", "private_metadata"},
		"encrypt_client_secret_to": []string{alice.Recipient().String()},
	}
	if ds := app.Validate(config); len(ds) > 0 {
		t.Errorf("validation says it once more:\n%s", ds)
	}
	check := func(ds prototest.Diagnostics) {
		t.Helper()
		seen := map[string]bool{}
		for _, d := range ds {
			if seen[d.Summary] || !strings.Contains(d.Summary, `OAuth application "web "`) {
				t.Errorf("the summary is there twice, or does not name the application: %q", d.Summary)
			}
			seen[d.Summary] = true
			if strings.Contains(d.String(), "hunter2") {
				t.Errorf("the warning has a password in it: %s", d)
			}
		}
		if len(ds) != 5 {
			t.Errorf("there are %d warnings, want 5:\n%s", len(ds), ds)
		}
		for attribute, parts := range map[string][]string{
			"name":                     {"ends with U+0020"},
			"redirect_uris":            {`"http://app.example.com/cb" has the scheme "http"`, `"https://*.example.com/cb" holds "*"`, `"localhost:3000/cb" reads as`, "invisible characters: U+200B", "user information"},
			"scopes":                   {"private_metadata"},
			"encrypt_client_secret_to": {"stays null"},
			"pkce_required":            {"Set pkce_required = true"},
		} {
			text := ds.At(attribute).String()
			for _, part := range parts {
				if !strings.Contains(text, part) {
					t.Errorf("%q is not on %s:\n%s", part, attribute, text)
				}
			}
		}
	}
	plan := app.Plan(config)
	check(plan.Diagnostics)
	plan.Apply()
	check(app.Plan(config).Diagnostics)
}

func TestProtocolCommaInAScope(t *testing.T) {
	t.Parallel()
	server := clerktest.New(t)
	app := newProvider(t, server).Resource(applicationType)
	ds := app.Plan(prototest.Values{"name": "web", "scopes": []string{"a:read,b:read", "profile"}}).Diagnostics
	if len(ds) != 1 || !strings.Contains(ds.At("scopes").String(), `"a:read,b:read" as one scope`) {
		t.Errorf("%s", ds)
	}
}

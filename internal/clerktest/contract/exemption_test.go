package contract

import (
	"strings"
	"testing"
)

// TestExemptionsAreNeeded fails when Clerk's document has caught up: remove the exemption it names.
func TestExemptionsAreNeeded(t *testing.T) {
	t.Parallel()
	if needless := FromEnvironment(t).needless; len(needless) > 0 {
		t.Errorf("Clerk's document has %s: remove the exemption", strings.Join(needless, ", "))
	}
}

func TestExemptionsSayWhy(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, e := range exemptions {
		names[e.schema+"."+e.field] = true
		if e.source == "" || e.until == "" || len(e.requests) == 0 {
			t.Errorf("the exemption of %s.%s lacks a source, an end or a request", e.schema, e.field)
		}
	}
	if len(names) != 3 || len(exemptions) != 3 {
		t.Errorf("exempt are %v", names)
	}
}

// oneOfThem is a document that knows one of the fields.
const oneOfThem = `
openapi: 3.0.3
info: {title: Excerpt, version: "2"}
paths: {}
components:
  schemas:
    ClerkErrors: {type: object}
    OAuthApplicationSettings: {type: object, properties: {pkce_required: {type: boolean}}}
    OAuthApplication: {type: object, properties: {name: {type: string}}}
`

func TestNeedlessExemptions(t *testing.T) {
	t.Parallel()
	document, err := Parse([]byte(oneOfThem))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(document.needless, " "); got != "OAuthApplicationSettings.pkce_required" {
		t.Errorf("needless are %q", got)
	}
}

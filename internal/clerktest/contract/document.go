// Package contract holds traffic with the simulator against Clerk's OpenAPI document: what clients send, and what the
// simulator answers.
//
// The document is Clerk's (github.com/clerk/openapi-specs, bapi/2026-05-12.yml) and not part of this repository. Its path is
// expected in the environment variable CLERK_OPENAPI_SPEC.
package contract

import (
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
)

// EnvironmentVariable names the variable that holds the path of Clerk's OpenAPI document.
const EnvironmentVariable = "CLERK_OPENAPI_SPEC"

// basePath is what the server in Clerk's document, https://api.clerk.com/v1, has for a path.
const basePath = "/v1"

// Document is a loaded OpenAPI document. It is safe for concurrent use.
type Document struct {
	router routers.Router
	// errors is the schema of an error answer, for the statuses that the document does not list (401, 409, 429, 5xx).
	errors *openapi3.Schema
	// needless are the exemptions that the document has made superfluous.
	needless []string
}

// Load reads an OpenAPI document. It must have the schema ClerkErrors.
func Load(path string) (*Document, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	document, err := Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return document, nil
}

// The library has no decoders for the parts of a logo upload. It keeps decoders in a global table, which has no lock.
var registerImages = sync.OnceFunc(func() {
	for _, contentType := range []string{"image/jpeg", "image/png", "image/gif", "image/webp"} {
		openapi3filter.RegisterBodyDecoder(contentType, openapi3filter.FileBodyDecoder)
	}
})

// Parse is [Load] for a document that is in memory, in YAML or JSON.
func Parse(text []byte) (*Document, error) {
	registerImages()
	document, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		return nil, err
	}
	errors := document.Components.Schemas["ClerkErrors"]
	if errors == nil {
		return nil, fmt.Errorf("the document has no schema ClerkErrors")
	}
	needless := exempt(document)
	// The simulator is at another host.
	document.Servers = openapi3.Servers{{URL: basePath}}
	router, err := legacy.NewRouter(document)
	if err != nil {
		return nil, err
	}
	return &Document{router: router, errors: errors.Value, needless: needless}, nil
}

var loadOnce = sync.OnceValues(func() (*Document, error) { return Load(os.Getenv(EnvironmentVariable)) })

func configured() bool { return os.Getenv(EnvironmentVariable) != "" }

// FromEnvironment loads the document that the environment names, once for all tests of a process. It skips the test when
// the variable is not set.
func FromEnvironment(t testing.TB) *Document {
	t.Helper()
	if !configured() {
		t.Skipf("set %s to the path of Clerk's OpenAPI document to run this test", EnvironmentVariable)
	}
	document, err := loadOnce()
	if err != nil {
		t.Fatal(err)
	}
	return document
}

// Package contract checks the traffic with the simulator against Clerk's OpenAPI document: what
// clients send and what the simulator answers.
//
// The document (github.com/clerk/openapi-specs, bapi/2026-05-12.yml) is not in this repository.
package contract

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"net/http/httptest"
	"os"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// Variable names the environment variable with the path of Clerk's OpenAPI document.
const Variable = "CLERK_OPENAPI_SPEC"

// Watch returns what the simulator calls after each request. It reports, for example to a test's
// Errorf, what breaks Clerk's OpenAPI document: in the request, and in the simulator's own answer,
// before a fault changes that. Without the environment variable it is nil.
func Watch(report func(format string, arguments ...any)) func(clerktest.Request, clerktest.Answer) {
	if os.Getenv(Variable) == "" {
		return nil
	}
	router, err := load()
	if err != nil {
		report("%s: %v", Variable, err)
		return nil
	}
	return func(r clerktest.Request, a clerktest.Answer) {
		err := check(router, r, a)
		if err != nil && strings.HasPrefix(r.Path, "/v1/") { // the rest is not in the document
			text := strings.Join(strings.Fields(err.Error()), " ")
			report("against Clerk's OpenAPI document: %s %s: %s", r.Method, r.Path, text)
		}
	}
}

// load reads the document once for all tests of a process.
var load = sync.OnceValues(func() (routers.Router, error) {
	document, err := openapi3.NewLoader().LoadFromFile(os.Getenv(Variable))
	if err != nil {
		return nil, err
	}
	prepare(document)
	// The library has no decoders for images in a multipart body.
	for _, image := range []string{"image/jpeg", "image/png", "image/gif", "image/webp"} {
		openapi3filter.RegisterBodyDecoder(image, openapi3filter.FileBodyDecoder)
	}
	return legacy.NewRouter(document)
})

// prepare makes the document stricter: statuses that it does not list must have the error envelope,
// and its OAuth schemas allow no other fields, so that a misspelt field is noticed.
//
// They get the fields that Clerk's live API has and the document of 2026-05-12 lacks. Those were
// set and read back on 2026-10-05 and are optional here: a workspace need not have them.
func prepare(document *openapi3.T) {
	document.Servers = openapi3.Servers{{URL: "/v1"}} // the simulator is at a different host
	for _, item := range document.Paths.Map() {
		for _, operation := range item.Operations() {
			operation.Responses.Set("default", document.Components.Responses["ClerkErrors"])
		}
	}
	sent := func(method, path string) *openapi3.Schema {
		body := document.Paths.Value(path).GetOperation(method).RequestBody.Value
		return body.Content.Get("application/json").Schema.Value
	}
	schemas := document.Components.Schemas
	application := schemas["OAuthApplication"].Value
	const grant, aud, pkce = "device_authorization_grant_enabled", "aud_claim_enabled", "pkce_required"
	for schema, newer := range map[*openapi3.Schema][]string{
		application:                         {grant},
		sent("POST", "/oauth_applications"): {grant},
		sent("PATCH", "/oauth_applications/{oauth_application_id}"): {grant},
		schemas["OAuthApplicationSettings"].Value:                   {aud, pkce},
		sent("PATCH", "/instance/oauth_application_settings"):       {aud, pkce},
	} {
		for _, name := range newer {
			schema.WithProperty(name, openapi3.NewBoolSchema())
		}
		schema.WithoutAdditionalProperties()
	}
	// The library cannot close an allOf, so the application with its secret becomes one object.
	withSecret := *application
	withSecret.Properties = maps.Clone(application.Properties)
	withSecret.WithProperty("client_secret", openapi3.NewStringSchema())
	*schemas["OAuthApplicationWithSecret"].Value = withSecret
}

// check returns what is wrong with a request, and with its answer if the work was done.
func check(router routers.Router, sent clerktest.Request, a clerktest.Answer) error {
	target := sent.Path + "?" + sent.Query.Encode()
	r := httptest.NewRequest(sent.Method, target, bytes.NewReader(sent.Body))
	r.Header = sent.Header
	route, parameters, err := router.FindRoute(r)
	if err != nil {
		return err
	}
	options := &openapi3filter.Options{
		MultiError: true, RejectWhenRequestBodyNotSpecified: true, IncludeResponseStatus: true,
		SkipSettingDefaults: true, AuthenticationFunc: openapi3filter.NoopAuthenticationFunc,
	}
	// Where and what, but not the value, which may be a secret.
	options.WithCustomSchemaErrorFunc(func(err *openapi3.SchemaError) string {
		return "/" + strings.Join(err.JSONPointer(), "/") + ": " + err.Reason
	})
	request := &openapi3filter.RequestValidationInput{
		Request: r, PathParams: parameters, Route: route, Options: options,
	}
	err = openapi3filter.ValidateRequest(r.Context(), request)
	for name := range sent.Query {
		if route.Operation.Parameters.GetByInAndName(openapi3.ParameterInQuery, name) == nil {
			err = errors.Join(err, fmt.Errorf("the document has no query parameter %q", name))
		}
	}
	if a.Status == 0 {
		return err
	}
	answer := (&openapi3filter.ResponseValidationInput{
		RequestValidationInput: request, Status: a.Status, Header: a.Header, Options: options,
	}).SetBodyBytes(a.Body)
	return errors.Join(err, openapi3filter.ValidateResponse(r.Context(), answer))
}

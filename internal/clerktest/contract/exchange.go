package contract

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// exchange is one request on its way through the checks.
type exchange struct {
	document *Document
	name     string // for messages
	body     []byte
	input    *openapi3filter.RequestValidationInput
	problem  error // why there is no route
}

func (d *Document) begin(r *http.Request, body []byte) *exchange {
	checked := r.Clone(r.Context())
	checked.Body = io.NopCloser(bytes.NewReader(body))
	checked.ContentLength = int64(len(body)) // a chunked body has none, and the library takes it for absent
	if len(body) == 0 {
		checked.Body = http.NoBody
	}
	begun := &exchange{document: d, body: body, name: r.Method + " " + r.URL.Path}
	route, parameters, err := d.router.FindRoute(checked)
	if err != nil {
		begun.problem = err
		return begun
	}
	begun.name = r.Method + " " + route.Path
	options := &openapi3filter.Options{
		MultiError:                        true,
		RejectWhenRequestBodyNotSpecified: true,
		IncludeResponseStatus:             true,
		SkipSettingDefaults:               true,
		AuthenticationFunc:                openapi3filter.NoopAuthenticationFunc, // bad keys are the simulator's to refuse
	}
	options.WithCustomSchemaErrorFunc(schemaError)
	begun.input = &openapi3filter.RequestValidationInput{Request: checked, PathParams: parameters, Route: route, Options: options}
	return begun
}

// request gives what is wrong with the request.
func (e *exchange) request() (violations []string) {
	if e.problem != nil {
		return []string{e.violation("request", e.problem)}
	}
	r := e.input.Request
	if err := openapi3filter.ValidateRequest(r.Context(), e.input); err != nil {
		violations = append(violations, e.violation("request", err))
	}
	for name := range r.URL.Query() {
		if !hasQueryParameter(e.input.Route, name) {
			violations = append(violations, e.violation("request", fmt.Errorf("the document has no query parameter %q", name)))
		}
	}
	if requested := e.input.Route.Operation.RequestBody; requested != nil {
		violations = append(violations, e.undocumented("request", requested.Value.Content, r.Header, e.body)...)
	}
	return violations
}

// answer gives what is wrong with an answer.
func (e *exchange) answer(status int, header http.Header, body []byte) (violations []string) {
	if e.input == nil {
		return nil // an unknown path has been reported
	}
	what := fmt.Sprintf("answer %d", status)
	if status == http.StatusNoContent && len(body) > 0 {
		violations = append(violations, e.violation(what, fmt.Errorf("a body of %d bytes", len(body))))
	}
	responses := e.input.Route.Operation.Responses
	response := responses.Status(status)
	if response == nil {
		return append(violations, e.unlisted(what, status, header, body)...)
	}
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: e.input, Status: status, Header: header, Options: e.input.Options,
	}
	input.SetBodyBytes(body)
	if err := openapi3filter.ValidateResponse(e.input.Request.Context(), input); err != nil {
		violations = append(violations, e.violation(what, err))
	}
	return append(violations, e.undocumented(what, response.Value.Content, header, body)...)
}

// unlisted checks a status that the document does not list for the operation. Clerk's platform has such: 401, 409, 429, 5xx.
func (e *exchange) unlisted(what string, status int, header http.Header, body []byte) []string {
	if status < 400 {
		return []string{e.violation(what, fmt.Errorf("the document does not list this status"))}
	}
	if !isJSON(header) {
		return nil
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return []string{e.violation(what, err)}
	}
	if err := e.document.errors.VisitJSON(value, openapi3.MultiErrors(), openapi3.SetSchemaErrorMessageCustomizer(schemaError)); err != nil {
		return []string{e.violation(what, err)}
	}
	return nil
}

// undocumented reports the fields of a JSON body that a schema does not name, also where the document would tolerate them:
// the document closes few of its schemas, and a misspelt field would pass.
func (e *exchange) undocumented(what string, content openapi3.Content, header http.Header, body []byte) (violations []string) {
	var value any
	media := content.Get(header.Get("Content-Type"))
	if media == nil || media.Schema == nil || !isJSON(header) || json.Unmarshal(body, &value) != nil {
		return nil
	}
	for _, field := range unknownFields(media.Schema.Value, value, "") {
		violations = append(violations, e.violation(what, fmt.Errorf("the document has no field %s", field)))
	}
	return violations
}

func unknownFields(schema *openapi3.Schema, value any, path string) (unknown []string) {
	switch value := value.(type) {
	case map[string]any:
		properties, open := schemaProperties(schema)
		for _, name := range slices.Sorted(maps.Keys(value)) {
			property, known := properties[name]
			switch {
			case known:
				unknown = append(unknown, unknownFields(property, value[name], path+"/"+name)...)
			case !open:
				unknown = append(unknown, path+"/"+name)
			}
		}
	case []any:
		if schema.Items == nil {
			return nil
		}
		for i, item := range value {
			unknown = append(unknown, unknownFields(schema.Items.Value, item, fmt.Sprintf("%s/%d", path, i))...)
		}
	}
	return unknown
}

// schemaProperties gathers the properties of a schema and of those it is composed of. open says that any other may be there.
func schemaProperties(schema *openapi3.Schema) (properties map[string]*openapi3.Schema, open bool) {
	properties = map[string]*openapi3.Schema{}
	for name, property := range schema.Properties {
		properties[name] = property.Value
	}
	additional := schema.AdditionalProperties
	open = additional.Schema != nil || additional.Has != nil && *additional.Has
	for _, part := range slices.Concat(schema.AllOf, schema.OneOf, schema.AnyOf) {
		more, partOpen := schemaProperties(part.Value)
		maps.Copy(properties, more)
		open = open || partOpen
	}
	return properties, open
}

func hasQueryParameter(route *routers.Route, name string) bool {
	return route.Operation.Parameters.GetByInAndName(openapi3.ParameterInQuery, name) != nil ||
		route.PathItem.Parameters.GetByInAndName(openapi3.ParameterInQuery, name) != nil
}

func isJSON(header http.Header) bool {
	mediaType, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	return err == nil && mediaType == "application/json"
}

func (e *exchange) violation(what string, err error) string {
	return fmt.Sprintf("%s, %s: %s", e.name, what, strings.Join(strings.Fields(err.Error()), " "))
}

// schemaError says where and what, and not the value, as the library's own text does: it may be a secret.
func schemaError(err *openapi3.SchemaError) string {
	return "/" + strings.Join(err.JSONPointer(), "/") + ": " + err.Reason
}

package clerk_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

func TestAPIError(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status      int
		contentType string
		body        string
		want        clerk.APIError
		text        string
	}{
		"one error": {
			422, "application/json",
			`{"errors":[{"message":"is missing","long_message":"name must be included.","code":"form_param_missing","meta":{"param_name":"name","other":[1]},"new":1}],"meta":{},"clerk_trace_id":"abc123"}`,
			clerk.APIError{Status: 422, TraceID: "abc123", Errors: []clerk.ErrorItem{{Code: "form_param_missing", Message: "is missing", LongMessage: "name must be included.", ParamName: "name"}}},
			"HTTP 422: name must be included. (form_param_missing)",
		},
		"several errors": {
			422, "", `{"errors":[{"message":"a","code":"x"},{"message":"b","long_message":"","code":"y","meta":null}]}`,
			clerk.APIError{Status: 422, TraceID: "from-the-header", Errors: []clerk.ErrorItem{{Code: "x", Message: "a"}, {Code: "y", Message: "b"}}},
			"HTTP 422: a (x); b (y)",
		},
		"HTML":               {502, "text/html", " \n<html>…</html>", clerk.APIError{Status: 502, TraceID: "from-the-header", Body: "an HTML page, 18 bytes"}, "HTTP 502 Bad Gateway (an HTML page, 18 bytes)"},
		"plain text":         {404, "text/plain; charset=utf-8", "404 page not found\n", clerk.APIError{Status: 404, TraceID: "from-the-header", Body: "plain text, 19 bytes"}, "HTTP 404 Not Found (plain text, 19 bytes)"},
		"empty":              {500, "", "", clerk.APIError{Status: 500, TraceID: "from-the-header", Body: "an empty body"}, "HTTP 500 Internal Server Error (an empty body)"},
		"other JSON":         {400, "application/json", `{"error":"no"}`, clerk.APIError{Status: 400, TraceID: "from-the-header", Body: "JSON without Clerk's errors, 14 bytes"}, "HTTP 400 Bad Request (JSON without Clerk's errors, 14 bytes)"},
		"no errors":          {400, "application/json", `{"errors":[]}`, clerk.APIError{Status: 400, TraceID: "from-the-header", Body: "JSON without Clerk's errors, 13 bytes"}, "HTTP 400 Bad Request (JSON without Clerk's errors, 13 bytes)"},
		"errors of any type": {400, "application/json", `{"errors":"no"}`, clerk.APIError{Status: 400, TraceID: "from-the-header", Body: "JSON without Clerk's errors, 15 bytes"}, "HTTP 400 Bad Request (JSON without Clerk's errors, 15 bytes)"},
		"garbage":            {403, "application/json", `{"errors":[{`, clerk.APIError{Status: 403, TraceID: "from-the-header", Body: "a body that is not Clerk's JSON, 12 bytes"}, "HTTP 403 Forbidden (a body that is not Clerk's JSON, 12 bytes)"},
		"a status of nobody": {499, "", "", clerk.APIError{Status: 499, TraceID: "from-the-header", Body: "an empty body"}, "HTTP 499  (an empty body)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := clientOn(t, roundTrip(func(req *http.Request) (*http.Response, error) {
				res, err := answering(test.status, test.contentType, test.body)(req)
				res.Header.Set("X-Clerk-Trace-Id", "from-the-header")
				return res, err
			}))
			_, err := client.Instance(t.Context())
			if got := asError[*clerk.APIError](t, err); !reflect.DeepEqual(*got, test.want) {
				t.Errorf("got\n%#v\nwant\n%#v", *got, test.want)
			}
			equal(t, "text", strings.ReplaceAll(err.Error(), "499  ", "499 "), strings.ReplaceAll(test.text, "499  ", "499 "))
		})
	}
}

func TestTraceIDs(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{"X-Clerk-Trace-Id": "a", "X-Cloud-Trace-Context": "b", "Cf-Ray": "c", "X-Other": ""} {
		for _, status := range []int{200, 302, 400} {
			client := clientOn(t, roundTrip(func(req *http.Request) (*http.Response, error) {
				res, err := answering(status, "", "null")(req)
				res.Header.Set(header, want+"")
				return res, err
			}))
			_, err := client.Instance(t.Context())
			var got string
			if api, ok := errors.AsType[*clerk.APIError](err); ok {
				got = api.TraceID
			} else {
				got = asError[*clerk.AnswerError](t, err).TraceID
			}
			equal(t, fmt.Sprint(header, " of a ", status), got, want)
		}
	}
}

func TestErrorTexts(t *testing.T) {
	t.Parallel()
	cause := errors.New("cause")
	for _, test := range []struct {
		err   error
		want  string
		wraps bool
	}{
		{&clerk.TransportError{Sent: true, Timeout: true, Problem: "nothing came within 30s"}, "no answer in time (nothing came within 30s)", false},
		{&clerk.TransportError{Sent: true, Problem: "EOF"}, "the connection broke after the request was sent (EOF)", false},
		{&clerk.TransportError{Problem: "connection refused"}, "the request could not be sent (connection refused)", false},
		{&clerk.AnswerError{Status: 200, Problem: "it is null"}, "unexpected answer with HTTP status 200: it is null", false},
		{&clerk.AttemptsError{Attempts: 6, Err: cause}, "cause (after 6 attempts)", true},
		{&clerk.InstanceError{Expected: "ins_A", Actual: "ins_B"}, "the secret key belongs to instance ins_B, not to ins_A", false},
		{&clerk.CreateOutcomeUnknownError{Name: "web", Err: cause}, `it is not known whether the application "web" was created: cause`, true},
		{&clerk.RotateOutcomeUnknownError{Err: cause}, "it is not known whether the client secret was rotated: cause", true},
		{&clerk.IDError{ID: "a/b"}, `"a/b" is not a valid Clerk id: letters, digits, _ and - only, at most 128`, false},
		{&clerk.RetryAfterError{RetryAfter: 3600e9, Err: cause}, "the server asks to wait 1h0m0s, longer than this client waits (1m0s): cause", true},
		{&clerk.RetryAfterError{RetryAfter: 30e9, TimeLeft: 7e9, Err: cause}, "the server asks to wait 30s, longer than the operation may still take (7s): cause", true},
	} {
		equal(t, fmt.Sprintf("%T", test.err), test.err.Error(), test.want)
		equal(t, fmt.Sprintf("%T wraps its cause", test.err), errors.Is(test.err, cause), test.wraps)
	}
}

func TestIsNotFound(t *testing.T) {
	t.Parallel()
	missing := &clerk.APIError{Status: 404, Errors: []clerk.ErrorItem{{Code: "other"}, {Code: "resource_not_found"}}}
	equal(t, "it is", clerk.IsNotFound(missing), true)
	equal(t, "wrapped", clerk.IsNotFound(fmt.Errorf("wrapped: %w", &clerk.AttemptsError{Attempts: 2, Err: missing})), true)
	equal(t, "nothing", clerk.IsNotFound(nil), false)
	equal(t, "another status", clerk.IsNotFound(&clerk.APIError{Status: 400, Errors: missing.Errors}), false)
	equal(t, "another code", clerk.IsNotFound(&clerk.APIError{Status: 404, Errors: missing.Errors[:1]}), false)
	equal(t, "no code", clerk.IsNotFound(&clerk.APIError{Status: 404}), false)
	equal(t, "another error", clerk.IsNotFound(errors.New("resource_not_found")), false)
}

// The error for a 4xx has only a few lines, whatever the answer says.
func TestErrorsAreShort(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("A very long message. ", 1000)
	items := make([]map[string]string, 50)
	for i := range items {
		items[i] = map[string]string{"code": "c", "long_message": long}
	}
	body, err := json.Marshal(map[string]any{"errors": items[:2]})
	noError(t, err)
	_, err = clientOn(t, answering(422, "", string(body))).Instance(t.Context())
	for _, item := range asError[*clerk.APIError](t, err).Errors {
		equal(t, "runes", len([]rune(item.LongMessage)), 500)
	}
}

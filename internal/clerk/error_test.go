package clerk_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

func TestAPIError(t *testing.T) {
	t.Parallel()
	// apiErrorOf returns the error of an answer with a header.
	apiErrorOf := func(status int, contentType, body, header string) *clerk.APIError {
		client := clientOn(t, roundTrip(func(req *http.Request) (*http.Response, error) {
			res, err := answering(status, contentType, body)(req)
			res.Header.Set(header, "of the header")
			return res, err
		}))
		return asError[*clerk.APIError](t, errorOf(client.InstanceID(t.Context())))
	}
	err := apiErrorOf(422, "", `{"errors":[{"message":"is missing","long_message":"name must be included.",`+
		`"code":"form_param_missing","meta":{"param_name":"name","other":[1]},"new":1},`+
		`{"message":"b","long_message":"","code":"y","meta":null}],"clerk_trace_id":"abc123"}`, "Cf-Ray")
	equal(t, "error", *err, clerk.APIError{Status: 422, TraceID: "abc123", Errors: []clerk.ErrorItem{
		{Code: "form_param_missing", Message: "is missing", LongMessage: "name must be included.", ParamName: "name"},
		{Code: "y", Message: "b"},
	}})
	equal(t, "text", err.Error(), "HTTP 422: name must be included. (form_param_missing); b (y)")

	for _, test := range []struct {
		status                  int
		contentType, body, text string
	}{
		{502, "text/html", " \n<html>…</html>", "HTTP 502 Bad Gateway (an HTML page, 18 bytes)"},
		{404, "text/plain; charset=utf-8", "404 page not found\n", "HTTP 404 Not Found (plain text, 19 bytes)"},
		{500, "", "", "HTTP 500 Internal Server Error (an empty body)"},
		{400, "", `{"error":"no"}`, "HTTP 400 Bad Request (JSON without Clerk's errors, 14 bytes)"},
		{400, "", `{"errors":[]}`, "HTTP 400 Bad Request (JSON without Clerk's errors, 13 bytes)"},
		{400, "", `{"errors":"no"}`, "HTTP 400 Bad Request (JSON without Clerk's errors, 15 bytes)"},
		{403, "", `{"errors":[{`, "HTTP 403 Forbidden (a body that is not Clerk's JSON, 12 bytes)"},
	} {
		for header, id := range map[string]string{
			"X-Clerk-Trace-Id": "of the header", "X-Cloud-Trace-Context": "of the header", "Cf-Ray": "of the header", "X-Other": "",
		} {
			err := apiErrorOf(test.status, test.contentType, test.body, header)
			equal(t, "text", err.Error(), test.text)
			equal(t, header, err.TraceID, id)
		}
	}
}

func TestErrorTexts(t *testing.T) {
	t.Parallel()
	cause := errors.New("cause")
	lost := &clerk.TransportError{Sent: true, Problem: "EOF"}
	for _, test := range []struct {
		err   error
		want  string
		wraps bool
	}{
		{&clerk.TransportError{Sent: true, Timeout: true, Problem: "nothing came within 30s"}, "no answer in time (nothing came within 30s)", false},
		{lost, "the connection broke after the request was sent (EOF)", false},
		{&clerk.TransportError{Problem: "connection refused"}, "the request could not be sent (connection refused)", false},
		{&clerk.AnswerError{Status: 200, Problem: "it is null"}, "unexpected answer with HTTP status 200: it is null", false},
		{&clerk.AttemptsError{Attempts: 6, Err: cause}, "cause (after 6 attempts)", true},
		{&clerk.InstanceError{Expected: "ins_A", Actual: "ins_B"}, "the secret key belongs to instance ins_B, not to ins_A", false},
		{&clerk.CreateOutcomeUnknownError{Name: "web", Err: cause}, `it is not known whether the application "web" was created: cause`, true},
		{&clerk.RotateOutcomeUnknownError{Err: cause}, "it is not known whether the client secret was rotated: cause", true},
		{&clerk.ChangeOutcomeUnknownError{Lost: cause, Err: cause}, "Clerk may have applied the change: cause", true},
		{&clerk.ChangeOutcomeUnknownError{Lost: cause, Err: &clerk.AttemptsError{Attempts: 6, Err: cause}}, "Clerk may have applied the change: cause (after 6 attempts)", true},
		{&clerk.ChangeOutcomeUnknownError{Lost: lost, Err: cause}, "Clerk may have applied the change: " + lost.Error() + "; then cause", true},
		{&clerk.ChangeOutcomeUnknownError{Lost: lost, Err: context.Canceled}, "Clerk may have applied the change: context canceled", false},
		{&clerk.ChangeOutcomeUnknownError{Lost: lost, Err: &clerk.TransportError{Problem: "no route"}}, "Clerk may have applied the change: " + lost.Error() + "; then no later attempt reached Clerk (no route)", false},
		{&clerk.DuplicateNameError{Name: "web", IDs: []string{"oa_1", "oa_2"}}, `an application named "web" exists already: oa_1, oa_2`, false},
		{&clerk.AmbiguousNameError{Name: "web", IDs: []string{"oa_1", "oa_2"}}, `2 applications are named "web": oa_1, oa_2`, false},
		{&clerk.UnreadableApplicationError{Problem: "it is null"}, "an application without a readable id cannot be read: it is null", false},
		{&clerk.IDError{ID: "a/b"}, `"a/b" is not a valid Clerk id: letters, digits, _ and - only, at most 128`, false},
	} {
		equal(t, fmt.Sprintf("%T", test.err), test.err.Error(), test.want)
		equal(t, fmt.Sprintf("%T wraps its cause", test.err), errors.Is(test.err, cause), test.wraps)
	}
}

func TestIsNotFound(t *testing.T) {
	t.Parallel()
	missing := &clerk.APIError{Status: 404, Errors: []clerk.ErrorItem{{Code: "other"}, {Code: "resource_not_found"}}}
	for _, test := range []struct {
		err  error
		want bool
	}{
		{missing, true},
		{fmt.Errorf("wrapped: %w", &clerk.AttemptsError{Attempts: 2, Err: missing}), true},
		{nil, false},
		{&clerk.APIError{Status: 400, Errors: missing.Errors}, false},
		{&clerk.APIError{Status: 404, Errors: missing.Errors[:1]}, false},
		{&clerk.APIError{Status: 404}, false},
		{errors.New("resource_not_found"), false},
	} {
		equal(t, fmt.Sprint(test.err), clerk.IsNotFound(test.err), test.want)
	}
}

package provider

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

// TestDiagnosticTexts compares what users read with a golden file, one message for each
// kind of error: `go test -run TestDiagnosticTexts -update` writes the file.
func TestDiagnosticTexts(t *testing.T) {
	t.Parallel()
	for _, test := range diagnosticTexts {
		var diags diag.Diagnostics
		(&providerData{}).addError(&diags, test.action, test.err, applicationParams)
		CheckGolden(t, "diagnostics.golden", test.name, diagnosticsText(diags))
	}
	for _, argument := range []string{"secret_key", "api_url", "max_retries"} {
		var diags diag.Diagnostics
		(&providerData{unknown: argument}).requireClient(&diags)
		CheckGolden(t, "diagnostics.golden", "unknown "+argument, diagnosticsText(diags))
	}
}

// A refused key is explained once in a run. What was lowered to a warning is no explanation,
// and every other error is told in full each time. An address that is not Clerk's own is named
// where it may be the reason.
func TestDiagnosticTextsOfARun(t *testing.T) {
	t.Parallel()
	client := clerk.New(clerk.Config{
		SecretKey: must(clerk.ParseSecretKey("sk_test_0123456789")),
		APIURL:    must(clerk.ParseAPIURL("http://127.0.0.1:4010")),
	})
	for name, data := range map[string]*providerData{
		"several errors of a run":   {},
		"errors at another address": {client: client, keySource: "secret_key", urlSource: envAPIURL},
	} {
		var diags diag.Diagnostics
		unknown := &clerk.RotateOutcomeUnknownError{Err: errKeyRefused}
		wrapped := fmt.Errorf("the instance could not be read: %w", errKeyRefused)
		for _, err := range []error{
			unknown, errKeyRefused, wrapped, unknown, errUnsent, errUnsent, ofEdge(404), errForbidden,
		} {
			data.addError(&diags, actionRead, err, nil)
		}
		CheckGolden(t, "diagnostics.golden", name, diagnosticsText(diags))
	}
}

// diagnosticsText writes diagnostics as Terraform shows them.
func diagnosticsText(diags diag.Diagnostics) (text string) {
	for _, d := range diags {
		at := ""
		if d, ok := d.(diag.DiagnosticWithPath); ok {
			at = fmt.Sprintf("  with attribute %s\n", d.Path())
		}
		text += fmt.Sprintf("%s: %s\n%s\n%s\n\n", d.Severity(), d.Summary(), at, d.Detail())
	}
	return strings.TrimSuffix(text, "\n")
}

const traceID = "4f1c8e0d5f6a4b0e9a3d2c1b0a998877"

// ofClerk is an answer of Clerk with errors: code, message, long message, parameter.
func ofClerk(status int, items ...[4]string) *clerk.APIError {
	err := &clerk.APIError{Status: status, TraceID: traceID}
	for _, item := range items {
		err.Errors = append(err.Errors, clerk.ErrorItem{
			Code: item[0], Message: item[1], LongMessage: item[2], ParamName: item[3],
		})
	}
	return err
}

// ofEdge is an answer of something in front of Clerk.
func ofEdge(status int) *clerk.APIError {
	return &clerk.APIError{Status: status, Body: "an HTML page, 86 bytes", TraceID: traceID}
}

var (
	errKeyRefused = ofClerk(401, [4]string{clerk.CodeKeyInvalid, "The provided Clerk Secret Key is invalid."})
	errNotFound   = ofClerk(404, [4]string{clerk.CodeResourceNotFound, "not found", "Resource not found"})
	errThrottled  = ofClerk(429, [4]string{"too_many_requests", "Too many requests", "Too many requests, retry later"})
	errForbidden  = ofClerk(403, [4]string{"authorization_invalid", "Unauthorized request", "You are not authorized to perform this request"})
	errFailed     = ofClerk(500, [4]string{"internal_clerk_error", "Oops, an unexpected error occurred", "There was an internal error on our servers."})
	errLost       = &clerk.TransportError{Sent: true, Problem: "the server closed it"}
	errUnsent     = &clerk.TransportError{Problem: "dial tcp 192.0.2.1:443: connection refused"}
	twoApps       = []clerk.OAuthApplication{
		{ID: "oa_1", ClientID: "d9g4CT4WYiCBm7EU", CreatedAt: time.Unix(946684800, 0).UTC()},
		{ID: "oa_2"},
	}
)

func sixTimes(err error) error { return &clerk.AttemptsError{Attempts: 6, Err: err} }

var diagnosticTexts = []struct {
	name, action string
	err          error
}{
	{"the key is refused", actionRead, errKeyRefused},
	{"the plan lacks a feature", actionCreate, ofClerk(402, [4]string{"unsupported_subscription_plan_features", "Unsupported plan features", "Upgrade your subscription to unlock them."})},
	{"403", actionUpdate, errForbidden},
	{"403, the quota", actionCreate, ofClerk(403, [4]string{"quota_exceeded", "Quota exceeded", "Quota exceeded, you have reached your limit."})},
	{"403, HTML", actionUpdate, ofEdge(403)},
	{"404 of Clerk", actionUpdate + ` "web"`, errNotFound},
	{"404 of Clerk, another code", actionUpdate, ofClerk(404, [4]string{"other", "Other"})},
	{"404 of Clerk for the settings", actionUpdateSettings, errNotFound},
	{"404, HTML, of a read", actionRead, ofEdge(404)},
	{"404, HTML, of a create", actionCreate, ofEdge(404)},
	{"404, HTML, of the plan of a create", actionPlan + ` "web"`, ofEdge(404)},
	{"404, HTML, of a list", actionList, ofEdge(404)},
	{"404, and the instance is unknown", actionRead, fmt.Errorf("the application was not found, and the instance of the secret key could not be read: %w", sixTimes(ofEdge(502)))},
	{"409, locked", actionUpdate, ofClerk(409, [4]string{clerk.CodeResourceLocked, "resource busy", "This resource is currently being modified by another request. Please try again."})},
	{"413, the logo", actionUploadLogo, ofClerk(413, [4]string{"image_too_large", "Image too large"})},
	{"422 on an attribute", actionCreate, ofClerk(422, [4]string{"form_param_max_length_exceeded", "exceeds maximum length", "name should not exceed 256 characters.", "name"})},
	{"422 on an element", actionCreate, ofClerk(422, [4]string{"form_param_format_invalid", "is invalid", `"nowhere" is not a valid URL.`, "redirect_uris[1]"})},
	{"422 on no attribute", actionCreate, ofClerk(422, [4]string{"form_param_unknown", "is unknown", "colour is not a valid parameter for this request.", "colour"})},
	{"422 with a hint", actionUpdate, ofClerk(422, [4]string{"form_param_value_invalid", "is invalid", "", "device_authorization_grant_enabled"})},
	{"422, two errors", actionCreate, ofClerk(422, [4]string{"form_param_value_invalid", "is invalid", "nope is not allowed", "scopes"}, [4]string{"something_else", "Something else"})},
	{"422, the legacy provider", actionCreate, ofClerk(422, [4]string{"feature_requires_oidc_provider", "not an OIDC provider"})},
	{"429, too long a wait", actionRead, &clerk.RetryAfterError{RetryAfter: time.Hour, Err: errThrottled}},
	{"429, no time left", actionUpdate, &clerk.RetryAfterError{RetryAfter: 30 * time.Second, TimeLeft: 7 * time.Second, Err: errThrottled}},
	{"429 again and again", actionRead, sixTimes(errThrottled)},
	{"500 of Clerk", actionUpdate, sixTimes(errFailed)},
	{"503 for long", actionUpdate, &clerk.RetryAfterError{RetryAfter: 2 * time.Hour, Err: ofEdge(503)}},

	{"an answer that is not Clerk's", actionRead, &clerk.AnswerError{Status: 200, Problem: "the JSON breaks off after 46 bytes", TraceID: traceID}},
	{"no connection", actionUpdate, sixTimes(errUnsent)},
	{"a certificate out of date", actionUpdate, &clerk.TransportError{Untrusted: true, CertificateOutOfDate: true, Problem: "certificate has expired or is not yet valid"}},
	{"a certificate of another authority", actionUpdate, &clerk.TransportError{Untrusted: true, Problem: "certificate signed by unknown authority"}},
	{"a proxy that asks for credentials", actionUpdate, &clerk.TransportError{ProxyAuthentication: true, Problem: "Proxy Authentication Required"}},

	{"another instance than pinned", actionUpdate, &clerk.InstanceError{Expected: "ins_A", Actual: "ins_B", Pinned: true}},
	{"another instance than the state's", actionRead, &clerk.InstanceError{Expected: "ins_A", Actual: "ins_B"}},
	{"a duplicate name", actionCreate, &clerk.DuplicateNameError{Name: "web", IDs: []string{"oa_1", "oa_2"}}},
	{"an invalid id", "import OAuth application", &clerk.IDError{ID: "../users"}},
	{"interrupted", actionUpdate, context.Canceled},
	{"a timeout", actionUpdate, context.DeadlineExceeded},

	{"an update of unknown outcome", actionUpdate, sixTimes(&clerk.ChangeOutcomeUnknownError{Lost: errLost, Err: errLost})},
	{"an update of unknown outcome, no later connection", actionUpdate, &clerk.ChangeOutcomeUnknownError{Lost: errLost, Err: errUnsent}},
	{"an update of unknown outcome, interrupted", actionUpdate, &clerk.ChangeOutcomeUnknownError{Lost: errLost, Err: context.Canceled}},
	{"a create of unknown outcome", actionCreate, &clerk.CreateOutcomeUnknownError{Name: "web\n", Err: errLost}},
	{"a create of unknown outcome, 500", actionCreate, &clerk.CreateOutcomeUnknownError{Name: "web", Err: errFailed}},
	{"a create of unknown outcome, candidates", actionCreate, &clerk.CreateOutcomeUnknownError{Name: "web", Candidates: twoApps, Err: errLost, LookupErr: errors.New("application oa_2 cannot be read: client_id is missing\napplication oa_3 too")}},
	{"a create of unknown outcome, not looked for", actionCreate, &clerk.CreateOutcomeUnknownError{Name: "web", Err: errLost, LookupErr: ofEdge(403)}},
	{"a rotation of unknown outcome", actionRotate, &clerk.RotateOutcomeUnknownError{Err: errLost}},
	{"a rotation of unknown outcome, refused", actionRotate, &clerk.RotateOutcomeUnknownError{Err: errForbidden}},
	{"any other error", "encrypt client secret", errors.New("é a reason")},
}

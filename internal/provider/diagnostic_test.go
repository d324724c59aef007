package provider

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

var updateGolden = flag.Bool("update", false, "write the golden files instead of comparing with them")

// TestDiagnosticTexts compares what a user reads with golden files: `go test -run TestDiagnosticTexts -update` writes
// them. The errors are the client's own, for answers as Clerk and proxies give them.
func TestDiagnosticTexts(t *testing.T) {
	t.Parallel()
	for name, test := range diagnosticCases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var diags diag.Diagnostics
			synctest.Test(t, func(t *testing.T) {
				key, err := clerk.ParseSecretKey("sk_test_0123456789abcdef")
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				script := &diagnosticScript{answers: test.answers, cancel: cancel}
				client := clerk.New(clerk.Config{SecretKey: key, Transport: script, InstanceID: test.instance, PreventDuplicateNames: test.refuseDoubles})
				if test.timeout > 0 {
					ctx, cancel = context.WithTimeout(ctx, test.timeout)
					defer cancel()
				}
				err = test.call(ctx, client)
				if err == nil {
					t.Fatal("there is no error")
				}
				(*providerData)(nil).addError(&diags, test.action, err, applicationParams)
			})
			compareGolden(t, filepath.Join("testdata", "diagnostics", strings.ReplaceAll(name, " ", "_")+".golden"), diagnosticsText(diags))
		})
	}
	if !*updateGolden {
		assertNoStrayGolden(t)
	}
}

// diagnosticsText writes diagnostics as Terraform shows them.
func diagnosticsText(diags diag.Diagnostics) string {
	var text strings.Builder
	for _, d := range diags {
		fmt.Fprintf(&text, "%s: %s\n", d.Severity(), d.Summary())
		if at, ok := d.(diag.DiagnosticWithPath); ok {
			fmt.Fprintf(&text, "  with attribute %s\n", at.Path())
		}
		fmt.Fprintf(&text, "\n%s\n\n", d.Detail())
	}
	return strings.TrimSuffix(text.String(), "\n")
}

func compareGolden(t *testing.T, file, got string) {
	t.Helper()
	if *updateGolden {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; got\n%s\nwant\n%s", file, got, want)
	}
}

// assertNoStrayGolden finds golden files of cases that no longer exist.
func assertNoStrayGolden(t *testing.T) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "diagnostics", "*.golden"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := strings.ReplaceAll(strings.TrimSuffix(filepath.Base(file), ".golden"), "_", " ")
		if _, ok := diagnosticCases[name]; !ok {
			t.Errorf("%s is of no case", file)
		}
	}
}

type diagnosticCase struct {
	action        string
	call          func(context.Context, *clerk.Client) error
	answers       []diagnosticAnswer // the last one repeats
	instance      string
	refuseDoubles bool
	timeout       time.Duration
}

// diagnosticAnswer is one answer of a scripted server, with a constant trace id.
type diagnosticAnswer struct {
	status     int
	kind       string // content type
	body       string
	header     http.Header
	err        error // instead of an answer
	unsent     bool  // the error came before the request was sent
	never      bool  // no answer at all
	interrupts bool  // the user interrupts meanwhile
}

// diagnosticScript is a transport that gives answers in their order.
type diagnosticScript struct {
	answers []diagnosticAnswer
	cancel  context.CancelFunc
}

func (s *diagnosticScript) RoundTrip(req *http.Request) (*http.Response, error) {
	next := s.answers[0]
	if len(s.answers) > 1 {
		s.answers = s.answers[1:]
	}
	if next.interrupts {
		s.cancel()
	}
	if !next.unsent {
		httptrace.ContextClientTrace(req.Context()).WroteHeaders()
	}
	if next.never {
		<-req.Context().Done()
		return nil, req.Context().Err()
	}
	if next.err != nil {
		return nil, next.err
	}
	header := http.Header{"X-Clerk-Trace-Id": {"4f1c8e0d5f6a4b0e9a3d2c1b0a998877"}, "Content-Type": {next.kind}, "Date": {time.Now().UTC().Format(http.TimeFormat)}}
	maps.Copy(header, next.header)
	return &http.Response{StatusCode: next.status, Header: header, Body: io.NopCloser(strings.NewReader(next.body)), Request: req}, nil
}

// clerkErrors is an answer in Clerk's envelope: code, message, long message, and the parameter of the error, if any.
func diagClerkErrors(status int, items ...[4]string) diagnosticAnswer {
	var encoded []string
	for _, item := range items {
		encoded = append(encoded, fmt.Sprintf(`{"code":%q,"message":%q,"long_message":%q,"meta":{"param_name":%q}}`, item[0], item[1], item[2], item[3]))
	}
	return diagnosticAnswer{status: status, kind: "application/json", body: `{"errors":[` + strings.Join(encoded, ",") + `]}`}
}

func diagJSON(body string) diagnosticAnswer {
	return diagnosticAnswer{status: 200, kind: "application/json", body: body}
}

func diagEdgePage(status int) diagnosticAnswer {
	return diagnosticAnswer{status: status, kind: "text/html; charset=UTF-8", body: "<!DOCTYPE html>\n<html><head><title>Error</title></head><body>cloudflare</body></html>\n"}
}

// listOf is a list of applications named web, created just now in virtual time, which begins with the year 2000.
func diagList(ids ...string) diagnosticAnswer {
	var items []string
	for _, id := range ids {
		items = append(items, fmt.Sprintf(`{"object":"oauth_application","id":%q,"instance_id":"ins_A","name":"web","client_id":"d9g4CT4WYiCBm7EU","public":false,`+
			`"pkce_required":false,"consent_screen_enabled":true,"scopes":"email profile","redirect_uris":[],"created_at":946684800000,"updated_at":946684800000}`, id))
	}
	return diagJSON(fmt.Sprintf(`{"data":[%s],"total_count":%d}`, strings.Join(items, ","), len(items)))
}

var (
	diagLost        = diagnosticAnswer{err: io.EOF}
	diagNever       = diagnosticAnswer{never: true}
	diagNotFound    = diagClerkErrors(404, [4]string{"resource_not_found", "not found", "Resource not found"})
	diagRefused     = diagnosticAnswer{unsent: true, err: &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 443}, Err: syscall.ECONNREFUSED}}
	diagThrottled   = diagClerkErrors(429, [4]string{"too_many_requests", "Too many requests", "Too many requests, retry later"})
	diagOurInstance = diagJSON(`{"object":"instance","id":"ins_B","environment_type":"production"}`)
)

// retryIn adds a Retry-After to an answer.
func diagRetryIn(seconds string, a diagnosticAnswer) diagnosticAnswer {
	a.header = http.Header{"Retry-After": {seconds}}
	return a
}

func diagInterrupted(a diagnosticAnswer) diagnosticAnswer {
	a.interrupts = true
	return a
}

func diagCreate(ctx context.Context, client *clerk.Client) error {
	_, err := client.CreateOAuthApplication(ctx, clerk.OAuthApplicationFields{Name: new("web")})
	return err
}

func diagUpdate(ctx context.Context, client *clerk.Client) error {
	_, err := client.UpdateOAuthApplication(ctx, "oa_1", clerk.OAuthApplicationFields{Name: new("web")})
	return err
}

func diagRead(ctx context.Context, client *clerk.Client) error {
	_, err := client.GetOAuthApplication(ctx, "oa_1")
	return err
}

func diagRotate(ctx context.Context, client *clerk.Client) error {
	_, err := client.RotateClientSecret(ctx, "oa_1", time.Time{})
	return err
}

func diagReadGone(ctx context.Context, client *clerk.Client) error {
	_, err := client.ConfirmGone(ctx, diagRead(ctx, client), "ins_A")
	return err
}

const (
	diagCreating = "create OAuth application"
	diagUpdating = "update OAuth application"
	diagReading  = "read OAuth application"
	diagRotating = "rotate client secret of OAuth application"
)

var diagnosticCases = map[string]diagnosticCase{
	// Errors of Clerk.
	"401 key invalid": {action: diagReading, call: diagRead, answers: []diagnosticAnswer{diagClerkErrors(401, [4]string{
		"clerk_key_invalid", "The provided Clerk Secret Key is invalid. Make sure that your Clerk Secret Key is correct.", "The provided Clerk Secret Key is invalid. Make sure that your Clerk Secret Key is correct.",
	})}},
	"402 plan": {action: diagCreating, call: diagCreate, answers: []diagnosticAnswer{diagClerkErrors(402, [4]string{
		"unsupported_subscription_plan_features", "Unsupported plan features", "Some features are not supported in your current plan. Upgrade your subscription to unlock them.",
	})}},
	"403":             {action: diagUpdating, call: diagUpdate, answers: []diagnosticAnswer{diagClerkErrors(403, [4]string{"authorization_invalid", "Unauthorized request", "You are not authorized to perform this request"})}},
	"403 quota":       {action: diagCreating, call: diagCreate, answers: []diagnosticAnswer{diagClerkErrors(403, [4]string{"quota_exceeded", "Quota exceeded", "Quota exceeded, you have reached your limit."})}},
	"403 HTML":        {action: diagUpdating, call: diagUpdate, answers: []diagnosticAnswer{diagEdgePage(403)}},
	"404 create":      {action: diagCreating, call: diagCreate, answers: []diagnosticAnswer{{status: 404, kind: "text/plain; charset=utf-8", body: "404 page not found\n"}}},
	"404 own":         {action: diagUpdating, call: diagUpdate, answers: []diagnosticAnswer{diagNotFound}},
	"404 plain text":  {action: diagReading, call: diagRead, answers: []diagnosticAnswer{{status: 404, kind: "text/plain; charset=utf-8", body: "404 page not found\n"}}},
	"404 HTML":        {action: diagReading, call: diagRead, answers: []diagnosticAnswer{diagEdgePage(404)}},
	"404 unconfirmed": {action: diagReading, call: diagReadGone, answers: []diagnosticAnswer{diagNotFound, diagEdgePage(502)}},
	"409":             {action: diagUpdating, call: diagUpdate, answers: []diagnosticAnswer{diagClerkErrors(409, [4]string{"conflict", "Conflict", "Conflict"})}},
	"409 locked": {action: diagUpdating, call: diagUpdate, answers: []diagnosticAnswer{diagClerkErrors(409, [4]string{
		"resource_locked", "resource busy", "This resource is currently being modified by another request. Please try again.",
	})}},
	"413 logo": {action: "upload logo of OAuth application", call: diagUpdate, answers: []diagnosticAnswer{diagClerkErrors(413, [4]string{"image_too_large", "Image too large", "Image too large"})}},
	"422 on attribute": {action: diagCreating, call: diagCreate, answers: []diagnosticAnswer{diagClerkErrors(422, [4]string{
		"form_param_max_length_exceeded", "exceeds maximum length", "name should not exceed 256 characters.", "name",
	})}},
	"422 on element": {action: diagCreating, call: diagCreate, answers: []diagnosticAnswer{diagClerkErrors(422, [4]string{
		"form_param_format_invalid", "is invalid", `"nowhere" is not a valid URL.`, "redirect_uris[1]",
	})}},
	"422 on no attribute": {action: diagCreating, call: diagCreate, answers: []diagnosticAnswer{diagClerkErrors(422, [4]string{
		"form_param_unknown", "is unknown", "colour is not a valid parameter for this request.", "colour",
	})}},
	"422 several": {action: diagCreating, call: diagCreate, answers: []diagnosticAnswer{diagClerkErrors(
		422, [4]string{"form_param_value_invalid", "is invalid", "nope does not match one of the allowed values for parameter scopes", "scopes"},
		[4]string{"form_public_client_requires_pkce", "PKCE is required", "PKCE is required for OAuth clients without a secret", "pkce_required"},
		[4]string{"something_else", "Something else", "", ""},
	)}},
	"422 legacy provider": {action: diagCreating, call: diagCreate, answers: []diagnosticAnswer{diagClerkErrors(422, [4]string{
		"feature_requires_oidc_provider", "not an OIDC provider", "You are using the legacy OAuth 2.0 provider. Please migrate to the new OIDC compatible provider to use this feature",
	})}},
	"429 long":            {action: diagReading, call: diagRead, answers: []diagnosticAnswer{diagRetryIn("3600", diagThrottled)}},
	"429 very long":       {action: diagReading, call: diagRead, answers: []diagnosticAnswer{diagRetryIn("1000000000000", diagThrottled)}},
	"429 beyond deadline": {action: diagUpdating, call: diagUpdate, answers: []diagnosticAnswer{diagRetryIn("30", diagThrottled)}, timeout: 10 * time.Second},
	"429 again and again": {action: diagReading, call: diagRead, answers: []diagnosticAnswer{diagThrottled}},
	"429 HTML":            {action: diagReading, call: diagRead, answers: []diagnosticAnswer{diagEdgePage(429)}},

	// Errors of proxies and of the network.
	"500 Clerk": {action: diagUpdating, call: diagUpdate, answers: []diagnosticAnswer{diagClerkErrors(500, [4]string{
		"internal_clerk_error", "Oops, an unexpected error occurred", "There was an internal error on our servers. We've been notified and are working on fixing it.",
	})}},
	"502 HTML":            {action: diagUpdating, call: diagUpdate, answers: []diagnosticAnswer{diagEdgePage(502)}},
	"503 empty":           {action: diagUpdating, call: diagUpdate, answers: []diagnosticAnswer{{status: 503}}},
	"503 for long":        {action: diagUpdating, call: diagUpdate, answers: []diagnosticAnswer{diagRetryIn("7200", diagEdgePage(503))}},
	"redirect":            {action: diagReading, call: diagRead, answers: []diagnosticAnswer{{status: 301, header: http.Header{"Location": {"https://www.clerk.example/v1?x"}}}}},
	"truncated":           {action: diagReading, call: diagRead, answers: []diagnosticAnswer{diagJSON(`{"object":"oauth_application","id":"oa_1","cli`)}},
	"HTML with 200":       {action: diagReading, call: diagRead, answers: []diagnosticAnswer{diagEdgePage(200)}},
	"too large":           {action: diagReading, call: diagRead, answers: []diagnosticAnswer{diagJSON(strings.Repeat(" ", 1<<20+1))}},
	"incomplete":          {action: diagReading, call: diagRead, answers: []diagnosticAnswer{diagJSON(`{"object":"oauth_application","id":"oa_1","client_id":"x","public":"no"}`)}},
	"no answer":           {action: diagUpdating, call: diagUpdate, answers: []diagnosticAnswer{diagNever}},
	"broken connection":   {action: diagUpdating, call: diagUpdate, answers: []diagnosticAnswer{diagLost}},
	"connection refused":  {action: diagUpdating, call: diagUpdate, answers: []diagnosticAnswer{diagRefused}},
	"host not found":      {action: diagUpdating, call: diagUpdate, answers: []diagnosticAnswer{{unsent: true, err: &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "api.clerk.com", IsNotFound: true}}}}},
	"certificate expired": {action: diagUpdating, call: diagUpdate, answers: []diagnosticAnswer{{unsent: true, err: diagExpired()}}},
	"certificate refused": {action: diagUpdating, call: diagUpdate, answers: []diagnosticAnswer{{unsent: true, err: diagUntrusted()}}},

	// Errors of the client.
	"wrong instance pinned":   {action: diagUpdating, call: diagUpdate, answers: []diagnosticAnswer{diagOurInstance}, instance: "ins_A"},
	"wrong instance of state": {action: diagReading, call: diagReadGone, answers: []diagnosticAnswer{diagNotFound, diagOurInstance}},
	"instance unreachable":    {action: diagUpdating, call: diagUpdate, answers: []diagnosticAnswer{diagRefused}, instance: "ins_A"},
	"duplicate name":          {action: diagCreating, call: diagCreate, answers: []diagnosticAnswer{diagList("oa_1", "oa_2")}, refuseDoubles: true},
	"duplicate name unread":   {action: diagCreating, call: diagCreate, answers: []diagnosticAnswer{diagEdgePage(403)}, refuseDoubles: true},
	"invalid id": {action: "import OAuth application", call: func(ctx context.Context, client *clerk.Client) error {
		_, err := client.GetOAuthApplication(ctx, "../users")
		return err
	}, answers: []diagnosticAnswer{diagNotFound}},
	"no match":          {action: "find OAuth application", call: diagFind, answers: []diagnosticAnswer{diagList()}},
	"ambiguous name":    {action: "find OAuth application", call: diagFind, answers: []diagnosticAnswer{diagList("oa_1", "oa_2")}},
	"interrupted":       {action: diagUpdating, call: diagUpdate, answers: []diagnosticAnswer{diagInterrupted(diagNever)}},
	"deadline exceeded": {action: diagUpdating, call: diagUpdate, answers: []diagnosticAnswer{diagNever}, timeout: 10 * time.Second},

	// Unknown outcomes.
	"create unknown":            {action: diagCreating, call: diagCreate, answers: []diagnosticAnswer{diagNever, diagList()}},
	"create unknown 500":        {action: diagCreating, call: diagCreate, answers: []diagnosticAnswer{diagLost, diagList(), diagList(), diagList(), diagList(), diagList(), diagClerkErrors(500, [4]string{"internal_clerk_error", "Oops, an unexpected error occurred", "There was an internal error on our servers."}), diagList()}},
	"create unknown refused":    {action: diagCreating, call: diagCreate, answers: []diagnosticAnswer{diagLost, diagList(), diagList(), diagList(), diagList(), diagList(), diagClerkErrors(403, [4]string{"quota_exceeded", "Quota exceeded", "Quota exceeded, you have reached your limit."})}},
	"create unknown candidates": {action: diagCreating, call: diagCreate, answers: []diagnosticAnswer{diagLost, diagList("oa_1", "oa_2")}},
	"create unknown unreadable": {action: diagCreating, call: diagCreate, answers: []diagnosticAnswer{diagLost, diagJSON(
		`{"data":[{"object":"oauth_application","id":"oa_1","name":"web"},{"object":"oauth_application","id":"oa_2","name":"web","client_id":"d9g4CT4WYiCBm7EU","public":"no","created_at":"now"}],"total_count":2}`,
	)}},
	"create unknown unlooked":    {action: diagCreating, call: diagCreate, answers: []diagnosticAnswer{diagLost, diagEdgePage(403)}},
	"create unknown interrupted": {action: diagCreating, call: diagCreate, answers: []diagnosticAnswer{diagInterrupted(diagLost), diagList()}},
	"rotation unknown":           {action: diagRotating, call: diagRotate, answers: []diagnosticAnswer{diagLost}},
	"rotation unknown refused":   {action: diagRotating, call: diagRotate, answers: []diagnosticAnswer{diagLost, diagClerkErrors(403, [4]string{"authorization_invalid", "Unauthorized request", "You are not authorized to perform this request"})}},
	"rotation interrupted":       {action: diagRotating, call: diagRotate, answers: []diagnosticAnswer{diagInterrupted(diagNever)}},
}

func diagFind(ctx context.Context, client *clerk.Client) error {
	_, err := client.FindOAuthApplication(ctx, clerk.By{Name: "web"})
	return err
}

func diagUntrusted() error {
	return &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}
}

func diagExpired() error {
	return &tls.CertificateVerificationError{Err: x509.CertificateInvalidError{
		Reason: x509.Expired, Detail: "current time 2000-01-01T00:00:00Z is before 2026-01-01T00:00:00Z",
	}}
}

func TestDiagnosticsOfOtherErrors(t *testing.T) {
	t.Parallel()
	var diags diag.Diagnostics
	(*providerData)(nil).addError(&diags, "encrypt client secret", errors.New("é a reason"), nil)
	if got, want := diagnosticsText(diags), "Error: Unable to encrypt client secret\n\nÉ a reason.\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A refused key is explained once in a run. What was lowered to a warning is no
// explanation, and an operation whose outcome is unknown is always told in full.
func TestRefusedKeyIsExplainedOnce(t *testing.T) {
	t.Parallel()
	refused := &clerk.APIError{Status: 401, Errors: []clerk.ErrorItem{{Code: clerk.CodeKeyInvalid, Message: "The key is invalid."}}}
	unknown := &clerk.RotateOutcomeUnknownError{Err: refused}
	data := &providerData{}
	const brief = "Clerk refused the secret key (HTTP 401, clerk_key_invalid). Set secret_key or CLERK_SECRET_KEY to a key of this instance."
	for i, test := range []struct {
		add   func(*diag.Diagnostics, string, error, *requestParams)
		err   error
		brief bool
	}{
		{data.addErrorAsWarning, refused, false},
		{data.addError, unknown, false},
		{data.addError, refused, false},
		{data.addError, fmt.Errorf("the instance could not be read: %w", refused), true},
		{data.addError, unknown, false},
		{data.addError, refused, true},
	} {
		var diags diag.Diagnostics
		test.add(&diags, "read OAuth application", test.err, nil)
		if len(diags) != 1 || (diags[0].Detail() == brief) != test.brief {
			t.Errorf("%d: got\n%s", i, diagnosticsText(diags))
		}
	}
}

// Every other fault is told in full each time.
func TestOtherFaultsAreToldInFull(t *testing.T) {
	t.Parallel()
	data := &providerData{}
	var first, second diag.Diagnostics
	for _, diags := range []*diag.Diagnostics{&first, &second} {
		data.addError(diags, "read OAuth application", &clerk.TransportError{Problem: "no such host"}, nil)
	}
	if got, want := diagnosticsText(second), diagnosticsText(first); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestProxyAdvice(t *testing.T) {
	t.Parallel()
	err := &clerk.TransportError{ProxyAuthentication: true}
	if got := advice(err, "read OAuth application"); got != proxyCredentials {
		t.Errorf("got %q", got)
	}
}

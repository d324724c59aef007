package provider

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

const (
	sharedLimit = "Clerk counts the limit for the whole instance, including your own back end. To " +
		"lower this provider's share, lower requests_per_10s in the provider block."
	notGone  = "This does not mean that the application is gone. The state stays as it is."
	notClerk = "This answer does not come from Clerk itself, but from something in front of Clerk, " +
		"such as a proxy or a firewall. Check the provider's api_url, and the proxies on the way."
	changedNothing = "This operation changed nothing."
)

// deviceGrantHint says what keeps Clerk from switching on the device authorization
// grant. Clerk documents the three conditions, but no error code for the last.
const deviceGrantHint = "Clerk serves the device authorization grant only if all of these are " +
	"true: Clerk has switched this beta feature on for your workspace; the instance does not use " +
	"Clerk's legacy OAuth 2.0 provider; and users can reach a device verification page, that of the " +
	"Account Portal or one of your own."

// betaHint is the hint of a field that Clerk serves to some workspaces only.
func betaHint(what string) string {
	return what + " is a beta feature: Clerk must switch it on for your workspace."
}

// partialError is the error of a step that came after a step that succeeded.
type partialError struct {
	err  error
	done string // sentences about what was done and what happens next
}

func (e *partialError) Error() string { return e.err.Error() }

func (e *partialError) Unwrap() error { return e.err }

// advice says what follows from an error and what the user can do, or nothing. action
// is that of addError. The most specific error comes first: the error of an operation
// wraps that of its last request.
func advice(err error, action string) string {
	if e, ok := errors.AsType[*partialError](err); ok {
		further := strings.Replace(advice(e.err, action), changedNothing, "", 1)
		return paragraphs(e.done, strings.TrimSpace(further))
	}
	if e, ok := errors.AsType[*clerk.InstanceError](err); ok {
		if e.Pinned {
			return changedNothing + " The provider's instance_id asks for " + e.Expected +
				": use the secret key of that instance, or correct instance_id."
		}
		return changedNothing + " Use the secret key of " + e.Expected +
			", or another state (workspace) for " + e.Actual + "."
	}
	if e, ok := errors.AsType[*clerk.DuplicateNameError](err); ok {
		return "No second application is created, because prevent_duplicate_names is set in the " +
			"provider block. To manage an existing application with Terraform, import it:\n\n" +
			importCommands(e.IDs) +
			"\n\nIf this configuration created the existing application, or is about to replace it " +
			"(create_before_destroy), the two applications need different names."
	}
	if e, ok := errors.AsType[*clerk.CreateOutcomeUnknownError](err); ok {
		return unknownCreateAdvice(e)
	}
	if _, ok := errors.AsType[*clerk.RotateOutcomeUnknownError](err); ok {
		return "The old secret may have stopped working already, and the new one was not received. The " +
			"state still has the old one.\n\n" +
			"Apply again: the next plan rotates once more. After that, the secret in the state works."
	}
	if e, ok := errors.AsType[*clerk.RetryAfterError](err); ok {
		return retryAfterAdvice(e)
	}
	if _, ok := errors.AsType[*clerk.IDError](err); ok {
		return "Nothing was sent. The id of an application looks like oa_2O4BCh3zUONvWlZHtBXv6s6tm7u."
	}
	if e, ok := errors.AsType[*clerk.ChangeOutcomeUnknownError](err); ok {
		const look = "The next plan shows the current values."
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
			return look
		}
		return paragraphs(look, advice(e.Lost, action))
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return changedNothing
	}
	if e, ok := errors.AsType[*clerk.TransportError](err); ok {
		return transportAdvice(e)
	}
	if _, ok := errors.AsType[*clerk.AnswerError](err); ok {
		return "Check that the provider's api_url is the address of Clerk's Backend API, and that no " +
			"proxy answers in its place. If both are right, Clerk may answer in a way that this version " +
			"of the provider does not know. Try a newer version."
	}
	if e, ok := errors.AsType[*clerk.APIError](err); ok {
		return apiErrorAdvice(e, action)
	}
	return ""
}

func transportAdvice(err *clerk.TransportError) string {
	switch {
	case err.CertificateOutOfDate:
		return "By the clock of this machine, the server's certificate has expired or is not valid " +
			"yet. Check the date, the time and the time zone of this machine. If they are right, the " +
			"certificate is probably that of a proxy on the way: renew it, or check the provider's api_url."
	case err.Untrusted:
		return "This machine does not trust the server. If a proxy on the way inspects TLS, add its " +
			"certificate authority to those of the system, or name a list with it in SSL_CERT_FILE. " +
			"Otherwise check the provider's api_url."
	case err.ProxyAuthentication:
		return "The proxy asks for a user name and a password. Write them into HTTPS_PROXY: " +
			"http://USER:PASSWORD@HOST:PORT."
	}
	return "Check the network, the proxy settings (HTTPS_PROXY, NO_PROXY) and the provider's api_url."
}

func retryAfterAdvice(err *clerk.RetryAfterError) string {
	step := "Run again after that time."
	if err.TimeLeft != 0 {
		step = "Run again after that time, or allow the operation more time in the timeouts block."
	}
	if api, ok := errors.AsType[*clerk.APIError](err); ok && api.Status == http.StatusTooManyRequests {
		step += " " + sharedLimit
	}
	return step
}

func apiErrorAdvice(err *clerk.APIError, action string) string {
	switch {
	case isKeyRefused(err):
		return "Check the provider's secret_key, or the environment variable " + envSecretKey +
			", and that api_url points to the Clerk API that issued the key."
	case err.HasCode(clerk.CodeResourceLocked):
		return "Something else was changing the same object at the same time. Apply again."
	case err.HasCode("quota_exceeded"):
		return "" // Clerk's words say it
	case err.HasCode("image_too_large"):
		return fmt.Sprintf("Clerk accepts logos of at most %d MB.", clerk.MaxLogoBytes>>20)
	case err.HasCode("feature_requires_oidc_provider"):
		return "The instance uses Clerk's legacy OAuth 2.0 provider. Migrate it in the Clerk dashboard."
	case err.Status == http.StatusTooManyRequests:
		return sharedLimit
	case err.Status >= http.StatusInternalServerError:
		return "This is a failure on Clerk's side, or of something in front of it. Try again later; " +
			"https://status.clerk.com lists known incidents."
	case err.Status == http.StatusNotFound:
		return notFoundAdvice(err, action)
	case len(err.Errors) == 0:
		return notClerk
	case err.Status == http.StatusForbidden:
		return "The secret key is valid, but may not do this."
	}
	return ""
}

// notFoundAdvice depends on the action: a create and its plan, a list and the settings are
// about no application that could be gone.
func notFoundAdvice(err *clerk.APIError, action string) string {
	_, after, found := strings.Cut(action+" ", "OAuth application ") // a name may follow
	existing := found && after != "settings " &&
		!strings.HasPrefix(action, actionCreate) && !strings.HasPrefix(action, actionPlan)
	switch {
	case existing && err.HasCode(clerk.CodeResourceNotFound):
		return "The application does not exist in the instance of the secret key. If someone deleted " +
			"it outside Terraform, the next plan shows that."
	case existing && len(err.Errors) > 0:
		return notGone
	case existing:
		return notGone + " " + notClerk
	case len(err.Errors) == 0:
		return notClerk
	}
	return ""
}

// unknownCreateAdvice says how to find out what became of a create.
func unknownCreateAdvice(err *clerk.CreateOutcomeUnknownError) string {
	if len(err.Candidates) > 0 {
		ids := mapped(err.Candidates, func(app clerk.OAuthApplication) string { return visible(app.ID) })
		return paragraphs(
			"Nothing is in the state. This create may have created one of these applications:",
			lines(mapped(err.Candidates, candidateLine)...),
			lookupProblem("The search was incomplete", err.LookupErr),
			"Before you apply again, delete the applications that nobody uses, or import the application "+
				"to keep:",
			importCommands(ids),
			secretAfterImport,
		)
	}
	looked := "A search did not find it, but it may still appear."
	if err.LookupErr != nil {
		looked = lookupProblem("The search for it failed", err.LookupErr)
	}
	return paragraphs(
		looked+" Nothing is in the state.",
		fmt.Sprintf("Before you apply again, look for an application named %s in the Clerk dashboard. "+
			"If there is one, import it:", quote(err.Name)),
		importCommands([]string{"ID"}),
		secretAfterImport,
		"With prevent_duplicate_names = true in the provider block, you can apply again without "+
			"looking: the provider then creates no second application of this name, and reports the id of "+
			"the first.",
	)
}

// candidateLine describes an application that a create may have created. What could not
// be read of the application is zero.
func candidateLine(app clerk.OAuthApplication) string {
	known, created := "", "at an unknown time"
	if app.ClientID != "" {
		known = "client_id " + visible(app.ClientID) + ", "
	}
	if !app.CreatedAt.IsZero() {
		created = "at " + app.CreatedAt.Format(time.RFC3339)
	}
	return fmt.Sprintf("  %s (%screated %s)", visible(app.ID), known, created)
}

// lookupProblem says what went wrong with the search for an application, if anything.
func lookupProblem(what string, err error) string {
	if err == nil {
		return ""
	}
	return sentence(what + ": " + strings.ReplaceAll(err.Error(), "\n", "; "))
}

const secretAfterImport = "After the import, a rotate_secret_trigger in the configuration " +
	"creates a client secret that Terraform knows."

func importCommands(ids []string) string {
	return lines(mapped(ids, func(id string) string {
		return "  terraform import clerk_oauth_application.NAME " + id
	})...)
}

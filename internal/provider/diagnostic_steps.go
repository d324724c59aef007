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
	sharedLimit = "Clerk counts the limit for the whole instance, including your own back end. To lower this provider's share, lower requests_per_10s in the provider block."
	notGone     = "This does not mean that an application is gone, so nothing is removed from the state."
	notClerk    = "This answer does not come from Clerk itself, but from something in front of Clerk, such as a proxy or a firewall. Check the provider's api_url, and the proxies on the way."
)

// nextStep says what follows from an error and what the user can do, or nothing. The
// most specific error comes first: the error of an operation wraps that of its last
// request.
func nextStep(err error) string {
	if e, ok := errors.AsType[*clerk.InstanceError](err); ok {
		if e.Pinned {
			return "This operation changed nothing. The provider's instance_id asks for " + e.Expected + ": use the secret key of that instance, or correct instance_id."
		}
		return "This operation changed nothing. Use the secret key of " + e.Expected + ", or another state (workspace) for " + e.Actual + "."
	}
	if e, ok := errors.AsType[*clerk.DuplicateNameError](err); ok {
		return duplicateNameSteps(e)
	}
	if e, ok := errors.AsType[*clerk.CreateOutcomeUnknownError](err); ok {
		return unknownCreateSteps(e)
	}
	if _, ok := errors.AsType[*clerk.RotateOutcomeUnknownError](err); ok {
		return "The old secret may have stopped working already, and the new one was not received. The state still has the old one.\n\n" +
			"Apply again: the next plan rotates once more. After that, the secret in the state works."
	}
	if e, ok := errors.AsType[*clerk.RetryAfterError](err); ok {
		return retryAfterStep(e)
	}
	if _, ok := errors.AsType[*clerk.IDError](err); ok {
		return "Nothing was sent. The id of an application looks like oa_2O4BCh3zUONvWlZHtBXv6s6tm7u."
	}
	if _, ok := errors.AsType[*clerk.ChangeOutcomeUnknownError](err); ok {
		return "Clerk may have processed the change. The next plan shows the current values."
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return "This operation changed nothing."
	}
	if e, ok := errors.AsType[*clerk.TransportError](err); ok {
		return transportStep(e)
	}
	if _, ok := errors.AsType[*clerk.AnswerError](err); ok {
		return "Check that the provider's api_url is the address of Clerk's Backend API, and that no proxy answers in its place. If both are right, Clerk may answer in a way that this version of the provider does not know. Try a newer version."
	}
	if e, ok := errors.AsType[*clerk.APIError](err); ok {
		return apiErrorStep(e)
	}
	return ""
}

func transportStep(err *clerk.TransportError) string {
	if err.Untrusted {
		return "This machine does not trust the server. If a proxy on the way inspects TLS, add its certificate authority to those of the system, or name a list with it in SSL_CERT_FILE. Otherwise check the provider's api_url."
	}
	return "Check the network, the proxy settings (HTTPS_PROXY, NO_PROXY) and the provider's api_url."
}

func retryAfterStep(err *clerk.RetryAfterError) string {
	step := "Run again after that time."
	if err.TimeLeft != 0 {
		step = "Run again after that time, or allow the operation more time in the timeouts block."
	}
	if api, ok := errors.AsType[*clerk.APIError](err); ok && api.Status == http.StatusTooManyRequests {
		step += " " + sharedLimit
	}
	return step
}

func apiErrorStep(err *clerk.APIError) string {
	switch {
	case isKeyRefused(err):
		return "Check the provider's secret_key, or the environment variable " + envSecretKey + ", and that api_url points to the Clerk API that issued the key."
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
		return "This is a failure on Clerk's side, or of something in front of it. Try again later; https://status.clerk.com lists known incidents."
	case err.Status == http.StatusNotFound && err.HasCode(clerk.CodeResourceNotFound):
		return "The application does not exist in the instance of the secret key. If someone deleted it outside Terraform, the next plan shows that."
	case err.Status == http.StatusNotFound && len(err.Errors) > 0:
		return notGone
	case err.Status == http.StatusNotFound:
		return notGone + " " + notClerk
	case len(err.Errors) == 0:
		return notClerk
	case err.Status == http.StatusForbidden:
		return "The secret key is valid, but may not do this."
	}
	return ""
}

func duplicateNameSteps(err *clerk.DuplicateNameError) string {
	return "Nothing was created, because prevent_duplicate_names is set in the provider block. " +
		"To manage an existing application with Terraform, import it:\n\n" + importCommands(err.IDs) +
		"\n\nIf this configuration created the existing application, or is about to replace it (create_before_destroy), the two applications need different names."
}

// unknownCreateSteps says how to find out what became of a create.
func unknownCreateSteps(err *clerk.CreateOutcomeUnknownError) string {
	if len(err.Candidates) > 0 {
		ids := make([]string, len(err.Candidates))
		list := make([]string, len(err.Candidates))
		for i, app := range err.Candidates {
			ids[i] = app.ID
			list[i] = candidateLine(app)
		}
		return paragraphs(
			"Nothing is in the state. This create may have created one of these applications:",
			strings.Join(list, "\n"),
			lookupProblem("The search was incomplete", err.LookupErr),
			"Before you apply again, delete the applications that nobody uses, or import the application to keep:",
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
		fmt.Sprintf("Before you apply again, look for an application named %q in the Clerk dashboard. If there is one, import it:", err.Name),
		importCommands([]string{"ID"}),
		secretAfterImport,
		"With prevent_duplicate_names = true in the provider block, you can apply again without looking: the provider then creates no second application of this name, and reports the id of the first.",
	)
}

// candidateLine describes an application that a create may have created. What could not
// be read of the application is zero.
func candidateLine(app clerk.OAuthApplication) string {
	clientID := ""
	if app.ClientID != "" {
		clientID = "client_id " + app.ClientID + ", "
	}
	created := "at an unknown time"
	if !app.CreatedAt.IsZero() {
		created = "at " + app.CreatedAt.Format(time.RFC3339)
	}
	return fmt.Sprintf("  %s (%screated %s)", app.ID, clientID, created)
}

// lookupProblem says what went wrong with the search for an application, if anything.
func lookupProblem(what string, err error) string {
	if err == nil {
		return ""
	}
	return sentence(what + ": " + strings.ReplaceAll(err.Error(), "\n", "; "))
}

const secretAfterImport = "After the import, a rotate_secret_trigger in the configuration creates a client secret that Terraform knows."

func importCommands(ids []string) string {
	commands := make([]string, len(ids))
	for i, id := range ids {
		commands[i] = "  terraform import clerk_oauth_application.NAME " + id
	}
	return strings.Join(commands, "\n")
}

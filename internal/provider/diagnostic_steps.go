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
	sharedLimit = "The limit is counted for the whole instance, your own back end included; requests_per_10s in the provider block lowers this provider's share of it."
	notGone     = "This does not mean that an application is gone, so nothing is removed from the state."
	notClerk    = "This answer is not Clerk's own: something in front of it, such as a proxy or a firewall, gave it. Check the provider's api_url and what stands between."
)

// nextStep tells what follows from an error and what the user can do, where
// something is known. What is most particular comes first: an error of an
// operation wraps that of its last request.
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
			"Apply again: the next plan rotates once more, and then the secret in the state is the one that works."
	}
	if e, ok := errors.AsType[*clerk.RetryAfterError](err); ok {
		return retryAfterStep(e)
	}
	if _, ok := errors.AsType[*clerk.IDError](err); ok {
		return "Nothing was sent. The id of an application looks like oa_2O4BCh3zUONvWlZHtBXv6s6tm7u."
	}
	if _, ok := errors.AsType[*clerk.ChangeOutcomeUnknownError](err); ok {
		return "The change may have been carried out; the next plan shows what is true."
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return "This operation changed nothing."
	}
	if e, ok := errors.AsType[*clerk.TransportError](err); ok {
		return transportStep(e)
	}
	if _, ok := errors.AsType[*clerk.AnswerError](err); ok {
		return "Check that the provider's api_url is the address of Clerk's Backend API, and that no proxy answers in its place. If both are right, Clerk may answer in a way that this version of the provider does not know; try a newer one."
	}
	if e, ok := errors.AsType[*clerk.APIError](err); ok {
		return apiErrorStep(e)
	}
	return ""
}

func transportStep(err *clerk.TransportError) string {
	if err.Untrusted {
		return "This machine does not trust the server. If a proxy on the way inspects TLS, its certificate authority has to be among those of the system (SSL_CERT_FILE names another list); else check the provider's api_url."
	}
	return "Check the network, the proxy settings (HTTPS_PROXY, NO_PROXY) and the provider's api_url."
}

func retryAfterStep(err *clerk.RetryAfterError) string {
	step := "Run again after that time."
	if err.TimeLeft != 0 {
		step = "Run again after that time, or allow the operation more of it in the timeouts block."
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
		return "Something else was changing it all the time. Apply again."
	case err.HasCode("quota_exceeded"):
		return "" // Clerk's words say it
	case err.HasCode("image_too_large"):
		return fmt.Sprintf("Clerk takes logos of at most %d MB.", clerk.MaxLogoBytes>>20)
	case err.HasCode("feature_requires_oidc_provider"):
		return "The instance uses Clerk's legacy OAuth 2.0 provider. Migrate it in the Clerk dashboard."
	case err.Status == http.StatusTooManyRequests:
		return sharedLimit
	case err.Status >= http.StatusInternalServerError:
		return "This is a failure on Clerk's side, or of something in front of it. Try again later; https://status.clerk.com lists known incidents."
	case err.Status == http.StatusNotFound && err.HasCode(clerk.CodeResourceNotFound):
		return "It does not exist in the instance of the secret key. If it was deleted outside Terraform, the next plan shows that."
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
		"\n\nIf it is one that this configuration has made itself, or is about to replace (create_before_destroy), the two need different names."
}

// unknownCreateSteps tells how to find out what became of a create.
func unknownCreateSteps(err *clerk.CreateOutcomeUnknownError) string {
	if len(err.Candidates) > 0 {
		ids := make([]string, len(err.Candidates))
		list := make([]string, len(err.Candidates))
		for i, app := range err.Candidates {
			ids[i] = app.ID
			list[i] = fmt.Sprintf("  %s (client_id %s, created at %s)", app.ID, app.ClientID, app.CreatedAt.Format(time.RFC3339))
		}
		return paragraphs(
			"Nothing is in the state. One of these applications may be the one that this create made:",
			strings.Join(list, "\n"),
			"Delete those that nobody uses, or import the one to keep, before you apply again:",
			importCommands(ids),
			secretAfterImport,
		)
	}
	looked := "A search did not find it, but it may still appear."
	if err.LookupErr != nil {
		looked = sentence("It could not be looked for: " + err.LookupErr.Error())
	}
	return paragraphs(
		looked+" Nothing is in the state.",
		fmt.Sprintf("Before you apply again, look for an application named %q in the Clerk dashboard. If there is one, import it:", err.Name),
		importCommands([]string{"ID"}),
		secretAfterImport,
		"With prevent_duplicate_names = true in the provider block, applying again is safe without looking: it makes no second application of one name, and gives the id of the first.",
	)
}

const secretAfterImport = "A rotate_secret_trigger in its configuration then gives it a client secret that Terraform knows."

func importCommands(ids []string) string {
	commands := make([]string, len(ids))
	for i, id := range ids {
		commands[i] = "  terraform import clerk_oauth_application.NAME " + id
	}
	return strings.Join(commands, "\n")
}

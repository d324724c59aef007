package provider

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

// addError turns an error of package clerk into diagnostics; it is the only place
// where that happens. action completes "Unable to …". An error that Clerk
// attributes to a field stands on the attribute of that name, if params has it.
func addError(diags *diag.Diagnostics, action string, err error, params map[string]path.Path) {
	summary := "Unable to " + action
	var api *clerk.APIError
	if !errors.As(err, &api) || len(api.Errors) == 0 {
		diags.AddError(summary, paragraphs(sentence(err.Error()), nextStep(err), traceLine(err)))
		return
	}
	for _, item := range api.Errors {
		text := item.LongMessage
		if item.Message != "" && !strings.EqualFold(item.Message, text) {
			text = strings.TrimSpace(item.Message + "\n" + text)
		}
		detail := paragraphs(
			circumstances(err),
			text,
			nextStep(err),
			fmt.Sprintf("Clerk's code: %s\nHTTP status: %d%s", item.Code, api.Status, prefixed("\nTrace id: ", api.TraceID)),
		)
		if attribute, ok := attributeOf(item.ParamName, params); ok {
			diags.AddAttributeError(attribute, summary, detail)
			continue
		}
		diags.AddError(summary, detail)
	}
}

// attributeOf finds the attribute of a parameter that Clerk names, such as
// "redirect_uris" or "redirect_uris[0]".
func attributeOf(param string, params map[string]path.Path) (path.Path, bool) {
	name, _, _ := strings.Cut(param, "[")
	attribute, ok := params[name]
	return attribute, ok
}

// circumstances tells what surrounds Clerk's own words, if anything.
func circumstances(err error) string {
	var api *clerk.APIError
	if errors.As(err, &api) && err != error(api) {
		before, _, _ := strings.Cut(err.Error(), api.Error())
		if before = strings.TrimRight(before, ": "); before != "" {
			return sentence(before)
		}
	}
	return ""
}

// nextStep tells what the user can do about an error, where something is known.
func nextStep(err error) string {
	var (
		instance  *clerk.InstanceError
		duplicate *clerk.DuplicateNameError
		unknown   *clerk.UnknownCreateError
		rotation  *clerk.UnknownRotationError
		throttled *clerk.RetryAfterError
		transport *clerk.TransportError
		answer    *clerk.AnswerError
		api       *clerk.APIError
	)
	switch {
	case errors.As(err, &instance):
		return "Nothing was changed. Use the secret key of " + instance.Expected + ", or another state (workspace) for " + instance.Actual + "."
	case errors.As(err, &duplicate):
		return "prevent_duplicate_names is set in the provider block. To manage the existing application, import it:\n\n" + importCommands(duplicate.IDs)
	case errors.As(err, &unknown):
		return unknownCreateSteps(unknown)
	case errors.As(err, &rotation):
		return "The old secret may have stopped working already, and the new one was not received. The state still has the old one. Apply again: the next plan rotates once more, and then the secret in the state is the one that works."
	case errors.As(err, &throttled):
		return fmt.Sprintf("Run again in %s. The limit is counted for the whole instance; requests_per_10s in the provider block lowers this provider's share of it.", throttled.RetryAfter)
	case errors.Is(err, context.DeadlineExceeded):
		return "The time that the timeouts block allows for this operation was over."
	case errors.Is(err, context.Canceled):
		return "The operation was interrupted."
	case errors.As(err, &transport):
		return "Check the network, the proxy settings (HTTPS_PROXY, NO_PROXY) and the provider's api_url."
	case errors.As(err, &answer):
		return "Check that the provider's api_url is the address of Clerk's Backend API, and that no proxy answers in its place."
	case errors.As(err, &api):
		return apiErrorStep(api)
	}
	return ""
}

func apiErrorStep(err *clerk.APIError) string {
	switch {
	case err.HasCode(clerk.CodeKeyInvalid), err.HasCode("authorization_header_format_invalid"):
		return "Check the provider's secret_key, or the environment variable " + envSecretKey + ", and that api_url is the Clerk that issued it."
	case err.Status == http.StatusNotFound && err.HasCode(clerk.CodeResourceNotFound):
		return "It does not exist in the instance of the secret key. If it was deleted outside Terraform, the next plan shows that."
	case err.Status == http.StatusNotFound:
		return "This is not Clerk's word for a missing object, so the state is kept. Check the provider's api_url."
	case err.Status == http.StatusForbidden:
		return "The secret key is valid, but may not do this."
	case err.HasCode("image_too_large"):
		return "Clerk takes logos of at most 10 MB."
	case err.HasCode("feature_requires_oidc_provider"):
		return "The instance uses Clerk's legacy OAuth 2.0 provider. Migrate it in the Clerk dashboard."
	case err.Status == http.StatusTooManyRequests:
		return "The limit is counted for the whole instance; requests_per_10s in the provider block lowers this provider's share of it."
	case err.Status >= http.StatusInternalServerError:
		return "This is a failure on Clerk's side. Try again later; https://status.clerk.com tells of known ones."
	}
	return ""
}

func unknownCreateSteps(err *clerk.UnknownCreateError) string {
	var steps []string
	if err.LookupErr != nil {
		steps = append(steps, sentence("It could not be looked for: "+err.LookupErr.Error()))
	}
	if len(err.Candidates) > 0 {
		ids := make([]string, len(err.Candidates))
		for i, app := range err.Candidates {
			ids[i] = app.ID
		}
		steps = append(steps, "These applications may be the one, and more than one of them could be. Import the one that is, or delete them, before you apply again:\n\n"+importCommands(ids))
	} else {
		steps = append(steps, fmt.Sprintf("Nothing was recorded in the state. Look for an application named %q in the Clerk dashboard before you apply again. "+
			"If there is one, import it; a rotate_secret_trigger then gives it a secret that Terraform knows. "+
			"With prevent_duplicate_names in the provider block, applying again is safe either way: it refuses to make a second one.", err.Name))
	}
	return strings.Join(steps, "\n\n")
}

func importCommands(ids []string) string {
	lines := make([]string, len(ids))
	for i, id := range ids {
		lines[i] = "  terraform import clerk_oauth_application.NAME " + id
	}
	return strings.Join(lines, "\n")
}

func traceLine(err error) string {
	var (
		api       *clerk.APIError
		answer    *clerk.AnswerError
		throttled *clerk.RetryAfterError
	)
	switch {
	case errors.As(err, &api):
		return prefixed("Trace id: ", api.TraceID)
	case errors.As(err, &answer):
		return prefixed("Trace id: ", answer.TraceID)
	case errors.As(err, &throttled):
		return prefixed("Trace id: ", throttled.TraceID)
	}
	return ""
}

// sentence makes the text of a Go error one.
func sentence(text string) string {
	text = strings.TrimSpace(text)
	if text == "" {
		return ""
	}
	text = strings.ToUpper(text[:1]) + text[1:]
	if !strings.HasSuffix(text, ".") && !strings.HasSuffix(text, "…") {
		text += "."
	}
	return text
}

func prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}

// paragraphs joins what is not empty.
func paragraphs(texts ...string) string {
	return strings.Join(slices.DeleteFunc(texts, func(text string) bool { return text == "" }), "\n\n")
}

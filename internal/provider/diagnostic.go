package provider

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

// addError turns an error of package clerk into diagnostics; it is the only place
// where that happens. action completes "Unable to …". An error that Clerk
// attributes to a field stands on the attribute of that name, if params has it.
//
// A detail says, in this order: what happened, in Clerk's words where there are
// any; what follows from it and what to do (diagnostic_steps.go); and the facts
// that Clerk's support asks for.
//
// A fault that every request of a run meets is explained once; the other errors name
// it and point to the first.
func (d *providerData) addError(diags *diag.Diagnostics, action string, err error, params *requestParams) {
	summary := "Unable to " + action
	if fault := sharedFault(err); fault != "" && d != nil && !d.explained.first(fault) {
		diags.AddError(summary, fmt.Sprintf("The first error about %s in this run says what to do.", fault))
		return
	}
	api, ok := errors.AsType[*clerk.APIError](err)
	if !ok || len(api.Errors) == 0 {
		diags.AddError(summary, paragraphs(sentence(plainText(err)), nextStep(err), lines(facts(err), d.address(err))))
		return
	}
	for _, item := range api.Errors {
		words := item.LongMessage
		if words == "" {
			words = item.Message
		}
		detail := paragraphs(circumstances(err, api), sentence("Clerk says: "+words), params.hint(item.ParamName), nextStep(err), lines(factsOf(item, api.Status), facts(err), d.address(err)))
		if attribute, ok := params.path(item.ParamName); ok {
			diags.AddAttributeError(attribute, summary, detail)
			continue
		}
		diags.AddError(summary, detail)
	}
}

// sharedFault names the fault that every request of a run meets, if the error is one of
// a request that changed nothing.
func sharedFault(err error) string {
	if e, ok := errors.AsType[*clerk.APIError](err); ok && isKeyRefused(e) {
		return "the secret key"
	}
	if e, ok := errors.AsType[*clerk.TransportError](err); ok && !e.Sent && !outcomeUnknown(err) {
		return "the connection to Clerk"
	}
	return ""
}

func isKeyRefused(err *clerk.APIError) bool {
	return err.HasCode(clerk.CodeKeyInvalid) || err.HasCode("authorization_header_format_invalid")
}

// outcomeUnknown reports whether Clerk may or may not have processed an operation. Such
// an error is about one application, and is explained each time.
func outcomeUnknown(err error) bool {
	_, create := errors.AsType[*clerk.CreateOutcomeUnknownError](err)
	_, rotate := errors.AsType[*clerk.RotateOutcomeUnknownError](err)
	_, change := errors.AsType[*clerk.ChangeOutcomeUnknownError](err)
	return create || rotate || change
}

// address names the address that was asked, where it is not Clerk's own and may be the
// reason: one that was left over from a simulator looks like a wrong key.
func (d *providerData) address(err error) string {
	client := d.clientIfAny()
	if client == nil || client.APIURL() == clerk.DefaultAPIURL {
		return ""
	}
	api, isAPI := errors.AsType[*clerk.APIError](err)
	_, isTransport := errors.AsType[*clerk.TransportError](err)
	_, isAnswer := errors.AsType[*clerk.AnswerError](err)
	if isTransport || isAnswer || isAPI && (len(api.Errors) == 0 || isKeyRefused(api)) {
		return fmt.Sprintf("Address: %s (not Clerk's own; from api_url or %s)", client.APIURL(), envAPIURL)
	}
	return ""
}

// circumstances returns what an error says before Clerk's own words, if anything.
func circumstances(err error, api *clerk.APIError) string {
	before, _, _ := strings.Cut(err.Error(), api.Error())
	return sentence(strings.TrimRight(before, ": \n"))
}

// plainText is the text of an error, without the number of attempts, which is among
// the facts, and without Go's own words.
func plainText(err error) string {
	text := err.Error()
	if attempts, ok := errors.AsType[*clerk.AttemptsError](err); ok {
		text = strings.Replace(text, attempts.Error(), attempts.Err.Error(), 1)
	}
	return strings.NewReplacer(
		context.Canceled.Error(), "the operation was interrupted",
		context.DeadlineExceeded.Error(), "the operation took longer than its timeout (timeouts block)",
	).Replace(text)
}

// factsOf lists what Clerk says of one error beside its words.
func factsOf(item clerk.ErrorItem, status int) string {
	code := "Clerk's code: " + item.Code
	if item.LongMessage != "" && !strings.Contains(strings.ToLower(item.LongMessage), strings.ToLower(item.Message)) {
		code += " (" + item.Message + ")"
	}
	return lines(code, prefixed("Parameter: ", item.ParamName), fmt.Sprintf("HTTP status: %d", status))
}

// facts lists how often the request was sent, and what Clerk's support needs.
func facts(err error) string {
	var attempts, traceID string
	if e, ok := errors.AsType[*clerk.AttemptsError](err); ok {
		attempts = fmt.Sprintf("Attempts: %d", e.Attempts)
	}
	if e, ok := errors.AsType[*clerk.APIError](err); ok {
		traceID = e.TraceID
	} else if e, ok := errors.AsType[*clerk.AnswerError](err); ok {
		traceID = e.TraceID
	}
	return lines(attempts, prefixed("Trace id: ", traceID))
}

// sentence turns the text of a Go error into a sentence.
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

// lines and paragraphs join what is not empty.
func lines(texts ...string) string      { return joined("\n", texts) }
func paragraphs(texts ...string) string { return joined("\n\n", texts) }

func joined(separator string, texts []string) string {
	return strings.Join(slices.DeleteFunc(texts, func(text string) bool { return text == "" }), separator)
}

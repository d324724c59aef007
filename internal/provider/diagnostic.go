package provider

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

// addError turns an error of package clerk into diagnostics. action completes "Unable to …". A
// detail says, in this order: what happened, in Clerk's words where there are any; what follows and
// what to do (advice); and the facts that Clerk's support asks for.
//
// A refused secret key fails every request, so it is explained once in a run. The later
// errors about it are one line each, which can stand alone: the engine may print it first.
func (d *providerData) addError(
	diags *diag.Diagnostics, action string, err error, params requestParams,
) {
	summary := "Unable to " + action
	if refusal := keyRefusal(err); refusal != nil && !d.first(subjectKey) {
		diags.AddError(summary,
			fmt.Sprintf("Clerk refused the secret key (HTTP %d, %s%s). "+
				"Set secret_key or %s to a key of this instance.",
				refusal.Status, refusal.Errors[0].Code, prefixed(", by ", d.otherURL()), envSecretKey))
		return
	}
	api, ok := errors.AsType[*clerk.APIError](err)
	if !ok || len(api.Errors) == 0 {
		diags.AddError(summary, paragraphs(
			sentence(plainText(err)), advice(err, action), lines(facts(err), d.origins(err))))
		return
	}
	for _, item := range api.Errors {
		words := cmp.Or(item.LongMessage, item.Message)
		param := params.named(item.ParamName)
		detail := paragraphs(
			circumstances(err, api), sentence("Clerk says: "+words), param.hint,
			advice(err, action), lines(factsOf(item, api.Status), facts(err), d.origins(err)))
		if param.attribute == "" {
			diags.AddError(summary, detail)
		} else {
			diags.AddAttributeError(path.Root(param.attribute), summary, detail)
		}
	}
}

func asWarnings(diags diag.Diagnostics) diag.Diagnostics {
	var warnings diag.Diagnostics
	for _, d := range diags {
		if d.Severity() == diag.SeverityError {
			warning := diag.Diagnostic(diag.NewWarningDiagnostic(d.Summary(), d.Detail()))
			if at, ok := d.(diag.DiagnosticWithPath); ok {
				warning = diag.WithPath(at.Path(), warning)
			}
			d = warning
		}
		warnings.Append(d)
	}
	return warnings
}

// keyRefusal returns the error by which Clerk refused the secret key, if that is all that
// an error says. An unknown outcome is about one application, and is told in full each time.
func keyRefusal(err error) *clerk.APIError {
	_, create := errors.AsType[*clerk.CreateOutcomeUnknownError](err)
	_, rotate := errors.AsType[*clerk.RotateOutcomeUnknownError](err)
	_, change := errors.AsType[*clerk.ChangeOutcomeUnknownError](err)
	api, ok := errors.AsType[*clerk.APIError](err)
	if ok && isKeyRefused(api) && !create && !rotate && !change {
		return api
	}
	return nil
}

func isKeyRefused(err *clerk.APIError) bool {
	return err.HasCode(clerk.CodeKeyInvalid) || err.HasCode("authorization_header_format_invalid")
}

// otherURL returns the address of the API, where it is not Clerk's own.
func (d *providerData) otherURL() string {
	if d.client != nil && d.client.APIURL() != clerk.DefaultAPIURL {
		return d.client.APIURL()
	}
	return ""
}

// origins says where the secret key and the address come from, where they may be the
// reason: an address that was left over from a simulator looks like a wrong key.
func (d *providerData) origins(err error) string {
	api, isAPI := errors.AsType[*clerk.APIError](err)
	_, isTransport := errors.AsType[*clerk.TransportError](err)
	_, isAnswer := errors.AsType[*clerk.AnswerError](err)
	refused := isAPI && isKeyRefused(api)
	var key, address string
	if refused {
		key = prefixed("Secret key: from ", d.keySource)
	}
	if refused || isTransport || isAnswer || isAPI && len(api.Errors) == 0 {
		address = prefixed("Address: ", d.otherURL())
	}
	if address != "" {
		address += fmt.Sprintf(" (not Clerk's own; from %s)", d.urlSource)
	}
	return lines(key, address)
}

// circumstances returns what an error says before Clerk's own words, if anything.
func circumstances(err error, api *clerk.APIError) string {
	before, _, _ := strings.Cut(err.Error(), api.Error())
	return sentence(strings.TrimRight(before, ": \n"))
}

// plainText is the text of an error without the number of attempts, which is among the
// facts, and without Go's own words.
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
	if item.LongMessage != "" &&
		!strings.Contains(strings.ToLower(item.LongMessage), strings.ToLower(item.Message)) {
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

// requestParams are the parameters of an object's requests, by Clerk's names. Nil has none.
type requestParams map[string]requestParam

type requestParam struct {
	attribute string // on which diagnostics about the parameter stand
	hint      string // what usually keeps Clerk from applying a value
}

// paramsOf maps Clerk's names of parameters to the attributes of the same name of a
// model, and to the aliases. hints are by Clerk's names too.
func paramsOf[M any](aliases, hints map[string]string) requestParams {
	params := make(requestParams)
	for _, field := range fieldsOf[M]() {
		params[field.name] = requestParam{field.name, hints[field.name]}
	}
	for param, attribute := range aliases {
		params[param] = requestParam{attribute, hints[param]}
	}
	return params
}

// named finds a parameter by a name of Clerk's, such as "redirect_uris" or "redirect_uris[0]".
func (p requestParams) named(param string) requestParam {
	name, _, _ := strings.Cut(param, "[")
	return p[name]
}

// notApplied returns the attribute of a field that Clerk did not apply although it
// reported success, and the text about it: before, the field, after, and the hint.
func (p requestParams) notApplied(
	field clerk.Mismatch, client *clerk.Client, before, after string,
) (path.Path, string) {
	param, otherForm := p.named(field.Name), ""
	if field.Name == "redirect_uris" {
		otherForm = "If Clerk stores a URI in another form, write that form in redirect_uris."
	}
	return path.Root(param.attribute), paragraphs(
		fmt.Sprintf("%s, but Clerk's answer has a different value for %s. %s",
			before, client.Scrub(field.String()), after),
		param.hint, otherForm)
}

// warnOfProblems warns of fields that could not be read of the answer about something. done is
// what Clerk has done all the same.
func (p requestParams) warnOfProblems(
	diags *diag.Diagnostics, client *clerk.Client, problems []clerk.FieldProblem, about, done string,
) {
	if len(problems) == 0 {
		return
	}
	hints := mapped(problems, func(problem clerk.FieldProblem) string {
		return p.named(problem.Field).hint
	})
	diags.AddWarning(fmt.Sprintf("Clerk's answer about %s was incomplete", about), paragraphs(
		done+", but these parts of Clerk's answer could not be read:",
		lines(mapped(problems, func(problem clerk.FieldProblem) string {
			return "- " + client.Scrub(problem.String())
		})...),
		"The state has the planned values. The next refresh shows Clerk's values.",
		paragraphs(hints...)))
}

// recoverPanic turns a panic into an error. Every method that Terraform calls defers it: a panic
// that leaves a provider ends the process, loses the state of what was just created and prints the
// panic's value, which may be a secret. The stack shows addresses and no values.
func recoverPanic(diags *diag.Diagnostics, action string) {
	if value := recover(); value != nil {
		diags.AddError(panicText(action, value))
	}
}

// recoverPanicSaved is recoverPanic for a create. Where the state is saved it lowers every
// error to a warning: an error taints the application, and the next apply would destroy it.
func recoverPanicSaved(diags *diag.Diagnostics, action string, saved *bool) {
	if value := recover(); value != nil {
		summary, detail := panicText(action, value)
		state := "The application may or may not have been created. Before you apply again, look for " +
			"an application of its name in the Clerk dashboard. If there is one, import it."
		if *saved {
			state = "The application exists and its state is saved."
		}
		diags.AddError(summary, paragraphs(state, detail))
	}
	if *saved {
		*diags = asWarnings(*diags)
	}
}

func panicText(action string, value any) (summary, detail string) {
	return "Unable to " + action,
		fmt.Sprintf("Internal error (panic with a value of type %T). This is a bug in the provider. "+
			"Please report it with the lines below, which contain no values.\n\n%s", value, debug.Stack())
}

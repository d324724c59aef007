package clerktest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of Clerk's OpenAPI document, in characters.
const (
	maxName   = 256
	maxScopes = 1024
)

// form is the JSON object of a request. Its errors gather, so that one answer can name several
// parameters. Fields that no endpoint takes are ignored.
type form struct {
	values map[string]json.RawMessage
	errors []clerkError
	status int // of the answer; 0 is 422
}

func (f *form) fail(err clerkError) { f.errors = append(f.errors, err) }

// problem returns the answer to what is wrong with the form, or nil.
func (f *form) problem() *answer {
	if len(f.errors) == 0 {
		return nil
	}
	if f.status == 0 {
		f.status = http.StatusUnprocessableEntity
	}
	return &answer{status: f.status, errors: f.errors}
}

// take reads a field. It returns nil if the field was omitted or is null, which both mean "leave
// unchanged", or if the type is wrong, which is an error of the form.
func take[T any](f *form, name string) *T {
	raw, sent := f.values[name]
	if !sent {
		return nil
	}
	var value *T
	if err := json.Unmarshal(raw, &value); err != nil {
		received, expected := "a value", "another type"
		if mismatch, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			received, expected = mismatch.Value, mismatch.Type.String()
		}
		f.fail(invalid(name, "Received %s, must be of type %s.", received, expected))
		return nil
	}
	return value
}

// takeNewer reads a field that Clerk's OpenAPI document lacks, as the NewerFields switch says.
func (w *work) takeNewer(name string) *bool {
	if _, sent := w.form.values[name]; sent && w.switches.NewerFields == NewerFieldsRefused {
		w.form.fail(about(name, "form_param_unknown", "is unknown",
			name+" is not a valid parameter for this request."))
	}
	if w.switches.NewerFields != NewerFieldsServed {
		return nil
	}
	return take[bool](w.form, name)
}

func assign[T any](target, value *T) {
	if value != nil {
		*target = *value
	}
}

// applicationInput is what a create or an update asks for; nil leaves a field as it is.
type applicationInput struct {
	name, scopes                  *string
	redirects                     *[]string
	consent, pkce, public, device *bool
}

// parseApplication takes each field out of the form and checks it by itself. before is nil for a
// create.
func parseApplication(w *work, before *Application) applicationInput {
	f, create := w.form, w.request.Method == http.MethodPost
	input := applicationInput{
		name:      take[string](f, "name"),
		redirects: take[[]string](f, "redirect_uris"),
		consent:   take[bool](f, "consent_screen_enabled"),
		pkce:      take[bool](f, "pkce_required"),
		public:    take[bool](f, "public"),
		device:    w.takeNewer("device_authorization_grant_enabled"),
	}
	switch {
	case input.name == nil && create && len(f.errors) == 0:
		f.fail(about("name", "form_param_missing", "is missing", "name must be included."))
	case input.name == nil:
	case strings.TrimSpace(*input.name) == "":
		f.fail(invalid("name", "Must be not empty"))
	case utf8.RuneCountInString(*input.name) > maxName:
		f.fail(tooLong("name", maxName))
	}
	if callback := take[string](f, "callback_url"); callback != nil && input.redirects == nil {
		input.redirects = &[]string{*callback} // deprecated
	}
	if input.redirects != nil {
		for _, uri := range *input.redirects {
			if !validURI(uri) {
				f.fail(about("redirect_uris", "form_param_format_invalid", "is invalid",
					fmt.Sprintf("%q is not a valid URL.", uri)))
			}
		}
	}
	if text := take[string](f, "scopes"); text != nil {
		stored := w.parseScopes(*text, before, create)
		input.scopes = &stored
	}
	return input
}

// validURI accepts an absolute URI of any scheme, like Clerk's OpenAPI document; private-use
// schemes of native applications too (RFC 8252 section 7.1). http and https need a host.
func validURI(text string) bool {
	isBlank := func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }
	if strings.ContainsFunc(text, isBlank) {
		return false
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme == "" {
		return false
	}
	if u.Scheme == "http" || u.Scheme == "https" {
		return u.Hostname() != ""
	}
	return u.Host != "" || u.Path != "" || u.Opaque != ""
}

// breaksRules checks what takes more than one field to judge.
func (i *applicationInput) breaksRules(before *Application, w *work) *answer {
	if i.redirects != nil {
		distinct := slices.Compact(slices.Sorted(slices.Values(*i.redirects)))
		if len(distinct) < len(*i.redirects) {
			return &errDuplicateRedirect
		}
	}
	dynamic := before != nil && before.DynamicallyRegistered
	if i.consent != nil && !*i.consent && (dynamic || w.instance.forcesConsent(w.switches)) {
		return &errConsentRequired
	}
	return nil
}

// apply changes an application as the input asks.
func (i *applicationInput) apply(a *Application, w *work) {
	assign(&a.Name, i.name)
	assign(&a.Scopes, i.scopes)
	assign(&a.ConsentScreenEnabled, i.consent)
	assign(&a.Public, i.public)
	assign(&a.PKCERequired, i.pkce)
	assign(&a.DeviceAuthorizationGrantEnabled, i.device)
	if i.redirects != nil {
		a.RedirectURIs = storedURIs(*i.redirects, w.switches)
	}
}

// storedURIs returns redirect URIs in the form and order in which they are stored.
func storedURIs(sent []string, switches Switches) []string {
	stored := slices.Clone(sent)
	if switches.RedirectNormalization == RedirectsNormalized {
		for i, uri := range stored {
			stored[i] = normalizedURI(uri)
		}
	}
	switch switches.RedirectOrder {
	case RedirectsSorted:
		slices.Sort(stored)
	case RedirectsReversed:
		slices.Reverse(stored)
	}
	return stored
}

// normalizedURI applies RFC 3986 sections 6.2.2.1 and 6.2.3 to scheme, host and an empty path.
func normalizedURI(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Opaque != "" {
		return text
	}
	u.Host = strings.ToLower(u.Host)
	if u.Path == "" && (u.Scheme == "http" || u.Scheme == "https") {
		u.Path = "/"
	}
	return u.String()
}

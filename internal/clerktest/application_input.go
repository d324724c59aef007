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

// edit changes an application as the request asks, and returns what is wrong with the request. The
// caller stores the application if nothing is. An application without an id does not exist.
func (w *work) edit(a *Application) *answer {
	f, before := w.form, *a
	name := take[string](f, "name")
	switch {
	case name == nil && w.isCreate() && len(f.errors) == 0:
		f.fail(about("name", "form_param_missing", "is missing", "name must be included."))
	case name == nil:
	case strings.TrimSpace(*name) == "":
		f.fail(invalid("name", "Must be not empty"))
	case utf8.RuneCountInString(*name) > maxName:
		f.fail(tooLong("name", maxName))
	}
	assign(&a.Name, name)
	assign(&a.PKCERequired, take[bool](f, "pkce_required"))
	assign(&a.Public, take[bool](f, "public"))
	assign(&a.DeviceAuthorizationGrantEnabled, w.takeNewer("device_authorization_grant_enabled"))
	consent := take[bool](f, "consent_screen_enabled")
	assign(&a.ConsentScreenEnabled, consent)
	redirects := take[[]string](f, "redirect_uris")
	if callback := take[string](f, "callback_url"); callback != nil && redirects == nil {
		redirects = &[]string{*callback} // deprecated
	}
	if redirects != nil {
		for _, uri := range *redirects {
			if !validURI(uri) {
				f.fail(about("redirect_uris", "form_param_format_invalid", "is invalid",
					fmt.Sprintf("%q is not a valid URL.", uri)))
			}
		}
		a.RedirectURIs = storedURIs(*redirects, w.switches)
	}
	if scopes := take[string](f, "scopes"); scopes != nil {
		a.Scopes = w.storedScopes(*scopes, before.Scopes)
	}
	if problem := f.problem(); problem != nil {
		return problem
	}
	distinct := slices.Compact(slices.Sorted(slices.Values(a.RedirectURIs)))
	mustConsent := a.DynamicallyRegistered || w.instance.forcesConsent(w.switches)
	switch {
	case a.ID == "":
		return &errNotFound
	case len(distinct) < len(a.RedirectURIs):
		return &errDuplicateRedirect
	case consent != nil && !*consent && mustConsent:
		return &errConsentRequired
	}
	return nil
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

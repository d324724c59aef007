package clerktest

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxName is a limit of Clerk's OpenAPI document, in characters.
const maxName = 256

// edit changes an application as the request asks, and reports whether nothing is wrong with the
// request. The caller then stores the application.
func (w *work) edit(a *Application) bool {
	w.decode(a, "device_authorization_grant_enabled")
	if len(w.errors) > 0 {
		return false
	}
	sent := w.request.JSON
	switch _, named := sent["name"]; {
	case w.before == nil && !named:
		w.fail(about("name", "form_param_missing", "is missing", "name must be included."))
	case strings.TrimSpace(a.Name) == "":
		w.fail(invalid("name", "Must be not empty"))
	case utf8.RuneCountInString(a.Name) > maxName:
		w.fail(about("name", "form_param_max_length_exceeded", "exceeds maximum length",
			fmt.Sprintf("name should not exceed %d characters.", maxName)))
	}
	if sent["scopes"] != nil {
		a.Scopes = w.storedScopes(strings.Fields(a.Scopes))
	}
	if sent["redirect_uris"] != nil {
		a.RedirectURIs = w.storedURIs(a.RedirectURIs)
	} else if w.before != nil { // null keeps what was there
		a.RedirectURIs = w.before.RedirectURIs
	}
	mustConsent := a.DynamicallyRegistered || w.forcesConsent()
	switch {
	case len(w.errors) > 0:
	case len(slices.Compact(slices.Sorted(slices.Values(a.RedirectURIs)))) < len(a.RedirectURIs):
		w.fail(known(http.StatusBadRequest, "duplicate_record"))
	case mustConsent && sent["consent_screen_enabled"] == false:
		w.fail(about("consent_screen_enabled",
			"oauth_application_consent_screen_cannot_be_disabled", "consent screen cannot be disabled",
			"Consent screen cannot be disabled for a dynamically registered OAuth Application"))
	}
	return len(w.errors) == 0
}

// storedURIs checks redirect URIs and returns them in the form and order in which they are stored.
func (w *work) storedURIs(uris []string) []string {
	for i, uri := range uris {
		// Any scheme will do: native applications have schemes of their own (RFC 8252 section 7.1).
		u, err := url.Parse(uri)
		if err != nil || u.Scheme == "" || strings.HasPrefix(u.Scheme, "http") && u.Host == "" {
			w.fail(about("redirect_uris", "form_param_format_invalid", "is invalid",
				fmt.Sprintf("%q is not a valid URL.", uri)))
		} else if w.switches.RedirectNormalization == "rfc3986" && u.Opaque == "" {
			// RFC 3986 sections 6.2.2.1 and 6.2.3.
			u.Host = strings.ToLower(u.Host)
			if u.Path == "" && strings.HasPrefix(u.Scheme, "http") {
				u.Path = "/"
			}
			uris[i] = u.String()
		}
	}
	switch w.switches.RedirectOrder {
	case "sorted":
		slices.Sort(uris)
	case "reversed":
		slices.Reverse(uris)
	}
	return uris
}

package clerktest

import (
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of Clerk's OpenAPI document, in characters.
const (
	maxName        = 256
	maxCallbackURL = 1024
	maxScopes      = 1024
)

// applicationInput is what a create or an update asks for.
type applicationInput struct {
	name, callback             field[string]
	scopes                     field[[]string]
	redirects                  field[[]string]
	consent, pkce, public, dev field[bool]
}

// parseApplication takes every field of an application out of the form and checks each by itself.
func parseApplication(f *form, w *work, create bool) applicationInput {
	text, list, boolean := takeForUpdate[string], takeForUpdate[[]string], takeForUpdate[bool]
	if create {
		text, list, boolean = take[string], take[[]string], take[bool]
	}
	input := applicationInput{
		name:      text(f, "name"),
		callback:  text(f, "callback_url"),
		redirects: list(f, "redirect_uris"),
		consent:   boolean(f, "consent_screen_enabled"),
		pkce:      boolean(f, "pkce_required"),
		public:    boolean(f, "public"),
	}
	switch w.switches.NewerFields {
	case NewerFieldsServed:
		input.dev = boolean(f, "device_authorization_grant_enabled")
	case NewerFieldsRefused:
		f.refuse("device_authorization_grant_enabled")
	}
	checkName(f, input.name, create)
	checkCallback(f, input.callback)
	checkRedirects(f, input.redirects)
	input.scopes = checkScopes(f, w, text(f, "scopes"), create)
	if f.switches.BothCallbackAndRedirects == BothConflict && input.redirects.sent && input.callback.sent &&
		!slices.Equal(input.redirects.value, []string{input.callback.value}) {
		f.fail(formError("form_param_value_conflict", "is invalid", "callback_url",
			"`callback_url` and `redirect_uris` refer to the same value, so they must match when both are sent."))
	}
	return input
}

func checkName(f *form, name field[string], create bool) {
	_, sent := f.values["name"] // a name of another type is reported already
	switch {
	case create && (!sent || name.null):
		f.fail(missing("name"))
	case name.sent && !name.null && strings.TrimSpace(name.value) == "":
		f.fail(empty("name"))
	case utf8.RuneCountInString(name.value) > maxName:
		f.fail(tooLong("name", maxName))
	}
}

func checkCallback(f *form, callback field[string]) {
	switch {
	case callback.value == "":
	case utf8.RuneCountInString(callback.value) > maxCallbackURL:
		f.fail(tooLong("callback_url", maxCallbackURL))
	case !validURL(callback.value):
		f.fail(notURL("callback_url", callback.value))
	}
}

func checkRedirects(f *form, redirects field[[]string]) {
	if redirects.sent && !redirects.null && len(redirects.value) == 0 && f.switches.RedirectsEmpty == EmptyRefused {
		f.fail(empty("redirect_uris"))
	}
	for _, uri := range redirects.value {
		if !validURL(uri) {
			f.fail(notURL("redirect_uris", uri))
		}
	}
}

// validURL holds an absolute URL of any scheme to be valid, as Clerk's OpenAPI document does, private-use schemes of
// native applications among them (RFC 8252 section 7.1). http and https need a host.
func validURL(text string) bool {
	if strings.ContainsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
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

// breaksRules checks what needs more than one field to judge. before is nil for a create.
func (i *applicationInput) breaksRules(before *Application, w *work) *answer {
	duplicates := slices.Clone(i.redirects.value)
	slices.Sort(duplicates)
	if len(slices.Compact(duplicates)) < len(i.redirects.value) {
		return &errDuplicateRedirect
	}
	if i.consent.sent && !i.consent.null && !i.consent.value &&
		(before != nil && before.DynamicallyRegistered || w.instance.forcesConsent(w.switches)) {
		return &errConsentRequired
	}
	var public, pkce bool
	if before != nil {
		public, pkce = before.Public, before.PKCERequired
	}
	if i.public.sent {
		public = i.public.value
	}
	if i.pkce.sent {
		pkce = i.pkce.value
	}
	if public && !pkce && w.switches.PublicSetsPKCE == PublicLeavesPKCE && w.switches.PublicWithoutPKCE == PublicWithoutPKCERefused {
		return &errPublicWithoutPKCE
	}
	return nil
}

// apply changes an application as the input asks. A null that arrives here resets, or on a create leaves, the default.
func (i *applicationInput) apply(a *Application, w *work, create bool) {
	if i.name.sent && !i.name.null {
		a.Name = i.name.value
	}
	if redirects, changed := i.redirectURIs(w.switches); changed {
		a.RedirectURIs = redirects
	}
	switch {
	case !i.scopes.sent:
	case create || i.scopes.null:
		a.Scopes = w.newScopes(i.scopes.value)
	default:
		a.Scopes = w.replacedScopes(a.Scopes, i.scopes.value)
	}
	setBool(&a.ConsentScreenEnabled, i.consent, true)
	setBool(&a.Public, i.public, false)
	setBool(&a.PKCERequired, i.pkce, false)
	setBool(&a.DeviceAuthorizationGrantEnabled, i.dev, false)
	if i.public.value && w.switches.PublicSetsPKCE == PublicTurnsPKCEOn {
		a.PKCERequired = true
	}
}

func setBool(target *bool, input field[bool], reset bool) {
	switch {
	case !input.sent:
	case input.null:
		*target = reset
	default:
		*target = input.value
	}
}

// redirectURIs gives the redirect URIs that the input asks for, and false when it asks for no change.
func (i *applicationInput) redirectURIs(switches Switches) ([]string, bool) {
	var wanted []string
	switch {
	case i.redirects.sent && len(i.redirects.value) == 0 && !i.redirects.null && switches.RedirectsEmpty == EmptyIgnored:
		return nil, false
	case i.redirects.sent && !(i.redirects.null && i.callback.value != ""):
		wanted = slices.Clone(i.redirects.value)
		if switches.BothCallbackAndRedirects == BothMakeUnion && i.callback.value != "" && !slices.Contains(wanted, i.callback.value) {
			wanted = append(wanted, i.callback.value)
		}
	case i.callback.sent && i.callback.value != "":
		wanted = []string{i.callback.value}
	case !i.callback.sent:
		return nil, false
	}
	if switches.RedirectNormalization == RedirectsNormalized {
		for index, uri := range wanted {
			wanted[index] = normalizedURI(uri)
		}
	}
	switch switches.RedirectOrder {
	case RedirectsSorted:
		slices.Sort(wanted)
	case RedirectsReversed:
		slices.Reverse(wanted)
	}
	return wanted, true
}

// normalizedURI lowers scheme and host and gives an http URL without a path the path "/" (RFC 3986 sections 6.2.2.1, 6.2.3).
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

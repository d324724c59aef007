package provider

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
)

// addWarnings warns of what Clerk may accept and users rarely want. These are not errors,
// so that every existing application can be imported.
//
// Engines fold warnings of one summary into the first of them. So there is one warning for
// each attribute of an application, with the application's name in the summary.
func (m *resourceModel) addWarnings(diags *diag.Diagnostics) {
	who := m.titleName()
	warn := func(attribute, summary, detail string) {
		if detail != "" {
			diags.AddAttributeWarning(path.Root(attribute), summary, detail)
		}
	}
	name := m.Name.ValueString()
	warn("name", "White space around the name of "+who, oddEnds(name))
	warn("name", "Invisible characters in the name of "+who, oddCharacters(name))
	warn("redirect_uris", "Redirect URIs of "+who+" may not work as intended",
		oddURIs(stringsOf(m.RedirectURIs)))
	warn("scopes", "Comma in a scope of "+who, oddScopes(stringsOf(m.Scopes)))
	if yearOnly.MatchString(m.RotateSecretTrigger.ValueString()) {
		warn("rotate_secret_trigger", "Rotation trigger of digits only: "+who,
			fmt.Sprintf("rotate_secret_trigger is %q. A date without quotation marks is a calculation: "+
				"2026-07-01 is 2018. Write a date in quotation marks. If the number is meant, ignore this.",
				m.RotateSecretTrigger.ValueString()))
	}
	if m.VerifyClientSecret.ValueBool() && !m.EncryptClientSecretTo.IsNull() {
		warn("verify_client_secret", "An encrypted client secret cannot be verified: "+who,
			"With encrypt_client_secret_to the provider cannot read the secret in the state, so "+
				"verify_client_secret has no effect. Remove one of the two arguments.")
	}
	if !m.Public.ValueBool() {
		return
	}
	withoutPKCE := !m.PKCERequired.IsUnknown() && !m.PKCERequired.ValueBool()
	if withoutPKCE && !m.DeviceGrantEnabled.ValueBool() { // which has no authorization code
		warn("pkce_required", "Public client without PKCE: "+who,
			"A public client has no secret. Only PKCE (RFC 7636) ties an authorization code to the client "+
				"that requested it. Set pkce_required = true.")
	}
	if !m.EncryptClientSecretTo.IsNull() {
		warn("encrypt_client_secret_to", "Recipients without a client secret: "+who,
			"A public client has no secret, so nothing is encrypted to the recipients and "+
				"client_secret_encrypted stays null.")
	}
	if slices.Contains(stringsOf(m.Scopes), "private_metadata") {
		warn("scopes", "Private metadata for a public client: "+who,
			"The scope private_metadata gives users' private metadata to a client whose code and tokens "+
				"are on the users' devices.")
	}
}

// yearOnly matches what HCL makes of a date without quotation marks. Other numbers are
// counters, which many configurations have.
var yearOnly = regexp.MustCompile(`^\s*(19|20)[0-9]{2}\s*$`)

// oddEnds says with which white space a name begins and ends, or "".
func oddEnds(name string) string {
	var where []string
	characters := []rune(name)
	if strings.TrimLeftFunc(name, unicode.IsSpace) != name {
		where = append(where, "begins with "+codePoint(characters[0]))
	}
	if strings.TrimRightFunc(name, unicode.IsSpace) != name {
		where = append(where, "ends with "+codePoint(characters[len(characters)-1]))
	}
	if len(where) == 0 {
		return ""
	}
	return fmt.Sprintf("The name %s. Clerk may remove white space at the ends of a name, and users "+
		"cannot see it. The provider treats both spellings as the same name.",
		strings.Join(where, " and "))
}

// oddCharacters names the characters inside a name that nobody can see, or "".
func oddCharacters(name string) string {
	hidden, seen := invisibleIn(name), false
	for _, r := range strings.TrimSpace(name) {
		seen = seen || unicode.IsPrint(r) && !isInvisible(r)
		if unicode.IsControl(r) && !slices.Contains(hidden, codePoint(r)) {
			hidden = append(hidden, codePoint(r))
		}
	}
	if len(hidden) == 0 {
		return ""
	}
	text := fmt.Sprintf("The name has characters that users cannot see: %s. They can make a name "+
		"look like another one, and change how a terminal or the consent screen shows it.",
		strings.Join(hidden, ", "))
	if !seen {
		text += " No character of the name is visible."
	}
	return text
}

// oddURIs lists what is unusual about redirect URIs, or "".
func oddURIs(uris []string) string {
	var lines []string
	for _, uri := range uris {
		if concerns := redirectURIConcerns(uri); len(concerns) > 0 {
			lines = append(lines, fmt.Sprintf("- %s %s.",
				quote(withoutPassword(uri)), strings.Join(concerns, "; it ")))
		}
	}
	return strings.Join(lines, "\n")
}

func oddScopes(scopes []string) string {
	scopes = slices.DeleteFunc(scopes, func(scope string) bool {
		return !strings.Contains(scope, ",")
	})
	if len(scopes) == 0 {
		return ""
	}
	return fmt.Sprintf("Clerk treats %s as one scope. If several are meant, write each of them as a "+
		"separate element.", quoted(scopes))
}

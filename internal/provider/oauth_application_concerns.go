package provider

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
)

// warnOfConcerns warns of what Clerk may accept and users rarely want. These are not
// errors, so that every existing application can be imported.
//
// Engines fold warnings of one summary into the first of them. So there is one warning
// for each attribute of an application, with the application's name in the summary.
func (m *resourceModel) warnOfConcerns(diags *diag.Diagnostics) {
	who := m.titleName()
	if name := m.Name.ValueString(); strings.TrimSpace(name) != name {
		diags.AddAttributeWarning(path.Root("name"), "White space around the name of "+who,
			fmt.Sprintf("The name %s. Clerk may remove white space at the ends of a name, and users cannot see it. The provider treats both spellings as the same name.", outerWhiteSpace(name)))
	}
	if concerns := concernsOfURIs(stringsOf(m.RedirectURIs)); concerns != "" {
		diags.AddAttributeWarning(path.Root("redirect_uris"), "Redirect URIs of "+who+" may not work as intended", concerns)
	}
	if scopes := slices.DeleteFunc(stringsOf(m.Scopes), func(scope string) bool { return !strings.Contains(scope, ",") }); len(scopes) > 0 {
		diags.AddAttributeWarning(path.Root("scopes"), "Comma in a scope of "+who,
			fmt.Sprintf("Clerk treats %s as one scope. If several are meant, write each of them as a separate element.", quoted(scopes)))
	}
	if m.VerifyClientSecret.ValueBool() && !m.EncryptClientSecretTo.IsNull() {
		diags.AddAttributeWarning(path.Root("verify_client_secret"), "An encrypted client secret cannot be verified: "+who,
			"With encrypt_client_secret_to the provider cannot read the secret in the state, so verify_client_secret has no effect. Remove one of the two arguments.")
	}
	if !m.Public.ValueBool() {
		return
	}
	if !m.PKCERequired.IsUnknown() && !m.PKCERequired.ValueBool() {
		diags.AddAttributeWarning(path.Root("pkce_required"), "Public client without PKCE: "+who,
			"A public client has no secret. Only PKCE (RFC 7636) ties an authorization code to the client that requested it. Set pkce_required = true.")
	}
	if !m.EncryptClientSecretTo.IsNull() {
		diags.AddAttributeWarning(path.Root("encrypt_client_secret_to"), "Recipients without a client secret: "+who,
			"A public client has no secret, so nothing is encrypted to the recipients and client_secret_encrypted stays null.")
	}
	if slices.Contains(stringsOf(m.Scopes), "private_metadata") {
		diags.AddAttributeWarning(path.Root("scopes"), "Private metadata for a public client: "+who,
			"The scope private_metadata gives users' private metadata to a client whose code and tokens are on the users' devices.")
	}
}

// titleName is how the summary of a warning names the application.
func (m *resourceModel) titleName() string {
	if m.Name.IsNull() || m.Name.IsUnknown() {
		return "an OAuth application"
	}
	return fmt.Sprintf("OAuth application %q", m.Name.ValueString())
}

// concernsOfURIs lists the URIs with concerns, or "".
func concernsOfURIs(uris []string) string {
	slices.Sort(uris)
	var lines []string
	for _, uri := range slices.Compact(uris) {
		if concerns := redirectURIConcerns(uri); len(concerns) > 0 {
			lines = append(lines, fmt.Sprintf("- %q %s.", withoutPassword(uri), strings.Join(concerns, "; it ")))
		}
	}
	return strings.Join(lines, "\n")
}

// outerWhiteSpace says with which white space a name begins and ends.
func outerWhiteSpace(name string) string {
	var where []string
	characters := []rune(name)
	if strings.TrimLeftFunc(name, unicode.IsSpace) != name {
		where = append(where, "begins with "+codePoint(characters[0]))
	}
	if strings.TrimRightFunc(name, unicode.IsSpace) != name {
		where = append(where, "ends with "+codePoint(characters[len(characters)-1]))
	}
	return strings.Join(where, " and ")
}

// withoutPassword hides the password of user information.
func withoutPassword(uri string) string {
	if parsed, err := url.Parse(uri); err == nil && parsed.User != nil {
		return parsed.Redacted()
	}
	return uri
}

func quoted(texts []string) string {
	all := make([]string, len(texts))
	for i, text := range texts {
		all[i] = fmt.Sprintf("%q", text)
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

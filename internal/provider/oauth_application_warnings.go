package provider

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
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

// titleName is how the summary of a warning names the application.
func (m *resourceModel) titleName() string {
	if !isKnownText(m.Name) {
		return "an OAuth application"
	}
	return "OAuth application " + m.quotedName()
}

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
	slices.Sort(uris)
	var lines []string
	for _, uri := range slices.Compact(uris) {
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

// withoutPassword hides the password of user information.
func withoutPassword(uri string) string {
	if parsed, err := url.Parse(uri); err == nil && parsed.User != nil {
		return parsed.Redacted()
	}
	return uri
}

// withLacking adds to the problems of an answer the fields that were sent and that the
// answer lacks, although it could be read without them.
func withLacking(
	app clerk.OAuthApplication, fields clerk.OAuthApplicationFields,
) clerk.OAuthApplication {
	lacks := func(field string, sent, answered bool) {
		if sent && !answered && !hasProblem(app, field) {
			problem := clerk.FieldProblem{Field: field, Problem: "is missing"}
			app.Problems = append(slices.Clip(app.Problems), problem)
		}
	}
	uris, grant := fields.RedirectURIs, fields.DeviceAuthorizationGrantEnabled != nil
	lacks("redirect_uris", uris != nil && len(*uris) > 0, app.RedirectURIs != nil)
	lacks("scopes", fields.Scopes != nil, len(app.Scopes) > 0)
	lacks("device_authorization_grant_enabled", grant, app.DeviceAuthorizationGrantEnabled != nil)
	return app
}

func hasProblem(app clerk.OAuthApplication, field string) bool {
	return slices.ContainsFunc(app.Problems, func(problem clerk.FieldProblem) bool {
		return problem.Field == field
	})
}

// warnOfProblems warns of fields of an answer that could not be read. done is what Clerk has
// done all the same.
func warnOfProblems(
	diags *diag.Diagnostics, client *clerk.Client, app clerk.OAuthApplication, model resourceModel,
	done string,
) {
	if len(app.Problems) == 0 {
		return
	}
	var problems, hints []string
	for _, problem := range app.Problems {
		problems = append(problems, problem.String())
		hints = append(hints, applicationParams.hint(problem.Field))
	}
	summary := fmt.Sprintf("Clerk's answer about %s was incomplete", model.quotedName())
	diags.AddWarning(summary, paragraphs(
		fmt.Sprintf("%s (application %s), but these parts of Clerk's answer could not be read: %s. The "+
			"state has the planned values, and the next refresh shows Clerk's.",
			done, app.ID, client.Scrub(strings.Join(problems, "; "))),
		paragraphs(hints...)))
}

// otherSpelling says how to write redirect URIs that Clerk has in another form, or "".
func (m *reportedModel) otherSpelling(refused clerk.Mismatch, app clerk.OAuthApplication) string {
	if refused.Name != "redirect_uris" {
		return ""
	}
	normal := func(uris []string) []string {
		all := make([]string, len(uris))
		for i, uri := range uris {
			all[i] = normalURI(uri)
		}
		return all
	}
	if !sameStrings(normal(stringsOf(m.RedirectURIs)), normal(app.RedirectURIs)) {
		return ""
	}
	return fmt.Sprintf("Clerk stores the URIs in another form. Write them in redirect_uris as Clerk "+
		"has them: [%s].", quoted(app.RedirectURIs))
}

// normalURI is the form that spellings of one URI share (RFC 3986 section 6.2): scheme and
// host in lower case, and "/" for an empty path.
func normalURI(uri string) string {
	parsed, err := url.Parse(uri)
	if err != nil {
		return uri
	}
	parsed.Host = strings.ToLower(parsed.Host) // the scheme is in lower case already
	if parsed.Host != "" && parsed.Path == "" {
		parsed.Path = "/"
	}
	return parsed.String()
}

// warnOfCreation warns of what was unusual about a create that succeeded.
func warnOfCreation(
	diags *diag.Diagnostics, client *clerk.Client, creation clerk.Creation,
	plan resourceModel, fields clerk.OAuthApplicationFields,
) {
	app, name := creation.Application, plan.quotedName()
	late := fmt.Sprintf(" If Clerk still processes the first request, a second application of this "+
		"name will appear beside %s. Nobody uses the second application: delete it in the Clerk "+
		"dashboard.", app.ID)
	if creation.Adopted {
		text := fmt.Sprintf("%s A search found that exactly one application matches the request: %s "+
			"(client_id %s), created at %s. It is now in the state.",
			sentence("The answer to the request was lost: "+creation.LostAnswer.Error()),
			app.ID, client.Scrub(app.ClientID), app.CreatedAt.Format(time.RFC3339))
		if !app.Public && creation.RotationError == nil {
			text += " Its first secret was in the lost answer. The provider rotated the secret once, and " +
				"the state has the new secret."
		}
		if creation.Repeated {
			text += " This was the second request. The first request had no usable answer either, and " +
				"left no trace." + late
		}
		diags.AddWarning(
			fmt.Sprintf("OAuth application %s found after its create had no answer", name), text)
	} else if creation.Repeated {
		diags.AddWarning(fmt.Sprintf("OAuth application %s created by a second request", name),
			sentence("The first request had no usable answer and left no trace: "+
				creation.LostAnswer.Error())+" The second request created "+app.ID+"."+late)
	}
	if creation.MaybeStale {
		warnOfStaleSecret(diags, plan)
	}
	if len(creation.Duplicates) > 0 {
		ids := make([]string, len(creation.Duplicates))
		for i, duplicate := range creation.Duplicates {
			ids[i] = duplicate.ID
		}
		diags.AddWarning(fmt.Sprintf("There may be a second OAuth application named %s", name),
			fmt.Sprintf("Clerk seems to have processed the first request after all. The state has %s. "+
				"Clerk also has %s, with the same name and created at about the same time. Unless someone "+
				"else created it just now, nobody uses it: delete it in the Clerk dashboard.",
				app.ID, strings.Join(ids, ", ")))
	}
	warnOfProblems(diags, client, app, plan, "The application was created")
	for _, refused := range fields.NotApplied(app) {
		at, detail := applicationParams.notApplied(refused, client,
			"The application "+app.ID+" was created", "The next plan shows the difference.")
		diags.AddAttributeWarning(at,
			fmt.Sprintf("Clerk did not apply a value for %s: %s", name, refused.Name),
			paragraphs(detail, plan.otherSpelling(refused, app)))
	}
}

package provider

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

// applicationCall is a call about one application under way.
type applicationCall struct {
	data     *providerData
	client   *clerk.Client
	plan     resourceModel // the zero model in a read and a delete
	current  resourceModel // what is true by now
	logo     logoFile      // to upload
	notes    *privateNotes
	state    *tfsdk.State
	identity *tfsdk.ResourceIdentity
	diags    *diag.Diagnostics

	patched, rotated bool // steps that Clerk has carried out
}

// timeoutOf returns a duration of the timeouts block, such as timeouts.Value.Create.
type timeoutOf func(context.Context, time.Duration) (time.Duration, diag.Diagnostics)

// begin gets the client and the private state, and limits the context by the timeout. The
// call must end if there are errors by then.
func (c *applicationCall) begin(
	ctx context.Context, timeout timeoutOf, fallback time.Duration, private privateStore,
) (context.Context, context.CancelFunc) {
	limit, diags := timeout(ctx, fallback)
	c.diags.Append(diags...)
	c.client = c.data.requireClient(c.diags)
	c.notes = openPrivate(ctx, private, c.diags)
	return context.WithTimeout(ctx, limit)
}

// save writes the current model into the state.
func (c *applicationCall) save(ctx context.Context) diag.Diagnostics {
	diags := saveState(ctx, c.current, c.current.ID, c.state, c.identity)
	c.diags.Append(diags...)
	return diags
}

// wantsLogo reports whether the content of the file is not the one that was uploaded.
func (c *applicationCall) wantsLogo() bool {
	return !c.plan.LogoPath.IsNull() && !c.plan.LogoSHA256.Equal(c.current.LogoSHA256)
}

// readLogo reads the file that uploadLogo will upload, if any. It adds an error that ends
// with the consequence, and returns false, if the file cannot be used.
func (c *applicationCall) readLogo(consequence string) (ok bool) {
	if !c.wantsLogo() {
		return true
	}
	var err error
	if c.logo, err = readLogo(c.plan.LogoPath.ValueString()); err != nil {
		addLogoError(c.diags, err, consequence)
	}
	return err == nil
}

// uploadLogo uploads the file if that is wanted. An error leaves the current model unchanged.
func (c *applicationCall) uploadLogo(ctx context.Context) error {
	if !c.wantsLogo() {
		return nil
	}
	app, err := c.client.UploadOAuthApplicationLogo(ctx, c.current.ID.ValueString(),
		filepath.Base(c.plan.LogoPath.ValueString()), c.logo.image)
	if err != nil {
		return err
	}
	c.current.LogoPath, c.current.LogoSHA256 = c.plan.LogoPath, types.StringValue(c.logo.sha256)
	c.current.fromAnswer(app, c.plan.reportedModel)
	c.notes.LogoChanged = false
	c.notes.save(ctx)
	c.save(ctx)
	c.warnOfProblems(app, "The logo was uploaded")
	return nil
}

// withLacking adds to the problems of an answer the fields that were sent and that the
// answer lacks, although it could be read without them.
func withLacking(
	app clerk.OAuthApplication, fields clerk.OAuthApplicationFields,
) clerk.OAuthApplication {
	lacks := func(field string, sent, answered bool) {
		known := slices.ContainsFunc(app.Problems, func(problem clerk.FieldProblem) bool {
			return problem.Field == field
		})
		if sent && !answered && !known {
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

// warnOfProblems warns of fields of an answer that could not be read. done is what Clerk has
// done all the same.
func (c *applicationCall) warnOfProblems(app clerk.OAuthApplication, done string) {
	if len(app.Problems) == 0 {
		return
	}
	var problems, hints []string
	for _, problem := range app.Problems {
		problems = append(problems, problem.String())
		hints = append(hints, applicationParams.named(problem.Field).hint)
	}
	c.diags.AddWarning(
		fmt.Sprintf("Clerk's answer about %s was incomplete", c.current.quotedName()),
		paragraphs(
			fmt.Sprintf("%s (application %s), but these parts of Clerk's answer could not be read: %s. "+
				"The state has the planned values, and the next refresh shows Clerk's.",
				done, app.ID, c.client.Scrub(strings.Join(problems, "; "))),
			paragraphs(hints...)))
}

// otherSpelling says how to write redirect URIs that Clerk has in another form, or "".
func (m *reportedModel) otherSpelling(refused clerk.Mismatch, app clerk.OAuthApplication) string {
	if refused.Name != "redirect_uris" {
		return ""
	}
	wanted, stored := mapped(stringsOf(m.RedirectURIs), normalURI), mapped(app.RedirectURIs, normalURI)
	if !sameStrings(wanted, stored) {
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

package provider

import (
	"context"
	"fmt"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

// verifiesSecret reports whether the model has a secret that is to be verified and can be.
func (m resourceModel) verifiesSecret() bool {
	return m.VerifyClientSecret.ValueBool() && !m.Public.ValueBool() && isKnownText(m.ClientSecret) &&
		!m.ClientSecretVersion.IsNull() && !m.ClientSecretVersion.IsUnknown()
}

// verifySecret asks in a refresh whether the secret in the state still works. A rotation
// that was not called for breaks a client that works, so only one answer counts against a
// secret: a rejection of the very version that the same endpoint accepted before. An
// endpoint that never accepted it may be one that accepts nobody.
func (c *applicationCall) verifySecret(ctx context.Context) {
	if !c.current.verifiesSecret() {
		return
	}
	version := c.current.ClientSecretVersion.ValueInt64()
	accepted := c.notes.AcceptedVersion == version
	var options []clerk.SecretCheckOption
	if !accepted {
		options = append(options, clerk.WithoutConfirmation)
	}
	check, err := c.checkSecret(ctx, options...)
	switch {
	case err != nil: // interrupted
	case check.Status == clerk.SecretAccepted:
		c.noteVerified(ctx, version, 0)
	case check.Status == clerk.SecretRejected && accepted:
		c.noteVerified(ctx, version, version)
		c.diags.AddWarning(
			fmt.Sprintf("The client secret of %s in the state no longer works", c.current.quotedName()),
			fmt.Sprintf("Clerk accepted the client secret of %s before and rejects it now: someone rotated "+
				"it outside Terraform. The next apply rotates it again, so that the state has a secret "+
				"that works.", c.current.clientTitle()))
	default:
		c.noteVerified(ctx, c.notes.AcceptedVersion, 0)
		c.warnUnverified(check)
	}
}

// verifyFreshSecret verifies a secret that was just created, so that the endpoint's
// acceptance is noted before someone can rotate the secret elsewhere.
func (c *applicationCall) verifyFreshSecret(ctx context.Context) {
	c.noteVerified(ctx, c.notes.AcceptedVersion, 0)
	if !c.current.verifiesSecret() {
		return
	}
	check, err := c.checkSecret(ctx, clerk.FreshSecret)
	switch {
	case err != nil: // interrupted
	case check.Status == clerk.SecretAccepted:
		c.noteVerified(ctx, c.current.ClientSecretVersion.ValueInt64(), 0)
	case check.Status == clerk.SecretRejected:
		c.warnUnverified(check)
	}
}

func (c *applicationCall) checkSecret(
	ctx context.Context, options ...clerk.SecretCheckOption,
) (clerk.SecretCheck, error) {
	m := c.current
	return c.client.CheckClientSecret(ctx, m.TokenIntrospectionURL.ValueString(),
		m.ClientID.ValueString(), clerk.NewSecret(m.ClientSecret.ValueString()), options...)
}

func (c *applicationCall) noteVerified(ctx context.Context, accepted, rejected int64) {
	c.notes.AcceptedVersion, c.notes.RejectedVersion = accepted, rejected
	c.notes.save(ctx)
}

// warnUnverified says once in a run that nothing is known: an endpoint that cannot be asked
// is the same for every application.
func (c *applicationCall) warnUnverified(check clerk.SecretCheck) {
	if !c.data.first("secret verification") {
		return
	}
	reason := check.Reason
	if check.Status == clerk.SecretRejected {
		reason = "the endpoint rejects the secret, but has never accepted it, so the endpoint may " +
			"reject every secret"
	}
	c.diags.AddWarning("Client secrets could not be verified", paragraphs(
		fmt.Sprintf("verify_client_secret is set, but it is not known whether the client secret of "+
			"%s works: %s.", c.current.clientTitle(), reason),
		"Nothing is planned because of this. Other applications may be affected too; this warning is "+
			"given once in a run."))
}

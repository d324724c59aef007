package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

// secretVerification asks whether the secret in the state still works. A rotation that
// was not called for breaks a client that works, so only one answer counts against a
// secret: a rejection of the very version that the same endpoint accepted before. An
// endpoint that never accepted it may be one that accepts nobody.
type secretVerification struct {
	data   *providerData
	client *clerk.Client
	notes  *privateNotes
	diags  *diag.Diagnostics
}

// verifiesSecret reports whether the model has a secret that is to be verified and can be.
func (m resourceModel) verifiesSecret() bool {
	return m.VerifyClientSecret.ValueBool() && !m.Public.ValueBool() && isKnownText(m.ClientSecret) &&
		!m.ClientSecretVersion.IsNull() && !m.ClientSecretVersion.IsUnknown()
}

// refresh verifies the secret in the state.
func (v secretVerification) refresh(ctx context.Context, state resourceModel) {
	if !state.verifiesSecret() {
		return
	}
	version, name := state.ClientSecretVersion.ValueInt64(), state.quotedName()
	accepted := v.notes.AcceptedVersion == version
	var options []clerk.SecretCheckOption
	if !accepted {
		options = append(options, clerk.WithoutConfirmation())
	}
	check, err := v.ask(ctx, state, options...)
	if err != nil {
		return // interrupted
	}
	switch {
	case check.Status == clerk.SecretAccepted:
		v.note(ctx, version, 0)
	case check.Status == clerk.SecretRejected && accepted:
		v.note(ctx, version, version)
		v.diags.AddWarning(fmt.Sprintf("The client secret of %s in the state no longer works", name),
			fmt.Sprintf("Clerk accepted the client secret of OAuth application %s (client_id %s) before "+
				"and rejects it now: someone rotated it outside Terraform. The next apply rotates it "+
				"again, so that the state has a secret that works.", name, state.ClientID.ValueString()))
	default:
		v.note(ctx, v.notes.AcceptedVersion, 0)
		v.warnUnknown(state, check)
	}
}

// fresh verifies a secret that was just created, so that the endpoint's acceptance is
// noted before someone can rotate the secret elsewhere.
func (v secretVerification) fresh(ctx context.Context, state resourceModel) {
	v.note(ctx, v.notes.AcceptedVersion, 0)
	if !state.verifiesSecret() {
		return
	}
	check, err := v.ask(ctx, state, clerk.FreshSecret())
	switch {
	case err != nil: // interrupted
	case check.Status == clerk.SecretAccepted:
		v.note(ctx, state.ClientSecretVersion.ValueInt64(), 0)
	case check.Status == clerk.SecretRejected:
		v.warnUnknown(state, check)
	}
}

func (v secretVerification) ask(
	ctx context.Context, state resourceModel, options ...clerk.SecretCheckOption,
) (clerk.SecretCheck, error) {
	return v.client.CheckClientSecret(ctx, state.TokenIntrospectionURL.ValueString(),
		state.ClientID.ValueString(), clerk.NewSecret(state.ClientSecret.ValueString()), options...)
}

func (v secretVerification) note(ctx context.Context, accepted, rejected int64) {
	v.notes.AcceptedVersion, v.notes.RejectedVersion = accepted, rejected
	v.notes.save(ctx)
}

// warnUnknown says once in a run that nothing is known: an endpoint that cannot be asked
// is the same for every application.
func (v secretVerification) warnUnknown(state resourceModel, check clerk.SecretCheck) {
	if !v.data.first("secret verification") {
		return
	}
	reason := check.Reason
	if check.Status == clerk.SecretRejected {
		reason = "the endpoint rejects the secret, but has never accepted it, so the endpoint may " +
			"reject every secret"
	}
	v.diags.AddWarning("Client secrets could not be verified", paragraphs(
		fmt.Sprintf("verify_client_secret is set, but it is not known whether the client secret of "+
			"OAuth application %s (client_id %s) works: %s.",
			state.quotedName(), state.ClientID.ValueString(), reason),
		"Nothing is planned because of this. Other applications may be affected too; this warning is "+
			"given once in a run."))
}

package provider

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

// Keys of the private state for verify_client_secret. Each holds the
// client_secret_version that the statement is about, so that a statement about an
// older secret means nothing.
const (
	secretAcceptedKey = "client_secret_accepted" // the endpoint has accepted this version
	secretRejectedKey = "client_secret_rejected" // and rejects it since
)

// freshSecretWaits are the waits before each look at a secret that is new: the
// endpoint may learn of it some seconds later than the API.
var freshSecretWaits = []time.Duration{0, 2 * time.Second, 4 * time.Second}

// privateReader is the private state as the framework hands it to a method that may
// only read it, and privateState as it hands it to one that may write.
type (
	privateReader interface {
		GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
	}
	privateState interface {
		privateReader
		privateKeys
	}
)

// secretVerification asks whether the secret in the state still works. A rotation
// that was not called for breaks a client that works, so only one answer counts
// against a secret: a rejection of the very version that the same endpoint accepted
// before. An endpoint that never accepted it may be one that accepts nobody.
type secretVerification struct {
	data    *providerData
	client  *clerk.Client
	private privateState
	diags   *diag.Diagnostics
}

// verifiesSecret reports whether the model has a secret that is to be verified and can be.
func (m resourceModel) verifiesSecret() bool {
	return m.VerifyClientSecret.ValueBool() && !m.Public.ValueBool() &&
		!m.ClientSecret.IsNull() && !m.ClientSecret.IsUnknown() &&
		!m.ClientSecretVersion.IsNull() && !m.ClientSecretVersion.IsUnknown()
}

// refresh verifies the secret in the state.
func (v secretVerification) refresh(ctx context.Context, state resourceModel) {
	if !state.verifiesSecret() {
		return
	}
	accepted := secretNoted(ctx, v.private, secretAcceptedKey, state.ClientSecretVersion, v.diags)
	check, err := v.ask(ctx, state)
	switch {
	case err != nil: // interrupted
	case check.Status == clerk.SecretAccepted:
		v.note(ctx, secretAcceptedKey, state.ClientSecretVersion)
		v.forget(ctx, secretRejectedKey)
	case check.Status == clerk.SecretRejected && accepted:
		v.note(ctx, secretRejectedKey, state.ClientSecretVersion)
		v.diags.AddWarning(fmt.Sprintf("The client secret of %q in the state no longer works", state.Name.ValueString()),
			fmt.Sprintf("Clerk accepted the client secret of OAuth application %q (client_id %s) before and rejects it now: someone rotated it outside Terraform. "+
				"The next apply rotates it again, so that the state has a secret that works.", state.Name.ValueString(), state.ClientID.ValueString()))
	default:
		v.forget(ctx, secretRejectedKey)
		v.warnUnknown(state, check)
	}
}

// fresh verifies a secret that was just created, so that the endpoint's acceptance is
// noted before someone can rotate the secret elsewhere. It waits for an endpoint that
// lags, and says nothing if the endpoint does not come round: the next refresh does.
func (v secretVerification) fresh(ctx context.Context, state resourceModel) {
	v.forget(ctx, secretRejectedKey)
	if !state.verifiesSecret() {
		return
	}
	for _, wait := range freshSecretWaits {
		if !sleep(ctx, wait) {
			return
		}
		check, err := v.ask(ctx, state)
		if err == nil && check.Status == clerk.SecretAccepted {
			v.note(ctx, secretAcceptedKey, state.ClientSecretVersion)
		}
		if err != nil || check.Status != clerk.SecretRejected {
			return
		}
	}
}

func (v secretVerification) ask(ctx context.Context, state resourceModel) (clerk.SecretCheck, error) {
	return v.client.CheckClientSecret(ctx, state.TokenIntrospectionURL.ValueString(), state.ClientID.ValueString(), clerk.NewSecret(state.ClientSecret.ValueString()))
}

// warnUnknown says once in a run that nothing is known: an endpoint that cannot be
// asked is the same for every application.
func (v secretVerification) warnUnknown(state resourceModel, check clerk.SecretCheck) {
	if !v.data.explained.first("secret verification") {
		return
	}
	reason := check.Reason
	if check.Status == clerk.SecretRejected {
		reason = "the endpoint rejects the secret, but has never accepted it, so the endpoint may reject every secret"
	}
	v.diags.AddWarning("Client secrets could not be verified", paragraphs(
		fmt.Sprintf("verify_client_secret is set, but it is not known whether the client secret of OAuth application %q (client_id %s) works: %s.", state.Name.ValueString(), state.ClientID.ValueString(), reason),
		"Nothing is planned because of this. Other applications may be affected too; this warning is given once in a run."))
}

// secretNoted reports whether a statement was noted about this very version.
func secretNoted(ctx context.Context, private privateReader, key string, version types.Int64, diags *diag.Diagnostics) bool {
	noted, more := private.GetKey(ctx, key)
	diags.Append(more...)
	return !version.IsNull() && string(noted) == strconv.FormatInt(version.ValueInt64(), 10)
}

func (v secretVerification) note(ctx context.Context, key string, version types.Int64) {
	v.diags.Append(v.private.SetKey(ctx, key, strconv.AppendInt(nil, version.ValueInt64(), 10))...)
}

func (v secretVerification) forget(ctx context.Context, key string) {
	v.diags.Append(v.private.SetKey(ctx, key, nil)...)
}

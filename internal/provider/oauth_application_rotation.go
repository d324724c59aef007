package provider

import (
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/encryption"
)

// A rotationReason is why an apply replaces the client secret.
type rotationReason int

const (
	noRotation           rotationReason = iota
	rotateForTrigger                    // rotate_secret_trigger has a different value
	rotateForRecipients                 // encrypt_client_secret_to names other recipients
	rotateForFirstSecret                // a public client becomes confidential
	rotateForRejected                   // someone rotated it elsewhere: see verify_client_secret
	rotatePending                       // an earlier apply failed to rotate, or the outcome is unknown
	rotateUndecided                     // depends on a value that is not known yet
)

// rotationPendingKey marks, in the private state, a rotation that the attributes do
// not ask for: for a secret that was never received, or one that a request without an
// answer may have invalidated.
const rotationPendingKey = "rotation_pending"

// pendingRotation is what the private state says about the secret.
type pendingRotation struct {
	pending  bool // see rotationPendingKey
	rejected bool // the endpoint rejects the secret in the state: see secretVerification

	versionFloor int64 // see versionFloorKey
}

// pendingRotationOf reads the private state.
func pendingRotationOf(ctx context.Context, private privateReader, state resourceModel, diags *diag.Diagnostics) pendingRotation {
	pending, more := private.GetKey(ctx, rotationPendingKey)
	diags.Append(more...)
	return pendingRotation{
		pending:  pending != nil,
		rejected: secretNoted(ctx, private, secretRejectedKey, state.ClientSecretVersion, diags),

		versionFloor: versionFloorOf(ctx, private, diags),
	}
}

// rotationFor decides whether going from state to plan replaces the secret.
func rotationFor(plan, state resourceModel, private pendingRotation) rotationReason {
	if plan.Public.ValueBool() {
		return noRotation
	}
	reason := noRotation
	switch {
	case private.pending && !state.Public.ValueBool():
		reason = rotatePending
	case state.Public.ValueBool() && !plan.Public.IsUnknown():
		// Comes before the reasons to replace a secret: there is no secret yet.
		reason = rotateForFirstSecret
	case !plan.RotateSecretTrigger.IsUnknown() && !plan.RotateSecretTrigger.IsNull() && !plan.RotateSecretTrigger.Equal(state.RotateSecretTrigger):
		reason = rotateForTrigger
	case isWhollyKnown(plan.EncryptClientSecretTo) && !sameRecipients(plan.EncryptClientSecretTo, state.EncryptClientSecretTo):
		reason = rotateForRecipients
	case private.rejected && plan.VerifyClientSecret.ValueBool():
		reason = rotateForRejected
	case plan.Public.IsUnknown() && state.Public.ValueBool(),
		plan.RotateSecretTrigger.IsUnknown(),
		!isWhollyKnown(plan.EncryptClientSecretTo):
		reason = rotateUndecided
	}
	if plan.Public.IsUnknown() && reason != noRotation {
		return rotateUndecided
	}
	return reason
}

// sameRecipients reports whether two sets name the same recipients, however they are
// written.
func sameRecipients(a, b types.Set) bool {
	if a.IsNull() || b.IsNull() {
		return a.IsNull() == b.IsNull()
	}
	return sameStrings(normalRecipients(a), normalRecipients(b))
}

func normalRecipients(set types.Set) []string {
	recipients := make([]string, 0, len(set.Elements()))
	for _, text := range stringsOf(set) {
		recipients = append(recipients, encryption.NormalRecipient(text))
	}
	slices.Sort(recipients)
	return slices.Compact(recipients)
}

// warn says in the plan what the rotation will do. The summary names the application,
// because Terraform shows only the first of several warnings with one summary.
func (reason rotationReason) warn(diags *diag.Diagnostics, state resourceModel) {
	name := state.Name.ValueString()
	who := fmt.Sprintf("OAuth application %q (client_id %s)", name, state.ClientID.ValueString())
	rotated := fmt.Sprintf("The client secret of %q will be rotated", name)
	const consequence = "The current secret stops working the moment this is applied: Clerk keeps one secret and no grace period. Clients that use it fail until they have the new secret."

	switch reason {
	case rotateForTrigger:
		diags.AddAttributeWarning(path.Root("rotate_secret_trigger"), rotated,
			fmt.Sprintf("rotate_secret_trigger of %s changes. %s", who, consequence))
	case rotateForRecipients:
		diags.AddAttributeWarning(path.Root("encrypt_client_secret_to"), rotated,
			fmt.Sprintf("encrypt_client_secret_to of %s changes, and the secret with it: an encrypted secret cannot be re-encrypted, and one that was stored in plain text should be replaced. %s", who, consequence))
	case rotateForFirstSecret:
		diags.AddAttributeWarning(path.Root("public"), fmt.Sprintf("A client secret of %q will be created", name),
			fmt.Sprintf("%s becomes a confidential client. It has no secret until one is created, by a rotation in the same apply.", who))
	case rotateForRejected:
		diags.AddAttributeWarning(path.Root("verify_client_secret"), rotated,
			fmt.Sprintf("The secret in the state of %s no longer works: someone rotated it outside Terraform. The rotation creates a new secret for the state. The secret that works now stops working wherever it is used. "+
				"Clients that use it fail until they have the new secret. To keep the secret that works now, remove verify_client_secret before you apply.", who))
	case rotatePending:
		diags.AddWarning(rotated,
			fmt.Sprintf("An earlier apply did not receive the current secret of %s, so the state has no secret that is known to work. A new secret is created, and the secret that the application has now stops working.", who))
	case rotateUndecided:
		diags.AddWarning(fmt.Sprintf("The client secret of %q may be rotated", name),
			fmt.Sprintf("Whether the secret of %s is rotated depends on a value that is known only during apply. If it is: %s", who, consequence))
	case noRotation:
	}
}

// warnOfLostSecret says in the plan that a client loses its secret.
func warnOfLostSecret(diags *diag.Diagnostics, state resourceModel) {
	diags.AddAttributeWarning(path.Root("public"), fmt.Sprintf("The client secret of %q will be removed", state.Name.ValueString()),
		fmt.Sprintf("OAuth application %q (client_id %s) becomes a public client, which has no secret. The secret leaves the state, and clients that authenticate with it may fail. If the client becomes confidential again, it gets a new secret.",
			state.Name.ValueString(), state.ClientID.ValueString()))
}

package provider

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// A rotationReason is why an apply replaces the client secret.
type rotationReason int

const (
	noRotation           rotationReason = iota
	rotateForTrigger                    // rotate_secret_trigger has a different value
	rotateForRecipients                 // encrypt_client_secret_to has a different value
	rotateForFirstSecret                // a public client becomes confidential
	rotatePending                       // an earlier apply failed to rotate, or the outcome is unknown
	rotateUndecided                     // depends on a value that is not known yet
)

// rotationPendingKey marks, in the private state, a rotation that the attributes do
// not ask for: for a secret that was never received, or one that a request without an
// answer may have invalidated.
const rotationPendingKey = "rotation_pending"

// rotationFor decides whether going from state to plan replaces the secret.
func rotationFor(plan, state resourceModel, pending bool) rotationReason {
	if plan.Public.ValueBool() {
		return noRotation
	}
	reason := noRotation
	switch {
	case pending && !state.Public.ValueBool():
		reason = rotatePending
	case state.Public.ValueBool() && !plan.Public.IsUnknown():
		// Comes before the reasons to replace a secret: there is no secret yet.
		reason = rotateForFirstSecret
	case !plan.RotateSecretTrigger.IsUnknown() && !plan.RotateSecretTrigger.IsNull() && !plan.RotateSecretTrigger.Equal(state.RotateSecretTrigger):
		reason = rotateForTrigger
	case isWhollyKnown(plan.EncryptClientSecretTo) && !sameValue(plan.EncryptClientSecretTo, state.EncryptClientSecretTo):
		reason = rotateForRecipients
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

// nextSecretVersion is the version after one more rotation.
func nextSecretVersion(present types.Int64) types.Int64 {
	return types.Int64Value(present.ValueInt64() + 1)
}

// warn adds to the plan what the rotation will do.
func (reason rotationReason) warn(diags *diag.Diagnostics, state resourceModel) {
	who := fmt.Sprintf("OAuth application %q (client_id %s)", state.Name.ValueString(), state.ClientID.ValueString())
	const consequence = "The present secret stops working the moment this is applied: Clerk keeps one secret and no grace period. Clients that use it fail until they have the new one."

	switch reason {
	case rotateForTrigger:
		diags.AddAttributeWarning(path.Root("rotate_secret_trigger"), "The client secret will be rotated",
			fmt.Sprintf("rotate_secret_trigger of %s changes. %s", who, consequence))
	case rotateForRecipients:
		diags.AddAttributeWarning(path.Root("encrypt_client_secret_to"), "The client secret will be rotated",
			fmt.Sprintf("encrypt_client_secret_to of %s changes, and the secret with it: a sealed one cannot be opened here, and one that was in the state in plain is no secret to keep. %s", who, consequence))
	case rotateForFirstSecret:
		diags.AddAttributeWarning(path.Root("public"), "A client secret will be made",
			fmt.Sprintf("%s becomes a confidential client. It has no secret until one is made, by a rotation in the same apply.", who))
	case rotatePending:
		diags.AddWarning("The client secret will be rotated",
			fmt.Sprintf("An earlier apply did not receive the present secret of %s, so the state has none that is known to work. A new one is made, and what secret the application has now stops working.", who))
	case rotateUndecided:
		diags.AddWarning("The client secret may be rotated",
			fmt.Sprintf("Whether the secret of %s is rotated depends on a value that is known only during apply. If it is: %s", who, consequence))
	case noRotation:
	}
}

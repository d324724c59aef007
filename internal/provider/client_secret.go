package provider

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/encryption"
)

// A rotationReason is why an apply replaces the client secret.
type rotationReason int

const (
	noRotation           rotationReason = iota
	rotateForTrigger                    // rotate_secret_trigger has a different value
	rotateForRecipients                 // encrypt_client_secret_to names other recipients
	rotateForFirstSecret                // a public client becomes confidential
	rotateForRejected                   // someone rotated it elsewhere: see verifySecret
	rotatePending                       // see privateState.RotationPending
	rotateUndecided                     // depends on a value that is not known yet
	removeSecret                        // for warn alone: the client becomes public
)

// rotationFor decides whether going from state to plan replaces the secret.
func rotationFor(plan, state resourceModel, private privateState) rotationReason {
	rejected := private.RejectedVersion != 0 &&
		private.RejectedVersion == state.ClientSecretVersion.ValueInt64()
	switch {
	case plan.Public.ValueBool():
		return noRotation
	case plan.Public.IsUnknown():
		plan.Public = types.BoolValue(false)
		if rotationFor(plan, state, private) == noRotation {
			return noRotation
		}
		return rotateUndecided
	case state.Public.ValueBool(): // and has no secret that anything else could replace
		return rotateForFirstSecret
	case private.RotationPending:
		return rotatePending
	case isKnownText(plan.RotateSecretTrigger) &&
		!plan.RotateSecretTrigger.Equal(state.RotateSecretTrigger):
		return rotateForTrigger
	case isWhollyKnown(plan.EncryptClientSecretTo) &&
		!sameRecipients(plan.EncryptClientSecretTo, state.EncryptClientSecretTo):
		return rotateForRecipients
	case rejected && plan.VerifyClientSecret.ValueBool():
		return rotateForRejected
	case rejected && plan.VerifyClientSecret.IsUnknown(), plan.RotateSecretTrigger.IsUnknown(),
		!isWhollyKnown(plan.EncryptClientSecretTo):
		return rotateUndecided
	}
	return noRotation
}

// sameTrigger reports whether two triggers differ at most in white space at their ends and
// in how they end lines. Such a difference is invisible, and must not rotate a secret.
func sameTrigger(a, b string) bool {
	normal := func(trigger string) string {
		return strings.TrimSpace(strings.ReplaceAll(trigger, "\r\n", "\n"))
	}
	return normal(a) == normal(b)
}

// hasTriggerWithoutSecret reports whether the trigger asks for a rotation of a public client.
func (m *resourceModel) hasTriggerWithoutSecret() bool {
	return m.Public.ValueBool() && isKnownText(m.RotateSecretTrigger)
}

func (m *resourceModel) checkTrigger(diags *diag.Diagnostics) {
	if m.hasTriggerWithoutSecret() {
		diags.AddAttributeError(path.Root("rotate_secret_trigger"), "Rotation trigger on a public client",
			"A public client has no secret to rotate. Remove rotate_secret_trigger, or set public = false."+
				"\n\n"+
				"A module for both kinds of clients can leave the trigger out for public ones:\n\n"+
				"  rotate_secret_trigger = each.value.public ? null : var.rotation")
	}
}

// sameRecipients reports whether two sets name the same recipients, in any spelling. A set
// without recipients is null.
func sameRecipients(a, b types.Set) bool {
	normal := func(set types.Set) types.Set {
		return setOf(mapped(stringsOf(set), encryption.NormalRecipient))
	}
	return sameValue(normal(a), normal(b))
}

const (
	willBeRotated = "The client secret of %s will be rotated"
	stopsWorking  = "The current secret stops working the moment this is applied: Clerk keeps one " +
		"secret and no grace period. Clients that use it fail until they have the new secret."
)

// secretWarnings are the warnings of a plan. The summary names the application, because
// Terraform shows only the first of several warnings with one summary.
var secretWarnings = map[rotationReason]struct{ attribute, summary, detail string }{
	rotateForTrigger: {
		"rotate_secret_trigger", willBeRotated, "rotate_secret_trigger of %s changes. " + stopsWorking,
	},
	rotateForRecipients: {
		"encrypt_client_secret_to", willBeRotated,
		"encrypt_client_secret_to of %s changes, and the secret with it: an encrypted secret cannot be " +
			"re-encrypted, and one that was stored in plain text should be replaced. " + stopsWorking,
	},
	rotateForFirstSecret: {
		"public", "A client secret of %s will be created",
		"%s becomes a confidential client. It has no secret until one is created, by a rotation in " +
			"the same apply.",
	},
	rotateForRejected: {
		"verify_client_secret", willBeRotated,
		"The secret in the state of %s no longer works: someone rotated it outside Terraform. The " +
			"rotation creates a new secret for the state. The secret that works now stops working " +
			"wherever it is used. Clients that use it fail until they have the new secret. To keep the " +
			"secret that works now, remove verify_client_secret before you apply.",
	},
	rotatePending: {
		"", willBeRotated,
		"An earlier apply did not receive the current secret of %s, so the state has no secret that is " +
			"known to work. A new secret is created, and the secret that the application has now stops " +
			"working.",
	},
	rotateUndecided: {
		"", "The client secret of %s may be rotated",
		"Whether the secret of %s is rotated depends on a value that is known only during apply. If it " +
			"is: " + stopsWorking,
	},
	removeSecret: {
		"public", "The client secret of %s will be removed",
		"%s becomes a public client, which has no secret. Clients that authenticate with the current " +
			"secret may fail. If the client becomes confidential again, it gets a new secret.",
	},
}

func (reason rotationReason) warn(diags *diag.Diagnostics, state resourceModel) {
	text, ok := secretWarnings[reason]
	if !ok {
		return
	}
	var warning diag.Diagnostic = diag.NewWarningDiagnostic(
		fmt.Sprintf(text.summary, state.quotedName()), fmt.Sprintf(text.detail, state.clientTitle()))
	if text.attribute != "" {
		warning = diag.WithPath(path.Root(text.attribute), warning)
	}
	diags.Append(warning)
}

// client_secret_version must never repeat at an address: whatever was handed the secret
// takes a new one only when the number differs. A counter in the state was rejected. It
// would start again with every new application, and a store would then keep the secret of
// an application that is gone. So the numbers follow the clock, in milliseconds, because
// Clerk never creates two secrets of one address within one of them:
//
//   - A create gives the millisecond in which the application was created.
//   - A rotation gives one more than the largest of the last version, the millisecond of
//     the last change and the version floor. The plan knows all three.
//   - A state without a version, after an import for example, gets a version floor: the
//     millisecond in which the state was first read, which no earlier version of the address
//     exceeds. The time of the last change would not do: the address may have held a
//     younger application. The version of a client that becomes public is a floor too.
//
// The floor follows the Date header and not the clock of this machine, which may be hours
// ahead: the versions of later applications would then fall behind. Where the Date header
// is behind created_at, a floor can be too low. No clock at hand shows that.

// firstSecretVersion is the version of the secret of a new application. now, by Clerk's
// clock, stands in for a time of the creation that Clerk's answer lacks.
func firstSecretVersion(created, now time.Time) types.Int64 {
	return types.Int64Value(cmp.Or(created, now).UnixMilli())
}

// nextSecretVersion is the version after a rotation of the application in the state. A floor
// of 0 is no floor. The result is unknown if neither the state nor the floor has a number;
// the apply then uses Clerk's clock.
func nextSecretVersion(state resourceModel, floor int64) types.Int64 {
	last := max(state.ClientSecretVersion.ValueInt64(), floor)
	if updated := timeOf(state.UpdatedAt); !updated.IsZero() {
		last = max(last, updated.UnixMilli())
	}
	if last == 0 {
		return types.Int64Unknown()
	}
	return types.Int64Value(last + 1)
}

// noteVersionFloor sets the version floor where the state has no version. An existing floor
// stays: no version that the address has forgotten exceeds it.
func (c *applicationCall) noteVersionFloor(ctx context.Context) {
	if c.current.ClientSecretVersion.IsNull() && c.notes.VersionFloor == 0 {
		c.notes.VersionFloor = c.client.ServerNow().UnixMilli()
		c.notes.save(ctx)
	}
}

// forgetSecret removes the secret of a client that is public now, and keeps its version as the
// version floor.
func (c *applicationCall) forgetSecret() {
	c.notes.VersionFloor = max(c.notes.VersionFloor, c.current.ClientSecretVersion.ValueInt64())
	c.current.forgetSecret()
}

// errNoSecret means that a rotation succeeded and its answer had no secret.
var errNoSecret = errors.New("the response has no client secret, and the old one no longer " +
	"works. Apply again: the next plan rotates once more")

// rotateSecret replaces the client secret. Until the new secret is in the state, the
// rotation is pending, whatever ends this. An error leaves the current model unchanged.
func (c *applicationCall) rotateSecret(ctx context.Context) error {
	version := c.plan.ClientSecretVersion
	if version.IsUnknown() {
		version = nextSecretVersion(c.current, c.notes.VersionFloor)
	}
	if version.IsUnknown() {
		version = firstSecretVersion(time.Time{}, c.client.ServerNow())
	}
	wasPending := c.notes.RotationPending
	c.notes.setPending(ctx, true)
	rotation, err := c.client.RotateClientSecret(ctx, c.current.ID.ValueString(),
		timeOf(c.current.UpdatedAt))
	if err == nil && rotation.ClientSecret.IsEmpty() {
		err = errNoSecret
	}
	if err != nil {
		var unknown *clerk.RotateOutcomeUnknownError
		if !wasPending && !errors.As(err, &unknown) && !errors.Is(err, errNoSecret) {
			c.notes.setPending(ctx, false) // the old secret still works
		}
		return err
	}
	rotated := c.current
	rotated.EncryptClientSecretTo = c.plan.EncryptClientSecretTo
	if err := rotated.secretFromAPI(rotation.ClientSecret); err != nil {
		// This should not happen, because the recipients were checked before.
		return fmt.Errorf("the new client secret could not be encrypted and is lost: %w", err)
	}
	rotated.RotateSecretTrigger = c.plan.RotateSecretTrigger
	rotated.ClientSecretVersion = version
	rotated.fromAnswer(rotation.Application, c.plan.reportedModel)
	c.current, c.rotated = rotated, true
	c.notes.setPending(ctx, false)
	c.save(ctx)

	if rotation.MaybeStale {
		c.warnOfStaleSecret()
	}
	c.warnOfProblems(rotation.Application,
		"The client secret was rotated and the new one is in the state")
	return nil
}

// warnOfStaleSecret warns that the secret in the state is the latest that was received,
// and perhaps not the latest that was created.
func (c *applicationCall) warnOfStaleSecret() {
	c.diags.AddWarning(
		fmt.Sprintf("The client secret of %s may not be the newest", c.current.quotedName()),
		"An earlier attempt to rotate had no answer, and Clerk may still process it. If clients "+
			"fail with the new secret, change rotate_secret_trigger once more.")
}

// verifiesSecret reports whether a state has a secret that is to be verified and can be.
func (m resourceModel) verifiesSecret() bool {
	return m.VerifyClientSecret.ValueBool() && !m.ClientSecret.IsNull() &&
		!m.ClientSecretVersion.IsNull()
}

// verifySecret asks whether the secret in the state works: in a refresh, or fresh, when it
// was just created. A fresh secret is verified so that the endpoint's acceptance is noted
// before someone can rotate the secret elsewhere.
//
// A rotation that was not called for breaks a client that works, so only one answer counts
// against a secret: a rejection of the very version that the same endpoint accepted before.
// An endpoint that never accepted it may be one that accepts nobody.
func (c *applicationCall) verifySecret(ctx context.Context, fresh bool) {
	note := func(accepted, rejected int64) {
		c.notes.AcceptedVersion, c.notes.RejectedVersion = accepted, rejected
		c.notes.save(ctx)
	}
	if fresh {
		note(c.notes.AcceptedVersion, 0)
	}
	m := c.current
	if !m.verifiesSecret() {
		return
	}
	version := m.ClientSecretVersion.ValueInt64()
	accepted := !fresh && c.notes.AcceptedVersion == version
	var options []clerk.SecretCheckOption
	switch {
	case fresh:
		options = append(options, clerk.FreshSecret)
	case !accepted:
		options = append(options, clerk.WithoutConfirmation)
	}
	check, err := c.client.CheckClientSecret(ctx, m.TokenIntrospectionURL.ValueString(),
		m.ClientID.ValueString(), clerk.NewSecret(m.ClientSecret.ValueString()), options...)
	switch {
	case err != nil: // interrupted
	case check.Status == clerk.SecretAccepted:
		note(version, 0)
	case check.Status == clerk.SecretRejected && accepted:
		note(version, version)
		c.diags.AddWarning(
			fmt.Sprintf("The client secret of %s in the state no longer works", m.quotedName()),
			fmt.Sprintf("Clerk accepted the client secret of %s before and rejects it now: someone rotated "+
				"it outside Terraform. The next apply rotates it again, so that the state has a secret "+
				"that works.", m.clientTitle()))
	case check.Status == clerk.SecretRejected, !fresh:
		note(c.notes.AcceptedVersion, 0)
		c.warnUnverified(check)
	}
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

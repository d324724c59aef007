package provider

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

const actionRotate = "rotate client secret of OAuth application"

// errNoSecret means that a rotation succeeded and its answer had no secret.
var errNoSecret = errors.New("the response has no client secret, and the old one no longer works. Apply again: the next plan rotates once more")

// secretRotation replaces the client secret of an application and brings the new one
// into the state: in Update, and in Create where its answer brought none.
type secretRotation struct {
	client  *clerk.Client
	plan    resourceModel
	private privateKeys
	diags   *diag.Diagnostics
	save    func(context.Context) // writes the model that run is given into the state

	// pending reports whether the private state asks for a rotation that the attributes
	// do not ask for. See rotationPendingKey.
	pending      bool
	versionFloor int64 // see versionFloorKey
	rotated      bool  // there is a new secret
}

// run rotates. Until the new secret is in the state, the rotation is pending,
// whatever ends this. After an error the model is as it was.
func (r *secretRotation) run(ctx context.Context, model *resourceModel) error {
	version := plannedOr(r.plan.ClientSecretVersion, nextSecretVersion(*model, r.versionFloor))
	if version.IsUnknown() {
		version = firstSecretVersion(time.Time{}, r.client.ServerNow())
	}
	waitForVersion(ctx, r.client, version)

	wasPending := r.pending
	r.markPending(ctx)
	rotation, err := r.client.RotateClientSecret(ctx, model.ID.ValueString(), timeOf(model.UpdatedAt))
	if err == nil && rotation.ClientSecret.IsEmpty() {
		err = errNoSecret
	}
	if err != nil {
		var unknown *clerk.RotateOutcomeUnknownError
		if !wasPending && !errors.As(err, &unknown) && !errors.Is(err, errNoSecret) {
			r.clearPending(ctx) // the old secret still works
		}
		return err
	}
	rotated := *model
	rotated.EncryptClientSecretTo = r.plan.EncryptClientSecretTo
	if err := rotated.secretFromAPI(rotation.ClientSecret); err != nil {
		// The recipients were checked before, so this should not happen. If it does,
		// the new secret is lost.
		return fmt.Errorf("the new client secret could not be encrypted and is lost: %w", err)
	}
	rotated.RotateSecretTrigger = r.plan.RotateSecretTrigger
	rotated.ClientSecretVersion = version
	if len(rotation.Application.Problems) == 0 {
		rotated.fromAPI(rotation.Application)
		keepPlanned(&rotated.reportedModel, r.plan.reportedModel)
	}
	*model = rotated
	r.clearPending(ctx)
	r.rotated = true
	r.save(ctx)

	if rotation.MaybeStale {
		warnOfStaleSecret(r.diags, model.Name.ValueString())
	}
	if len(rotation.Application.Problems) > 0 {
		r.diags.AddWarning(fmt.Sprintf("Clerk's answer about %q was incomplete", model.Name.ValueString()),
			fmt.Sprintf("The client secret of OAuth application %q (%s) was rotated and the new one is in the state, but these parts of Clerk's answer could not be read: %s. The next refresh tries again.",
				model.Name.ValueString(), model.ID.ValueString(), r.client.Scrub(problemText(rotation.Application.Problems))))
	}
	return nil
}

func (r *secretRotation) markPending(ctx context.Context) {
	r.pending = true
	r.diags.Append(r.private.SetKey(ctx, rotationPendingKey, []byte(`true`))...)
}

func (r *secretRotation) clearPending(ctx context.Context) {
	r.pending = false
	r.diags.Append(r.private.SetKey(ctx, rotationPendingKey, nil)...)
}

// warnOfStaleSecret warns that the secret in the state is the latest that was
// received, and perhaps not the latest that was created.
func warnOfStaleSecret(diags *diag.Diagnostics, name string) {
	diags.AddWarning(fmt.Sprintf("The client secret of %q may not be the newest", name),
		"An earlier attempt to rotate had no answer, and Clerk may still process it. If clients fail with the new secret, change rotate_secret_trigger once more.")
}

package clerk

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Rotation is a client secret that was replaced.
type Rotation struct {
	Application  OAuthApplication // may have Problems, even of its ID and ClientID
	ClientSecret Secret           // as Clerk answered it, for a public client too; may be empty
	MaybeStale   bool             // an earlier answer was lost; there may be a newer secret
}

// RotateOutcomeUnknownError is a rotation that Clerk may or may not have processed: the
// old secret may have stopped working, and the new one was not received.
type RotateOutcomeUnknownError struct {
	Err error // what happened to the last attempt
}

func (e *RotateOutcomeUnknownError) Error() string {
	return fmt.Sprintf("it is not known whether the client secret was rotated: %s", e.Err)
}

func (e *RotateOutcomeUnknownError) Unwrap() error { return e.Err }

const (
	// rotateAttempts is how often a rotation is sent whose answer is lost each time.
	rotateAttempts = 3
	// rotateRepeatDelay is given to a rotation without an answer before the next one,
	// so that the two do not overtake each other.
	rotateRepeatDelay = 3 * time.Second
	// lateRotationDelay is the time after which a rotation that overtook is looked for:
	// two seconds for it to come, and three for reads that lag behind.
	lateRotationDelay = 5 * time.Second
	// rotateExtraRounds is how often one is sent again because another landed later.
	rotateExtraRounds = 2
)

// RotateClientSecret replaces the client secret. Clerk keeps one secret and grants no grace
// period: the old secret stops working at once.
//
// Once the request has begun it runs to its end, even if ctx ends. If its answer is lost,
// the rotation is sent again: only the newest secret matters, and only that one has to be
// known. The one trap is a first attempt that Clerk processes after the second: the secret
// of the second would no longer work. So after a lost answer the application is read once
// more, and rotated again if it has changed since. That works only if rotations show in
// updated_at, which Clerk does not document. known is the updated_at of the application
// before the rotation, or zero if the caller does not know it. It shows whether they do.
//
// After an attempt that Clerk may have carried out, every error is a RotateOutcomeUnknownError.
func (c *Client) RotateClientSecret(
	ctx context.Context, id string, known time.Time,
) (Rotation, error) {
	op, cancel := withGrace(ctx, fullGrace)
	defer cancel()
	return c.rotate(ctx, op, id, known)
}

// rotate begins its first attempt only before first ends. An application without any known
// secret is rotated with first = op.send, so that an interrupt does not prevent it.
func (c *Client) rotate(
	first context.Context, op opContext, id string, known time.Time,
) (Rotation, error) {
	defer c.reads.beginWrite(id)()

	begun := time.Now()
	rotation, lost, err := c.rotateUntilAnswered(first, op, id, false)
	if err != nil || !lost {
		return rotation, err
	}
	// If rotations leave no trace in updated_at, a late one goes unnoticed.
	updated := rotation.Application.UpdatedAt
	leavesTrace := updated.After(known) && !updated.Before(c.serverTime(begun).Add(-clockSlack))
	for round := 0; leavesTrace && round < rotateExtraRounds; round++ {
		if sleep(op.wait, lateRotationDelay) != nil {
			break
		}
		latest, err := c.getApplication(op.send, id)
		if err != nil {
			break
		}
		if !latest.UpdatedAt.After(rotation.Application.UpdatedAt) {
			return rotation, nil
		}
		// The secret that was received no longer works, so no failure is harmless.
		rotation, _, err = c.rotateUntilAnswered(op.send, op, id, true)
		if err != nil {
			return Rotation{}, err
		}
	}
	rotation.MaybeStale = true
	return rotation, nil
}

// rotateUntilAnswered rotates until a secret is received, and begins its first attempt only
// before wait ends. lost says that an earlier attempt may have ended the old secret, and is
// returned as true if an attempt had no usable answer.
func (c *Client) rotateUntilAnswered(
	wait context.Context, op opContext, id string, lost bool,
) (Rotation, bool, error) {
	for attempt := 1; ; attempt++ {
		rotation, err := c.postRotation(opContext{wait: wait, send: op.send}, id)
		unknown, ok := errors.AsType[*outcomeUnknownError](err)
		if !ok {
			if err != nil && lost {
				err = &RotateOutcomeUnknownError{Err: err}
			}
			return rotation, lost, err
		}
		lost = true
		// The old secret may no longer work. One more attempt can still bring a new one,
		// so an interrupt does not stop it.
		wait = op.send
		if attempt == rotateAttempts || op.send.Err() != nil {
			return Rotation{}, lost, &RotateOutcomeUnknownError{Err: unknown.err}
		}
		_ = sleep(op.wait, rotateRepeatDelay)
	}
}

func (c *Client) postRotation(op opContext, id string) (Rotation, error) {
	return send(c, op, request{
		method: http.MethodPost, route: routeRotateSecret, id: id,
	}, func(a answer) (Rotation, error) {
		decoded, err := decodeApplicationOf(id, a.body)
		c.scrubber.learn(decoded.secret)
		return Rotation{Application: decoded.written(), ClientSecret: decoded.secret}, err
	})
}

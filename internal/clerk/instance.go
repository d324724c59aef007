package clerk

import (
	"context"
	"fmt"
	"net/http"
)

const routeInstance = "/instance"

// InstanceError is a secret key that belongs to a different instance than expected.
type InstanceError struct {
	Expected string // the instance that the state or the configuration names
	Actual   string // the instance of the key
	Pinned   bool   // Expected is Config.InstanceID
}

func (e *InstanceError) Error() string {
	return fmt.Sprintf("the secret key belongs to instance %s, not to %s", e.Actual, e.Expected)
}

// InstanceID reads the id of the instance of the secret key (ins_…). It asks once, because
// the instance of a key never changes: operations that start together wait for one answer.
// A failure is not kept.
func (c *Client) InstanceID(ctx context.Context) (string, error) {
	if err := c.asking.Acquire(ctx, 1); err != nil {
		return "", err
	}
	defer c.asking.Release(1)
	if known, ok := c.instanceID.Load().(string); ok {
		return known, nil
	}
	id, err := send(c, singleContext(ctx), request{
		method: http.MethodGet, route: routeInstance,
	}, decodeInstanceID)
	if err == nil {
		c.instanceID.Store(id)
	}
	return id, err
}

func decodeInstanceID(a answer) (string, error) {
	f, err := newFieldReader(a.body)
	object, id := take[string](f, "object"), take[string](f, "id")
	switch {
	case err != nil:
		return "", err
	case object != "" && object != "instance":
		return "", fmt.Errorf("it is not an instance (object is %q)", object)
	case !ValidID(id):
		return "", fmt.Errorf("its id (%q) is not a valid Clerk id", id)
	}
	return id, nil
}

// CheckInstance returns an InstanceError if the key is known to belong to a different
// instance than the given one, which may be empty. It sends no request: as long as the
// instance is not known, the result is nil.
func (c *Client) CheckInstance(instanceID string) error {
	known, ok := c.instanceID.Load().(string)
	if !ok || instanceID == "" || known == instanceID {
		return nil
	}
	return &InstanceError{Expected: instanceID, Actual: known}
}

// CheckExpectedInstance returns an InstanceError if the key belongs to another instance
// than Config.InstanceID. It asks Clerk once; without Config.InstanceID it sends nothing.
// Every other request does this first.
func (c *Client) CheckExpectedInstance(ctx context.Context) error {
	expected := c.config.InstanceID
	if expected == "" {
		return nil
	}
	actual, err := c.InstanceID(ctx)
	if err != nil {
		return fmt.Errorf(
			"the instance of the secret key could not be read, to compare it with instance_id: %w", err)
	}
	if actual != expected {
		return &InstanceError{Expected: expected, Actual: actual, Pinned: true}
	}
	return nil
}

// ConfirmGone reports whether err, the error of an operation on an object of the instance
// instanceID, means that the object is gone. A 404 alone does not say so: every object of
// a different instance is "not found" too, and would be created a second time if it were
// dropped from the state. instanceID may be empty if it is not known; then the 404 alone
// counts. The error is an InstanceError if the key belongs to a different instance.
func (c *Client) ConfirmGone(ctx context.Context, err error, instanceID string) (bool, error) {
	if !IsNotFound(err) || instanceID == "" {
		return IsNotFound(err), nil
	}
	if _, err := c.InstanceID(ctx); err != nil {
		return false, fmt.Errorf(
			"the application was not found, and the instance of the secret key could not be read: %w", err)
	}
	err = c.CheckInstance(instanceID)
	return err == nil, err
}

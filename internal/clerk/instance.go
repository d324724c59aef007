package clerk

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"

	"golang.org/x/sync/semaphore"
)

const routeInstance = "/instance"

// Instance is the Clerk instance that a secret key belongs to.
type Instance struct {
	ID              string // ins_…
	EnvironmentType string // "development" or "production"
}

// Instance reads the instance of the secret key. It asks once: the instance of a key
// never changes.
func (c *Client) Instance(ctx context.Context) (Instance, error) {
	return c.guard.instance(ctx, c)
}

// CheckInstance returns an InstanceError if the key is known to belong to a different
// instance than the given one, which may be empty. It sends no request: as long as the
// instance is not known, the result is nil.
func (c *Client) CheckInstance(instanceID string) error {
	known := c.guard.known.Load()
	if known == nil || instanceID == "" || known.ID == instanceID {
		return nil
	}
	return &InstanceError{Expected: instanceID, Actual: known.ID}
}

// CheckExpectedInstance returns an InstanceError if the key belongs to another instance than
// Config.InstanceID. It asks Clerk once; without Config.InstanceID it sends nothing.
func (c *Client) CheckExpectedInstance(ctx context.Context) error {
	return c.guard.check(ctx, c, request{})
}

// ConfirmGone reports whether err, the error of an operation on an object of the instance
// instanceID, means that the object is gone. A 404 alone does not say so: every object of
// a different instance is "not found" too. If such an object were dropped from the state,
// it would be created a second time.
//
// It returns false with a nil error if err means something else, and an InstanceError if
// the key belongs to a different instance. instanceID may be empty if it is not known;
// then the 404 alone counts.
func (c *Client) ConfirmGone(ctx context.Context, err error, instanceID string) (bool, error) {
	if !IsNotFound(err) {
		return false, nil
	}
	if instanceID == "" {
		return true, nil
	}
	instance, err := c.Instance(ctx)
	if err != nil {
		return false, fmt.Errorf(
			"the application was not found, and the instance of the secret key could not be read: %w", err)
	}
	if instance.ID != instanceID {
		return false, &InstanceError{Expected: instanceID, Actual: instance.ID}
	}
	return true, nil
}

// instanceGuard asks for the instance of the key when it is first needed. It holds back
// every other request until the instance is known to be the expected one.
type instanceGuard struct {
	expected string // empty: any

	asking *semaphore.Weighted // held while asking
	known  atomic.Pointer[Instance]
}

// check lets a request pass that may be sent with this key.
func (g *instanceGuard) check(ctx context.Context, c *Client, r request) error {
	if g.expected == "" || r.route == routeInstance {
		return nil
	}
	instance, err := g.instance(ctx, c)
	if err != nil {
		return fmt.Errorf(
			"the instance of the secret key could not be read, to compare it with instance_id: %w", err)
	}
	if instance.ID != g.expected {
		return &InstanceError{Expected: g.expected, Actual: instance.ID, Pinned: true}
	}
	return nil
}

// instance asks Clerk, unless the instance is known. The lock is held while asking, so
// that ten operations that start at once ask once. A failure is not kept.
func (g *instanceGuard) instance(ctx context.Context, c *Client) (Instance, error) {
	if err := g.asking.Acquire(ctx, 1); err != nil {
		return Instance{}, err
	}
	defer g.asking.Release(1)
	if known := g.known.Load(); known != nil {
		return *known, nil
	}

	instance, err := send(c, singleContext(ctx), request{
		operation: opRead, method: http.MethodGet, route: routeInstance,
	}, decodeInstance)
	if err != nil {
		return Instance{}, err
	}
	g.known.Store(&instance)
	return instance, nil
}

func decodeInstance(a answer) (Instance, error) {
	raw, err := decodeObject(a.body)
	if err != nil {
		return Instance{}, err
	}
	f := fieldReader{raw: raw}
	if object := take[string](&f, "object"); object != "" && object != "instance" {
		return Instance{}, fmt.Errorf("it is not an instance (object is %q)", object)
	}
	instance := Instance{
		ID: need[string](&f, "id"), EnvironmentType: take[string](&f, "environment_type"),
	}
	if !ValidID(instance.ID) {
		return Instance{}, fmt.Errorf("its id (%q) is not a valid Clerk id", instance.ID)
	}
	return instance, nil
}
